//! Cancel safety: a call that is dropped half-way is applied in whole or not at all, and can be
//! repeated.

use hallpass_core::Create;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::SessionStore;
use hallpass_core::Touched;
use hallpass_core::Write;

use crate::conformance::bed::START;
use crate::conformance::bed::TestBed;
use crate::conformance::bed::at;
use crate::conformance::bed::end;
use crate::conformance::bed::touch;
use crate::conformance::meeting::STEPS;
use crate::conformance::meeting::dropped;
use crate::conformance::node::assert_same;

const CLAUSE: &str = "clause 6 of `SessionStore` (cancel safety)";

/// Cancel safety, race 18: a dropped `create` leaves the record or nothing.
pub async fn a_create_that_is_dropped_is_applied_in_whole_or_not_at_all<S: SessionStore>(
    bed: &TestBed<S>,
) {
    for steps in 0..STEPS {
        let (record, _token) = bed.build(RecordFixture::anonymous().data("k", b"1"), START);
        dropped(steps, bed.here().create(&record, START)).await;
        match bed.there().load(record.handle(), START).await {
            Load::Live(stored) => assert_same(&stored, &record, CLAUSE),
            Load::Missing => {}
            other => panic!("{CLAUSE}: after a dropped `create` the store told {other:?}"),
        }
        match bed.here().create(&record, START).await {
            Create::Created | Create::Occupied => {}
        }
        bed.there().assert_live(&record, START, CLAUSE).await;
    }
}

/// Cancel safety, races 18 and 48: a dropped update leaves the record before it or the one after
/// it, and is applied once where it is repeated.
pub async fn an_update_that_is_dropped_is_applied_in_whole_or_not_at_all<S: SessionStore>(
    bed: &TestBed<S>,
) {
    for steps in 0..STEPS {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let next = bed.next(&record).data("k", b"1").last_seen(at(1)).build();
        dropped(steps, bed.here().update(&next, record.revision(), at(1))).await;
        let stored = bed.there().live(record.handle(), at(1), CLAUSE).await;
        let whole = if stored.revision() == next.revision() {
            &next
        } else {
            &record
        };
        assert_same(&stored, whole, CLAUSE);
        let answer = bed.here().update(&next, record.revision(), at(1)).await;
        assert_eq!(
            answer,
            Write::Applied,
            "{CLAUSE}: a dropped update, repeated"
        );
        bed.there().assert_live(&next, at(1), CLAUSE).await;
    }
}

/// Cancel safety: a dropped touch leaves the record before it or the one after it.
pub async fn a_touch_that_is_dropped_is_applied_in_whole_or_not_at_all<S: SessionStore>(
    bed: &TestBed<S>,
) {
    for steps in 0..STEPS {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let touch = touch(&record, at(1), true);
        let touched = record
            .touched(&touch, at(1))
            .1
            .unwrap_or_else(|| record.clone());
        dropped(steps, bed.here().touch(&touch, at(1))).await;
        let stored = bed.there().live(record.handle(), at(1), CLAUSE).await;
        let whole = if stored.last_seen() == at(1) {
            &touched
        } else {
            &record
        };
        assert_same(&stored, whole, CLAUSE);
        let answer = bed.here().touch(&touch, at(1)).await;
        assert_eq!(
            answer,
            Touched::Applied,
            "{CLAUSE}: a dropped touch, repeated"
        );
        bed.there().assert_live(&touched, at(1), CLAUSE).await;
    }
}

/// Cancel safety, race 18: a dropped end leaves the live record or the tombstone.
pub async fn an_end_that_is_dropped_is_applied_in_whole_or_not_at_all<S: SessionStore>(
    bed: &TestBed<S>,
) {
    for steps in 0..STEPS {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let order = end(record.handle(), EndReason::Logout, at(1));
        dropped(steps, bed.here().end(&order, at(1))).await;
        match bed.there().load(record.handle(), at(1)).await {
            Load::Live(stored) => assert_same(&stored, &record, CLAUSE),
            Load::Ended(_) => {}
            Load::Missing => panic!("{CLAUSE}: a dropped end left nothing of the session"),
        }
        match bed.here().end(&order, at(1)).await {
            EndOutcome::Already(tombstone) | EndOutcome::Ended(tombstone) => {
                bed.there().assert_ended(&tombstone, at(1), CLAUSE).await;
            }
            EndOutcome::Missing => panic!("{CLAUSE}: a dropped end left nothing of the session"),
        }
    }
}
