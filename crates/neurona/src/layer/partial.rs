//! Layers of which a part learns.

use core::marker::PhantomData;
use core::slice;

use super::within::infers_as;
use super::{Factors, Kind, Layer, Learn, Target};
use crate::plain::{Plain, Zero};
use crate::shape::{Shaped, Tensor};
use crate::stream::Stream;

/// A layer of sums whose biases can learn alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no biases that can learn alone",
    label = "not a layer for `BiasOnly`",
    note = "layers of weighted sums have them, and `Scale`; other layers learn as a whole, or not at all as `Frozen`"
)]
pub trait Biased: Learn {
    /// The biases.
    type Bias: Tensor;

    /// The biases.
    fn bias_mut(&mut self) -> &mut Self::Bias;

    /// Goes back through the activation, and to the inputs. The gradients of the sums are left in `dy`, or in the tape where
    /// the layer has more sums than outputs.
    fn backward_inputs(
        &self,
        y: &Self::Output,
        tape: &mut Self::Tape,
        dy: &mut Self::Output,
        dx: Option<&mut Self::Input>,
    );

    /// What the gradients of the parameters are made of, from those of the sums.
    fn factors<'a>(x: &'a Self::Input, tape: &'a Self::Tape, dz: &'a Self::Output) -> Factors<'a>;

    /// Adds the gradients of the biases, times a scale, from those of the sums.
    fn add_biases(bias: &mut Self::Bias, tape: &Self::Tape, dz: &Self::Output, scale: f32);
}

/// A layer of sums of which chosen channels of the output can learn alone.
#[diagnostic::on_unimplemented(
    message = "chosen channels of `{Self}` cannot learn alone",
    label = "not a layer for `SomeRows`",
    note = "those of `Dense`, `Conv1d`, `Conv2d`, `DepthwiseConv1d`, `DepthwiseConv2d`, `Scale`, `Rnn`, `Gru` and `Lstm` can; other layers learn as a whole, or not at all as `Frozen`"
)]
pub trait Rows: Biased {
    /// The gradient of a channel.
    type Row: Zero;

    /// Number of channels.
    const ROWS: usize;

    /// The parameters of a channel, as runs of neighbours; none when there is no channel of this number.
    fn row_mut(&mut self, row: usize) -> impl Iterator<Item = Run<'_>>;

    /// The same runs of a gradient.
    fn runs(gradient: &mut Self::Row) -> impl Iterator<Item = Run<'_>>;

    /// Adds the gradients of a channel's parameters, times a scale, to its runs, from those of the sums.
    fn add_row<'a>(
        row: usize,
        into: impl Iterator<Item = Run<'a>>,
        x: &Self::Input,
        tape: &Self::Tape,
        dz: &Self::Output,
        scale: f32,
    );
}

/// Parameters of a channel that are neighbours in memory, or their gradients.
pub type Run<'a> = (Kind, &'a mut [f32]);

/// The gradient of a channel with one bias: a neuron, or a filter.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct RowGradient<W> {
    /// Of the weights.
    pub weights: W,
    /// Of the bias.
    pub bias: f32,
}

crate::__zero!([allow(unsafe_code)] [W] RowGradient<W>, W, f32);

/// The runs of a channel with one bias whose weights are neighbours.
pub(super) fn runs<'a>(weights: Option<&'a mut [f32]>, bias: Option<&'a mut f32>) -> impl Iterator<Item = Run<'a>> {
    let weights = weights.map(|weights| (Kind::Weights, weights));
    weights.into_iter().chain(bias.map(|bias| (Kind::Biases, slice::from_mut(bias))))
}

/// A layer of which the biases learn, and the weights do not.
///
/// Its gradient is as small as the biases, and no activation before it is needed for it (Cai and others, "TinyTL", 2020). Of a
/// recurrent layer the gradient still goes back through time.
///
/// ```
/// use neurona::prelude::*;
///
/// type Layer = BiasOnly<Dense<64, 32, Relu>>;
/// assert_eq!(size_of::<Gradient<Layer>>(), 4 * 32);
/// assert_eq!(Layer::FINGERPRINT, <Dense<64, 32, Relu>>::FINGERPRINT);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[repr(transparent)]
pub struct BiasOnly<L> {
    /// The layer.
    pub layer: L,
}

crate::__plain!([allow(unsafe_code)] [L: Plain] BiasOnly<L>, L);

impl<L> BiasOnly<L> {
    /// This layer, of which the biases learn.
    pub const fn new(layer: L) -> Self {
        Self { layer }
    }
}

infers_as! {
    [L: Layer] [L: Stream<Input: Shaped, Output: Shaped>] BiasOnly<L>: L = |this| this.layer, L::FAULT, L::PARTS
}

impl<L: Biased> Learn for BiasOnly<L> {
    const LEARNS: bool = true;
    type Gradient = L::Bias;
    type Tape = L::Tape;

    #[inline]
    fn record(&self, x: &L::Input, y: &mut L::Output, tape: &mut L::Tape) {
        self.layer.record(x, y, tape);
    }

