//! A master that Sentinels name.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Child;
use std::process::Stdio;

use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::Load;
use hallpass_core::NextWrite;
use hallpass_core::SessionStore;
use hallpass_core::SystemRandom;
use hallpass_core::Write;
use hallpass_redis::RedisStore;
use hallpass_servers::Redis;
use hallpass_servers::command_that_ends_with_us;

use crate::away::answered;
use crate::private::connection;
use crate::records::anonymous;
use crate::records::at;
use crate::records::end;
use crate::replicas::pair;
use crate::servers::fresh_prefix;

/// One Sentinel, which is enough to name another master after half a second.
struct Sentinel {
    process: Child,
    folder: PathBuf,
    port: u16,
}

impl Sentinel {
    /// Starts a Sentinel, and waits until it knows the replica of the master.
    async fn start(master: &Redis) -> Self {
        let folder = env::temp_dir().join(format!("hallpass-{}", fresh_prefix()));
        fs::create_dir(&folder).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let settings = format!(
            "port {port}\n\
             bind 127.0.0.1\n\
             dir {}\n\
             sentinel monitor main 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds main 500\n\
             sentinel failover-timeout main 5000\n",
            folder.display(),
            master.port()
        );
        let file = folder.join("sentinel.conf");
        fs::write(&file, settings).unwrap();
        let process = command_that_ends_with_us("redis-server")
            .arg(&file)
            .arg("--sentinel")
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server, on the path");
        let sentinel = Self {
            process,
            folder,
            port,
        };
        let url = format!("redis://127.0.0.1:{port}");
        hallpass_servers::eventually("the sentinel listens", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        })
        .unwrap();
        let mut connection = connection(&url).await;
        loop {
            let known: String = connection.ask(&["INFO", "sentinel"]).await;
            if known.contains("status=ok") && known.contains("slaves=1") {
                return sentinel;
            }
        }
    }

    fn url(&self) -> String {
        format!("redis+sentinel://127.0.0.1:{}/main", self.port)
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let _left_behind = fs::remove_dir_all(&self.folder);
    }
}

/// SES-32, race 39: the master dies, its replica takes over, and the store finds it: what lived
/// lives, what ended stays ended, also against a late writer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_follows_the_master_that_the_sentinels_name() {
    let (master, replica) = pair().await;
    let sentinel = Sentinel::start(&master).await;
    let store = RedisStore::builder(&sentinel.url())
        .connect()
        .await
        .unwrap();
    let (lives, ended) = (anonymous(), anonymous());
    for record in [&lives, &ended] {
        let _created = store.create(record, at(0)).await.unwrap();
    }
    let order = end(ended.handle(), EndReason::Logout, at(1));
    let outcome = store.end(&order, at(1)).await.unwrap();
    let EndOutcome::Ended(tombstone) = outcome else {
        panic!("a live session was told as {outcome:?}");
    };
    let mut at_master = connection(&master.url()).await;
    let _ok: String = at_master.ask(&["SET", "hallpass-all", "is written"]).await;
    let count: i64 = at_master.ask(&["WAIT", "1", "10000"]).await;
    assert_eq!(count, 1);

    master.kill();
    // A write, which a replica would refuse.
    let next = NextWrite::after(&lives, &SystemRandom);
    let next = next.unwrap().build();
    let written = answered(async || store.update(&next, lives.revision(), at(2)).await).await;
    assert_eq!(written, Write::Applied);
    let loaded = answered(async || store.load(ended.handle(), at(2)).await).await;
    assert!(matches!(loaded, Load::Ended(told) if told == tombstone));
    let late = NextWrite::after(&ended, &SystemRandom);
    let late = late.unwrap().build();
    let written = answered(async || store.update(&late, ended.revision(), at(2)).await).await;
    assert_eq!(written, Write::Gone);
    let mut at_replica = connection(&replica.url()).await;
    let role: String = at_replica.ask(&["INFO", "replication"]).await;
    assert!(role.contains("role:master"), "{role}");
}
