//! What an installation keeps beside its scans: tokens, schedules, parked messages, shares.

use std::sync::Arc;

use protocol::registry::{Parked, Registry, Schedule, Scope, Token};
use protocol::scan::{Priority, Settings};
use protocol::{ScheduleId, TokenId, WorkspaceId};
use store::SqlStore;

use crate::world::*;

fn workspace(name: &str) -> WorkspaceId {
    WorkspaceId::new(name).expect("a workspace")
}

fn token(name: &str, workspace: &WorkspaceId) -> Token {
    Token {
        id: TokenId::new(name).expect("a token"),
        workspace: workspace.clone(),
        owner: "somebody".to_owned(),
        scope: Scope::Operate,
        digest: format!("digest of {name}"),
        created_at: at(1),
        expires_at: Some(at(100)),
        revoked_at: None,
    }
}

pub(crate) async fn a_token_is_found_by_its_digest_and_taken_back_once(store: Arc<SqlStore>) {
    let (ours, theirs) = (workspace("ours"), workspace("theirs"));
    let mut first = token("first", &ours);
    let second = Token { expires_at: None, created_at: at(2), ..token("second", &ours) };
    for token in [&second, &first, &token("first", &theirs)] {
        let digest = format!("{} {}", token.workspace, token.digest);
        let token = Token { digest, ..token.clone() };
        store.put_token(&token).await.expect("a token");
        store.put_token(&token).await.expect("the same again");
    }
    first.digest = format!("ours {}", first.digest);
    assert_eq!(store.token(&first.digest).await.expect("read"), Some(first.clone()));
    assert_eq!(store.token("another").await.expect("read"), None);
    let names: Vec<String> =
        store.tokens(&ours).await.expect("read").iter().map(|token| token.id.to_string()).collect();
    assert_eq!(names, ["first", "second"]);

    let revoke = async |workspace, id, now| {
        store.revoke_token(workspace, id, at(now)).await.expect("an answer")
    };
    assert!(!revoke(&theirs, &second.id, 5).await, "another workspace's");
    assert!(!revoke(&ours, &first.id, 100).await, "it has ended by itself");
    assert!(revoke(&ours, &first.id, 5).await);
    assert!(!revoke(&ours, &first.id, 6).await);
    assert_eq!(
        store.token(&first.digest).await.expect("read").and_then(|token| token.revoked_at),
        Some(at(5))
    );
    assert!(revoke(&ours, &second.id, 1_000_000).await);
}

pub(crate) async fn a_token_is_never_written_over(store: Arc<SqlStore>) {
    let first = token("first", &workspace("ours"));
    store.put_token(&first).await.expect("a token");
    let other = Token { digest: "another".to_owned(), ..first.clone() };
    let why = store.put_token(&other).await.expect_err("a second of its name").to_string();
    assert!(why.contains("there is a token first already") && !why.contains("another"), "{why}");
    let same_secret = Token { id: TokenId::new("second").expect("a token"), ..first.clone() };
    assert!(store.put_token(&same_secret).await.is_err());
    assert_eq!(store.tokens(&first.workspace).await.expect("read"), [first]);
}

pub(crate) async fn tokens_that_ended_long_ago_are_removed(store: Arc<SqlStore>) {
    let ours = workspace("ours");
    let tokens = [
        Token { expires_at: None, ..token("lasting", &ours) },
        Token { expires_at: Some(at(900)), ..token("later", &ours) },
        Token { expires_at: Some(at(90)), ..token("over", &ours) },
        Token { expires_at: None, revoked_at: Some(at(50)), ..token("revoked", &ours) },
        Token {
            expires_at: Some(at(900)),
            revoked_at: Some(at(60)),
            ..token("revoked-early", &ours)
        },
    ];
    for token in &tokens {
        store.put_token(token).await.expect("a token");
    }
    let left = async || {
        let tokens = store.tokens(&ours).await.expect("read");
        tokens.into_iter().map(|token| token.id.to_string()).collect::<Vec<_>>()
    };
    let prune = async |before, most| store.prune_tokens(at(before), most).await.expect("pruned");
    assert_eq!(prune(50, 10).await, 0, "none ended before");
    assert_eq!(prune(91, 2).await, 2);
    assert_eq!(prune(91, 2).await, 1);
    assert_eq!(prune(91, 2).await, 0);
    assert_eq!(left().await, ["lasting", "later"]);
}

pub(crate) async fn a_schedule_starts_one_scan_each_time(store: Arc<SqlStore>) {
    let schedule = |name: &str, next: i64| Schedule {
        id: ScheduleId::new(name).expect("a schedule"),
        workspace: workspace("ours"),
        cron: "0 3 * * *".to_owned(),
        settings: Settings { priority: Priority::Low, ..Settings::default() },
        owner: "somebody".to_owned(),
        next_at: at(next),
    };
    let (nightly, weekly) = (schedule("nightly", 10), schedule("weekly", 70));
    for schedule in [&schedule("nightly", 5), &weekly, &nightly] {
        store.put_schedule(schedule).await.expect("a schedule");
    }
    let ours = store.schedules(&workspace("ours")).await.expect("read");
    assert_eq!(ours, [nightly.clone(), weekly]);
    assert_eq!(store.schedules(&workspace("theirs")).await.expect("read"), []);
    assert_eq!(store.due_schedules(at(9)).await.expect("read"), []);
    assert_eq!(store.due_schedules(at(10)).await.expect("read"), std::slice::from_ref(&nightly));
    assert!(store.move_schedule(&nightly, at(20)).await.expect("moved"));
    assert!(!store.move_schedule(&nightly, at(20)).await.expect("moved before"));
    assert_eq!(store.due_schedules(at(10)).await.expect("read"), []);
    let remove = async |whose: &str| {
        store.remove_schedule(&workspace(whose), &nightly.id).await.expect("an answer")
    };
    assert!(!remove("theirs").await);
    assert!(remove("ours").await);
    assert!(!remove("ours").await);
    assert!(!store.move_schedule(&nightly, at(30)).await.expect("gone"));
}

pub(crate) async fn a_parked_message_is_kept_once_and_the_oldest_give_way(store: Arc<SqlStore>) {
    let parked = |number: i64| Parked {
        body: format!("message \u{0} {number}"),
        why: "its version is not known".to_owned(),
        at: at(number),
    };
    for number in 0..1003 {
        store.park(&parked(number)).await.expect("parked");
    }
    let again = Parked { at: at(2000), ..parked(1001) };
    store.park(&again).await.expect("parked");
    let latest = store.parked(2).await.expect("read");
    assert_eq!(latest.iter().map(|parked| parked.at).collect::<Vec<_>>(), [at(2000), at(1002)]);
    assert_eq!((&*latest[0].body, &*latest[0].why), ("message \u{fffd} 1001", &*again.why));
    let all = store.parked(5000).await.expect("read");
    assert_eq!((all.len(), all[999].at), (1000, at(3)));
}

pub(crate) async fn shares_are_set_and_taken_back(store: Arc<SqlStore>) {
    for (class, percent) in
        [("read", Some(10)), ("*", Some(50)), ("read", Some(20)), ("none", None)]
    {
        store.set_share(class, percent).await.expect("set");
    }
    let expected = [("*".to_owned(), 50), ("read".to_owned(), 20)];
    assert_eq!(store.shares().await.expect("read"), expected);
    store.set_share("*", None).await.expect("taken back");
    assert_eq!(store.shares().await.expect("read"), expected[1..]);
}
