//! Convolution of signals and images.

use core::marker::PhantomData;

use super::partial::{RowGradient, Run, runs};
use super::ring::{OverTime, Ring};
use super::{Biased, Factors, Kind, Layer, Learn, Rows, Target};
use crate::activation::{Activation, Identity, Keep};
use crate::arch::{self, LayerSpec, WindowSpec};
use crate::kernel::{self, Window};
use crate::shape::{Kernel, Padding, Shaped, Tensor, TimeKernel, Valid};
use crate::stream::{Sample, Stream, Timing};

/// Convolution over time: see [`Conv`].
pub type Conv1d<X, Y, K, A = Identity, P = Valid> = Conv<X, Y, K, A, P>;

/// Convolution over rows and columns: see [`Conv`].
pub type Conv2d<X, Y, K, A = Identity, P = Valid> = Conv<X, Y, K, A, P>;

/// Convolution: `y[p][o] = A(bias[o] + sum over k and c of weights[o][k][c] * x[p + k][c])`, where `p + k` is the cell of the
/// input that the cell k of the window meets in its place p (LeCun and others, "Gradient-based learning applied to document
/// recognition", 1998; course, "convolutional networks"). As everywhere in the field, the filters are not flipped.
///
/// `X` is the input and `Y` the output, two [signals](crate::shape::Signal) or two [images](crate::shape::Image). `K` is
/// the window, a [`Kernel1d`](crate::shape::Kernel1d) or [`Kernel2d`](crate::shape::Kernel2d) with stride and dilation, or
/// one in [groups](crate::shape::Grouped); with a kernel of 1 it is a pointwise convolution. `A` is the activation, and
/// `P` the [padding](crate::shape::Padding), none if it is left out.
///
/// # Shapes
///
/// The input is (rows, columns, C), the output (rows, columns, F) with a filter for each of its channels; of a signal
/// there is one row. `weights` is (F, kernel rows, kernel columns, S), with the S channels that a filter sees: all C unless
/// there are groups. `bias` is (F). PyTorch has weights as (F, S, kernel rows, kernel columns).
///
/// # Cost
///
/// `4 F (K S + 1)` bytes of weights for a window of K cells, and `P F K S` multiply-adds for P places of it. Backward needs
/// the input and the output, and for some [activations](crate::Activation) the weighted sums; it costs as many multiply-adds
/// for the weights, and as many for the input.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// // The difference of neighbours, where a signal rises.
/// let edge: Conv1d<Signal<5, 1>, Signal<4, 1>, Kernel1d<2>, Relu> = Conv::new([[[-1.0], [1.0]]], [0.0]);
/// let mut y = [[0.0]; 4];
/// edge.forward(&[[1.0], [1.0], [3.0], [2.0], [6.0]], &mut y, &mut ());
/// assert_eq!(y, [[0.0], [2.0], [0.0], [4.0]]);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Conv<X, Y, K, A = Identity, P = Valid>
where
    Y: Shaped,
    K: Kernel<X, Y>,
{
    /// The weights of each filter.
    pub weights: K::Filters,
    /// What is added to each filter's weighted sum.
    pub bias: Y::Channels,
    kind: PhantomData<(X, Y, K, A, P)>,
}

crate::__plain!(
    [allow(unsafe_code)] [X: 'static, Y: Shaped, K: Kernel<X, Y>, A: 'static, P: 'static] Conv<X, Y, K, A, P>,
    K::Filters, Y::Channels
);

impl<X, Y: Shaped, K: Kernel<X, Y>, A, P> Conv<X, Y, K, A, P> {
    /// A layer of these weights.
    pub const fn new(weights: K::Filters, bias: Y::Channels) -> Self {
        Self { weights, bias, kind: PhantomData }
    }
}

impl<X: Shaped, Y: Shaped, K: Kernel<X, Y>, A: Activation, P: Padding> Conv<X, Y, K, A, P> {
    const CONV: arch::ConvSpec = arch::ConvSpec { window: window::<X, Y, K, P>(), seen: K::SEEN, activation: A::SPEC };
    const WINDOW: Window = Window::of(&Self::CONV.window);
    const SEEN: usize = K::SEEN as usize;

    fn sums(&self, x: &X, y: &mut Y) {
        let (weights, bias) = (self.weights.values(), self.bias.values());
        kernel::conv_forward(&Self::WINDOW, Self::SEEN, weights, bias, x.values(), y.values_mut());
    }
}

/// The window from `X` to `Y`.
pub(super) const fn window<X: Shaped, Y: Shaped, K: Kernel<X, Y>, P: Padding>() -> WindowSpec {
    WindowSpec {
        input: X::SHAPE,
        output: Y::SHAPE,
        kernel: K::SIZE,
        stride: K::STRIDE,
        dilation: K::DILATION,
        padding: P::SPEC,
    }
}

impl<X: Shaped, Y: Shaped, K: Kernel<X, Y>, A: Activation, P: Padding> Layer for Conv<X, Y, K, A, P> {
    type Input = X;
    type Output = Y;
    type Scratch = ();

    const SPEC: LayerSpec = LayerSpec::Conv(Self::CONV);
    const FAULT: Option<&'static str> = Self::CONV.fault();

    #[inline]
    fn forward(&self, x: &X, y: &mut Y, (): &mut ()) {
        self.sums(x, y);
        super::activate::<A>(y.values_mut());
    }
}

impl<X: Shaped, Y: Shaped, K: Kernel<X, Y>, A: Activation + 'static, P: Padding> Learn for Conv<X, Y, K, A, P> {
    const LEARNS: bool = true;
    type Gradient = Self;
    type Tape = A::Keep<Y>;

    #[inline]
    fn record(&self, x: &X, y: &mut Y, tape: &mut Self::Tape) {
        self.sums(x, y);
        tape.keep(y.values());
        super::activate::<A>(y.values_mut());
    }

    #[inline]
    fn backward(mut target: Target<'_, Self>, x: &X, y: &Y, tape: &mut Self::Tape, dy: &mut Y, dx: Option<&mut X>) {
        target.layer().backward_inputs(y, tape, dy, dx);
        let Some((into, scale)) = target.parameters(Self::factors(x, tape, dy)) else { return };
        let (weights, bias) = (into.weights.values_mut(), into.bias.values_mut());
        kernel::conv_backward_weights(&Self::WINDOW, Self::SEEN, weights, bias, x.values(), dy.values(), scale);
    }

    #[inline]
    fn visit<const N: usize, F>(&mut self, mut with: [&mut Self; N], f: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; N]),
    {
        f(Kind::Weights, self.weights.values_mut(), with.each_mut().map(|with| with.weights.values_mut()));
        f(Kind::Biases, self.bias.values_mut(), with.each_mut().map(|with| with.bias.values_mut()));
    }
}

