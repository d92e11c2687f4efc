//! Initial values: a cost with several minima, many starts, and why zeros are none.

use std::ops::ControlFlow;

use ndarray::Array2;
use neurona::arch::ActivationSpec;
use neurona_train::{
    Dataset, Init, Loss, Schedule, Trained, Training, train,
    train::{Start, train_starts},
};

use super::Experiment;
use crate::{
    Context, CourseError, Figure, Mark, Report, Table, lab,
    plot::{Axis, BLUE, BLUE_TINT, Chart, Field, GREEN, INK, ORANGE, PURPLE, Size, VERMILION, VERMILION_TINT},
    report::median,
};

mod pulse;

pub use pulse::{Descent, MINIMA, Minimum, Pulse};

/// Initial values and many starts.
pub const EXPERIMENT: Experiment = Experiment {
    name: "initial-values",
    title: "Initial values: many starts, and why not zeros",
    text: TEXT,
    run: |context| run(context)?.report(),
};

const TEXT: &str = "\
<p>The cost of a network with a hidden layer is not convex: it has several minima, and where descent ends depends on \
where it begins. The smallest case that can be drawn is a network 1-2-1 whose output is a pulse,</p>\
<p class=\"formula\"><var>h</var>(<var>x</var>) = <var>σ</var>(<var>w</var> <var>x</var> + <var>b</var><sub>1</sub>) − \
<var>σ</var>(<var>w</var> <var>x</var> + <var>b</var><sub>2</sub>), &emsp; <var>w</var> = 20,</p>\
<p>which rises at <var>s</var><sub>1</sub> = −<var>b</var><sub>1</sub>/<var>w</var> and falls at \
<var>s</var><sub>2</sub> = −<var>b</var><sub>2</sub>/<var>w</var>. Only the two biases are learned. The data have two \
pulses, one higher than the other. The network can be at the one or at the other, or over both: each is a minimum, and \
there are hills between them. Where it begins with the fall before the rise, the two steps first come together, \
cancel, and then part again towards the nearer pulse.</p>\
<p>What helps is to begin many times and to keep the network with the least validation cost. That is tried on two \
classes in the plane, the squares of a board of 3 by 3, with a network 2-6-1 with tanh, from many starts of each rule: \
Glorot (variance 2 / (inputs + outputs)), He (2 / inputs) and LeCun (1 / inputs). Which rule is best matters in deep \
networks; in one as small as this the starts of one rule differ more than the rules do. The expected cost of the best \
of <var>k</var> starts is the mean over all choices of <var>k</var> of those that were tried.</p>\
<p>Weights that all begin at <b>zero</b> are not one more start. Neurons of a layer that begin alike compute the same, \
receive the same gradient and stay alike for ever: the layer is as good as one neuron. With tanh it is worse: \
<var>a</var> = 0 and <var>w</var> = 0 make every derivative 0 but that of the last bias. Random weights are what makes \
neurons different, and the biases of a layer may all begin alike where its weights differ in direction, as with two \
inputs here. With a single input they may not: <var>w</var><var>x</var> + <var>b</var> with <var>b</var> = 0 is 0 at \
the same place for every neuron, and experiment 4 therefore draws biases too.</p>";

/// Sizes of the network.
const SIZES: [usize; 3] = [2, 6, 1];

/// How the weights begin, and what that is called.
pub const RULES: [(Init, &str); 4] = [
    (Init::GlorotUniform, "Glorot, uniform"),
    (Init::GlorotNormal, "Glorot, normal"),
    (Init::HeNormal, "He, normal"),
    (Init::LecunNormal, "LeCun, normal"),
];

/// What was found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The cost over two weights.
    pub pulse: Pulse,
    /// The starts of each of [`RULES`].
    pub rules: Vec<Rule>,
    /// The best, the middle and the worst start of the first rule.
    pub shown: Vec<Shown>,
    /// Networks that began with zeros: with the sigmoid and with tanh.
    pub zeros: Vec<Zeros>,
    data: Dataset,
}

