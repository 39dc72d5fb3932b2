//! The shape of a catalog file: one service, its probes, their calls.
//!
//! A file is TOML. Text values may hold `{account}`, `{region}`, `{partition}`, and in a
//! `for_each` call `{item}` (the parent's id) and `{item.PATH}` (a value of the parent's answer).

use std::collections::BTreeMap;

use protocol::judge::Judgement;
use protocol::{FailureKind, ProbeId, ServiceId};
use serde::Deserialize;

/// One service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The service's id: the file's name without `.toml`.
    pub service: ServiceId,
    /// Its name for people, e.g. `Amazon GuardDuty`.
    pub title: String,
    /// What it is for: one of [`CATEGORIES`].
    pub category: String,
    /// Whether people curated it or a script derived it.
    pub origin: Origin,
    /// How it speaks.
    pub protocol: Wire,
    /// The first label of its host, e.g. `api.ecr`.
    pub endpoint_prefix: String,
    /// The name that requests are signed for; the endpoint prefix where absent.
    #[serde(default)]
    pub signing_name: Option<String>,
    /// `Version` of query and ec2 requests, e.g. `2010-05-08`.
    #[serde(default)]
    pub api_version: Option<String>,
    /// The part of `X-Amz-Target` before the dot, for json.
    #[serde(default)]
    pub target_prefix: Option<String>,
    /// Whether a partition has it once or in each region.
    pub scope: Scope,
    /// For a global service, or one with one home: the region that is called and signed for, by
    /// partition. Partitions that are absent use their own default home.
    #[serde(default)]
    pub home: BTreeMap<String, String>,
    /// Where it is offered, for services whose regions were checked by hand; overrides the
    /// table. Region names; empty means: ask the table.
    #[serde(default)]
    pub regions: Vec<String>,
    /// The word that the table of regions knows it by, where it is not the endpoint prefix.
    #[serde(default)]
    pub offered_as: Option<String>,
    /// What its own error codes mean; looked at before the general table.
    #[serde(default, rename = "error")]
    pub errors: Vec<ErrorRow>,
    /// What to ask.
    #[serde(rename = "probe")]
    pub probes: Vec<Probe>,
}

/// What services are for.
pub const CATEGORIES: &[&str] = &[
    "analytics",
    "application",
    "compute",
    "database",
    "management",
    "ml_ai",
    "monitoring",
    "network",
    "security",
    "storage",
    "developer",
    "iot",
    "media",
    "migration",
    "billing",
    "other",
];

/// Who wrote an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// By hand: ownership, switches and codes are judged. These are `core`.
    Curated,
    /// By the script: things are listed, never judged.
    Derived,
}

/// A wire protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Wire {
    /// JSON with `X-Amz-Target`, version 1.0.
    #[serde(rename = "json-1.0")]
    Json10,
    /// JSON with `X-Amz-Target`, version 1.1.
    #[serde(rename = "json-1.1")]
    Json11,
    /// A form in, XML out.
    #[serde(rename = "query")]
    Query,
    /// EC2's dialect of query.
    #[serde(rename = "ec2")]
    Ec2,
    /// Method and path, JSON out.
    #[serde(rename = "rest-json")]
    RestJson,
    /// Method and path, XML out.
    #[serde(rename = "rest-xml")]
    RestXml,
}

/// Where a service or probe lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// In each region of its own.
    Regional,
    /// Once in a partition.
    Global,
}

/// What an error code of the service's own means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorRow {
    /// The code, exactly.
    pub code: String,
    /// A part of the message that must be there too, compared without regard to case.
    #[serde(default)]
    pub message: Option<String>,
    /// What it means.
    pub means: FailureKind,
}

/// A named recipe: what to ask, and how its answers are read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Its id: the service's, or that and a dot and a word.
    pub id: ProbeId,
    /// How its answers are read.
    pub judgement: Judgement,
    /// Whether it runs unless it is asked for with `--probes`.
    #[serde(default = "yes")]
    pub on_by_default: bool,
    /// Whether it decides about the service's enablement; kept documents do not.
    #[serde(default = "yes")]
    pub decides: bool,
    /// Where it lives, if not where its service does (wafv2 for CloudFront is global).
    #[serde(default)]
    pub scope: Option<Scope>,
    /// The type of the things that it lists, e.g. `AWS::GuardDuty::Detector`.
    pub resource_type: String,
    /// What is asked, roots before their `for_each` calls.
    #[serde(rename = "call")]
    pub calls: Vec<Call>,
}

