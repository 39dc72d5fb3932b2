//! Token buckets as AWS documents them, by the names that calls use (`data/buckets.toml`).

use protocol::budget::Bucket;
use serde::Deserialize;

/// A documented bucket and what one of it covers.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(from = "Row")]
pub struct BucketRule {
    /// How much it holds and how fast it fills.
    pub bucket: Bucket,
    /// Whether each operation has one, or the service as a whole.
    pub key: KeyBy,
    /// Whether each region has one, or the account as a whole.
    pub location: LocationBy,
}

/// Which operations share a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyBy {
    /// Each operation of the service has its own.
    Operation,
    /// All operations of the service share one.
    Service,
}

/// Which regions share a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocationBy {
    /// Each region has its own.
    Region,
    /// All regions of the account share one.
    Account,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    burst: f64,
    per_second: f64,
    key: KeyBy,
    location: LocationBy,
}

impl From<Row> for BucketRule {
    fn from(row: Row) -> Self {
        let bucket = Bucket { burst: row.burst, per_second: row.per_second };
        Self { bucket, key: row.key, location: row.location }
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;

    #[test]
    fn every_bucket_holds_and_regains_tokens_and_the_default_is_there() {
        let catalog = Catalog::of_entries([]).expect("the tables");
        for name in catalog.bucket_names() {
            let rule = catalog.bucket(name).expect("a bucket");
            assert!(rule.bucket.burst >= 1.0 && rule.bucket.per_second > 0.0, "{name}");
        }
        assert!(catalog.bucket("default").is_some());
        assert!(catalog.bucket("no-such").is_none());
    }
}
