//! What is to be done next for an account and region: pure rules over what is stored of it.

use std::collections::HashMap;

use protocol::ProbeId;
use protocol::task::Task;

/// How long answers may be on their way when a dispatch says that all were given, in milliseconds;
/// what has not come by then is dispatched again.
const STRAGGLING_MS: i64 = 10_000;

/// A task that was put off.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Held {
    /// The round that put it off.
    pub(crate) round: u32,
    /// When it is due, in milliseconds since 1970.
    pub(crate) due_at: i64,
    /// The task to dispatch.
    pub(crate) task: Task,
}

/// What is stored of a row of the plan.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// Whether cells without an answer are to be run: the row has no verdict and was not given up.
    pub(crate) open: bool,
    /// Whether its tasks go out one by one.
    pub(crate) alone: bool,
    /// The task of the last dispatch, where it was the only one.
    pub(crate) sole: Option<ProbeId>,
    /// Cells with an answer of their own, with its round.
    pub(crate) answered: HashMap<ProbeId, u32>,
    /// Cells that a re-queue named, with the round it opened.
    pub(crate) requeued: HashMap<ProbeId, u32>,
    /// Tasks that were put off.
    pub(crate) held: HashMap<ProbeId, Held>,
}

/// What is to be done next.
#[derive(Debug, PartialEq)]
pub(crate) enum Turn {
    /// To run these tasks.
    Run(Vec<Task>),
    /// To wait until then, in milliseconds since 1970.
    Wait(i64),
    /// Nothing.
    Done,
}

impl Work {
    /// What is to be done next with the row's probes.
    pub(crate) fn turn(&self, callable: &[ProbeId], now: i64) -> Turn {
        let mut tasks = Vec::new();
        let mut later: Option<i64> = None;
        for probe in callable.iter().filter(|probe| self.wants(probe)) {
            match self.held_now(probe) {
                Some(held) if held.due_at > now => {
                    later = Some(later.map_or(held.due_at, |due| due.min(held.due_at)));
                }
                Some(held) => tasks.push(held.task.clone()),
                None => tasks.push(Task::new(probe.clone())),
            }
        }
        match later {
            _ if self.alone && !tasks.is_empty() => Turn::Run(Vec::from_iter(self.one_of(tasks))),
            _ if !tasks.is_empty() => Turn::Run(tasks),
            Some(due) => Turn::Wait(due),
            None => Turn::Done,
        }
    }

    /// Which of several tasks goes out alone: not the one whose answer may be on its way, and what
    /// has ended no worker first, so that it need not wait for what does.
    fn one_of(&self, tasks: Vec<Task>) -> Option<Task> {
        let last = |task: &Task| self.sole.as_ref() == Some(&task.probe);
        tasks.into_iter().min_by_key(|task| (last(task), task.deaths))
    }

    fn wants(&self, probe: &ProbeId) -> bool {
        match (self.requeued.get(probe), self.answered.get(probe)) {
            (Some(asked), Some(answered)) => asked > answered,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => self.open,
        }
    }

    fn held_now(&self, probe: &ProbeId) -> Option<&Held> {
        let answered = self.answered.get(probe);
        self.held.get(probe).filter(|held| answered.is_none_or(|round| *round < held.round))
    }
}

/// What is left of a row after a dispatch was answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rest {
    /// Where its tasks go out one by one: whether the answer to the last may be on its way.
    pub(crate) alone: Option<bool>,
    /// Cells without an answer that are to be run.
    pub(crate) unanswered: u64,
    /// Cells that a re-queue named and that have no answer of its round.
    pub(crate) requeued: u64,
    /// Tasks that are put off.
    pub(crate) held: u64,
    /// When the first of these is due, in milliseconds since 1970.
    pub(crate) held_due: Option<i64>,
}

