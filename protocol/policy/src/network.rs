//! Addresses and the networks that hold them.

use std::net::IpAddr;

/// Whether a network, or a single address, holds an address; nothing when either is none.
pub(crate) fn holds(network: &str, address: &str) -> Option<bool> {
    let address: IpAddr = address.parse().ok()?;
    let (base, length) = match network.split_once('/') {
        Some((base, length)) => (base.parse::<IpAddr>().ok()?, Some(prefix(length)?)),
        None => (network.parse::<IpAddr>().ok()?, None),
    };
    let (base, address, width) = match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => {
            (left(base.to_bits()), left(address.to_bits()), 32)
        }
        (IpAddr::V6(base), IpAddr::V6(address)) => (base.to_bits(), address.to_bits(), 128),
        (IpAddr::V4(_), IpAddr::V6(_)) => return (length <= Some(32)).then_some(false),
        (IpAddr::V6(_), IpAddr::V4(_)) => return Some(false),
    };
    let length = length.unwrap_or(width);
    if length > width {
        return None;
    }
    // A network of length 0 holds all; a shift by the whole width is not defined.
    Some((base ^ address).checked_shr(128 - length).unwrap_or(0) == 0)
}

/// An IPv4 address at the left end, so that both kinds are compared alike.
fn left(bits: u32) -> u128 {
    u128::from(bits) << 96
}

fn prefix(text: &str) -> Option<u32> {
    let plain = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten().filter(|length| *length <= 128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_what_their_prefix_says() {
        for (network, address, expected) in [
            ("203.0.113.0/24", "203.0.113.255", Some(true)),
            ("203.0.113.0/24", "203.0.114.0", Some(false)),
            ("203.0.113.7", "203.0.113.7", Some(true)),
            ("203.0.113.7", "203.0.113.8", Some(false)),
            ("0.0.0.0/0", "255.255.255.255", Some(true)),
            ("203.0.113.7/32", "203.0.113.6", Some(false)),
            ("2001:db8::/32", "2001:db8:ffff::1", Some(true)),
            ("2001:db8::/32", "2001:db9::", Some(false)),
            ("::/0", "::1", Some(true)),
            ("::/0", "10.0.0.1", Some(false)),
            ("0.0.0.0/0", "::1", Some(false)),
            ("203.0.113.0/33", "203.0.113.0", None),
            ("203.0.113.0/", "203.0.113.0", None),
            ("203.0.113.*", "203.0.113.0", None),
            ("203.0.113.0/24", "here", None),
        ] {
            assert_eq!(holds(network, address), expected, "{network} {address}");
        }
    }
}
