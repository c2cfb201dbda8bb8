//! What a million sessions cost in a store on a server: bytes, the time of a load beside that with a
//! thousand, and a sweep of half of them beside a request of somebody else.
//!
//! `cargo bench -p hallpass-benches --bench million` measures, on private servers that it starts;
//! that takes minutes, and some gigabytes of memory. Without `--bench`, which cargo passes there and
//! nowhere else, or with `--quick`, it does the same with a thousand, to see that it works.

#![expect(
    clippy::disallowed_methods,
    reason = "a bench reads the clock of the machine"
)]

use std::error::Error;
use std::io;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::TryStreamExt;
use futures_util::stream;
use hallpass::Bind;
use hallpass::DynStore;
use hallpass::HandleTags;
use hallpass::Load;
use hallpass::RecordFixture;
use hallpass::SessionHandle;
use hallpass::SessionStore;
use hallpass::StoreError;
use hallpass::Subject;
use hallpass::SubjectIndex;
use hallpass::Sweep;
use hallpass::SystemRandom;
use hallpass::Timestamp;
use hallpass::postgres::PostgresStore;
use hallpass::redis::RedisStore;
use hallpass_servers::Postgres;
use hallpass_servers::Redis;
use hallpass_servers::postgres;
use hallpass_servers::redis;

type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// When the sessions begin. Nothing here goes by the clock of a server.
const START: Timestamp = Timestamp::from_millis(4_102_444_800_000);

const IN_FLIGHT: usize = 64;

/// How many loads are measured.
const LOADS: usize = 20_000;

const DATA_BYTES: usize = 200;

#[tokio::main]
async fn main() -> Result {
    let has = |name: &str| std::env::args().any(|argument| argument == name);
    let many = if has("--bench") && !has("--quick") {
        1_000_000
    } else {
        1_000
    };

    let server = Redis::start(&redis::Settings::default())?;
    let store = RedisStore::builder(&server.url()).connect().await?;
    let bytes = || memory_of_redis(&server);
    measure("Redis", store.into(), many, bytes).await?;
    drop(server);

    let server = Postgres::start(&postgres::Settings::default())?;
    let store = PostgresStore::builder(&server.url()).connect().await?;
    store.migrate().await?;
    let (client, connection) =
        tokio_postgres::connect(&server.url(), tokio_postgres::NoTls).await?;
    let connection = tokio::spawn(connection);
    let bytes = || async {
        let text = "select sum(pg_total_relation_size(oid))::bigint from pg_class \
                    where relkind = 'r' and relname like 'hallpass%'";
        Ok(client.query_one(text, &[]).await?.try_get(0)?)
    };
    measure("PostgreSQL", store.into(), many, bytes).await?;
    connection.abort();
    Ok(())
}

async fn memory_of_redis(server: &Redis) -> Result<i64> {
    let text = server.ask(&["INFO", "memory"])?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"))
        .ok_or("no used_memory")?;
    Ok(line.trim().parse()?)
}

async fn measure<F: Future<Output = Result<i64>>>(
    name: &str,
    store: DynStore,
    many: usize,
    bytes: impl Fn() -> F,
) -> Result {
    let empty = bytes().await?;
    let few = begin(&store, many / 1_000).await?;
    let with_few = loads(&store, &few).await?;
    let started = Instant::now();
    let handles = begin(&store, many - few.len()).await?;
    let took = started.elapsed();
    let each = (bytes().await? - empty) / i64::try_from(many)?;
    let with_many = loads(&store, &handles).await?;
    say(format_args!(
        "{name}: {many} sessions of {DATA_BYTES} bytes of data, begun in {took:.1?}\n  \
         {each} bytes for each\n  \
         a load: {with_few:.1?} among {}, {with_many:.1?} among {many}: {:.2}x",
        few.len(),
        with_many.as_secs_f64() / with_few.as_secs_f64(),
    ))?;
    if store.has_sweep() {
        sweep(&store, &handles, many).await?;
    }
    Ok(())
}

