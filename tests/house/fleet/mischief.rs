//! What is done to a fleet that works: each kind of it once, as it comes.

use std::time::Duration;

use protocol::queue::{Line, Message};
use tokio::runtime::Runtime;

use super::crew::Crew;
use super::dice::Dice;
use super::pause;
use super::place::Place;

/// How long something hangs or is slow.
const WHILE: Duration = Duration::from_secs(3);
/// How much slower a slow store is, for each message in each direction.
const SLOW: Duration = Duration::from_millis(40);
/// By how many seconds a clock jumps, there and back.
const JUMPS: [&str; 2] = ["+400", "-200"];
/// The most messages that are taken from a line at once.
const TAKEN: usize = 6;

/// A kind of mischief.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mischief {
    /// A worker is killed; another takes its place.
    KillWorker,
    /// A worker is asked to end, as Spot does; another takes its place.
    StopWorker,
    /// A worker hangs, and goes on as if nothing had been.
    HangWorker,
    /// A coordinator is killed; another takes its place.
    KillCoordinator,
    /// Postgres is killed, and comes back.
    KillStore,
    /// Postgres does not answer for a while.
    HangStore,
    /// Everything that Postgres is asked takes longer for a while.
    SlowStore,
    /// Redis is killed, and comes back without what it knew.
    KillBudgets,
    /// RabbitMQ is killed, and comes back.
    KillQueue,
    /// RabbitMQ is stopped in its own way, and comes back.
    StopQueue,
    /// Every connection to a server is cut.
    Cut,
    /// Messages come twice.
    Duplicate,
    /// Messages come so late that others overtake them, that their work was given out again, or after the end of
    /// their scan.
    Late,
    /// The clock of one coordinator and one worker jumps, forward and then back.
    Clock,
}

impl Mischief {
    /// Every kind.
    pub(super) const ALL: [Self; 14] = [
        Self::KillWorker,
        Self::StopWorker,
        Self::HangWorker,
        Self::KillCoordinator,
        Self::KillStore,
        Self::HangStore,
        Self::SlowStore,
        Self::KillBudgets,
        Self::KillQueue,
        Self::StopQueue,
        Self::Cut,
        Self::Duplicate,
        Self::Late,
        Self::Clock,
    ];
}

/// A fleet, the servers that it stands on, and what was done to them.
pub(super) struct Scene<'a> {
    pub(super) crew: Crew<'a>,
    pub(super) runtime: &'a Runtime,
    pub(super) store: Place,
    pub(super) budgets: Place,
    pub(super) queue: Place,
    /// How often Redis was started again.
    pub(super) budgets_restarted: u32,
    /// Messages that were taken away, until they come late.
    held: Vec<(Line, Vec<Message>)>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(crew: Crew<'a>, [store, budgets, queue]: [Place; 3]) -> Self {
        let runtime = crew.runtime;
        Self { crew, runtime, store, budgets, queue, budgets_restarted: 0, held: Vec::new() }
    }

    /// Does it; back when nothing of it goes on.
    pub(super) fn play(&mut self, mischief: Mischief, dice: &mut Dice) {
        match mischief {
            Mischief::KillWorker => {
                let at = dice.below(self.crew.workers.len());
                self.crew.workers[at].kill();
                self.crew.workers[at] = self.crew.worker(at);
            }
            Mischief::StopWorker => self.stop_worker(dice),
            Mischief::HangWorker => {
                let at = dice.below(self.crew.workers.len());
                self.crew.workers[at].signal("-STOP");
                pause(self.runtime, WHILE);
                self.crew.workers[at].signal("-CONT");
            }
            Mischief::KillCoordinator => {
                let at = dice.below(self.crew.coordinators.len());
                self.crew.coordinators[at].kill();
                self.crew.coordinators[at] = self.crew.coordinator(at);
            }
            Mischief::KillStore => self.store.restart("kill"),
            Mischief::HangStore => {
                self.store.server.tell("pause");
                pause(self.runtime, WHILE);
                self.store.server.tell("continue");
            }
            Mischief::SlowStore => {
                self.store.proxy.slow(SLOW);
                pause(self.runtime, WHILE);
                self.store.proxy.slow(Duration::ZERO);
            }
            Mischief::KillBudgets => {
                self.budgets.restart("kill");
                self.budgets_restarted += 1;
            }
            Mischief::KillQueue => self.queue.restart("kill"),
            Mischief::StopQueue => self.queue.restart("stop"),
            Mischief::Cut => {
                for place in [&self.store, &self.budgets, &self.queue] {
                    place.proxy.cut();
                }
            }
            Mischief::Duplicate => self.duplicate(),
            Mischief::Late => self.late(),
            Mischief::Clock => self.jump(dice),
        }
    }

    fn stop_worker(&mut self, dice: &mut Dice) {
        let at = dice.below(self.crew.workers.len());
        let worker = &mut self.crew.workers[at];
        let ended = worker.terminate(self.runtime);
        assert_eq!(ended, Some(0), "{} did not drain:\n{}", worker.name(), worker.told());
        self.crew.workers[at] = self.crew.worker(at);
    }

    fn duplicate(&self) {
        for line in [Line::Tasks, Line::Results] {
            let messages = self.take(line);
            let twice = [messages.clone(), messages].concat();
            self.publish(line, twice);
        }
    }

    fn late(&mut self) {
        let taken = [Line::Tasks, Line::Results].map(|line| (line, self.take(line)));
        for (line, late) in std::mem::replace(&mut self.held, taken.to_vec()) {
            self.publish(line, late);
        }
    }

    /// Takes messages off a line, as a consumer would that is quick to acknowledge.
    fn take(&self, line: Line) -> Vec<Message> {
        self.runtime.block_on(async {
            let queue = queue::connect(&self.queue.direct()).await.unwrap();
            let received = tokio::time::timeout(WHILE, queue.receive(line, TAKEN)).await;
            let mut messages = Vec::new();
            // On an idle line nothing comes.
            for delivery in received.map_or_else(|_| Vec::new(), Result::unwrap) {
                messages.push(Message { body: delivery.body, group: "late".to_owned() });
                delivery.receipt.ack().await.unwrap();
            }
            queue.close(line).await;
            messages
        })
    }

    fn publish(&self, line: Line, messages: Vec<Message>) {
        self.runtime.block_on(async {
            let queue = queue::connect(&self.queue.direct()).await.unwrap();
            queue.publish(line, messages).await.unwrap();
        });
    }

    fn jump(&self, dice: &mut Dice) {
        let coordinator = &self.crew.coordinators[dice.below(self.crew.coordinators.len())];
        let worker = &self.crew.workers[dice.below(self.crew.workers.len())];
        let set = |seconds: &str| {
            for process in [coordinator, worker] {
                std::fs::write(self.crew.clock(process.name()), seconds).unwrap();
            }
        };
        for seconds in JUMPS {
            set(seconds);
            pause(self.runtime, WHILE);
        }
        set("+0");
    }
}

impl Place {
    /// Ends the server by a word, and starts it again.
    fn restart(&mut self, word: &str) {
        self.server.tell(word);
        self.server.tell("start");
    }
}
