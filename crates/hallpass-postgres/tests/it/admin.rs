//! A look into the database, past the store.

use tokio_postgres::Client;
use tokio_postgres::NoTls;
use tokio_postgres::Row;

use crate::servers;

/// A connection of the test's own.
pub(crate) struct Admin(Client);

impl Admin {
    pub(crate) async fn connect() -> Self {
        Self::connect_to(&servers::postgres()).await
    }

    pub(crate) async fn connect_to(url: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        Self(client)
    }

    pub(crate) async fn run(&self, sql: &str) {
        self.0.batch_execute(sql).await.unwrap();
    }

    pub(crate) async fn rows(&self, sql: &str) -> Vec<Row> {
        self.0.query(sql, &[]).await.unwrap()
    }

    /// Returns the only number that a query answers.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        self.0.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Asks again and again until the number is at least this: the server counts a little later.
    pub(crate) async fn reaches(&self, sql: &str, least: i64) {
        for _ in 0..MOST_LOOKS {
            if self.number(sql).await >= least {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("{sql} never reached {least}");
    }
}

/// Some ten seconds of round trips.
const MOST_LOOKS: usize = 200_000;
