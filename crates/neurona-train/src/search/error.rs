//! Why a search cannot begin or go on.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::Task;
use crate::{config::ConfigError, cross_validation::CrossValidationError, train::TrainError};

/// Why a search cannot begin or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The description is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The values of a trial do not go together, or its data are wrong.
    #[error("trial {} ({values}): {error}", task.trial)]
    Trial {
        /// Which trial.
        task: Task,
        /// What it tries.
        values: String,
        /// What is wrong.
        error: Box<CrossValidationError>,
    },
    /// There is no such trial.
    #[error("expected a trial from 1 to {trials} and a rung from 1 to {rungs}, found {} and {}", found.trial, found.rung)]
    Task {
        /// What was asked for.
        found: Task,
        /// How many trials there are.
        trials: usize,
        /// How many rungs there are.
        rungs: usize,
    },
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The folder is that of another search.
    #[error(
        "{} holds another search, which differs in `{difference}`: choose another folder, or delete it", path.display()
    )]
    Other {
        /// The folder.
        path: PathBuf,
        /// The path of the first value that differs.
        difference: String,
    },
    /// A record is not one of this search.
    #[error("{}: {problem}; delete it, and the trial will be run again", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The examples are not those of the trials that are done.
    #[error(
        "{}: trial {trial} was measured on other examples than {other}: bring back the data, or begin again in another \
         folder", path.display()
    )]
    Examples {
        /// The folder.
        path: PathBuf,
        /// The trial.
        trial: usize,
        /// Whose examples differ.
        other: String,
    },
    /// Threads cannot be started.
    #[error(transparent)]
    Threads(#[from] TrainError),
}

impl SearchError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { path, error }
    }
}
