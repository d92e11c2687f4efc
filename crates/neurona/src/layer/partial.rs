//! Layers of which a part learns.

use core::marker::PhantomData;
use core::slice;

use super::{Kind, Layer, Learn, Target};
use crate::arch::LayerSpec;
use crate::plain::Plain;
use crate::shape::{Shaped, Tensor};
use crate::stream::{Sample, Stream, Timing};

/// A layer of sums whose biases can learn alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no biases that can learn alone",
    label = "not a layer for `BiasOnly`",
    note = "`Dense`, `Conv1d`, `Conv2d`, `DepthwiseConv1d`, `DepthwiseConv2d` and `Scale` have them; other layers learn as a whole, or not at all as `Frozen`"
)]
pub trait Biased: Learn {
    /// A bias for each channel of the output.
    type Bias: Tensor;

    /// The biases.
    fn bias_mut(&mut self) -> &mut Self::Bias;

    /// Goes back through the activation, which leaves in `dy` the gradients of the sums, and to the inputs.
    fn backward_inputs(&self, y: &Self::Output, tape: &Self::Tape, dy: &mut Self::Output, dx: Option<&mut Self::Input>);

    /// Adds the gradients of the biases, times a scale, from those of the sums.
    fn add_biases(bias: &mut Self::Bias, dz: &Self::Output, scale: f32);
}

/// A layer of sums whose weights for a channel of the output stand together, so that chosen channels can learn alone.
#[diagnostic::on_unimplemented(
    message = "chosen channels of `{Self}` cannot learn alone",
    label = "not a layer for `SomeRows`",
    note = "those of `Dense`, `Conv1d` and `Conv2d` can, the weights of one standing together; other layers learn as a whole, or not at all as `Frozen`"
)]
pub trait Rows: Biased {
    /// The weights of a channel.
    type Row: Tensor;

    /// Number of channels.
    const ROWS: usize;

    /// Weights and bias of a channel; `None` when there is none of this number.
    fn row_mut(&mut self, row: usize) -> Option<(&mut [f32], &mut f32)>;

    /// Adds the gradients of a channel's weights and bias, times a scale, from those of the sums.
    fn add_row(row: usize, weights: &mut [f32], bias: &mut f32, x: &Self::Input, dz: &Self::Output, scale: f32);
}

/// A layer of which the biases learn, and the weights do not.
///
/// Its gradient is as small as the biases, and no activation before it is needed for it (Cai and others, "TinyTL", 2020).
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

impl<L: Layer> Layer for BiasOnly<L> {
    type Input = L::Input;
    type Output = L::Output;
    type Scratch = L::Scratch;

    const SPEC: LayerSpec = L::SPEC;
    const FAULT: Option<&'static str> = L::FAULT;

    #[inline]
    fn forward(&self, x: &L::Input, y: &mut L::Output, scratch: &mut L::Scratch) {
        self.layer.forward(x, y, scratch);
    }
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
        _: &L::Input,
        y: &L::Output,
        tape: &mut L::Tape,
        dy: &mut L::Output,
        dx: Option<&mut L::Input>,
    ) {
        target.layer().layer.backward_inputs(y, tape, dy, dx);
        match target {
            Target::InPlace(net, scale) => L::add_biases(net.layer.bias_mut(), dy, scale),
            Target::Sum(_, gradient) => L::add_biases(gradient, dy, 1.0),
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

impl<L: Stream<Input: Shaped, Output: Shaped>> Stream for BiasOnly<L> {
    type State = L::State;

    const TIMING: Timing = L::TIMING;
    const STREAM_FAULT: Option<&'static str> = L::STREAM_FAULT;

    #[inline]
    fn step(&self, x: &Sample<L::Input>, y: &mut Sample<L::Output>, state: &mut L::State) -> bool {
        self.layer.step(x, y, state)
    }
}

/// Which `COUNT` channels of a layer learn: see [`SomeRows`].
pub trait Choice<const COUNT: usize>: 'static {
    /// Their numbers, each less than the next.
    const ROWS: [usize; COUNT];
}

/// A layer of which chosen channels of the output learn, weights and biases: a sparse update (Lin and others, "On-device
/// training under 256KB memory", 2022).
///
/// `S` names the channels and `COUNT` is their number: neurons of a [`Dense`](crate::Dense), filters of a
/// [`Conv`](crate::Conv). Gradient and backward to the weights cost as many parts of the whole ones.
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

/// The gradient of chosen channels.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct RowsGradient<R, const COUNT: usize> {
    /// Of the weights: a row for each channel.
    pub weights: [R; COUNT],
    /// Of the biases.
    pub bias: [f32; COUNT],
}

