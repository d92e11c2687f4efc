//! Training: mini-batches, epochs, and what is kept.
//!
//! A batch is cut into shards of a fixed number of rows, which follows from the architecture alone. Threads take shards
//! as they come, each shard has memory of its own, and their gradients are added in the order of the shards; so the
//! weights that come out have the same bits for any number of threads. On another kind of CPU they may differ in their
//! last digits, because the matrix product picks the kernel that suits the CPU: [`kernel_name`] says which.

use std::ops::ControlFlow;

use rayon::{ThreadPool, ThreadPoolBuilder};
use serde::{Deserialize, Serialize};

use crate::{
    augment::Augment,
    data::{Dataset, Targets},
    loss::Loss,
    network::Network,
    objective::ClassWeights,
    optim::Optimizer,
    schedule::Schedule,
};

mod checkpoint;
mod epoch;
mod error;
mod kernel;
mod starts;
mod units;

pub use checkpoint::{CheckpointError, Checkpoints};
use checkpoint::{Keeper, fingerprint};
use epoch::{Run, Saved};
pub use error::TrainError;
pub use kernel::kernel_name;
pub use starts::{Spread, Start, Starts, train_starts, train_starts_with_checkpoints};
pub use units::{TargetScaling, TargetUnits};

/// More threads than any desktop has are a slip of the pen, and take long to start.
pub const MOST_THREADS: usize = 1024;

/// How a network is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// What is made small.
    pub loss: Loss,
    /// How gradients change the parameters.
    pub optimizer: Optimizer,
    /// The learning rate, with which the schedule begins.
    pub rate: f32,
    /// How the learning rate changes from epoch to epoch.
    pub schedule: Schedule,
    /// Epochs in which the learning rate rises to what the schedule says, step by step.
    pub warm_up: u32,
    /// How often every example is seen; with 0 the network stays as it is.
    pub epochs: u32,
    /// Examples of one step: 1 for stochastic descent, as many as there are ([`usize::MAX`] does) for batch descent, and
    /// between them mini-batches. The last step of an epoch takes what is left. With a normalised layer this is at least
    /// 2, and a single example that is left sits the epoch out.
    pub batch: usize,
    /// How many steps the gradient of a recurrent layer goes back through, all without: see [`Network::truncate`].
    pub truncation: Option<usize>,
    /// Decides the order of the examples, what is dropped and how examples are changed.
    pub seed: u64,
    /// In which unit targets that are numbers are learned: see [`TargetUnits`] for the formula. It is for the losses of a
    /// difference and a last layer that is linear; elsewhere, and for classes, it changes nothing.
    ///
    /// Everything that is reported, and the network that comes out, is in the unit of the targets. A network whose weights
    /// were just drawn by [`Network::init`] begins with answers around the mean of the targets; any other network, such as
    /// one that was trained before, with the answers that it gives.
    pub target_scaling: TargetScaling,
    /// How examples are changed while they are trained on; the validation part is never changed.
    pub augment: Option<Augment>,
    /// The chance of each value to be dropped after each hidden dense layer, in their order; empty for none.
    pub dropout: Vec<f32>,
    /// Holds each component of the gradient between minus this and this.
    pub clip_value: Option<f32>,
    /// Shortens the whole gradient to this length where it is longer; after [`clip_value`](Self::clip_value).
    pub clip_norm: Option<f32>,
    /// Lasso: `l1 sum of |w|` over all weights is added to the loss, and makes some of them exactly 0; biases are free.
    ///
    /// A proximal step after each of the optimizer's does it, whose length is such that this sum is what becomes small:
    /// exactly with plain descent and every momentum, and with RMSProp and Adam where their mean squares have settled.
    /// What AdamW takes off by itself comes on top. [`Normalized`](Optimizer::Normalized) and [`Sign`](Optimizer::Sign)
    /// forget how large a gradient is: there weights go toward 0 by `rate l1`, against steps as long as the rate.
    pub l1: f32,
    /// Tikhonov: `l2 / 2 sum of w^2` over all weights is added to the loss; biases are free. With both coefficients it is
    /// the elastic net. The losses that are reported are without them.
    pub l2: f32,
    /// Label smoothing of the cross-entropies (Szegedy and others, 2016): the right class is given `1 - s`, and s is
    /// given to all of K classes in equal parts; with sigmoids it is half an s to yes and half to no.
    ///
    /// The losses of epochs, on the validation part too, are with it; those of [`Network::evaluate`] are not.
    pub label_smoothing: f32,
    /// How much an example of each class counts, in training and in the losses of epochs; in those of
    /// [`Network::evaluate`] all count the same.
    pub class_weights: ClassWeights,
    /// Early stopping: stops after so many epochs in which the loss of the validation part, which there must be, was not
    /// better than the best.
    pub patience: Option<u32>,
    /// What counts as better for [`patience`](Self::patience): a loss that is less by more than this.
    pub minimum_change: f32,
    /// How many threads compute; 0 for as many as there are cores. The result does not depend on it.
    pub threads: usize,
}

