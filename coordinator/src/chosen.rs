//! Which accounts of a stored scan a selection means: by what the scan itself read, without asking anybody again.

use std::collections::BTreeSet;

use futures_util::TryStreamExt;
use protocol::holding::{Completeness, Part};
use protocol::inventory::{Account, AccountState, Tree, Unit};
use protocol::scan::Scan;
use protocol::selection::Selection;
use protocol::store::{Row, Store, Value};
use protocol::{AccountId, UnitId};

use crate::Error;
use crate::choose::Chooser;

/// The accounts that a selection means.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Meant {
    /// Those that it means.
    pub accounts: BTreeSet<AccountId>,
    /// Those of which it cannot be told, since their tags could not be read.
    pub undecided: BTreeSet<AccountId>,
}

/// Chooses among the accounts of a scan.
///
/// # Errors
/// [`Error::Selection`] when the selection names what is not there, or asks what the scan did not read; [`Error::Store`].
pub async fn meant(store: &dyn Store, scan: &Scan, selection: &Selection) -> Result<Meant, Error> {
    let accounts = store.accounts(&scan.id).await?;
    let mut chooser = Chooser::new(selection);
    if selection.needs_tree() {
        let unread = unread(store, scan, Part::Tree).await?;
        if let Some(why) = unread.first() {
            return Err(Error::Selection(format!("units cannot be chosen by: the tree of {why}")));
        }
        chooser.learn(&tree(store, scan).await?);
    }
    let unread = if selection.needs_tags() && scan.settings.account_tags {
        unread(store, scan, Part::Tags).await?
    } else {
        Vec::new()
    };
    if selection.needs_tags()
        && !scan.settings.account_tags
        && !scan.settings.selection.needs_tags()
    {
        let sentence = format!(
            "tags cannot be chosen by: scan {} did not read those of accounts; scan with --account-tags",
            scan.id
        );
        return Err(Error::Selection(sentence));
    }
    let mut meant = Meant::default();
    for account in &accounts {
        if chooser.wants(account) {
            meant.accounts.insert(account.id.clone());
        } else if !unread.is_empty() && may_have_tags(account) && selection.may_want(account) {
            meant.undecided.insert(account.id.clone());
        }
    }
    match chooser.unmatched() {
        Some(why) if unread.is_empty() => Err(Error::Selection(why)),
        Some(why) => {
            Err(Error::Selection(format!("{why} (not all tags are known: {})", unread.join("; "))))
        }
        None => Ok(meant),
    }
}

/// Whether tags of an account may be there that nobody read.
fn may_have_tags(account: &Account) -> bool {
    account.tags.is_empty() && account.state != AccountState::Closed
}

/// The organizations of which nobody read a part to its end, each with what is missing.
async fn unread(store: &dyn Store, scan: &Scan, part: Part) -> Result<Vec<String>, Error> {
    let binds = vec![Value::Text(part.to_string())];
    let rows: Vec<Row> =
        store.query(include_str!("chosen_readings.sql"), &scan.id, binds).try_collect().await?;
    let mut whole = BTreeSet::new();
    let mut all = Vec::new();
    for row in rows {
        let [organization, how, lacks] = texts(row);
        let Some(organization) = organization else { continue };
        let how: Option<Completeness> = how.and_then(|how| how.parse().ok());
        if matches!(how, Some(Completeness::Synced | Completeness::AlreadySynced)) {
            whole.insert(organization);
        } else {
            let why = lacks.unwrap_or_else(|| "was not read to its end".to_owned());
            all.push((organization, why));
        }
    }
    all.retain(|(organization, _)| !whole.contains(organization));
    Ok(all.into_iter().map(|(organization, why)| format!("{organization} ({why})")).collect())
}

/// The trees of all organizations of a scan, as one.
async fn tree(store: &dyn Store, scan: &Scan) -> Result<Tree, Error> {
    let mut tree = Tree::default();
    let mut units = store.query(include_str!("chosen_units.sql"), &scan.id, Vec::new());
    while let Some(row) = units.try_next().await? {
        let [id, parent, name] = texts(row);
        let Some(id) = id.and_then(|id| UnitId::new(id).ok()) else { continue };
        let parent = parent.and_then(|id| UnitId::new(id).ok());
        tree.units.push(Unit { id, parent, name: name.unwrap_or_default(), arn: None });
    }
    drop(units);
    let mut placements = store.query(include_str!("chosen_placements.sql"), &scan.id, Vec::new());
    while let Some(row) = placements.try_next().await? {
        let [account, unit] = texts(row);
        let account = account.and_then(|id| AccountId::new(id).ok());
        if let Some(placed) = account.zip(unit.and_then(|id| UnitId::new(id).ok())) {
            tree.placements.push(placed);
        }
    }
    Ok(tree)
}

fn texts<const N: usize>(row: Row) -> [Option<String>; N] {
    let mut values = row.into_iter();
    std::array::from_fn(|_| match values.next() {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    })
}
