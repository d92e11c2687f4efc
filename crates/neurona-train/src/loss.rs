//! Losses: what training makes small.
//!
//! Each has the value and the gradient for one example; a batch takes the mean over its examples. Cross-entropies are
//! computed from logits (the sums before sigmoid or softmax), which is stable where a logarithm of a probability is not.
//!
//! A network whose output is a signal, such as the states of all steps, has a target for each step, and the loss is the mean over
//! them: as many values as outputs, step by step; for [`Loss::SoftmaxCrossEntropy`] a share for each class in each step.

use neurona::{Exact, Exponential as _, arch::ActivationSpec, kernel};
use serde::{Deserialize, Serialize};

use crate::{
    activation::{sigmoid, softplus},
    math::exp,
    optim::Constant,
    simd::widest,
};

/// What an example should give.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target<'a> {
    /// The number of the right class.
    Class(u32),
    /// A value for each output.
    Values(&'a [f32]),
}

/// What the examples of a batch should give.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TargetRows<'a> {
    /// The number of the right class, for each example.
    Classes(&'a [u32]),
    /// A value for each output of each example, one example after another.
    Values(&'a [f32]),
}

impl<'a> TargetRows<'a> {
    /// How many numbers an example has, when the network has so many outputs.
    pub(crate) fn width(&self, outputs: usize) -> usize {
        if matches!(self, Self::Classes(_)) { 1 } else { outputs }
    }

    /// How many numbers there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Values(values) => values.len(),
        }
    }

    /// What the example `row` should give; panics when there is no such example.
    pub(crate) fn row(&self, row: usize, outputs: usize) -> Target<'a> {
        match self {
            Self::Classes(classes) => Target::Class(classes[row]),
            Self::Values(values) => Target::Values(&values[row * outputs..][..outputs]),
        }
    }
}

/// A loss function; y is the output of the network, t the target, n the number of outputs.
///
/// In a file it is its [name](Self::name).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
#[non_exhaustive]
pub enum Loss {
    /// Mean over the outputs of `(y - t)^2`, with gradient `2 (y - t) / n`.
    SquaredError,
    /// Mean over the outputs of `|y - t|`, with gradient `sign(y - t) / n`, 0 where the two are equal. It pulls to the
    /// median, and outliers pull no harder than others.
    AbsoluteError,
    /// Huber's loss (1964), mean over the outputs: `(y - t)^2 / 2` up to a difference of delta, beyond it
    /// `delta (|y - t| - delta / 2)`; with gradient `(y - t) / n`, held between -delta and delta.
    Huber {
        /// Where the square goes over into a line; finite and greater than 0.
        delta: f32,
    },
    /// Mean over the outputs of `-t ln s(y) - (1 - t) ln(1 - s(y))`, where s is the sigmoid; t is from 0 to 1.
    ///
    /// Computed as `softplus(y) - t y`, with gradient `(s(y) - t) / n`. Each output is a question of its own.
    BinaryCrossEntropy,
    /// `-ln p[c]` where p is the softmax of the outputs and c the right class; or, for a distribution t over the
    /// classes, `-sum over i of t[i] ln p[i]`. The gradient is `p - t`, for the values of a distribution sum to 1.
    SoftmaxCrossEntropy,
    /// Mean over the outputs of `max(0, 1 - t y)`; t is 1 or -1. The support vector machine's loss (Cortes and Vapnik,
    /// 1995).
    Hinge,
    /// Mean over the outputs of `max(0, -t y)`; t is 1 or -1. Its gradient step is the perceptron's learning rule
    /// (Rosenblatt, 1958): an example on the boundary, `y = 0`, counts as wrong.
    Perceptron,
}

/// What the outputs of a network are to a loss; from it follows what targets may be, and how outputs are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outputs {
    /// Numbers of any unit, whose difference to the target counts.
    Numbers,
    /// Logits, each of a question of its own; targets are from 0 to 1.
    Logits,
    /// The logits of one distribution over all outputs; targets are its shares, from 0 to 1.
    Distribution,
    /// How far each is on which side of a boundary; targets are 1 and -1.
    Margins,
}

impl From<Loss> for &'static str {
    fn from(loss: Loss) -> Self {
        loss.name()
    }
}

impl TryFrom<String> for Loss {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::from_name(&name).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("expected one of {known}, found `{name}`")
        })
    }
}

