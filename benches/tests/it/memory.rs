//! How much memory a stored session takes.

use std::num::NonZeroUsize;

use futures_util::FutureExt;
use hallpass::Bind;
use hallpass::Bound;
use hallpass::Clock;
use hallpass::MemoryStore;
use hallpass::Subject;
use hallpass::SubjectIndex;
use hallpass_benches::DATA_BYTES;
use hallpass_core::RecordFixture;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;

/// As many as fill the tables of the store well: a table that has just grown is half empty.
const SESSIONS: usize = 50_000;

/// Measured: 1,002. Each subject has one session. All memory counts: record, data, index, queue, tables.
#[test]
fn a_session_with_200_bytes_of_data_takes_at_most_1050_bytes() {
    let capacity = NonZeroUsize::new(SESSIONS * 2).unwrap();
    let store = MemoryStore::builder().capacity(capacity).build();
    let random = SeededRandom::new(1);
    let now = ManualClock::default().now();
    let value = format!("\"{}\"", "y".repeat(DATA_BYTES - 2));

    let measured = allocation_counter::measure(|| {
        for number in 0..SESSIONS {
            let subject = Subject::new(&format!("user{number}")).unwrap();
            let (record, _token) = RecordFixture::of(&subject)
                .data("data", value.as_bytes())
                .build(&random, now)
                .unwrap();
            let bind = Bind {
                record,
                replaces: None,
                limit: None,
            };
            let bound = store.bind(&bind, now).now_or_never();
            assert!(matches!(bound, Some(Ok(Bound::Bound { .. }))));
        }
    });

    let each = measured.bytes_current / i64::try_from(SESSIONS).unwrap();
    assert!((700..=1_050).contains(&each), "{each} bytes");
}
