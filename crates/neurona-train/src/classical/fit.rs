//! What a classical neuron has learned.

use ndarray::{Array1, Array2, ArrayView2};
use neurona::arch::ActivationSpec;

use super::{FitError, Neuron};
use crate::{
    Loss, Network, ShapeError, Spec,
    train::{End, Trained},
};

/// How learning ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The weights are those that the rule looks for: see the neuron.
    Converged,
    /// The perceptron's weights are those after an earlier epoch, so that the same corrections follow again, without
    /// end: as they must where no plane separates the classes and the inputs are multiples of one number (Block and
    /// Levin, "On the boundedness of an iterative procedure for solving a system of linear inequalities", 1970).
    Repeats {
        /// The epoch after which they were the same; 0 is before the first.
        since: usize,
    },
    /// All rounds that were allowed are over.
    Spent,
    /// A regression without penalty has no best weights: a plane separates the classes, so that larger weights are
    /// always likelier (Albert and Anderson, "On the existence of maximum likelihood estimates in logistic regression
    /// models", 1984). The weights are the first that were found to separate them.
    Separable,
}

/// What a classical neuron has learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Which neuron it is.
    pub neuron: Neuron,
    /// The weights, (O, I): one row, and for softmax regression one for each class.
    pub weights: Array2<f64>,
    /// The biases, (O).
    pub bias: Array1<f64>,
    /// How learning ended.
    pub outcome: Outcome,
    /// A figure for each round. The perceptron: the corrections of an epoch, one for each mistake. Adaline: the mean
    /// squared error of an epoch, each error taken before its correction. The regressions: the mean loss, with the
    /// penalty, after a step.
    pub history: Vec<f64>,
}

/// The mean squared error of an answer of 0, beside targets of -1 and 1.
const ERROR_OF_ZERO: f64 = 1.0;

impl Fit {
    /// How many epochs or steps it took.
    pub fn rounds(&self) -> usize {
        self.history.len()
    }

    /// How learning ended, in a sentence.
    pub fn verdict(&self) -> String {
        let (rounds, last) = (self.rounds(), self.history.last().copied().unwrap_or(0.0));
        match (self.outcome, self.neuron) {
            (Outcome::Converged, Neuron::Perceptron) => format!("converged: no mistake in epoch {rounds}"),
            (Outcome::Converged, Neuron::Adaline) => {
                let mut text = format!("converged in epoch {rounds}: the mean squared error settled at {last:.4}");
                if last >= ERROR_OF_ZERO {
                    text += ", where answering 0 to everything has 1; no plane tells these classes apart";
                }
                text
            }
            (Outcome::Converged, _) if rounds == 1 => "converged after one step of Newton's method".to_owned(),
            (Outcome::Converged, _) => format!("converged after {rounds} steps of Newton's method"),
            (Outcome::Repeats { since }, _) => format!(
                "never converges: the weights after epoch {rounds} are those after epoch {since}, and so on without \
                 end; no plane separates the classes"
            ),
            (Outcome::Spent, Neuron::Perceptron) => format!(
                "did not converge in {rounds} epochs: {last} mistakes in the last; perhaps no plane separates \
                 the classes"
            ),
            (Outcome::Spent, Neuron::Adaline) => {
                format!("did not converge in {rounds} epochs: the mean squared error, {last:.4}, has not settled")
            }
            (Outcome::Spent, _) => format!("did not converge in {rounds} steps of Newton's method"),
            (Outcome::Separable, _) => format!(
                "has no best weights: those after {rounds} steps separate the classes, and larger ones are always \
                 likelier; a penalty greater than 0 gives a best"
            ),
        }
    }

    /// The weighted sums `W x + b` of a batch.
    ///
    /// # Shapes
    ///
    /// `inputs` is (B, I), the result is (B, O).
    ///
    /// # Errors
    ///
    /// The rows of `inputs` do not have as many values as there are weights.
    pub fn sums(&self, inputs: ArrayView2<'_, f32>) -> Result<Array2<f64>, ShapeError> {
        ShapeError::check("inputs", self.weights.ncols(), inputs.ncols())?;
        Ok(inputs.mapv(f64::from).dot(&self.weights.t()) + &self.bias)
    }

    /// The class of each example of a batch: for one sum class 1 where it is greater than 0, and for the perceptron,
    /// whose step is 1 at 0, where it is not less; for several sums the class of the greatest, of equals the first.
    ///
    /// # Errors
    ///
    /// As [`sums`](Self::sums).
    pub fn classes(&self, inputs: ArrayView2<'_, f32>) -> Result<Vec<u32>, ShapeError> {
        let class = |sums: &[f64]| match (sums, self.neuron) {
            ([sum], Neuron::Perceptron) => u32::from(*sum >= 0.0),
            ([sum], _) => u32::from(*sum > 0.0),
            (sums, _) => {
                let greatest = |best: (u32, f64), (class, sum): (u32, &f64)| {
                    if *sum > best.1 { (class, *sum) } else { best }
                };
                (0..).zip(sums).fold((0, f64::NEG_INFINITY), greatest).0
            }
        };
        Ok(self.sums(inputs)?.rows().into_iter().map(|sums| class(&sums.to_vec())).collect())
    }

    /// The loss by which the outputs of [`network`](Self::network) are to be read.
    pub fn loss(&self) -> Loss {
        match self.neuron {
            Neuron::Perceptron | Neuron::Adaline => Loss::SquaredError,
            Neuron::Logistic => Loss::BinaryCrossEntropy,
            Neuron::Softmax => Loss::SoftmaxCrossEntropy,
        }
    }

    /// One dense layer that computes the same, in `f32`.
    ///
    /// The perceptron ends in its step, 0 or 1. Adaline, which learns -1 and 1, is halved and moved to the 0 and 1 that
    /// the squared error of networks is for: weights `w / 2`, bias `(b + 1) / 2`. The regressions give their sums, from
    /// which cross-entropies are computed: the sigmoid or softmax of them are probabilities.
    ///
    /// # Errors
    ///
    /// A weight is too large for an `f32`, or there are too many for a device to address.
    pub fn network(&self) -> Result<Network, FitError> {
        let activation =
            if self.neuron == Neuron::Perceptron { ActivationSpec::Step } else { ActivationSpec::Identity };
        let (scale, shift) = if self.neuron == Neuron::Adaline { (0.5, 0.5) } else { (1.0, 0.0) };
        let weights = self.weights.iter().map(|w| w * scale);
        let narrow = weights.chain(self.bias.iter().map(|b| b * scale + shift)).map(|value| match value as f32 {
            narrow if narrow.is_finite() => Ok(narrow),
            _ => Err(FitError::Weight { found: value }),
        });
        let values = narrow.collect::<Result<Vec<f32>, _>>()?;
        let size = |size| u32::try_from(size).unwrap_or(u32::MAX);
        let (inputs, outputs) = (size(self.weights.ncols()), size(self.weights.nrows()));
        let mut network = Network::new(Spec::Chain(vec![Spec::Dense { inputs, outputs, activation }]))?;
        network.set_values(&values)?;
        Ok(network)
    }

    /// The [`network`](Self::network) as [`train`](crate::train()) would give it, to be exported.
    ///
    /// # Errors
    ///
    /// As [`network`](Self::network).
    pub fn trained(&self) -> Result<Trained, FitError> {
        let (network, loss) = (self.network()?, self.loss());
        Ok(Trained { network, loss, seed: 0, epochs: Vec::new(), kept: 0, end: End::Finished })
    }
}
