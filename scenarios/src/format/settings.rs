//! What a scenario sets of the policy, the manager, the transport and the layer.

use std::num::NonZeroU32;

use hallpass::AcrMap;
use hallpass::AssuranceLevel;
use hallpass::AtLimit;
use hallpass::OnReplay;
use hallpass::StandardPolicy;
use hallpass::StandardPolicyBuilder;
use hallpass::http::ClearSiteData;
use hallpass::http::CookieConfig;
use hallpass::http::SameSite;
use hallpass::http::TransportConfig;
use serde::Deserialize;

use super::span::Span;

/// The limits. What is absent is as in the library.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Policy {
    preset: Preset,
    idle: Option<Span>,
    absolute: Option<Span>,
    anonymous_idle: Option<Span>,
    anonymous_absolute: Option<Span>,
    renew_every: Option<Span>,
    repair: Option<Span>,
    grace: Option<Span>,
    max_skew: Option<Span>,
    touch_step: Option<Span>,
    lock_when_idle: bool,
    remember: Option<Remember>,
    sessions: Option<NonZeroU32>,
    at_limit: Limit,
    on_replay: Replay,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Preset {
    #[default]
    Standard,
    Aal1,
    Aal2,
    Aal3,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Remember {
    idle: Span,
    absolute: Span,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Limit {
    #[default]
    EvictLeastRecentlyUsed,
    EvictOldest,
    Reject,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Replay {
    #[default]
    EndSession,
    EndSubject,
    Report,
}

/// The manager.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Manager {
    /// Whether an outage makes visitors of everybody instead of an error.
    pub(crate) serve_anonymously: bool,
    pub(crate) payload_limit: Option<usize>,
    pub(crate) fail_fast_after: Option<u32>,
}

/// How tokens travel.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Transport {
    cookies: Cookies,
    no_cookies: bool,
    bearer: bool,
    trusted_proxies: Option<String>,
    login_page: Option<String>,
    step_up_page: Option<String>,
    realm: Option<String>,
    scope: Option<String>,
    /// The name of each level, the preferred one first.
    acr: Vec<(String, Level)>,
    no_touch_header: Option<String>,
    no_touch_paths: Vec<String>,
    require_https: bool,
    clear_site_data: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Level {
    Aal1,
    Aal2,
    Aal3,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Cookies {
    session: Option<String>,
    anonymous: Option<String>,
    path: Option<String>,
    domain: Option<String>,
    same_site: Option<Site>,
    partitioned: bool,
    insecure: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum Site {
    Lax,
    None,
    Strict,
}

/// The layer, or the middleware.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Layer {
    pub(crate) keep_changes_on_failure: bool,
    /// The application was put together without it.
    pub(crate) missing: bool,
}

impl Policy {
    pub(crate) fn builder(&self) -> StandardPolicyBuilder {
        let mut builder = match self.preset {
            Preset::Standard => StandardPolicy::builder(),
            Preset::Aal1 => StandardPolicy::aal1(),
            Preset::Aal2 => StandardPolicy::aal2(),
            Preset::Aal3 => StandardPolicy::aal3(),
        };
        let spans: [(_, fn(_, _) -> _); 9] = [
            (self.idle, StandardPolicyBuilder::idle),
            (self.absolute, StandardPolicyBuilder::absolute),
            (self.anonymous_idle, StandardPolicyBuilder::anonymous_idle),
            (
                self.anonymous_absolute,
                StandardPolicyBuilder::anonymous_absolute,
            ),
            (self.renew_every, StandardPolicyBuilder::renew_every),
            (self.repair, StandardPolicyBuilder::repair),
            (self.grace, StandardPolicyBuilder::grace),
            (self.max_skew, StandardPolicyBuilder::max_skew),
            (self.touch_step, StandardPolicyBuilder::touch_step),
        ];
        for (span, set) in spans {
            if let Some(Span(span)) = span {
                builder = set(builder, span);
            }
        }
        if self.lock_when_idle {
            builder = builder.lock_when_idle(true);
        }
        if let Some(Remember { idle, absolute }) = self.remember {
            builder = builder.remember(idle.0, absolute.0);
        }
        if let Some(max) = self.sessions {
            builder = builder.concurrency(max, self.at_limit.into());
        }
        builder.on_replay(self.on_replay.into())
    }
}

impl From<Limit> for AtLimit {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::EvictLeastRecentlyUsed => Self::EvictLeastRecentlyUsed,
            Limit::EvictOldest => Self::EvictOldest,
            Limit::Reject => Self::Reject,
        }
    }
}

impl From<Replay> for OnReplay {
    fn from(replay: Replay) -> Self {
        match replay {
            Replay::EndSession => Self::EndSession,
            Replay::EndSubject => Self::EndSubject,
            Replay::Report => Self::Report,
        }
    }
}

impl Transport {
    pub(crate) fn config(&self) -> TransportConfig {
        let mut config = TransportConfig::default().bearer(self.bearer);
        config = if self.no_cookies {
            config.no_cookies()
        } else {
            config.cookies(self.cookies.config())
        };
        if let Some(networks) = &self.trusted_proxies {
            config = config.trusted_proxies(networks.parse().unwrap());
        }
        let texts: [(_, fn(_, &str) -> _); 4] = [
            (&self.login_page, TransportConfig::login_page),
            (&self.step_up_page, TransportConfig::step_up_page),
            (&self.realm, TransportConfig::realm),
            (&self.scope, TransportConfig::scope),
        ];
        for (text, set) in texts {
            if let Some(text) = text {
                config = set(config, text);
            }
        }
        let acr = self.acr.iter().map(|(text, level)| {
            let level = match level {
                Level::Aal1 => AssuranceLevel::Aal1,
                Level::Aal2 => AssuranceLevel::Aal2,
                Level::Aal3 => AssuranceLevel::Aal3,
            };
            (text.clone(), level)
        });
        config = config.acr(AcrMap::new(acr));
        if let Some(name) = &self.no_touch_header {
            config = config.no_touch_header(name.parse().unwrap());
        }
        for path in &self.no_touch_paths {
            config = config.no_touch_path(path);
        }
        config = config.require_https(self.require_https);
        if self.clear_site_data {
            config = config.clear_site_data_on_logout(ClearSiteData::on_logout());
        }
        config
    }
}

impl Cookies {
    fn config(&self) -> CookieConfig {
        let mut config = CookieConfig::default().partitioned(self.partitioned);
        let texts: [(_, fn(_, String) -> _); 4] = [
            (&self.session, CookieConfig::session_name),
            (&self.anonymous, CookieConfig::anonymous_name),
            (&self.path, CookieConfig::path),
            (&self.domain, CookieConfig::domain),
        ];
        for (text, set) in texts {
            if let Some(text) = text {
                config = set(config, text.clone());
            }
        }
        if let Some(site) = self.same_site {
            config = config.same_site(match site {
                Site::Lax => SameSite::Lax,
                Site::None => SameSite::None,
                Site::Strict => SameSite::Strict,
            });
        }
        if self.insecure {
            config = config.danger().allow_insecure_http();
        }
        config
    }
}
