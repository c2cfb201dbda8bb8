//! Elevation and impersonation in a record.

use super::SessionRecord;
use crate::capacity::Elevated;
use crate::capacity::Impersonated;
use crate::data::DataMap;
use crate::time::Timestamp;

impl SessionRecord {
    /// Returns the elevation that holds at `now`; none while somebody else is impersonated, who has
    /// not authenticated.
    #[must_use]
    pub fn elevation(&self, now: Timestamp) -> Option<&Elevated> {
        let elevation = self.elevation.as_deref()?;
        let holds = now < elevation.until && self.impersonation(now).is_none();
        holds.then_some(elevation)
    }

    /// Returns the impersonation that holds at `now`: the session is that of the operator, as
    /// [`SessionRecord::subject`] says, and stands for another subject.
    #[must_use]
    pub fn impersonation(&self, now: Timestamp) -> Option<&Impersonated> {
        let impersonation = self.impersonation.as_deref()?;
        (now < impersonation.until).then_some(impersonation)
    }

    /// Puts away what is over at `now`.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        if self.impersonation.is_some() && self.impersonation(now).is_none() {
            self.end_impersonation();
        }
        self.elevation.take_if(|elevation| now >= elevation.until);
    }

    /// Stands for another subject from here on. The operator's data are kept aside.
    pub(crate) fn begin_impersonation(&mut self, impersonation: Impersonated) {
        self.data = self.data.kept_aside();
        self.impersonation = Some(Box::new(impersonation));
    }

    /// Stands for the operator again, with the operator's data.
    pub(crate) fn end_impersonation(&mut self) {
        if self.impersonation.take().is_some() {
            self.data = self.own_data();
        }
    }

    /// Returns the operator's data while somebody is impersonated.
    pub(crate) fn own_data(&self) -> DataMap {
        self.data.taken_back()
    }
}
