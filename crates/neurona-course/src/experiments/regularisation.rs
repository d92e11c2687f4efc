//! Regularisation: one problem that a large network overfits, without and with each technique.

use std::f64::consts::PI;

use ndarray::{Array2, ArrayView2};
use neurona::arch::ActivationSpec;
use neurona_train::{Augment, Dataset, Loss, Network, Optimizer, Training, augment::Signal};

use super::Experiment;
use crate::{Context, CourseError, lab, report::median};

mod pictures;

/// Regularisation, technique by technique.
pub const EXPERIMENT: Experiment =
    Experiment { name: "regularisation", title: "Regularisation", text: TEXT, run: |context| run(context)?.report() };

const TEXT: &str = "\
<p>A network 2-100-100-1 with ReLU has 10,501 parameters, and here only <var>n</var> = 100 examples of two classes \
that overlap: it learns nearly all of the noise by heart. The techniques below change what is learned, not the \
network; batch normalisation alone adds parameters. <var>C</var> is the mean cross-entropy; sums go over all weights, \
and biases are free.</p>
<ul>
<li><b>Tikhonov (L2)</b> minimises <var>C</var> + <var>λ</var>/2 Σ <var>w</var><sup>2</sup>. A step of plain descent \
then also shortens the weights: <var>w</var> ← (1 − <var>αλ</var>) <var>w</var> − <var>α</var> \
∂<var>C</var>/∂<var>w</var>.</li>
<li><b>Lasso (L1)</b> minimises <var>C</var> + <var>λ</var> Σ |<var>w</var>|. After each step every weight moves by \
<var>αλ</var> towards 0 and stops there if it would pass it. So weights become exactly 0, which the shrinking factor \
of L2 does not achieve.</li>
<li><b>Elastic net</b> combines both: <var>C</var> + <var>λ</var><sub>1</sub> Σ |<var>w</var>| + \
<var>λ</var><sub>2</sub>/2 Σ <var>w</var><sup>2</sup>.</li>
<li><b>Dropout</b> sets each output of a hidden layer to 0 with probability <var>p</var> while the network learns, and \
divides the others by 1 − <var>p</var>, so that nothing needs to be changed afterwards.</li>
<li><b>Early stopping</b> sets a quarter of the examples aside for validation, ends when their cost has not fallen for \
50 epochs, and goes back to the weights of the epoch in which it was least.</li>
<li><b>Data augmentation</b> makes new examples from the old ones: in each epoch every point is moved by new normal \
noise and keeps its class.</li>
<li><b>Label smoothing</b> learns (1 − <var>s</var>) <var>y</var> + <var>s</var>/2 in place of <var>y</var>: the \
weights need not grow without bound to fit it. It keeps the network from being too sure, and so lowers the cost; the \
error is about as high as without.</li>
<li><b>Batch normalisation</b> brings the sums of each hidden neuron to mean 0 and variance 1 over the mini-batch, \
then to deviation <var>γ</var> and mean <var>β</var>, which are learned. Its purpose is to ease descent; that it regularises, by the \
noise of small batches, is a side effect.</li>
</ul>
<p>The points lie on two half circles, moved by normal noise with standard deviation 0.4. The best possible classifier \
follows from that: it is the dashed line, and no classifier can be expected to have a lower cost or error. All \
networks learn in the same way: mini-batches of 20, momentum <var>v</var> ← 0.9 <var>v</var> + 0.1 \
∂<var>C</var>/∂<var>w</var>, <var>w</var> ← <var>w</var> − <var>α</var> <var>v</var>, with <var>α</var> = 0.5. Costs \
and errors are measured with the network as it would be used: without penalty, dropout, noise and smoothing.</p>
<p>Without regularisation the cost of the test examples soon rises again, while that of the training examples goes \
towards 0: the network becomes ever more confident, and confidence is costly where it is wrong. The error rises much \
less than the cost, for it takes no account of confidence. Too large a <var>λ</var> is no better than too small a one: \
between them, the error against <var>λ</var> has the shape of a U.</p>";

