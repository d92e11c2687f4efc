//! The cost of a line fit over its two parameters, and the paths that optimizers take down it.

use std::ops::Range;

use ndarray::Array2;
use neurona::arch::ActivationSpec;
use neurona_train::{Dataset, Loss, Network, Optimizer, OptimizerState, Schedule, Spec, TargetRows};

use crate::{Context, CourseError, Mark, lab, plot::Field};

/// Steps of each path.
pub const ITERATIONS: usize = 100;

/// Examples of the line.
const EXAMPLES: usize = 50;

/// Where descent begins: w and b of a line in the data as they are.
const START: [f64; 2] = [0.45, 0.05];

/// The cost of a line fit.
#[derive(Clone, Debug)]
pub struct Surface {
    /// w and b of the least cost, by the normal equations.
    pub minimum: [f64; 2],
    /// w and b of the start: the same line, and so the same cost, with and without normalisation.
    pub start: [f64; 2],
    /// The eigenvalues of the Hessian, the larger first.
    pub eigenvalues: [f64; 2],
    /// Gradient descent with a constant rate diverges above this: 2 by the larger eigenvalue.
    pub bound: f64,
    /// The least cost.
    pub least: f64,
    /// The second derivatives: ww, wb, bb.
    hessian: [f64; 3],
    /// x of the examples, normalised or not.
    inputs: Vec<f64>,
    network: Network,
    data: Dataset,
}

/// An optimizer with its rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Method {
    /// What it is called.
    pub name: &'static str,
    /// The rule.
    pub optimizer: Optimizer,
    /// The learning rate, with which the schedule begins.
    pub rate: f32,
    /// How the rate changes, an epoch being an iteration here.
    pub schedule: Schedule,
    /// How its path is drawn.
    pub mark: Mark,
}

/// The way that a method takes.
#[derive(Clone, Debug)]
pub struct Path {
    /// Which method.
    pub method: Method,
    /// w and b at the start and after each step.
    pub points: Vec<[f64; 2]>,
    /// The cost above the least at each of them.
    pub excess: Vec<f64>,
    /// The cost before each step, as the trainer computes it.
    pub costs: Vec<f64>,
}

impl Method {
    /// A method with a constant rate.
    pub(super) fn new(name: &'static str, optimizer: Optimizer, rate: f32) -> Self {
        Self { name, optimizer, rate, schedule: Schedule::Constant, mark: Mark::Line }
    }

    /// Gradient descent, whose path may lie upon that of momentum.
    pub(super) fn descent(rate: f32) -> Self {
        Self { mark: Mark::Dashed, ..Self::new("gradient descent", Optimizer::SGD, rate) }
    }

    /// Momentum, as in the course.
    pub(super) fn momentum(rate: f32) -> Self {
        Self { mark: Mark::Ring, ..Self::new("momentum", Optimizer::MOMENTUM, rate) }
    }

    /// Gradient descent with a rate that decays, on a part of the same path.
    pub(super) fn decay(rate: f32) -> Self {
        let schedule = Schedule::Decay { gamma: 0.05 };
        Self { schedule, mark: Mark::Triangle, ..Self::new("decay, γ = 0.05", Optimizer::SGD, rate) }
    }
}

impl Path {
    /// The cost above the least after the last step, by that at the start.
    pub fn left(&self) -> f64 {
        self.excess[self.excess.len() - 1] / self.excess[0]
    }

    /// w and b at the start and after each step, to draw.
    pub(super) fn places(&self) -> impl Iterator<Item = (f64, f64)> {
        self.points.iter().map(|[w, b]| (*w, *b))
    }
}

impl Surface {
    /// Examples of a noisy line, with x evenly from 0 to 10, for a network that normalises x or not.
    pub(super) fn new(context: &Context<'_>, is_normalised: bool) -> Result<Self, CourseError> {
        /// The standard deviation of y around the line.
        const NOISE: f32 = 0.3;
        let mut random = context.random(0);
        let inputs: Array2<f32> = lab::spaced(0.0, 10.0, EXAMPLES).map(|x| [x as f32]).collect::<Vec<_>>().into();
        let values = inputs.iter().map(|x| 0.3 * x + 0.5 + NOISE * random.normal()).collect();
        let data = lab::numbers(inputs, values)?;
        let dense = Spec::Dense { inputs: 1, outputs: 1, activation: ActivationSpec::Identity };
        let layers = if is_normalised { vec![Spec::Standardize { len: 1 }, dense] } else { vec![dense] };
        let mut network = Network::new(Spec::Chain(layers))?;
        network.fit_scaling(data.inputs());
        // What stands before w and b are the mean and the scale of x.
        let (mean, scale) = match *network.values() {
            [mean, scale, _, _] => (f64::from(mean), f64::from(scale)),
            _ => (0.0, 1.0),
        };
        let inputs: Vec<f64> = data.inputs().iter().map(|x| (f64::from(*x) - mean) * scale).collect();
        let surface = Self::of(inputs, network, data);
        Ok(Self { start: [START[0] / scale, START[1] + START[0] * mean], ..surface })
    }

