//! The enablement checker's files.
use crate::context::Context;
use crate::error::ReportError;
use std::path::{Path, PathBuf};
pub(crate) async fn write(
    _context: &Context<'_>,
    _dir: &Path,
) -> Result<Vec<PathBuf>, ReportError> {
    Ok(vec![])
}
