//! Convolution of each channel by itself.

use core::marker::PhantomData;
use core::slice;

use super::conv::window;
use super::partial::{RowGradient, Run};
use super::ring::{OverTime, Ring};
use super::{Biased, Factors, Kind, Layer, Learn, Rows, Target};
use crate::activation::{Activation, Identity, Keep};
use crate::arch::{self, LayerSpec};
use crate::kernel::{self, Window};
use crate::shape::{Kernel, Padding, Shaped, Tensor, TimeKernel, Valid};
use crate::stream::{Sample, Stream, Timing};

/// Convolution of each channel by itself over time: see [`DepthwiseConv`].
pub type DepthwiseConv1d<X, Y, K, A = Identity, P = Valid> = DepthwiseConv<X, Y, K, A, P>;

/// Convolution of each channel by itself over rows and columns: see [`DepthwiseConv`].
pub type DepthwiseConv2d<X, Y, K, A = Identity, P = Valid> = DepthwiseConv<X, Y, K, A, P>;

/// Convolution of each channel by itself: `y[p][o] = A(bias[o] + sum over k of weights[k][o] * x[p + k][o / m])`, with m
/// outputs for each channel (Sifre, "Rigid-motion scattering for image classification", 2014; Howard and others,
/// "MobileNets", 2017).
///
/// The parameters are those of [`Conv`](crate::Conv); the output has the channels of the input or a multiple of them.
/// With a pointwise convolution behind it, it is a separable convolution.
///
/// # Shapes
///
/// The input is (rows, columns, C), the output (rows, columns, F); of a signal there is one row. `weights` is (kernel rows,
/// kernel columns, F), `bias` is (F). PyTorch has weights as (F, 1, kernel rows, kernel columns).
///
/// # Cost
///
/// `4 F (K + 1)` bytes of weights for a window of K cells, and `P F K` multiply-adds for P places of it. Backward needs the
/// input and the output, and for some [activations](crate::Activation) the weighted sums; it costs as many multiply-adds for
/// the weights, and as many for the input.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct DepthwiseConv<X, Y, K, A = Identity, P = Valid>
where
    Y: Shaped,
    K: Kernel<X, Y>,
{
    /// The weights of each cell of the window.
    pub weights: K::Depthwise,
    /// What is added to each filter's weighted sum.
    pub bias: Y::Channels,
    kind: PhantomData<(X, Y, K, A, P)>,
}

crate::__plain!(
    [allow(unsafe_code)] [X: 'static, Y: Shaped, K: Kernel<X, Y>, A: 'static, P: 'static] DepthwiseConv<X, Y, K, A, P>,
    K::Depthwise, Y::Channels
);

impl<X, Y: Shaped, K: Kernel<X, Y>, A, P> DepthwiseConv<X, Y, K, A, P> {
    /// A layer of these weights.
    pub const fn new(weights: K::Depthwise, bias: Y::Channels) -> Self {
        Self { weights, bias, kind: PhantomData }
    }
}

impl<X: Shaped, Y: Shaped, K: Kernel<X, Y>, A: Activation, P: Padding> DepthwiseConv<X, Y, K, A, P> {
    const CONV: arch::DepthwiseConvSpec =
        arch::DepthwiseConvSpec { window: window::<X, Y, K, P>(), activation: A::SPEC };
    const WINDOW: Window = Window::of(&Self::CONV.window);

    fn sums(&self, x: &X, y: &mut Y) {
        let (weights, bias) = (self.weights.values(), self.bias.values());
        kernel::depthwise_forward(&Self::WINDOW, weights, bias, x.values(), y.values_mut());
    }
}

impl<X: Shaped, Y: Shaped, K: Kernel<X, Y>, A: Activation, P: Padding> Layer for DepthwiseConv<X, Y, K, A, P> {
    type Input = X;
    type Output = Y;
    type Scratch = ();

    const SPEC: LayerSpec = LayerSpec::DepthwiseConv(Self::CONV);
    const FAULT: Option<&'static str> = if K::SEEN as usize == X::SHAPE.channels() {
        Self::CONV.fault()
    } else {
        Some("a convolution of each channel by itself has no groups")
    };

    #[inline]
    fn forward(&self, x: &X, y: &mut Y, (): &mut ()) {
        self.sums(x, y);
        super::activate::<A>(y.values_mut());
    }
}

impl<X: Shaped, Y: Shaped, K: Kernel<X, Y>, A: Activation + 'static, P: Padding> Learn
    for DepthwiseConv<X, Y, K, A, P>
{
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
        kernel::depthwise_backward_weights(&Self::WINDOW, weights, bias, x.values(), dy.values(), scale);
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

impl<X: Shaped, Y: Shaped, K: Kernel<X, Y>, A: Activation + 'static, P: Padding> Biased
    for DepthwiseConv<X, Y, K, A, P>
{
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
            kernel::depthwise_backward_inputs(&Self::WINDOW, self.weights.values(), dz, dx.values_mut());
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

/// The weights of a filter are apart from one another, and each is a run of its own.
impl<X: Shaped, Y: Shaped, K: Kernel<X, Y>, A: Activation + 'static, P: Padding> Rows for DepthwiseConv<X, Y, K, A, P> {
    type Row = RowGradient<K::Maps<1>>;

    const ROWS: usize = Y::SHAPE.channels();

    #[inline]
    fn row_mut(&mut self, row: usize) -> impl Iterator<Item = Run<'_>> {
        let bias = self.bias.values_mut().get_mut(row);
        // Without a bias there is no such filter.
        let weights = self.weights.values_mut().iter_mut().skip(if bias.is_some() { row } else { usize::MAX });
        ones(weights.step_by(Self::ROWS.max(1)), bias)
    }

    #[inline]
    fn runs(gradient: &mut Self::Row) -> impl Iterator<Item = Run<'_>> {
        ones(gradient.weights.values_mut().iter_mut(), Some(&mut gradient.bias))
    }

    #[inline]
    fn add_row<'a>(row: usize, into: impl Iterator<Item = Run<'a>>, x: &X, _: &Self::Tape, dz: &Y, scale: f32) {
        let (x, dz) = (x.values(), dz.values());
        for (cell, (kind, values)) in into.enumerate() {
            match kind {
                Kind::Weights => kernel::depthwise_backward_cell(&Self::WINDOW, row, cell, values, x, dz, scale),
                Kind::Biases => kernel::backward_bias(values, row, Self::ROWS, dz, scale),
            }
        }
    }
}

fn ones<'a>(weights: impl Iterator<Item = &'a mut f32>, bias: Option<&'a mut f32>) -> impl Iterator<Item = Run<'a>> {
    let weights = weights.map(|weight| (Kind::Weights, slice::from_mut(weight)));
    weights.chain(bias.map(|bias| (Kind::Biases, slice::from_mut(bias))))
}

impl<X: Shaped, Y: Shaped, K: TimeKernel<X, Y>, A: Activation, P: Padding> Stream for DepthwiseConv<X, Y, K, A, P> {
    type State = Ring<K::Ring>;

    const TIMING: Timing = OverTime::of(&Self::CONV.window).timing;
    const STREAM_FAULT: Option<&'static str> = OverTime::fault(&Self::CONV.window);

    #[inline]
    fn step(&self, x: &Sample<X>, y: &mut Sample<Y>, ring: &mut Self::State) -> bool {
        let window = const { OverTime::of(&Self::CONV.window) };
        let Some(history) = ring.push(&window, x.values()) else { return false };
        kernel::depthwise_step(self.weights.values(), self.bias.values(), history, y.values_mut());
        super::activate::<A>(y.values_mut());
        true
    }
}
