//! The pages, as far as they can be judged without a browser.

use reqwest::Method;
use reqwest::StatusCode;
use reqwest::header;

use crate::answer::Answer;
use crate::client::Browser;
use crate::server::Server;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// The tag that opens the element with this id.
pub(crate) fn opening_tag<'a>(page: &'a str, id: &str) -> &'a str {
    let Some(at) = page.find(&format!("id=\"{id}\"")) else {
        panic!("no element {id:?} in\n{page}");
    };
    let (before, after) = page.split_at(at);
    let start = before.rfind('<').unwrap();
    &page[start..at + after.find('>').unwrap() + 1]
}

#[tokio::test]
async fn the_home_page_of_a_visitor_has_a_login_form() {
    let server = Server::start();
    let page = Browser::new(&server).get("/").await.body;
    let form = opening_tag(&page, "login");
    assert_eq!(
        form,
        "<form id=\"login\" action=\"/login\" method=\"post\">"
    );
}

#[tokio::test]
async fn the_home_page_of_a_visitor_says_nothing_about_an_end() {
    let server = Server::start();
    let page = Browser::new(&server).get("/").await.body;
    assert!(opening_tag(&page, "ended").contains(" hidden"));
}

#[tokio::test]
async fn a_wrong_password_shows_the_form_again_with_the_reason() {
    let server = Server::start();
    let form = [("username", "user1"), ("password", "wrong horse")];
    let page = Browser::new(&server).post_form("/login", &form).await.body;
    assert!(opening_tag(&page, "login-error").contains("role=\"alert\""));
}

#[tokio::test]
async fn the_home_page_says_who_is_signed_in() {
    let server = Server::start();
    let page = Browser::signed_in(&server, "user1")
        .await
        .get("/")
        .await
        .body;
    assert!(page.contains("<span id=\"who\">user1</span>"), "{page}");
}

#[tokio::test]
async fn the_home_page_has_what_its_script_counts_with() {
    let server = Server::start();
    let page = Browser::signed_in(&server, "user1")
        .await
        .get("/")
        .await
        .body;
    let missing: Vec<_> = [
        "data-idle=\"",
        "data-absolute=\"",
        "data-warn-before=\"",
        "data-handle=\"",
    ]
    .into_iter()
    .filter(|name| !page.contains(name))
    .collect();
    assert_eq!(missing, [""; 0]);
}

#[tokio::test]
async fn the_home_page_has_every_element_of_a_session() {
    let server = Server::start();
    let page = Browser::signed_in(&server, "user1")
        .await
        .get("/")
        .await
        .body;
    for id in [
        "who",
        "countdown",
        "absolute",
        "warning",
        "stay",
        "logout",
        "cart",
        "cart-add",
    ] {
        opening_tag(&page, id);
    }
}

#[tokio::test]
async fn the_home_page_escapes_the_cart() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    browser.put_in_cart("<img src=x onerror=alert(1)>").await;
    let page = browser.get("/").await.body;
    assert!(!page.contains("<img"), "{page}");
}

#[tokio::test]
async fn the_home_page_says_that_the_session_was_ended_elsewhere() {
    let server = Server::start();
    let mut laptop = Browser::signed_in(&server, "user1").await;
    let mut phone = Browser::signed_in(&server, "user1").await;
    laptop.post("/devices/end-others").await;
    let page = phone.get("/").await.body;
    assert!(!opening_tag(&page, "ended").contains(" hidden"));
}

#[tokio::test]
async fn each_page_has_the_strict_content_security_policy() {
    let policies = each_page(|page| page.header("content-security-policy").to_owned()).await;
    assert_eq!(policies, vec![POLICY; policies.len()]);
}

#[tokio::test]
async fn no_page_has_code_or_style_of_its_own() {
    let inline = each_page(|page| {
        let tags = [
            "<script>",
            "<style",
            " style=",
            " onclick=",
            " onload=",
            "javascript:",
        ];
        tags.into_iter().find(|tag| page.body.contains(tag))
    });
    assert_eq!(inline.await, [None; 4]);
}

#[tokio::test]
async fn each_page_is_html_and_says_its_language() {
    let good = each_page(|page| {
        page.header("content-type")
            .starts_with("text/html; charset=utf-8")
            && page.body.starts_with("<!doctype html>")
            && page.body.contains("<html lang=\"en\">")
    });
    assert_eq!(good.await, [true; 4]);
}

#[tokio::test]
async fn each_page_lets_a_keyboard_skip_to_its_content() {
    let good = each_page(|page| {
        page.body.contains("href=\"#main\"") && page.body.contains("<main id=\"main\"")
    });
    assert_eq!(good.await, [true; 4]);
}

#[tokio::test]
async fn the_icon_the_script_and_the_stylesheet_are_served_as_what_they_are() {
    let server = Server::start();
    let mut found = Vec::new();
    for path in [
        "/assets/icon.svg",
        "/assets/session.js",
        "/assets/style.css",
    ] {
        let answer = Browser::new(&server).get(path).await;
        let kind = answer
            .header("content-type")
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        found.push((answer.status, kind));
    }
    let expected = ["image/svg+xml", "text/javascript", "text/css"]
        .map(|kind| (StatusCode::OK, kind.to_owned()));
    assert_eq!(found, expected);
}

