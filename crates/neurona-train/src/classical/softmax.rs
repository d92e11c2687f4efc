//! Softmax regression.

use ndarray::Axis;

use super::{
    Examples, Fit, FitError, Neuron,
    newton::{Link, Newton},
};
use crate::Dataset;

/// Softmax regression, or multinomial logistic regression (Cox, "Some procedures connected with the logistic
/// qualitative response curve", 1966): a sum `z[i] = w[i] . x + b[i]` for each class, whose probability is `e^z[i] /
/// sum over j of e^z[j]`, and the weights are those of the greatest likelihood.
///
/// Loss, penalty, method and convergence are those of [`LogisticRegression`](super::LogisticRegression). Sums that are
/// all larger by one number give the same probabilities; of all weights that are equally good, those are given whose
/// sum over the classes is 0, for the biases as for each input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoftmaxRegression {
    /// The weight of the squares of the weights; 0 for none.
    pub penalty: f64,
    /// The most steps.
    pub steps: u32,
    /// How much the mean loss may be above its least value.
    pub tolerance: f64,
}

impl Default for SoftmaxRegression {
    /// A penalty of 1, as scikit-learn; at most 100 steps; a tolerance of 1e-10.
    fn default() -> Self {
        Self { penalty: 1.0, steps: 100, tolerance: 1e-10 }
    }
}

impl SoftmaxRegression {
    /// Finds the weights.
    ///
    /// # Errors
    ///
    /// The targets are no classes, of two or more with an example each, or a setting is out of range.
    pub fn fit(&self, data: &Dataset) -> Result<Fit, FitError> {
        let Self { penalty, steps, tolerance } = *self;
        let newton = Newton { penalty, steps, tolerance };
        newton.check()?;
        let mut fit = newton.fit::<Softmax>(&Examples::new(data, Neuron::Softmax)?, data.labels().len());
        if let Some(means) = fit.weights.mean_axis(Axis(0)) {
            fit.weights -= &means;
        }
        fit.bias -= fit.bias.mean().unwrap_or(0.0);
        Ok(fit)
    }
}

/// A sum for each class.
struct Softmax;

impl Link for Softmax {
    const NEURON: Neuron = Neuron::Softmax;

    fn loss(sums: &mut [f64], class: usize) -> f64 {
        // The largest is subtracted first, so that no exponential overflows: -ln p = ln(sum of e^(z - max)) - (z -
        // max).
        let max = sums.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let own = sums[class] - max;
        sums.iter_mut().for_each(|sum| *sum = (*sum - max).exp());
        let total: f64 = sums.iter().sum();
        sums.iter_mut().for_each(|sum| *sum /= total);
        total.ln() - own
    }

    fn is_right(probabilities: &[f64], class: usize) -> bool {
        probabilities.iter().enumerate().all(|(other, p)| other == class || *p < probabilities[class])
    }

    fn target(class: usize, at: usize) -> f64 {
        if class == at { 1.0 } else { 0.0 }
    }

    fn curve(probabilities: &[f64], sums: &mut [f64]) {
        let mean: f64 = probabilities.iter().zip(&*sums).map(|(p, sum)| p * sum).sum();
        sums.iter_mut().zip(probabilities).for_each(|(sum, p)| *sum = p * (*sum - mean));
    }
}