impl Training {
    /// Adam at a constant rate of 0.001, 100 epochs, batches of 32, seed 1, centred targets, no regularisation, all
    /// cores.
    pub fn new(loss: Loss) -> Self {
        Self {
            loss,
            optimizer: Optimizer::ADAM,
            rate: 1e-3,
            schedule: Schedule::Constant,
            warm_up: 0,
            epochs: 100,
            batch: 32,
            seed: 1,
            target_scaling: TargetScaling::default(),
            augment: None,
            dropout: Vec::new(),
            clip_value: None,
            clip_norm: None,
            l1: 0.0,
            l2: 0.0,
            truncation: None,
            label_smoothing: 0.0,
            class_weights: ClassWeights::default(),
            patience: None,
            minimum_change: 0.0,
            threads: 0,
        }
    }
}

/// How well a network does on some examples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The mean loss.
    pub loss: f32,
    /// The share of examples whose class is right; `None` when the targets are numbers.
    pub accuracy: Option<f32>,
}

/// What happened in one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Which epoch, from 1.
    pub number: u32,
    /// The learning rate of its last step.
    pub rate: f32,
    /// The mean over the epoch, while the weights changed, with dropout and augmentation.
    pub training: Score,
    /// The validation part, with the weights at the end of the epoch.
    pub validation: Option<Score>,
}

/// What an observer is told.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// A step was taken.
    Batch {
        /// The epoch, from 1.
        epoch: u32,
        /// The step in the epoch, from 1.
        batch: usize,
        /// How many steps an epoch has.
        batches: usize,
        /// The mean over the epoch so far.
        training: Score,
    },
    /// An epoch is over.
    Epoch(Epoch),
}

/// Why training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// All epochs are done.
    Finished,
    /// The validation part did not get better for as long as patience lasts.
    Patience,
    /// The observer asked to stop.
    Asked,
    /// A loss or a weight was not finite any more: see [`TrainError::NotFinite`].
    Diverged,
}

/// A trained network, and how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The network: with a validation part its best weights, else the last. Normalised layers are still there, so that it
    /// can learn on; a model file has them folded.
    pub network: Network,
    /// The loss, which says what the outputs mean.
    pub loss: Loss,
    /// The seed of the settings.
    pub seed: u64,
    /// Every epoch that was completed.
    pub epochs: Vec<Epoch>,
    /// The epoch that the weights are from, perhaps one that the observer interrupted; 0 for those of the beginning.
    pub kept: u32,
    /// Why training ended.
    pub end: End,
}

/// Trains a network from the weights that it has: see [`Network::init`].
///
/// Layers that scale the input keep their constants. With a `validation` part the weights of the epoch with the least
/// loss on it are kept; without, the last. The observer is called after each step and each epoch, and may ask to stop.
///
/// # Errors
///
/// The data do not fit the network or the loss, a setting is out of range, or threads cannot be started. When a loss or
/// a weight is not finite any more, [`TrainError::NotFinite`] holds the last good network.
pub fn train(
    network: Network,
    training: &Dataset,
    validation: Option<&Dataset>,
    settings: &Training,
    observer: &mut (dyn FnMut(Progress) -> ControlFlow<()> + Send),
) -> Result<Trained, TrainError> {
    start(network, training, validation, settings, None, observer)
}

/// Trains as [`train`] does, and keeps its state in a file from which it goes on when it is called again.
///
/// A run that was killed at any moment and called again ends with the same bits as one that was not. A run that is over
/// ends again at once.
///
/// # Errors
///
/// As [`train`]; and the file cannot be read or written, is damaged, or is that of another run.
pub fn train_with_checkpoints(
    network: Network,
    training: &Dataset,
    validation: Option<&Dataset>,
    settings: &Training,
    checkpoints: &Checkpoints,
    observer: &mut (dyn FnMut(Progress) -> ControlFlow<()> + Send),
) -> Result<Trained, TrainError> {
    start(network, training, validation, settings, Some(checkpoints), observer)
}

