//! The quickstart as a child process of the test.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use hallpass::SecureRandom;
use hallpass::SystemRandom;

/// A running quickstart on a port of its own. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    origin: String,
    environment: Vec<(String, String)>,
    child: Child,
    readers: Vec<JoinHandle<()>>,
    output: Arc<Mutex<String>>,
}

impl Server {
    /// Starts the quickstart with its defaults.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// Starts the quickstart with these settings in its environment.
    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        match Self::try_with(settings) {
            Ok(server) => server,
            Err(output) => panic!("the quickstart did not start:\n{output}"),
        }
    }

    /// Starts the quickstart, or returns what it printed before it gave up.
    pub(crate) fn try_with(settings: &[(&str, &str)]) -> Result<Self, String> {
        let settings = settings
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        let environment = store().into_iter().chain(settings);
        Self::try_in(
            environment
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    /// Starts a second process with the same settings, on the same store.
    pub(crate) fn another_process(&self) -> Self {
        match Self::try_in(self.environment.clone()) {
            Ok(server) => server,
            Err(output) => panic!("a second quickstart did not start:\n{output}"),
        }
    }

    fn try_in(environment: Vec<(String, String)>) -> Result<Self, String> {
        let mut command = Command::new(PROGRAM);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("HALLPASS_") || text.starts_with("RUST_") {
                command.env_remove(&name);
            }
        }
        let mut child = command
            .env("PORT", "0")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary was built for this test");
        let (sender, receiver) = mpsc::channel();
        let output = Arc::new(Mutex::new(String::new()));
        let readers = vec![
            collect(
                child.stdout.take().unwrap(),
                Arc::clone(&output),
                Some(sender),
            ),
            collect(child.stderr.take().unwrap(), Arc::clone(&output), None),
        ];
        let mut server = Self {
            origin: String::new(),
            environment,
            child,
            readers,
            output,
        };
        match receiver.recv_timeout(Duration::from_secs(30)) {
            Ok(origin) => {
                server.origin = origin;
                Ok(server)
            }
            Err(_) => Err(server.stop()),
        }
    }

    /// Stops the server and returns everything that it printed.
    pub(crate) fn stop(mut self) -> String {
        self.kill();
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        self.output.lock().unwrap().clone()
    }

    /// Scheme, host and port, without a slash at the end.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    fn kill(&mut self) {
        // Fails only where the process has gone already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The program under test: these tests are read by the quickstart of each framework, and cargo
/// names the program of the one that it builds them for.
const PROGRAM: &str = match (
    option_env!("CARGO_BIN_EXE_quickstart"),
    option_env!("CARGO_BIN_EXE_quickstart-actix"),
) {
    (Some(program), _) | (None, Some(program)) => program,
    (None, None) => panic!("no quickstart was built for these tests"),
};

/// Whether two processes on the store of this binary are one application.
pub(crate) const IS_SHARED: bool = !matches!(env!("CARGO_CRATE_NAME").as_bytes(), b"it");

/// Which store this binary tests: each store has a folder of tests of its own, which is this one
/// under another name. A server starts on an empty store.
fn store() -> Vec<(&'static str, String)> {
    let url = match env!("CARGO_CRATE_NAME") {
        "redis" => hallpass_servers::urls::redis(),
        "redis_cluster" => hallpass_servers::urls::redis_cluster(),
        "postgres" => hallpass_servers::urls::postgres(),
        _ => return Vec::new(),
    };
    let mut name = [0; 8];
    SystemRandom.fill(&mut name).unwrap();
    let prefix = format!("test{:016x}", u64::from_be_bytes(name));
    vec![("HALLPASS_STORE", url), ("HALLPASS_PREFIX", prefix)]
}

/// Waits while the server's clock, which is the machine's, moves on.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary under test runs on the clock of the machine"
)]
pub(crate) async fn wait_for_the_servers_clock(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Keeps what the server prints, and sends the address that it announces.
fn collect(
    pipe: impl Read + Send + 'static,
    output: Arc<Mutex<String>>,
    origin: Option<mpsc::Sender<String>>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n') {
            let line = String::from_utf8_lossy(&line.unwrap()).into_owned();
            if let (Some(sender), Some(address)) = (&origin, line.strip_prefix("listening on ")) {
                // The receiver is gone when the start took too long; the test has failed by then.
                let _ = sender.send(address.trim().to_owned());
            }
            let mut output = output.lock().unwrap();
            output.push_str(&line);
            output.push('\n');
        }
    })
}
