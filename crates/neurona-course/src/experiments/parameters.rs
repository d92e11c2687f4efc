//! The number of parameters: a ladder of models for one problem in two dimensions.

use ndarray::{Array2, ArrayView2};
use neurona::arch::ActivationSpec;
use neurona_train::{Dataset, Loss, Network, Schedule, Training};

use super::Experiment;
use crate::{
    Context, CourseError, Figure, Mark, Report, Table, lab,
    page::number,
    plot::{Axis, BLUE, Chart, Field, INK, Size, VERMILION},
    shape::{self, REACH},
    svm::Svm,
};

/// A ladder of models with more and more parameters.
pub const EXPERIMENT: Experiment = Experiment {
    name: "parameters",
    title: "The number of parameters",
    text: TEXT,
    run: |context| run(context)?.report(),
};

const TEXT: &str = "\
<p>One problem, two features <var>x</var><sub>1</sub> and <var>x</var><sub>2</sub>, <var>n</var> = 1,000 examples, and \
five models, each with more parameters than the one before it:</p>
<ul>
<li><b>Logistic regression</b>, <var>σ</var>(<var>w</var><sub>1</sub><var>x</var><sub>1</sub> + \
<var>w</var><sub>2</sub><var>x</var><sub>2</sub> + <var>b</var>): 3 parameters, and a line for a boundary. The line \
of least cost does better than no boundary at all, the last row of the table, but it is far from the shape; and since \
the cost is the cross-entropy and not the number of errors, another line can be wrong less often, as the network 2-1-1 of \
experiment 5 is.</li>
<li><b>Logistic regression on polynomial features</b>: of degree <var>d</var> there are (<var>d</var> + \
1)(<var>d</var> + 2) / 2 products \
<var>x</var><sub>1</sub><sup><var>i</var></sup><var>x</var><sub>2</sub><sup><var>j</var></sup> with <var>i</var> + \
<var>j</var> ≤ <var>d</var>, the constant among them: 6 for degree 2, whose boundaries are conic sections, \
and 15 for degree 4.</li>
<li>A <b>support vector machine</b> with the kernel <var>k</var>(<var>x</var>, <var>x</var>′) = \
e<sup>−|<var>x</var>−<var>x</var>′|²/0.05</sup> and <var>C</var> = 10. The course counts one coefficient per example, \
so 1,000; only those of the support vectors, with a ring around them, are not 0.</li>
<li>A <b>neural network</b> 2-100-100-100-1 with ReLU. A layer of <var>H<sub>l</sub></var> neurons after one of \
<var>H</var><sub><var>l</var>−1</sub> has <var>H<sub>l</sub></var>(<var>H</var><sub><var>l</var>−1</sub> + 1) \
parameters: 100 · 3 + 100 · 101 + 100 · 101 + 1 · 101 = 20,601.</li>
</ul>
<p>The two classes are the inside and the outside of a shape with lobes and notches, cut off by the right side of the \
square. Each point was moved a little after it had been given its class, so that no model can be right everywhere. A \
model with too few parameters cannot follow the shape, however many examples there are. The maps show up to 250 \
training examples of each class; that of the support vector machine shows all 1,000, for its support vectors are among \
them.</p>";

/// What was found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The models, from the fewest parameters to the most.
    pub models: Vec<Model>,
    /// How many examples the support vector machine keeps.
    pub support_vectors: usize,
    /// The error of the true shape on the test examples: what no model can do much better than.
    pub least_error: f64,
    /// The error on the test examples of calling every point outside.
    pub outside_error: f64,
    data: Dataset,
}

/// A model and how well it does.
#[derive(Clone, Debug)]
pub struct Model {
    /// What it is called.
    pub name: &'static str,
    /// How many parameters it has, as the course counts.
    pub parameters: usize,
    /// The share of training examples whose class is wrong.
    pub training_error: f64,
    /// The share of test examples whose class is wrong.
    pub test_error: f64,
    field: Field,
    /// Examples that it keeps.
    kept: Vec<(f64, f64)>,
}

