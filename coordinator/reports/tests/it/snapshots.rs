//! Every report in every format, as it is, whatever database the scan is in.

use protocol::store::Store;
use reports::{Format, NAMES};

use crate::seed::{options, scan_id, store};

async fn rendered(store: &dyn Store, name: &str, format: Format) -> String {
    let mut out = Vec::new();
    reports::write(store, &scan_id(), name, format, &options(), &mut out)
        .await
        .unwrap_or_else(|error| panic!("{name} as {}: {error}", format.as_str()));
    String::from_utf8(out).expect("text")
}

async fn every_report_is_as_it_was(store: &dyn Store) {
    for name in NAMES.iter().filter(|name| **name != reports::ENABLEMENT_FILES) {
        for format in Format::ALL {
            let text = rendered(store, name, *format).await;
            insta::assert_snapshot!(format!("{name}.{}", format.as_str()), text);
        }
    }
}

#[tokio::test]
async fn every_report_is_as_it_was_in_every_format() {
    every_report_is_as_it_was(&*store().await).await;
}

#[cfg(feature = "fleet")]
#[tokio::test]
async fn every_report_is_the_same_on_postgresql() {
    let schema = crate::schema::Schema::new();
    let url = schema.url();
    // In a task, so that the schema is dropped after a failure too.
    let compared = tokio::spawn(async move {
        let store = store::connect(&url, store::Access::Run).await.expect("a store");
        crate::seed::fill(&*store).await;
        every_report_is_as_it_was(&*store).await;
        crate::graph::is_as_it_was(&*store).await;
        let dir = tempfile::tempdir().expect("a folder");
        let files =
            reports::write_enablement_files(&*store, &scan_id(), dir.path(), &options()).await;
        assert_eq!(files.expect("the files").len(), 11);
    });
    let compared = compared.await;
    schema.drop().await;
    compared.expect("no difference");
}
