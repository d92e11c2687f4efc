//! What recurrent layers have in common: a cell that is applied step after step to a state, and its gradient through time.

use core::marker::PhantomData;
use core::slice;

use super::{Biased, Factors, Kind, Layer, Learn, Rows, Run, Target};
use crate::arch::{self, LayerSpec, States};
use crate::kernel::{self, Steps};
use crate::plain::Zero;
use crate::shape::{Shaped, Signal, Tensor};
use crate::stream::{State, Stream, Timing, all_finite};

/// What makes the next state of a [`Recurrent`] layer from an input and the state before: the arithmetic of one step, and the
/// types of its weights.
///
/// A cell has weights for a number of gates. Where a gate needs its sum over the state apart from that over the input, as the
/// new state of a GRU does, that sum has a bias of its own.
pub trait Cell: 'static {
    /// The cell as a value.
    const SPEC: arch::CellSpec;

    /// Weights of the input: a row for each gate and unit. Of the state, with as many inputs as units, they are recurrent.
    type Weights<const INPUTS: usize, const UNITS: usize>: Tensor;
    /// Biases: those of all gates, then those of sums that stand apart.
    type Bias<const UNITS: usize>: Tensor;
    /// What lasts from step to step. Its first values are the state that the layer gives.
    type Memory<const UNITS: usize>: Tensor;
    /// What is kept of each step for the way back: gates, and the memory before the step.
    type Trace<const STEPS: usize, const UNITS: usize>: Tensor;

    /// A step: `memory` becomes the next one, and `gates` what [`backward`](Self::backward) needs besides.
    fn forward(weights: Parameters<'_>, x: &[f32], memory: &mut [f32], gates: &mut [f32]);

    /// Back through a step: `gates` becomes the gradients of the sums, in the order of the biases, and `dmemory`, the gradient
    /// of the memory after the step, that of the `memory` before it.
    fn backward(recurrent: &[f32], memory: &[f32], gates: &mut [f32], dmemory: &mut [f32]);
}

/// The parameters of a recurrent layer, as slices.
#[derive(Clone, Copy, Debug)]
pub struct Parameters<'a> {
    /// Weights of the input.
    pub weights: &'a [f32],
    /// Weights of the state.
    pub recurrent: &'a [f32],
    /// Biases.
    pub bias: &'a [f32],
}

/// Which states a recurrent layer gives: [`Last`] or [`All`].
pub trait Gives: 'static {
    /// The same as a value.
    const STATES: States;
    /// What is given.
    type Output<const STEPS: usize, const UNITS: usize>: Shaped<Channels = [f32; UNITS]>;
    /// What is kept for the way back: the steps that the gradient reaches.
    type Trace<C: Cell, const STEPS: usize, const UNITS: usize, const BACK: usize>: Tensor;
}

/// The state of the last step, `[f32; UNITS]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Last;

/// The state of each step, `Signal<STEPS, UNITS>`.
///
/// ```
/// use neurona::prelude::*;
///
/// let (x, mut scratch) = ([[1.0], [2.0], [3.0]], Zero::ZERO);
/// let (mut last, mut all) = ([0.0], [[0.0]; 3]);
/// Rnn::<3, 1, 1, Last, Identity>::new([[1.0]], [[1.0]], [0.0]).forward(&x, &mut last, &mut scratch);
/// Rnn::<3, 1, 1, All, Identity>::new([[1.0]], [[1.0]], [0.0]).forward(&x, &mut all, &mut scratch);
/// assert_eq!((last, all), ([6.0], [[1.0], [3.0], [6.0]]));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct All;

impl Gives for Last {
    const STATES: States = States::Last;
    type Output<const STEPS: usize, const UNITS: usize> = [f32; UNITS];
    type Trace<C: Cell, const STEPS: usize, const UNITS: usize, const BACK: usize> = C::Trace<BACK, UNITS>;
}

