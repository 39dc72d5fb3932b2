//! `failures`: why cells are unknown, where and when, and what to do about it.

use std::collections::BTreeMap;

use chrono::DateTime;
use protocol::{FailureKind, Status};

use crate::advice::{Cause, advise, rerun};
use crate::context::Context;
use crate::error::ReportError;
use crate::recommend::{Findings, recommend};
use crate::row::Fields;
use crate::shape::{Item, Kind, Report, Table, column, programs};

/// Unknown cells that have their cause in common.
#[derive(Debug, Clone)]
pub(crate) struct Failed {
    pub(crate) cause: Cause,
    pub(crate) cells: u64,
    pub(crate) accounts: u64,
    pub(crate) regions: u64,
    pub(crate) services: u64,
    /// One of the cells: service, account, region.
    pub(crate) example: [String; 3],
    pub(crate) operation: Option<String>,
    pub(crate) message: Option<String>,
}

/// Unknown cells of one place, hour and cause.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) service: String,
    pub(crate) status: Status,
    pub(crate) hour: Option<i64>,
    pub(crate) cells: u64,
}

/// Reads the causes, those with the most cells first.
pub(crate) async fn causes(context: &Context<'_>) -> Result<Vec<Failed>, ReportError> {
    let mut all = Vec::new();
    for row in context.rows(include_str!("failures.sql")).await? {
        let mut fields = Fields::of(row);
        all.push(Failed {
            cause: Cause {
                status: fields.word("a status")?,
                kind: fields.maybe_word("a failure kind")?,
                code: fields.maybe_text(),
                denied_by: fields.maybe_word("a denier")?,
                policy_arn: fields.maybe_text(),
                predicted: fields.maybe_text().as_deref() == Some("predicted"),
            },
            cells: fields.count("a count of cells")?,
            accounts: fields.count("a count of accounts")?,
            regions: fields.count("a count of regions")?,
            services: fields.count("a count of services")?,
            example: [
                fields.text("a service")?,
                fields.text("an account id")?,
                fields.text("a region")?,
            ],
            operation: fields.maybe_text(),
            message: fields.maybe_text(),
        });
    }
    Ok(all)
}

/// Reads where and when cells became unknown.
pub(crate) async fn spots(context: &Context<'_>) -> Result<Vec<Spot>, ReportError> {
    let mut all = Vec::new();
    for row in context.rows(include_str!("failures_where.sql")).await? {
        let mut fields = Fields::of(row);
        all.push(Spot {
            account: fields.text("an account id")?,
            region: fields.text("a region")?,
            service: fields.text("a service")?,
            status: fields.word("a status")?,
            hour: fields.maybe_int(),
            cells: fields.count("a count of cells")?,
        });
    }
    Ok(all)
}

/// What the rules of recommendation look at.
pub(crate) fn findings(context: &Context<'_>, failed: &[Failed], spots: &[Spot]) -> Findings {
    let took = context.end() - context.scan.started_at;
    Findings {
        scan: context.scan.id.to_string(),
        planned: context.ledger.planned(),
        known: context.ledger.known(),
        minutes: took.num_minutes().unsigned_abs(),
        causes: failed.iter().map(|failed| (failed.cause.clone(), failed.cells)).collect(),
        services: most(spots, |spot| spot.service.clone()),
    }
}

/// Unknown cells by a key, most first.
pub(crate) fn most(spots: &[Spot], key: impl Fn(&Spot) -> String) -> Vec<(String, u64)> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for spot in spots {
        *sums.entry(key(spot)).or_default() += spot.cells;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, cells)| std::cmp::Reverse(*cells));
    sums
}

/// Makes the report.
pub(crate) async fn report(context: &Context<'_>) -> Result<Report, ReportError> {
    let failed = causes(context).await?;
    let spots = spots(context).await?;
    let found = findings(context, &failed, &spots);
    Ok(Report {
        name: "failures",
        title: "What is not known, why, and what to do about it".to_owned(),
        notes: vec![format!(
            "{} of {} cells are unknown.",
            found.planned - found.known,
            found.planned
        )],
        tables: vec![
            by_cause(context, &failed),
            recommendations(&found),
            places(context, &spots),
            floors(context).await?,
        ],
    })
}