    #[inline]
    fn backward(
        target: Target<'_, Self>,
        x: &L::Input,
        y: &L::Output,
        tape: &mut L::Tape,
        dy: &mut L::Output,
        dx: Option<&mut L::Input>,
    ) {
        target.layer().layer.backward_inputs(y, tape, dy, dx);
        match target {
            Target::InPlace(net, update) => {
                if update.admits(Factors { inputs: [&[]; 2], ..L::factors(x, tape, dy) }) {
                    L::add_biases(net.layer.bias_mut(), tape, dy, update.scale());
                }
            }
            Target::Sum(_, gradient) => L::add_biases(gradient, tape, dy, 1.0),
            Target::Nowhere(_) => {}
        }
    }

    #[inline]
    fn visit<const K: usize, F>(&mut self, with: [&mut L::Bias; K], f: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; K]),
    {
        f(Kind::Biases, self.layer.bias_mut().values_mut(), with.map(|with| with.values_mut()));
    }
}

/// Which channels of a layer learn: see [`SomeRows`].
pub trait Choice<const COUNT: usize>: 'static {
    /// Their numbers, each less than the next.
    const ROWS: [usize; COUNT];
}

/// A layer of which chosen channels of the output learn, weights and biases: a sparse update (Lin and others, "On-device
/// training under 256KB memory", 2022).
///
/// `S` names the channels and `COUNT` is their number: neurons of a [`Dense`](crate::Dense), filters of a
/// [`Conv`](crate::Conv) or a [`DepthwiseConv`](crate::DepthwiseConv), channels of a [`Scale`](crate::Scale), units of a [`Recurrent`](crate::Recurrent) layer with all
/// of their gates. Gradient and backward to the weights cost as many parts of the whole ones; the way of the gradient through
/// the layer, and of a recurrent one through time, costs what it does in the whole.
///
/// ```
/// use neurona::prelude::*;
///
/// struct Strongest;
/// impl Choice<3> for Strongest {
///     const ROWS: [usize; 3] = [2, 17, 30];
/// }
///
/// type Layer = SomeRows<Dense<64, 32, Relu>, Strongest, 3>;
/// assert_eq!(size_of::<Gradient<Layer>>(), 4 * 3 * (64 + 1));
/// assert_eq!(Layer::FINGERPRINT, <Dense<64, 32, Relu>>::FINGERPRINT);
///
/// // Of each unit of a GRU the weights of three gates, and four biases.
/// type Memory = SomeRows<Gru<50, 6, 32>, Strongest, 3>;
/// assert_eq!(size_of::<Gradient<Memory>>(), 4 * 3 * (3 * (6 + 32) + 4));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct SomeRows<L, S, const COUNT: usize> {
    /// The layer.
    pub layer: L,
    rows: PhantomData<S>,
}

crate::__plain!([allow(unsafe_code)] [L: Plain, S: 'static, const COUNT: usize] SomeRows<L, S, COUNT>, L);

impl<L, S, const COUNT: usize> SomeRows<L, S, COUNT> {
    /// This layer, of which the chosen channels learn.
    pub const fn new(layer: L) -> Self {
        Self { layer, rows: PhantomData }
    }
}

infers_as! {
    [L: Rows, S: Choice<COUNT>, const COUNT: usize]
    [L: Rows + Stream<Input: Shaped, Output: Shaped>, S: Choice<COUNT>, const COUNT: usize]
    SomeRows<L, S, COUNT>: L = |this| this.layer,
    if ascend(&S::ROWS, L::ROWS) {
        L::FAULT
    } else {
        Some("the chosen channels are channels of the layer, each with a smaller number than the next")
    },
    L::PARTS
}

const fn ascend(mut rows: &[usize], end: usize) -> bool {
    while let [first, rest @ ..] = rows {
        let next = if let [next, ..] = rest { *next } else { end };
        if *first >= next {
            return false;
        }
        rows = rest;
    }
    true
}

impl<L: Rows, S: Choice<COUNT>, const COUNT: usize> Learn for SomeRows<L, S, COUNT> {
    const LEARNS: bool = COUNT > 0;
    type Gradient = [L::Row; COUNT];
    type Tape = L::Tape;

    #[inline]
    fn record(&self, x: &L::Input, y: &mut L::Output, tape: &mut L::Tape) {
        self.layer.record(x, y, tape);
    }

    #[inline]
    fn backward(
        target: Target<'_, Self>,
        x: &L::Input,
        y: &L::Output,
        tape: &mut L::Tape,
        dy: &mut L::Output,
        dx: Option<&mut L::Input>,
    ) {
        target.layer().layer.backward_inputs(y, tape, dy, dx);
        match target {
            Target::InPlace(net, update) => {
                if update.admits(L::factors(x, tape, dy)) {
                    for &row in const { &S::ROWS } {
                        L::add_row(row, net.layer.row_mut(row), x, tape, dy, update.scale());
                    }
                }
            }
            Target::Sum(_, gradients) => {
                for (&row, gradient) in const { &S::ROWS }.iter().zip(gradients) {
                    L::add_row(row, L::runs(gradient), x, tape, dy, 1.0);
                }
            }
            Target::Nowhere(_) => {}
        }
    }

    fn visit<const K: usize, F>(&mut self, mut with: [&mut Self::Gradient; K], f: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; K]),
    {
        for (at, row) in const { &S::ROWS }.iter().enumerate() {
            let mut gradients = with.each_mut().map(|with| with.get_mut(at).into_iter().flat_map(L::runs));
            for (kind, parameters) in self.layer.row_mut(*row) {
                let next = gradients.each_mut().map(|runs| runs.next().map_or(&mut [][..], |(_, gradient)| gradient));
                f(kind, parameters, next);
            }
        }
    }
}
