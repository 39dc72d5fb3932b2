//! What the clouds offer, as data: services, their probes, regions, endpoints and buckets.

pub mod entry;