impl<X: Shaped, Y: Shaped, K: Kernel<X, Y>, A: Activation + 'static, P: Padding> Biased for Conv<X, Y, K, A, P> {
    type Bias = Y::Channels;

    #[inline]
    fn bias_mut(&mut self) -> &mut Y::Channels {
        &mut self.bias
    }

    #[inline]
    fn backward_inputs(&self, y: &Y, tape: &mut Self::Tape, dy: &mut Y, dx: Option<&mut X>) {
        let dz = dy.values_mut();
        super::derive::<A>(tape.source(y.values()), dz);
        if let Some(dx) = dx {
            kernel::conv_backward_inputs(&Self::WINDOW, Self::SEEN, self.weights.values(), dz, dx.values_mut());
        }
    }

    #[inline]
    fn factors<'a>(x: &'a Self::Input, _: &'a Self::Tape, dz: &'a Self::Output) -> Factors<'a> {
        Factors::new(x.values(), dz.values())
    }

    #[inline]
    fn add_biases(bias: &mut Y::Channels, _: &Self::Tape, dz: &Y, scale: f32) {
        kernel::backward_biases(bias.values_mut(), dz.values(), scale);
    }
}

impl<X: Shaped, Y: Shaped, K: Kernel<X, Y>, A: Activation + 'static, P: Padding> Rows for Conv<X, Y, K, A, P> {
    type Row = RowGradient<K::Filter>;

    const ROWS: usize = Y::SHAPE.channels();

    #[inline]
    fn row_mut(&mut self, row: usize) -> impl Iterator<Item = Run<'_>> {
        let len = size_of::<K::Filter>() / size_of::<f32>();
        let weights = self.weights.values_mut().chunks_exact_mut(len.max(1)).nth(row);
        runs(weights, self.bias.values_mut().get_mut(row))
    }

    #[inline]
    fn runs(gradient: &mut Self::Row) -> impl Iterator<Item = Run<'_>> {
        runs(Some(gradient.weights.values_mut()), Some(&mut gradient.bias))
    }

    #[inline]
    fn add_row<'a>(row: usize, into: impl Iterator<Item = Run<'a>>, x: &X, _: &Self::Tape, dz: &Y, scale: f32) {
        let (x, dz) = (x.values(), dz.values());
        for (kind, values) in into {
            match kind {
                Kind::Weights => kernel::conv_backward_filter(&Self::WINDOW, Self::SEEN, row, values, x, dz, scale),
                Kind::Biases => kernel::backward_bias(values, row, Self::ROWS, dz, scale),
            }
        }
    }
}

impl<X: Shaped, Y: Shaped, K: TimeKernel<X, Y>, A: Activation, P: Padding> Stream for Conv<X, Y, K, A, P> {
    type State = Ring<K::Ring>;

    const TIMING: Timing = OverTime::of(&Self::CONV.window).timing;
    const STREAM_FAULT: Option<&'static str> = OverTime::fault(&Self::CONV.window);

    #[inline]
    fn step(&self, x: &Sample<X>, y: &mut Sample<Y>, ring: &mut Self::State) -> bool {
        let window = const { OverTime::of(&Self::CONV.window) };
        let Some(history) = ring.push(&window, x.values()) else { return false };
        kernel::conv_step(Self::SEEN, self.weights.values(), self.bias.values(), history, y.values_mut());
        super::activate::<A>(y.values_mut());
        true
    }
}
