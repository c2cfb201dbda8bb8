//! The bytes that a store hands out: records and tombstones, damaged or hostile.

mod family;
mod plain;
mod reference;

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::time::Duration;

use hallpass_core::Binding;
use hallpass_core::ClientFacts;
use hallpass_core::EndReason;
use hallpass_core::InvalidEncoding;
use hallpass_core::Limits;
use hallpass_core::Revision;
use hallpass_core::SessionRecord;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use hallpass_core::Touch;
use hallpass_core::Touched;
use hallpass_core::Windows;
use hallpass_core::Write;
use hallpass_core::judge_record;
use hallpass_core::judge_token;

use self::family::Family;
use self::family::PlainToken;
use self::plain::Plain;
use self::plain::PlainKind;
use self::reference::Case;
use self::reference::Deadlines;
use crate::cursor::Cursor;

/// Reads any bytes as a record and as a tombstone; then makes a record of the same bytes, with
/// hostile numbers and a known family of tokens, and judges it.
///
/// # Panics
///
/// Where what was read is not what stands in the bytes, where it takes more room than the bytes, or
/// where the rules of the store contract, the standing of the record or the verdict on a token are
/// not those of the reference.
pub fn record_bytes(bytes: &[u8]) {
    if let Ok(record) = SessionRecord::decode(bytes) {
        check_stable(bytes, &record);
        check_all_standings(&record);
    }
    if let Ok(tombstone) = Tombstone::decode(bytes) {
        let written = tombstone.encode();
        assert!(written.len() <= bytes.len(), "no bytes come out of nothing");
        assert_eq!(Tombstone::decode(&written), Ok(tombstone));
    }
    check_made(&mut Cursor::new(bytes));
}

/// Each byte of a record stands for at most one byte that is kept, so a short record cannot ask for
/// much memory.
fn check_stable(bytes: &[u8], record: &SessionRecord) {
    let written = record.encode();
    assert!(written.len() <= bytes.len(), "no bytes come out of nothing");
    let again = SessionRecord::decode(&written).map(|record| record.encode());
    assert_eq!(again, Ok(written));
    for (name, entry) in record.data().iter() {
        assert_eq!(record.data().get(name), Some(entry));
    }
    assert!(record.data().size() <= bytes.len());
    let longer = [bytes, &[0]].concat();
    let shorter = bytes.split_last().map_or(&[][..], |(_last, rest)| rest);
    for wrong in [longer.as_slice(), shorter] {
        let read = SessionRecord::decode(wrong).err();
        assert_eq!(read, Some(InvalidEncoding::Damaged));
    }
}

fn check_all_standings(record: &SessionRecord) {
    let longest = Limits::builder().no_idle_timeout().absolute(Duration::MAX);
    for limits in [Limits::builder(), Limits::builder().no_renewal(), longest] {
        let Ok(limits) = limits.build() else {
            unreachable!("these limits make sense");
        };
        for now in instants(record, &limits) {
            let expected = reference::standing(record, &limits, now);
            assert_eq!(judge_record(record, &limits, now), expected);
            let end = Deadlines::of(record).end();
            assert_eq!(u128::from(record.expires_at().as_millis()), end);
            assert_eq!(record.is_live(now), u128::from(now.as_millis()) < end);
        }
    }
}

/// Instants around everything that the record and the limits know.
fn instants(record: &SessionRecord, limits: &Limits) -> Vec<Timestamp> {
    let millisecond = Duration::from_millis(1);
    let windows = limits.windows();
    let grace = windows.grace.saturating_add(windows.max_skew);
    let credential = record.credential();
    let half = record.idle().map_or(Duration::MAX, |idle| idle / 2);
    let known = [
        Some(record.expires_at()),
        Some(record.absolute_deadline()),
        record.idle_deadline(),
        Some(record.last_seen()),
        Some(record.last_seen().saturating_add(limits.touch_step())),
        Some(record.last_seen().saturating_add(half)),
        limits
            .renew_every()
            .map(|every| credential.renewed_at().saturating_add(every)),
        credential
            .confirmed_at()
            .map(|confirmed| confirmed.saturating_add(grace)),
    ];
    known
        .into_iter()
        .flatten()
        .flat_map(|at| {
            [
                at.saturating_sub(millisecond),
                at,
                at.saturating_add(millisecond),
            ]
        })
        .chain([Timestamp::default(), Timestamp::MAX])
        .collect()
}

