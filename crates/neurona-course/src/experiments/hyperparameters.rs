//! Hyperparameters: a grid, chance and successive halving on one problem, what each finds and what it costs.

use std::{f32::consts::TAU, ops::ControlFlow, path::Path};

use ndarray::Array2;
use neurona_train::{
    Dataset, Targets,
    search::{Examples, Record, Search, SearchError, Task},
    train,
};
use plotters::style::RGBColor;

use super::Experiment;
use crate::{
    Context, CourseError, Figure, Mark, Report, Table,
    page::number,
    plot::{Axis, BLUE, Chart, GREEN, GREY, INK, PALE, SKY, Size, VERMILION},
    report::{median, seeds},
};

/// A search over hyperparameters.
pub const EXPERIMENT: Experiment = Experiment {
    name: "hyperparameters",
    title: "A search over hyperparameters",
    text: TEXT,
    run: |context| run(context)?.report(),
};

const TEXT: &str = "\
<p>Hyperparameters are the numbers that descent does not learn: the learning rate <var>α</var>, the size of a \
mini-batch, the number of nodes. Each choice of them is a <b>trial</b>, a separate training, and its score is the cost \
on the validation part with the weights of its best epoch. Three ways to choose trials are tried on one problem: \
windows of 32 samples of an acceleration, each still, or moving slowly, faster or fast, with its own phase, amplitude \
and rhythm, and with noise. The network is 32-<var>H</var>-4 with ReLU and Adam; 600 examples are for training, 300 \
for validation and 300 for the test.</p>\
<ul>\
<li><b>Grid</b>: every combination of 3 rates, 3 numbers of nodes and 3 batches, 27 trials. However many \
hyperparameters there are, only three values of each are tried.</li>\
<li><b>Random</b>: 27 trials drawn at random, and so 27 rates and many numbers of nodes. Where some hyperparameters \
matter less than others, a grid tries the same few values of those that matter again and again; random search does not \
(Bergstra and Bengio, 2012).</li>\
<li><b>Successive halving</b>: the same 27 trials as the random ones, but all of them for a ninth of the epochs first. \
The best third goes on for a third of the epochs, and the best third of that for all. Each rung costs the same; a \
trial that reaches the last one is the random one to the bit. What starts slowly is lost: the best of the random \
trials is not always among them.</li>\
</ul>\
<p>The work is counted in epochs trained. The best score of many is optimistic, because the validation part has chosen \
it. So the error of the best is measured once more, on the test part, which had no say in the choice.</p>";

/// How the trials are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Every combination.
    Grid,
    /// By chance.
    Random,
    /// The same by chance, in rungs.
    Halving,
}

/// Every way, in the order of the page.
pub const WAYS: [Way; 3] = [Way::Grid, Way::Random, Way::Halving];

/// Trials of each way.
pub const TRIALS: usize = 27;

/// The paths of the hyperparameters in a description of a run.
const PATHS: [&str; 3] = ["train.rate", "network.layers[0].dense", "train.batch"];

/// What was found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The searches: first those of [`WAYS`], then the random one and halving with the next seeds.
    pub searches: Vec<Found>,
}

/// What a search came to.
#[derive(Clone, Debug)]
pub struct Found {
    /// How its trials were chosen.
    pub way: Way,
    /// Every trial in every rung, in the order in which they are run.
    pub records: Vec<Record>,
    /// The best of all.
    pub best: Record,
    /// The error of the best on the test part.
    pub test_error: f64,
}

/// Runs the experiment.
///
/// # Errors
///
/// A trial cannot be run.
pub fn run(context: &Context<'_>) -> Result<Findings, CourseError> {
    let data = movements(context, 1200)?;
    let examples = Examples::given(data.clone());
    let find = |way, seed: u64| Found::new(context, way, context.seed().wrapping_add(seed), &data, &examples);
    let mut searches = WAYS.iter().map(|way| find(*way, 0)).collect::<Result<Vec<_>, _>>()?;
    // The grid would be the same again.
    for seed in 1..context.choose(5, 1) {
        searches.extend([find(Way::Random, seed)?, find(Way::Halving, seed)?]);
    }
    Ok(Findings { searches })
}