crate::__zero!([allow(unsafe_code)] [R, const COUNT: usize] RowsGradient<R, COUNT>, [R; COUNT], [f32; COUNT]);

impl<L: Rows, S: Choice<COUNT>, const COUNT: usize> Layer for SomeRows<L, S, COUNT> {
    type Input = L::Input;
    type Output = L::Output;
    type Scratch = L::Scratch;

    const SPEC: LayerSpec = L::SPEC;
    const FAULT: Option<&'static str> = if ascend(&S::ROWS, L::ROWS) {
        L::FAULT
    } else {
        Some("the chosen channels are channels of the layer, each with a smaller number than the next")
    };

    #[inline]
    fn forward(&self, x: &L::Input, y: &mut L::Output, scratch: &mut L::Scratch) {
        self.layer.forward(x, y, scratch);
    }
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
    type Gradient = RowsGradient<L::Row, COUNT>;
    type Tape = L::Tape;

    #[inline]
    fn record(&self, x: &L::Input, y: &mut L::Output, tape: &mut L::Tape) {
        self.layer.record(x, y, tape);
    }

    #[inline]
    fn backward(
        mut target: Target<'_, Self>,
        x: &L::Input,
        y: &L::Output,
        tape: &mut L::Tape,
        dy: &mut L::Output,
        dx: Option<&mut L::Input>,
    ) {
        target.layer().layer.backward_inputs(y, tape, dy, dx);
        match &mut target {
            Target::InPlace(net, scale) => {
                for &row in const { &S::ROWS } {
                    let Some((weights, bias)) = net.layer.row_mut(row) else { return };
                    L::add_row(row, weights, bias, x, dy, *scale);
                }
            }
            Target::Sum(_, RowsGradient { weights, bias }) => {
                for ((row, weights), bias) in const { &S::ROWS }.iter().zip(weights).zip(bias) {
                    L::add_row(*row, weights.values_mut(), bias, x, dy, 1.0);
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
            let Some((weights, bias)) = self.layer.row_mut(*row) else { return };
            let gradients = with.each_mut().map(|with| values_at(&mut with.weights, at));
            f(Kind::Weights, weights, gradients);
            let gradients = with.each_mut().map(|with| with.bias.get_mut(at..=at).unwrap_or_default());
            f(Kind::Biases, slice::from_mut(bias), gradients);
        }
    }
}

impl<L: Rows + Stream<Input: Shaped, Output: Shaped>, S: Choice<COUNT>, const COUNT: usize> Stream
    for SomeRows<L, S, COUNT>
{
    type State = L::State;

    const TIMING: Timing = L::TIMING;
    const STREAM_FAULT: Option<&'static str> = L::STREAM_FAULT;

    #[inline]
    fn step(&self, x: &Sample<L::Input>, y: &mut Sample<L::Output>, state: &mut L::State) -> bool {
        self.layer.step(x, y, state)
    }
}

fn values_at<R: Tensor>(rows: &mut [R], at: usize) -> &mut [f32] {
    match rows.get_mut(at) {
        Some(row) => row.values_mut(),
        None => &mut [],
    }
}
