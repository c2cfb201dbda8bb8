//! Clause 6, durable answer: what was answered as applied is there, as it was written, on every
//! node.

mod dropping;

use std::time::Duration;

use hallpass_core::EndReason;
use hallpass_core::RecordFixture;
use hallpass_core::SessionHandle;
use hallpass_core::SessionStore;
use hallpass_core::Touched;
use hallpass_core::Write;

use super::bed::START;
use super::bed::TestBed;
use super::bed::at;
use super::bed::end;
use super::bed::member;
use super::bed::subject;
use super::bed::touch;

pub use self::dropping::a_create_that_is_dropped_is_applied_in_whole_or_not_at_all;
pub use self::dropping::a_touch_that_is_dropped_is_applied_in_whole_or_not_at_all;
pub use self::dropping::an_end_that_is_dropped_is_applied_in_whole_or_not_at_all;
pub use self::dropping::an_update_that_is_dropped_is_applied_in_whole_or_not_at_all;

const CLAUSE: &str = "clause 6 of `SessionStore` (durable answer)";

/// Clause 6: every kind of record comes back as it was created, on every node.
pub async fn a_record_comes_back_as_it_was_created<S: SessionStore>(bed: &TestBed<S>) {
    let alice = subject("alice");
    for fixture in [
        RecordFixture::anonymous(),
        RecordFixture::of(&alice),
        RecordFixture::of(&member("acme", "alice")),
        RecordFixture::of(&member("\u{c4}\u{2603} Ltd. 'q\"", "al\u{ed}ce \u{1f511}")),
        RecordFixture::of(&subject(&"x".repeat(255))),
        RecordFixture::of(&alice).lock_when_idle(),
        RecordFixture::of(&alice).timeouts(None, Duration::from_secs(400 * 86_400)),
        RecordFixture::of(&alice).timeouts(Some(Duration::from_millis(1)), Duration::from_secs(1)),
        RecordFixture::anonymous().data("k", b"{\"a\":[1,2.5,null,true,\"b\"]}"),
    ] {
        let record = bed.begin(fixture).await;
        bed.here().assert_live(&record, START, CLAUSE).await;
        bed.there().assert_live(&record, START, CLAUSE).await;
    }
}

/// Clause 6: names and values of the data come back byte for byte, whatever is in them.
pub async fn data_comes_back_byte_for_byte<S: SessionStore>(bed: &TestBed<S>) {
    let names = [
        " ",
        "'\"`\\;--",
        "%s{}${}",
        "a\u{301}",
        "\u{e1}",
        "K",
        "k",
        "\u{202e}txet\u{2066}",
        "\u{1f9d1}\u{200d}\u{1f4bb}",
        "\u{ffff}",
    ];
    let values: [&[u8]; 8] = [
        b"",
        b"null",
        b" {\n\t\"order\" : 1, \"order\" : 2 } ",
        b"\"\\u0000\\ud800 \\\\ \\/\"",
        b"1e400",
        b"12345678901234567890123456789.000",
        "\"\u{7f}\u{feff}\u{10ffff}\"".as_bytes(),
        b"\x00\xff\xfe\x80 no text at all",
    ];
    let mut fixture = RecordFixture::anonymous();
    for name in names {
        for (n, value) in values.into_iter().enumerate() {
            fixture = fixture.data(&format!("{name}{n}"), value);
        }
    }
    let record = bed.begin(fixture).await;
    assert_eq!(record.data().len(), names.len() * values.len());
    bed.here().assert_live(&record, START, CLAUSE).await;
    bed.there().assert_live(&record, START, CLAUSE).await;

    let next = bed.next(&record).data("names0", b"\x00").build();
    let answer = bed.here().update(&next, record.revision(), START).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{CLAUSE}: an update of the stored revision"
    );
    bed.there().assert_live(&next, START, CLAUSE).await;
}

