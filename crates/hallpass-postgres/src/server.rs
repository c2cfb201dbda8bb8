//! One question to the server, asked again where it lost against others.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hallpass_core::StoreError;
use tokio::runtime::Handle;
use tokio_postgres::Row;

use crate::connection;
use crate::connection::Connection;
use crate::connections::Connections;
use crate::error::PostgresError;
use crate::sql::Op;
use crate::sql::Sql;
use crate::timer::Backoff;
use crate::timer::Deadline;
use crate::value::Value;

/// How statements are sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Statements {
    /// Prepared once on each connection, which saves the server the parsing and the planning.
    #[default]
    Prepared,
    /// Without a name, parsed each time, still in one round trip. For PgBouncer in transaction mode,
    /// where the next statement may meet another connection.
    Unnamed,
}

/// The server, as the operations of the store see it.
pub(crate) struct Server {
    source: Source,
    sql: Sql,
    statements: Statements,
    timeout: Duration,
}

/// Where connections come from.
pub(crate) enum Source {
    Own(Connections),
    #[cfg(feature = "deadpool")]
    Pool(deadpool_postgres::Pool),
}

impl Server {
    pub(crate) const fn new(
        source: Source,
        sql: Sql,
        statements: Statements,
        timeout: Duration,
    ) -> Self {
        Self {
            source,
            sql,
            statements,
            timeout,
        }
    }

