//! Targets in any unit, learned as if their mean were 0, and on request as if their deviation were 1.
//!
//! With m and s the mean and the standard deviation of a target over the training part, training changes the weights of
//! a network z of which the outputs are `y = m + s z`, and makes small the loss of y over `s^2` (over s for the absolute
//! error). The last layer takes in m and s, as it is linear: `w` becomes `s w`, and `b` becomes `m + s b`. So the trained
//! network, its model file and the board answer in the unit of the targets, at no cost, and every loss that is reported is
//! in it too.
//!
//! Centred targets have an s of 1: what is made small is the loss as it is, by a network whose answers begin around the mean
//! of the targets, which a bias of that size would else have to find in steps of the learning rate. Standardised targets
//! make the size of a step independent of their unit (LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998, who ask
//! it of the inputs; Bishop, "Neural Networks for Pattern Recognition", 1995, section 8.2, of the targets too): the same
//! number of steps takes a network much further where the unit is small beside the targets, and where these are few and
//! noisy, it has to be stopped the earlier. `docs/real-data.md` measures both.

use neurona::arch::{ActivationSpec, ScaleSpec, Shape};
use serde::{Deserialize, Serialize};

use super::Training;
use crate::{
    arch::Spec,
    data::{Dataset, Targets},
    loss::{Loss, Target},
    network::Network,
};

/// In which unit targets that are numbers are learned; [`TargetUnits`] has the formula.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TargetScaling {
    /// As they are: a network has to find their mean in steps of the learning rate, as with PyTorch and scikit-learn.
    None,
    /// As if the mean of each were 0.
    #[default]
    Center,
    /// As if the mean of each were 0 and its deviation 1: several targets count by their deviations, and
    /// [`l1`](Training::l1) and [`l2`](Training::l2) go by the weights before they take in the unit.
    Standardize,
}

/// The mean of each target, which training takes for 0, and the deviation, which it takes for 1.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetUnits {
    /// The mean of each target over the training part.
    pub means: Vec<f32>,
    /// The standard deviation of each, of the population; 1 for a target that is always the same, and of centred ones.
    pub deviations: Vec<f32>,
}

impl Training {
    /// The units that a network learns these data in; `None` when it learns the targets as they are.
    ///
    /// That is when [`target_scaling`](Self::target_scaling) says so, when the targets are classes, when the loss is not one
    /// of a difference, and when [the last layer is not linear](Network::ends_linearly).
    pub fn target_units(&self, network: &Network, training: &Dataset) -> Option<TargetUnits> {
        if !self.loss.is_difference() || !network.ends_linearly() {
            return None;
        }
        let standardized = TargetUnits::of(training).filter(|units| units.means.len() == network.outputs())?;
        match self.target_scaling {
            TargetScaling::None => None,
            TargetScaling::Center => Some(standardized.centered()),
            TargetScaling::Standardize => Some(standardized),
        }
    }
}

impl Spec {
    /// Whether the last layer can take in the units of targets: a dense layer without an activation, or a scale of a
    /// vector.
    pub fn ends_linearly(&self) -> bool {
        use ActivationSpec::Identity;
        let vector = |shape: &Shape| matches!(shape, Shape::Vector { .. });
        self.steps().last().is_some_and(|last| match last.spec {
            Self::Dense { activation: Identity, .. } => true,
            Self::Scale(ScaleSpec { shape, activation: Identity }) => vector(shape),
            _ => false,
        })
    }
}

impl Network {
    /// Whether the last layer can take in the units of targets: see [`Spec::ends_linearly`].
    pub fn ends_linearly(&self) -> bool {
        self.spec().ends_linearly()
    }

    /// The values of each output of the last layer, which is linear: its weights, and its bias.
    fn change_outputs(&mut self, mut change: impl FnMut(usize, &mut [f32], &mut f32)) {
        let outputs = self.outputs();
        let Some(range) = self.layer_count().checked_sub(1).and_then(|last| self.layer_values(last)) else { return };
        let (weights, biases) = self.values_mut()[range.clone()].split_at_mut(range.len() - outputs);
        let rows = weights.chunks_exact_mut((range.len() - outputs) / outputs);
        for (at, (weights, bias)) in rows.zip(biases).enumerate() {
            change(at, weights, bias);
        }
    }
}

