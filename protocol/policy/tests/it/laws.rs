//! Laws that hold for all policies and requests.

use std::collections::BTreeSet;

use policy::hierarchy::{self, Attached, Level};
use policy::{Decision, Denial, Grant, Missing, Policy, Request};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::shapes::{any_json, document, statement, statements, world};
use crate::{read, verdict};

/// A decision without positions: what it says, by the names of the statements that say it.
fn essence(decision: &Decision) -> (&'static str, BTreeSet<String>, BTreeSet<Missing>) {
    let names =
        |places: &[policy::Place]| places.iter().filter_map(|place| place.sid.clone()).collect();
    match decision {
        Decision::Allowed(Grant::Statements(places)) => ("allowed", names(places), BTreeSet::new()),
        Decision::Allowed(Grant::Exempt) => ("exempt", BTreeSet::new(), BTreeSet::new()),
        Decision::Denied(Denial::Statements(places)) => ("denied", names(places), BTreeSet::new()),
        Decision::Denied(Denial::Unallowed { .. }) => {
            ("unallowed", BTreeSet::new(), BTreeSet::new())
        }
        Decision::CannotTell(doubt) => ("?", names(&doubt.statements), doubt.missing.clone()),
    }
}

fn path(policies: &[Policy], request: &Request) -> Decision {
    let attached: Vec<[Attached<'_>; 1]> =
        policies.iter().map(|policy| [Attached { id: "p", policy: Some(policy) }]).collect();
    let levels: Vec<Level<'_>> =
        attached.iter().map(|policies| Level { name: "ou", policies, complete: true }).collect();
    hierarchy::decide(&levels, request, false)
}

proptest! {
    #[test]
    fn knowing_more_never_flips_a_definite_answer(statements in statements(), world in world()) {
        let policy = read(&document(&statements));
        let less = policy.decide(&world.request(false));
        let more = policy.decide(&world.request(true));
        prop_assert!(verdict(&less).is_none() || verdict(&less) == verdict(&more), "{less:?} became {more:?}");
    }

    #[test]
    fn knowing_more_never_flips_a_definite_answer_of_a_path(
        documents in proptest::collection::vec(statements(), 0..4),
        world in world(),
    ) {
        let policies: Vec<Policy> = documents.iter().map(|statements| read(&document(statements))).collect();
        let (less, more) = (path(&policies, &world.request(false)), path(&policies, &world.request(true)));
        prop_assert!(verdict(&less).is_none() || verdict(&less) == verdict(&more), "{less:?} became {more:?}");
    }

    #[test]
    fn a_doubt_says_on_what_it_depends(statements in statements(), world in world()) {
        if let Decision::CannotTell(doubt) = read(&document(&statements)).decide(&world.request(false)) {
            prop_assert!(!doubt.missing.is_empty() && !doubt.statements.is_empty());
        }
    }

    #[test]
    fn the_order_of_statements_does_not_matter(
        (statements, shuffled) in statements().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        world in world(),
    ) {
        let request = world.request(false);
        let (one, other) = (read(&document(&statements)), read(&document(&shuffled)));
        prop_assert_eq!(essence(&one.decide(&request)), essence(&other.decide(&request)));
    }

    #[test]
    fn saying_it_twice_changes_nothing(statements in statements(), world in world()) {
        let request = world.request(false);
        let once = read(&document(&statements));
        let twice = read(&document(&[statements.clone(), statements].concat()));
        prop_assert_eq!(essence(&once.decide(&request)), essence(&twice.decide(&request)));
        let nested = path(&[once.clone(), once.clone()], &request);
        prop_assert_eq!(essence(&once.decide(&request)), essence(&nested));
    }

    #[test]
    fn a_deny_overrides_and_one_more_never_lets_through(
        mut statements in statements(), more in statement(), world in world(),
    ) {
        let request = world.request(false);
        let before = read(&document(&statements)).decide(&request);
        if more["Effect"] == "Deny" {
            statements.push(more);
            let after = read(&document(&statements)).decide(&request);
            prop_assert!(verdict(&before) != Some(false) || verdict(&after) == Some(false));
            prop_assert!(verdict(&after) != Some(true) || verdict(&before) == Some(true));
        }
        statements.push(json!({"Effect": "Deny", "Action": "*", "Resource": "*"}));
        let denied = read(&document(&statements)).decide(&request);
        prop_assert!(matches!(denied, Decision::Denied(Denial::Statements(_))));
    }

    #[test]
    fn a_path_allows_what_each_of_its_levels_allows(
        documents in proptest::collection::vec(statements(), 1..4),
        world in world(),
    ) {
        let request = world.request(false);
        let policies: Vec<Policy> = documents.iter().map(|statements| read(&document(statements))).collect();
        let each: Vec<_> = policies.iter().map(|policy| verdict(&policy.decide(&request))).collect();
        let expected = if each.contains(&Some(false)) {
            Some(false)
        } else if each.contains(&None) {
            None
        } else {
            Some(true)
        };
        prop_assert_eq!(verdict(&path(&policies, &request)), expected);
    }

    #[test]
    fn what_is_written_reads_back_the_same(statements in statements()) {
        let policy = read(&document(&statements));
        prop_assert_eq!(read(&policy.to_json().to_string()), policy);
    }

    #[test]
    fn no_json_makes_it_panic(json in any_json(), world in world()) {
        let wrapped = json!({"Statement": json});
        let entry = |key: &str| {
            let mut statement = json!({"Effect": "Allow", "Action": "*"});
            statement[key] = json.clone();
            json!({"Version": "2012-10-17", "Statement": statement})
        };
        let conditional: Value = entry("Condition");
        for document in [json.clone(), wrapped, conditional, entry("Resource"), entry("Principal")] {
            if let Ok(policy) = Policy::parse(&document.to_string()) {
                let decision = policy.decide(&world.request(true));
                prop_assert_eq!(read(&policy.to_json().to_string()).decide(&world.request(true)), decision);
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,64}") {
        let parsed = Policy::parse(&text);
        prop_assert!(parsed.is_err(), "{parsed:?}");
    }
}
