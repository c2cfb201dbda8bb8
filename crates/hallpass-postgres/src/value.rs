//! The parameters of statements.

use std::error::Error;
use std::fmt;

use tokio_postgres::types::IsNull;
use tokio_postgres::types::ToSql;
use tokio_postgres::types::Type;
use tokio_postgres::types::private::BytesMut;

/// A parameter. The driver writes parameters to the log where it is told to be verbose, so the
/// `Debug` of this one tells nothing.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Bytes(Option<&'a [u8]>),
    Flag(bool),
    Number(Option<i64>),
    Text(Option<&'a str>),
}

impl Value<'_> {
    pub(crate) const fn kind(&self) -> Type {
        match self {
            Self::Bytes(_) => Type::BYTEA,
            Self::Flag(_) => Type::BOOL,
            Self::Number(_) => Type::INT8,
            Self::Text(_) => Type::TEXT,
        }
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(Some(bytes))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text)
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
            Self::Flag(flag) => flag.to_sql(kind, out),
            Self::Number(number) => number.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::BYTEA, Type::BOOL, Type::INT8, Type::TEXT].contains(kind)
    }

    fn to_sql_checked(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Bytes(bytes) => bytes.to_sql_checked(kind, out),
            Self::Flag(flag) => flag.to_sql_checked(kind, out),
            Self::Number(number) => number.to_sql_checked(kind, out),
            Self::Text(text) => text.to_sql_checked(kind, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row SES-24: a verbose log shows no digest, no data and nobody's name.
    #[test]
    fn a_parameter_shows_nothing_of_itself() {
        let values = [
            Value::from(b"secret".as_slice()),
            "alice".into(),
            7.into(),
            true.into(),
        ];
        assert_eq!(format!("{values:?}"), "[_, _, _, _]");
    }
}
