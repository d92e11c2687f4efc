//! Convolution with a table of connections.

use core::fmt;
use core::marker::PhantomData;

use super::conv::window;
use super::ring::{OverTime, Ring};
use super::{Biased, Factors, Kind, Layer, Learn, Target};
use crate::activation::{Activation, Identity, Keep};
use crate::arch::{LayerSpec, TableConvSpec};
use crate::kernel::{self, Window};
use crate::shape::{Kernel, Padding, Shaped, Tensor, TimeKernel, Valid};
use crate::stream::{Sample, Stream, Timing};

/// Which channels of the input each filter of a [`TableConv`] sees.
pub trait ConnectionTable: 'static {
    /// For each filter a set of channels: bit c, counted from the lowest, says whether it sees channel c.
    const SEES: &'static [u64];
}

/// Convolution over time with a table of connections: see [`TableConv`].
pub type TableConv1d<X, Y, K, T, const CONNECTIONS: usize, A = Identity, P = Valid> =
    TableConv<X, Y, K, T, CONNECTIONS, A, P>;

/// Convolution over rows and columns with a table of connections: see [`TableConv`].
pub type TableConv2d<X, Y, K, T, const CONNECTIONS: usize, A = Identity, P = Valid> =
    TableConv<X, Y, K, T, CONNECTIONS, A, P>;

/// Convolution whose filters each see the channels that a table names: `y[p][o] = A(bias[o] + sum over n and k of weights[n][k] *
/// x[p + k][c_n])`, where n goes over the connections of filter o and c_n is the channel that it comes from.
///
/// LeNet-5 has such a table for its second convolution (LeCun and others, "Gradient-based learning applied to document
/// recognition", 1998, table I), which costs less and makes the filters differ; Torch7 had it as `SpatialConvolutionMap`.
/// PyTorch has none: with a [`Conv`](crate::Conv) of the same size it is one whose other weights are zero and stay so.
///
/// `T` is the [table](ConnectionTable) and `CONNECTIONS` the number of pairs in it; the other parameters are those of
/// [`Conv`](crate::Conv), but for groups, which a table makes needless. The input has at most 64 channels. A
/// `TableConv1d` whose padding is causal, or valid, can be fed [sample by sample](crate::stream).
///
/// # Shapes
///
/// The input is (rows, columns, C), the output (rows, columns, F); of a signal there is one row. `weights` is (CONNECTIONS,
/// kernel rows, kernel columns): the connections of the first filter, by rising channel, then those of the next. `bias` is (F).
///
/// # Cost
///
/// `4 (CONNECTIONS K + F)` bytes of weights for a window of K cells, and `P CONNECTIONS K` multiply-adds for P places of it.
/// Backward needs the input and the output, and for some [activations](crate::Activation) the weighted sums; it costs as many
/// multiply-adds for the weights, and as many for the input.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// /// The first filter sees both channels, the second only the second one.
/// struct Table;
///
/// impl ConnectionTable for Table {
///     const SEES: &'static [u64] = &[0b11, 0b10];
/// }
///
/// type Pair = TableConv1d<Signal<3, 2>, Signal<3, 2>, Kernel1d<1>, Table, 3>;
/// let layer: Pair = TableConv::new([[1.0], [10.0], [-1.0]], [0.0, 0.5]);
/// let mut y = [[0.0; 2]; 3];
/// layer.forward(&[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], &mut y, &mut ());
/// assert_eq!(y, [[21.0, -1.5], [43.0, -3.5], [65.0, -5.5]]);
/// ```
#[repr(C)]
pub struct TableConv<X, Y, K, T, const CONNECTIONS: usize, A = Identity, P = Valid>
where
    Y: Shaped,
    K: Kernel<X, Y>,
{
    /// The weights of each connection.
    pub weights: K::Maps<CONNECTIONS>,
    /// What is added to each filter's weighted sum.
    pub bias: Y::Channels,
    kind: PhantomData<(X, Y, K, T, A, P)>,
}

crate::__plain!(
    [allow(unsafe_code)]
    [X: 'static, Y: Shaped, K: Kernel<X, Y>, T: 'static, const CONNECTIONS: usize, A: 'static, P: 'static]
    TableConv<X, Y, K, T, CONNECTIONS, A, P>,
    K::Maps<CONNECTIONS>, Y::Channels
);

impl<X, Y: Shaped, K: Kernel<X, Y>, T, const CONNECTIONS: usize, A, P> TableConv<X, Y, K, T, CONNECTIONS, A, P> {
    /// A layer of these weights.
    pub const fn new(weights: K::Maps<CONNECTIONS>, bias: Y::Channels) -> Self {
        Self { weights, bias, kind: PhantomData }
    }
}

