//! A whole training run as a TOML file: the data, the network, and how it is trained.
//!
//! ```toml
//! [data]
//! file = "digits.csv"        # from the folder of this file; or inputs = "x.npy", targets = "y.npy" (NPY, IDX, IDX.gz)
//! label = "label"            # the column of the class, by name or place; or values = ["load"] for a regression
//! validation = 0.1           # shares of the rows that are not trained on
//! test = 0.2
//!
//! [network]
//! name = "Digits"
//! rescale = 0.0625           # or standardize = true
//! layers = [
//!     { name = "hidden", dense = 32, activation = "relu", dropout = 0.1 },
//!     { name = "output", dense = 10 },
//! ]
//!
//! # Or, for images and signals, with an input shape and layers as LayerConfig lists them:
//! # input = [28, 28, 1]
//! # layers = [
//! #     { conv = 8, kernel = 3, activation = "relu", padding = "same", batch_norm = true }, { max_pool = 2 },
//! #     { flatten = true }, { dense = 10 },
//! # ]
//! # input = [50, 6]          # fifty steps of six values
//! # layers = [{ gru = 16, all = true }, { lstm = 8 }, { dense = 4 }]
//! # layers = [{ echo_state = 100, leak = 0.3 }, { dense = 4 }] # with `ridge = [1e-4, 1e-2]` in [train]
//!
//! # Or, instead of layers, one of the networks of neurona_train::zoo:
//! # zoo = "lenet5"
//!
//! [train]
//! optimizer = "adam"         # with its constants beside it: beta1, beta2, epsilon, …
//! rate = 1e-3
//! schedule = { cosine = { least = 0.01 } }
//! epochs = 100
//! l2 = 1e-4
//!
//! [augment]                  # how examples are changed while they are trained on; or signal = { … }
//! image = { height = 8, width = 8, shift = 1.0, rotation = 10.0 }
//! ```
//!
//! A key that is not known is an error, so that a misspelt one does not go unnoticed.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::{
    arch::{SourceError, Spec, SpecError},
    augment::{Augment, AugmentError},
    data::{Column, DataError, Dataset},
    init::Init,
    loss::Loss,
    network::Network,
    objective::ClassWeights,
    readout,
    schedule::Schedule,
    train::{TargetScaling, TrainError, Training, check_run, check_targets},
};

mod data;
pub(crate) mod described;
mod memory;
mod network;
mod settings;

pub use crate::layer::LayerConfig;
pub use data::TARGET_NAMES;
pub use described::{GlobalPool, NamedPadding, Padding, Size};

/// A training run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Where the examples are, and which are not trained on.
    pub data: DataConfig,
    /// The network.
    pub network: NetworkConfig,
    /// How it is trained.
    #[serde(default)]
    pub train: TrainConfig,
    /// How examples are changed while they are trained on; without, they are not.
    #[serde(default)]
    pub augment: Option<Augment>,
}

/// Where the examples are: one CSV file, or two files with arrays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// A CSV file.
    pub file: Option<PathBuf>,
    /// The inputs, an NPY or IDX file (perhaps with gzip).
    pub inputs: Option<PathBuf>,
    /// The targets, a file of the same format.
    pub targets: Option<PathBuf>,
    /// The column of a CSV file that holds the class; without it and `values`, one of the [usual names](TARGET_NAMES).
    pub label: Option<Column>,
    /// The columns of a CSV file that hold the numbers to predict.
    pub values: Vec<Column>,
    /// The columns of a CSV file that are left out.
    pub ignore: Vec<Column>,
    /// Whether the first line of a CSV file names the columns.
    pub header: bool,
    /// What stands between two values of a CSV file.
    pub delimiter: char,
    /// The names of the classes in the order of their numbers; without, they are taken from the file.
    pub labels: Option<Vec<String>>,
    /// The share of the rows on which the best epoch is chosen; 0 for none.
    pub validation: f64,
    /// The share of the rows on which the result is measured; 0 for none.
    pub test: f64,
    /// Whether each part has its share of each class.
    pub stratify: bool,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            file: None,
            inputs: None,
            targets: None,
            label: None,
            values: Vec::new(),
            ignore: Vec::new(),
            header: true,
            delimiter: ',',
            labels: None,
            validation: 0.0,
            test: 0.0,
            stratify: true,
        }
    }
}