    /// Asks, and reads the answer. `read` returns nothing where the rows do not tell what happened:
    /// a statement that waited for another one sees what was before it, and has to look again.
    pub(crate) async fn ask<T>(
        &self,
        op: Op,
        values: &[Value<'_>],
        read: impl Fn(Vec<Row>) -> Result<Option<T>, PostgresError> + Send,
    ) -> Result<T, StoreError> {
        let deadline = Deadline::after(self.timeout);
        let mut backoff = Backoff::repeating();
        let mut stale = 0;
        for _ in 0..MOST_ATTEMPTS {
            match self.rows(op, values, deadline).await {
                Ok(rows) => {
                    if let Some(answer) = read(rows)? {
                        return Ok(answer);
                    }
                }
                // Nothing of it was applied.
                Err(error) if error.has_lost() => deadline.of(backoff.pause()).await?,
                // The next attempt meets the next connection, which may have an old plan as well.
                Err(error) if error.is_stale() && stale < self.source.count() => stale += 1,
                Err(error) => return Err(error.into()),
            }
        }
        Err(PostgresError::contended().into())
    }

    /// Runs a text of several statements, which is one transaction where none of them says otherwise.
    pub(crate) async fn run(&self, text: &str, timeout: Duration) -> Result<(), PostgresError> {
        let deadline = Deadline::after(timeout);
        match &self.source {
            Source::Own(connections) => {
                let connection = connections.get()?;
                Ok(deadline
                    .of(connection.client().batch_execute(text))
                    .await??)
            }
            #[cfg(feature = "deadpool")]
            Source::Pool(pool) => {
                let client = deadline.of(pool.get()).await?.map_err(of_pool)?;
                let lent = Lent(Some(client));
                let answer = deadline.of(lent.client()?.batch_execute(text)).await?;
                lent.give_back();
                Ok(answer?)
            }
        }
    }

    async fn rows(
        &self,
        op: Op,
        values: &[Value<'_>],
        deadline: Deadline,
    ) -> Result<Vec<Row>, PostgresError> {
        match &self.source {
            Source::Own(connections) => {
                let connection = connections.get()?;
                let waiting = Waiting {
                    connection: &connection,
                    timeout: self.timeout,
                };
                let answer = match self.statements {
                    Statements::Prepared => {
                        deadline
                            .of(connection.prepared(&self.sql, op, values))
                            .await
                    }
                    Statements::Unnamed => {
                        let sql = self.sql.of(op);
                        deadline
                            .of(connection::unnamed(connection.client(), sql, values))
                            .await
                    }
                };
                if answer.is_ok() {
                    waiting.answered();
                }
                answer?
            }
            #[cfg(feature = "deadpool")]
            Source::Pool(pool) => {
                let client = deadline.of(pool.get()).await?.map_err(of_pool)?;
                let lent = Lent(Some(client));
                let answer = deadline.of(self.pooled(lent.client()?, op, values)).await?;
                lent.give_back();
                answer
            }
        }
    }

    #[cfg(feature = "deadpool")]
    async fn pooled(
        &self,
        client: &deadpool_postgres::Client,
        op: Op,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, PostgresError> {
        use futures_util::TryStreamExt;

        let sql = self.sql.of(op);
        if self.statements == Statements::Unnamed {
            return connection::unnamed(client, sql, values).await;
        }
        let kinds: Vec<_> = values.iter().map(Value::kind).collect();
        let statement = client.prepare_typed_cached(sql, &kinds).await?;
        let answer = match client.query_raw(&statement, values).await {
            Ok(rows) => rows.try_collect().await,
            Err(error) => Err(error),
        };
        answer.map_err(|error| {
            let error = PostgresError::from(error);
            if error.is_stale() {
                client.statement_cache.remove(sql, &kinds);
            }
            error
        })
    }
}

impl Source {
    /// How many connections there may be.
    fn count(&self) -> usize {
        match self {
            Self::Own(connections) => connections.count(),
            #[cfg(feature = "deadpool")]
            Self::Pool(pool) => pool.status().max_size,
        }
    }
}

/// An operation that waits for an answer. When it is dropped without one, by its time-out or by a
/// caller who waits no longer, the connection is doubted.
///
/// That costs little, so nobody asks for how long it had waited: one check at a time on a connection,
/// which is a message of a few bytes.
struct Waiting<'a> {
    connection: &'a Arc<Connection>,
    timeout: Duration,
}

impl Waiting<'_> {
    fn answered(self) {
        std::mem::forget(self);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        doubt(self.connection, self.timeout);
    }
}

/// Is the server slow, or is nobody there any more? A connection that does not answer is given up, and
/// the operations that wait for it learn so.
///
/// The check waits behind the statements that are under way, any of which may wait for a lock: it has
/// some times as long as one of them.
fn doubt(connection: &Arc<Connection>, timeout: Duration) {
    // Futures may be dropped anywhere, also where no runtime is left.
    let Ok(runtime) = Handle::try_current() else {
        return;
    };
    if connection.begin_doubt() {
        let connection = Arc::clone(connection);
        let deadline = Deadline::after(timeout.saturating_mul(PATIENCE));
        runtime.spawn(async move {
            match deadline.of(connection.client().check_connection()).await {
                Ok(Ok(())) => connection.end_doubt(),
                Ok(Err(_)) | Err(_) => connection.give_up(),
            }
        });
    }
}

/// A connection of the pool with a statement under way. When it is dropped before the answer is there,
/// the connection is closed, because whoever gets it next would wait behind the statement.
#[cfg(feature = "deadpool")]
struct Lent(Option<deadpool_postgres::Client>);

#[cfg(feature = "deadpool")]
impl Lent {
    fn client(&self) -> Result<&deadpool_postgres::Client, PostgresError> {
        self.0.as_ref().ok_or_else(PostgresError::no_pool)
    }

    fn give_back(mut self) {
        drop(self.0.take());
    }
}

#[cfg(feature = "deadpool")]
impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(deadpool_postgres::Object::take(client));
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match &self.source {
            Source::Own(_) => "own connections",
            #[cfg(feature = "deadpool")]
            Source::Pool(_) => "a pool",
        };
        f.debug_struct("Server")
            .field("source", &source)
            .field("statements", &self.statements)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "deadpool")]
fn of_pool(error: deadpool_postgres::PoolError) -> PostgresError {
    match error {
        deadpool_postgres::PoolError::Backend(error) => error.into(),
        _ => PostgresError::no_pool(),
    }
}

/// How often a statement is repeated within the time-out of the operation.
const MOST_ATTEMPTS: u32 = 256;

/// How many time-outs of an operation a doubted connection has to answer.
const PATIENCE: u32 = 5;
