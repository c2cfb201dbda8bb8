//! How sessions end by choice.

use std::sync::Arc;

use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;
use hallpass_core::Timestamp;

use super::Inner;
use super::Safety;
use crate::layout;
use crate::layout::Damaged;
use crate::layout::eight;
use crate::reply;
use crate::script;

impl Inner {
    pub(super) async fn end(
        self: &Arc<Self>,
        end: &End,
        now: Timestamp,
    ) -> Result<EndOutcome, StoreError> {
        let outcome = self.end_now(end, now, Safety::Replicas).await;
        // Without an answer, or without the replicas, it may stand as well: then it has to stay.
        let may_stand = |error: &StoreError| error.kind() == StoreErrorKind::Unavailable;
        if outcome.as_ref().err().is_none_or(may_stand) {
            self.memory.ended(end.clone(), now);
            self.guard();
        }
        outcome
    }

    pub(super) async fn end_now(
        &self,
        end: &End,
        now: Timestamp,
        safety: Safety,
    ) -> Result<EndOutcome, StoreError> {
        let args: [&[u8]; 5] = [
            &eight(now),
            &eight(end.at),
            &end.reason.encode(),
            &layout::tombstone(&end.tombstone()),
            &eight(end.keep_until),
        ];
        let answer = self.run_ending_on(end.handle, &script::END, &args, safety);
        let mut parts = reply::list(answer.await?)?;
        let outcome = parts.next().ok_or_else(|| reply::damaged(Damaged))?;
        let outcome = reply::number(&outcome)?;
        let Some(bytes) = reply::next_bytes(&mut parts)? else {
            return Ok(EndOutcome::Missing);
        };
        let tombstone = layout::read_tombstone(end.handle, &bytes).map_err(reply::damaged)?;
        Ok(match outcome {
            0 => EndOutcome::Ended(tombstone),
            _ => EndOutcome::Already(tombstone),
        })
    }
}
