//! Load scenarios: orgsweep as its users run it, against the stand-in, measured from outside.
//!
//! A [`Scenario`] says what organization there is, how AWS behaves and how it is scanned. [`run`]
//! starts the stand-in and orgsweep as processes of their own, watches them, holds every cell against
//! the truth, and tells a [`Report`]. Nothing here is linked into the product.

mod cells;
mod cloud;
mod fleet;
mod machine;
mod orgsweep;
mod phases;
mod print;
mod process;
mod reference;
mod report;
mod room;
mod run;
mod scenario;
mod truth;
mod usage;

pub use cloud::stand_in;
pub use print::print;
pub use reference::{Reference, replay, typed};
pub use report::{CellCheck, Mix, ProcessUse, Report};
pub use run::{Programs, Servers, run};
pub use scenario::Scenario;