impl Gives for All {
    const STATES: States = States::All;
    type Output<const STEPS: usize, const UNITS: usize> = Signal<STEPS, UNITS>;
    type Trace<C: Cell, const STEPS: usize, const UNITS: usize, const BACK: usize> = C::Trace<STEPS, UNITS>;
}

/// A cell applied step after step: what [`Rnn`](crate::Rnn), [`Gru`](crate::Gru) and [`Lstm`](crate::Lstm) are.
///
/// The window begins with a memory of zeros. `R` says which states are given, [`Last`] or [`All`].
///
/// # Through time
///
/// The gradient goes back through `BACK` steps, all of them if it is left out, and the result is that of a memory which is a
/// constant in front of those. With [`Last`] only the last `BACK` steps have a part in learning. With [`All`] the window is
/// cut, from its end, into pieces of so many steps, and no gradient goes from one piece to the one before, as if PyTorch's
/// `detach` stood between them. It is a choice of training: the architecture and its fingerprint are the same for each `BACK`,
/// so that one model file serves all.
///
/// # Shapes
///
/// The input is (STEPS, INPUTS), the output (UNITS) or (STEPS, UNITS). With G gates and B biases for each unit, `weights` is
/// (G, UNITS, INPUTS), `recurrent` is (G, UNITS, UNITS) and `bias` is (B, UNITS). The first two are in memory what PyTorch calls
/// `weight_ih_l0` and `weight_hh_l0`.
///
/// # Cost
///
/// `4 UNITS (G (INPUTS + UNITS) + B)` bytes of weights and `STEPS G UNITS (INPUTS + UNITS)` multiply-adds. Forward needs a
/// [`RecurrentState`] of `4 UNITS (B + M)` bytes, with M values of memory for each unit; backward as much again for each step
/// that it keeps (`BACK` with [`Last`], `STEPS` with [`All`]), and costs as many multiply-adds as those steps for the weights, as
/// many for the way through time and the input.
///
/// | cell | G | B | M |
/// | ---- | - | - | - |
/// | RNN  | 1 | 1 | 1 |
/// | GRU  | 3 | 4 | 1 |
/// | LSTM | 4 | 4 | 2 |
///
/// # Learning in place
///
/// The gradients of all sums are computed first, with the weights as they were. Only then is the gradient of each weight
/// summed over the steps, from zero and upwards in time, and added with one rounding to the weight or to its gradient.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// // Whether there was a one in the window; the gradient goes back through 4 steps of 6.
/// let mut net = Rnn::<6, 1, 1, Last, Tanh, 4>::new([[0.5]], [[0.5]], [0.0]);
/// let mut memory = Learning::ZERO;
/// let mut learner = Learner::new(&mut net, &mut memory, SquaredError, InPlace::new(0.2));
/// let (with, without) = ([[0.0], [0.0], [1.0], [0.0], [0.0], [0.0]], [[0.0]; 6]);
/// for _ in 0..500 {
///     learner.learn(&with, &[0.9]);
///     learner.learn(&without, &[0.0]);
/// }
/// let mut memory = Inference::ZERO;
/// assert!(net.infer(&with, &mut memory)[0] > 0.5);
/// assert!(net.infer(&without, &mut memory)[0].abs() < 0.25);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Recurrent<
    C: Cell,
    const STEPS: usize,
    const INPUTS: usize,
    const UNITS: usize,
    R = Last,
    const BACK: usize = STEPS,
> {
    /// Weights of the input: a row for each gate and unit.
    pub weights: C::Weights<INPUTS, UNITS>,
    /// Weights of the state before: a row for each gate and unit.
    pub recurrent: C::Weights<UNITS, UNITS>,
    /// What the sums begin with.
    pub bias: C::Bias<UNITS>,
    kind: PhantomData<R>,
}

