//! The reservoir of an echo state network.

use core::marker::PhantomData;

use super::recurrent::{Gives, Last};
use super::{Kind, Layer, Learn, Target};
use crate::arch::{EchoStateSpec, LayerSpec, States};
use crate::kernel;
use crate::plain::{Zero, copy};
use crate::shape::{Signal, Tensor};
use crate::stream::{State, Stream, Timing, all_finite};

/// The reservoir of an echo state network (Jaeger, "The echo state approach to analysing and training recurrent neural
/// networks", 2001): a fixed, sparse, random recurrent layer, `h' = (1 - a) h + a tanh(W x + U h + b)`.
///
/// Nothing in it learns: what is learned is the layer behind it, the readout, which a single [`Dense`](crate::Dense) can be.
/// Each unit has `CONNECTIONS` to other ones, or to itself; which ones, follows from `SEED`. [`fill`](Self::fill) draws the
/// weights from the seed too, and scales those of the state to a spectral radius. `LEAK` is the leaking rate a, given by its
/// bits, 1 if it is left out; `R` says which states are given, [`Last`] or [`All`](crate::All).
///
/// The gradient ends here: none comes to what stands in front of the reservoir.
///
/// # Shapes
///
/// The input is (STEPS, INPUTS), the output (UNITS) or (STEPS, UNITS). `inputs` is (UNITS, INPUTS), `recurrent` is (UNITS,
/// CONNECTIONS) and `bias` is (UNITS).
///
/// # Cost
///
/// `4 UNITS (INPUTS + CONNECTIONS + 1)` bytes of constants, which stand in the model file, and `STEPS UNITS (INPUTS +
/// CONNECTIONS)` multiply-adds. Forward needs two values for each unit. Backward needs nothing.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// neurona::network! {
///     pub stream struct Recall: Signal<20, 1> => [f32; 1] {
///         reservoir: EchoState<20, 1, 30, 5, 7>,
///         readout: Dense<30, 1>,
///     }
/// }
///
/// let (mut net, mut scratch) = (Recall::ZERO, Zero::ZERO);
/// net.reservoir.fill(Reservoir { radius: 0.9, inputs: 0.5, bias: 0.1 }, &mut scratch);
/// assert_eq!(Recall::PARAMS, 30 + 1); // only the readout learns
/// ```
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct EchoState<
    const STEPS: usize,
    const INPUTS: usize,
    const UNITS: usize,
    const CONNECTIONS: usize,
    const SEED: u32,
    R = Last,
    const LEAK: u32 = { 1.0_f32.to_bits() },
> {
    /// Weights of the input: a row for each unit.
    pub inputs: [[f32; INPUTS]; UNITS],
    /// Weights of the connections of each unit.
    pub recurrent: [[f32; CONNECTIONS]; UNITS],
    /// What the sums begin with.
    pub bias: [f32; UNITS],
    kind: PhantomData<R>,
}

crate::__plain!(
    [allow(unsafe_code)]
    [
        const STEPS: usize, const INPUTS: usize, const UNITS: usize, const CONNECTIONS: usize, const SEED: u32,
        R: 'static, const LEAK: u32
    ]
    EchoState<STEPS, INPUTS, UNITS, CONNECTIONS, SEED, R, LEAK>,
    [[f32; INPUTS]; UNITS], [[f32; CONNECTIONS]; UNITS], [f32; UNITS]
);

/// How the weights of an [`EchoState`] are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Reservoir {
    /// The spectral radius of the recurrent weights: somewhat below 1 for a long memory.
    pub radius: f32,
    /// Weights of the input are between minus and plus this.
    pub inputs: f32,
    /// Biases are between minus and plus this.
    pub bias: f32,
}

/// What lasts of an [`EchoState`], and room for the sums of a step.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct EchoMemory<const UNITS: usize> {
    h: [f32; UNITS],
    z: [f32; UNITS],
}

crate::__plain!([allow(unsafe_code)] [const UNITS: usize] EchoMemory<UNITS>, [f32; UNITS], [f32; UNITS]);

impl<const UNITS: usize> State for EchoMemory<UNITS> {
    fn is_finite(&self) -> bool {
        all_finite(&self.h)
    }
}

impl<
    const STEPS: usize,
    const INPUTS: usize,
    const UNITS: usize,
    const CONNECTIONS: usize,
    const SEED: u32,
    R,
    const LEAK: u32,
