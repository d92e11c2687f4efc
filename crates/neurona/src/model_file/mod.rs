//! The model file: how trained weights come to the board.
//!
//! A file is one [postcard] message: a magic number, the format's version, the length, a CRC-32 of every other byte, the
//! architecture, metadata, a golden example, and the tensors as bytes, little endian, in the order of the struct, at a
//! multiple of 16 from the file's start. The written specification is `docs/model-file.md` in the repository.
//!
//! There are three ways in:
//!
//! - [`include_model!`](crate::include_model) fills a static when the firmware is compiled. The weights stand in flash
//!   once and cost neither RAM nor start-up time; a file that does not fit is a compile error.
//! - [`view`] reads a file in place where it lies, aligned, in flash: a model that is updated in the field.
//! - [`load`] fills a network in RAM.
//!
//! A network is never built on the stack. What is wrong with a file is a [`LoadError`], which says what was expected
//! and what was found.
//!
//! [postcard]: https://postcard.jamesmunns.com/wire-format

mod cursor;
mod error;
mod include;

use crc::{CRC_32_ISO_HDLC, Crc, Table};

use crate::arch::{Canonical, LayerSpec};
use crate::network::Network;
use crate::plain::{self, Plain};
use cursor::Cursor;
pub use error::{LayerSummary, LoadError};
pub use include::{__golden, __labels_len, __labels_text, __network, __split};

#[cfg(target_endian = "big")]
compile_error!("the tensors of a model file are little endian, and are read in place: this target is big endian");

/// What a model file begins with.
pub const MAGIC: [u8; 8] = *b"neurona\0";

/// The newest version of the format, which the trainer writes; this crate reads it and those before it.
pub const VERSION: u16 = 2;

/// Where the length of the file stands, behind the magic number and the version.
pub const LENGTH_AT: usize = MAGIC.len() + 1;
/// Where the CRC stands, behind the length.
pub const CRC_AT: usize = LENGTH_AT + 4;
/// Where what depends on the architecture begins.
pub const BODY_AT: usize = CRC_AT + 4;

/// The tensors begin at a multiple of this from the file's start.
pub const ALIGNMENT: usize = 16;

/// A model file that fits an architecture, checked.
#[derive(Clone, Copy, Debug)]
pub struct ModelFile<'a> {
    name: &'a str,
    layers: Strings<'a>,
    labels: Strings<'a>,
    golden_input: &'a [u8],
    golden_output: &'a [u8],
    tensors: &'a [u8],
}

impl<'a> ModelFile<'a> {
    /// Checks that `bytes` are a whole file, of the architecture `arch`.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, in this order: magic number, version, length, CRC, architecture, the rest.
    pub const fn parse(bytes: &'a [u8], arch: &LayerSpec) -> Result<Self, LoadError> {
        if let Err(error) = check(bytes) {
            return Err(error);
        }
        let mut cursor = Cursor::at(bytes, BODY_AT);
        cursor = match match_architecture(cursor, arch) {
            Ok(cursor) => cursor,
            Err(error) => return Err(error),
        };
        let (fingerprint, mut cursor) = cursor.fixed::<8>();
        cursor.require(u64::from_le_bytes(fingerprint) == arch.fingerprint());

        // The metadata: name, layers, labels, data set, seed, tool, loss, metrics, and from version 2 on targets.
        let (name, cursor) = cursor.string();
        let (layers, cursor) = Strings::read(cursor);
        let (labels, cursor) = Strings::read(cursor);
        let (_, cursor) = cursor.string();
        let (_, cursor) = cursor.varint();
        let (_, cursor) = cursor.string();
        let (_, cursor) = cursor.string();
        let cursor = skip_metrics(cursor);
        let (version, _) = Cursor::at(bytes, MAGIC.len()).varint();
        let cursor = if version < 2 { cursor } else { Strings::read(cursor).1 };

        let (golden_input, cursor) = cursor.bytes();
        let (golden_output, cursor) = cursor.bytes();
        let (padding, cursor) = cursor.bytes();
        let (tensors, mut cursor) = cursor.bytes();
        cursor.require(padding.len() < ALIGNMENT && are_zeros(padding));
        cursor.require(labels_fit(labels.count, arch.outputs()));
        cursor.require(cursor.is_at_end() && (bytes.len() - tensors.len()).is_multiple_of(ALIGNMENT));
        cursor.require(golden_input.len() == 4 * arch.inputs() && golden_output.len() == 4 * arch.outputs());
        cursor.require(tensors.len() == 4 * arch.values());
        if cursor.is_malformed() {
            return Err(LoadError::Malformed);
        }
        Ok(Self { name, layers, labels, golden_input, golden_output, tensors })
    }

