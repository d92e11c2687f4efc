//! Memory: how far back in time the gradient of recurrent networks reaches, and what they can remember.

use ndarray::Array2;
use neurona::arch::{ActivationSpec, ReshapeSpec, Shape};
use neurona_train::{Dataset, Init, Loss, Network, Spec, TargetRows, Training};
use plotters::style::RGBColor;

use super::Experiment;
use crate::{
    Context, CourseError, Figure, Mark, Report, Table, lab,
    page::number,
    plot::{Axis, BLUE, Chart, GREEN, GREY, Size, VERMILION},
    report::{least_and_most, median, seeds},
};

/// Memory.
pub const EXPERIMENT: Experiment = Experiment {
    name: "memory",
    title: "Memory: the gradient through time",
    text: TEXT,
    run: |context| run(context)?.report(),
};

const TEXT: &str = "\
<p>A recurrent network reads a sequence step by step and keeps a state <var>s</var><sub><var>t</var></sub>. Its \
gradient goes back the same way, and at each step it is multiplied by ∂<var>s</var><sub><var>t</var></sub>/∂<var>s\
</var><sub><var>t</var>−1</sub>. Over a distance of <var>d</var> steps these are <var>d</var> factors: what lies far \
back has little weight in the gradient, and the network hardly learns to use it (Hochreiter, 1991; Bengio, Simard and \
Frasconi, 1994). Three cells, with 16 units each:</p>
<ul>
<li><b>Elman</b> (1990): <var>s</var><sub><var>t</var></sub> = tanh(<var>W</var><var>x</var><sub><var>t</var></sub> + \
<var>U</var><var>s</var><sub><var>t</var>−1</sub> + <var>b</var>). Each step multiplies by <var>U</var> and by slopes of \
tanh below 1.</li>
<li><b>LSTM</b> (Hochreiter and Schmidhuber, 1997): a cell <var>c</var><sub><var>t</var></sub> = <var>f</var> ⊙ \
<var>c</var><sub><var>t</var>−1</sub> + <var>i</var> ⊙ <var>g</var>, with gates <var>f</var> and <var>i</var> that are \
sigmoids of input and state. Along the cell the factor is <var>f</var>: where the forget gate, which Gers, Schmidhuber and \
Cummins (2000) added, learns to be 1, the gradient passes as it is. Its bias begins at 1, which is <var>f</var> ≈ 0.73.</li>
<li><b>GRU</b> (Cho and others, 2014): <var>s</var><sub><var>t</var></sub> = <var>z</var> ⊙ <var>s</var><sub>\
<var>t</var>−1</sub> + (1 − <var>z</var>) ⊙ <var>n</var>, with one gate <var>z</var> for both; it begins at about ½.\
</li>
</ul>
<p>The task: in a sequence of <var>T</var> steps each step has a random number between −1 and 1 and a mark, which is 1 \
at one random step and 0 elsewhere. After the last step the network must say whether the marked number was positive. So \
it must keep one number and ignore all that come later. For each <var>T</var> there are 1,000 sequences to learn from, \
and all networks make the same number of steps, by Adam with gradients that are cut to length 1.</p>
<p>The size of the gradient is the root mean square of ∂<var>h</var>/∂<var>x</var><sub><var>t</var></sub>, the \
derivative of the output by the number that was read <var>d</var> steps before the end; after training, by the marked \
number.</p>\
<p><b>Before training</b> the gradient falls fastest in the GRU, as its gate begins half open; more slowly in the LSTM, as \
its forget gate begins at 0.73, and in Elman’s cell, where it goes by the weights that were drawn: with larger ones it \
would grow, as in experiment 7. A gate is not the whole factor of a step: some of the gradient comes back through \
<var>U</var>, by way of the gates and the new values, so that the measured factors are above <var>z</var> and <var>f</var>. \
But gates learn. <b>After training</b> the gradient that reaches GRU and LSTM from far \
back is many times what it was: they \
have learned to stay shut on what is kept. Elman’s cell has nothing to shut: what it keeps goes through \
<var>U</var> and tanh at every step. Short sequences it learns too. Where the marked number may lie 40 steps back, the \
gradient from there is small beside that of nearer steps, which are noise then: it learns later and less than the gated \
cells, by how much differs from run to run, and some runs do not get beyond a guess, which is 50 %.</p>";

