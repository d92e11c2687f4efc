//! Several initial values: the same network trained from other first weights, and the best one kept.
//!
//! The cost of a network with hidden layers is not convex, so that where training ends depends on where it begins
//! (course, "several initial values").

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::{Progress, TrainError, Trained, Training, pool, train};
use crate::{data::Dataset, init::Init, network::Network};

/// What came of several starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Starts {
    /// The one with the least loss on the validation part.
    pub best: Trained,
    /// Every start, in the order of the seeds.
    pub all: Vec<Start>,
}

/// One start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Start {
    /// The seed of its first weights and of everything else that is random in it.
    pub seed: u64,
    /// The loss on the validation part with the weights that it kept; `None` when it diverged.
    pub loss: Option<f32>,
}

impl Starts {
    /// Mean and standard deviation (of a sample) of the losses, least and largest; `None` without two of them.
    pub fn spread(&self) -> Option<Spread> {
        let losses: Vec<f64> = self.all.iter().filter_map(|start| start.loss).map(f64::from).collect();
        Spread::of(&losses)
    }
}

/// How far figures, such as losses, lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
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
/// [`train`] gives with its seed.
///
/// # Errors
///
/// As [`train`]. A start that diverges is left out; when all do, the error is that of the first.
pub fn train_starts(
    network: &Network,
    (init, starts): (Init, u32),
    training: &Dataset,
    validation: &Dataset,
    settings: &Training,
    observer: &(dyn Fn(u32, Progress) -> ControlFlow<()> + Sync),
) -> Result<Starts, TrainError> {
    if starts == 0 {
        return Err(TrainError::Setting { setting: "starts", expected: "at least 1", found: "0".to_owned() });
    }
    let one = |start: u32| {
        let seed = settings.seed.wrapping_add(u64::from(start));
        let settings = Training { seed, threads: 1, ..settings.clone() };
        let mut network = network.clone();
        network.init(init, seed);
        train(network, training, Some(validation), &settings, &mut |progress| observer(start, progress))
    };
    let all: Vec<_> = pool(settings.threads)?.install(|| (0..starts).into_par_iter().map(one).collect());
    let (mut results, mut best, mut first_error) = (Vec::new(), None::<(f32, Trained)>, None);
    for (start, result) in (0..).zip(all) {
        let seed = settings.seed.wrapping_add(start);
        let loss = match result {
            Ok(trained) => {
                let loss = trained.network.evaluate(validation, settings.loss)?.loss;
                if best.as_ref().is_none_or(|(least, _)| loss < *least) {
                    best = Some((loss, trained));
                }
                Some(loss)
            }
            Err(error @ TrainError::NotFinite { .. }) => {
                first_error.get_or_insert(error);
                None
            }
            Err(error) => return Err(error),
        };
        results.push(Start { seed, loss });
    }
    match (best, first_error) {
        (Some((_, best)), _) => Ok(Starts { best, all: results }),
        (None, Some(error)) => Err(error),
        (None, None) => Err(TrainError::Setting { setting: "starts", expected: "at least 1", found: "0".to_owned() }),
    }
}
