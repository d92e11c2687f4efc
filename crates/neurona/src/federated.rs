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
//! assert_eq!(delta.len(Precision::Full), 39 + 2 * 4);
//! ```
//!
//! A board that holds a part of the network alone, and reads the others [from flash](crate::InFlash), names what it has learned:
//!
//! ```
//! # use neurona::federated::{Delta, Part, Precision};
//! # use neurona::prelude::*;
//! # fn send(_: &[u8]) {}
//! # neurona::network! {
//! #     struct Digits: [f32; 64] => [f32; 10] { hidden: Dense<64, 32, Relu>, output: Dense<32, 10> }
//! # }
//! static TRAINED: Digits = Digits::ZERO; // or `include_model!`
//! # let output: Dense<32, 10> = Dense::ZERO;
//! // `output` is what the board's `Head { hidden: InFlash<Strokes>, output: Dense<32, 10> }` has learned of it.
//! let learned = [Part::new(&TRAINED.output, &output)];
//! if let Some(delta) = Delta::of_parts(&TRAINED, &learned, 120) {
//!     delta.write(Precision::Eighth, &mut |bytes| send(bytes));
//! }
//! ```
//!
//! # The record
//!
//! A [postcard] message: integers of fixed width are little endian, and lengths are a `varint`.
//!
//! | field         | type      | content                                                                            |
//! | ------------- | --------- | ---------------------------------------------------------------------------------- |
//! | `magic`       | `[u8; 8]` | `nrn-diff`                                                                         |
//! | `version`     | `[u8; 1]` | 2                                                                                  |
//! | `length`      | `[u8; 4]` | bytes of the record                                                                |
//! | `crc`         | `[u8; 4]` | CRC-32 (that of model files) of every byte of the record but these four            |
//! | `fingerprint` | `[u8; 8]` | that of the architecture                                                           |
//! | `base`        | `[u8; 4]` | CRC-32 of the tensors of the model file that the differences are from              |
//! | `examples`    | `[u8; 4]` | how many examples were learned                                                     |
//! | `precision`   | `[u8; 1]` | 0 or 1                                                                             |
//! | `values`      | `[u8; 4]` | number of values of the tensors                                                    |
//! | `differences` | `bytes`   | precision 0: an `f32` for each value of the tensors; 1: [blocks](Precision::Eighth) |
//!
//! Version 1, which `neurona merge` reads too, has no `values`, and its blocks all have their bytes.
//!
//! [postcard]: https://postcard.jamesmunns.com/wire-format

use core::mem::size_of;

use crc::{CRC_32_ISO_HDLC, Crc, Digest, Table};

use crate::network::Network;
use crate::plain::{Plain, bytes_of};

/// What a record begins with.
pub const MAGIC: [u8; 8] = *b"nrn-diff";

/// The version of the format.
pub const VERSION: u8 = 2;

/// Values of a block with a scale of its own.
pub const BLOCK: usize = 64;

/// Where the CRC stands.
pub const CRC_AT: usize = 13;
/// Where what the CRC covers goes on.
pub const BODY_AT: usize = CRC_AT + 4;
/// Bytes in front of the length of the differences.
pub const HEADER: usize = BODY_AT + 8 + 4 + 4 + 1 + 4;

/// How exact the differences are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Precision {
    /// Four bytes a value: as `f32` subtracts them.
    Full,
    /// A byte a value, and a scale for every [`BLOCK`] of them, or what is left at the end: `f32`, then the values as `i8`. A
    /// value is the byte times the scale, which is the largest size in the block over 127, so that it is off by at most 1/254
    /// of that size, or by 64 times the least number that `f32` has where that is more. Where a value of a block is not finite,
    /// its scale is NaN. Where the scale is zero, as of what has not learned, there are no bytes behind it.
    Eighth,
}

/// What was learned of a part of a network, such as a layer of its own: see [`Delta::of_parts`].
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    base: &'a [u8],
    learned: &'a [u8],
}

