//! Networks that are fed one time step a call, and windows that slide over samples.
//!
//! A network over a [`Signal`](crate::shape::Signal) takes a whole window at once. Made with the word `stream` it can also be
//! fed sample by sample, in its own time: what lasts from call to call is a state that the caller owns.
//!
//! ```
//! use neurona::prelude::*;
//!
//! neurona::network! {
//!     /// A second of motion, at 64 samples of three axes, to two gestures.
//!     pub stream struct Gesture: Signal<64, 3> => [f32; 2] {
//!         features: Conv1d<Signal<64, 3>, Signal<32, 8>, Kernel1d<5, 2>, Relu, Causal>,
//!         memory: Gru<32, 8, 12>,
//!         output: Dense<12, 2>,
//!     }
//! }
//!
//! let net = Gesture::ZERO; // on a board: in flash
//! let mut streaming = Streaming::<Gesture>::ZERO; // on a board: in a static
//! let samples = [[0.1, 0.2, 9.8]; 64];
//! let mut last = [0.0; 2];
//! for sample in &samples {
//!     // The convolution moves by 2: there is an output for every second sample.
//!     if let Some(output) = net.feed(sample, &mut streaming) {
//!         last = *output;
//!     }
//! }
//!
//! let mut memory = Inference::<Gesture>::ZERO;
//! assert_eq!(last, *net.infer(&samples, &mut memory));
//! assert_eq!(Gesture::TIMING, Timing { delay: 0, every: 2 });
//! ```
//!
//! # The same bits
//!
//! Fed the samples of a window after a [reset](State::reset), a stream gives each cell of a window's output with the same
//! bits, one after another. Where the output is a vector, such as the last state, it is after each step that of a window
//! which ends there, and after the last one that of the window. The number of steps of the type does not bound a stream: a
//! sequence may be shorter than the window, or go on for ever.
//!
//! # What streams
//!
//! | layer | in a step | state |
//! | ----- | --------- | ----- |
//! | [`Rnn`](crate::Rnn), [`Gru`](crate::Gru), [`Lstm`](crate::Lstm), [`EchoState`](crate::EchoState) | one step; the state that it leaves is given | that, and room for a step |
//! | [`Conv1d`](crate::Conv1d), [`DepthwiseConv1d`](crate::DepthwiseConv1d), [`TableConv1d`](crate::TableConv1d), [`MaxPool`](crate::MaxPool), [`AvgPool`](crate::AvgPool) | one place of the window, every stride-th sample | [`Ring`](crate::Ring): the samples of a window |
//! | [`GlobalMaxPool`](crate::GlobalMaxPool), [`GlobalAvgPool`](crate::GlobalAvgPool) | the largest or the mean since the reset | a value for each channel, and a count |
//! | [`Scale`](crate::Scale), [`Standardize`](crate::Standardize) | one cell | none |
//! | [`Dense`](crate::Dense), [`Softmax`](crate::Softmax), [`Rescale`](crate::Rescale), [`OutputCodes`](crate::OutputCodes) | the vector that the layer before gives | none |
//! | [`Residual`](crate::Residual), [`Projected`](crate::Projected), [`Concat`](crate::Concat) | both ways | those of both |
//! | [`Frozen`](crate::Frozen), [`InFlash`](crate::InFlash), [`BiasOnly`](crate::BiasOnly), [`SomeRows`](crate::SomeRows) | what they hold | that of it |
//! | a network made with `stream` | its layers | those of its layers |
//!
//! A window that looks ahead of the newest sample ([`Same`](crate::shape::Same) padding, or padding after the signal) does not
//! stream, nor does what needs all cells at once ([`Flatten`](crate::Flatten)). Neither compiles; a layer that never streams is
//! an error on its own line:
//!
//! ```compile_fail
//! # use neurona::prelude::*;
//! neurona::network! {
//!     pub stream struct Gesture: Signal<64, 3> => [f32; 2] {
//!         features: Conv1d<Signal<64, 3>, Signal<32, 8>, Kernel1d<5, 2>, Relu, Causal>,
//!         flat: Flatten<Signal<32, 8>, 256>, // cannot be fed sample by sample
//!         output: Dense<256, 2>,
//!     }
//! }
//! ```
//!
//! The cost of a step is that of one cell of each layer which has its turn, not that of a window.
//!
//! # NaN
//!
//! A NaN, once in a recurrent state, in a mean or in a maximum, stays until the reset; a convolution and
//! pooling give numbers again when their window has passed it, and have forgotten it after as many samples as the window has, times
//! the dilation. [`State::is_finite`] says whether a state holds one, or an infinity; nothing resets itself.

mod network;
mod sliding;

pub use sliding::Sliding;

use crate::layer::Layer;
use crate::plain::Zero;
use crate::shape::{Shaped, Tensor};

/// One time step of a signal, `[f32; CHANNELS]`; of a vector, all of it.
pub type Sample<T> = <T as Shaped>::Channels;

