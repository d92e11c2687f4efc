//! Tasks on real data: what is trained on, what is tested on, and how; and what other programs made of them.

use std::{
    error::Error,
    fmt,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use ndarray::Array2;
use neurona_train::{
    Dataset, Targets,
    config::RunConfig,
    data::{CsvFormat, read_csv, read_idx},
    train,
    train::Spread,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A task: its run, and the examples to train and to test on.
pub(crate) struct Task {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Network and budget, from the file beside this one.
    pub(crate) run: RunConfig,
    /// What is trained on.
    pub(crate) training: Dataset,
    /// What is tested on.
    pub(crate) test: Dataset,
}

/// A figure of each seed on the test part: the accuracy in percent, or the RMSE in the unit of the target.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figures(pub(crate) Vec<f64>);

/// What two means differ by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Difference {
    /// By how much the first mean is better.
    pub(crate) better: f64,
    /// The standard error of that.
    pub(crate) error: f64,
}

/// The tasks with the files that describe them.
const TASKS: [(&str, &str); 12] = [
    ("iris", include_str!("iris.toml")),
    ("digits", include_str!("digits.toml")),
    ("energy", include_str!("energy.toml")),
    ("mnist", include_str!("mnist.toml")),
    ("beijing", include_str!("beijing.toml")),
    ("lenet", include_str!("lenet.toml")),
    ("motion_cnn", include_str!("motion_cnn.toml")),
    ("motion_gru", include_str!("motion_gru.toml")),
    ("indoor_rnn", include_str!("indoor_rnn.toml")),
    ("indoor_gru", include_str!("indoor_gru.toml")),
    ("indoor_lstm", include_str!("indoor_lstm.toml")),
    ("indoor_esn", include_str!("indoor_esn.toml")),
];

/// What `tests/scripts/real_data.py` printed.
const PEERS: &str = include_str!("peers.csv");

impl Task {
    /// Every task's name.
    pub(crate) const NAMES: [&str; TASKS.len()] = {
        let (mut names, mut at) = ([""; TASKS.len()], 0);
        while at < names.len() {
            names[at] = TASKS[at].0;
            at += 1;
        }
        names
    };

    /// The task of that name; `None` when its data are not on this computer.
    pub(crate) fn read(name: &str) -> Result<Option<Self>> {
        let (name, text) = TASKS.into_iter().find(|task| task.0 == name).ok_or("there is no such task")?;
        let run = RunConfig::parse(text, format!("{name}.toml").as_ref())?;
        let (training, test) = match name {
            "iris" | "digits" => every_fifth(&table(&own(&format!("{name}.csv")), &run)?),
            _ if !shared("").exists() => return Ok(None),
            "energy" => every_fifth(&table(&shared("energy/energy.csv"), &run)?),
            "mnist" | "lenet" => mnist()?,
            "motion_cnn" | "motion_gru" => (motion("train")?, motion("test")?),
            "indoor_rnn" | "indoor_gru" | "indoor_lstm" | "indoor_esn" => every_fifth(&indoor()?),
            _ => beijing()?,
        };
        Ok(Some(Self { name, run, training, test }))
    }

    /// Whether it is one of classes, whose accuracy is measured, and not one of numbers, whose RMSE is.
    pub(crate) fn has_classes(&self) -> bool {
        matches!(self.test.targets(), Targets::Classes { .. })
    }

    /// Trains with a seed; the figure on the test part.
    pub(crate) fn train(&self, seed: u64) -> Result<f64> {
        let mut run = self.run.clone();
        run.train.seed = Some(seed);
        for layer in run.network.layers.iter_mut().filter(|layer| layer.echo_state.is_some()) {
            layer.reservoir_seed = Some(seed as u32);
        }
        let prepared = run.prepare_with(&self.training)?;
        // The whole part, in the order of the file, as the peers have it.
        let trained =
            train(prepared.network, &self.training, None, &prepared.settings, &mut |_| ControlFlow::Continue(()))?;
        let score = trained.network.evaluate(&self.test, trained.loss)?;
        Ok(match score.accuracy {
            Some(accuracy) => 100.0 * f64::from(accuracy),
            None => f64::from(score.loss).sqrt(),
        })
    }

    /// Trains with the seeds from 1 on.
    pub(crate) fn train_seeds(&self, seeds: u64) -> Result<Figures> {
        (1..=seeds).map(|seed| self.train(seed)).collect::<Result<_>>().map(Figures)
    }

    /// The figures of another program; empty when there are none.
    pub(crate) fn peer(&self, program: &str) -> Figures {
        let fields = PEERS.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let of_task = fields.filter(|fields| fields[..2] == [self.name, program]);
        Figures(of_task.filter_map(|fields| fields[3].parse().ok()).collect())
    }

    /// By how much the first of two means is better.
    pub(crate) fn difference(&self, ours: &Figures, peer: &Figures) -> Difference {
        let difference = ours.mean() - peer.mean();
        let variance = |figures: &Figures| figures.deviation().powi(2) / figures.0.len() as f64;
        let better = if self.has_classes() { difference } else { -difference };
        Difference { better, error: (variance(ours) + variance(peer)).sqrt() }
    }
}

impl Figures {
    /// Their mean.
    pub(crate) fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }

    /// Their standard deviation, of a sample.
    pub(crate) fn deviation(&self) -> f64 {
        Spread::of(&self.0).map_or(f64::NAN, |spread| spread.deviation)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:.2} ± {:.2}", self.mean(), self.deviation()))
    }
}

fn own(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../tests/data", name].iter().collect()
}

/// A file of the data that are not part of the repository, in a folder beside the clone.
fn shared(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../../shared/data", name].iter().collect()
}

