//! The conformance suite, in every way of reaching a server.

use hallpass_postgres::PostgresStore;

use crate::servers;

mod utc {
    use super::*;

    hallpass_testkit::conformance! {
        store: servers::fresh(PostgresStore::builder(&servers::postgres())),
        peer: async |_store| servers::peer(PostgresStore::builder(&servers::postgres())).await,
        abilities: [index, epochs, sweep, feed],
    }
}

/// Race 21.
mod elsewhere {
    use super::*;

    hallpass_testkit::conformance! {
        store: servers::fresh(PostgresStore::builder(&servers::postgres_elsewhere())),
        peer: async |_store| {
            servers::peer(PostgresStore::builder(&servers::postgres_elsewhere())).await
        },
        abilities: [index, epochs, sweep, feed],
    }
}

mod unnamed {
    use super::*;

    hallpass_testkit::conformance! {
        store: servers::fresh(servers::unnamed(&servers::postgres())),
        peer: async |_store| servers::peer(servers::unnamed(&servers::postgres())).await,
        abilities: [index, epochs, sweep, feed],
    }
}

mod pgbouncer {
    use super::*;

    hallpass_testkit::conformance! {
        store: servers::fresh(servers::unnamed(&servers::pgbouncer())),
        peer: async |_store| servers::peer(servers::unnamed(&servers::pgbouncer())).await,
        abilities: [index, epochs, sweep, feed],
    }
}

#[cfg(feature = "deadpool")]
mod read_committed_pool {
    use super::*;

    hallpass_testkit::conformance! {
        store: servers::fresh(servers::pooled("read committed")),
        peer: async |_store| servers::peer(servers::pooled("read committed")).await,
        abilities: [index, epochs, sweep, feed],
    }
}

#[cfg(feature = "deadpool")]
mod repeatable_read_pool {
    use super::*;

    hallpass_testkit::conformance! {
        store: servers::fresh(servers::pooled("repeatable read")),
        peer: async |_store| servers::peer(servers::pooled("repeatable read")).await,
        abilities: [index, epochs, sweep, feed],
    }
}

#[cfg(feature = "deadpool")]
mod serializable_pool {
    use super::*;

    hallpass_testkit::conformance! {
        store: servers::fresh(servers::pooled("serializable")),
        peer: async |_store| servers::peer(servers::pooled("serializable")).await,
        abilities: [index, epochs, sweep, feed],
    }
}
