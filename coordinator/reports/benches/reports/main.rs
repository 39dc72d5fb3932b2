//! What each report costs over 1.1 million cells: `cargo bench -p reports`.

#![expect(clippy::expect_used, reason = "what cannot begin cannot be measured")]

mod made;

use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use made::{Outcome, fill, start};
use protocol::ScanId;
use reports::{ENABLEMENT_FILES, Format, NAMES, Options};
use store::{Access, SqlStore, connect};
use tokio::runtime::Runtime;

const ACCOUNTS: usize = 1000;

fn reports_of_a_million_cells(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("store.sqlite").display());
    let runtime = Runtime::new().expect("a runtime");
    let id = ScanId::new("20261122T100000-00000001").expect("an id");
    let store = runtime.block_on(filled(&url, &id)).expect("a store with a scan");
    let options = Options { redact: None, width: 120, now: start(), files: vec![] };
    let mut group = c.benchmark_group("reports");
    group.sample_size(10);
    for name in NAMES {
        for format in formats(name) {
            group.bench_function(format!("{name} {}", format.as_str()), |b| {
                b.iter(|| {
                    let out = &mut std::io::sink();
                    let report = reports::write(&*store, &id, name, *format, &options, out);
                    runtime.block_on(report).expect("a report");
                });
            });
        }
    }
    let out = folder.path().join("out");
    group.bench_function("the set", |b| {
        b.iter(|| {
            runtime.block_on(reports::write_set(&*store, &id, &out, &options)).expect("files")
        });
    });
    group.bench_function(ENABLEMENT_FILES, |b| {
        b.iter(|| {
            let files = reports::write_enablement_files(&*store, &id, &out, &options);
            runtime.block_on(files).expect("files");
        });
    });
    group.finish();
}

async fn filled(url: &str, id: &ScanId) -> Outcome<Arc<SqlStore>> {
    fill(&*connect(url, Access::Run).await?, id, ACCOUNTS).await?;
    Ok(connect(url, Access::Read).await?)
}

/// The formats in which a report is measured: those that differ in what they cost.
fn formats(name: &str) -> &'static [Format] {
    match name {
        ENABLEMENT_FILES => &[],
        "enablement" => &[Format::Html, Format::Csv, Format::Json],
        "cells" => &[Format::Jsonl, Format::Csv, Format::Table],
        _ => &[Format::Json],
    }
}

criterion_group!(benches, reports_of_a_million_cells);
criterion_main!(benches);
