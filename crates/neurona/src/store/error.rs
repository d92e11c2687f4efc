//! What can go wrong: an enum for each operation.

use core::fmt;

use embedded_storage::nor_flash::NorFlashErrorKind;

/// Why a region of flash can hold no records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RegionError {
    /// The region does not begin and end where pages do.
    Misaligned {
        /// Bytes of a page, which is what the flash can erase at once.
        page: u32,
    },
    /// The region ends behind the end of the flash, or before its own beginning.
    OutOfBounds {
        /// Bytes of the flash.
        capacity: usize,
    },
    /// There is not room for two records that share no page.
    TooSmall {
        /// Bytes that the region needs.
        expected: u64,
        /// Bytes that it has.
        found: u32,
    },
}

/// Why nothing was saved. What was saved before is there as it was, but for a page that cannot be read as long as the save lasts,
/// where no other group of pages takes a record, as in a region of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SaveError {
    /// The flash cannot be read, or not steadily, so that the newest record may be there and not be seen; or it refused every
    /// free place.
    Flash(NorFlashErrorKind),
    /// What was written to every free place reads back as something else: the flash is worn out.
    Worn,
    /// There is no number for another record.
    Sequence,
    /// A value of the record, a parameter or a constant, is not finite: such a network is of no use after the next start.
    NotFinite,
    /// A layer gives [`visit`](crate::Learn::visit) more parameters than its gradient has.
    Length {
        /// Bytes that there is room for.
        expected: usize,
        /// Bytes of the weights.
        found: usize,
    },
}

/// Why nothing was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RestoreError {
    /// Nothing was ever saved here.
    Empty,
    /// There are records, and none of them is whole: power was lost in the first save, or all are damaged.
    Damaged,
    /// The newest record that is whole is of another network.
    Architecture {
        /// Fingerprint of this network.
        expected: u64,
        /// Fingerprint of the network that was saved.
        found: u64,
    },
    /// The newest record that is whole holds other parts of the network.
    Contents,
    /// There are records of another version of the format, and none of this one.
    Version {
        /// The version that this crate reads.
        expected: u8,
        /// The version of a record.
        found: u8,
    },
    /// The flash cannot be read, or not steadily, so that the newest record may be there and not be seen: load once more.
    Flash(NorFlashErrorKind),
    /// The record was whole, and reading it a second time, into the network, failed or gave other bytes. This alone leaves
    /// the network changed: load it again, or copy the trained one.
    Unstable,
}

impl fmt::Display for RegionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Misaligned { page } => {
                write!(f, "the region does not begin and end at multiples of a page of {page} bytes")
            }
            Self::OutOfBounds { capacity } => write!(f, "the region is not within the {capacity} bytes of the flash"),
            Self::TooSmall { expected, found } => {
                write!(f, "the region is too small: expected at least {expected} bytes, found {found}")
            }
        }
    }
}

impl fmt::Display for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flash(kind) => write!(f, "the flash failed: {}", text(*kind)),
            Self::Worn => f.write_str("the flash does not hold what is written to it"),
            Self::NotFinite => f.write_str("a value of the network is not finite"),
            Self::Sequence => f.write_str("the newest record has the last sequence number that there is"),
            Self::Length { expected, found } => {
                write!(f, "the weights take {found} bytes, and their gradient only {expected}")
            }
        }
    }
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("nothing was saved"),
            Self::Damaged => f.write_str("no record is whole"),
            Self::Architecture { expected, found } => {
                write!(f, "saved from another network: expected fingerprint {expected:016x}, found {found:016x}")
            }
            Self::Contents => f.write_str("saved from other parts of the network"),
            Self::Version { expected, found } => {
                write!(f, "saved in version {found} of the format, expected {expected}")
            }
            Self::Flash(kind) => write!(f, "the flash failed: {}", text(*kind)),
            Self::Unstable => f.write_str("the flash gave other bytes when it was read again: load once more"),
        }
    }
}

const fn text(kind: NorFlashErrorKind) -> &'static str {
    match kind {
        NorFlashErrorKind::NotAligned => "not aligned",
        NorFlashErrorKind::OutOfBounds => "out of bounds",
        _ => "an error of its driver",
    }
}

impl core::error::Error for RegionError {}
impl core::error::Error for SaveError {}
impl core::error::Error for RestoreError {}
