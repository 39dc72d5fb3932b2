//! Who may come in at all: the names that the server is called by, where a page that asks came from, and the scheme.
//!
//! A page of another site can make a browser send requests to any address, loopback too, under a name of that site's own
//! (DNS rebinding). So a request must call the server by a name that its settings know.

use std::net::{IpAddr, SocketAddr};

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};

use super::problem::Problem;
use super::{ServeError, Settings};

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The names of loopback.
const LOOPBACK: &[&str] = &["localhost", "127.0.0.1", "[::1]"];

/// How what is said reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    /// In the clear, on loopback.
    Plain,
    /// Over TLS.
    Tls,
    /// Over a proxy, which speaks TLS.
    Proxy,
}

/// Decides who may come in.
#[derive(Debug, Clone)]
pub(super) struct Door {
    names: Vec<String>,
    wire: Wire,
}

impl Door {
    /// The door of a listener at `address`.
    ///
    /// # Errors
    /// [`ServeError`]: the settings do not go with the address.
    pub(super) fn new(settings: &Settings, address: SocketAddr) -> Result<Self, ServeError> {
        let wire = match (&settings.tls, settings.behind_proxy) {
            (Some(_), true) => return Err(ServeError::TlsTwice),
            (Some(_), false) => Wire::Tls,
            (None, true) => Wire::Proxy,
            (None, false) if address.ip().is_loopback() => Wire::Plain,
            (None, false) => return Err(ServeError::Plain(address)),
        };
        let mut names = Vec::new();
        for name in &settings.names {
            match name.parse::<Authority>() {
                Ok(parsed) if parsed.host() == name && !name.contains('@') => {
                    names.push(name.to_ascii_lowercase());
                }
                _ => return Err(ServeError::Name(name.chars().take(80).collect())),
            }
        }
        if address.ip().is_loopback() {
            names.extend(LOOPBACK.iter().map(|name| (*name).to_owned()));
        } else if names.is_empty() {
            return Err(ServeError::NoName(address));
        }
        Ok(Self { names, wire })
    }

    /// How what is said reaches the server.
    pub(super) fn wire(&self) -> Wire {
        self.wire
    }

    /// Lets a request in that calls the server by its name, over TLS where it must, and from no page of another site.
    pub(super) fn enter(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let own = self.called(headers)?;
        if self.wire == Wire::Proxy && one(headers, &FORWARDED_PROTO)? != Some("https") {
            let sentence = "this server is reached by https only; call it so, or let the proxy before it set X-Forwarded-Proto";
            return Err(Problem::new(StatusCode::FORBIDDEN, "insecure", sentence));
        }
        match one(headers, &header::ORIGIN)? {
            Some(origin) if !self.is_own(origin, &own) => {
                let sentence = "a page of another site may not ask this server";
                Err(Problem::new(StatusCode::FORBIDDEN, "foreign_origin", sentence))
            }
            _ => Ok(()),
        }
    }

    /// Who asks: the peer, or whom the proxy says that it asks for.
    pub(super) fn asker(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if self.wire != Wire::Proxy {
            return peer;
        }
        // The last entry is the proxy's own; what comes before it anybody can write.
        let last = headers.get_all(FORWARDED_FOR).iter().next_back();
        let last = last.and_then(|value| value.to_str().ok()?.rsplit(',').next());
        last.and_then(|text| text.trim().parse().ok()).unwrap_or(peer)
    }

    /// The name and port by which the server is called.
    fn called(&self, headers: &HeaderMap) -> Result<Authority, Problem> {
        let forwarded = match self.wire {
            Wire::Proxy => one(headers, &FORWARDED_HOST)?,
            Wire::Plain | Wire::Tls => None,
        };
        let host = match forwarded {
            Some(host) => Some(host),
            None => one(headers, &header::HOST)?,
        };
        let host = host.and_then(|host| host.parse::<Authority>().ok());
        let host = host.filter(|host| !host.as_str().contains('@'));
        let Some(host) = host else {
            return Err(Problem::bad("bad_host", "the request needs one Host header"));
        };
        let name = host.host().to_ascii_lowercase();
        if self.names.contains(&name) {
            return Ok(host);
        }
        let shown: String = name.chars().take(80).collect();
        let sentence = format!(
            "this server is not called {shown:?}; call it by one of its names, or add this one to them with its setting --host"
        );
        Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", sentence))
    }

    fn is_own(&self, origin: &str, own: &Authority) -> bool {
        let scheme = if self.wire == Wire::Plain { "http://" } else { "https://" };
        let Some(origin) = origin.strip_prefix(scheme) else { return false };
        let Ok(origin) = origin.parse::<Authority>() else { return false };
        let same_name = origin.host().eq_ignore_ascii_case(own.host());
        // A proxy may listen on another port than it tells.
        same_name && (self.wire == Wire::Proxy || origin.port_u16() == own.port_u16())
    }
}

/// The one value of a header; none where it is not there.
fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| twice(name)),
        (Some(_), Some(_)) => Err(twice(name)),
    }
}

