//! A Redis Cluster takes the batches: all keys of an owner are in one slot.

use std::net::TcpListener;

use protocol::AccountId;
use protocol::budget::Admission;

use crate::server::{Private, until};
use crate::shared::ask;

#[tokio::test]
async fn a_cluster_takes_a_batch_of_several_owners() {
    // A cluster talks at a second port; the usual one, the first plus 10,000, need not exist.
    let bus = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let server = Private::start(&["--cluster-enabled", "yes", "--cluster-port", &bus]);
    let () = server.tell(redis::cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(0).arg(16383)).await;
    until("the cluster has its slots", async || {
        let state: String = server.tell(redis::cmd("CLUSTER").arg("INFO")).await;
        state.contains("cluster_state:ok")
    })
    .await;
    let budget = budget::connect(server.url()).await.unwrap();
    let asks: Vec<_> = (0..60)
        .map(|at| {
            let mut ask = ask(&format!("class{at}"), 1.0, 0.1);
            ask.key.owner = AccountId::new(format!("{:012}", at % 7)).unwrap();
            ask
        })
        .collect();
    assert_eq!(budget.admit(&asks).await.unwrap(), vec![Admission::Granted; 60]);
    assert!(!budget.admit(&asks).await.unwrap().contains(&Admission::Granted));
    budget.throttled(&asks[0]).await.unwrap();
}