fn check_made(cursor: &mut Cursor<'_>) {
    let handle = [cursor.byte(); 16];
    let has_previous = cursor.flag();
    let previous = has_previous.then(|| Family::take(cursor, handle, 0));
    let next = previous
        .as_ref()
        .map_or(0, |family| family.last_generation().saturating_add(1));
    let current = Family::take(cursor, handle, next);
    let now = cursor.millis();
    let max_walk = u32::from_le_bytes(cursor.array());
    let windows = Windows {
        repair: Duration::from_millis(cursor.millis()),
        grace: Duration::from_millis(cursor.millis()),
        max_skew: Duration::from_millis(cursor.millis()),
    };
    let plain = Plain::take(cursor, handle, &current, previous.as_ref());

    let bytes = plain.encode();
    let read = SessionRecord::decode(&bytes);
    assert_eq!(read.is_ok(), plain.is_valid(), "{:?}", read.err());
    let Ok(record) = read else {
        return;
    };
    assert_eq!(record.encode(), plain.encode_canonical());
    check_stable(&bytes, &record);
    check_all_standings(&record);
    let now = Timestamp::from_millis(now);
    check_end(&plain, &record, now);
    check_expiry(&plain, &record, &current, now);
    check_touch(&plain, &record, cursor, now);
    check_update(&plain, &record, cursor, now);

    let mut families = vec![&current];
    families.extend(&previous);
    let tokens = Tokens {
        families: &families,
        plain: &plain,
        record: &record,
        windows,
        max_walk,
        now,
    };
    // Where the generations cannot count up any more, both families share one of them.
    let meets = previous
        .as_ref()
        .is_some_and(|previous| previous.last_generation() == u32::MAX);
    if !meets {
        tokens.check();
    }
}

fn check_expiry(plain: &Plain, record: &SessionRecord, family: &Family, now: Timestamp) {
    let end = record.expires_at();
    let tombstone = record.expired(now);
    assert_eq!(tombstone.is_some(), now >= end);
    let Some(tombstone) = tombstone else {
        return;
    };
    let reason = Deadlines::of(record).reason();
    assert_eq!(tombstone, Tombstone::of(record, reason.clone(), end));
    check_tombstone(plain, &tombstone, reason.as_str(), end);
    for (place, token) in family.tokens.iter().rev().take(2).enumerate() {
        let verified = token.presented().map(|token| tombstone.verifies(&token));
        assert_eq!(verified, Some(place == 0), "the last token alone");
    }
}

/// A session may also be ended at any other time.
fn check_end(plain: &Plain, record: &SessionRecord, now: Timestamp) {
    let tombstone = Tombstone::of(record, EndReason::Logout, now);
    check_tombstone(plain, &tombstone, "logout", now);
}

fn check_tombstone(plain: &Plain, tombstone: &Tombstone, reason: &str, at: Timestamp) {
    let at = at.as_millis();
    let idle = plain.idle.filter(|_| plain.subject.is_none());
    let keep_until = idle
        .map_or(plain.absolute, |idle| {
            at.saturating_add(idle).min(plain.absolute)
        })
        .max(at);
    let expected = plain.encode_tombstone(reason, at, keep_until);
    assert_eq!(tombstone.encode(), expected);
    assert_eq!(Tombstone::decode(&expected).as_ref(), Ok(tombstone));
}

