//! Results that are written out: objects in buckets, by the credentials of the service itself.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::scan::Settings;
use protocol::{Failure, FailureKind};

use crate::access::Access;
use crate::direct::{Place, Refused};
use crate::endpoints::Target;
use crate::organization::patiently;
use crate::preflight::control_entry;
use crate::session::{Identity, Key};
use crate::wire::Outgoing;

const OPERATION: &str = "PutObject";
/// What stays as it is in a key's path.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
const ENCRYPTION: HeaderName = HeaderName::from_static("x-amz-server-side-encryption");
const KMS_KEY: HeaderName = HeaderName::from_static("x-amz-server-side-encryption-aws-kms-key-id");
/// The longest key, in bytes.
const LONGEST_KEY: usize = 1024;

/// A bucket, and what stands before the keys in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketPlace {
    /// The bucket.
    pub bucket: String,
    /// Empty, or ending in a slash.
    pub prefix: String,
}

/// Text that is no place in S3.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no place in S3: one looks like s3://BUCKET or s3://BUCKET/PREFIX")]
pub struct BadPlace {
    text: String,
}

/// How S3 is to encrypt an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// As the bucket does by itself.
    Buckets,
    /// With S3's own keys.
    Aes256,
    /// With a key of KMS; without one, with that of the account.
    Kms(Option<String>),
}

/// An object to be written.
#[derive(Debug, Clone)]
pub struct NewObject<'a> {
    /// Its bucket.
    pub bucket: &'a str,
    /// Its key.
    pub key: &'a str,
    /// What it holds.
    pub body: &'a [u8],
    /// The type of that.
    pub content_type: &'static str,
    /// How it is to be encrypted.
    pub encryption: &'a Encryption,
}

impl FromStr for BucketPlace {
    type Err = BadPlace;

    fn from_str(text: &str) -> Result<Self, BadPlace> {
        let bad = || BadPlace { text: text.chars().take(200).collect() };
        let rest = text.strip_prefix("s3://").ok_or_else(bad)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_matches('/');
        let plain =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let is_bucket = (3..=63).contains(&bucket.len())
            && bucket.chars().all(plain)
            && bucket.starts_with(ends)
            && bucket.ends_with(ends)
            && !bucket.contains("..");
        // Room for the name of a file must be left.
        let is_prefix = prefix.len() <= LONGEST_KEY / 2
            && !prefix.split('/').any(|step| matches!(step, "." | ".."))
            && !prefix.chars().any(char::is_control);
        if !is_bucket || !is_prefix {
            return Err(bad());
        }
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self { bucket: bucket.to_owned(), prefix })
    }
}

impl fmt::Display for BucketPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
}

/// Writes an object, patiently, and into the region that S3 names as the bucket's.
pub(crate) async fn upload(
    access: &Access,
    settings: &Settings,
    object: &NewObject<'_>,
) -> Result<(), Failure> {
    let Some((connection, _)) = settings.connections().into_iter().next() else {
        return Err(Failure::new(FailureKind::Invalid, "NoConnection", "there is no connection"));
    };
    let who = Key { scan: None, connection, identity: Identity::Base };
    let attempts = settings.pace.max_attempts;
    let session = patiently(attempts, || access.session(&who)).await?;
    let origin = access.origin(&who.connection).await?;
    let mut region = access.hub_region(origin).to_owned();
    let mut moved = false;
    loop {
        let ask = access.control.purse.ask_of("default", "s3", &session.account, &region)?;
        let entry = control_entry("s3")?;
        let headers = headers(object)?;
        let outgoing = |target: &Target| outgoing(object, target, headers.clone());
        let told = patiently(attempts, async || {
            let place = Place { entry, region: &region };
            match access.exchange(&who, &ask, place, &outgoing).await {
                Ok(_) => Ok(None),
                Err(Refused { failure, moved: Some(home) }) if home != region => {
                    Ok(Some((home, failure)))
                }
                Err(refused) => Err(refused.failure.during(OPERATION)),
            }
        })
        .await?;
        match told {
            None => return Ok(()),
            Some((home, _)) if !moved => {
                moved = true;
                region = home;
            }
            Some((home, failure)) => {
                let message = format!(
                    "the bucket {} is said to be in {home}, and was asked for in {region}: {}",
                    object.bucket, failure.message
                );
                return Err(
                    Failure::new(FailureKind::Other, failure.code, message).during(OPERATION)
                );
            }
        }
    }
}

