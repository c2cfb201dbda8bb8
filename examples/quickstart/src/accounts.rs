//! Who may log in.

use hallpass::InvalidSubject;
use hallpass::Subject;

/// Checks a user name and a password.
///
/// A demonstration: yours looks the user up and verifies a password hash, for instance with the
/// crate `argon2`, and takes as long for an unknown user as for a wrong password.
pub(crate) fn check(username: &str, password: &str) -> Result<Option<Subject>, InvalidSubject> {
    if ACCOUNTS.contains(&username) && password == PASSWORD {
        Subject::new(username).map(Some)
    } else {
        Ok(None)
    }
}

const ACCOUNTS: [&str; 3] = ["user1", "user2", "support"];
const PASSWORD: &str = "correct horse";