/// Half the side of the square that is shown.
const REACH: f64 = 2.5;
/// The standard deviation of the noise.
const NOISE: f64 = 0.4;
/// Training examples of a run.
const ROWS: usize = 100;
/// Test examples.
const TEST_ROWS: usize = 2000;

/// A technique, with its coefficient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Technique {
    /// None.
    None,
    /// Tikhonov: lambda.
    L2(f32),
    /// Lasso: lambda.
    L1(f32),
    /// The coefficients of Lasso and of Tikhonov.
    ElasticNet(f32, f32),
    /// The chance to be dropped.
    Dropout(f32),
    /// The epochs of patience.
    EarlyStopping(u32),
    /// The standard deviation of the noise that is added.
    Augmentation(f32),
    /// How much of the right class is given to both.
    LabelSmoothing(f32),
    /// Batch normalisation of the hidden layers.
    BatchNormalisation,
}

use Technique::{
    Augmentation, BatchNormalisation, Dropout, EarlyStopping, ElasticNet, L1, L2, LabelSmoothing, None as Nothing,
};

/// What is compared; first none.
pub const TECHNIQUES: [Technique; 9] = [
    Nothing,
    L2(0.01),
    L1(0.003),
    ElasticNet(0.001, 0.005),
    Dropout(0.5),
    EarlyStopping(50),
    Augmentation(0.3),
    LabelSmoothing(0.2),
    BatchNormalisation,
];

/// What was found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Each of [`TECHNIQUES`].
    pub techniques: Vec<Tried>,
    /// Tikhonov with one lambda after the other.
    pub tikhonov: Vec<Tried>,
    /// Lasso with the same.
    pub lasso: Vec<Tried>,
    /// The test error of the best possible classifier.
    pub least_error: f64,
    /// Its cost.
    pub least_cost: f64,
    data: Dataset,
}

/// A technique and its runs.
#[derive(Clone, Debug)]
pub struct Tried {
    /// Which one.
    pub technique: Technique,
    /// A run for each seed, with examples of its own; the first is shown.
    pub runs: Vec<Run>,
}

/// A network that was trained.
#[derive(Clone, Debug)]
pub struct Run {
    /// On the examples that it learned from.
    pub training: Measure,
    /// On the test examples.
    pub test: Measure,
    /// The length of the vector of all weights.
    pub length: f64,
    /// The share of weights that are exactly 0.
    pub zeros: f64,
    /// The epoch that the weights are from.
    pub kept: u32,
    /// Both measures after more and more epochs.
    pub curve: Vec<Point>,
    network: Network,
}

/// How well a network does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// The mean cross-entropy.
    pub cost: f64,
    /// The share of examples whose class is wrong.
    pub error: f64,
}

/// How well it does on the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// After so many epochs.
    pub epoch: u32,
    /// On the examples that it learns from.
    pub training: Measure,
    /// On the test examples.
    pub test: Measure,
}

impl Tried {
    /// The median of some number of the runs.
    pub fn median(&self, of: impl Fn(&Run) -> f64) -> f64 {
        median(self.runs.iter().map(of))
    }
}

impl Run {
    /// By how much the test cost at the end is above the least on the way.
    pub fn rise(&self) -> f64 {
        self.test.cost - self.curve.iter().map(|point| point.test.cost).fold(f64::INFINITY, f64::min)
    }
}

