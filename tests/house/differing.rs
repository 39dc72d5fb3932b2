//! What differs between two scans of one organization.

use std::time::Duration;

use loadtest::Trouble;

use crate::command::Cloud;

#[test]
fn a_second_look_says_what_it_sees_anew_and_what_it_does_not_see_any_more() {
    let cloud = Cloud::new(6, Trouble::NONE, Duration::ZERO);
    let scan = |extra: &[&str]| {
        let args = ["scan", "--region", "us-east-1", "--budget-share", "100", "--quiet"];
        let said = cloud.run(&[&args[..], extra].concat());
        assert_eq!(said.code, 0, "{}", said.err);
    };
    let alone = cloud.run(&["diff"]);
    assert_eq!(alone.code, 2);
    assert!(alone.err.contains("a scan makes it"), "{}", alone.err);
    scan(&["--service", "sqs,sns"]);
    let alone = cloud.run(&["diff"]);
    assert_eq!(alone.code, 2);
    assert!(alone.err.contains("no scan before"), "{}", alone.err);
    scan(&["--service", "sqs,kms"]);

    let said = cloud.run(&["diff", "--format", "csv"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let mut rows = csv_rows(&said.out);
    let all = rows.remove(0);
    let accounts = all["unchanged"].parse::<u64>().unwrap();
    assert!(accounts > 0);
    assert_eq!(all["newly_planned"], all["no_longer_planned"]);
    assert_eq!(all["newly_planned"], all["unchanged"]);
    assert_eq!((all["changed"].as_str(), all["became_invisible"].as_str()), ("0", "0"));
    let service = |key: &str| rows.iter().find(|row| row["key"] == key).unwrap();
    assert_eq!(service("kms")["newly_planned"], all["unchanged"]);
    assert_eq!(service("sns")["no_longer_planned"], all["unchanged"]);

    let cells = cloud.run(&["diff", "previous", "latest", "--of", "cells", "--format", "jsonl"]);
    assert_eq!(cells.out.lines().count() as u64, 2 * accounts);
    let out = cloud.home.path().join("diff.html");
    let said = cloud.run(&["diff", "--format", "html", "--out", "diff.html"]);
    assert_eq!((said.code, said.out.as_str()), (0, ""), "{}", said.err);
    assert!(std::fs::read_to_string(out).unwrap().trim_end().ends_with("</html>"));
    let events = cloud.run(&["diff", "--of", "accounts", "--format", "csv"]);
    assert_eq!(events.out.lines().count(), 1, "nobody joined or left: {}", events.out);

    for (args, part) in [
        (&["diff", "latest", "latest"][..], "with itself"),
        (&["diff", "nothing"], "no scan nothing"),
        (&["diff", "--of", "cels"], "did you mean \"cells\""),
        (&["diff", "--format", "jsn"], "did you mean \"json\""),
        (&["diff", "previous", "previous"], "no scan before"),
    ] {
        let said = cloud.run(args);
        assert_eq!(said.code, 2, "{args:?}: {}", said.err);
        assert!(said.err.contains(part), "{args:?}: {}", said.err);
    }
}

fn csv_rows(text: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned));
    let head: Vec<String> = lines.next().unwrap().collect();
    lines.map(|line| head.iter().cloned().zip(line).collect()).collect()
}