/// The rungs of the ladder.
#[derive(Clone, Copy, Debug)]
enum Rung {
    Polynomial(&'static str, u32),
    Svm,
    Network,
}

const RUNGS: [Rung; 5] = [
    // The longest first, so that no core waits at the end.
    Rung::Network,
    Rung::Svm,
    Rung::Polynomial("polynomial of degree 4", 4),
    Rung::Polynomial("polynomial of degree 2", 2),
    Rung::Polynomial("logistic regression", 1),
];

/// Runs the experiment.
///
/// # Errors
///
/// A model cannot be trained.
pub fn run(context: &Context<'_>) -> Result<Findings, CourseError> {
    let (data, test) = (shape::examples(context, 0, 1000)?, shape::test_examples(context)?);
    let cells = context.choose(80, 20);
    let mut models = context.each(&RUNGS, |rung| {
        let model = |name, parameters, kept, decide: lab::Decide<'_>| {
            Ok(Model {
                name,
                parameters,
                training_error: lab::wrong(decide, &data)?,
                test_error: lab::wrong(decide, &test)?,
                field: Field::sample(-REACH..REACH, -REACH..REACH, cells, decide)?,
                kept,
            })
        };
        match rung {
            Rung::Polynomial(name, degree) => {
                let network = polynomial(context, &data, *degree)?;
                let decide = |points: ArrayView2<'_, f32>| lab::outputs(&network, monomials(points, *degree).view());
                model(name, network.spec().params(), Vec::new(), &decide)
            }
            Rung::Network => {
                let network = deep(context, &data)?;
                let decide = |points: ArrayView2<'_, f32>| lab::outputs(&network, points);
                model("network 2-100-100-100-1", network.spec().params(), Vec::new(), &decide)
            }
            Rung::Svm => {
                let svm = Svm::fit(&data, 0.05, 10.0)?;
                let decide = |points: ArrayView2<'_, f32>| Ok(svm.decide(points));
                let coefficients = svm.coefficients();
                let kept =
                    coefficients.iter().zip(data.inputs().rows()).filter(|(alpha, _)| alpha.abs() > f64::EPSILON);
                let kept = kept.map(|(_, row)| (row[0].into(), row[1].into())).collect();
                model("support vector machine", coefficients.len(), kept, &decide)
            }
        }
    })?;
    models.sort_by_key(|model| model.parameters);
    Ok(Findings {
        support_vectors: models.iter().map(|model| model.kept.len()).sum(),
        models,
        least_error: shape::least_error(&test),
        outside_error: lab::wrong(&|points| Ok(vec![-1.0; points.nrows()]), &test)?,
        data,
    })
}

/// The products of powers of the two features, of degree 1 to `degree`; the constant is the bias.
fn monomials(points: ArrayView2<'_, f32>, degree: u32) -> Array2<f32> {
    let powers: Vec<(i32, i32)> =
        (1..=degree as i32).flat_map(|sum| (0..=sum).map(move |second| (sum - second, second))).collect();
    Array2::from_shape_fn((points.nrows(), powers.len()), |(row, at)| {
        points[[row, 0]].powi(powers[at].0) * points[[row, 1]].powi(powers[at].1)
    })
}

/// Logistic regression on polynomial features: a convex cost, followed to its minimum.
fn polynomial(context: &Context<'_>, data: &Dataset, degree: u32) -> Result<Network, CourseError> {
    let features = monomials(data.inputs().view(), degree);
    let network = lab::new_network(&[features.ncols(), 1], ActivationSpec::Identity, context.seed())?;
    let data = Dataset::new(features, data.targets().clone())?;
    let settings = Training {
        rate: 0.1,
        schedule: Schedule::Cosine { least: 0.0 },
        epochs: context.choose(4000, 1000),
        batch: usize::MAX,
        ..Training::new(Loss::BinaryCrossEntropy)
    };
    Ok(lab::fit(network, &data, &settings)?.network)
}

fn deep(context: &Context<'_>, data: &Dataset) -> Result<Network, CourseError> {
    let network = lab::new_network(&[2, 100, 100, 100, 1], ActivationSpec::Relu, context.seed())?;
    let settings = Training {
        rate: 2e-3,
        schedule: Schedule::Cosine { least: 0.0 },
        epochs: context.choose(100, 60),
        seed: context.seed(),
        ..Training::new(Loss::BinaryCrossEntropy)
    };
    Ok(lab::fit(network, data, &settings)?.network)
}

