//! Ending many sessions by counting.

use futures_util::StreamExt;
use futures_util::stream;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::SecureRandom;
use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;
use hallpass_core::Subject;
use hallpass_core::SystemRandom;
use hallpass_core::Timestamp;

use super::Inner;
use super::RedisStore;
use super::Safety;
use crate::keys;
use crate::layout::eight;
use crate::memory::Advance;
use crate::reply;
use crate::script;

impl Epochs for RedisStore {
    async fn advance(
        &self,
        scope: &EpochScope,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let counts = self.0.count_up(scope, reason, Least::Next, now).await?;
        let advance = Advance {
            scope: scope.clone(),
            reason: reason.clone(),
            at: now,
            counts,
        };
        self.0.memory.advanced(advance, now);
        self.0.guard();
        Ok(())
    }
}

/// To what counters are counted up.
#[derive(Clone, Copy)]
pub(super) enum Least<'a> {
    /// By one.
    Next,
    /// To these at least, in the order of the buckets: so that asking again, after a server may have
    /// lost them, ends nothing that began since.
    Of(&'a [i64]),
}

impl Least<'_> {
    fn of(self, place: usize) -> i64 {
        match self {
            Self::Next => 0,
            Self::Of(counts) => counts.get(place).copied().unwrap_or(0),
        }
    }

    const fn safety(self) -> Safety {
        match self {
            Self::Next => Safety::Replicas,
            Self::Of(_) => Safety::Master,
        }
    }

    /// Nothing is to be counted up where there was nothing.
    fn leaves_out(self, place: usize) -> bool {
        matches!(self, Self::Of(_)) && self.of(place) == 0
    }
}

impl Inner {
    /// Counts up the counters of a scope, and returns where they are then.
    pub(super) async fn count_up(
        &self,
        scope: &EpochScope,
        reason: &EndReason,
        least: Least<'_>,
        now: Timestamp,
    ) -> Result<Vec<i64>, StoreError> {
        match scope {
            EpochScope::Everybody => self.count_buckets("*", reason, least, now).await,
            EpochScope::Subject(subject) => {
                let count = self.count_subject(subject, reason, least, now);
                Ok(vec![count.await?])
            }
            EpochScope::Tenant(tenant) => {
                let field = format!("t{}", keys::tenant_name(tenant));
                self.count_buckets(&field, reason, least, now).await
            }
        }
    }

    /// Counts up a counter that each bucket has of its own. All are tried, also after one failed,
    /// so that as many sessions end as can.
    async fn count_buckets(
        &self,
        field: &str,
        reason: &EndReason,
        least: Least<'_>,
        now: Timestamp,
    ) -> Result<Vec<i64>, StoreError> {
        let (now, reason) = (&eight(now), &reason.encode());
        let safety = least.safety();
        let mark = &fresh_mark()?;
        let names: Vec<String> = self.keys.buckets().map(|bucket| bucket.epochs()).collect();
        let counted: Vec<Result<i64, StoreError>> = stream::iter(names.into_iter().enumerate())
            .map(|(place, name)| async move {
                if least.leaves_out(place) {
                    return Ok(0);
                }
                let least = least.of(place).to_string();
                let args: [&[u8]; 5] = [now, field.as_bytes(), reason, least.as_bytes(), mark];
                let answer = self
                    .run_ending(&script::ADVANCE_BUCKET, &[&name], &args, safety)
                    .await;
                reply::number(&answer?)
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        settled(counted)
    }

    async fn count_subject(
        &self,
        subject: &Subject,
        reason: &EndReason,
        least: Least<'_>,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        let bucket = self.keys.bucket_of_subject(subject);
        let keys = [
            &*bucket.epoch(subject),
            &*bucket.index(subject),
            &*bucket.alike(self.keys.tag(subject)),
            &*bucket.epochs(),
        ];
        let safety = least.safety();
        let least = least.of(0).to_string();
        let args: [&[u8]; 4] = [
            &eight(now),
            &reason.encode(),
            least.as_bytes(),
            &fresh_mark()?,
        ];
        let answer = self.run_ending(&script::ADVANCE_SUBJECT, &keys, &args, safety);
        reply::number(&answer.await?)
    }
}

/// Returns the counts. Where one bucket refused after others were counted up, or may have been, the
/// caller must not take it that nothing was changed.
fn settled(counted: Vec<Result<i64, StoreError>>) -> Result<Vec<i64>, StoreError> {
    let may_stand = counted.iter().any(|counted| match counted {
        Ok(_) => true,
        Err(error) => error.kind() == StoreErrorKind::Unavailable,
    });
    counted
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|error| {
            if may_stand && error.kind() == StoreErrorKind::Rejected {
                StoreError::new(StoreErrorKind::Unavailable, error)
            } else {
                error
            }
        })
}

/// Returns a mark that nobody has used.
fn fresh_mark() -> Result<[u8; 8], StoreError> {
    let mut mark = [0; 8];
    SystemRandom
        .fill(&mut mark)
        .map_err(|error| StoreError::new(StoreErrorKind::Rejected, error))?;
    Ok(mark)
}

/// How many buckets are written to at once.
const AT_ONCE: usize = 64;

#[cfg(test)]
mod tests;
