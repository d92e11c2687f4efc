//! Several initial values: the same network trained from other first weights, and the best one kept.
//!
//! The cost of a network with hidden layers is not convex, so that where training ends depends on where it begins
//! (course, "several initial values").

use std::{
    ops::ControlFlow,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
};

use serde::Serialize;

use super::{Checkpoints, End, Epoch, Progress, TrainError, Trained, Training, start as train_from};
use crate::{data::Dataset, init::Init, network::Network, workers};

/// What came of several starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Starts {
    /// The one with the least loss on the validation part.
    pub best: Trained,
    /// Every start, in the order of the seeds; when the observer asked to stop, those that had begun.
    pub all: Vec<Start>,
}

/// One start.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// The seed of its first weights and of everything else that is random in it.
    pub seed: u64,
    /// The loss on the validation part with the weights that it kept; `None` when it diverged.
    pub loss: Option<f32>,
    /// Every epoch that was completed.
    pub epochs: Vec<Epoch>,
    /// The epoch that its weights are from.
    pub kept: u32,
    /// Why it ended.
    pub end: End,
}

impl Starts {
    /// Mean and standard deviation (of a sample) of the losses, least and largest; `None` without two of them.
    pub fn spread(&self) -> Option<Spread> {
        let losses: Vec<f64> = self.all.iter().filter_map(|start| start.loss).map(f64::from).collect();
        Spread::of(&losses)
    }
}

/// How far figures, such as losses, lie apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, of a sample.
    pub deviation: f64,
    /// The least.
    pub least: f64,
    /// The largest.
    pub largest: f64,
}

impl Spread {
    /// The spread of some figures; `None` without two of them.
    pub fn of(figures: &[f64]) -> Option<Self> {
        let count = figures.len() as f64;
        let mean = figures.iter().sum::<f64>() / count;
        let variance = figures.iter().map(|figure| (figure - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = figures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (figures.len() > 1).then(|| Self { mean, deviation: variance.sqrt(), least, largest })
    }
}

/// Trains `starts` times from first weights of the seeds `settings.seed`, `settings.seed + 1` and so on, as many at once
/// as there are threads, each on one, and keeps the one with the least loss on the validation part (of equals, the
/// first).
///
/// The observer is called from every thread, with the number of the start from 0. Each start gives the bits that
/// [`train`](super::train) gives with its seed.
///
/// # Errors
///
/// As [`train`](super::train). A start that diverges is left out; when all do, the error is that of the first.
pub fn train_starts(
    network: &Network,
    starts: (Init, u32),
    training: &Dataset,
    validation: &Dataset,
    settings: &Training,
    observer: &(dyn Fn(u32, Progress) -> ControlFlow<()> + Sync),
) -> Result<Starts, TrainError> {
    run(network, starts, training, validation, settings, None, observer)
}

/// Trains as [`train_starts`] does, and keeps the state of each start in a file from which it goes on when this is called
/// again: see [`Checkpoints::of_start`], and
/// [`train_with_checkpoints`](super::train_with_checkpoints).
///
/// # Errors
///
/// As [`train_starts`]; and a file cannot be read or written, is damaged, or is that of another run.
pub fn train_starts_with_checkpoints(
    network: &Network,
    starts: (Init, u32),
    training: &Dataset,
    validation: &Dataset,
    settings: &Training,
    checkpoints: &Checkpoints,
    observer: &(dyn Fn(u32, Progress) -> ControlFlow<()> + Sync),
) -> Result<Starts, TrainError> {
    run(network, starts, training, validation, settings, Some(checkpoints), observer)
}

impl Checkpoints {
    /// Those of the start of that seed: the file has the seed behind its name, as in `checkpoint-7`.
    pub fn of_start(&self, seed: u64) -> Self {
        let mut path = self.path.clone().into_os_string();
        path.push(format!("-{seed}"));
        Self { path: PathBuf::from(path), ..self.clone() }
    }
}

fn run(
    network: &Network,
    (init, starts): (Init, u32),
    training: &Dataset,
    validation: &Dataset,
    settings: &Training,
    checkpoints: Option<&Checkpoints>,
    observer: &(dyn Fn(u32, Progress) -> ControlFlow<()> + Sync),
) -> Result<Starts, TrainError> {
    let none = || TrainError::Setting { setting: "starts", expected: "at least 1", found: "0".to_owned() };
    let asked = AtomicBool::new(false);
    let one = |start: u32| {
        if asked.load(Ordering::Relaxed) {
            return None;
        }
        let seed = settings.seed.wrapping_add(u64::from(start));
        let settings = Training { seed, threads: 1, ..settings.clone() };
        let mut network = network.clone();
        network.init(init, seed);
        let checkpoints = checkpoints.map(|checkpoints| checkpoints.of_start(seed));
        let mut tell = |progress| {
            let answer = observer(start, progress);
            asked.fetch_or(answer.is_break(), Ordering::Relaxed);
            answer
        };
        Some((seed, train_from(network, training, Some(validation), &settings, checkpoints.as_ref(), &mut tell)))
    };
    let all = workers::each(settings.threads, starts as usize, |start| one(start as u32))?;
    let (mut results, mut best, mut first_error) = (Vec::new(), None::<(f32, Trained)>, None);
    for (seed, result) in all.into_iter().flatten() {
        let (loss, trained) = match result {
            Ok(trained) => (Some(trained.network.evaluate(validation, settings.loss)?.loss), trained),
            Err(TrainError::NotFinite { epoch, batch, what, trained }) => {
                let left = (*trained).clone();
                first_error.get_or_insert(TrainError::NotFinite { epoch, batch, what, trained });
                (None, left)
            }
            Err(error) => return Err(error),
        };
        let Trained { epochs, kept, end, .. } = &trained;
        results.push(Start { seed, loss, epochs: epochs.clone(), kept: *kept, end: *end });
        if let Some(loss) = loss
            && best.as_ref().is_none_or(|(least, _)| loss < *least)
        {
            best = Some((loss, trained));
        }
    }
    match best {
        Some((_, best)) => Ok(Starts { best, all: results }),
        None => Err(first_error.unwrap_or_else(none)),
    }
}
