//! The key of a signature: its steps for the day and the region are taken once, and serve every service there.
//!
//! The steps are AWS's: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The most regions whose steps are kept: more than any partition has.
const MOST_REGIONS: usize = 64;

type Key = [u8; 32];

/// The steps that were taken with one secret, all of one day.
#[derive(Default)]
pub(crate) struct SigningKeys(Mutex<Steps>);

#[derive(Default)]
struct Steps {
    day: String,
    regions: HashMap<String, Key>,
}

impl SigningKeys {
    /// The key that signs what is asked of a service on a day, e.g. `20261122`. The secret is always the same.
    pub(crate) fn key(&self, secret: &str, day: &str, region: &str, service: &str) -> Key {
        let regional = self.regional(secret, day, region);
        step(&step(&regional, service), "aws4_request")
    }

    fn regional(&self, secret: &str, day: &str, region: &str) -> Key {
        let mut steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if steps.day != day || steps.regions.len() >= MOST_REGIONS {
            *steps = Steps { day: day.to_owned(), regions: HashMap::new() };
        }
        if let Some(key) = steps.regions.get(region) {
            return *key;
        }
        let key = step(&step(format!("AWS4{secret}").as_bytes(), day), region);
        steps.regions.insert(region.to_owned(), key);
        key
    }
}

fn step(key: &[u8], text: &str) -> Key {
    mac(key, [text.as_bytes()])
}

/// The HMAC of a text in parts, by SHA-256.
pub(crate) fn mac<'a>(key: &[u8], parts: impl IntoIterator<Item = &'a [u8]>) -> Key {
    // A key may have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Key::default() };
    parts.into_iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use aws_sigv4::sign::v4::generate_signing_key;
    use chrono::{DateTime, TimeZone, Utc};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_is_the_signers_own_whatever_was_asked_before(
            asked in prop::collection::vec((0_i64..4, 0_usize..80, 0_usize..3), 1..40),
        ) {
            let keys = SigningKeys::default();
            for (day, region, service) in asked {
                let time: DateTime<Utc> = Utc.timestamp_opt(1_800_000_000 + day * 86_400, 0).unwrap();
                let (region, service) = (format!("region-{region}"), ["s3", "sqs", "ec2"][service]);
                let key = keys.key("secret", &time.format("%Y%m%d").to_string(), &region, service);
                let signers = generate_signing_key("secret", SystemTime::from(time), &region, service);
                prop_assert_eq!(&key[..], signers.as_ref());
            }
        }
    }
}
