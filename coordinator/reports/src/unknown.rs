//! One pass over the cells that are not known, or known only in part.

use futures_util::TryStreamExt as _;
use protocol::Evidence;

use crate::advice::Cause;
use crate::context::Context;
use crate::error::ReportError;
use crate::row::Fields;

/// A cell that is unknown, or whose count is only a floor.
#[derive(Debug, Clone)]
pub(crate) struct Unknown {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) probe: String,
    pub(crate) cause: Cause,
    pub(crate) operation: Option<String>,
    pub(crate) message: Option<String>,
    /// The hour of the answer, counted since 1970.
    pub(crate) hour: Option<i64>,
}

const HOUR_MS: i64 = 3_600_000;

/// Reads these cells; `visit` gets each of them.
pub(crate) async fn read(
    context: &Context<'_>,
    mut visit: impl FnMut(Unknown) + Send,
) -> Result<(), ReportError> {
    let mut rows = context.stream(include_str!("unknown.sql"), vec![]);
    while let Some(row) = rows.try_next().await? {
        let mut fields = Fields::of(row);
        visit(Unknown {
            account: fields.text("an account id")?,
            region: fields.text("a region")?,
            probe: fields.text("a probe")?,
            cause: Cause {
                status: fields.word("a status")?,
                kind: fields.maybe_word("a failure kind")?,
                code: fields.maybe_text(),
                denied_by: fields.maybe_word("a denier")?,
                policy_arn: fields.maybe_text(),
                evidence: fields.maybe_word("an evidence")?.unwrap_or(Evidence::Missing),
            },
            operation: fields.maybe_text(),
            message: fields.maybe_text(),
            hour: fields.maybe_int().map(|at| at.div_euclid(HOUR_MS)),
        });
    }
    Ok(())
}