/// Units of the recurrent layer.
const UNITS: usize = 16;
/// Training sequences.
const EXAMPLES: usize = 1000;
/// Test sequences.
const TEST_EXAMPLES: usize = 1000;
/// Sequences over which the gradient is taken.
const PROBES: usize = 500;

/// A recurrent cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// The simple one.
    Elman,
    /// The gated recurrent unit.
    Gru,
    /// The long short-term memory.
    Lstm,
}

/// Every cell.
pub const CELLS: [Cell; 3] = [Cell::Elman, Cell::Gru, Cell::Lstm];

/// What was found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Every cell with every length and every seed.
    pub runs: Vec<Run>,
    /// The lengths of the sequences.
    pub lengths: Vec<usize>,
}

/// A network that was trained.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its cell.
    pub cell: Cell,
    /// Steps of a sequence.
    pub steps: usize,
    /// The share of test sequences that it is wrong on.
    pub test_error: f64,
    /// The size of the gradient by the distance, from 0, with initial weights: of all numbers.
    pub untrained: Vec<f64>,
    /// The size of the gradient by the distance after training: of the marked numbers.
    pub trained: Vec<f64>,
    parameters: usize,
}

/// Sequences, and where each has its mark.
struct Sequences {
    data: Dataset,
    marked: Vec<usize>,
}

/// Runs the experiment.
///
/// # Errors
///
/// A network cannot be trained.
pub fn run(context: &Context<'_>) -> Result<Findings, CourseError> {
    let lengths = context.choose(vec![5, 10, 20, 40], vec![5, 40]);
    let mut cases = Vec::new();
    for seed in 0..context.choose(5, 1) {
        // The longest first, so that no core waits for one of them at the end.
        cases.extend(lengths.iter().rev().flat_map(|steps| CELLS.map(|cell| (cell, *steps, seed))));
    }
    let runs = context.each(&cases, |(cell, steps, seed)| Run::new(context, *cell, *steps, *seed))?;
    Ok(Findings { runs, lengths })
}

impl Cell {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Elman => "Elman",
            Self::Gru => "GRU",
            Self::Lstm => "LSTM",
        }
    }

    fn color(self) -> RGBColor {
        match self {
            Self::Elman => BLUE,
            Self::Gru => VERMILION,
            Self::Lstm => GREEN,
        }
    }

    /// A network that reads two numbers a step and gives one at the end.
    fn network(self, steps: usize, seed: u64) -> Result<Network, CourseError> {
        let layer = match self {
            Self::Elman => "rnn",
            Self::Gru => "gru",
            Self::Lstm => "lstm",
        };
        let keys = format!("input = [{steps}, 2]\nlayers = [{{ {layer} = {UNITS} }}, {{ dense = 1 }}]");
        let mut network = lab::described(&keys, 2 * steps)?;
        network.init(Init::ByActivation, seed);
        if let (Self::Lstm, Some(values)) = (self, network.layer_values(0)) {
            // The biases are those of the input gate, the forget gate, the new values and the output gate.
            let biases = &mut network.values_mut()[values.end - 4 * UNITS..values.end];
            biases[UNITS..2 * UNITS].fill(1.0);
        }
        Ok(network)
    }
}

impl Sequences {
    fn new(context: &Context<'_>, stream: u64, steps: usize, rows: usize) -> Result<Self, CourseError> {
        let mut random = context.random(stream);
        let mut inputs = Array2::zeros((rows, 2 * steps));
        let (mut marked, mut classes) = (Vec::new(), Vec::new());
        for mut row in inputs.rows_mut() {
            (0..steps).for_each(|step| row[2 * step] = random.uniform(1.0));
            let mark = ((random.unit() * steps as f32) as usize).min(steps - 1);
            row[2 * mark + 1] = 1.0;
            classes.push(u32::from(row[2 * mark] > 0.0));
            marked.push(mark);
        }
        Ok(Self { data: lab::two_classes(inputs, classes)?, marked })
    }
}

