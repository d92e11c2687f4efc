//! From the `[train]` table to settings.

use super::{ConfigError, TrainConfig};
use crate::{
    data::{Dataset, Targets},
    loss::Loss,
    optim::Optimizer,
    train::Training,
};

impl TrainConfig {
    /// The settings; the data decide the loss where none is given.
    ///
    /// # Errors
    ///
    /// The optimizer is not known, or a constant is given that it does not have.
    pub(super) fn settings(
        &self,
        data: &Dataset,
        dropout: Result<Vec<f32>, ConfigError>,
    ) -> Result<Training, ConfigError> {
        let usual = match data.targets() {
            Targets::Classes { .. } => Loss::SoftmaxCrossEntropy,
            Targets::Values { .. } => Loss::SquaredError,
        };
        let defaults = Training::new(self.loss.unwrap_or(usual));
        Ok(Training {
            optimizer: self.optimizer()?,
            rate: self.rate.unwrap_or(defaults.rate),
            epochs: self.epochs.unwrap_or(defaults.epochs),
            batch: self.batch.unwrap_or(defaults.batch),
            seed: self.seed.unwrap_or(defaults.seed),
            patience: self.patience.or(defaults.patience),
            threads: self.threads.unwrap_or(defaults.threads),
            dropout: dropout?,
            ..defaults
        })
    }

    /// The optimizer with the constants that are given.
    ///
    /// # Errors
    ///
    /// It is not known, or a constant is given that it does not have.
    pub fn optimizer(&self) -> Result<Optimizer, ConfigError> {
        const KNOWN: [Optimizer; 4] = [Optimizer::SGD, Optimizer::RMSPROP, Optimizer::ADAM, Optimizer::ADAMW];
        let name = self.optimizer.as_deref().unwrap_or(Optimizer::ADAM.name());
        let Some(mut optimizer) = KNOWN.into_iter().find(|optimizer| optimizer.name() == name) else {
            let known = KNOWN.map(|optimizer| optimizer.name()).join(", ");
            return Err(ConfigError::key("train.optimizer", format!("expected one of {known}, found `{name}`")));
        };
        let constants = [
            ("momentum", self.momentum),
            ("decay", self.decay),
            ("beta1", self.beta1),
            ("beta2", self.beta2),
            ("epsilon", self.epsilon),
            ("weight_decay", self.weight_decay),
        ];
        for (constant, given) in constants {
            let Some(given) = given else { continue };
            match optimizer.constant(constant) {
                Some(value) => *value = given,
                None => {
                    let problem = format!("is not a constant of `{name}`: leave it out, or choose another optimizer");
                    return Err(ConfigError::key(&format!("train.{constant}"), problem));
                }
            }
        }
        Ok(optimizer)
    }
}

impl Optimizer {
    /// The constant of that name, if this optimizer has one.
    fn constant(&mut self, name: &str) -> Option<&mut f32> {
        match (self, name) {
            (Self::Sgd { momentum }, "momentum") => Some(momentum),
            (Self::RmsProp { decay, .. }, "decay") => Some(decay),
            (Self::Adam { beta1, .. } | Self::AdamW { beta1, .. }, "beta1") => Some(beta1),
            (Self::Adam { beta2, .. } | Self::AdamW { beta2, .. }, "beta2") => Some(beta2),
            (Self::RmsProp { epsilon, .. } | Self::Adam { epsilon, .. } | Self::AdamW { epsilon, .. }, "epsilon") => {
                Some(epsilon)
            }
            (Self::AdamW { weight_decay, .. }, "weight_decay") => Some(weight_decay),
            _ => None,
        }
    }
}
