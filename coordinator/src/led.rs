//! What has led to each account: who is new, of whom an organization tells more, and who was found twice.

use std::collections::BTreeMap;

use protocol::inventory::Account;
use protocol::{AccountId, ConnectionId};

/// The accounts that were found, with what led to each first.
#[derive(Debug, Default)]
pub(crate) struct Led(BTreeMap<AccountId, First>);

#[derive(Debug)]
struct First {
    connection: ConnectionId,
    /// Whether an organization has told of it.
    listed: bool,
}

/// Accounts by what is to be done with them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sorted {
    /// Those that nothing led to before.
    pub(crate) new: Vec<Account>,
    /// Those that were found by a connection of their own, and that their organization tells of now.
    pub(crate) listed: Vec<Account>,
    /// Those that a second connection of their own leads to: the account, the first connection, the second.
    pub(crate) twice: Vec<(AccountId, ConnectionId, ConnectionId)>,
}

impl Led {
    /// How many accounts were found.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sorts accounts that were just found.
    pub(crate) fn sort(&mut self, accounts: Vec<Account>) -> Sorted {
        let mut sorted = Sorted::default();
        for account in accounts {
            let listed = account.organization.is_some();
            let Some(first) = self.0.get_mut(&account.id) else {
                let connection = account.connection.clone();
                self.0.insert(account.id.clone(), First { connection, listed });
                sorted.new.push(account);
                continue;
            };
            if listed && !first.listed {
                first.listed = true;
                sorted.listed.push(account);
            } else if !listed && first.connection != account.connection {
                sorted.twice.push((account.id, first.connection.clone(), account.connection));
            }
        }
        sorted
    }
}

#[cfg(test)]
mod tests {
    use protocol::inventory::AccountState;

    use super::*;

    fn account(id: &str, connection: &str, organization: Option<&str>) -> Account {
        Account {
            id: AccountId::new(id).expect("an account"),
            name: connection.to_owned(),
            email: None,
            arn: None,
            state: AccountState::Active,
            joined_at: None,
            joined_method: None,
            organization: organization.map(|id| id.parse().expect("an organization")),
            management: false,
            connection: ConnectionId::new(connection).expect("a connection"),
            role: None,
            tags: Vec::new(),
        }
    }

    #[test]
    fn the_second_connection_to_an_account_is_told_with_the_first() {
        let mut led = Led::default();
        let (dev, same) = (account("1", "dev", None), account("1", "same", None));
        assert_eq!(led.sort(vec![dev.clone()]).new, std::slice::from_ref(&dev));
        let sorted = led.sort(vec![same.clone(), dev.clone()]);
        let twice = vec![(same.id.clone(), dev.connection, same.connection)];
        assert_eq!(sorted, Sorted { twice, ..Sorted::default() });
        assert_eq!(led.len(), 1);
    }

    #[test]
    fn what_an_organization_tells_is_taken_once() {
        let mut led = Led::default();
        let listed = account("1", "hub", Some("o-1"));
        led.sort(vec![account("1", "dev", None)]);
        let sorted = led.sort(vec![listed.clone(), listed.clone()]);
        assert_eq!(sorted, Sorted { listed: vec![listed.clone()], ..Sorted::default() });
        assert_eq!(led.sort(vec![listed]), Sorted::default());
    }
}