impl Run {
    fn new(context: &Context<'_>, cell: Cell, steps: usize, seed: u64) -> Result<Self, CourseError> {
        // Each length and each seed has sequences of its own, and every cell the same.
        let stream = |part: u64| 1000 * steps as u64 + 10 * seed + part;
        let training = Sequences::new(context, stream(0), steps, EXAMPLES)?;
        let test = Sequences::new(context, stream(1), steps, TEST_EXAMPLES)?;
        let settings = Training {
            rate: 5e-3,
            batch: 20,
            epochs: 40,
            clip_norm: Some(1.0),
            seed: context.seed().wrapping_add(seed),
            ..Training::new(Loss::BinaryCrossEntropy)
        };
        let network = cell.network(steps, settings.seed)?;
        let untrained = gradients(&network, &test)?;
        let network = lab::fit(network, &training.data, &settings)?.network;
        let trained = gradients(&network, &test)?;
        Ok(Self {
            cell,
            steps,
            test_error: lab::error(&network, &test.data)?,
            untrained: by_distance(&untrained, steps, |_, _| true),
            trained: by_distance(&trained, steps, |row, step| test.marked[row] == step),
            parameters: network.spec().params(),
        })
    }
}

/// The derivative of the output by each number, for some of the sequences: (sequences, steps).
///
/// In front of the network stands a layer that changes nothing, `1 x + 0`: the gradient of its biases is that of the
/// inputs.
fn gradients(network: &Network, sequences: &Sequences) -> Result<Array2<f64>, CourseError> {
    let inputs = network.inputs();
    let size = inputs as u32;
    let Spec::Chain(layers) = network.spec() else { return Ok(Array2::zeros((0, 0))) };
    let signal = Shape::Signal { steps: size / 2, channels: 2 };
    let mut spec = vec![
        Spec::Dense { inputs: size, outputs: size, activation: ActivationSpec::Identity },
        Spec::Reshape(ReshapeSpec { input: Shape::Vector { len: size }, output: signal }),
    ];
    spec.extend(layers.iter().cloned());
    let mut whole = Network::new(Spec::Chain(spec))?;
    let (front, rest) = whole.values_mut().split_at_mut(inputs * inputs + inputs);
    (0..inputs).for_each(|at| front[at * inputs + at] = 1.0);
    rest.copy_from_slice(network.values());

    let rows = PROBES.min(sequences.data.rows());
    let mut derivatives = Array2::zeros((rows, inputs / 2));
    // A target far below any output: the derivative of the absolute error is then that of the output.
    let target = [-1e6];
    for row in 0..rows {
        let input = sequences.data.inputs().slice(ndarray::s![row..=row, ..]);
        let found = whole.gradients(input, TargetRows::Values(&target), Loss::AbsoluteError)?;
        let biases = &found.values[inputs * inputs..][..inputs];
        biases.chunks_exact(2).zip(derivatives.row_mut(row)).for_each(|(of_step, into)| *into = of_step[0].into());
    }
    Ok(derivatives)
}

/// The root mean square of some derivatives by their distance from the end, from 0; NaN where there is none.
fn by_distance(derivatives: &Array2<f64>, steps: usize, counts: impl Fn(usize, usize) -> bool) -> Vec<f64> {
    let of_step = |step: usize| {
        let column = derivatives.column(step);
        let counted = column.iter().enumerate().filter(|(row, _)| counts(*row, step));
        lab::root_mean_square(counted.map(|(_, derivative)| *derivative).collect())
    };
    (0..steps).rev().map(of_step).collect()
}

/// By what factor a size changes with each step back: the slope of its logarithm, by least squares.
fn factor(sizes: &[f64]) -> f64 {
    let points = sizes.iter().enumerate().filter(|(_, size)| **size > 0.0).map(|(at, size)| (at as f64, size.ln()));
    let points: Vec<(f64, f64)> = points.collect();
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let slope = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>()
        / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>();
    slope.exp()
}

