//! The reports of a small scan, in every format, as they are.

mod seed;
mod snapshots;
