//! Runs the statements of the graph in a Neo4j, over Bolt: each in a transaction of its own, in their order.

use std::time::Duration;

use neo4rs::{
    BoltList, BoltMap, BoltNull, BoltType, ConfigBuilder, Error, Neo4jClientErrorKind,
    Neo4jErrorKind, Query,
};
use reports::graph::{Row, Statement, Value};
use tokio::time::timeout;

use crate::args::Neo4j;
use crate::secret::Secret;
use crate::stop::Stop;

/// How long getting in may take.
const OPENING: Duration = Duration::from_secs(10);
/// How long an answer may take: a statement that removes much works for a while.
const ANSWER: Duration = Duration::from_secs(300);
/// The longest sentence of the server that is shown.
const LONGEST: usize = 500;

const SCHEMES: [&str; 4] = ["bolt", "bolt+s", "neo4j", "neo4j+s"];

/// Runs the statements; returns how many transactions these were.
///
/// # Errors
/// A sentence that says what failed, where, after how much was done, and how to mend it.
pub(crate) async fn write(
    args: &Neo4j,
    url: &str,
    statements: &[Statement],
) -> Result<usize, Stop> {
    let place = Place::of(args, url)?;
    let password = Secret::read(
        "--neo4j-password",
        &args.neo4j_password_env,
        args.neo4j_password_file.as_deref(),
    )?;
    let mut config = ConfigBuilder::new()
        .uri(&place.url)
        .user(&*args.neo4j_user)
        .password(password.text())
        .max_connections(1)
        .connection_timeout(ANSWER);
    if let Some(database) = &args.neo4j_database {
        config = config.db(&**database);
    }
    let graph = config.build().and_then(neo4rs::Graph::connect);
    let graph = graph.map_err(|error| place.failed(&error, 0, statements.len()))?;
    for (done, statement) in statements.iter().enumerate() {
        let failed = |error: &Error| place.failed(error, done, statements.len());
        let begun = match timeout(OPENING, graph.start_txn()).await {
            Ok(begun) => begun,
            Err(_) => Err(Error::ConnectionTimedOut),
        };
        let mut transaction = begun.map_err(|error| failed(&error))?;
        transaction.run(query(statement)).await.map_err(|error| failed(&error))?;
        transaction.commit().await.map_err(|error| failed(&error))?;
    }
    Ok(statements.len())
}

/// The server, without anything secret.
struct Place<'a> {
    url: String,
    user: &'a str,
    database: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn of(args: &'a Neo4j, url: &str) -> Result<Self, Stop> {
        let shape = "is of the form bolt://HOST:PORT, neo4j://HOST:PORT, bolt+s://HOST:PORT or neo4j+s://HOST:PORT";
        let parts = url.split_once("://").filter(|(scheme, _)| SCHEMES.contains(scheme));
        let Some((_, rest)) = parts.filter(|(_, rest)| !rest.is_empty()) else {
            return Err(Stop::usage(format!("--neo4j {shape}")));
        };
        // What might be a password is not repeated.
        if rest.contains('@') {
            return Err(Stop::usage(
                "--neo4j holds no user and no password: they go into --neo4j-user, and into the variable or file that --neo4j-password-env or --neo4j-password-file names",
            ));
        }
        if rest.trim_end_matches('/').contains(['/', '?', '#']) {
            return Err(Stop::usage(format!(
                "--neo4j {shape}; the database goes into --neo4j-database"
            )));
        }
        let database = args.neo4j_database.as_deref();
        Ok(Self { url: url.to_owned(), user: &args.neo4j_user, database })
    }

    /// What failed, how much was done before, and how to mend it.
    fn failed(&self, error: &Error, done: usize, all: usize) -> Stop {
        let url = &self.url;
        let what = match error {
            Error::ConnectionTimedOut => {
                format!("{url} does not answer: is Neo4j running there, and may it be reached?")
            }
            Error::IOError { detail } => {
                format!(
                    "{url} cannot be reached: {detail}; is Neo4j running there, and does it want TLS (bolt+s://)?"
                )
            }
            Error::AuthenticationError(said) => self.refused(said),
            Error::Neo4j(said) => match said.kind() {
                Neo4jErrorKind::Client(Neo4jClientErrorKind::Security(_)) => {
                    self.refused(&format!("{}: {}", said.code(), said.message()))
                }
                Neo4jErrorKind::Client(Neo4jClientErrorKind::FatalDiscovery) => {
                    format!(
                        "{url} has no database {}: {}; name one that is there with --neo4j-database",
                        self.database.unwrap_or_default(),
                        cut(said.message())
                    )
                }
                _ => format!("{url} refused a statement: {}: {}", said.code(), cut(said.message())),
            },
            Error::ProtocolMismatch(_) | Error::UnsupportedVersion(..) => {
                format!("{url} does not speak Bolt 4: {error}; the port of Bolt is usually 7687")
            }
            other => format!("{url} failed: {}", cut(&other.to_string())),
        };
        let done = match done {
            0 => "nothing was written".to_owned(),
            done => format!(
                "{done} of {all} transactions were written; run it again with the same --update-tag to finish: what is there is not doubled"
            ),
        };
        Stop::failed(format!("--neo4j: {what}; {done}"))
    }

    fn refused(&self, said: &str) -> String {
        format!(
            "{} did not let the user {} in: {}; check --neo4j-user and the password",
            self.url,
            self.user,
            cut(said)
        )
    }
}

fn cut(text: &str) -> String {
    let line: String = text.chars().take(LONGEST).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn query(statement: &Statement) -> Query {
    let query = Query::new(statement.text.to_owned());
    if statement.rows.is_empty() {
        return query;
    }
    let rows = statement.rows.iter().map(map).collect::<Vec<_>>();
    query
        .param("rows", BoltType::List(BoltList::from(rows)))
        .param("update_tag", statement.update_tag)
}

fn map(row: &Row) -> BoltType {
    let known = row.iter().filter(|(_, value)| *value != Value::Nothing);
    let pairs = known.map(|(name, value)| ((*name).into(), bolt(value)));
    BoltType::Map(pairs.collect::<BoltMap>())
}

fn bolt(value: &Value) -> BoltType {
    match value {
        Value::Nothing => BoltType::Null(BoltNull),
        Value::Flag(flag) => (*flag).into(),
        Value::Number(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Texts(texts) => texts.clone().into(),
    }
}
