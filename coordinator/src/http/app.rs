//! What all requests share.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use protocol::TokenId;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::door::Door;
use super::limit::Limiter;
use super::live::Live;
use super::{Limits, Parts};

/// The most peers, and the most tokens, whose rates are remembered.
const REMEMBERED: usize = 4096;

/// What all requests share.
pub(super) struct App {
    pub(super) parts: Parts,
    pub(super) redaction: Option<reports::Redaction>,
    pub(super) door: Door,
    pub(super) peers: Limiter<IpAddr>,
    pub(super) tokens: Limiter<TokenId>,
    pub(super) live: Live,
    /// Permits for event streams.
    pub(super) streams: Arc<Semaphore>,
    /// Permits for reports that are being written.
    pub(super) reports: Arc<Semaphore>,
    pub(super) stop: CancellationToken,
}

impl App {
    /// What requests share that come through `door` until `stop`.
    pub(super) fn new(
        parts: Parts,
        redaction: Option<reports::Redaction>,
        door: Door,
        limits: Limits,
        stop: CancellationToken,
    ) -> Self {
        Self {
            parts,
            redaction,
            door,
            peers: Limiter::new(limits.peer, REMEMBERED),
            tokens: Limiter::new(limits.token, REMEMBERED),
            live: Live::default(),
            streams: Arc::new(Semaphore::new(limits.streams)),
            reports: Arc::new(Semaphore::new(limits.reports)),
            stop,
        }
    }
}

/// Whose rate is counted: an address; of IPv6 its network, since one machine has many addresses there.
pub(super) fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_counts_as_one_peer() {
        let of = |text: &str| counted_as(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
    }
}
