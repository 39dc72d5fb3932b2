//! Actions that only their resource tells apart: what they are allowed on, and what never.
//!
//! API Gateway has one action, `apigateway:GET`, for everything that can be read of it, its keys
//! too.

use std::collections::BTreeSet;

use super::document::{Effect, Statement};

/// The action that reads everything of API Gateway.
const GET: &str = "apigateway:GET";

/// What the catalog lists with it: the two kinds of APIs, not what is in them.
const LISTED: &[&str] = &["/apis", "/restapis"];

/// What holds the values of keys.
const KEYS: &[&str] = &["/apikeys*", "/usageplans/*/keys*"];

/// Takes the actions that are not for every resource out of `actions`, and allows them where the
/// catalog needs them.
pub(crate) fn allow_where_needed(
    actions: &mut BTreeSet<String>,
    partition: &str,
) -> Option<Statement> {
    let allow =
        || Statement::new(Effect::Allow, vec![GET.to_owned()], resources(partition, LISTED));
    actions.remove(GET).then(|| allow().named("ListApis"))
}

/// Denies the reads that would show a key.
pub(crate) fn deny_keys(partition: &str) -> Statement {
    let resources = resources(partition, KEYS);
    Statement::new(Effect::Deny, vec![GET.to_owned()], resources).named("NeverReadApiKeys")
}

fn resources(partition: &str, paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| format!("arn:{partition}:apigateway:*::{path}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn the_only_action_of_api_gateway_is_allowed_on_the_lists_of_apis_only() {
        let mut actions = BTreeSet::from([GET.to_owned(), "kms:ListKeys".to_owned()]);
        let allowed = allow_where_needed(&mut actions, "aws-cn").expect("a statement");
        assert_eq!(
            allowed.resource,
            ["arn:aws-cn:apigateway:*::/apis", "arn:aws-cn:apigateway:*::/restapis"]
        );
        assert_eq!(actions, BTreeSet::from(["kms:ListKeys".to_owned()]));
        assert_eq!(allow_where_needed(&mut actions, "aws"), None);
    }

    #[test]
    fn every_call_that_needs_it_asks_for_one_of_those_lists() {
        let catalog = Catalog::embedded().expect("the catalog");
        let calls =
            catalog.entries().flat_map(|entry| &entry.probes).flat_map(|probe| &probe.calls);
        let needing: Vec<_> =
            calls.filter(|call| call.iam.iter().any(|action| action == GET)).collect();
        assert!(!needing.is_empty());
        for call in needing {
            let path = call.path.as_deref().expect("a path");
            let resource = path.strip_prefix("/v2").unwrap_or(path);
            assert!(LISTED.contains(&resource), "{}: {path}", call.name);
        }
    }

    #[test]
    fn keys_are_denied_wherever_they_can_be_read() {
        assert_eq!(
            deny_keys("aws").resource,
            ["arn:aws:apigateway:*::/apikeys*", "arn:aws:apigateway:*::/usageplans/*/keys*"]
        );
    }
}
