//! Reports, streamed as they are made.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::stream;
use protocol::ScanId;
use protocol::store::Store;
use reports::diff::Of;
use reports::{Format, Options, ReportError};
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinHandle;
use utoipa::IntoParams;

use super::api::{Report, Reports};
use super::app::App;
use super::caller::Caller;
use super::input::{Named, Params};
use super::problem::{Problem, Refused};
use super::scans::find;

/// Bytes of a chunk.
const CHUNK: usize = 64 << 10;
/// Chunks that wait to be taken.
const AHEAD: usize = 4;
/// How long whoever asked may leave a chunk waiting, before the report is given up.
const STALL: Duration = Duration::from_secs(60);
/// Columns of a table where nobody says.
const WIDTH: u16 = 120;

/// How a report is to look.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Look {
    /// json, jsonl, csv, html or table; json where nothing is said.
    #[param(example = "csv")]
    pub(super) format: Option<String>,
    /// Put stable pseudonyms in place of account ids.
    #[serde(default)]
    pub(super) redact: bool,
    /// The columns of a table, 40 to 500.
    #[param(minimum = 40, maximum = 500, default = 120)]
    pub(super) width: Option<u16>,
}

/// List reports
#[utoipa::path(
    get, path = "/reports", operation_id = "listReports", tag = "reports",
    responses((status = 200, description = "The reports that there are", body = Reports), Refused),
    security(("bearer" = ["read"]), ("cookie" = ["read"])),
)]
pub(super) async fn list() -> Json<Reports> {
    let names = reports::NAMES.iter().filter(|name| **name != reports::ENABLEMENT_FILES);
    let report = |name: &&str| Report {
        name: (*name).to_owned(),
        about: reports::about(name).unwrap_or_default().to_owned(),
    };
    let formats = Format::ALL.iter().map(|format| format.as_str().to_owned()).collect();
    Json(Reports { reports: names.map(report).collect(), formats })
}

/// Write a report
///
/// It is streamed as it is made; an answer that is cut is not whole.
#[utoipa::path(
    get, path = "/scans/{scan}/reports/{name}", operation_id = "writeReport", tag = "reports",
    params(
        ("scan" = String, Path, description = "The scan's id, or `latest`"),
        ("name" = String, Path, description = "The report's name"),
        Look,
    ),
    responses(
        (status = 200, description = "The report", content(
            (serde_json::Value = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
            (String = "text/html"), (String = "text/plain"),
        )),
        Refused,
    ),
    security(("bearer" = ["read"]), ("cookie" = ["read"])),
)]
pub(super) async fn write(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named((scan, name)): Named<(String, String)>,
    Params(look): Params<Look>,
) -> Result<Response, Problem> {
    let name =
        reports::find(&name).map_err(|error| Problem::absent("no_report", error.to_string()))?;
    if name == reports::ENABLEMENT_FILES {
        let sentence = "enablement-files is a folder of files: `orgsweep report` writes it where the store can be reached";
        return Err(Problem::bad("needs_folder", sentence));
    }
    let (format, options) = look.read(&app)?;
    let scan = find(&app, &caller, &scan).await?;
    let file = format!("{}_{name}", scan.id);
    send(&app, What::Report(scan.id, name), format, options, &file).await
}

/// What is written.
pub(super) enum What {
    /// A report of a scan.
    Report(ScanId, &'static str),
    /// What differs between two scans.
    Diff(ScanId, ScanId, Of),
}

impl What {
    /// How many scans are read at once, each over a connection of its own.
    const fn scans(&self) -> u32 {
        match self {
            Self::Report(..) => 1,
            Self::Diff(..) => 2,
        }
    }

