//! Cross-validation: how well a run does on examples that it was not trained on, each of them once.
//!
//! The rows that are not in the test part are cut into folds ([`Dataset::folds`]); for each fold a network is trained on
//! the others and measured on it. The mean over the folds says how good the run is, their standard deviation how much
//! that depends on the examples. The fold that is measured takes no part in choosing the epoch: where the run has a
//! share for validation, it is cut from the rows of the other folds, and without one the last weights count.

use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    config::{ConfigError, Prepared, RunConfig},
    data::Dataset,
    train::{Progress, Score, Spread, TrainError, Trained, train, train_starts},
    workers,
};

/// How well a run does, fold by fold.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossValidation {
    /// The folds in their order, at least two.
    pub folds: Vec<Fold>,
}

/// How well a network does on a fold that it was not trained on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fold {
    /// How many examples the fold has.
    pub rows: usize,
    /// The score on them.
    pub score: Score,
    /// The epoch that the weights are from.
    pub kept: u32,
}

/// Why a cross-validation cannot be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CrossValidationError {
    /// The run or its data are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A fold cannot be trained.
    #[error("fold {fold}: {error}")]
    Fold {
        /// The fold, from 1.
        fold: usize,
        /// Why not.
        error: TrainError,
    },
    /// Threads cannot be started, or a run without folds cannot be trained.
    #[error(transparent)]
    Train(TrainError),
}

impl CrossValidation {
    /// Mean and standard deviation of the losses; `None` without two folds.
    pub fn loss(&self) -> Option<Spread> {
        let losses: Vec<f64> = self.folds.iter().map(|fold| f64::from(fold.score.loss)).collect();
        Spread::of(&losses)
    }

    /// Mean and standard deviation of the shares of examples whose class is right; `None` when the targets are numbers.
    pub fn accuracy(&self) -> Option<Spread> {
        let accuracies: Option<Vec<f64>> = self.folds.iter().map(|fold| fold.score.accuracy.map(f64::from)).collect();
        Spread::of(&accuracies?)
    }
}

/// Who is told what happens in a training, and may ask to stop.
pub(crate) type Observer<'a> = dyn Fn(Progress) -> ControlFlow<()> + Sync + 'a;

/// Trains what was prepared, from as many first weights as it says; `None` when the observer asked to stop.
pub(crate) fn fit(prepared: &Prepared, observer: &Observer<'_>) -> Result<Option<Trained>, TrainError> {
    let asked = AtomicBool::new(false);
    let tell = |progress| {
        let answer = observer(progress);
        asked.fetch_or(answer.is_break(), Ordering::Relaxed);
        answer
    };
    let Prepared { training, validation, network, settings, starts, .. } = prepared;
    let trained = match validation {
        Some(validation) if starts.1 > 1 => {
            train_starts(network, *starts, training, validation, settings, &|_, progress| tell(progress))?.best
        }
        _ => train(network.clone(), training, validation.as_ref(), settings, &mut |progress| tell(progress))?,
    };
    Ok((!asked.into_inner()).then_some(trained))
}

impl RunConfig {
    /// Trains and measures once for each of so many folds, on all cores or as many as the run says.
    ///
    /// The observer is told the fold, from 1, with what happens in it, and may ask to stop; the result is then `None`. The
    /// same seed gives the same bits for any number of threads.
    ///
    /// # Errors
    ///
    /// Keys do not go together, there are fewer rows than folds, or a training fails.
    pub fn cross_validate(
        &self,
        data: &Dataset,
        folds: usize,
        observer: &(dyn Fn(usize, Progress) -> ControlFlow<()> + Sync),
    ) -> Result<Option<CrossValidation>, CrossValidationError> {
        let cut = Cut::new(self, data, folds)?;
        let threads = self.train.threads.unwrap_or(0);
        let folds = workers::each(threads, folds, |at| cut.measure(at, &|progress| observer(at + 1, progress)))
            .map_err(CrossValidationError::Train)?;
        let folds: Option<Vec<Fold>> = folds.into_iter().collect::<Result<_, _>>()?;
        Ok(folds.map(|folds| CrossValidation { folds }))
    }

    /// As [`cross_validate`](Self::cross_validate), one fold after another on one thread.
    pub(crate) fn cross_validate_alone(
        &self,
        data: &Dataset,
        folds: usize,
        observer: &Observer<'_>,
    ) -> Result<Option<CrossValidation>, CrossValidationError> {
        let cut = Cut::new(self, data, folds)?;
        let folds: Option<Vec<Fold>> = (0..folds).map(|at| cut.measure(at, observer)).collect::<Result<_, _>>()?;
        Ok(folds.map(|folds| CrossValidation { folds }))
    }
}

/// A run, and its data cut into folds.
struct Cut {
    /// The run for the rows outside of a fold, on one thread.
    config: RunConfig,
    /// All rows but those of the test part.
    data: Dataset,
    folds: Vec<Vec<usize>>,
}

