//! The synthetic organization: its accounts, its tree, who may be entered, what is denied.
//!
//! Everything follows from the [`Shape`]: the same shape is always the same organization.

mod people;
mod policies;
mod tree;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use protocol::inventory::AccountState;

use crate::dice::Dice;
pub use crate::synthetic::policies::{Administrator, Attached, Policy, PolicyKind, TRUSTED};
pub use crate::synthetic::tree::Unit;

/// What an organization is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// How many accounts it has, the management account and suspended ones among them; at least 1.
    pub accounts: u32,
    /// How many units it has at least, its root not counted: the usual ones, and others until there are so many.
    pub units: u32,
    /// What the dice start from.
    pub seed: u64,
    /// The share of cells that are in use, roughly, in per cent.
    pub in_use_percent: u8,
    /// The role that every member account has (path and name).
    pub member_role: String,
    /// The external id that the role's trust policy asks for.
    pub external_id: Option<String>,
    /// What goes wrong.
    pub trouble: Trouble,
    /// The one list that is very long, if there is one.
    pub fat: Option<Fat>,
}

/// A list that is very long: of the second account, in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fat {
    /// The service, by its name in the catalog.
    pub service: String,
    /// The region, or `global`.
    pub region: String,
    /// How many things each list of the service has there.
    pub things: u64,
}

impl Fat {
    /// The place of the account that has it.
    pub const ACCOUNT: usize = 1;
}

/// What goes wrong, in cases of a thousand unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Accounts that cannot be entered, suspended accounts, and an SCP that denies regions.
    pub closed_doors: bool,
    /// (account, region, service): the first calls are answered with a throttle.
    pub throttled: u32,
    /// (account, region, service): the first call meets a fault that goes away.
    pub transient: u32,
    /// (account, service): no policy allows the calls, for good.
    pub denied: u32,
    /// (account, region, service): the service is broken, for good.
    pub broken: u32,
    /// (account, region, service): one of several calls is denied, for good.
    pub half_denied: u32,
    /// (account, region, service): answers say that they are of another type than they are, for good.
    pub mislabelled: u32,
    /// (account, region, service): lists never end, one empty page leads to the next, for good.
    pub endless: u32,
    /// How many (account, service) have one call that hangs once; a number, not a share.
    pub hangs: u32,
}

impl Trouble {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        closed_doors: false,
        throttled: 0,
        transient: 0,
        denied: 0,
        broken: 0,
        half_denied: 0,
        mislabelled: 0,
        endless: 0,
        hangs: 0,
    };
}

impl Default for Trouble {
    fn default() -> Self {
        Self {
            closed_doors: true,
            throttled: 12,
            transient: 8,
            denied: 4,
            broken: 1,
            half_denied: 2,
            mislabelled: 5,
            endless: 0,
            hangs: 1,
        }
    }
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            accounts: 40,
            units: 0,
            seed: 1,
            in_use_percent: 12,
            member_role: "orgsweep-member".to_owned(),
            external_id: None,
            trouble: Trouble::default(),
            fat: None,
        }
    }
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id, twelve digits.
    pub id: Arc<str>,
    /// Its name.
    pub name: String,
    /// The e-mail address of its owner.
    pub email: String,
    /// Where it is in its life.
    pub state: AccountState,
    /// When it joined.
    pub joined_at: DateTime<Utc>,
    /// The index of the unit that it is in.
    pub unit: usize,
    /// Whether it manages the organization.
    pub management: bool,
    /// Whether its role lets us in.
    pub enterable: bool,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

/// The organization.
#[derive(Debug, Clone)]
pub struct Organization {
    /// What it was made from.
    pub shape: Shape,
    /// Its id, `o-…`.
    pub id: String,
    /// Its accounts; the first one manages it.
    pub accounts: Vec<Account>,
    /// Its root and units, parents before children.
    pub units: Vec<Unit>,
    /// Its policies.
    pub policies: Vec<Policy>,
    /// Who administers services for all.
    pub administrators: Vec<Administrator>,
    by_id: HashMap<Arc<str>, usize>,
}

