//! What a training run makes small: a loss, with what is done to its targets and how much each class counts.

use serde::{Deserialize, Serialize};

use crate::{
    data::{Dataset, Targets},
    loss::{Loss, Target},
    train::TargetUnits,
};

/// How much an example of each class counts, for data in which some classes are rare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected \"equal\", \"balanced\", or a list with a weight for each class")]
#[non_exhaustive]
pub enum ClassWeights {
    /// A rule by its name.
    Rule(WeightRule),
    /// As given, in the order of the classes; each is greater than 0.
    Each(Vec<f32>),
}

impl Default for ClassWeights {
    /// Every example counts 1.
    fn default() -> Self {
        Self::Rule(WeightRule::Equal)
    }
}

/// A rule for the weights of classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WeightRule {
    /// Every example counts 1.
    Equal,
    /// `n / (classes n_c)`, where `n_c` of `n` training examples are of the class c: every class counts the same, and
    /// an example counts 1 on average (King and Zeng, 2001; scikit-learn's `balanced`).
    Balanced,
}

impl ClassWeights {
    /// The weights for these training data; empty when every example counts 1.
    pub(crate) fn of(&self, data: &Dataset) -> Vec<f32> {
        match self {
            Self::Rule(WeightRule::Equal) => Vec::new(),
            Self::Each(weights) => weights.clone(),
            Self::Rule(WeightRule::Balanced) => balanced(data),
        }
    }
}

/// A class without examples gets the weight of one that has one.
fn balanced(data: &Dataset) -> Vec<f32> {
    let Targets::Classes { labels, classes, .. } = data.targets() else { return Vec::new() };
    let mut counts = vec![0_u32; labels.len()];
    classes.iter().for_each(|class| counts[*class as usize] += 1);
    let share = classes.len() as f64 / labels.len() as f64;
    counts.into_iter().map(|count| (share / f64::from(count.max(1))) as f32).collect()
}

/// A loss with its label smoothing and the weights of the classes.
#[derive(Clone, Debug)]
pub(crate) struct Objective {
    pub(crate) loss: Loss,
    /// How much of the right class is given to all of them: see [`Training::label_smoothing`](crate::Training).
    pub(crate) smoothing: f32,
    /// The weight of each class; empty when every example counts 1.
    pub(crate) weights: Vec<f32>,
    /// The units in which outputs are learned; the values of losses are in those of the targets.
    pub(crate) units: Option<TargetUnits>,
}

impl From<Loss> for Objective {
    fn from(loss: Loss) -> Self {
        Self { loss, smoothing: 0.0, weights: Vec::new(), units: None }
    }
}

impl Objective {
    /// How much an example counts.
    pub(crate) fn weight(&self, target: Target<'_>) -> f32 {
        match target {
            Target::Class(class) => self.weights.get(class as usize).copied().unwrap_or(1.0),
            Target::Values(_) => 1.0,
        }
    }

    /// The loss of an example, not yet weighted; of an output of several steps the mean over them. `y` are outputs in the units of
    /// the targets.
    pub(crate) fn value(&self, y: &[f32], steps: usize, target: Target<'_>) -> f32 {
        let Some(t) = self.of_steps(y, steps, target) else {
            return self.loss.value(y, target) + self.smoothed(y, target);
        };
        let width = y.len() / steps;
        let each = y.chunks_exact(width).zip(t.chunks_exact(width));
        each.map(|(y, t)| self.loss.value(y, Target::Values(t))).sum::<f32>() / steps as f32
    }

