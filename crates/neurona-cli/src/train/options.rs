//! What is trained and how: options, and a TOML file that they override.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use neurona_train::{
    Augment, ClassWeights, Dataset, Init, Loss, Optimizer, Schedule, TargetScaling, Targets, WeightRule,
    config::{Batch, ConfigError, DataConfig, LayerConfig, NetworkConfig, Prepared, RunConfig, TrainConfig},
    train::MOST_THREADS,
    zoo,
};
use serde::{Deserialize as _, de::IntoDeserializer as _};

use crate::{
    data::{self, ColumnArgs},
    names::Names,
    rust,
};

/// Options of `train` that say what is trained and how.
#[derive(Args)]
pub(crate) struct Options {
    /// The examples: a table (CSV), or inputs in NPY or IDX
    #[arg(required_unless_present = "config")]
    data: Option<PathBuf>,
    /// A TOML file with tables `data`, `network` and `train`; options override it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    columns: ColumnArgs,
    #[command(flatten)]
    parts: PartArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    training: TrainingArgs,
    #[command(flatten)]
    regularization: RegularizationArgs,
    #[command(flatten)]
    optimizer: OptimizerArgs,
}

#[derive(Args)]
#[command(allow_negative_numbers = true, next_help_heading = "Data")]
struct PartArgs {
    /// Names of the classes in the order of the outputs, with commas between [default: those of the data]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    labels: Option<Vec<String>>,
    /// Share of the rows on which the best epoch is chosen [default: 0]
    #[arg(long, value_name = "SHARE")]
    validation: Option<f64>,
    /// Share of the rows on which the result is measured [default: 0]
    #[arg(long, value_name = "SHARE")]
    test: Option<f64>,
    /// Cut the parts by chance alone, and not with a share of each class
    #[arg(long)]
    no_stratify: bool,
}

#[derive(Args)]
#[command(allow_negative_numbers = true, next_help_heading = "Network")]
struct NetworkArgs {
    /// Name of the network's Rust type [default: the name of the model file]
    #[arg(long)]
    name: Option<String>,
    /// Hidden layers, with commas between: size, activation, and its constant if it has one, as in
    /// `32:relu,16:leaky_relu:0.1`; `none` for no hidden layer [default: 32:relu]
    #[arg(long, value_name = "SIZE[:ACTIVATION],…", value_delimiter = ',', value_parser = layer)]
    layers: Option<Vec<Option<LayerConfig>>>,
    /// A network of the literature, with its own layers
    #[arg(long, value_name = "NAME", value_parser = known_networks(), conflicts_with = "layers")]
    zoo: Option<String>,
    /// Activation of the last layer, or softmax; the cross-entropies have softmax and sigmoid inside, and go with
    /// identity [default: identity]
    #[arg(long, value_name = "ACTIVATION")]
    output: Option<String>,
    /// Multiply every input by this
    #[arg(long, value_name = "FACTOR", conflicts_with = "standardize")]
    rescale: Option<f32>,
    /// Bring every input to mean 0 and deviation 1 over the training part
    #[arg(long)]
    standardize: bool,
    /// Normalise the sums of every hidden layer over each mini-batch; the model file has none of it
    #[arg(long)]
    batch_norm: bool,
    /// How weights begin: glorot_uniform, glorot_normal, he_uniform, he_normal, lecun_uniform, lecun_normal, zeros;
    /// by_activation, he_uniform for ReLU and its like, else glorot_uniform, for deep networks; or as other programs
    /// do, biases too: pytorch or scikit_learn [default: pytorch]
    #[arg(long, value_parser = init)]
    init: Option<Init>,
}

