//! Networks of one input that are trained.

use ndarray::Array2;
use neurona::arch::ActivationSpec;
use neurona_train::{Dataset, Loss, Network, Schedule, TargetScaling, Training};

use super::target;
use crate::{
    Context, CourseError, lab,
    sweep::{self, Case, Outcome, Trial},
};

/// Training examples.
pub(super) const EXAMPLES: usize = 1000;
/// The standard deviation of what is added to the target of an example.
pub(super) const NOISE: f64 = 0.1;
/// Neurons of all hidden layers together, where layers are compared at equal nodes.
pub(super) const NODES: usize = 60;

/// Neurons of one hidden layer.
const FULL: &[usize] = &[1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500];
const QUICK: &[usize] = &[1, 30, 300, 500];

/// What was trained.
#[derive(Clone, Debug)]
pub struct Trained {
    /// One hidden layer of 1 to 500 nodes.
    pub nodes: Vec<Trial>,
    /// The same nodes in one layer and in several.
    pub equal_nodes: Vec<Trial>,
    /// One layer and several with about the same number of parameters.
    pub equal_parameters: Vec<Trial>,
}

pub(super) fn run(context: &Context<'_>) -> Result<Trained, CourseError> {
    let layers: &[usize] = context.choose(&[1, 2, 3, 4, 5], &[1, 3]);
    let nodes = context.choose(FULL, QUICK).iter().map(|nodes| Case::new(*nodes, 1, EXAMPLES));
    let equal_nodes = layers.iter().map(|layers| Case::new(NODES / layers, *layers, EXAMPLES));
    // As many parameters as the same nodes have in two layers.
    let goal = parameters(NODES / 2, 2);
    let equal_parameters = layers.iter().map(|layers| {
        let nodes = (1..=goal).min_by_key(|nodes| parameters(*nodes, *layers).abs_diff(goal));
        Case::new(nodes.unwrap_or(1), *layers, EXAMPLES)
    });
    let cases: Vec<Case> = nodes.clone().chain(equal_nodes.clone()).chain(equal_parameters).collect();
    let test = {
        let places = lab::spaced(0.0, 1.0, 2000);
        let values = places.clone().map(|x| target(x) as f32).collect();
        lab::numbers(inputs(places), values)?
    };
    let seeds = context.choose(9, 2);
    let mut trials = sweep::run(context, &cases, seeds, |case, seed| one(context, case, seed, &test))?;
    let equal_parameters = trials.split_off(nodes.len() + layers.len());
    let equal_nodes = trials.split_off(nodes.len());
    Ok(Trained { nodes: trials, equal_nodes, equal_parameters })
}

/// Parameters of a network of one input and one output with hidden layers of the same size.
fn parameters(nodes: usize, layers: usize) -> usize {
    2 * nodes + (layers - 1) * nodes * (nodes + 1) + nodes + 1
}

/// Places as a network sees them: scaled to −1 to 1.
pub(super) fn inputs(places: impl Iterator<Item = f64>) -> Array2<f32> {
    let places: Vec<f32> = places.map(|x| (2.0 * x - 1.0) as f32).collect();
    Array2::from_shape_vec((places.len(), 1), places).unwrap_or_default()
}

/// Random places, and the target there with noise.
pub(super) fn places(context: &Context<'_>, seed: u64) -> Vec<(f64, f64)> {
    let mut random = context.random(seed);
    let place = |_| {
        let x = f64::from(random.unit());
        (x, target(x) + NOISE * f64::from(random.normal()))
    };
    (0..EXAMPLES).map(place).collect()
}

fn one(context: &Context<'_>, case: &Case, seed: u64, test: &Dataset) -> Result<Outcome, CourseError> {
    let places = places(context, seed);
    let data = lab::numbers(inputs(places.iter().map(|at| at.0)), places.iter().map(|at| at.1 as f32).collect())?;
    let settings = Training {
        rate: 5e-3,
        schedule: Schedule::Cosine { least: 0.0 },
        epochs: 300,
        seed: context.seed().wrapping_add(seed),
        target_scaling: TargetScaling::None,
        ..Training::new(Loss::SquaredError)
    };
    let network = lab::fit(new_network(context, &case.hidden, settings.seed)?, &data, &settings)?.network;
    let error = |data| Ok::<_, CourseError>(f64::from(network.evaluate(data, Loss::SquaredError)?.loss).sqrt());
    Ok(Outcome { training_error: error(&data)?, test_error: error(test)?, network })
}

/// A network whose first neurons turn at places all over the range: b = -s w.
fn new_network(context: &Context<'_>, hidden: &[usize], seed: u64) -> Result<Network, CourseError> {
    let sizes = [&[1], hidden, &[1]].concat();
    let mut network = lab::new_network(&sizes, ActivationSpec::Relu, seed)?;
    let mut random = context.random(seed.wrapping_add(1 << 32));
    let (weights, biases) = network.values_mut().split_at_mut(hidden[0]);
    biases.iter_mut().zip(weights).for_each(|(bias, weight)| *bias = -random.uniform(1.0) * *weight);
    Ok(network)
}
