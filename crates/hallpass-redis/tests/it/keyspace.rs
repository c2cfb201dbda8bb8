//! What a look into the server finds.

use std::time::Duration;

use hallpass_core::Bound;
use hallpass_core::Create;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::Load;
use hallpass_core::NextWrite;
use hallpass_core::RecordFixture;
use hallpass_core::SessionStore;
use hallpass_core::SubjectIndex;
use hallpass_core::SystemRandom;
use hallpass_core::Timestamp;
use hallpass_core::Write;
use hallpass_redis::ConnectError;
use hallpass_redis::RedisStore;
use hallpass_servers::urls;

use crate::private::Connection;
use crate::private::connection;
use crate::records::alice;
use crate::records::anonymous;
use crate::records::at;
use crate::records::built;
use crate::records::end;
use crate::records::login;
use crate::records::named;
use crate::records::of;
use crate::records::touch;
use crate::servers;

/// Race 21: whatever was done, each key goes by itself, and none at once: also after `Duration::MAX`,
/// after a lifetime of a millisecond, and for a clock at the end of time.
#[tokio::test]
async fn every_key_has_a_time_to_live() {
    let store = servers::single().await;
    let longest = RecordFixture::of(&alice()).timeouts(None, Duration::MAX);
    let shortest = RecordFixture::anonymous().timeouts(None, Duration::from_millis(1));
    let (longest, _token) = named(&store, &alice(), longest);
    for record in [
        &longest,
        &built(shortest).0,
        &anonymous(),
        &of(&store, &alice()),
    ] {
        let created = store.create(record, at(0)).await.unwrap();
        assert_eq!(created, Create::Created);
    }
    let (late, _token) = RecordFixture::anonymous()
        .build(&SystemRandom, Timestamp::MAX)
        .unwrap();
    let _created = store.create(&late, Timestamp::MAX).await.unwrap();
    let next = NextWrite::after(&longest, &SystemRandom).unwrap().build();
    let written = store
        .update(&next, longest.revision(), at(1))
        .await
        .unwrap();
    assert_eq!(written, Write::Applied);
    let _touched = store.touch(&touch(&next, at(2)), at(2)).await.unwrap();
    for scope in [
        EpochScope::Everybody,
        EpochScope::Tenant("acme".to_owned()),
        EpochScope::Subject(alice()),
    ] {
        store
            .advance(&scope, &EndReason::Logout, at(3))
            .await
            .unwrap();
    }
    let order = end(anonymous().handle(), EndReason::Logout, at(4));
    let _missing = store.end(&order, at(4)).await.unwrap();

    let mut connection = connection(&urls::redis()).await;
    let keys = connection.keys(store.prefix()).await;
    assert_eq!(keys.len(), 11, "{keys:?}");
    for key in keys {
        let left: i64 = connection.ask(&["PTTL", &key]).await;
        assert!(
            (200_000..=1_000_003_600_000).contains(&left),
            "{key}: {left}"
        );
    }
}

/// Race 21: nor does a node whose clock is at the beginning or at the end of time keep a key for ever,
/// whatever it does.
#[tokio::test]
async fn no_clock_makes_a_key_stay_for_ever() {
    for now in [Timestamp::from_millis(0), Timestamp::MAX] {
        let store = servers::single().await;
        let (record, old) = (of(&store, &alice()), anonymous());
        let next = NextWrite::after(&record, &SystemRandom).unwrap().build();
        let reason = EndReason::Logout;
        let _created = store.create(&old, now).await.unwrap();
        let _bound = store.bind(&login(&record, Some(&old)), now).await.unwrap();
        let _bound = store.bind(&login(&record, None), now).await.unwrap();
        let _touched = store.touch(&touch(&record, now), now).await.unwrap();
        let _written = store.update(&next, record.revision(), now).await.unwrap();
        let order = end(anonymous().handle(), reason.clone(), now);
        let _missing = store.end(&order, now).await.unwrap();
        let ended = store.end_subject(&alice(), None, &reason, now).await;
        let _ended = ended.unwrap();
        for scope in [EpochScope::Everybody, EpochScope::Subject(alice())] {
            store.advance(&scope, &reason, now).await.unwrap();
        }
        let mut connection = connection(&urls::redis()).await;
        let keys = connection.keys(store.prefix()).await;
        assert!(keys.len() >= 6, "{keys:?}");
        for key in keys {
            let left: i64 = connection.ask(&["PTTL", &key]).await;
            assert!(
                (200_000..=1_000_003_600_000).contains(&left),
                "{key}: {left}"
            );
        }
    }
}

