//! What pre-flights told: the accounts' rows get a verdict, or become due.

use chrono::{DateTime, Utc};
use protocol::preflight::{Preflight, RegionList};
use protocol::result::{Answer, Page, Return};
use protocol::{Failure, ScanId};

use crate::shared::Shared;
use crate::verdict::verdicts;
use crate::{Error, Parts};

/// Ends the pre-flights among answers of a round, whether or not the scan is worked on here: else the account would be
/// entered again, when its dispatch is taken for lost. What cannot be judged before regions are known is entered again
/// at once.
pub(crate) async fn end<'a>(
    parts: &Parts,
    shared: Option<&Shared>,
    id: &ScanId,
    round: u32,
    answers: impl Iterator<Item = &'a Answer> + Send,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let known = shared.map(Shared::known).unwrap_or_default();
    for answer in answers {
        let Answer::Preflight { account, dispatch, outcome } = answer else { continue };
        if known.is_empty() && needs_regions(outcome) {
            let (account, dispatch) = (account.clone(), *dispatch);
            let again = Answer::Returned { account, region: None, dispatch, why: Return::Stopped };
            parts.store.ingest(id, round, &[Page::from(&[again][..])], now).await?;
            continue;
        }
        let verdicts = verdicts(outcome, &known);
        parts.store.end_preflight(id, account, *dispatch, outcome, &verdicts, now).await?;
    }
    Ok(())
}

/// Whether the verdicts depend on which regions there are.
fn needs_regions(outcome: &Result<Preflight, Failure>) -> bool {
    matches!(outcome, Ok(Preflight { regions: RegionList::Unlisted(_), .. }))
}
