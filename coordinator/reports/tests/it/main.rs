//! The reports of a small scan, in every format, as they are.

mod checker;
mod outlets;
mod seed;
mod snapshots;
