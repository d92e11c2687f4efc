//! The TOML of a search: the run, and the table `search`.

use std::path::{Path, absolute};

use serde::Deserialize;
use toml::{Table, Value};

use super::method::Method;
use crate::config::{ConfigError, difference};

/// A description as it was read, but for paths to data, which begin at the root.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Document {
    /// The tables of the run.
    pub(super) run: Table,
    /// The table `search`.
    search: Table,
}

/// The table `search`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Described {
    method: Name,
    trials: Option<usize>,
    #[serde(default = "one")]
    pub(super) seed: u64,
    pub(super) folds: Option<usize>,
    eta: Option<usize>,
    min_epochs: Option<u32>,
    pub(super) space: Table,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    Grid,
    Random,
    Halving,
}

fn one() -> u64 {
    1
}

impl Document {
    pub(super) fn parse(text: &str, path: &Path) -> Result<(Self, Described), ConfigError> {
        let wrong = |error| ConfigError::Toml { path: path.to_owned(), error: Box::new(error) };
        let mut run: Table = toml::from_str(text).map_err(wrong)?;
        let Some(Value::Table(mut search)) = run.remove("search") else {
            return Err(ConfigError::key(
                "search",
                "missing; expected a table with the method and the space of the search",
            ));
        };
        let folder = absolute(path).map_err(|error| ConfigError::Io { path: path.to_owned(), error })?;
        let folder = folder.parent().unwrap_or(Path::new("/"));
        root_data(&mut run, folder);
        if let Some(Value::Table(space)) = search.get_mut("space") {
            root_choices(space, folder);
        }
        let described = search.clone().try_into().map_err(|error| key_of("search", &error))?;
        Ok((Self { run, search }, described))
    }

    pub(super) fn to_toml(&self) -> String {
        let mut whole = self.run.clone();
        whole.insert("search".to_owned(), Value::Table(self.search.clone()));
        whole.to_string()
    }

    /// The path of the first value in which two descriptions differ.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        difference(&self.run, &other.run)
            .or_else(|| difference(&self.search, &other.search).map(|key| format!("search.{key}")))
    }
}

impl Described {
    /// The method with its constants.
    pub(super) fn method(&self) -> Result<Method, ConfigError> {
        let constants = [
            ("search.trials", self.trials.is_some(), self.method != Name::Grid),
            ("search.eta", self.eta.is_some(), self.method == Name::Halving),
            ("search.min_epochs", self.min_epochs.is_some(), self.method == Name::Halving),
        ];
        if let Some((key, ..)) = constants.into_iter().find(|(_, is_given, is_known)| *is_given && !is_known) {
            return Err(ConfigError::key(
                key,
                "is not a constant of this method: leave it out, or choose another method",
            ));
        }
        if self.folds.is_some_and(|folds| folds < 2) {
            return Err(ConfigError::key("search.folds", "expected at least 2"));
        }
        let trials = match self.trials {
            Some(trials) if (1..=u32::MAX as usize).contains(&trials) => trials,
            None if self.method == Name::Grid => 0,
            _ => return Err(ConfigError::key("search.trials", "expected how many trials there are, at least 1")),
        };
        Ok(match self.method {
            Name::Grid => Method::Grid,
            Name::Random => Method::Random { trials },
            Name::Halving => {
                Method::Halving { trials, eta: self.eta.unwrap_or(3), min_epochs: self.min_epochs.unwrap_or(1) }
            }
        })
    }
}

/// What a run cannot be made of.
pub(super) fn no_run(error: &toml::de::Error) -> ConfigError {
    key_of("the run", error)
}

/// An error in a table that is not read from text: what, and in which key.
fn key_of(table: &str, error: &toml::de::Error) -> ConfigError {
    ConfigError::key(table, error.to_string().trim_end().replace('\n', " "))
}

/// The keys of `[data]` that are paths.
const PATHS: [&str; 3] = ["file", "inputs", "targets"];

fn root_data(table: &mut Table, folder: &Path) {
    let Some(Value::Table(data)) = table.get_mut("data") else { return };
    root_table(data, folder);
}

fn root_table(data: &mut Table, folder: &Path) {
    for key in PATHS {
        if let Some(value) = data.get_mut(key) {
            root(value, folder);
        }
    }
}

/// The same for choices of them.
fn root_choices(space: &mut Table, folder: &Path) {
    for (path, choices) in space.iter_mut() {
        let Value::Array(choices) = choices else { continue };
        for choice in choices {
            match choice {
                Value::Table(data) if path == "data" => root_table(data, folder),
                value if path.strip_prefix("data.").is_some_and(|key| PATHS.contains(&key)) => root(value, folder),
                _ => {}
            }
        }
    }
}

fn root(value: &mut Value, folder: &Path) {
    if let Value::String(path) = value {
        *path = folder.join(&*path).to_string_lossy().into_owned();
    }
}
