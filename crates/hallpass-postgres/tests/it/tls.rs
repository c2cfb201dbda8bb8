//! Connections under TLS, to a server with a certificate of its own.

use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::SessionStore;
use hallpass_postgres::ConnectError;
use hallpass_postgres::PostgresStore;
use hallpass_servers::Postgres;
use hallpass_servers::postgres::Settings;

use crate::admin::Admin;
use crate::records::at;
use crate::records::begun;
use crate::servers;

/// All in one, because a server with a certificate takes a while to make.
#[tokio::test(flavor = "multi_thread")]
async fn only_a_server_with_a_known_certificate_of_its_name_is_spoken_to() {
    let server = Postgres::start(&Settings::default()).unwrap();
    let root = certified(&server).await;
    let url = |host: &str, mode: &str| {
        let port = server.port();
        format!("postgres://postgres@{host}:{port}/postgres?sslmode={mode}")
    };
    let connect = async |url: &str, roots: &[u8]| {
        servers::patient(PostgresStore::builder(url))
            .root_certificates(roots)
            .connect()
            .await
    };

    for mode in ["require", "prefer"] {
        let builder = PostgresStore::builder(&url("localhost", mode)).root_certificates(&root);
        let store = servers::fresh(builder).await;
        let record = begun(&store, RecordFixture::anonymous()).await;
        let load = store.load(record.handle(), at(0)).await.unwrap();
        assert!(matches!(load, Load::Live(_)), "{load:?}");
        let admin = Admin::connect_to(&url("localhost", "disable")).await;
        let encrypted = "select count(*) from pg_stat_ssl join pg_stat_activity using (pid)
                         where ssl and application_name = 'hallpass'";
        assert!(admin.number(encrypted).await > 0, "{mode}");

        let stranger = connect(&url("localhost", mode), OTHER_ROOT.as_bytes()).await;
        assert!(is_refused(stranger), "an unknown certificate, {mode}");
        let misnamed = connect(&url("127.0.0.1", mode), &root).await;
        assert!(
            is_refused(misnamed),
            "a certificate of another name, {mode}"
        );
    }
    let plain = format!("{}?sslmode=require", servers::postgres());
    let plain = connect(&plain, &root).await;
    assert!(matches!(plain, Err(ConnectError::Server(_))), "{plain:?}");
    let none = connect(&url("localhost", "require"), b"no certificate").await;
    assert!(matches!(none, Err(ConnectError::NoRoots)), "{none:?}");
}

fn is_refused(answer: Result<PostgresStore, ConnectError>) -> bool {
    match answer {
        Err(ConnectError::Server(error)) => error
            .to_string()
            .contains("the certificate of the server is not accepted"),
        _ => false,
    }
}

/// Has the server make a certificate for `localhost`, since only it may own the key, and returns the
/// certificate of who signed it.
async fn certified(server: &Postgres) -> Vec<u8> {
    let admin = Admin::connect_to(&server.url()).await;
    let made = "umask 077; exec >/dev/null 2>&1; \
        openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.crt -days 2 \
        -subj /CN=root && \
        openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr \
        -subj /CN=localhost && \
        echo subjectAltName=DNS:localhost > names && \
        openssl x509 -req -in server.csr -CA root.crt -CAkey root.key -CAcreateserial \
        -out server.crt -days 2 -extfile names";
    admin
        .run(&format!("copy (select where false) to program '{made}'"))
        .await;
    admin.run("alter system set ssl = on").await;
    admin.run("select pg_reload_conf()").await;
    let rows = admin.rows("select pg_read_file('root.crt')").await;
    let root: String = rows.first().unwrap().get(0);
    let on = "select count(*) from pg_settings where name = 'ssl' and setting = 'on'";
    // Each connection learns of it by itself.
    loop {
        let other = Admin::connect_to(&server.url()).await;
        if other.number(on).await == 1 {
            return root.into_bytes();
        }
    }
}

/// Signed nothing.
const OTHER_ROOT: &str = "\
-----BEGIN CERTIFICATE-----
MIIBeDCCAR2gAwIBAgIUdWUKxG1GHi/gsKRm6+f6IQtP5JQwCgYIKoZIzj0EAwIw
EDEOMAwGA1UEAwwFb3RoZXIwIBcNMjYxMTIxMDIwOTQ2WhgPMjEyNjEwMjgwMjA5
NDZaMBAxDjAMBgNVBAMMBW90aGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
AQiR8Lvgzy6Ma5elvlsV/bdLsjGOLmdBDr3+R1PCCVxsgvDJSVSfK0xgs+k+lEa/
0zZtJU9tytEVHZcfWtP8HKNTMFEwHQYDVR0OBBYEFF1/to7lQgF6teYXYZWf/vuO
7/DFMB8GA1UdIwQYMBaAFF1/to7lQgF6teYXYZWf/vuO7/DFMA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAKZ/IcR1XXyz3ksKy23YnBUcvPlwJDty
JBqSBMNJGz6LAiEAsTgK/KeQjcbMjJs4hGQNT2xJe66yWNUDJXOOUkPr85Q=
-----END CERTIFICATE-----
";
