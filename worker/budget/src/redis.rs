//! The budgets of a fleet: a token bucket a key in Redis, decided by a script there and by its clock.
//!
//! A key's state is the memory adapter's: when its bucket is full again, and how throttles cut it. What the two
//! share is in `adaptive.rs`; the scripts get its constants in their first line.

mod address;
mod link;
#[cfg(test)]
mod model;

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use protocol::budget::{Admission, Ask, Budget, BudgetError, BudgetKey, Control};
use redis::Cmd;

use self::address::Address;
use self::link::{Link, Refused};
use crate::adaptive::{IDLE, LEAST, LONGEST, ONE_CUT, STEP, STEP_TIME, whole};

/// Asks that one script decides: Redis serves nobody else meanwhile.
const AT_ONCE: usize = 256;

const CLOCK: &str = include_str!("redis/clock.lua");
const STATE: &str = include_str!("redis/state.lua");
const ADMIT: &str = include_str!("redis/admit.lua");
const THROTTLED: &str = include_str!("redis/throttled.lua");

/// Budgets that all workers share.
#[derive(Debug)]
pub(crate) struct RedisBudget {
    link: Link,
    prefix: String,
    admit: Script,
    throttled: Script,
}

impl RedisBudget {
    /// Opens the budgets at a URL; waits for a server that is not there yet for `patience`.
    ///
    /// # Errors
    /// [`BudgetError`] when nothing answers for so long, or what answers is not a Redis that lets us in.
    pub(crate) async fn open(url: &str, patience: Duration) -> Result<Self, BudgetError> {
        Self::open_by(url, patience, CLOCK).await
    }

    /// The same by another clock: a text of Lua that defines `present()`.
    async fn open_by(url: &str, patience: Duration, clock: &str) -> Result<Self, BudgetError> {
        let address = Address::parse(url)?;
        let prefix = address.prefix.clone();
        let (admit, throttled) = (Script::new(clock, ADMIT), Script::new(clock, THROTTLED));
        Ok(Self { link: Link::open(address, patience).await?, prefix, admit, throttled })
    }

    /// Runs a script on asks of one owner.
    async fn run<T: redis::FromRedisValue>(
        &self,
        script: &Script,
        asks: &[&Ask],
    ) -> Result<T, BudgetError> {
        let known = self.command("EVALSHA", &script.digest, asks);
        match self.link.ask(&known).await {
            // A server that was restarted: it did nothing, and knows the script from here on.
            Err(Refused::UnknownScript) => {
                self.ask(&self.command("EVAL", &script.text, asks)).await
            }
            Err(Refused::Failed(error)) => Err(error),
            Ok(answer) => Ok(answer),
        }
    }

    async fn ask<T: redis::FromRedisValue>(&self, command: &Cmd) -> Result<T, BudgetError> {
        self.link.ask(command).await.map_err(|refused| match refused {
            Refused::Failed(error) => error,
            Refused::UnknownScript => self.link.error("Redis forgets a script while it runs it"),
        })
    }

    fn command(&self, by: &str, script: &str, asks: &[&Ask]) -> Cmd {
        let mut command = redis::cmd(by);
        command.arg(script).arg(asks.len());
        for ask in asks {
            command.arg(self.key(&ask.key));
        }
        for Ask { budget, .. } in asks {
            command.arg(whole(budget.burst)).arg(budget.per_second).arg(budget.floor());
        }
        command
    }

    /// All keys of an owner have one hash tag, so that one script may use them on a cluster.
    fn key(&self, key: &BudgetKey) -> String {
        format!("{}:{{{}}}:{}:{}", self.prefix, key.owner, key.location, key.class)
    }

    fn control_key(&self) -> String {
        format!("{}:control", self.prefix)
    }
}

