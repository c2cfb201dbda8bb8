//! The statements, one for each operation.

use crate::names::Names;

/// What the server is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Op {
    Advance,
    Bind,
    Create,
    End,
    EndSubject,
    List,
    Load,
    Publish,
    Sweep,
    Touch,
    Update,
}

impl Op {
    pub(crate) const COUNT: usize = 11;

    const fn template(self) -> &'static str {
        match self {
            Self::Advance => include_str!("sql/advance.sql"),
            Self::Bind => include_str!("sql/bind.sql"),
            Self::Create => include_str!("sql/create.sql"),
            Self::End => include_str!("sql/end.sql"),
            Self::EndSubject => include_str!("sql/end_subject.sql"),
            Self::List => include_str!("sql/list.sql"),
            Self::Load => include_str!("sql/load.sql"),
            Self::Publish => include_str!("sql/publish.sql"),
            Self::Sweep => include_str!("sql/sweep.sql"),
            Self::Touch => include_str!("sql/touch.sql"),
            Self::Update => include_str!("sql/update.sql"),
        }
    }
}

/// The texts of all statements, with the names filled in.
#[derive(Debug)]
pub(crate) struct Sql([String; Op::COUNT]);

impl Sql {
    pub(crate) fn new(names: &Names) -> Self {
        let all = [
            Op::Advance,
            Op::Bind,
            Op::Create,
            Op::End,
            Op::EndSubject,
            Op::List,
            Op::Load,
            Op::Publish,
            Op::Sweep,
            Op::Touch,
            Op::Update,
        ];
        Self(all.map(|op| names.fill(op.template())))
    }

    #[expect(clippy::indexing_slicing, reason = "one text for each operation")]
    pub(crate) fn of(&self, op: Op) -> &str {
        &self.0[op as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_has_its_own_statement() {
        let sql = Sql::new(&Names::new("public", "hallpass_").unwrap());
        assert!(sql.of(Op::Advance).contains("epoch + 1"));
        assert!(sql.of(Op::Publish).contains("pg_notify"));
        assert!(sql.of(Op::Update).contains("returning true"));
        assert!(
            sql.of(Op::Load)
                .contains("\"public\".\"hallpass_sessions\"")
        );
    }
}
