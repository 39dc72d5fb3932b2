//! A scenario: the file, read, checked, and turned into a world.

mod merge;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use catalog::Catalog;
use loadtest::{Fat, Latency, Manner, Organization, Recording, Shape, Tls, Trouble, World};
use protocol::selection::Selection;
use protocol::{Region, ServiceId};
use serde::Deserialize;

/// The requests that are kept for those who send them again.
const RECORDING: Recording = Recording { one_of: 11, most: 100_000 };

/// What is run: who is there, how AWS behaves, how it is scanned.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// Its name: that of its file.
    #[serde(skip)]
    pub name: String,
    /// What it is for, in a sentence.
    pub about: String,
    /// Who is there.
    pub organization: Who,
    /// How AWS behaves.
    pub aws: Aws,
    /// How it is scanned.
    pub scan: Scan,
    /// Whether others do the same work in the same run, to compare with.
    #[serde(default)]
    pub references: bool,
    /// The fleet that scans; without it one process does.
    pub fleet: Option<Fleet>,
}

/// The organization.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Who {
    /// How many accounts it has.
    pub accounts: u32,
    /// How many units it has at least; the usual ones where there is no number.
    #[serde(default)]
    pub units: u32,
    /// What it is made from.
    pub seed: u64,
    /// The share of cells that are in use, roughly.
    pub in_use_percent: u8,
    /// What goes wrong.
    #[serde(default)]
    pub trouble: Wrong,
    /// The one account with a list of many pages.
    pub fat: Option<Fatness>,
}

/// What goes wrong: of a thousand, as [`Trouble`] has it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Wrong {
    closed_doors: bool,
    throttled: u32,
    transient: u32,
    denied: u32,
    broken: u32,
    half_denied: u32,
    mislabelled: u32,
    hangs: u32,
}

/// A list that is very long.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fatness {
    /// The service, by its name in the catalog.
    pub service: String,
    /// The region.
    pub region: String,
    /// How many things the list has.
    pub things: u64,
}

/// How AWS behaves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Aws {
    /// The median of the latency, in milliseconds.
    pub p50_ms: u64,
    /// Its 99th percentile; the median where it is always the same.
    pub p99_ms: u64,
    /// Whether token buckets are enforced.
    #[serde(default = "yes")]
    pub buckets: bool,
    /// Whether answers are as large as AWS's, not only what the catalog reads.
    #[serde(default)]
    pub full_bodies: bool,
    /// Whether signatures are verified.
    #[serde(default)]
    pub verify_signatures: bool,
    /// Whether everything is encrypted.
    #[serde(default)]
    pub tls: bool,
    /// Sessions last no longer than this.
    pub session_seconds: Option<i64>,
    /// How long a call hangs that hangs.
    #[serde(default = "half_a_minute")]
    pub hang_seconds: u64,
}

/// How it is scanned.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scan {
    /// The services; those of the core catalog where there are none.
    #[serde(default)]
    pub services: Vec<String>,
    /// The regions; all of the partition where there are none.
    #[serde(default)]
    pub regions: Vec<String>,
    /// Calls in flight at once, over all workers.
    pub max_in_flight: u32,
    /// The share of AWS's buckets that may be spent, in per cent.
    pub budget_share: u8,
    /// The deadline of one call, as orgsweep takes it.
    #[serde(default = "ten_seconds")]
    pub call_timeout: String,
}

/// The fleet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fleet {
    /// How many workers share the calls in flight.
    pub workers: u32,
}

const fn yes() -> bool {
    true
}

const fn half_a_minute() -> u64 {
    30
}

fn ten_seconds() -> String {
    "10s".to_owned()
}

