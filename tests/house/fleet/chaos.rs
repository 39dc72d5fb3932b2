//! Whatever is killed, cut, slow, doubled or late: no cell is lost, none is counted twice, no budget is exceeded.
//!
//! `ORGSWEEP_CHAOS_ROUNDS` makes it longer than in every run of the tests, `ORGSWEEP_CHAOS_SEED` another one.

use std::fmt::Write;
use std::time::Duration;

use loadtest::{Latency, Manner, Trouble};
use protocol::scan::{Scan, ScanState};
use tokio::time::Instant;

use super::crew::{Crew, Urls, faketime};
use super::dice::Dice;
use super::masked::compare;
use super::mischief::{Mischief, Scene};
use super::place::Place;
use super::wait;
use crate::command::{Cells, Cloud, SERVICES};

/// The share of AWS's buckets that the fleet may spend, in per cent.
const SHARE: u8 = 90;
/// How much mischief a round has.
const MISCHIEF: usize = 4;
/// Enough for every kind of mischief to come at least once.
const ROUNDS: usize = Mischief::ALL.len().div_ceil(MISCHIEF);
/// Between its grant and its arrival a call may lose so much time: while its worker hangs, or the machine is busy.
const LATE: f64 = 4.0;

const SCAN: &[&str] =
    &["scan", "--connection", "main", "--service", SERVICES, "--budget-share", "90", "--quiet"];

#[test]
fn no_cell_is_lost_or_counted_twice_and_no_budget_exceeded_whatever_happens() {
    assert!(faketime().is_some(), "ORGSWEEP_TEST_FAKETIME is not set: run `cargo xtask test`");
    let rounds = number("ORGSWEEP_CHAOS_ROUNDS", u64::try_from(ROUNDS).unwrap());
    let seed = number("ORGSWEEP_CHAOS_SEED", 20_261_122);
    let runtime = super::runtime();
    let cloud = cloud();
    let places = ["postgres", "redis", "rabbitmq"].map(|name| Place::of(&runtime, name, ""));
    let [store, budgets, queue] = places.each_ref().map(Place::url);
    let direct_store = places[0].direct();
    let urls = Urls { store, queue, budgets, direct_store, environment: Vec::new() };
    let crew = Crew::start(&runtime, &cloud, urls, [2, 4]);
    let mut scene = Scene::new(crew, places);
    let calm = Outcome::of(&mut scene, &mut Vec::new(), None);
    let mut dice = Dice::of(seed);
    let mut kinds = Vec::new();
    for round in 1..=rounds {
        if kinds.len() < MISCHIEF {
            let mut more = Mischief::ALL;
            dice.shuffle(&mut more);
            kinds.extend(more);
        }
        let mut wanted: Vec<Mischief> = kinds.drain(..MISCHIEF).collect();
        let said = format!("round {round} of {rounds}, seed {seed}: {wanted:?}");
        say(&said);
        let chaotic = Outcome::of(&mut scene, &mut wanted, Some((&mut dice, calm.calls)));
        chaotic.judge(&calm, &scene, &said);
    }
}

/// What came of a round.
struct Outcome {
    scan: Scan,
    cells: Cells,
    calls: u64,
    took: Duration,
}

impl Outcome {
    /// Scans; each mischief comes when another part of the calls that are expected was made.
    fn of(
        scene: &mut Scene<'_>,
        wanted: &mut Vec<Mischief>,
        disturbed: Option<(&mut Dice, u64)>,
    ) -> Self {
        let cloud = scene.crew.cloud;
        let before = cloud.running().counters().calls;
        let since = Instant::now();
        let scan = scene.crew.begin(SCAN);
        if let Some((dice, expected)) = disturbed {
            let parts = u64::try_from(wanted.len()).unwrap();
            // The first comes at once, while accounts are still found.
            for (at, mischief) in (0..).zip(wanted.drain(..)) {
                let moment = before + expected * at / parts;
                wait(scene.runtime, "progress, or the end of the scan", || {
                    let over = scene.crew.state(&scan) == Some(ScanState::Finished);
                    (over || cloud.running().counters().calls >= moment).then_some(())
                });
                scene.play(mischief, dice);
            }
        }
        wait(scene.runtime, "the end of the scan", || {
            scene.crew.check();
            (scene.crew.state(&scan)? == ScanState::Finished).then_some(())
        });
        let took = since.elapsed();
        let calls = cloud.running().counters().calls - before;
        let cells = scene.crew.cells(&scan);
        scene.crew.reports(&scan, cloud.home.path());
        Self { scan, cells, calls, took }
    }

