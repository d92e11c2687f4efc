//! A hash of numbers: one figure that tells whether two boards have computed the same bits.

/// 64-bit FNV-1a hash (Fowler, Noll and Vo) over the bits of numbers, little endian, as model files have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash(u64);

impl Hash {
    /// The hash of nothing.
    pub const EMPTY: Self = Self(0xcbf2_9ce4_8422_2325);

    /// Adds numbers. A NaN counts as the one NaN 0x7fc00000: a NaN is a NaN everywhere, its bits are not.
    #[inline(never)]
    pub fn add(&mut self, numbers: &[f32]) {
        for number in numbers {
            let bits = if number.is_nan() { 0x7fc0_0000 } else { number.to_bits() };
            self.add_bytes(&bits.to_le_bytes());
        }
    }

    /// Adds bytes.
    pub fn add_bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// Adds every parameter of a network, in the order of the struct.
    pub fn add_parameters<N: neurona::Learn>(&mut self, net: &mut N) {
        net.visit([], &mut |_, parameters, []| self.add(parameters));
    }

    /// The hash.
    pub const fn value(self) -> u64 {
        self.0
    }
}
