//! Counts wrong tokens by the network that they come from (SES-29).

use std::sync::atomic::Ordering;

use super::table::Table;
use crate::client::Network;
use crate::time::Timestamp;

/// So many wrong tokens from one source in a window are told.
pub(super) const MANY: u32 = 100;
/// How long a window is, in milliseconds. It begins with the first wrong token of a source.
const WINDOW: u64 = 60_000;

const TAG_BITS: u32 = 16;
const COUNT_BITS: u32 = 14;
const TIME_BITS: u32 = 34;

/// Counts in a table of fixed size, whatever is sent.
///
/// Two sources that share a place are told apart by a tag. The one that sends less yields: each of
/// its tokens takes one off the count of the other, until the place is its own. So nobody hides by
/// sending single tokens from everywhere, and nobody is charged for the tokens of another. A source
/// that was told keeps its place until its window is over.
#[derive(Default)]
pub(super) struct Sources(Table);

/// What a place holds.
#[derive(Clone, Copy)]
struct Window {
    tag: u64,
    count: u64,
    began: u64,
}

impl Sources {
    /// Notes a wrong token, and returns whether it is the one by which they become many.
    pub(super) fn note(&self, source: Option<Network>, now: Timestamp) -> bool {
        let Some((place, tag)) = self.0.place(source, TAG_BITS) else {
            return false;
        };
        let mut is_told = false;
        let noted = place.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |value| {
            let next = Window::unpacked(value).after(tag, now);
            is_told = next.tag == tag && next.count == u64::from(MANY);
            Some(next.packed())
        });
        noted.is_ok() && is_told
    }

    /// Returns how many wrong tokens came from this network in its window. None where no network
    /// is known: those are everybody's.
    pub(super) fn recent(&self, source: Option<Network>, now: Timestamp) -> u32 {
        let Some((place, tag)) = source.and_then(|_| self.0.place(source, TAG_BITS)) else {
            return 0;
        };
        let window = Window::unpacked(place.load(Ordering::Relaxed));
        if window.tag == tag && !window.is_over(now) {
            window.count.try_into().unwrap_or(u32::MAX)
        } else {
            0
        }
    }
}

impl Window {
    /// Returns what the place holds after one more token from the source with this tag.
    fn after(self, tag: u64, now: Timestamp) -> Self {
        let fresh = Self {
            tag,
            count: 1,
            began: now.as_millis(),
        };
        match self {
            window if window.is_over(now) || window.count == 0 => fresh,
            window if window.tag == tag => Self {
                count: (window.count + 1).min(mask(COUNT_BITS)),
                ..window
            },
            window if window.count >= u64::from(MANY) => window,
            window => Self {
                count: window.count - 1,
                ..window
            },
        }
    }

    /// A window that seems to begin in the future is over as well: the clock went back.
    const fn is_over(self, now: Timestamp) -> bool {
        now.as_millis().wrapping_sub(self.began) & mask(TIME_BITS) >= WINDOW
    }

    const fn packed(self) -> u64 {
        self.tag << (COUNT_BITS + TIME_BITS)
            | self.count << TIME_BITS
            | self.began & mask(TIME_BITS)
    }

    const fn unpacked(value: u64) -> Self {
        Self {
            tag: value >> (COUNT_BITS + TIME_BITS),
            count: value >> TIME_BITS & mask(COUNT_BITS),
            began: value & mask(TIME_BITS),
        }
    }
}

const fn mask(bits: u32) -> u64 {
    (1 << bits) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    fn network(number: u16) -> Option<Network> {
        let [high, low] = number.to_be_bytes();
        Some(Network::V6([0x20, 0x01, 0x0d, 0xb8, high, low]))
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(10 * MINUTE + millis)
    }

    /// SES-29.
    #[test]
    fn the_hundredth_wrong_token_of_a_minute_is_told_once() {
        let sources = Sources::default();
        let told = |from: u64, count: u64| {
            let notes = (0..count).map(|_| sources.note(network(1), at(from)));
            notes.filter(|told| *told).count()
        };
        assert_eq!(told(0, 99), 0);
        assert_eq!(sources.recent(network(1), at(MINUTE - 1)), 99);
        assert_eq!(told(MINUTE - 1, 1), 1);
        assert_eq!(told(MINUTE - 1, 20_000), 0);
        assert_eq!(sources.recent(network(1), at(MINUTE)), 0);
        assert_eq!(told(MINUTE, 99), 0);
        assert_eq!(told(MINUTE, 1), 1);
    }

    #[test]
    fn a_clock_that_goes_back_begins_a_window() {
        let sources = Sources::default();
        assert!(!sources.note(network(1), at(MINUTE)));
        assert_eq!(sources.recent(network(1), at(0)), 0);
    }

    #[test]
    fn sources_without_an_address_are_counted_and_charged_to_nobody() {
        let sources = Sources::default();
        let told = (0..100).filter(|_| sources.note(None, at(0))).count();
        assert_eq!((told, sources.recent(None, at(0))), (1, 0));
    }

    /// A flood from everywhere neither hides who sends most nor is charged to anybody else.
    #[test]
    fn a_source_is_found_among_many_and_no_other_is_charged() {
        let sources = Sources::default();
        let mut told = 0;
        for turn in 0..200 {
            for number in 0..40 {
                sources.note(network(1_000 + turn * 40 + number), at(0));
            }
            for _ in 0..10 {
                told += u32::from(sources.note(network(1), at(0)));
            }
        }
        assert_eq!(told, 1);
        let charged = (20_000..60_000)
            .filter(|number| sources.recent(network(*number), at(0)) > 0)
            .count();
        assert!(charged < 10, "{charged} of 40000 share a place and a tag");
    }
}
