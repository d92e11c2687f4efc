//! The gradient that vanishes and the gradient that explodes: its size by layer, before any learning.

use ndarray::Array2;
use neurona::arch::ActivationSpec::{self, Relu, Sigmoid, Tanh};
use neurona_train::{Init, Loss};

use super::Experiment;
use crate::{
    Context, CourseError, Figure, Mark, Report, Table, lab,
    plot::{Axis, BLUE, Chart, GREEN, PALETTE, PURPLE, Size, VERMILION},
    report::median,
};

/// The gradient that vanishes and the gradient that explodes.
pub const EXPERIMENT: Experiment = Experiment {
    name: "gradient",
    title: "Vanishing and exploding gradient",
    text: TEXT,
    run: |context| run(context)?.report(),
};

const TEXT: &str = "\
<p>Backpropagation goes from layer to layer with</p>\
<p class=\"formula\">∂<var>C</var>/∂<var>z</var><sup>(<var>l</var>−1)</sup> = (<var>W</var><sup>(<var>l</var>)T</sup> \
∂<var>C</var>/∂<var>z</var><sup>(<var>l</var>)</sup>) ⊙ <var>σ</var>′(<var>z</var><sup>(<var>l</var>−1)</sup>)</p>\
<p>where ⊙ multiplies element by element, so that over <var>L</var> layers the gradient is multiplied <var>L</var> times by weights and by slopes. With \
<var>H</var> neurons in a layer and weights of variance <var>v</var> its mean square changes at each layer by about \
the factor <var>H</var> <var>v</var> · mean of <var>σ</var>′<sup>2</sup>. Below 1 it vanishes towards the input, and \
the first layers do not learn; above 1 it explodes. The slope of the sigmoid is at most ¼: with Glorot’s variance \
<var>v</var> = 1/<var>H</var> the gradient shrinks by a factor of 4 or more at every layer. Half of the neurons of a \
ReLU layer have slope 1, the others 0: with He’s variance <var>v</var> = 2/<var>H</var> the factor is 1. Weights with \
twice that standard deviation double the gradient at every layer: over fifty layers it grows by about 2<sup>50</sup>.</p>\
<p>The networks have 100 neurons in each hidden layer and were not trained: the size is the root mean square of \
∂<var>C</var>/∂<var>b</var><sup>(<var>l</var>)</sup> over a layer, which is the mean of \
∂<var>C</var>/∂<var>z</var><sup>(<var>l</var>)</sup> over 32 random examples; lines are medians over several seeds. \
Where a line ends before the first layer, the gradient is less than the smallest number of single precision, about \
10<sup>−45</sup>, and has become 0. Below about 10<sup>−38</sup> numbers lose digits: layers with smaller gradients \
are left out of the factors in the table.</p>";

/// Neurons of each hidden layer.
const NODES: usize = 100;
/// Random examples.
const ROWS: usize = 32;

/// How the weights begin: a rule of the trainer, times a factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Start {
    /// The rule.
    pub init: Init,
    /// What the weights are multiplied by.
    pub factor: f32,
    /// What it is called.
    pub name: &'static str,
}

/// The rules that are tried.
pub const STARTS: [Start; 4] = [
    Start { init: Init::GlorotUniform, factor: 0.5, name: "half of Glorot, v = 1/(4H)" },
    Start { init: Init::GlorotUniform, factor: 1.0, name: "Glorot, here LeCun too, v = 1/H" },
    Start { init: Init::HeUniform, factor: 1.0, name: "He, v = 2/H" },
    Start { init: Init::HeUniform, factor: 2.0, name: "twice He, v = 8/H" },
];

/// The activations that are tried.
pub const ACTIVATIONS: [ActivationSpec; 3] = [Sigmoid, Tanh, Relu];

/// What was found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// For each of [`ACTIVATIONS`] and [`STARTS`] and each depth.
    pub runs: Vec<Run>,
}

/// A network of one depth.
#[derive(Clone, Debug)]
pub struct Run {
    /// The activation of its hidden layers.
    pub activation: ActivationSpec,
    /// How its weights began.
    pub start: Start,
    /// Hidden layers.
    pub layers: usize,
    /// The size of the gradient at each hidden layer, from the first: the median over the seeds.
    pub sizes: Vec<f64>,
}

