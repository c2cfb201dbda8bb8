use hallpass_core::EndReason;
use hallpass_servers::urls;
use redis::Value;

use super::*;

/// The driver follows a slot that moves by sending a call again, which counts once.
#[tokio::test]
async fn a_call_that_is_sent_twice_counts_once() {
    let client = redis::Client::open(urls::redis()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let base = format!("test-twice-{}:{{0}}:", std::process::id());
    let [counter, index, alike, epochs] =
        ["e:x", "i:x", "h:xx", "e"].map(|kind| base.clone() + kind);
    let (now, reason) = (
        4_102_444_800_000_u64.to_be_bytes(),
        EndReason::Logout.encode(),
    );
    let _begun: Value = redis::cmd("HSET")
        .arg(&epochs)
        .arg("*")
        .arg(&[0_u8; 16])
        .query_async(&mut connection)
        .await
        .unwrap();
    for (mark, count) in [(b"mark-one", 1), (b"mark-one", 1), (b"mark-two", 2)] {
        let keys = [&*counter, &*index, &*alike, &*epochs];
        let args: [&[u8]; 4] = [&now, &reason, b"0", mark];
        let command = ADVANCE_SUBJECT.in_full(&keys, &args);
        let subject: Value = command.query_async(&mut connection).await.unwrap();
        assert_eq!(subject, Value::Int(count));
        let args: [&[u8]; 5] = [&now, b"*", &reason, b"0", mark];
        let command = ADVANCE_BUCKET.in_full(&[&epochs], &args);
        let bucket: Value = command.query_async(&mut connection).await.unwrap();
        assert_eq!(bucket, Value::Int(count));
    }
    let keys = [counter, index, alike, epochs, base + "g"];
    let removed: Value = redis::cmd("DEL")
        .arg(&keys)
        .query_async(&mut connection)
        .await
        .unwrap();
    assert_eq!(removed, Value::Int(4));
}
