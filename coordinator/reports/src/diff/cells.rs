//! The cells that are not as they were, one row each.

use super::Compared;
use super::change::{Change, change};
use super::pairs::{Pair, Side};
use crate::census::service_of;
use crate::shape::{Item, Kind, column};
use crate::streamed::{Source, Streamed};

/// The report.
pub(crate) fn report<'s>(compared: &'s Compared<'s>) -> Streamed<'s> {
    Streamed {
        name: "diff",
        title: "Cells that are not as they were",
        note: "One row for each cell that is known in one of the two scans and is not the same in the other; a cell \
               that is unknown in both is not among them.",
        columns: vec![
            column("before_scan_id", Kind::Word),
            column("after_scan_id", Kind::Word),
            column("account_id", Kind::Account),
            column("account_name", Kind::Text),
            column("ou_path", Kind::Text),
            column("region", Kind::Word),
            column("service", Kind::Word),
            column("probe", Kind::Word),
            column("change", Kind::Word),
            column("before_status", Kind::Word),
            column("after_status", Kind::Word),
            column("before_count", Kind::Number),
            column("before_count_is", Kind::Word),
            column("after_count", Kind::Number),
            column("after_count_is", Kind::Word),
            column("failure_code", Kind::Text),
            column("denied_by", Kind::Word),
            column("policy_arn", Kind::Text),
        ],
        people: &[
            "account_name",
            "region",
            "probe",
            "change",
            "before_status",
            "after_status",
            "before_count",
            "after_count",
            "failure_code",
        ],
        source: Source::Pairs(compared),
    }
}

/// The rows of an account.
pub(crate) fn rows(compared: &Compared<'_>, account: &str, pairs: &[Pair<'_>]) -> Vec<Vec<Item>> {
    let facts = compared.account(account);
    let said = |text: &str| if text.is_empty() { Item::Nothing } else { Item::text(text) };
    let mut rows = Vec::new();
    for pair in pairs {
        let change = change(pair, &compared.rejudged);
        if matches!(change, Change::Unchanged | Change::StillUnknown) {
            continue;
        }
        let status = |side: &Option<Side<'_>>| {
            side.as_ref().map_or(Item::Nothing, |side| Item::text(side.status.as_str()))
        };
        let count = |side: &Option<Side<'_>>| {
            let Some(side) = side else { return [Item::Nothing, Item::Nothing] };
            let floor = side.at_least || !side.status.is_known();
            [Item::count(side.resources), Item::text(if floor { "at_least" } else { "exact" })]
        };
        let unknown = pair.after.filter(|side| !side.status.is_known());
        let mut items = vec![
            Item::text(compared.before.scan.id.as_str()),
            Item::text(compared.after.scan.id.as_str()),
            Item::text(account),
            Item::from(facts.map(|facts| facts.name.clone())),
            Item::from(facts.and_then(|facts| facts.unit_path.clone())),
            Item::text(pair.region),
            Item::text(service_of(pair.probe)),
            Item::text(pair.probe),
            Item::text(change.as_str()),
            status(&pair.before),
            status(&pair.after),
        ];
        items.extend(count(&pair.before).into_iter().chain(count(&pair.after)));
        items.extend([
            unknown.map_or(Item::Nothing, |side| said(side.code)),
            unknown.map_or(Item::Nothing, |side| said(side.denied_by)),
            unknown.map_or(Item::Nothing, |side| said(side.policy_arn)),
        ]);
        rows.push(items);
    }
    rows
}
