//! One question to the server, asked again where it lost against others.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hallpass_core::StoreError;
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
        for attempt in 0..MOST_ATTEMPTS {
            match self.rows(op, values, deadline).await {
                Ok(rows) => {
                    if let Some(answer) = read(rows)? {
                        return Ok(answer);
                    }
                }
                // Nothing of it was applied.
                Err(error) if error.has_lost() => deadline.of(backoff.pause()).await?,
                Err(error) if error.is_stale() && attempt == 0 => {}
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
                Ok(deadline.of(client.batch_execute(text)).await??)
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
                answer.unwrap_or_else(|timed_out| {
                    self.doubt(connection);
                    Err(timed_out)
                })
            }
            #[cfg(feature = "deadpool")]
            Source::Pool(pool) => {
                let pooled = async {
                    let client = pool.get().await.map_err(of_pool)?;
                    self.pooled(&client, op, values).await
                };
                deadline.of(pooled).await?
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

    /// After a time-out: is the server slow, or is nobody there any more? A connection that does not
    /// answer is given up, and the operations that wait for it learn so.
    fn doubt(&self, connection: Arc<Connection>) {
        if connection.begin_doubt() {
            let timeout = self.timeout;
            tokio::spawn(async move {
                let check = connection.client().check_connection();
                match Deadline::after(timeout).of(check).await {
                    Ok(Ok(())) => connection.end_doubt(),
                    Ok(Err(_)) | Err(_) => connection.give_up(),
                }
            });
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
