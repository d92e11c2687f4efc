//! What many boards have learned, averaged: federated averaging (McMahan and others 2017, "Communication-efficient learning of
//! deep networks from decentralized data").
//!
//! Boards send records of [`neurona::federated`]; [`merge`] makes a new model file of them.

use std::ops::Range;

use neurona::federated::{BLOCK, BODY_AT, CRC_AT, MAGIC, VERSION};
use serde::Deserialize;

use crate::model_file::{ModelFile, ModelFileError};
use crate::optim;

/// What a board has learned: the difference of its weights from those of a model file.
#[derive(Clone, Debug, PartialEq)]
pub struct Delta {
    /// Fingerprint of the architecture.
    pub fingerprint: u64,
    /// CRC-32 of the tensors that the difference is from.
    pub base: u32,
    /// How many examples were learned.
    pub examples: u32,
    /// The difference of each value of the tensors.
    pub values: Vec<f32>,
}

/// Why bytes are no record of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeltaError {
    /// They do not begin as one does.
    #[error("not a record of what a board has learned: it does not begin with `nrn-diff`")]
    Magic,
    /// It is of another version of the format.
    #[error("version {found} of the format, expected 1 or {VERSION}")]
    Version {
        /// The version of the record.
        found: u8,
    },
    /// It has another number of bytes than it says.
    #[error("expected {expected} bytes, found {found}")]
    Length {
        /// What the record says.
        expected: usize,
        /// What there is.
        found: usize,
    },
    /// A byte was changed.
    #[error("the checksum is wrong: expected {expected:08x}, found {found:08x}")]
    Checksum {
        /// What the record says.
        expected: u32,
        /// That of its bytes.
        found: u32,
    },
    /// The CRC is right and the content is not.
    #[error("malformed, though the checksum is right")]
    Malformed,
}

/// Why the record of a board is not merged.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is of another network.
    #[error("of another architecture")]
    Architecture,
    /// The board began with other weights than those of the base.
    #[error("from other weights than those of the base")]
    Base,
    /// It has learned nothing.
    #[error("no examples")]
    NoExamples,
    /// A difference is not a number, or infinite.
    #[error("not finite")]
    NotFinite,
    /// It is much longer than the others.
    #[error("its norm is {} times the median of the norms, {}", readable(*times), readable(*median))]
    Outlier {
        /// Its norm over the median.
        times: f64,
        /// The median of the norms that are not zero.
        median: f64,
    },
    /// It is much longer than the weights themselves.
    #[error("its norm is {} times that of the parameters of the base, {}", readable(*times), readable(*base))]
    Large {
        /// Its norm over that of the weights.
        times: f64,
        /// The norm of the weights.
        base: f64,
    },
}

/// A number of at least zero for a person: with few digits, and a power of ten where it would be long.
pub fn readable(x: f64) -> String {
    match x {
        _ if x == 0.0 || (1e-2..1e4).contains(&x) => format!("{x:.2}"),
        _ => format!("{x:.2e}"),
    }
}

/// Why nothing is merged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// No record is left.
    #[error("none of {of} records can be merged: the first is {first}")]
    Nothing {
        /// How many there were.
        of: usize,
        /// Why the first is refused.
        first: Refusal,
    },
    /// There is no record.
    #[error("there is no record to merge")]
    Empty,
    /// The bound for outliers is no number above 1.
    #[error("the bound for outliers is a number of at least 1, not {found}")]
    Bound {
        /// What it is.
        found: f64,
    },
    /// The new model file cannot be made.
    #[error(transparent)]
    ModelFile(#[from] ModelFileError),
}

/// A new model file, and what became of each record.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The base with the mean of the differences added, and the median of those of the constants.
    pub file: ModelFile,
    /// For each record, in their order, the norm of the difference of the parameters and whether it was refused.
    pub records: Vec<(f64, Option<Refusal>)>,
}

/// What stands behind the CRC, in each version of the format.
#[derive(Deserialize)]
struct Body {
    fingerprint: [u8; 8],
    base: [u8; 4],
    examples: [u8; 4],
    precision: [u8; 1],
}

