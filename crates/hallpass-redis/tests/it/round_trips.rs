//! How often the server is asked.

use std::num::NonZeroU32;

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::NextWrite;
use hallpass_core::SessionStore;
use hallpass_core::SubjectIndex;
use hallpass_core::SystemRandom;

use crate::private::Connection;
use crate::private::Private;
use crate::records::alice;
use crate::records::anonymous;
use crate::records::at;
use crate::records::end;
use crate::records::limit;
use crate::records::login;
use crate::records::of;
use crate::records::touch;

/// SES-17: each operation is one command, a load a plain one. Scripts are there already, because the
/// first round has sent them.
#[tokio::test]
async fn every_operation_is_one_round_trip() {
    let server = Private::start();
    let mut connection = server.connection().await;
    let store = server.store().await;
    for _ in 0..2 {
        let (old, record) = (anonymous(), of(&store, &alice()));
        let next = NextWrite::after(&record, &SystemRandom).unwrap().build();
        let bind = Bind {
            limit: limit(NonZeroU32::MIN, AtLimit::EvictOldest),
            ..login(&record, Some(&old))
        };
        let order = end(record.handle(), EndReason::Logout, at(3));
        let mut asked = Vec::new();
        let mut count = async || asked.push(commands(&mut connection).await);
        count().await;
        let _created = store.create(&old, at(0)).await.unwrap();
        count().await;
        let _bound = store.bind(&bind, at(0)).await.unwrap();
        count().await;
        let _written = store.update(&next, record.revision(), at(1)).await.unwrap();
        count().await;
        let _touched = store.touch(&touch(&next, at(2)), at(2)).await.unwrap();
        count().await;
        let _listed = store.list(&alice(), at(2)).await.unwrap();
        count().await;
        let _loaded = store.load(record.handle(), at(2)).await.unwrap();
        count().await;
        let _ended = store.end(&order, at(3)).await.unwrap();
        count().await;
        let reason = EndReason::Logout;
        let _ended = store
            .end_subject(&alice(), None, &reason, at(3))
            .await
            .unwrap();
        count().await;
        let steps: Vec<u64> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
        if asked[0] > 0 {
            assert_eq!(steps, [1, 1, 1, 1, 1, 0, 1, 1], "scripts of each operation");
        }
    }
}

/// What was counted up for others costs each session one comparison, not one for each load.
#[tokio::test]
async fn a_counter_of_others_is_compared_once() {
    let server = Private::start();
    let mut connection = server.connection().await;
    let store = server.store().await;
    let record = of(&store, &alice());
    let _created = store.create(&record, at(0)).await.unwrap();
    let umbrella = EpochScope::Tenant("umbrella".to_owned());
    store
        .advance(&umbrella, &EndReason::Logout, at(1))
        .await
        .unwrap();
    let _sent = store
        .load(of(&store, &alice()).handle(), at(1))
        .await
        .unwrap();
    let mut asked = vec![commands(&mut connection).await];
    for _ in 0..3 {
        let _loaded = store.load(record.handle(), at(1)).await.unwrap();
        asked.push(commands(&mut connection).await);
    }
    let scripts: Vec<u64> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // The first sends the script in full, after the server has said that it does not have it.
    assert_eq!(scripts, [2, 0, 0]);
}

/// How many scripts the server was asked to run.
async fn commands(connection: &mut Connection) -> u64 {
    let stats: String = connection.ask(&["INFO", "commandstats"]).await;
    stats
        .lines()
        .filter(|line| line.starts_with("cmdstat_eval"))
        .filter_map(|line| line.split_once("calls=")?.1.split_once(','))
        .map(|(calls, _)| calls.parse::<u64>().unwrap())
        .sum()
}