fn headers(object: &NewObject<'_>) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    let mut headers = vec![(CONTENT_TYPE, HeaderValue::from_static(object.content_type))];
    match object.encryption {
        Encryption::Buckets => {}
        Encryption::Aes256 => headers.push((ENCRYPTION, HeaderValue::from_static("AES256"))),
        Encryption::Kms(key) => {
            headers.push((ENCRYPTION, HeaderValue::from_static("aws:kms")));
            if let Some(key) = key {
                let key = HeaderValue::from_str(key).map_err(|error| {
                    Failure::new(FailureKind::Invalid, "BadKey", format!("the KMS key: {error}"))
                })?;
                headers.push((KMS_KEY, key));
            }
        }
    }
    Ok(headers)
}

/// The request: the bucket is a part of the host, or of the path where the endpoint is one's own, or where a dot in its
/// name would not go with the host's certificate.
fn outgoing(
    object: &NewObject<'_>,
    target: &Target,
    headers: Vec<(HeaderName, HeaderValue)>,
) -> Outgoing {
    let NewObject { bucket, key, .. } = object;
    let key = utf8_percent_encode(key, PATH);
    let host = target.base.split_once("://").map(|(_, host)| host);
    let host = host.filter(|_| !target.configured && !bucket.contains('.'));
    let path = match host {
        Some(_) => format!("/{key}"),
        None => format!("/{bucket}/{key}"),
    };
    Outgoing {
        method: Method::PUT,
        path,
        query: String::new(),
        headers,
        body: Bytes::copy_from_slice(object.body),
        host: host.map(|host| format!("{bucket}.{host}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(configured: bool) -> Target {
        let base = if configured {
            "http://127.0.0.1:5000/aws"
        } else {
            "https://s3.eu-west-1.amazonaws.com"
        };
        Target { base: base.to_owned(), signing_region: "eu-west-1".to_owned(), configured }
    }

    fn place(bucket: &str, configured: bool) -> (Option<String>, String) {
        let object = NewObject {
            bucket,
            key: "a b/ü+c.csv",
            body: b"",
            content_type: "text/csv",
            encryption: &Encryption::Buckets,
        };
        let outgoing = outgoing(&object, &target(configured), Vec::new());
        (outgoing.host, outgoing.path)
    }

    #[test]
    fn a_bucket_is_in_the_host_or_in_the_path() {
        let key = "a%20b/%C3%BC%2Bc.csv";
        let host = "reports.s3.eu-west-1.amazonaws.com".to_owned();
        assert_eq!(place("reports", false), (Some(host), format!("/{key}")));
        assert_eq!(place("my.reports", false), (None, format!("/my.reports/{key}")));
        assert_eq!(place("reports", true), (None, format!("/reports/{key}")));
    }

    #[test]
    fn a_place_is_a_bucket_and_maybe_a_prefix() {
        for (text, told) in [
            ("s3://reports", "s3://reports/"),
            ("s3://reports/", "s3://reports/"),
            ("s3://reports/a/b/", "s3://reports/a/b/"),
            ("s3://my.reports-1/a", "s3://my.reports-1/a/"),
        ] {
            let place: BucketPlace = text.parse().expect("a place");
            assert_eq!(place.to_string(), told);
        }
        for text in [
            "reports",
            "s3://",
            "s3://ab",
            "s3://Reports",
            "s3://-abc",
            "s3://a..b",
            "s3://abc/../d",
            "https://abc",
        ] {
            assert!(text.parse::<BucketPlace>().is_err(), "{text}");
        }
    }
}
