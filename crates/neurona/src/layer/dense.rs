//! The fully connected layer.

use core::marker::PhantomData;

use super::partial::{RowGradient, Run, runs};
use super::{Biased, Factors, Kind, Layer, Learn, Rows, Target};
use crate::activation::{Activation, Identity, Keep};
use crate::arch::LayerSpec;
use crate::kernel;
use crate::stream::{Stream, Timing};

/// Fully connected layer: `y = A(W x + b)`, the perceptrons of one layer.
///
/// With one output and [`Step`](crate::Step) it is Rosenblatt's perceptron, with [`Sigmoid`](crate::Sigmoid) it is
/// logistic regression (course, "neuron and layers").
///
/// # Shapes
///
/// The input is (I), the output is (O), `weights` is (O, I) and `bias` is (O).
///
/// # Cost
///
/// `4 O (I + 1)` bytes of weights, `O I` multiply-adds and `O` activations. Backward needs the input and the output,
/// and for some [activations](crate::Activation) the O weighted sums; it costs `O I` multiply-adds for the weights and
/// as many for the input.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// let and: Dense<2, 1, Step> = Dense::new([[1.0, 1.0]], [-1.5]);
/// let mut y = [0.0];
/// and.forward(&[1.0, 1.0], &mut y, &mut ());
/// assert_eq!(y, [1.0]);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Dense<const I: usize, const O: usize, A = Identity> {
    /// The weights: a row for each output.
    pub weights: [[f32; I]; O],
    /// What is added to each output's weighted sum.
    pub bias: [f32; O],
    activation: PhantomData<A>,
}

crate::__plain!([allow(unsafe_code)] [const I: usize, const O: usize, A: 'static] Dense<I, O, A>, [[f32; I]; O], [f32; O]);

impl<const I: usize, const O: usize, A> Dense<I, O, A> {
    /// A layer of these weights.
    pub const fn new(weights: [[f32; I]; O], bias: [f32; O]) -> Self {
        Self { weights, bias, activation: PhantomData }
    }
}

impl<const I: usize, const O: usize, A: Activation> Layer for Dense<I, O, A> {
    type Input = [f32; I];
    type Output = [f32; O];
    type Scratch = ();

    const SPEC: LayerSpec = LayerSpec::Dense { inputs: I as u32, outputs: O as u32, activation: A::SPEC };
    const FAULT: Option<&'static str> =
        if I == 0 || O == 0 { Some("a dense layer has at least one input and one output") } else { None };

    #[inline]
    fn forward(&self, x: &[f32; I], y: &mut [f32; O], (): &mut ()) {
        kernel::dense_forward(self.weights.as_flattened(), &self.bias, x, y);
        super::activate::<A>(y);
    }
}

impl<const I: usize, const O: usize, A: Activation + 'static> Learn for Dense<I, O, A> {
    const LEARNS: bool = true;
    type Gradient = Self;
    type Tape = A::Keep<[f32; O]>;

    #[inline]
    fn record(&self, x: &[f32; I], y: &mut [f32; O], tape: &mut Self::Tape) {
        kernel::dense_forward(self.weights.as_flattened(), &self.bias, x, y);
        tape.keep(y);
        super::activate::<A>(y);
    }

    #[inline]
    fn backward(
        mut target: Target<'_, Self>,
        x: &[f32; I],
        y: &[f32; O],
        tape: &mut Self::Tape,
        dy: &mut [f32; O],
        dx: Option<&mut [f32; I]>,
    ) {
        target.layer().backward_inputs(y, tape, dy, dx);
        let Some((into, scale)) = target.parameters(Self::factors(x, tape, dy)) else { return };
        kernel::dense_backward_weights(into.weights.as_flattened_mut(), &mut into.bias, x, dy, scale);
    }

    #[inline]
    fn visit<const K: usize, F>(&mut self, mut with: [&mut Self; K], f: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; K]),
    {
        f(Kind::Weights, self.weights.as_flattened_mut(), with.each_mut().map(|with| with.weights.as_flattened_mut()));
        f(Kind::Biases, &mut self.bias, with.each_mut().map(|with| &mut with.bias[..]));
    }
}

impl<const I: usize, const O: usize, A: Activation + 'static> Biased for Dense<I, O, A> {
    type Bias = [f32; O];

    #[inline]
    fn bias_mut(&mut self) -> &mut [f32; O] {
        &mut self.bias
    }

    #[inline]
    fn backward_inputs(&self, y: &[f32; O], tape: &mut Self::Tape, dy: &mut [f32; O], dx: Option<&mut [f32; I]>) {
        super::derive::<A>(tape.source(y), dy);
        if let Some(dx) = dx {
            kernel::dense_backward_inputs(self.weights.as_flattened(), dy, dx);
        }
    }

    #[inline]
    fn factors<'a>(x: &'a [f32; I], _: &'a Self::Tape, dz: &'a [f32; O]) -> Factors<'a> {
        Factors::new(x, dz)
    }

    #[inline]
    fn add_biases(bias: &mut [f32; O], _: &Self::Tape, dz: &[f32; O], scale: f32) {
        kernel::axpy(scale, dz, bias);
    }
}

impl<const I: usize, const O: usize, A: Activation + 'static> Rows for Dense<I, O, A> {
    type Row = RowGradient<[f32; I]>;

    const ROWS: usize = O;

    #[inline]
    fn row_mut(&mut self, row: usize) -> impl Iterator<Item = Run<'_>> {
        runs(self.weights.get_mut(row).map(|weights| &mut weights[..]), self.bias.get_mut(row))
    }

    #[inline]
    fn runs(gradient: &mut Self::Row) -> impl Iterator<Item = Run<'_>> {
        runs(Some(&mut gradient.weights), Some(&mut gradient.bias))
    }

    #[inline]
    fn add_row<'a>(
        row: usize,
        into: impl Iterator<Item = Run<'a>>,
        x: &[f32; I],
        _: &Self::Tape,
        dz: &[f32; O],
        scale: f32,
    ) {
        let Some(dz) = dz.get(row) else { return };
        for (kind, values) in into {
            let by = if kind == Kind::Weights { &x[..] } else { &[1.0] };
            kernel::axpy(scale * dz, by, values);
        }
    }
}

impl<const I: usize, const O: usize, A: Activation> Stream for Dense<I, O, A> {
    type State = ();

    const TIMING: Timing = Timing::EACH;

    #[inline]
    fn step(&self, x: &[f32; I], y: &mut [f32; O], (): &mut ()) -> bool {
        self.forward(x, y, &mut ());
        true
    }
}