impl Findings {
    /// The runs of a cell with sequences of a length.
    pub fn of(&self, cell: Cell, steps: usize) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| run.cell == cell && run.steps == steps)
    }

    /// The median of the sizes of the gradient at a distance.
    fn size(&self, cell: Cell, steps: usize, distance: usize, of: fn(&Run) -> &Vec<f64>) -> f64 {
        median(self.of(cell, steps).map(|run| of(run)[distance]).filter(|size| size.is_finite()))
    }

    fn report(&self) -> Result<Report, CourseError> {
        let longest = self.lengths.iter().copied().max().unwrap_or(0);
        let figures = vec![
            self.sizes(
                longest,
                |run| &run.untrained,
                "<b>Before training</b>: the gradient by the number that was read \
                <var>d</var> steps before the end, medians over the seeds.",
            )?,
            self.sizes(
                longest,
                |run| &run.trained,
                "<b>After training</b>: the gradient by the marked number, medians \
                over the seeds.",
            )?,
            self.errors()?,
        ];
        Ok(Report { figures, tables: vec![self.by_length(), self.factors(longest)] })
    }

    fn sizes(&self, steps: usize, of: fn(&Run) -> &Vec<f64>, caption: &str) -> Result<Figure, CourseError> {
        let curve = |cell| (0..steps).map(move |distance| (distance as f64, self.size(cell, steps, distance, of)));
        // The same axis in both pictures.
        let parts: [fn(&Run) -> &Vec<f64>; 2] = [|run| &run.untrained, |run| &run.trained];
        let all = parts.into_iter().flat_map(|of| {
            CELLS.into_iter().flat_map(move |cell| (0..steps).map(move |at| self.size(cell, steps, at, of)))
        });
        let axes =
            (Axis::linear("distance d (steps)", 0.0..steps as f64), Axis::log_around("size of the gradient", all));
        let mut chart = Chart::new(Size::Medium, axes.0, axes.1);
        for cell in CELLS {
            chart =
                chart.layer(Mark::Line, cell.color(), cell.name(), curve(cell).filter(|(_, size)| size.is_finite()));
        }
        chart.figure(format!("{caption} Sequences of {steps} steps."))
    }

    fn errors(&self) -> Result<Figure, CourseError> {
        let x = Axis::log_around("steps T", self.lengths.iter().map(|steps| *steps as f64));
        let ends = x.ends();
        let mut chart = Chart::new(Size::Medium, x, Axis::linear("test sequences that are wrong (%)", 0.0..60.0))
            .layer(Mark::Dashed, GREY, "guessing", ends.map(|steps| (steps, 50.0)));
        for cell in CELLS {
            let error = |steps: &usize| self.of(cell, *steps).map(|run| 100.0 * run.test_error).collect::<Vec<_>>();
            let middle = self.lengths.iter().map(|steps| (*steps as f64, median(error(steps))));
            let spread = self.lengths.iter().map(|steps| {
                let (least, largest) = least_and_most(error(steps));
                (*steps as f64, least, largest)
            });
            chart = chart
                .layer(Mark::Dotted, cell.color(), cell.name(), middle.collect::<Vec<_>>())
                .spread(cell.color(), spread.collect::<Vec<_>>());
        }
        chart.figure("Test error against the length of the sequences: medians, and bars from the least to the largest.")
    }

    fn by_length(&self) -> Table {
        let of = self.runs.len() / (CELLS.len() * self.lengths.len()).max(1);
        let mut table = Table::new(
            format!("Test errors on {} sequences, {}", number(TEST_EXAMPLES as f64), seeds(of)),
            "cell and steps",
            [("parameters", ""), ("median", "%"), ("least", "%"), ("largest", "%")],
        );
        for (cell, steps) in CELLS.into_iter().flat_map(|cell| self.lengths.iter().map(move |steps| (cell, *steps))) {
            let errors: Vec<f64> = self.of(cell, steps).map(|run| 100.0 * run.test_error).collect();
            let (least, largest) = least_and_most(errors.iter().copied());
            let parameters = self.of(cell, steps).map(|run| run.parameters as f64).next().unwrap_or(f64::NAN);
            table.push(format!("{}, T = {steps}", cell.name()), [parameters, median(errors), least, largest]);
        }
        table
    }

    fn factors(&self, steps: usize) -> Table {
        let mut table = Table::new(
            format!("The gradient over {steps} steps, medians over the seeds"),
            "cell",
            [
                ("factor a step, before training", ""),
                ("first step by last, before training", ""),
                ("factor a step, trained", ""),
            ],
        );
        for cell in CELLS {
            let factors = |of: fn(&Run) -> &Vec<f64>| median(self.of(cell, steps).map(|run| factor(of(run))));
            let ratio = median(self.of(cell, steps).map(|run| run.untrained[steps - 1] / run.untrained[0]));
            table.push(cell.name(), [factors(|run| &run.untrained), ratio, factors(|run| &run.trained)]);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The root mean square of some of the sizes of a gradient.
    fn size(sizes: &[f64]) -> f64 {
        lab::root_mean_square(sizes.iter().copied().filter(|size| size.is_finite()).collect())
    }

    #[test]
    fn gates_remember_what_a_simple_cell_forgets() {
        for seed in 1..=3 {
            let found = run(&Context::new(seed, true)).expect("it can be trained");
            let one = |cell, steps| found.of(cell, steps).next().expect("it was tried");
            let simple = one(Cell::Elman, 40);
            // Short sequences all cells learn.
            for cell in CELLS {
                assert!(one(cell, 5).test_error < 0.08, "seed {seed}: {cell:?} {}", one(cell, 5).test_error);
            }
            for cell in [Cell::Gru, Cell::Lstm] {
                let gated = one(cell, 40);
                // The standard error of the difference of two shares of 5 % among 1,000 is 1 %.
                let (error, of) = (gated.test_error, simple.test_error);
                assert!(error < 0.08 && error < of - 0.03, "seed {seed}: {cell:?} {error} of {of}");
                // What the gates have learned: the gradient from far back is many times what it was.
                let [far, before] = [&gated.trained[30..], &gated.untrained[30..]].map(size);
                assert!(far > 5.0 * before, "seed {seed}: {cell:?} {far} after {before}");
            }
            // The half-open gate of the GRU forgets fastest at first.
            let [gru, elman] = [one(Cell::Gru, 40), simple].map(|run| factor(&run.untrained));
            assert!(gru < 0.9 && gru < elman - 0.05, "seed {seed}: {gru} {elman}");
        }
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let context = Context::new(1, true);
        let sequences = Sequences::new(&context, 7, 6, 4).expect("they can be drawn");
        for cell in CELLS {
            let network = cell.network(6, 3).expect("the layers fit");
            let found = gradients(&network, &sequences).expect("the shapes fit");
            for (row, step) in (0..4).flat_map(|row| (0..6).map(move |step| (row, step))) {
                let moved = |by: f32| {
                    let mut input = sequences.data.inputs().slice(ndarray::s![row..=row, ..]).to_owned();
                    input[(0, 2 * step)] += by;
                    f64::from(network.forward(input.view()).expect("the shapes fit")[(0, 0)])
                };
                // The error of a central difference is of the order of h^2 = 1e-4, that of rounding 1e-7 / h = 1e-5.
                let difference = (moved(0.01) - moved(-0.01)) / 0.02;
                assert!((found[(row, step)] - difference).abs() < 2e-4, "{cell:?} {row} {step}");
            }
        }
    }

    #[test]
    fn the_factor_of_a_known_fall() {
        assert!((factor(&[1.0, 0.5, 0.25, 0.125]) - 0.5).abs() < 1e-12);
        assert!((factor(&[8.0, f64::NAN, 2.0]) - 0.5).abs() < 1e-12);
    }
}
