//! What comes in with a request becomes a type here, once, or a sentence that says what is wrong with it.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::problem::Problem;

/// What only the server's settings may name: how to get in, and where things go.
const FOREIGN: &[&str] = &[
    "access",
    "access_key_id",
    "account_file",
    "accounts_file",
    "all_profiles",
    "bucket",
    "credentials",
    "endpoint",
    "endpoint_url",
    "external_id",
    "hub_region",
    "keys",
    "member_role",
    "org_role",
    "out",
    "profile",
    "profiles",
    "role",
    "role_arn",
    "roles",
    "secret_access_key",
    "session_token",
    "source",
    "sources",
    "store",
    "url",
    "via_role",
    "webhook",
];

/// A body in JSON.
pub(super) struct Body<T>(pub(super) T);

/// The parameters after the `?`.
pub(super) struct Params<T>(pub(super) T);

/// The names in the path.
pub(super) struct Named<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let sentence = "the body must be JSON: send Content-Type: application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", sentence));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                too_large()
            } else {
                Problem::bad("bad_body", "the body could not be read to its end; send it again")
            }
        })?;
        read(&bytes).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri).map(|Query(value)| Self(value)).map_err(|rejection| {
            let text = rejection.body_text();
            let why = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            Problem::bad("bad_parameter", format!("a parameter after the `?` is wrong: {why}"))
        })
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Path::from_request_parts(parts, state).await;
        read.map(|Path(names)| Self(names)).map_err(|_| {
            Problem::bad(
                "bad_path",
                "a name in the path is wrong: names have 1 to 256 printable characters of UTF-8",
            )
        })
    }
}

/// The refusal of a body that is too large.
pub(super) fn too_large() -> Problem {
    let sentence = "the body is larger than 64 KiB; name less in one request";
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", sentence)
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        // Where a word is wanted, a number counts as bad syntax; it is JSON all the same.
        if error.inner().is_data() || serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
            return wrong(&error.path().to_string(), error.inner());
        }
        unreadable(error.inner())
    })?;
    deserializer.end().map_err(|error| unreadable(&error))?;
    Ok(value)
}

fn unreadable(error: &serde_json::Error) -> Problem {
    Problem::bad("bad_json", format!("the body is not JSON: {error}"))
}

fn wrong(path: &str, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let path = path.trim_end_matches('?').trim_matches('.');
    let unknown = text.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    let Some(name) = unknown else {
        return Problem::field(path, format!("the body is wrong: {text}"));
    };
    let field = if path.is_empty() || path == name || path.ends_with(&format!(".{name}")) {
        if path.is_empty() { name.to_owned() } else { path.to_owned() }
    } else {
        format!("{path}.{name}")
    };
    if is_foreign(name) {
        let sentence = format!(
            "a request may not say how to get in or where things go: {name:?} belongs to a connection in the server's settings; name that connection in `connections`"
        );
        return Problem::field(field, sentence).code("foreign_field");
    }
    Problem::field(field, format!("the body is wrong: {text}"))
}

fn is_foreign(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    FOREIGN.iter().any(|foreign| name == *foreign || name.strip_suffix("_env") == Some(foreign))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::http::api::{NewScan, Requeue};

    fn said<T: DeserializeOwned>(body: &str) -> String {
        format!("{:?}", read::<T>(body.as_bytes()).err().expect("a refusal"))
    }

    #[test]
    fn what_names_how_to_get_in_is_refused_in_one_sentence() {
        let bodies = [
            r#"{"profile": "x"}"#,
            r#"{"role_arn": "arn:aws:iam::123456789012:role/r"}"#,
            r#"{"role-arn": "x"}"#,
            r#"{"access_key_id_env": "A"}"#,
            r#"{"endpoint": "http://evil"}"#,
            r#"{"bucket": "s3://x"}"#,
            r#"{"selection": {"external_id": "x"}}"#,
            r#"{"sources": []}"#,
        ];
        for body in bodies {
            let said = said::<NewScan>(body);
            assert!(said.contains("foreign_field") && said.contains("`connections`"), "{said}");
        }
    }

    #[test]
    fn a_field_that_there_is_not_is_named_with_those_that_there_are() {
        let said = said::<NewScan>(r#"{"selection": {"region": ["eu-west-1"]}}"#);
        assert!(said.contains("selection.region"), "{said}");
        assert!(said.contains("`regions`"), "{said}");
        assert!(!said.contains("foreign"), "{said}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert!(said::<NewScan>("{").contains("bad_json"));
        assert!(said::<NewScan>("").contains("bad_json"));
        assert!(said::<NewScan>("{} x").contains("bad_json"));
        let text = said::<NewScan>(r#"{"pace": {"budget_share": 300}}"#);
        assert!(text.contains("pace.budget_share"), "{text}");
        let text = said::<NewScan>(r#"{"priority": "urgent"}"#);
        assert!(text.contains("priority") && text.contains("`high`"), "{text}");
        let text = said::<Requeue>(r#"{"statuses": ["throttled", "gone"]}"#);
        assert!(text.contains("statuses[1]"), "{text}");
    }

    proptest! {
        #[test]
        fn no_body_breaks_it(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            drop(read::<NewScan>(&bytes));
        }

        #[test]
        fn no_nearly_right_body_breaks_it(text in r#"[{}\[\]",:a-z0-9_]{0,80}"#) {
            drop(read::<NewScan>(text.as_bytes()));
        }
    }
}
