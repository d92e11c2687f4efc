//! What a board has learned, as a record for many boards to learn from one another (federated averaging: McMahan and others
//! 2017, "Communication-efficient learning of deep networks from decentralized data").
//!
//! A board sends the difference of its weights from those of the model file that it began with, and how many examples it has
//! learned; no example leaves it. `neurona merge` on a desktop makes a new model file of the differences of many boards.
//!
//! ```
//! use neurona::federated::{Delta, Precision};
//! use neurona::prelude::*;
//!
//! neurona::network! {
//!     struct Line: [f32; 1] => [f32; 1] { line: Dense<1, 1> }
//! }
//!
//! # fn send(_: &[u8]) {}
//! static TRAINED: Line = Line { line: Dense::new([[2.0]], [0.0]) };
//! let learned = Line { line: Dense::new([[2.5]], [-1.0]) }; // on a board: in a static
//! let delta = Delta::new(&TRAINED, &learned, 120);
//! delta.write(Precision::Full, &mut |bytes| send(bytes)); // to a radio, a serial line, a file
//! assert_eq!(delta.len(Precision::Full), 35 + 2 * 4);
//! ```
//!
//! # The record
//!
//! A [postcard] message: integers of fixed width are little endian, and lengths are a `varint`.
//!
//! | field         | type      | content                                                                            |
//! | ------------- | --------- | ---------------------------------------------------------------------------------- |
//! | `magic`       | `[u8; 8]` | `nrn-diff`                                                                         |
//! | `version`     | `[u8; 1]` | 1                                                                                  |
//! | `length`      | `[u8; 4]` | bytes of the record                                                                |
//! | `crc`         | `[u8; 4]` | CRC-32 (that of model files) of every byte of the record but these four            |
//! | `fingerprint` | `[u8; 8]` | that of the architecture                                                           |
//! | `base`        | `[u8; 4]` | CRC-32 of the tensors of the model file that the differences are from              |
//! | `examples`    | `[u8; 4]` | how many examples were learned                                                     |
//! | `precision`   | `[u8; 1]` | 0 or 1                                                                             |
//! | `differences` | `bytes`   | precision 0: an `f32` for each value of the tensors; 1: [blocks](Precision::Eighth) |
//!
//! [postcard]: https://postcard.jamesmunns.com/wire-format

use core::mem::size_of;

use crc::{CRC_32_ISO_HDLC, Crc, Digest, Table};

use crate::network::Network;
use crate::plain::{Plain, bytes_of};

/// What a record begins with.
pub const MAGIC: [u8; 8] = *b"nrn-diff";

/// The version of the format.
pub const VERSION: u8 = 1;

/// Values of a block with a scale of its own.
pub const BLOCK: usize = 64;

/// Where the CRC stands.
pub const CRC_AT: usize = 13;
/// Where what the CRC covers goes on.
pub const BODY_AT: usize = CRC_AT + 4;
/// Bytes in front of the length of the differences.
pub const HEADER: usize = BODY_AT + 8 + 4 + 4 + 1;

/// How exact the differences are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Precision {
    /// Four bytes a value: as `f32` subtracts them.
    Full,
    /// A byte a value, and a scale for every [`BLOCK`] of them, or what is left at the end: `f32`, then the values as `i8`. A
    /// value is the byte times the scale, which is the largest size in the block over 127, so that it is off by at most 1/254
    /// of that size. Where a value of a block is not finite, its scale is NaN.
    Eighth,
}

/// The difference of a network that has learned from the one that it began as.
///
/// It owns nothing: both networks are lent, and the record is written piece by piece.
#[derive(Clone, Copy, Debug)]
pub struct Delta<'a, N> {
    base: &'a N,
    learned: &'a N,
    examples: u32,
}

impl<'a, N: Network + Plain> Delta<'a, N> {
    /// The difference of `learned` from `base`, the network of the model file, after so many examples.
    pub const fn new(base: &'a N, learned: &'a N, examples: u32) -> Self {
        const { assert!(size_of::<N>() == 4 * N::ARCH.values(), "differences are of networks whose values are `f32`") }
        Self { base, learned, examples }
    }

    /// Bytes of the record.
    pub const fn len(&self, precision: Precision) -> usize {
        let bytes = Self::differences_len(precision);
        HEADER + varint(bytes as u32).1 + bytes
    }

    /// Never: a record has a header.
    pub const fn is_empty(&self, _: Precision) -> bool {
        false
    }

    /// Gives the record to `sink`, piece by piece.
    pub fn write(&self, precision: Precision, sink: &mut impl FnMut(&[u8])) {
        let mut base = CRC.digest();
        base.update(bytes_of(self.base));
        let (length, length_len) = varint(Self::differences_len(precision) as u32);
        let before: [&[u8]; 3] = [&MAGIC, &[VERSION], &(self.len(precision) as u32).to_le_bytes()];
        let behind: [&[u8]; 5] = [
            &N::FINGERPRINT.to_le_bytes(),
            &base.finalize().to_le_bytes(),
            &self.examples.to_le_bytes(),
            &[precision as u8],
            length.get(..length_len).unwrap_or_default(),
        ];
        let mut crc: Digest<'static, u32, Table<1>> = CRC.digest();
        before.iter().chain(&behind).for_each(|bytes| crc.update(bytes));
        self.differences(precision, &mut |bytes| crc.update(bytes));
        before.iter().for_each(|bytes| sink(bytes));
        sink(&crc.finalize().to_le_bytes());
        behind.iter().for_each(|bytes| sink(bytes));
        self.differences(precision, &mut |bytes| sink(bytes));
    }

    fn differences(&self, precision: Precision, sink: &mut dyn FnMut(&[u8])) {
        let words = |net| bytes_of::<N>(net).as_chunks::<4>().0;
        let blocks = words(self.base).chunks(BLOCK).zip(words(self.learned).chunks(BLOCK));
        for (base, learned) in blocks {
            let values = || {
                base.iter().zip(learned).map(|(base, learned)| f32::from_le_bytes(*learned) - f32::from_le_bytes(*base))
            };
            match precision {
                Precision::Full => values().for_each(|value| sink(&value.to_le_bytes())),
                Precision::Eighth => eighth(values, sink),
            }
        }
    }

    const fn differences_len(precision: Precision) -> usize {
        let values = size_of::<N>() / 4;
        match precision {
            Precision::Full => 4 * values,
            Precision::Eighth => values + 4 * values.div_ceil(BLOCK),
        }
    }
}

static CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// A block as a scale and a byte for each value.
fn eighth<I: Iterator<Item = f32>>(values: impl Fn() -> I, sink: &mut dyn FnMut(&[u8])) {
    let (mut largest, mut finite) = (0.0, true);
    for value in values() {
        let size = if value < 0.0 { -value } else { value };
        largest = if size > largest { size } else { largest };
        finite &= value.is_finite();
    }
    let scale = if finite { largest / 127.0 } else { f32::NAN };
    sink(&scale.to_le_bytes());
    for value in values() {
        let byte = if scale > 0.0 { libm::rintf(value / scale) as i8 } else { 0 };
        sink(&byte.to_le_bytes());
    }
}

/// An integer as postcard writes it, and how many bytes it takes.
const fn varint(mut value: u32) -> ([u8; 5], usize) {
    let (mut bytes, mut len) = ([0; 5], 0);
    while len < 5 {
        bytes[len] = value as u8 & 0x7f;
        value >>= 7;
        len += 1;
        if value == 0 {
            break;
        }
        bytes[len - 1] |= 0x80;
    }
    (bytes, len)
}
