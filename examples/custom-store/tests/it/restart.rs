//! What is there after a restart, and who may read the file (clauses 6 and 7).

use std::time::Duration;

use custom_store::FileStore;
use hallpass::Create;
use hallpass::End;
use hallpass::EndOutcome;
use hallpass::EndReason;
use hallpass::Load;
use hallpass::SessionRecord;
use hallpass::SessionStore;
use hallpass::Timestamp;
use hallpass::Tombstone;
use hallpass::Touch;
use hallpass::Touched;
use hallpass::Write;
use hallpass_core::NextWrite;
use hallpass_core::RecordFixture;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;

use crate::scratch::Scratch;

const NOW: Timestamp = ManualClock::START;

#[tokio::test]
async fn a_session_survives_a_restart_with_its_last_update_and_touch() {
    let scratch = Scratch::new();
    let random = SeededRandom::new(1);
    let (record, _token) = RecordFixture::anonymous().build(&random, NOW).unwrap();
    let next = NextWrite::after(&record, &random)
        .unwrap()
        .data("visits", b"2")
        .build();
    let later = NOW.saturating_add(Duration::from_secs(60));
    let touch = Touch {
        handle: record.handle(),
        digest: record.credential().digest(),
        binding: record.binding(),
        last_seen: later,
        confirm: true,
    };
    let (_, touched) = next.touched(&touch, later);

    let store = FileStore::open(scratch.path()).unwrap();
    assert_eq!(store.create(&record, NOW).await.unwrap(), Create::Created);
    let updated = store.update(&next, record.revision(), NOW).await.unwrap();
    assert_eq!(updated, Write::Applied);
    assert_eq!(store.touch(&touch, later).await.unwrap(), Touched::Applied);
    drop(store);

    let store = FileStore::open(scratch.path()).unwrap();
    let stored = live(&store, &record, later).await.unwrap();
    assert_eq!(stored.encode(), touched.unwrap().encode());
    // The caller that lost its answer in the restart asks again.
    let repeated = store.update(&next, record.revision(), later).await.unwrap();
    assert_eq!(repeated, Write::Applied);
}

#[tokio::test]
async fn an_ended_session_stays_ended_after_a_restart() {
    let scratch = Scratch::new();
    let random = SeededRandom::new(2);
    let (record, _token) = RecordFixture::anonymous().build(&random, NOW).unwrap();
    let next = NextWrite::after(&record, &random).unwrap().build();
    let (unknown, _token) = RecordFixture::anonymous().build(&random, NOW).unwrap();

    let store = FileStore::open(scratch.path()).unwrap();
    assert_eq!(store.create(&record, NOW).await.unwrap(), Create::Created);
    let tombstone = Tombstone::of(&record, EndReason::Logout, NOW);
    let ended = store.end(&logout(&record), NOW).await.unwrap();
    assert_eq!(ended, EndOutcome::Ended(tombstone.clone()));
    let missing = store.end(&logout(&unknown), NOW).await.unwrap();
    assert_eq!(missing, EndOutcome::Missing);
    drop(store);

    let store = FileStore::open(scratch.path()).unwrap();
    let again = store.end(&logout(&record), NOW).await.unwrap();
    assert_eq!(again, EndOutcome::Already(tombstone));
    let updated = store.update(&next, record.revision(), NOW).await.unwrap();
    assert_eq!(updated, Write::Gone);
    for record in [&record, &unknown] {
        assert_eq!(store.create(record, NOW).await.unwrap(), Create::Occupied);
    }
}

/// Also where somebody else had put a file, or a link, in the place of the next version.
#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_file() {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    let scratch = Scratch::new();
    let mode = || scratch.path().metadata().unwrap().permissions().mode() & 0o777;
    let store = FileStore::open(scratch.path()).unwrap();
    assert_eq!(mode(), 0o600);

    fs::write(scratch.new_path(), "").unwrap();
    fs::set_permissions(scratch.new_path(), fs::Permissions::from_mode(0o666)).unwrap();
    let fixture = RecordFixture::anonymous();
    let (record, _token) = fixture.build(&SeededRandom::new(5), NOW).unwrap();
    assert_eq!(store.create(&record, NOW).await.unwrap(), Create::Created);
    assert_eq!(mode(), 0o600);

    let elsewhere = scratch.path().with_file_name("elsewhere");
    std::os::unix::fs::symlink(&elsewhere, scratch.new_path()).unwrap();
    let ended = store.end(&logout(&record), NOW).await.unwrap();
    let tombstone = Tombstone::of(&record, EndReason::Logout, NOW);
    assert_eq!(ended, EndOutcome::Ended(tombstone));
    assert_eq!(mode(), 0o600);
    assert!(!elsewhere.exists());
}

#[tokio::test]
async fn the_debug_output_shows_no_data() {
    let scratch = Scratch::new();
    let store = FileStore::open(scratch.path()).unwrap();
    let fixture = RecordFixture::anonymous().data("name", b"secret");
    let (record, _token) = fixture.build(&SeededRandom::new(3), NOW).unwrap();
    assert_eq!(store.create(&record, NOW).await.unwrap(), Create::Created);

    let shown = format!("{store:?}");
    assert!(!shown.contains("secret"), "{shown}");
    let bytes = format!("{:?}", b"secret").replace(['[', ']'], "");
    assert!(!shown.contains(&bytes), "{shown}");
}

pub(crate) async fn live(
    store: &FileStore,
    record: &SessionRecord,
    now: Timestamp,
) -> Option<SessionRecord> {
    match store.load(record.handle(), now).await.unwrap() {
        Load::Live(record) => Some((*record).clone()),
        Load::Ended(_) | Load::Missing => None,
    }
}

pub(crate) fn logout(record: &SessionRecord) -> End {
    End {
        handle: record.handle(),
        reason: EndReason::Logout,
        at: NOW,
        keep_until: record.absolute_deadline(),
    }
}
