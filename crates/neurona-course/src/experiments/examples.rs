//! The amount of data: test error against the number of examples, for models of more and more capacity.

use ndarray::{Array2, ArrayView2};
use neurona::arch::ActivationSpec;
use neurona_train::{Dataset, Loss, Network, Schedule, Training};

use super::Experiment;
use crate::{
    Context, CourseError, Figure, Mark, Report, Table, lab,
    page::number,
    plot::{Axis, BLUE, BLUE_TINT, Chart, Field, GREEN, GREY, INK, PURPLE, Size, VERMILION, VERMILION_TINT},
    report::{least_and_most, median},
    svm::Svm,
};

/// The amount of data.
pub const EXPERIMENT: Experiment =
    Experiment { name: "examples", title: "The amount of data", text: TEXT, run: |context| run(context)?.report() };

const TEXT: &str = "\
<p>Why does deep learning want data? One problem, four models, and from 20 to 10,000 examples. There are six features, \
normal with standard deviation 1, of which only a direction and one more matter: with <var>t</var> = \
(<var>x</var><sub>1</sub> + <var>x</var><sub>2</sub> + <var>x</var><sub>3</sub>) / √3 an example is of class 1 where</p>
<p class=\"formula\">sin 4<var>t</var> + 0.8 (<var>t</var> + <var>x</var><sub>4</sub>) &gt; 0.</p>
<p>There is no noise: with enough examples the error can become as small as one likes. The models:</p>
<ul>
<li><b>Logistic regression</b>, 7 parameters. Its boundary is a plane, and the best plane follows the slope of the wave \
but not the wave.</li>
<li>A <b>support vector machine</b> with the kernel <var>k</var>(<var>x</var>, <var>x</var>′) = \
e<sup>−|<var>x</var>−<var>x</var>′|²/<var>s</var></sup> and <var>C</var> = 1: a coefficient an example. Of <var>s</var> = \
24, 12, 6 and 2 it takes what is best on a quarter of the examples that is kept from it, and learns again from all. Its \
kernel is a table of <var>n</var><sup>2</sup> numbers, 800 MB for 10,000 examples; it ends at 2,000.</li>
<li>A <b>shallow network</b> 6-636-1 with ReLU: 636 · 7 + 637 = 5,089 parameters.</li>
<li>A <b>deep network</b> 6-48-48-48-1 with ReLU: 48 · 7 + 2 · 48 · 49 + 49 = 5,089 parameters as well.</li>
</ul>
<p>All that learn by descent make the same number of steps, whatever the number of examples, by Adam with a rate that \
falls to 0. Each run has examples and initial weights of its own, and the smaller sets are the beginning of the larger \
ones.</p>
<p>With few examples there is nothing to be gained by a large model: it is right on every example that it learned from, \
which says nothing about others, and the neuron does as well or better. Logistic regression needs few examples and is \
soon done: its training and test errors meet, and more examples do not help, for a plane has no more to learn. The \
networks find the direction <var>t</var> by themselves and go on improving for as long as there are new examples.</p>
<p>With many examples the deep network leaves the shallow one behind, though it has no more parameters. That is a matter \
of descent as much as of data: after these steps the shallow one is still wrong on some of the examples that it learned \
from. With four times as many steps, in the second table, it makes up for most of its distance.</p>";

/// Features of an example.
const FEATURES: usize = 6;
/// Half the side of the section that is shown.
const REACH: f64 = 3.0;
/// More examples than the support vector machine is given.
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

