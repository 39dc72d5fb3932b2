//! The tables of a comparison.

use super::Compared;
use super::accounts::{Happened, events};
use super::counts::{Counts, Tally, read};
use crate::advice::advise;
use crate::context::Context;
use crate::error::ReportError;
use crate::failures::named;
use crate::shape::{Item, Kind, Report, Table, column, paged, programs};

/// What stands where the unit of an account is not known.
const NO_UNIT: &str = "(unit unknown)";

/// Makes the report with the counts.
pub(crate) async fn summary(compared: &Compared<'_>) -> Result<Report, ReportError> {
    let events = events(&compared.before, &compared.after).await?;
    let counts = read(compared, &events).await?;
    let mut notes = notes(compared);
    notes.insert(
        1,
        "Each unit counts everything below it; an account counts where it is now, one that is gone where it was."
            .to_owned(),
    );
    Ok(Report {
        name: "diff",
        title: "What differs between two scans".to_owned(),
        notes,
        tables: vec![
            changes(compared, &counts),
            happened(compared, &events, "accounts"),
            lost(&counts),
            scans(compared),
        ],
    })
}

/// Makes the report about accounts.
pub(crate) async fn accounts(compared: &Compared<'_>) -> Result<Report, ReportError> {
    let events = events(&compared.before, &compared.after).await?;
    Ok(Report {
        name: "diff",
        title: "What happened to accounts between two scans".to_owned(),
        notes: notes(compared),
        tables: vec![happened(compared, &events, "rows"), scans(compared)],
    })
}

fn notes(compared: &Compared<'_>) -> Vec<String> {
    let mut notes = vec![
        "A cell changed only where both scans know it; what became invisible or visible says nothing about AWS. An \
         account that is missing left only where the list of its organization was whole."
            .to_owned(),
    ];
    for context in [&compared.before, &compared.after] {
        let scan = &context.scan;
        if scan.state != protocol::scan::ScanState::Finished {
            let state = scan.state;
            notes.push(format!(
                "Scan {} is {state}: its cells without an answer are unknown.",
                scan.id
            ));
        }
    }
    let rejudged: Vec<&str> = compared.rejudged.iter().map(String::as_str).collect();
    if !rejudged.is_empty() {
        let most = rejudged.iter().take(10).copied().collect::<Vec<_>>().join(", ");
        let more = if rejudged.len() > 10 { " and others" } else { "" };
        notes.push(format!(
            "The catalogs judge these probes differently, so a difference there is undecided: {most}{more}."
        ));
    }
    notes
}

/// Cells by what became of them: of all, then of each unit, service and account.
fn changes(compared: &Compared<'_>, counts: &Counts) -> Table {
    let row = |by: &str, key: Item, name: Item, tally: &Tally, accounts: bool| {
        let mut items = vec![Item::text(by), key, name];
        items.extend(tally.items(accounts));
        items
    };
    let mut rows = vec![row("all", Item::text("all"), Item::text("all"), &counts.all, true)];
    for (unit, tally) in &counts.units {
        let (key, name) = match unit {
            Some(unit) => (Item::text(&unit.id_path), Item::text(&unit.path)),
            None => (Item::Nothing, Item::text(NO_UNIT)),
        };
        rows.push(row("unit", key, name, tally, true));
    }
    for (service, tally) in &counts.services {
        let facts = compared.after.service(service).or_else(|| compared.before.service(service));
        let title = facts.map(|facts| facts.title.clone());
        rows.push(row("service", Item::text(service), title.into(), tally, false));
    }
    for (account, tally) in &counts.accounts {
        let name = compared.account(account).map(|account| account.name.clone());
        rows.push(row("account", Item::text(account), name.into(), tally, true));
    }
    let mut columns =
        vec![column("by", Kind::Word), paged("key", Kind::Text), column("name", Kind::Text)];
    columns.extend(Tally::columns());
    Table { name: "rows", title: "Cells by what became of them".to_owned(), columns, rows }
}

fn happened(compared: &Compared<'_>, events: &[Happened], name: &'static str) -> Table {
    let row = |happened: &Happened| {
        let facts = compared.account(&happened.account);
        vec![
            Item::text(&happened.account),
            Item::from(facts.map(|facts| facts.name.clone())),
            Item::from(facts.and_then(|facts| facts.unit_path.clone())),
            Item::text(happened.event.as_str()),
            Item::from(happened.from.clone()),
            Item::from(happened.to.clone()),
            Item::from(happened.why.clone()),
        ]
    };
    Table {
        name,
        title: "Accounts that joined, left, moved or changed".to_owned(),
        columns: vec![
            column("account_id", Kind::Account),
            column("account_name", Kind::Text),
            programs("ou_path", Kind::Text),
            column("event", Kind::Word),
            column("from", Kind::Text),
            column("to", Kind::Text),
            column("why", Kind::Text),
        ],
        rows: events.iter().map(row).collect(),
    }
}

/// Why cells became invisible, the cause with the most cells first.
fn lost(counts: &Counts) -> Table {
    let mut causes: Vec<_> = counts.lost.iter().collect();
    causes.sort_by_key(|(_, lost)| std::cmp::Reverse(lost.cells));
    let row = |(cause, lost): (&crate::advice::Cause, &super::counts::Lost)| {
        let mut items = named(cause);
        items.extend([
            Item::count(lost.cells),
            Item::count(lost.accounts.len() as u64),
            Item::text(advise(cause)),
        ]);
        items
    };
    Table {
        name: "became_invisible",
        title: "Why cells became invisible".to_owned(),
        columns: vec![
            column("status", Kind::Word),
            column("failure_kind", Kind::Word),
            column("failure_code", Kind::Text),
            column("denied_by", Kind::Word),
            column("policy_arn", Kind::Text),
            column("cells", Kind::Number),
            column("accounts", Kind::Number),
            column("what_to_do", Kind::Word),
        ],
        rows: causes.into_iter().map(row).collect(),
    }
}

/// The two scans.
fn scans(compared: &Compared<'_>) -> Table {
    let row = |(side, context): (&str, &Context<'_>)| {
        let head = context.head();
        vec![
            Item::text(side),
            Item::text(head.scan),
            Item::text(head.state),
            Item::count(u64::from(head.round)),
            Item::Time(head.started_at),
            Item::count(context.accounts.len() as u64),
            Item::count(head.planned),
            Item::count(head.unknown),
            Item::Share(head.unknown_share),
        ]
    };
    Table {
        name: "scans",
        title: "The two scans".to_owned(),
        columns: vec![
            column("side", Kind::Word),
            column("scan", Kind::Word),
            column("state", Kind::Word),
            column("round", Kind::Number),
            column("started_at", Kind::Time),
            column("accounts", Kind::Number),
            column("cells", Kind::Number),
            column("unknown", Kind::Number),
            column("unknown_share", Kind::Number),
        ],
        rows: [("before", &compared.before), ("after", &compared.after)].map(row).into(),
    }
}
