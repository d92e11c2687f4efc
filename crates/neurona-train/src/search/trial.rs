//! A single trial: the run with its values, trained and measured.

use std::ops::ControlFlow;

use toml::{Table, Value};

use super::{Examples, Record, Search, SearchError, Task};
use crate::{
    config::{ConfigError, RunConfig},
    cross_validation::{CrossValidation, CrossValidationError, Observer, fit},
    data::Dataset,
    loss::Loss,
    train::{Progress, Score, TrainError, Training},
};

/// A run with values of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Which trial, and in which rung.
    pub task: Task,
    /// What it tries, by path.
    pub values: Table,
    /// The run with these values as TOML, with the paths to data from the root.
    pub toml: Table,
    /// The run with these values.
    pub config: RunConfig,
}

impl Search {
    /// A trial.
    ///
    /// # Errors
    ///
    /// There is no such trial, or its values do not go together.
    pub fn trial(&self, task: Task) -> Result<Trial, SearchError> {
        let trials = self.rungs.first().map_or(0, |rung| rung.trials);
        let rung = task.rung.checked_sub(1).and_then(|rung| self.rungs.get(rung));
        let Some(rung) = rung.filter(|_| (1..=trials).contains(&task.trial)) else {
            return Err(SearchError::Task { found: task, trials, rungs: self.rungs.len() });
        };
        let values = self.values(task.trial);
        let run = self.run_with(&values).map_err(|error| wrong(task, &values, error))?;
        let (mut toml, mut config) = run;
        if let Some(epochs) = rung.epochs {
            config.train.epochs = Some(epochs);
            if let Value::Table(train) = toml.entry("train").or_insert_with(|| Value::Table(Table::new())) {
                train.insert("epochs".to_owned(), epochs.into());
            }
        }
        Ok(Trial { task, values, toml, config })
    }

    /// Finds what is wrong with any trial before the first is trained.
    ///
    /// # Errors
    ///
    /// Values of a trial do not go together or not with the data, or trials have different losses.
    pub fn check(&self, examples: &Examples) -> Result<(), SearchError> {
        let mut usual: Option<Loss> = None;
        for trial in 1..=self.rungs.first().map_or(0, |rung| rung.trials) {
            let trial = self.trial(Task { rung: 1, trial })?;
            let fail = |error| wrong(trial.task, &trial.values, error);
            let known = examples.get(&trial.config.data).map_err(fail)?;
            let loss = trial.config.settings(&known.data).map_err(fail)?.loss;
            if *usual.get_or_insert(loss) != loss {
                let problem = "trials are compared by their loss, and so must have the same: leave it out of the space";
                return Err(ConfigError::key("train.loss", problem).into());
            }
        }
        Ok(())
    }

    /// Trains and measures a trial on one thread; `None` when the observer asked to stop.
    ///
    /// # Errors
    ///
    /// Its values do not go together, or not with the data. A training that diverges is no error: its record says so.
    pub fn measure(
        &self,
        task: Task,
        examples: &Examples,
        observer: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
    ) -> Result<Option<Record>, SearchError> {
        let Trial { values, mut config, .. } = self.trial(task)?;
        config.train.threads = Some(1);
        let epochs = config.train.epochs.unwrap_or(Training::new(Loss::SquaredError).epochs);
        let known = examples.get(&config.data).map_err(|error| wrong(task, &values, error))?;
        let mut record = Record::new(task, epochs, known.digest.clone(), values);
        match self.score(&config, &known.data, observer) {
            Ok(None) => return Ok(None),
            Ok(Some(Scores::Validation(score))) => record.put_score(score),
            Ok(Some(Scores::Folds(scores))) => record.put_folds(&scores),
            Err(error) => match failure(&error) {
                Some(failure) => record.failure = Some(failure),
                None => {
                    let values = shown(&record.values);
                    return Err(SearchError::Trial { task, values, error: Box::new(error) });
                }
            },
        }
        Ok(Some(record))
    }

    fn score(
        &self,
        config: &RunConfig,
        data: &Dataset,
        observer: &Observer<'_>,
    ) -> Result<Option<Scores>, CrossValidationError> {
        Ok(match self.folds {
            Some(folds) => config.cross_validate_alone(data, folds, observer)?.map(Scores::Folds),
            None => validate(config, data, observer)?.map(Scores::Validation),
        })
    }
}

/// How a trial was measured.
enum Scores {
    /// On the validation part, at its best epoch.
    Validation(Score),
    /// On each fold.
    Folds(CrossValidation),
}

/// Trains a run; the score on its validation part, with the weights that are kept.
fn validate(
    config: &RunConfig,
    data: &Dataset,
    observer: &Observer<'_>,
) -> Result<Option<Score>, CrossValidationError> {
    let prepared = config.prepare_with(data)?;
    let Some(trained) = fit(&prepared, observer).map_err(CrossValidationError::Train)? else { return Ok(None) };
    let missing = || ConfigError::key("data.validation", "expected a share of the rows on which trials are compared");
    let validation = prepared.validation.as_ref().ok_or_else(missing)?;
    Ok(Some(trained.network.evaluate(validation, trained.loss).map_err(CrossValidationError::Train)?))
}

/// What a record says of a training that diverged; `None` for other errors, with which no trial could do.
fn failure(error: &CrossValidationError) -> Option<String> {
    let (CrossValidationError::Fold { error, .. } | CrossValidationError::Train(error)) = error else { return None };
    let TrainError::NotFinite { epoch, what, .. } = error else { return None };
    Some(format!("diverged in epoch {epoch}: {what} is not finite"))
}

fn wrong(task: Task, values: &Table, error: ConfigError) -> SearchError {
    SearchError::Trial { task, values: shown(values), error: Box::new(error.into()) }
}

/// Values as a message shows them.
fn shown(values: &Table) -> String {
    values.iter().map(|(path, value)| format!("{path} = {value}")).collect::<Vec<_>>().join(", ")
}
