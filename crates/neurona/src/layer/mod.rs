//! The layers, and the two traits that make a layer: [`Layer`], which infers, and [`Learn`], which learns as well.
//!
//! A network made by [`network!`](crate::network) is itself a layer, so that it can be the body of another one. A layer
//! of your own needs the same two traits; its forward and backward call the functions of [`kernel`](crate::kernel), or
//! others.
//!
//! # The files
//!
//! | what                         | where                                                                                    |
//! | ---------------------------- | ---------------------------------------------------------------------------------------- |
//! | vectors                      | `dense`, `softmax`, `codes`                                                               |
//! | windows                      | `conv`, `depthwise`, `table` (convolution by a table of connections), `pool`              |
//! | recurrent                    | `recurrent`, of any cell; the cells `rnn`, `gru`, `lstm`; `echo`, the reservoir           |
//! | joining branches             | `residual`, `concat`                                                                     |
//! | what does not mix values     | `standardize`, `rescale` (constants), `scale` (learned), `reshape`                       |
//! | around another layer         | `frozen` (in RAM or flash), `backbone` (nothing before it learns), `partial` (a part learns)  |
//! | inferring as what is within | `within`                                                                                 |
//! | where gradients go           | `target`                                                                                  |
//! | the state of a window in a stream | `ring`                                                                              |
//!
//! `dense` is the shortest whole one, `scale` the shortest with channels and a stream.

mod backbone;
mod codes;
mod concat;
mod conv;
mod dense;
mod depthwise;
mod echo;
mod frozen;
mod gru;
mod lstm;
mod partial;
mod pool;
mod recurrent;
mod rescale;
mod reshape;
mod residual;
mod ring;
mod rnn;
mod scale;
mod softmax;
mod standardize;
mod table;
mod target;
mod within;

pub use backbone::Backbone;
pub use codes::{Codes, OutputCodes, code_bits};
pub use concat::{Concat, ConcatScratch, ConcatTape};
pub use conv::{Conv, Conv1d, Conv2d};
pub use dense::Dense;
pub use depthwise::{DepthwiseConv, DepthwiseConv1d, DepthwiseConv2d};
pub use echo::{EchoMemory, EchoState, Reservoir};
pub use frozen::{Flash, Frozen, InFlash};
pub use gru::{Gru, GruCell};
pub use lstm::{Lstm, LstmCell};
pub use partial::{BiasOnly, Biased, Choice, RowGradient, Rows, Run, SomeRows};
pub use pool::{Average, AvgPool, GlobalAvgPool, GlobalMaxPool, GlobalPool, Max, MaxPool, Pool, Reduce, Running};
pub use recurrent::{All, Cell, Gives, Last, Parameters, Recurrent, RecurrentState, RecurrentTape, UnitGradient};
pub use rescale::Rescale;
pub use reshape::{Flatten, Reshape};
pub use residual::{Branches, BranchesState, Projected, ProjectedScratch, ProjectedTape, Residual, ResidualTape};
pub use ring::Ring;
pub use rnn::{Rnn, RnnCell};
pub use scale::Scale;
pub use softmax::{Exact, Exponential, Softmax};
pub use standardize::Standardize;
pub use table::{ConnectionTable, TableConv, TableConv1d, TableConv2d};
pub use target::{Factors, Target, Update};

use crate::activation::Activation;
use crate::arch::LayerSpec;
use crate::network::__fits;
use crate::plain::{Numbers, Plain, Zero};

/// What takes an input of one shape and gives an output of another.
pub trait Layer: Sized {
    /// What goes in, an array.
    type Input: Numbers;
    /// What comes out, an array.
    type Output: Numbers;
    /// Memory that [`forward`](Self::forward) needs besides, `()` for none. What it holds is of no account.
    type Scratch: Plain;

    /// The kind of the layer and its sizes.
    const SPEC: LayerSpec;

    /// What is wrong with these sizes, as a sentence for the compiler to say; `None` when nothing is.
    const FAULT: Option<&'static str> = None;

    /// A hash of which parts are in memory and which are in flash, by which a `store` tells variants of one
    /// network apart.
    const PARTS: u64 = __fits::parts(&[size_of::<Self>() as u64]);

    /// Computes the output `y` for the input `x`.
    fn forward(&self, x: &Self::Input, y: &mut Self::Output, scratch: &mut Self::Scratch);
}

/// A layer through which learning goes: forward, then back along the same path.
///
/// The gradient of a value `v` of the network, which is the derivative of the loss with respect to it, is called `dv`.
pub trait Learn: Layer {
    /// Whether the layer has parameters that learning changes.
    const LEARNS: bool;

    /// Whether it gives the gradient of its input; one that does not stands behind no layer that learns.
    const PASSES: bool = true;

    /// Memory for the gradient of every parameter, `()` when there are none. Momentum is of the same type.
    type Gradient: Zero;

    /// What [`backward`](Self::backward) needs of [`record`](Self::record) besides input and output.
    type Tape: Zero;

    /// Computes the output as [`forward`](Layer::forward) does, to the same bits, and keeps what backward needs.
    fn record(&self, x: &Self::Input, y: &mut Self::Output, tape: &mut Self::Tape);

    /// Goes back through the layer.
    ///
    /// `x`, `y` and `tape` are those of the last [`record`](Self::record); `dy` is the gradient of the output and may
    /// be used up. The gradient of the input is **added** to `dx`, computed with the weights as they were before the
    /// call. What becomes of the gradients of the parameters is told by `target`.
    fn backward(
        target: Target<'_, Self>,
        x: &Self::Input,
        y: &Self::Output,
        tape: &mut Self::Tape,
        dy: &mut Self::Output,
        dx: Option<&mut Self::Input>,
    );

    /// Calls `f` for each array of parameters, in the order of the struct, with the same array of each of `with`.
    ///
    /// Optimizers are written with it: [`Sgd`](crate::Sgd) asks for the gradient, [`Momentum`](crate::Momentum) for two values
    /// of its type.
    fn visit<const K: usize, F>(&mut self, with: [&mut Self::Gradient; K], f: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; K]);
}

/// What an array of parameters is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// What is multiplied; penalties are for these.
    Weights,
    /// What is added.
    Biases,
}

/// Applies the activation to each weighted sum, in place.
#[inline]
fn activate<A: Activation>(z: &mut [f32]) {
    A::values(z);
}

/// Makes the gradients of outputs those of the weighted sums, in place; `from` is what the derivative is computed from.
#[inline]
fn derive<A: Activation>(from: &[f32], dy: &mut [f32]) {
    A::backward(from, dy);
}
