//! The network of the binary `keyword`, its features and the recordings that it hears, in flash.
//!
//! `keyword.neurona` was trained on sounds that are like words (`neurona-train`'s example `synthetic`); the WAV files in
//! `keyword/` are of the same kind, and it has not heard them. The folder that `NEURONA_MODEL_DIR` names may hold others of
//! both: `keyword/yes-1.wav` is a `yes`.

use neurona::model_file::Golden;
use neurona::prelude::*;
use neurona::signal::FeatureSpec;

neurona::features! {
    /// Half a second at 8 kHz to 24 columns of 10 coefficients: the conventions of MLPerf Tiny at half its sample rate.
    pub struct Sound = FeatureSpec { sample_rate: 8000, frame: 240, hop: 160, fft: 256, mels: 20, low: 100.0, ..FeatureSpec::MLPERF_TINY };
}

/// Columns of a decision, and from one decision to the next: recordings do not overlap.
pub const COLUMNS: usize = 24;

type Map = Image<12, 5, 16>;

neurona::network! {
    /// A small [`DsCnn`](neurona::zoo::DsCnn): 16 filters where that has 64, and two pairs of convolutions where that has four.
    pub struct Keyword: Image<COLUMNS, 10, 1> => [f32; 5] {
        conv: Conv2d<Image<COLUMNS, 10, 1>, Map, Kernel2d<10, 4, 2>, Relu, Same>,
        depthwise1: DepthwiseConv2d<Map, Map, Kernel2d<3>, Relu, Same>,
        pointwise1: Conv2d<Map, Map, Kernel2d<1>, Relu>,
        depthwise2: DepthwiseConv2d<Map, Map, Kernel2d<3>, Relu, Same>,
        pointwise2: Conv2d<Map, Map, Kernel2d<1>, Relu>,
        mean: GlobalAvgPool<Map>,
        output: Dense<16, 5>,
    }
}

/// The trained network, read in place.
pub static TRAINED: Keyword = neurona::include_model!(concat!(env!("OUT_DIR"), "/keyword.neurona"));

/// An input with the output that the trained network gives for it, to the last bit.
pub static GOLDEN: Golden<Keyword> = neurona::include_golden!(concat!(env!("OUT_DIR"), "/keyword.neurona"));

/// The names of the outputs.
pub static LABELS: [&str; 5] = neurona::include_labels!(Keyword, concat!(env!("OUT_DIR"), "/keyword.neurona"));

/// The recordings: what each is, and its samples, two bytes each.
pub static RECORDINGS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/keyword_recordings.rs"));

/// Columns of coefficients as the rows of an image.
pub fn image(columns: &Signal<COLUMNS, 10>) -> Option<&Image<COLUMNS, 10, 1>> {
    columns.as_flattened().as_chunks().0.as_chunks().0.first_chunk()
}

/// The name of the largest output, the first of them when there are several.
pub fn answer(y: &[f32; 5]) -> &'static str {
    let mut best = ("", f32::NEG_INFINITY);
    for (name, &sum) in LABELS.iter().zip(y) {
        if sum > best.1 {
            best = (name, sum);
        }
    }
    best.0
}
