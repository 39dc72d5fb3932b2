//! What is answered when something cannot be done: one shape, a code for programs and a sentence for people.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::store::StoreError;
use utoipa::PartialSchema;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};

use super::api::{Refusal, Why};
use super::token;

/// Why a request is not served.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    field: Option<String>,
    retry_after: Option<u64>,
}

impl Problem {
    /// A refusal with a status, a code and a sentence.
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), field: None, retry_after: None }
    }

    /// Something in the request is wrong.
    pub(super) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// A field of the request is wrong.
    pub(super) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::bad("bad_field", message) }
    }

    /// There is no such thing.
    pub(super) fn absent(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// The thing is not in a state for it.
    pub(super) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// It cannot be served just now.
    pub(super) fn later(code: &'static str, message: impl Into<String>) -> Self {
        Self { retry_after: Some(5), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message) }
    }

    /// Too much was asked for; good again after so many seconds.
    pub(super) fn too_many(seconds: u64) -> Self {
        let message = format!("too many requests; ask again after {seconds} s");
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message)
        }
    }

    /// The same with the code in place of its own.
    pub(super) fn code(self, code: &'static str) -> Self {
        Self { code, ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // A sentence may quote what was sent, and what was sent may be a secret in the wrong place.
        let message = token::masked(&self.message);
        let field = self.field.map(|field| token::masked(&field));
        let why = Why { code: self.code.to_owned(), message, field };
        let mut response = (self.status, Json(Refusal { error: why })).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            let asks = HeaderValue::from_static("Bearer realm=\"orgsweep\"");
            headers.insert(header::WWW_AUTHENTICATE, asks);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What the store says is for the log: it may name hosts and tables.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoScan(id) => Self::absent("no_scan", format!("there is no scan {id}")),
            StoreError::Deposed => {
                Self::later("deposed", "this coordinator has just lost its lead; ask again")
            }
            error => {
                tracing::error!(%error, "the store did not answer a request");
                Self::later(
                    "store",
                    "the store cannot be used just now; ask again, and look into the log of the coordinator if it stays so",
                )
            }
        }
    }
}

/// The refusals that any route may answer with, for the OpenAPI document.
pub(super) struct Refused;

const REFUSALS: &[(&str, &str)] = &[
    ("400", "Something in the request is wrong; the sentence says what"),
    ("401", "No token, or one that is unknown, expired or taken back"),
    ("403", "The token may not do this"),
    ("404", "There is no such thing in this workspace"),
    ("409", "It is not in a state for this"),
    ("413", "The body is larger than 64 KiB"),
    ("415", "The body is not JSON"),
    ("421", "The server is not called so"),
    ("429", "Too many requests; `Retry-After` says when to ask again"),
    ("503", "It cannot be served just now; `Retry-After` says when to ask again"),
];

impl utoipa::IntoResponses for Refused {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let refusal = || RefOr::Ref(Ref::from_schema_name("Refusal"));
        let content = || ContentBuilder::new().schema(Some(refusal())).build();
        let response = |about: &str| {
            ResponseBuilder::new().description(about).content("application/json", content()).build()
        };
        let all = REFUSALS.iter();
        all.map(|(status, about)| ((*status).to_owned(), response(about).into())).collect()
    }
}

/// The schemas that refusals refer to.
pub(super) fn schemas() -> [(String, RefOr<utoipa::openapi::Schema>); 2] {
    [("Refusal".to_owned(), Refusal::schema()), ("Why".to_owned(), Why::schema())]
}