/// Runs the experiment.
///
/// # Errors
///
/// A network cannot be trained.
pub fn run(context: &Context<'_>) -> Result<Findings, CourseError> {
    // A training ends as it would have gone on: those that end earlier are the points of its curve.
    let epochs: &[u32] =
        context.choose(&[1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 500], &[5, 10, 20, 50, 300]);
    let lambdas: &[f32] = context.choose(&[1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3], &[1e-4, 3e-3, 0.3]);
    let seeds = context.choose(5, 3);
    let (test, last) = (moons(context, u64::MAX, TEST_ROWS)?, epochs.len() - 1);
    let all = TECHNIQUES.into_iter().map(|technique| (technique, epochs));
    let sweep = |technique: fn(f32) -> Technique| lambdas.iter().map(move |at| (technique(*at), &epochs[last..]));
    let cases = all.chain(sweep(L2)).chain(sweep(L1));
    let cases: Vec<_> = cases.flat_map(|(technique, epochs)| (0..seeds).map(move |s| (technique, epochs, s))).collect();
    let runs = context.each(&cases, |(technique, epochs, seed)| technique.run(context, *seed, epochs, &test))?;
    let mut tried: Vec<Tried> = Vec::new();
    for ((technique, _, seed), run) in cases.iter().zip(runs) {
        match tried.last_mut() {
            Some(last) if *seed > 0 => last.runs.push(run),
            _ => tried.push(Tried { technique: *technique, runs: vec![run] }),
        }
    }
    let lasso = tried.split_off(TECHNIQUES.len() + lambdas.len());
    let tikhonov = tried.split_off(TECHNIQUES.len());
    let best = best(&test);
    Ok(Findings {
        techniques: tried,
        tikhonov,
        lasso,
        least_error: best.error,
        least_cost: best.cost,
        data: moons(context, 0, ROWS)?,
    })
}

/// The middle of the noise at an angle of one of the two half circles.
fn moon(class: u32, angle: f64) -> [f64; 2] {
    let [x, y] = [angle.cos(), angle.sin()];
    if class == 0 { [x - 0.5, y - 0.25] } else { [0.5 - x, 0.25 - y] }
}

/// Points of two half circles, as many of one as of the other.
fn moons(context: &Context<'_>, stream: u64, rows: usize) -> Result<Dataset, CourseError> {
    let mut random = context.random(stream);
    let classes: Vec<u32> = (0..rows as u32).map(|row| row % 2).collect();
    let mut points = Array2::zeros((rows, 2));
    for (mut point, class) in points.rows_mut().into_iter().zip(&classes) {
        let middle = moon(*class, PI * f64::from(random.unit()));
        point.iter_mut().zip(middle).for_each(|(to, at)| *to = at as f32 + NOISE as f32 * random.normal());
    }
    lab::two_classes(points, classes)
}

/// The weighted sum of the best possible classifier: the logarithm of the quotient of both densities.
fn best_sum(x: f64, y: f64) -> f64 {
    /// Angles that stand for all of them: the noise is far wider than the way between two.
    const ANGLES: usize = 200;
    let density = |class| {
        let at = |angle| {
            let [u, v] = moon(class, angle);
            (-((x - u).powi(2) + (y - v).powi(2)) / (2.0 * NOISE * NOISE)).exp()
        };
        (0..ANGLES).map(|step| at(PI * (step as f64 + 0.5) / ANGLES as f64)).sum::<f64>()
    };
    (density(1) / density(0)).ln()
}

fn best_sums(points: ArrayView2<'_, f32>) -> Vec<f64> {
    points.rows().into_iter().map(|row| best_sum(row[0].into(), row[1].into())).collect()
}

/// How well the best possible classifier does.
fn best(data: &Dataset) -> Measure {
    let sums = best_sums(data.inputs().view()).into_iter().zip(lab::classes(data));
    // Towards its class the sum is positive.
    let toward = sums.map(|(sum, class)| if *class == 1 { sum } else { -sum });
    let costs = toward.clone().map(|sum| (-sum).exp().ln_1p());
    let rows = data.rows() as f64;
    Measure { cost: costs.sum::<f64>() / rows, error: toward.filter(|sum| *sum < 0.0).count() as f64 / rows }
}

