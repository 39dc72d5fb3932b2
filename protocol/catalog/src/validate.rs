//! The rules that keep the catalog honest, for `catalog check`.

mod call;
mod entry;
mod probe;
mod texts;

use std::fmt;

use crate::catalog::Catalog;
use crate::error::CatalogError;
use crate::files::FIXTURES;

/// Something that is wrong with the catalog.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, e.g. `aws/s3.toml`.
    pub file: String,
    /// Where in it: a probe, or a probe and a call (`s3.policies/policy`); empty for the whole.
    pub place: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, place, message } = self;
        if place.is_empty() {
            write!(f, "{file}: {message}")
        } else {
            write!(f, "{file}, {place}: {message}")
        }
    }
}

/// Everything that is wrong with a catalog, in the order of its files; nothing when it is right.
#[must_use]
pub fn check(catalog: &Catalog) -> Vec<Problem> {
    let mut problems: Vec<Problem> = catalog.broken().iter().map(broken).collect();
    for loaded in catalog.loaded() {
        let mut notes = Notes::default();
        entry::check(catalog, &loaded.file, &loaded.entry, &mut notes);
        problems.extend(notes.0.into_iter().map(|(place, message)| Problem {
            file: loaded.file.clone(),
            place,
            message,
        }));
    }
    problems.sort();
    problems
}

fn broken(error: &CatalogError) -> Problem {
    let (file, place, message) = match error {
        CatalogError::Broken { file, line, key, message } if key.is_empty() => {
            (file.clone(), format!("line {line}"), message.clone())
        }
        CatalogError::Broken { file, line, key, message } => {
            (file.clone(), format!("line {line}, key {key:?}"), message.clone())
        }
        other => (String::new(), String::new(), other.to_string()),
    };
    Problem { file, place, message }
}

/// Whether a service has a fixture: answers in its true wire format.
fn has_fixture(service: &str) -> bool {
    FIXTURES.contains(&service)
}

/// What is wrong with one entry: place and message.
#[derive(Debug, Default)]
struct Notes(Vec<(String, String)>);

impl Notes {
    fn add(&mut self, place: &str, message: impl Into<String>) {
        self.0.push((place.to_owned(), message.into()));
    }