/// The starts of one rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What it is called.
    pub name: &'static str,
    /// Every start.
    pub starts: Vec<Start>,
    /// The error of the start with the least validation cost on the test examples.
    pub test_error: f64,
}

/// A start that is looked at.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Which of them.
    pub name: &'static str,
    /// Its validation cost.
    pub cost: f64,
    /// Its error on the test examples.
    pub test_error: f64,
    /// The training cost at the end.
    pub training_cost: f64,
    /// How much of it still fell away in the last tenth of the epochs.
    pub unfinished: f64,
    trained: Trained,
    field: Field,
}

/// A network that began with zeros.
#[derive(Clone, Debug)]
pub struct Zeros {
    /// Its activation.
    pub activation: ActivationSpec,
    /// The trained weights and bias of each hidden neuron, and its weight in the output.
    pub neurons: Vec<[f32; 4]>,
    /// Its validation cost.
    pub cost: f64,
    /// Its error on the test examples.
    pub test_error: f64,
    /// The training cost of each epoch.
    pub costs: Vec<f64>,
}

/// The examples of each part.
struct Parts {
    training: Dataset,
    validation: Dataset,
    test: Dataset,
}

/// Runs the experiment.
///
/// # Errors
///
/// A network cannot be trained.
pub fn run(context: &Context<'_>) -> Result<Findings, CourseError> {
    let pulse = pulse::run(context)?;
    let parts = Parts::new(context)?;
    let rules = context.each(&RULES, |rule| Rule::new(context, *rule, &parts))?;
    let shown = Shown::all(context, &rules[0], &parts)?;
    let zeros = Zeros::all(context, &parts)?;
    Ok(Findings { pulse, rules, shown, zeros, data: parts.training })
}

fn settings(context: &Context<'_>) -> Training {
    Training {
        rate: 0.03,
        schedule: Schedule::Cosine { least: 0.0 },
        epochs: context.choose(2000, 800),
        batch: usize::MAX,
        seed: context.seed(),
        threads: 1,
        ..Training::new(Loss::BinaryCrossEntropy)
    }
}

impl Parts {
    fn new(context: &Context<'_>) -> Result<Self, CourseError> {
        let part = |stream, rows| board(context, stream, rows);
        Ok(Self { training: part(1, 300)?, validation: part(2, 300)?, test: part(3, 4000)? })
    }
}

/// Points of a board of 3 by 3 fields, and the colour of their field; each was moved a little after that.
fn board(context: &Context<'_>, stream: u64, rows: usize) -> Result<Dataset, CourseError> {
    /// The standard deviation of the move in each direction; a field is 1 wide.
    const NOISE: f32 = 0.05;
    let mut random = context.random(stream);
    let (mut points, mut classes) = (Array2::zeros((rows, 2)), Vec::new());
    for mut point in points.rows_mut() {
        point.map_inplace(|value| *value = random.uniform(REACH as f32));
        let field = point.iter().map(|value| (*value + REACH as f32).floor() as u32).sum::<u32>();
        classes.push(field % 2);
        point.map_inplace(|value| *value += NOISE * random.normal());
    }
    lab::two_classes(points, classes)
}

/// Half the side of the board.
const REACH: f64 = 1.5;

