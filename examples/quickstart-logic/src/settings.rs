//! The settings, from the environment.

use std::env;
use std::error::Error;
use std::fmt::Display;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use hallpass::AtLimit;
use hallpass::ConfigError;
use hallpass::DynStore;
use hallpass::MemoryStore;
use hallpass::StandardPolicy;
use hallpass::http::Csrf;
use hallpass::http::CsrfConfig;
use hallpass::http::CsrfConfigError;
use hallpass::http::TransportConfig;
use hallpass::postgres::PostgresStore;
use hallpass::redis::RedisStore;

use crate::site::Site;

/// What the environment says. Durations are whole or decimal seconds.
#[derive(Debug)]
pub struct Settings {
    port: u16,
    store: String,
    prefix: String,
    idle: Option<Duration>,
    absolute: Option<Duration>,
    renew: Option<Duration>,
    repair: Option<Duration>,
    grace: Option<Duration>,
    skew: Option<Duration>,
    touch: Option<Duration>,
    anonymous_idle: Option<Duration>,
    limit: NonZeroU32,
    on_limit: AtLimit,
    lock: bool,
    elevation: Option<Duration>,
    impersonation: Option<Duration>,
}

impl Settings {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, String> {
        Ok(Self {
            port: parsed("PORT")?.unwrap_or(3000),
            store: env::var("HALLPASS_STORE").unwrap_or_else(|_| "memory".to_owned()),
            prefix: env::var("HALLPASS_PREFIX").unwrap_or_else(|_| "quickstart".to_owned()),
            idle: seconds("HALLPASS_IDLE")?,
            absolute: seconds("HALLPASS_ABSOLUTE")?,
            renew: seconds("HALLPASS_RENEW")?,
            repair: seconds("HALLPASS_REPAIR")?,
            grace: seconds("HALLPASS_GRACE")?,
            skew: seconds("HALLPASS_SKEW")?,
            touch: seconds("HALLPASS_TOUCH")?,
            anonymous_idle: seconds("HALLPASS_ANONYMOUS_IDLE")?,
            limit: parsed("HALLPASS_LIMIT")?.unwrap_or(const { NonZeroU32::new(5).unwrap() }),
            on_limit: on_limit()?,
            lock: switch("HALLPASS_LOCK")?,
            elevation: seconds("HALLPASS_ELEVATION")?,
            impersonation: seconds("HALLPASS_IMPERSONATION")?,
        })
    }

    /// The port to listen on; at 0 a free one.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Opens the store. Two processes on one Redis or PostgreSQL are one application.
    pub async fn store(&self) -> Result<DynStore, Box<dyn Error>> {
        let scheme = self.store.split_once("://").map(|(scheme, _)| scheme);
        Ok(match scheme {
            None if self.store == "memory" => MemoryStore::new().into(),
            Some("redis" | "rediss" | "redis+cluster" | "rediss+cluster" | "redis+sentinel") => {
                let store = RedisStore::builder(&self.store).prefix(&self.prefix);
                store.connect().await?.into()
            }
            Some("postgres" | "postgresql") => {
                let store = PostgresStore::builder(&self.store).prefix(&self.prefix);
                let store = store.connect().await?;
                store.migrate().await?;
                store.into()
            }
            _ => return Err(STORES.into()),
        })
    }

    /// Returns how tokens travel.
    pub fn transport() -> TransportConfig {
        TransportConfig::default()
            .bearer(true)
            .login_page("/")
            .step_up_page("/step-up")
            .no_touch_path("/api/poll")
    }

    /// Returns the checks against requests of other sites.
    ///
    /// # Errors
    ///
    /// [`CsrfConfigError`] never for an address.
    pub fn csrf(address: SocketAddr) -> Result<Csrf, CsrfConfigError> {
        // Only over plain http, as on this machine, does a site have to say what it is called.
        CsrfConfig::default()
            .own_origin(&format!("http://{address}"))
            .own_origin(&format!("http://localhost:{}", address.port()))
            .build()
    }

    /// How long sessions last, and how many there may be.
    pub fn policy(&self) -> Result<StandardPolicy, ConfigError> {
        let mut policy = StandardPolicy::builder()
            .concurrency(self.limit, self.on_limit)
            .lock_when_idle(self.lock);
        if let Some(idle) = self.idle {
            policy = policy.idle(idle);
        }
        if let Some(absolute) = self.absolute {
            policy = policy.absolute(absolute);
        }
        if let Some(renew) = self.renew {
            policy = policy.renew_every(renew);
        }
        if let Some(repair) = self.repair {
            policy = policy.repair(repair);
        }
        if let Some(grace) = self.grace {
            policy = policy.grace(grace);
        }
        if let Some(skew) = self.skew {
            policy = policy.max_skew(skew);
        }
        if let Some(touch) = self.touch {
            policy = policy.touch_step(touch);
        }
        if let Some(anonymous_idle) = self.anonymous_idle {
            policy = policy.anonymous_idle(anonymous_idle);
        }
        policy.build()
    }

    /// What pages and routes know of the settings.
    pub fn site(&self) -> Site {
        Site {
            // Two minutes, or a third of a short timeout.
            warn_before: self
                .idle
                .map_or(120, |idle| (idle.as_secs() / 3).clamp(1, 120)),
            locks: self.lock,
            elevation: self.elevation.unwrap_or(FIVE_MINUTES),
            impersonation: self.impersonation.unwrap_or(HALF_AN_HOUR),
        }
    }
}

const FIVE_MINUTES: Duration = Duration::from_secs(300);
const HALF_AN_HOUR: Duration = Duration::from_secs(1_800);
/// How long a form may be whose token is looked for, in bytes.
pub const FORM: usize = 64 * 1024;

const STORES: &str = "HALLPASS_STORE takes `memory`, `redis://host:port`, \
                      `redis+cluster://host:port,host:port` or `postgres://user@host/database`";

fn on_limit() -> Result<AtLimit, String> {
    match env::var("HALLPASS_ON_LIMIT").as_deref() {
        Err(_) | Ok("evict-lru") => Ok(AtLimit::EvictLeastRecentlyUsed),
        Ok("evict-oldest") => Ok(AtLimit::EvictOldest),
        Ok("reject") => Ok(AtLimit::Reject),
        Ok(_) => Err("HALLPASS_ON_LIMIT takes `evict-lru`, `evict-oldest` or `reject`".to_owned()),
    }
}

fn switch(name: &str) -> Result<bool, String> {
    match env::var(name).as_deref() {
        Err(_) | Ok("0") => Ok(false),
        Ok("1") => Ok(true),
        Ok(_) => Err(format!("{name} takes `0` or `1`")),
    }
}

fn seconds(name: &str) -> Result<Option<Duration>, String> {
    parsed::<f64>(name)?
        .map(|seconds| {
            Duration::try_from_secs_f64(seconds)
                .map_err(|error| format!("{name} takes seconds, whole or decimal: {error}"))
        })
        .transpose()
}

fn parsed<T: FromStr<Err: Display>>(name: &str) -> Result<Option<T>, String> {
    match env::var(name) {
        Ok(text) => text
            .parse()
            .map(Some)
            .map_err(|error| format!("{name} does not take `{text}`: {error}")),
        Err(_) => Ok(None),
    }
}