fn start(
    mut network: Network,
    training: &Dataset,
    validation: Option<&Dataset>,
    settings: &Training,
    checkpoints: Option<&Checkpoints>,
    observer: &mut (dyn FnMut(Progress) -> ControlFlow<()> + Send),
) -> Result<Trained, TrainError> {
    settings.check()?;
    let dropout = check_run(&network, training, validation, settings)?;
    if settings.truncation.is_some() {
        network.truncate(settings.truncation);
    }
    let pool = pool(settings.threads)?;
    let mut keeper = None;
    let mut saved: Option<Saved> = None;
    if let Some(checkpoints) = checkpoints {
        let run = fingerprint(&network, training, validation, settings);
        let (open, state) = Keeper::open(checkpoints, run)?;
        (keeper, saved) = (Some(open), state);
    }
    pool.install(|| {
        let mut run = Run::new(network, training, validation, settings, &dropout);
        if let (Some(saved), Some(checkpoints)) = (saved, checkpoints) {
            let problem = "it holds another number of values";
            let damaged = |_| CheckpointError::Damaged { path: checkpoints.path.clone(), problem };
            run.go_on_from(saved).map_err(damaged)?;
        }
        run.run(keeper.as_mut(), observer)
    })
}

impl Network {
    /// How well the network does on a data set, computed on all threads of the current [`rayon`] pool.
    ///
    /// # Errors
    ///
    /// The data do not fit the network or the loss.
    pub fn evaluate(&self, data: &Dataset, loss: Loss) -> Result<Score, TrainError> {
        check_data(self, data, loss)?;
        Ok(epoch::evaluate(self, data, loss))
    }
}

impl Training {
    pub(crate) fn check(&self) -> Result<(), TrainError> {
        let fail = |setting: &'static str, expected: &'static str, found: String| {
            Err(TrainError::Setting { setting, expected, found })
        };
        if !(self.rate > 0.0 && self.rate.is_finite()) {
            return fail("rate", "a finite number greater than 0", self.rate.to_string());
        }
        if self.batch == 0 {
            return fail("batch", "at least 1", "0".to_owned());
        }
        if self.truncation == Some(0) {
            return fail("truncation", "at least 1", "0".to_owned());
        }
        if self.threads > MOST_THREADS {
            return fail("threads", "at most 1024", self.threads.to_string());
        }
        let not_negative = [("l1", self.l1), ("l2", self.l2), ("minimum_change", self.minimum_change)].into_iter();
        if let Some((name, found)) = not_negative.into_iter().find(|(_, value)| !(*value >= 0.0 && value.is_finite())) {
            return fail(name, "a finite number of at least 0", found.to_string());
        }
        let positive = [("clip_value", self.clip_value), ("clip_norm", self.clip_norm)];
        for (name, found) in positive.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            if !(found > 0.0 && found.is_finite()) {
                return fail(name, "a finite number greater than 0", found.to_string());
            }
        }
        if !(0.0..1.0).contains(&self.label_smoothing) {
            return fail("label_smoothing", "at least 0 and less than 1", self.label_smoothing.to_string());
        }
        match self.schedule.fault().or_else(|| self.optimizer.fault()).or_else(|| self.loss.fault()) {
            None => Ok(()),
            Some((setting, expected, found)) => fail(setting, expected, found.to_string()),
        }
    }

    /// Whether what is done to classes goes with these data.
    fn check_classes(&self, data: &Dataset) -> Result<(), TrainError> {
        let fail = |setting: &'static str, expected: &'static str, found: String| {
            Err(TrainError::Setting { setting, expected, found })
        };
        let classes = data.labels().len();
        if self.label_smoothing > 0.0 && (classes == 0 || !self.loss.is_cross_entropy()) {
            let found = if classes == 0 { "numbers".to_owned() } else { self.loss.name().to_owned() };
            return fail("label_smoothing", "classes, and a cross-entropy as loss", found);
        }
        if self.class_weights != ClassWeights::default() && classes == 0 {
            return fail("class_weights", "data with classes", "numbers".to_owned());
        }
        let ClassWeights::Each(weights) = &self.class_weights else { return Ok(()) };
        if weights.len() != classes {
            let found = format!("{} for {classes} classes", weights.len());
            return fail("class_weights", "a weight for each class", found);
        }
        match weights.iter().find(|weight| !(**weight > 0.0 && weight.is_finite())) {
            Some(weight) => fail("class_weights", "finite numbers greater than 0", weight.to_string()),
            None => Ok(()),
        }
    }
}

