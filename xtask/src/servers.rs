//! The servers that tests need, and `cargo xtask servers`, which keeps them for work by hand.

use std::thread;

use hallpass_servers::Postgres;
use hallpass_servers::Redis;
use hallpass_servers::RedisCluster;
use hallpass_servers::postgres;
use hallpass_servers::redis;
use hallpass_servers::urls;

use crate::Result;
use crate::interrupt;
use crate::process::Process;
use crate::process::say;

/// Starts the servers, prints the variables for a shell, and waits for a signal.
pub(crate) fn run() -> Result {
    hallpass_servers::install()?;
    interrupt::watch()?;
    let servers = Servers::start()?;
    for (name, url) in servers.variables() {
        say(format_args!("export {name}={url}"))?;
    }
    interrupt::wait();
    drop(servers);
    Ok(())
}

/// One of each. Dropping them ends them.
#[derive(Debug)]
pub(crate) struct Servers {
    redis: Redis,
    redis_cluster: RedisCluster,
    postgres: Postgres,
    postgres_elsewhere: Postgres,
}

impl Servers {
    /// Starts all of them side by side: most of the time goes by in waiting.
    pub(crate) fn start() -> Result<Self> {
        let utc = postgres::Settings::default();
        // A zone whose offset is no whole hour, on the other side of the date line from most.
        let elsewhere = utc.clone().time_zone("Pacific/Chatham");
        let servers = thread::scope(|scope| {
            let cluster = scope.spawn(RedisCluster::start);
            let postgres = scope.spawn(|| Postgres::start(&utc));
            let elsewhere = scope.spawn(|| Postgres::start(&elsewhere));
            let redis = Redis::start(&redis::Settings::default());
            let panicked = |_| "a thread that starts a server panicked";
            Ok::<_, &str>((
                redis,
                cluster.join().map_err(panicked)?,
                postgres.join().map_err(panicked)?,
                elsewhere.join().map_err(panicked)?,
            ))
        })?;
        // A signal that came meanwhile is the reason why one of them failed, or as good as one.
        interrupt::check()?;
        let (redis, redis_cluster, postgres, postgres_elsewhere) = servers;
        Ok(Self {
            redis: redis?,
            redis_cluster: redis_cluster?,
            postgres: postgres?,
            postgres_elsewhere: postgres_elsewhere?,
        })
    }

    /// Tells the process where the servers are.
    pub(crate) fn pass_to(&self, process: Process) -> Process {
        self.variables()
            .into_iter()
            .fold(process, |process, (name, url)| process.variable(name, &url))
    }

    fn variables(&self) -> [(&'static str, String); 4] {
        [
            (urls::REDIS, self.redis.url()),
            (urls::REDIS_CLUSTER, self.redis_cluster.url()),
            (urls::POSTGRES, self.postgres.url()),
            (urls::POSTGRES_ELSEWHERE, self.postgres_elsewhere.url()),
        ]
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // Tests that were interrupted have left the folders of their own servers.
        hallpass_servers::sweep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runner_is_told_of_each_server() {
        let servers = Servers::start().unwrap();

        let command = servers
            .pass_to(Process::cargo(&["nextest", "run"]))
            .to_string();

        let [redis, cluster, postgres, elsewhere] = servers.variables().map(|(_, url)| url);
        assert_eq!(
            command,
            format!(
                "HALLPASS_TEST_REDIS={redis} HALLPASS_TEST_REDIS_CLUSTER={cluster} \
                 HALLPASS_TEST_POSTGRES={postgres} HALLPASS_TEST_POSTGRES_ELSEWHERE={elsewhere} \
                 cargo nextest run"
            )
        );
    }
}
