//! What several experiments need: networks from sizes, training without ceremony, predictions.

use std::{ops::ControlFlow, path::Path};

use ndarray::{Array2, ArrayView2};
use neurona::arch::ActivationSpec;
use neurona_train::{Dataset, Init, Loss, Network, Spec, Targets, Trained, Training, config::RunConfig, train};

use crate::CourseError;

/// A chain of dense layers of these sizes, the input first; the last layer has no activation.
pub(crate) fn network(sizes: &[usize], activation: ActivationSpec) -> Result<Network, CourseError> {
    let last = sizes.len().saturating_sub(2);
    let dense = |(at, pair): (usize, &[usize])| Spec::Dense {
        inputs: pair[0] as u32,
        outputs: pair[1] as u32,
        activation: if at == last { ActivationSpec::Identity } else { activation },
    };
    Ok(Network::new(Spec::Chain(sizes.windows(2).enumerate().map(dense).collect()))?)
}

/// The same chain with initial weights of He and Glorot, as networks of many layers are among the experiments.
pub(crate) fn new_network(sizes: &[usize], activation: ActivationSpec, seed: u64) -> Result<Network, CourseError> {
    let mut network = network(sizes, activation)?;
    network.init(Init::ByActivation, seed);
    Ok(network)
}

/// A network as the `[network]` table of TOML describes it, for so many inputs.
pub(crate) fn described(keys: &str, inputs: usize) -> Result<Network, CourseError> {
    let text = format!("[data]\nfile = \"course.csv\"\n[network]\nname = \"Course\"\n{keys}");
    let (spec, _) = RunConfig::parse(&text, Path::new("course.toml"))?.network.spec(inputs)?;
    Ok(Network::new(spec)?)
}

/// Trains on one thread: an experiment trains several networks at once.
pub(crate) fn fit(network: Network, data: &Dataset, settings: &Training) -> Result<Trained, CourseError> {
    fit_validated(network, data, None, settings)
}

/// The same with a validation part.
pub(crate) fn fit_validated(
    network: Network,
    data: &Dataset,
    validation: Option<&Dataset>,
    settings: &Training,
) -> Result<Trained, CourseError> {
    let settings = Training { threads: 1, ..settings.clone() };
    Ok(train(network, data, validation, &settings, &mut |_| ControlFlow::Continue(()))?)
}

/// Examples of two classes, 0 and 1.
pub(crate) fn two_classes(points: Array2<f32>, classes: Vec<u32>) -> Result<Dataset, CourseError> {
    Ok(Dataset::new(points, Targets::classes(&["0", "1"], classes))?)
}

/// The class of each example; none where the targets are numbers.
pub(crate) fn classes(data: &Dataset) -> &[u32] {
    if let Targets::Classes { classes, .. } = data.targets() { classes } else { &[] }
}

/// Examples of a number.
pub(crate) fn numbers(points: Array2<f32>, values: Vec<f32>) -> Result<Dataset, CourseError> {
    let rows = values.len();
    let values = Array2::from_shape_vec((rows, 1), values).unwrap_or_default();
    Ok(Dataset::new(points, Targets::values(values))?)
}

/// The one output of a network for each row.
pub(crate) fn outputs(network: &Network, points: ArrayView2<'_, f32>) -> Result<Vec<f64>, CourseError> {
    Ok(network.forward(points)?.iter().map(|output| f64::from(*output)).collect())
}

/// The share of examples whose class is wrong.
pub(crate) fn error(network: &Network, data: &Dataset) -> Result<f64, CourseError> {
    let score = network.evaluate(data, Loss::BinaryCrossEntropy)?;
    Ok(1.0 - f64::from(score.accuracy.unwrap_or(f32::NAN)))
}

/// What decides for each row: above 0 is class 1.
pub(crate) type Decide<'a> = &'a dyn Fn(ArrayView2<'_, f32>) -> Result<Vec<f64>, CourseError>;

/// The share of examples whose class is not the one that is decided for.
pub(crate) fn wrong(decide: Decide<'_>, data: &Dataset) -> Result<f64, CourseError> {
    let decided = decide(data.inputs().view())?.into_iter().zip(classes(data));
    let wrong = decided.filter(|(output, class)| (*output > 0.0) != (**class == 1)).count();
    Ok(wrong as f64 / data.rows() as f64)
}

/// The points of a class, as many as are shown.
pub(crate) fn points_of(data: &Dataset, class: u32, most: usize) -> Vec<(f64, f64)> {
    let rows = data.inputs().rows().into_iter().zip(classes(data));
    let of_class = rows.filter(|(_, other)| **other == class).take(most);
    of_class.map(|(row, _)| (row[0].into(), row[1].into())).collect()
}

/// The root of the mean of the squares.
pub(crate) fn root_mean_square(values: Vec<f64>) -> f64 {
    (values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64).sqrt()
}

/// `count` numbers from one end of a range to the other.
pub(crate) fn spaced(from: f64, to: f64, count: usize) -> impl Iterator<Item = f64> + Clone {
    (0..count).map(move |at| from + (to - from) * at as f64 / (count - 1).max(1) as f64)
}
