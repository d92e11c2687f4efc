//! Optimizers: what becomes of an accumulated gradient.

use crate::layer::Learn;

/// Gradient descent, with or without momentum (course, "optimisation").
///
/// The gradient that it is given is a sum over the examples of a mini-batch; the step takes their mean `g`.
///
/// - [`step`](Self::step): `w -= rate * g`.
/// - [`step_with_momentum`](Self::step_with_momentum): `v = momentum * v + g`, then `w -= rate * v`, the classical
///   form (Polyak 1964; PyTorch's `SGD`).
///
/// Both leave the gradient zero, ready for the next mini-batch. With one example in the batch, a step differs from
/// [`Network::learn`](crate::Network::learn), which learns in place, by the rounding of one product.
///
/// ```
/// use neurona::prelude::*;
///
/// neurona::network! {
///     struct Line: [f32; 1] => [f32; 1] { line: Dense<1, 1> }
/// }
///
/// let (mut net, mut gradient) = (Line::ZERO, Gradient::<Line>::ZERO);
/// let mut workspace = Workspace::<Line>::ZERO;
/// let sgd = Sgd { rate: 0.1, momentum: 0.0 };
/// for _ in 0..500 {
///     for (x, y) in [(0.0, -1.0), (1.0, 1.0), (2.0, 3.0)] {
///         net.accumulate(&[x], &[y], &SquaredError, &mut gradient, &mut workspace);
///     }
///     sgd.step(&mut net, &mut gradient, 3);
/// }
/// assert!((net.line.weights[0][0] - 2.0).abs() < 1e-3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Sgd {
    /// The learning rate.
    pub rate: f32,
    /// The share of the velocity that stays from one step to the next, from 0 to less than 1.
    pub momentum: f32,
}

impl Sgd {
    /// Takes a step without momentum: `w -= rate * (gradient / examples)`.
    ///
    /// `gradient` is the sum over that many examples; it is zero afterwards. No examples are no step.
    pub fn step<L: Learn>(&self, layer: &mut L, gradient: &mut L::Gradient, examples: usize) {
        if examples == 0 {
            return;
        }
        let share = 1.0 / examples as f32;
        layer.visit([gradient], &mut |parameters, [gradient]| {
            for (w, g) in parameters.iter_mut().zip(gradient) {
                *w -= self.rate * (*g * share);
                *g = 0.0;
            }
        });
    }

    /// Takes a step with momentum: `v = momentum * v + gradient / examples`, `w -= rate * v`.
    ///
    /// `gradient` is the sum over that many examples; it is zero afterwards. `velocity` begins as zero and belongs to
    /// the network from step to step. No examples are no step.
    pub fn step_with_momentum<L: Learn>(
        &self,
        layer: &mut L,
        gradient: &mut L::Gradient,
        velocity: &mut L::Gradient,
        examples: usize,
    ) {
        if examples == 0 {
            return;
        }
        let share = 1.0 / examples as f32;
        layer.visit([gradient, velocity], &mut |parameters, [gradient, velocity]| {
            for ((w, g), v) in parameters.iter_mut().zip(gradient).zip(velocity) {
                *v = self.momentum * *v + *g * share;
                *w -= self.rate * *v;
                *g = 0.0;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dense, plain::Zero};

    #[test]
    fn no_examples_are_no_step() {
        let mut net: Dense<1, 1> = Dense::new([[2.0]], [0.5]);
        let (mut gradient, mut velocity) = (Dense::ZERO, Dense::<1, 1>::new([[3.0]], [1.0]));
        let sgd = Sgd { rate: 0.1, momentum: 0.9 };
        sgd.step(&mut net, &mut gradient, 0);
        sgd.step_with_momentum(&mut net, &mut gradient, &mut velocity, 0);
        assert_eq!((net, velocity), (Dense::new([[2.0]], [0.5]), Dense::new([[3.0]], [1.0])));
    }
}