fn table(path: &Path, run: &RunConfig) -> Result<Dataset> {
    Ok(read_csv(path, &CsvFormat::default(), &run.data.csv_target()?, None)?)
}

/// Rows 4, 9, 14 and so on, counted from 0, to test, and the others to train.
fn every_fifth(data: &Dataset) -> (Dataset, Dataset) {
    let (test, training): (Vec<usize>, Vec<usize>) = (0..data.rows()).partition(|row| row % 5 == 4);
    (data.select(&training), data.select(&test))
}

fn mnist() -> Result<(Dataset, Dataset)> {
    let file = |name: &str| shared(&format!("mnist/t10k-{name}-ubyte.gz"));
    let data = read_idx(&file("images-idx3"), &file("labels-idx1"), None)?;
    let rows: Vec<usize> = (0..data.rows()).collect();
    Ok((data.select(&rows[..8_000]), data.select(&rows[8_000..])))
}

/// The gestures of a part: rows of 119 samples of six channels.
fn motion(part: &str) -> Result<Dataset> {
    const GESTURES: [&str; 5] = ["AlohomoraCharm", "ArrestoMomentumCharm", "AvadaKedavra", "LocomotorCharm", "Revelio"];
    let (mut rows, mut classes) = (Vec::new(), Vec::new());
    for (class, gesture) in (0..).zip(GESTURES) {
        let mut reader = csv::Reader::from_path(shared(&format!("magic-wand/{part}/{gesture}.csv")))?;
        let before = rows.len();
        for sample in reader.deserialize::<[f32; 6]>() {
            rows.extend(sample?);
        }
        classes.resize(classes.len() + (rows.len() - before) / (119 * 6), class);
    }
    let targets =
        Targets::Classes { column: "gesture".to_owned(), labels: GESTURES.map(str::to_owned).to_vec(), classes };
    Ok(Dataset::new(Array2::from_shape_vec((targets.len(), 119 * 6), rows)?, targets)?)
}

/// The last 32 samples of each sequence; before a shorter one its first is repeated.
fn indoor() -> Result<Dataset> {
    const STEPS: usize = 32;
    let mut sequences: Vec<Vec<[f32; 4]>> = Vec::new();
    for sample in csv::Reader::from_path(shared("indoor-movement/series.csv"))?.deserialize() {
        let (sequence, _, signals): (usize, usize, [f32; 4]) = sample?;
        sequences.resize_with(sequences.len().max(sequence), Vec::new);
        sequences[sequence - 1].push(signals);
    }
    let (mut rows, mut classes) = (Vec::new(), Vec::new());
    for label in csv::Reader::from_path(shared("indoor-movement/labels.csv"))?.deserialize() {
        let (sequence, class, ..): (usize, i32, u32, u32) = label?;
        let signals = &sequences[sequence - 1];
        let first = *signals.first().ok_or("a sequence has no samples")?;
        let last = &signals[signals.len().saturating_sub(STEPS)..];
        rows.extend(std::iter::repeat_n(first, STEPS - last.len()).chain(last.iter().copied()).flatten());
        classes.push(u32::from(class == 1));
    }
    let labels = ["stays", "leaves"].map(str::to_owned).to_vec();
    let targets = Targets::Classes { column: "leaves".to_owned(), labels, classes };
    Ok(Dataset::new(Array2::from_shape_vec((targets.len(), STEPS * 4), rows)?, targets)?)
}

fn beijing() -> Result<(Dataset, Dataset)> {
    let mut reader = csv::Reader::from_path(shared("beijing-pm25/pollution.csv"))?;
    // No, year, month, day, hour, pm2.5, DEWP, TEMP, PRES, cbwd, Iws, Is, Ir: an hour a line, none left out.
    let hours = reader.records().collect::<std::result::Result<Vec<_>, _>>()?;
    let number = |hour: &csv::StringRecord, column: usize| hour[column].parse::<f32>();
    let (mut rows, mut next, mut years) = (Vec::new(), Vec::new(), Vec::new());
    for pair in hours.windows(2) {
        let (hour, after) = (&pair[0], &pair[1]);
        let (Ok(now), Ok(then)) = (number(hour, 5), number(after, 5)) else { continue };
        rows.push(now);
        for column in [6, 7, 8, 10, 11, 12] {
            rows.push(number(hour, column)?);
        }
        rows.extend(["NE", "NW", "SE", "cv"].map(|wind| f32::from(u8::from(&hour[9] == wind))));
        for (place, period) in [(number(hour, 4)?, 24.0), (number(hour, 2)? - 1.0, 12.0)] {
            let angle = std::f32::consts::TAU * place / period;
            rows.extend([libm::sinf(angle), libm::cosf(angle)]);
        }
        next.push(then);
        years.push(number(hour, 1)?);
    }
    let columns = [
        "pm25",
        "dewp",
        "temp",
        "pres",
        "iws",
        "is",
        "ir",
        "ne",
        "nw",
        "se",
        "cv",
        "hour_sin",
        "hour_cos",
        "month_sin",
        "month_cos",
    ];
    let columns: Vec<String> = columns.map(str::to_owned).to_vec();
    let targets =
        Targets::Values { columns: vec!["next".to_owned()], values: Array2::from_shape_vec((next.len(), 1), next)? };
    let data = Dataset::with_columns(Array2::from_shape_vec((years.len(), columns.len()), rows)?, columns, targets)?;
    let (test, training): (Vec<usize>, Vec<usize>) = (0..data.rows()).partition(|row| years[*row] == 2014.0);
    Ok((data.select(&training), data.select(&test)))
}