/// When a layer that is fed sample by sample gives outputs.
///
/// ```
/// use neurona::prelude::*;
///
/// // A window of 5 samples that moves by 2 is first full with the fifth sample.
/// type Edges = Conv1d<Signal<64, 3>, Signal<30, 8>, Kernel1d<5, 2>>;
/// assert_eq!(Edges::TIMING, Timing { delay: 4, every: 2 });
/// assert_eq!(Edges::TIMING.then(Edges::TIMING), Timing { delay: 4 + 2 * 4, every: 4 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Timing {
    /// Number of samples before the one that gives the first output.
    pub delay: usize,
    /// From then on, every so many samples give an output.
    pub every: usize,
}

impl Timing {
    /// An output for each sample.
    pub const EACH: Self = Self { delay: 0, every: 1 };

    /// That of a layer and another one behind it.
    pub const fn then(self, next: Self) -> Self {
        Self { delay: self.delay + self.every * next.delay, every: self.every * next.every }
    }

    /// Whether both are the same: `==` in a const context.
    pub const fn equals(self, other: Self) -> bool {
        self.delay == other.delay && self.every == other.every
    }
}

/// What lasts from step to step of a stream. [`Zero`] is the state in which it begins.
///
/// ```
/// use neurona::prelude::*;
///
/// let (sum, mut streaming) = (Rnn::<9, 1, 1, Last, Identity>::new([[1.0]], [[1.0]], [0.0]), Streaming::ZERO);
/// sum.feed(&[f32::NAN], &mut streaming);
/// sum.feed(&[1.0], &mut streaming);
/// assert!(!streaming.is_finite()); // a sum that had a NaN in it is none
/// streaming.reset();
/// assert_eq!(sum.feed(&[1.0], &mut streaming), Some(&[1.0]));
/// ```
pub trait State: Zero {
    /// Whether it holds neither NaN nor an infinity. Where it does, so may outputs, until a [reset](Self::reset).
    fn is_finite(&self) -> bool;

    /// Makes it that of the beginning.
    fn reset(&mut self) {
        self.clear();
    }
}

impl State for () {
    fn is_finite(&self) -> bool {
        true
    }
}

/// Whether none of the values is NaN or infinite.
pub(crate) fn all_finite<T: Tensor>(values: &T) -> bool {
    values.is_finite()
}

/// A layer that can be fed one time step a call.
///
/// Every network made with `stream` is one: see the [module](self). A layer by itself is one too:
///
/// ```
/// use neurona::prelude::*;
///
/// let fading: Rnn<3, 1, 1, Last, Identity> = Rnn::new([[1.0]], [[0.5]], [0.0]);
/// let mut streaming = Streaming::ZERO;
/// assert_eq!(fading.feed(&[4.0], &mut streaming), Some(&[4.0]));
/// assert_eq!(fading.feed(&[0.0], &mut streaming), Some(&[2.0]));
/// streaming.reset();
/// assert_eq!(fading.feed(&[0.0], &mut streaming), Some(&[0.0]));
/// ```
///
/// To feed a layer of your own, implement [`step`](Self::step): given the samples of a window after a reset, it gives the cells
/// of the window's output, with the same bits.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be fed sample by sample",
    note = "`neurona::stream` lists the layers that can; a network can if it is made with `stream struct`"
)]
pub trait Stream: Layer<Input: Shaped, Output: Shaped> {
    /// What lasts from step to step, `()` for nothing.
    type State: State;

    /// When there are outputs.
    const TIMING: Timing;

    /// Why it cannot be fed sample by sample with these sizes, as a sentence for the compiler to say.
    const STREAM_FAULT: Option<&'static str> = None;

    /// Takes a time step; true when it gave the output `y`, which is else left as anything.
    fn step(&self, x: &Sample<Self::Input>, y: &mut Sample<Self::Output>, state: &mut Self::State) -> bool;

    /// Takes a time step, and gives the output if there is one: see [`Self::TIMING`].
    fn feed<'s>(&self, x: &Sample<Self::Input>, streaming: &'s mut Streaming<Self>) -> Option<&'s Sample<Self::Output>>
    where
        Self: Sized,
    {
        const { streams::<Self>() }
        let Streaming { y, state } = streaming;
        self.step(x, y, state).then_some(y)
    }
}

/// Fails to compile where a layer cannot be fed sample by sample.
#[doc(hidden)]
pub const fn streams<L: Stream>() {
    if let Some(fault) = L::STREAM_FAULT {
        panic!("{}", fault)
    }
}

/// What a stream needs besides the network and the sample: its output, and what lasts from step to step.
///
/// Its size is a constant of the type.
///
/// ```
/// use neurona::prelude::*;
///
/// type Smooth = AvgPool<Signal<64, 3>, Signal<61, 3>, Kernel1d<4>>;
/// // Four samples of three channels and four counters, and an output.
/// assert_eq!(size_of::<Streaming<Smooth>>(), 4 * (4 * 3 + 4) + 4 * 3);
/// ```
#[derive(Debug)]
#[repr(C)]
pub struct Streaming<N: Stream> {
    y: Sample<N::Output>,
    state: N::State,
}

crate::__zero!([allow(unsafe_code)] [N: Stream] Streaming<N>, Sample<N::Output>, N::State);

impl<N: Stream> State for Streaming<N> {
    fn is_finite(&self) -> bool {
        self.state.is_finite()
    }
}

impl<N: Stream> Streaming<N> {
    /// What lasts from step to step.
    pub fn state(&self) -> &N::State {
        &self.state
    }
}
