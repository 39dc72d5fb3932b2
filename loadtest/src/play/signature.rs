//! Signature version 4, computed again to compare.

use sha2::{Digest, Sha256};

use super::reader::{Credential, Incoming};

/// Whether a request bears the signature that its secret gives.
pub(crate) fn verify(incoming: &Incoming, credential: &Credential, secret: &str) -> bool {
    let canonical = canonical(incoming, credential);
    let date = incoming.header("x-amz-date").unwrap_or("");
    let Credential { region, signing, .. } = credential;
    let scope = format!("{}/{region}/{signing}/aws4_request", credential.date);
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let parts = [credential.date.as_str(), region, signing, "aws4_request"];
    let key = parts.iter().fold(format!("AWS4{secret}").into_bytes(), |key, part| {
        hmac(&key, part.as_bytes()).to_vec()
    });
    hex(&hmac(&key, to_sign.as_bytes())) == credential.signature
}

fn canonical(incoming: &Incoming, credential: &Credential) -> String {
    let path =
        if credential.signing == "s3" { incoming.path.clone() } else { encoded(&incoming.path) };
    let mut query: Vec<String> = incoming
        .query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| if pair.contains('=') { pair.to_owned() } else { format!("{pair}=") })
        .collect();
    query.sort();
    let mut headers = String::new();
    for name in credential.signed_headers.split(';') {
        let values: Vec<String> = incoming
            .headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        headers.push_str(&format!("{name}:{}\n", values.join(",")));
    }
    let payload = incoming
        .header("x-amz-content-sha256")
        .map_or_else(|| hex(&Sha256::digest(&incoming.body)), str::to_owned);
    let (method, signed) = (&incoming.method, &credential.signed_headers);
    format!("{method}\n{path}\n{}\n{headers}\n{signed}\n{payload}", query.join("&"))
}

/// The path, encoded once more, as all services but S3 want it.
fn encoded(path: &str) -> String {
    const KEPT: percent_encoding::AsciiSet = percent_encoding::NON_ALPHANUMERIC
        .remove(b'/')
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~');
    percent_encoding::utf8_percent_encode(path, &KEPT).to_string()
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    let hashed;
    let key = if key.len() > block.len() {
        hashed = Sha256::digest(key);
        hashed.as_slice()
    } else {
        key
    };
    for (place, byte) in block.iter_mut().zip(key) {
        *place = *byte;
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message);
    let outer = Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c));
    outer.chain_update(inner.finalize()).finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        let digest = hmac(b"Jefe", b"what do ya want for nothing?");
        let wanted = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex(&digest), wanted);
    }

    /// The example `get-vanilla-query-order-key-case` of AWS's signature test suite.
    #[test]
    fn the_example_of_aws_is_verified() {
        let mut headers = http::HeaderMap::new();
        let mut add = |name: &'static str, value: &'static str| {
            headers.insert(name, http::HeaderValue::from_static(value));
        };
        add("host", "example.amazonaws.com");
        add("x-amz-date", "20150830T123600Z");
        add(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        );
        let incoming = Incoming {
            method: http::Method::GET,
            path: "/".to_owned(),
            query: "Param2=value2&Param1=value1".to_owned(),
            headers,
            body: bytes::Bytes::new(),
        };
        let credential = incoming.credential().expect("a credential");
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        assert!(verify(&incoming, &credential, secret));
        assert!(!verify(&incoming, &credential, "another"));
    }
}
