//! Whose session it is.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;

/// Whose session it is after login: a user or a service, within a tenant or without one.
///
/// Two subjects are the same where tenant and id are. A subject of one tenant never meets those
/// of another: not in lists, not in limits, not in revocations (race 46).
///
/// # Example: with and without a tenant
///
/// ```
/// use hallpass_core::Subject;
///
/// let alice = Subject::new("alice")?;
/// let alice_of_acme = Subject::of_tenant("acme", "alice")?;
/// assert_ne!(alice, alice_of_acme);
/// assert_eq!(alice_of_acme.tenant(), Some("acme"));
/// # Ok::<(), hallpass_core::InvalidSubject>(())
/// ```
#[derive(Clone, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "SubjectText", into = "SubjectText")]
pub struct Subject {
    tenant: Option<Arc<str>>,
    id: Arc<str>,
}

impl Subject {
    /// Returns the subject with this id, in an application without tenants.
    ///
    /// # Errors
    ///
    /// [`InvalidSubject`] where the id is empty, longer than 255 bytes, or holds control
    /// characters.
    pub fn new(id: &str) -> Result<Self, InvalidSubject> {
        Ok(Self {
            tenant: None,
            id: checked(id)?,
        })
    }

    /// Returns the subject with this id within this tenant.
    ///
    /// # Errors
    ///
    /// [`InvalidSubject`] where one of both is empty, longer than 255 bytes, or holds control
    /// characters.
    pub fn of_tenant(tenant: &str, id: &str) -> Result<Self, InvalidSubject> {
        Ok(Self {
            tenant: Some(checked(tenant)?),
            id: checked(id)?,
        })
    }

    /// Returns the tenant, if the subject belongs to one.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Returns the id of the user or service within its tenant.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject({self})")
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tenant {
            Some(tenant) => write!(f, "{tenant}/{}", self.id),
            None => f.write_str(&self.id),
        }
    }
}

impl TryFrom<&str> for Subject {
    type Error = InvalidSubject;

    fn try_from(id: &str) -> Result<Self, InvalidSubject> {
        Self::new(id)
    }
}

/// A text cannot name a subject or a tenant.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a subject and its tenant take 1 to 255 bytes each, without control characters")]
#[non_exhaustive]
pub struct InvalidSubject;

#[derive(Deserialize, Serialize)]
struct SubjectText {
    tenant: Option<String>,
    id: String,
}

impl TryFrom<SubjectText> for Subject {
    type Error = InvalidSubject;

    fn try_from(text: SubjectText) -> Result<Self, InvalidSubject> {
        match text.tenant {
            Some(tenant) => Self::of_tenant(&tenant, &text.id),
            None => Self::new(&text.id),
        }
    }
}

impl From<Subject> for SubjectText {
    fn from(subject: Subject) -> Self {
        Self {
            tenant: subject.tenant.as_deref().map(str::to_owned),
            id: subject.id.as_ref().to_owned(),
        }
    }
}

fn checked(text: &str) -> Result<Arc<str>, InvalidSubject> {
    let fits = (1..=255).contains(&text.len()) && !text.chars().any(char::is_control);
    if fits {
        Ok(text.into())
    } else {
        Err(InvalidSubject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_printable() {
        for wrong in ["", "a\nb", "a\0", &"x".repeat(256)] {
            assert_eq!(Subject::new(wrong), Err(InvalidSubject));
            assert_eq!(Subject::of_tenant(wrong, "a"), Err(InvalidSubject));
        }
        assert!(Subject::new(&"x".repeat(255)).is_ok());
    }

    /// Race 46: no spelling of one tenant's subject is equal to another's.
    #[test]
    fn tenants_keep_subjects_apart() {
        let plain = Subject::new("acme/alice").unwrap();
        let inside = Subject::of_tenant("acme", "alice").unwrap();
        assert_eq!(plain.to_string(), inside.to_string());
        assert_ne!(plain, inside);
    }
}
