//! Who is assured, and who is there in person.

use std::ops::Deref;

use actix_web::FromRequest;
use actix_web::HttpRequest;
use actix_web::dev::Payload;
use hallpass_core::AssuranceLevel;
use hallpass_core::Requirement;
use hallpass_core::Subject;

use crate::authenticated::Authenticated;
use crate::rejection::SessionRejection;
use crate::session::Extracting;
use crate::session::Session;

/// The session of a request whose subject authenticated with at least this assurance: 1, 2 or 3
/// (NIST SP 800-63B-4). Another number does not compile.
///
/// Who is logged in with less gets the challenge of RFC 9470 with the `acr_values` of the
/// transport, or is redirected to the step-up page. Who impersonates the subject gets 403.
///
/// # Example: pay with two factors
///
/// ```
/// use hallpass_actix::Assured;
///
/// async fn pay(user: Assured<2>) -> String {
///     format!("{} has shown two factors", user.subject())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Assured<const AAL: u8>(Authenticated);

impl<const AAL: u8> Assured<AAL> {
    const LEVEL: AssuranceLevel = match AAL {
        1 => AssuranceLevel::Aal1,
        2 => AssuranceLevel::Aal2,
        3 => AssuranceLevel::Aal3,
        _ => panic!("the assurance levels are 1, 2 and 3"),
    };

    /// Returns whose session it was when the handler began.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        self.0.subject()
    }

    /// Returns the session.
    #[must_use]
    pub const fn session(&self) -> &Session {
        self.0.session()
    }
}

impl<const AAL: u8> Deref for Assured<AAL> {
    type Target = hallpass_core::Session;

    fn deref(&self) -> &hallpass_core::Session {
        &self.0
    }
}

impl<const AAL: u8> FromRequest for Assured<AAL> {
    type Error = SessionRejection;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let requirement = Requirement::login().level(Self::LEVEL);
        let admitted = Authenticated::admit(request, requirement);
        Box::pin(async { Ok(Self(admitted.await?)) })
    }
}

/// The session of a request of the subject itself. Who impersonates it gets 403: this is for what
/// nobody may do in the place of another, such as changing the password.
///
/// # Example: change the password
///
/// ```
/// use hallpass_actix::InPerson;
///
/// async fn change_password(user: InPerson) -> String {
///     format!("it is {} who asks", user.subject())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct InPerson(Authenticated);

impl InPerson {
    /// Returns whose session it was when the handler began.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        self.0.subject()
    }

    /// Returns the session.
    #[must_use]
    pub const fn session(&self) -> &Session {
        self.0.session()
    }
}

impl Deref for InPerson {
    type Target = hallpass_core::Session;

    fn deref(&self) -> &hallpass_core::Session {
        &self.0
    }
}

impl FromRequest for InPerson {
    type Error = SessionRejection;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let admitted = Authenticated::admit(request, Requirement::login().in_person());
        Box::pin(async { Ok(Self(admitted.await?)) })
    }
}
