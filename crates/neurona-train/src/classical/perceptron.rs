//! Rosenblatt's perceptron.

use ndarray::{Array1, Array2};

use super::{Examples, Fit, FitError, Neuron, Outcome};
use crate::Dataset;

/// Rosenblatt's perceptron ("The perceptron: a probabilistic model for information storage and organization in the
/// brain", 1958): `y = step(w . x + b)`, learned from its mistakes by `w += (t - y) x`, `b += t - y`, where t is 0 or
/// 1.
///
/// The examples are taken in their order, epoch after epoch, from weights of zero; another learning rate than 1 would
/// scale the weights and change no answer. It has converged after an epoch without a mistake.
///
/// Where a plane separates the classes it makes at most `(R / m)^2` corrections (Novikoff, "On convergence proofs on
/// perceptrons", 1962): R is the length of the longest input, m the least distance of an input to a plane through the
/// origin that separates them, both with a 1 for the bias appended to every input. Where none does, it never converges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Perceptron {
    /// The most epochs.
    pub epochs: u32,
}

impl Default for Perceptron {
    /// At most 1,000 epochs.
    fn default() -> Self {
        Self { epochs: 1_000 }
    }
}

impl Perceptron {
    /// Learns until there is no mistake, or for as long as it may.
    ///
    /// # Errors
    ///
    /// The targets are no two classes with an example each, or there are no epochs.
    pub fn fit(&self, data: &Dataset) -> Result<Fit, FitError> {
        FitError::check_rounds("epochs", self.epochs)?;
        let examples = Examples::new(data, Neuron::Perceptron)?;
        let mut weights = vec![0.0; examples.inputs.ncols() + 1];
        let mut history = Vec::new();
        let mut earlier = Earlier { epoch: 0, weights: weights.clone() };
        let mut outcome = Outcome::Spent;
        for epoch in 1..=self.epochs as usize {
            let corrections = correct(&mut weights, &examples);
            history.push(f64::from(corrections));
            if corrections == 0 {
                outcome = Outcome::Converged;
                break;
            }
            if let Some(since) = earlier.find(epoch, &weights) {
                outcome = Outcome::Repeats { since };
                break;
            }
        }
        let bias = Array1::from_iter(weights.pop());
        let weights = Array2::from_shape_fn((1, weights.len()), |(_, at)| weights[at]);
        Ok(Fit { neuron: Neuron::Perceptron, weights, bias, outcome, history })
    }
}

/// One epoch; the bias is the last of the weights. How often they were corrected.
fn correct(weights: &mut [f64], examples: &Examples<'_>) -> u32 {
    let mut corrections = 0;
    for (x, class) in examples.inputs.rows().into_iter().zip(examples.classes) {
        let with_one = || x.iter().copied().chain([1.0]);
        let sum: f64 = weights.iter().zip(with_one()).map(|(w, x)| w * x).sum();
        let error = f64::from(*class) - f64::from(u8::from(sum >= 0.0));
        if error != 0.0 {
            weights.iter_mut().zip(with_one()).for_each(|(w, x)| *w += error * x);
            corrections += 1;
        }
    }
    corrections
}

/// Weights after an earlier epoch, at every power of two a new one: so a cycle of any length is found with the memory
/// of one (Brent, "An improved Monte Carlo factorization algorithm", 1980).
struct Earlier {
    epoch: usize,
    weights: Vec<f64>,
}

