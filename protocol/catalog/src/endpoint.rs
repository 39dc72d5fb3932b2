//! Which host speaks for a service in a region, and which region its requests are signed for.

use protocol::ids::GLOBAL;

use crate::catalog::Catalog;
use crate::entry::Entry;
use crate::error::CatalogError;
use crate::partition::{Partition, could_be_region};
use crate::record::Record;
use crate::template;

/// Which kind of endpoint is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Variant {
    /// With cryptography that is validated to FIPS 140.
    pub fips: bool,
    /// Reachable by IPv6 as well.
    pub dual_stack: bool,
}

/// A host and the region that requests to it are signed for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// The host's name.
    pub host: String,
    /// The region to sign for.
    pub signing_region: String,
}

impl Variant {
    /// The one of four things that stands for the variant.
    pub(crate) fn pick<T>(self, plain: T, fips: T, dual: T, both: T) -> T {
        match (self.fips, self.dual_stack) {
            (false, false) => plain,
            (true, false) => fips,
            (false, true) => dual,
            (true, true) => both,
        }
    }

    fn rule(self) -> &'static str {
        self.pick(
            "{prefix}.{region}.{dns}",
            "{prefix}-fips.{region}.{dns}",
            "{prefix}.{region}.{dual}",
            "{prefix}-fips.{region}.{dual}",
        )
    }

    fn words(self) -> &'static str {
        self.pick("endpoint", "FIPS endpoint", "dual-stack endpoint", "FIPS dual-stack endpoint")
    }
}

impl Catalog {
    /// The endpoint of a service in a region; `global` is the service's home in partition `aws`
    /// (for other partitions: [`Self::endpoint_in`]).
    ///
    /// # Errors
    /// [`CatalogError`] when the region's partition is not known, or the table has no endpoint of
    /// that variant.
    pub fn endpoint(
        &self,
        entry: &Entry,
        region: &str,
        variant: Variant,
    ) -> Result<Endpoint, CatalogError> {
        let partition = self.partition_for(region).ok_or_else(|| self.unknown_region(region))?;
        self.endpoint_in(partition, entry, region, variant)
    }

