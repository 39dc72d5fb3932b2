//! The words and rules of orgsweep: what a scan, a cell, a task and an answer are.
//!
//! Everything here is a plain value or a pure function. The only `async` is in the port traits
//! ([`provider`], [`queue`], [`store`] with [`registry`], [`budget`]); their adapters live in other crates.

pub mod batch;
pub mod budget;
pub mod cell;
pub mod clock;
pub mod failure;
pub mod holding;
pub mod ids;
pub mod inventory;
pub mod judge;
pub mod ledger;
pub mod message;
pub mod object;
pub mod plan;
pub mod preflight;
pub mod provider;
pub mod queue;
pub mod registry;
pub mod result;
pub mod scan;
pub mod selection;
pub mod status;
pub mod store;
pub mod task;
pub mod tenants;
pub mod web_identity;

pub use cell::Cell;
pub use clock::Clock;
pub use failure::{DeniedBy, Failure, FailureKind};
pub use ids::{
    AccountId, CatalogDigest, ConnectionId, OrgId, ProbeId, Region, ScanId, ScheduleId, ServiceId,
    StintId, TokenId, UnitId, WorkspaceId,
};
pub use status::{Evidence, Status};