    /// The closed form: C is quadratic in w and b.
    fn of(inputs: Vec<f64>, network: Network, data: Dataset) -> Self {
        let targets = targets(&data);
        let mean = |of: &dyn Fn(f64, f64) -> f64| {
            inputs.iter().zip(targets).map(|(x, y)| of(*x, f64::from(*y))).sum::<f64>() / inputs.len() as f64
        };
        let (x, y, xx, xy) = (mean(&|x, _| x), mean(&|_, y| y), mean(&|x, _| x * x), mean(&|x, y| x * y));
        let w = (xy - x * y) / (xx - x * x);
        let b = y - w * x;
        let least = mean(&|x, y| (w * x + b - y).powi(2));
        let hessian = [2.0 * xx, 2.0 * x, 2.0];
        let (middle, half) = ((hessian[0] + hessian[2]) / 2.0, (hessian[0] - hessian[2]) / 2.0);
        let root = half.hypot(hessian[1]);
        Self {
            minimum: [w, b],
            start: START,
            eigenvalues: [middle + root, middle - root],
            bound: 2.0 / (middle + root),
            least,
            hessian,
            inputs,
            network,
            data,
        }
    }

    /// The cost at w and b above the least.
    pub fn excess(&self, [w, b]: [f64; 2]) -> f64 {
        let (dw, db) = (w - self.minimum[0], b - self.minimum[1]);
        let [ww, wb, bb] = self.hessian;
        (ww * dw * dw + 2.0 * wb * dw * db + bb * db * db) / 2.0
    }

    /// How far w and b are from the minimum along each eigenvector of the Hessian, the steeper first.
    pub fn distances(&self, [w, b]: [f64; 2]) -> [f64; 2] {
        let (dw, db) = (w - self.minimum[0], b - self.minimum[1]);
        let [ww, wb, bb] = self.hessian;
        // The angle that makes a symmetric matrix diagonal; of equal eigenvalues any will do.
        let angle = (2.0 * wb).atan2(ww - bb) / 2.0;
        let (sin, cos) = angle.sin_cos();
        [cos * dw + sin * db, cos * db - sin * dw]
    }

    /// The way of a method, step by step with the trainer's gradient, schedule and optimizer.
    pub(super) fn descend(&self, method: Method) -> Result<Path, CourseError> {
        let mut network = self.network.clone();
        let last = network.values().len() - 2;
        network.values_mut()[last..].copy_from_slice(&self.start.map(|value| value as f32));
        let mut state = OptimizerState::new(method.optimizer, network.values().len());
        let mut path = Path { method, points: Vec::new(), excess: Vec::new(), costs: Vec::new() };
        for iteration in 0..=ITERATIONS as u32 {
            let point = [last, last + 1].map(|at| f64::from(network.values()[at]));
            path.points.push(point);
            path.excess.push(self.excess(point));
            let (rows, targets) = (self.data.inputs().view(), self.data.target_rows());
            let found = network.gradients(rows, targets, Loss::SquaredError)?;
            path.costs.push(found.loss.into());
            let factor = method.schedule.factor(iteration, ITERATIONS as u32);
            state.step((f64::from(method.rate) * factor) as f32, network.values_mut(), &found.values);
        }
        Ok(path)
    }

    /// The cost above the least where a picture shows it.
    pub(super) fn field(&self, w: Range<f64>, b: Range<f64>) -> Result<Field, CourseError> {
        Field::sample(w, b, 160, |points| {
            Ok(points.rows().into_iter().map(|row| self.excess([row[0].into(), row[1].into()])).collect())
        })
    }

    /// x, as the line sees it, and y of the examples.
    pub(super) fn examples(&self) -> Vec<(f64, f64)> {
        self.inputs.iter().zip(targets(&self.data)).map(|(x, y)| (*x, f64::from(*y))).collect()
    }
}

/// y of the examples.
fn targets(data: &Dataset) -> &[f32] {
    if let TargetRows::Values(values) = data.target_rows() { values } else { &[] }
}
