//! `calls`: what the scan cost, by service and by account.

use std::collections::BTreeMap;

use protocol::cell::Cost;

use crate::context::Context;
use crate::error::ReportError;
use crate::rollup::share;
use crate::row::Fields;
use crate::shape::{Item, Kind, Report, Table, column};

/// What cells cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    pub(crate) cells: u64,
    pub(crate) cost: Cost,
}

impl Spent {
    fn add(&mut self, other: Self) {
        self.cells += other.cells;
        self.cost.add(other.cost);
    }
}

/// The cost of all, of each service and of each account.
#[derive(Debug, Default)]
pub(crate) struct Costs {
    pub(crate) all: Spent,
    pub(crate) services: BTreeMap<String, Spent>,
    pub(crate) accounts: BTreeMap<String, Spent>,
}

/// Adds up what the scan cost.
pub(crate) async fn costs(context: &Context<'_>) -> Result<Costs, ReportError> {
    let mut costs = Costs::default();
    for row in context.rows(include_str!("calls.sql")).await? {
        let mut fields = Fields::of(row);
        let (account, service) = (fields.text("an account id")?, fields.text("a service")?);
        let spent = Spent {
            cells: fields.count("a count of cells")?,
            cost: Cost {
                calls: fields.count("a count of calls")?,
                retries: fields.count("a count of calls")?,
                throttles: fields.count("a count of calls")?,
                duration_ms: fields.count("a duration")?,
            },
        };
        costs.all.add(spent);
        costs.services.entry(service).or_default().add(spent);
        costs.accounts.entry(account).or_default().add(spent);
    }
    Ok(costs)
}

/// Makes the report.
pub(crate) async fn report(context: &Context<'_>) -> Result<Report, ReportError> {
    let costs = costs(context).await?;
    let mut rows = vec![line("all", Item::text("all"), Item::Nothing, costs.all)];
    for (service, spent) in &costs.services {
        let title = context.service(service).map(|facts| facts.title.clone());
        rows.push(line("service", Item::text(service), title.into(), *spent));
    }
    for (account, spent) in &costs.accounts {
        let name = context.accounts.get(account).map(|account| account.name.clone());
        rows.push(line("account", Item::text(account), name.into(), *spent));
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
        column("time_in_calls_ms", Kind::Number),
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

fn line(by: &str, key: Item, name: Item, spent: Spent) -> Vec<Item> {
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
