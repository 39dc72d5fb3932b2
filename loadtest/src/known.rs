//! What botocore's models know of AWS's read operations; everything else is refused.
//!
//! The data come from `scripts/known_operations.py` and from botocore alone, never from the
//! catalog: a mistake in a catalog entry cannot hide here.

mod check;
mod route;

use std::collections::HashMap;

pub(crate) use check::{Sent, check};
use route::Template;

const DATA: &str = include_str!("../data/known_operations.txt");

/// An operation that botocore knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) service: &'static str,
    pub(crate) protocol: &'static str,
    pub(crate) signing: &'static str,
    pub(crate) name: &'static str,
    method: &'static str,
    path: &'static str,
    /// Its members, as the data file writes them.
    members: &'static str,
}

/// All operations, by what a request says of itself.
pub(crate) struct Known {
    /// The version of botocore that the data were made with.
    pub(crate) botocore: &'static str,
    by_target: HashMap<(&'static str, &'static str), Operation>,
    by_action: HashMap<(&'static str, &'static str, &'static str), Operation>,
    by_route: HashMap<(&'static str, &'static str), Vec<(Template, Operation)>>,
}

impl Known {
    pub(crate) fn load() -> Self {
        let mut known = Self {
            botocore: "",
            by_target: HashMap::new(),
            by_action: HashMap::new(),
            by_route: HashMap::new(),
        };
        let mut service = ServiceLine::default();
        for line in DATA.lines() {
            let (first, rest) = line.split_once('\t').unwrap_or((line, ""));
            match first {
                "botocore" => known.botocore = rest,
                "service" => service = ServiceLine::read(rest),
                name => known.add(&service, name, rest),
            }
        }
        known
    }

    fn add(&mut self, service: &ServiceLine, name: &'static str, rest: &'static str) {
        let mut fields = rest.splitn(3, '\t');
        let mut next = || fields.next().unwrap_or("");
        let operation = Operation {
            service: service.name,
            protocol: service.protocol,
            signing: service.signing,
            name,
            method: next(),
            path: next(),
            members: next(),
        };
        match service.protocol {
            "query" | "ec2" => {
                let key = (service.signing, service.version, name);
                self.by_action.insert(key, operation);
            }
            "rest-json" | "rest-xml" => {
                let template = Template::parse(operation.path);
                let key = (service.signing, operation.method);
                self.by_route.entry(key).or_default().push((template, operation));
            }
            _ => {
                self.by_target.insert((service.target, name), operation);
            }
        }
    }

    /// The operation of an `X-Amz-Target`.
    pub(crate) fn by_target(&self, target: &str) -> Option<Operation> {
        let (prefix, name) = target.rsplit_once('.')?;
        self.by_target.get(&(prefix, name)).copied()
    }

    /// The operation of an `Action` and `Version`, for a signing name.
    pub(crate) fn by_action(
        &self,
        signing: &str,
        version: &str,
        action: &str,
    ) -> Option<Operation> {
        self.by_action.get(&(signing, version, action)).copied()
    }

    /// The operations of a method, path and query string: those that fit most exactly. There may be
    /// several, since services with hosts of their own share a signing name.
    pub(crate) fn by_route(
        &self,
        signing: &str,
        method: &str,
        path: &str,
        query: &[(String, String)],
    ) -> Vec<Operation> {
        let routes = self.by_route.get(&(signing, method)).map_or(&[][..], Vec::as_slice);
        let fits = routes.iter().filter_map(|(template, operation)| {
            template.fit(path, query).map(|exactness| (exactness, *operation))
        });
        let fits: Vec<_> = fits.collect();
        let best = fits.iter().map(|(exactness, _)| *exactness).max();
        let best = fits.into_iter().filter(|(exactness, _)| Some(*exactness) == best);
        best.map(|(_, operation)| operation).collect()
    }
}

#[derive(Default)]
struct ServiceLine {
    name: &'static str,
    protocol: &'static str,
    signing: &'static str,
    version: &'static str,
    target: &'static str,
}

impl ServiceLine {
    fn read(rest: &'static str) -> Self {
        let mut fields = rest.split('\t');
        let mut next = || fields.next().unwrap_or("");
        let (name, protocol, signing) = (next(), next(), next());
        let (_endpoint_prefix, version, target) = (next(), next(), next());
        Self { name, protocol, signing, version, target }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_found_by_what_its_request_says() {
        let known = Known::load();
        let name = |operation: Option<Operation>| operation.map(|one| (one.service, one.name));
        assert_eq!(name(known.by_target("TrentService.ListKeys")), Some(("kms", "ListKeys")));
        assert_eq!(
            name(known.by_action("iam", "2010-05-08", "ListRoles")),
            Some(("iam", "ListRoles"))
        );
        let route = |signing, path, query: &[(&str, &str)]| {
            let query: Vec<_> =
                query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            let found = known.by_route(signing, "GET", path, &query);
            found.iter().map(|one| (one.service, one.name)).collect::<Vec<_>>()
        };
        assert_eq!(route("guardduty", "/detector", &[]), [("guardduty", "ListDetectors")]);
        assert_eq!(route("guardduty", "/detector/abc", &[]), [("guardduty", "GetDetector")]);
        let both = [("s3", "ListBuckets"), ("s3", "ListDirectoryBuckets")];
        assert_eq!(route("s3", "/", &[]), both);
        assert_eq!(route("s3", "/b", &[("policy", "")]), [("s3", "GetBucketPolicy")]);
        assert_eq!(route("guardduty", "/detectors", &[]), []);
        assert_eq!(name(known.by_target("TrentService.ListLocks")), None);
        assert_eq!(name(known.by_action("iam", "2010-05-09", "ListRoles")), None);
    }

    #[test]
    fn the_version_of_botocore_is_recorded() {
        assert!(Known::load().botocore.starts_with("1."));
    }
}
