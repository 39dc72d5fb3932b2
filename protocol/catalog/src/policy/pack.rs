//! Packing: actions into as few managed policies as their size allows, none lost.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Document, Effect, Statement};
use super::error::PolicyError;

/// The most characters of a managed policy, white space not counted.
pub const POLICY_LIMIT: usize = 6144;

/// The most managed policies of a role, unless AWS was asked for more.
pub const POLICIES_OF_A_ROLE: usize = 10;

/// Documents that allow these actions on everything; `also` is said in the last one.
///
/// Actions are sorted, so that those of a service stand together; they are spread over two
/// documents only where one does not hold them.
pub(crate) fn pack(
    actions: &BTreeSet<String>,
    also: Vec<Statement>,
    limit: usize,
) -> Result<Vec<Document>, PolicyError> {
    let mut shelf = Shelf { limit, full: Vec::new(), open: Vec::new() };
    for service in by_service(actions) {
        if shelf.fits(&[], &service) {
            shelf.put(service)?;
        } else {
            service.into_iter().try_for_each(|action| shelf.put(vec![action]))?;
        }
    }
    let documents = shelf.close(also);
    if documents.len() > POLICIES_OF_A_ROLE {
        let (policies, limit) = (documents.len(), POLICIES_OF_A_ROLE);
        return Err(PolicyError::TooMany { actions: actions.len(), policies, limit });
    }
    Ok(documents)
}

/// Documents that are full, and the actions of the one that is being filled.
struct Shelf {
    limit: usize,
    full: Vec<Document>,
    open: Vec<String>,
}

impl Shelf {
    fn fits(&self, some: &[String], more: &[String]) -> bool {
        let together = some.iter().chain(more).cloned().collect();
        Document::new(allow(together)).size() <= self.limit
    }

    fn put(&mut self, actions: Vec<String>) -> Result<(), PolicyError> {
        if !self.fits(&self.open, &actions) {
            if !self.fits(&[], &actions) {
                let action = actions.into_iter().next().unwrap_or_default();
                return Err(PolicyError::TooLong { action, limit: self.limit });
            }
            let open = std::mem::take(&mut self.open);
            self.full.push(Document::new(allow(open)));
        }
        self.open.extend(actions);
        Ok(())
    }

    fn close(mut self, also: Vec<Statement>) -> Vec<Document> {
        let open = allow(self.open);
        let last = Document::new(open.iter().chain(&also).cloned().collect());
        if last.size() <= self.limit {
            self.full.push(last);
        } else {
            self.full.push(Document::new(open));
            self.full.push(Document::new(also));
        }
        self.full.retain(|document| !document.statement.is_empty());
        self.full
    }
}

fn allow(actions: Vec<String>) -> Vec<Statement> {
    if actions.is_empty() {
        return Vec::new();
    }
    vec![Statement::new(Effect::Allow, actions, vec!["*".to_owned()])]
}

fn by_service(actions: &BTreeSet<String>) -> Vec<Vec<String>> {
    let mut services: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for action in actions {
        let prefix = action.split(':').next().unwrap_or_default();
        services.entry(prefix).or_default().push(action.clone());
    }
    services.into_values().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allowed(documents: &[Document]) -> Vec<String> {
        let statements = documents.iter().flat_map(|document| &document.statement);
        let allows = statements.filter(|statement| statement.effect == Effect::Allow);
        allows.flat_map(|statement| statement.action.clone()).collect()
    }

    fn deny() -> Statement {
        Statement::new(Effect::Deny, vec!["s3:GetObject".to_owned()], vec!["*".to_owned()])
    }

    #[test]
    fn nothing_to_allow_needs_no_policy() {
        assert_eq!(pack(&BTreeSet::new(), vec![], POLICY_LIMIT), Ok(Vec::new()));
    }

    #[test]
    fn too_many_actions_for_a_role_are_refused_with_what_to_do() {
        let actions: BTreeSet<String> =
            (0..2000).map(|n| format!("service{n}:List{n:030}")).collect();
        let told = pack(&actions, vec![], POLICY_LIMIT).expect_err("too many").to_string();
        assert!(told.starts_with("2000 actions need "), "{told}");
        assert!(told.contains("a role holds 10; select fewer services"), "{told}");
    }

    #[test]
    fn an_action_that_no_policy_holds_is_refused() {
        let actions = BTreeSet::from([format!("a:{}", "L".repeat(POLICY_LIMIT))]);
        assert!(matches!(pack(&actions, vec![], POLICY_LIMIT), Err(PolicyError::TooLong { .. })));
    }

    proptest! {
        #[test]
        fn splitting_loses_no_action_and_meets_every_limit(
            actions in prop::collection::btree_set("[a-d]{1,2}:List[A-Z]{1,30}", 0..60),
            limit in 200_usize..900,
            also in any::<bool>(),
        ) {
            let also: Vec<Statement> = also.then(deny).into_iter().collect();
            match pack(&actions, also.clone(), limit) {
                Ok(documents) => {
                    let found = allowed(&documents);
                    prop_assert_eq!(&found, &actions.iter().cloned().collect::<Vec<_>>());
                    prop_assert!(documents.iter().all(|document| document.size() <= limit));
                    prop_assert!(documents.len() <= POLICIES_OF_A_ROLE);
                    let denies = documents.iter().flat_map(|d| &d.statement).filter(|s| also.contains(s));
                    prop_assert_eq!(denies.count(), also.len());
                }
                Err(error) => {
                    let many = matches!(error, PolicyError::TooMany { .. });
                    prop_assert!(many, "{}", error);
                }
            }
        }

        #[test]
        fn a_service_that_fits_into_one_policy_is_in_one(
            actions in prop::collection::btree_set("[a-d]:List[A-Z]{1,9}", 0..40),
        ) {
            let documents = pack(&actions, vec![], 600).expect("few enough");
            for service in by_service(&actions) {
                if Document::new(allow(service.clone())).size() > 600 {
                    continue;
                }
                let holds = |d: &&Document| allowed(std::slice::from_ref(*d)).iter().any(|a| service.contains(a));
                prop_assert_eq!(documents.iter().filter(holds).count(), 1);
            }
        }
    }
}
