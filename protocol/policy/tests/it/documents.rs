//! Documents: what is read, how it is written again, and what is refused in which sentence.

use policy::{Effect, Policy};

use crate::read;

#[test]
fn single_entries_and_lists_read_alike() {
    let single = read(
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*",
            "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": false}}}}"#,
    );
    let lists = read(
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": {"AWS": ["*"]},
            "Action": ["s3:*"], "Resource": ["*"], "Condition": {"bool": {"aws:SecureTransport": ["false"]}}}]}"#,
    );
    assert_eq!(single, lists);
    assert_eq!(single.statements()[0].effect, Effect::Deny);
    assert_eq!(single.version(), Some("2012-10-17"));
}

#[test]
fn a_policy_is_written_in_one_form() {
    let policy = read(
        r#"{"Id": "perimeter", "Version": "2012-10-17", "Statement": [
            {"Sid": "A", "Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "NotResource": ["arn:aws:s3:::a"],
             "NotPrincipal": {"AWS": ["123456789012"], "Service": ["a.amazonaws.com", "b.amazonaws.com"]}},
            {"Effect": "Deny", "Action": ["S3:Get*"], "Resource": "arn:aws:s3:::${aws:username}/*",
             "Condition": {"forallvalues:stringlikeifexists": {"aws:TagKeys": ["x", 1, true]},
                           "Null": {"aws:TokenIssueTime": true}}}]}"#,
    );
    insta::assert_json_snapshot!("written", policy);
    assert_eq!(read(&policy.to_json().to_string()), policy);
}

#[test]
fn what_is_no_policy_is_refused_in_a_sentence_that_says_where() {
    let statement = |inner: &str| {
        format!(r#"{{"Statement": [{{"Effect": "Allow", "Action": "a:b"}}, {{{inner}}}]}}"#)
    };
    let with = |inner: &str| statement(&format!(r#""Effect": "Deny", "Action": "a:b", {inner}"#));
    let documents = [
        String::new(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"Statement": [], "Statement": []}"#.to_owned(),
        r#"{"Version": "2012-10-18", "Statement": []}"#.to_owned(),
        r#"{"version": "2012-10-17", "Statement": []}"#.to_owned(),
        r#"{"Statement": "Allow"}"#.to_owned(),
        statement(r#""Action": "a:b""#),
        statement(r#""Effect": "allow", "Action": "a:b""#),
        statement(r#""Effect": "Deny""#),
        statement(r#""Effect": "Deny", "Action": []"#),
        statement(r#""Effect": "Deny", "Action": [["a:b"]]"#),
        with(r#""NotAction": "a:c""#),
        with(r#""Resources": "*""#),
        with(r#""Resource": {"a": "b"}"#),
        with(r#""Resource": """#),
        with(r#""Principal": {"Aws": "*"}"#),
        with(r#""Principal": {}"#),
        with(r#""Principal": "*", "NotPrincipal": "*""#),
        with(r#""Sid": 1"#),
        with(r#""Condition": []"#),
        with(r#""Condition": {"StringMatches": {"a:b": "c"}}"#),
        with(r#""Condition": {"StringEquals": "c"}"#),
        with(r#""Condition": {"StringEquals": {"a:b": {"c": "d"}}}"#),
        with(r#""Condition": {"StringEquals": {"a:b": "c", "A:B": "d"}}"#),
        with(r#""Condition": {"StringEquals": {"a:b": [null]}}"#),
        format!(r#"{{"Statement": {}"#, "[".repeat(1_000)),
        " ".repeat(128 * 1024 + 1),
    ];
    let sentences: Vec<String> =
        documents.iter().map(|text| Policy::parse(text).unwrap_err().to_string()).collect();
    insta::assert_snapshot!("refused", sentences.join("\n"));
}