impl Loss {
    /// Huber's loss with a delta of 1.
    pub const HUBER: Self = Self::Huber { delta: 1.0 };

    /// Every loss.
    pub const ALL: [Self; 7] = [
        Self::SquaredError,
        Self::AbsoluteError,
        Self::HUBER,
        Self::BinaryCrossEntropy,
        Self::SoftmaxCrossEntropy,
        Self::Hinge,
        Self::Perceptron,
    ];

    /// The name, as in a TOML file and in the model file.
    pub fn name(self) -> &'static str {
        match self {
            Self::SquaredError => "squared_error",
            Self::AbsoluteError => "absolute_error",
            Self::Huber { .. } => "huber",
            Self::BinaryCrossEntropy => "binary_cross_entropy",
            Self::SoftmaxCrossEntropy => "softmax_cross_entropy",
            Self::Hinge => "hinge",
            Self::Perceptron => "perceptron",
        }
    }

    /// The loss of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|loss| loss.name() == name)
    }

    fn outputs(self) -> Outputs {
        match self {
            Self::SquaredError | Self::AbsoluteError | Self::Huber { .. } => Outputs::Numbers,
            Self::BinaryCrossEntropy => Outputs::Logits,
            Self::SoftmaxCrossEntropy => Outputs::Distribution,
            Self::Hinge | Self::Perceptron => Outputs::Margins,
        }
    }

    /// The constants by the names that they have in a TOML file.
    pub(crate) fn constants(&mut self) -> Vec<(&'static str, Constant<'_>)> {
        match self {
            Self::Huber { delta } => vec![("delta", Constant::Positive(delta))],
            _ => Vec::new(),
        }
    }

    /// The name of a constant that is out of its range, the range, and what was found.
    pub(crate) fn fault(mut self) -> Option<(&'static str, &'static str, f32)> {
        Constant::fault(self.constants())
    }

    /// The loss of one example.
    ///
    /// A class stands for the values of [`Loss::class_value`]. A class that no output has, and values of another
    /// number than the outputs, give NaN.
    pub fn value(self, y: &[f32], target: Target<'_>) -> f32 {
        if !self.fits(y, target) {
            return f32::NAN;
        }
        let t = |at: usize| self.target_value(target, at, y.len());
        match self {
            Self::SquaredError => mean(y, t, |y, t| (y - t) * (y - t)),
            Self::AbsoluteError => mean(y, t, |y, t| (y - t).abs()),
            Self::Huber { delta } => mean(y, t, |y, t| huber(y - t, delta)),
            Self::BinaryCrossEntropy => mean(y, t, cross_entropy),
            Self::Hinge => mean(y, t, |y, t| positive(1.0 - t * y)),
            Self::Perceptron => mean(y, t, |y, t| positive(-t * y)),
            Self::SoftmaxCrossEntropy => {
                let max = y.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let log_sum = y.iter().map(|y| (y - max).exp()).sum::<f32>().ln();
                // -ln p[i] = ln(sum of e^(y - max)) - (y[i] - max)
                match target {
                    Target::Class(class) => log_sum - (y[class as usize] - max),
                    Target::Values(t) => y.iter().zip(t).map(|(y, t)| t * (log_sum - (y - max))).sum(),
                }
            }
        }
    }

    /// The loss of one example, and its gradient with respect to the outputs, times `scale`, in `dy`.
    ///
    /// # Shapes
    ///
    /// `y` and `dy` are (O).
    pub fn gradient(self, y: &[f32], target: Target<'_>, scale: f32, dy: &mut [f32]) -> f32 {
        self.begin(y, y.len(), dy);
        self.gradient_of_row(y, target, scale, dy)
    }

    /// Writes what [`gradient_of_row`](Self::gradient_of_row) needs of the outputs of all rows.
    ///
    /// # Shapes
    ///
    /// `y` and `dy` are (B, `outputs`).
    pub(crate) fn begin(self, y: &[f32], outputs: usize, dy: &mut [f32]) {
        if self == Self::SoftmaxCrossEntropy && outputs > 0 {
            write_powers(y, outputs, dy);
        }
    }

    /// As [`gradient`](Self::gradient), where `dy` has what [`begin`](Self::begin) wrote.
    pub(crate) fn gradient_of_row(self, y: &[f32], target: Target<'_>, scale: f32, dy: &mut [f32]) -> f32 {
        if !self.fits(y, target) || dy.len() != y.len() {
            dy.fill(f32::NAN);
            return f32::NAN;
        }
        if self == Self::SoftmaxCrossEntropy {
            return softmax_cross_entropy(y, target, scale, dy);
        }
        let n = y.len();
        let scale = scale / n as f32;
        for (at, (y, dy)) in y.iter().zip(dy).enumerate() {
            let t = self.target_value(target, at, n);
            *dy = scale
                * match self {
                    Self::SquaredError => 2.0 * (y - t),
                    Self::AbsoluteError => sign(y - t),
                    Self::Huber { delta } if (y - t).abs() > delta => delta * sign(y - t),
                    Self::Huber { .. } => y - t,
                    Self::Hinge if 1.0 - t * y > 0.0 => -t,
                    Self::Perceptron if -t * y >= 0.0 => -t,
                    Self::Hinge | Self::Perceptron => 0.0 * y,
                    Self::BinaryCrossEntropy | Self::SoftmaxCrossEntropy => sigmoid(*y) - t,
                };
        }
        self.value(y, target)
    }

    /// The target of the output `at` of `outputs` when `class` is right.
    ///
    /// With several outputs each stands for a class, and with one output it stands for class 1 of two: 1 for the right
    /// class, and for the others 0, or -1 for the losses whose targets are 1 and -1.
    pub fn class_value(self, class: u32, at: usize, outputs: usize) -> f32 {
        let wrong = if self.outputs() == Outputs::Margins { -1.0 } else { 0.0 };
        let right = if outputs == 1 { class == 1 } else { class as usize == at };
        if right { 1.0 } else { wrong }
    }

    /// The class that outputs speak for: the largest (the first of equals), or for one output class 1 above the middle.
    ///
    /// The middle is 1/2 for the losses of a difference, whose targets are 0 and 1, and 0 for logits and margins.
    pub fn decide(self, y: &[f32]) -> u32 {
        if let [y] = y {
            let middle = if self.is_difference() { 0.5 } else { 0.0 };
            return u32::from(*y > middle);
        }
        let mut best = (0, f32::NEG_INFINITY);
        for (class, y) in (0..).zip(y) {
            if *y > best.1 {
                best = (class, *y);
            }
        }
        best.0
    }

    /// The probability of a class, computed as a device would; `None` where outputs are no logits, or no output stands
    /// for the class.
    pub fn probability(self, y: &[f32], class: usize) -> Option<f32> {
        let sigmoid = |logit: &f32| ActivationSpec::Sigmoid.value(*logit);
        match self.outputs() {
            Outputs::Numbers | Outputs::Margins => None,
            Outputs::Logits => match y {
                [logit] => [1.0 - sigmoid(logit), sigmoid(logit)].get(class).copied(),
                _ => y.get(class).map(sigmoid),
            },
            Outputs::Distribution => {
                let mut shares = y.to_vec();
                kernel::softmax(&mut shares, Exact::exp);
                shares.get(class).copied()
            }
        }
    }

    /// The fewest outputs that tell so many classes apart: one for two, where each output is a question of its own.
    pub fn fewest_outputs(self, classes: usize) -> usize {
        if classes == 2 && !self.is_joint() { 1 } else { classes }
    }

    /// Whether it measures a difference `y - t`, of any numbers.
    pub(crate) fn is_difference(self) -> bool {
        self.outputs() == Outputs::Numbers
    }

    /// Whether it is a cross-entropy, which takes logits and has sigmoid or softmax inside.
    pub(crate) fn is_cross_entropy(self) -> bool {
        matches!(self.outputs(), Outputs::Logits | Outputs::Distribution)
    }

    /// Whether all outputs answer one question together. The others are means over the outputs, each with a target of its
    /// own.
    pub(crate) fn is_joint(self) -> bool {
        self.outputs() == Outputs::Distribution
    }

    /// What a target that is a number may be, in words, and whether a number is so.
    pub(crate) fn target_range(self) -> (&'static str, fn(f32) -> bool) {
        match self.outputs() {
            Outputs::Numbers => ("that are finite", f32::is_finite),
            Outputs::Logits | Outputs::Distribution => ("from 0 to 1", |t| (0.0..=1.0).contains(&t)),
            Outputs::Margins => ("1 or -1", |t| t == 1.0 || t == -1.0),
        }
    }

    /// By how much the loss of a difference grows with the unit of the targets, beside the slope of the outputs in it:
    /// what [`TargetUnits`](crate::train::TargetUnits) divide its gradient by.
    ///
    /// Huber's is between the two others, as delta is in the unit of the targets.
    pub(crate) fn slope(self, deviation: f32) -> f32 {
        match self {
            Self::AbsoluteError => 1.0,
            Self::Huber { delta } if delta < deviation => delta,
            _ => deviation,
        }
    }

    /// Whether a target is one for these outputs.
    fn fits(self, y: &[f32], target: Target<'_>) -> bool {
        match target {
            Target::Class(class) => {
                let classes = if y.len() == 1 && !self.is_joint() { 2 } else { y.len() };
                (class as usize) < classes && !y.is_empty()
            }
            Target::Values(values) => values.len() == y.len() && !y.is_empty(),
        }
    }

    fn target_value(self, target: Target<'_>, at: usize, outputs: usize) -> f32 {
        match target {
            Target::Class(class) => self.class_value(class, at, outputs),
            Target::Values(values) => values[at],
        }
    }
}

