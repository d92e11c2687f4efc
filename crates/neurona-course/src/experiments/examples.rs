//! The amount of data: test error against the number of examples, for models of more and more capacity.

use ndarray::{Array2, ArrayView2};
use neurona::arch::ActivationSpec;
use neurona_train::{Dataset, Loss, Network, Schedule, Training};

use super::Experiment;
use crate::{
    Context, CourseError, lab,
    plot::Field,
    report::{least_and_most, median},
    svm::Svm,
};

mod pictures;

/// The amount of data.
pub const EXPERIMENT: Experiment =
    Experiment { name: "examples", title: "The amount of data", text: TEXT, run: |context| run(context)?.report() };

const TEXT: &str = "\
<p>Why does deep learning want data? One problem, four models, and ever more examples. There are six features, normal \
with standard deviation 1, of which only a direction and one more matter: with <var>t</var> = \
(<var>x</var><sub>1</sub> + <var>x</var><sub>2</sub> + <var>x</var><sub>3</sub>) / √3 an example is of class 1 \
where</p>
<p class=\"formula\">sin 4<var>t</var> + 0.8 (<var>t</var> + <var>x</var><sub>4</sub>) &gt; 0.</p>
<p>There is no noise: with enough examples the error can become arbitrarily small. The models:</p>
<ul>
<li><b>Logistic regression</b>, 7 parameters. Its boundary is a plane, and the best plane follows the slope of the \
wave but not the wave.</li>
<li>A <b>support vector machine</b> with the kernel <var>k</var>(<var>x</var>, <var>x</var>′) = \
e<sup>−|<var>x</var>−<var>x</var>′|²/<var>s</var></sup> and <var>C</var> = 1: one coefficient per example. Of \
<var>s</var> = 24, 12, 6 and 2 it takes the one that is best on a quarter of the examples, held out for that, and then \
learns again from all. Its kernel is a table of <var>n</var><sup>2</sup> numbers, 800 MB for 10,000 examples: it is \
not tried with more than 2,000.</li>
<li>A <b>shallow network</b> 6-636-1 with ReLU: 636 · 7 + 637 = 5,089 parameters.</li>
<li>A <b>deep network</b> 6-48-48-48-1 with ReLU: 48 · 7 + 2 · 48 · 49 + 49 = 5,089 parameters as well.</li>
</ul>
<p>All models that learn by descent make the same number of steps, whatever the number of examples, by Adam with a \
rate that falls to 0. Each run has examples and initial weights of its own, and the smaller sets are the beginning of \
the larger ones.</p>
<p>With few examples a large model gains nothing: it is right on every example that it learned from, which says \
nothing about others. With a few dozen which of them is ahead differs from draw to draw, and with a hundred the single \
neuron is ahead of the networks. Logistic regression needs few examples and soon reaches its limit: its training and test errors \
meet, and more examples do not help, for a plane has no more to learn. From some hundreds of examples on the networks, \
the shallow one first, find the direction <var>t</var> by themselves, and they keep improving as long as there are new examples. The maps \
show the section in which everything but <var>t</var> and <var>x</var><sub>4</sub> is 0, and up to 200 of the \
examples.</p>
<p>With many examples the deep network leaves the shallow one behind, though it has no more parameters. That is mostly \
a matter of descent: after these steps the shallow one is still wrong on some of the examples that it learned from. \
With four times as many, in the second table, it closes most of the gap.</p>";

/// Features of an example.
const FEATURES: usize = 6;
/// Half the side of the section that is shown.
const REACH: f64 = 3.0;
/// The most examples that the support vector machine is given.
const MOST_KERNEL_ROWS: usize = 2000;
/// Examples that are drawn, and with how many the first sections are shown.
const SHOWN_ROWS: usize = 200;
/// How many times as many steps are tried with the most examples.
pub const LONGER: u32 = 4;
/// Test examples.
const TEST_ROWS: usize = 4000;

/// A model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Logistic regression.
    Logistic,
    /// A support vector machine.
    Svm,
    /// A network with one hidden layer.
    Shallow,
    /// A network with three hidden layers and as many parameters.
    Deep,
}

