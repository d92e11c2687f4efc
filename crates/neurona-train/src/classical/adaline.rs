//! Adaline, the adaptive linear neuron.

use ndarray::{Array1, Array2};

use super::{Examples, Fit, FitError, Neuron, Outcome};
use crate::Dataset;

/// Adaline (Widrow and Hoff, "Adaptive switching circuits", 1960): `z = w . x + b`, learned from its error before the
/// threshold, which is the rule of the least mean squares (LMS): `w += rate (t - z) x`, `b += rate (t - z)`, where t is
/// -1 or 1.
///
/// The examples are taken in their order, epoch after epoch, from weights of zero. It has converged when the mean
/// squared error of an epoch differs from the one before by less than a share of it; the weights are then near those of
/// the least squares, the nearer the smaller the rate, for each example pulls them a little its way.
///
/// One correction multiplies the error of its example by `1 - rate (|x|^2 + 1)`; a rate below `2 / (|x|^2 + 1)` makes
/// it smaller, and one that is larger for some examples may diverge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adaline {
    /// The learning rate; `None` for a tenth of 1 over the greatest `|x|^2 + 1`.
    pub rate: Option<f64>,
    /// The most epochs.
    pub epochs: u32,
    /// The share of the mean squared error by which it may still change; 0 for all epochs.
    pub tolerance: f64,
}

impl Default for Adaline {
    /// A safe rate, at most 1,000 epochs, a tolerance of 1e-6.
    fn default() -> Self {
        Self { rate: None, epochs: 1_000, tolerance: 1e-6 }
    }
}

impl Adaline {
    /// Learns until the error settles, or for as long as it may.
    ///
    /// # Errors
    ///
    /// The targets are no two classes with an example each, a setting is out of range, or the rate is so large that the
    /// weights are not finite any more.
    pub fn fit(&self, data: &Dataset) -> Result<Fit, FitError> {
        self.rate.map_or(Ok(()), |rate| FitError::check("rate", rate, false))?;
        FitError::check_rounds("epochs", self.epochs)?;
        FitError::check("tolerance", self.tolerance, true)?;
        let examples = Examples::new(data, Neuron::Adaline)?;
        let longest = examples.inputs.rows().into_iter().map(|x| x.dot(&x) + 1.0).fold(1.0, f64::max);
        let rate = self.rate.unwrap_or(0.1 / longest);

        let (mut weights, mut bias) = (Array1::zeros(examples.inputs.ncols()), 0.0);
        let mut history: Vec<f64> = Vec::new();
        let mut outcome = Outcome::Spent;
        for epoch in 1..=self.epochs as usize {
            let error = correct(&mut weights, &mut bias, &examples, rate);
            if !(error.is_finite() && bias.is_finite() && weights.iter().all(|w| w.is_finite())) {
                return Err(FitError::Diverged { epoch, rate, limit: 2.0 / longest });
            }
            let before = history.last().copied();
            history.push(error);
            if before.is_some_and(|before| self.tolerance > 0.0 && (before - error).abs() <= self.tolerance * before) {
                outcome = Outcome::Converged;
                break;
            }
        }
        let weights = Array2::from_shape_fn((1, weights.len()), |(_, at)| weights[at]);
        Ok(Fit { neuron: Neuron::Adaline, weights, bias: Array1::from_elem(1, bias), outcome, history })
    }
}

/// One epoch; the mean squared error, each taken before its correction.
fn correct(weights: &mut Array1<f64>, bias: &mut f64, examples: &Examples<'_>, rate: f64) -> f64 {
    let mut squares = 0.0;
    for (x, class) in examples.inputs.rows().into_iter().zip(examples.classes) {
        let target = if *class == 1 { 1.0 } else { -1.0 };
        let error = target - (weights.dot(&x) + *bias);
        weights.scaled_add(rate * error, &x);
        *bias += rate * error;
        squares += error * error;
    }
    squares / examples.classes.len() as f64
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::Targets;

    fn line() -> Dataset {
        let inputs = array![[-3.0], [-1.0], [1.0], [3.0]];
        Dataset::new(inputs, Targets::classes(&["minus", "plus"], vec![0, 0, 1, 1])).expect("the parts fit")
    }

    #[test]
    fn it_comes_to_the_least_squares() {
        // Normal equations: w = sum x t / sum x^2 = 8 / 20, b = 0; the mean squared error there is 1/5. Where an epoch
        // ends as it began, the errors e times (x, 1) add up to 0, each e at weights that are away from those of the
        // beginning by at most rate S, S = sum |e| |(x, 1)|; so these solve the normal equations up to rate S sum |(x,
        // 1)|^2, and are off by that over 4, the least eigenvalue: 24 / 4 rate S. No |e| is above 1 where the mean of
        // four squares is below 1/4, so that S is at most 2 (sqrt(10) + sqrt(2)).
        for rate in [1e-3, 1e-4] {
            // e^(-4 rate epochs) of the way is left: 2e-9.
            let epochs = (5.0 / rate) as u32;
            let fit = Adaline { rate: Some(rate), epochs, tolerance: 0.0 }.fit(&line()).expect("it is stable");
            assert!(fit.history[fit.rounds() - 1] < 0.25);
            let bound = 12.0 * (10_f64.sqrt() + 2_f64.sqrt()) * rate;
            assert!((fit.weights[[0, 0]] - 0.4).abs() <= bound && fit.bias[0].abs() <= bound, "{:?}", fit.weights);
        }
    }

    #[test]
    fn it_says_when_the_error_settled() {
        let fit = Adaline::default().fit(&line()).expect("the rate is safe");
        let [.., before, last] = fit.history[..] else { panic!("more than one epoch") };
        assert_eq!(fit.outcome, Outcome::Converged);
        assert!((before - last).abs() <= 1e-6 * before);
        assert!(fit.verdict().starts_with("converged in epoch "), "{}", fit.verdict());
        let short = Adaline { epochs: 2, ..Adaline::default() }.fit(&line()).expect("the rate is safe");
        assert_eq!(short.outcome, Outcome::Spent);
    }

    #[test]
    fn a_rate_that_is_too_large_is_an_error_that_names_a_safe_one() {
        // The longest example is (3, 1): 2 / 10.
        let error = Adaline { rate: Some(1.0), ..Adaline::default() }.fit(&line()).expect_err("it diverges");
        let FitError::Diverged { rate, limit, .. } = error else { panic!("another error: {error}") };
        assert_eq!((rate, limit), (1.0, 0.2));
        assert!(Adaline { rate: Some(0.19), ..Adaline::default() }.fit(&line()).is_ok());
    }
}