crate::__plain!(
    [allow(unsafe_code)]
    [C: Cell, const STEPS: usize, const INPUTS: usize, const UNITS: usize, R: 'static, const BACK: usize]
    Recurrent<C, STEPS, INPUTS, UNITS, R, BACK>,
    C::Weights<INPUTS, UNITS>, C::Weights<UNITS, UNITS>, C::Bias<UNITS>
);

impl<C: Cell, const STEPS: usize, const INPUTS: usize, const UNITS: usize, R, const BACK: usize>
    Recurrent<C, STEPS, INPUTS, UNITS, R, BACK>
{
    /// A layer of these weights.
    pub const fn new(
        weights: C::Weights<INPUTS, UNITS>,
        recurrent: C::Weights<UNITS, UNITS>,
        bias: C::Bias<UNITS>,
    ) -> Self {
        Self { weights, recurrent, bias, kind: PhantomData }
    }

    fn parameters(&self) -> Parameters<'_> {
        let (weights, recurrent, bias) = (self.weights.values(), self.recurrent.values(), self.bias.values());
        Parameters { weights, recurrent, bias }
    }
}

/// What lasts from step to step of a recurrent layer, and room for the gates of one step.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct RecurrentState<C: Cell, const UNITS: usize> {
    memory: C::Memory<UNITS>,
    gates: C::Bias<UNITS>,
}

crate::__plain!(
    [allow(unsafe_code)] [C: Cell, const UNITS: usize] RecurrentState<C, UNITS>, C::Memory<UNITS>, C::Bias<UNITS>
);

impl<C: Cell, const UNITS: usize> State for RecurrentState<C, UNITS> {
    fn is_finite(&self) -> bool {
        all_finite(&self.memory)
    }
}

impl<C: Cell, const UNITS: usize> RecurrentState<C, UNITS> {
    /// What lasts: the state, and of an LSTM the cell behind it.
    pub fn memory(&self) -> &C::Memory<UNITS> {
        &self.memory
    }

    fn step(&mut self, parameters: Parameters<'_>, x: &[f32]) {
        C::forward(parameters, x, self.memory.values_mut(), self.gates.values_mut());
    }

    fn give(&self, y: Option<&mut [f32]>) {
        kernel::copy(self.memory.values(), y.unwrap_or_default());
    }
}

/// Memory for the backward of a [`Recurrent`]: the gates of each step that the gradient reaches and the memory before it.
#[derive(Debug)]
pub struct RecurrentTape<C: Cell, const UNITS: usize, T> {
    /// A row for each step: gates, then the memory before. On the way back gates become the gradients of their sums.
    trace: T,
    /// That of the step, and on the way back its gradient.
    state: RecurrentState<C, UNITS>,
}

crate::__zero!(
    [allow(unsafe_code)] [C: Cell, const UNITS: usize, T] RecurrentTape<C, UNITS, T>, T, RecurrentState<C, UNITS>
);

