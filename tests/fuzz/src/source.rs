//! An input, taken apart from front to back.

/// The bytes of an input. After their end come zeroes, so that every input means something, and a longer one that begins
/// alike means the same at first.
pub struct Source<'a>(&'a [u8]);

impl<'a> Source<'a> {
    /// What the fuzzer has made up.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether only zeroes follow.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What has not been taken yet.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// The next bytes, as many as are there.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// A byte for the length, then as many bytes.
    pub fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(self.u8());
        self.take(length)
    }

    /// As [`Self::bytes`], with what is no UTF-8 replaced.
    pub fn text(&mut self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// A number.
    pub fn u8(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    /// A number.
    pub fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    /// A number.
    pub fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    /// A number.
    pub fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    /// A character; what is none reads as the replacement character.
    pub fn char(&mut self) -> char {
        char::from_u32(self.u32()).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// Yes or no.
    pub fn flag(&mut self) -> bool {
        self.u8() % 2 == 1
    }

    /// One of these.
    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::from(self.u8()) % all.len()]
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let taken = self.take(N);
        array[..taken.len()].copy_from_slice(taken);
        array
    }
}