impl Rule {
    fn new(context: &Context<'_>, (init, name): (Init, &'static str), parts: &Parts) -> Result<Self, CourseError> {
        let network = lab::network(&SIZES, ActivationSpec::Tanh)?;
        let starts = (init, context.choose(60, 12));
        let go_on = |_, _| ControlFlow::Continue(());
        let found = train_starts(&network, starts, &parts.training, &parts.validation, &settings(context), &go_on)?;
        let test_error = lab::error(&found.best.network, &parts.test)?;
        Ok(Self { name, starts: found.all, test_error })
    }

    /// The validation costs, the least first.
    pub fn costs(&self) -> Vec<f64> {
        self.ranked().into_iter().filter_map(|start| start.loss.map(f64::from)).collect()
    }

    /// The expected cost of the best of `k` starts.
    pub fn best_of(&self, k: usize) -> f64 {
        let costs = self.costs();
        // The least of k is the one at `at` if the k - 1 others are among those after it: the share of choices, from the
        // one before.
        let (mut expected, mut share) = (0.0, k as f64 / costs.len() as f64);
        for (at, cost) in costs.iter().enumerate() {
            expected += share * cost;
            let after = (costs.len() - at - 1) as f64;
            share *= if after > 0.0 { (after - (k - 1) as f64).max(0.0) / after } else { 0.0 };
        }
        expected
    }

    /// The starts, that with the least validation cost first.
    fn ranked(&self) -> Vec<Start> {
        let mut starts = self.starts.clone();
        starts.sort_by(|one, other| one.loss.unwrap_or(f32::INFINITY).total_cmp(&other.loss.unwrap_or(f32::INFINITY)));
        starts
    }
}

impl Shown {
    /// The best, the middle and the worst of the first rule.
    fn all(context: &Context<'_>, rule: &Rule, parts: &Parts) -> Result<Vec<Self>, CourseError> {
        let order = rule.ranked();
        let shown = [("best", &order[0]), ("middle", &order[order.len() / 2]), ("worst", &order[order.len() - 1])];
        context.each(&shown, |(name, start)| Self::new(context, name, start, parts))
    }

    fn new(context: &Context<'_>, name: &'static str, start: &Start, parts: &Parts) -> Result<Self, CourseError> {
        let mut network = lab::network(&SIZES, ActivationSpec::Tanh)?;
        network.init(RULES[0].0, start.seed);
        // To the bits of the start, which was trained with this seed.
        let settings = Training { seed: start.seed, ..settings(context) };
        let mut go_on = |_| ControlFlow::Continue(());
        let trained = train(network, &parts.training, Some(&parts.validation), &settings, &mut go_on)?;
        let costs: Vec<f64> = trained.epochs.iter().map(|epoch| epoch.training.loss.into()).collect();
        let cells = context.choose(80, 20);
        Ok(Self {
            name,
            cost: start.loss.map_or(f64::NAN, f64::from),
            test_error: lab::error(&trained.network, &parts.test)?,
            training_cost: costs[costs.len() - 1],
            unfinished: costs[costs.len() * 9 / 10] - costs[costs.len() - 1],
            field: Field::sample(-REACH..REACH, -REACH..REACH, cells, |points| lab::outputs(&trained.network, points))?,
            trained,
        })
    }

    fn costs(&self) -> Vec<f64> {
        self.trained.epochs.iter().map(|epoch| epoch.training.loss.into()).collect()
    }
}

impl Zeros {
    fn all(context: &Context<'_>, parts: &Parts) -> Result<Vec<Self>, CourseError> {
        context.each(&[ActivationSpec::Sigmoid, ActivationSpec::Tanh], |of| Self::new(context, *of, parts))
    }

    fn new(context: &Context<'_>, activation: ActivationSpec, parts: &Parts) -> Result<Self, CourseError> {
        let mut network = lab::network(&SIZES, activation)?;
        network.init(Init::Zeros, context.seed());
        let trained = lab::fit(network, &parts.training, &settings(context))?;
        let network = &trained.network;
        let (hidden, output) = (network.dense(0, network.values()), network.dense(1, network.values()));
        let neurons = hidden.zip(output).map(|((weights, bias), (output, _))| {
            let neuron = |at: usize| [weights[[at, 0]], weights[[at, 1]], bias[at], output[[0, at]]];
            (0..SIZES[1]).map(neuron).collect()
        });
        Ok(Self {
            activation,
            neurons: neurons.unwrap_or_default(),
            cost: network.evaluate(&parts.validation, Loss::BinaryCrossEntropy)?.loss.into(),
            test_error: lab::error(network, &parts.test)?,
            costs: trained.epochs.iter().map(|epoch| epoch.training.loss.into()).collect(),
        })
    }
}