/// Windows of an acceleration, and how fast the movement is.
fn movements(context: &Context<'_>, rows: usize) -> Result<Dataset, CourseError> {
    const SAMPLES: usize = 32;
    /// The middle of the cycles in a window, by class; those of a window are up to 0.5 from it.
    const CYCLES: [f32; 4] = [0.0, 1.5, 2.5, 3.5];
    /// The standard deviation of the noise; amplitudes are 0.5 to 1.5.
    const NOISE: f32 = 0.3;
    let mut random = context.random(0);
    let (mut windows, mut classes) = (Array2::zeros((rows, SAMPLES)), Vec::new());
    for (row, mut window) in windows.rows_mut().into_iter().enumerate() {
        let class = row % CYCLES.len();
        let (cycles, phase) = (CYCLES[class] + random.uniform(0.5), random.unit());
        let amplitude = if class == 0 { 0.0 } else { 1.0 + random.uniform(0.5) };
        for (at, sample) in window.iter_mut().enumerate() {
            let turn = cycles * at as f32 / SAMPLES as f32 + phase;
            *sample = amplitude * (TAU * turn).sin() + NOISE * random.normal();
        }
        classes.push(class as u32);
    }
    Ok(Dataset::new(windows, Targets::classes(&["still", "slow", "faster", "fast"], classes))?)
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Random => "random",
            Self::Halving => "successive halving",
        }
    }

    fn color(self) -> RGBColor {
        match self {
            Self::Grid => VERMILION,
            Self::Random => BLUE,
            Self::Halving => GREEN,
        }
    }

    /// The description of the search, as a file would have it.
    fn toml(self, context: &Context<'_>, seed: u64) -> String {
        let epochs = context.choose(27, 9);
        let method = match self {
            Self::Grid => "method = 'grid'".to_owned(),
            Self::Random => format!("method = 'random'\ntrials = {TRIALS}"),
            Self::Halving => format!("method = 'halving'\ntrials = {TRIALS}\neta = 3\nmin_epochs = {}", epochs / 9),
        };
        // TOML has numbers below 2^63.
        let [seed, own] = [seed, context.seed()].map(|seed| seed & (u64::MAX >> 1));
        format!(
            "[data]\nvalidation = 0.25\ntest = 0.25\n\
             [network]\nname = 'Movement'\nlayers = [{{ dense = 16, activation = 'relu' }}, {{ dense = 4 }}]\n\
             [train]\noptimizer = 'adam'\nepochs = {epochs}\nseed = {own}\n\
             [search]\n{method}\n{}[search.space]\n\
             'train.rate' = {{ low = 1e-4, high = 1.0, scale = 'log'{points} }}\n\
             'network.layers[0].dense' = {{ low = 2, high = 64, scale = 'log'{points} }}\n\
             'train.batch' = [8, 32, 128]\n",
            if self == Self::Grid { String::new() } else { format!("seed = {seed}\n") },
            points = if self == Self::Grid { ", points = 3" } else { "" },
        )
    }
}

impl Found {
    fn new(
        context: &Context<'_>,
        way: Way,
        seed: u64,
        data: &Dataset,
        examples: &Examples,
    ) -> Result<Self, CourseError> {
        let search = Search::parse(&way.toml(context, seed), Path::new("search.toml")).map_err(SearchError::from)?;
        let mut records: Vec<Record> = Vec::new();
        loop {
            let tasks = search.next(&records);
            if tasks.is_empty() {
                break;
            }
            let go_on = |_| ControlFlow::Continue(());
            let measured = context.each(&tasks, |task| Ok(search.measure(*task, examples, &go_on)?))?;
            records.extend(measured.into_iter().flatten());
        }
        let best = search.table(&records).best().cloned();
        let best = best.ok_or_else(|| CourseError::Plot("every trial has failed".to_owned()))?;
        let test_error = test_error(&search, best.task(), data)?;
        Ok(Self { way, records, best, test_error })
    }

    /// How many epochs were trained.
    pub fn epochs(&self) -> u32 {
        self.records.iter().map(|record| record.epochs).sum()
    }

    /// The median score of the trials of the first rung; a trial that failed is worse than any.
    pub fn median(&self) -> f64 {
        let first = self.records.iter().filter(|record| record.rung == 1);
        median(first.map(|record| record.loss.unwrap_or(f64::INFINITY)))
    }

    /// The best score after so many epochs of the whole search, trial by trial.
    pub fn course(&self) -> Vec<(f64, f64)> {
        let (mut spent, mut least) = (0.0, f64::INFINITY);
        let next = |record: &Record| {
            spent += f64::from(record.epochs);
            least = least.min(record.loss.unwrap_or(f64::INFINITY));
            (spent, least)
        };
        self.records.iter().map(next).collect()
    }
}