// By hand: derived, they would ask the same of the table, which is a type without values.
impl<X, Y: Shaped, K: Kernel<X, Y>, T, const CONNECTIONS: usize, A, P> Clone
    for TableConv<X, Y, K, T, CONNECTIONS, A, P>
{
    fn clone(&self) -> Self {
        Self::new(self.weights.clone(), self.bias.clone())
    }
}

impl<X, Y: Shaped, K: Kernel<X, Y>, T, const CONNECTIONS: usize, A, P> PartialEq
    for TableConv<X, Y, K, T, CONNECTIONS, A, P>
{
    fn eq(&self, other: &Self) -> bool {
        self.weights == other.weights && self.bias == other.bias
    }
}

impl<X, Y: Shaped, K: Kernel<X, Y>, T, const CONNECTIONS: usize, A, P> fmt::Debug
    for TableConv<X, Y, K, T, CONNECTIONS, A, P>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableConv").field("weights", &self.weights).field("bias", &self.bias).finish()
    }
}

impl<X, Y, K, T, const CONNECTIONS: usize, A, P> TableConv<X, Y, K, T, CONNECTIONS, A, P>
where
    X: Shaped,
    Y: Shaped,
    K: Kernel<X, Y>,
    T: ConnectionTable,
    A: Activation,
    P: Padding,
{
    const CONV: TableConvSpec<'static> =
        TableConvSpec { window: window::<X, Y, K, P>(), table: T::SEES, activation: A::SPEC };
    const WINDOW: Window = Window::of(&Self::CONV.window);

    fn sums(&self, x: &X, y: &mut Y) {
        let (weights, bias) = (self.weights.values(), self.bias.values());
        kernel::table_conv_forward(&Self::WINDOW, T::SEES, weights, bias, x.values(), y.values_mut());
    }
}

impl<X, Y, K, T, const CONNECTIONS: usize, A, P> Layer for TableConv<X, Y, K, T, CONNECTIONS, A, P>
where
    X: Shaped,
    Y: Shaped,
    K: Kernel<X, Y>,
    T: ConnectionTable,
    A: Activation,
    P: Padding,
{
    type Input = X;
    type Output = Y;
    type Scratch = ();

    const SPEC: LayerSpec = LayerSpec::TableConv(Self::CONV);
    const FAULT: Option<&'static str> = if let Some(fault) = Self::CONV.fault() {
        Some(fault)
    } else if K::SEEN as usize != X::SHAPE.channels() {
        Some("a convolution with a table of connections has no groups")
    } else if Self::CONV.connections() != CONNECTIONS {
        Some("the table of connections has another number of connections than the layer says")
    } else {
        None
    };

    #[inline]
    fn forward(&self, x: &X, y: &mut Y, (): &mut ()) {
        self.sums(x, y);
        super::activate::<A>(y.values_mut());
    }
}

impl<X, Y, K, T, const CONNECTIONS: usize, A, P> Learn for TableConv<X, Y, K, T, CONNECTIONS, A, P>
where
    X: Shaped,
    Y: Shaped,
    K: Kernel<X, Y>,
    T: ConnectionTable,
    A: Activation + 'static,
    P: Padding,
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
        kernel::table_conv_backward_weights(&Self::WINDOW, T::SEES, weights, bias, x.values(), dy.values(), scale);
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

impl<X, Y, K, T, const CONNECTIONS: usize, A, P> Biased for TableConv<X, Y, K, T, CONNECTIONS, A, P>
where
    X: Shaped,
    Y: Shaped,
    K: Kernel<X, Y>,
    T: ConnectionTable,
    A: Activation + 'static,
    P: Padding,
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
            let weights = self.weights.values();
            kernel::table_conv_backward_inputs(&Self::WINDOW, T::SEES, weights, dz, dx.values_mut());
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

impl<X, Y, K, T, const CONNECTIONS: usize, A, P> Stream for TableConv<X, Y, K, T, CONNECTIONS, A, P>
where
    X: Shaped,
    Y: Shaped,
    K: TimeKernel<X, Y>,
    T: ConnectionTable,
    A: Activation,
    P: Padding,
{
    type State = Ring<K::Ring>;

    const TIMING: Timing = OverTime::of(&Self::CONV.window).timing;
    const STREAM_FAULT: Option<&'static str> = OverTime::fault(&Self::CONV.window);

    #[inline]
    fn step(&self, x: &Sample<X>, y: &mut Sample<Y>, ring: &mut Self::State) -> bool {
        let window = const { OverTime::of(&Self::CONV.window) };
        let Some(history) = ring.push(&window, x.values()) else { return false };
        let (weights, bias) = (self.weights.values(), self.bias.values());
        kernel::table_conv_step(K::SIZE[1] as usize, T::SEES, weights, bias, history, y.values_mut());
        super::activate::<A>(y.values_mut());
        true
    }
}
