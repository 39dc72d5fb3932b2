//! Who may assume a role.

use super::control::ENTER;
use super::document::{Condition, Document, Effect, Principal, Statement};
use super::names::Names;

/// A trust document for exactly the hub role; none where it is not named.
pub(crate) fn trust(names: &Names) -> Option<Document> {
    let principal = Some(Principal { aws: names.hub_role.clone()? });
    let mut allow = Statement::new(Effect::Allow, vec![ENTER.to_owned()], Vec::new());
    allow.principal = principal;
    let conditions =
        [("aws:PrincipalOrgID", &names.organization), ("sts:ExternalId", &names.external_id)];
    let equal: Condition =
        conditions.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))).collect();
    if !equal.is_empty() {
        allow.condition.insert("StringEquals", equal);
    }
    Some(Document::new(vec![allow]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub() -> Names {
        let hub_role = Some("arn:aws:iam::111122223333:role/orgsweep-runner".to_owned());
        Names { hub_role, ..Names::new("aws", "orgsweep-member") }
    }

    #[test]
    fn without_a_hub_role_nobody_is_trusted() {
        let names = Names { external_id: Some("secret".to_owned()), ..Names::new("aws", "m") };
        assert_eq!(trust(&names), None);
    }

    #[test]
    fn a_hub_role_alone_is_trusted_without_conditions() {
        let document = trust(&hub()).expect("a document");
        assert!(document.statement.iter().all(|statement| statement.condition.is_empty()));
    }

    #[test]
    fn the_trust_of_a_member_asks_for_role_organization_and_external_id() {
        let names = Names {
            external_id: Some("e-7f3a".to_owned()),
            organization: Some("o-a1b2c3d4e5".to_owned()),
            ..hub()
        };
        insta::assert_json_snapshot!(trust(&names).expect("a document"));
    }
}
