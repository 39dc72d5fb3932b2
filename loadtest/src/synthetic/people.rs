//! Who is in the organization: accounts with names, owners, states and tags.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use protocol::inventory::AccountState;

use super::{Account, Shape, Unit};
use crate::dice::Dice;

const PRODUCTS: &[&str] = &[
    "ledger",
    "checkout",
    "search",
    "catalog",
    "mobile",
    "web",
    "billing",
    "fraud",
    "insights",
    "warehouse",
    "delivery",
    "partner",
    "loyalty",
    "identity",
    "media",
    "pricing",
];

/// Every so many accounts one is suspended, and one cannot be entered.
const SUSPENDED_EVERY: u32 = 18;
const BARRED_EVERY: u32 = 35;

pub(crate) fn settle(shape: &Shape, units: &[Unit]) -> Vec<Account> {
    let dice = Dice::of(shape.seed).and("accounts");
    let mut taken = HashSet::new();
    (0..shape.accounts.max(1))
        .map(|at| {
            let id = free_id(dice.nth(u64::from(at)), &mut taken);
            account(shape, units, at, id, dice.nth(u64::from(at)).and("facts"))
        })
        .collect()
}

fn free_id(dice: Dice, taken: &mut HashSet<u64>) -> Arc<str> {
    let mut id = dice.and("id").between(100_000_000_000, 999_999_999_999);
    while !taken.insert(id) {
        id = 100_000_000_000 + (id + 1) % 900_000_000_000;
    }
    id.to_string().into()
}

fn account(shape: &Shape, units: &[Unit], at: u32, id: Arc<str>, dice: Dice) -> Account {
    let management = at == 0;
    let doors = shape.trouble.closed_doors;
    let suspended = doors && at % SUSPENDED_EVERY == 4;
    let barred = doors && at % BARRED_EVERY == 7;
    let unit = if management {
        0
    } else if suspended {
        units.len() - 1
    } else {
        usize::try_from(dice.and("unit").between(1, units.len() as u64 - 2)).unwrap_or(0)
    };
    let place = units.get(unit).map_or("", |unit| unit.name.as_str());
    let product = dice.and("product").pick(PRODUCTS).copied().unwrap_or("product");
    let name = if management {
        "management".to_owned()
    } else {
        format!("{product}-{}-{at:04}", place.to_lowercase().replace(' ', "-"))
    };
    Account {
        email: format!("aws+{name}@example.com"),
        name,
        state: if suspended { AccountState::Suspended } else { AccountState::Active },
        joined_at: DateTime::<Utc>::UNIX_EPOCH
            + TimeDelta::hours(
                i64::try_from(dice.and("joined").between(420_000, 480_000)).unwrap_or(420_000),
            ),
        unit,
        management,
        enterable: management || !(barred || suspended),
        tags: vec![
            ("owner".to_owned(), format!("team-{product}")),
            ("stage".to_owned(), if place == "Prod" { "prod" } else { "other" }.to_owned()),
        ],
        id,
    }
}