/// One operation, all its pages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Its name within the probe.
    pub name: String,
    /// The root call for whose items it is made; none for a root call. One level only.
    #[serde(default)]
    pub for_each: Option<String>,
    /// Which of the parent's items it is made for; all must hold. Empty: for all of them.
    #[serde(default, rename = "where")]
    pub only: Vec<Condition>,
    /// The most items that it is made for in one cell; more is the named outcome `ItemCap`.
    #[serde(default = "default_max_items")]
    pub max_items: u32,
    /// The operation's name, e.g. `ListDetectors`.
    pub operation: String,
    /// For rest protocols: the method; `GET` where absent.
    #[serde(default)]
    pub method: Option<String>,
    /// For rest protocols: the path, e.g. `/detector/{item}`; values are percent-encoded.
    #[serde(default)]
    pub path: Option<String>,
    /// For rest protocols: the query string's fixed parameters (a value may be empty: `?policy`).
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Fixed headers, e.g. `x-amz-account-id`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body's fixed parameters. json and rest-json: a JSON object; query and ec2: flat wire
    /// names (`StackStatusFilter.member.1`).
    #[serde(default)]
    pub params: serde_json::Map<String, serde_json::Value>,
    /// The host, if it is not the service's own, e.g. `{account}.s3-control.{region}.{suffix}`.
    #[serde(default)]
    pub host: Option<String>,
    /// The region to call, if it is not the cell's: `{item.BucketRegion}`.
    #[serde(default)]
    pub region: Option<String>,
    /// The path to the things in the answer, in wire names, each list step with `[]`; `@` for the
    /// answer itself.
    pub items: String,
    /// The path to a thing's id in itself; `@` when it is the id. A `for_each` call without one
    /// takes its parent's id.
    #[serde(default)]
    pub id: Option<String>,
    /// The type of its things, if it is not the probe's.
    #[serde(default)]
    pub resource_type: Option<String>,
    /// Whether its own things count (parents that are only a way to their details do not).
    #[serde(default = "yes")]
    pub counts: bool,
    /// Whether the first page with an own thing is enough: those after it are not read, and the count is a least one.
    #[serde(default)]
    pub first: bool,
    /// What makes a thing the customer's own; all must hold. Empty: everything is.
    #[serde(default)]
    pub own: Vec<Condition>,
    /// For switches: what a thing must say to prove that the switch is on; all must hold. Empty in
    /// a counting call of a switch probe: that a thing is there is proof.
    #[serde(default)]
    pub on: Vec<Condition>,
    /// The path to the region that a thing is in, if that is not the cell's (S3 buckets).
    #[serde(default)]
    pub home: Option<String>,
    /// Attributes that are kept: name to path.
    #[serde(default)]
    pub keep: BTreeMap<String, String>,
    /// Documents (policies) that are kept whole: name to path. Percent-encoded and JSON-in-text
    /// documents are decoded.
    #[serde(default)]
    pub documents: BTreeMap<String, String>,
    /// Where an answer that is a success tells failures, for operations that answer about several
    /// things at once.
    #[serde(default)]
    pub failures: Option<Failures>,
    /// How its pages follow each other; none where the operation has no pages.
    #[serde(default)]
    pub page: Option<Paging>,
    /// What its own error codes mean; looked at before the service's rows.
    #[serde(default, rename = "error")]
    pub errors: Vec<ErrorRow>,
    /// The IAM actions that it needs, e.g. `s3:ListAllMyBuckets`.
    pub iam: Vec<String>,
    /// The token bucket that it spends: a name in `buckets.toml`.
    #[serde(default = "default_bucket")]
    pub bucket: String,
    /// How many calls of it one cell is expected to cost, for `plan`.
    #[serde(default = "one")]
    pub expect: f64,
}

/// Failures inside an answer that is a success: one of them fails the call, as if it were the
/// answer. Their codes mean what the call's rows, the service's and the general table say.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failures {
    /// The path to the failures in the answer, e.g. `failedAccounts[]`.
    pub path: String,
    /// The path to a failure's code in itself.
    pub code: String,
    /// The path to a failure's message in itself.
    #[serde(default)]
    pub message: Option<String>,
}

/// How pages follow each other.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// The parameter that the token goes into.
    pub input: String,
    /// The path to the next token in the answer.
    pub output: String,
    /// The path to a flag that says there is more, where the token alone does not say it.
    #[serde(default)]
    pub more: Option<String>,
    /// The parameter that asks for a page's size, and the size.
    #[serde(default)]
    pub size: Option<PageSize>,
    /// Where both parameters go; the body (json, query, ec2) or the query string (rest GET) where
    /// absent.
    #[serde(default)]
    pub place: Option<Place>,
}

/// How large a page is asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageSize {
    /// The parameter.
    pub input: String,
    /// Its value.
    pub value: u32,
}

/// Where a parameter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Into the body.
    Body,
    /// Into the query string.
    Query,
    /// Into a header.
    Header,
}

/// A test of a thing: a path and one comparison. Values are compared as text, so that JSON's
/// `true` and XML's `true` are the same; they may hold `{account}`, `{partition}` and `{region}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The path in the thing; `@` for the thing itself. Where it leads to several values, one
    /// that passes is enough.
    pub path: String,
    /// The value must be this.
    #[serde(default)]
    pub equals: Option<String>,
    /// The value must be one of these.
    #[serde(default, rename = "in")]
    pub one_of: Option<Vec<String>>,
    /// The value must begin with this.
    #[serde(default)]
    pub prefix: Option<String>,
    /// The value must end with this.
    #[serde(default)]
    pub suffix: Option<String>,
    /// The value must hold this.
    #[serde(default)]
    pub contains: Option<String>,
    /// A value must be there (`true`) or not (`false`); null, empty text and the empty list are
    /// not there.
    #[serde(default)]
    pub exists: Option<bool>,
    /// Turns the outcome round. (A missing value passes a negated comparison.)
    #[serde(default)]
    pub not: bool,
}

const fn yes() -> bool {
    true
}

const fn one() -> f64 {
    1.0
}

const fn default_max_items() -> u32 {
    1000
}

fn default_bucket() -> String {
    "default".to_owned()
}
