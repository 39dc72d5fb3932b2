//! A thing that a probe saw, with what the probe keeps of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::Region;

/// A thing seen in an account: a bucket, a key, a detector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// What it is, e.g. `AWS::S3::Bucket`.
    pub kind: String,
    /// The provider's own id, unique among its kind in the cell.
    pub id: String,
    /// The object that it belongs to, for objects that `for_each` found under another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The region that the object itself is in, where it differs from its cell's (S3 buckets).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<Region>,
    /// Whether it is the customer's own: provider defaults are seen, but never count.
    pub own: bool,
    /// The attributes that the probe keeps, by the catalog's name for them.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub attributes: serde_json::Map<String, serde_json::Value>,
    /// Whole documents (policies) that the probe keeps, by the catalog's name for them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub documents: BTreeMap<String, String>,
}
