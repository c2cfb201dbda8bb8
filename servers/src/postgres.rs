//! One PostgreSQL.

use std::ffi::OsString;
use std::fmt::Display;
use std::path::Path;
use std::process::Child;
use std::process::Stdio;

use rustix::process::Signal;

use crate::Error;
use crate::folder::Folder;
use crate::keeper;
use crate::programs;
use crate::server::Launch;
use crate::server::Server;
use crate::user::User;

/// How a PostgreSQL is started.
#[derive(Clone, Debug)]
pub struct Settings {
    options: Vec<(String, String)>,
}

impl Settings {
    /// The time zone of the server and of sessions that name none. Default: `UTC`.
    #[must_use]
    pub fn time_zone(self, zone: &str) -> Self {
        self.option("TimeZone", zone).option("log_timezone", zone)
    }

    /// Writes through to the disk before it acknowledges. Default: it does not. What it acknowledged
    /// outlives a killed server either way, since the system has it; only the end of the system
    /// loses it.
    #[must_use]
    pub fn durable(self) -> Self {
        self.option("fsync", "on").option("full_page_writes", "on")
    }

    /// How many connections it takes. Default: 300.
    #[must_use]
    pub fn max_connections(self, count: u16) -> Self {
        self.option("max_connections", &count.to_string())
    }

    /// A line of its configuration. The last one of a name wins.
    #[must_use]
    pub fn option(mut self, name: &str, value: &str) -> Self {
        self.options.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            options: Vec::new(),
        }
        .option("fsync", "off")
        .option("full_page_writes", "off")
        .time_zone("UTC")
        .max_connections(300)
    }
}

/// A PostgreSQL of our own on a free loopback port. Dropping it ends it and removes its folder.
///
/// It speaks TCP on 127.0.0.1 only, and trusts whoever comes. The superuser and the database are
/// called `postgres`; the encoding is UTF-8, the locale `C`. Started by root, it runs as the user
/// `postgres`, or as `nobody` where there is none.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
}

impl Postgres {
    /// Makes a database cluster, starts a PostgreSQL on it, and waits until it answers.
    ///
    /// # Errors
    ///
    /// Fails if it is not installed, or does not start. The error holds the last line of its log.
    ///
    /// # Example: a server far from UTC
    ///
    /// ```no_run
    /// use hallpass_servers::Postgres;
    /// use hallpass_servers::postgres::Settings;
    ///
    /// let postgres = Postgres::start(&Settings::default().time_zone("Pacific/Chatham"))?;
    /// println!("{}", postgres.url());
    /// # Ok::<(), hallpass_servers::Error>(())
    /// ```
    pub fn start(settings: &Settings) -> Result<Self, Error> {
        let program = programs::postgres("postgres")?;
        let initdb = programs::postgres("initdb")?;
        let user = User::for_servers()?;
        let server = Server::start(|port, folder| {
            let data = folder.data(user)?;
            make_cluster(&initdb, &data, folder, user)?;
            let port = port.to_string();
            let fixed = [
                ("listen_addresses", "127.0.0.1"),
                ("port", &port),
                ("unix_socket_directories", ""),
            ];
            let options = settings
                .options
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .chain(fixed)
                .flat_map(|(name, value)| [String::from("-c"), format!("{name}={value}")]);
            Ok(Launch {
                program: program.clone(),
                arguments: [OsString::from("-D"), data.into()]
                    .into_iter()
                    .chain(options.map(OsString::from))
                    .collect(),
                user,
                ready: "database system is ready to accept connections",
                // "Fast": whoever is connected is sent away.
                stop: Signal::INT,
                // "Immediate": a crash, but for the shared memory, which it takes along.
                end: Signal::QUIT,
            })
        })?;
        Ok(Self { server })
    }

    /// `postgres://postgres@127.0.0.1:<port>/postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port())
    }
}

crate::lifecycle!(Postgres);

fn make_cluster(
    initdb: &Path,
    data: &Path,
    folder: &Folder,
    user: Option<User>,
) -> Result<(), Error> {
    let mut command = keeper::command(initdb);
    command
        .arg("-D")
        .arg(data)
        .args(["--auth=trust", "--username=postgres", "--encoding=UTF8"])
        // `C` is everywhere. Small segments make a small folder.
        .args(["--locale=C", "--wal-segsize=1", "--no-sync"])
        .env("LC_ALL", "C")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    if let Some(user) = user {
        user.take_on(&mut command);
    }
    let failed = |reason: &dyn Display| Error::of("initdb", reason);
    let output = keeper::spawn(command)
        .and_then(Child::wait_with_output)
        .map_err(|error| failed(&error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let reason = said.lines().find(|line| line.contains("error:"));
    Err(failed(&reason.unwrap_or("failed")))
}