#[derive(Args)]
#[command(allow_negative_numbers = true, next_help_heading = "Training")]
struct TrainingArgs {
    /// What is made small [default: softmax_cross_entropy for classes, squared_error for numbers]
    #[arg(long, value_parser = known_losses())]
    loss: Option<Loss>,
    /// Where huber goes over from a square into a line [default: 1]
    #[arg(long)]
    delta: Option<f32>,
    /// Learning rate [default: 0.001]
    #[arg(long)]
    rate: Option<f32>,
    /// How the rate changes: constant, decay:GAMMA, step:EVERY:FACTOR, exponential:FACTOR, cosine[:LEAST] or
    /// plateau:PATIENCE:FACTOR, counted in epochs [default: constant]
    #[arg(long)]
    schedule: Option<Schedule>,
    /// Epochs in which the rate rises to what the schedule says [default: 0]
    #[arg(long, value_name = "EPOCHS")]
    warm_up: Option<u32>,
    /// How often every example is seen [default: 100]
    #[arg(long)]
    epochs: Option<u32>,
    /// Examples of one step: 1 for stochastic descent, `all` for batch descent [default: 32]
    #[arg(long, value_name = "ROWS")]
    batch: Option<Batch>,
    /// Decides how rows are split, how weights begin, and the order of the examples [default: 1]
    #[arg(long)]
    seed: Option<u64>,
    /// Stop after so many epochs without a better one on the validation part
    #[arg(long, value_name = "EPOCHS")]
    patience: Option<u32>,
    /// By how much the loss on the validation part must be less for an epoch to be better [default: 0]
    #[arg(long, value_name = "LOSS")]
    minimum_change: Option<f32>,
    /// Whether targets that are numbers are learned as if they had mean 0 over the training part (center), mean 0 and
    /// deviation 1 (standardize), or as they are (none); the network answers, and every figure is, in their own unit. For
    /// squared_error, absolute_error and huber, and a last layer without an activation [default: center where it can be]
    #[arg(long, value_name = "none|center|standardize", value_parser = target_scaling)]
    target_scaling: Option<TargetScaling>,
    /// Hold each component of the gradient between minus this and this
    #[arg(long, value_name = "LIMIT")]
    clip_value: Option<f32>,
    /// Shorten the whole gradient to this length
    #[arg(long, value_name = "LENGTH")]
    clip_norm: Option<f32>,
    /// How many steps the gradient of recurrent layers goes back through [default: all]
    #[arg(long, value_name = "STEPS")]
    truncation: Option<usize>,
    /// Fit the last layer in closed form by ridge regression with this coefficient, or with the best of several on the
    /// validation part; then train all layers for --epochs [default: 0]
    #[arg(long, value_name = "COEFFICIENT,…", value_delimiter = ',')]
    ridge: Option<Vec<f32>>,
    /// Train so many times, each from other first weights, and keep the best by the validation part [default: 1]
    #[arg(long)]
    starts: Option<u32>,
    /// Threads that compute, 0 for as many as there are cores; the result does not depend on them [default: 0]
    #[arg(long)]
    threads: Option<usize>,
}

#[derive(Args)]
#[command(allow_negative_numbers = true, next_help_heading = "Regularization")]
struct RegularizationArgs {
    /// Lasso: this times the sum of the sizes of the weights is added to the loss; for normalized and sign the
    /// rate times this is taken off each weight at each step [default: 0]
    #[arg(long, value_name = "COEFFICIENT")]
    l1: Option<f32>,
    /// Tikhonov: this times half the sum of the squares of the weights is added to the loss [default: 0]
    #[arg(long, value_name = "COEFFICIENT")]
    l2: Option<f32>,
    /// Chance of each output of a hidden layer to be dropped in training: one for all hidden layers, or one for each
    /// with commas between [default: 0]
    #[arg(long, value_name = "CHANCE,…", value_delimiter = ',')]
    dropout: Option<Vec<f32>>,
    /// Change examples at random while they are trained on: `image:8x8:shift=1:rotation=10`, with noise, shift,
    /// rotation, scale, flip_horizontal, flip_vertical and fill; `signal:119x6:jitter=0.1`, with jitter, scale, warp
    /// and shift; or none [default: none]
    #[arg(long, value_name = "KIND:SIZES:…", value_parser = augment)]
    augment: Option<Augmentation>,
    /// How much of the right class is given to all of them; the losses of epochs are with it, those at the end without
    /// [default: 0]
    #[arg(long, value_name = "SHARE")]
    label_smoothing: Option<f32>,
    /// How much an example of each class counts: equal, balanced, or numbers with commas between [default: equal]
    #[arg(long, value_name = "WEIGHTS", value_parser = class_weights)]
    class_weights: Option<ClassWeights>,
}