/// A network from its layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// What its Rust type is called.
    pub name: String,
    /// The shape of the input: `[steps, channels]` of a signal, `[height, width, channels]` of an image; a vector without.
    #[serde(default)]
    pub input: Option<Vec<u32>>,
    /// A factor for every input.
    #[serde(default)]
    pub rescale: Option<f32>,
    /// Whether inputs are brought to mean 0 and deviation 1, as they have in the training part: each channel of a signal or
    /// an image, each value of a vector.
    #[serde(default)]
    pub standardize: bool,
    /// How the weights begin.
    #[serde(default)]
    pub init: Init,
    /// A network of the literature, one of [`zoo::ALL`](crate::zoo::ALL), which has its own input and layers.
    #[serde(default)]
    pub zoo: Option<String>,
    /// The layers.
    #[serde(default)]
    pub layers: Vec<LayerConfig>,
}

/// How a network is trained; what is left out is as in [`Training::new`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// What is made small; without, softmax cross-entropy for classes and the squared error for numbers.
    pub loss: Option<Loss>,
    /// For the loss `huber`.
    pub delta: Option<f32>,
    /// One of [`Optimizer::ALL`](crate::Optimizer::ALL).
    pub optimizer: Option<String>,
    /// The learning rate.
    pub rate: Option<f32>,
    /// How the learning rate changes.
    pub schedule: Option<Schedule>,
    /// Epochs in which the learning rate rises to what the schedule says.
    pub warm_up: Option<u32>,
    /// How often every example is seen.
    pub epochs: Option<u32>,
    /// Examples of one step, or `all`.
    pub batch: Option<Batch>,
    /// How many steps the gradient of recurrent layers goes back through, all without: see [`Network::truncate`].
    pub truncation: Option<usize>,
    /// Coefficients of ridge regression, by which the last layer begins: see [`readout`]. Of several that with the
    /// least loss on the validation part is taken. It is then trained on with all others, for `epochs`, 0 without.
    pub ridge: Option<Vec<f32>>,
    /// Decides how rows are split, how weights begin, the order of the examples and what is dropped.
    pub seed: Option<u64>,
    /// Stops after so many epochs without a better one on the validation part.
    pub patience: Option<u32>,
    /// By how much its loss must be less for an epoch to be better.
    pub minimum_change: Option<f32>,
    /// Whether targets are learned as if they had mean 0, or mean 0 and deviation 1
    /// ([`TargetUnits`](crate::train::TargetUnits)); without, they are centred where it can be: the targets are numbers, the
    /// loss is one of a difference, and the last layer is linear.
    pub target_scaling: Option<TargetScaling>,
    /// Holds each component of the gradient between minus this and this.
    pub clip_value: Option<f32>,
    /// Shortens the whole gradient to this length.
    pub clip_norm: Option<f32>,
    /// Coefficient of the sum of the sizes of the weights (Lasso); for `normalized` and `sign` see [`Training::l1`].
    pub l1: Option<f32>,
    /// Coefficient of half the sum of the squares of the weights (Tikhonov).
    pub l2: Option<f32>,
    /// How much of the right class is given to all of them; the losses of epochs are with it.
    pub label_smoothing: Option<f32>,
    /// `equal`, `balanced`, or a weight for each class.
    pub class_weights: Option<ClassWeights>,
    /// How many times training begins, each time from other first weights; the best by the validation part is kept.
    pub starts: Option<u32>,
    /// How many threads compute; 0 for as many as there are cores.
    pub threads: Option<usize>,
    /// For `sgd` and `nesterov`.
    pub momentum: Option<f32>,
    /// For `rmsprop`.
    pub decay: Option<f32>,
    /// For `momentum`, `adam` and `adamw`.
    pub beta1: Option<f32>,
    /// For `adam` and `adamw`.
    pub beta2: Option<f32>,
    /// For `rmsprop`, `adam` and `adamw`.
    pub epsilon: Option<f32>,
    /// For `rmsprop`: whether epsilon is added within the root, as in the course.
    pub epsilon_in_root: Option<bool>,
    /// For `adam`: `false` for the form of the course.
    pub bias_correction: Option<bool>,
    /// For `adamw`.
    pub weight_decay: Option<f32>,
}

/// How many examples make a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number of examples, or \"all\"")]
pub enum Batch {
    /// So many.
    Rows(usize),
    /// All that there are: batch gradient descent.
    All(All),
}

