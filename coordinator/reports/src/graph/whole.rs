//! Whether an organization was read whole: only then may anything of it be removed.

use std::collections::BTreeMap;

use protocol::holding::{Completeness, Part};

use crate::context::Context;
use crate::error::ReportError;
use crate::row::Fields;

/// How completely the accounts and the tree of each organization were read, at best.
pub(super) struct Readings(BTreeMap<(String, Part), (Completeness, Option<String>)>);

impl Readings {
    /// Reads the records of a scan.
    pub(super) async fn load(context: &Context<'_>) -> Result<Self, ReportError> {
        let mut best = BTreeMap::new();
        for row in context.rows(include_str!("readings.sql")).await? {
            let mut fields = Fields::of(row);
            let organization = fields.text("an organization")?;
            let part: Part = fields.word("a part")?;
            let how: Completeness = fields.word("how completely")?;
            let known = best.entry((organization, part)).or_insert((how, fields.maybe_text()));
            // One connection that read all of it is enough, whatever others may.
            if is_whole(how) {
                *known = (how, None);
            }
        }
        Ok(Self(best))
    }

    /// Why nothing of an organization may be removed; `None` where it was read whole.
    pub(super) fn lack(&self, organization: &str) -> Option<String> {
        [(Part::Accounts, "list of accounts"), (Part::Tree, "tree")].into_iter().find_map(
            |(part, name)| match self.0.get(&(organization.to_owned(), part)) {
                Some((how, _)) if is_whole(*how) => None,
                Some((how, Some(lacks))) => {
                    Some(format!("its {name} was not read whole: {} ({lacks})", how.as_str()))
                }
                Some((how, None)) => {
                    Some(format!("its {name} was not read whole: {}", how.as_str()))
                }
                None => Some(format!("there is no record that its {name} was read to its end")),
            },
        )
    }
}

const fn is_whole(how: Completeness) -> bool {
    matches!(how, Completeness::Synced | Completeness::AlreadySynced)
}
