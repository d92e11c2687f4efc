//! Search over hyperparameters: many trials of one run, each with values of its own, on all cores.
//!
//! The description is that of a [run](crate::config) with a table `search`. Its space names values of the run by their
//! path in the TOML, so that everything that can be said there can be searched:
//!
//! ```toml
//! [data]
//! file = "digits.csv"
//! label = "label"
//! validation = 0.2          # a trial's score is its loss on this part; or search.folds
//!
//! [network]
//! name = "Digits"
//! rescale = 0.0625
//! layers = [{ dense = 32, activation = "relu" }, { dense = 10 }]
//!
//! [search]
//! method = "random"         # or "grid", "halving"
//! trials = 20
//! seed = 1
//! # folds = 5               # cross-validation: a trial's score is its mean loss over the folds
//!
//! [search.space]
//! "train.rate" = { low = 1e-4, high = 1e-1, scale = "log" }
//! "train.batch" = [16, 32, 64]
//! "network.layers[0].dense" = { low = 8, high = 64 }
//! ```
//!
//! What stands behind a path is a list of choices, of any type and if need be whole tables or lists, or a range: whole
//! numbers where both ends are, and else numbers. Values that belong together, such as an optimizer and its constants,
//! are choices of the table around them; paths into such a table or list are set after it. Trials are compared
//! by their loss, without penalties, label smoothing and weights of classes, so that a space over the loss is refused.
//!
//! # Methods
//!
//! - `grid`: every combination, in the alphabetical order of the paths, the last of them changing fastest. A range has
//!   `points`, evenly spaced on its scale; a linear one of whole numbers may leave them out and has all.
//! - `random`: so many `trials`, each value by chance and for itself: J. Bergstra and Y. Bengio, "Random search for
//!   hyper-parameter optimization", JMLR 13, 2012.
//! - `halving`: `trials` by chance, first for a few epochs; the best one in `eta` (3 if nothing is said) goes on to the next
//!   rung with `eta` times the epochs, until the last rung has those of the run. The first rung has at least `min_epochs`
//!   (1): K. Jamieson and A. Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", 2016;
//!   with `eta` as in L. Li and others, "Hyperband", JMLR 18, 2018. A rung trains from the beginning, which costs at most
//!   `eta / (eta - 1)` times the epochs of going on, and makes a trial in every rung a run like any other, whose schedule
//!   knows its end.
//!
//! # The same bits
//!
//! A trial is the run with its values, to the bit what [`train`](crate::train()) makes of it, on one thread; trials run in
//! parallel. Its values follow from the seed and its number, so that the result does not depend on threads, on the order
//! in which trials end, or on how often the search was interrupted: see [`Folder`].

use std::path::Path;

use toml::Table;

use crate::{
    config::{ConfigError, RunConfig},
    loss::Loss,
    train::Training,
};

mod error;
mod examples;
mod folder;
mod method;
mod path;
mod record;
mod run;
mod source;
mod space;
mod table;
mod trial;

pub use error::SearchError;
pub use examples::Examples;
pub use folder::Folder;
pub use method::{Method, Rung};
pub use path::KeyPath;
pub use record::{FoldScore, Record};
pub use run::SearchProgress;
pub use space::Space;
pub use table::ResultTable;
pub use trial::Trial;

use source::{Described, Document};

/// A search: a run, and the values that its trials try.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    document: Document,
    method: Method,
    seed: u64,
    folds: Option<usize>,
    space: Space,
    rungs: Vec<Rung>,
}

/// Which trial, and in which rung; both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Task {
    /// The rung; a search without halving has one.
    pub rung: usize,
    /// The number of the trial.
    pub trial: usize,
}