    /// The targets, where each step has some of its own that are not those of a vector: all other losses are means over the
    /// outputs, and the mean of the means is the mean.
    fn of_steps<'a>(&self, y: &[f32], steps: usize, target: Target<'a>) -> Option<&'a [f32]> {
        match target {
            Target::Values(t) if steps > 1 && self.loss.is_joint() && t.len() == y.len() => Some(t),
            _ => None,
        }
    }

    /// Writes what [`gradient`](Self::gradient) needs of the outputs of all examples, of which `target` is one's.
    ///
    /// # Shapes
    ///
    /// `y` and `dy` are (B, `outputs`).
    pub(crate) fn begin(&self, y: &[f32], outputs: usize, steps: usize, target: Target<'_>, dy: &mut [f32]) {
        let of_steps = y.get(..outputs).and_then(|y| self.of_steps(y, steps, target)).is_some();
        self.loss.begin(y, if of_steps { outputs / steps } else { outputs }, dy);
    }

    /// The loss of an example, and its gradient times `scale` and its weight, where `dy` has what [`begin`](Self::begin) wrote;
    /// the loss is not yet weighted.
    ///
    /// # Shapes
    ///
    /// `y` and `dy` are (O).
    pub(crate) fn gradient(&self, y: &[f32], steps: usize, target: Target<'_>, scale: f32, dy: &mut [f32]) -> f32 {
        if let Some(t) = self.of_steps(y, steps, target) {
            let (width, share) = (y.len() / steps, scale / steps as f32);
            let each = y.chunks_exact(width).zip(t.chunks_exact(width)).zip(dy.chunks_exact_mut(width));
            let losses = each.map(|((y, t), dy)| self.loss.gradient_of_row(y, Target::Values(t), share, dy));
            return losses.sum::<f32>() / steps as f32;
        }
        if let Some(units) = &self.units {
            return units.gradient(self.loss, y, target, scale, dy);
        }
        let scale = scale * self.weight(target);
        let value = self.loss.gradient_of_row(y, target, scale, dy);
        if let (Target::Class(class), true) = (target, self.smoothing > 0.0) {
            let (outputs, across) = (y.len(), self.even(y.len()));
            // The gradient of both cross-entropies is that of the outputs less the target, which moves this far.
            let scale = if self.loss.is_joint() { scale } else { scale / outputs as f32 };
            for (at, dy) in dy.iter_mut().enumerate() {
                *dy += scale * self.smoothing * (self.loss.class_value(class, at, outputs) - across);
            }
        }
        value + self.smoothed(y, target)
    }

    /// What smoothing adds to a loss.
    ///
    /// Both cross-entropies are `f(y) - sum of t y`, where f does not depend on the target.
    fn smoothed(&self, y: &[f32], target: Target<'_>) -> f32 {
        let (Target::Class(class), true) = (target, self.smoothing > 0.0) else { return 0.0 };
        let (outputs, across) = (y.len(), self.even(y.len()));
        let moved = y.iter().enumerate().map(|(at, y)| (self.loss.class_value(class, at, outputs) - across) * y);
        let sum = self.smoothing * moved.sum::<f32>();
        if self.loss.is_joint() { sum } else { sum / outputs as f32 }
    }

    /// The target of an output when every class is as likely: one of all, or yes against no.
    fn even(&self, outputs: usize) -> f32 {
        if self.loss.is_joint() { 1.0 / outputs as f32 } else { 0.5 }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// The smoothed loss as its definition says: the loss for the distribution `(1 - s) t + s / K`.
    fn smooth(loss: Loss, class: u32, outputs: usize, smoothing: f32) -> Vec<f32> {
        let even = if loss == Loss::SoftmaxCrossEntropy { 1.0 / outputs as f32 } else { 0.5 };
        let target = |at| (1.0 - smoothing) * loss.class_value(class, at, outputs) + smoothing * even;
        (0..outputs).map(target).collect()
    }

    #[test]
    fn smoothing_is_the_loss_of_a_softer_target() {
        let cases: [(Loss, &[f32]); 3] = [
            (Loss::SoftmaxCrossEntropy, &[0.5, -1.25, 2.0]),
            (Loss::BinaryCrossEntropy, &[0.5, -1.25, 2.0]),
            (Loss::BinaryCrossEntropy, &[0.75]),
        ];
        for (loss, y) in cases {
            let objective = Objective { loss, smoothing: 0.2, weights: vec![1.0, 3.0], units: None };
            let (mut dy, mut expected) = (vec![0.0; y.len()], vec![0.0; y.len()]);
            objective.begin(y, y.len(), 1, Target::Class(1), &mut dy);
            let value = objective.gradient(y, 1, Target::Class(1), 0.5, &mut dy);
            let soft = smooth(loss, 1, y.len(), 0.2);
            let definition = loss.gradient(y, Target::Values(&soft), 1.5, &mut expected);
            // Each side rounds fewer than 16 operations on values below 4.
            let bound = 16.0 * 4.0 * f32::EPSILON;
            assert!((value - definition).abs() < bound, "{loss:?}: {value} against {definition}");
            assert_eq!(value, objective.value(y, 1, Target::Class(1)));
            for (dy, expected) in dy.iter().zip(expected) {
                assert!((dy - expected).abs() < bound, "{loss:?}: {dy} against {expected}");
            }
        }
    }

    #[test]
    fn balanced_weights_are_those_of_scikit_learn() {
        // compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 0, 0, 1, 1, 2]) of scikit-learn gives
        // 0.6667, 1, 2: 6 / (3 n_c).
        let targets = Targets::classes(&["a", "b", "c"], vec![0, 0, 0, 1, 1, 2]);
        let data = Dataset::new(Array2::zeros((6, 1)), targets).expect("the parts fit");
        assert_eq!(ClassWeights::Rule(WeightRule::Balanced).of(&data), [2.0 / 3.0, 1.0, 2.0]);
        assert!(ClassWeights::default().of(&data).is_empty());
    }

    #[test]
    fn a_sequence_is_the_mean_of_its_steps() {
        let (y, t) = ([0.5, -1.0, 2.0, 0.0, -0.25, 4.0], [0.0, 1.0, 1.0, 0.0, 0.25, 0.75]);
        for loss in Loss::ALL {
            let objective = Objective::from(loss);
            let (mut dy, mut of_step, mut sum) = ([9.0; 6], [9.0; 2], 0.0);
            objective.begin(&y, y.len(), 3, Target::Values(&t), &mut dy);
            let found = objective.gradient(&y, 3, Target::Values(&t), 2.0, &mut dy);
            for ((y, t), dy) in y.chunks(2).zip(t.chunks(2)).zip(dy.chunks(2)) {
                sum += loss.gradient(y, Target::Values(t), 2.0 / 3.0, &mut of_step);
                // Two roundings each of a number below 4.
                dy.iter().zip(of_step).for_each(|(dy, of_step)| assert!((dy - of_step).abs() < 4.0 * f32::EPSILON));
            }
            // Ten roundings of numbers below 32.
            assert!((found - sum / 3.0).abs() < 10.0 * 16.0 * f32::EPSILON, "{loss:?}: {found}, {}", sum / 3.0);
            assert_eq!(found, objective.value(&y, 3, Target::Values(&t)), "{loss:?}");
        }
    }
}
