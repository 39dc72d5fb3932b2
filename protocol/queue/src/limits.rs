//! What no queue takes.

use protocol::queue::QueueError;

/// Refuses sizes above a limit, before anything is sent.
///
/// # Errors
/// [`QueueError::TooLarge`] with the first that is.
pub(crate) fn too_large(
    sizes: impl IntoIterator<Item = usize>,
    limit: usize,
) -> Result<(), QueueError> {
    match sizes.into_iter().find(|bytes| *bytes > limit) {
        Some(bytes) => Err(QueueError::TooLarge { bytes, limit }),
        None => Ok(()),
    }
}
