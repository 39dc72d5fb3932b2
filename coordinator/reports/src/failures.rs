//! `failures`: why cells are unknown, where and when, and what to do about it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use protocol::{DeniedBy, FailureKind};

use crate::advice::{Cause, advise, rerun};
use crate::census::service_of;
use crate::context::Context;
use crate::error::ReportError;
use crate::recommend::{Findings, Recommendation, recommend};
use crate::shape::{Item, Kind, Report, Table, column, paged, programs};
use crate::unknown::Unknown;

/// Unknown cells that have their cause in common.
#[derive(Debug, Clone, Default)]
pub(crate) struct Failed {
    pub(crate) cells: u64,
    pub(crate) accounts: BTreeSet<String>,
    pub(crate) regions: BTreeSet<String>,
    pub(crate) services: BTreeSet<String>,
    /// The operation and message of the first cell that has them.
    pub(crate) operation: Option<String>,
    pub(crate) message: Option<String>,
}

/// Why cells are unknown.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    causes: BTreeMap<Cause, Failed>,
    /// Unknown cells by status, service, region, hour and account.
    places: [BTreeMap<String, u64>; 5],
    /// Known cells whose count is a floor, by service and cause.
    floors: BTreeMap<(String, Cause), Failed>,
}

/// What [`Failures::places`] counts by.
const BY: [&str; 5] = ["status", "service", "region", "hour", "account"];
const BY_SERVICE: usize = 1;

impl Failures {
    /// Counts a cell.
    pub(crate) fn add(&mut self, unknown: Unknown) {
        let service = service_of(&unknown.probe).to_owned();
        if unknown.cause.status.is_known() {
            let floor = self.floors.entry((service.clone(), unknown.cause.clone())).or_default();
            floor.add(unknown, service);
            return;
        }
        let keys = [
            unknown.cause.status.as_str(),
            &service,
            &unknown.region,
            &unknown.hour.map_or_else(|| "not run".to_owned(), hour),
            &unknown.account,
        ];
        for (place, key) in self.places.iter_mut().zip(keys) {
            match place.get_mut(key) {
                Some(cells) => *cells += 1,
                None => {
                    place.insert(key.to_owned(), 1);
                }
            }
        }
        self.causes.entry(unknown.cause.clone()).or_default().add(unknown, service);
    }

    /// The causes, those with the most cells first.
    pub(crate) fn causes(&self) -> Vec<(&Cause, &Failed)> {
        let mut causes: Vec<_> = self.causes.iter().collect();
        causes.sort_by_key(|(_, failed)| std::cmp::Reverse(failed.cells));
        causes
    }

    /// Unknown cells by one of [`BY`], most first.
    fn most(&self, by: usize) -> Vec<(&String, u64)> {
        let mut most: Vec<_> = self.places[by].iter().map(|(key, cells)| (key, *cells)).collect();
        most.sort_by_key(|(_, cells)| std::cmp::Reverse(*cells));
        most
    }

    /// What to mend first.
    pub(crate) fn recommendations(&self, context: &Context<'_>) -> Vec<Recommendation> {
        let took = context.end() - context.scan.started_at;
        let service = |(service, cells): (&String, u64)| (service.clone(), cells);
        recommend(&Findings {
            scan: context.scan.id.to_string(),
            planned: context.ledger.planned(),
            known: context.ledger.known(),
            minutes: took.num_minutes().unsigned_abs(),
            causes: self
                .causes
                .iter()
                .map(|(cause, failed)| (cause.clone(), failed.cells))
                .collect(),
            services: self.most(BY_SERVICE).into_iter().map(service).collect(),
        })
    }
}

impl Failed {
    fn add(&mut self, unknown: Unknown, service: String) {
        self.cells += 1;
        insert(&mut self.accounts, unknown.account);
        insert(&mut self.regions, unknown.region);
        insert(&mut self.services, service);
        self.operation = self.operation.take().or(unknown.operation);
        self.message = self.message.take().or(unknown.message);
    }

    fn example(names: &BTreeSet<String>) -> Item {
        Item::from(names.first().cloned())
    }
}

fn insert(names: &mut BTreeSet<String>, name: String) {
    if !names.contains(&name) {
        names.insert(name);
    }
}

/// Reads why cells are unknown.
pub(crate) async fn read(context: &Context<'_>) -> Result<Failures, ReportError> {
    let mut failures = Failures::default();
    crate::unknown::read(context, |unknown| failures.add(unknown)).await?;
    Ok(failures)
}