#[derive(Args)]
#[command(allow_negative_numbers = true, next_help_heading = "Optimizer")]
struct OptimizerArgs {
    /// How a gradient changes the weights [default: adam]
    #[arg(long, value_name = "NAME", value_parser = known_optimizers())]
    optimizer: Option<String>,
    /// Of sgd (0) and nesterov (0.9): how much of the last step is kept
    #[arg(long)]
    momentum: Option<f32>,
    /// Of rmsprop (0.99): how slowly the mean square forgets
    #[arg(long)]
    decay: Option<f32>,
    /// Of momentum, adam and adamw (0.9): how slowly the mean gradient forgets
    #[arg(long)]
    beta1: Option<f32>,
    /// Of adam and adamw (0.999): how slowly the mean square forgets
    #[arg(long)]
    beta2: Option<f32>,
    /// Of rmsprop, adam and adamw (1e-8): what keeps the quotient finite
    #[arg(long)]
    epsilon: Option<f32>,
    /// Of rmsprop: add epsilon within the root, as the course does
    #[arg(long)]
    epsilon_in_root: bool,
    /// Of adam: leave the means as they are, as the course does
    #[arg(long)]
    no_bias_correction: bool,
    /// Of adamw (0.01): how fast every parameter goes to zero by itself
    #[arg(long)]
    weight_decay: Option<f32>,
}

/// A run that the options and a file describe.
pub(crate) struct Described {
    pub(crate) config: RunConfig,
    /// Where its paths begin.
    folder: PathBuf,
    pub(crate) data: Dataset,
    /// What messages call its values.
    pub(crate) names: Names,
}

/// An augmentation that was asked for; `none` overrides that of a file.
#[derive(Clone, Copy)]
struct Augmentation(Option<Augment>);

impl Options {
    /// Reads the data and builds the network; with the whole description, whose paths begin at the root.
    pub(super) fn prepare(&self, out: &Path) -> Result<(Prepared, RunConfig)> {
        let Described { mut config, folder, data, names } = self.describe(out)?;
        let prepared = config.prepare_with(&data).map_err(|error| names.say(&config, error))?;
        config.train.threads = None;
        for path in [&mut config.data.file, &mut config.data.inputs, &mut config.data.targets].into_iter().flatten() {
            *path = std::path::absolute(folder.join(&path)).with_context(|| path.display().to_string())?;
        }
        Ok((prepared, config))
    }

    /// Reads the data, and describes the run for them.
    pub(crate) fn describe(&self, out: &Path) -> Result<Described> {
        let (mut config, folder) = self.start(out)?;
        let names = Names::new::<Self>(self.config.as_ref().map(|path| (path.as_path(), &config)));
        self.override_data(&mut config.data, &folder)?;
        self.override_training(&mut config.train);
        let data = config.data.load(&folder).map_err(|error| names.say(&config, error))?;
        self.override_network(&mut config, &data)?;
        if self.config.is_none() && self.network.name.is_none() {
            free_name(&mut config.network, &data);
        }
        let threads = config.train.threads.unwrap_or(0);
        if threads > MOST_THREADS {
            let problem = format!("expected at most {MOST_THREADS}, found {threads}");
            return Err(names.say(&config, ConfigError::Key { key: "train.threads".to_owned(), problem }));
        }
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("cannot start threads")?;
        Ok(Described { config, folder, data, names })
    }