    async fn write(
        &self,
        store: &dyn Store,
        format: Format,
        options: &Options,
        out: &mut (dyn Write + Send),
    ) -> Result<(), ReportError> {
        match self {
            Self::Report(scan, name) => {
                reports::write(store, scan, name, format, options, out).await
            }
            Self::Diff(before, after, of) => {
                reports::diff::write(store, (before, after), *of, format, options, out).await
            }
        }
    }
}

/// Begins to write, and answers with what comes; `file` is what a browser calls it.
pub(super) async fn send(
    app: &App,
    what: What,
    format: Format,
    options: Options,
    file: &str,
) -> Result<Response, Problem> {
    let Ok(permit) = Arc::clone(&app.reports).try_acquire_many_owned(what.scans()) else {
        return Err(Problem::later(
            "busy",
            "as many reports as may be are being written; ask again",
        ));
    };
    let store = Arc::clone(&app.parts.store);
    let mut making = Making::begin(store, what, format, options, permit);
    let first = making.first().await?;
    let rest = stream::try_unfold(making, |mut making| async move {
        Ok::<_, io::Error>(making.next().await?.map(|chunk| (chunk, making)))
    });
    let body = stream::iter(first.map(Ok::<_, io::Error>));
    let body = Body::from_stream(futures_util::StreamExt::chain(body, rest));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(format)));
    // A page is to be opened from disk: here it would be under this server's rules for pages.
    let file = format!("attachment; filename=\"{file}.{}\"", format.as_str());
    if !matches!(format, Format::Json | Format::Table)
        && let Ok(value) = HeaderValue::from_str(&file)
    {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

fn content_type(format: Format) -> &'static str {
    match format {
        Format::Json => "application/json",
        Format::Jsonl => "application/x-ndjson",
        Format::Csv => "text/csv; charset=utf-8",
        Format::Html => "text/html; charset=utf-8",
        Format::Table => "text/plain; charset=utf-8",
    }
}

impl Look {
    /// The format and how it is filled.
    pub(super) fn read(&self, app: &App) -> Result<(Format, Options), Problem> {
        let format = self.format.as_deref().map_or(Ok(Format::Json), Format::parse);
        let format = format.map_err(|error| Problem::field("format", error.to_string()))?;
        Ok((format, options(app, self)?))
    }
}

fn options(app: &App, look: &Look) -> Result<Options, Problem> {
    let width = look.width.unwrap_or(WIDTH);
    if !(40..=500).contains(&width) {
        return Err(Problem::field("width", "width must be 40 to 500"));
    }
    if look.redact && app.redaction.is_none() {
        let sentence =
            "this server has no secret to make pseudonyms with; its settings can name one";
        return Err(Problem::conflict("no_redaction", sentence));
    }
    let redact = app.redaction.clone().filter(|_| look.redact);
    Ok(Options { redact, width, now: app.parts.clock.now(), files: Vec::new() })
}

/// A report that is being made on a thread of its own, since writing it blocks while nobody takes it.
struct Making {
    chunks: mpsc::Receiver<Bytes>,
    writer: Option<JoinHandle<Result<(), ReportError>>>,
}

impl Making {
    fn begin(
        store: Arc<dyn Store>,
        what: What,
        format: Format,
        options: Options,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let (sender, chunks) = mpsc::channel(AHEAD);
        let writer = tokio::task::spawn_blocking(move || {
            let runtime = Handle::current();
            let mut out = Chunks { buffer: Vec::with_capacity(CHUNK), sender, runtime };
            let made = Handle::current().block_on(what.write(&*store, format, &options, &mut out));
            drop(permit);
            made
        });
        Self { chunks, writer: Some(writer) }
    }

    /// The first chunk, if there is one; what goes wrong before it can still be said.
    async fn first(&mut self) -> Result<Option<Bytes>, Problem> {
        match self.chunks.recv().await {
            Some(chunk) => Ok(Some(chunk)),
            None => match self.end().await {
                Ok(()) => Ok(None),
                Err(Some(ReportError::Store(error))) => Err(error.into()),
                Err(error) => {
                    tracing::error!(?error, "a report was not made");
                    Err(Problem::later(
                        "report",
                        "the report could not be made; the coordinator's log says why",
                    ))
                }
            },
        }
    }

    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        if let Some(chunk) = self.chunks.recv().await {
            return Ok(Some(chunk));
        }
        self.end().await.map(|()| None).map_err(|error| {
            tracing::error!(?error, "a report was cut");
            io::Error::other("the report was cut")
        })
    }

    /// How the writing ended; none where its thread was lost.
    async fn end(&mut self) -> Result<(), Option<ReportError>> {
        match self.writer.take() {
            Some(writer) => writer.await.map_err(|_| None)?.map_err(Some),
            None => Ok(()),
        }
    }
}

/// Hands a report on in chunks, and waits while too many are not taken.
struct Chunks {
    buffer: Vec<u8>,
    sender: mpsc::Sender<Bytes>,
    runtime: Handle,
}

impl Chunks {
    fn send(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        let sending = self.sender.send_timeout(Bytes::from(full), STALL);
        let sent = tokio::task::block_in_place(|| self.runtime.block_on(sending));
        sent.map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody takes the report"))
    }
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}
