//! Counts against those of the literature, and against the pages of the types.

use super::*;
use crate::{Codes, ConnectionTable, Network, network::Ram};

/// Parameters and multiply-adds of a network, and RAM to infer.
fn check<N: Network>(params: usize, macs: u64, ram: usize) {
    assert_eq!((N::PARAMS, N::MACS), (params, macs));
    assert_eq!(size_of::<N>(), 4 * params, "nothing is stored besides");
    let Ram { inference, in_place, sgd, momentum, adam } = N::RAM;
    assert_eq!(inference, ram);
    assert_eq!([sgd - in_place, momentum - sgd, adam - momentum], [4 * params; 3]);
}

/// C. Banbury and others, "MLPerf Tiny benchmark", 2021, and its reference models in Keras, whose parameters are these and
/// four for each normalised output, which folding takes away.
#[test]
fn counts_of_mlperf_tiny() {
    check::<DsCnn>(24_908 - 4 * 9 * 64, 2_656_768, 64_048);
    check::<ResNet8>(78_666 - 4 * (3 * 16 + 2 * 32 + 2 * 64), 12_501_632, 196_648);
    check::<MobileNetV1>(221_794 - 4 * 2736, 7_489_664, 221_192);
    check::<ToyAdmosAutoencoder>(269_992 - 4 * (8 * 128 + 8), 264_192, 3584);
}

#[test]
fn counts_of_lenet() {
    // Of the paper's C1, C5 and F6, which are the same, and of a second convolution and an output without its tricks.
    check::<LeNet5>(156 + 48_120 + 10_164 + 16 * (25 * 6 + 1) + 10 * 85, 416_520, 23_560);
    assert_eq!(LeNet5::PARAMS, 61_706);
    // Section II.B of the paper, layer by layer: C1, S2, C3, S4, C5 and F6, of which it has 60,000 in all.
    check::<LeNet5Of1998>(156 + 12 + 1_516 + 32 + 48_120 + 10_164, 328096, 23560);
    assert_eq!(LeNet5Of1998::PARAMS, 60_000);
}

#[test]
fn counts_of_small_networks() {
    check::<MotionCnn>(16 * (9 * 6 + 1) + 32 * (5 * 16 + 1) + 5 * 33, 28 * 16 * 54 + 12 * 32 * 80 + 32 * 5, 3348);
    check::<MotionGru>(3 * 24 * 30 + 4 * 24 + 5 * 25, 119 * 3 * 24 * 30 + 24 * 5, 596);
    check::<AnomalyAutoencoder>(32 * 65 + 8 * 33 + 32 * 9 + 64 * 33, 2 * (64 * 32 + 32 * 8), 416);
}

/// The table of the paper: how many maps see how many, and each map of the sub-sampling is seen by ten.
#[test]
fn table_of_lenet() {
    let sees = <LeNet5Table as ConnectionTable>::SEES;
    let counts: [u32; 16] = core::array::from_fn(|filter| sees[filter].count_ones());
    assert_eq!(counts, [3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 6]);
    for map in 0..6 {
        assert_eq!(sees.iter().filter(|sees| **sees >> map & 1 == 1).count(), 10);
    }
}

/// Any two codes of the digits differ in as many places as their page says, and their pictures have all 84.
#[test]
fn codes_of_lenet() {
    let codes = <LeNet5Codes as Codes>::CODES;
    let distance = |one: usize, two: usize| {
        (0..2).map(|word| (codes[2 * one + word] ^ codes[2 * two + word]).count_ones()).sum::<u32>()
    };
    let pairs = (0..10).flat_map(|one| (0..one).map(move |two| distance(one, two)));
    assert_eq!(pairs.min(), Some(13));
    assert!(codes.chunks(2).all(|code| code[1] >> (84 - 64) == 0));
}

/// Each layer by the formula of its page: of a pair of convolutions `10 C + F (C + 1)`.
#[test]
fn pairs_of_mobilenet() {
    let channels = [8, 16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256];
    let pairs = channels.windows(2).map(|pair| 10 * pair[0] + pair[1] * (pair[0] + 1));
    assert_eq!(8 * 28 + pairs.sum::<usize>() + 2 * 257, MobileNetV1::PARAMS);
    let normalized: usize = 8 + channels.windows(2).map(|pair| pair[0] + pair[1]).sum::<usize>();
    assert_eq!(normalized, 2736);
}
