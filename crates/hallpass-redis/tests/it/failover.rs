//! A Cluster that loses a master.

use hallpass_core::EndReason;
use hallpass_core::Load;
use hallpass_core::NextWrite;
use hallpass_core::SessionStore;
use hallpass_core::SystemRandom;
use hallpass_core::Write;
use hallpass_redis::RedisStore;
use hallpass_servers::RedisCluster;

use crate::away::answered;
use crate::records::anonymous;
use crate::records::at;
use crate::records::end;

/// SES-32, race 39: a master of the Cluster dies, and its replica takes over. No session is missed,
/// none that ended lives again, and a late writer brings none back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_outlives_a_master_of_its_cluster() {
    let cluster = RedisCluster::start().unwrap();
    let store = RedisStore::builder(&cluster.url()).connect().await.unwrap();
    let (mut live, mut ended) = (Vec::new(), Vec::new());
    for _ in 0..30 {
        for records in [&mut live, &mut ended] {
            let record = anonymous();
            let _created = store.create(&record, at(0)).await.unwrap();
            records.push(record);
        }
    }
    for record in &ended {
        let order = end(record.handle(), EndReason::Logout, at(1));
        let _ended = store.end(&order, at(1)).await.unwrap();
    }
    cluster.settle().unwrap();

    let tag = u16::from_be_bytes(*live[0].handle().to_bytes().first_chunk().unwrap());
    let key = format!("hallpass:{{{}}}:s:{}", tag % 1_024, live[0].handle());
    cluster.kill_node(cluster.master_of(&key).unwrap().index);
    for record in &live {
        let next = NextWrite::after(record, &SystemRandom).unwrap().build();
        let write = async || store.update(&next, record.revision(), at(2)).await;
        assert_eq!(answered(write).await, Write::Applied);
    }
    for record in &ended {
        let loaded = answered(async || store.load(record.handle(), at(2)).await).await;
        assert!(matches!(loaded, Load::Ended(_)), "{loaded:?}");
        let late = NextWrite::after(record, &SystemRandom).unwrap().build();
        let write = async || store.update(&late, record.revision(), at(2)).await;
        assert_eq!(answered(write).await, Write::Gone);
    }
    cluster.settle().unwrap();
}
