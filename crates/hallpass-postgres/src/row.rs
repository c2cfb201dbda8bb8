//! What rows say.

use std::sync::Arc;

use hallpass_core::EndReason;
use hallpass_core::EpochStamp;
use hallpass_core::Load;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::Subject;
use hallpass_core::Timestamp;
use hallpass_core::TokenDigest;
use hallpass_core::Tombstone;
use hallpass_core::TombstoneParts;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::error::PostgresError;
use crate::time::instant;

/// Reads a column; one that is not as it should be is a damaged row.
pub(crate) fn column<'a, T: FromSql<'a>>(row: &'a Row, index: usize) -> Result<T, PostgresError> {
    row.try_get(index)
        .map_err(|_error| PostgresError::corrupt())
}

/// Reads a record and what is kept apart from it, from four columns in their order.
pub(crate) fn record(row: &Row, first: usize) -> Result<SessionRecord, PostgresError> {
    let bytes: &[u8] = column(row, first)?;
    let record = SessionRecord::decode(bytes).map_err(|_error| PostgresError::corrupt())?;
    let confirmed_at: Option<i64> = column(row, first + 2)?;
    let epoch: i64 = column(row, first + 3)?;
    let epoch = u64::try_from(epoch).map_err(|_error| PostgresError::corrupt())?;
    let subject = record.subject();
    // One number for all scopes: they are counted together.
    let stamp = EpochStamp {
        everybody: epoch,
        tenant: subject.and_then(Subject::tenant).map_or(0, |_| epoch),
        subject: subject.map_or(0, |_| epoch),
    };
    Ok(record
        .with_activity(moment(column(row, first + 1)?), confirmed_at.map(moment))
        .stamped(stamp))
}

/// Reads the row of a session.
pub(crate) fn load(
    row: &Row,
    handle: SessionHandle,
    now: Timestamp,
) -> Result<Load, PostgresError> {
    if let Some(rest) = column::<Option<Vec<Option<&[u8]>>>>(row, 4)? {
        return Ok(Load::Ended(ended(&rest, handle)?));
    }
    let record = record(row, 0)?;
    let tombstone = match column::<Option<&[u8]>>(row, 5)? {
        Some(advance) => Some(ended_by(&record, advance)?),
        None => record.expired(now),
    };
    Ok(match tombstone {
        Some(tombstone) => Load::Ended(tombstone),
        None => Load::Live(Arc::new(record)),
    })
}

/// Reads a tombstone, which comes as one column, so that live sessions do not pay for it.
fn ended(rest: &[Option<&[u8]>], handle: SessionHandle) -> Result<Tombstone, PostgresError> {
    let &[
        Some(why),
        token,
        tenant,
        id,
        Some(ended_at),
        Some(keep_until),
    ] = rest
    else {
        return Err(PostgresError::corrupt());
    };
    Ok(Tombstone::from_parts(TombstoneParts {
        handle,
        digest: digest(token)?,
        subject: subject(text(tenant)?, text(id)?)?,
        reason: reason(why)?,
        ended_at: instant(number(ended_at)?),
        keep_until: instant(number(keep_until)?),
    }))
}

fn text(bytes: Option<&[u8]>) -> Result<Option<&str>, PostgresError> {
    bytes
        .map(str::from_utf8)
        .transpose()
        .map_err(|_error| PostgresError::corrupt())
}

fn number(bytes: &[u8]) -> Result<i64, PostgresError> {
    let bytes = bytes
        .try_into()
        .map_err(|_error| PostgresError::corrupt())?;
    Ok(i64::from_be_bytes(bytes))
}

/// Returns what stays of a session that an advance ended: eight bytes of time, and the reason.
fn ended_by(record: &SessionRecord, advance: &[u8]) -> Result<Tombstone, PostgresError> {
    let (at, why) = advance
        .split_first_chunk()
        .ok_or_else(PostgresError::corrupt)?;
    let at = instant(i64::from_be_bytes(*at));
    // It may have expired before it was ended.
    Ok(match record.expired(at) {
        Some(expired) => expired,
        None => Tombstone::of(record, reason(why)?, at),
    })
}

pub(crate) fn handle(bytes: &[u8]) -> Result<SessionHandle, PostgresError> {
    let bytes = bytes
        .try_into()
        .map_err(|_error| PostgresError::corrupt())?;
    Ok(SessionHandle::from_bytes(bytes))
}

pub(crate) fn digest(bytes: Option<&[u8]>) -> Result<Option<TokenDigest>, PostgresError> {
    let Some(bytes) = bytes else {
        return Ok(None);
    };
    let bytes = bytes
        .try_into()
        .map_err(|_error| PostgresError::corrupt())?;
    Ok(Some(TokenDigest::from_bytes(bytes)))
}

pub(crate) fn subject(
    tenant: Option<&str>,
    id: Option<&str>,
) -> Result<Option<Subject>, PostgresError> {
    let subject = match (tenant, id) {
        (_, None) => return Ok(None),
        (None, Some(id)) => Subject::new(id),
        (Some(tenant), Some(id)) => Subject::of_tenant(tenant, id),
    };
    Ok(Some(subject.map_err(|_error| PostgresError::corrupt())?))
}

pub(crate) fn reason(bytes: &[u8]) -> Result<EndReason, PostgresError> {
    EndReason::decode(bytes).map_err(|_error| PostgresError::corrupt())
}

/// Returns an instant at which something happened. The record knows those exactly that are too late
/// for a column, and has them, because the later of two counts.
fn moment(column: i64) -> Timestamp {
    Timestamp::from_millis(u64::try_from(column).unwrap_or(0))
}
