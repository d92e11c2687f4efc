//! The gated recurrent unit.

use super::recurrent::{Cell, Last, Parameters, Recurrent};
use crate::arch;
use crate::kernel;

/// Gated recurrent unit (Cho and others, "Learning phrase representations using RNN encoder-decoder", 2014), in PyTorch's form:
///
/// - reset: `r = σ(W_r x + U_r h + b_r)`
/// - update: `z = σ(W_z x + U_z h + b_z)`
/// - new: `n = tanh(W_n x + b_n + r (U_n h + b_s))`
/// - next state: `h' = (1 - z) n + z h`
///
/// The reset gate is applied to the sum over the state with its bias; in the paper, and in Keras with `reset_after=False`, to
/// the state itself. W is `weights` and U is `recurrent`, in the order r, z, n. `bias` has four rows for each unit, `b_r`, `b_z`,
/// `b_n` and `b_s`, where PyTorch has six: on import the first two are sums, `bias_ih_l0 + bias_hh_l0`, and those of n stay
/// two, `b_n` from `bias_ih_l0` and `b_s` from `bias_hh_l0`.
///
/// `R` says which states are given, [`Last`] or [`All`](crate::All); the gradient goes back through `BACK` steps. Shapes, costs
/// and the way through time are those of [`Recurrent`].
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// neurona::network! {
///     /// Two seconds of motion to four gestures.
///     pub struct Gesture: Signal<50, 6> => [f32; 4] {
///         memory: Gru<50, 6, 16>,
///         output: Dense<16, 4>,
///     }
/// }
///
/// assert_eq!(Gesture::PARAMS, 16 * (3 * (6 + 16) + 4) + 4 * (16 + 1));
///
/// // An update gate of 1 keeps the state, one of 0 takes the new one.
/// let mut gru = Gru::<1, 1, 1>::ZERO;
/// gru.weights[2] = [[1.0]];
/// gru.bias[1] = [-100.0];
/// let (mut y, mut scratch) = ([0.0], Zero::ZERO);
/// gru.forward(&[[0.5]], &mut y, &mut scratch);
/// assert_eq!(y, [Tanh::value(0.5)]);
/// ```
pub type Gru<const STEPS: usize, const INPUTS: usize, const UNITS: usize, R = Last, const BACK: usize = STEPS> =
    Recurrent<GruCell, STEPS, INPUTS, UNITS, R, BACK>;

/// The cell of a [`Gru`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GruCell;

impl Cell for GruCell {
    const SPEC: arch::CellSpec = arch::CellSpec::Gru;

    type Weights<const INPUTS: usize, const UNITS: usize> = [[[f32; INPUTS]; UNITS]; 3];
    type Bias<const UNITS: usize> = [[f32; UNITS]; 4];
    type Memory<const UNITS: usize> = [f32; UNITS];
    type Trace<const STEPS: usize, const UNITS: usize> = [[[f32; UNITS]; 5]; STEPS];

    fn forward(Parameters { weights, recurrent, bias }: Parameters<'_>, x: &[f32], h: &mut [f32], gates: &mut [f32]) {
        kernel::gru_forward(weights, recurrent, bias, x, h, gates);
    }

    fn backward(recurrent: &[f32], h: &[f32], gates: &mut [f32], dh: &mut [f32]) {
        kernel::gru_backward(recurrent, h, gates, dh);
    }
}
