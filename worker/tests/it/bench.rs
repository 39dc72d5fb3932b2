//! A worker with its queue and budgets, and what it answers.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use budget::MemoryBudget;
use catalog::Catalog;
use protocol::batch::{Batch, BatchPace, Work};
use protocol::budget::{Admission, Ask, Budget, BudgetError, Control};
use protocol::clock::SystemClock;
use protocol::message::{self, Versioned};
use protocol::provider::Provider;
use protocol::queue::{Delivery, Line, Message, Queue};
use protocol::result::{Answer, Part, ResultPage, Return};
use protocol::{AccountId, ConnectionId, Region, ScanId};
use queue::MemoryQueue;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::cloud::Cloud;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::embedded().unwrap());

/// No test waits longer for what must come.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Budgets that can be away, and that remember what was asked.
#[derive(Default)]
pub(crate) struct Budgets {
    inner: MemoryBudget,
    pub(crate) away: Mutex<bool>,
    pub(crate) asked: Mutex<Vec<Ask>>,
}

impl Budgets {
    fn reach(&self) -> Result<(), BudgetError> {
        let away = *self.away.lock().unwrap();
        if away { Err(BudgetError("cut".into())) } else { Ok(()) }
    }
}

#[async_trait]
impl Budget for Budgets {
    async fn admit(&self, asks: &[Ask]) -> Result<Vec<Admission>, BudgetError> {
        self.reach()?;
        self.asked.lock().unwrap().extend_from_slice(asks);
        self.inner.admit(asks).await
    }

    async fn throttled(&self, ask: &Ask) -> Result<(), BudgetError> {
        self.reach()?;
        self.inner.throttled(ask).await
    }

    async fn control(&self) -> Result<Control, BudgetError> {
        self.reach()?;
        self.inner.control().await
    }

    async fn set_control(&self, control: &Control) -> Result<(), BudgetError> {
        self.inner.set_control(control).await
    }
}

/// A worker and what it works with.
pub(crate) struct Bench {
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) budgets: Arc<Budgets>,
    pub(crate) settings: worker::Settings,
    pub(crate) drain: CancellationToken,
    pub(crate) answers: Vec<Answer>,
    /// Where the pages with these answers stand.
    pub(crate) parts: Vec<Part>,
    provider: Arc<dyn Provider>,
    running: Option<JoinHandle<Result<(), worker::Error>>>,
}

impl Bench {
    pub(crate) fn new(cloud: &Arc<Cloud>) -> Self {
        Self::on(Arc::new(MemoryQueue::new()), cloud)
    }

    pub(crate) fn on(queue: Arc<dyn Queue>, cloud: &Arc<Cloud>) -> Self {
        Self {
            queue,
            budgets: Arc::default(),
            settings: worker::Settings::new(64),
            drain: CancellationToken::new(),
            answers: Vec::new(),
            parts: Vec::new(),
            provider: Arc::clone(cloud) as _,
            running: None,
        }
    }

    /// Starts the worker.
    pub(crate) fn start(&mut self) {
        let parts = worker::Parts {
            queue: Arc::clone(&self.queue),
            budget: Arc::clone(&self.budgets) as _,
            provider: Arc::clone(&self.provider),
            catalog: CATALOG.clone(),
            clock: Arc::new(SystemClock),
            pulse: worker::Pulse::default(),
        };
        let running = worker::run(parts, self.settings, self.drain.clone());
        self.running = Some(tokio::spawn(running));
    }

    pub(crate) async fn send(&self, batch: &Batch) {
        self.send_bytes(serde_json::to_vec(batch).unwrap()).await;
    }

    pub(crate) async fn send_bytes(&self, body: Vec<u8>) {
        let message = Message { body, group: "g".into() };
        self.queue.publish(Line::Tasks, vec![message]).await.unwrap();
    }

    /// Collects answers until they are `enough`.
    pub(crate) async fn until(&mut self, enough: impl Fn(&[Answer]) -> bool) {
        let collected = async {
            while !enough(&self.answers) {
                let page = self.page().await;
                self.take(page);
            }
        };
        tokio::time::timeout(PATIENCE, collected).await.unwrap();
    }

    async fn page(&self) -> ResultPage {
        let delivery = self.receive(Line::Results).await;
        let page = message::read(&delivery.body).unwrap();
        delivery.receipt.ack().await.unwrap();
        page
    }

    /// The next message of a line.
    pub(crate) async fn receive(&self, line: Line) -> Delivery {
        let received = tokio::time::timeout(PATIENCE, self.queue.receive(line, 1)).await;
        received.unwrap().unwrap().remove(0)
    }

    /// Lets the worker drain and returns how long that took; what it still answers is collected.
    pub(crate) async fn end(&mut self) -> Duration {
        self.drain.cancel();
        let start = Instant::now();
        let running = self.running.take().unwrap();
        tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap().unwrap();
        let took = start.elapsed();
        while self.queue.depth(Line::Results).await.unwrap() > 0 {
            let page = self.page().await;
            self.take(page);
        }
        took
    }

    fn take(&mut self, page: ResultPage) {
        self.parts.extend(page.part);
        self.answers.extend(page.answers);
    }

    /// How the worker ended by itself.
    pub(crate) async fn ended(&mut self) -> Result<(), worker::Error> {
        self.running.take().unwrap().await.unwrap()
    }
}

/// A batch for an account.
pub(crate) fn batch(account: &str, work: Work) -> Batch {
    Batch {
        version: Batch::VERSION,
        scan: ScanId::new("scan").unwrap(),
        round: 1,
        dispatch: 1,
        catalog: CATALOG.digest().clone(),
        account: AccountId::new(account).unwrap(),
        connection: ConnectionId::new("source-0").unwrap(),
        region: Region::new("eu-west-1").unwrap(),
        pace: BatchPace { budget_share: 100, ..BatchPace::default() },
        trace: None,
        work,
    }
}

/// Sends one batch to a worker and collects its answers until the batch is settled.
pub(crate) async fn work(cloud: &Arc<Cloud>, work: Work) -> Vec<Answer> {
    work_until(cloud, work, CancellationToken::new()).await
}

/// The same, with a worker that is told to drain by `drain`.
pub(crate) async fn work_until(
    cloud: &Arc<Cloud>,
    work: Work,
    drain: CancellationToken,
) -> Vec<Answer> {
    let mut bench = Bench::new(cloud);
    bench.drain = drain;
    bench.start();
    bench.send(&batch("111122223333", work)).await;
    bench.until(|answers| ends(answers) == 1).await;
    bench.end().await;
    assert_eq!(bench.queue.depth(Line::Tasks).await, Ok(0), "the batch is acknowledged");
    bench.answers
}

/// How many batches have been answered.
pub(crate) fn ends(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.ends_a_dispatch()).count()
}

/// Which accounts' batches were handed back, in order, and why.
pub(crate) fn returned(answers: &[Answer]) -> Vec<(String, Return)> {
    let returned = answers.iter().filter_map(|answer| match answer {
        Answer::Returned { account, why, .. } => Some((account.to_string(), *why)),
        _ => None,
    });
    returned.collect()
}