/// SES-24, race 47: a copy of all that the server has holds no token, also none from before a
/// renewal, and no key names a subject.
#[tokio::test]
async fn a_copy_of_the_server_holds_no_token() {
    let store = servers::single().await;
    let (anonymous, first) = built(RecordFixture::anonymous());
    let (record, second) = named(&store, &alice(), RecordFixture::of(&alice()));
    let _created = store.create(&anonymous, at(0)).await.unwrap();
    let bound = store.bind(&login(&record, Some(&anonymous)), at(0)).await;
    assert!(matches!(bound.unwrap(), Bound::Bound { .. }));
    let next = NextWrite::after(&record, &SystemRandom)
        .unwrap()
        .renewed(&second, at(1))
        .build();
    let written = store.update(&next, record.revision(), at(1)).await.unwrap();
    assert_eq!(written, Write::Applied);

    let mut connection = connection(&urls::redis()).await;
    let dump = connection.dump(store.prefix()).await;
    assert_eq!(dump.len(), 5);
    for token in [first, second] {
        let exposed = token.expose_secret();
        let text = exposed.as_str();
        let secret = token_secret(text);
        for (key, value) in &dump {
            assert!(!key.contains("alice") && !key.contains("acme"), "{key}");
            assert!(!contains(value, text.as_bytes()), "{key}");
            assert!(!contains(value, &secret), "{key}");
        }
    }
}

/// Races 25 and 43: entries of the index whose sessions are no longer there go when it is read, and
/// by and by when nobody reads it.
#[tokio::test]
async fn the_index_heals_itself() {
    let store = servers::single().await;
    let mut connection = connection(&urls::redis()).await;
    let index = |keys: Vec<String>| keys.into_iter().find(|key| key.contains(":i:")).unwrap();
    let lives = of(&store, &alice());
    let _bound = store.bind(&login(&lives, None), at(0)).await.unwrap();
    let index = index(connection.keys(store.prefix()).await);
    let add = async |connection: &mut Connection, count: usize| {
        for _ in 0..count {
            let handle = of(&store, &alice()).handle().to_string();
            let _added: i64 = connection.ask(&["SADD", &index, &handle]).await;
        }
    };

    add(&mut connection, 10).await;
    assert_eq!(store.list(&alice(), at(1)).await.unwrap().len(), 1);
    let entries: Vec<String> = connection.ask(&["SMEMBERS", &index]).await;
    assert_eq!(entries, [lives.handle().to_string()]);

    add(&mut connection, 10).await;
    let mut begun = 1;
    loop {
        let record = of(&store, &alice());
        let _bound = store.bind(&login(&record, None), at(1)).await.unwrap();
        begun += 1;
        let entries: usize = connection.ask(&["SCARD", &index]).await;
        if entries == begun {
            break;
        }
        assert!(begun < 1_000, "{entries} entries for {begun} sessions");
    }
}

/// Race 43: what has only expired stays in the index, because a node whose clock is behind sees it
/// live, and ends it with the others.
#[tokio::test]
async fn a_clock_that_is_ahead_takes_nobody_out_of_the_index() {
    let store = servers::single().await;
    let record = of(&store, &alice());
    let _bound = store.bind(&login(&record, None), at(0)).await.unwrap();
    let listed = store.list(&alice(), record.expires_at()).await.unwrap();
    assert_eq!(listed.len(), 0);
    let ended = store
        .end_subject(&alice(), None, &EndReason::Logout, at(1))
        .await;
    assert_eq!(ended.unwrap().len(), 1);
}

/// Where the counters are lost by which sessions were ended, nobody knows which: all are as lost.
#[tokio::test]
async fn sessions_whose_counters_were_lost_are_forgotten() {
    let store = servers::single().await;
    let record = of(&store, &alice());
    let _created = store.create(&record, at(0)).await.unwrap();
    let mut connection = connection(&urls::redis()).await;
    for kind in ["g", "e"] {
        let loaded = store.load(record.handle(), at(0)).await.unwrap();
        assert!(matches!(loaded, Load::Live(_)));
        let key = format!("{}:{{0}}:{kind}", store.prefix());
        let removed: i64 = connection.ask(&["DEL", &key]).await;
        assert_eq!(removed, 1);
    }
    let loaded = store.load(record.handle(), at(0)).await.unwrap();
    assert!(matches!(loaded, Load::Missing));
    let next = NextWrite::after(&record, &SystemRandom).unwrap().build();
    let written = store.update(&next, record.revision(), at(0)).await.unwrap();
    assert_eq!(written, Write::Gone);
}