    /// The endpoint of a service in a region of a partition, or in its home there (`global`).
    ///
    /// # Errors
    /// [`CatalogError`] for what cannot be a region's name, or when the table has no endpoint of
    /// that variant.
    pub fn endpoint_in(
        &self,
        partition: &Partition,
        entry: &Entry,
        region: &str,
        variant: Variant,
    ) -> Result<Endpoint, CatalogError> {
        let follows_rules = Record::default();
        let record = self.record(&entry.endpoint_prefix).unwrap_or(&follows_rules);
        let none = |place: &str| CatalogError::NoEndpoint {
            service: entry.service.to_string(),
            place: place.to_owned(),
            kind: variant.words(),
            made_on: self.tables_made_on(),
            variable: entry.service.as_str().to_ascii_uppercase().replace('-', "_"),
        };
        let said = entry.home.get(&partition.id).filter(|_| region == GLOBAL);
        if let Some(home) = record.global.get(&partition.id) {
            let host = home.host(variant).filter(|_| record.has(variant, &partition.id, GLOBAL));
            let (host, signing_region) = host.ok_or_else(|| none(GLOBAL))?;
            if said.is_none_or(|said| said == signing_region) {
                let (host, signing_region) = (host.clone(), signing_region.clone());
                return Ok(Endpoint { host, signing_region });
            }
        }
        let region = match (region, said) {
            (_, Some(home)) => home,
            (GLOBAL, None) => &partition.home,
            (region, None) => region,
        };
        if !could_be_region(region) {
            return Err(self.unknown_region(region));
        }
        if !record.has(variant, &partition.id, region) {
            return Err(none(region));
        }
        let rule = record.template(variant, &partition.id, region).unwrap_or(variant.rule());
        let value = |name: &str| match name {
            "prefix" => Some(entry.endpoint_prefix.clone()),
            "region" => Some(region.to_owned()),
            "dns" => Some(partition.dns_suffix.clone()),
            "dual" => Some(partition.dual_stack_suffix.clone()),
            _ => None,
        };
        let host = template::fill(rule, &value).map_err(|_| none(region))?;
        Ok(Endpoint { host, signing_region: region.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static TABLES: LazyLock<Catalog> =
        LazyLock::new(|| Catalog::of_entries([]).expect("the tables"));

    const PLAIN: Variant = Variant { fips: false, dual_stack: false };
    const FIPS: Variant = Variant { fips: true, dual_stack: false };
    const DUAL: Variant = Variant { fips: false, dual_stack: true };
    const BOTH: Variant = Variant { fips: true, dual_stack: true };

    fn entry(prefix: &str, home: &str) -> Entry {
        toml::from_str(&format!(
            "service = 'api-x'\ntitle = 'X'\ncategory = 'other'\norigin = 'curated'\n\
             protocol = 'json-1.1'\nendpoint_prefix = '{prefix}'\nscope = 'regional'\n\
             probe = []\nhome = {home}"
        ))
        .expect("an entry")
    }

    fn at(prefix: &str, region: &str, variant: Variant) -> String {
        with_home(prefix, "{}", region, variant)
    }

    fn with_home(prefix: &str, home: &str, region: &str, variant: Variant) -> String {
        let catalog = &*TABLES;
        match catalog.endpoint(&entry(prefix, home), region, variant) {
            Ok(endpoint) => format!("{} {}", endpoint.host, endpoint.signing_region),
            Err(error) => error.to_string(),
        }
    }

    fn in_partition(prefix: &str, home: &str, partition: &str) -> String {
        let catalog = &*TABLES;
        let partition = catalog.partition(partition).expect("a partition");
        let entry = entry(prefix, home);
        let endpoint = catalog.endpoint_in(partition, &entry, GLOBAL, PLAIN).expect("an endpoint");
        format!("{} {}", endpoint.host, endpoint.signing_region)
    }

    #[test]
    fn most_services_follow_the_rule_of_their_partition() {
        assert_eq!(
            at("guardduty", "eu-west-1", PLAIN),
            "guardduty.eu-west-1.amazonaws.com eu-west-1"
        );
        assert_eq!(at("ec2", "cn-north-1", PLAIN), "ec2.cn-north-1.amazonaws.com.cn cn-north-1");
        assert_eq!(
            at("api.ecr", "us-iso-east-1", PLAIN),
            "api.ecr.us-iso-east-1.c2s.ic.gov us-iso-east-1"
        );
        assert_eq!(
            at("brand-new", "eu-south-9", PLAIN),
            "brand-new.eu-south-9.amazonaws.com eu-south-9"
        );
    }

    #[test]
    fn newer_services_end_in_the_newer_suffix() {
        assert_eq!(
            at("backup-search", "eu-west-1", PLAIN),
            "backup-search.eu-west-1.api.aws eu-west-1"
        );
        assert_eq!(
            at("backup-search", "cn-north-1", PLAIN),
            "backup-search.cn-north-1.api.amazonwebservices.com.cn cn-north-1"
        );
    }

    #[test]
    fn a_global_service_has_one_home_in_each_partition() {
        assert_eq!(at("iam", "global", PLAIN), "iam.amazonaws.com us-east-1");
        assert_eq!(at("iam", "eu-west-1", PLAIN), "iam.amazonaws.com us-east-1");
        assert_eq!(
            at("networkmanager", "global", PLAIN),
            "networkmanager.us-west-2.amazonaws.com us-west-2"
        );
        assert_eq!(at("s3", "global", PLAIN), "s3.us-east-1.amazonaws.com us-east-1");
        assert_eq!(
            in_partition("iam", "{}", "aws-cn"),
            "iam.cn-north-1.amazonaws.com.cn cn-north-1"
        );
        assert_eq!(
            in_partition("iam", "{}", "aws-us-gov"),
            "iam.us-gov.amazonaws.com us-gov-west-1"
        );
        assert_eq!(
            in_partition("organizations", "{}", "aws-cn"),
            "organizations.cn-northwest-1.amazonaws.com.cn cn-northwest-1"
        );
        assert_eq!(
            in_partition("s3", "{}", "aws-cn"),
            "s3.cn-northwest-1.amazonaws.com.cn cn-northwest-1"
        );
    }

    #[test]
    fn an_entry_may_name_its_home() {
        let home = "{ aws = 'us-west-2' }";
        assert_eq!(
            with_home("globalaccelerator", home, "global", PLAIN),
            "globalaccelerator.us-west-2.amazonaws.com us-west-2"
        );
        assert_eq!(
            with_home("networkmanager", home, "global", PLAIN),
            "networkmanager.us-west-2.amazonaws.com us-west-2"
        );
        assert_eq!(
            with_home("globalaccelerator", home, "eu-west-1", PLAIN),
            "globalaccelerator.eu-west-1.amazonaws.com eu-west-1"
        );
    }

    #[test]
    fn variants_have_hosts_of_their_own() {
        assert_eq!(
            at("guardduty", "us-east-1", FIPS),
            "guardduty-fips.us-east-1.amazonaws.com us-east-1"
        );
        assert_eq!(
            at("guardduty", "us-gov-west-1", FIPS),
            "guardduty.us-gov-west-1.amazonaws.com us-gov-west-1"
        );
        assert_eq!(at("s3", "eu-west-1", DUAL), "s3.dualstack.eu-west-1.amazonaws.com eu-west-1");
        assert_eq!(
            at("s3", "us-east-1", BOTH),
            "s3-fips.dualstack.us-east-1.amazonaws.com us-east-1"
        );
        assert_eq!(at("api.ecr", "eu-west-1", DUAL), "ecr.eu-west-1.api.aws eu-west-1");
        assert_eq!(at("iam", "global", FIPS), "iam-fips.amazonaws.com us-east-1");
    }

    #[test]
    fn a_variant_that_does_not_exist_is_told_in_a_sentence() {
        let told = at("guardduty", "eu-west-1", FIPS);
        let (no, rest) = told.split_once(" that the table of ").expect("a date");
        assert_eq!(no, "api-x has no FIPS endpoint in eu-west-1");
        let (_, advice) = rest.split_once("; ").expect("advice");
        assert_eq!(advice, "set AWS_ENDPOINT_URL_API_X if it has one, or leave the service out");
        let both = at("budgets", "global", BOTH);
        assert!(both.starts_with("api-x has no FIPS dual-stack endpoint in global"), "{both}");
    }

    #[test]
    fn nothing_that_a_server_says_becomes_another_host() {
        for region in ["evil.example/", "us-east-1@evil.example", "us-east-1.evil", "", "US-EAST-1"]
        {
            let told = at("s3", region, PLAIN);
            assert!(told.starts_with("there is no region"), "{told}");
            let catalog = &*TABLES;
            let aws = catalog.partition("aws").expect("aws");
            assert!(catalog.endpoint_in(aws, &entry("s3", "{}"), region, PLAIN).is_err());
        }
    }

    #[test]
    fn every_service_of_the_table_has_a_host_wherever_it_is_offered() {
        let catalog = &*TABLES;
        for partition in catalog.partitions() {
            for prefix in catalog.tables().records.keys() {
                let entry = entry(prefix, "{}");
                for region in partition.regions.iter().map(|r| r.name.as_str()).chain([GLOBAL]) {
                    let endpoint = catalog.endpoint_in(partition, &entry, region, PLAIN);
                    let host = endpoint.expect("a plain endpoint").host;
                    assert!(!host.contains(['{', '/', ' ']), "{host}");
                }
            }
        }
    }
}