impl Findings {
    fn report(&self) -> Result<Report, CourseError> {
        let figures = self.models.iter().map(|model| self.map(model));
        let figures = figures.chain([self.ladder()]).collect::<Result<_, _>>()?;
        let columns = [("parameters", ""), ("training error", "%"), ("test error", "%")];
        let mut table = Table::new("1,000 training examples, 5,000 test examples", "model", columns);
        for model in &self.models {
            let errors = [model.training_error, model.test_error].map(|share| 100.0 * share);
            table.push(model.name, [model.parameters as f64].into_iter().chain(errors));
        }
        table.push("the true shape", [f64::NAN, f64::NAN, 100.0 * self.least_error]);
        table.push("no boundary: every point outside", [f64::NAN, f64::NAN, 100.0 * self.outside_error]);
        let support = Table::new("The support vector machine", "", [("examples", ""), ("support vectors", "")])
            .row("coefficients", [self.data.rows() as f64, self.support_vectors as f64]);
        Ok(Report { figures, tables: vec![table, support] })
    }

    fn map(&self, model: &Model) -> Result<Figure, CourseError> {
        // The support vectors are among the points: all of them are shown then, else enough to see the shape.
        let shown = if model.kept.is_empty() { 250 } else { usize::MAX };
        let mut chart = shape::map(Size::Square, &model.field, &self.data, shown)?;
        if !model.kept.is_empty() {
            chart = chart.layer(Mark::Ring, INK, "support vector", model.kept.iter().copied());
        }
        let Model { name, parameters, test_error, .. } = model;
        let (parameters, error) = (number(*parameters as f64), 100.0 * test_error);
        chart
            .levels(&model.field, &[0.0], Mark::Line, INK, "boundary")?
            .figure(format!("<b>{name}</b>: {parameters} parameters, {error:.1} % of the test examples wrong."))
    }

    fn ladder(&self) -> Result<Figure, CourseError> {
        let points = |error: fn(&Model) -> f64| {
            self.models.iter().map(move |model| (model.parameters as f64, 100.0 * error(model)))
        };
        let largest = points(|model| model.test_error).map(|point| point.1);
        let axes = (Axis::log("parameters", 2.0..40_000.0), Axis::from_zero("examples that are wrong (%)", largest));
        let least = [2.0, 40_000.0].map(|parameters| (parameters, 100.0 * self.least_error));
        Chart::new(Size::Square, axes.0, axes.1)
            .layer(Mark::Dashed, INK, "the true shape", least)
            .layer(Mark::Dotted, BLUE, "training", points(|model| model.training_error))
            .layer(Mark::Dotted, VERMILION, "test", points(|model| model.test_error))
            .figure("The ladder: error against the number of parameters.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rung_follows_the_shape_better() {
        for seed in 1..=3 {
            let found = run(&Context::new(seed, true)).expect("it can be trained");
            let parameters: Vec<usize> = found.models.iter().map(|model| model.parameters).collect();
            assert_eq!(parameters, [3, 6, 15, 1000, 20_601]);
            let errors: Vec<f64> = found.models.iter().map(|model| model.test_error).collect();
            let [logistic, second, fourth, svm, network] = errors[..] else { panic!("five models") };
            // Of two models one is right and the other wrong on at most a third of 5,000 examples: the standard error
            // of a difference is below 0.0082, and five of them are 0.041. The steps down the ladder are larger.
            assert!(found.outside_error - logistic > 0.041, "seed {seed}: {errors:?}, {}", found.outside_error);
            assert!(logistic - second > 0.041, "seed {seed}: {errors:?}");
            assert!(second - fourth > 0.041, "seed {seed}: {errors:?}");
            // Here they differ on some 6 %: three standard errors are 0.01.
            assert!(fourth - svm > 0.01 && fourth - network > 0.01, "seed {seed}: {errors:?}");
            // Both of the last are nearly as good as the shape itself.
            assert!(svm.max(network) - found.least_error < 0.02, "seed {seed}: {errors:?}, {}", found.least_error);
            // A few of the coefficients are not 0: those of examples near the boundary.
            assert!((50..400).contains(&found.support_vectors), "{}", found.support_vectors);
        }
    }
}
