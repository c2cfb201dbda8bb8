//! Starts servers, tells their processes, and waits until it is killed: what the tests kill to see
//! that the servers go with their owner.

use std::error::Error;
use std::io;
use std::io::Write;
use std::thread;

use hallpass_servers::PgBouncer;
use hallpass_servers::Postgres;
use hallpass_servers::Redis;
use hallpass_servers::postgres;
use hallpass_servers::redis;

fn main() -> Result<(), Box<dyn Error>> {
    // From a thread that ends: the servers must outlive it.
    let starts = thread::spawn(|| -> Result<_, hallpass_servers::Error> {
        let redis = Redis::start(&redis::Settings::default())?;
        let postgres = Postgres::start(&postgres::Settings::default())?;
        let pgbouncer = PgBouncer::start(&postgres)?;
        Ok((redis, postgres, pgbouncer))
    });
    let (redis, postgres, pgbouncer) = starts.join().map_err(|_| "the thread panicked")??;
    for pid in [redis.pid(), postgres.pid(), pgbouncer.pid()] {
        writeln!(io::stdout(), "{}", pid.unwrap_or_default())?;
    }
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}
