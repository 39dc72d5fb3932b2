//! Every cell that a scan wrote down, held against the truth.

use std::collections::BTreeMap;
use std::io::BufRead;

use anyhow::Context;
use protocol::Status;
use serde::Deserialize;

use crate::report::CellCheck;
use crate::truth::Truth;

/// The most cells that are told in words.
const EXAMPLES: usize = 10;

/// A line of the report `cells`.
#[derive(Debug, Deserialize)]
struct Line {
    account_id: String,
    region: String,
    probe: String,
    status: Status,
    resource_count: u64,
    #[serde(default)]
    failure_code: Option<String>,
}

/// Reads the report `cells`, a JSON a line, and compares.
pub(crate) fn check(lines: impl BufRead, truth: &mut Truth) -> anyhow::Result<CellCheck> {
    let mut check = CellCheck::default();
    let mut ledger: BTreeMap<Status, u64> = BTreeMap::new();
    for line in lines.lines() {
        let line = line.context("the report of the cells ends early")?;
        let cell: Line = serde_json::from_str(&line).with_context(|| line.clone())?;
        check.written += 1;
        *ledger.entry(cell.status).or_default() += 1;
        check.things += cell.resource_count;
        let Line { account_id, region, probe, status, .. } = &cell;
        let Some(wanted) = truth.cell(account_id, region, probe) else {
            check.foreign += 1;
            check.tell(&cell, "is no cell of this scan");
            continue;
        };
        if std::mem::replace(&mut wanted.found, true) {
            check.duplicate += 1;
            check.tell(&cell, "is there twice");
            continue;
        }
        let wanted = *wanted;
        let counted = *status != Status::InUse || cell.resource_count == wanted.own;
        if *status == Status::NotRun {
            check.lost += 1;
            check.tell(&cell, "was planned and has no answer");
        } else if !status.is_known() && wanted.status.is_known() {
            check.missed += 1;
            check.tell(&cell, &format!("in truth {}", wanted.status));
        } else if *status != wanted.status || !counted {
            check.wrong += 1;
            check.tell(&cell, &format!("in truth {} {}", wanted.status, wanted.own));
        }
    }
    let (lost, words) = truth.lost();
    check.lost += lost;
    check.examples.extend(words);
    let unknown = ledger.iter().filter(|(status, _)| !status.is_known());
    check.unknown = unknown.map(|(_, count)| count).sum();
    check.ledger = ledger.into_iter().map(|(status, count)| (status.to_string(), count)).collect();
    Ok(check)
}

impl CellCheck {
    fn tell(&mut self, cell: &Line, what: &str) {
        if self.examples.len() < EXAMPLES {
            let Line { account_id, region, probe, status, resource_count, failure_code } = cell;
            let code = failure_code.as_deref().unwrap_or_default();
            self.examples.push(format!(
                "{account_id} {region} {probe}: {status} {resource_count} {code}: {what}"
            ));
        }
    }
}