impl Run {
    /// The size at the first hidden layer by that at the last.
    pub fn ratio(&self) -> f64 {
        self.sizes[0] / self.sizes[self.sizes.len() - 1]
    }

    /// The layers whose gradient has not underflowed, counted from the last: smaller numbers have fewer digits.
    pub fn measured(&self) -> &[f64] {
        let lost = self.sizes.iter().rposition(|size| *size < f32::MIN_POSITIVE.into());
        &self.sizes[lost.map_or(0, |at| at + 1)..]
    }

    /// The factor from one layer to the one before it, in the mean over the layers that are measured.
    pub fn factor(&self) -> f64 {
        let sizes = self.measured();
        let [first, .., last] = sizes else { return f64::NAN };
        (first / last).powf(1.0 / (sizes.len() - 1) as f64)
    }
}

/// Runs the experiment.
///
/// # Errors
///
/// A network cannot be built.
pub fn run(context: &Context<'_>) -> Result<Findings, CourseError> {
    let depths: &[usize] = context.choose(&[2, 5, 10, 20, 30, 50], &[2, 20]);
    let seeds = context.choose(5, 3);
    let mut cases = Vec::new();
    for activation in ACTIVATIONS {
        for start in STARTS {
            cases.extend(depths.iter().map(|layers| (activation, start, *layers)));
        }
    }
    let runs = context.each(&cases, |(activation, start, layers)| {
        let seeds = (0..seeds).map(|seed| sizes(context, *activation, *start, *layers, seed));
        let seeds = seeds.collect::<Result<Vec<_>, _>>()?;
        let sizes = (0..*layers).map(|layer| median(seeds.iter().map(|sizes| sizes[layer])));
        Ok(Run { activation: *activation, start: *start, layers: *layers, sizes: sizes.collect() })
    })?;
    Ok(Findings { runs })
}

/// The size of the gradient at each hidden layer, from the first.
fn sizes(
    context: &Context<'_>,
    activation: ActivationSpec,
    start: Start,
    layers: usize,
    seed: u64,
) -> Result<Vec<f64>, CourseError> {
    let sizes = [vec![NODES; layers + 1], vec![1]].concat();
    let mut network = lab::network(&sizes, activation)?;
    network.init(start.init, context.seed().wrapping_add(seed));
    network.values_mut().iter_mut().for_each(|value| *value *= start.factor);
    let mut random = context.random(seed);
    let inputs = Array2::from_shape_fn((ROWS, NODES), |_| random.normal());
    let data = lab::numbers(inputs, (0..ROWS).map(|_| random.normal()).collect())?;
    let found = network.gradients(data.inputs().view(), data.target_rows(), Loss::SquaredError)?;
    let size = |layer: usize| {
        let biases = network.dense(layer, &found.values).map(|(_, biases)| biases);
        let squares = biases.iter().flatten().map(|bias| f64::from(*bias).powi(2));
        (squares.sum::<f64>() / NODES as f64).sqrt()
    };
    Ok((0..layers).map(size).collect())
}

impl Findings {
    /// The network of that kind with the most layers.
    pub fn deepest(&self, activation: ActivationSpec, start: Start) -> Option<&Run> {
        let of_kind = self.runs.iter().filter(|run| run.activation == activation && run.start == start);
        of_kind.max_by_key(|run| run.layers)
    }

    fn report(&self) -> Result<Report, CourseError> {
        let by_layer = STARTS.into_iter().map(|start| self.by_layer(start));
        let by_depth = ACTIVATIONS.into_iter().map(|activation| self.by_depth(activation));
        let figures = by_layer.chain(by_depth).collect::<Result<_, _>>()?;
        let columns = [
            ("hidden layers", ""),
            ("layers without underflow", ""),
            ("factor from layer to layer, over these", ""),
            ("first layer by last", ""),
        ];
        let mut table = Table::new("The deepest networks", "activation and initial weights", columns);
        for run in ACTIVATIONS.iter().flat_map(|of| STARTS.iter().filter_map(|start| self.deepest(*of, *start))) {
            let name = format!("{}, {}", run.activation.name(), run.start.name);
            let measured = run.measured().len();
            let ratio = if measured == run.layers { run.ratio() } else { f64::NAN };
            table.push(name, [run.layers as f64, measured as f64, run.factor(), ratio]);
        }
        Ok(Report { figures, tables: vec![table] })
    }

