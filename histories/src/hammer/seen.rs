//! What a request sees in a session.

use hallpass::Session;
use hallpass::SessionError;

use crate::history::Seen;

/// How many values a process puts into one session. A session stays small enough for a write to be
/// quick.
pub(crate) const NUMBERS: u32 = 48;

/// The name that [`crate::Asked::Update`] counts up.
pub(crate) const UPDATED: &str = "updated";
/// The name that [`crate::Asked::UpdateNow`] counts up.
pub(crate) const DECIDED: &str = "decided";

/// Returns the name of a value that one process puts in, and nobody else.
pub(crate) fn key(process: u32, number: u32) -> String {
    format!("own-{process}-{number}")
}

/// Looks for everything that any of the processes may have put in.
pub(crate) fn look(session: &Session, processes: u32) -> Result<Seen, SessionError> {
    let mut seen = Seen {
        updated: session.get(UPDATED)?.unwrap_or(0),
        decided: session.get(DECIDED)?.unwrap_or(0),
        ..Seen::default()
    };
    for process in 0..processes {
        for number in 0..NUMBERS {
            if session.get(key(process, number).as_str())? != Some(number) {
                continue;
            }
            match seen.keys.last_mut() {
                Some((of, _, last)) if *of == process && *last + 1 == number => *last = number,
                _ => seen.keys.push((process, number, number)),
            }
        }
    }
    Ok(seen)
}
