//! The pages that stand beside each other in a set of files, and the way from one to the other.

use crate::context::Context;
use crate::format::Format;
use crate::set::FILES;

/// A page beside this one.
pub(crate) struct Link {
    pub(crate) file: String,
    pub(crate) name: &'static str,
}

/// The other pages of the set; none where a page stands alone.
pub(crate) fn links(context: &Context<'_>, own: &str) -> Vec<Link> {
    let pages = FILES.iter().filter(|(_, format)| *format == Format::Html);
    let others = pages.filter(|(name, _)| context.in_set && *name != own);
    others.map(|(name, _)| Link { file: format!("{name}.html"), name }).collect()
}