/// The word `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum All {
    /// All.
    All,
}

impl Batch {
    /// As [`Training::batch`] takes it.
    pub fn rows(self) -> usize {
        match self {
            Self::Rows(rows) => rows,
            Self::All(All::All) => usize::MAX,
        }
    }
}

impl std::str::FromStr for Batch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All(All::All)),
            _ => text.parse().map(Self::Rows).map_err(|_| "expected a number of examples, or `all`".to_owned()),
        }
    }
}

/// What is wrong with the description of a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The text is not TOML, or has a key or a value that does not belong there.
    #[error("{}: {}{}", path.display(), error.to_string().trim_end(), home(error.message()))]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where, and what was expected.
        error: Box<toml::de::Error>,
    },
    /// Keys that do not go together, or a value that cannot be.
    #[error("{key}: {problem}")]
    Key {
        /// The table and the key.
        key: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The data are wrong.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The network does not fit together.
    #[error("network.layers: {0}")]
    Spec(SpecError),
    /// A name cannot stand in Rust source.
    #[error("network: {0}")]
    Name(SourceError),
}

// Not the source, which a report of the whole chain would say a second time.
impl From<SpecError> for ConfigError {
    fn from(error: SpecError) -> Self {
        Self::Spec(error)
    }
}

impl From<SourceError> for ConfigError {
    fn from(error: SourceError) -> Self {
        Self::Name(error)
    }
}

impl ConfigError {
    pub(crate) fn key(key: &str, problem: impl Into<String>) -> Self {
        Self::Key { key: key.to_owned(), problem: problem.into() }
    }
}

/// Everything that [`train`](crate::train()) takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// What is trained on.
    pub training: Dataset,
    /// What the best epoch is chosen on.
    pub validation: Option<Dataset>,
    /// What the result is measured on.
    pub test: Option<Dataset>,
    /// The network with its first weights; a standardisation is fitted to the training part.
    pub network: Network,
    /// A name for each layer of the network.
    pub layer_names: Vec<String>,
    /// How it is trained.
    pub settings: Training,
    /// How the first weights of each start are drawn, and how many starts there are: see
    /// [`train_starts`](crate::train::train_starts).
    pub starts: (Init, u32),
}

impl RunConfig {
    /// The description as TOML, which [`parse`](Self::parse) reads back to an equal one.
    ///
    /// # Errors
    ///
    /// TOML cannot say it, such as a seed of more than 2^63.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// Reads a description; see the [module](self) for an example.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is not TOML, or has a key that is not known or a value of a wrong type.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Io { path: path.to_owned(), error })?;
        Self::parse(&text, path)
    }

    /// Reads a description from text; `path` is what messages call it.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| ConfigError::Toml { path: path.to_owned(), error: Box::new(error) })
    }

    /// Reads the data and builds the network; paths begin at `folder`, which is that of the TOML file.
    ///
    /// # Errors
    ///
    /// Keys do not go together, a value is out of range, the data are wrong, or the network does not fit them.
    pub fn prepare(&self, folder: &Path) -> Result<Prepared, ConfigError> {
        self.prepare_with(&self.data.load(folder)?)
    }

    /// Builds the network for data that are read already, as [`prepare`](Self::prepare) does.
    ///
    /// # Errors
    ///
    /// As [`prepare`](Self::prepare).
    pub fn prepare_with(&self, data: &Dataset) -> Result<Prepared, ConfigError> {
        let (settings, spec, layer_names) = self.check(data)?;
        let (training, validation, test) = self.data.split(data, settings.seed)?;
        let mut network = Network::new(spec)?;
        self.network.normalize(&mut network)?;
        let reservoirs = described::reservoirs(&self.network.layers);
        network.fill_each_reservoir(reservoirs.into_iter().map(LayerConfig::reservoir));
        network.init(self.network.init, settings.seed);
        network.fit_scaling(training.inputs());
        check_run(&network, &training, validation.as_ref(), &settings).map_err(setting_error)?;
        let starts = (self.network.init, self.train.starts.unwrap_or(1));
        if starts.1 == 0 {
            return Err(ConfigError::key("train.starts", "expected at least 1, found 0"));
        }
        if starts.1 > 1 && validation.is_none() {
            let problem = "expected a validation part, on which the best of several starts is chosen: give \
                           `data.validation` a share, such as 0.2";
            return Err(ConfigError::key("train.starts", problem));
        }
        if let Some(coefficients) = &self.train.ridge {
            if starts.1 > 1 {
                let problem = "fits the last layer in closed form, which has one result: leave out `train.starts`";
                return Err(ConfigError::key("train.ridge", problem));
            }
            readout::ridge(&mut network, &training, validation.as_ref(), settings.loss, coefficients)
                .map_err(|error| ConfigError::key("train.ridge", error.to_string()))?;
        }
        Ok(Prepared { training, validation, test, network, layer_names, settings, starts })
    }

    /// How a network for these data is trained.
    ///
    /// # Errors
    ///
    /// As [`prepare`](Self::prepare), but for the parts of the data.
    pub fn settings(&self, data: &Dataset) -> Result<Training, ConfigError> {
        Ok(self.check(data)?.0)
    }

    /// All but the parts of the data: what is quick to find wrong before any of many runs begins.
    pub(crate) fn check(&self, data: &Dataset) -> Result<(Training, Spec, Vec<String>), ConfigError> {
        let settings = Training { augment: self.augment, ..self.train.settings(data, self.network.dropout())? };
        settings.check().map_err(setting_error)?;
        // Before the rows are mixed, so that the message tells which one it is in the file.
        check_targets(data, settings.loss).map_err(|error| ConfigError::key("train.loss", error.to_string()))?;
        let (spec, layer_names) = self.network.spec(data.inputs().ncols())?;
        spec.rust_source(&self.network.name, &layer_names)?;
        self.train.check_units(&spec, data, settings.loss)?;
        memory::check(&spec, data, &settings)?;
        Ok((settings, spec, layer_names))
    }
}

