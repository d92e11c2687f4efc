//! The last layer in closed form: ridge regression, as the readouts of reservoirs are trained.
//!
//! With the outputs `s` of all layers but the last one, a weight matrix W and biases b, it makes `sum over the examples of
//! |t - W s - b|^2 + n ridge |W|^2` least, for n examples; biases are not held small (Hoerl and Kennard, "Ridge regression:
//! biased estimation for nonorthogonal problems", 1970; for reservoirs Lukoševičius, "A practical guide to applying echo state
//! networks", 2012). One solution of a system of as many equations as the layer has inputs takes the place of all epochs. The
//! sums are taken in `f64`, of states less their means, and the system is solved by Cholesky's decomposition.
//!
//! # Example
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use ndarray::{Array2, Axis};
//! use neurona::{Reservoir, arch::{EchoStateSpec, States}};
//! use neurona_train::{Dataset, Init, Loss, Network, Spec, Targets, readout};
//!
//! // What came two steps before the last.
//! let inputs = Array2::from_shape_fn((400, 12), |(row, step)| ((row * 7 + step * step * 3) % 23) as f32 / 11.0 - 1.0);
//! let targets = inputs.column(9).insert_axis(Axis(1)).to_owned();
//! let data = Dataset::new(inputs, Targets::values(targets))?;
//!
//! let (leak, states) = (1.0_f32.to_bits(), States::Last);
//! let echo = EchoStateSpec { steps: 12, inputs: 1, units: 40, connections: 5, seed: 7, leak, states };
//! let dense = Spec::Dense { inputs: 40, outputs: 1, activation: neurona::ActivationSpec::Identity };
//! let mut network = Network::new(Spec::Chain(vec![Spec::EchoState(echo), dense]))?;
//! network.fill_reservoirs(Reservoir { radius: 0.9, inputs: 0.5, bias: 0.1 });
//! let fit = readout::ridge(&mut network, &data, None, Loss::SquaredError, &[1e-6])?;
//! assert!(fit.training.loss < 1e-3);
//! # Ok(())
//! # }
//! ```

use ndarray::{Array1, Array2, Axis};
use neurona::arch::ActivationSpec;

use crate::{
    Dataset, Loss, Network, Spec, Targets,
    train::{Score, TrainError, check_data},
};

/// How a last layer was fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// The coefficient that was best.
    pub ridge: f32,
    /// The score on the training part.
    pub training: Score,
    /// The score on the validation part, if there is one.
    pub validation: Option<Score>,
}

