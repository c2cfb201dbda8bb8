//! The process or the machine stops in the middle of a write, or the disk refuses it (clause 6).

use std::fs;
use std::io;

use custom_store::FileStore;
use hallpass::Create;
use hallpass::EndOutcome;
use hallpass::EndReason;
use hallpass::SessionRecord;
use hallpass::SessionStore;
use hallpass::StoreErrorKind;
use hallpass::Timestamp;
use hallpass::Tombstone;
use hallpass::Write;
use hallpass_core::NextWrite;
use hallpass_core::RecordFixture;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;

use crate::restart::live;
use crate::restart::logout;
use crate::scratch::Scratch;

const NOW: Timestamp = ManualClock::START;

/// A store with a session, and the session's next write.
struct Stored {
    scratch: Scratch,
    store: FileStore,
    record: SessionRecord,
    next: SessionRecord,
}

impl Stored {
    async fn new() -> Self {
        let scratch = Scratch::new();
        let random = SeededRandom::new(4);
        let (record, _token) = RecordFixture::anonymous().build(&random, NOW).unwrap();
        let next = NextWrite::after(&record, &random).unwrap();
        let next = next.data("visits", b"2").build();
        let store = FileStore::open(scratch.path()).unwrap();
        assert_eq!(store.create(&record, NOW).await.unwrap(), Create::Created);
        Self {
            scratch,
            store,
            record,
            next,
        }
    }

    /// Asserts that no write is applied, neither in memory nor in the file.
    async fn assert_refuses_writes(&self) {
        let refused = self.store.update(&self.next, self.record.revision(), NOW);
        let refused = refused.await.unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Unavailable);
        let refused = self.store.end(&logout(&self.record), NOW).await;
        assert_eq!(refused.unwrap_err().kind(), StoreErrorKind::Unavailable);

        let stored = live(&self.store, &self.record, NOW).await.unwrap();
        assert_eq!(stored.encode(), self.record.encode());
    }

    /// Asserts that the write which failed is applied when it is asked for again, for good.
    async fn assert_goes_on(self) {
        let updated = self.store.update(&self.next, self.record.revision(), NOW);
        assert_eq!(updated.await.unwrap(), Write::Applied);
        drop(self.store);

        let store = FileStore::open(self.scratch.path()).unwrap();
        let stored = live(&store, &self.record, NOW).await.unwrap();
        assert_eq!(stored.encode(), self.next.encode());
    }
}

/// The last thing a process did was to begin the next version of the file.
#[tokio::test]
async fn a_file_that_a_crash_left_unfinished_is_ignored_and_replaced() {
    let stored = Stored::new().await;
    let cut = &stored.scratch.read()[..20];
    fs::write(stored.scratch.new_path(), cut).unwrap();

    let ended = stored.store.end(&logout(&stored.record), NOW).await;
    let tombstone = Tombstone::of(&stored.record, EndReason::Logout, NOW);
    assert_eq!(ended.unwrap(), EndOutcome::Ended(tombstone.clone()));
    drop(stored.store);
    fs::write(stored.scratch.new_path(), cut).unwrap();

    let store = FileStore::open(stored.scratch.path()).unwrap();
    let again = store.end(&logout(&stored.record), NOW).await.unwrap();
    assert_eq!(again, EndOutcome::Already(tombstone));
    assert!(!stored.scratch.new_path().exists());
}

#[tokio::test]
async fn a_write_that_cannot_begin_changes_nothing() {
    let stored = Stored::new().await;
    let file = stored.scratch.read();
    fs::create_dir(stored.scratch.new_path()).unwrap();

    stored.assert_refuses_writes().await;
    assert_eq!(stored.scratch.read(), file);

    fs::remove_dir(stored.scratch.new_path()).unwrap();
    let reopened = FileStore::open(stored.scratch.path()).unwrap();
    let found = live(&reopened, &stored.record, NOW).await.unwrap();
    assert_eq!(found.encode(), stored.record.encode());
    drop(reopened);
    stored.assert_goes_on().await;
}

/// The new file is whole, and its name cannot be changed.
#[tokio::test]
async fn a_write_that_cannot_be_finished_changes_nothing() {
    let stored = Stored::new().await;
    let aside = stored.scratch.path().with_file_name("aside");
    fs::rename(stored.scratch.path(), &aside).unwrap();
    fs::create_dir(stored.scratch.path()).unwrap();

    stored.assert_refuses_writes().await;

    fs::remove_dir(stored.scratch.path()).unwrap();
    fs::rename(&aside, stored.scratch.path()).unwrap();
    let reopened = FileStore::open(stored.scratch.path()).unwrap();
    let found = live(&reopened, &stored.record, NOW).await.unwrap();
    assert_eq!(found.encode(), stored.record.encode());
    drop(reopened);
    stored.assert_goes_on().await;
}

#[tokio::test]
async fn a_store_whose_folder_was_removed_refuses_writes_until_it_is_back() {
    let stored = Stored::new().await;
    fs::remove_dir_all(stored.scratch.folder()).unwrap();

    stored.assert_refuses_writes().await;

    fs::create_dir(stored.scratch.folder()).unwrap();
    stored.assert_goes_on().await;
}

/// No crash does this. What cannot be read may be the end of a session, which must not come back.
#[tokio::test]
async fn a_file_with_a_line_that_cannot_be_read_is_refused_and_kept() {
    let stored = Stored::new().await;
    let file = stored.scratch.read();
    drop(stored.store);
    let damaged = [
        file[..file.len() - 3].to_owned(),
        file.replacen("live", "ended", 1),
        file.replacen("live ", "live", 1),
        format!("{file}\n"),
    ];
    for damaged in damaged {
        fs::write(stored.scratch.path(), &damaged).unwrap();
        let refused = FileStore::open(stored.scratch.path()).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData, "{damaged:?}");
        assert_eq!(stored.scratch.read(), damaged);
    }
}