/// Whether settings go with a network and its data; with the rate of dropout of each layer.
pub(crate) fn check_run(
    network: &Network,
    training: &Dataset,
    validation: Option<&Dataset>,
    settings: &Training,
) -> Result<Vec<f32>, TrainError> {
    for data in [Some(training), validation].into_iter().flatten() {
        check_data(network, data, settings.loss)?;
    }
    if !network.spec().leads_back(false) {
        return Err(TrainError::NoWayBack);
    }
    if let Some(augment) = settings.augment {
        augment.check(network.inputs())?;
    }
    settings.check_classes(training)?;
    if settings.patience.is_some() && validation.is_none() {
        let (expected, found) = ("a validation part", "none".to_owned());
        return Err(TrainError::Setting { setting: "patience", expected, found });
    }
    if settings.minimum_change > 0.0 && settings.patience.is_none() {
        let (expected, found) = ("0 without a patience, which it is for", settings.minimum_change.to_string());
        return Err(TrainError::Setting { setting: "minimum_change", expected, found });
    }
    check_rows(network, settings.batch.min(training.rows()))?;
    dropout_by_layer(network, &settings.dropout)
}

/// The rate of each layer, from the rates of the layers that learn but the last.
fn dropout_by_layer(network: &Network, rates: &[f32]) -> Result<Vec<f32>, TrainError> {
    if let Some(rate) = rates.iter().find(|rate| !(0.0..1.0).contains(*rate)) {
        let expected = "at least 0 and less than 1";
        return Err(TrainError::Setting { setting: "dropout", expected, found: rate.to_string() });
    }
    let mut hidden = network.learning_layers();
    hidden.pop();
    if !rates.is_empty() && rates.len() != hidden.len() {
        let expected = "a rate for each layer that learns but the last";
        let found = format!("{} for {} layers", rates.len(), hidden.len());
        return Err(TrainError::Setting { setting: "dropout", expected, found });
    }
    let mut by_layer = vec![0.0; if rates.is_empty() { 0 } else { network.layer_count() }];
    for (layer, rate) in hidden.into_iter().zip(rates) {
        by_layer[layer] = *rate;
    }
    Ok(by_layer)
}

/// Whether a network can learn by steps of so many examples.
fn check_rows(network: &Network, rows: usize) -> Result<(), TrainError> {
    if rows < network.least_rows() {
        let expected = "at least 2 examples in a step, for batch normalisation";
        return Err(TrainError::Setting { setting: "batch", expected, found: rows.to_string() });
    }
    Ok(())
}

/// Whether a network can learn a data set by a loss.
pub(crate) fn check_data(network: &Network, data: &Dataset, loss: Loss) -> Result<(), TrainError> {
    let (inputs, outputs) = (network.inputs(), network.outputs());
    if data.inputs().ncols() != inputs {
        return Err(TrainError::Inputs { expected: inputs, found: data.inputs().ncols() });
    }
    let (needed, or_one) = data.outputs(loss);
    if outputs != needed && !(or_one && outputs == 1) {
        return Err(TrainError::Outputs { expected: needed, found: outputs });
    }
    if network.ends_in_probabilities() && loss.is_cross_entropy() {
        return Err(TrainError::Probabilities { loss: loss.name() });
    }
    check_targets(data, loss)
}

/// Whether targets that are numbers are such as the loss takes.
pub(crate) fn check_targets(data: &Dataset, loss: Loss) -> Result<(), TrainError> {
    let Targets::Values { values, .. } = data.targets() else { return Ok(()) };
    let (expected, fits) = loss.target_range();
    match values.indexed_iter().find(|(_, target)| !fits(**target)) {
        None => Ok(()),
        Some(((row, column), found)) => {
            Err(TrainError::Target { loss: loss.name(), row, column, expected, found: *found })
        }
    }
}

fn pool(threads: usize) -> Result<ThreadPool, TrainError> {
    ThreadPoolBuilder::new().num_threads(threads).build().map_err(TrainError::Threads)
}

#[cfg(test)]
mod tests;