    /// The name of the network.
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The names of the layers.
    pub fn layers(&self) -> impl Iterator<Item = &'a str> {
        self.layers
    }

    /// The names of the classes, in the order of the outputs; none for a regression.
    pub fn labels(&self) -> impl Iterator<Item = &'a str> {
        self.labels
    }

    /// The names of the classes in a vector that has place for `N`.
    ///
    /// # Errors
    ///
    /// [`LoadError::Labels`] when there are more.
    pub fn labels_vec<const N: usize>(&self) -> Result<heapless::Vec<&'a str, N>, LoadError> {
        let mut labels = heapless::Vec::new();
        for label in self.labels {
            labels.push(label).map_err(|_| LoadError::Labels { expected: N, found: self.labels.count })?;
        }
        Ok(labels)
    }

    /// The input of the golden example, as bytes; the tensors' format.
    pub const fn golden_input(&self) -> &'a [u8] {
        self.golden_input
    }

    /// The output of the golden example, as bytes; every bit of it comes out on every board.
    pub const fn golden_output(&self) -> &'a [u8] {
        self.golden_output
    }

    /// The weights, as bytes: 32-bit floats, little endian, in the order of the struct.
    pub const fn tensors(&self) -> &'a [u8] {
        self.tensors
    }
}

/// An input, and the output that the network gives for it: with it a board proves itself.
#[derive(Debug)]
#[repr(C)]
pub struct Golden<N: Network> {
    /// The input.
    pub input: N::Input,
    /// The output, to the last bit.
    pub output: N::Output,
}

/// The file at the beginning of a flash partition that may be longer.
///
/// # Errors
///
/// When there is no model file, or more of it than the partition holds.
pub const fn at_start_of(partition: &[u8]) -> Result<&[u8], LoadError> {
    match length(partition) {
        Ok(length) => Ok(partition.split_at(length).0),
        Err(error) => Err(error),
    }
}

/// Sees the network of a file in place: nothing is copied.
///
/// # Errors
///
/// What [`ModelFile::parse`] finds wrong; [`LoadError::Misaligned`] when the tensors are not aligned, which they are
/// when the file is.
pub fn view<N: Network + Plain>(file: &[u8]) -> Result<&N, LoadError> {
    const { whole::<N>() }
    let parsed = ModelFile::parse(file, &N::ARCH)?;
    plain::view(parsed.tensors).ok_or(LoadError::Misaligned { expected: align_of::<N>() })
}

/// Fills a network with the weights of a file.
///
/// # Errors
///
/// What [`ModelFile::parse`] finds wrong; the network is then as it was.
pub fn load<N: Network + Plain>(network: &mut N, file: &[u8]) -> Result<(), LoadError> {
    const { whole::<N>() }
    let parsed = ModelFile::parse(file, &N::ARCH)?;
    if plain::fill(network, parsed.tensors) { Ok(()) } else { Err(LoadError::Malformed) }
}

/// Fails to compile for a network that has parts in flash.
const fn whole<N: Network>() {
    assert!(
        size_of::<N>() >= size_of::<f32>() * N::ARCH.values(),
        "this network has layers in flash (InFlash): read the file of the whole one, and copy what learns"
    );
}

/// Whether a network of so many outputs can have so many labels: none for a regression, one for each output, or for a
/// single output the two that it tells apart.
const fn labels_fit(labels: usize, outputs: usize) -> bool {
    labels == 0 || labels == outputs || (labels == 2 && outputs == 1)
}

const fn are_zeros(mut bytes: &[u8]) -> bool {
    while let [first, rest @ ..] = bytes {
        if *first != 0 {
            return false;
        }
        bytes = rest;
    }
    true
}

