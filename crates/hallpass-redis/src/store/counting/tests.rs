use super::*;
use crate::fault::Fault;

fn refused() -> StoreError {
    Fault::WithoutSubject.into_error()
}

/// Race 39: a refusal says that nothing was changed, so it is none where another bucket has counted.
#[test]
fn a_refusal_after_a_count_is_no_refusal() {
    let away = || Fault::TimedOut.into_error();
    for (counted, kind) in [
        (
            vec![Err(refused()), Err(refused())],
            StoreErrorKind::Rejected,
        ),
        (vec![Ok(1), Err(refused())], StoreErrorKind::Unavailable),
        (vec![Err(refused()), Ok(1)], StoreErrorKind::Unavailable),
        (
            vec![Err(refused()), Err(away())],
            StoreErrorKind::Unavailable,
        ),
    ] {
        assert_eq!(settled(counted).unwrap_err().kind(), kind);
    }
    assert_eq!(settled(vec![Ok(1), Ok(2)]).unwrap(), [1, 2]);
}
