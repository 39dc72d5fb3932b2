//! A loopback server that answers what a test says, byte for byte.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub method: String,
    pub uri: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The signing name and region of the signature.
    pub(crate) fn scope(&self) -> (String, String) {
        let credential = self.header("authorization").split("Credential=").nth(1).unwrap_or("");
        let mut parts = credential.split([',', '/']).skip(2).map(str::to_owned);
        let region = parts.next().unwrap_or_default();
        (parts.next().unwrap_or_default(), region)
    }

    pub(crate) fn is_sts(&self) -> bool {
        self.scope().0 == "sts"
    }
}

/// What the server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Answers with status, headers and body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Promises `promised` bytes, sends `body`, hangs up.
    Cut { promised: usize, body: String },
    /// Sends bytes without end.
    Endless,
    /// Never answers.
    Hang,
    /// Closes the connection at once.
    HangUp,
}

impl Reply {
    pub(crate) fn json(body: &str) -> Self {
        let content_type = ("content-type", "application/x-amz-json-1.1".to_owned());
        Self::Answer(200, vec![content_type], body.to_owned())
    }

    pub(crate) fn xml(body: impl Into<String>) -> Self {
        Self::Answer(200, vec![("content-type", "text/xml".to_owned())], body.into())
    }

    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = format!(r#"{{"__type":"{code}","message":"{message}"}}"#);
        Self::Answer(status, vec![("x-amzn-requestid", "r-1".to_owned())], body)
    }

    pub(crate) fn xml_error(status: u16, code: &str, message: &str) -> Self {
        let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        Self::Answer(status, vec![], format!("<ErrorResponse>{error}</ErrorResponse>"))
    }
}

type Handler = Box<dyn FnMut(&Seen) -> Reply + Send>;

/// A running server; ends with its test.
pub(crate) struct Server {
    pub endpoint: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
    _accepting: tokio::task::JoinSet<()>,
}

impl Server {
    /// Serves on a free port what `handler` answers.
    pub(crate) async fn start(handler: impl FnMut(&Seen) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let handler: Arc<Mutex<Handler>> = Arc::new(Mutex::new(Box::new(handler)));
        let mut accepting = tokio::task::JoinSet::new();
        let log = seen.clone();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = connections.clone();
        accepting.spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                open.spawn(serve(stream, handler.clone(), log.clone()));
            }
        });
        Self { endpoint, seen, connections, _accepting: accepting }
    }

    /// How many connections were opened so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// What came in so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic").clone()
    }
}

async fn serve(mut stream: TcpStream, handler: Arc<Mutex<Handler>>, log: Arc<Mutex<Vec<Seen>>>) {
    while let Some(seen) = read(&mut stream).await {
        log.lock().expect("no panic").push(seen.clone());
        let reply = (handler.lock().expect("no panic"))(&seen);
        if !answer(&mut stream, reply).await {
            return;
        }
    }
}

/// Answers; says whether the connection stays.
async fn answer(stream: &mut TcpStream, reply: Reply) -> bool {
    match reply {
        Reply::Answer(status, headers, body) => {
            let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            stream.write_all(format!("{head}\r\n{body}").as_bytes()).await.is_ok()
        }
        Reply::Cut { promised, body } => {
            let head = format!("HTTP/1.1 200 X\r\ncontent-length: {promised}\r\n\r\n{body}");
            stream.write_all(head.as_bytes()).await.expect("written");
            false
        }
        Reply::Endless => {
            let head = "HTTP/1.1 200 X\r\ncontent-length: 99999999999\r\n\r\n";
            let mut sent = stream.write_all(head.as_bytes()).await;
            while sent.is_ok() {
                sent = stream.write_all(&[b' '; 65536]).await;
            }
            false
        }
        Reply::Hang => std::future::pending().await,
        Reply::HangUp => false,
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ').map(str::to_owned);
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_lowercase(), value.trim().to_owned()))
    };
    let headers: BTreeMap<String, String> = lines.filter_map(header).collect();
    let length: usize = headers.get("content-length").map_or(Ok(0), |text| text.parse()).ok()?;
    let mut body = bytes.split_off(head_end + 4);
    while body.len() < length {
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => body.extend_from_slice(&chunk[..count]),
        }
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    Some(Seen { method: first.next()?, uri: first.next()?, headers, body })
}