impl Scenario {
    /// Reads a scenario, and those that it is like.
    ///
    /// # Errors
    /// What is wrong, with file and place.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = toml::to_string(&merge::read(path)?)?;
        let mut scenario: Self =
            toml::from_str(&text).with_context(|| path.display().to_string())?;
        let stem = path.file_stem().unwrap_or_default();
        scenario.name = stem.to_string_lossy().into_owned();
        scenario.check().with_context(|| path.display().to_string())?;
        Ok(scenario)
    }

    fn check(&self) -> anyhow::Result<()> {
        let Self { organization, aws, scan, fleet, .. } = self;
        if !(1..=20_000).contains(&organization.accounts) {
            bail!("organization.accounts is {}: it is 1 to 20000", organization.accounts);
        }
        if organization.units > 10_000 {
            bail!("organization.units is {}: it is 10000 at most", organization.units);
        }
        if organization.in_use_percent > 100 || !(1..=100).contains(&scan.budget_share) {
            bail!("organization.in-use-percent and scan.budget-share are shares of a hundred");
        }
        if aws.p99_ms < aws.p50_ms {
            bail!("aws.p99-ms is below aws.p50-ms");
        }
        if !(1..=16_384).contains(&scan.max_in_flight) {
            bail!("scan.max-in-flight is {}: it is 1 to 16384", scan.max_in_flight);
        }
        let workers = fleet.as_ref().map_or(1, |fleet| fleet.workers);
        if workers == 0 || workers > scan.max_in_flight {
            bail!("fleet.workers is {workers}: it is 1 to scan.max-in-flight");
        }
        let catalog = Catalog::embedded()?;
        let selection = self.selection()?;
        catalog.select(&selection)?;
        if let Some(fat) = &organization.fat
            && !catalog.probes().any(|view| view.entry.service.as_str() == fat.service)
        {
            bail!("organization.fat.service: the catalog has no service {}", fat.service);
        }
        Ok(())
    }

    /// The regions and services that are scanned.
    ///
    /// # Errors
    /// The name that is none.
    pub fn selection(&self) -> anyhow::Result<Selection> {
        let Scan { services, regions, .. } = &self.scan;
        Ok(Selection {
            services: services.iter().map(ServiceId::new).collect::<Result<_, _>>()?,
            regions: regions.iter().map(Region::new).collect::<Result<_, _>>()?,
            ..Selection::default()
        })
    }

    /// The world that the stand-in plays.
    ///
    /// # Errors
    /// The catalog's, where it cannot be read.
    pub fn world(&self) -> anyhow::Result<World> {
        let Who { accounts, units, seed, in_use_percent, trouble, fat } = &self.organization;
        let shape = Shape {
            accounts: *accounts,
            units: *units,
            seed: *seed,
            in_use_percent: *in_use_percent,
            trouble: trouble.clone().into(),
            fat: fat.clone().map(|fat| Fat {
                service: fat.service,
                region: fat.region,
                things: fat.things,
            }),
            ..Shape::default()
        };
        Ok(World::new(Organization::new(shape), Catalog::embedded()?))
    }

    /// How the stand-in behaves.
    #[must_use]
    pub fn manner(&self) -> Manner {
        let aws = &self.aws;
        let [p50, p99] = [aws.p50_ms, aws.p99_ms].map(Duration::from_millis);
        let latency = match (aws.p50_ms, aws.p99_ms) {
            (0, 0) => Latency::None,
            (one, other) if one == other => Latency::Fixed(p50),
            _ => Latency::LogNormal { p50, p99 },
        };
        Manner {
            latency,
            enforce_buckets: aws.buckets,
            verify_signatures: aws.verify_signatures,
            full_bodies: aws.full_bodies,
            longest_session: aws.session_seconds,
            hang: Duration::from_secs(aws.hang_seconds),
            share: Some(self.scan.budget_share),
            tls: aws.tls.then(certificate),
            record: self.references.then_some(RECORDING),
            ..Manner::default()
        }
    }
}

/// The certificate of stand-ins: it is for tests alone, and opens nothing.
pub(crate) fn certificate() -> Tls {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tls");
    Tls { cert: folder.join("loopback.pem"), key: folder.join("loopback.key") }
}

impl From<Wrong> for Trouble {
    fn from(wrong: Wrong) -> Self {
        Self {
            closed_doors: wrong.closed_doors,
            throttled: wrong.throttled,
            transient: wrong.transient,
            denied: wrong.denied,
            broken: wrong.broken,
            half_denied: wrong.half_denied,
            mislabelled: wrong.mislabelled,
            hangs: wrong.hangs,
            endless: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Scenario> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("tried.toml");
        std::fs::write(&path, text)?;
        Scenario::read(&path)
    }

    const WHOLE: &str = r#"
        about = "a try"
        [organization]
        accounts = 3
        seed = 1
        in-use-percent = 12
        [aws]
        p50-ms = 5
        p99-ms = 20
        [scan]
        services = ["sqs"]
        max-in-flight = 8
        budget-share = 25
    "#;

    #[test]
    fn every_scenario_of_the_folder_can_be_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
        let mut read = 0;
        for file in std::fs::read_dir(folder).expect("the folder") {
            let path = file.expect("a file").path();
            let scenario = Scenario::read(&path).expect("a scenario");
            assert!(scenario.about.ends_with('.'), "{}: {}", scenario.name, scenario.about);
            read += 1;
        }
        assert!(read > 10, "{read}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert!(read(WHOLE).is_ok());
        for (from, to, told) in [
            ("p99-ms = 20", "p99-ms = 2", "aws.p99-ms"),
            ("accounts = 3", "accounts = 0", "organization.accounts"),
            ("accounts = 3", "acounts = 3", "acounts"),
            ("budget-share = 25", "budget-share = 0", "scan.budget-share"),
            ("[\"sqs\"]", "[\"sqz\"]", "sqz"),
            ("about = \"a try\"", "", "about"),
            ("[scan]", "[fleet]\nworkers = 9\n[scan]", "fleet.workers"),
        ] {
            let error = read(&WHOLE.replace(from, to)).expect_err(told);
            let error = format!("{error:#}");
            assert!(error.contains(told) && error.contains("tried.toml"), "{error}");
        }
    }
}
