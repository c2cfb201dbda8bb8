//! HTTP side of hallpass: cookies, caching headers and proxy trust, without a framework.
//!
//! Everything here is a pure function of headers, configuration and the time that the caller passes
//! in. Nothing reads a clock, an environment variable or the network.
//!
//! | To | Use |
//! | --- | --- |
//! | write an adapter for a framework | [`Sessions`], [`SessionSlot`] |
//! | answer a request that goes no further | [`Refusal`], [`Answer`] |
//! | lead a user back after a login | [`ReturnTo`] |
//! | heed such an answer as the client of an API | [`StepUpChallenge`], [`StepUpGuard`] |
//! | read tokens from requests and write them into answers | [`TransportConfig`] |
//! | let a browser be signed in to several accounts | [`Accounts`] |
//! | keep polls from keeping a session alive | [`TransportConfig::no_touch_path`], [`NoTouch`] |
//! | decide names and attributes of the cookies | [`CookieConfig`] |
//! | write and remove a cookie | [`CookieTemplate`] |
//! | read a cookie | [`CookieTemplate::find`] or [`find_cookie`] |
//! | keep shared caches away from a session | [`mark_private`], [`mark_no_store`] |
//! | have the browser forget a site at logout | [`ClearSiteData`] |
//! | learn the client's address and scheme behind a proxy | [`TrustedProxies`] |
//! | choose between a redirect and a bare 401 | [`prefers_page`] |
//! | refuse what pages of other sites cause | [`CsrfConfig`] |
//!
//! # Example: a cookie there and back
//!
//! ```
//! use std::time::SystemTime;
//!
//! use hallpass_http::{CookieConfig, Found};
//! use http::{HeaderMap, HeaderValue, header};
//!
//! let cookies = CookieConfig::default().build()?;
//! let answer = cookies.session().set("opaque", None, SystemTime::UNIX_EPOCH)?;
//! assert_eq!(answer, "__Host-session=opaque; Path=/; Secure; HttpOnly; SameSite=Lax");
//!
//! let mut request = HeaderMap::new();
//! request.insert(header::COOKIE, HeaderValue::from_static("theme=dark; __Host-session=opaque"));
//! assert!(matches!(cookies.session().find(&request), Found::One(b"opaque")));
//! # Ok::<(), hallpass_http::CookieError>(())
//! ```

#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]

mod accept;
mod answer;
mod caching;
mod clear_site_data;
mod cookie;
mod csrf;
mod field;
mod proxies;
mod return_to;
mod slot;
mod transport;

pub use ipnet::IpNet;

pub use crate::accept::prefers_page;
pub use crate::answer::{Answer, Refusal, StepUp, StepUpChallenge, StepUpGuard};
pub use crate::caching::{mark_no_store, mark_private};
pub use crate::clear_site_data::ClearSiteData;
pub use crate::cookie::{
    CookieConfig, CookieError, CookieTemplate, Cookies, DangerousCookieConfig, Found,
    MAX_COOKIE_BYTES, SameSite, find_cookie,
};
pub use crate::csrf::{
    CSRF_REFUSED, Csrf, CsrfConfig, CsrfConfigError, CsrfDecision, CsrfRule, CsrfToken,
    DangerousCsrfConfig, RequestFacts, SentCsrfToken, csrf_token,
};
pub use crate::proxies::{ForwardedHeader, InvalidNetwork, Origin, Scheme, TrustedProxies};
pub use crate::return_to::ReturnTo;
pub use crate::slot::{Finish, Instead, LayerMissing, PeerAddress, SessionSlot, Sessions};
pub use crate::transport::{
    Account, Accounts, Carrier, Incoming, NoTouch, SESSION_TOKEN, Transport, TransportConfig,
    TransportError,
};