impl Delta {
    /// Reads the record of a board.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, in this order: magic number, version, length, CRC, the rest.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DeltaError> {
        let Some((header, rest)) = bytes.split_first_chunk::<BODY_AT>() else {
            let starts_right = bytes.iter().zip(MAGIC).all(|(found, expected)| *found == expected);
            return Err(if starts_right {
                DeltaError::Length { expected: BODY_AT, found: bytes.len() }
            } else {
                DeltaError::Magic
            });
        };
        if !header.starts_with(&MAGIC) {
            return Err(DeltaError::Magic);
        }
        let version = header[8];
        if !(1..=VERSION).contains(&version) {
            return Err(DeltaError::Version { found: version });
        }
        let word = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (length, expected) = (word(9) as usize, word(CRC_AT));
        if length != bytes.len() {
            return Err(DeltaError::Length { expected: length, found: bytes.len() });
        }
        let found = crc(&[&header[..CRC_AT], rest]);
        if found != expected {
            return Err(DeltaError::Checksum { expected, found });
        }
        Self::from_body(rest, version).ok_or(DeltaError::Malformed)
    }

    fn from_body(bytes: &[u8], version: u8) -> Option<Self> {
        let (body, rest) = postcard::take_from_bytes::<Body>(bytes).ok()?;
        let (len, rest) = if version == 1 {
            (None, rest)
        } else {
            let (len, rest) = postcard::take_from_bytes::<[u8; 4]>(rest).ok()?;
            (Some(u32::from_le_bytes(len) as usize), rest)
        };
        let (differences, after) = postcard::take_from_bytes::<&[u8]>(rest).ok()?;
        let values = match body.precision {
            [0] => full(differences),
            [1] => eighth(differences, len),
            _ => None,
        }?;
        (after.is_empty() && len.is_none_or(|len| len == values.len())).then_some(Self {
            fingerprint: u64::from_le_bytes(body.fingerprint),
            base: u32::from_le_bytes(body.base),
            examples: u32::from_le_bytes(body.examples),
            values,
        })
    }

    /// The Euclidean norm of the difference of all values.
    pub fn norm(&self) -> f64 {
        norm(&self.values)
    }
}

fn full(bytes: &[u8]) -> Option<Vec<f32>> {
    let (values, rest) = bytes.as_chunks::<4>();
    rest.is_empty().then(|| values.iter().map(|value| f32::from_le_bytes(*value)).collect())
}

/// Blocks of so many values; of version 1, which does not say how many, as many as there are bytes for.
fn eighth(bytes: &[u8], len: Option<usize>) -> Option<Vec<f32>> {
    let (mut values, mut rest) = (Vec::new(), bytes);
    while let Some((scale, behind)) = rest.split_first_chunk() {
        let scale = f32::from_le_bytes(*scale);
        let left = len.map_or(Some(behind.len()), |len| len.checked_sub(values.len()))?;
        let size = left.min(BLOCK);
        if size == 0 {
            return None;
        }
        rest = if len.is_some() && scale == 0.0 {
            values.resize(values.len() + size, 0.0);
            behind
        } else {
            let (block, behind) = behind.split_at_checked(size)?;
            values.extend(block.iter().map(|byte| f32::from(*byte as i8) * scale));
            behind
        };
    }
    rest.is_empty().then_some(values)
}

fn crc(parts: &[&[u8]]) -> u32 {
    const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let mut digest = CRC.digest();
    parts.iter().for_each(|part| digest.update(part));
    digest.finalize()
}

/// CRC-32 of the tensors of a model file: what a board says it began with.
pub fn base_of(file: &ModelFile) -> u32 {
    let bytes: Vec<u8> = file.values().iter().flat_map(|value| value.to_le_bytes()).collect();
    crc(&[&bytes])
}

