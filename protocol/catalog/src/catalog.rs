//! The catalog itself: what is in it, and how to look it up.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use protocol::{CatalogDigest, ProbeId, ServiceId};

use crate::bucket::BucketRule;
use crate::entry::Entry;
use crate::error::CatalogError;
use crate::files::{self, Files};
use crate::partition::Partitions;
use crate::record::Record;
use crate::view::ProbeView;

/// What the clouds offer. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalog(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    digest: CatalogDigest,
    /// By service; two files of one service are a problem that `validate` tells.
    entries: BTreeMap<ServiceId, Loaded>,
    probes: HashMap<ProbeId, (ServiceId, usize)>,
    broken: Vec<CatalogError>,
    tables: Tables,
}

/// What is not about one service.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) buckets: BTreeMap<String, BucketRule>,
    pub(crate) partitions: Partitions,
    /// By endpoint prefix.
    pub(crate) records: HashMap<String, Record>,
}

/// An entry and the file that it stands in.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) file: String,
    pub(crate) entry: Entry,
}

impl Catalog {
    /// The catalog that is built into the program.
    ///
    /// A file that is broken is left out and told by [`Catalog::broken`]; selecting from a catalog
    /// with a broken file is refused, so nothing goes missing unnoticed.
    ///
    /// # Errors
    /// [`CatalogError`] when one of the tables (regions, buckets) is broken.
    pub fn embedded() -> Result<Self, CatalogError> {
        Self::read(&Files::embedded())
    }

    /// A catalog of these entries (file name, e.g. `s3.toml`, and text) over the tables that are
    /// built in; for tests and tools.
    ///
    /// # Errors
    /// [`CatalogError`] when one of the tables is broken.
    pub fn of_entries(
        entries: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, CatalogError> {
        Self::read(&Files::of_entries(entries))
    }

    fn read(files: &Files) -> Result<Self, CatalogError> {
        let mut entries = BTreeMap::new();
        let mut broken = Vec::new();
        for (name, bytes) in files.entries() {
            match files::read::<Entry>(name, bytes) {
                Ok(entry) => {
                    let loaded = Loaded { file: name.to_owned(), entry };
                    entries.insert(loaded.entry.service.clone(), loaded);
                }
                Err(error) => broken.push(error),
            }
        }
        let mut probes = HashMap::new();
        for loaded in entries.values() {
            for (index, probe) in loaded.entry.probes.iter().enumerate() {
                let place = (loaded.entry.service.clone(), index);
                probes.entry(probe.id.clone()).or_insert(place);
            }
        }
        Ok(Self(Arc::new(Parts {
            digest: files.digest(),
            entries,
            probes,
            broken,
            tables: Tables {
                buckets: files.table("data/buckets.toml")?,
                partitions: Partitions::read(files)?,
                records: files.table("data/endpoints.toml")?,
            },
        })))
    }

    /// The fingerprint of every file that the catalog is made of.
    #[must_use]
    pub fn digest(&self) -> &CatalogDigest {
        &self.0.digest
    }

    /// The files that could not be read, and why.
    #[must_use]
    pub fn broken(&self) -> &[CatalogError] {
        &self.0.broken
    }

    /// Every entry, sorted by service.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.entries.values().map(|loaded| &loaded.entry)
    }

    /// Every entry with its file, sorted by service.
    pub(crate) fn loaded(&self) -> impl Iterator<Item = &Loaded> {
        self.0.entries.values()
    }

    /// The file of a service as it is built into the program.
    #[must_use]
    pub fn source(&self, service: &ServiceId) -> Option<&'static str> {
        self.0.entries.get(service).and_then(|loaded| Files::source(&loaded.file))
    }

    /// The entry of a service.
    #[must_use]
    pub fn entry(&self, service: &ServiceId) -> Option<&Entry> {
        self.0.entries.get(service).map(|loaded| &loaded.entry)
    }

    /// Every probe, sorted by service, in the order of its file.
    pub fn probes(&self) -> impl Iterator<Item = ProbeView<'_>> {
        self.entries()
            .flat_map(|entry| entry.probes.iter().map(move |probe| ProbeView { entry, probe }))
    }

    /// The probe of an id.
    #[must_use]
    pub fn probe(&self, id: &ProbeId) -> Option<ProbeView<'_>> {
        let (service, index) = self.0.probes.get(id)?;
        let entry = self.entry(service)?;
        Some(ProbeView { entry, probe: entry.probes.get(*index)? })
    }

    /// The documented token bucket of a name.
    #[must_use]
    pub fn bucket(&self, name: &str) -> Option<&BucketRule> {
        self.0.tables.buckets.get(name)
    }

    /// The names of all token buckets.
    pub fn bucket_names(&self) -> impl Iterator<Item = &str> {
        self.0.tables.buckets.keys().map(String::as_str)
    }

    /// What the table of endpoints says about a service, by its endpoint prefix.
    pub(crate) fn record(&self, prefix: &str) -> Option<&Record> {
        self.0.tables.records.get(prefix)
    }

    pub(crate) fn tables(&self) -> &Tables {
        &self.0.tables
    }
}