impl TargetUnits {
    /// Those of the targets of a data set; `None` for classes.
    pub fn of(data: &Dataset) -> Option<Self> {
        let Targets::Values { values, .. } = data.targets() else { return None };
        let (mut means, mut deviations) = (Vec::new(), Vec::new());
        for target in values.columns() {
            let count = target.len() as f64;
            let mean = target.iter().map(|t| f64::from(*t)).sum::<f64>() / count;
            let variance = target.iter().map(|t| (f64::from(*t) - mean).powi(2)).sum::<f64>() / count;
            let deviation = variance.sqrt() as f32;
            means.push(mean as f32);
            // A mean that is rounded leaves equal targets a deviation of a rounding.
            let varies = target.iter().any(|t| *t != target[0]);
            deviations.push(if varies && deviation.is_finite() && (1.0 / deviation).is_finite() {
                deviation
            } else {
                1.0
            });
        }
        Some(Self { means, deviations })
    }

    /// Those with the same means and a deviation of 1.
    fn centered(mut self) -> Self {
        self.deviations.fill(1.0);
        self
    }

    /// From a network that answers in the unit of the targets to the one that learns.
    pub(super) fn enter(&self, network: &mut Network) {
        network.change_outputs(|at, weights, bias| {
            let (mean, deviation) = (self.means[at], self.deviations[at]);
            weights.iter_mut().for_each(|w| *w /= deviation);
            *bias = (*bias - mean) / deviation;
        });
    }

    /// From the network that learns to the one that answers in the unit of the targets.
    pub(super) fn leave(&self, network: &mut Network) {
        network.change_outputs(|at, weights, bias| {
            let (mean, deviation) = (self.means[at], self.deviations[at]);
            weights.iter_mut().for_each(|w| *w *= deviation);
            *bias = mean + deviation * *bias;
        });
    }