fn twice(name: &HeaderName) -> Problem {
    Problem::bad("bad_header", format!("the header {name} must be there once, as text"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::response::IntoResponse as _;

    use super::*;
    use crate::http::Tls;

    fn settings(names: &[&str]) -> Settings {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Settings { names, ..Settings::default() }
    }

    fn local() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 8080))
    }

    fn wide() -> SocketAddr {
        SocketAddr::from(([0, 0, 0, 0], 443))
    }

    fn asked(door: &Door, lines: &[(&'static str, &'static str)]) -> u16 {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        match door.enter(&headers) {
            Ok(()) => 200,
            Err(problem) => problem.into_response().status().as_u16(),
        }
    }

    #[test]
    fn beyond_loopback_something_must_speak_tls_and_the_name_must_be_known() {
        assert!(matches!(Door::new(&settings(&["a.example"]), wide()), Err(ServeError::Plain(_))));
        let proxied = Settings { behind_proxy: true, ..settings(&[]) };
        assert!(matches!(Door::new(&proxied, wide()), Err(ServeError::NoName(_))));
        let proxied = Settings { behind_proxy: true, ..settings(&["a.example"]) };
        assert!(Door::new(&proxied, wide()).is_ok());
        let tls = Some(Tls { cert: "c".into(), key: "k".into() });
        let both = Settings { behind_proxy: true, tls, ..settings(&["a.example"]) };
        assert!(matches!(Door::new(&both, wide()), Err(ServeError::TlsTwice)));
        assert!(Door::new(&settings(&[]), local()).is_ok());
        for wrong in ["https://a.example", "a.example:443", "a b", "", "me@a.example"] {
            let door = Door::new(&settings(&[wrong]), local());
            assert!(matches!(door, Err(ServeError::Name(_))), "{wrong}");
        }
    }

    #[test]
    fn a_name_that_is_not_the_servers_is_refused_on_loopback_too() {
        let door = Door::new(&settings(&[]), local()).unwrap();
        assert_eq!(asked(&door, &[("host", "localhost:8080")]), 200);
        assert_eq!(asked(&door, &[("host", "LOCALHOST")]), 200);
        assert_eq!(asked(&door, &[("host", "[::1]:8080")]), 200);
        assert_eq!(asked(&door, &[("host", "evil.example")]), 421);
        assert_eq!(asked(&door, &[("host", "evil.example:8080")]), 421);
        assert_eq!(asked(&door, &[("host", "localhost@evil.example")]), 400);
        assert_eq!(asked(&door, &[]), 400);
        assert_eq!(asked(&door, &[("host", "localhost"), ("host", "evil.example")]), 400);
        // Nobody stands before it who could say so.
        let forwarded = [("host", "evil.example"), ("x-forwarded-host", "localhost")];
        assert_eq!(asked(&door, &forwarded), 421);
    }

    #[test]
    fn a_page_of_another_origin_may_not_ask() {
        let door = Door::new(&settings(&[]), local()).unwrap();
        let from = |origin| asked(&door, &[("host", "localhost:8080"), ("origin", origin)]);
        assert_eq!(from("http://localhost:8080"), 200);
        assert_eq!(from("http://localhost:9090"), 403);
        assert_eq!(from("https://localhost:8080"), 403);
        assert_eq!(from("http://evil.example"), 403);
        assert_eq!(from("null"), 403);
    }

    #[test]
    fn behind_a_proxy_its_word_counts() {
        let settings = Settings { behind_proxy: true, ..settings(&["a.example"]) };
        let door = Door::new(&settings, wide()).unwrap();
        let https = ("x-forwarded-proto", "https");
        assert_eq!(asked(&door, &[("host", "a.example"), https]), 200);
        assert_eq!(
            asked(&door, &[("host", "10.0.0.7"), ("x-forwarded-host", "a.example"), https]),
            200
        );
        assert_eq!(asked(&door, &[("host", "a.example"), ("x-forwarded-proto", "http")]), 403);
        assert_eq!(asked(&door, &[("host", "a.example")]), 403);
        assert_eq!(
            asked(&door, &[("host", "a.example"), https, ("origin", "https://a.example")]),
            200
        );
        assert_eq!(
            asked(&door, &[("host", "a.example"), https, ("origin", "http://a.example")]),
            403
        );
    }

    #[test]
    fn only_a_proxy_may_say_for_whom_it_asks() {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, HeaderValue::from_static("6.6.6.6, 9.9.9.9"));
        let peer = IpAddr::from([10, 0, 0, 1]);
        let plain = Door::new(&settings(&[]), local()).unwrap();
        assert_eq!(plain.asker(peer, &headers), peer);
        let settings = Settings { behind_proxy: true, ..settings(&["a.example"]) };
        let proxied = Door::new(&settings, wide()).unwrap();
        assert_eq!(proxied.asker(peer, &headers), IpAddr::from([9, 9, 9, 9]));
        assert_eq!(proxied.asker(peer, &HeaderMap::new()), peer);
    }
}
