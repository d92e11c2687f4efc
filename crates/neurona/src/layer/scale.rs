//! A scale and a shift for each channel.

use core::marker::PhantomData;

use super::partial::{RowGradient, runs};
use super::{Biased, Factors, Kind, Layer, Learn, Rows, Run, Target};
use crate::activation::{Activation, Identity, Keep};
use crate::arch::{self, LayerSpec};
use crate::kernel;
use crate::shape::{Shaped, Tensor};
use crate::stream::{Sample, Stream, Timing};

/// A scale and a shift for each channel: `y[p][c] = A(scale[c] * x[p][c] + shift[c])`.
///
/// It is what is left of a batch normalisation (Ioffe and Szegedy, 2015) that no layer before it can take into its weights.
/// Both are parameters and learn.
///
/// # Shapes
///
/// Input and output are `X`, (cells, C); `scale` and `shift` are (C).
///
/// # Cost
///
/// `8 C` bytes of weights, and a multiply-add for each value. Backward needs the input and the output, and for some
/// [activations](crate::Activation) what they are applied to.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// let scale: Scale<Signal<2, 2>> = Scale::new([2.0, 0.5], [0.0, 1.0]);
/// let mut y = [[0.0; 2]; 2];
/// scale.forward(&[[1.0, 2.0], [3.0, 4.0]], &mut y, &mut ());
/// assert_eq!(y, [[2.0, 2.0], [6.0, 3.0]]);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Scale<X: Shaped, A = Identity> {
    /// What each channel is multiplied by.
    pub scale: X::Channels,
    /// What is then added to it.
    pub shift: X::Channels,
    activation: PhantomData<A>,
}

crate::__plain!([allow(unsafe_code)] [X: Shaped, A: 'static] Scale<X, A>, X::Channels, X::Channels);

impl<X: Shaped, A> Scale<X, A> {
    /// A layer of these parameters.
    pub const fn new(scale: X::Channels, shift: X::Channels) -> Self {
        Self { scale, shift, activation: PhantomData }
    }
}

impl<X: Shaped, A: Activation> Scale<X, A> {
    fn scaled(&self, x: &X, y: &mut X) {
        kernel::scale_forward(self.scale.values(), self.shift.values(), x.values(), y.values_mut());
    }
}

impl<X: Shaped, A: Activation> Layer for Scale<X, A> {
    type Input = X;
    type Output = X;
    type Scratch = ();

    const SPEC: LayerSpec = LayerSpec::Scale(arch::ScaleSpec { shape: X::SHAPE, activation: A::SPEC });
    const FAULT: Option<&'static str> = arch::ScaleSpec { shape: X::SHAPE, activation: A::SPEC }.fault();

    #[inline]
    fn forward(&self, x: &X, y: &mut X, (): &mut ()) {
        self.scaled(x, y);
        super::activate::<A>(y.values_mut());
    }
}

impl<X: Shaped, A: Activation + 'static> Learn for Scale<X, A> {
    const LEARNS: bool = true;
    type Gradient = Self;
    type Tape = A::Keep<X>;

    #[inline]
    fn record(&self, x: &X, y: &mut X, tape: &mut Self::Tape) {
        self.scaled(x, y);
        tape.keep(y.values());
        super::activate::<A>(y.values_mut());
    }

    #[inline]
    fn backward(mut target: Target<'_, Self>, x: &X, y: &X, tape: &mut Self::Tape, dy: &mut X, dx: Option<&mut X>) {
        target.layer().backward_inputs(y, tape, dy, dx);
        let Some((into, factor)) = target.parameters(Self::factors(x, tape, dy)) else { return };
        let (scale, shift) = (into.scale.values_mut(), into.shift.values_mut());
        kernel::scale_backward_parameters(scale, shift, x.values(), dy.values(), factor);
    }

    #[inline]
    fn visit<const N: usize, F>(&mut self, mut with: [&mut Self; N], f: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; N]),
    {
        f(Kind::Weights, self.scale.values_mut(), with.each_mut().map(|with| with.scale.values_mut()));
        f(Kind::Biases, self.shift.values_mut(), with.each_mut().map(|with| with.shift.values_mut()));
    }
}

impl<X: Shaped, A: Activation + 'static> Biased for Scale<X, A> {
    type Bias = X::Channels;

    #[inline]
    fn bias_mut(&mut self) -> &mut X::Channels {
        &mut self.shift
    }

    #[inline]
    fn backward_inputs(&self, y: &X, tape: &mut Self::Tape, dy: &mut X, dx: Option<&mut X>) {
        let dz = dy.values_mut();
        super::derive::<A>(tape.source(y.values()), dz);
        if let Some(dx) = dx {
            kernel::scale_backward_inputs(self.scale.values(), dz, dx.values_mut());
        }
    }

    #[inline]
    fn factors<'a>(x: &'a Self::Input, _: &'a Self::Tape, dz: &'a Self::Output) -> Factors<'a> {
        Factors::new(x.values(), dz.values())
    }

    #[inline]
    fn add_biases(bias: &mut X::Channels, _: &Self::Tape, dz: &X, scale: f32) {
        kernel::backward_biases(bias.values_mut(), dz.values(), scale);
    }
}

impl<X: Shaped, A: Activation + 'static> Rows for Scale<X, A> {
    type Row = RowGradient<f32>;

    const ROWS: usize = X::SHAPE.channels();

    #[inline]
    fn row_mut(&mut self, row: usize) -> impl Iterator<Item = Run<'_>> {
        let scale = self.scale.values_mut().get_mut(row).map(core::slice::from_mut);
        runs(scale, self.shift.values_mut().get_mut(row))
    }

    #[inline]
    fn runs(gradient: &mut Self::Row) -> impl Iterator<Item = Run<'_>> {
        runs(Some(core::slice::from_mut(&mut gradient.weights)), Some(&mut gradient.bias))
    }

    #[inline]
    fn add_row<'a>(row: usize, into: impl Iterator<Item = Run<'a>>, x: &X, _: &Self::Tape, dz: &X, factor: f32) {
        let (x, dz) = (x.values(), dz.values());
        for (kind, values) in into {
            match kind {
                Kind::Weights => kernel::scale_backward_channel(values, row, Self::ROWS, x, dz, factor),
                Kind::Biases => kernel::backward_bias(values, row, Self::ROWS, dz, factor),
            }
        }
    }
}

impl<X: Shaped, A: Activation> Stream for Scale<X, A> {
    type State = ();

    const TIMING: Timing = Timing::EACH;

    #[inline]
    fn step(&self, x: &Sample<X>, y: &mut Sample<X>, (): &mut ()) -> bool {
        kernel::scale_forward(self.scale.values(), self.shift.values(), x.values(), y.values_mut());
        super::activate::<A>(y.values_mut());
        true
    }
}
