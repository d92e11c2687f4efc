//! The canonical bytes of an architecture.

/// Takes canonical bytes one by one: counts them, hashes them and compares them with bytes from a file.
#[derive(Clone, Copy, Debug)]
pub struct Canonical<'a> {
    file: &'a [u8],
    pub(super) len: usize,
    pub(super) hash: u64,
    equal: bool,
}

impl<'a> Canonical<'a> {
    /// A sink that compares what it is given with the beginning of `file`.
    pub const fn against(file: &'a [u8]) -> Self {
        // Offset basis and prime are those of the 64-bit FNV-1a hash (Fowler, Noll and Vo).
        Self { file, len: 0, hash: 0xcbf2_9ce4_8422_2325, equal: true }
    }

    /// A sink that has nothing to compare with.
    pub const fn new() -> Self {
        Self::against(&[])
    }

    /// Whether the file begins with the bytes that were given.
    pub const fn equal(&self) -> bool {
        self.equal
    }

    /// Number of bytes that were given.
    pub const fn count(&self) -> usize {
        self.len
    }

    pub(super) const fn push(mut self, byte: u8) -> Self {
        self.equal = self.equal && self.len < self.file.len() && self.file[self.len] == byte;
        self.len += 1;
        self.hash = (self.hash ^ byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
        self
    }

    /// postcard's variable-length integer: seven bits a byte, the low ones first.
    pub(super) const fn varint(mut self, mut value: u64) -> Self {
        while value > 0x7f {
            self = self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8)
    }

    /// A list of integers: how many there are, then each.
    pub(super) const fn list(mut self, values: &[u64]) -> Self {
        self = self.varint(values.len() as u64);
        let mut rest = values;
        while let [first, tail @ ..] = rest {
            self = self.varint(*first);
            rest = tail;
        }
        self
    }

    pub(super) const fn pair(self, [first, second]: [u32; 2]) -> Self {
        self.varint(first as u64).varint(second as u64)
    }
}

impl Default for Canonical<'_> {
    fn default() -> Self {
        Self::new()
    }
}