    /// The TOML file.
    pub(super) fn config(&self) -> &Option<PathBuf> {
        &self.config
    }

    /// What the model file says of its data: the name of the file, not where it was, and how many rows were trained on.
    pub(super) fn data_name(&self, training: &Dataset) -> String {
        let file = self.data.as_ref().or(self.config.as_ref()).and_then(|path| path.file_name());
        format!("{}, {} rows", file.unwrap_or_default().to_string_lossy(), training.rows())
    }

    /// The run of the TOML file, and the folder where its paths begin; without a file, one that says nothing.
    fn start(&self, out: &Path) -> Result<(RunConfig, PathBuf)> {
        if let Some(path) = &self.config {
            // Paths on the command line are from where it is typed.
            let folder = if self.data.is_some() { PathBuf::new() } else { data::folder(path) };
            return Ok((RunConfig::read(path)?, folder));
        }
        if let Some(path) = self.data.as_ref().filter(|path| path.extension().is_some_and(|ending| ending == "toml")) {
            bail!("{0}: a description is not data; give it as `--config {0}`", path.display());
        }
        let stem = out.file_stem().unwrap_or_default().to_string_lossy();
        let network = NetworkConfig {
            input: None,
            name: rust::type_name(&stem),
            rescale: None,
            standardize: false,
            init: Init::default(),
            zoo: None,
            layers: Vec::new(),
        };
        let config = RunConfig { data: DataConfig::default(), network, train: TrainConfig::default(), augment: None };
        Ok((config, PathBuf::new()))
    }

    fn override_data(&self, data: &mut DataConfig, folder: &Path) -> Result<()> {
        self.columns.override_data(self.data.as_ref(), data)?;
        let parts = &self.parts;
        data.stratify &= !parts.no_stratify;
        data.validation = parts.validation.unwrap_or(data.validation);
        data.test = parts.test.unwrap_or(data.test);
        data.labels = parts.labels.clone().or(data.labels.take());
        data::find_label(data, folder)
    }

    fn override_training(&self, train: &mut TrainConfig) {
        let asked = &self.training;
        train.loss = asked.loss.or(train.loss);
        train.delta = asked.delta.or(train.delta);
        train.rate = asked.rate.or(train.rate);
        train.schedule = asked.schedule.or(train.schedule);
        train.warm_up = asked.warm_up.or(train.warm_up);
        train.epochs = asked.epochs.or(train.epochs);
        train.batch = asked.batch.or(train.batch);
        train.seed = asked.seed.or(train.seed);
        train.patience = asked.patience.or(train.patience);
        train.minimum_change = asked.minimum_change.or(train.minimum_change);
        train.target_scaling = asked.target_scaling.or(train.target_scaling);
        train.clip_value = asked.clip_value.or(train.clip_value);
        train.clip_norm = asked.clip_norm.or(train.clip_norm);
        train.truncation = asked.truncation.or(train.truncation);
        train.ridge = asked.ridge.clone().or(train.ridge.take());
        train.starts = asked.starts.or(train.starts);
        train.threads = asked.threads.or(train.threads);

        let asked = &self.regularization;
        train.l1 = asked.l1.or(train.l1);
        train.l2 = asked.l2.or(train.l2);
        train.label_smoothing = asked.label_smoothing.or(train.label_smoothing);
        train.class_weights = asked.class_weights.clone().or(train.class_weights.take());

        let asked = &self.optimizer;
        train.optimizer = asked.optimizer.clone().or(train.optimizer.take());
        train.momentum = asked.momentum.or(train.momentum);
        train.decay = asked.decay.or(train.decay);
        train.beta1 = asked.beta1.or(train.beta1);
        train.beta2 = asked.beta2.or(train.beta2);
        train.epsilon = asked.epsilon.or(train.epsilon);
        train.epsilon_in_root = asked.epsilon_in_root.then_some(true).or(train.epsilon_in_root);
        train.bias_correction = asked.no_bias_correction.then_some(false).or(train.bias_correction);
        train.weight_decay = asked.weight_decay.or(train.weight_decay);
    }

