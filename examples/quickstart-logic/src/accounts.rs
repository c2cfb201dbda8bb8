//! Who may log in, and who may do what.

use hallpass::InvalidSubject;
use hallpass::Subject;

/// Checks a user name and a password.
///
/// A demonstration: yours looks the user up and verifies a password hash, for instance with the
/// crate `argon2`, and takes as long for an unknown user as for a wrong password.
pub(crate) fn check(username: &str, password: &str) -> Result<Option<Subject>, InvalidSubject> {
    if password == PASSWORD {
        find(username)
    } else {
        Ok(None)
    }
}

/// Checks the password of somebody who is known already.
pub(crate) fn confirms(subject: &Subject, password: &str) -> bool {
    matches!(check(subject.id(), password), Ok(Some(_)))
}

/// Looks an account up.
pub(crate) fn find(username: &str) -> Result<Option<Subject>, InvalidSubject> {
    if ACCOUNTS.contains(&username) {
        Subject::new(username).map(Some)
    } else {
        Ok(None)
    }
}

/// Whether this account may act for others.
pub(crate) fn is_support(subject: &Subject) -> bool {
    subject.id() == SUPPORT
}

const SUPPORT: &str = "support";
const ACCOUNTS: [&str; 3] = ["user1", "user2", SUPPORT];
const PASSWORD: &str = "correct horse";
