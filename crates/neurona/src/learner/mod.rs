//! Learning: how examples change a network.
//!
//! A [`Learner`] joins a network, a [loss](crate::Loss), a [rule](Rule) and the memory that the rule needs. The rule says how
//! the gradient of an example changes the network:
//!
//! | rule         | step                                                                              | RAM beside the weights             |
//! | ------------ | --------------------------------------------------------------------------------- | ---------------------------------- |
//! | [`InPlace`]  | each example by itself, into the weights as its gradient arises                   | a [`Workspace`]                    |
//! | [`Sgd`]      | `w -= r g`, g the mean gradient of a mini-batch                                   | and a [`Gradient`](crate::Gradient) |
//! | [`Momentum`] | `v = m v + g`, `w -= r v`; or Nesterov's                                          | and two of them                    |
//! | [`Adam`]     | `w -= r m / (sqrt(s) + epsilon)`, with corrected means m of g and s of `g^2`      | and three of them                  |
//!
//! Each rule has a [`Schedule`] for its rate r, and makes small the loss plus `l1 sum of |w| + l2 / 2 sum of w^2` over the
//! weights; biases are free. Mini-batches can be [clipped](Clip). Rules, penalties and their order are those of
//! `neurona-train`.
//!
//! ```
//! use neurona::prelude::*;
//!
//! neurona::network! {
//!     struct Line: [f32; 1] => [f32; 1] { line: Dense<1, 1> }
//! }
//!
//! // On a board both are statics.
//! let (mut net, mut memory) = (Line::ZERO, Learning::ZERO);
//! let rule = Momentum { batch: 3, ..Momentum::new(0.02, 0.9) };
//! let mut learner = Learner::new(&mut net, &mut memory, SquaredError, rule);
//! for _ in 0..200 {
//!     for (x, y) in [(0.0, -1.0), (1.0, 1.0), (2.0, 3.0)] {
//!         learner.learn(&[x], &[y]);
//!     }
//! }
//! assert_eq!(learner.progress().steps, 200);
//! assert!((net.line.weights[0][0] - 2.0).abs() < 1e-3);
//! ```
//!
//! # What is refused
//!
//! An example is refused, and [counted](Progress::refused), where its input, its loss or the gradient of its output is not
//! finite; a mini-batch is, where a component of its gradient is not, or is larger than [`MAX_GRADIENT`]. Both are where a
//! constant of the rule is out of the range that its documentation tells, such as a rate that is negative or NaN. Nothing of it
//! reaches the network: weights, velocity and the means of Adam are to the bit what they were.
//!
//! In place there is no gradient to look at before the first weight changes. Each layer looks at its own before it learns, on the
//! way back from the output; from the one where it is larger than [a limit](InPlace::limit) on no layer learns, and the example
//! is refused as [`Refused::Layer`]: those behind that layer have learned.
//!
//! So no weight ever becomes infinite or NaN by learning. What is finite and wrong, such as a false label, is for a [`Guard`]: on
//! a worse score in a reference set the network goes back to what it was. What is finite and wild, such as an input of 10^15 from
//! a loose wire, is for it too, or for a limit in place and a [`Clip`] in mini-batches.

mod batch;
mod guard;
mod rule;

pub use batch::{Adam, Clip, Descent, MiniBatch, Moments, Momentum, Optimizer, Sgd, Velocity};
pub use guard::{Guard, Verdict};
pub use rule::{Backward, InPlace, MAX_GRADIENT, MAX_RATE, Rule, Schedule};

use core::fmt;

use crate::layer::Learn;
use crate::loss::Loss;
use crate::network::Workspace;
use crate::plain::{Numbers as _, Zero};

/// What learning needs besides the network: a [`Workspace`], the memory of the rule, and four counts.
#[repr(C)]
pub struct Learning<N: Learn, R: Rule> {
    workspace: Workspace<N>,
    memory: R::Memory<N>,
    progress: Progress,
}

crate::__zero!([allow(unsafe_code)] [N: Learn, R: Rule] Learning<N, R>, Workspace<N>, R::Memory<N>, Progress);

/// How far learning has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Progress {
    /// Number of steps that were taken; the schedule of the rate counts them.
    pub steps: u32,
    /// Number of examples and mini-batches that were refused.
    pub refused: u32,
    /// Number of examples in the mini-batch so far.
    pub examples: u32,
    /// Number of steps since velocity and means began at zero, by which Adam corrects them.
    pub since: u32,
}

crate::__zero!([allow(unsafe_code)] [] Progress, u32, u32, u32, u32);

/// What became of an example.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Learned {
    /// Its gradient was added to that of the mini-batch; the number is its loss.
    Added(f32),
    /// A step was taken, with it or with the mini-batch that it filled; the number is its loss before the step.
    Stepped(f32),
    /// Nothing was learned.
    Refused(Refused),
}

/// What became of a mini-batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Step {
    /// A step was taken.
    Taken,
    /// There was no example to learn from.
    Empty,
    /// Nothing was learned, and the mini-batch is forgotten.
    Refused(Refused),
}