impl Rest {
    /// When the row is due again, in milliseconds since 1970; none when it is done.
    pub(crate) fn due(&self, now: i64) -> Option<i64> {
        let left = self.unanswered + self.requeued;
        if left == 0 {
            return None;
        }
        let stragglers = now.saturating_add(STRAGGLING_MS);
        match self.held_due {
            _ if self.alone.is_some_and(|coming| left > self.held + u64::from(coming)) => Some(now),
            Some(due) if self.held >= left => Some(due),
            Some(due) => Some(due.min(stragglers)),
            None => Some(stragglers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(name: &str) -> ProbeId {
        ProbeId::new(name).expect("a probe")
    }

    fn held(name: &str, round: u32, due_at: i64) -> (ProbeId, Held) {
        let task = Task { attempt: 3, ..Task::new(probe(name)) };
        (probe(name), Held { round, due_at, task })
    }

    fn names(turn: Turn) -> Vec<(String, u32)> {
        match turn {
            Turn::Run(tasks) => {
                tasks.into_iter().map(|task| (task.probe.to_string(), task.attempt)).collect()
            }
            other => panic!("not a run: {other:?}"),
        }
    }

    #[test]
    fn what_has_no_answer_runs_and_what_is_put_off_waits() {
        let work = Work {
            open: true,
            answered: HashMap::from([(probe("a"), 1)]),
            held: HashMap::from([held("b", 1, 50), held("c", 1, 200)]),
            ..Work::default()
        };
        let all = [probe("a"), probe("b"), probe("c"), probe("d")];
        assert_eq!(names(work.turn(&all, 100)), [("b".to_owned(), 3), ("d".to_owned(), 0)]);
        assert_eq!(work.turn(&all[2..3], 100), Turn::Wait(200));
        assert_eq!(work.turn(&all[..1], 100), Turn::Done);
    }

    #[test]
    fn only_requeued_cells_run_in_a_row_that_is_closed() {
        let work = Work {
            answered: HashMap::from([(probe("a"), 1), (probe("b"), 2)]),
            requeued: HashMap::from([(probe("a"), 2), (probe("b"), 2), (probe("d"), 2)]),
            ..Work::default()
        };
        let all = [probe("a"), probe("b"), probe("c"), probe("d")];
        assert_eq!(names(work.turn(&all, 0)), [("a".to_owned(), 0), ("d".to_owned(), 0)]);
    }

    #[test]
    fn a_task_put_off_in_an_earlier_round_than_the_answer_is_forgotten() {
        let work = Work {
            answered: HashMap::from([(probe("a"), 1)]),
            requeued: HashMap::from([(probe("a"), 2)]),
            held: HashMap::from([held("a", 1, 500)]),
            ..Work::default()
        };
        assert_eq!(names(work.turn(&[probe("a")], 0)), [("a".to_owned(), 0)]);
    }

    #[test]
    fn a_row_is_done_when_nothing_is_left_and_waits_for_what_is_put_off_or_lost() {
        let rest = |unanswered, requeued, held, held_due| Rest {
            alone: None,
            unanswered,
            requeued,
            held,
            held_due,
        };
        assert_eq!(rest(0, 0, 0, None).due(7), None);
        assert_eq!(rest(2, 0, 2, Some(90_000)).due(7), Some(90_000));
        assert_eq!(rest(2, 0, 1, Some(90_000)).due(7), Some(7 + STRAGGLING_MS));
        assert_eq!(rest(1, 1, 1, Some(9)).due(7), Some(9));
        assert_eq!(rest(0, 1, 0, None).due(7), Some(7 + STRAGGLING_MS));
        let alone = |coming, rest| Rest { alone: Some(coming), ..rest };
        assert_eq!(alone(true, rest(2, 0, 0, None)).due(7), Some(7));
        assert_eq!(alone(true, rest(1, 0, 0, None)).due(7), Some(7 + STRAGGLING_MS));
        assert_eq!(alone(false, rest(1, 0, 0, None)).due(7), Some(7));
        assert_eq!(alone(false, rest(2, 0, 1, Some(90_000))).due(7), Some(7));
        assert_eq!(alone(false, rest(1, 1, 2, Some(90_000))).due(7), Some(90_000));
    }

    #[test]
    fn one_by_one_what_ended_no_worker_goes_first() {
        let (name, mut lost) = held("a", 1, 50);
        lost.task.deaths = 1;
        let mut work = Work {
            open: true,
            alone: true,
            held: HashMap::from([(name, lost)]),
            ..Work::default()
        };
        let all = [probe("a"), probe("b"), probe("c")];
        assert_eq!(names(work.turn(&all, 100)), [("b".to_owned(), 0)]);
        work.sole = Some(probe("b"));
        assert_eq!(names(work.turn(&all, 100)), [("c".to_owned(), 0)]);
        work.answered = HashMap::from([(probe("b"), 1), (probe("c"), 1)]);
        assert_eq!(names(work.turn(&all, 100)), [("a".to_owned(), 3)]);
        assert_eq!(work.turn(&all, 49), Turn::Wait(50));
    }
}
