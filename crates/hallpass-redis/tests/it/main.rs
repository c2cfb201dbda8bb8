//! The contract of stores, clause by clause, on real servers, and what the suite cannot see.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails panics"
)]

mod acl;
mod across;
mod away;
mod failover;
mod feed;
mod full;
mod keyspace;
mod marks;
mod private;
mod records;
mod replicas;
mod round_trips;
mod scripts;
mod sentinel;
mod servers;
#[cfg(feature = "tls")]
mod tls;
mod wrong_types;

mod single {
    use crate::servers;

    hallpass_testkit::conformance! {
        store: async { servers::single().await },
        peer: async |store| servers::peer_of_single(store).await,
        abilities: [index, epochs, feed, tags],
    }
}

mod cluster {
    use crate::servers;

    hallpass_testkit::conformance! {
        store: async { servers::cluster().await },
        peer: async |store| servers::peer_of_cluster(store).await,
        abilities: [index, epochs, feed, tags],
    }
}

/// One server does without the tags of handles.
mod untagged {
    use crate::servers;

    hallpass_testkit::conformance! {
        store: async { servers::single().await },
        peer: async |store| servers::peer_of_single(store).await,
        abilities: [index, epochs, feed],
    }
}

/// The same store, erased: nothing gets lost on the way.
mod dynamic {
    use hallpass_core::DynStore;

    use crate::servers;

    hallpass_testkit::conformance! {
        store: async { DynStore::from(servers::cluster().await) },
        abilities: [index, epochs, feed, tags],
    }
}

mod their_connection {
    use crate::servers;

    hallpass_testkit::conformance! {
        store: async { servers::on_their_connection(&servers::fresh_prefix()).await },
        peer: async |store| servers::on_their_connection(store.prefix()).await,
        abilities: [index, epochs, tags],
    }
}

mod their_cluster {
    use crate::servers;

    hallpass_testkit::conformance! {
        store: async { servers::on_their_cluster(&servers::fresh_prefix()).await },
        peer: async |store| servers::on_their_cluster(store.prefix()).await,
        abilities: [index, epochs, tags],
    }
}
