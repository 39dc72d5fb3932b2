//! Reports over HTTP are the reports.

use coordinator::http::Settings;
use protocol::registry::Scope;
use protocol::scan::ScanState;
use reports::diff::Of;
use reports::{Format, Options, Redaction};

use crate::server::{Server, wide};

#[tokio::test]
async fn every_report_comes_in_every_format_as_it_is_written_beside_the_store() {
    use protocol::Clock;
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    let scan = server.scan("default", ScanState::Finished, 3).await;
    let list = server.get("/api/v1/reports", &token).await.is(200).json();
    let names: Vec<&str> = list["reports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|report| report["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"cells") && !names.contains(&reports::ENABLEMENT_FILES), "{names:?}");
    let options = Options { redact: None, width: 120, now: server.clock.now(), files: Vec::new() };
    for name in names {
        for format in Format::ALL {
            let mut wanted = Vec::new();
            reports::write(&*server.store, &scan, name, *format, &options, &mut wanted)
                .await
                .unwrap();
            let path = format!("/api/v1/scans/{scan}/reports/{name}?format={}", format.as_str());
            let answer = server.get(&path, &token).await.is(200);
            assert!(answer.body.as_bytes() == wanted, "{path}");
            let kind = answer.header("content-type").unwrap();
            let part = match format {
                Format::Json => "application/json",
                Format::Jsonl => "application/x-ndjson",
                Format::Csv => "text/csv",
                Format::Html => "text/html",
                Format::Table => "text/plain",
            };
            assert!(kind.starts_with(part), "{path}: {kind}");
            if *format == Format::Html {
                assert!(answer.header("content-disposition").unwrap().starts_with("attachment"));
            }
        }
    }
}

#[tokio::test]
async fn two_scans_are_compared_as_they_are_beside_the_store() {
    use protocol::Clock;
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    let only = server.scan("default", ScanState::Finished, 3).await;
    let path = "/api/v1/scans/latest/diff";
    assert!(server.get(path, &token).await.refused(404, "no_scan").contains("no scan before"));
    let later = server.scan("default", ScanState::Finished, 4).await;
    let options = Options { redact: None, width: 120, now: server.clock.now(), files: Vec::new() };
    for of in Of::ALL {
        for format in Format::ALL {
            let (both, mut wanted) = ((&only, &later), Vec::new());
            reports::diff::write(&*server.store, both, *of, *format, &options, &mut wanted)
                .await
                .unwrap();
            let look = format!("of={}&format={}", of.as_str(), format.as_str());
            for path in [
                format!("{path}?{look}"),
                format!("/api/v1/scans/{later}/diff?before={only}&{look}"),
            ] {
                let answer = server.get(&path, &token).await.is(200);
                assert!(answer.body.as_bytes() == wanted, "{path}");
            }
        }
    }
    let same = format!("/api/v1/scans/latest/diff?before={later}");
    server.get(&same, &token).await.refused(409, "same_scan");
    server.get(&format!("{path}?of=cels"), &token).await.refused(400, "bad_field");
    let back = format!("/api/v1/scans/previous/diff?before={later}&format=csv");
    server.get(&back, &token).await.is(200);
    // The scans of others are not there.
    let theirs = server.scan("other", ScanState::Finished, 1).await;
    server.get(&format!("{path}?before={theirs}"), &token).await.refused(404, "no_scan");
    let stranger = server.token_of("other", Scope::Read).await;
    server.get(path, &stranger).await.refused(404, "no_scan");
}

#[tokio::test]
async fn a_report_of_many_chunks_comes_whole() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    server.scan("default", ScanState::Finished, 3000).await;
    let answer = server.get("/api/v1/scans/latest/reports/cells?format=csv", &token).await.is(200);
    assert!(answer.body.len() > 512 << 10, "{} bytes are several chunks", answer.body.len());
    assert_eq!(answer.body.lines().count(), 6001);
    assert_eq!(answer.header("content-length"), None, "it is streamed");
}

#[tokio::test]
async fn a_report_that_nobody_takes_frees_its_place() {
    use crate::client::Ask;
    use coordinator::http::Limits;
    let limits = Limits { reports: 1, ..wide().limits };
    let server = Server::with(Settings { limits, ..Settings::default() }).await;
    let token = server.token(Scope::Read).await;
    server.scan("default", ScanState::Finished, 20_000).await;
    let path = "/api/v1/scans/latest/reports/cells?format=jsonl";
    let begun = Ask::new("GET", path).token(&token).over(server.connect().await).await;
    assert_eq!(begun.status(), 200);
    server.get(path, &token).await.refused(503, "busy");
    drop(begun);
    let free = async {
        while server.get("/api/v1/scans/latest/reports/ledger", &token).await.status != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::server::PATIENCE, free).await.unwrap();
}

#[tokio::test]
async fn pseudonyms_are_made_where_the_server_has_a_secret_for_them() {
    let settings = Settings { redaction: Some(Redaction { salt: vec![7; 32] }), ..wide() };
    let server = Server::with(settings).await;
    let token = server.token(Scope::Read).await;
    server.scan("default", ScanState::Finished, 3).await;
    let path = "/api/v1/scans/latest/reports/cells?format=csv";
    let plain = server.get(path, &token).await.is(200).body;
    assert!(plain.contains("100000000001"));
    let redacted = server.get(&format!("{path}&redact=true"), &token).await.is(200).body;
    assert!(!redacted.contains("100000000001"), "{redacted}");
    let bare = Server::start().await;
    let token = bare.token(Scope::Read).await;
    bare.scan("default", ScanState::Finished, 1).await;
    bare.get(&format!("{path}&redact=true"), &token).await.refused(409, "no_redaction");
}