impl Search {
    /// Reads a description; see the [module](self) for an example. Paths to data begin at its folder.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is not TOML, or describes no search: a key or a path that is not known, a value that the
    /// run cannot take, keys that do not go together, or nothing to compare the trials on.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Io { path: path.to_owned(), error })?;
        Self::parse(&text, path)
    }

    /// Reads a description from text; `path` is what messages call it, and paths to data begin at its folder.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let (document, described) = Document::parse(text, path)?;
        let space = Space::new(&described.space)?;
        let method = described.method()?;
        let Described { seed, folds, .. } = described;
        let mut search = Self { document, method, seed, folds, space, rungs: Vec::new() };
        let epochs = search.check_corners()?;
        search.rungs = method.rungs(search.space_len()?, epochs)?;
        Ok(search)
    }

    /// How the trials are chosen.
    pub fn method(&self) -> Method {
        self.method
    }

    /// In how many folds a trial is measured; `None` when it is on the validation part.
    pub fn folds(&self) -> Option<usize> {
        self.folds
    }

    /// What may be chosen.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// The rungs, of which a search without halving has one.
    pub fn rungs(&self) -> &[Rung] {
        &self.rungs
    }

    /// How many trainings there are in all, at most: where trials fail, fewer may get to the next rung.
    pub fn trainings(&self) -> usize {
        self.rungs.iter().map(|rung| rung.trials).sum()
    }

    /// The whole description as TOML, with the paths to data from the root, so that it means the same in any folder.
    pub fn to_toml(&self) -> String {
        self.document.to_toml()
    }

    /// How many trials the method has when it decides by the space.
    fn space_len(&self) -> Result<usize, ConfigError> {
        if self.method == Method::Grid { self.space.grid_len() } else { Ok(0) }
    }

    /// What the trial of that number, from 1, tries.
    fn values(&self, trial: usize) -> Table {
        let number = trial - 1;
        match self.method {
            Method::Grid => self.space.grid_point(number),
            Method::Random { .. } | Method::Halving { .. } => self.space.sample(self.seed, number as u64),
        }
    }

    /// The run with these values, as TOML and as it is.
    fn run_with(&self, values: &Table) -> Result<(Table, RunConfig), ConfigError> {
        let mut run = self.document.run.clone();
        self.space.apply(values, &mut run)?;
        let config = run.clone().try_into().map_err(|error| source::no_run(&error))?;
        Ok((run, config))
    }

    /// Tries each choice and each end of a range, for errors that name the path; gives the epochs of the run.
    fn check_corners(&self) -> Result<u32, ConfigError> {
        let (first, corners) = self.space.corners();
        let (_, config) = self.run_with(&first).map_err(|error| self.blame(&first, error))?;
        self.check_comparable(&config)?;
        let epochs = |config: &RunConfig| config.train.epochs.unwrap_or(Training::new(Loss::SquaredError).epochs);
        for (path, corner) in corners {
            let fail = |problem| ConfigError::key(&space::place(path), problem);
            let named = |error: ConfigError| match error {
                ConfigError::Key { key, problem } if key.starts_with("search.") => ConfigError::Key { key, problem },
                other => fail(format!("{}: {other}", corner[&path.to_string()])),
            };
            let (_, other) = self.run_with(&corner).map_err(named)?;
            self.check_comparable(&other)?;
            if matches!(self.method, Method::Halving { .. }) && epochs(&other) != epochs(&config) {
                let problem = "the epochs are what successive halving gives to its trials: leave them out of the space";
                return Err(fail(problem.to_owned()));
            }
        }
        Ok(epochs(&config))
    }

    /// Names the path without whose value the run is right, if one is to blame.
    fn blame(&self, values: &Table, error: ConfigError) -> ConfigError {
        let is_to_blame = |path: &&KeyPath| {
            let mut others = values.clone();
            others.remove(&path.to_string());
            self.run_with(&others).is_ok()
        };
        match error {
            ConfigError::Key { key, problem } if !key.starts_with("search.") => {
                match self.space.paths().find(is_to_blame) {
                    Some(path) => {
                        let path = path.to_string();
                        ConfigError::key(&space::place(&path), format!("{}: {problem}", values[&path]))
                    }
                    None => ConfigError::Key { key, problem },
                }
            }
            other => other,
        }
    }

    /// Whether trials have something to be compared on.
    fn check_comparable(&self, config: &RunConfig) -> Result<(), ConfigError> {
        if self.folds.is_none() && config.data.validation == 0.0 {
            let problem = "expected a share of the rows, such as 0.2, on which trials are compared; or `search.folds`, such \
                           as 5, for cross-validation";
            return Err(ConfigError::key("data.validation", problem));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