impl Findings {
    fn report(&self) -> Result<Report, CourseError> {
        let mut figures = vec![
            self.errors(
                "<b>Test error</b> against the number of examples: medians, and bars from the least to the most.",
                |point| (point.test_error(), point.spread()),
            )?,
            self.errors("<b>Training error</b> against the number of examples: medians.", |point| {
                (point.training_error(), (f64::NAN, f64::NAN))
            })?,
        ];
        for most in [SHOWN_ROWS, usize::MAX] {
            figures.extend(self.curves.iter().map(|curve| self.map(curve, most)).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(Report { figures, tables: vec![self.table(), self.steps()] })
    }

    fn errors(&self, caption: &str, of: fn(&Point) -> (f64, (f64, f64))) -> Result<Figure, CourseError> {
        let rows = self.curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.rows as f64));
        let axes = (Axis::log_around("examples n", rows), Axis::linear("examples that are wrong (%)", 0.0..50.0));
        let mut chart = Chart::new(Size::Medium, axes.0, axes.1);
        let shifts = [0.955, 0.985, 1.015, 1.045];
        for ((curve, color), shift) in self.curves.iter().zip([BLUE, PURPLE, GREEN, VERMILION]).zip(shifts) {
            let all = curve.points.iter().map(|point| (shift * point.rows as f64, of(point)));
            let bars = all.clone().map(|(rows, (_, (least, most)))| (rows, 100.0 * least, 100.0 * most));
            let points = all.map(|(rows, (error, _))| (rows, 100.0 * error));
            chart = chart.layer(Mark::Dotted, color, curve.model.name(), points).spread(color, bars);
        }
        chart.figure(caption)
    }

    /// A section through the features, with so many examples or the most below that.
    fn map(&self, curve: &Curve, most: usize) -> Result<Figure, CourseError> {
        let point = curve.points.iter().rev().find(|point| point.rows <= most);
        let shown = point.and_then(|point| Some((point, point.runs.first()?.field.as_ref()?)));
        let (point, field) = shown.ok_or_else(|| CourseError::Plot(format!("nothing with {most} examples")))?;
        let rows = self.data.inputs().rows().into_iter().zip(lab::classes(&self.data)).take(point.rows);
        let rows = rows.map(|(row, class)| (row.iter().map(|value| f64::from(*value)).collect::<Vec<_>>(), *class));
        let of_class = |class| {
            let rows = rows.clone().filter(move |(_, other)| *other == class);
            rows.map(|(row, _)| (direction(&row), row[3]))
        };
        let truth = lab::spaced(-REACH, REACH, 200).map(|t| (t, -t - (4.0 * t).sin() / 0.8));
        Chart::new(Size::Tiny, Axis::linear("t", -REACH..REACH), Axis::linear("x₄", -REACH..REACH))
            .regions(field, 0.0, [BLUE_TINT, VERMILION_TINT])?
            .layer(Mark::Dot, BLUE, "class 0", of_class(0))
            .layer(Mark::Triangle, VERMILION, "class 1", of_class(1))
            .layer(Mark::Dashed, GREY, "truth", truth)
            .levels(field, &[0.0], Mark::Line, INK, "boundary")?
            .figure(format!("<b>{}</b>, {} examples", curve.model.name(), number(point.rows as f64)))
    }

    fn table(&self) -> Table {
        let seeds = self.curves.iter().flat_map(|curve| &curve.points).map(|point| point.runs.len()).max().unwrap_or(0);
        let mut table = Table::new(
            format!(
                "Errors of {} test examples: the median of {seeds} runs, and half the distance from the least to the most",
                number(TEST_ROWS as f64)
            ),
            "examples",
            [
                ("logistic regression", "%"),
                ("±", "%"),
                ("support vector machine", "%"),
                ("±", "%"),
                ("shallow network", "%"),
                ("±", "%"),
                ("deep network", "%"),
                ("±", "%"),
            ],
        );
        let sizes = self.curves.first().into_iter().flat_map(|curve| curve.points.iter().map(|point| point.rows));
        for rows in sizes {
            let values = self.curves.iter().flat_map(|curve| {
                curve.at(rows).map_or([f64::NAN; 2], |point| {
                    let (least, most) = point.spread();
                    [100.0 * point.test_error(), 50.0 * (most - least)]
                })
            });
            table.push(number(rows as f64), values);
        }
        table
    }

