//! `accounts`: the accounts of an organization with what is known of each, of a stored scan or read now.

mod files;

use std::collections::BTreeSet;
use std::path::Path;

use protocol::clock::{Clock, SystemClock};
use protocol::scan::Scan;
use protocol::store::Store;
use protocol::{ProbeId, ScanId};
use reports::accounts::{
    Ask, FULL, Field, Groups, Listing, METADATA, RegionsFrom, Spellings, TAGGING,
};
use reports::{Format, ReportError};
use store::Access;

use crate::args::{self, Accounts};
use crate::command::accounts::files::Files;
use crate::command::find;
use crate::command::report::deliver;
use crate::command::scan::{options, to_its_end};
use crate::local::{House, say};
use crate::settings::{account_selection, inventory};
use crate::stop::{Exit, Stop};

/// Reasons that are told on standard error beside a format that has no place for them.
const TOLD: usize = 20;

/// Lists accounts.
pub(crate) async fn accounts(args: Accounts) -> Result<Exit, Stop> {
    let wanted = Wanted::read(&args)?;
    if let Some(name) = &args.scan {
        let store = store::connect(&args.parts.store.store, Access::Read).await?;
        let scan = find(&*store, name).await?;
        return write(&*store, &scan, wanted, &args).await;
    }
    let house = House::open(&args.parts, args.show).await?;
    let id = look(&house, &args, wanted.ask.regions).await?;
    let scan = house.store.scan(&id).await?;
    if !coordinator::is_read(&*house.store, &scan).await? {
        say(&format!(
            "its organization was not read to the end; go on with `orgsweep resume {id}`"
        ));
    }
    let written = write(&*house.store, &scan, wanted, &args).await;
    written.map_err(|stop| Stop {
        message: format!(
            "{}; what was read is scan {id}: `orgsweep accounts --scan {id}`",
            stop.message
        ),
        ..stop
    })
}

/// What is to be written, and how.
struct Wanted {
    ask: Ask,
    format: Format,
    files: Option<Files>,
}

impl Wanted {
    /// Reads it from the flags, before anybody is asked anything.
    fn read(args: &Accounts) -> Result<Self, Stop> {
        let files = Files::wanted(&args.upload, args.out.as_deref())?;
        let usual = if files.is_some() { Format::Csv } else { Format::Table };
        let format = args.format.as_deref().map_or(Ok(usual), Format::parse);
        let format = format.map_err(Stop::usage)?;
        if files.is_some() && format != Format::Csv {
            return Err(Stop::usage(
                "--upload and --upload-key name files of comma separated values: use --format csv",
            ));
        }
        let look = &args.look;
        let usual = if format == Format::Csv { METADATA } else { FULL };
        let fields = match look.columns.as_slice() {
            [] => Field::layout(look.layout.as_deref().unwrap_or(usual)),
            columns => columns.iter().map(|name| Field::parse(name)).collect(),
        };
        let regions = match (look.regions_from, &args.scan) {
            (Some(args::From::None), _) | (None, None) => RegionsFrom::Nothing,
            (Some(args::From::Cells) | None, Some(_)) => RegionsFrom::Cells,
            (Some(args::From::Tagging), _) => RegionsFrom::Tagging,
            (Some(args::From::Cells), None) => {
                return Err(Stop::usage(
                    "--regions-from cells tells by the cells of a scan: name it with --scan, or use --regions-from tagging",
                ));
            }
        };
        let ask = Ask {
            fields: fields.map_err(Stop::usage)?,
            chosen: !look.columns.is_empty(),
            only: None,
            regions,
            groups: Groups::parse(&look.region_group).map_err(Stop::usage)?,
            spellings: Spellings::parse(&look.tag_spelling).map_err(Stop::usage)?,
        };
        Ok(Self { ask, format, files })
    }
}

/// Reads the organization now, as a scan that is kept like every other.
async fn look(house: &House, args: &Accounts, regions: RegionsFrom) -> Result<ScanId, Stop> {
    let probes = match regions {
        RegionsFrom::Tagging => vec![ProbeId::new(TAGGING).map_err(Stop::failed)?],
        RegionsFrom::Nothing | RegionsFrom::Cells => Vec::new(),
    };
    let settings = inventory(
        (&args.sources, &args.access),
        &args.accounts,
        &args.pace,
        probes,
        &house.options,
        &house.catalog,
    )
    .await?;
    // Credentials that lead nowhere are found out before anything is written.
    house.provider(&settings).await?;
    let id = house.create(settings).await?;
    to_its_end(house, &id).await?;
    Ok(id)
}

/// Writes the listing, and tells the exit code by what is known.
async fn write(
    store: &dyn Store,
    scan: &Scan,
    wanted: Wanted,
    args: &Accounts,
) -> Result<Exit, Stop> {
    let Wanted { mut ask, format, files } = wanted;
    let selection = account_selection(&args.accounts)?;
    let meant = coordinator::meant(store, scan, &selection).await?;
    let is_chosen = selection != protocol::selection::Selection::default();
    ask.only = is_chosen.then(|| meant.accounts.iter().map(ToString::to_string).collect());
    let options = options(&args.parts.store.store, args.redact)?;
    let listing =
        reports::accounts::list(store, &scan.id, &ask, &options).await.map_err(failure)?;
    match &files {
        Some(files) => {
            listing.told(TOLD).iter().for_each(|sentence| say(sentence));
            // One moment for all files of a run.
            let stamp = SystemClock.now().format("%Y-%m-%dT%H-%M-%SZ").to_string();
            files.write(&listing, args, &stamp).await?;
        }
        None => {
            let out = args.out.as_deref();
            deliver(out, async |out| listing.write(None, format, out)).await?;
            if matches!(format, Format::Csv | Format::Jsonl) {
                listing.told(TOLD).iter().for_each(|sentence| say(sentence));
                out.map_or(Ok(()), |out| beside(&listing, None, out))?;
            }
        }
    }
    if !meant.undecided.is_empty() {
        say(&undecided(&meant.undecided, args.redact));
    }
    let whole = listing.is_whole() && meant.undecided.is_empty();
    Ok(if whole { Exit::Known } else { Exit::Unknowns })
}

/// Writes why cells are not known into a file beside one of rows, which has no place for it.
fn beside(listing: &Listing<'_>, organization: Option<&str>, path: &Path) -> Result<(), Stop> {
    let mut notes = Vec::new();
    let count = listing.write_notes(organization, &mut notes).map_err(failure)?;
    let path = path.with_extension("notes.csv");
    let written = match count {
        // Those of an earlier listing would be taken for this one's.
        0 => match std::fs::remove_file(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            other => other,
        },
        _ => std::fs::write(&path, notes),
    };
    written.map_err(|error| {
        Stop::usage(format!("--out: {} cannot be written: {error}", path.display()))
    })
}

fn undecided(accounts: &BTreeSet<protocol::AccountId>, redact: bool) -> String {
    const NAMED: usize = 10;
    if redact {
        return format!(
            "whether {} accounts are meant cannot be told, since their tags could not be read",
            accounts.len()
        );
    }
    let named: Vec<&str> = accounts.iter().take(NAMED).map(protocol::AccountId::as_str).collect();
    let more = accounts.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(
        "whether these accounts are meant cannot be told, since their tags could not be read: {}{more}",
        named.join(", ")
    )
}

fn failure(error: ReportError) -> Stop {
    match error {
        ReportError::NoCells { .. } => Stop::usage(error),
        _ => Stop::failed(error),
    }
}
