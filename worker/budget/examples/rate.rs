//! How many decisions a second the budgets make: `rate [URL]...`, by default those in memory.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::sync::Arc;
use std::time::Duration;

use budget::connect;
use protocol::budget::{Ask, Bucket, Budget, BudgetError, BudgetKey};
use protocol::{AccountId, Region};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long each figure is measured.
const TIME: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> Result<(), BudgetError> {
    let mut urls: Vec<String> = std::env::args().skip(1).collect();
    if urls.is_empty() {
        urls.push("memory:".to_owned());
    }
    for url in urls {
        let budget = connect(&url).await?;
        println!("{}:", url.split(':').next().unwrap_or_default());
        for askers in [1, 8, 64] {
            for size in [1, 60] {
                let rate = measure(&budget, askers, size).await?;
                println!("  {askers:>2} at once, {size:>2} asks each: {rate:>9.0} decisions/s");
            }
        }
        println!("  keys never seen, 60 asks each: {:>9.0} decisions/s", new_keys(&budget).await?);
    }
    Ok(())
}

/// Decisions a second that so many askers get, each with the keys of an account of its own.
async fn measure(budget: &Arc<dyn Budget>, askers: usize, size: usize) -> Result<f64, BudgetError> {
    let start = Instant::now();
    let mut running = JoinSet::new();
    for asker in 0..askers {
        let budget = Arc::clone(budget);
        let asks = asks(asker, size);
        running.spawn(async move {
            let mut decided = 0;
            while start.elapsed() < TIME {
                decided += budget.admit(&asks).await?.len();
            }
            Ok(decided)
        });
    }
    let mut decided = 0;
    for asker in running.join_all().await {
        decided += asker?;
    }
    Ok(per_second(decided, start))
}

/// Decisions a second about keys that were never asked for.
async fn new_keys(budget: &Arc<dyn Budget>) -> Result<f64, BudgetError> {
    let start = Instant::now();
    let mut decided = 0;
    for account in 1_000.. {
        if start.elapsed() >= TIME {
            break;
        }
        decided += budget.admit(&asks(account, 60)).await?.len();
    }
    Ok(per_second(decided, start))
}

#[expect(clippy::cast_precision_loss, reason = "far below what a float counts")]
fn per_second(decided: usize, start: Instant) -> f64 {
    decided as f64 / start.elapsed().as_secs_f64()
}

/// One ask for each of `size` classes of an account.
fn asks(account: usize, size: usize) -> Vec<Ask> {
    let owner = AccountId::new(format!("{account:012}"));
    let location = Region::new("eu-west-1");
    let (Ok(owner), Ok(location)) = (owner, location) else { return Vec::new() };
    (0..size)
        .map(|class| Ask {
            key: BudgetKey {
                owner: owner.clone(),
                location: location.clone(),
                class: format!("service{class}:DescribeManyThings"),
            },
            budget: Bucket { burst: 50.0, per_second: 25.0 },
        })
        .collect()
}