/// The models.
pub const MODELS: [Model; 4] = [Model::Logistic, Model::Svm, Model::Shallow, Model::Deep];

impl Model {
    /// How it is named on the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Logistic => "logistic regression",
            Self::Svm => "support vector machine",
            Self::Shallow => "shallow network",
            Self::Deep => "deep network",
        }
    }

    /// The sizes of its layers; none for a model without layers.
    fn layers(self) -> &'static [usize] {
        match self {
            Self::Logistic => &[FEATURES, 1],
            Self::Svm => &[],
            Self::Shallow => &[FEATURES, 636, 1],
            Self::Deep => &[FEATURES, 48, 48, 48, 1],
        }
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Each of [`MODELS`].
    pub curves: Vec<Curve>,
    /// Both networks with the most examples and [`LONGER`] times as many steps.
    pub longer: Vec<Curve>,
    data: Dataset,
}

/// A model, with more and more examples.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Which model.
    pub model: Model,
    /// From the fewest examples to the most.
    pub points: Vec<Point>,
}

/// A model with a number of examples.
#[derive(Clone, Debug)]
pub struct Point {
    /// How many.
    pub rows: usize,
    /// A run for each seed; the first is shown.
    pub runs: Vec<Run>,
}

/// A model that was trained.
#[derive(Clone, Debug)]
pub struct Run {
    /// The share of training examples whose class is wrong.
    pub training_error: f64,
    /// The share of test examples whose class is wrong.
    pub test_error: f64,
    /// What it decides on the section that is shown; of the first run only.
    field: Option<Field>,
}

impl Curve {
    /// What was measured with so many examples.
    pub fn at(&self, rows: usize) -> Option<&Point> {
        self.points.iter().find(|point| point.rows == rows)
    }
}

impl Point {
    /// The median of the test errors.
    pub fn test_error(&self) -> f64 {
        median(self.runs.iter().map(|run| run.test_error))
    }

    /// The median of the training errors.
    pub fn training_error(&self) -> f64 {
        median(self.runs.iter().map(|run| run.training_error))
    }

    /// The standard deviation of the test errors.
    pub fn deviation(&self) -> f64 {
        let mean = self.runs.iter().map(|run| run.test_error).sum::<f64>() / self.runs.len() as f64;
        let squares = self.runs.iter().map(|run| (run.test_error - mean).powi(2)).sum::<f64>();
        (squares / (self.runs.len() - 1) as f64).sqrt()
    }

    /// The least and the largest test error.
    pub fn spread(&self) -> (f64, f64) {
        least_and_most(self.runs.iter().map(|run| run.test_error))
    }
}

/// Runs the experiment.
///
/// # Errors
///
/// A model cannot be trained.
pub fn run(context: &Context<'_>) -> Result<Findings, CourseError> {
    let sizes: &[usize] = context.choose(&[20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000], &[30, 300, 3000]);
    let test = wave(context, u64::MAX, TEST_ROWS)?;
    let fits = |model: Model, rows: usize| model != Model::Svm || rows <= MOST_KERNEL_ROWS;
    let most = &sizes[sizes.len() - 1..];
    let learn = |models: &[Model], sizes: &[usize], seeds: u64, longer: u32| {
        let pairs = models.iter().flat_map(|model| sizes.iter().map(|rows| (*model, *rows)));
        let pairs = pairs.filter(|(model, rows)| fits(*model, *rows));
        let cases: Vec<_> = pairs.flat_map(|(model, rows)| (0..seeds).map(move |seed| (model, rows, seed))).collect();
        let runs = context.each(&cases, |(model, rows, seed)| model.run(context, (*rows, *seed), longer, &test))?;
        let mut curves: Vec<Curve> = models.iter().map(|model| Curve { model: *model, points: Vec::new() }).collect();
        for ((model, rows, seed), run) in cases.into_iter().zip(runs) {
            for curve in curves.iter_mut().filter(|curve| curve.model == model) {
                match curve.points.last_mut() {
                    Some(last) if seed > 0 => last.runs.push(run.clone()),
                    _ => curve.points.push(Point { rows, runs: vec![run.clone()] }),
                }
            }
        }
        Ok::<_, CourseError>(curves)
    };
    Ok(Findings {
        curves: learn(&MODELS, sizes, context.choose(5, 3), 1)?,
        longer: learn(&[Model::Shallow, Model::Deep], most, context.choose(3, 1), LONGER)?,
        data: wave(context, 0, SHOWN_ROWS)?,
    })
}

