//! What a route asks of its session.

use hallpass_core::StandardPolicy;

use crate::site::Site;
use crate::site::World;
use crate::site::cookie;
use crate::site::field;
use crate::site::minutes;
use crate::site::pages;
use crate::site::run;

const GUARDED: [(&str, &str); 6] = [
    ("GET", "/user"),
    ("POST", "/recent"),
    ("GET", "/assured"),
    ("GET", "/in-person"),
    ("GET", "/checked"),
    ("GET", "/admin/users"),
];

async fn statuses(site: &Site, fields: &[(&str, &str)]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for (method, path) in GUARDED {
        let response = site.send(method, path, fields).await;
        statuses.push(response.status().as_u16());
    }
    statuses
}

#[test]
fn each_guard_lets_through_who_meets_it() {
    run(async {
        let world = World::new();
        let site = Site::new(&world);
        assert_eq!(statuses(&site, &[]).await, [401; 6]);
        let password = site.log_in().await;
        let fields = [("cookie", &*password)];
        let expected = [200, 200, 401, 200, 401, 403];
        assert_eq!(statuses(&site, &fields).await, expected);
        world.clock.advance(minutes(2));
        let expected = [200, 401, 401, 200, 401, 403];
        assert_eq!(statuses(&site, &fields).await, expected);
        let raised = cookie(&site.send("POST", "/raise", &fields).await);
        let fields = [("cookie", &*raised)];
        let expected = [200, 200, 200, 200, 200, 403];
        assert_eq!(statuses(&site, &fields).await, expected);
        let elevated = cookie(&site.send("POST", "/elevate", &fields).await);
        assert_eq!(statuses(&site, &[("cookie", &elevated)]).await, [200; 6]);
        site.stop().await;
    });
}

#[test]
fn who_impersonates_the_subject_may_look_and_nothing_else() {
    run(async {
        let world = World::new();
        let site = Site::new(&world);
        let cookie_before = site.log_in().await;
        let fields = [("cookie", &*cookie_before)];
        let response = site.send("POST", "/impersonate", &fields).await;
        let acting = cookie(&response);
        let fields = [("cookie", &*acting)];
        let expected = [200, 403, 403, 403, 403, 403];
        assert_eq!(statuses(&site, &fields).await, expected);
        let response = site.send("GET", "/in-person", &fields).await;
        assert_eq!(field(&response, "www-authenticate"), None);
        site.stop().await;
    });
}

#[test]
fn a_page_behind_a_guard_is_redirected() {
    run(async {
        let world = World::with(StandardPolicy::aal2());
        let site = Site::with(world.middleware(pages()));
        let cookie = site.log_in().await;
        let fields = [("cookie", &*cookie), ("accept", "text/html")];
        for (path, location) in [
            (
                "/assured?a=b",
                "/confirm?return_to=/assured%3Fa%3Db&reason=step_up",
            ),
            ("/checked", "/confirm?return_to=/checked&reason=step_up"),
            (
                "/admin/users",
                "/confirm?return_to=/admin/users&reason=elevate",
            ),
        ] {
            let response = site.send("GET", path, &fields).await;
            assert_eq!(response.status(), 303);
            assert_eq!(field(&response, "location"), Some(location));
        }
        world.clock.advance(minutes(61));
        for path in ["/user", "/checked", "/admin/users"] {
            let response = site.send("GET", path, &fields).await;
            let location = format!("/confirm?return_to={path}&reason=locked");
            assert_eq!(field(&response, "location"), Some(&*location));
        }
        site.stop().await;
    });
}
