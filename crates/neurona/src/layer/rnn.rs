//! The simple recurrent layer.

use core::marker::PhantomData;

use super::recurrent::{Cell, Last, Parameters, Recurrent};
use crate::activation::{Activation, Needs, Tanh};
use crate::arch;
use crate::kernel;

/// Simple recurrent layer (Elman, "Finding structure in time", 1990): `h' = A(W x + U h + b)`.
///
/// W is `weights`, U is `recurrent` and b is `bias`; there is one bias, where PyTorch has two. On import it is their sum,
/// `bias_ih_l0 + bias_hh_l0`. `R` says which states are given, [`Last`] or [`All`](crate::All); `A` is the activation; the
/// gradient goes back through `BACK` steps. Shapes, costs and the way through time are those of [`Recurrent`].
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// // A sum that forgets half of what it holds at each step.
/// let fading: Rnn<3, 1, 1, All, Identity> = Rnn::new([[1.0]], [[0.5]], [0.0]);
/// let (mut y, mut scratch) = ([[0.0]; 3], Zero::ZERO);
/// fading.forward(&[[4.0], [0.0], [1.0]], &mut y, &mut scratch);
/// assert_eq!(y, [[4.0], [2.0], [2.0]]);
/// ```
pub type Rnn<
    const STEPS: usize,
    const INPUTS: usize,
    const UNITS: usize,
    R = Last,
    A = Tanh,
    const BACK: usize = STEPS,
> = Recurrent<RnnCell<A>, STEPS, INPUTS, UNITS, R, BACK>;

/// The cell of an [`Rnn`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RnnCell<A>(PhantomData<A>);

impl<A: Activation + 'static> Cell for RnnCell<A> {
    const SPEC: arch::CellSpec = arch::CellSpec::Rnn { activation: A::SPEC };

    type Weights<const INPUTS: usize, const UNITS: usize> = [[f32; INPUTS]; UNITS];
    type Bias<const UNITS: usize> = [f32; UNITS];
    type Memory<const UNITS: usize> = [f32; UNITS];
    type Trace<const STEPS: usize, const UNITS: usize> = [[[f32; UNITS]; 2]; STEPS];

    /// `gates` is what the derivative is computed from: the next state, or the sums.
    fn forward(Parameters { weights, recurrent, bias }: Parameters<'_>, x: &[f32], h: &mut [f32], gates: &mut [f32]) {
        kernel::recurrent_forward(weights, recurrent, bias, x, h, gates);
        for (h, z) in h.iter_mut().zip(gates) {
            *h = A::value(*z);
            if matches!(A::SPEC.needs(), Needs::Output) {
                *z = *h;
            }
        }
    }

    fn backward(recurrent: &[f32], _: &[f32], gates: &mut [f32], dh: &mut [f32]) {
        for (dz, dh) in gates.iter_mut().zip(dh.iter_mut()) {
            *dz = *dh * A::derivative(*dz);
            *dh = 0.0;
        }
        kernel::dense_backward_inputs(recurrent, gates, dh);
    }
}
