//! The record: what is written in front of the weights, and how it is read again.

use core::mem::size_of;

use crc::{CRC_32_ISO_HDLC, Crc, Digest, Table};

use crate::kernel;
use crate::network::Network;
use crate::plain::{self, Plain};

/// What a record begins with.
pub const MAGIC: [u8; 8] = *b"nrn-save";

/// The version of the format that this crate writes and reads.
pub const VERSION: u8 = 1;

/// Bytes in front of the weights, at most: their length takes one to five.
pub const HEADER: usize = FIXED + 5;

/// Where the CRC stands, behind magic number, version and length.
pub(super) const CRC_AT: usize = 13;
/// Where what the CRC covers goes on.
pub(super) const BODY_AT: usize = CRC_AT + 4;
/// Bytes in front of the length of the weights.
const FIXED: usize = BODY_AT + 8 + 8 + 1 + 8 + 8;

pub(super) type Crc32 = Digest<'static, u32, Table<1>>;

/// A CRC of nothing yet.
pub(super) fn crc() -> Crc32 {
    static CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);
    CRC.digest()
}

/// What stands in front of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) crc: u32,
    pub(super) sequence: u64,
    pub(super) fingerprint: u64,
    pub(super) contents: u8,
    pub(super) layout: u64,
    pub(super) steps: u64,
    /// Bytes of the weights.
    pub(super) weights: u32,
}

/// What the beginning of a slot turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// No record of any version.
    Nothing,
    /// A record of another version.
    Version(u8),
    /// The beginning of a record, whose CRC nobody has checked, and how many bytes it is.
    Record(Header, usize),
}

impl Header {
    /// Whether both are of one network and of the same parts of it.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.fingerprint, self.contents, self.layout) == (other.fingerprint, other.contents, other.layout)
    }

    /// The bytes of the header, and how many of them there are.
    pub(super) fn encode(&self) -> ([u8; HEADER], usize) {
        let (varint, varint_len) = varint(self.weights);
        let len = FIXED + varint_len;
        let record = len as u32 + self.weights;
        let mut bytes = [0; HEADER];
        let fields: [&[u8]; 9] = [
            &MAGIC,
            &[VERSION],
            &record.to_le_bytes(),
            &self.crc.to_le_bytes(),
            &self.sequence.to_le_bytes(),
            &self.fingerprint.to_le_bytes(),
            &[self.contents],
            &self.layout.to_le_bytes(),
            &self.steps.to_le_bytes(),
        ];
        for (to, from) in bytes.iter_mut().zip(fields.into_iter().flatten().chain(&varint)) {
            *to = *from;
        }
        (bytes, len)
    }

    /// Reads what [`encode`](Self::encode) wrote; the CRC is not checked.
    pub(super) fn decode(bytes: &[u8; HEADER]) -> Start {
        let mut rest = &bytes[..];
        if take(&mut rest) != MAGIC {
            return Start::Nothing;
        }
        let [version] = take(&mut rest);
        if version != VERSION {
            return Start::Version(version);
        }
        let record = u32::from_le_bytes(take(&mut rest));
        let mut header = Header {
            crc: u32::from_le_bytes(take(&mut rest)),
            sequence: u64::from_le_bytes(take(&mut rest)),
            fingerprint: u64::from_le_bytes(take(&mut rest)),
            contents: take::<1>(&mut rest)[0],
            layout: u64::from_le_bytes(take(&mut rest)),
            steps: u64::from_le_bytes(take(&mut rest)),
            weights: 0,
        };
        for (place, byte) in rest.iter().enumerate() {
            header.weights |= u32::from(byte & 0x7f).wrapping_shl(7 * place as u32);
            if byte & 0x80 == 0 {
                let len = FIXED + place + 1;
                // The shortest form only, and no length that is not that of the record: so encoding gives the same bytes.
                let fits = varint(header.weights).1 == place + 1;
                let whole = (len as u32).checked_add(header.weights) == Some(record);
                return if fits && whole { Start::Record(header, len) } else { Start::Nothing };
            }
        }
        Start::Nothing
    }
}

