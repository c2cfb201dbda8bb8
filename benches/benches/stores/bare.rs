//! The least that a store on a server has to do: read bytes by a key.

use ::redis::aio::MultiplexedConnection;
use tokio_postgres::Client;
use tokio_postgres::NoTls;
use tokio_postgres::Statement;

use crate::Result;

/// A connection that keeps and reads the bytes of one record, with the driver that the store uses.
pub(crate) enum Bare {
    Postgres { client: Client, read: Statement },
    Redis(MultiplexedConnection),
}

impl Bare {
    pub(crate) async fn redis(url: &str) -> Result<Self> {
        let client = ::redis::Client::open(url)?;
        Ok(Self::Redis(
            client.get_multiplexed_async_connection().await?,
        ))
    }

    pub(crate) async fn postgres(url: &str) -> Result<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        client
            .batch_execute("create table bare (name bytea primary key, record bytea not null)")
            .await?;
        let read = client
            .prepare("select record from bare where name = $1")
            .await?;
        Ok(Self::Postgres { client, read })
    }

    pub(crate) async fn keep(&self, record: &[u8]) -> Result {
        match self {
            Self::Postgres { client, .. } => {
                let text = "insert into bare (name, record) values ($1, $2)";
                client.execute(text, &[&NAME, &record]).await?;
            }
            Self::Redis(connection) => {
                let mut connection = connection.clone();
                let mut set = ::redis::cmd("SET");
                let () = set
                    .arg(NAME)
                    .arg(record)
                    .query_async(&mut connection)
                    .await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn read(&self) -> Result<Vec<u8>> {
        match self {
            Self::Postgres { client, read } => {
                Ok(client.query_one(read, &[&NAME]).await?.try_get(0)?)
            }
            Self::Redis(connection) => {
                let mut connection = connection.clone();
                let mut get = ::redis::cmd("GET");
                Ok(get.arg(NAME).query_async(&mut connection).await?)
            }
        }
    }
}

/// As long as a handle.
const NAME: &[u8] = b"0123456789abcdef";
