//! The network of the binary `gesture`, and the stream of motion that it listens to, in flash.
//!
//! `gesture.neurona` was trained on windows of made-up motion (`neurona-train`'s example `synthetic`); `gesture.csv` is a
//! stream of the same kind that it has not seen. The folder that `NEURONA_MODEL_DIR` names may hold others of both.

use neurona::model_file::Golden;
use neurona::prelude::*;

/// Samples from one window to the next: a quarter of a second.
pub const HOP: usize = 30;

neurona::network! {
    /// A second of motion, three accelerations and three rates of turn, to rest and four gestures: the network
    /// [`MotionCnn`](neurona::zoo::MotionCnn) behind a standardisation.
    pub struct Gesture: Signal<119, 6> => [f32; 5] {
        standardize: Standardize<6, Signal<119, 6>>,
        conv1: Conv1d<Signal<119, 6>, Signal<28, 16>, Kernel1d<9, 4>, Relu>,
        conv2: Conv1d<Signal<28, 16>, Signal<12, 32>, Kernel1d<5, 2>, Relu>,
        mean: GlobalAvgPool<Signal<12, 32>>,
        output: Dense<32, 5>,
    }
}

/// The trained network, read in place.
pub static TRAINED: Gesture = neurona::include_model!(concat!(env!("OUT_DIR"), "/gesture.neurona"));

/// An input with the output that the trained network gives for it, to the last bit.
pub static GOLDEN: Golden<Gesture> = neurona::include_golden!(concat!(env!("OUT_DIR"), "/gesture.neurona"));

/// The names of the outputs.
pub static LABELS: [&str; 5] = neurona::include_labels!(Gesture, concat!(env!("OUT_DIR"), "/gesture.neurona"));

/// What lies between gestures.
pub const REST: &str = "rest";

/// What a sensor gave.
pub static STREAM: Motion = Motion(include_bytes!(concat!(env!("OUT_DIR"), "/gesture.bin")));

/// The names of what the samples of [`STREAM`] belong to.
static NAMES: &[&str] = &include!(concat!(env!("OUT_DIR"), "/gesture_names.rs"));

/// A stream of samples, a byte for what each belongs to and two for each value.
#[derive(Clone, Copy, Debug)]
pub struct Motion(&'static [u8]);

impl Motion {
    /// Each sample, with the name of what it belongs to.
    pub fn iter(self) -> impl Iterator<Item = (&'static str, [f32; 6])> {
        self.0.as_chunks().0.iter().map(|[name, bytes @ ..]: &[u8; 13]| {
            let mut sample = [0.0; 6];
            for (value, bytes) in sample.iter_mut().zip(bytes.as_chunks().0) {
                *value = f32::from(i16::from_le_bytes(*bytes));
            }
            (NAMES.get(usize::from(*name)).copied().unwrap_or_default(), sample)
        })
    }
}

/// The name of the largest output, the first of them when there are several.
pub fn answer(y: &[f32; 5]) -> &'static str {
    let mut best = (REST, f32::NEG_INFINITY);
    for (name, &sum) in LABELS.iter().zip(y) {
        if sum > best.1 {
            best = (name, sum);
        }
    }
    best.0
}

/// Makes decisions of the answers to overlapping windows: a gesture that two in a row say, once until another answer.
#[derive(Clone, Copy, Debug)]
pub struct Decider {
    said: &'static str,
    times: u32,
}

impl Decider {
    /// Before the first answer.
    pub const NEW: Self = Self { said: REST, times: 0 };

    /// Takes an answer, and gives the gesture that is decided with it.
    pub fn take(&mut self, answer: &'static str) -> Option<&'static str> {
        if answer != self.said {
            *self = Self { said: answer, times: 0 };
        }
        self.times = self.times.saturating_add(1);
        (self.times == 2 && answer != REST).then_some(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_windows_decide_once() {
        let mut decider = Decider::NEW;
        let answers = ["rest", "a", "rest", "a", "a", "a", "b", "b", "rest", "rest", "a", "a"];
        let decided = answers.map(|answer| decider.take(answer));
        assert_eq!(decided.map(Option::unwrap_or_default), ["", "", "", "", "a", "", "", "b", "", "", "", "a"]);
    }
}
