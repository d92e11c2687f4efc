//! Long short-term memory.

use super::recurrent::{Cell, Last, Parameters, Recurrent};
use crate::arch;
use crate::kernel;

/// Long short-term memory (Hochreiter and Schmidhuber, 1997; with the forget gate of Gers, Schmidhuber and Cummins, 2000), in
/// PyTorch's form:
///
/// - input: `i = σ(W_i x + U_i h + b_i)`
/// - forget: `f = σ(W_f x + U_f h + b_f)`
/// - candidate: `g = tanh(W_g x + U_g h + b_g)`
/// - output: `o = σ(W_o x + U_o h + b_o)`
/// - next cell: `c' = f c + i g`, and next state: `h' = o tanh(c')`
///
/// W is `weights`, U is `recurrent` and b is `bias`, in the order i, f, g, o. There is one bias for each gate, where PyTorch has
/// two: on import it is their sum, `bias_ih_l0 + bias_hh_l0`. A network that is to learn long memories begins with `b_f` at 1.
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
///     /// Two recurrent layers, one behind the other.
///     pub struct Deep: Signal<50, 6> => [f32; 4] {
///         first: Lstm<50, 6, 16, All>,
///         second: Lstm<50, 16, 8>,
///         output: Dense<8, 4>,
///     }
/// }
///
/// assert_eq!(Deep::PARAMS, 4 * 16 * (6 + 16 + 1) + 4 * 8 * (16 + 8 + 1) + 4 * (8 + 1));
///
/// // Gates that are all but open: the cell is the sum of what came in.
/// let mut lstm = Lstm::<2, 1, 1>::ZERO;
/// lstm.weights[2] = [[1.0]];
/// lstm.bias = [[100.0], [100.0], [0.0], [100.0]];
/// let (mut y, mut scratch) = ([0.0], Zero::ZERO);
/// lstm.forward(&[[0.5], [0.5]], &mut y, &mut scratch);
/// assert_eq!(y, [Tanh::value(2.0 * Tanh::value(0.5))]);
/// ```
pub type Lstm<const STEPS: usize, const INPUTS: usize, const UNITS: usize, R = Last, const BACK: usize = STEPS> =
    Recurrent<LstmCell, STEPS, INPUTS, UNITS, R, BACK>;

/// The cell of an [`Lstm`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LstmCell;

impl Cell for LstmCell {
    const SPEC: arch::CellSpec = arch::CellSpec::Lstm;

    type Weights<const INPUTS: usize, const UNITS: usize> = [[[f32; INPUTS]; UNITS]; 4];
    type Bias<const UNITS: usize> = [[f32; UNITS]; 4];
    type Memory<const UNITS: usize> = [[f32; UNITS]; 2];
    type Trace<const STEPS: usize, const UNITS: usize> = [[[f32; UNITS]; 6]; STEPS];

    fn forward(
        Parameters { weights, recurrent, bias }: Parameters<'_>,
        x: &[f32],
        memory: &mut [f32],
        gates: &mut [f32],
    ) {
        let Some((h, c)) = memory.split_at_mut_checked(memory.len() / 2) else { return };
        kernel::lstm_forward(weights, recurrent, bias, x, h, c, gates);
    }

    fn backward(recurrent: &[f32], memory: &[f32], gates: &mut [f32], dmemory: &mut [f32]) {
        let cell = memory.get(memory.len() / 2..).unwrap_or_default();
        let Some((dh, dc)) = dmemory.split_at_mut_checked(dmemory.len() / 2) else { return };
        kernel::lstm_backward(recurrent, cell, gates, dh, dc);
    }
}
