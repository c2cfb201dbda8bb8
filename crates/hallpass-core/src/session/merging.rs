//! What a login begins with.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::CarryOver;
use super::Login;
use crate::data::DataError;
use crate::data::DataMap;
use crate::data::Key;
use crate::data::Values;
use crate::record::SessionRecord;

type MergeFn = dyn Fn(&Values, &mut Values) -> Result<(), DataError> + Send + Sync;

/// What a login brings, and how that is merged with what was there.
#[derive(Clone, Default)]
pub(super) struct Merging {
    brought: Values,
    merge: Option<Arc<MergeFn>>,
}

impl Login {
    /// Puts a value into the session that begins, for instance what is known of the user. It takes
    /// the place of one that comes along under its name.
    ///
    /// # Errors
    ///
    /// [`DataError`] where the key is not allowed, or the value cannot be encoded.
    pub fn with<T: Serialize>(mut self, key: impl Key<T>, value: T) -> Result<Self, DataError> {
        self.merging.brought.insert(key, value)?;
        Ok(self)
    }

    /// Decides in detail which data of the session before come along: the closure sees all of them,
    /// and the data that the session begins with, which are those of [`Login::carry_over`] and of
    /// [`Login::with`]. It may keep, drop, rename and combine.
    ///
    /// It runs once for each attempt to log in, on the data of that time, so it must depend on
    /// nothing else. It never sees the data of another subject: after those it does not run, and
    /// the session begins with the data of [`Login::with`] (race 10). Without a session before it
    /// runs on nothing. If it fails, nobody is logged in.
    ///
    /// # Security
    ///
    /// What an anonymous client has in its session may be an attacker's choice, who planted the
    /// session. Take over what the user may see and correct, such as a cart, and nothing that
    /// decides.
    ///
    /// # Example: the cart of the visitor joins that of the account
    ///
    /// ```
    /// use hallpass_core::{DataError, Login, Subject};
    ///
    /// fn login(user: Subject, saved: Vec<String>) -> Result<Login, DataError> {
    ///     let login = Login::new(user).with("cart", saved)?;
    ///     Ok(login.merge(|before, after| {
    ///         let mut cart: Vec<String> = after.get("cart")?.unwrap_or_default();
    ///         cart.extend(before.get::<Vec<String>>("cart")?.unwrap_or_default());
    ///         cart.truncate(100);
    ///         after.insert("cart", cart)
    ///     }))
    /// }
    /// # let login = login(Subject::new("alice").unwrap(), vec!["tea".to_owned()])?;
    /// # drop(login);
    /// # Ok::<(), DataError>(())
    /// ```
    pub fn merge(
        mut self,
        merge: impl Fn(&Values, &mut Values) -> Result<(), DataError> + Send + Sync + 'static,
    ) -> Self {
        self.merging.merge = Some(Arc::new(merge));
        self
    }

    /// Returns the data to begin with. `data` are those of the session before, as its request sees
    /// them.
    pub(super) fn begins_with(
        &self,
        before: Option<&SessionRecord>,
        data: Option<DataMap>,
        payload_limit: usize,
    ) -> Result<DataMap, DataError> {
        let Merging { brought, merge } = &self.merging;
        let owner = before.and_then(SessionRecord::subject);
        let is_another = owner.is_some_and(|owner| *owner != self.subject);
        let before = data.filter(|_| !is_another).unwrap_or_default();
        let mut after = match self.carry_over {
            CarryOver::Nothing => DataMap::default(),
            CarryOver::DangerAll => before.clone(),
            CarryOver::Portable => before.portable(),
        };
        let carried = after.size();
        for (name, entry) in brought.entries() {
            after.insert(name.into(), entry.clone());
        }
        if let Some(merge) = merge.as_deref().filter(|_| !is_another) {
            let mut merged = Values::new(after);
            merge(&Values::new(before), &mut merged)?;
            after = merged.into_data();
        }
        after.check_growth(carried, payload_limit)?;
        Ok(after)
    }
}

impl fmt::Debug for Merging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merging")
            .field("brought", &self.brought)
            .field("merges", &self.merge.is_some())
            .finish()
    }
}
