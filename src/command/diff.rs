//! `diff`: what differs between two stored scans, to the terminal or into a file.

use protocol::scan::Scan;
use protocol::store::Store;
use reports::Format;
use reports::diff::Of;
use store::Access;

use crate::args::Diff;
use crate::command::report::deliver;
use crate::command::scan::options;
use crate::command::{find, previous};
use crate::stop::{Exit, Stop};

/// Writes what differs.
pub(crate) async fn diff(args: Diff) -> Result<Exit, Stop> {
    let of = Of::parse(&args.of).map_err(Stop::usage)?;
    let format = Format::parse(&args.format).map_err(Stop::usage)?;
    let store = store::connect(&args.store.store, Access::Read).await?;
    let (before, after) = scans(&*store, &args).await?;
    let options = options(&args.store.store, args.redact)?;
    let both = (&before.id, &after.id);
    deliver(args.out.as_deref(), async |out| {
        reports::diff::write(&*store, both, of, format, &options, out).await
    })
    .await?;
    Ok(Exit::Known)
}

/// The earlier and the later scan.
async fn scans(store: &dyn Store, args: &Diff) -> Result<(Scan, Scan), Stop> {
    let after = match args.after.as_str() {
        "previous" => previous(store, &find(store, "latest").await?).await?,
        name => find(store, name).await?,
    };
    let before = match args.before.as_str() {
        "previous" => previous(store, &after).await?,
        name => find(store, name).await?,
    };
    if before.id == after.id {
        let sentence = format!("scan {} cannot be compared with itself: name two", after.id);
        return Err(Stop::usage(sentence));
    }
    Ok((before, after))
}
