//! Work on the runtime's own threads.

use std::panic::resume_unwind;

/// Does work on the runtime's own threads, and waits for its end.
///
/// What `block_on` polls has a thread of its own, which would be woken for every page of answers.
pub(crate) async fn spawned<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    let done = tokio::spawn(work).await;
    done.unwrap_or_else(|error| resume_unwind(error.into_panic()))
}