/// Clause 6: the greatest payload that the engine allows by default comes back.
pub async fn a_payload_of_64_kibibytes_comes_back<S: SessionStore>(bed: &TestBed<S>) {
    const PAYLOAD: usize = 64 * 1024;
    let name = "payload";
    let mut value = b"\"".to_vec();
    value.extend(
        (b' '..=b'~')
            .filter(|byte| !b"\"\\".contains(byte))
            .cycle()
            .take(PAYLOAD),
    );
    value.truncate(PAYLOAD - name.len() - 1);
    value.push(b'"');

    let record = bed
        .begin(RecordFixture::anonymous().data(name, &value))
        .await;
    assert_eq!(record.data().size(), PAYLOAD);
    bed.here().assert_live(&record, START, CLAUSE).await;
    value.rotate_left(1);
    let next = bed.next(&record).data(name, &value).build();
    let answer = bed.here().update(&next, record.revision(), START).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{CLAUSE}: an update of the stored revision"
    );
    bed.there().assert_live(&next, START, CLAUSE).await;
}

/// Clause 6: what one node was answered, the other one sees at once.
pub async fn what_one_node_writes_the_other_one_reads<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::of(&subject("alice"))).await;
    bed.there().assert_live(&record, START, CLAUSE).await;
    let next = bed.next(&record).data("k", b"1").build();
    let answer = bed.there().update(&next, record.revision(), START).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{CLAUSE}: an update of the stored revision"
    );
    bed.here().assert_live(&next, START, CLAUSE).await;
    let touch = touch(&next, at(9), false);
    assert_eq!(
        bed.there().touch(&touch, at(9)).await,
        Touched::Applied,
        "{CLAUSE}"
    );
    let stored = bed.here().live(record.handle(), at(9), CLAUSE).await;
    assert_eq!(
        stored.last_seen(),
        at(9),
        "{CLAUSE}: a touch by another node"
    );
}

/// Clause 6: names that differ in one bit, or in upper and lower case of their text, are different
/// sessions, and what happens to one does not change the others.
pub async fn sessions_with_similar_names_are_kept_apart<S: SessionStore>(bed: &TestBed<S>) {
    let names = [
        // "AAAA...", "aAAA...", "AAAA...Q", and the others that databases take for the end.
        [0; 16],
        first_byte(0x68, 0),
        last_byte(0, 1),
        [0xff; 16],
        last_byte(0xff, 0xfe),
        [b'%'; 16],
        [b'*'; 16],
        [b'\n'; 16],
        last_byte(b'*', b' '),
    ];
    let mut records = Vec::new();
    for name in names {
        let handle = SessionHandle::from_bytes(name);
        let record = bed.named(
            handle,
            RecordFixture::anonymous().data("name", &name),
            START,
        );
        let answer = bed.here().create(&record, START).await;
        assert_eq!(
            answer,
            hallpass_core::Create::Created,
            "{CLAUSE}: the free name {handle}"
        );
        records.push(record);
    }
    while let Some(record) = records.pop() {
        let next = bed.next(&record).data("more", b"1").build();
        let answer = bed.here().update(&next, record.revision(), START).await;
        assert_eq!(
            answer,
            Write::Applied,
            "{CLAUSE}: an update of the stored revision"
        );
        let touch = touch(&record, at(9), false);
        assert_eq!(
            bed.here().touch(&touch, START).await,
            Touched::Applied,
            "{CLAUSE}"
        );
        let order = end(record.handle(), EndReason::Logout, START);
        let _ended = bed.here().end(&order, START).await;
        bed.here().assert_dead(record.handle(), START, CLAUSE).await;
        for other in &records {
            bed.here().assert_live(other, START, CLAUSE).await;
        }
    }
}

const fn first_byte(first: u8, others: u8) -> [u8; 16] {
    let mut bytes = [others; 16];
    bytes[0] = first;
    bytes
}

const fn last_byte(others: u8, last: u8) -> [u8; 16] {
    let mut bytes = [others; 16];
    bytes[15] = last;
    bytes
}
