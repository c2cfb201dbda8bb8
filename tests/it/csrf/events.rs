//! What is told of refusals, and a trial that refuses nothing.

use hallpass::EventKind;
use hallpass::StoreOperation;
use hallpass::http::CsrfConfig;

use super::site::ALL;
use super::site::Browser;
use super::site::OTHER_SITE;
use super::site::OWN_PAGE;
use super::site::Site;

type Sent = (&'static [(&'static str, &'static str)], &'static str);

/// Requests of every kind; what follows is a form.
const REQUESTS: [Sent; 10] = [
    (&OWN_PAGE, ""),
    (&OTHER_SITE, ""),
    (&[("sec-fetch-site", "same-site")], ""),
    (&[("sec-fetch-site", "none")], ""),
    (&[("origin", "null")], ""),
    (&[("origin", "https://attacker.test")], ""),
    (&[("referer", "https://attacker.test/")], ""),
    (&[("authorization", "Bearer x"), ("origin", "null")], ""),
    (&[], ""),
    (&[], "csrf_token=wrong"),
];

async fn refusals(site: &Site, expected: u16) -> Vec<EventKind> {
    let mut browser = Browser::logged_in(site).await;
    let mut told = Vec::new();
    for (headers, body) in REQUESTS {
        site.world.events.take();
        let answer = browser.post("/pay", headers, body).await;
        let events = site.world.events.take();
        let events: Vec<EventKind> = events
            .into_iter()
            .filter(|kind| matches!(kind, EventKind::CrossSite { .. }))
            .collect();
        let status = if events.is_empty() { 200 } else { expected };
        assert_eq!(answer.status, status, "{headers:?} {body}");
        told.extend(events);
    }
    told
}

/// CSRF-12: a trial tells exactly what would be refused.
#[tokio::test]
async fn a_trial_tells_as_much_as_would_be_refused() {
    for through in ALL {
        let strict = Site::of(through, CsrfConfig::default()).await;
        let trial = Site::of(through, CsrfConfig::default().danger().report_only()).await;
        let of = |refused: bool| {
            [
                "cross_site",
                "same_site",
                "origin",
                "origin",
                "referer",
                "origin",
                "token_missing",
                "token_invalid",
            ]
            .map(|rule| EventKind::CrossSite { rule, refused })
        };
        assert_eq!(refusals(&strict, 403).await, of(true), "{through:?}");
        assert_eq!(refusals(&trial, 200).await, of(false), "{through:?}");
    }
}

/// A request that the browser vouches for costs no call of the store.
#[tokio::test]
async fn only_a_token_opens_the_session() {
    for through in ALL {
        let site = Site::of(through, CsrfConfig::default()).await;
        let mut browser = Browser::logged_in(&site).await;
        let form = format!("csrf_token={}", browser.form_token().await);
        site.world.operations();
        browser.post("/pay", &OWN_PAGE, &form).await;
        browser.post("/pay", &OTHER_SITE, &form).await;
        browser.post("/hooks/payment", &OTHER_SITE, &form).await;
        assert_eq!(site.world.operations(), [], "{through:?}");
        browser.post("/pay", &[], &form).await;
        assert_eq!(site.world.operations(), [StoreOperation::Load]);
    }
}