    fn by_layer(&self, start: Start) -> Result<Figure, CourseError> {
        let runs: Vec<&Run> = ACTIVATIONS.iter().filter_map(|of| self.deepest(*of, start)).collect();
        let layers = runs.iter().map(|run| run.layers).max().unwrap_or(0);
        let sizes = runs.iter().flat_map(|run| run.sizes.iter().copied());
        let axes = (Axis::linear("layer l", 0.0..layers as f64), Axis::log_around("size of the gradient", sizes));
        let mut chart = Chart::new(Size::Medium, axes.0, axes.1);
        for (run, color) in runs.iter().zip([BLUE, VERMILION, GREEN]) {
            let points = run.sizes.iter().enumerate().map(|(at, size)| ((at + 1) as f64, *size));
            chart = chart.layer(Mark::Line, color, run.activation.name(), points);
        }
        chart.figure(format!(
            "<b>{}</b>: the size of the gradient by layer, in networks of {layers} layers.",
            start.name
        ))
    }

    fn by_depth(&self, activation: ActivationSpec) -> Result<Figure, CourseError> {
        let runs = || self.runs.iter().filter(|run| run.activation == activation);
        let layers = runs().map(|run| run.layers).max().unwrap_or(0);
        let axes = (
            Axis::linear("hidden layers", 0.0..1.04 * layers as f64),
            Axis::log_around("first layer by last", runs().map(Run::ratio)),
        );
        let mut chart = Chart::new(Size::Small, axes.0, axes.1);
        for (start, color) in STARTS.into_iter().zip([PURPLE, PALETTE[0], PALETTE[2], PALETTE[1]]) {
            let points = runs().filter(|run| run.start == start).map(|run| (run.layers as f64, run.ratio()));
            chart = chart.layer(Mark::Dotted, color, start.name, points);
        }
        chart.figure(format!(
            "<b>{}</b>: the gradient at the first hidden layer by that at the last.",
            activation.name()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The logarithm of the squared size of a ReLU network's gradient has a variance of about 5/H at each layer (Hanin,
    /// "Which neural net architectures give rise to exploding and vanishing gradients?", 2018). Over 19 layers of 100
    /// neurons that makes 0.5 in the logarithm of the size, 0.026 in that of the factor; this is five times as much.
    const MARGIN: f64 = 1.14;

    #[test]
    fn layers_that_underflow_have_no_part_in_the_factor() {
        let run =
            |sizes: &[f64]| Run { activation: Sigmoid, start: STARTS[0], layers: sizes.len(), sizes: sizes.to_vec() };
        assert_eq!(run(&[0.0, 1e-44, 0.25, 0.5, 1.0]).factor(), 0.5);
        assert_eq!(run(&[0.0, 1e-44, 0.25, 0.5, 1.0]).measured().len(), 3);
        assert_eq!(run(&[0.25, 0.5, 1.0]).factor(), 0.5);
        assert!(run(&[0.0, 1.0]).factor().is_nan(), "one layer has no factor");
    }

    #[test]
    fn the_sigmoid_vanishes_relu_with_he_does_not_and_large_weights_explode() {
        for seed in 1..=3 {
            let found = run(&Context::new(seed, true)).expect("it can be run");
            let factor = |activation, start: usize| {
                found.deepest(activation, STARTS[start]).expect("every kind was run").factor()
            };
            assert!(factor(Sigmoid, 1) < 0.25 * MARGIN, "seed {seed}: {}", factor(Sigmoid, 1));
            let tanh = factor(Tanh, 1);
            assert!(tanh > 2.0 * factor(Sigmoid, 1) && tanh < MARGIN, "seed {seed}: {tanh}");
            // With the sigmoid half of the weights make half of the factor, whether layers underflow or not.
            let halved = factor(Sigmoid, 0) / (0.5 * factor(Sigmoid, 1));
            assert!((1.0 / MARGIN..MARGIN).contains(&halved), "seed {seed}: {halved}");
            // The root of H v / 2, for half of the neurons have slope 1.
            for (start, expected) in [0.125_f64, 0.5, 1.0, 4.0].into_iter().enumerate() {
                let relu = factor(Relu, start) / expected.sqrt();
                assert!((1.0 / MARGIN..MARGIN).contains(&relu), "seed {seed}, {}: {relu}", STARTS[start].name);
            }
        }
    }
}