impl<C: Cell, const STEPS: usize, const INPUTS: usize, const UNITS: usize, R: Gives, const BACK: usize>
    Recurrent<C, STEPS, INPUTS, UNITS, R, BACK>
{
    const RECURRENT: arch::RecurrentSpec = arch::RecurrentSpec {
        cell: C::SPEC,
        steps: STEPS as u32,
        inputs: INPUTS as u32,
        units: UNITS as u32,
        states: R::STATES,
    };
    /// Number of values of the gates of a step, which is that of biases.
    const GATES: usize = C::SPEC.biases() * UNITS;
    /// Number of values that are kept of a step.
    const ROW: usize = Self::GATES + C::SPEC.memory() * UNITS;
    /// Number of steps of which nothing is kept, at the beginning.
    const EARLY: usize = match R::STATES {
        States::Last => STEPS.saturating_sub(BACK),
        States::All => 0,
    };
    /// Number of steps that are kept.
    const KEPT: usize = STEPS.saturating_sub(Self::EARLY);
    /// Number of rows of weights.
    const ROWS: usize = C::SPEC.gates() * UNITS;
    /// Number of rows of weights whose sums over the state stand apart.
    const APART: usize = Self::GATES - Self::ROWS;

    /// What a trace has of each step, from a place on: gradients of sums, then the memory before the step.
    fn steps(trace: &[f32], from: usize) -> Steps<'_> {
        Steps { values: trace.get(from..).unwrap_or_default(), stride: Self::ROW, count: Self::KEPT }
    }

    /// The inputs of the steps in a trace.
    fn inputs(x: &[f32]) -> Steps<'_> {
        Steps { values: x.get(Self::EARLY * INPUTS..).unwrap_or_default(), stride: INPUTS, count: Self::KEPT }
    }

    /// Adds the gradients of the parameters, times `scale`, from the gradients of the sums in the trace.
    fn add_gradients(&mut self, x: &[f32], trace: &[f32], scale: f32) {
        let dz = |from: usize| Self::steps(trace, from);
        let (x, h) = (Self::inputs(x), dz(Self::GATES));
        kernel::recurrent_backward_weights(self.weights.values_mut(), INPUTS, dz(0), x, scale);
        let recurrent = self.recurrent.values_mut();
        if let Some((together, apart)) = recurrent.split_at_mut_checked((Self::ROWS - Self::APART) * UNITS) {
            kernel::recurrent_backward_weights(together, UNITS, dz(0), h, scale);
            kernel::recurrent_backward_weights(apart, UNITS, dz(Self::ROWS), h, scale);
        }
        kernel::recurrent_backward_bias(self.bias.values_mut(), dz(0), scale);
    }
}

impl<C: Cell, const STEPS: usize, const INPUTS: usize, const UNITS: usize, R: Gives, const BACK: usize> Layer
    for Recurrent<C, STEPS, INPUTS, UNITS, R, BACK>
{
    type Input = Signal<STEPS, INPUTS>;
    type Output = R::Output<STEPS, UNITS>;
    type Scratch = RecurrentState<C, UNITS>;

    const SPEC: LayerSpec = LayerSpec::Recurrent(Self::RECURRENT);
    const FAULT: Option<&'static str> = match Self::RECURRENT.fault() {
        None if BACK == 0 || BACK > STEPS => {
            Some("the gradient of a recurrent layer goes back through at least one step and at most all of them")
        }
        fault => fault,
    };

    // In a frame of its own, which is gone before the next layer has its turn: one frame of several layers would grow with them.
    #[inline(never)]
    fn forward(&self, x: &Self::Input, y: &mut Self::Output, state: &mut Self::Scratch) {
        let mut outputs = y.values_mut().chunks_exact_mut(UNITS.max(1));
        state.clear();
        for (step, x) in x.iter().enumerate() {
            state.step(self.parameters(), x);
            if matches!(R::STATES, States::All) || step + 1 == STEPS {
                state.give(outputs.next());
            }
        }
    }
}