/// The first bytes, of which there are enough.
fn take<const K: usize>(rest: &mut &[u8]) -> [u8; K] {
    match rest.split_first_chunk() {
        Some((first, others)) => {
            *rest = others;
            *first
        }
        None => [0; K],
    }
}

/// An integer as postcard writes it, and how many bytes it takes.
fn varint(mut value: u32) -> ([u8; 5], usize) {
    let (mut bytes, mut len) = ([0; 5], 0);
    for byte in &mut bytes {
        len += 1;
        *byte = value as u8 & 0x7f;
        value >>= 7;
        if value == 0 {
            break;
        }
        *byte |= 0x80;
    }
    (bytes, len)
}

/// Which values of a network a record holds: [`Whole`] or [`Learnt`].
pub trait Contents<N: Network> {
    /// The number of this kind in a record.
    const CODE: u8;

    /// Bytes that the values take, at most.
    const CAPACITY: usize;

    /// A hash of which values of the network these are, for networks of one architecture that learn different parts.
    fn layout(net: &mut N) -> u64;

    /// Whether none of the values is NaN or infinite.
    fn is_finite(net: &mut N) -> bool;

    /// Gives the bytes of the values to `sink`, slice by slice.
    fn read(net: &mut N, sink: &mut dyn FnMut(&[u8]));

    /// Fills the values, slice by slice, with what `source` writes into each.
    fn fill(net: &mut N, source: &mut dyn FnMut(&mut [u8]));
}

/// Every value of the network, constants such as those of [`Standardize`](crate::Standardize) too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {}

/// The values that learning changes, and nothing else: what is frozen stays that of the firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learnt {}

/// Which variant of a network it is: 0 where all values of the architecture are in it, and a hash of its parts where some are in
/// flash, so that places in memory do not tell which parts they are of.
const fn variant<N: Network>() -> u64 {
    if size_of::<N>() == 4 * N::ARCH.values() { 0 } else { N::PARTS }
}

impl<N: Network + Plain> Contents<N> for Whole {
    const CODE: u8 = 0;
    const CAPACITY: usize = size_of::<N>();

    fn layout(_: &mut N) -> u64 {
        variant::<N>()
    }

    fn is_finite(net: &mut N) -> bool {
        // A layer of a user's own may hold what is no `f32`; such a network has other bytes than those of its values.
        let all_are_numbers = size_of::<N>() == 4 * N::ARCH.values();
        let words = plain::bytes_of(net).as_chunks::<4>().0;
        let are_finite = !all_are_numbers || words.iter().all(|word| f32::from_le_bytes(*word).is_finite());
        are_finite && <Learnt as Contents<N>>::is_finite(net)
    }

    fn read(net: &mut N, sink: &mut dyn FnMut(&[u8])) {
        sink(plain::bytes_of(net));
    }

    fn fill(net: &mut N, source: &mut dyn FnMut(&mut [u8])) {
        source(plain::bytes_of_mut(net));
    }
}

impl<N: Network> Contents<N> for Learnt {
    const CODE: u8 = 1;
    const CAPACITY: usize = size_of::<N::Gradient>();

    fn layout(net: &mut N) -> u64 {
        let start = core::ptr::from_ref(net).addr();
        let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ variant::<N>();
        net.visit([], &mut |_, values, []| {
            let place = values.as_ptr().addr().wrapping_sub(start);
            let both = [place as u32, values.len() as u32].map(u32::to_le_bytes);
            for byte in both.as_flattened() {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        });
        hash
    }

    fn is_finite(net: &mut N) -> bool {
        let mut finite = true;
        net.visit([], &mut |_, parameters, []| finite &= kernel::is_finite(parameters));
        finite
    }

    fn read(net: &mut N, sink: &mut dyn FnMut(&[u8])) {
        net.visit([], &mut |_, values, []| values.iter().for_each(|value| sink(&value.to_le_bytes())));
    }

    fn fill(net: &mut N, source: &mut dyn FnMut(&mut [u8])) {
        net.visit([], &mut |_, values, []| {
            for value in values {
                let mut bytes = [0; 4];
                source(&mut bytes);
                *value = f32::from_le_bytes(bytes);
            }
        });
    }
}
