//! The lead of an installation, between two handles that share a database.

use std::sync::Arc;

use protocol::registry::Registry;
use protocol::scan::ScanState;
use protocol::store::{Store, StoreError};
use store::SqlStore;

use crate::world::*;

async fn lead(store: &SqlStore, holder: &str, now: u64) -> Option<u64> {
    store.lead(holder, moment(now), LASTS).await.expect("an answer")
}

async fn pause(store: &SqlStore) -> Result<(), StoreError> {
    store.set_state(&scan_id(), ScanState::ALL, ScanState::Paused, at(0)).await.map(drop)
}

pub(crate) async fn one_leads_as_long_as_it_renews_its_lease(
    one: Arc<SqlStore>,
    other: Arc<SqlStore>,
) {
    assert_eq!(lead(&one, "one", 0).await, Some(1));
    assert_eq!(lead(&other, "other", 9).await, None);
    assert_eq!(lead(&one, "one", 12).await, Some(1), "renewing keeps the number");
    assert_eq!(lead(&other, "other", 19).await, None, "it was renewed after the last look");
    assert_eq!(lead(&other, "other", 28).await, None);
    assert_eq!(lead(&other, "other", 29).await, Some(2));
    assert_eq!(lead(&one, "one", 30).await, None);
    assert_eq!(lead(&other, "other", 35).await, Some(2));
    assert_eq!(lead(&one, "one", 40).await, None);
}

pub(crate) async fn who_comes_late_waits_before_it_takes_a_lead_over(
    one: Arc<SqlStore>,
    other: Arc<SqlStore>,
) {
    assert_eq!(lead(&one, "one", 0).await, Some(1));
    assert_eq!(lead(&other, "other", 1_000_000).await, None);
    assert_eq!(lead(&other, "other", 1_000_010).await, Some(2));
}

pub(crate) async fn a_deposed_handle_writes_nothing_more(one: Arc<SqlStore>, other: Arc<SqlStore>) {
    plan(&*one, &["a"]).await;
    assert_eq!(lead(&one, "one", 0).await, Some(1));
    pause(&one).await.expect("the leader writes");
    pause(&other).await.expect("who never led writes");
    assert_eq!(lead(&other, "other", 1).await, None);
    assert_eq!(lead(&other, "other", 11).await, Some(2));
    assert!(matches!(pause(&one).await, Err(StoreError::Deposed)));
    assert!(matches!(one.set_share("*", Some(5)).await, Err(StoreError::Deposed)));
    assert!(matches!(one.take_due(&scan_id(), at(12), 5).await, Err(StoreError::Deposed)));
    assert_eq!(lead(&one, "one", 12).await, None);
    assert!(
        matches!(pause(&one).await, Err(StoreError::Deposed)),
        "asking for the lead is not having it"
    );
    one.scan(&scan_id()).await.expect("it may still read");
    pause(&other).await.expect("the leader writes");
    assert_eq!(lead(&one, "one", 22).await, Some(3));
    pause(&one).await.expect("who leads again writes again");
}

pub(crate) async fn who_resigns_makes_room_at_once(one: Arc<SqlStore>, other: Arc<SqlStore>) {
    assert_eq!(lead(&one, "one", 0).await, Some(1));
    other.resign("other").await.expect("resigned from nothing");
    assert_eq!(lead(&other, "other", 1).await, None);
    one.resign("one").await.expect("resigned");
    one.set_share("*", Some(5)).await.expect("nobody has taken over");
    assert_eq!(lead(&other, "other", 1).await, Some(2));
    assert!(matches!(one.set_share("*", Some(6)).await, Err(StoreError::Deposed)));
    one.resign("one").await.expect("resigned before");
    assert_eq!(lead(&other, "other", 2).await, Some(2));
}

pub(crate) async fn a_holder_that_was_started_again_leads_under_a_new_number(
    one: Arc<SqlStore>,
    other: Arc<SqlStore>,
) {
    assert_eq!(lead(&one, "host", 0).await, Some(1));
    assert_eq!(lead(&other, "host", 1).await, Some(2));
    assert!(matches!(one.set_share("*", Some(5)).await, Err(StoreError::Deposed)));
}