/// Above 0 where the class is 1.
fn crest(t: f64, x4: f64) -> f64 {
    (4.0 * t).sin() + 0.8 * (t + x4)
}

/// The direction that matters.
fn direction(row: &[f64]) -> f64 {
    row[..3].iter().sum::<f64>() / 3.0_f64.sqrt()
}

/// So many examples; fewer are the first of them.
fn wave(context: &Context<'_>, stream: u64, rows: usize) -> Result<Dataset, CourseError> {
    let mut random = context.random(stream);
    let points = Array2::from_shape_fn((rows, FEATURES), |_| random.normal());
    let classes = points.rows().into_iter().map(|row| {
        let row: Vec<f64> = row.iter().map(|value| f64::from(*value)).collect();
        u32::from(crest(direction(&row), row[3]) > 0.0)
    });
    lab::two_classes(points.clone(), classes.collect())
}

impl Model {
    fn run(
        self,
        context: &Context<'_>,
        (rows, seed): (usize, u64),
        longer: u32,
        test: &Dataset,
    ) -> Result<Run, CourseError> {
        let data = wave(context, seed, rows)?;
        let measured = |decide: lab::Decide<'_>| {
            Ok(Run {
                training_error: lab::wrong(decide, &data)?,
                test_error: lab::wrong(decide, test)?,
                field: if seed == 0 { Some(section(decide)?) } else { None },
            })
        };
        if self == Self::Svm {
            let svm = machine(&data, context.seed().wrapping_add(seed))?;
            return measured(&|points| Ok(svm.decide(points)));
        }
        let network = self.train(&data, longer * context.choose(4000, 1500), context.seed().wrapping_add(seed))?;
        measured(&|points| lab::outputs(&network, points))
    }

    fn train(self, data: &Dataset, steps: u32, seed: u64) -> Result<Network, CourseError> {
        let batch = data.rows().min(64);
        let settings = Training {
            rate: if self == Self::Logistic { 0.01 } else { 0.003 },
            schedule: Schedule::Cosine { least: 0.0 },
            epochs: steps / data.rows().div_ceil(batch) as u32,
            batch,
            seed,
            ..Training::new(Loss::BinaryCrossEntropy)
        };
        Ok(lab::fit(lab::new_network(self.layers(), ActivationSpec::Relu, seed)?, data, &settings)?.network)
    }
}

/// A support vector machine whose kernel is as wide as suits a quarter of the examples best that it did not learn from.
fn machine(data: &Dataset, seed: u64) -> Result<Svm, CourseError> {
    const COST: f64 = 1.0;
    let parts = data.split(&[0.75, 0.25], true, seed)?;
    let (mut least, mut best) = (f64::INFINITY, f64::NAN);
    // The widest is the smoothest: it is taken where others are no better.
    for width in [24.0, 12.0, 6.0, 2.0] {
        let svm = Svm::fit(&parts[0], width, COST)?;
        let error = lab::wrong(&|points| Ok(svm.decide(points)), &parts[1])?;
        if error < least {
            (least, best) = (error, width);
        }
    }
    Svm::fit(data, best, COST)
}

/// What is decided where only t and x4 are not 0.
fn section(decide: lab::Decide<'_>) -> Result<Field, CourseError> {
    let lifted = |points: ArrayView2<'_, f32>| {
        let rows = Array2::from_shape_fn((points.nrows(), FEATURES), |(row, feature)| match feature {
            0..3 => points[[row, 0]] / 3.0_f32.sqrt(),
            3 => points[[row, 1]],
            _ => 0.0,
        });
        decide(rows.view())
    };
    Field::sample(-REACH..REACH, -REACH..REACH, 60, lifted)
}

#[cfg(test)]
mod tests;
