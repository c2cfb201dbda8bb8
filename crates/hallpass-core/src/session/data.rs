//! Reading and changing the data of a session.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::Mutex;

use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Session;
use crate::data::Codec;
use crate::data::Key;
use crate::data::checked;
use crate::error::SessionError;
use crate::manager::CredentialChange;
use crate::manager::Op;
use crate::manager::lock;

/// A message for the next page that the user sees.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Flash {
    /// What kind of message it is, for instance `info` or `error`. Up to the application.
    pub kind: String,
    /// The text.
    pub message: String,
}

impl Session {
    /// Returns a value, with the changes of this request in it; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`SessionError::Data`] where the stored value is of another type.
    ///
    /// # Example: a plain key
    ///
    /// ```
    /// # use hallpass_core::{Session, SessionError};
    /// fn visits(session: &Session) -> Result<u32, SessionError> {
    ///     Ok(session.get("visits")?.unwrap_or(0))
    /// }
    /// ```
    #[expect(
        clippy::needless_pass_by_value,
        reason = "keys are names, handed over like them"
    )]
    pub fn get<T: DeserializeOwned>(&self, key: impl Key<T>) -> Result<Option<T>, SessionError> {
        let name = checked(key.name())?;
        let state = self.state();
        let data = state.data();
        let entry = data.as_deref().and_then(|data| data.get(name));
        Ok(entry.map(|entry| key.codec().decode(entry)).transpose()?)
    }

    /// Sets a value.
    ///
    /// Of two requests that set the same key at once, the one that commits later wins. Where a
    /// value depends on the one before, use [`Session::update`].
    ///
    /// # Errors
    ///
    /// [`SessionError::Data`] where the key is not allowed, the value cannot be encoded, or the
    /// session would pass the payload limit: nothing is changed then. [`SessionError::Closed`]
    /// after the head of the response has left.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "keys are names, handed over like them"
    )]
    pub fn insert<T: Serialize>(&self, key: impl Key<T>, value: T) -> Result<(), SessionError> {
        let name = checked(key.name())?;
        self.change(Op::Insert(name.into(), key.codec().encode(&value)?))
    }

    /// Removes a value.
    ///
    /// # Errors
    ///
    /// [`SessionError::Data`] where the key is not allowed; [`SessionError::Closed`] after the head
    /// of the response has left.
    pub fn remove(&self, key: &str) -> Result<(), SessionError> {
        self.change(Op::Remove(checked(key)?.into()))
    }

    /// Removes all values. The session itself, its login included, stays.
    ///
    /// # Errors
    ///
    /// [`SessionError::Closed`] after the head of the response has left.
    pub fn clear(&self) -> Result<(), SessionError> {
        self.change(Op::Clear)
    }

    /// Changes a value by what it was, or by its default where there is none.
    ///
    /// The closure runs at once, so that this request sees the change, and again for each attempt
    /// to commit, on the value of that time: however many requests do so at once, none is lost
    /// (race 14). It must depend on nothing but the value, and must not use the session.
    ///
    /// # Errors
    ///
    /// As [`Session::insert`] and [`Session::get`].
    ///
    /// # Example: count
    ///
    /// ```
    /// # use hallpass_core::{Session, SessionError};
    /// fn count(session: &Session) -> Result<(), SessionError> {
    ///     session.update("visits", |visits: &mut u32| *visits += 1)
    /// }
    /// ```
    #[expect(
        clippy::needless_pass_by_value,
        reason = "keys are names, handed over like them"
    )]
    pub fn update<T>(
        &self,
        key: impl Key<T>,
        change: impl Fn(&mut T) + Send + 'static,
    ) -> Result<(), SessionError>
    where
        T: Default + DeserializeOwned + Serialize + 'static,
    {
        self.change(updating(checked(key.name())?, key.codec(), change))
    }

    /// Changes a value by what it was, commits at once, and returns what the closure answered in
    /// the attempt that won.
    ///
    /// For everything that has to decide something: a limit that is counted in the session is
    /// exact with this, and with nothing else. The closure runs once for each attempt, so it must
    /// depend on nothing but the value, and must not use the session. Changes that were made
    /// before travel in the same write.
    ///
    /// # Errors
    ///
    /// As [`Session::update`]; [`SessionError::Ended`], [`SessionError::Contended`],
    /// [`SessionError::Random`] and [`SessionError::Unavailable`] where nothing was committed;
    /// [`SessionError::InDoubt`] where it may have been.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the change, and those made before, may or may not be applied;
    /// they are not tried again.
    ///
    /// # Example: at most five guesses
    ///
    /// ```
    /// # use hallpass_core::{Session, SessionError};
    /// async fn may_guess(session: &Session) -> Result<bool, SessionError> {
    ///     session
    ///         .update_now("guesses", |guesses: &mut u32| {
    ///             let allowed = *guesses < 5;
    ///             *guesses += u32::from(allowed);
    ///             allowed
    ///         })
    ///         .await
    /// }
    /// ```
    pub async fn update_now<T, R>(
        &self,
        key: impl Key<T> + Send,
        change: impl Fn(&mut T) -> R + Send + 'static,
    ) -> Result<R, SessionError>
    where
        T: Default + DeserializeOwned + Serialize + 'static,
        R: Send + 'static,
    {
        let answer = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&answer);
        let op = updating(checked(key.name())?, key.codec(), move |value| {
            let decided = change(value);
            *lock(&slot) = Some(decided);
        });
        self.commit_with(op).await?;
        let decided = lock(&answer).take();
        decided.ok_or(SessionError::Contended)
    }

    /// Removes a value and returns it, committed at once: of all who ask for it, exactly one gets
    /// it. For one-time values.
    ///
    /// # Errors
    ///
    /// As [`Session::update_now`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the value may be gone.
    pub async fn take<T>(&self, key: impl Key<T> + Send) -> Result<Option<T>, SessionError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let name = checked(key.name())?.to_owned();
        self.take_named(&name, key.codec()).await
    }

    /// Leaves a message for the next page that the user sees.
    ///
    /// # Errors
    ///
    /// As [`Session::insert`].
    pub fn flash(&self, kind: &str, message: &str) -> Result<(), SessionError> {
        let flash = Flash {
            kind: kind.to_owned(),
            message: message.to_owned(),
        };
        self.change(updating(
            FLASHES,
            Codec::PLAIN,
            move |flashes: &mut Vec<Flash>| {
                flashes.push(flash.clone());
            },
        ))
    }

    /// Takes the messages that were left, the earliest first. Each is shown once, however many
    /// pages ask at once.
    ///
    /// # Errors
    ///
    /// As [`Session::update_now`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the messages may be gone.
    pub async fn take_flashes(&self) -> Result<Vec<Flash>, SessionError> {
        Ok(self
            .take_named(FLASHES, Codec::PLAIN)
            .await?
            .unwrap_or_default())
    }

    async fn take_named<T>(&self, name: &str, codec: Codec<T>) -> Result<Option<T>, SessionError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        if self
            .state()
            .data()
            .is_none_or(|data| data.get(name).is_none())
        {
            return Ok(None);
        }
        let taken = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&taken);
        let name: Arc<str> = name.into();
        let op = Op::Update(Box::new(move |data| {
            *lock(&slot) = match data.get(&name) {
                Some(entry) => Some(codec.decode(entry)?),
                None => None,
            };
            Ok(data.remove(&name).is_some())
        }));
        self.commit_with(op).await?;
        let taken = lock(&taken).take();
        Ok(taken)
    }

    /// Applies an operation to what this request sees, and keeps it for the commit.
    fn change(&self, op: Op) -> Result<(), SessionError> {
        let mut state = self.open_state()?;
        let mut view = state.data().map(Cow::into_owned).unwrap_or_default();
        let before = view.size();
        op.apply(&mut view)?;
        view.check_growth(before, self.0.manager.payload_limit())?;
        state.ops.push(op);
        state.view = Some(view);
        Ok(())
    }

    async fn commit_with(&self, op: Op) -> Result<(), SessionError> {
        self.commit_now(Some(op), CredentialChange::Keep).await
    }
}

/// The name of the messages. Applications cannot name it.
const FLASHES: &str = "hallpass.flash";

/// The operation that changes one value.
fn updating<T>(name: &str, codec: Codec<T>, change: impl Fn(&mut T) + Send + 'static) -> Op
where
    T: Default + DeserializeOwned + Serialize + 'static,
{
    let name: Arc<str> = name.into();
    Op::Update(Box::new(move |data| {
        let (mut value, before) = match data.get(&name) {
            Some(entry) => (codec.decode(entry)?, entry.clone()),
            None => {
                let value = T::default();
                let before = codec.encode(&value)?;
                (value, before)
            }
        };
        change(&mut value);
        let after = codec.encode(&value)?;
        // A closure that leaves the value alone writes nothing, not even a default.
        let changes = after != before;
        if changes {
            data.insert(Arc::clone(&name), after);
        }
        Ok(changes)
    }))
}