impl Findings {
    fn report(&self) -> Result<Report, CourseError> {
        let mut figures = self.pulse.figures()?;
        figures.extend([self.ranks()?, self.best_of()?, self.curves()?]);
        figures.extend(self.shown.iter().map(|shown| self.map(shown)).collect::<Result<Vec<_>, _>>()?);
        Ok(Report { figures, tables: vec![self.minima(), self.spread(), self.zeros()] })
    }

    fn minima(&self) -> Table {
        let columns = [("starts that end there", ""), ("least cost", ""), ("s₁", ""), ("s₂", "")];
        let mut table = Table::new("The minima of the cost over two weights", "minimum", columns);
        for minimum in MINIMA {
            let ended = self.pulse.best(minimum);
            let [rise, fall] = ended.and_then(|best| best.points.last().copied()).unwrap_or([f64::NAN; 2]);
            let cost = ended.map_or(f64::NAN, |best| best.cost);
            table.push(minimum.name(), [self.pulse.count(minimum) as f64, cost, rise, fall]);
        }
        let left = self.pulse.descents.iter().filter(|descent| descent.minimum.is_none()).count();
        if left > 0 {
            table.push("none yet: still on the way", [left as f64, f64::NAN, f64::NAN, f64::NAN]);
        }
        table
    }

    fn spread(&self) -> Table {
        let columns = [
            ("least", ""),
            ("median", ""),
            ("largest", ""),
            ("standard deviation", ""),
            ("best of 5, expected", ""),
            ("test error of the best", "%"),
        ];
        let starts = self.rules.first().map_or(0, |rule| rule.starts.len());
        let caption = format!("Validation costs of {starts} starts of the network 2-6-1");
        let mut table = Table::new(caption, "initial values", columns);
        for rule in &self.rules {
            let costs = rule.costs();
            let mean = costs.iter().sum::<f64>() / costs.len() as f64;
            let variance = costs.iter().map(|cost| (cost - mean).powi(2)).sum::<f64>() / (costs.len() - 1) as f64;
            let ends = [costs[0], median(costs.iter().copied()), costs[costs.len() - 1]];
            let others = [variance.sqrt(), rule.best_of(5), 100.0 * rule.test_error];
            table.push(rule.name, ends.into_iter().chain(others));
        }
        table
    }

    fn zeros(&self) -> Table {
        let columns = [
            ("w₁ of every hidden neuron", ""),
            ("w₂", ""),
            ("b", ""),
            ("weight in the output", ""),
            ("largest difference between neurons", ""),
            ("validation cost", ""),
            ("test error", "%"),
        ];
        let mut table = Table::new("Networks that began with zeros, after training", "activation", columns);
        for zeros in &self.zeros {
            let neuron = zeros.neurons.first().map_or([f64::NAN; 4], |neuron| neuron.map(f64::from));
            let rest = [zeros.difference(), zeros.cost, 100.0 * zeros.test_error];
            table.push(zeros.activation.name(), neuron.into_iter().chain(rest));
        }
        table
    }

    fn ranks(&self) -> Result<Figure, CourseError> {
        let costs: Vec<Vec<f64>> = self.rules.iter().map(Rule::costs).collect();
        let axes = (
            Axis::linear("starts that are at least as good (%)", 0.0..100.0),
            Axis::from_zero("validation cost", costs.iter().flatten().copied()),
        );
        let mut chart = Chart::new(Size::Medium, axes.0, axes.1);
        for ((rule, costs), color) in self.rules.iter().zip(&costs).zip([BLUE, VERMILION, GREEN, PURPLE]) {
            let share = |at: usize| 100.0 * (at as f64 + 0.5) / costs.len() as f64;
            let points = costs.iter().enumerate().map(|(at, cost)| (share(at), *cost));
            chart = chart.layer(Mark::Line, color, rule.name, points);
        }
        chart.figure("Every start by its rank: few reach the least cost, and some end far above it.")
    }

