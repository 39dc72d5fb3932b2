//! Where a service is: overrides of environment and profile first, then the catalog's tables.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use aws_types::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use catalog::entry::Entry;
use catalog::{Catalog, Partition, Variant};
use protocol::{Failure, FailureKind, ServiceId};

use crate::error::ConnectError;
use crate::options::Options;

/// Names and endings of services whose `AWS_ENDPOINT_URL_<SERVICE>` is not simply their name.
const SERVICE_IDS: &str = include_str!("../data/service_ids.txt");

/// The most regions of a service whose targets are kept: more than any partition has. Answers name regions too, and may
/// name any.
const MOST_REGIONS: usize = 64;

/// The endpoints that were configured.
pub(crate) struct Endpoints {
    options: Arc<Options>,
    files: Option<SdkConfig>,
    /// Where calls go, as far as somebody asked.
    known: RwLock<HashMap<ServiceId, Vec<Known>>>,
}

/// The target of a service in a region of a partition.
struct Known {
    partition: String,
    region: String,
    target: Arc<Target>,
}

/// Where one call goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Scheme, host, port and a path that goes before the call's; no slash at the end.
    pub base: String,
    /// The region to sign for.
    pub signing_region: String,
    /// Whether the endpoint was configured, and is not AWS's own.
    pub configured: bool,
}

impl Endpoints {
    /// The endpoints of `options` and, beneath them, those of AWS's files.
    pub(crate) fn new(options: Arc<Options>, files: Option<SdkConfig>) -> Self {
        Self { options, files, known: RwLock::default() }
    }

    /// The endpoint that was configured for a service, if one was.
    pub(crate) fn configured(&self, service: &str) -> Option<String> {
        let ending = ending(service);
        let options = &self.options;
        let single = options.service_endpoints.get(&ending).cloned();
        let url =
            single.or_else(|| options.endpoint_url.clone()).or_else(|| self.in_files(&ending));
        url.map(|url| url.trim_end_matches('/').to_owned())
    }

    /// What a profile says: for the service, else for all.
    fn in_files(&self, ending: &str) -> Option<String> {
        let files = self.files.as_ref().filter(|_| !self.options.ignore_configured_endpoints)?;
        let key = ServiceConfigKey::builder()
            .service_id(ending)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build()
            .ok()?;
        let single = files.service_config().and_then(|config| config.load_config(key));
        single.or_else(|| files.endpoint_url().map(str::to_owned))
    }

    /// Which kind of endpoint is wanted.
    pub(crate) fn variant(&self) -> Variant {
        let files = self.files.as_ref();
        Variant {
            fips: self.options.fips || files.and_then(SdkConfig::use_fips).unwrap_or(false),
            dual_stack: self.options.dual_stack
                || files.and_then(SdkConfig::use_dual_stack).unwrap_or(false),
        }
    }

    /// Where a call of `entry` in a region of `partition` goes.
    pub(crate) fn target(
        &self,
        catalog: &Catalog,
        partition: &Partition,
        entry: &Entry,
        region: &str,
    ) -> Result<Arc<Target>, Failure> {
        if let Some(target) = self.known(partition, entry, region) {
            return Ok(target);
        }
        let target = Arc::new(self.find(catalog, partition, entry, region)?);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let targets = known.entry(entry.service.clone()).or_default();
        if targets.len() < MOST_REGIONS {
            let (partition, region) = (partition.id.clone(), region.to_owned());
            targets.push(Known { partition, region, target: Arc::clone(&target) });
        }
        Ok(target)
    }

    fn known(&self, partition: &Partition, entry: &Entry, region: &str) -> Option<Arc<Target>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut targets = known.get(&entry.service)?.iter();
        let found = targets.find(|at| at.region == region && at.partition == partition.id)?;
        Some(Arc::clone(&found.target))
    }

    fn find(
        &self,
        catalog: &Catalog,
        partition: &Partition,
        entry: &Entry,
        region: &str,
    ) -> Result<Target, Failure> {
        let configured = self.configured(entry.service.as_str());
        // An endpoint of one's own stands for every variant.
        let variant = if configured.is_some() { Variant::default() } else { self.variant() };
        let endpoint = catalog
            .endpoint_in(partition, entry, region, variant)
            .map_err(|error| Failure::new(FailureKind::Other, "NoEndpoint", error.to_string()))?;
        let is_configured = configured.is_some();
        let base = configured.unwrap_or_else(|| format!("https://{}", endpoint.host));
        Ok(Target { base, signing_region: endpoint.signing_region, configured: is_configured })
    }
}

