//! Logistic regression.

use super::{
    Examples, Fit, FitError, Neuron,
    newton::{Link, Newton},
};
use crate::Dataset;

/// Logistic regression (Cox, "The regression analysis of binary sequences", 1958): the probability of class 1 is
/// `1 / (1 + e^-z)` with `z = w . x + b`, and the weights are those of the greatest likelihood.
///
/// What is made small is the mean over the n examples of `-ln p` of their class, and `penalty / (2 n) |w|^2`, which
/// leaves the bias free; scikit-learn's `C` is 1 over this penalty. Without a penalty there are no best weights where a
/// plane separates the classes, and [`Outcome::Separable`](super::Outcome::Separable) says so.
///
/// It learns by Newton's method, from weights of zero, and has converged when half the Newton decrement, an estimate of
/// how far the mean loss is from its least value, was not above the tolerance before the last step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogisticRegression {
    /// The weight of the squares of the weights; 0 for none.
    pub penalty: f64,
    /// The most steps.
    pub steps: u32,
    /// How much the mean loss may be above its least value.
    pub tolerance: f64,
}

impl Default for LogisticRegression {
    /// A penalty of 1, as scikit-learn; at most 100 steps; a tolerance of 1e-10.
    fn default() -> Self {
        Self { penalty: 1.0, steps: 100, tolerance: 1e-10 }
    }
}

impl LogisticRegression {
    /// Finds the weights.
    ///
    /// # Errors
    ///
    /// The targets are no two classes with an example each, or a setting is out of range.
    pub fn fit(&self, data: &Dataset) -> Result<Fit, FitError> {
        let Self { penalty, steps, tolerance } = *self;
        let newton = Newton { penalty, steps, tolerance };
        newton.check()?;
        Ok(newton.fit::<Logistic>(&Examples::new(data, Neuron::Logistic)?, 1))
    }
}

/// One sum, whose sigmoid is the probability of class 1.
struct Logistic;

impl Link for Logistic {
    const NEURON: Neuron = Neuron::Logistic;

    fn loss(sums: &mut [f64], class: usize) -> f64 {
        // -t ln p - (1 - t) ln(1 - p) = ln(1 + e^z) - t z, by an exponential that cannot overflow.
        let z = sums[0];
        let e = (-z.abs()).exp();
        sums[0] = if z < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) };
        z.max(0.0) + e.ln_1p() - Self::target(class, 0) * z
    }

    fn is_right(probabilities: &[f64], class: usize) -> bool {
        if class == 1 { probabilities[0] > 0.5 } else { probabilities[0] < 0.5 }
    }

    fn target(class: usize, _: usize) -> f64 {
        if class == 1 { 1.0 } else { 0.0 }
    }

    fn curve(probabilities: &[f64], sums: &mut [f64]) {
        sums[0] *= probabilities[0] * (1.0 - probabilities[0]);
    }
}
