//! The tree: roots, units below them, and the unit that each account is in.

use std::collections::{BTreeSet, VecDeque};

use protocol::inventory::{Tree, Unit};
use protocol::{AccountId, ConnectionId, Failure, FailureKind, ScanId, UnitId};

use super::patience::Pages;
use super::{PAGE_SIZE, Reader};
use crate::access::Access;
use crate::arn::parse_account_id;

/// The most units of an organization: five times AWS's quota.
const MOST_UNITS: usize = 10_000;

/// Reads the tree of the organization that a connection leads to.
pub(crate) async fn tree(
    access: &Access,
    scan: &ScanId,
    connection: &ConnectionId,
    attempts: u32,
) -> Result<Tree, Failure> {
    let reader = Reader::new(access, scan, connection.clone(), attempts);
    let units = reader.units().await?;
    let placements = match reader.placements_by_path().await? {
        Some(placements) => placements,
        None => reader.placements_by_unit(&units).await?,
    };
    Ok(Tree { units, placements })
}

impl Reader<'_> {
    /// Roots and units, parents before children.
    async fn units(&self) -> Result<Vec<Unit>, Failure> {
        let mut units = self.roots().await?;
        let mut seen: BTreeSet<UnitId> = units.iter().map(|unit| unit.id.clone()).collect();
        let mut parents: VecDeque<UnitId> = seen.iter().cloned().collect();
        while let Some(parent) = parents.pop_front() {
            for unit in self.children(&parent).await? {
                if seen.len() >= MOST_UNITS {
                    let message = format!("the organization has more than {MOST_UNITS} units");
                    return Err(Failure::new(FailureKind::Other, "UnitCap", message));
                }
                if seen.insert(unit.id.clone()) {
                    parents.push_back(unit.id.clone());
                    units.push(unit);
                }
            }
        }
        Ok(units)
    }

    async fn roots(&self) -> Result<Vec<Unit>, Failure> {
        let mut roots = Vec::new();
        let mut pages = Pages::default();
        loop {
            let token = pages.token();
            let answer = self
                .read("ListRoots", |client| {
                    client.list_roots().set_next_token(token.clone()).send()
                })
                .await?;
            for root in answer.roots.unwrap_or_default() {
                roots.push(unit("ListRoots", (root.id(), root.name(), root.arn()), None)?);
            }
            if !pages.turn("ListRoots", answer.next_token)? {
                return Ok(roots);
            }
        }
    }

    async fn children(&self, parent: &UnitId) -> Result<Vec<Unit>, Failure> {
        const OPERATION: &str = "ListOrganizationalUnitsForParent";
        let mut units = Vec::new();
        let mut pages = Pages::default();
        loop {
            let token = pages.token();
            let answer = self
                .read(OPERATION, |client| {
                    client
                        .list_organizational_units_for_parent()
                        .parent_id(parent.as_str())
                        .max_results(PAGE_SIZE)
                        .set_next_token(token.clone())
                        .send()
                })
                .await?;
            for child in answer.organizational_units.unwrap_or_default() {
                let facts = (child.id(), child.name(), child.arn());
                units.push(unit(OPERATION, facts, Some(parent))?);
            }
            if !pages.turn(OPERATION, answer.next_token)? {
                return Ok(units);
            }
        }
    }

    /// Placements out of the paths of the list of accounts; none where it has no paths. A fiftieth
    /// of the calls that asking every unit costs.
    async fn placements_by_path(&self) -> Result<Option<Vec<(AccountId, UnitId)>>, Failure> {
        let mut placements = Vec::new();
        let mut pages = Pages::default();
        loop {
            let token = pages.token();
            let answer = self
                .read("ListAccounts", |client| {
                    let request = client.list_accounts().max_results(PAGE_SIZE);
                    request.set_next_token(token.clone()).send()
                })
                .await?;
            for account in answer.accounts.unwrap_or_default() {
                let unit = account.paths().iter().find_map(|path| last_unit(path));
                let id = parse_account_id(account.id().unwrap_or_default()).ok();
                let (Some(unit), Some(id)) = (unit, id) else { return Ok(None) };
                placements.push((id, unit));
            }
            if !pages.turn("ListAccounts", answer.next_token)? {
                return Ok((!placements.is_empty()).then_some(placements));
            }
        }
    }

    async fn placements_by_unit(
        &self,
        units: &[Unit],
    ) -> Result<Vec<(AccountId, UnitId)>, Failure> {
        const OPERATION: &str = "ListAccountsForParent";
        let mut placements = Vec::new();
        for unit in units {
            let mut pages = Pages::default();
            loop {
                let token = pages.token();
                let answer = self
                    .read(OPERATION, |client| {
                        client
                            .list_accounts_for_parent()
                            .parent_id(unit.id.as_str())
                            .max_results(PAGE_SIZE)
                            .set_next_token(token.clone())
                            .send()
                    })
                    .await?;
                for account in answer.accounts.unwrap_or_default() {
                    let id = parse_account_id(account.id().unwrap_or_default())
                        .map_err(|error| unreadable(OPERATION, &error.to_string()))?;
                    placements.push((id, unit.id.clone()));
                }
                if !pages.turn(OPERATION, answer.next_token)? {
                    break;
                }
            }
        }
        Ok(placements)
    }
}

fn unit(
    operation: &str,
    (id, name, arn): (Option<&str>, Option<&str>, Option<&str>),
    parent: Option<&UnitId>,
) -> Result<Unit, Failure> {
    let id = UnitId::new(id.unwrap_or_default())
        .map_err(|error| unreadable(operation, &error.to_string()))?;
    let name = name.filter(|name| !name.is_empty()).unwrap_or(id.as_str()).to_owned();
    Ok(Unit { id, parent: parent.cloned(), name, arn: arn.map(str::to_owned) })
}

/// The root and the units of a path like `o-1/r-2/ou-2-3/111122223333`, from the root down.
pub(super) fn units_of(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|part| part.starts_with("ou-") || part.starts_with("r-"))
}

/// The lowest unit of a path.
fn last_unit(path: &str) -> Option<UnitId> {
    UnitId::new(units_of(path).next_back()?).ok()
}

fn unreadable(operation: &str, what: &str) -> Failure {
    Failure::new(FailureKind::Transient, "UnreadableBody", what).during(operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_unit_of_a_path_is_the_accounts() {
        let unit = |path| last_unit(path).map(String::from);
        assert_eq!(unit("o-1/r-2/ou-2-3/ou-2-4/111122223333/"), Some("ou-2-4".to_owned()));
        assert_eq!(unit("o-1/r-2/111122223333"), Some("r-2".to_owned()));
        assert_eq!(unit("111122223333"), None);
        assert_eq!(unit(""), None);
    }
}
