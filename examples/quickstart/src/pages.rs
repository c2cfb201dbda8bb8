//! The pages and their forms.

use axum::body::Body;
use axum::extract::Form;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use hallpass::axum::RecentAuthentication;
use hallpass::axum::Session;
use hallpass::axum::SessionRejection;
use hallpass::http::prefers_page;
use quickstart_logic::Answer;
use quickstart_logic::Site;
use quickstart_logic::account;
use quickstart_logic::account::NewPassword;
use quickstart_logic::admin;
use quickstart_logic::answer::FOR_BROWSERS;
use quickstart_logic::devices;
use quickstart_logic::home;
use quickstart_logic::home::Credentials;
use quickstart_logic::pages;
use quickstart_logic::step_up;
use quickstart_logic::step_up::From;
use quickstart_logic::step_up::Password;
use quickstart_logic::support;
use quickstart_logic::support::Case;

type Page = Result<Answer, SessionRejection>;

pub(crate) async fn home(session: Session, from: Query<From>, State(site): State<Site>) -> Page {
    Ok(home::show(&session, from.0, site).await?)
}

pub(crate) async fn login_form() -> Answer {
    home::form()
}

pub(crate) async fn login(
    session: Session,
    State(site): State<Site>,
    Form(credentials): Form<Credentials>,
) -> Page {
    Ok(home::login(&session, credentials, site).await?)
}

pub(crate) async fn logout(session: Session) -> Page {
    Ok(home::logout(&session).await?)
}

pub(crate) async fn devices(session: Session, State(site): State<Site>) -> Page {
    Ok(devices::show(&session, site).await?)
}

pub(crate) async fn end_device(
    session: Session,
    Path(handle): Path<String>,
    State(site): State<Site>,
) -> Page {
    Ok(devices::end(&session, &handle, site).await?)
}

pub(crate) async fn end_other_devices(session: Session) -> Page {
    Ok(devices::end_others(&session).await?)
}

pub(crate) async fn step_up_form(
    session: Session,
    from: Query<From>,
    State(site): State<Site>,
) -> Page {
    Ok(step_up::show(&session, from.0, site).await?)
}

pub(crate) async fn step_up(
    session: Session,
    State(site): State<Site>,
    Form(password): Form<Password>,
) -> Page {
    Ok(step_up::confirm(&session, password, site).await?)
}

pub(crate) async fn account(session: Session, State(site): State<Site>) -> Page {
    Ok(account::show(&session, site).await?)
}

/// Dangerous: whoever authenticated more than a minute ago is sent to `/step-up` first.
pub(crate) async fn delete_account(user: RecentAuthentication<60>) -> Page {
    Ok(account::delete(&user)?)
}

pub(crate) async fn change_password(
    session: Session,
    State(site): State<Site>,
    Form(password): Form<NewPassword>,
) -> Page {
    Ok(account::change_password(&session, password, site).await?)
}

pub(crate) async fn admin(session: Session, State(site): State<Site>) -> Page {
    Ok(admin::show(&session, site).await?)
}

pub(crate) async fn elevate(
    session: Session,
    State(site): State<Site>,
    Form(password): Form<Password>,
) -> Page {
    Ok(admin::elevate(&session, password, site).await?)
}

pub(crate) async fn end_elevation(session: Session) -> Page {
    Ok(admin::end(&session).await?)
}

pub(crate) async fn support(session: Session, State(site): State<Site>) -> Page {
    Ok(support::show(&session, site).await?)
}

pub(crate) async fn impersonate(
    session: Session,
    State(site): State<Site>,
    Form(case): Form<Case>,
) -> Page {
    Ok(support::impersonate(&session, case, site).await?)
}

pub(crate) async fn end_impersonation(session: Session) -> Page {
    Ok(support::end(&session).await?)
}

pub(crate) async fn not_found(method: Method, headers: HeaderMap) -> Answer {
    pages::not_found(prefers_page(&method, &headers))
}

pub(crate) async fn not_allowed(method: Method, headers: HeaderMap) -> Answer {
    pages::not_allowed(prefers_page(&method, &headers))
}

/// Gives every answer the headers that a browser should see, and people a page in any case.
pub(crate) async fn for_browsers(request: Request, next: Next) -> Response {
    let prefers_page = prefers_page(request.method(), request.headers());
    let mut response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if prefers_page
        && !is_page
        && let Some(page) = pages::instead_of(response.status())
    {
        let (head, body) = page.into_parts();
        *response.body_mut() = Body::from(body);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response.headers_mut().extend(head.headers);
    }
    response.headers_mut().extend(FOR_BROWSERS);
    response
}
