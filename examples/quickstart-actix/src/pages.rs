//! The pages and their forms.

use actix_web::Error;
use actix_web::HttpRequest;
use actix_web::body::BoxBody;
use actix_web::body::MessageBody;
use actix_web::dev::ServiceRequest;
use actix_web::dev::ServiceResponse;
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::web::Form;
use actix_web::web::Path;
use actix_web::web::Query;
use hallpass::actix::RecentAuthentication;
use hallpass::actix::Session;
use http::StatusCode;
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

use crate::answer::Reply;
use crate::answer::Sent;
use crate::answer::prefers_page;
use crate::answer::put;

pub(crate) async fn home(session: Session, from: Query<From>, site: Data<Site>) -> Reply {
    Ok(Sent(home::show(&session, from.into_inner(), **site).await?))
}

pub(crate) async fn login_form() -> Sent {
    Sent(home::form())
}

pub(crate) async fn login(
    session: Session,
    site: Data<Site>,
    credentials: Form<Credentials>,
) -> Reply {
    Ok(Sent(
        home::login(&session, credentials.into_inner(), **site).await?,
    ))
}

pub(crate) async fn logout(session: Session) -> Reply {
    Ok(Sent(home::logout(&session).await?))
}

pub(crate) async fn devices(session: Session, site: Data<Site>) -> Reply {
    Ok(Sent(devices::show(&session, **site).await?))
}

pub(crate) async fn end_device(session: Session, handle: Path<String>, site: Data<Site>) -> Reply {
    Ok(Sent(devices::end(&session, &handle, **site).await?))
}

pub(crate) async fn end_other_devices(session: Session) -> Reply {
    Ok(Sent(devices::end_others(&session).await?))
}

pub(crate) async fn step_up_form(session: Session, from: Query<From>, site: Data<Site>) -> Reply {
    Ok(Sent(
        step_up::show(&session, from.into_inner(), **site).await?,
    ))
}

pub(crate) async fn step_up(session: Session, site: Data<Site>, password: Form<Password>) -> Reply {
    Ok(Sent(
        step_up::confirm(&session, password.into_inner(), **site).await?,
    ))
}

pub(crate) async fn account(session: Session, site: Data<Site>) -> Reply {
    Ok(Sent(account::show(&session, **site).await?))
}

/// Dangerous: whoever authenticated more than a minute ago is sent to `/step-up` first.
pub(crate) async fn delete_account(user: RecentAuthentication<60>) -> Reply {
    Ok(Sent(account::delete(&user)?))
}

pub(crate) async fn change_password(
    session: Session,
    site: Data<Site>,
    password: Form<NewPassword>,
) -> Reply {
    Ok(Sent(
        account::change_password(&session, password.into_inner(), **site).await?,
    ))
}

pub(crate) async fn admin(session: Session, site: Data<Site>) -> Reply {
    Ok(Sent(admin::show(&session, **site).await?))
}

pub(crate) async fn elevate(session: Session, site: Data<Site>, password: Form<Password>) -> Reply {
    Ok(Sent(
        admin::elevate(&session, password.into_inner(), **site).await?,
    ))
}

pub(crate) async fn end_elevation(session: Session) -> Reply {
    Ok(Sent(admin::end(&session).await?))
}

pub(crate) async fn support(session: Session, site: Data<Site>) -> Reply {
    Ok(Sent(support::show(&session, **site).await?))
}

pub(crate) async fn impersonate(session: Session, site: Data<Site>, case: Form<Case>) -> Reply {
    Ok(Sent(
        support::impersonate(&session, case.into_inner(), **site).await?,
    ))
}

pub(crate) async fn end_impersonation(session: Session) -> Reply {
    Ok(Sent(support::end(&session).await?))
}

pub(crate) async fn not_found(request: HttpRequest) -> Sent {
    Sent(pages::not_found(prefers_page(
        request.method(),
        request.headers(),
    )))
}

pub(crate) async fn not_allowed(request: HttpRequest) -> Sent {
    Sent(pages::not_allowed(prefers_page(
        request.method(),
        request.headers(),
    )))
}

/// Gives every answer the headers that a browser should see, and people a page in any case.
pub(crate) async fn for_browsers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let prefers_page = prefers_page(request.method(), request.headers());
    let mut response = next.call(request).await?.map_into_boxed_body();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let status = response.status().as_u16();
    if prefers_page
        && !is_page
        && let Some(page) = StatusCode::from_u16(status)
            .ok()
            .and_then(pages::instead_of)
    {
        let (head, body) = page.into_parts();
        response = response.map_body(|_head, _body| BoxBody::new(body));
        put(&head.headers, response.headers_mut());
    }
    put(&FOR_BROWSERS.into_iter().collect(), response.headers_mut());
    Ok(response)
}