    /// The loss of one example in the unit of the targets, and `scale` times the gradient of what is made small with
    /// respect to the outputs z of the network that learns.
    ///
    /// # Shapes
    ///
    /// `z` and `dz` are (O).
    pub(crate) fn gradient(&self, loss: Loss, z: &[f32], target: Target<'_>, scale: f32, dz: &mut [f32]) -> f32 {
        let Target::Values(t) = target else {
            dz.fill(f32::NAN);
            return f32::NAN;
        };
        let count = z.len() as f32;
        let mut sum = 0.0;
        for (at, (dz, t)) in dz.iter_mut().zip(t).enumerate() {
            let (mean, deviation) = (self.means[at], self.deviations[at]);
            let y = mean + deviation * z[at];
            let mut dy = [0.0];
            sum += loss.gradient(&[y], Target::Values(&[*t]), scale / count, &mut dy);
            *dz = dy[0] / loss.slope(deviation);
        }
        sum / count
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::{Init, Spec, Targets};

    fn network() -> Network {
        let dense = |inputs, outputs, activation| Spec::Dense { inputs, outputs, activation };
        let layers = vec![dense(3, 4, ActivationSpec::Tanh), dense(4, 2, ActivationSpec::Identity)];
        let mut network = Network::new(Spec::Chain(layers)).expect("the layers fit");
        network.init(Init::Pytorch, 7);
        network
    }

    #[test]
    fn means_and_deviations_of_known_targets() {
        let values = array![[2.0, 0.1, 1e30], [4.0, 0.1, -1e30], [4.0, 0.1, 1e30], [6.0, 0.1, -1e30]];
        let data = Dataset::new(Array2::zeros((4, 1)), Targets::values(values)).expect("the parts fit");
        let units = TargetUnits::of(&data).expect("they are numbers");
        assert_eq!(units.means, [4.0, 0.1, 0.0]);
        assert_eq!(units.deviations, [2.0_f32.sqrt(), 1.0, 1e30]);
    }

    #[test]
    fn the_last_layer_takes_in_the_units() {
        let units = TargetUnits { means: vec![1000.0, -0.5], deviations: vec![64.0, 0.25] };
        let before = network();
        let inputs = array![[0.5, -1.0, 2.0], [0.0, 0.25, -3.0]];
        let z = before.forward(inputs.view()).expect("the shapes fit");
        let mut after = before.clone();
        units.leave(&mut after);
        let y = after.forward(inputs.view()).expect("the shapes fit");
        for ((row, at), y) in y.indexed_iter() {
            let expected = units.means[at] + units.deviations[at] * z[[row, at]];
            // The deviations are powers of two, so that only the bias and the sums with it are rounded: five terms.
            assert!((y - expected).abs() <= 6.0 * f32::EPSILON * (units.means[at].abs() + units.deviations[at] * 4.0));
        }
        units.enter(&mut after);
        for (back, value) in after.values().iter().zip(before.values()) {
            // The bias of the first output was rounded beside 1000, and is divided by 64.
            assert!((back - value).abs() <= 1000.0 * f32::EPSILON / 64.0, "{back} {value}");
        }
    }

    #[test]
    fn gradients_are_those_of_standardized_targets() {
        let units = TargetUnits { means: vec![1000.0, -0.5], deviations: vec![64.0, 0.25] };
        let (z, t) = ([0.75_f32, -1.5], [1100.0_f32, -0.25]);
        let standardized: Vec<f32> = (0..2).map(|at| (t[at] - units.means[at]) / units.deviations[at]).collect();
        for loss in [Loss::SquaredError, Loss::AbsoluteError] {
            let (mut found, mut expected) = ([0.0; 2], [0.0; 2]);
            let value = units.gradient(loss, &z, Target::Values(&t), 3.0, &mut found);
            loss.gradient(&z, Target::Values(&standardized), 3.0, &mut expected);
            for (found, expected) in found.iter().zip(expected) {
                // y and t are rounded beside 1000 where z and its target are beside 1.
                assert!((found - expected).abs() <= 6.0 * 1100.0 * f32::EPSILON / 64.0, "{loss:?} {found} {expected}");
            }
            let y: Vec<f32> = (0..2).map(|at| units.means[at] + units.deviations[at] * z[at]).collect();
            assert_eq!(value, loss.value(&y, Target::Values(&t)), "{loss:?}");
        }
        // Of Huber's loss the pull of an outlier is 1, whether delta is small beside the deviation or large.
        for delta in [0.125, 1.0, 500.0] {
            let mut dz = [0.0];
            let units = TargetUnits { means: vec![0.0], deviations: vec![64.0] };
            units.gradient(Loss::Huber { delta }, &[1e3], Target::Values(&[0.0]), 1.0, &mut dz);
            assert_eq!(dz, [delta / 64.0_f32.min(delta)], "{delta}");
        }
    }

    #[test]
    fn what_is_learned_as_it_is() {
        let (network, values) = (network(), array![[1.0, 2.0], [3.0, 5.0]]);
        let data = Dataset::new(Array2::zeros((2, 3)), Targets::values(values)).expect("the parts fit");
        let training = Training::new(Loss::SquaredError);
        let centered = TargetUnits { means: vec![2.0, 3.5], deviations: vec![1.0; 2] };
        assert_eq!(training.target_units(&network, &data), Some(centered.clone()));
        let standardizing = Training { target_scaling: TargetScaling::Standardize, ..training.clone() };
        let standardized = TargetUnits { deviations: vec![1.0, 1.5], ..centered };
        assert_eq!(standardizing.target_units(&network, &data), Some(standardized));
        let raw = Training { target_scaling: TargetScaling::None, ..training.clone() };
        assert_eq!(raw.target_units(&network, &data), None);
        let probabilities = Training { loss: Loss::BinaryCrossEntropy, ..training.clone() };
        assert_eq!(probabilities.target_units(&network, &data), None);
        let bounded = Spec::Chain(vec![Spec::Dense { inputs: 3, outputs: 2, activation: ActivationSpec::Sigmoid }]);
        let bounded = Network::new(bounded).expect("the layers fit");
        assert_eq!(training.target_units(&bounded, &data), None);
    }
}
