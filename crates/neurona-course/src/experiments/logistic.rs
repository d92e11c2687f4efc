//! Logistic regression on two features: its boundary, and the neuron with its weights.

use ndarray::{Array2, ArrayView1, ArrayView2};
use neurona::arch::ActivationSpec;
use neurona_train::{Dataset, Init, Loss, Network, Optimizer, Training};

use super::Experiment;
use crate::{
    Context, CourseError, Figure, Mark, Report, Table, lab,
    page::number,
    plot::{Axis, BLUE, BLUE_TINT, Chart, Diagram, Field, GREY, INK, PALETTE, Size, VERMILION, VERMILION_TINT},
};

/// Logistic regression on two features.
pub const EXPERIMENT: Experiment = Experiment {
    name: "logistic",
    title: "Logistic regression on two features",
    text: TEXT,
    run: |context| run(context)?.report(),
};

const TEXT: &str = "\
<p>Logistic regression is one neuron. From two features it computes the weighted sum and the probability that the \
example is of class 1:</p>
<p class=\"formula\"><var>z</var> = <var>w</var><sub>1</sub><var>x</var><sub>1</sub> + \
<var>w</var><sub>2</sub><var>x</var><sub>2</sub> + <var>b</var>, &emsp; <var>h</var>(<var>x</var>) = \
<var>σ</var>(<var>z</var>) = 1 / (1 + e<sup>−<var>z</var></sup>)</p>
<p>Gradient descent chooses its three parameters so that they minimise the mean cross-entropy <var>C</var> = \
−1/<var>n</var> Σ [<var>y</var> ln <var>h</var> + (1 − <var>y</var>) ln (1 − <var>h</var>)]. The boundary, where \
<var>h</var> = ½, is the line <var>w</var><sub>1</sub><var>x</var><sub>1</sub> + \
<var>w</var><sub>2</sub><var>x</var><sub>2</sub> + <var>b</var> = 0; the vector of weights is perpendicular to it, and \
the longer that vector, the narrower the strip in which the neuron is unsure. The cost is convex: wherever descent \
begins, it ends at the same weights.</p>
<p>The two classes are drawn from normal distributions with standard deviation 1 in every direction and means \
<var>μ</var><sub>0</sub> and <var>μ</var><sub>1</sub>. For these the best possible classifier is known, and it is a \
neuron: <var>w</var> = <var>μ</var><sub>1</sub> − <var>μ</var><sub>0</sub>, <var>b</var> = ½ \
(<var>μ</var><sub>0</sub><sup>2</sup> − <var>μ</var><sub>1</sub><sup>2</sup>), with the error \
Φ(−|<var>μ</var><sub>1</sub> − <var>μ</var><sub>0</sub>| / 2), where Φ is the normal distribution function. The table \
compares what was learned with it. The test error is a share of 4,000 examples, whose standard error is 0.5 %: on such \
a sample either neuron may come out ahead, and either may be below the error that theory gives.</p>";

/// The means of the two classes.
const MEANS: [[f64; 2]; 2] = [[-0.5, -0.5], [1.5, 1.0]];

/// How many descents begin at weights of their own.
const STARTS: usize = 5;

/// What was found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// w1, w2 and b that each start led to; the first are those that are shown.
    pub parameters: Vec<[f64; 3]>,
    /// w1, w2 and b of the best possible classifier.
    pub best: [f64; 3],
    /// The share of training examples whose class is wrong.
    pub training_error: f64,
    /// The share of test examples whose class is wrong.
    pub test_error: f64,
    /// The error of the best possible classifier, by theory.
    pub best_error: f64,
    /// Its error on the training examples and on the test examples.
    pub best_measured: [f64; 2],
    /// The length of the gradient where the first descent ended.
    pub gradient: f64,
    /// The cost before each epoch of each descent.
    pub costs: Vec<Vec<f64>>,
    network: Network,
    data: Dataset,
}

