//! How often a request asks a server, counted by the servers themselves: none without a session, one
//! for a read, two for a change, one for a login after the load. Without a feed, whose task asks
//! the server on its own account, and which is told of what a login ends after that has ended.

use hallpass::DynStore;
use hallpass::SessionManager;
use hallpass::StandardPolicy;
use hallpass::postgres::PostgresStore;
use hallpass::redis::RedisStore;
use hallpass_servers::Postgres;
use hallpass_servers::Redis;
use hallpass_servers::postgres;
use hallpass_servers::redis;
use hallpass_testkit::ManualClock;

use crate::world::Client;
use crate::world::login;
use crate::world::minutes;
use crate::world::seconds;

/// A server that nobody else uses, and how often it was asked.
trait Counted {
    /// How often clients have sent something that was to be answered.
    async fn asked(&self) -> u64;
}

/// Counts what a call makes the server do.
async fn cost<T>(server: &impl Counted, call: impl AsyncFnOnce() -> T) -> (T, u64) {
    let first = server.asked().await;
    let before = server.asked().await;
    let answer = call().await;
    // Whoever looks is counted, too.
    let looking = before - first;
    (answer, server.asked().await - before - looking)
}

/// The life of a client, with the price of each step.
async fn a_life(store: DynStore, server: &impl Counted) {
    let clock = ManualClock::default();
    let manager = SessionManager::builder_with_clock(store, clock.clone())
        .policy(StandardPolicy::builder().build().unwrap())
        .build()
        .unwrap();
    // A server that has never seen a script asks for its text once.
    let mut first = Client::new();
    for page in 0..2 {
        let session = first.open_at(&manager).await;
        session.insert("page", page).unwrap();
        first.close(&session).await;
    }
    let session = first.open_at(&manager).await;
    let _logged_in = session.login(login("first")).await.unwrap();
    first.close(&session).await;
    clock.advance(minutes(2));
    let session = first.open_at(&manager).await;
    first.close(&session).await;

    let mut client = Client::new();

    let (session, asked) = cost(server, async || client.open_at(&manager).await).await;
    assert_eq!(asked, 0, "a client without a token");
    let (outcome, asked) = cost(server, async || session.login(login("bob")).await).await;
    let _logged_in = outcome.unwrap();
    assert_eq!(asked, 1, "a login");

    let session = client.open_at(&manager).await;
    session.insert("page", 1).unwrap();
    let (_finished, asked) = cost(server, async || client.answer(&session).await).await;
    assert_eq!(asked, 1, "the beginning of an anonymous session");

    let (session, asked) = cost(server, async || client.open_at(&manager).await).await;
    assert_eq!(asked, 1, "the load before a login");
    let (outcome, asked) = cost(server, async || session.login(login("alice")).await).await;
    let _logged_in = outcome.unwrap();
    assert_eq!(asked, 1, "a login in place of an anonymous session");
    let (_finished, asked) = cost(server, async || client.answer(&session).await).await;
    assert_eq!(asked, 0, "a login has nothing to commit");

    let mut visit = async |expected: u64, what: &str| {
        let (_session, asked) = cost(server, async || {
            let session = client.open_at(&manager).await;
            client.close(&session).await;
        })
        .await;
        assert_eq!(asked, expected, "{what}");
    };
    visit(1, "a read").await;
    clock.advance(seconds(30));
    visit(1, "a read within a touch step").await;
    clock.advance(minutes(2));
    visit(2, "a read that moves the idle timeout, once per step").await;

    let (_session, asked) = cost(server, async || {
        let session = client.open_at(&manager).await;
        session.insert("page", 2).unwrap();
        client.close(&session).await;
    })
    .await;
    assert_eq!(asked, 2, "a change: a load and an update");
}

struct CountedRedis(Redis);

impl Counted for CountedRedis {
    async fn asked(&self) -> u64 {
        // Each read of a socket is one message of a client, or several that came together.
        let text = self.0.ask(&["INFO", "stats"]).unwrap();
        let line = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|count| count.trim().parse().ok())
        };
        line("total_reads_processed:").unwrap()
    }
}

#[tokio::test]
async fn a_request_asks_redis_once() {
    let server = Redis::start(&redis::Settings::default()).unwrap();
    let store = RedisStore::builder(&server.url()).connect().await.unwrap();
    let store = DynStore::builder(store).with_index().with_tags().build();
    a_life(store, &CountedRedis(server)).await;
}

struct CountedPostgres(tokio_postgres::Client);

impl Counted for CountedPostgres {
    async fn asked(&self) -> u64 {
        // Statements within functions are not counted.
        let text = "select sum(calls)::bigint from pg_stat_statements where toplevel";
        let row = self.0.query_one(text, &[]).await.unwrap();
        row.get::<_, Option<i64>>(0)
            .unwrap_or_default()
            .try_into()
            .unwrap()
    }
}

#[tokio::test]
async fn a_request_asks_postgresql_once() {
    let settings =
        postgres::Settings::default().option("shared_preload_libraries", "pg_stat_statements");
    let server = Postgres::start(&settings).unwrap();
    let (client, connection) = tokio_postgres::connect(&server.url(), tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
        .batch_execute("create extension pg_stat_statements")
        .await
        .unwrap();
    let store = PostgresStore::builder(&server.url()).connections(1);
    let store = store.connect().await.unwrap();
    store.migrate().await.unwrap();
    let store = DynStore::builder(store).with_index().build();
    a_life(store, &CountedPostgres(client)).await;
}
