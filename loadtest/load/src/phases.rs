//! When a scan got how far, seen from outside: its status, asked again and again.

use std::convert::Infallible;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::orgsweep::Orgsweep;

/// How often a scan is asked until its first cell is there.
const OFTEN: Duration = Duration::from_millis(200);
/// How often it is asked after that.
const SELDOM: Duration = Duration::from_secs(1);
/// Statuses that rest on no answer of a service.
const UNASKED: [&str; 4] = ["not_run", "not_offered", "region_off", "role_failed"];

/// One look at a scan.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Look {
    at: Duration,
    planned: u64,
    /// Cells that a service answered.
    answered: u64,
    not_run: u64,
    /// Accounts that are yet to be entered.
    doors: u64,
}

/// A point that a scan reached.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Phase {
    /// Which.
    pub name: &'static str,
    /// After how many seconds it was seen to be reached.
    pub seconds: f64,
}

/// All looks at a scan.
#[derive(Debug, Default)]
pub(crate) struct Phases(Vec<Look>);

impl Phases {
    /// Looks at the scan until this is dropped.
    pub(crate) async fn watch(&mut self, orgsweep: &Orgsweep, began: Instant) -> Infallible {
        loop {
            let look = orgsweep.status().await.and_then(|told| Look::read(&told, began.elapsed()));
            let pause = if look.is_some_and(|look| look.answered > 0) { SELDOM } else { OFTEN };
            self.0.extend(look);
            tokio::time::sleep(pause).await;
        }
    }

    /// The points that it reached, in their order, with its end.
    pub(crate) fn tell(&self, ended: Duration) -> Vec<Phase> {
        let planned = self.0.iter().map(|look| look.planned).max().unwrap_or(0);
        let answered = self.0.iter().map(|look| look.answered).max().unwrap_or(0);
        let first = |reached: &dyn Fn(&Look) -> bool| self.0.iter().find(|look| reached(look));
        let all_planned = |look: &Look| look.planned == planned;
        let points: [(&str, Option<&Look>); 6] = [
            ("first account found", first(&|look| look.planned > 0)),
            ("first cell in the store", first(&|look| look.answered > 0)),
            ("all accounts found", first(&all_planned)),
            ("all accounts entered", first(&|look| all_planned(look) && look.doors == 0)),
            (
                "99 % of the cells",
                first(&|look| all_planned(look) && look.answered * 100 >= answered * 99),
            ),
            ("last cell", first(&|look| all_planned(look) && look.not_run == 0)),
        ];
        let reached = points.into_iter().filter_map(|(name, look)| Some((name, look?.at)));
        let ended = [("end of the process", ended)];
        reached.chain(ended).map(|(name, at)| Phase { name, seconds: at.as_secs_f64() }).collect()
    }
}

impl Look {
    fn read(told: &Value, at: Duration) -> Option<Self> {
        let ledger = told["ledger"].as_object()?;
        let count = |status: &str| ledger.get(status).and_then(Value::as_u64).unwrap_or(0);
        let planned = told["planned"].as_u64()?;
        Some(Self {
            at,
            planned,
            answered: planned - UNASKED.into_iter().map(count).sum::<u64>().min(planned),
            not_run: count("not_run"),
            doors: told["preflights_open"].as_u64()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn points_are_told_by_the_first_look_that_saw_them() {
        let looks = [(0, 0, 0, 0), (10, 4, 6, 2), (20, 4, 15, 1), (20, 5, 9, 0), (20, 5, 0, 0)];
        let looks = (0..).zip(looks).filter_map(|(at, (planned, off, not_run, doors))| {
            let ledger = json!({ "not_run": not_run, "region_off": off });
            let told = json!({ "planned": planned, "preflights_open": doors, "ledger": ledger });
            Look::read(&told, Duration::from_secs(at))
        });
        let phases = Phases(looks.collect()).tell(Duration::from_secs(7));
        let told: Vec<_> = phases.iter().map(|phase| (phase.name, phase.seconds)).collect();
        assert_eq!(told.first(), Some(&("first account found", 1.0)));
        assert!(told.contains(&("all accounts found", 2.0)), "{told:?}");
        assert!(told.contains(&("all accounts entered", 3.0)), "{told:?}");
        assert!(told.contains(&("last cell", 4.0)), "{told:?}");
        assert_eq!(told.last(), Some(&("end of the process", 7.0)));
    }
}