fn check_touch(plain: &Plain, record: &SessionRecord, cursor: &mut Cursor<'_>, now: Timestamp) {
    let (other_binding, confirm) = (cursor.flag(), cursor.flag());
    let last_seen = cursor.millis();
    let binding = plain.binding ^ u32::from(other_binding);
    let touch = Touch {
        handle: record.handle(),
        digest: record.credential().digest(),
        binding: Binding::from_number(binding),
        last_seen: Timestamp::from_millis(last_seen),
        confirm,
    };
    let confirms = confirm && plain.credential.confirmed_at.is_none();
    let changes = confirms || last_seen > plain.last_seen;
    let (answer, written) = record.touched(&touch, now);
    let expected = if !record.is_live(now) {
        Touched::Gone
    } else if other_binding {
        Touched::Refused
    } else {
        Touched::Applied
    };
    assert_eq!(answer, expected);
    let mut after = plain.clone();
    after.last_seen = plain.last_seen.max(last_seen);
    after.credential.confirmed_at = plain
        .credential
        .confirmed_at
        .or_else(|| confirm.then_some(now.as_millis()));
    let expected = (answer == Touched::Applied && changes).then(|| after.encode_canonical());
    assert_eq!(written.map(|record| record.encode()), expected);
}

fn check_update(plain: &Plain, record: &SessionRecord, cursor: &mut Cursor<'_>, now: Timestamp) {
    let (same_write, other_revision) = (cursor.flag(), cursor.flag());
    let mut update = plain.clone();
    update.revision = plain.revision.saturating_add(1);
    if !same_write {
        update.write_id = update.write_id.map(|byte| !byte);
    }
    update.last_seen = cursor.millis();
    update.credential.confirmed_at = cursor.option(Cursor::millis);
    update.epochs = [cursor.millis(); 3];
    update.data.truncate(1);
    let expected_revision = Revision::from_number(plain.revision ^ u64::from(other_revision));

    let Ok(asked) = SessionRecord::decode(&update.encode()) else {
        unreachable!("the subject is that of a record that was read");
    };
    let (answer, written) = record.updated(&asked, expected_revision, now);
    let expected = if !record.is_live(now) {
        Write::Gone
    } else if other_revision && !same_write {
        Write::Conflict
    } else {
        Write::Applied
    };
    assert_eq!(answer, expected);
    update.last_seen = update.last_seen.max(plain.last_seen);
    update.epochs = plain.epochs;
    let confirmed_at = update.credential.confirmed_at;
    update.credential.confirmed_at = confirmed_at.or(plain.credential.confirmed_at);
    let is_new = answer == Write::Applied && !same_write;
    let expected = is_new.then(|| update.encode_canonical());
    assert_eq!(written.map(|record| record.encode()), expected);
}

/// Everything that tokens are judged by.
struct Tokens<'a> {
    families: &'a [&'a Family],
    plain: &'a Plain,
    record: &'a SessionRecord,
    windows: Windows,
    max_walk: u32,
    now: Timestamp,
}

impl Tokens<'_> {
    /// Presents the tokens of each family that matter, and some that are none.
    fn check(&self) {
        for family in self.families {
            // Each walk through a long family takes its time.
            let recent = if family.tokens.len() > 8 { 1 } else { 4 };
            let recent = family.tokens.iter().rev().take(recent);
            for token in family.tokens.first().into_iter().chain(recent) {
                self.judge(token);
                self.judge(&token.forged());
                self.judge(&token.at(token.generation.wrapping_sub(1)));
                self.judge(&token.at(token.generation.wrapping_add(1)));
            }
        }
    }

    fn judge(&self, token: &PlainToken) {
        let is_of_family = self
            .families
            .iter()
            .any(|family| family.tokens.contains(token));
        let Some(presented) = token.presented() else {
            unreachable!("64 characters of base64url are a token");
        };
        let address = IpAddr::from(Ipv4Addr::new(192, 0, 2, 1));
        let client = ClientFacts::new(Some(address), Some("curl/8")).kind();
        for max_walk in [self.max_walk, self.max_walk % 8, 1] {
            let verdict = judge_token(
                self.record.credential(),
                self.record.previous_credential(),
                &presented,
                &client,
                self.windows,
                max_walk,
                self.now,
            );
            let case = Case {
                token,
                is_of_family,
                client: &PlainKind::curl(),
                windows: self.windows,
                max_walk,
                now: self.now.as_millis(),
            };
            assert_eq!(verdict, reference::verdict(self.plain, &case), "{case:?}");
        }
    }
}