    fn steps(&self) -> Table {
        let columns = [
            ("training error", "%"),
            ("test error", "%"),
            ("training error, four times the steps", "%"),
            ("test error, four times the steps", "%"),
        ];
        let mut table = Table::new("The networks with the most examples, medians", "model", columns);
        for longer in &self.longer {
            let usual = self.curves.iter().find(|curve| curve.model == longer.model);
            let ends = [usual.and_then(|curve| curve.points.last()), longer.points.last()];
            let errors = ends.into_iter().flat_map(|point| {
                let error = |of: fn(&Point) -> f64| 100.0 * point.map_or(f64::NAN, of);
                [error(Point::training_error), error(Point::test_error)]
            });
            table.push(longer.model.name(), errors);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The standard error of a share of 20 % among 4,000 test examples; smaller shares have smaller ones.
    const ERROR: f64 = 0.0063;
    /// What chance does not make up for.
    const MARGIN: f64 = 5.0 * ERROR;

    #[test]
    fn simple_models_need_few_examples_and_deep_ones_make_use_of_many() {
        for seed in 1..=2 {
            let found = run(&Context::new(seed, true)).expect("it can be run");
            let of = |model| found.curves.iter().find(|curve| curve.model == model).expect("every model was tried");
            let at = |model, rows| of(model).at(rows).expect("so many examples were tried");
            let error = |model, rows| at(model, rows).test_error();

            for rows in [30, 300] {
                let (simple, deep) = (error(Model::Logistic, rows), error(Model::Deep, rows));
                assert!(deep - simple > ERROR, "seed {seed}, {rows} examples: {simple} and {deep}");
                assert_eq!(at(Model::Deep, rows).training_error(), 0.0, "it has learned them by heart");
            }
            assert!(
                error(Model::Svm, 30) - error(Model::Deep, 30) < MARGIN
                    && error(Model::Svm, 300) < error(Model::Deep, 300)
            );

            // Done: more examples do not help, and those that it learned from are no better than others. The standard
            // error of a share of 20 % among 3,000 training examples is a little larger.
            let logistic = [300, 3000].map(|rows| error(Model::Logistic, rows));
            assert!((logistic[0] - logistic[1]).abs() < MARGIN, "seed {seed}: {logistic:?}");
            let training = at(Model::Logistic, 3000).training_error();
            assert!((training - logistic[1]).abs() < 1.5 * MARGIN, "seed {seed}: {training} and {}", logistic[1]);

            let [shallow, deep] = [Model::Shallow, Model::Deep].map(|model| error(model, 3000));
            assert!(logistic[1] - shallow > MARGIN, "seed {seed}: {shallow} of {}", logistic[1]);
            assert!(shallow - deep > MARGIN, "seed {seed}: {deep} of {shallow}");
            // The shallow one was not at its end.
            let longer = found.longer[0].points[0].test_error();
            assert!(shallow - longer > MARGIN, "seed {seed}: {longer} of {shallow}");
            let falling = of(Model::Deep).points.windows(2);
            let falling: Vec<f64> = falling.map(|pair| pair[0].test_error() - pair[1].test_error()).collect();
            assert!(falling.iter().all(|fall| *fall > MARGIN), "seed {seed}: {falling:?}");
        }
    }

    #[test]
    fn networks_have_as_many_parameters_as_the_text_says() {
        let parameters =
            |model: Model| lab::network(model.layers(), ActivationSpec::Relu).expect("the layers fit").spec().params();
        assert_eq!([Model::Logistic, Model::Shallow, Model::Deep].map(parameters), [7, 5089, 5089]);
    }

    #[test]
    fn fewer_examples_are_the_first_of_more() {
        let context = Context::new(1, true);
        let [few, many] = [20, 50].map(|rows| wave(&context, 0, rows).expect("they can be drawn"));
        assert_eq!(few.inputs(), many.inputs().slice(ndarray::s![..20, ..]));
    }
}