impl Earlier {
    /// The epoch after which the weights were equal, and from which therefore the same corrections follow.
    fn find(&mut self, epoch: usize, weights: &[f64]) -> Option<usize> {
        if self.weights == weights {
            return Some(self.epoch);
        }
        if epoch.is_power_of_two() {
            *self = Self { epoch, weights: weights.to_vec() };
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::{
        Targets,
        random::{Purpose, Random},
    };

    fn two_classes(inputs: Array2<f32>, classes: Vec<u32>) -> Dataset {
        Dataset::new(inputs, Targets::classes(&["no", "yes"], classes)).expect("the parts fit")
    }

    fn bits(classes: [u32; 4]) -> Dataset {
        two_classes(array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], classes.to_vec())
    }

    #[test]
    fn it_learns_what_a_line_separates() {
        for classes in [[0, 0, 0, 1], [0, 1, 1, 1], [1, 1, 0, 1], [1, 0, 0, 0]] {
            let data = bits(classes);
            let fit = Perceptron::default().fit(&data).expect("two classes");
            assert_eq!((fit.outcome, fit.history.last()), (Outcome::Converged, Some(&0.0)), "{classes:?}");
            assert_eq!(fit.classes(data.inputs().view()), Ok(classes.to_vec()));
        }
    }

    #[test]
    fn the_first_steps_by_hand() {
        // And. From zero every sum is 0 and so every answer 1: (0, 0) makes b = -1; (0, 1) and (1, 0) are right; (1, 1)
        // makes w = (1, 1), b = 0. Then (0, 0) makes b = -1; (0, 1) makes w = (1, 0), b = -2; (1, 0) is right; (1, 1)
        // makes w = (2, 1), b = -1.
        let fit = |epochs| Perceptron { epochs }.fit(&bits([0, 0, 0, 1])).expect("two classes");
        assert_eq!((fit(1).weights, fit(1).bias, fit(1).history), (array![[1.0, 1.0]], array![0.0], vec![2.0]));
        assert_eq!((fit(2).weights, fit(2).bias, fit(2).history), (array![[2.0, 1.0]], array![-1.0], vec![2.0, 3.0]));
        assert_eq!(fit(2).outcome, Outcome::Spent);
        assert!(fit(2).verdict().starts_with("did not converge in 2 epochs: 3 mistakes"), "{}", fit(2).verdict());
    }

    #[test]
    fn exclusive_or_is_said_to_be_out_of_reach() {
        for classes in [[0, 1, 1, 0], [1, 0, 0, 1]] {
            let fit = Perceptron::default().fit(&bits(classes)).expect("two classes");
            let Outcome::Repeats { since } = fit.outcome else { panic!("{:?}", fit.outcome) };
            assert!(fit.verdict().starts_with("never converges: "), "{}", fit.verdict());
            assert!(fit.history.iter().all(|mistakes| *mistakes > 0.0));
            // What the outcome says, computed again: the weights are equal after both epochs.
            let after = |epochs: usize| {
                let mut weights = [0.0; 3];
                let data = bits(classes);
                let examples = Examples::new(&data, Neuron::Perceptron).expect("two classes");
                (0..epochs).for_each(|_| _ = correct(&mut weights, &examples));
                weights
            };
            assert_eq!(after(since), after(fit.rounds()));
        }
    }

    #[test]
    fn corrections_stay_below_the_bound_of_novikoff() {
        let mut fits = 0;
        for seed in 0..20 {
            let mut random = Random::new(seed, Purpose::Shuffle, 3, 0);
            let separator: Vec<f64> = (0..4).map(|_| random.normal().into()).collect();
            let length = separator.iter().map(|w| w * w).sum::<f64>().sqrt();
            // The signed distance of (x, 1) to the plane through the origin.
            let distance = |x: &[f32]| {
                let with_one = x.iter().map(|x| f64::from(*x)).chain([1.0]);
                separator.iter().zip(with_one).map(|(w, x)| w * x).sum::<f64>() / length
            };
            let (mut inputs, mut classes) = (Vec::new(), Vec::new());
            while classes.len() < 200 {
                let x: [f32; 3] = std::array::from_fn(|_| random.uniform(2.0));
                if distance(&x).abs() > 0.05 {
                    inputs.extend(x);
                    classes.push(u32::from(distance(&x) > 0.0));
                }
            }
            if classes.iter().min() == classes.iter().max() {
                continue;
            }
            let inputs = Array2::from_shape_vec((200, 3), inputs).expect("three values a row");
            let rows = || inputs.rows().into_iter().map(|x| x.to_vec());
            let margin = rows().map(|x| distance(&x).abs()).fold(f64::INFINITY, f64::min);
            let square = |x: &f32| f64::from(*x) * f64::from(*x);
            let longest = rows().map(|x| 1.0 + x.iter().map(square).sum::<f64>()).fold(0.0, f64::max);

            let bound = longest / (margin * margin);
            let fit = Perceptron { epochs: bound as u32 + 1 }.fit(&two_classes(inputs, classes)).expect("two classes");
            let corrections: f64 = fit.history.iter().sum();
            assert_eq!(fit.outcome, Outcome::Converged);
            assert!(corrections > 0.0 && corrections <= bound, "{corrections} of at most {bound}");
            fits += 1;
        }
        assert!(fits > 10, "only {fits} planes of 20 have points on both sides");
    }
}