/// The length that the file says it has, of which `bytes` hold all.
const fn length(bytes: &[u8]) -> Result<usize, LoadError> {
    let cursor = Cursor::at(bytes, 0);
    let (magic, cursor) = cursor.fixed::<8>();
    if !cursor.is_malformed() && u64::from_le_bytes(magic) != u64::from_le_bytes(MAGIC) {
        return Err(LoadError::Magic);
    }
    let (version, cursor) = cursor.varint();
    if !cursor.is_malformed() && (version == 0 || version > VERSION as u64) {
        return Err(LoadError::Version { expected: VERSION, found: version });
    }
    let (length, cursor) = cursor.fixed::<4>();
    let length = u32::from_le_bytes(length) as usize;
    if cursor.is_malformed() || length < BODY_AT {
        return Err(LoadError::Truncated { expected: BODY_AT, found: bytes.len() });
    }
    if bytes.len() < length {
        return Err(LoadError::Truncated { expected: length, found: bytes.len() });
    }
    Ok(length)
}

/// Checks that `bytes` are a whole model file, of any architecture: magic number, version, length and CRC.
///
/// # Errors
///
/// The first of these that is wrong.
pub const fn check(bytes: &[u8]) -> Result<(), LoadError> {
    let length = match length(bytes) {
        Ok(length) => length,
        Err(error) => return Err(error),
    };
    if bytes.len() > length {
        return Err(LoadError::Trailing { expected: length, found: bytes.len() });
    }
    let (expected, _) = Cursor::at(bytes, CRC_AT).fixed::<4>();
    let (expected, found) = (u32::from_le_bytes(expected), crc(bytes));
    if found != expected {
        return Err(LoadError::Checksum { expected, found });
    }
    Ok(())
}

/// CRC-32 (ISO-HDLC, as in Ethernet, zip and PNG) of every byte of a file but the four of the CRC itself.
pub const fn crc(bytes: &[u8]) -> u32 {
    const CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);
    let (before, _) = bytes.split_at(if bytes.len() < CRC_AT { bytes.len() } else { CRC_AT });
    let (_, after) = bytes.split_at(if bytes.len() < BODY_AT { bytes.len() } else { BODY_AT });
    let mut digest = CRC.digest();
    digest.update(before);
    digest.update(after);
    digest.finalize()
}

/// Goes past the architecture, which must be `arch`.
const fn match_architecture<'a>(cursor: Cursor<'a>, arch: &LayerSpec) -> Result<Cursor<'a>, LoadError> {
    let whole = arch.encode(Canonical::against(cursor.rest()));
    if whole.equal() {
        return Ok(cursor.skip(whole.count()));
    }
    let LayerSpec::Chain(mut layers) = *arch else {
        return Err(LoadError::architecture(0, arch, cursor));
    };
    let (kind, inside) = cursor.varint();
    let (found, mut inside) = inside.varint();
    if kind != 0 {
        return Err(LoadError::Layers { expected: layers.len(), found: 1 });
    }
    let (count, mut index) = (layers.len(), 0);
    while let [layer, rest @ ..] = layers {
        let one = layer.encode(Canonical::against(inside.rest()));
        if !one.equal() && index < found as usize {
            return Err(LoadError::architecture(index, layer, inside));
        }
        inside = inside.skip(one.count());
        (layers, index) = (rest, index + 1);
    }
    Err(LoadError::Layers { expected: count, found: found as usize })
}

const fn skip_metrics(cursor: Cursor<'_>) -> Cursor<'_> {
    let (mut left, mut cursor) = cursor.varint();
    while left > 0 && !cursor.is_malformed() {
        (_, cursor) = cursor.string();
        (_, cursor) = cursor.fixed::<4>();
        left -= 1;
    }
    cursor
}

/// Strings one after another, of which it has been checked that they are there and are UTF-8.
#[derive(Clone, Copy, Debug)]
struct Strings<'a> {
    count: usize,
    cursor: Cursor<'a>,
}

impl<'a> Strings<'a> {
    const fn read(cursor: Cursor<'a>) -> (Self, Cursor<'a>) {
        let (count, start) = cursor.varint();
        let (mut left, mut cursor) = (count, start);
        while left > 0 && !cursor.is_malformed() {
            (_, cursor) = cursor.string();
            left -= 1;
        }
        (Self { count: count as usize, cursor: start }, cursor)
    }
}

impl<'a> Iterator for Strings<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.count = self.count.checked_sub(1)?;
        let string;
        (string, self.cursor) = self.cursor.string();
        Some(string)
    }
}
