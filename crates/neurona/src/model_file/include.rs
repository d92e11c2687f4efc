//! Model files that are part of the firmware.

use super::{Golden, ModelFile, Strings};
use crate::network::Network;
use crate::plain::{self, Plain};

/// Fills a static with the weights of a model file when the firmware is compiled.
///
/// ```
/// use neurona::model_file::Golden;
/// use neurona::prelude::*;
///
/// neurona::network! {
///     pub struct Sample: [f32; 3] => [f32; 2] {
///         rescale: Rescale<3, { 0.5_f32.to_bits() }>,
///         standardize: Standardize<3>,
///         hidden: Dense<3, 4, LeakyRelu>,
///         output: Dense<4, 2, Sigmoid>,
///         share: Softmax<2>,
///     }
/// }
///
/// # macro_rules! sample { () => { concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/v1.neurona") } }
/// # #[cfg(any())]
/// static SAMPLE: Sample = neurona::include_model!("sample.neurona");
/// # static SAMPLE: Sample = neurona::include_model!(sample!());
/// # #[cfg(any())]
/// static GOLDEN: Golden<Sample> = neurona::include_golden!("sample.neurona");
/// # static GOLDEN: Golden<Sample> = neurona::include_golden!(sample!());
/// # #[cfg(any())]
/// static LABELS: [&str; 2] = neurona::include_labels!(Sample, "sample.neurona");
/// # static LABELS: [&str; 2] = neurona::include_labels!(Sample, sample!());
///
/// let mut memory = Inference::<Sample>::ZERO;
/// assert_eq!(*SAMPLE.infer(&GOLDEN.input, &mut memory), GOLDEN.output);
/// assert_eq!(LABELS[0], "no");
/// ```
///
/// The path is relative to the source file, as for [`include_bytes!`]. The weights stand in flash once and are read in
/// place: they cost no RAM and no time at start-up. A file that is damaged or belongs to another architecture is a
/// compile error that says what was expected and what was found.
#[macro_export]
macro_rules! include_model {
    ($path:expr $(,)?) => {{
        const FILE: &[u8] = ::core::include_bytes!($path);
        $crate::model_file::__network(FILE)
    }};
}

/// Fills a static with the golden example of a model file: see [`include_model!`](crate::include_model).
#[macro_export]
macro_rules! include_golden {
    ($path:expr $(,)?) => {{
        const FILE: &[u8] = ::core::include_bytes!($path);
        $crate::model_file::__golden(FILE)
    }};
}

/// The labels of a model file, without the rest of it: see [`include_model!`](crate::include_model).
///
/// Another number of labels than the file has is a compile error.
#[macro_export]
macro_rules! include_labels {
    ($network:ty, $path:expr $(,)?) => {{
        const FILE: &[u8] = ::core::include_bytes!($path);
        const TEXT: [u8; $crate::model_file::__labels_len::<$network>(FILE)] =
            $crate::model_file::__labels_text::<$network, _>(FILE);
        static COPY: [u8; TEXT.len()] = TEXT;
        $crate::model_file::__split::<$network, _>(FILE, &COPY)
    }};
}

const fn parse<N: Network>(file: &'static [u8]) -> ModelFile<'static> {
    match ModelFile::parse(file, &N::ARCH) {
        Ok(parsed) => parsed,
        Err(error) => panic!("{}", error.text().as_str()),
    }
}

#[doc(hidden)]
pub const fn __network<N: Network + Plain>(file: &'static [u8]) -> N {
    const { super::whole::<N>() }
    plain::read(parse::<N>(file).tensors)
}

#[doc(hidden)]
pub const fn __golden<N: Network>(file: &'static [u8]) -> Golden<N> {
    let parsed = parse::<N>(file);
    Golden { input: plain::read(parsed.golden_input), output: plain::read(parsed.golden_output) }
}

#[doc(hidden)]
pub const fn __labels_len<N: Network>(file: &'static [u8]) -> usize {
    let Strings { mut count, mut cursor } = parse::<N>(file).labels;
    let (mut len, mut label) = (0, "");
    while count > 0 {
        (label, cursor) = cursor.string();
        len += label.len();
        count -= 1;
    }
    _ = label;
    len
}

#[doc(hidden)]
pub const fn __labels_text<N: Network, const LEN: usize>(file: &'static [u8]) -> [u8; LEN] {
    let Strings { mut count, mut cursor } = parse::<N>(file).labels;
    let (mut text, mut at) = ([0; LEN], 0);
    while count > 0 {
        let (label, next) = cursor.string();
        text.split_at_mut(at).1.split_at_mut(label.len()).0.copy_from_slice(label.as_bytes());
        at += label.len();
        (cursor, count) = (next, count - 1);
    }
    text
}

#[doc(hidden)]
pub const fn __split<N: Network, const K: usize>(file: &'static [u8], text: &'static [u8]) -> [&'static str; K] {
    let Strings { count, mut cursor } = parse::<N>(file).labels;
    assert!(count == K, "the array has another length than the model file has labels");
    let (mut labels, mut rest, mut i) = ([""; K], text, 0);
    while i < K {
        let (label, next) = cursor.string();
        let (mine, others) = rest.split_at(label.len());
        labels[i] = match str::from_utf8(mine) {
            Ok(label) => label,
            Err(_) => panic!("model file malformed"),
        };
        (cursor, rest, i) = (next, others, i + 1);
    }
    labels
}
