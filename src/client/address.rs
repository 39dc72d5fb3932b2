//! Where a coordinator is: https anywhere, http on this machine only, since a token goes along.

use std::net::IpAddr;

use http::Uri;
use http::uri::Scheme;

/// Reads the address of a coordinator; what paths are put after.
///
/// # Errors
/// A sentence that says what an address looks like. It does not repeat what may hold a password.
pub(super) fn read(text: &str) -> Result<String, String> {
    let like = "write it as https://HOST or http://127.0.0.1:PORT";
    let uri: Uri =
        text.trim().parse().map_err(|_| format!("--server is not an address: {like}"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
        return Err(format!("--server is not a whole address: {like}"));
    };
    if authority.as_str().contains('@') || uri.query().is_some() {
        return Err(format!(
            "--server holds more than an address: {like}; the token goes into ORGSWEEP_TOKEN or --token-file"
        ));
    }
    if *scheme == Scheme::HTTP && !is_loopback(authority.host()) {
        return Err(format!(
            "--server {scheme}://{authority} would send the token in the clear: use https, or http on this machine only"
        ));
    }
    if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS {
        return Err(format!("--server is neither http nor https: {like}"));
    }
    Ok(format!("{scheme}://{authority}{}", uri.path().trim_end_matches('/')))
}

/// Writes a name so that it is one part of a path.
pub(crate) fn part(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_over_https_or_nowhere_but_here() {
        for (text, base) in [
            ("https://orgsweep.example.com", "https://orgsweep.example.com"),
            ("https://orgsweep.example.com:8443/", "https://orgsweep.example.com:8443"),
            ("https://example.com/orgsweep/", "https://example.com/orgsweep"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://localhost:8080", "http://localhost:8080"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(base));
        }
        for text in ["http://orgsweep.example.com", "http://10.0.0.1", "http://localhost.example"] {
            assert!(read(text).unwrap_err().contains("in the clear"), "{text}");
        }
        for text in ["", "orgsweep", "127.0.0.1:8080", "ftp://127.0.0.1", "https://", "/x"] {
            assert!(read(text).unwrap_err().contains("https://HOST"), "{text}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_repeated() {
        for text in ["https://me:hush@example.com", "https://example.com/?token=hush"] {
            let said = read(text).unwrap_err();
            assert!(!said.contains("hush") && said.contains("ORGSWEEP_TOKEN"), "{said}");
        }
    }

    #[test]
    fn a_name_stays_one_part_of_a_path() {
        assert_eq!(part("20261122T020000-0a1b2c3d"), "20261122T020000-0a1b2c3d");
        assert_eq!(part("../a b?c#d%"), "..%2Fa%20b%3Fc%23d%25");
    }
}
