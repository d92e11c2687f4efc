//! Newton's method for the loss of a regression.
//!
//! Each step solves `H d = -g` for the direction by conjugate gradients, which need products with the Hessian H and
//! never H itself, and goes along it as far as the loss falls (Nocedal and Wright, "Numerical Optimization", 2006,
//! algorithm 7.1). For logistic regression these are the iteratively reweighted least squares.

use ndarray::{Array2, Axis, Zip};

use super::{Examples, Fit, FitError, Neuron, Outcome};

/// How the sums of an example become its loss: what the regressions differ in.
pub(super) trait Link {
    /// Which neuron it is.
    const NEURON: Neuron;

    /// The loss of an example of a class; makes its sums probabilities, (O).
    fn loss(sums: &mut [f64], class: usize) -> f64;

    /// Whether the probabilities are greatest for the class, by however little.
    fn is_right(probabilities: &[f64], class: usize) -> bool;

    /// What the probability at that place should be: 1 or 0.
    fn target(class: usize, at: usize) -> f64;

    /// Multiplies by the second derivative of the loss with respect to the sums, in place.
    fn curve(probabilities: &[f64], sums: &mut [f64]);
}

/// The settings of a regression, as [`LogisticRegression`](super::LogisticRegression) says them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Newton {
    pub(super) penalty: f64,
    pub(super) steps: u32,
    pub(super) tolerance: f64,
}

impl Newton {
    pub(super) fn check(&self) -> Result<(), FitError> {
        FitError::check("penalty", self.penalty, true)?;
        FitError::check_rounds("steps", self.steps)?;
        FitError::check("tolerance", self.tolerance, false)
    }

    /// Minimises the loss from weights of zero for so many sums.
    pub(super) fn fit<L: Link>(&self, examples: &Examples<'_>, sums: usize) -> Fit {
        let problem = Problem::new(examples, self.penalty);
        let mut weights = Array2::zeros((sums, problem.inputs.ncols()));
        let mut here = problem.evaluate::<L>(&weights);
        let (mut history, mut outcome) = (Vec::new(), Outcome::Spent);
        for _ in 0..self.steps {
            if self.penalty == 0.0 && problem.separates::<L>(&here) {
                outcome = Outcome::Separable;
                break;
            }
            let gradient = problem.gradient::<L>(&weights, &here);
            let direction = problem.direction::<L>(&here, &gradient);
            let slope = (&gradient * &direction).sum();
            let Some(next) = problem.search::<L>(&weights, &here, &direction, slope) else {
                break;
            };
            (weights, here) = next;
            history.push(here.loss);
            // Half the Newton decrement estimates how much the loss was above its least value before this step,
            // whatever the scale of the inputs (Boyd and Vandenberghe, "Convex Optimization", 2004, section 9.5).
            if -0.5 * slope <= self.tolerance {
                outcome = Outcome::Converged;
                break;
            }
        }
        let last = weights.ncols() - 1;
        let bias = weights.column(last).to_owned();
        weights.remove_index(Axis(1), last);
        Fit { neuron: L::NEURON, weights, bias, outcome, history }
    }
}

/// The mean over the examples of their loss, with the penalty, as a function of the weights (O, I + 1), of which the
/// last column are the biases.
struct Problem<'a> {
    /// (rows, I + 1): the last column are ones.
    inputs: Array2<f64>,
    classes: &'a [u32],
    penalty: f64,
}

/// What some weights give.
struct Point {
    loss: f64,
    /// (rows, O)
    probabilities: Array2<f64>,
}

impl<'a> Problem<'a> {
    fn new(examples: &Examples<'a>, penalty: f64) -> Self {
        let (rows, ones) = examples.inputs.dim();
        let value = |(row, at)| if at == ones { 1.0 } else { examples.inputs[[row, at]] };
        Self { inputs: Array2::from_shape_fn((rows, ones + 1), value), classes: examples.classes, penalty }
    }

    fn rows(&self) -> f64 {
        self.classes.len() as f64
    }

    /// The penalty times the weights, with zeros for the biases, which have none.
    fn penalised(&self, weights: &Array2<f64>) -> Array2<f64> {
        let mut penalised = weights * self.penalty;
        penalised.column_mut(weights.ncols() - 1).fill(0.0);
        penalised
    }

    fn evaluate<L: Link>(&self, weights: &Array2<f64>) -> Point {
        let mut loss = 0.5 * (&self.penalised(weights) * weights).sum();
        let mut probabilities = standard(self.inputs.dot(&weights.t()));
        for (mut row, class) in probabilities.rows_mut().into_iter().zip(self.classes) {
            loss += row.as_slice_mut().map_or(0.0, |sums| L::loss(sums, *class as usize));
        }
        Point { loss: loss / self.rows(), probabilities }
    }