impl<'a> Part<'a> {
    /// A part of the base, such as `&TRAINED.output`, and what it has become.
    pub const fn new<P: Plain>(base: &'a P, learned: &'a P) -> Self {
        Self { base: bytes_of(base), learned: bytes_of(learned) }
    }

    /// What stands here for the value at an address of the base.
    fn at(&self, address: usize) -> Option<[u8; 4]> {
        let offset = address.checked_sub(self.base.as_ptr().addr())?;
        self.learned.get(offset..)?.first_chunk().copied()
    }

    /// Whether the base has it, in whole values.
    fn is_in(&self, base: &[u8]) -> bool {
        let offset = self.base.as_ptr().addr().checked_sub(base.as_ptr().addr());
        offset.is_some_and(|offset| {
            let end = offset.saturating_add(self.base.len());
            offset.is_multiple_of(4) && self.base.len().is_multiple_of(4) && end <= base.len()
        })
    }
}

/// The difference of a network that has learned from the one that it began as.
///
/// It owns nothing: both networks are lent, and the record is written piece by piece.
#[derive(Clone, Copy, Debug)]
pub struct Delta<'a, N> {
    base: &'a N,
    whole: Option<Part<'a>>,
    parts: &'a [Part<'a>],
    examples: u32,
}

impl<'a, N: Network + Plain> Delta<'a, N> {
    /// The difference of `learned` from `base`, the network of the model file, after so many examples.
    pub const fn new(base: &'a N, learned: &'a N, examples: u32) -> Self {
        const { Self::HAS_VALUES }
        Self { base, whole: Some(Part::new(base, learned)), parts: &[], examples }
    }

    /// The same where only parts have learned, and the board has no more of the network in RAM; the difference of what is in none
    /// of them is zero. `None` where a part is not one of the base, but of another network or a copy.
    pub fn of_parts(base: &'a N, parts: &'a [Part<'a>], examples: u32) -> Option<Self> {
        const { Self::HAS_VALUES }
        let are_in = parts.iter().all(|part| part.is_in(bytes_of(base)));
        are_in.then_some(Self { base, whole: None, parts, examples })
    }

    const HAS_VALUES: () =
        assert!(size_of::<N>() == 4 * N::ARCH.values(), "differences are of networks whose values are `f32`");

    /// Bytes of the record.
    pub fn len(&self, precision: Precision) -> usize {
        let bytes = self.differences_len(precision);
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
        let (length, length_len) = varint(self.differences_len(precision) as u32);
        let before: [&[u8]; 3] = [&MAGIC, &[VERSION], &(self.len(precision) as u32).to_le_bytes()];
        let behind: [&[u8]; 6] = [
            &N::FINGERPRINT.to_le_bytes(),
            &base.finalize().to_le_bytes(),
            &self.examples.to_le_bytes(),
            &[precision as u8],
            &(N::ARCH.values() as u32).to_le_bytes(),
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
        for base in bytes_of(self.base).as_chunks::<4>().0.chunks(BLOCK) {
            let values = || base.iter().map(|word| self.difference(word));
            match precision {
                Precision::Full => values().for_each(|value| sink(&value.to_le_bytes())),
                Precision::Eighth => eighth(values, sink),
            }
        }
    }

    /// Of a value of the base.
    fn difference(&self, base: &[u8; 4]) -> f32 {
        let address = base.as_ptr().addr();
        let mut parts = self.whole.iter().chain(self.parts);
        let learned = parts.find_map(|part| part.at(address));
        learned.map_or(0.0, |learned| f32::from_le_bytes(learned) - f32::from_le_bytes(*base))
    }

    fn differences_len(&self, precision: Precision) -> usize {
        match precision {
            Precision::Full => size_of::<N>(),
            Precision::Eighth => {
                let mut len = 0;
                self.differences(precision, &mut |bytes| len += bytes.len());
                len
            }
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
    // Rounded up, it would make the largest number infinite again.
    let scale = if scale * 127.0 == f32::INFINITY { scale.next_down() } else { scale };
    sink(&scale.to_le_bytes());
    // A NaN is no zero.
    if scale == 0.0 {
        return;
    }
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
