use hallpass_core::SessionHandle;

use super::*;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(4_000_000_000_000 + seconds * 1_000)
}

fn end(number: u32, now: Timestamp) -> End {
    let mut handle = [0; 16];
    handle[..4].copy_from_slice(&number.to_be_bytes());
    End {
        handle: SessionHandle::from_bytes(handle),
        reason: EndReason::Logout,
        at: now,
        keep_until: now,
    }
}

fn advance(now: Timestamp) -> Advance {
    Advance {
        scope: EpochScope::Everybody,
        reason: EndReason::Logout,
        at: now,
        counts: vec![2],
    }
}

#[test]
fn the_endings_of_the_last_minute_are_remembered() {
    let memory = Memory::default();
    memory.ended(end(0, at(0)), at(0));
    memory.advanced(advance(at(0)), at(0));
    memory.ended(end(1, at(1)), at(1));
    memory.ended(end(2, at(60)), at(60));
    let all = Recalled {
        endings: vec![end(0, at(0)), end(1, at(1)), end(2, at(60))],
        advances: vec![advance(at(0))],
        now: at(60),
    };
    assert_eq!(memory.recall(), all);
    memory.ended(end(3, at(61)), at(61));
    let later = Recalled {
        endings: vec![end(1, at(1)), end(2, at(60)), end(3, at(61))],
        advances: vec![],
        now: at(61),
    };
    assert_eq!(memory.recall(), later);
}

/// What was ended while the clock was ahead is as new as what came after it.
#[test]
fn a_clock_that_goes_back_forgets_nothing() {
    let memory = Memory::default();
    memory.ended(end(0, Timestamp::MAX), Timestamp::MAX);
    for number in 1..3 {
        memory.ended(end(number, at(90)), at(90));
    }
    let recalled = memory.recall();
    let all = [end(0, Timestamp::MAX), end(1, at(90)), end(2, at(90))];
    assert_eq!(recalled.endings, all);
    assert_eq!(recalled.now, at(90));
}

#[test]
fn the_oldest_goes_where_there_are_too_many() {
    let memory = Memory::default();
    for number in 0..10_001 {
        memory.ended(end(number, at(0)), at(0));
    }
    let endings = memory.recall().endings;
    assert_eq!(endings.len(), MAX_ENDINGS);
    assert_eq!(endings.first(), Some(&end(1, at(0))));
}

#[test]
fn what_a_script_has_ended_is_remembered_as_it_was() {
    let memory = Memory::default();
    let order = end(0, at(0));
    memory.buried(&[order.tombstone()], at(1));
    assert_eq!(memory.recall().endings, [order]);
}
