//! What `plan` predicts of reading an organization is what reading it takes: five thousand accounts in two thousand
//! units, on a clock that only the budget moves.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws::{Aws, Options, StaticKeys};
use catalog::Catalog;
use coordinator::enumerate::{Enumeration, enumerate};
use loadtest::{Latency, Manner, Organization, Shape, Trouble, World};
use protocol::budget::{Admission, Ask, Budget, BudgetError, Control};
use protocol::clock::SystemClock;
use protocol::holding::{Completeness, Part};
use protocol::provider::Provider;
use protocol::scan::{Pace, Settings};
use protocol::{ConnectionId, ScanId};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const ACCOUNTS: u32 = 5000;
const UNITS: u32 = 2000;

/// Grants every call of Organizations at once, and sums how long it would have waited for its turn.
#[derive(Default)]
struct Metered(Mutex<(u64, f64)>);

impl Metered {
    /// The calls and the seconds since it was asked the last time.
    fn take(&self) -> (u64, f64) {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[async_trait]
impl Budget for Metered {
    async fn admit(&self, asks: &[Ask]) -> Result<Vec<Admission>, BudgetError> {
        let mut spent = self.0.lock().unwrap();
        for ask in asks.iter().filter(|ask| ask.key.class == "organizations") {
            spent.0 += 1;
            spent.1 += 1.0 / ask.budget.per_second;
        }
        Ok(asks.iter().map(|_| Admission::Granted).collect())
    }

    async fn throttled(&self, _: &Ask) -> Result<(), BudgetError> {
        Ok(())
    }

    async fn control(&self) -> Result<Control, BudgetError> {
        Ok(Control::default())
    }

    async fn set_control(&self, _: &Control) -> Result<(), BudgetError> {
        Ok(())
    }
}

fn near(told: &Enumeration, (calls, seconds): (u64, f64), tolerance: f64) {
    #[expect(clippy::cast_precision_loss, reason = "some thousand calls")]
    let pairs = [(told.calls as f64, calls as f64), (told.seconds, seconds)];
    for (predicted, taken) in pairs {
        let off = (predicted - taken).abs() / taken;
        assert!(off <= tolerance, "{}: {predicted} was predicted, {taken} taken", told.part);
    }
}

#[test]
fn an_organization_takes_the_calls_and_the_time_that_plan_predicts() {
    Runtime::new().unwrap().block_on(compare());
}

async fn compare() {
    let shape =
        Shape { accounts: ACCOUNTS, units: UNITS, trouble: Trouble::NONE, ..Shape::default() };
    let catalog = Catalog::embedded().unwrap();
    let world = World::new(Organization::new(shape), catalog.clone());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let latency = Latency::Fixed(std::time::Duration::ZERO);
    let manner = Manner { latency, enforce_buckets: false, ..Manner::default() };
    let cloud = loadtest::serve(world, listener, manner).unwrap();
    let keys = cloud.keys();
    let options = Options {
        endpoint_url: Some(cloud.endpoint()),
        credentials: Some(StaticKeys {
            access_key_id: keys.access_key_id.clone(),
            secret_access_key: keys.secret_access_key.clone(),
            session_token: None,
        }),
        ..Options::default()
    };
    let pace = Pace { budget_share: 25, ..Pace::default() };
    let settings = Settings { pace, ..Settings::default() };
    let meter = Arc::new(Metered::default());
    let clock = Arc::new(SystemClock);
    let provider = Aws::connect(&settings, options, catalog.clone(), meter.clone(), clock).unwrap();
    let scan = ScanId::new("20261122T100000-0badcafe").unwrap();

    let chosen = coordinator::survey(&provider, &scan, &settings).await.unwrap();
    let listed = meter.take();
    let predicted = enumerate(&catalog, &chosen.sizes, false, &settings.pace);
    let of = |part: Part| predicted.iter().find(|one| one.part == part).unwrap();
    assert_eq!(chosen.accounts.len(), ACCOUNTS as usize);
    near(of(Part::Accounts), listed, 0.01);

    let organization = &chosen.organizations[0].1.id;
    let connection = ConnectionId::new("source-0").unwrap();
    let tree = provider.tree(&scan, &connection, organization).await.unwrap();
    assert_eq!((tree.units.len(), tree.placements.len()), (UNITS as usize + 1, ACCOUNTS as usize));
    // A unit without an account below it is not in the list of accounts: there are a few.
    near(of(Part::Tree), meter.take(), 0.15);
    assert!(of(Part::Tree).at_least);
    assert!(of(Part::Tree).seconds > 20.0 * 60.0, "at a quarter of the budget it takes its time");
    let policies = provider.holding(&scan, &connection, organization, Part::Policies).await;
    assert_eq!(policies.completeness(), Completeness::Synced);
    near(of(Part::Policies), meter.take(), 0.15);
    cloud.shutdown().await;
}