    /// Notes a message unless `right`.
    fn unless(&mut self, right: bool, place: &str, message: impl FnOnce() -> String) {
        if !right {
            self.add(place, message());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An entry that keeps every rule; `kms` has fixtures.
    const RIGHT: &str = r#"
service = "kms"
title = "Keys"
category = "security"
origin = "curated"
protocol = "json-1.1"
endpoint_prefix = "kms"
target_prefix = "TrentService"
scope = "regional"

[[probe]]
id = "kms"
judgement = "switch"
resource_type = "AWS::KMS::Key"

[[probe.call]]
name = "keys"
operation = "ListKeys"
items = "Keys[]"
id = "KeyId"
counts = false
own = [{ path = "Name", prefix = "aws/", not = true }]
page = { input = "Marker", output = "NextMarker", size = { input = "Limit", value = 100 } }
iam = ["kms:ListKeys"]

[[probe.call]]
name = "key"
for_each = "keys"
where = [{ path = "Enabled", equals = "true" }]
operation = "DescribeKey"
params = { KeyId = "{item}", Name = "{item.Alias.Name}" }
items = "KeyMetadata"
on = [{ path = "KeyState", equals = "Enabled" }]
keep = { state = "KeyState" }
iam = ["kms:DescribeKey"]
"#;

    const REST: [(&str, &str); 3] = [
        (r#"protocol = "json-1.1""#, r#"protocol = "rest-json""#),
        ("target_prefix = \"TrentService\"\n", ""),
        (r#"operation = "ListKeys""#, "operation = \"ListKeys\"\npath = \"/keys\""),
    ];

    fn problems(file: &str, text: &str) -> Vec<String> {
        let files = [(file.to_owned(), text.to_owned())];
        let catalog = Catalog::of_entries(files).expect("the tables");
        check(&catalog).iter().map(ToString::to_string).collect()
    }

    /// What is wrong with the right entry once a part of it is replaced.
    fn after(from: &str, to: &str) -> String {
        assert!(RIGHT.contains(from), "{from}");
        problems("kms.toml", &RIGHT.replacen(from, to, 1)).join("\n")
    }

    #[test]
    fn an_entry_that_keeps_the_rules_has_no_problem() {
        assert_eq!(problems("kms.toml", RIGHT), [""; 0]);
    }

    #[test]
    fn every_broken_rule_is_told_with_file_and_place() {
        let told: Vec<String> = [
            (r#"category = "security""#, r#"category = "securty""#),
            (r#"title = "Keys""#, r#"title = " ""#),
            ("target_prefix = \"TrentService\"\n", ""),
            ("scope = \"regional\"", "scope = \"regional\"\napi_version = \"1\""),
            ("scope = \"regional\"", "scope = \"regional\"\nsigning_name = \"kms\""),
            ("scope = \"regional\"", "scope = \"regional\"\nregions = [\"eu-wets-1\", \"global\"]"),
            ("scope = \"regional\"", "scope = \"regional\"\nhome = { aws = \"us-east-1\" }"),
            ("scope = \"regional\"", "scope = \"global\"\nhome = { awz = \"us-east-1\" }"),
            ("scope = \"regional\"", "scope = \"global\"\nhome = { aws = \"cn-north-1\" }"),
            (
                "scope = \"regional\"",
                "scope = \"regional\"\nerror = [{ code = \"\", means = \"off\" }]",
            ),
            (r#"endpoint_prefix = "kms""#, r#"endpoint_prefix = "kms/""#),
            (r#"origin = "curated""#, r#"origin = "derived""#),
            (r#"id = "kms""#, r#"id = "keys""#),
            (r#"id = "kms""#, r#"id = "kms.""#),
            (r#"judgement = "switch""#, r#"judgement = "listed""#),
            (r#"judgement = "switch""#, r#"judgement = "resources""#),
            (r#"judgement = "switch""#, "judgement = \"switch\"\ndecides = false"),
            (r#"name = "key""#, r#"name = "keys""#),
            (r#"for_each = "keys""#, r#"for_each = "kees""#),
            (r#"for_each = "keys""#, ""),
            (r#"operation = "ListKeys""#, r#"operation = "CreateKey""#),
            (r#"operation = "ListKeys""#, r#"operation = "Listing""#),
            (r#"operation = "ListKeys""#, r#"operation = "GetAuthorizationToken""#),
            (r#"iam = ["kms:ListKeys"]"#, r#"iam = []"#),
            (r#"iam = ["kms:ListKeys"]"#, r#"iam = ["kms:*"]"#),
            (r#"iam = ["kms:ListKeys"]"#, r#"iam = ["kms:Decrypt"]"#),
            (r#"iam = ["kms:ListKeys"]"#, r#"iam = ["kms:CreateKey"]"#),
            (r#"iam = ["kms:ListKeys"]"#, "iam = [\"kms:ListKeys\"]\nbucket = \"defualt\""),
            (r#"iam = ["kms:ListKeys"]"#, "iam = [\"kms:ListKeys\"]\nexpect = -1"),
            (r#"iam = ["kms:ListKeys"]"#, "iam = [\"kms:ListKeys\"]\nmax_items = 0"),
            (r#"iam = ["kms:ListKeys"]"#, "iam = [\"kms:ListKeys\"]\npath = \"/keys\""),
            (r#"id = "KeyId""#, ""),
            (r#"id = "KeyId""#, r#"id = "Key Id""#),
            (r#"items = "Keys[]""#, r#"items = "Keys[0]""#),
            (
                "counts = false",
                "counts = true\non = [{ path = \"a\", exists = true, equals = \"b\" }]",
            ),
            (r#"prefix = "aws/", not = true"#, "not = true"),
            (r#"prefix = "aws/", not = true"#, "in = []"),
            (r#"prefix = "aws/", not = true"#, r#"equals = "{item}""#),
            (r#"prefix = "aws/", not = true"#, r#"equals = "{account""#),
            (
                r#"size = { input = "Limit", value = 100 }"#,
                r#"size = { input = "Limit", value = 0 }"#,
            ),
            (r#"size = { input = "Limit", value = 100 }"#, r#"place = "query""#),
            (r#"operation = "ListKeys""#, "operation = \"ListKeys\"\nparams = { Marker = \"x\" }"),
            (
                r#"items = "Keys[]""#,
                "items = \"Keys[]\"\nfailures = { path = \"Failures[\", code = \"Code\" }",
            ),
            (
                r#"items = "Keys[]""#,
                "items = \"Keys[]\"\nfailures = { path = \"Keys[]\", code = \"Co de\", message = \"\" }",
            ),
            (r#"{item.Alias.Name}"#, "{item.Alias..Name}"),
            (r#"{item.Alias.Name}"#, "{suffix}"),
            (r#"{item.Alias.Name}"#, "{item"),
            (
                r#"keep = { state = "KeyState" }"#,
                "keep = { state = \"KeyState\" }\ndocuments = { state = \"@\" }",
            ),
        ]
        .into_iter()
        .map(|(from, to)| {
            let told = after(from, to);
            assert!(told.starts_with("aws/kms.toml"), "{from} -> {to}: {told:?}");
            format!("{}\n{told}\n", to.lines().last().unwrap_or_default())
        })
        .collect();
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn a_rest_call_needs_a_path_and_keeps_parameters_where_they_belong() {
        let rest =
            REST.iter().fold(RIGHT.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
        let with_path = |path: &str| {
            let lines = format!("operation = \"DescribeKey\"\n{path}");
            problems("kms.toml", &rest.replacen("operation = \"DescribeKey\"", &lines, 1))
        };
        assert_eq!(with_path("method = \"POST\"\npath = \"/keys/{item}\""), [""; 0]);
        for wrong in [
            "method = \"POST\"",
            "path = \"/keys\"",
            "method = \"DELETE\"\npath = \"/keys\"",
            "method = \"POST\"\npath = \"/keys?x=1\"",
        ] {
            assert_eq!(with_path(wrong).len(), 1, "{wrong}: {:?}", with_path(wrong));
        }
    }

    #[test]
    fn a_file_is_named_for_its_service_and_a_curated_one_has_fixtures() {
        let told = problems("keys.toml", RIGHT).join("\n");
        assert_eq!(told, "aws/keys.toml: the file of service \"kms\" must be aws/kms.toml");
        let other = RIGHT.replace("service = \"kms\"", "service = \"nobody\"");
        let told = problems("nobody.toml", &other.replace("id = \"kms\"", "id = \"nobody\""));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].ends_with("run scripts/fixtures.py nobody"), "{told:?}");
    }

    #[test]
    fn two_default_probes_of_one_scope_do_not_decide_both() {
        let second = RIGHT.split_once("[[probe]]").expect("a probe").1;
        let second = second.replacen("id = \"kms\"", "id = \"kms.again\"", 1);
        let twice =
            |more: &str| problems("kms.toml", &format!("{RIGHT}\n[[probe]]\n{more}{second}"));
        assert_eq!(twice("").len(), 1, "{:?}", twice(""));
        assert_eq!(twice("decides = false"), [""; 0]);
        assert_eq!(twice("scope = \"global\""), [""; 0]);
    }

    #[test]
    fn a_broken_file_is_told_with_line_and_key() {
        let told = problems("kms.toml", "service = \"kms\"\ntitel = \"Keys\"\n").join("\n");
        assert!(told.starts_with("aws/kms.toml, line 2, key \"titel\": unknown field"), "{told}");
    }
}