impl Organization {
    /// Makes the organization of a shape.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        let dice = Dice::of(shape.seed);
        let units = tree::grow(dice, shape.units as usize);
        let accounts = people::settle(&shape, &units);
        let by_id = accounts.iter().enumerate().map(|(at, one)| (one.id.clone(), at)).collect();
        let id = format!("o-{:010x}", dice.and("organization").bits() >> 24);
        let policies = policies::make(&shape, &id, &units, &accounts);
        let administrators = policies::administrators(&units, &accounts);
        Self { shape, id, accounts, units, policies, administrators, by_id }
    }

    /// The place of an account in [`Self::accounts`].
    #[must_use]
    pub fn position(&self, account: &str) -> Option<usize> {
        self.by_id.get(account).copied()
    }

    /// The management account's id.
    #[must_use]
    pub fn management(&self) -> &str {
        self.accounts.first().map_or("", |account| &account.id)
    }

    /// Whether a region that must be opted in is on for an account.
    #[must_use]
    pub fn opted_in(&self, account: usize, region: &str) -> bool {
        let dice = self.dice().and("opt-in").nth(account as u64);
        dice.per_mille(350) && dice.and(region).per_mille(400)
    }

    /// The policy that denies an account a region, where one does.
    #[must_use]
    pub fn denied_region(&self, account: usize, region: &str) -> Option<String> {
        let account = self.accounts.get(account)?;
        let denies = self.shape.trouble.closed_doors
            && !account.management
            && self.units.get(account.unit)?.denies_regions
            && !tree::ALLOWED_WHERE_REGIONS_ARE_DENIED.contains(&region);
        let id = denies.then(|| policies::denies_regions(self.dice()))?;
        self.policies.iter().find(|policy| policy.id == id).map(|policy| self.policy_arn(policy))
    }

    /// The ARN of a policy.
    #[must_use]
    pub fn policy_arn(&self, policy: &Policy) -> String {
        let (kind, id) = (policy.kind.as_str().to_lowercase(), &policy.id);
        if policy.aws_managed {
            return format!("arn:aws:organizations::aws:policy/{kind}/{id}");
        }
        let (management, org) = (self.management(), &self.id);
        format!("arn:aws:organizations::{management}:policy/{org}/{kind}/{id}")
    }

    /// The path of a unit, as AWS tells it of accounts: the ids from the organization down.
    #[must_use]
    pub fn unit_path(&self, unit: usize) -> String {
        let mut ids = Vec::new();
        let mut at = self.units.get(unit);
        while let Some(unit) = at {
            ids.push(unit.id.as_str());
            at = unit.parent.and_then(|parent| self.units.get(parent));
        }
        ids.push(&self.id);
        ids.reverse();
        ids.join("/")
    }

    /// The dice of this organization.
    pub(crate) const fn dice(&self) -> Dice {
        Dice::of(self.shape.seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_shape_is_the_same_organization_and_another_seed_another() {
        let make = |seed| Organization::new(Shape { seed, ..Shape::default() });
        assert_eq!(make(1).accounts, make(1).accounts);
        assert_eq!(make(1).units, make(1).units);
        assert_ne!(make(1).accounts, make(2).accounts);
    }

    #[test]
    fn accounts_of_five_thousand_have_ids_of_their_own() {
        let org = Organization::new(Shape { accounts: 5000, ..Shape::default() });
        assert_eq!(org.by_id.len(), 5000);
        assert!(org.accounts.iter().all(|account| account.id.len() == 12));
    }

    #[test]
    fn the_demo_has_every_kind_of_closed_door() {
        let org = Organization::new(Shape::default());
        let count = |test: &dyn Fn(&Account) -> bool| {
            org.accounts.iter().filter(|account| test(account)).count()
        };
        assert_eq!(count(&|account| account.management), 1);
        assert!(count(&|account| account.state == AccountState::Suspended) >= 2);
        assert!(count(&|account| !account.enterable && account.state == AccountState::Active) >= 1);
        let denied = (0..org.accounts.len())
            .filter(|at| org.denied_region(*at, "ap-south-1").is_some())
            .count();
        assert!(denied >= 2, "{denied}");
        assert_eq!(org.denied_region(0, "ap-south-1"), None);
        let opted = (0..org.accounts.len()).filter(|at| org.opted_in(*at, "eu-south-1")).count();
        assert!(opted > 0 && opted < org.accounts.len());
    }

    #[test]
    fn without_trouble_everybody_is_active_and_lets_us_in() {
        let org = Organization::new(Shape { trouble: Trouble::NONE, ..Shape::default() });
        for (at, account) in org.accounts.iter().enumerate() {
            assert!(account.enterable && account.state == AccountState::Active);
            assert_eq!(org.denied_region(at, "ap-south-1"), None);
        }
    }

    #[test]
    fn the_tree_has_three_levels_below_its_root() {
        let org = Organization::new(Shape::default());
        let depth = |mut at: usize| {
            let mut depth = 0;
            while let Some(parent) = org.units[at].parent {
                assert!(parent < at, "parents come first");
                at = parent;
                depth += 1;
            }
            depth
        };
        assert_eq!((0..org.units.len()).map(depth).max(), Some(3));
    }

    #[test]
    fn a_tree_of_two_thousand_units_is_no_deeper_than_aws_allows() {
        let org = Organization::new(Shape { units: 2000, accounts: 50, ..Shape::default() });
        assert_eq!(org.units.len(), 2001);
        let ids: std::collections::HashSet<_> = org.units.iter().map(|unit| &unit.id).collect();
        assert_eq!(ids.len(), 2001);
        let deepest = (0..org.units.len()).map(|at| org.unit_path(at).split('/').count() - 2).max();
        assert_eq!(deepest, Some(4));
        let usual = Organization::new(Shape { accounts: 50, ..Shape::default() });
        assert_eq!(org.units[..usual.units.len()], usual.units[..]);
    }
}
