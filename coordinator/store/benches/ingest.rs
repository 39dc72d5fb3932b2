//! What it costs to take work and to write answers down, on SQLite: `cargo bench -p store`.

#![expect(clippy::expect_used, reason = "what cannot begin cannot be measured")]

#[path = "../examples/life/made.rs"]
mod made;

use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use made::{Outcome, answer, cut, enter, plan, start};
use protocol::result::{Answer, Page, Part};
use protocol::store::{Due, DueWork, Store};
use protocol::{ScanId, StintId};
use store::{Access, SqlStore, connect};
use tokio::runtime::Runtime;

/// Accounts of each scan; they make 3,600 batches.
const ACCOUNTS: usize = 200;
/// Batches that are taken, and written down, at once.
const BATCHES: u32 = 64;

/// A store with a scan; when there is nothing left to take, the next scan begins.
struct Bench {
    runtime: Runtime,
    store: Arc<SqlStore>,
    scan: ScanId,
    scans: u32,
    cells: usize,
    stints: u128,
}

type Pages = Vec<(Part, Vec<Answer>)>;

fn ingest(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("store.sqlite").display());
    let mut bench = Bench::begin(&url).expect("a store");
    let taken = bench.due();
    let mut group = c.benchmark_group("store");
    group.throughput(Throughput::Elements(taken.iter().map(tasks).sum()));
    group.bench_function("64 batches taken", |b| {
        b.iter_batched(|| (), |()| bench.due(), BatchSize::PerIteration);
    });
    group.bench_function("64 pages of answers written", |b| {
        b.iter_custom(|times| (0..times).map(|_| bench.write()).sum());
    });
    group.finish();
}

impl Bench {
    fn begin(url: &str) -> Outcome<Self> {
        let runtime = Runtime::new()?;
        let store = runtime.block_on(connect(url, Access::Run))?;
        let scan = "measured-0".parse()?;
        let mut bench = Self { runtime, store, scan, scans: 0, cells: 0, stints: 0 };
        bench.next_scan()?;
        Ok(bench)
    }

    fn next_scan(&mut self) -> Outcome<()> {
        self.scans += 1;
        self.scan = format!("measured-{}", self.scans).parse()?;
        self.runtime.block_on(async {
            plan(&self.store, &self.scan, ACCOUNTS).await?;
            enter(&self.store, &self.scan).await
        })
    }

    /// Batches that nobody took yet.
    fn due(&mut self) -> Vec<Due> {
        let due = self.runtime.block_on(self.store.take_due(&self.scan, start(), BATCHES));
        let due = due.expect("batches");
        if due.len() == BATCHES as usize {
            return due;
        }
        self.next_scan().expect("another scan");
        self.due()
    }

    /// How long it took to write the answers to some batches.
    fn write(&mut self) -> std::time::Duration {
        let pages = self.pages().expect("answers");
        let pages: Vec<Page<'_>> =
            pages.iter().map(|(part, answers)| Page { part: Some(part), answers }).collect();
        let began = tokio::time::Instant::now();
        let done = self.runtime.block_on(self.store.ingest(&self.scan, 1, &pages, start()));
        let took = began.elapsed();
        assert!(done.expect("written").cells > 0, "nothing was written");
        took
    }

    /// The answers to some batches, a page for each.
    fn pages(&mut self) -> Outcome<Pages> {
        let mut pages = Vec::new();
        for due in self.due() {
            self.stints += 1;
            pages.extend(cut(answer(&due, &mut self.cells)?, StintId::generate(self.stints), 1));
        }
        Ok(pages)
    }
}

fn tasks(due: &Due) -> u64 {
    match &due.work {
        DueWork::Preflight { .. } => 0,
        DueWork::Probes { tasks, .. } => tasks.len() as u64,
    }
}

criterion_group!(benches, ingest);
criterion_main!(benches);
