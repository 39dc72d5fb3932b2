//! Which regions each account uses, by the cells of the scan.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt as _;
use protocol::store::Value;

use crate::context::Context;
use crate::error::ReportError;
use crate::row::Fields;

/// The probe that asks for tagged resources.
pub const TAGGING: &str = "tagging";

/// What tells that a region is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionsFrom {
    /// Nothing: regions are not asked for.
    Nothing,
    /// Any service that is in use there.
    Cells,
    /// A resource there that has a tag, or had one.
    Tagging,
}

/// The regions of an account.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) used: BTreeSet<String>,
    /// Those of which nothing that is known says that they are used, each with what is not known.
    pub(super) maybe: BTreeMap<String, String>,
}

/// The regions of all accounts that were looked at; nothing where none was asked for.
pub(super) async fn read(
    context: &Context<'_>,
    from: RegionsFrom,
) -> Result<Option<BTreeMap<String, Used>>, ReportError> {
    let probe = match from {
        RegionsFrom::Nothing => return Ok(None),
        RegionsFrom::Cells => "",
        RegionsFrom::Tagging => TAGGING,
    };
    let named = &context.scan.settings.selection.probes;
    if from == RegionsFrom::Tagging && !named.iter().any(|named| named.as_str() == TAGGING) {
        return Err(ReportError::NoCells { scan: context.scan.id.to_string(), probe: TAGGING });
    }
    let mut all: BTreeMap<String, Used> = BTreeMap::new();
    let binds = vec![Value::Text(probe.to_owned())];
    let mut rows = context.stream(include_str!("regions.sql"), binds);
    while let Some(row) = rows.try_next().await? {
        let mut fields = Fields::of(row);
        let account = all.entry(fields.text("an account id")?).or_default();
        let region = fields.text("a region")?;
        let (used, why) = (fields.count("a count of cells")?, fields.maybe_text());
        match why {
            _ if used > 0 => drop(account.used.insert(region)),
            Some(why) => drop(account.maybe.insert(region, why)),
            None => {}
        }
    }
    if from == RegionsFrom::Cells {
        homed(context, &mut all).await?;
    }
    Ok(Some(all))
}

/// Adds the regions in which things of global services are, such as buckets.
async fn homed(context: &Context<'_>, all: &mut BTreeMap<String, Used>) -> Result<(), ReportError> {
    let mut rows = context.stream(include_str!("homed.sql"), vec![]);
    while let Some(row) = rows.try_next().await? {
        let mut fields = Fields::of(row);
        let account = fields.text("an account id")?;
        let (region, probe) = (fields.text("a region")?, fields.text("a probe")?);
        if context.probes.get(&probe).is_none_or(|probe| probe.decides) {
            let account = all.entry(account).or_default();
            account.maybe.remove(&region);
            account.used.insert(region);
        }
    }
    Ok(())
}
