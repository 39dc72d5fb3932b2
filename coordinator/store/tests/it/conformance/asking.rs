//! The queries that stand in files of their own, beside what asks them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::TryStreamExt;
use protocol::Status;
use protocol::store::{Store, Value};

use crate::world::*;

fn queries(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            queries(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            found.push(path);
        }
    }
}

pub(crate) async fn every_query_of_the_house_is_understood(store: Arc<dyn Store>) {
    plan(&*store, &["a"]).await;
    run(&*store, 1, Status::Idle).await;
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for folder in ["src", "coordinator"] {
        queries(&house.join(folder), &mut found);
    }
    assert!(found.len() >= 12, "{found:?}");
    for path in found {
        let text = std::fs::read_to_string(&path).expect("a query");
        let binds = (2..10).take_while(|number| text.contains(&format!("${number}")));
        let value = |number| {
            let is_number = text.contains(&format!("limit ${number}"));
            if is_number { Value::Int(1) } else { Value::Text("a".to_owned()) }
        };
        let binds = binds.map(value).collect();
        let id = scan_id();
        let rows = store.query(Box::leak(text.into_boxed_str()), &id, binds);
        let rows: Result<Vec<_>, _> = rows.try_collect().await;
        assert!(rows.is_ok(), "{}: {rows:?}", path.display());
    }
}
