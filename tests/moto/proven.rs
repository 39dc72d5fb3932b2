//! What moto proves of the catalog: the list beside this file, which a test holds to the truth.

use std::fmt;
use std::path::Path;

use catalog::ProbeView;
use catalog::entry::Wire;

/// A probe whose answers were compared with what boto3 had made.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Proof {
    pub(crate) service: String,
    probe: String,
    pub(crate) wire: &'static str,
    is_whole: bool,
}

impl Proof {
    /// Of a probe; `is_whole` where moto answers every call of it.
    pub(crate) fn of(view: ProbeView<'_>, is_whole: bool) -> Self {
        let wire = match view.entry.protocol {
            Wire::Json10 => "json-1.0",
            Wire::Json11 => "json-1.1",
            Wire::Query => "query",
            Wire::Ec2 => "ec2",
            Wire::RestJson => "rest-json",
            Wire::RestXml => "rest-xml",
        };
        let service = view.entry.service.to_string();
        Self { service, probe: view.probe.id.to_string(), wire, is_whole }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extent = if self.is_whole { "whole" } else { "in part" };
        write!(f, "{}\t{}\t{extent}", self.probe, self.wire)
    }
}

/// Fails where the list of what is proven is stale.
pub(crate) fn hold<'p>(proofs: impl IntoIterator<Item = &'p Proof>) {
    let mut text =
        "# What moto proves: probe, protocol, and whether moto answers all of its calls.\n\
                    # Made by the test `services`, which says when it is stale.\n"
            .to_owned();
    for proof in proofs {
        text.push_str(&format!("{proof}\n"));
    }
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/moto/proven.txt");
    if std::fs::read_to_string(&list).is_ok_and(|committed| committed == text) {
        return;
    }
    let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("proven.txt");
    std::fs::write(&new, text).unwrap();
    panic!("the list of what moto proves is stale: cp {} {}", new.display(), list.display());
}