impl<C: Cell, const STEPS: usize, const INPUTS: usize, const UNITS: usize, R: Gives, const BACK: usize> Learn
    for Recurrent<C, STEPS, INPUTS, UNITS, R, BACK>
{
    const LEARNS: bool = true;
    type Gradient = Self;
    type Tape = RecurrentTape<C, UNITS, R::Trace<C, STEPS, UNITS, BACK>>;

    #[inline(never)]
    fn record(&self, x: &Self::Input, y: &mut Self::Output, tape: &mut Self::Tape) {
        let RecurrentTape { trace, state } = tape;
        let mut outputs = y.values_mut().chunks_exact_mut(UNITS.max(1));
        let mut rows = trace.values_mut().chunks_exact_mut(Self::ROW.max(1));
        state.clear();
        for (step, x) in x.iter().enumerate() {
            let row = if step < Self::EARLY { None } else { rows.next() };
            match row.and_then(|row| row.split_at_mut_checked(Self::GATES)) {
                Some((gates, before)) => {
                    state.give(Some(before));
                    C::forward(self.parameters(), x, state.memory.values_mut(), gates);
                }
                None => state.step(self.parameters(), x),
            }
            if matches!(R::STATES, States::All) || step + 1 == STEPS {
                state.give(outputs.next());
            }
        }
    }

    #[inline(never)]
    fn backward(
        mut target: Target<'_, Self>,
        x: &Self::Input,
        y: &Self::Output,
        tape: &mut Self::Tape,
        dy: &mut Self::Output,
        dx: Option<&mut Self::Input>,
    ) {
        target.layer().backward_inputs(y, tape, dy, dx);
        let Some((into, scale)) = target.parameters(Self::factors(x, tape, dy)) else { return };
        into.add_gradients(x.as_flattened(), tape.trace.values(), scale);
    }

    fn visit<const K: usize, F>(&mut self, mut with: [&mut Self; K], f: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; K]),
    {
        f(Kind::Weights, self.weights.values_mut(), with.each_mut().map(|with| with.weights.values_mut()));
        f(Kind::Weights, self.recurrent.values_mut(), with.each_mut().map(|with| with.recurrent.values_mut()));
        f(Kind::Biases, self.bias.values_mut(), with.each_mut().map(|with| with.bias.values_mut()));
    }
}

/// The gradients of the sums of all steps are in the tape.
impl<C: Cell, const STEPS: usize, const INPUTS: usize, const UNITS: usize, R: Gives, const BACK: usize> Biased
    for Recurrent<C, STEPS, INPUTS, UNITS, R, BACK>
{
    type Bias = C::Bias<UNITS>;

    fn bias_mut(&mut self) -> &mut C::Bias<UNITS> {
        &mut self.bias
    }

    #[inline(never)]
    fn backward_inputs(
        &self,
        _: &Self::Output,
        tape: &mut Self::Tape,
        dy: &mut Self::Output,
        dx: Option<&mut Self::Input>,
    ) {
        let RecurrentTape { trace, state: RecurrentState { memory: dmemory, .. } } = tape;
        let Parameters { weights, recurrent, .. } = self.parameters();
        let mut dy = dy.values().chunks_exact(UNITS.max(1)).rev();
        let mut dx = dx.map(|dx| dx.iter_mut().rev());
        let mut left = 0;
        for row in trace.values_mut().chunks_exact_mut(Self::ROW.max(1)).rev() {
            if left == 0 {
                dmemory.clear();
                left = BACK;
            }
            left -= 1;
            kernel::axpy(1.0, dy.next().unwrap_or_default(), dmemory.values_mut());
            let Some((gates, before)) = row.split_at_mut_checked(Self::GATES) else { continue };
            C::backward(recurrent, before, gates, dmemory.values_mut());
            if let (Some(dx), Some(dz)) = (dx.as_mut().and_then(|dx| dx.next()), gates.get(..Self::ROWS)) {
                kernel::dense_backward_inputs(weights, dz, dx);
            }
        }
    }

    /// What weights are multiplied with is in the input and in the trace, as are the gradients of the sums.
    fn factors<'a>(x: &'a Self::Input, tape: &'a Self::Tape, _: &'a Self::Output) -> Factors<'a> {
        let trace = tape.trace.values();
        Factors { inputs: [x.as_flattened(), trace], sums: trace }
    }

    fn add_biases(bias: &mut C::Bias<UNITS>, tape: &Self::Tape, _: &Self::Output, scale: f32) {
        kernel::recurrent_backward_bias(bias.values_mut(), Self::steps(tape.trace.values(), 0), scale);
    }
}

/// The gradient of a unit of a [`Recurrent`] layer, with all of its gates.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct UnitGradient<C: Cell, const INPUTS: usize, const UNITS: usize> {
    /// Of the weights of the input: a row for each gate.
    pub weights: C::Weights<INPUTS, 1>,
    /// Of the weights of the state: a row for each gate.
    pub recurrent: C::Weights<UNITS, 1>,
    /// Of the biases.
    pub bias: C::Bias<1>,
}

