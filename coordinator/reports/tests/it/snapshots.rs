//! Every report in every format, as it is.

use reports::{Format, NAMES};

use crate::seed::{options, scan_id, store};

async fn rendered(store: &dyn protocol::store::Store, name: &str, format: Format) -> String {
    let mut out = Vec::new();
    reports::write(store, &scan_id(), name, format, &options(), &mut out)
        .await
        .unwrap_or_else(|error| panic!("{name} as {}: {error}", format.as_str()));
    String::from_utf8(out).expect("text")
}

#[tokio::test]
async fn every_report_is_as_it_was_in_every_format() {
    let store = store().await;
    for name in NAMES.iter().filter(|name| **name != reports::ENABLEMENT_FILES) {
        for format in Format::ALL {
            let text = rendered(&*store, name, *format).await;
            insta::assert_snapshot!(format!("{name}.{}", format.as_str()), text);
        }
    }
}
