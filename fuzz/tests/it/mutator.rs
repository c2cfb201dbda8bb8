//! New inputs from known ones, the same on each run.

use hallpass_core::SecureRandom;
use hallpass_testkit::SeededRandom;

use crate::corpus::Input;

pub(crate) struct Mutator<'i> {
    inputs: &'i [Input],
    random: SeededRandom,
}

impl<'i> Mutator<'i> {
    pub(crate) fn new(inputs: &'i [Input]) -> Self {
        Self {
            inputs,
            random: SeededRandom::new(1),
        }
    }

    pub(crate) fn next(&mut self) -> Vec<u8> {
        let mut bytes = self.any_input().to_vec();
        for _ in 0..=self.below(4) {
            self.mutate(&mut bytes);
        }
        bytes.truncate(LONGEST);
        bytes
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len() + 1);
        let end = (at + self.below(16)).min(bytes.len());
        match self.below(7) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let piece = bytes[at..end].to_vec();
                let place = self.below(bytes.len() + 1);
                bytes.splice(place..place, piece);
            }
            2 => {
                let other = self.any_input();
                let start = self.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend(&other[start..]);
            }
            3 => {
                let special = SPECIAL[self.below(SPECIAL.len())];
                bytes.insert(at, special);
            }
            4 => {
                let byte = self.below(256);
                bytes.insert(at, u8::try_from(byte).unwrap_or_default());
            }
            kind => {
                let bit = self.below(8);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = match kind {
                        5 => *byte ^ (1 << bit),
                        _ => SPECIAL[self.below(SPECIAL.len())],
                    };
                }
            }
        }
    }

    fn any_input(&mut self) -> &'i [u8] {
        &self.inputs[self.below(self.inputs.len())].bytes
    }

    /// Returns a number below `limit`. The few that come up too often do no harm.
    fn below(&mut self, limit: usize) -> usize {
        let mut bytes = [0; 4];
        self.random
            .fill(&mut bytes)
            .expect("this generator never fails");
        usize::try_from(u32::from_le_bytes(bytes)).map_or(0, |number| number % limit)
    }
}

/// What separates and quotes in one target or another, the macros, and the ends of the range.
const SPECIAL: &[u8] = b"\n\t ;,=\"\\:./-_%0\x00\x01\x02\x03\x04\x05\x06\x07\x7f\x80\xa0\xff";

const LONGEST: usize = 1_024;