#[async_trait]
impl Budget for RedisBudget {
    async fn admit(&self, asks: &[Ask]) -> Result<Vec<Admission>, BudgetError> {
        let owner = |at: &usize| &asks[*at].key.owner;
        let mut order: Vec<usize> = (0..asks.len()).collect();
        order.sort_by_key(owner);
        let owners = order.chunk_by(|one, other| owner(one) == owner(other));
        let calls: Vec<&[usize]> = owners.flat_map(|owner| owner.chunks(AT_ONCE)).collect();
        let answers = calls.iter().map(|call| async {
            let asks: Vec<&Ask> = call.iter().map(|at| &asks[*at]).collect();
            let waits: Vec<u64> = self.run(&self.admit, &asks).await?;
            if waits.len() == asks.len() {
                Ok(waits)
            } else {
                Err(self.link.error("Redis answered fewer asks than it was asked"))
            }
        });
        // Where one of several calls fails, what the others took is lost: fewer calls than allowed, never more.
        let answers = try_join_all(answers).await?;
        let mut admissions = vec![Admission::Granted; asks.len()];
        for (at, wait) in order.iter().zip(answers.into_iter().flatten()) {
            if wait > 0 {
                admissions[*at] = Admission::Wait(Duration::from_micros(wait));
            }
        }
        Ok(admissions)
    }

    async fn throttled(&self, ask: &Ask) -> Result<(), BudgetError> {
        self.run(&self.throttled, &[ask]).await
    }

    async fn control(&self) -> Result<Control, BudgetError> {
        let text: Option<String> = self.ask(redis::cmd("GET").arg(self.control_key())).await?;
        text.map_or(Ok(Control::default()), |text| read(&text).map_err(|why| self.link.error(&why)))
    }

    async fn set_control(&self, control: &Control) -> Result<(), BudgetError> {
        let text = serde_json::to_string(control);
        let text = text.map_err(|error| self.link.error(&error.to_string()))?;
        self.ask(redis::cmd("SET").arg(self.control_key()).arg(text)).await
    }
}

fn read(text: &str) -> Result<Control, String> {
    let no_record =
        |error: serde_json::Error| format!("the control record cannot be read: {error}");
    let record: serde_json::Value = serde_json::from_str(text).map_err(no_record)?;
    let version = record["version"].as_u64().unwrap_or_default();
    if version > u64::from(Control::VERSION) {
        return Err(format!(
            "the control record is of version {version}, this build reads up to {}: update this part of the fleet",
            Control::VERSION
        ));
    }
    serde_json::from_value(record).map_err(no_record)
}

/// A text of Lua and the name by which Redis knows it.
#[derive(Debug)]
struct Script {
    text: String,
    digest: String,
}

impl Script {
    fn new(clock: &str, what: &str) -> Self {
        let micros = |time: Duration| time.as_micros();
        let constants = format!(
            "local LONGEST, IDLE, STEP_TIME, ONE_CUT, STEP, LEAST = {}, {}, {}, {}, {STEP:?}, {LEAST:?}",
            micros(LONGEST),
            micros(IDLE),
            micros(STEP_TIME),
            micros(ONE_CUT),
        );
        let text = [&constants, clock, STATE, what].join("\n");
        let digest = redis::Script::new(&text).get_hash().to_owned();
        Self { text, digest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn patience_with_a_server_that_is_not_there_ends() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("redis://jo:secret@127.0.0.1:{port}");
        let error = RedisBudget::open(&url, Duration::from_millis(200)).await.unwrap_err();
        let error = error.to_string();
        assert!(error.contains("no Redis answered in 0 s: Connection refused"), "{error}");
        assert!(
            error.contains("--budgets redis://127.0.0.1") && !error.contains("secret"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn somebody_who_listens_and_hangs_up_is_doubted() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let hanging_up = tokio::spawn(async move { while listener.accept().await.is_ok() {} });
        let error = RedisBudget::open(&url, Duration::from_millis(200)).await.unwrap_err();
        assert!(error.to_string().contains("is it a Redis"), "{error}");
        hanging_up.abort();
    }
}