    /// Fails if anything differs from a calm round but what may.
    fn judge(&self, calm: &Self, scene: &Scene<'_>, said: &str) {
        let lost: Vec<_> = calm.cells.keys().filter(|key| !self.cells.contains_key(*key)).collect();
        assert!(lost.is_empty(), "{said}: lost cells: {lost:?}");
        let differ = calm.cells.iter().filter(|(key, cell)| self.cells.get(*key) != Some(*cell));
        let differ: Vec<_> = differ.map(|(key, cell)| (key, cell, self.cells.get(key))).collect();
        assert!(differ.is_empty(), "{said}: {} cells differ: {differ:?}", differ.len());
        assert_eq!(self.cells.len(), calm.cells.len(), "{said}: cells that nobody planned");
        let home = scene.crew.cloud.home.path();
        compare(said, &home.join(calm.scan.id.as_str()), &home.join(self.scan.id.as_str()));
        let worst = exceeded(scene, said);
        let throttled = scene.crew.cloud.running().counters().throttled;
        let mut told = format!("    {} cells, none lost, none twice", self.cells.len());
        let more = i128::from(self.calls) - i128::from(calm.calls);
        write!(told, "; {} calls ({more:+} to a calm round)", self.calls).unwrap();
        write!(told, "; {:.1} s (calm {:.1} s)", self.took.as_secs_f64(), calm.took.as_secs_f64())
            .unwrap();
        write!(told, "; {throttled} throttled since the start; {worst}").unwrap();
        say(&told);
    }
}

/// Fails if in any window a key was called more often than burst + rate x T allows, over all workers and rounds; tells the worst.
fn exceeded(scene: &Scene<'_>, said: &str) -> String {
    let mut worst = (f64::NEG_INFINITY, String::new());
    let keys = scene.crew.cloud.running().calls();
    assert!(keys.iter().any(|key| key.at_ms.len() > 1), "{said}: the stand-in counted nothing");
    for key in keys {
        let budget = key.bucket.share(SHARE);
        let excess = key.excess(budget);
        if excess > worst.0 {
            worst =
                (excess, format!("{} of account {} in {:?}", key.class, key.account, key.region));
        }
        let allowed = f64::from(scene.budgets_restarted) + budget.per_second * LATE;
        assert!(
            excess <= allowed + 1e-6,
            "{said}: {} of account {} in {:?} was called {excess:.2} times too often, {allowed:.2} allowed",
            key.class,
            key.account,
            key.region
        );
    }
    format!("the fullest window has {:+.2} to its budget ({})", worst.0, worst.1)
}

fn cloud() -> Cloud {
    let trouble =
        Trouble { closed_doors: true, denied: 8, broken: 4, half_denied: 4, ..Trouble::NONE };
    let manner = Manner {
        latency: Latency::Fixed(Duration::from_millis(20)),
        keep_times: true,
        ..Manner::default()
    };
    Cloud::play(16, trouble, manner)
}

#[expect(clippy::disallowed_methods, reason = "a longer run is asked for by variables")]
fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |text| text.parse().unwrap())
}

#[expect(clippy::print_stderr, reason = "rounds and seeds are told, so that they can be run again")]
fn say(sentence: &str) {
    eprintln!("{sentence}");
}
