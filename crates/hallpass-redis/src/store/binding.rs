//! How the sessions of subjects begin.

use std::sync::Arc;
use std::time::Duration;

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::End;
use hallpass_core::EndReason;
use hallpass_core::Replaced;
use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;
use hallpass_core::Subject;
use hallpass_core::Timestamp;

use super::Inner;
use super::Safety;
use super::Taken;
use super::index::records;
use super::index::tombstones;
use crate::fault::Fault;
use crate::layout;
use crate::layout::Damaged;
use crate::layout::eight;
use crate::reply;
use crate::script;

impl Inner {
    pub(super) async fn bind(
        self: &Arc<Self>,
        bind: &Bind,
        now: Timestamp,
    ) -> Result<Bound, StoreError> {
        let Some(subject) = bind.record.subject() else {
            return Err(Fault::WithoutSubject.into_error());
        };
        if !self.is_at_home(&bind.record) {
            return match self.is_taken(&bind.record, now).await? {
                Taken::No => Err(Fault::Untagged.into_error()),
                Taken::ByAnother | Taken::ByThisWrite => Ok(Bound::Occupied),
            };
        }
        let home = self.keys.bucket_of_subject(subject);
        match bind.replaces {
            Some(replaced) if self.keys.bucket_of(replaced.handle) != home => {
                let (inner, bind) = (Arc::clone(self), bind.clone());
                // What was begun is brought to its end, also where nobody waits any more.
                let steps =
                    tokio::spawn(async move { inner.bind_across(bind, replaced, now).await });
                steps.await.unwrap_or_else(|panic| {
                    Err(StoreError::new(StoreErrorKind::Unavailable, panic))
                })
            }
            _ => self.bind_here(bind, subject, bind.replaces, now).await,
        }
    }

    /// One script: all that it touches is in the bucket of the subject.
    async fn bind_here(
        self: &Arc<Self>,
        bind: &Bind,
        subject: &Subject,
        replaces: Option<Replaced>,
        now: Timestamp,
    ) -> Result<Bound, StoreError> {
        let bucket = self.keys.bucket_of_subject(subject);
        let names = [
            Some(bucket.session(bind.record.handle())),
            Some(bucket.index(subject)),
            replaces.map(|replaced| bucket.session(replaced.handle)),
            Some(bucket.epochs()),
        ];
        let keys: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
        let max = bind.limit.map_or(0, |limit| limit.max.get()).to_string();
        let at_limit = match bind.limit.map(|limit| limit.at_limit) {
            Some(AtLimit::EvictLeastRecentlyUsed) => "used",
            Some(AtLimit::EvictOldest) => "oldest",
            Some(AtLimit::Reject) => "reject",
            None => "",
        };
        let revision = replaces.map_or(0, |replaced| replaced.revision.number());
        let args: [&[u8]; 5] = [
            &eight(now),
            &layout::record(&bind.record),
            max.as_bytes(),
            at_limit.as_bytes(),
            &revision.to_be_bytes(),
        ];
        let may_end = replaces.is_some() || bind.limit.is_some();
        let safety = if may_end {
            Safety::Replicas
        } else {
            Safety::Master
        };
        let answer = self.run_ending(&script::BIND, &keys, &args, safety);
        let mut parts = reply::list(answer.await?)?;
        let outcome = parts.next().ok_or_else(|| reply::damaged(Damaged))?;
        Ok(match reply::number(&outcome)? {
            0 => {
                let evicted = tombstones(parts)?;
                self.memory.buried(&evicted, now);
                if let Some(replaced) = replaces {
                    self.memory.ended(superseded(replaced, now), now);
                }
                if may_end {
                    self.guard();
                }
                Bound::Bound { evicted }
            }
            1 => Bound::Conflict,
            2 => Bound::Denied {
                active: records(parts)?,
            },
            _ => Bound::Occupied,
        })
    }

    /// Three scripts: the session to replace is on another node, perhaps.
    ///
    /// From the first to the last nobody can write to it, so what the login carries over is what
    /// there was. Where this stops in between, it is free again after a while, and dies by its
    /// timeout; where the same login is asked for again, all three recognize it.
    async fn bind_across(
        self: Arc<Self>,
        bind: Bind,
        replaced: Replaced,
        now: Timestamp,
    ) -> Result<Bound, StoreError> {
        let Some(subject) = bind.record.subject() else {
            return Err(Fault::WithoutSubject.into_error());
        };
        let id = bind.record.write_id().to_bytes();
        let args: [&[u8]; 4] = [
            &eight(now),
            &replaced.revision.number().to_be_bytes(),
            &id,
            &eight(now.saturating_add(FROZEN)),
        ];
        let frozen = self.run_on(replaced.handle, &script::FREEZE, &args);
        if reply::number(&frozen.await?)? != 0 {
            // Perhaps because this login has replaced it already, and the answer was lost.
            return Ok(match self.is_taken(&bind.record, now).await? {
                Taken::ByAnother => Bound::Occupied,
                Taken::ByThisWrite => {
                    self.settle(replaced, &id, true, now).await?;
                    Bound::Bound {
                        evicted: Vec::new(),
                    }
                }
                Taken::No => Bound::Conflict,
            });
        }
        let answer = self.bind_here(&bind, subject, None, now).await;
        let has_begun = match &answer {
            Ok(Bound::Bound { .. }) => true,
            Ok(Bound::Conflict | Bound::Denied { .. } | Bound::Occupied) => false,
            Err(error) if error.kind() == StoreErrorKind::Rejected => false,
            // Nobody knows. Either the login is asked for again, or the session is free soon.
            Err(_) => return answer,
        };
        let settled = self.settle(replaced, &id, has_begun, now).await;
        if has_begun {
            settled?;
        }
        // Where it did not begin, the session is free soon in any case.
        answer
    }

    /// Ends the session that a login has replaced, or sets it free where that did not begin.
    async fn settle(
        self: &Arc<Self>,
        replaced: Replaced,
        id: &[u8],
        has_begun: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let has_begun_arg: &[u8] = if has_begun { b"1" } else { b"0" };
        let args: [&[u8]; 3] = [&eight(now), id, has_begun_arg];
        let _buried = self
            .run_ending_on(replaced.handle, &script::SETTLE, &args, Safety::Replicas)
            .await?;
        if has_begun {
            self.memory.ended(superseded(replaced, now), now);
            self.guard();
        }
        Ok(())
    }
}

/// The end of a session that a login replaced, as it is asserted again.
fn superseded(replaced: Replaced, now: Timestamp) -> End {
    End {
        handle: replaced.handle,
        reason: EndReason::Superseded,
        at: now,
        keep_until: now.saturating_add(REMEMBERED),
    }
}

/// How long it is kept that a session was replaced of which the server knows nothing any more.
const REMEMBERED: Duration = Duration::from_secs(300);

/// How long a login has for its steps. Longer than the engine waits, twice.
const FROZEN: Duration = Duration::from_secs(5);
