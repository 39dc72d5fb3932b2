//! Policies and requests out of a small world, so that they meet often.

use std::collections::BTreeMap;

use policy::{Caller, Request};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

const ACTIONS: &[&str] =
    &["*", "s3:*", "S3:get*", "s3:GetObject", "s3:?etObject", "iam:*", "iam:ListRoles"];
const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:s3:::a/*",
    "arn:aws:s3:::a/x",
    "arn:aws:s3:::${x:one}/*",
    "arn:*:x",
    "arn:aws:s*x",
];
const PRINCIPALS: &[&str] = &["*", "123456789012", ROLE, SESSION, "210987654321", "AROAEXAMPLE"];
const VALUES: &[&str] =
    &["a", "A", "b*", "1", "2.0", "true", "${x:one}", "10.0.0.0/8", "2026-01-01"];
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "NumericLessThan",
    "NumericNotEquals",
    "DateGreaterThan",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnLike",
    "ArnNotEquals",
];
const KEYS: &[&str] = &["x:one", "x:two", "x:Many"];
const ROLE: &str = "arn:aws:iam::123456789012:role/reader";
const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/reader/s";

fn one_or_many(of: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![
        select(of).prop_map(|one| json!(one)),
        subsequence(of, 1..=2).prop_map(|many| json!(many))
    ]
}

fn operator() -> impl Strategy<Value = String> {
    let form = select(&["", "", "ForAllValues:", "ForAnyValue:"][..]);
    let made = (form, select(OPERATORS), select(&["", "IfExists"][..]))
        .prop_map(|(form, name, exists)| format!("{form}{name}{exists}"));
    prop_oneof![9 => made, 1 => Just("Null".to_owned())]
}

fn condition() -> impl Strategy<Value = Value> {
    let keys = proptest::collection::btree_map(select(KEYS), one_or_many(VALUES), 1..=2);
    proptest::collection::btree_map(operator(), keys, 0..=2).prop_map(|condition| json!(condition))
}

/// A statement.
pub(crate) fn statement() -> impl Strategy<Value = Value> {
    let principal = prop_oneof![
        2 => Just(None),
        1 => (any::<bool>(), one_or_many(PRINCIPALS)).prop_map(Some),
    ];
    let parts = (
        select(&["Allow", "Deny"][..]),
        (any::<bool>(), one_or_many(ACTIONS)),
        (any::<bool>(), one_or_many(RESOURCES)),
        principal,
        condition(),
    );
    parts.prop_map(|(effect, action, resource, principal, condition)| {
        let mut statement = json!({"Effect": effect, "Condition": condition});
        statement[if action.0 { "NotAction" } else { "Action" }] = action.1;
        statement[if resource.0 { "NotResource" } else { "Resource" }] = resource.1;
        if let Some((but, names)) = principal {
            statement[if but { "NotPrincipal" } else { "Principal" }] = json!({"AWS": names});
        }
        statement
    })
}

/// The statements of a policy, each with a name of its own.
pub(crate) fn statements() -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec(statement(), 0..5).prop_map(|mut statements| {
        for (index, statement) in statements.iter_mut().enumerate() {
            statement["Sid"] = json!(format!("S{index}"));
        }
        statements
    })
}

/// A policy of these statements.
pub(crate) fn document(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// All that there is to know about a request, and how much of it is known.
#[derive(Debug, Clone)]
pub(crate) struct World {
    action: &'static str,
    resource: &'static str,
    knows_resource: bool,
    caller: &'static str,
    /// 0: nothing of the caller, 1: its account, 2: its ARN.
    knows_caller: u8,
    facts: BTreeMap<&'static str, (Vec<&'static str>, bool)>,
}

impl World {
    /// The request as far as it is known, or as it is.
    pub(crate) fn request(&self, all: bool) -> Request {
        let mut request = Request::new(self.action);
        if all || self.knows_resource {
            request = request.on(self.resource);
        }
        request = request.by(match if all { 2 } else { self.knows_caller } {
            0 => Caller::Unknown,
            1 => Caller::Account("123456789012".to_owned()),
            _ => Caller::Aws(self.caller.to_owned()),
        });
        for (key, (values, known)) in &self.facts {
            if all || *known {
                request = request.with(key, values.iter().copied());
            }
        }
        request
    }
}

/// A world: every key is there, or is not.
pub(crate) fn world() -> impl Strategy<Value = World> {
    let values = subsequence(&["a", "b", "1", "true", "10.1.2.3", "arn:aws:s3:::a", ""][..], 0..=2);
    let facts = proptest::collection::vec((values, any::<bool>()), KEYS.len());
    let parts = (
        select(&["s3:GetObject", "iam:ListRoles", "ec2:DescribeVpcs"][..]),
        (select(&["*", "arn:aws:s3:::a/x", "arn:aws:iam:::x"][..]), any::<bool>()),
        (select(&[ROLE, SESSION][..]), 0_u8..3),
        facts,
    );
    parts.prop_map(|(action, (resource, knows_resource), (caller, knows_caller), facts)| World {
        action,
        resource,
        knows_resource,
        caller,
        knows_caller,
        facts: KEYS.iter().copied().zip(facts).collect(),
    })
}

/// Any JSON, with the words of the language in it more often than chance would.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let words = select(
        &[
            "Version",
            "Statement",
            "Effect",
            "Allow",
            "Deny",
            "Action",
            "NotAction",
            "Resource",
            "Principal",
            "AWS",
            "Condition",
            "StringLike",
            "ForAllValues:Null",
            "Null",
            "*",
            "${",
            "2012-10-17",
            "a:b",
        ][..],
    );
    let text = prop_oneof![words.prop_map(str::to_owned), ".{0,8}"];
    let leaf = prop_oneof![
        text.clone().prop_map(|text| json!(text)),
        any::<f64>().prop_map(|number| json!(number)),
        any::<bool>().prop_map(|bool| json!(bool)),
        Just(Value::Null),
    ];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            proptest::collection::btree_map(text.clone(), inner, 0..6)
                .prop_map(|object| Value::Object(object.into_iter().collect())),
        ]
    })
}