/// SES-17: counters that are lost and begin anew bring back no session that they had ended.
#[tokio::test]
async fn counters_that_begin_anew_revive_no_session() {
    for is_compared in [false, true] {
        let store = servers::single().await;
        let mut connection = connection(&urls::redis()).await;
        let key = format!("{}:{{0}}:e", store.prefix());
        let (ended, lives) = (of(&store, &alice()), anonymous());
        let _created = store.create(&ended, at(0)).await.unwrap();
        let scope = EpochScope::Everybody;
        let reason = EndReason::Logout;
        store.advance(&scope, &reason, at(1)).await.unwrap();
        if is_compared {
            let _created = store.create(&lives, at(1)).await.unwrap();
            let loaded = store.load(lives.handle(), at(1)).await.unwrap();
            assert!(matches!(loaded, Load::Live(_)));
        }
        let removed: i64 = connection.ask(&["DEL", &key]).await;
        assert_eq!(removed, 1);

        let new = anonymous();
        let _created = store.create(&new, at(2)).await.unwrap();
        for _ in 0..2 {
            for lost in [&ended, &lives] {
                let loaded = store.load(lost.handle(), at(2)).await.unwrap();
                assert!(!matches!(loaded, Load::Live(_)), "{loaded:?}");
            }
            let loaded = store.load(new.handle(), at(2)).await.unwrap();
            assert!(matches!(loaded, Load::Live(_)));
            let listed = store.list(&alice(), at(2)).await.unwrap();
            assert_eq!(listed.len(), 0);
        }
    }
}

/// SES-17: everybody's sessions end, also where the counters were lost before.
#[tokio::test]
async fn everybody_is_ended_also_where_the_counters_were_lost() {
    let store = servers::single().await;
    let record = anonymous();
    let _created = store.create(&record, at(0)).await.unwrap();
    let mut connection = connection(&urls::redis()).await;
    let key = format!("{}:{{0}}:e", store.prefix());
    let removed: i64 = connection.ask(&["DEL", &key]).await;
    assert_eq!(removed, 1);
    let scope = EpochScope::Everybody;
    let reason = EndReason::Logout;
    store.advance(&scope, &reason, at(1)).await.unwrap();
    let loaded = store.load(record.handle(), at(1)).await.unwrap();
    assert!(matches!(loaded, Load::Missing));
}

/// Race 46: stores with different prefixes are different stores.
#[tokio::test]
async fn prefixes_keep_applications_apart() {
    let (one, other) = (servers::single().await, servers::single().await);
    let record = of(&one, &alice());
    let _bound = one.bind(&login(&record, None), at(0)).await.unwrap();
    let loaded = other.load(record.handle(), at(0)).await.unwrap();
    assert!(matches!(loaded, Load::Missing));
    assert_eq!(other.list(&alice(), at(0)).await.unwrap().len(), 0);
    let ended = other
        .end_subject(&alice(), None, &EndReason::Logout, at(0))
        .await;
    assert_eq!(ended.unwrap(), []);
    other
        .advance(&EpochScope::Everybody, &EndReason::Logout, at(0))
        .await
        .unwrap();
    let loaded = one.load(record.handle(), at(0)).await.unwrap();
    assert!(matches!(loaded, Load::Live(_)));
}

/// Race 47.
#[tokio::test]
async fn debug_shows_the_prefix_alone() {
    let url = urls::redis().replace("redis://", "redis://default:hunter2@");
    let builder = RedisStore::builder(&url).prefix("app").tag_key(b"secret");
    let shown = format!("{builder:?}");
    assert!(
        !shown.contains("hunter2") && !shown.contains("115"),
        "{shown}"
    );
    let store = builder.connect_lazy().unwrap();
    assert_eq!(format!("{store:?}"), "RedisStore { prefix: \"app\", .. }");
}

/// An empty secret is weaker than none.
#[tokio::test]
async fn an_empty_secret_is_refused() {
    let builder = RedisStore::builder(&urls::redis()).tag_key(b"");
    let refused = builder.connect_lazy().unwrap_err();
    assert_eq!(refused, ConnectError::TagKey);
}

#[tokio::test]
async fn a_connection_may_take_for_ever() {
    let builder = RedisStore::builder(&urls::redis()).prefix(&servers::fresh_prefix());
    let store = builder.connect_timeout(Duration::MAX).connect().await;
    let loaded = store.unwrap().load(anonymous().handle(), at(0)).await;
    assert!(matches!(loaded.unwrap(), Load::Missing));
}

/// The random bytes of a token, of which a store keeps a hash only.
fn token_secret(text: &str) -> Vec<u8> {
    use base64ct::Base64UrlUnpadded;
    use base64ct::Encoding;
    Base64UrlUnpadded::decode_vec(text).unwrap().split_off(20)
}

fn contains(value: &[u8], part: &[u8]) -> bool {
    value.windows(part.len()).any(|window| window == part)
}
