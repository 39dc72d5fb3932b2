//! orgsweep against an AWS that others wrote: moto, filled with real resources by boto3.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accounts;
mod guarded;
mod inventory;
mod oidc;
mod organization;
mod pages;
mod proven;
mod server;
mod services;
mod sources;
mod sweep;
mod tenants;
mod truth;