/// What is wrong with a setting, by its key.
fn setting_error(error: TrainError) -> ConfigError {
    match error {
        TrainError::Setting { setting, expected, found } => {
            let key =
                if setting == "dropout" { "network.layers.dropout".to_owned() } else { format!("train.{setting}") };
            ConfigError::key(&key, format!("expected {expected}, found {found}"))
        }
        TrainError::Augment(AugmentError::Setting { setting, expected, found }) => {
            ConfigError::key(&format!("augment.{setting}"), format!("expected {expected}, found {found}"))
        }
        TrainError::Augment(AugmentError::Sizes { kind, sizes, values, inputs }) => {
            let problem = format!("an input has {inputs} values, but {sizes} are {values}");
            ConfigError::key(&format!("augment.{kind}"), problem)
        }
        wrong @ (TrainError::Inputs { .. } | TrainError::Outputs { .. } | TrainError::Probabilities { .. }) => {
            ConfigError::key("network.layers", wrong.to_string())
        }
        other => ConfigError::key("train", other.to_string()),
    }
}

/// Where a key belongs that is not known where it stands; nothing for another error, or a key that belongs nowhere.
fn home(message: &str) -> String {
    fn knows<T: serde::de::DeserializeOwned>(key: &str) -> bool {
        // A key that is known fails by its value, or by others that are missing.
        toml::from_str::<T>(&format!("{key:?} = {{}}"))
            .err()
            .is_none_or(|error| !error.message().contains("unknown field"))
    }
    let Some(key) = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()) else {
        return String::new();
    };
    let place = if knows::<DataConfig>(key) {
        "the table `data`"
    } else if knows::<NetworkConfig>(key) {
        "the table `network`"
    } else if knows::<TrainConfig>(key) {
        "the table `train`"
    } else if knows::<LayerConfig>(key) {
        "a layer, as in `layers = [{ dense = 32, activation = \"relu\", dropout = 0.1 }, { dense = 10 }]` of the table `network`"
    } else if knows::<RunConfig>(key) {
        "the outermost level, where it is a table"
    } else {
        return String::new();
    };
    format!("\n`{key}` belongs to {place}")
}

/// The path of the first value in which two descriptions differ, such as `train.rate`.
pub fn difference(one: &Table, other: &Table) -> Option<String> {
    let keys = one.keys().chain(other.keys().filter(|key| !one.contains_key(*key)));
    keys.into_iter().find_map(|key| match (one.get(key), other.get(key)) {
        (Some(Value::Table(one)), Some(Value::Table(other))) => {
            difference(one, other).map(|within| format!("{key}.{within}"))
        }
        (one, other) => (one != other).then(|| key.clone()),
    })
}

#[cfg(test)]
mod tests;
