//! Signature version 4.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http_body_util::Full;

/// What a signature is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signing<'a> {
    /// The service's signing name.
    pub name: &'a str,
    /// The region.
    pub region: &'a str,
    /// The moment.
    pub time: SystemTime,
    /// By whom.
    pub credentials: &'a Credentials,
}

/// Why a request cannot be signed: it is no request, or the credentials are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the request cannot be signed: {0}")]
pub(crate) struct Unsignable(String);

/// The request with its signature in its headers.
pub(crate) fn signed(
    mut request: http::Request<Full<Bytes>>,
    body: &Bytes,
    signing: Signing<'_>,
) -> Result<http::Request<Full<Bytes>>, Unsignable> {
    let identity = Identity::from(signing.credentials.clone());
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(signing.region)
        .name(signing.name)
        .time(signing.time)
        .settings(settings(signing.name))
        .build()
        .map_err(|error| Unsignable(error.to_string()))?
        .into();
    let instructions = {
        let uri = request.uri().to_string();
        let headers: Vec<(&str, &str)> = request
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
            .collect();
        let method = request.method().as_str();
        let signable =
            SignableRequest::new(method, uri, headers.into_iter(), SignableBody::Bytes(body))
                .map_err(|error| Unsignable(error.to_string()))?;
        let signed = sign(signable, &params).map_err(|error| Unsignable(error.to_string()))?;
        signed.into_parts().0
    };
    instructions.apply_to_request_http1x(&mut request);
    Ok(request)
}

/// S3 takes the path as it is and wants the body's hash in a header; all others the opposite.
fn settings(name: &str) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if matches!(name, "s3" | "s3-outposts" | "s3express" | "s3-object-lambda") {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    settings
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::{DateTime, Utc};
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct File {
        access_key_id: String,
        secret_access_key: String,
        time: DateTime<Utc>,
        vectors: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        case: String,
        signing_name: String,
        region: String,
        method: String,
        url: String,
        headers: BTreeMap<String, String>,
        body: String,
        token: Option<String>,
        authorization: String,
    }

    /// The vectors are made by `scripts/sigv4_vectors.py`.
    #[test]
    fn signatures_are_botocores() {
        let text = include_str!("../tests/vectors/sigv4.json");
        let file: File = serde_json::from_str(text).expect("the vectors");
        for vector in file.vectors {
            let body = Bytes::from(vector.body);
            let mut request = http::Request::builder()
                .method(vector.method.as_str())
                .uri(&vector.url)
                .header("user-agent", "is not signed")
                .body(Full::new(body.clone()))
                .expect("a request");
            for (name, value) in &vector.headers {
                let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a name");
                request.headers_mut().insert(name, value.parse().expect("a value"));
            }
            let (id, secret) = (&file.access_key_id, &file.secret_access_key);
            let credentials = Credentials::new(id, secret, vector.token, None, "test");
            let signing = Signing {
                name: &vector.signing_name,
                region: &vector.region,
                time: file.time.into(),
                credentials: &credentials,
            };
            let signed = signed(request, &body, signing).expect("a signature");
            let ours = signed.headers().get("authorization").and_then(|v| v.to_str().ok());
            assert_eq!(ours, Some(vector.authorization.as_str()), "{}", vector.case);
        }
    }
}
