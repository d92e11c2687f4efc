//! From the `[train]` table to settings.

use super::{Batch, ConfigError, TrainConfig};
use crate::{
    arch::Spec,
    data::{Dataset, Targets},
    loss::Loss,
    optim::{Constant, Optimizer},
    train::{TargetScaling, Training},
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
        let mut loss = self.loss.unwrap_or(usual);
        for (name, given) in [("delta", self.delta)].into_iter().filter_map(|(name, given)| Some((name, given?))) {
            if !Given::Number(given).set(name, loss.constants()) {
                let problem = format!("is not a constant of `{}`: leave it out, or choose another loss", loss.name());
                return Err(ConfigError::key(&format!("train.{name}"), problem));
            }
        }
        if self.epochs == Some(0) && self.ridge.is_none() {
            let problem = "expected at least 1, found 0; 0 is for a last layer that `train.ridge` fits";
            return Err(ConfigError::key("train.epochs", problem));
        }
        let defaults = Training::new(loss);
        Ok(Training {
            loss,
            optimizer: self.optimizer()?,
            rate: self.rate.unwrap_or(defaults.rate),
            schedule: self.schedule.unwrap_or(defaults.schedule),
            warm_up: self.warm_up.unwrap_or(defaults.warm_up),
            epochs: self.epochs.unwrap_or(if self.ridge.is_some() { 0 } else { defaults.epochs }),
            batch: self.batch.map_or(defaults.batch, Batch::rows),
            truncation: self.truncation,
            seed: self.seed.unwrap_or(defaults.seed),
            target_scaling: self.target_scaling.unwrap_or(defaults.target_scaling),
            clip_value: self.clip_value,
            clip_norm: self.clip_norm,
            l1: self.l1.unwrap_or(defaults.l1),
            l2: self.l2.unwrap_or(defaults.l2),
            label_smoothing: self.label_smoothing.unwrap_or(defaults.label_smoothing),
            class_weights: self.class_weights.clone().unwrap_or(defaults.class_weights),
            patience: self.patience,
            minimum_change: self.minimum_change.unwrap_or(defaults.minimum_change),
            threads: self.threads.unwrap_or(defaults.threads),
            dropout: dropout?,
            ..defaults
        })
    }

    /// Whether targets can be centred or standardised, where the description asks for it.
    pub(super) fn check_units(&self, spec: &Spec, data: &Dataset, loss: Loss) -> Result<(), ConfigError> {
        let problem = if matches!(self.target_scaling, None | Some(TargetScaling::None)) {
            return Ok(());
        } else if matches!(data.targets(), Targets::Classes { .. }) {
            "expected targets that are numbers, found classes: leave it out".to_owned()
        } else if !loss.is_difference() {
            let known: Vec<&str> = Loss::ALL.into_iter().filter(|loss| loss.is_difference()).map(Loss::name).collect();
            format!("expected a loss of a difference ({}), found `{}`", known.join(", "), loss.name())
        } else if !spec.ends_linearly() {
            "expected a last layer that is linear, which takes in the mean of the targets: leave out its activation, \
             or put `{ scale = true }` behind it"
                .to_owned()
        } else {
            return Ok(());
        };
        Err(ConfigError::key("train.target_scaling", problem))
    }

    /// The optimizer with the constants that are given.
    ///
    /// # Errors
    ///
    /// It is not known, or a constant is given that it does not have.
    pub fn optimizer(&self) -> Result<Optimizer, ConfigError> {
        let name = self.optimizer.as_deref().unwrap_or(Optimizer::ADAM.name());
        let Some(mut optimizer) = Optimizer::from_name(name) else {
            let known = Optimizer::ALL.map(|optimizer| optimizer.name()).join(", ");
            return Err(ConfigError::key("train.optimizer", format!("expected one of {known}, found `{name}`")));
        };
        let numbers = [
            ("momentum", self.momentum),
            ("decay", self.decay),
            ("beta1", self.beta1),
            ("beta2", self.beta2),
            ("epsilon", self.epsilon),
            ("weight_decay", self.weight_decay),
        ];
        let numbers = numbers.into_iter().filter_map(|(name, given)| Some((name, Given::Number(given?))));
        let switches = [("epsilon_in_root", self.epsilon_in_root), ("bias_correction", self.bias_correction)];
        let switches = switches.into_iter().filter_map(|(name, given)| Some((name, Given::Switch(given?))));
        for (constant, given) in numbers.chain(switches) {
            if !given.set(constant, optimizer.constants()) {
                let problem = format!("is not a constant of `{name}`: leave it out, or choose another optimizer");
                return Err(ConfigError::key(&format!("train.{constant}"), problem));
            }
        }
        Ok(optimizer)
    }
}

/// A constant of an optimizer or of a loss as a file gives it.
#[derive(Clone, Copy)]
enum Given {
    Number(f32),
    Switch(bool),
}

impl Given {
    /// Sets the constant of that name; whether there is one.
    fn set(self, name: &str, constants: Vec<(&'static str, Constant<'_>)>) -> bool {
        let Some((_, constant)) = constants.into_iter().find(|(known, _)| *known == name) else {
            return false;
        };
        match (constant, self) {
            (
                Constant::Share(value) | Constant::Positive(value) | Constant::NotNegative(value),
                Self::Number(given),
            ) => {
                *value = given;
            }
            (Constant::Switch(value), Self::Switch(given)) => *value = given,
            _ => return false,
        }
        true
    }
}
