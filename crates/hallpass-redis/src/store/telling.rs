//! Telling other nodes of endings.

use std::sync::Weak;

use hallpass_core::Ending;
use hallpass_core::FeedListener;
use hallpass_core::RevocationFeed;
use hallpass_core::StoreError;

use super::RedisStore;
use crate::fault::Fault;

impl RevocationFeed for RedisStore {
    async fn publish(&self, ending: &Ending) -> Result<(), StoreError> {
        self.0.feed.start();
        // Sharded on a Cluster, where each plain message goes to all nodes.
        let name = if self.0.is_cluster {
            "SPUBLISH"
        } else {
            "PUBLISH"
        };
        let mut command = redis::cmd(name);
        command.arg(self.0.keys.channel()).arg(ending.encode());
        match self.0.link.send(&command).await {
            Ok(_receivers) => Ok(()),
            Err(failure) => Err(Fault::from(failure).into_error()),
        }
    }

    fn subscribe(&self, listener: Weak<dyn FeedListener>) {
        self.0.feed.subscribe(listener);
    }
}