    fn separates<L: Link>(&self, point: &Point) -> bool {
        let mut examples = point.probabilities.rows().into_iter().zip(self.classes);
        examples.all(|(probabilities, class)| L::is_right(&probabilities.to_vec(), *class as usize))
    }

    fn gradient<L: Link>(&self, weights: &Array2<f64>, point: &Point) -> Array2<f64> {
        let mut errors = point.probabilities.clone();
        for ((row, at), error) in errors.indexed_iter_mut() {
            *error -= L::target(self.classes[row] as usize, at);
        }
        (errors.t().dot(&self.inputs) + self.penalised(weights)) / self.rows()
    }

    /// The Hessian times some weights.
    fn curve<L: Link>(&self, point: &Point, weights: &Array2<f64>) -> Array2<f64> {
        let mut sums = standard(self.inputs.dot(&weights.t()));
        for (mut sums, probabilities) in sums.rows_mut().into_iter().zip(point.probabilities.rows()) {
            if let (Some(sums), Some(probabilities)) = (sums.as_slice_mut(), probabilities.to_slice()) {
                L::curve(probabilities, sums);
            }
        }
        (sums.t().dot(&self.inputs) + self.penalised(weights)) / self.rows()
    }

    /// One over the diagonal of the Hessian, which is the sum of `p (1 - p) x^2` over the examples and the penalty.
    /// Where that is 0, so is the gradient, and any number does.
    fn scales(&self, point: &Point) -> Array2<f64> {
        let variance = point.probabilities.mapv(|p| p * (1.0 - p));
        let squares = self.inputs.mapv(|x| x * x);
        let ones = Array2::ones((variance.ncols(), squares.ncols()));
        let diagonal = (variance.t().dot(&squares) + self.penalised(&ones)) / self.rows();
        diagonal.mapv(|d| if d > 0.0 { 1.0 / d } else { 1.0 })
    }

    /// The direction of the step, by conjugate gradients (Hestenes and Stiefel, 1952), scaled by the diagonal.
    fn direction<L: Link>(&self, point: &Point, gradient: &Array2<f64>) -> Array2<f64> {
        /// The share of the residual that may be left.
        const LEFT: f64 = 1e-4;
        let scales = self.scales(point);
        let mut direction = Array2::zeros(gradient.dim());
        let mut residual = -gradient;
        let mut search = &residual * &scales;
        let mut size = (&residual * &search).sum();
        let end = LEFT * LEFT * size;
        // In exact arithmetic as many as there are weights are enough; rounding asks for more where inputs are alike.
        for _ in 0..10 * gradient.len() {
            if size <= end {
                break;
            }
            let curved = self.curve::<L>(point, &search);
            let curvature = (&search * &curved).sum();
            // The Hessian has no negative curvature; where rounding finds some there is none to speak of. NaN ends it
            // too.
            if curvature <= 0.0 || curvature.is_nan() {
                break;
            }
            let step = size / curvature;
            direction.scaled_add(step, &search);
            residual.scaled_add(-step, &curved);
            let scaled = &residual * &scales;
            let before = std::mem::replace(&mut size, (&residual * &scaled).sum());
            let kept = size / before;
            Zip::from(&mut search).and(&scaled).for_each(|search, scaled| *search = scaled + kept * *search);
        }
        direction
    }

    /// The weights after the first of 1, 1/2, 1/4… of the way where the loss is less by a share of what the slope
    /// promises (Armijo, 1966); `None` where there is no way down.
    fn search<L: Link>(
        &self,
        weights: &Array2<f64>,
        here: &Point,
        direction: &Array2<f64>,
        slope: f64,
    ) -> Option<(Array2<f64>, Point)> {
        const SHARE: f64 = 1e-4;
        const HALVINGS: i32 = 40;
        // A sum of positive terms is off by at most so much; less cannot be told from nothing.
        let rounding = self.rows() * f64::EPSILON * here.loss;
        (0..HALVINGS).map(|halvings| 0.5_f64.powi(halvings)).find_map(|length| {
            let there = weights + &(direction * length);
            let point = self.evaluate::<L>(&there);
            (point.loss <= here.loss + SHARE * length * slope + rounding).then_some((there, point))
        })
    }
}

/// The same array with its rows one after another in memory.
fn standard(array: Array2<f64>) -> Array2<f64> {
    if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() }
}
