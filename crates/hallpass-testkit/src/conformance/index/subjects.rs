//! Clause 6 for subjects whose names look alike: tenant and id, to the last bit.

use hallpass_core::AtLimit;
use hallpass_core::EndReason;
use hallpass_core::RecordFixture;
use hallpass_core::SessionRecord;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;

use super::LISTED;
use super::assert_bound;
use super::assert_listed;
use super::limit;
use super::logged_in;
use super::login;
use super::tombstones;
use crate::conformance::bed::START;
use crate::conformance::bed::TestBed;
use crate::conformance::bed::at;
use crate::conformance::bed::look_alikes;

/// Clause 6, race 46: nobody's sessions are in the list of a look-alike.
pub async fn look_alikes_are_listed_apart<S: SubjectIndex>(bed: &TestBed<S>) {
    for (subject, record) in everybody(bed).await {
        let listed = bed.there().list(&subject, START).await;
        assert_listed(&listed, &[record], &format!("{LISTED}, {subject:?}"));
    }
}

/// Clause 6, race 46: nobody's sessions end with those of a look-alike.
pub async fn look_alikes_are_ended_apart<S: SubjectIndex>(bed: &TestBed<S>) {
    let mut others = everybody(bed).await;
    while let Some((subject, record)) = others.pop() {
        let ended = bed
            .here()
            .end_subject(&subject, None, &EndReason::Logout, at(1))
            .await;
        let expected = tombstones(&[record], &EndReason::Logout, at(1));
        assert_eq!(ended, expected, "{LISTED}: the sessions of {subject:?}");
        for (_, record) in &others {
            bed.here().assert_live(record, at(1), LISTED).await;
        }
    }
}

/// Clauses 2 and 6, race 46: nobody's login evicts a session of a look-alike.
pub async fn look_alikes_are_limited_apart<S: SubjectIndex>(bed: &TestBed<S>) {
    const CLAUSE: &str = "clause 2 of `SubjectIndex` (the limit of a subject)";
    let one = limit(1, AtLimit::EvictOldest);
    let mut records = Vec::new();
    for subject in look_alikes() {
        let (record, _token) = bed.build(RecordFixture::of(&subject), START);
        assert_bound(
            &bed.here().bind(&login(&record, one), START).await,
            &[],
            CLAUSE,
        );
        records.push(record);
    }
    for record in &records {
        bed.there().assert_live(record, START, CLAUSE).await;
    }
}

async fn everybody<S: SubjectIndex>(bed: &TestBed<S>) -> Vec<(Subject, SessionRecord)> {
    let mut everybody = Vec::new();
    for subject in look_alikes() {
        let record = logged_in(bed, &subject, START).await;
        everybody.push((subject, record));
    }
    everybody
}
