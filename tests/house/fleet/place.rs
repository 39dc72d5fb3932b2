//! The servers that a fleet stands on, each behind a way that can be cut.

use tokio::runtime::Runtime;

use super::proxy::Proxy;
use super::server::Server;

/// A private server and the way to it.
pub(super) struct Place {
    pub(super) server: Server,
    pub(super) proxy: Proxy,
    ending: String,
}

impl Place {
    /// Runs a server; `ending` is added to its URL, e.g. `?prefix=test`.
    pub(super) fn of(runtime: &Runtime, name: &str, ending: &str) -> Self {
        let server = Server::run(name);
        let proxy = Proxy::to(runtime, address(server.url()));
        Self { server, proxy, ending: ending.to_owned() }
    }

    /// Where the fleet finds it: through the proxy.
    pub(super) fn url(&self) -> String {
        let through = format!("127.0.0.1:{}", self.proxy.port());
        self.direct().replacen(address(self.server.url()), &through, 1)
    }

    /// Where the test finds it, whatever happens to the way.
    pub(super) fn direct(&self) -> String {
        format!("{}{}", self.server.url(), self.ending)
    }
}

/// `HOST:PORT` of a URL.
fn address(url: &str) -> &str {
    let rest = url.split_once("://").unwrap().1;
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    rest.split('/').next().unwrap()
}
