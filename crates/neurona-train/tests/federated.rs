//! A hundred boards with different users learn, and send what they learned: what the merged model brings.

#[allow(dead_code)]
mod board;
mod fleet;

use neurona::{
    Network as _,
    federated::{Delta as Record, Precision},
    prelude::*,
};
use neurona_train::{
    Spec,
    federated::{Delta, DeltaError, MergeError, Refusal, base_of, merge},
    model_file::{Metadata, ModelFile},
};

neurona::network! {
    struct Line: [f32; 1] => [f32; 1] {
        standardize: Standardize<1>,
        line: Dense<1, 1>,
    }
}

fn line(weight: f32, bias: f32) -> Line {
    Line { standardize: Standardize::new([1.0], [2.0]), line: Dense::new([[weight]], [bias]) }
}

fn base() -> ModelFile {
    ModelFile::new(Spec::from(&Line::ARCH), vec![1.0, 2.0, 0.5, -1.0], Metadata::default(), vec![3.0]).expect("it fits")
}

fn record(weight: f32, bias: f32, examples: u32, precision: Precision) -> Vec<u8> {
    let (base, learned) = (line(0.5, -1.0), line(weight, bias));
    let mut bytes = Vec::new();
    let delta = Record::new(&base, &learned, examples);
    delta.write(precision, &mut |piece| bytes.extend_from_slice(piece));
    assert_eq!(bytes.len(), delta.len(precision));
    bytes
}

fn delta(weight: f32, bias: f32, examples: u32) -> Delta {
    Delta::from_bytes(&record(weight, bias, examples, Precision::Full)).expect("a whole record")
}

#[test]
fn the_mean_is_weighted_by_examples() {
    let merged = merge(&base(), &[delta(1.5, -1.0, 30), delta(0.5, 3.0, 10)], 3.0).expect("two records");
    assert_eq!(merged.file.values(), [1.0, 2.0, 0.5 + 0.75, -1.0 + 1.0]);
    assert_eq!(merged.records, [(1.0, None), (4.0, None)]);
    // The golden example is that of the new weights: 1.25 * 2 (3 - 1) + 0.
    assert_eq!(merged.file.golden().output, [5.0]);
}

#[test]
fn what_is_no_honest_record_is_refused() {
    let mut other = delta(1.5, 0.0, 5);
    other.fingerprint ^= 1;
    let mut from = delta(1.5, 0.0, 5);
    from.base ^= 1;
    let deltas = [
        delta(1.5, -1.0, 5),
        delta(0.5, 0.0, 5),
        delta(1.0, -1.0, 5),
        delta(1e6, 0.0, 5),
        other,
        from,
        delta(1.5, 0.0, 0),
        delta(f32::NAN, 0.0, 5),
        delta(f32::INFINITY, 0.0, 5),
        delta(0.5, -2.0, u32::MAX),
    ];
    let merged = merge(&base(), &deltas, 3.0).expect("some are left");
    let refused: Vec<Option<Refusal>> = merged.records.iter().map(|record| record.1).collect();
    assert!(matches!(refused[3], Some(Refusal::Outlier { times }) if times > 9e5));
    assert_eq!(
        refused[4..9],
        [
            Some(Refusal::Architecture),
            Some(Refusal::Base),
            Some(Refusal::NoExamples),
            Some(Refusal::NotFinite),
            Some(Refusal::NotFinite),
        ]
    );
    assert_eq!((refused[..3].to_vec(), refused[9]), (vec![None; 3], None));
    // Of 5, 5, 5 and ten times 5 examples.
    assert_eq!(merged.file.values()[2..], [0.5 + 7.5 / 65.0, -1.0 + (5.0 - 50.0) / 65.0]);
    assert!(matches!(
        merge(&base(), &deltas[6..8], 3.0),
        Err(MergeError::Nothing { of: 2, first: Refusal::NoExamples })
    ));
    assert!(matches!(merge(&base(), &[], 3.0), Err(MergeError::Empty)));
    for bound in [0.5, f64::NAN, f64::INFINITY] {
        assert!(matches!(merge(&base(), &deltas, bound), Err(MergeError::Bound { .. })));
    }
}

/// A byte a value is off by at most 1/254 of the largest of its block, and its scale by a rounding.
#[test]
fn eight_bits_are_near_enough() {
    let exact = delta(1.5, -1.3, 7);
    let near = Delta::from_bytes(&record(1.5, -1.3, 7, Precision::Eighth)).expect("a whole record");
    assert_eq!((near.fingerprint, near.base, near.examples), (exact.fingerprint, base_of(&base()), 7));
    for (near, exact) in near.values.iter().zip(&exact.values) {
        assert!((near - exact).abs() <= 1.0 / 254.0 * (1.0 + 4.0 * f32::EPSILON));
    }
    let not = Delta::from_bytes(&record(f32::INFINITY, 0.0, 7, Precision::Eighth)).expect("a whole record");
    assert!(not.values.iter().all(|value| value.is_nan()));
}

/// The bytes of a record of each precision: they are read for as long as the format exists.
#[test]
fn records_have_these_bytes() {
    let hex = |bytes: Vec<u8>| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    assert_eq!(hex(record(1.5, -1.5, 300, Precision::Full)), FULL);
    assert_eq!(hex(record(1.5, -1.5, 300, Precision::Eighth)), EIGHTH);
}

const FULL: &str =
    "6e726e2d646966660133000000e99791ebb80a9ce6a620bafdab867fd22c010000001000000000000000000000803f000000bf";
const EIGHTH: &str = "6e726e2d64696666012b000000db35626ab80a9ce6a620bafdab867fd22c01000001080402013c00007fc0";

#[test]
fn every_truncation_and_every_flipped_bit_is_an_error() {
    let bytes = record(1.5, -1.5, 300, Precision::Eighth);
    for length in 0..bytes.len() {
        let found = Delta::from_bytes(&bytes[..length]);
        assert!(matches!(found, Err(DeltaError::Length { .. })), "{length}: {found:?}");
    }
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(Delta::from_bytes(&flipped).is_err(), "bit {bit}");
    }
    assert!(Delta::from_bytes(&[bytes, vec![0]].concat()).is_err());
}

/// After five rounds the merged model reads the digits of writers that it has not met better than the base, and of two boards
/// that send garbage nothing is left in it. With fewer than 100 boards and one seed, to be quick; `--example federated` has
/// the whole.
#[test]
fn many_boards_learn_from_one_another() {
    let digits = board::digits::read().expect("they are part of the repository");
    let round = fleet::run(&digits, 30, 5, Precision::Eighth, 1).expect("it goes well");
    assert_eq!(round.refused, 2);
    let [before, after] = [round.before, *round.after.last().expect("a round")];
    // Each of some 360 digits: a share of 0.6 has a deviation of 2.6 points, and the gain is several of them.
    assert!(after > before + 8.0, "{before} before, {after} after");
}