crate::__zero!(
    [allow(unsafe_code)] [C: Cell, const INPUTS: usize, const UNITS: usize] UnitGradient<C, INPUTS, UNITS>,
    C::Weights<INPUTS, 1>, C::Weights<UNITS, 1>, C::Bias<1>
);

/// The runs of a unit: a row of weights for each gate, then one of recurrent weights, then each bias.
impl<C: Cell, const STEPS: usize, const INPUTS: usize, const UNITS: usize, R: Gives, const BACK: usize> Rows
    for Recurrent<C, STEPS, INPUTS, UNITS, R, BACK>
{
    type Row = UnitGradient<C, INPUTS, UNITS>;

    const ROWS: usize = UNITS;

    fn row_mut(&mut self, unit: usize) -> impl Iterator<Item = Run<'_>> {
        let unit = if unit < UNITS { unit } else { usize::MAX };
        let values = [self.weights.values_mut(), self.recurrent.values_mut(), self.bias.values_mut()];
        every(values, [INPUTS, UNITS], unit, UNITS)
    }

    fn runs(gradient: &mut Self::Row) -> impl Iterator<Item = Run<'_>> {
        let values = [gradient.weights.values_mut(), gradient.recurrent.values_mut(), gradient.bias.values_mut()];
        every(values, [INPUTS, UNITS], 0, 1)
    }

    #[inline(never)]
    fn add_row<'a>(
        unit: usize,
        into: impl Iterator<Item = Run<'a>>,
        x: &Self::Input,
        tape: &Self::Tape,
        _: &Self::Output,
        scale: f32,
    ) {
        let gates = const { C::SPEC.gates() };
        let dz = |sum: usize| Self::steps(tape.trace.values(), sum);
        let (x, h) = (Self::inputs(x.as_flattened()), dz(Self::GATES));
        for (at, (kind, values)) in into.enumerate() {
            let sum = unit + at % gates * UNITS;
            match kind {
                Kind::Weights if at < gates => kernel::recurrent_backward_weights(values, INPUTS, dz(sum), x, scale),
                Kind::Weights => {
                    let apart = if sum < Self::ROWS - Self::APART { 0 } else { Self::APART };
                    kernel::recurrent_backward_weights(values, UNITS, dz(sum + apart), h, scale);
                }
                Kind::Biases => {
                    kernel::recurrent_backward_bias(values, dz(unit + (at - 2 * gates) * UNITS), scale);
                }
            }
        }
    }
}

/// Of rows of two lengths and of single values, those of every `step`-th place from `first` on.
fn every(
    [weights, recurrent, bias]: [&mut [f32]; 3],
    [inputs, units]: [usize; 2],
    first: usize,
    step: usize,
) -> impl Iterator<Item = Run<'_>> {
    let step = step.max(1);
    let weights = weights.chunks_exact_mut(inputs.max(1)).skip(first).step_by(step);
    let recurrent = recurrent.chunks_exact_mut(units.max(1)).skip(first).step_by(step);
    let bias = bias.iter_mut().skip(first).step_by(step).map(|bias| (Kind::Biases, slice::from_mut(bias)));
    weights.chain(recurrent).map(|row| (Kind::Weights, row)).chain(bias)
}

/// Each step gives the state that it leaves, whether [`Last`] or [`All`].
impl<C: Cell, const STEPS: usize, const INPUTS: usize, const UNITS: usize, R: Gives, const BACK: usize> Stream
    for Recurrent<C, STEPS, INPUTS, UNITS, R, BACK>
{
    type State = RecurrentState<C, UNITS>;

    const TIMING: Timing = Timing::EACH;

    fn step(&self, x: &[f32; INPUTS], y: &mut [f32; UNITS], state: &mut Self::State) -> bool {
        state.step(self.parameters(), x);
        state.give(Some(y));
        true
    }
}