/// Runs the experiment.
///
/// # Errors
///
/// A network cannot be trained.
pub fn run(context: &Context<'_>) -> Result<Findings, CourseError> {
    let (data, test) = (clouds(context, 0, 400)?, clouds(context, 1, 4000)?);
    let settings = Training {
        optimizer: Optimizer::SGD,
        rate: 0.5,
        epochs: 1000,
        batch: usize::MAX,
        ..Training::new(Loss::BinaryCrossEntropy)
    };
    let starts: Vec<u64> = (0..STARTS as u64).map(|start| context.seed().wrapping_add(start)).collect();
    let trained = context.each(&starts, |seed| {
        let mut network = lab::network(&[2, 1], ActivationSpec::Identity)?;
        network.init(Init::HeNormal, *seed);
        // Far from where they end, so that it is seen how they come together.
        network.values_mut().iter_mut().for_each(|value| *value *= 2.0);
        lab::fit(network, &data, &settings)
    })?;
    let parameters = trained.iter().map(|trained| parameters(&trained.network)).collect();
    let costs = trained.iter().map(|trained| trained.epochs.iter().map(|epoch| epoch.training.loss.into()).collect());
    let network = trained[0].network.clone();
    let gradients = network.gradients(data.inputs().view(), data.target_rows(), Loss::BinaryCrossEntropy)?;
    let squares = gradients.values.iter().map(|value| f64::from(*value).powi(2));
    let [[a, b], [c, d]] = MEANS;
    let distance = (c - a).hypot(d - b);
    let best = [c - a, d - b, (a * a + b * b - c * c - d * d) / 2.0];
    let sum = |row: ArrayView1<'_, f32>| best[0] * f64::from(row[0]) + best[1] * f64::from(row[1]) + best[2];
    let decide = |points: ArrayView2<'_, f32>| Ok(points.rows().into_iter().map(sum).collect());
    Ok(Findings {
        parameters,
        best,
        best_measured: [lab::wrong(&decide, &data)?, lab::wrong(&decide, &test)?],
        training_error: lab::error(&network, &data)?,
        test_error: lab::error(&network, &test)?,
        // The normal distribution function at minus half the distance.
        best_error: libm::erfc(distance / 2.0 / 2.0_f64.sqrt()) / 2.0,
        gradient: squares.sum::<f64>().sqrt(),
        costs: costs.collect(),
        network,
        data,
    })
}

/// Two normal clouds, as many examples in one as in the other.
fn clouds(context: &Context<'_>, stream: u64, rows: usize) -> Result<Dataset, CourseError> {
    let mut random = context.random(stream);
    let class = |row: usize| row % 2;
    let points = Array2::from_shape_fn((rows, 2), |(row, axis)| MEANS[class(row)][axis] as f32 + random.normal());
    lab::two_classes(points, (0..rows).map(|row| class(row) as u32).collect())
}

/// w1, w2 and b.
fn parameters(network: &Network) -> [f64; 3] {
    let mut parameters = [0.0; 3];
    parameters.iter_mut().zip(network.values()).for_each(|(to, from)| *to = f64::from(*from));
    parameters
}

impl Findings {
    /// How far apart the parameters of the starts are: the largest difference in one of them.
    pub fn spread(&self) -> f64 {
        let range = |at: usize| {
            let values = self.parameters.iter().map(|parameters| parameters[at]);
            let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
            most - least
        };
        (0..3).map(range).fold(0.0, f64::max)
    }

    fn report(&self) -> Result<Report, CourseError> {
        let table = Table::new(
            "The neuron learned from 400 examples, and the best possible one; tested on 4,000",
            "parameters",
            [("w₁", ""), ("w₂", ""), ("b", ""), ("training error", "%"), ("test error", "%")],
        );
        let learned = self.parameters[0].into_iter().chain([100.0 * self.training_error, 100.0 * self.test_error]);
        let best = self.best.into_iter().chain(self.best_measured.map(|error| 100.0 * error));
        let theory = self.best.into_iter().chain([100.0 * self.best_error; 2]);
        let starts = Table::new("The end of descent", "quantity", [("value", "")])
            .row("length of the gradient", [self.gradient])
            .row("largest difference between the parameters of five starts", [self.spread()]);
        Ok(Report {
            figures: vec![self.neuron()?, self.boundary()?, self.descent()?],
            tables: vec![
                table.row("learned", learned).row("best possible", best).row("best possible, by theory", theory),
                starts,
            ],
        })
    }

