//! The account graph of a small scan: as statements, as files, and what is never removed.

use std::collections::BTreeSet;
use std::fs;

use protocol::ScanId;
use protocol::store::Store;
use reports::Redaction;
use reports::graph::{BATCH, Graph, Statement};

use crate::later::{self, day_after};
use crate::seed::{self, MANAGEMENT, SUSPENDED, options, scan_id};

const TAG: i64 = 1_795_341_700;

async fn graph(store: &dyn Store, scan: &ScanId) -> Graph {
    Graph::load(store, scan, &options(), TAG).await.expect("a graph")
}

fn cypher(graph: &Graph) -> String {
    let mut out = Vec::new();
    graph.write_cypher(&mut out).expect("a file");
    String::from_utf8(out).expect("text")
}

/// Compares the statements and the files with what they were.
pub(crate) async fn is_as_it_was(store: &dyn Store) {
    let graph = graph(store, &scan_id()).await;
    insta::assert_snapshot!("graph.cypher", cypher(&graph));
    let dir = tempfile::tempdir().expect("a folder");
    let files = graph.write_csv(dir.path()).expect("files");
    let mut all = String::new();
    for file in files {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).expect("a file");
        all.push_str(&format!("--- {name}\n{text}"));
    }
    insta::assert_snapshot!("graph.csv", all);
}

#[tokio::test]
async fn the_graph_is_as_it_was() {
    is_as_it_was(&*seed::store().await).await;
}

#[tokio::test]
async fn the_files_of_an_import_hold_what_the_statements_write() {
    let graph = graph(&*seed::store().await, &scan_id()).await;
    let dir = tempfile::tempdir().expect("a folder");
    let files = graph.write_csv(dir.path()).expect("files");
    let lines = |file: &std::path::PathBuf| {
        csv::Reader::from_path(file).expect("a file").into_records().count()
    };
    let (edges, nodes): (Vec<_>, Vec<_>) = files
        .iter()
        .partition(|file| file.ends_with("RESOURCE.csv") || file.ends_with("PARENT.csv"));
    assert_eq!(nodes.into_iter().map(lines).sum::<usize>(), graph.nodes());
    assert_eq!(edges.into_iter().map(lines).sum::<usize>(), graph.relationships());
}

fn removals(statements: &[Statement]) -> usize {
    statements
        .iter()
        .filter(|one| one.text.contains("DELETE") || one.about.contains("left"))
        .count()
}

#[tokio::test]
async fn nothing_is_removed_from_an_organization_that_was_not_read_whole() {
    let store = seed::store().await;
    let whole = graph(&*store, &scan_id()).await;
    assert_eq!((whole.notes().len(), removals(&whole.statements())), (0, 5));
    later::fill(&*store).await;
    later::fill_broken(&*store).await;
    let broken = graph(&*store, &day_after()).await;
    assert_eq!(removals(&broken.statements()), 0, "{:?}", broken.notes());
    assert!(broken.statements().iter().any(|statement| statement.text.contains("MERGE")));
}

#[tokio::test]
async fn why_nothing_is_removed_is_said() {
    let store = seed::begun().await;
    let organization =
        protocol::inventory::Organization::new(seed::id("o-1"), seed::id(MANAGEMENT));
    store.put_organization(&scan_id(), &organization).await.expect("an organization");
    let graph = graph(&*store, &scan_id()).await;
    let wanted = "organization o-1: nothing is removed from it: there is no record that its list of accounts was read to its end";
    assert_eq!(graph.notes(), [wanted]);
    assert!(cypher(&graph).contains(&format!("// {wanted}\n")));
}

#[tokio::test]
async fn an_account_that_is_not_active_is_neither_placed_nor_given_a_root_user() {
    let graph = graph(&*seed::store().await, &scan_id()).await;
    let of = |about: &str| {
        let statements = graph.statements();
        let rows = statements.iter().filter(|one| one.about == about).flat_map(|one| &one.rows);
        let holds = rows.filter(|row| format!("{row:?}").contains(SUSPENDED));
        holds.count()
    };
    assert_eq!(of("accounts"), 1);
    assert_eq!(of("accounts out of scope"), 1);
    assert_eq!(of("roots to accounts") + of("accounts to roots") + of("root users"), 0);
}

#[tokio::test]
async fn a_redacted_graph_holds_no_account_id() {
    let redact = Some(Redaction { salt: b"salt".to_vec() });
    let options = reports::Options { redact, ..options() };
    let store = seed::store().await;
    let graph = Graph::load(&*store, &scan_id(), &options, TAG).await.expect("a graph");
    let text = cypher(&graph);
    assert!(text.contains("account-") && !text.contains(MANAGEMENT), "{text}");
}

#[tokio::test]
async fn texts_never_change_and_rows_are_bounded() {
    let store = seed::store().await;
    let texts = |graph: &Graph| {
        let statements = graph.statements();
        statements.iter().map(|statement| statement.text).collect::<BTreeSet<_>>()
    };
    let small = graph(&*store, &scan_id()).await;
    let joined: Vec<_> = (0..1234_u64)
        .map(|number| {
            let id = format!("9{number:011}");
            seed::account(&id, "many", protocol::inventory::AccountState::Active)
        })
        .collect();
    store.put_accounts(&scan_id(), &joined, &[], &[]).await.expect("accounts");
    let large = graph(&*store, &scan_id()).await;
    assert_eq!(texts(&small), texts(&large));
    let accounts = large.statements();
    let accounts: Vec<usize> =
        accounts.iter().filter(|one| one.about == "accounts").map(|one| one.rows.len()).collect();
    assert_eq!(accounts, [BATCH, BATCH, 238]);
}