    fn best_of(&self) -> Result<Figure, CourseError> {
        let starts = self.rules.iter().map(|rule| rule.costs().len()).min().unwrap_or(0);
        let most = starts.min(20);
        let points = |rule: &Rule| (1..=most).map(|k| (k as f64, rule.best_of(k))).collect::<Vec<_>>();
        let all: Vec<Vec<(f64, f64)>> = self.rules.iter().map(points).collect();
        let axes = (
            Axis::linear("starts k", 0.0..most as f64 + 0.5),
            Axis::from_zero("expected cost of the best", all.iter().flatten().map(|point| point.1)),
        );
        let mut chart = Chart::new(Size::Medium, axes.0, axes.1);
        for ((rule, points), color) in self.rules.iter().zip(all).zip([BLUE, VERMILION, GREEN, PURPLE]) {
            chart = chart.layer(Mark::Dotted, color, rule.name, points);
        }
        chart.figure("What several starts gain: the first few gain the most.")
    }

    fn curves(&self) -> Result<Figure, CourseError> {
        let curves = self.shown.iter().map(|shown| (shown.name.to_owned(), shown.costs()));
        let zeros = self.zeros.iter().map(|of| (format!("zeros, {}", of.activation.name()), of.costs.clone()));
        let curves: Vec<(String, Vec<f64>)> = curves.chain(zeros).collect();
        let epochs = curves.iter().map(|(_, costs)| costs.len()).max().unwrap_or(1) as f64;
        let largest = curves.iter().flat_map(|(_, costs)| costs.iter().copied());
        let axes = (Axis::linear("epoch", 0.0..1.04 * epochs), Axis::from_zero("training cost", largest));
        let mut chart = Chart::new(Size::Medium, axes.0, axes.1);
        for ((name, costs), (color, mark)) in curves.into_iter().zip([
            (BLUE, Mark::Line),
            (GREEN, Mark::Line),
            (VERMILION, Mark::Line),
            (PURPLE, Mark::Line),
            (ORANGE, Mark::Dashed),
        ]) {
            let points = costs.into_iter().enumerate().map(|(epoch, cost)| (epoch as f64, cost));
            chart = chart.layer(mark, color, name, points);
        }
        chart.figure("The best, the middle and the worst start of Glorot, and zeros: none is still falling at the end.")
    }

    fn map(&self, shown: &Shown) -> Result<Figure, CourseError> {
        let axis = |label| Axis::linear(label, -REACH..REACH);
        let Shown { name, cost, test_error, field, .. } = shown;
        let error = 100.0 * test_error;
        Chart::new(Size::Square, axis("feature x₁"), axis("feature x₂"))
            .regions(field, 0.0, [BLUE_TINT, VERMILION_TINT])?
            .layer(Mark::Dot, BLUE, "class 0", lab::points_of(&self.data, 0, usize::MAX))
            .layer(Mark::Triangle, VERMILION, "class 1", lab::points_of(&self.data, 1, usize::MAX))
            .levels(field, &[0.0], Mark::Line, INK, "boundary")?
            .figure(format!(
                "<b>The {name} start</b>: validation cost {cost:.3}, {error:.1} % of the test examples wrong."
            ))
    }
}

impl Zeros {
    /// The largest difference between two hidden neurons in one of their weights.
    pub fn difference(&self) -> f64 {
        let difference = |neuron: &[f32; 4]| {
            let first = self.neurons.first().into_iter().flatten();
            first.zip(neuron).map(|(one, other)| f64::from((one - other).abs())).fold(0.0, f64::max)
        };
        self.neurons.iter().map(difference).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests;