impl Technique {
    /// How it is named on the page.
    pub fn name(self) -> String {
        match self {
            Nothing => "without".to_owned(),
            L2(lambda) => format!("Tikhonov (L2), λ = {lambda}"),
            L1(lambda) => format!("Lasso (L1), λ = {lambda}"),
            ElasticNet(l1, l2) => format!("elastic net, λ₁ = {l1}, λ₂ = {l2}"),
            Dropout(p) => format!("dropout, p = {p}"),
            EarlyStopping(_) => "early stopping".to_owned(),
            Augmentation(noise) => format!("augmentation, noise of {noise}"),
            LabelSmoothing(s) => format!("label smoothing, s = {s}"),
            BatchNormalisation => "batch normalisation".to_owned(),
        }
    }

    fn settings(self, epochs: u32, seed: u64) -> Training {
        let plain = Training {
            optimizer: Optimizer::MOMENTUM,
            rate: 0.5,
            batch: 20,
            epochs,
            seed,
            ..Training::new(Loss::BinaryCrossEntropy)
        };
        match self {
            Nothing | EarlyStopping(_) | BatchNormalisation => plain,
            L2(l2) => Training { l2, ..plain },
            L1(l1) => Training { l1, ..plain },
            ElasticNet(l1, l2) => Training { l1, l2, ..plain },
            Dropout(p) => Training { dropout: vec![p, p], ..plain },
            // A point is a signal of two steps.
            Augmentation(jitter) => {
                Training { augment: Some(Augment::Signal(Signal { jitter, ..Signal::new(2, 1) })), ..plain }
            }
            LabelSmoothing(label_smoothing) => Training { label_smoothing, ..plain },
        }
    }

    /// Trains with one seed, for each of these numbers of epochs; the last gives the result.
    fn run(self, context: &Context<'_>, seed: u64, epochs: &[u32], test: &Dataset) -> Result<Run, CourseError> {
        let data = moons(context, seed, ROWS)?;
        let seed = context.seed().wrapping_add(seed);
        let mut network = lab::new_network(&[2, 100, 100, 1], ActivationSpec::Relu, seed)?;
        if self == BatchNormalisation {
            network.normalize(&[0, 1])?;
        }
        let mut parts = data.split(&[0.75, 0.25], true, seed)?;
        let (data, validation) = match self {
            EarlyStopping(_) => (parts.remove(0), parts.pop()),
            _ => (data, None),
        };
        let mut curve = Vec::new();
        let (mut end, mut kept) = (network.clone(), 0);
        for epoch in epochs.iter().copied() {
            let trained = lab::fit(network.clone(), &data, &self.settings(epoch, seed))?;
            (end, kept) = (trained.network, trained.kept);
            curve.push(Point { epoch, training: measure(&end, &data)?, test: measure(&end, test)? });
        }
        if let (EarlyStopping(patience), Some(validation)) = (self, validation) {
            // As far as the others, if patience lasts.
            let settings = Training { patience: Some(patience), ..self.settings(kept, seed) };
            let trained = lab::fit_validated(network, &data, Some(&validation), &settings)?;
            (end, kept) = (trained.network, trained.kept);
        }
        // As it is used: normalisation is part of the weights then.
        let network = end.folded().into_owned();
        let (weights, zeros) = network.zero_weights();
        Ok(Run {
            training: measure(&network, &data)?,
            test: measure(&network, test)?,
            length: length(&network),
            zeros: zeros as f64 / weights as f64,
            kept,
            curve,
            network,
        })
    }
}

fn measure(network: &Network, data: &Dataset) -> Result<Measure, CourseError> {
    let score = network.evaluate(data, Loss::BinaryCrossEntropy)?;
    Ok(Measure { cost: score.loss.into(), error: 1.0 - f64::from(score.accuracy.unwrap_or(f32::NAN)) })
}

/// The length of the vector of all weights.
fn length(network: &Network) -> f64 {
    let layers = (0..network.layer_count()).filter_map(|layer| network.dense(layer, network.values()));
    layers.map(|(weights, _)| weights.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>()).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests;
