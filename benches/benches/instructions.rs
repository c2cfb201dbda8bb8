//! How many instructions the parts of a request take, counted by valgrind.
//!
//! Needs valgrind, and the runner of the same version as the library:
//! `cargo install gungraun-runner --version 0.20.0`. Then
//! `cargo bench -p hallpass-benches --bench instructions` counts, and compares with the time before.
//!
//! Valgrind does not know the SHA extensions of the processor, so digests count more here than
//! they cost.

#![expect(
    missing_docs,
    unused_qualifications,
    reason = "the macros of the harness make public modules, and name what is in them by its path"
)]
#![expect(clippy::expect_used, reason = "a bench that cannot begin is to stop")]

use std::hint::black_box;

use axum::body::Body;
use axum::response::Response;
use futures_util::FutureExt;
use gungraun::library_benchmark;
use gungraun::library_benchmark_group;
use gungraun::main;
use hallpass::Clock;
use hallpass::Limits;
use hallpass::Load;
use hallpass::MemoryStore;
use hallpass::SessionRecord;
use hallpass::SessionStore;
use hallpass::SessionToken;
use hallpass::StandardPolicy;
use hallpass::Standing;
use hallpass::Subject;
use hallpass::Timestamp;
use hallpass::Verdict;
use hallpass::Write;
use hallpass::http::Found;
use hallpass::http::find_cookie;
use hallpass_benches::App;
use hallpass_benches::DATA_BYTES;
use hallpass_benches::Work;
use hallpass_core::NextWrite;
use hallpass_core::RecordFixture;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;
use http::HeaderMap;
use http::HeaderValue;
use http::Request;
use http::header;

fn now() -> Timestamp {
    ManualClock::default().now()
}

fn session() -> (SessionRecord, SessionToken) {
    let value = format!("\"{}\"", "y".repeat(DATA_BYTES - 2));
    let subject = Subject::new("alice").expect("a subject");
    RecordFixture::of(&subject)
        .data("data", value.as_bytes())
        .build(&SeededRandom::new(1), now())
        .expect("a record")
}

fn cookies() -> HeaderMap {
    let cookies = format!("theme=dark; __Host-session={}; lang=en", "A".repeat(64));
    let value = HeaderValue::try_from(cookies).expect("a value");
    HeaderMap::from_iter([(header::COOKIE, value)])
}

fn encoded() -> Vec<u8> {
    session().0.encode()
}

fn limits() -> (SessionRecord, Limits) {
    (session().0, Limits::builder().build().expect("limits"))
}

fn stored() -> (MemoryStore, SessionRecord) {
    let store = MemoryStore::new();
    let (record, _token) = session();
    let created = store.create(&record, now()).now_or_never();
    assert!(matches!(created, Some(Ok(_))));
    (store, record)
}

fn to_write() -> (MemoryStore, SessionRecord, SessionRecord) {
    let (store, record) = stored();
    let next = NextWrite::after(&record, &SeededRandom::new(2)).expect("randomness");
    (store, record, next.data("count", b"1").build())
}

fn asked(work: Work) -> (App, Request<Body>) {
    let mut app = App::with_sessions(StandardPolicy::builder());
    // What is made once is made before.
    for _ in 0..20 {
        app.send(work);
    }
    let request = app.request(work);
    (app, request)
}

fn asked_bare(work: Work) -> (App, Request<Body>) {
    let app = App::bare();
    let request = app.request(work);
    (app, request)
}

#[library_benchmark]
#[bench::one_of_three(setup = cookies)]
fn find_a_cookie(headers: HeaderMap) -> (HeaderMap, bool) {
    let found = matches!(
        find_cookie(black_box(&headers), "__Host-session"),
        Found::One(_)
    );
    (headers, found)
}

#[library_benchmark]
fn parse_a_token() -> bool {
    SessionToken::parse(black_box(&[b'A'; 64])).is_ok()
}

#[library_benchmark]
#[bench::current(setup = session)]
fn judge_token((record, token): (SessionRecord, SessionToken)) -> (SessionRecord, Verdict) {
    let limits = Limits::builder().build().expect("limits");
    let verdict = hallpass::judge_token(
        record.credential(),
        None,
        black_box(&token),
        record.credential().renewed_by(),
        limits.windows(),
        1,
        record.created_at(),
    );
    (record, verdict)
}

#[library_benchmark]
#[bench::live(setup = limits)]
fn judge_record((record, limits): (SessionRecord, Limits)) -> (SessionRecord, Standing) {
    let standing = hallpass::judge_record(black_box(&record), &limits, record.created_at());
    (record, standing)
}

#[library_benchmark]
#[bench::of_200_bytes(setup = session)]
fn encode_a_record((record, _token): (SessionRecord, SessionToken)) -> (SessionRecord, Vec<u8>) {
    let bytes = black_box(&record).encode();
    (record, bytes)
}

#[library_benchmark]
#[bench::of_200_bytes(setup = encoded)]
fn decode_a_record(bytes: Vec<u8>) -> (Vec<u8>, bool) {
    let decoded = SessionRecord::decode(black_box(&bytes)).is_ok();
    (bytes, decoded)
}

#[library_benchmark]
#[bench::live(setup = stored)]
fn load_from_memory((store, record): (MemoryStore, SessionRecord)) -> (MemoryStore, bool) {
    let loaded = store
        .load(record.handle(), record.created_at())
        .now_or_never();
    let is_live = matches!(loaded, Some(Ok(Load::Live(_))));
    (store, is_live)
}

#[library_benchmark]
#[bench::applied(setup = to_write)]
fn update_in_memory(
    (store, record, next): (MemoryStore, SessionRecord, SessionRecord),
) -> (MemoryStore, bool) {
    let now = record.created_at();
    let written = store.update(&next, record.revision(), now).now_or_never();
    let is_applied = matches!(written, Some(Ok(Write::Applied)));
    (store, is_applied)
}

#[library_benchmark]
#[bench::without_sessions(args = (Work::Text), setup = asked_bare)]
#[bench::not_asked_for(args = (Work::Plain), setup = asked)]
#[bench::read(args = (Work::Read), setup = asked)]
#[bench::change(args = (Work::Change), setup = asked)]
fn answer((mut app, request): (App, Request<Body>)) -> (App, Response) {
    let response = app.answer(request);
    (app, response)
}

library_benchmark_group!(
    name = parts;
    benchmarks =
        find_a_cookie,
        parse_a_token,
        judge_token,
        judge_record,
        encode_a_record,
        decode_a_record,
        load_from_memory,
        update_in_memory
);

library_benchmark_group!(name = requests; benchmarks = answer);

main!(library_benchmark_groups = parts, requests);