> EchoState<STEPS, INPUTS, UNITS, CONNECTIONS, SEED, R, LEAK>
{
    /// Draws all weights from the seed, and scales the recurrent ones to the spectral radius.
    ///
    /// The radius of what was drawn is measured as the mean growth of a vector over 1,000 products with it, which takes `1,064
    /// UNITS CONNECTIONS` multiply-adds and is within a hundredth for reservoirs of some tens to a hundred units. Where the
    /// vector vanishes, for which weights of exactly zero are needed, the weights stay as they were drawn. The result has the
    /// same bits everywhere. Constants that are not finite give weights and states that are not, which a network's output shows.
    pub fn fill(&mut self, reservoir: Reservoir, EchoMemory { h, z }: &mut EchoMemory<UNITS>) {
        let values = [self.inputs.as_flattened_mut(), self.recurrent.as_flattened_mut(), &mut self.bias];
        kernel::reservoir_fill(SEED, CONNECTIONS, reservoir, values, [h, z]);
    }

    fn advance(&self, x: &[f32], EchoMemory { h, z }: &mut EchoMemory<UNITS>) {
        kernel::dense_forward(self.inputs.as_flattened(), &self.bias, x, z);
        kernel::reservoir_forward(SEED, CONNECTIONS, self.recurrent.as_flattened(), h, z);
        kernel::leaky_tanh(f32::from_bits(LEAK), z, h);
    }
}

impl<
    const STEPS: usize,
    const INPUTS: usize,
    const UNITS: usize,
    const CONNECTIONS: usize,
    const SEED: u32,
    R: Gives,
    const LEAK: u32,
> EchoState<STEPS, INPUTS, UNITS, CONNECTIONS, SEED, R, LEAK>
{
    const ECHO: EchoStateSpec = EchoStateSpec {
        steps: STEPS as u32,
        inputs: INPUTS as u32,
        units: UNITS as u32,
        connections: CONNECTIONS as u32,
        seed: SEED,
        leak: LEAK,
        states: R::STATES,
    };
}

impl<
    const STEPS: usize,
    const INPUTS: usize,
    const UNITS: usize,
    const CONNECTIONS: usize,
    const SEED: u32,
    R: Gives,
    const LEAK: u32,
> Layer for EchoState<STEPS, INPUTS, UNITS, CONNECTIONS, SEED, R, LEAK>
{
    type Input = Signal<STEPS, INPUTS>;
    type Output = R::Output<STEPS, UNITS>;
    type Scratch = EchoMemory<UNITS>;

    const SPEC: LayerSpec = LayerSpec::EchoState(Self::ECHO);
    const FAULT: Option<&'static str> = Self::ECHO.fault();

    fn forward(&self, x: &Self::Input, y: &mut Self::Output, state: &mut Self::Scratch) {
        let mut outputs = y.values_mut().chunks_exact_mut(UNITS.max(1));
        state.clear();
        for (step, x) in x.iter().enumerate() {
            self.advance(x, state);
            if matches!(R::STATES, States::All) || step + 1 == STEPS {
                for (y, h) in outputs.next().unwrap_or_default().iter_mut().zip(&state.h) {
                    *y = *h;
                }
            }
        }
    }
}

impl<
    const STEPS: usize,
    const INPUTS: usize,
    const UNITS: usize,
    const CONNECTIONS: usize,
    const SEED: u32,
    R: Gives,
    const LEAK: u32,
> Learn for EchoState<STEPS, INPUTS, UNITS, CONNECTIONS, SEED, R, LEAK>
{
    const LEARNS: bool = false;
    const PASSES: bool = false;
    type Gradient = ();
    type Tape = EchoMemory<UNITS>;

    fn record(&self, x: &Self::Input, y: &mut Self::Output, tape: &mut Self::Tape) {
        self.forward(x, y, tape);
    }

    fn backward(
        _: Target<'_, Self>,
        _: &Self::Input,
        _: &Self::Output,
        _: &mut Self::Tape,
        _: &mut Self::Output,
        _: Option<&mut Self::Input>,
    ) {
    }

    fn visit<const K: usize, F>(&mut self, _: [&mut (); K], _: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; K]),
    {
    }
}

/// Each step gives the state that it leaves, whether [`Last`] or [`All`](crate::All).
impl<
    const STEPS: usize,
    const INPUTS: usize,
    const UNITS: usize,
    const CONNECTIONS: usize,
    const SEED: u32,
    R: Gives,
    const LEAK: u32,
> Stream for EchoState<STEPS, INPUTS, UNITS, CONNECTIONS, SEED, R, LEAK>
{
    type State = EchoMemory<UNITS>;

    const TIMING: Timing = Timing::EACH;

    fn step(&self, x: &[f32; INPUTS], y: &mut [f32; UNITS], state: &mut Self::State) -> bool {
        self.advance(x, state);
        copy(&state.h, y);
        true
    }
}
