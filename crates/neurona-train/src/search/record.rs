//! What a trial came to.

use serde::{Deserialize, Serialize};
use toml::Table;

use super::Task;
use crate::{cross_validation::CrossValidation, train::Score};

/// What a trial came to, in one rung.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The number of the trial, from 1.
    pub trial: usize,
    /// The rung, from 1; a search without halving has one.
    pub rung: usize,
    /// For how many epochs it was to be trained.
    pub epochs: u32,
    /// What tells its examples from others: their [digest](crate::Dataset::digest), in hexadecimal digits.
    pub data: String,
    /// The loss on the validation part with the weights of the best epoch, or its mean over the folds; `None` when the
    /// training failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// The standard deviation of the loss over the folds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deviation: Option<f64>,
    /// The share of examples whose class is right, of the same part or over the folds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// Why the training failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// What was tried, by path.
    pub values: Table,
    /// The folds, when there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folds: Vec<FoldScore>,
}

/// What a trial came to in a fold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldScore {
    /// The mean loss.
    pub loss: f64,
    /// The share of examples whose class is right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
}

impl Record {
    /// A record without a score.
    pub(super) fn new(task: Task, epochs: u32, data: String, values: Table) -> Self {
        let Task { rung, trial } = task;
        let (loss, deviation, accuracy, failure) = (None, None, None, None);
        Self { trial, rung, epochs, data, loss, deviation, accuracy, failure, values, folds: Vec::new() }
    }

    pub(super) fn put_score(&mut self, score: Score) {
        self.loss = Some(f64::from(score.loss));
        self.accuracy = score.accuracy.map(f64::from);
    }

    pub(super) fn put_folds(&mut self, scores: &CrossValidation) {
        let Some(loss) = scores.loss().filter(|loss| loss.mean.is_finite()) else {
            self.failure = Some("the loss on a fold is not finite".to_owned());
            return;
        };
        (self.loss, self.deviation) = (Some(loss.mean), Some(loss.deviation));
        self.accuracy = scores.accuracy().map(|accuracy| accuracy.mean);
        let score = |score: Score| FoldScore { loss: score.loss.into(), accuracy: score.accuracy.map(f64::from) };
        self.folds = scores.folds.iter().map(|fold| score(fold.score)).collect();
    }

    /// The trial and the rung that it is of.
    pub fn task(&self) -> Task {
        Task { rung: self.rung, trial: self.trial }
    }
}
