//! Connections under TLS.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use hallpass_core::Create;
use hallpass_core::Load;
use hallpass_core::SessionStore;
use hallpass_redis::ConnectError;
use hallpass_redis::Fault;
use hallpass_redis::RedisStore;
use hallpass_servers::Redis;
use hallpass_servers::redis::Settings;

use crate::records::anonymous;
use crate::records::at;
use crate::servers::fresh_prefix;

/// A folder with a key and a certificate for 127.0.0.1 that nobody else vouches for.
struct Certificate(PathBuf);

impl Certificate {
    fn make() -> Self {
        let folder = env::temp_dir().join(format!("hallpass-{}", fresh_prefix()));
        fs::create_dir(&folder).unwrap();
        let output = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"])
            .args(["-pkeyopt", "ec_paramgen_curve:prime256v1"])
            .args(["-subj", "/CN=hallpass test"])
            .args(["-addext", "subjectAltName=IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-keyout", "key.pem", "-out", "certificate.pem"])
            .current_dir(&folder)
            .output()
            .expect("openssl, on the path");
        assert!(output.status.success(), "{output:?}");
        Self(folder)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        let _left_behind = fs::remove_dir_all(&self.0);
    }
}

/// A server that also speaks TLS, and the URL for that.
fn start(certificate: &Certificate) -> (Redis, String) {
    let settings = Settings::default()
        .argument("tls-cert-file", &[&certificate.file("certificate.pem")])
        .argument("tls-key-file", &[&certificate.file("key.pem")])
        .argument("tls-auth-clients", &["no"]);
    let server = Redis::start(&settings).unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let tls_port = free.local_addr().unwrap().port();
    drop(free);
    let answer = server.ask(&["CONFIG", "SET", "tls-port", &tls_port.to_string()]);
    assert_eq!(answer.unwrap(), "OK");
    (server, format!("rediss://127.0.0.1:{tls_port}"))
}

/// Nobody can pass for the server: a certificate of an authority that the system does not trust is
/// refused, and what does not speak TLS is not spoken to.
#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let certificate = Certificate::make();
    let (server, url) = start(&certificate);
    let refused = RedisStore::builder(&url).connect().await.unwrap_err();
    assert_eq!(refused, ConnectError::Server(Fault::Untrusted));
    let plain = server.url().replace("redis:", "rediss:");
    let silent = RedisStore::builder(&plain).connect().await.unwrap_err();
    assert_eq!(silent, ConnectError::Server(Fault::TimedOut));
    let size = server.ask(&["DBSIZE"]).unwrap();
    assert_eq!(size, "0");
}

/// The same server, to a process whose system trusts the certificate: the test runs itself with the
/// variable that names the authorities.
#[tokio::test]
async fn sessions_are_kept_under_tls() {
    if let Ok(url) = env::var(URL) {
        let store = RedisStore::builder(&url).connect().await.unwrap();
        let record = anonymous();
        let created = store.create(&record, at(0)).await.unwrap();
        assert_eq!(created, Create::Created);
        let loaded = store.load(record.handle(), at(0)).await.unwrap();
        assert!(matches!(loaded, Load::Live(_)));
        return;
    }
    let certificate = Certificate::make();
    let (server, url) = start(&certificate);
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "tls::sessions_are_kept_under_tls"])
        .env(URL, url)
        .env("SSL_CERT_FILE", certificate.file("certificate.pem"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let size = server.ask(&["DBSIZE"]).unwrap();
    assert_eq!(size, "3", "a record, the counters and their mark");
}

const URL: &str = "HALLPASS_TEST_REDIS_UNDER_TLS";
