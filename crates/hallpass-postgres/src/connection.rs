//! One connection, and the statements that are prepared on it.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use futures_util::TryStreamExt;
use tokio::sync::Notify;
use tokio_postgres::Client;
use tokio_postgres::Row;
use tokio_postgres::Statement;

use crate::error::PostgresError;
use crate::sql::Op;
use crate::sql::Sql;
use crate::value::Value;

/// One connection, shared by many operations: what one asks for is sent while another one waits.
pub(crate) struct Connection {
    client: Client,
    prepared: Mutex<[Option<Statement>; Op::COUNT]>,
    is_doubted: AtomicBool,
    given_up: Notify,
}

impl Connection {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            prepared: Mutex::default(),
            is_doubted: AtomicBool::new(false),
            given_up: Notify::new(),
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn is_up(&self) -> bool {
        !self.client.is_closed()
    }

    /// Runs a prepared statement. The first time on a connection it is prepared, which is a round
    /// trip of its own.
    pub(crate) async fn prepared(
        &self,
        sql: &Sql,
        op: Op,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, PostgresError> {
        let statement = match self.statement(op) {
            Some(statement) => statement,
            None => self.prepare(sql, op, values).await?,
        };
        let rows = self.client.query_raw(&statement, values).await;
        let answer = match rows {
            Ok(rows) => rows.try_collect().await,
            Err(error) => Err(error),
        };
        answer.map_err(|error| {
            let error = PostgresError::from(error);
            if error.is_stale() {
                self.keep(op, None);
            }
            error
        })
    }

    /// Checks, once after each time-out, that the server still answers, and gives the connection up
    /// where it does not.
    pub(crate) fn begin_doubt(&self) -> bool {
        !self.is_doubted.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn end_doubt(&self) {
        self.is_doubted.store(false, Ordering::Relaxed);
    }

    pub(crate) fn give_up(&self) {
        self.given_up.notify_one();
    }

    pub(crate) async fn until_given_up(&self) {
        self.given_up.notified().await;
    }

    async fn prepare(
        &self,
        sql: &Sql,
        op: Op,
        values: &[Value<'_>],
    ) -> Result<Statement, PostgresError> {
        let kinds: Vec<_> = values.iter().map(Value::kind).collect();
        let statement = self.client.prepare_typed(sql.of(op), &kinds).await?;
        self.keep(op, Some(statement.clone()));
        Ok(statement)
    }

    #[expect(clippy::indexing_slicing, reason = "one place for each operation")]
    fn statement(&self, op: Op) -> Option<Statement> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)[op as usize].clone()
    }

    #[expect(clippy::indexing_slicing, reason = "one place for each operation")]
    fn keep(&self, op: Op, statement: Option<Statement>) {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)[op as usize] = statement;
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("is_up", &self.is_up())
            .finish_non_exhaustive()
    }
}

/// Runs a statement without a name: parsed each time, and in one round trip.
pub(crate) async fn unnamed(
    client: &Client,
    sql: &str,
    values: &[Value<'_>],
) -> Result<Vec<Row>, PostgresError> {
    let values: Vec<_> = values.iter().map(|value| (value, value.kind())).collect();
    let rows = client.query_typed_raw(sql, values).await?;
    Ok(rows.try_collect().await?)
}