/// The main table: causes with advice.
pub(crate) fn by_cause(context: &Context<'_>, failed: &[Failed]) -> Table {
    let row = |failed: &Failed| {
        let cause = &failed.cause;
        let word = |word: Option<&str>| Item::from(word.map(str::to_owned));
        let [service, account, region] = &failed.example;
        vec![
            Item::text(cause.status.as_str()),
            word(cause.kind.map(FailureKind::as_str)),
            Item::from(cause.code.clone()),
            word(cause.denied_by.map(protocol::DeniedBy::as_str)),
            Item::from(cause.policy_arn.clone()),
            Item::count(failed.cells),
            Item::count(failed.accounts),
            Item::count(failed.regions),
            Item::count(failed.services),
            Item::text(service),
            Item::text(account),
            Item::text(region),
            Item::from(failed.operation.clone()),
            Item::from(failed.message.clone()),
            Item::text(advise(cause)),
            Item::text(rerun(context.scan.id.as_str(), cause)),
        ]
    };
    Table {
        name: "rows",
        title: "Unknown cells by cause".to_owned(),
        columns: vec![
            column("status", Kind::Word),
            programs("failure_kind", Kind::Word),
            column("failure_code", Kind::Text),
            column("denied_by", Kind::Word),
            column("policy_arn", Kind::Text),
            column("cells", Kind::Number),
            column("accounts", Kind::Number),
            programs("regions", Kind::Number),
            programs("services", Kind::Number),
            programs("example_service", Kind::Word),
            programs("example_account", Kind::Account),
            programs("example_region", Kind::Word),
            programs("example_operation", Kind::Text),
            programs("example_message", Kind::Text),
            column("what_to_do", Kind::Word),
            column("run_again", Kind::Text),
        ],
        rows: failed.iter().map(row).collect(),
    }
}

fn recommendations(found: &Findings) -> Table {
    let row = |(rank, recommendation): (usize, &crate::recommend::Recommendation)| {
        vec![
            Item::count(rank as u64 + 1),
            Item::text(recommendation.priority.as_str()),
            Item::text(recommendation.category),
            Item::text(&recommendation.issue),
            Item::text(&recommendation.description),
            Item::List(recommendation.solutions.clone()),
            Item::text(&recommendation.immediate_action),
            Item::count(recommendation.cells),
        ]
    };
    Table {
        name: "recommendations",
        title: "What to mend first".to_owned(),
        columns: vec![
            column("rank", Kind::Number),
            column("priority", Kind::Word),
            programs("category", Kind::Word),
            column("issue", Kind::Word),
            column("description", Kind::Word),
            programs("solutions", Kind::List),
            column("immediate_action", Kind::Word),
            column("cells", Kind::Number),
        ],
        rows: recommend(found).iter().enumerate().map(row).collect(),
    }
}

fn places(context: &Context<'_>, spots: &[Spot]) -> Table {
    type Key = fn(&Spot) -> String;
    let keys: [(&str, Key); 5] = [
        ("status", |spot| spot.status.to_string()),
        ("service", |spot| spot.service.clone()),
        ("region", |spot| spot.region.clone()),
        ("account", |spot| spot.account.clone()),
        ("hour", |spot| spot.hour.map_or_else(|| "not run".to_owned(), hour)),
    ];
    let mut rows = Vec::new();
    for (by, key) in keys {
        for (key, cells) in most(spots, key) {
            let name = context.accounts.get(&key).map(|account| account.name.clone());
            rows.push(vec![Item::text(by), Item::text(key), name.into(), Item::count(cells)]);
        }
    }
    Table {
        name: "where",
        title: "Unknown cells by status, service, region, account and hour".to_owned(),
        columns: vec![
            column("by", Kind::Word),
            column("key", Kind::Text),
            column("name", Kind::Text),
            column("cells", Kind::Number),
        ],
        rows,
    }
}

/// The start of an hour that is counted since 1970.
pub(crate) fn hour(hour: i64) -> String {
    let start = hour.checked_mul(3600).and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    start.map_or_else(|| "?".to_owned(), |start| start.format("%Y-%m-%dT%H:00Z").to_string())
}

async fn floors(context: &Context<'_>) -> Result<Table, ReportError> {
    let mut rows = Vec::new();
    for row in context.rows(include_str!("failures_floors.sql")).await? {
        let mut fields = Fields::of(row);
        rows.push(vec![
            Item::from(fields.maybe_text()),
            Item::from(fields.maybe_text()),
            Item::from(fields.maybe_text()),
            Item::from(fields.maybe_text()),
            Item::from(fields.maybe_text()),
            Item::count(fields.count("a count of cells")?),
            Item::count(fields.count("a count of accounts")?),
            Item::from(fields.maybe_text()),
        ]);
    }
    Ok(Table {
        name: "floors",
        title: "Known cells whose count is only a floor".to_owned(),
        columns: vec![
            column("service", Kind::Word),
            column("status", Kind::Word),
            column("failure_code", Kind::Text),
            column("denied_by", Kind::Word),
            column("policy_arn", Kind::Text),
            column("cells", Kind::Number),
            column("accounts", Kind::Number),
            programs("example_message", Kind::Text),
        ],
        rows,
    })
}
