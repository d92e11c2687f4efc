//! Recursive least squares, for a layer of weighted sums that learns from each example as much as there is to learn.

use crate::activation::Identity;
use crate::kernel::{self, InverseSquares};
use crate::layer::Dense;

/// Recursive least squares for a [`Dense`] without an activation, such as the readout of a reservoir (Plackett, "Some theorems in
/// least squares", 1950; Haykin, "Adaptive filter theory", 2002, chapter 9; for reservoirs Jaeger, "Adaptive nonlinear system
/// identification with echo state networks", 2002).
///
/// After every example the weights are those of the least squares of all examples so far, where one that is k examples old
/// counts `forgetting^k`: with the weights `w_0` of the beginning and n examples they minimise `sum over k of forgetting^(n - k) (t_k -
/// w x_k)^2 + forgetting^n / variance |w - w_0|^2`. Gradient descent comes near only after many rounds, and has a rate to find.
///
/// In directions that the inputs do not take, forgetting leaves less and less, and the matrix grows without end, as the field
/// knows it (wind-up). Where its trace would pass ten times that of the beginning, nothing is forgotten in that step. What
/// a long silence taught, of the bias for one, is then forgotten later, and takes some more examples.
///
/// # Cost
///
/// An [`RlsMemory`] of `4 (I^2 + 2 I + 1)` bytes for I inputs, whatever the number of outputs, and about `5/2 I^2 + 2 I O`
/// multiply-adds for an example. The stack does not depend on the size.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
/// use neurona::{EchoMemory, Rls, RlsMemory};
///
/// neurona::network! {
///     /// Says what came two steps before.
///     pub stream struct Recall: Signal<20, 1> => [f32; 1] {
///         reservoir: EchoState<20, 1, 30, 5, 7>,
///         readout: Dense<30, 1>,
///     }
/// }
///
/// // On a board all of these are statics.
/// let (mut net, mut state, mut memory) = (Recall::ZERO, EchoMemory::ZERO, RlsMemory::<30>::ZERO);
/// net.reservoir.fill(Reservoir { radius: 0.9, inputs: 0.5, bias: 0.1 }, &mut state);
/// state.clear();
/// let rls = Rls { forgetting: 0.999, variance: 1e4 };
/// rls.begin(&mut memory);
///
/// let (mut states, mut before, mut last) = ([0.0; 30], [0.0; 2], 1.0);
/// for step in 0..300_u32 {
///     let x = (step.wrapping_mul(0x9e37_79b9) >> 8) as f32 / 16_777_216.0 - 0.5;
///     net.reservoir.step(&[x], &mut states, &mut state);
///     if let Some(error) = rls.learn(&mut net.readout, &states, &[before[1]], &mut memory) {
///         last = error;
///     }
///     before = [x, before[0]];
/// }
/// assert!(last < 1e-3);
/// assert_eq!(RlsMemory::<30>::BYTES, 4 * (30 * 30 + 2 * 30 + 1));
/// ```
///
/// An example that is finite and wild, such as an input of 10^15 from a loose wire, is learned like any other, and with a small
/// `forgetting` spoils the readout until it is forgotten: leave it out, by [`add_within`](crate::statistics::RunningScale::add_within).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rls {
    /// What an example still counts after the next one: 1 to forget nothing, or somewhat less.
    pub forgetting: f32,
    /// How far weights may be from where they began: the variance that each is thought to have. Its reciprocal is the
    /// regularisation of ridge regression.
    pub variance: f32,
}

/// What [`Rls`] keeps from example to example, for a layer of so many inputs.
#[derive(Debug)]
#[repr(C)]
pub struct RlsMemory<const I: usize> {
    inputs: [[f32; I]; I],
    edge: [f32; I],
    corner: f32,
    gain: [f32; I],
}

crate::__plain!(
    [allow(unsafe_code)] [const I: usize] RlsMemory<I>, [[f32; I]; I], [f32; I], f32, [f32; I]
);

impl<const I: usize> RlsMemory<I> {
    /// Its size.
    pub const BYTES: usize = size_of::<Self>();

    fn trace(&self) -> f32 {
        let mut sum = self.corner;
        for diagonal in self.inputs.as_flattened().iter().step_by(I + 1) {
            sum += diagonal;
        }
        sum
    }
}

impl Rls {
    /// How many times the trace of the beginning that of the matrix may become.
    const MOST: f32 = 10.0;

    /// Makes memory ready: nothing is known, and the layer may have any weights.
    ///
    /// It is to be called before the first example.
    pub fn begin<const I: usize>(&self, memory: &mut RlsMemory<I>) {
        memory.inputs.as_flattened_mut().fill(0.0);
        memory.inputs.as_flattened_mut().iter_mut().step_by(I + 1).for_each(|diagonal| *diagonal = self.variance);
        memory.edge.fill(0.0);
        memory.corner = self.variance;
    }

    /// Learns one example and returns the mean of the squared errors before it, as
    /// [`SquaredError`](crate::SquaredError) has it.
    ///
    /// `None` where nothing could be learned: an input, a target or an output is not finite, `forgetting` is not above 0 and at
    /// most 1, a weight would not stay finite, or the memory holds nothing that it could come from: in the last two cases it then
    /// [begins](Self::begin) anew, and the layer stays as it is.
    pub fn learn<const I: usize, const O: usize>(
        &self,
        layer: &mut Dense<I, O, Identity>,
        x: &[f32; I],
        target: &[f32; O],
        memory: &mut RlsMemory<I>,
    ) -> Option<f32> {
        let finite = x.iter().chain(target).all(|value| value.is_finite());
        let forgets = self.forgetting > 0.0 && self.forgetting <= 1.0;
        if !finite || !forgets {
            return None;
        }
        let trace = memory.trace();
        let RlsMemory { inputs, edge, corner, gain } = memory;
        let mut p = InverseSquares { inputs: inputs.as_flattened_mut(), edge, corner };
        let Some(found) = kernel::rls_gain(&p, x, self.forgetting, gain) else {
            self.begin(memory);
            return None;
        };
        let mut squares = 0.0;
        for ((weights, bias), target) in layer.weights.iter().zip(&layer.bias).zip(target) {
            let error = target - sum(weights, *bias, x);
            squares += error * error;
        }
        // Weights that are not finite, or too large, or would become so, are left as they are.
        if !squares.is_finite() {
            return None;
        }
        let stays = layer.weights.iter().zip(&layer.bias).zip(target).all(|((weights, bias), target)| {
            let step = (target - sum(weights, *bias, x)) / found.divisor;
            let moved = weights.iter().zip(&*gain).all(|(weight, gain)| (weight + step * gain).is_finite());
            moved && (bias + step * found.bias).is_finite()
        });
        if !stays {
            self.begin(memory);
            return None;
        }
        for ((weights, bias), target) in layer.weights.iter_mut().zip(&mut layer.bias).zip(target) {
            let step = (target - sum(weights, *bias, x)) / found.divisor;
            kernel::axpy(step, gain, weights);
            *bias += step * found.bias;
        }
        let growth = 1.0 / self.forgetting;
        let most = Self::MOST * (I + 1) as f32 * self.variance;
        kernel::rls_update(&mut p, gain, found, if trace * growth <= most { growth } else { 1.0 });
        Some(squares / O as f32)
    }
}

/// A weighted sum, as [`kernel::dense_forward`] has it.
fn sum<const I: usize>(weights: &[f32; I], bias: f32, x: &[f32; I]) -> f32 {
    let mut sum = bias;
    for (weight, x) in weights.iter().zip(x) {
        sum += weight * x;
    }
    sum
}
