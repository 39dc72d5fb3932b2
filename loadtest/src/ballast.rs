//! What AWS says of each thing beyond what the catalog reads, so that answers are as large as AWS's.
//!
//! The texts come from botocore's models (`scripts/bodies.py`); they are the same for every thing, and mean nothing.

use std::collections::HashMap;

use catalog::entry::Wire;

use crate::tree::Node;

const DATA: &str = include_str!("../data/bodies.txt");

/// A service, an operation, the path to its things.
type Call = (&'static str, &'static str, &'static str);

/// The texts of every call.
pub(crate) struct Bodies(HashMap<Call, &'static str>);

impl Bodies {
    pub(crate) fn load() -> Self {
        let calls = DATA.lines().filter_map(|line| {
            let mut fields = line.splitn(4, '\t');
            let mut next = || fields.next();
            Some(((next()?, next()?, next()?), next()?))
        });
        Self(calls.collect())
    }

    /// The members of a call's things that its tree does not write itself, as they stand in an answer.
    pub(crate) fn of(&self, call: (&str, &str, &str), wire: Wire, tree: &Node) -> String {
        let found = self
            .0
            .iter()
            .find(|((service, operation, items), _)| (*service, *operation, *items) == call);
        let Some((_, members)) = found.filter(|_| matches!(tree, Node::Object(_))) else {
            return String::new();
        };
        let mut fields = members.split('\t');
        let mut out = String::new();
        while let (Some(name), Some(text)) = (fields.next(), fields.next()) {
            if tree.has_member(name) {
                continue;
            }
            match wire {
                Wire::Json10 | Wire::Json11 | Wire::RestJson => {
                    if !out.is_empty() {
                        out.push(',');
                    }
                    crate::tree::json_text(&mut out, name);
                    out.push(':');
                }
                Wire::Query | Wire::Ec2 | Wire::RestXml => {}
            }
            out.push_str(text);
        }
        out
    }
}
