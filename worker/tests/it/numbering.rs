//! Pages say whose they are and how many stand before them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use protocol::batch::Work;
use protocol::result::Answer;

use crate::bench::{Bench, batch, ends};
use crate::cloud::{Cloud, item, page, task};

const ACCOUNT: &str = "111122223333";

#[tokio::test(start_paused = true)]
async fn the_pages_of_a_batch_are_numbered_and_a_batch_that_comes_twice_has_two_stints() {
    let cloud = Cloud::new(|asked, _| {
        let at = asked.token.as_deref().map_or(0, |token| token.parse().unwrap());
        page(
            vec![item(&format!("thing-{at}"), &[])],
            (at < 9).then(|| (at + 1).to_string()).as_deref(),
        )
    });
    // Longer than answers wait for others.
    *cloud.call_time.lock().unwrap() = Duration::from_secs(1);
    let mut bench = Bench::new(&cloud);
    for _ in 0..2 {
        bench.send(&batch(ACCOUNT, Work::Probes(vec![task("sqs"), task("sns")]))).await;
    }
    bench.start();
    bench.until(|answers| ends(answers) == 2).await;
    bench.end().await;
    let mut stints: BTreeMap<_, Vec<u32>> = BTreeMap::new();
    for part in &bench.parts {
        stints.entry(&part.stint).or_default().push(part.number);
    }
    assert_eq!(stints.len(), 2);
    for numbers in stints.values() {
        assert!(numbers.len() > 3, "{numbers:?}");
        assert_eq!(
            numbers.iter().copied().collect::<BTreeSet<_>>(),
            (0..).take(numbers.len()).collect()
        );
    }
    assert!(
        bench.answers.last().is_some_and(Answer::ends_a_dispatch),
        "nothing stands after the end"
    );
}
