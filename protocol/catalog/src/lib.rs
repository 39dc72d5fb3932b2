//! What the clouds offer, as data: services, their probes, regions, endpoints and buckets.
//!
//! A service is a file, `aws/<service>.toml`; [`entry`] is its shape. [`Catalog`] holds them all,
//! [`path`], [`condition`] and [`template`] are the small languages that the files are written
//! in. Nothing in here does I/O: the files are built into the program.

pub mod banned;
pub mod bucket;
mod catalog;
pub mod condition;
mod endpoint;
pub mod entry;
pub mod error;
mod files;
pub mod nearest;
mod offered;
mod partition;
pub mod path;
pub mod policy;
mod record;
mod select;
pub mod template;
pub mod validate;
mod view;

pub use bucket::BucketRule;
pub use catalog::Catalog;
pub use endpoint::{Endpoint, Variant};
pub use error::CatalogError;
pub use offered::Offered;
pub use partition::{Partition, RegionFacts};
pub use view::ProbeView;