/// `-t ln s(y) - (1 - t) ln(1 - s(y))` where s is the sigmoid; `ln s(y) = y - softplus(y)`.
fn cross_entropy(y: f32, t: f32) -> f32 {
    softplus(y) - t * y
}

/// -1, 0 or 1; NaN stays NaN.
fn sign(value: f32) -> f32 {
    if value == 0.0 || value.is_nan() { value } else { 1.0_f32.copysign(value) }
}

fn huber(difference: f32, delta: f32) -> f32 {
    let size = difference.abs();
    if size > delta { delta * (size - 0.5 * delta) } else { 0.5 * difference * difference }
}

fn mean(y: &[f32], t: impl Fn(usize) -> f32, loss: impl Fn(f32, f32) -> f32) -> f32 {
    y.iter().enumerate().map(|(at, y)| loss(*y, t(at))).sum::<f32>() / y.len() as f32
}

/// The larger of 0 and `value`; NaN stays NaN.
fn positive(value: f32) -> f32 {
    if value < 0.0 { 0.0 } else { value }
}

/// `e^(y - max)` for each row of so many outputs, where max is the largest of them.
///
/// # Shapes
///
/// `y` and `powers` are (B, `outputs`).
fn write_powers(y: &[f32], outputs: usize, powers: &mut [f32]) {
    widest!({
        for (y, powers) in y.chunks_exact(outputs).zip(powers.chunks_exact_mut(outputs)) {
            let max = largest(y);
            y.iter().zip(powers).for_each(|(y, power)| *power = y - max);
        }
        powers.iter_mut().for_each(|power| *power = exp(*power));
    });
}