/// The ending of a service's own variable.
fn ending(service: &str) -> String {
    static LISTED: LazyLock<HashMap<&str, &str>> =
        LazyLock::new(|| SERVICE_IDS.lines().filter_map(|line| line.split_once(' ')).collect());
    let listed = LISTED.get(service).copied();
    listed.map_or_else(|| service.replace('-', "_").to_ascii_uppercase(), str::to_owned)
}

/// Checks that every endpoint that was handed in is a URL with a host.
pub(crate) fn check(options: &Options) -> Result<(), ConnectError> {
    for url in options.endpoint_url.iter().chain(options.service_endpoints.values()) {
        let parsed = url.parse::<http::Uri>().ok();
        let usable = parsed.is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
                && uri.query().is_none()
        });
        if !usable {
            return Err(ConnectError::Endpoint { url: url.chars().take(200).collect() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(global: Option<&str>, single: &[(&str, &str)]) -> Endpoints {
        let owned = |(name, url): &(&str, &str)| ((*name).to_owned(), (*url).to_owned());
        let options = Options {
            endpoint_url: global.map(str::to_owned),
            service_endpoints: single.iter().map(owned).collect(),
            ..Options::default()
        };
        Endpoints::new(Arc::new(options), None)
    }

    #[test]
    fn a_services_own_endpoint_comes_before_the_one_for_all() {
        let both = endpoints(Some("http://a/"), &[("ELASTIC_LOAD_BALANCING_V2", "http://b")]);
        assert_eq!(both.configured("elbv2").as_deref(), Some("http://b"));
        assert_eq!(both.configured("s3").as_deref(), Some("http://a"));
        assert_eq!(endpoints(None, &[]).configured("s3"), None);
    }

    #[test]
    fn the_ending_of_a_variable_is_the_services_id() {
        for (service, expected) in [
            ("guardduty", "GUARDDUTY"),
            ("route53", "ROUTE_53"),
            ("cognito-identity", "COGNITO_IDENTITY"),
            ("events", "EVENTBRIDGE"),
        ] {
            assert_eq!(ending(service), expected);
        }
    }

    #[test]
    fn where_a_call_goes_is_found_once_and_regions_that_answers_name_are_bounded() {
        let catalog = Catalog::embedded().expect("the catalog");
        let partition = catalog.partition("aws").expect("the partition");
        let sqs = catalog.probe(&"sqs".parse().expect("a probe")).expect("the probe").entry;
        let endpoints = endpoints(Some("http://a"), &[]);
        let target = |region: &str| endpoints.target(&catalog, partition, sqs, region);
        let first = target("eu-west-1").expect("a target");
        for number in 0..2 * MOST_REGIONS {
            let told = target(&format!("xx-made-{number}")).expect("a target");
            assert_eq!(told.signing_region, format!("xx-made-{number}"));
        }
        assert!(Arc::ptr_eq(&first, &target("eu-west-1").expect("a target")));
        let known = endpoints.known.read().expect("a lock");
        assert_eq!(known.values().map(Vec::len).sum::<usize>(), MOST_REGIONS);
    }

    #[test]
    fn an_endpoint_that_is_no_url_is_refused_in_a_sentence() {
        for url in ["", "localhost:5000", "ftp://x", "http://", "http://x/?a=b"] {
            let options = Options { endpoint_url: Some(url.to_owned()), ..Options::default() };
            assert!(check(&options).is_err(), "{url}");
        }
        let options = Options {
            endpoint_url: Some("http://127.0.0.1:5000/aws".to_owned()),
            ..Options::default()
        };
        assert_eq!(check(&options), Ok(()));
    }
}
