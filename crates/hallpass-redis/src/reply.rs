//! What scripts answer.

use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;
use redis::Value;

use crate::layout::Damaged;

/// Returns a number.
pub(crate) fn number(value: &Value) -> Result<i64, StoreError> {
    match value {
        Value::Int(number) => Ok(*number),
        _ => Err(damaged(Damaged)),
    }
}

/// Returns bytes; `None` where the script returned nothing.
pub(crate) fn bytes(value: Value) -> Result<Option<Vec<u8>>, StoreError> {
    match value {
        Value::BulkString(bytes) => Ok(Some(bytes)),
        Value::Nil => Ok(None),
        _ => Err(damaged(Damaged)),
    }
}

/// Returns the parts of a list.
pub(crate) fn list(value: Value) -> Result<std::vec::IntoIter<Value>, StoreError> {
    match value {
        Value::Array(values) => Ok(values.into_iter()),
        _ => Err(damaged(Damaged)),
    }
}

/// Returns the bytes that come next in a list.
pub(crate) fn next_bytes(
    values: &mut std::vec::IntoIter<Value>,
) -> Result<Option<Vec<u8>>, StoreError> {
    values.next().map_or(Ok(None), bytes)
}

/// What is stored, or what came back, is not what this version writes.
pub(crate) fn damaged(damaged: Damaged) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, damaged)
}