#[inline(always)]
fn largest(y: &[f32]) -> f32 {
    y.iter().fold(f32::NEG_INFINITY, |max, y| if *y > max { *y } else { max })
}

/// `dy` has the [powers](write_powers) of the outputs.
fn softmax_cross_entropy(y: &[f32], target: Target<'_>, scale: f32, dy: &mut [f32]) -> f32 {
    let (max, sum) = (largest(y), dy.iter().sum::<f32>());
    let (log_sum, factor) = (sum.ln(), scale / sum);
    match target {
        Target::Class(class) => {
            dy.iter_mut().for_each(|dy| *dy *= factor);
            dy[class as usize] -= scale;
            log_sum - (y[class as usize] - max)
        }
        Target::Values(t) => {
            for (t, dy) in t.iter().zip(dy) {
                *dy = *dy * factor - scale * t;
            }
            y.iter().zip(t).map(|(y, t)| t * (log_sum - (y - max))).sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_file() {
        for loss in Loss::ALL {
            assert_eq!(Loss::from_name(loss.name()), Some(loss));
            let table: std::collections::HashMap<String, Loss> =
                toml::from_str(&format!("loss = '{}'", loss.name())).expect("TOML has the same names");
            assert_eq!(table["loss"], loss);
        }
        assert_eq!(Loss::from_name("mse"), None);
    }

    #[test]
    fn logits_of_any_size_give_finite_losses() {
        let mut dy = [0.0; 2];
        let class = Target::Class(1);
        // What is computed is exact here: the exponentials are 0 or 1.
        assert_eq!(Loss::SoftmaxCrossEntropy.gradient(&[1e30, -1e30], class, 1.0, &mut dy), 2e30);
        assert_eq!(dy, [1.0, -1.0]);
        assert_eq!(Loss::BinaryCrossEntropy.gradient(&[1e30, -1e30], class, 1.0, &mut dy), 1e30);
        assert_eq!(dy, [0.5, -0.5]);
        assert_eq!(Loss::BinaryCrossEntropy.value(&[-1e30, 1e30], class), 0.0);
    }

    #[test]
    fn what_is_not_finite_shows() {
        for loss in Loss::ALL {
            let mut dy = [0.0; 2];
            assert!(!loss.gradient(&[f32::NAN, 0.0], Target::Class(0), 1.0, &mut dy).is_finite(), "{loss:?}");
            assert!(dy.iter().any(|dy| dy.is_nan()), "{loss:?}");
        }
    }

    #[test]
    fn a_target_that_does_not_fit_gives_nan() {
        for loss in Loss::ALL {
            for target in [Target::Class(3), Target::Values(&[0.0])] {
                let mut dy = [0.0; 3];
                assert!(loss.value(&[0.0; 3], target).is_nan());
                assert!(loss.gradient(&[0.0; 3], target, 1.0, &mut dy).is_nan());
                assert!(dy.iter().all(|dy| dy.is_nan()));
            }
        }
        assert!(Loss::SoftmaxCrossEntropy.value(&[0.0], Target::Class(1)).is_nan(), "one output has one class");
    }

    #[test]
    fn margins_stop_where_the_device_stops() {
        let mut dy = [9.0; 2];
        assert_eq!(Loss::Hinge.gradient(&[1.0, 0.5], Target::Values(&[1.0, -1.0]), 1.0, &mut dy), 0.75);
        assert_eq!(dy, [0.0, 0.5]);
        assert_eq!(Loss::Perceptron.gradient(&[0.5, 0.0], Target::Values(&[1.0, -1.0]), 1.0, &mut dy), 0.0);
        assert_eq!(dy, [0.0, 0.5]);
    }

    #[test]
    fn differences() {
        let (y, t) = ([1.0, 2.0, 3.0, -4.0], [1.0, 1.5, 0.0, 0.0]);
        let mut dy = [9.0; 4];
        // 0 + 0.5 + 3 + 4, over 4.
        assert_eq!(Loss::AbsoluteError.gradient(&y, Target::Values(&t), 4.0, &mut dy), 1.875);
        assert_eq!(dy, [0.0, 1.0, 1.0, -1.0]);
        // With delta 2: 0 + 0.125 + 2 (3 - 1) + 2 (4 - 1), over 4.
        assert_eq!(Loss::Huber { delta: 2.0 }.gradient(&y, Target::Values(&t), 4.0, &mut dy), 2.531_25);
        assert_eq!(dy, [0.0, 0.5, 2.0, -2.0]);
    }

    #[test]
    fn probabilities_follow_the_loss() {
        let three = Loss::SoftmaxCrossEntropy.probability(&[0.0, 2.0_f32.ln(), 0.0], 1).expect("a share");
        // Shares of 1 : 2 : 1; ln 2, its exponential and the sum are off by a unit in the last place each.
        assert!((three - 0.5).abs() <= 4.0 * f32::EPSILON);
        for logit in [0.0, 3.0, -3.0] {
            let [no, yes] = [0, 1].map(|class| Loss::BinaryCrossEntropy.probability(&[logit], class).expect("a share"));
            assert_eq!((no + yes, yes > 0.5), (1.0, logit > 0.0));
            assert_eq!(Loss::BinaryCrossEntropy.probability(&[9.0, logit], 1), Some(yes));
        }
        assert_eq!(Loss::Hinge.probability(&[-0.5, 0.5], 1), None);
        assert_eq!(Loss::SoftmaxCrossEntropy.probability(&[-0.5, 0.5], 2), None);
    }

    #[test]
    fn decisions() {
        assert_eq!(Loss::SoftmaxCrossEntropy.decide(&[1.0, 3.0, 3.0]), 1);
        assert_eq!(Loss::SoftmaxCrossEntropy.decide(&[f32::NAN, -1.0]), 1);
        for (loss, middle) in
            [(Loss::SquaredError, 0.5), (Loss::HUBER, 0.5), (Loss::BinaryCrossEntropy, 0.0), (Loss::Hinge, 0.0)]
        {
            assert_eq!((loss.decide(&[middle]), loss.decide(&[middle + 0.1])), (0, 1));
        }
    }
}