impl Cut {
    fn new(config: &RunConfig, data: &Dataset, folds: usize) -> Result<Self, ConfigError> {
        let seed = config.settings(data)?.seed;
        let [training, validation, _] = config.data.split_rows(data, seed)?;
        let data = data.select(&[training, validation].concat());
        let folds = data.folds(folds, config.data.stratify, seed)?;
        let mut config = config.clone();
        (config.data.test, config.train.threads) = (0.0, Some(1));
        Ok(Self { config, data, folds })
    }

    /// Trains on all folds but one and measures on that; `None` when the observer asked to stop.
    fn measure(&self, at: usize, observer: &Observer<'_>) -> Result<Option<Fold>, CrossValidationError> {
        let others: Vec<usize> = self
            .folds
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .flat_map(|(_, rows)| rows.clone())
            .collect();
        let prepared = self.config.prepare_with(&self.data.select(&others))?;
        let held_out = self.data.select(&self.folds[at]);
        let failed = |error| CrossValidationError::Fold { fold: at + 1, error };
        let Some(trained) = fit(&prepared, observer).map_err(failed)? else { return Ok(None) };
        let score = trained.network.evaluate(&held_out, trained.loss).map_err(failed)?;
        Ok(Some(Fold { rows: held_out.rows(), score, kept: trained.kept }))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ndarray::Array2;

    use super::*;
    use crate::Targets;

    fn config(text: &str) -> RunConfig {
        let network = "[network]\nname = 'Line'\nlayers = [{ dense = 1 }]\n";
        let train = "[train]\noptimizer = 'sgd'\nrate = 0.5\nbatch = 60\nepochs = 400\n";
        RunConfig::parse(&format!("[data]\n{text}\n{network}{train}"), Path::new("run.toml")).expect("it is right")
    }

    /// y = 2 x + 1 in 60 points of [-1, 1).
    fn line() -> Dataset {
        let inputs = Array2::from_shape_fn((60, 1), |(row, _)| row as f32 / 30.0 - 1.0);
        let values = inputs.mapv(|x| 2.0 * x + 1.0);
        Dataset::new(inputs, Targets::values(values)).expect("the parts fit")
    }

    fn go_on(_: usize, _: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    #[test]
    fn spread_of_known_figures() {
        // Mean 5; squares 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32, over 7.
        let spread = Spread::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        let deviation = (32.0_f64 / 7.0).sqrt();
        assert_eq!(spread, Some(Spread { mean: 5.0, deviation, least: 2.0, largest: 9.0 }));
        assert_eq!(Spread::of(&[1.0]), None);
    }

    #[test]
    fn every_row_but_those_of_the_test_part_is_measured_once() {
        for (keys, rows) in [("", 60), ("test = 0.2", 48), ("test = 0.2\nvalidation = 0.25", 48)] {
            let scores = config(keys).cross_validate(&line(), 5, &go_on).expect("it trains").expect("it ends");
            assert_eq!(scores.folds.iter().map(|fold| fold.rows).sum::<usize>(), rows, "{keys}");
            // A line learns a line: gradient descent at this rate shrinks the error of the slope, the slower of the two,
            // by about 1 - 2/3 * 0.5 a step, far below rounding after 400; what is left is a few ulp, squared.
            assert!(scores.loss().is_some_and(|loss| loss.largest < 1e-10), "{scores:?}");
            assert_eq!(scores.accuracy(), None);
        }
    }

    #[test]
    fn the_test_part_is_that_of_the_run() {
        let config = config("test = 0.25\nvalidation = 0.25");
        let (_, _, test) = config.data.split(&line(), 1).expect("the shares are right");
        let cut = Cut::new(&config, &line(), 3).expect("there are rows enough");
        let test = test.expect("there is a share for it");
        let all = cut.data.inputs().iter().chain(test.inputs());
        let mut all: Vec<f32> = all.copied().collect();
        all.sort_by(f32::total_cmp);
        let whole: Vec<f32> = line().inputs().iter().copied().collect();
        assert_eq!(all, whole);
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let scores = |threads| {
            let mut config = config("validation = 0.2");
            (config.train.threads, config.train.epochs) = (Some(threads), Some(3));
            config.cross_validate(&line(), 4, &go_on).expect("it trains")
        };
        assert_eq!(scores(1), scores(2));
        let mut alone = config("validation = 0.2");
        alone.train.epochs = Some(3);
        let observer = |_| ControlFlow::Continue(());
        assert_eq!(scores(1), alone.cross_validate_alone(&line(), 4, &observer).expect("it trains"));
    }

    #[test]
    fn what_goes_wrong() {
        let error = |config: &RunConfig, folds| {
            config.cross_validate(&line(), folds, &go_on).expect_err("it cannot be").to_string()
        };
        assert!(error(&config(""), 61).starts_with("cannot cut 60 rows into 61 folds"));
        let mut diverges = config("");
        diverges.train.rate = Some(1e30);
        assert!(error(&diverges, 2).starts_with("fold 1: training diverged in epoch"));
        let stopped = config("").cross_validate(&line(), 2, &|_, _| ControlFlow::Break(()));
        assert_eq!(stopped.expect("it trains"), None);
    }
}
