//! What reading organizations would take, out of what their lists of accounts told. Pure.

use catalog::Catalog;
use protocol::OrgId;
use protocol::holding::Part;
use protocol::inventory::AccountState;
use protocol::scan::Pace;
use serde::Serialize;

use crate::estimate::LATENCY;

/// Accounts, units or policies on one page of Organizations.
const PAGE: u64 = 20;

/// The types of policies of which AWS attaches one of its own to every root, unit and account: service and resource
/// control policies, once they are enabled.
const ATTACHED_TO_ALL: u64 = 2;

/// How large an organization is, as far as its list of accounts tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    /// The organization.
    pub id: OrgId,
    /// Accounts of its list.
    pub accounts: u64,
    /// Accounts among them that are not closed.
    pub open: u64,
    /// Roots and units; none where nothing tells.
    pub units: Option<u64>,
    /// Whether these are all, and not only those above some account.
    pub all_units: bool,
}

impl Size {
    /// An organization of whose accounts none has been counted, with the units that are known to be above some.
    pub(crate) fn new(id: OrgId, units: Option<&u64>) -> Self {
        Self { id, accounts: 0, open: 0, units: units.copied(), all_units: false }
    }

    /// Counts an account.
    pub(crate) fn add(&mut self, state: AccountState) {
        self.accounts += 1;
        self.open += u64::from(state != AccountState::Closed);
    }
}

/// What reading one part of all organizations takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Enumeration {
    /// The part.
    pub part: Part,
    /// Its calls.
    pub calls: u64,
    /// How long they take, in seconds, one after the other as Organizations' budget gives them.
    pub seconds: f64,
    /// Whether there may be more of them: nothing has told yet how many things there are.
    pub at_least: bool,
    /// Whether it is read behind the scan, which does not wait for it.
    pub behind: bool,
}

/// What reading organizations takes, part by part in the order in which they are read.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub fn enumerate(catalog: &Catalog, sizes: &[Size], tags: bool, pace: &Pace) -> Vec<Enumeration> {
    let rule = catalog.bucket("organizations");
    let rate = rule.map_or(1.0, |rule| rule.bucket.share(pace.budget_share).per_second);
    let each = LATENCY.max(1.0 / rate);
    let of = |part: Part| {
        let all = sizes.iter().map(|size| calls(part, size));
        let (calls, at_least) =
            all.fold((0, false), |(sum, any), (calls, more)| (sum + calls, any || more));
        let (seconds, behind) = (calls as f64 * each, part != Part::Accounts);
        Enumeration { part, calls, seconds, at_least, behind }
    };
    let wanted = Part::ALL.iter().filter(|part| tags || **part != Part::Tags);
    if sizes.is_empty() { Vec::new() } else { wanted.map(|part| of(*part)).collect() }
}

/// The calls that a part of an organization takes, and whether there may be more.
fn calls(part: Part, size: &Size) -> (u64, bool) {
    // A list may begin with an empty page, and Organizations' list of accounts often does.
    let list = size.accounts.div_ceil(PAGE) + 1;
    match part {
        // What it is, and who is in it.
        Part::Accounts => (1 + list, false),
        // The roots, what is below each of them and of the units, and the accounts with their paths.
        Part::Tree => (1 + size.units.unwrap_or(1) + list, !size.all_units),
        // The roots; of each type the list, and AWS's own policy with what it is attached to. Each other policy takes
        // two calls more; a type that is not enabled takes none.
        Part::Policies => {
            let attached = size.accounts + size.units.unwrap_or(1);
            (1 + ATTACHED_TO_ALL * (2 + attached.div_ceil(PAGE)), true)
        }
        Part::Administrators | Part::Services => (1, true),
        Part::Tags => (list + size.open, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(accounts: u64, units: Option<u64>) -> Size {
        let id = OrgId::new("o-1").unwrap();
        Size { id, accounts, open: accounts, units, all_units: false }
    }

    fn part(found: &[Enumeration], part: Part) -> &Enumeration {
        found.iter().find(|one| one.part == part).unwrap()
    }

    #[test]
    fn a_large_tree_takes_a_call_for_each_unit_at_the_share_of_the_budget() {
        let catalog = Catalog::embedded().unwrap();
        let quarter = Pace { budget_share: 25, ..Pace::default() };
        let found = enumerate(&catalog, &[size(5000, Some(2001))], false, &quarter);
        let (accounts, tree) = (part(&found, Part::Accounts), part(&found, Part::Tree));
        assert_eq!((accounts.calls, accounts.behind), (252, false));
        assert_eq!((tree.calls, tree.behind, tree.at_least), (2253, true, true));
        assert!((accounts.seconds - 252.0 / 1.25).abs() < 1e-6, "{}", accounts.seconds);
        assert_eq!(part(&found, Part::Policies).calls, 1 + 2 * (2 + 351));
        let whole = Pace { budget_share: 100, ..Pace::default() };
        let faster = enumerate(&catalog, &[size(5000, Some(2001))], false, &whole);
        assert!((part(&faster, Part::Tree).seconds - 2253.0 / 5.0).abs() < 1e-6);
    }

    #[test]
    fn organizations_are_read_one_after_the_other_and_tags_only_where_they_are_asked_for() {
        let catalog = Catalog::embedded().unwrap();
        let sizes = [size(40, Some(3)), size(20, None)];
        let found = enumerate(&catalog, &sizes, false, &Pace::default());
        assert_eq!(part(&found, Part::Accounts).calls, (1 + 3) + (1 + 2));
        assert!(found.iter().all(|one| one.part != Part::Tags));
        let tagged = enumerate(&catalog, &sizes, true, &Pace::default());
        assert_eq!(part(&tagged, Part::Tags).calls, (3 + 40) + (2 + 20));
        assert!(enumerate(&catalog, &[], true, &Pace::default()).is_empty());
    }
}
