//! `calls`: what the scan cost, by service and by account.

use protocol::cell::Cost;

use crate::context::Context;
use crate::error::ReportError;
use crate::overview::Part;
use crate::rollup::share;
use crate::shape::{Item, Kind, Report, Table, column, paged};

/// Makes the report.
pub(crate) async fn report(context: &Context<'_>) -> Result<Report, ReportError> {
    let overview = context.overview().await?;
    let mut rows = vec![line("all", Item::text("all"), Item::Nothing, &overview.all)];
    for (service, spent) in &overview.services {
        let title = context.service(service).map(|facts| facts.title.clone());
        rows.push(line("service", Item::text(service), title.into(), spent));
    }
    for (account, spent) in &overview.accounts {
        let name = context.accounts.get(account).map(|account| account.name.clone());
        rows.push(line("account", Item::text(account), name.into(), spent));
    }
    let columns = vec![
        column("by", Kind::Word),
        column("key", Kind::Text),
        column("name", Kind::Text),
        column("cells", Kind::Number),
        column("calls", Kind::Number),
        column("retries", Kind::Number),
        column("throttles", Kind::Number),
        column("throttle_share", Kind::Number),
        paged("time_in_calls_ms", Kind::Number),
        column("ms_per_call", Kind::Number),
    ];
    Ok(Report {
        name: "calls",
        title: "What the scan cost".to_owned(),
        notes: vec![
            "Calls of answered cells; entering accounts and reading the organization are not among them."
                .to_owned(),
        ],
        tables: vec![Table { name: "rows", title: "Calls".to_owned(), columns, rows }],
    })
}

fn line(by: &str, key: Item, name: Item, spent: &Part) -> Vec<Item> {
    let Cost { calls, retries, throttles, duration_ms } = spent.cost;
    vec![
        Item::text(by),
        key,
        name,
        Item::count(spent.cells),
        Item::count(calls),
        Item::count(retries),
        Item::count(throttles),
        Item::share(share(throttles, calls)),
        Item::count(duration_ms),
        share(duration_ms, calls).map_or(Item::Nothing, Item::Number),
    ]
}