    /// The network of the options; layers on the command line are the hidden ones, as the data tell how many outputs
    /// there are.
    fn override_network(&self, config: &mut RunConfig, data: &Dataset) -> Result<()> {
        let (asked, network) = (&self.network, &mut config.network);
        if let Some(name) = &asked.name {
            network.name.clone_from(name);
        }
        if asked.zoo.is_some() {
            (network.zoo, network.input, network.layers) = (asked.zoo.clone(), None, Vec::new());
        } else if asked.layers.is_some() || self.config.is_none() {
            let usual = || {
                vec![Some(LayerConfig {
                    dense: Some(32),
                    activation: Some("relu".to_owned()),
                    ..LayerConfig::default()
                })]
            };
            network.zoo = None;
            network.layers = asked.layers.clone().unwrap_or_else(usual).into_iter().flatten().collect();
            network
                .layers
                .push(LayerConfig { dense: Some(outputs(data, config.train.loss)), ..LayerConfig::default() });
        }
        if let Some(name) = &network.zoo
            && (asked.output.is_some() || asked.batch_norm || self.regularization.dropout.is_some())
        {
            bail!(
                "--output, --batch-norm and --dropout change layers, but `{name}` is a network as it is: leave them out"
            );
        }
        let mut hidden = network.hidden_mut();
        hidden.iter_mut().for_each(|layer| layer.batch_norm |= asked.batch_norm);
        match self.regularization.dropout.as_deref() {
            None => {}
            Some([rate]) => hidden.iter_mut().for_each(|layer| layer.dropout = *rate),
            Some(rates) if rates.len() == hidden.len() => {
                hidden.iter_mut().zip(rates).for_each(|(layer, rate)| layer.dropout = *rate);
            }
            Some(rates) => {
                let (expected, found) = (hidden.len(), rates.len());
                bail!("--dropout: expected one chance, or {expected} for the hidden layers, found {found}")
            }
        }
        if let Some(last) = network.layers.last_mut() {
            last.activation = asked.output.clone().or(last.activation.take());
        }
        if asked.standardize {
            (network.standardize, network.rescale) = (true, None);
        }
        if asked.rescale.is_some() {
            (network.standardize, network.rescale) = (false, asked.rescale);
        }
        network.init = asked.init.unwrap_or(network.init);
        config.augment = self.regularization.augment.map_or(config.augment, |Augmentation(asked)| asked);
        Ok(())
    }
}

/// Gives a network that is called after its file another name where its source has a type of that one.
fn free_name(network: &mut NetworkConfig, data: &Dataset) {
    // What is wrong with the network is found where it is built.
    if let Ok((spec, layers)) = network.spec(data.inputs().ncols()) {
        network.name = rust::free_name(&spec, &layers, std::mem::take(&mut network.name));
    }
}

/// How many outputs a network for these data has: one for two classes, where the loss can tell them apart by one.
fn outputs(data: &Dataset, loss: Option<Loss>) -> u32 {
    let outputs = match data.targets() {
        Targets::Classes { labels, .. } => loss.unwrap_or(Loss::SoftmaxCrossEntropy).fewest_outputs(labels.len()),
        Targets::Values { columns, .. } => columns.len(),
    };
    u32::try_from(outputs).unwrap_or(u32::MAX)
}