    fn neuron(&self) -> Result<Figure, CourseError> {
        let mut diagram = Diagram::new(305, 230);
        let inputs = ["x₁", "x₂", "1"].into_iter().zip([40, 110, 180]);
        let inputs: Vec<usize> = inputs.map(|(text, y)| diagram.node((26, y), 17, text, GREY)).collect();
        let sum = diagram.node((165, 110), 19, "Σ", INK);
        let sigmoid = diagram.node((228, 110), 19, "σ", INK);
        let output = diagram.node((285, 110), 0, "h(x)", INK);
        for ((name, value), input) in ["w₁", "w₂", "b"].into_iter().zip(self.parameters[0]).zip(inputs) {
            let text = format!("{name} = {}", number((1000.0 * value).round() / 1000.0));
            let label = Some((text, BLUE));
            // Above the one from below there is another edge.
            diagram.labelled_edge(input, sum, if name == "b" { [None, label] } else { [label, None] });
        }
        diagram.edge(sum, sigmoid);
        diagram.edge(sigmoid, output);
        diagram.figure("The neuron with the weights that it learned.")
    }

    fn boundary(&self) -> Result<Figure, CourseError> {
        let (x, y) = (-4.0..5.0, -4.0..5.0);
        let field = Field::sample(x.clone(), y.clone(), 60, |points| lab::outputs(&self.network, points))?;
        let unsure = 9.0_f64.ln();
        Chart::new(Size::Square, Axis::linear("feature x₁", x), Axis::linear("feature x₂", y))
            .regions(&field, 0.0, [BLUE_TINT, VERMILION_TINT])?
            .layer(Mark::Dot, BLUE, "class 0", lab::points_of(&self.data, 0, 200))
            .layer(Mark::Triangle, VERMILION, "class 1", lab::points_of(&self.data, 1, 200))
            .levels(&field, &[0.0], Mark::Line, INK, "h = ½")?
            .levels(&field, &[-unsure, unsure], Mark::Dashed, INK, "h = 0.1 and 0.9")?
            .figure("The training examples and the boundary. The tint shows the class that the neuron decides for.")
    }

    fn descent(&self) -> Result<Figure, CourseError> {
        const SHOWN: usize = 100;
        let largest = self.costs.iter().flat_map(|costs| costs.iter().copied().take(SHOWN));
        let axes = (Axis::linear("epoch", 0.0..SHOWN as f64), Axis::from_zero("cost C", largest));
        let mut chart = Chart::new(Size::Square, axes.0, axes.1);
        for (start, costs) in self.costs.iter().enumerate() {
            let points = costs.iter().take(SHOWN).enumerate().map(|(epoch, cost)| (epoch as f64, *cost));
            let color = PALETTE[start];
            chart = chart.layer(Mark::Line, color, format!("start {}", start + 1), points);
        }
        chart.figure("Gradient descent with <var>α</var> = 0.5 from five starts, which all end at the same place.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_neuron_is_near_the_best_one() {
        for seed in 1..=5 {
            let found = run(&Context::new(seed, true)).expect("it can be trained");
            // The minimum of a convex cost: f32 leaves 400 rounded terms of the mean, of about 6e-8 each.
            assert!(found.gradient < 1e-4, "{}", found.gradient);
            // The least curvature of the cost is far above 0.01 here, so that such gradients are this near the minimum.
            assert!(found.spread() < 1e-2, "{}", found.spread());
            // Five standard errors of a share of 1/9 among 4000 are 0.025; estimating three parameters from 400
            // examples costs, by the asymptotic theory of the maximum likelihood, less than 0.005.
            let excess = found.test_error - found.best_error;
            assert!(excess.abs() < 0.03, "seed {seed}: {excess}");
            // The two decide differently on less than a tenth of the examples, by the angle below: five standard errors of
            // the difference are 0.025.
            let measured = found.best_measured[1];
            assert!((found.test_error - measured).abs() < 0.025, "seed {seed}: {measured}");
            assert!((measured - found.best_error).abs() < 0.025, "seed {seed}: {measured}");
            // The angle between the weights and the best ones.
            let ([w1, w2, _], [v1, v2, _]) = (found.parameters[0], found.best);
            let cosine = (w1 * v1 + w2 * v2) / (w1.hypot(w2) * v1.hypot(v2));
            assert!(cosine > 0.97, "seed {seed}: {cosine}");
            assert!(found.training_error < 0.2);
        }
    }
}