/// Adds the mean of the differences to a base, each weighted by its examples.
///
/// Refused is a record of another network or other weights, without examples, or with a number that is not finite; one whose norm
/// is more than `outlier` times that of the parameters of the base, unless these are all zero; and, where three records or more are
/// left that have changed something, one whose norm is more than `outlier` times the median of the norms of these. A board
/// counts with at most ten times the median of the examples, however many it says that it has learned. Sums are in `f64`, in
/// the order of the records.
///
/// # Constants
///
/// Norms are of the parameters, that is of what learning changes. What it does not, such as the means and scales of a
/// [`Standardize`](crate::Spec::Standardize) that a board [fills](neurona::statistics::RunningScale::fill) anew, is of the size of
/// the board's inputs: no norm of it says what is wild, and one board among many could spoil the mean. So of each constant the
/// median of the differences is added, whatever the examples: the middle one, or of the two in the middle of an even number the
/// one that is nearer to the base. It stays between those of the honest boards where more than half of the boards are honest; of a
/// single record it is what the record says. In a network with a layer of a user's own, of which it is not known what learns,
/// all values are parameters.
///
/// # Errors
///
/// No record is left: nothing is made.
pub fn merge(base: &ModelFile, deltas: &[Delta], outlier: f64) -> Result<Merged, MergeError> {
    if !(outlier >= 1.0 && outlier.is_finite()) {
        return Err(MergeError::Bound { found: outlier });
    }
    let (fingerprint, crc, learned) = (base.spec().fingerprint(), base_of(base), learned(base));
    let mut records: Vec<(f64, Option<Refusal>)> = deltas
        .iter()
        .map(|delta| {
            let refusal = if delta.fingerprint != fingerprint || delta.values.len() != base.values().len() {
                Some(Refusal::Architecture)
            } else if delta.base != crc {
                Some(Refusal::Base)
            } else if delta.examples == 0 {
                Some(Refusal::NoExamples)
            } else if !delta.values.iter().all(|value| value.is_finite()) {
                Some(Refusal::NotFinite)
            } else {
                None
            };
            let fits = delta.values.len() == base.values().len();
            (if fits { optim::norm(&delta.values, &learned) } else { delta.norm() }, refusal)
        })
        .collect();
    refuse_long_ones(&mut records, optim::norm(base.values(), &learned), outlier);
    let kept: Vec<&Delta> =
        deltas.iter().zip(&records).filter(|(_, record)| record.1.is_none()).map(|(d, _)| d).collect();
    if kept.is_empty() {
        let first = records.first().and_then(|record| record.1).ok_or(MergeError::Empty)?;
        return Err(MergeError::Nothing { of: deltas.len(), first });
    }
    let changes = changes(&kept, base.values().len(), &learned);
    let values = base.values().iter().zip(changes).map(|(value, change)| (f64::from(*value) + change) as f32).collect();
    let file = ModelFile::new(base.spec().clone(), values, base.metadata().clone(), base.golden().input.clone())?;
    Ok(Merged { file, records })
}

/// What is added to each value of the base: the weighted mean of the differences of what is `learned`, and the median of the others.
fn changes(kept: &[&Delta], values: usize, learned: &[Range<usize>]) -> Vec<f64> {
    let most = 10.0 * median(kept.iter().map(|delta| f64::from(delta.examples)).collect());
    let weight = |delta: &Delta| f64::from(delta.examples).min(most);
    let weights: f64 = kept.iter().map(|delta| weight(delta)).sum();
    let mut changes = vec![0.0; values];
    let starts = std::iter::once(0).chain(learned.iter().map(|range| range.end));
    let ends = learned.iter().map(|range| range.start).chain(std::iter::once(values));
    for at in starts.zip(ends).flat_map(|(start, end)| start..end) {
        changes[at] = median_near_zero(kept.iter().map(|delta| delta.values[at]).collect());
    }
    for range in learned {
        let changes = &mut changes[range.clone()];
        for delta in kept {
            let differences = &delta.values[range.clone()];
            changes.iter_mut().zip(differences).for_each(|(sum, value)| *sum += weight(delta) * f64::from(*value));
        }
        changes.iter_mut().for_each(|sum| *sum /= weights);
    }
    changes
}

/// Refuses what is longer than the parameters of the base, and then what is longer than the others.
fn refuse_long_ones(records: &mut [(f64, Option<Refusal>)], base: f64, outlier: f64) {
    let refuse = |records: &mut [(f64, Option<Refusal>)], of: f64, why: fn(f64, f64) -> Refusal| {
        for (norm, refusal) in records.iter_mut().filter(|record| record.1.is_none()) {
            if of > 0.0 && *norm > outlier * of {
                *refusal = Some(why(*norm / of, of));
            }
        }
    };
    refuse(records, base, |times, base| Refusal::Large { times, base });
    let left = records.iter().filter(|record| record.1.is_none()).map(|record| record.0);
    let changed: Vec<f64> = left.filter(|norm| *norm > 0.0).collect();
    if changed.len() >= 3 {
        refuse(records, median(changed), |times, median| Refusal::Outlier { times, median });
    }
}

/// Where the parameters are that learning changes, in their order; with a layer of a user's own, of which it is not known, all
/// values.
fn learned(base: &ModelFile) -> Vec<Range<usize>> {
    base.network().map_or_else(|_| std::iter::once(0..base.values().len()).collect(), |network| network.learned())
}

fn norm(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt()
}

/// The middle one, or of an even number the lower of the two in the middle; 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
}

/// The middle one, or of an even number that of the two in the middle which is nearer to zero; 0 of none.
fn median_near_zero(mut values: Vec<f32>) -> f64 {
    values.sort_by(f32::total_cmp);
    let middle = values.len() / 2;
    let [upper, lower] =
        [middle, values.len().saturating_sub(1) / 2].map(|at| values.get(at).copied().map_or(0.0, f64::from));
    if lower.abs() <= upper.abs() { lower } else { upper }
}