/// Makes the report.
pub(crate) async fn report(context: &Context<'_>) -> Result<Report, ReportError> {
    let failures = context.failures().await?;
    let ledger = &context.ledger;
    Ok(Report {
        name: "failures",
        title: "What is not known, why, and what to do about it".to_owned(),
        notes: vec![format!("{} of {} cells are unknown.", ledger.unknown(), ledger.planned())],
        tables: vec![
            by_cause(context, failures),
            recommendations(&failures.recommendations(context)),
            places(context, failures),
            floors(failures),
        ],
    })
}

fn by_cause(context: &Context<'_>, failures: &Failures) -> Table {
    let row = |(cause, failed): (&Cause, &Failed)| {
        let mut items = named(cause);
        let policy_arn = items.pop().unwrap_or(Item::Nothing);
        items.extend([
            Item::count(failed.cells),
            Item::count(failed.accounts.len() as u64),
            Item::count(failed.regions.len() as u64),
            Item::count(failed.services.len() as u64),
            Item::text(advise(cause)),
            Item::text(rerun(context.scan.id.as_str(), cause)),
            policy_arn,
            Failed::example(&failed.services),
            Failed::example(&failed.accounts),
            Failed::example(&failed.regions),
            Item::from(failed.operation.clone()),
            Item::from(failed.message.clone()),
        ]);
        items
    };
    Table {
        name: "rows",
        title: "Unknown cells by cause".to_owned(),
        columns: vec![
            column("status", Kind::Word),
            programs("failure_kind", Kind::Word),
            column("failure_code", Kind::Text),
            column("denied_by", Kind::Word),
            column("cells", Kind::Number),
            column("accounts", Kind::Number),
            programs("regions", Kind::Number),
            programs("services", Kind::Number),
            column("what_to_do", Kind::Word),
            paged("run_again", Kind::Text),
            paged("policy_arn", Kind::Text),
            paged("example_service", Kind::Word),
            programs("example_account", Kind::Account),
            programs("example_region", Kind::Word),
            programs("example_operation", Kind::Text),
            paged("example_message", Kind::Text),
        ],
        rows: failures.causes().into_iter().map(row).collect(),
    }
}

/// `status, failure_kind, failure_code, denied_by, policy_arn` of a cause.
pub(crate) fn named(cause: &Cause) -> Vec<Item> {
    let word = |word: Option<&str>| Item::from(word.map(str::to_owned));
    vec![
        Item::text(cause.status.as_str()),
        word(cause.kind.map(FailureKind::as_str)),
        Item::from(cause.code.clone()),
        word(cause.denied_by.map(DeniedBy::as_str)),
        Item::from(cause.policy_arn.clone()),
    ]
}

fn recommendations(found: &[Recommendation]) -> Table {
    let row = |(rank, recommendation): (usize, &Recommendation)| {
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
            column("issue", Kind::Text),
            paged("description", Kind::Text),
            programs("solutions", Kind::List),
            column("immediate_action", Kind::Text),
            column("cells", Kind::Number),
        ],
        rows: found.iter().enumerate().map(row).collect(),
    }
}

fn places(context: &Context<'_>, failures: &Failures) -> Table {
    let mut rows = Vec::new();
    for (at, by) in BY.into_iter().enumerate() {
        for (key, cells) in failures.most(at) {
            let name = context.accounts.get(key).map(|account| account.name.clone());
            rows.push(vec![Item::text(by), Item::text(key), name.into(), Item::count(cells)]);
        }
    }
    Table {
        name: "where",
        title: "Unknown cells by status, service, region, hour and account".to_owned(),
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
fn hour(hour: i64) -> String {
    let start = hour.checked_mul(3600).and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    start.map_or_else(|| "?".to_owned(), |start| start.format("%Y-%m-%dT%H:00Z").to_string())
}

fn floors(failures: &Failures) -> Table {
    let row = |((service, cause), failed): (&(String, Cause), &Failed)| {
        let mut items = vec![Item::text(service)];
        items.extend(named(cause));
        items.extend([
            Item::count(failed.cells),
            Item::count(failed.accounts.len() as u64),
            Item::from(failed.message.clone()),
        ]);
        items
    };
    Table {
        name: "floors",
        title: "Known cells whose count is only a floor".to_owned(),
        columns: vec![
            column("service", Kind::Word),
            column("status", Kind::Word),
            programs("failure_kind", Kind::Word),
            column("failure_code", Kind::Text),
            column("denied_by", Kind::Word),
            paged("policy_arn", Kind::Text),
            column("cells", Kind::Number),
            column("accounts", Kind::Number),
            programs("example_message", Kind::Text),
        ],
        rows: failures.floors.iter().map(row).collect(),
    }
}