#[tokio::test]
async fn each_page_names_its_icon() {
    let link = "<link rel=\"icon\" type=\"image/svg+xml\" href=\"/assets/icon.svg\">";
    assert_eq!(each_page(|page| page.body.contains(link)).await, [true; 4]);
}

#[tokio::test]
async fn a_wrong_password_keeps_the_name_and_the_choice() {
    let server = Server::start();
    let form = [
        ("username", "\"><b>user1"),
        ("password", "wrong horse"),
        ("remember", "on"),
    ];
    let page = Browser::new(&server).post_form("/login", &form).await.body;
    let kept = [
        opening_tag(&page, "username").contains(" value=\"&#34;&#62;&#60;b&#62;user1\""),
        opening_tag(&page, "remember").contains(" checked"),
        opening_tag(&page, "password").contains(" autofocus"),
        !page.contains("wrong horse"),
    ];
    assert_eq!(kept, [true; 4], "{page}");
}

#[tokio::test]
async fn the_address_of_the_login_leads_to_its_form() {
    let server = Server::start();
    let answer = Browser::new(&server).get("/login").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::SEE_OTHER, "/")
    );
}

#[tokio::test]
async fn who_looks_for_a_page_in_the_wrong_place_gets_a_page() {
    let server = Server::start();
    let mut found = Vec::new();
    for path in ["/no/such/page", "/logout"] {
        found.push(navigate(&server, path, "text/html,*/*;q=0.8").await);
    }
    assert_eq!(
        found,
        [
            (StatusCode::NOT_FOUND, true),
            (StatusCode::METHOD_NOT_ALLOWED, true)
        ]
    );
}

#[tokio::test]
async fn a_program_in_the_wrong_place_gets_the_status_alone() {
    let server = Server::start();
    let mut found = Vec::new();
    for path in ["/no/such/page", "/logout"] {
        found.push(navigate(&server, path, "application/json").await);
    }
    assert_eq!(
        found,
        [
            (StatusCode::NOT_FOUND, false),
            (StatusCode::METHOD_NOT_ALLOWED, false)
        ]
    );
}

#[tokio::test]
async fn the_forms_of_the_devices_ask_a_visitor_to_sign_in() {
    let server = Server::start();
    let mut found = Vec::new();
    for path in ["/devices/x/end", "/devices/end-others"] {
        let answer = Browser::new(&server).post(path).await;
        let link = answer.body.contains("<a href=\"/\">Sign in</a>");
        found.push((
            answer.status,
            link,
            answer.header("www-authenticate").to_owned(),
        ));
    }
    let expected = (StatusCode::UNAUTHORIZED, true, "Bearer".to_owned());
    assert_eq!(found, vec![expected; 2]);
}

#[tokio::test]
async fn the_devices_say_why_the_session_is_gone() {
    let server = Server::start();
    let mut laptop = Browser::signed_in(&server, "user1").await;
    let mut phone = Browser::signed_in(&server, "user1").await;
    laptop.post("/devices/end-others").await;
    let page = phone.get("/devices").await.body;
    assert!(page.contains("ended from another device"), "{page}");
}

#[tokio::test]
async fn the_devices_say_how_many_others_were_ended() {
    let server = Server::start();
    let mut laptop = Browser::signed_in(&server, "user1").await;
    Browser::signed_in(&server, "user1").await;
    laptop.post("/devices/end-others").await;
    let page = laptop.get("/devices").await.body;
    assert!(page.contains("Other sessions ended: 1."), "{page}");
}

#[tokio::test]
async fn the_devices_begin_with_this_one() {
    let server = Server::start();
    let mut first = Browser::signed_in(&server, "user1").await;
    let mut second = Browser::signed_in(&server, "user1").await;
    let pages = [
        first.get("/devices").await.body,
        second.get("/devices").await.body,
    ];
    let begins = pages.map(|page| {
        page.find("<li class=\"device") == page.find("<li class=\"device card current")
    });
    assert_eq!(begins, [true; 2]);
}

/// Goes to an address, and tells whether the answer is a page.
async fn navigate(server: &Server, path: &str, accept: &str) -> (StatusCode, bool) {
    let mut browser = Browser::new(server);
    let request = browser
        .request(Method::GET, path)
        .header(header::ACCEPT, accept);
    let answer = browser.send(request).await;
    (answer.status, answer.body.contains("<main id=\"main\""))
}

/// The home page before and after a login, the devices, and a login that failed.
async fn each_page<T>(check: impl Fn(Answer) -> T) -> Vec<T> {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    let form = [("username", "user1"), ("password", "wrong horse")];
    let visitor = check(browser.get("/").await);
    let refused = check(browser.post_form("/login", &form).await);
    browser.login("user1").await;
    let home = check(browser.get("/").await);
    let devices = check(browser.get("/devices").await);
    vec![visitor, refused, home, devices]
}