/// Why a last layer cannot be fitted in closed form.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadoutError {
    /// The last layer is not one of weighted sums.
    #[error("the last layer is {found}: expected a dense layer without an activation")]
    LastLayer {
        /// What it is.
        found: &'static str,
    },
    /// Layers are normalised, by statistics that only training finds.
    #[error(
        "fits the last layer before any training, and the statistics of batch normalisation come from training: leave out \
         `batch_norm`"
    )]
    Normalized,
    /// A coefficient is wrong, or there are several and nothing to choose by.
    #[error("expected {expected} for the ridge, found {found}")]
    Ridge {
        /// What was expected.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// States, or what follows from them, are not finite, or inputs of the layer depend on each other and nothing holds the
    /// weights.
    #[error("the states have no unique readout with a ridge of {ridge}: give a larger one")]
    Singular {
        /// The coefficient.
        ridge: f32,
    },
    /// The data do not fit the network.
    #[error(transparent)]
    Data(#[from] TrainError),
}

/// Fits the last layer of a network in closed form, and keeps the others as they are.
///
/// Classes become the targets that the loss has for them, 0 and 1 or -1 and 1; the loss is else only what the scores are in. Of
/// several coefficients that with the least loss on the validation part is chosen.
///
/// # Errors
///
/// The last layer is no dense layer of weighted sums, a coefficient is negative or not finite, there are several without a
/// validation part, the data do not fit the network, or the system has no unique solution. The network is then as it was.
pub fn ridge(
    network: &mut Network,
    training: &Dataset,
    validation: Option<&Dataset>,
    loss: Loss,
    coefficients: &[f32],
) -> Result<Fit, ReadoutError> {
    let wrong = |expected, found: String| Err(ReadoutError::Ridge { expected, found });
    if let Some(found) = coefficients.iter().find(|ridge| !(**ridge >= 0.0 && ridge.is_finite())) {
        return wrong("finite numbers of at least 0", found.to_string());
    }
    match (coefficients.len(), validation) {
        (0, _) => return wrong("at least one number", "none".to_owned()),
        (2.., None) => return wrong("a validation part, to choose one of several by", "none".to_owned()),
        _ => {}
    }
    for data in [Some(training), validation].into_iter().flatten() {
        check_data(network, data, loss)?;
    }
    let (first, inputs) = last_layer(network)?;
    let equations = Equations::new(network, training, loss, inputs);
    let mut best: Option<(Fit, Vec<f32>)> = None;
    let kept = network.values().to_vec();
    for ridge in coefficients {
        let Some(values) = equations.solve(f64::from(*ridge)) else { continue };
        network.values_mut()[first..first + values.len()].copy_from_slice(&values);
        let scores =
            (network.evaluate(training, loss)?, validation.map(|part| network.evaluate(part, loss)).transpose()?);
        let fit = Fit { ridge: *ridge, training: scores.0, validation: scores.1 };
        let better = |best: &Fit| fit.validation.map(|score| score.loss) < best.validation.map(|score| score.loss);
        if best.as_ref().is_none_or(|(best, _)| better(best)) {
            best = Some((fit, values));
        }
    }
    let Some((fit, values)) = best else {
        network.values_mut().copy_from_slice(&kept);
        let largest = coefficients.iter().fold(0.0_f32, |most, ridge| most.max(*ridge));
        return Err(ReadoutError::Singular { ridge: largest });
    };
    network.values_mut()[first..first + values.len()].copy_from_slice(&values);
    Ok(fit)
}

/// Where the values of the last layer begin, and how many inputs it has.
fn last_layer(network: &Network) -> Result<(usize, usize), ReadoutError> {
    let steps = network.spec().steps();
    match steps.last() {
        Some(step) if !network.is_normalized() => match step.spec {
            Spec::Dense { inputs, activation: ActivationSpec::Identity, .. } => {
                Ok((step.values.start, *inputs as usize))
            }
            other => Err(ReadoutError::LastLayer { found: other.kind() }),
        },
        Some(_) => Err(ReadoutError::Normalized),
        None => Err(ReadoutError::LastLayer { found: "none" }),
    }
}

/// What the last layer takes, for each example.
fn before_last(network: &Network, inputs: &Array2<f32>) -> Array2<f32> {
    let before = without_last(network.spec()).and_then(|spec| Network::new(spec).ok());
    let Some(mut before) = before else { return inputs.clone() };
    let count = before.values().len();
    before.values_mut().copy_from_slice(&network.values()[..count]);
    // The inputs were checked against the whole network.
    before.forward(inputs.view()).unwrap_or_else(|_| inputs.clone())
}

/// The layers but the last one; `None` where that is the only one.
fn without_last(spec: &Spec) -> Option<Spec> {
    let Spec::Chain(layers) = spec else { return None };
    let (last, before) = layers.split_last()?;
    let mut layers = before.to_vec();
    layers.extend(without_last(last));
    (!layers.is_empty()).then_some(Spec::Chain(layers))
}

/// The normal equations of the states less their means.
struct Equations {
    /// (I, I), divided by the number of examples.
    squares: Array2<f64>,
    /// (I, O), likewise.
    products: Array2<f64>,
    means: Array1<f64>,
    of_targets: Array1<f64>,
}

impl Equations {
    fn new(network: &Network, data: &Dataset, loss: Loss, inputs: usize) -> Self {
        let states = before_last(network, data.inputs()).mapv(f64::from);
        let (rows, outputs) = (data.rows(), network.outputs());
        let targets = match data.targets() {
            Targets::Classes { classes, .. } => Array2::from_shape_fn((rows, outputs), |(row, output)| {
                f64::from(loss.class_value(classes[row], output, outputs))
            }),
            Targets::Values { values, .. } => values.mapv(f64::from),
        };
        let mean = |array: &Array2<f64>, width| array.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(width));
        let (means, of_targets) = (mean(&states, inputs), mean(&targets, outputs));
        let (states, targets) = (states - &means, targets - &of_targets);
        let count = rows.max(1) as f64;
        Self { squares: states.t().dot(&states) / count, products: states.t().dot(&targets) / count, means, of_targets }
    }

    /// Weights, a row for each output, and biases; `None` where there is no unique solution.
    fn solve(&self, ridge: f64) -> Option<Vec<f32>> {
        let mut factor = self.squares.clone();
        factor.diag_mut().iter_mut().for_each(|diagonal| *diagonal += ridge);
        cholesky(&mut factor)?;
        let mut weights = self.products.clone();
        weights.columns_mut().into_iter().for_each(|mut column| substitute(&factor, &mut column));
        let biases = &self.of_targets - &self.means.dot(&weights);
        let values: Vec<f32> = weights.t().iter().chain(&biases).map(|value| *value as f32).collect();
        values.iter().all(|value| value.is_finite()).then_some(values)
    }
}

/// The lower factor L of a symmetric matrix `L L'`, in place (Golub and Van Loan, "Matrix computations", 2013, section 4.2);
/// `None` where the matrix is not positive definite to the accuracy of its elements.
fn cholesky(matrix: &mut Array2<f64>) -> Option<()> {
    let n = matrix.nrows();
    let largest = matrix.diag().iter().fold(0.0_f64, |most, diagonal| most.max(*diagonal));
    // What rounding leaves of a diagonal element that is 0.
    let least = n as f64 * f64::EPSILON * largest;
    for column in 0..n {
        for row in column..n {
            let sum: f64 = (0..column).map(|k| matrix[(row, k)] * matrix[(column, k)]).sum();
            let left = matrix[(row, column)] - sum;
            matrix[(row, column)] = match row == column {
                true if left > least && left.is_finite() => left.sqrt(),
                true => return None,
                false => left / matrix[(column, column)],
            };
        }
    }
    Some(())
}

/// Solves `L L' x = b` in place, forward and then back.
fn substitute(factor: &Array2<f64>, b: &mut ndarray::ArrayViewMut1<'_, f64>) {
    let n = b.len();
    for row in 0..n {
        let sum: f64 = (0..row).map(|k| factor[(row, k)] * b[k]).sum();
        b[row] = (b[row] - sum) / factor[(row, row)];
    }
    for row in (0..n).rev() {
        let sum: f64 = (row + 1..n).map(|k| factor[(k, row)] * b[k]).sum();
        b[row] = (b[row] - sum) / factor[(row, row)];
    }
}
