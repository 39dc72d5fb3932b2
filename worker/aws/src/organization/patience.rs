//! Lists of an organization are long and slow: a page that fails for the moment is asked for again.
//!
//! (Tasks are retried by the worker alone; a list of accounts is read before there are tasks.)

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_organizations::Client;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use protocol::{Failure, FailureKind};
use tokio::time::Instant;

use super::{MOST_PAGES, Reader};
use crate::access::may_pass;
use crate::session::{Identity, Session};

/// The wait before the first repetition; it doubles.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait before a repetition.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The longest that one page waits for its turn: the token of its call, while the budgets have none or are away.
const LONGEST_TURN: Duration = Duration::from_secs(900);

/// The pages of one list, remembered so that a list without end is told.
#[derive(Debug, Default)]
pub(super) struct Pages {
    token: Option<String>,
    read: u32,
}

impl Pages {
    /// The token of the next page; none for the first.
    pub(crate) fn token(&self) -> Option<String> {
        self.token.clone()
    }

    /// Goes to the next page; answers whether there is one.
    pub(crate) fn turn(&mut self, operation: &str, next: Option<String>) -> Result<bool, Failure> {
        let next = next.filter(|token| !token.is_empty());
        self.read += 1;
        let failure = match &next {
            None => return Ok(false),
            Some(_) if next == self.token => {
                let what = "the answer names the page that was asked for as the next one";
                Failure::new(FailureKind::Other, "TokenLoop", what)
            }
            Some(_) if self.read >= MOST_PAGES => {
                let what = format!("the list has more than {MOST_PAGES} pages");
                Failure::new(FailureKind::Other, "PageCap", what)
            }
            Some(_) => {
                self.token = next;
                return Ok(true);
            }
        };
        Err(failure.during(operation))
    }
}

impl Reader<'_> {
    /// The session of the connection itself, entered patiently.
    pub(super) async fn hub(&self) -> Result<Arc<Session>, Failure> {
        let key = self.key(Identity::Hub);
        patiently(self.attempts, || self.access.session(&key)).await
    }

    /// Makes a call of Organizations, patiently.
    pub(super) async fn read<T, E, F>(
        &self,
        operation: &str,
        call: impl Fn(Client) -> F,
    ) -> Result<T, Failure>
    where
        E: std::error::Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        patiently(self.attempts, || self.read_renewed(operation, &call)).await
    }

    /// Makes a call; once more with a renewed session, if that one had expired.
    async fn read_renewed<T, E, F>(
        &self,
        operation: &str,
        call: &impl Fn(Client) -> F,
    ) -> Result<T, Failure>
    where
        E: std::error::Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        match self.read_once(operation, call).await {
            Err(failure) if failure.kind == FailureKind::Expired => {
                let key = self.key(Identity::Organization);
                let refused = self.access.session(&key).await?;
                self.access.forget(&key, &refused).await;
                self.read_once(operation, call).await
            }
            outcome => outcome,
        }
    }

    /// Makes a call for every page of a list, patiently; `take` keeps what a page holds and answers which is the next.
    pub(super) async fn pages<T, E, F>(
        &self,
        operation: &str,
        call: impl Fn(Client, Option<String>) -> F,
        mut take: impl FnMut(T) -> Option<String>,
    ) -> Result<(), Failure>
    where
        E: std::error::Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let mut pages = Pages::default();
        loop {
            let token = pages.token();
            let answer = self.read(operation, |client| call(client, token.clone())).await?;
            if !pages.turn(operation, take(answer))? {
                return Ok(());
            }
        }
    }

    async fn read_once<T, E, F>(
        &self,
        operation: &str,
        call: &impl Fn(Client) -> F,
    ) -> Result<T, Failure>
    where
        E: std::error::Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let opened = self.open().await?;
        let request = || call(opened.client.clone());
        self.access.control.call(Some(&opened.ask), operation, request).await
    }
}

/// Tries again what may pass by itself, as often as the scan tries its tasks; what only waits for its turn spends
/// no try.
pub(crate) async fn patiently<T, F>(attempts: u32, attempt: impl Fn() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let began = Instant::now();
    let mut wait = FIRST_WAIT;
    let mut tries = 1;
    loop {
        let failure = match attempt().await {
            Err(failure) if may_pass(&failure) => failure,
            outcome => return outcome,
        };
        let asked = failure.retry_after_ms.map(Duration::from_millis).unwrap_or_default();
        if failure.waits_its_turn() {
            if began.elapsed() >= LONGEST_TURN {
                return Err(failure);
            }
            tokio::time::sleep(asked.min(LONGEST_WAIT)).await;
            continue;
        }
        if tries >= attempts {
            return Err(failure);
        }
        tries += 1;
        tokio::time::sleep(wait.max(asked).min(LONGEST_WAIT)).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_with_no_token_or_an_empty_one() {
        let mut pages = Pages::default();
        assert_eq!(pages.turn("List", Some("a".to_owned())), Ok(true));
        assert_eq!(pages.token().as_deref(), Some("a"));
        assert_eq!(pages.turn("List", Some(String::new())), Ok(false));
        assert_eq!(Pages::default().turn("List", None), Ok(false));
    }

    #[test]
    fn a_list_without_end_is_told() {
        let mut pages = Pages::default();
        assert_eq!(pages.turn("List", Some("a".to_owned())), Ok(true));
        let same = pages.turn("List", Some("a".to_owned())).expect_err("a loop");
        assert_eq!(same.code, "TokenLoop");
        let mut pages = Pages::default();
        let capped = (0..=MOST_PAGES).find_map(|n| pages.turn("List", Some(n.to_string())).err());
        assert_eq!(capped.map(|failure| failure.code).as_deref(), Some("PageCap"));
    }
}
