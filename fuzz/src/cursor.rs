//! Takes an input apart, front to back. What is past its end is zero, so that every input is one.

#[derive(Debug)]
pub(crate) struct Cursor<'b>(&'b [u8]);

impl<'b> Cursor<'b> {
    pub(crate) const fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    /// Takes as many bytes as are left, `count` at most.
    pub(crate) fn take(&mut self, count: usize) -> &'b [u8] {
        let (taken, rest) = self.0.split_at_checked(count).unwrap_or((self.0, &[]));
        self.0 = rest;
        taken
    }

    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        for (place, byte) in array.iter_mut().zip(self.take(N)) {
            *place = *byte;
        }
        array
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Takes a short text.
    pub(crate) fn text(&mut self) -> String {
        let length = self.byte();
        String::from_utf8_lossy(self.take(length.into())).into_owned()
    }

    pub(crate) fn option<T>(&mut self, take: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| take(self))
    }

    /// Takes an instant or a duration in milliseconds: mostly one near a round number, so that
    /// two of them meet, sometimes any, sometimes one near an end of the range.
    pub(crate) fn millis(&mut self) -> u64 {
        let [kind, value] = self.array();
        let value = u64::from(value);
        match kind % 6 {
            0 => value,
            1 => value * 1_000,
            2 => value * 60_000,
            3 => 1_793_000_000_000 + value * 10_000,
            4 => u64::MAX - value,
            _ => u64::from_le_bytes(self.array()),
        }
    }
}
