//! A small client: one request, one answer, read without a schema.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use loadtest::{Keys, Running};
use serde_json::{Map, Value, json};

/// A refusal: the HTTP status, the code and the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

/// Credentials with their token.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) key: String,
    pub(crate) token: Option<String>,
}

impl From<Keys> for Session {
    fn from(keys: Keys) -> Self {
        Self { key: keys.access_key_id, token: None }
    }
}

/// A request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) path_and_query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) signing: String,
    pub(crate) region: String,
}

pub(crate) struct Client {
    http: Http<HttpConnector, Full<Bytes>>,
    pub(crate) endpoint: String,
}

impl Client {
    pub(crate) fn new(running: &Running) -> Self {
        let http = Http::builder(TokioExecutor::new()).build_http();
        Self { http, endpoint: running.endpoint() }
    }

    /// Sends a request as it is; the raw status and body.
    pub(crate) async fn raw(
        &self,
        session: &Session,
        ask: &Ask,
    ) -> Result<(u16, String, Bytes), String> {
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential={}/20260101/{}/{}/aws4_request, SignedHeaders=host, Signature=0",
            session.key, ask.region, ask.signing
        );
        let mut builder = http::Request::builder()
            .method(ask.method.as_str())
            .uri(format!("{}{}", self.endpoint, ask.path_and_query))
            .header("authorization", credential);
        if let Some(token) = &session.token {
            builder = builder.header("x-amz-security-token", token);
        }
        for (name, value) in &ask.headers {
            builder = builder.header(name, value);
        }
        let request = builder.body(Full::new(Bytes::from(ask.body.clone()))).expect("a request");
        let answer = self.http.request(request).await.map_err(|error| format!("{error:?}"))?;
        let status = answer.status().as_u16();
        let kind = answer.headers().get("content-type").and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or("").to_owned();
        let body = answer.into_body().collect().await.map_err(|error| format!("{error:?}"))?;
        Ok((status, kind, body.to_bytes()))
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn send(&self, session: &Session, ask: &Ask) -> Result<Value, Refusal> {
        let cut = |message| Refusal { status: 0, code: "Cut".to_owned(), message };
        let (status, _, body) = self.raw(session, ask).await.map_err(cut)?;
        let text = String::from_utf8(body.to_vec()).expect("text");
        // What an answer says of its type may be wrong.
        let value = match text.trim_start() {
            page if page.starts_with("<html") => json!({ "Code": "WebPage" }),
            text if text.starts_with('<') => xml(text),
            text => json_of(text),
        };
        if status == 200 {
            return Ok(value);
        }
        let error = [&value["Errors"]["Error"], &value["Error"], &value];
        let error = error.into_iter().find(|value| value.is_object()).expect("an error");
        let word = |names: [&str; 2]| {
            names.iter().find_map(|name| error[*name].as_str()).unwrap_or("").to_owned()
        };
        let (code, message) = (word(["__type", "Code"]), word(["message", "Message"]));
        Err(Refusal { status, code, message })
    }

    /// An action of a query service.
    pub(crate) async fn action(
        &self,
        session: &Session,
        service: &str,
        region: &str,
        pairs: &[(&str, &str)],
    ) -> Result<Value, Refusal> {
        let version = match service {
            "sts" => "2011-06-15",
            "ec2" => "2016-11-15",
            _ => "2010-05-08",
        };
        let all = [("Version", version)].into_iter().chain(pairs.iter().copied());
        let ask = Ask {
            method: "POST".to_owned(),
            path_and_query: "/".to_owned(),
            headers: vec![form_type()],
            body: form(all.map(|(name, value)| (name.to_owned(), value.to_owned()))),
            signing: service.to_owned(),
            region: region.to_owned(),
        };
        let answer = self.send(session, &ask).await?;
        let result = answer.as_object().and_then(|all| {
            all.iter().find(|(name, _)| name.ends_with("Result")).map(|(_, value)| value.clone())
        });
        Ok(result.unwrap_or(answer))
    }

    /// An operation of a json service.
    pub(crate) async fn target(
        &self,
        session: &Session,
        signing: &str,
        target: &str,
        body: Value,
    ) -> Result<Value, Refusal> {
        let ask = Ask {
            method: "POST".to_owned(),
            path_and_query: "/".to_owned(),
            headers: vec![
                ("content-type".to_owned(), "application/x-amz-json-1.1".to_owned()),
                ("x-amz-target".to_owned(), target.to_owned()),
            ],
            body: body.to_string(),
            signing: signing.to_owned(),
            region: "us-east-1".to_owned(),
        };
        self.send(session, &ask).await
    }

    /// A session in an account.
    pub(crate) async fn assume(
        &self,
        from: &Session,
        account: &str,
        more: &[(&str, &str)],
    ) -> Result<Session, Refusal> {
        let role = format!("arn:aws:iam::{account}:role/orgsweep-member");
        let mut pairs =
            vec![("Action", "AssumeRole"), ("RoleArn", role.as_str()), ("RoleSessionName", "test")];
        pairs.extend(more);
        let answer = self.action(from, "sts", "us-east-1", &pairs).await?;
        let text = |name: &str| answer["Credentials"][name].as_str().expect("text").to_owned();
        Ok(Session { key: text("AccessKeyId"), token: Some(text("SessionToken")) })
    }
}

pub(crate) fn form_type() -> (String, String) {
    let kind = "application/x-www-form-urlencoded; charset=utf-8";
    ("content-type".to_owned(), kind.to_owned())
}

pub(crate) fn form(pairs: impl Iterator<Item = (String, String)>) -> String {
    let pairs: Vec<_> = pairs.map(|(k, v)| format!("{}={}", encoded(&k), encoded(&v))).collect();
    pairs.join("&")
}

pub(crate) fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn json_of(text: &str) -> Value {
    if text.is_empty() { json!({}) } else { serde_json::from_str(text).expect("json") }
}

/// An XML answer without a schema: its root stripped.
pub(crate) fn xml(text: &str) -> Value {
    let document = roxmltree::Document::parse(text).expect("xml");
    element(document.root_element())
}

fn element(node: roxmltree::Node<'_, '_>) -> Value {
    if !node.children().any(|child| child.is_element()) {
        return Value::String(node.text().unwrap_or("").to_owned());
    }
    let mut members = Map::new();
    for child in node.children().filter(roxmltree::Node::is_element) {
        let value = element(child);
        match members.get_mut(child.tag_name().name()) {
            None => {
                members.insert(child.tag_name().name().to_owned(), value);
            }
            Some(Value::Array(all)) => all.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Value::Object(members)
}