/// A hidden layer such as `32`, `32:relu` or `32:leaky_relu:0.1`; `None` for `none`.
fn layer(text: &str) -> Result<Option<LayerConfig>, String> {
    if text == "none" {
        return Ok(None);
    }
    let mut words = text.split(':');
    let expected = "expected SIZE, SIZE:ACTIVATION or SIZE:ACTIVATION:CONSTANT, such as 32:relu";
    let dense = words.next().and_then(|size| size.parse().ok()).filter(|size| *size > 0).ok_or(expected)?;
    let activation = words.next().unwrap_or("relu").to_owned();
    let constant = words.next().map(|constant| constant.parse::<f32>().map_err(|_| expected)).transpose()?;
    if words.next().is_some() {
        return Err(expected.to_owned());
    }
    let (slope, alpha) = match (constant, activation.as_str()) {
        (None, _) => (None, None),
        (constant, "leaky_relu") => (constant, None),
        (constant, "elu") => (None, constant),
        _ => return Err(format!("`{activation}` has no constant; only leaky_relu and elu have one")),
    };
    Ok(Some(LayerConfig { dense: Some(dense), activation: Some(activation), slope, alpha, ..LayerConfig::default() }))
}

fn known_losses() -> impl TypedValueParser<Value = Loss> {
    PossibleValuesParser::new(Loss::ALL.map(Loss::name)).try_map(Loss::try_from)
}

fn known_optimizers() -> PossibleValuesParser {
    PossibleValuesParser::new(Optimizer::ALL.map(|optimizer| optimizer.name()))
}

fn known_networks() -> PossibleValuesParser {
    PossibleValuesParser::new(zoo::ALL.map(|known| known.name()))
}

fn target_scaling(text: &str) -> Result<TargetScaling, String> {
    TargetScaling::deserialize(text.into_deserializer()).map_err(|error: serde::de::value::Error| error.to_string())
}

fn init(text: &str) -> Result<Init, String> {
    Init::deserialize(text.into_deserializer()).map_err(|error: serde::de::value::Error| error.to_string())
}

fn augment(text: &str) -> Result<Augmentation, String> {
    if text == "none" { Ok(Augmentation(None)) } else { text.parse().map(|augment| Augmentation(Some(augment))) }
}

fn class_weights(text: &str) -> Result<ClassWeights, String> {
    match text {
        "equal" => Ok(ClassWeights::Rule(WeightRule::Equal)),
        "balanced" => Ok(ClassWeights::Rule(WeightRule::Balanced)),
        _ => {
            let weights: Result<_, _> = text.split(',').map(|weight| weight.trim().parse()).collect();
            let expected = |_| "expected equal, balanced, or numbers with commas between".to_owned();
            weights.map(ClassWeights::Each).map_err(expected)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_as_they_are_typed() {
        let hidden = |dense, activation: &str| LayerConfig {
            dense: Some(dense),
            activation: Some(activation.to_owned()),
            ..LayerConfig::default()
        };
        assert_eq!(layer("none"), Ok(None));
        assert_eq!(layer("32"), Ok(Some(hidden(32, "relu"))));
        assert_eq!(layer("8:tanh"), Ok(Some(hidden(8, "tanh"))));
        let leaky = LayerConfig { slope: Some(0.1), ..hidden(4, "leaky_relu") };
        assert_eq!(layer("4:leaky_relu:0.1"), Ok(Some(leaky)));
        assert_eq!(layer("4:elu:0.5"), Ok(Some(LayerConfig { alpha: Some(0.5), ..hidden(4, "elu") })));
        for wrong in ["", "relu", "0:relu", "-1", "4:relu:0.1", "4:elu:x", "4:elu:1:2"] {
            assert!(layer(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_of_weights() {
        assert_eq!(init("he_normal"), Ok(Init::HeNormal));
        assert_eq!(class_weights("1,2.5"), Ok(ClassWeights::Each(vec![1.0, 2.5])));
        assert_eq!(class_weights("balanced"), Ok(ClassWeights::Rule(WeightRule::Balanced)));
        assert!(class_weights("rare").is_err());
        assert!(init("random").expect_err("no such start").contains("glorot_uniform"));
    }
}