/// The error on the test part of a trial, trained again.
fn test_error(search: &Search, task: Task, data: &Dataset) -> Result<f64, CourseError> {
    let mut config = search.trial(task)?.config;
    config.train.threads = Some(1);
    let prepared = config.prepare_with(data).map_err(SearchError::from)?;
    let (validation, mut go_on) = (prepared.validation.as_ref(), |_| ControlFlow::Continue(()));
    let trained = train(prepared.network, &prepared.training, validation, &prepared.settings, &mut go_on)?;
    let test = prepared.test.as_ref().unwrap_or(&prepared.training);
    Ok(1.0 - f64::from(trained.network.evaluate(test, trained.loss)?.accuracy.unwrap_or(f32::NAN)))
}

/// The rate, the nodes and the batch of a trial.
fn values(record: &Record) -> [f64; 3] {
    PATHS.map(|path| {
        let value = record.values.get(path);
        let whole = value.and_then(|value| value.as_integer()).map(|value| value as f64);
        value.and_then(|value| value.as_float()).or(whole).unwrap_or(f64::NAN)
    })
}

impl Findings {
    /// The searches of one way, in the order of their seeds.
    pub fn of(&self, way: Way) -> impl Iterator<Item = &Found> {
        self.searches.iter().filter(move |found| found.way == way)
    }

    fn report(&self) -> Result<Report, CourseError> {
        let first = &self.searches[..WAYS.len().min(self.searches.len())];
        let least = first.iter().filter_map(|found| found.best.loss).fold(f64::INFINITY, f64::min);
        let mut figures = first.iter().map(|found| found.map(least)).collect::<Result<Vec<_>, _>>()?;
        figures.extend([self.cost()?, self.rungs()?]);
        Ok(Report { figures, tables: vec![self.bests(), self.methods(), self.trials()] })
    }

    fn bests(&self) -> Table {
        let columns = [
            ("α", ""),
            ("nodes H", ""),
            ("batch", ""),
            ("validation cost", ""),
            ("validation error", "%"),
            ("test error", "%"),
        ];
        let mut table = Table::new("The best trial of each search with the first seed", "search", columns);
        for found in self.searches.iter().take(WAYS.len()) {
            let (loss, accuracy) = (found.best.loss.unwrap_or(f64::NAN), found.best.accuracy.unwrap_or(f64::NAN));
            let scores = [loss, 100.0 * (1.0 - accuracy), 100.0 * found.test_error];
            table.push(found.way.name(), values(&found.best).into_iter().chain(scores));
        }
        table
    }

    fn methods(&self) -> Table {
        let columns = [
            ("trainings", ""),
            ("epochs trained", ""),
            ("median cost of the first rung", ""),
            ("least cost, median over the seeds", ""),
            ("the worst of the seeds", ""),
            ("test error, median over the seeds", "%"),
        ];
        let of = self.of(Way::Random).count();
        let caption = format!("What each way costs and finds, with {} of the search; the grid has no seed", seeds(of));
        let mut table = Table::new(caption, "search", columns);
        for way in WAYS {
            let all = |of: &dyn Fn(&Found) -> f64| self.of(way).map(of).collect::<Vec<_>>();
            let least = all(&|found| found.best.loss.unwrap_or(f64::INFINITY));
            let row = [
                median(all(&|found| found.records.len() as f64)),
                median(all(&|found| f64::from(found.epochs()))),
                median(all(&Found::median)),
                median(least.iter().copied()),
                least.iter().copied().fold(0.0, f64::max),
                100.0 * median(all(&|found| found.test_error)),
            ];
            table.push(way.name(), row);
        }
        table
    }

    /// The table of the random search.
    fn trials(&self) -> Table {
        const SHOWN: usize = 10;
        let columns = [("α", ""), ("nodes H", ""), ("batch", ""), ("validation cost", ""), ("validation error", "%")];
        let mut table = Table::new(format!("The {SHOWN} best trials of the random search"), "trial", columns);
        let mut records: Vec<&Record> = self.of(Way::Random).take(1).flat_map(|found| &found.records).collect();
        let loss = |record: &Record| record.loss.unwrap_or(f64::INFINITY);
        records.sort_by(|one, other| loss(one).total_cmp(&loss(other)));
        for record in records.into_iter().take(SHOWN) {
            let scores = [loss(record), 100.0 * (1.0 - record.accuracy.unwrap_or(f64::NAN))];
            table.push(record.trial.to_string(), values(record).into_iter().chain(scores));
        }
        table
    }