/// Why nothing was learned: what was not finite, or else out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Refused {
    /// The input.
    Input,
    /// The loss: the output is not finite, or the target is no target, such as a class that does not exist.
    Loss,
    /// The gradient.
    Gradient,
    /// In place: the gradient of a layer. That layer and those before it have learned nothing, those behind it have.
    Layer,
    /// A constant of the rule, or the rate that its schedule has come to, is out of its range.
    Rule,
}

impl Learned {
    /// The loss of the example before it was learned, if it was.
    pub const fn loss(self) -> Option<f32> {
        match self {
            Self::Added(loss) | Self::Stepped(loss) => Some(loss),
            Self::Refused(_) => None,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input => "the input is not finite",
            Self::Loss => "the loss is not finite",
            Self::Gradient => "the gradient is not finite",
            Self::Layer => "the gradient of a layer is too large or not finite",
            Self::Rule => "a constant of the rule is out of its range",
        })
    }
}

impl core::error::Error for Refused {}

/// A network at learning: see the [module](self).
///
/// It is a few words and owns nothing large; network and memory are lent.
pub struct Learner<'a, N: Learn, L, R: Rule> {
    net: &'a mut N,
    learning: &'a mut Learning<N, R>,
    /// What learning makes small.
    pub loss: L,
    /// How an example changes the network.
    pub rule: R,
}

impl<'a, N: Learn, L, R: Rule> Learner<'a, N, L, R> {
    /// Lets a network learn. What `learning` holds of an earlier learner goes on: velocity, means, counts.
    pub const fn new(net: &'a mut N, learning: &'a mut Learning<N, R>, loss: L, rule: R) -> Self {
        Self { net, learning, loss, rule }
    }

    /// The network.
    pub const fn net(&self) -> &N {
        self.net
    }

    /// The network, to change.
    pub const fn net_mut(&mut self) -> &mut N {
        self.net
    }

    /// How far learning has come.
    pub const fn progress(&self) -> Progress {
        self.learning.progress
    }

    /// Forgets velocity, means, the mini-batch and the counts.
    pub fn restart(&mut self) {
        self.learning.memory.clear();
        self.learning.progress = Progress::default();
    }

    /// Forgets velocity, means and the mini-batch, which belong to weights that are no more; the counts go on.
    pub fn forget(&mut self) {
        let Learning { memory, progress, .. } = &mut *self.learning;
        memory.clear();
        *progress = Progress { examples: 0, since: 0, ..*progress };
    }

    /// The output for the input `x`, to the bits of [`Network::infer`](crate::Network::infer), in the memory of learning.
    pub fn infer(&mut self, x: &N::Input) -> &N::Output {
        let Workspace { y, tape, .. } = &mut self.learning.workspace;
        self.net.record(x, y, tape);
        y
    }

    /// Takes the step that the mini-batch has examples for, full or not; in place there is none.
    pub fn step(&mut self) -> Step {
        self.rule.step(self.net, &mut self.learning.memory, &mut self.learning.progress)
    }

    /// The loss of an example that is not learned.
    pub fn evaluate<T: ?Sized>(&mut self, x: &N::Input, target: &T) -> f32
    where
        L: Loss<N::Output, T>,
    {
        let Workspace { y, tape, .. } = &mut self.learning.workspace;
        self.net.record(x, y, tape);
        self.loss.value(y, target)
    }

    /// The mean loss of examples that are not learned, such as those of a reference set: what a [`Guard`] is given. It is NaN where
    /// there are none, which no guard takes for better.
    pub fn score<'e, T: ?Sized + 'e>(&mut self, examples: impl IntoIterator<Item = (&'e N::Input, &'e T)>) -> f32
    where
        L: Loss<N::Output, T>,
    {
        let (mut sum, mut count) = (0.0, 0.0);
        for (x, target) in examples {
            sum += self.evaluate(x, target);
            count += 1.0;
        }
        sum / count
    }

    /// Learns an example, or adds it to the mini-batch and learns that when it is full.
    pub fn learn<T: ?Sized>(&mut self, x: &N::Input, target: &T) -> Learned
    where
        L: Loss<N::Output, T>,
    {
        let Learning { workspace: Workspace { y, dy, tape }, memory, progress } = &mut *self.learning;
        self.net.record(x, y, tape);
        let loss = self.loss.gradient(y, target, dy);
        // One look at the input serves the layers of a rule that asks for its bound, too.
        let bound = if R::IN_PLACE { N::Input::square_bound(core::slice::from_ref(x)) } else { f32::INFINITY };
        let refused = if !bound.is_finite() && !x.is_finite() {
            Some(Refused::Input)
        } else if !loss.is_finite() {
            Some(Refused::Loss)
        } else if !self.loss.tells_finite() && !dy.is_finite() {
            Some(Refused::Gradient)
        } else {
            None
        };
        if let Some(refused) = refused {
            progress.refused = progress.refused.saturating_add(1);
            return Learned::Refused(refused);
        }
        match self.rule.example(self.net, memory, progress, Backward { x, bound, y, dy, tape }) {
            Step::Taken => Learned::Stepped(loss),
            Step::Empty => Learned::Added(loss),
            Step::Refused(refused) => Learned::Refused(refused),
        }
    }
}