/// Begins sessions of as many subjects. One of two sits unused for ten minutes at most, the others
/// for an hour.
async fn begin(store: &DynStore, many: usize) -> Result<Vec<SessionHandle>> {
    let data = "y".repeat(DATA_BYTES);
    let data = format!("\"{data}\"");
    stream::iter(0..many)
        .map(|number| {
            let data = data.as_bytes();
            async move {
                let subject = Subject::new(&format!("user-{number}-of-{many}"))?;
                let idle = if number.is_multiple_of(2) { 600 } else { 3_600 };
                let fixture = RecordFixture::of(&subject)
                    .timeouts(Some(Duration::from_secs(idle)), Duration::from_secs(86_400))
                    .data("data", data);
                let fixture = fixture.tagged(store.handle_tag(&subject));
                let (record, _token) = fixture.build(&SystemRandom, START)?;
                let handle = record.handle();
                let bind = Bind {
                    record,
                    replaces: None,
                    limit: None,
                };
                let _bound = store.bind(&bind, START).await?;
                Ok::<_, Box<dyn Error + Send + Sync>>(handle)
            }
        })
        .buffer_unordered(IN_FLIGHT)
        .try_collect()
        .await
}

/// Returns how long a load takes, one at a time, in the middle of all.
async fn loads(store: &DynStore, handles: &[SessionHandle]) -> Result<Duration> {
    let mut taken = Vec::with_capacity(LOADS);
    for number in 0..LOADS {
        // Jumps about, so that no cache of the server is of much use.
        let place = number.wrapping_mul(2_654_435_761) % handles.len();
        let handle = handles.get(place).copied().ok_or("no sessions")?;
        let started = Instant::now();
        match store.load(handle, START).await? {
            Load::Live(_) => taken.push(started.elapsed()),
            other => return Err(format!("a session is gone: {other:?}").into()),
        }
    }
    taken.sort();
    taken
        .get(LOADS / 2)
        .copied()
        .ok_or_else(|| "no loads".into())
}

/// Sweeps those that have sat unused, while somebody else loads one that lives, again and again.
async fn sweep(store: &DynStore, handles: &[SessionHandle], many: usize) -> Result {
    let now = START.saturating_add(Duration::from_secs(1_800));
    let survivor = survivor(store, handles, now).await?;
    let quiet = waits(store, survivor, now, |loads| loads == LOADS).await?;

    let done = Arc::new(AtomicBool::new(false));
    let sweeper = {
        let (store, done) = (store.clone(), Arc::clone(&done));
        tokio::spawn(async move {
            let started = Instant::now();
            let mut removed = 0;
            loop {
                let swept = store.sweep(1_000, now).await?;
                removed += swept.removed;
                if !swept.more {
                    done.store(true, Ordering::Relaxed);
                    return Ok::<_, StoreError>((removed, started.elapsed()));
                }
            }
        })
    };
    let busy = waits(store, survivor, now, |loads| {
        loads > 0 && done.load(Ordering::Relaxed)
    })
    .await?;
    let (removed, took) = sweeper.await??;
    say(format_args!(
        "  a sweep removed {removed} of {many} in {took:.1?}; a load beside it: {busy}; alone: {quiet}"
    ))
}

async fn survivor(
    store: &DynStore,
    handles: &[SessionHandle],
    now: Timestamp,
) -> Result<SessionHandle> {
    for handle in handles {
        if let Load::Live(_) = store.load(*handle, now).await? {
            return Ok(*handle);
        }
    }
    Err("nobody lives".into())
}

/// Returns the middle and the longest of how long loads take, until told to stop.
async fn waits(
    store: &DynStore,
    handle: SessionHandle,
    now: Timestamp,
    is_over: impl Fn(usize) -> bool,
) -> Result<String> {
    let mut taken = Vec::new();
    while !is_over(taken.len()) {
        let started = Instant::now();
        let _live = store.load(handle, now).await?;
        taken.push(started.elapsed());
    }
    taken.sort();
    let at = |share: usize| taken.get(taken.len() * share / 1_000).copied();
    let (Some(middle), Some(late), Some(longest)) = (at(500), at(999), taken.last()) else {
        return Err("no loads".into());
    };
    Ok(format!(
        "{middle:.0?}, 1 in 1000 {late:.1?}, at most {longest:.1?}"
    ))
}

fn say(line: std::fmt::Arguments<'_>) -> Result {
    Ok(writeln!(io::stdout().lock(), "{line}")?)
}
