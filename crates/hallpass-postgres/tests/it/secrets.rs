//! What a copy of the database, a log or an error gives away.

use hallpass_core::AtLimit;
use hallpass_core::NextWrite;
use hallpass_core::RecordFixture;
use hallpass_core::SessionStore;
use hallpass_core::SubjectIndex;
use hallpass_core::Write;
use hallpass_postgres::PostgresStore;
use hallpass_testkit::SeededRandom;

use crate::admin::Admin;
use crate::records::at;
use crate::records::begun;
use crate::records::built;
use crate::records::end;
use crate::records::login;
use crate::records::subject;
use crate::servers;

/// Row SES-24: no token is in any column of any table, in no form.
#[tokio::test(flavor = "multi_thread")]
async fn a_dump_of_the_tables_holds_no_token() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let schema = servers::last_schema();
    let mut tokens = Vec::new();
    for n in 0..3 {
        let (record, token) = built(RecordFixture::of(&subject("alice")));
        let _bound = store
            .bind(&login(record.clone(), AtLimit::Reject), at(0))
            .await
            .unwrap();
        let random = SeededRandom::new(1_000 + n);
        let next = NextWrite::after(&record, &random).unwrap();
        let next = next.renewed(&token, at(0)).build();
        let answer = store.update(&next, record.revision(), at(0)).await;
        assert_eq!(answer.unwrap(), Write::Applied);
        tokens.push(token);
        if n == 0 {
            let _ended = store.end(&end(record.handle(), 1), at(1)).await.unwrap();
        }
    }
    let admin = Admin::connect().await;
    let mut dump = String::new();
    for table in ["sessions", "subjects", "epochs", "newest", "migrations"] {
        for row in admin
            .rows(&format!("select t::text from {schema}.hallpass_{table} t"))
            .await
        {
            dump.push_str(row.get(0));
        }
    }
    assert!(dump.contains("alice"), "the test looked at nothing");
    for token in tokens {
        let exposed = token.expose_secret();
        let text: &str = exposed.as_str();
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let bytes = from_base64url(text);
        let secret: String = bytes[20..]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        for form in [text, &hex, &secret] {
            assert!(!dump.contains(form), "a token is stored");
        }
    }
}

/// Race 47.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_tells_the_password() {
    let url = servers::postgres().replace("://postgres@", "://postgres:hunter2@");
    let builder = servers::patient(PostgresStore::builder(&url)).feed_url(&url);
    let told = format!("{builder:?}");
    let store = servers::fresh(builder).await;
    let record = begun(&store, RecordFixture::of(&subject("alice"))).await;
    assert!(store.load(record.handle(), at(0)).await.is_ok());
    let nowhere = PostgresStore::builder("postgres://postgres:hunter2@127.0.0.1:1/x")
        .connect()
        .await
        .unwrap_err();
    let invalid = PostgresStore::builder("postgres://postgres:hunter2@h:hunter2/x?a=b")
        .connect()
        .await
        .unwrap_err();
    let told = format!("{told} {store:?} {nowhere:?} {nowhere} {invalid:?} {invalid}");
    for secret in ["hunter2", "127.0.0.1", "alice"] {
        assert!(!told.contains(secret), "{told}");
    }
}

/// Race 47: what the server says of a value is not passed on.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_quotes_no_value() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let schema = servers::last_schema();
    Admin::connect()
        .await
        .run(&format!(
            "alter table {schema}.hallpass_sessions add check (subject <> 'alice')"
        ))
        .await;
    let (record, _token) = built(RecordFixture::of(&subject("alice")));
    let error = store.create(&record, at(0)).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    let told = format!("{error} {error:?} {source} {source:?}");
    assert!(!told.contains("alice") && told.contains("23514"), "{told}");
}

/// Decodes without a dependency.
fn from_base64url(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let sixes: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(ALPHABET.find(c).unwrap()).unwrap())
        .collect();
    sixes
        .chunks(4)
        .flat_map(|four| {
            let number = four.iter().fold(0_u32, |n, &six| n << 6 | u32::from(six));
            let [_, bytes @ ..] = number.to_be_bytes();
            bytes
        })
        .collect()
}
