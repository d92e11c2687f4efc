//! Why training cannot begin or go on.

use super::{CheckpointError, Trained};
use crate::augment::AugmentError;

/// Why training cannot begin or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A setting is out of its range.
    #[error("{setting}: expected {expected}, found {found}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// The inputs of the data are not those of the network.
    #[error("the network takes {expected} inputs, but the data have {found}")]
    Inputs {
        /// How many the network takes.
        expected: usize,
        /// How many columns the data have.
        found: usize,
    },
    /// The outputs of the network are not what the data need.
    #[error("the data need {expected} outputs, but the network has {found}: change the size of its last layer")]
    Outputs {
        /// How many the data need.
        expected: usize,
        /// How many the network has.
        found: usize,
    },
    /// A layer that learns stands before one that passes no gradient on, and would stay as it is.
    #[error(
        "what learns before echo_state would stay as it is, for a reservoir passes no gradient on: put echo_state first"
    )]
    NoWayBack,
    /// The loss takes logits, and the network ends in a function that makes them probabilities.
    #[error(
        "{loss} is computed from the sums of the last layer, but the network ends in softmax or sigmoid: leave it out, \
         the loss has it inside"
    )]
    Probabilities {
        /// The loss.
        loss: &'static str,
    },
    /// A target is not one for the loss.
    #[error("example {} (counted from 1), column {column} of the targets: {loss} takes targets {expected}, found {found}", row + 1)]
    Target {
        /// The loss.
        loss: &'static str,
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// What a target may be.
        expected: &'static str,
        /// What it is.
        found: f32,
    },
    /// The loss or a weight is not finite any more.
    #[error(
        "training diverged in epoch {epoch}, step {batch}: {what} is not finite; try a smaller rate (the last good \
         weights are those of epoch {})", trained.kept
    )]
    NotFinite {
        /// The epoch, from 1.
        epoch: u32,
        /// The step in the epoch, from 1.
        batch: usize,
        /// The loss, or a weight.
        what: &'static str,
        /// The network with its last good weights.
        trained: Box<Trained>,
    },
    /// Examples cannot be changed in the way that is asked for.
    #[error("augment.{0}")]
    Augment(AugmentError),
    /// The state of the run cannot be read or written.
    #[error(transparent)]
    Checkpoint(CheckpointError),
    /// Threads cannot be started.
    #[error("cannot start threads: {0}")]
    Threads(rayon::ThreadPoolBuildError),
}

impl From<AugmentError> for TrainError {
    fn from(error: AugmentError) -> Self {
        Self::Augment(error)
    }
}
