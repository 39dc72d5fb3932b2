//! Which queues of which region: the URL, read.

use std::fmt;

use protocol::queue::{Line, QueueError};
use url::Url;

/// The longest prefix, in bytes: names of queues have 80.
const LONGEST_PREFIX: usize = 70;

/// A URL `sqs://REGION/PREFIX`, read. Who we are and where the endpoint is, AWS's own settings say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// The region.
    pub(super) region: String,
    /// Whether messages name their group, so that SQS is fair between groups.
    pub(super) is_fair: bool,
    prefix: String,
}

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`QueueError::Refused`] with what is wrong.
    pub(super) fn read(url: &str) -> Result<Self, QueueError> {
        let url = Url::parse(url).map_err(|error| wrong(&error.to_string()))?;
        let plain = url.scheme() == "sqs"
            && url.username().is_empty()
            && url.password().is_none()
            && url.port().is_none();
        if !plain {
            return Err(wrong("it has more than a region and a prefix"));
        }
        let region = url.host_str().unwrap_or_default();
        let is_region =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if region.is_empty() || !region.bytes().all(is_region) {
            return Err(wrong("it names no region"));
        }
        let prefix = url.path().trim_start_matches('/');
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if prefix.is_empty() || prefix.len() > LONGEST_PREFIX || !prefix.bytes().all(fits) {
            return Err(wrong(&format!(
                "its prefix is not 1 to {LONGEST_PREFIX} letters, digits, dashes and underscores"
            )));
        }
        let mut is_fair = true;
        for (key, value) in url.query_pairs() {
            match (&*key, &*value) {
                ("fair", "true") => is_fair = true,
                ("fair", "false") => is_fair = false,
                _ => return Err(wrong(&format!("it knows no setting {key:?} that is {value:?}"))),
            }
        }
        Ok(Self { region: region.to_owned(), is_fair, prefix: prefix.to_owned() })
    }

    /// What the queue of a line is called.
    pub(super) fn queue(&self, line: Line) -> String {
        format!("{}-{line}", self.prefix)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SQS in {}", self.region)
    }
}

fn wrong(why: &str) -> QueueError {
    QueueError::Refused(format!(
        "--queue is no address of SQS ({why}): it is sqs://REGION/PREFIX, with ?fair=false for a double that \
         knows no groups"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_and_a_prefix_name_three_queues() {
        let address = Address::read("sqs://eu-west-1/orgsweep").unwrap();
        assert_eq!(address.region, "eu-west-1");
        assert!(address.is_fair);
        let names = Line::ALL.iter().map(|line| address.queue(*line));
        assert_eq!(
            names.collect::<Vec<_>>(),
            ["orgsweep-tasks", "orgsweep-results", "orgsweep-parked"]
        );
        assert!(!Address::read("sqs://eu-west-1/orgsweep?fair=false").unwrap().is_fair);
    }

    #[test]
    fn anything_else_is_refused() {
        for url in [
            "sqs:",
            "sqs://",
            "sqs://eu-west-1",
            "sqs://eu-west-1/",
            "sqs:///orgsweep",
            "sqs://EU west/orgsweep",
            "sqs://eu-west-1/a/b",
            "sqs://eu-west-1/orgsweep.fifo",
            "sqs://AKIA:secret@eu-west-1/orgsweep",
            "sqs://eu-west-1/orgsweep?fair=perhaps",
            "sqs://eu-west-1/orgsweep?prefix=x",
        ] {
            let Err(QueueError::Refused(told)) = Address::read(url) else {
                panic!("{url} was read")
            };
            assert!(told.contains("--queue") && !told.contains("secret"), "{told}");
        }
    }
}