    fn cost(&self) -> Result<Figure, CourseError> {
        let most = self.searches.iter().map(Found::epochs).max().unwrap_or(1);
        let courses: Vec<(Way, Vec<(f64, f64)>)> =
            self.searches.iter().map(|found| (found.way, found.course())).collect();
        let costs = courses.iter().flat_map(|(_, course)| course.iter().map(|point| point.1));
        let axes = (
            Axis::linear("epochs trained", 0.0..1.02 * f64::from(most)),
            Axis::log_around("least validation cost so far", costs),
        );
        let mut chart = Chart::new(Size::Medium, axes.0, axes.1);
        for way in WAYS {
            let mut label = Some(way.name());
            for (_, course) in courses.iter().filter(|(of, _)| *of == way) {
                // The score holds until another trial is better.
                let before = course.iter().skip(1).zip(course).flat_map(|(next, last)| [*last, (next.0, last.1)]);
                let steps = before.chain(course.last().copied());
                chart = match label.take() {
                    Some(label) => chart.layer(Mark::Line, way.color(), label, steps),
                    None => chart.unlabelled(Mark::Line, way.color(), steps),
                };
            }
        }
        chart.figure("What was found after how much work; a line for each seed of the search.")
    }

    /// The trials of halving, rung by rung.
    fn rungs(&self) -> Result<Figure, CourseError> {
        let records: Vec<&Record> = self.of(Way::Halving).take(1).flat_map(|found| &found.records).collect();
        let epochs = |record: &Record| f64::from(record.epochs);
        let (least, most) = records
            .iter()
            .map(|record| epochs(record))
            .fold((f64::INFINITY, 0.0_f64), |(a, b), epochs| (a.min(epochs), b.max(epochs)));
        let costs = records.iter().filter_map(|record| record.loss);
        let axes =
            (Axis::log("epochs of the trial", 0.8 * least..1.25 * most), Axis::log_around("validation cost", costs));
        let mut chart = Chart::new(Size::Medium, axes.0, axes.1);
        let rungs = records.iter().map(|record| record.rung).max().unwrap_or(1);
        let mut trials: Vec<usize> = records.iter().map(|record| record.trial).collect();
        trials.sort_unstable();
        trials.dedup();
        let names = ["left after the first rung", "left after the second", "got to the last"];
        for (reached, (name, color)) in (1..=rungs).zip(names.into_iter().zip([PALE, BLUE, GREEN])) {
            let mut label = Some(name);
            for trial in &trials {
                let of_trial = records.iter().filter(|record| record.trial == *trial);
                let points: Vec<(f64, f64)> =
                    of_trial.map(|record| (epochs(record), record.loss.unwrap_or(f64::NAN))).collect();
                if points.len() != reached {
                    continue;
                }
                chart = match label.take() {
                    Some(label) => chart.layer(Mark::Dotted, color, label, points),
                    None => chart.unlabelled(Mark::Dotted, color, points),
                };
            }
        }
        chart.figure("Successive halving: the trials that went on, and those that did not.")
    }
}

impl Found {
    /// The trials over rate and nodes, by how good they are; `least` is the best score of any.
    fn map(&self, least: f64) -> Result<Figure, CourseError> {
        /// How many times the least score is shown in which colour.
        const SHADES: [(f64, &str, Mark, RGBColor); 4] = [
            (f64::INFINITY, "more than 4 times the least cost", Mark::Dot, GREY),
            (4.0, "up to 4 times", Mark::Dot, SKY),
            (2.0, "up to 2 times", Mark::Dot, BLUE),
            (1.2, "up to 1.2 times", Mark::Triangle, VERMILION),
        ];
        let axes = (Axis::log("learning rate α", 6e-5..1.7), Axis::log("nodes H", 1.6..80.0));
        let mut chart = Chart::new(Size::Square, axes.0, axes.1);
        // A trial is where its last record is.
        let last = self
            .records
            .iter()
            .filter(|record| self.records.iter().all(|other| other.trial != record.trial || other.rung <= record.rung));
        let last: Vec<&Record> = last.collect();
        for (at, (most, name, mark, color)) in SHADES.into_iter().enumerate() {
            let above = SHADES.get(at + 1).map_or(0.0, |next| next.0);
            let times = |record: &Record| record.loss.unwrap_or(f64::INFINITY) / least;
            let of_shade = last.iter().filter(|record| times(record) <= most && times(record) > above);
            let points = of_shade.map(|record| (values(record)[0], values(record)[1]));
            chart = chart.layer(mark, color, name, points);
        }
        let [rate, nodes, batch] = values(&self.best);
        let (rate_text, cost) = (number(rate), self.best.loss.unwrap_or(f64::NAN));
        chart.layer(Mark::Ring, INK, "the best", [(rate, nodes)]).figure(format!(
            "<b>{}</b>: {} epochs; best with <var>α</var> = {rate_text}, {nodes} nodes and batches of {batch}: cost {cost:.3}.",
            self.way.name(),
            number(self.epochs().into()),
        ))
    }
}

#[cfg(test)]
mod tests;
