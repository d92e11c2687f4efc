//! Losses: what learning makes small.
//!
//! A loss compares an output with a target and gives a number and its gradient. Mini-batches take the mean over their
//! examples. Each sum over the outputs begins with zero and goes up. Of a network that gives a value for each step of a
//! sequence, every loss takes a target for each step: see [`Loss`].

use crate::activation::function::exp;
use crate::layer::{Exact, Exponential};
use crate::{fast, kernel};

/// A measure of how far an output `Y` is from a target `T`, with its gradient.
///
/// # Sequences
///
/// Each loss of this crate is also one of [signals](crate::shape::Signal), with a target for each step: the mean over the steps, `L = 1/T sum over t of L(y[t], target[t])`, whose sum begins with zero and goes up in t. The
/// gradient of each step is that of the vector, times `1/T`. So a network that ends in [`All`](crate::All) states, or in a
/// convolution, learns from every step. Each has a target: a class that does not exist makes the loss NaN, and a
/// [`Learner`](crate::Learner) refuses the whole sequence.
///
/// A layer without a time axis, [`Dense`](crate::Dense) for one, takes the states of one step; over all steps it is a
/// convolution with a kernel of 1:
///
/// ```
/// use neurona::prelude::*;
///
/// neurona::network! {
///     /// Says of each of eight samples which of two classes it is.
///     pub struct Tagger: Signal<8, 1> => Signal<8, 2> {
///         memory: Gru<8, 1, 4, All>,
///         classes: Conv1d<Signal<8, 4>, Signal<8, 2>, Kernel1d<1>>,
///     }
/// }
///
/// let (mut net, mut learning) = (Tagger::ZERO, Learning::ZERO);
/// let mut learner = Learner::new(&mut net, &mut learning, SoftmaxCrossEntropy, InPlace::new(0.1));
/// let x = [[0.0], [1.0], [1.0], [0.0], [1.0], [0.0], [0.0], [1.0]];
/// let classes: [usize; 8] = [0, 1, 1, 0, 1, 0, 0, 1];
/// let before = learner.learn(&x, &classes).loss().unwrap_or(f32::NAN);
/// assert!((before - 2.0_f32.ln()).abs() < 1e-6); // of zeros, both classes are as likely in each step
/// ```
pub trait Loss<Y, T: ?Sized> {
    /// The loss.
    fn value(&self, y: &Y, target: &T) -> f32;

    /// The loss; its gradient with respect to the output is written to `dy`.
    fn gradient(&self, y: &Y, target: &T, dy: &mut Y) -> f32;

    /// Whether a finite loss says that its gradient is finite, so that nobody needs to look; as it does of every loss of this
    /// crate. It is no unless told.
    fn tells_finite(&self) -> bool {
        false
    }
}

/// Squared error, the mean over the N outputs: `L = 1/N sum of (y - t)^2`, `dy = 2/N (y - t)`.
///
/// For one output it is the course's `(y - h)^2`; for several it is PyTorch's `MSELoss`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SquaredError;

/// Cross-entropy of N independent yes-or-no answers, from weighted sums z: the mean over the outputs of
/// `log(1 + exp(z)) - t z`, `dy = 1/N (sigmoid(z) - t)`, with targets t between 0 and 1.
///
/// The network ends without a sigmoid: the loss has it inside, computed so that nothing overflows and small
/// probabilities keep their digits: `max(z, 0) - t z + log(1 + exp(-|z|))` (PyTorch's `BCEWithLogitsLoss`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BinaryCrossEntropy;

/// Cross-entropy of one answer out of N, from weighted sums z: `L = log(sum of exp(z)) - z_t`,
/// `dy = softmax(z) - 1 at t`.
///
/// The target is the class, a `usize`, or a probability for each class, which sum to 1. The network ends without
/// [`Softmax`](crate::Softmax): the loss has it inside, with the maximum subtracted (PyTorch's `CrossEntropyLoss`). For
/// a class that does not exist the loss is NaN and the gradient zero, so that nothing is learned from it.
/// [`fast::SoftmaxCrossEntropy`] is its fast form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SoftmaxCrossEntropy;

/// Hinge loss, for targets t of -1 or 1: the mean over the outputs of `max(0, 1 - t y)` (Cortes and Vapnik 1995).
///
/// At the kink, where `t y` is 1, the gradient is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hinge;

/// The perceptron criterion, for targets t of -1 or 1: the mean over the outputs of `max(0, -t y)`.
///
/// Learned in place with one example at a time it is Rosenblatt's rule (1958): an output of the wrong sign moves its
/// weights by `rate * t * x`, another one does not. An output of zero has no sign and counts as wrong, so that a network
/// of zeros learns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Perceptron;

impl<Y, T: ?Sized, L: Loss<Y, T> + ?Sized> Loss<Y, T> for &L {
    fn value(&self, y: &Y, target: &T) -> f32 {
        (**self).value(y, target)
    }

    fn gradient(&self, y: &Y, target: &T, dy: &mut Y) -> f32 {
        (**self).gradient(y, target, dy)
    }

    fn tells_finite(&self) -> bool {
        (**self).tells_finite()
    }
}

impl<const N: usize> Loss<[f32; N], [f32; N]> for SquaredError {
    fn value(&self, y: &[f32; N], target: &[f32; N]) -> f32 {
        mean(y, target, |y, t| (y - t) * (y - t))
    }

    fn gradient(&self, y: &[f32; N], target: &[f32; N], dy: &mut [f32; N]) -> f32 {
        let scale = 2.0 / N as f32;
        slopes(y, target, dy, |y, t| scale * (y - t));
        self.value(y, target)
    }

    fn tells_finite(&self) -> bool {
        true
    }
}

impl<const N: usize> Loss<[f32; N], [f32; N]> for BinaryCrossEntropy {
    fn value(&self, z: &[f32; N], target: &[f32; N]) -> f32 {
        mean(z, target, |z, t| {
            let positive = if z > 0.0 { z } else { 0.0 };
            let magnitude = if z > 0.0 { z } else { -z };
            (positive - t * z) + libm::log1pf(exp(-magnitude))
        })
    }

    fn gradient(&self, z: &[f32; N], target: &[f32; N], dz: &mut [f32; N]) -> f32 {
        use crate::activation::{Activation, Sigmoid};
        let scale = 1.0 / N as f32;
        slopes(z, target, dz, |z, t| scale * (Sigmoid::value(z) - t));
        self.value(z, target)
    }

    fn tells_finite(&self) -> bool {
        true
    }
}

/// Softmax cross-entropy with an exponential function: of a class, and of a probability for each.
macro_rules! softmax_cross_entropy {
    ($($loss:ty, $exponential:ty;)+) => { $(
        impl<const N: usize> Loss<[f32; N], usize> for $loss {
            fn value(&self, z: &[f32; N], class: &usize) -> f32 {
                match z.get(*class) {
                    Some(of_class) => log_sum_exp::<$exponential>(z) - of_class,
                    None => f32::NAN,
                }
            }

            fn gradient(&self, z: &[f32; N], class: &usize, dz: &mut [f32; N]) -> f32 {
                let log_sum = probabilities::<$exponential>(z, dz);
                match (z.get(*class), dz.get_mut(*class)) {
                    (Some(z), Some(dz)) => {
                        *dz -= 1.0;
                        log_sum - z
                    }
                    _ => {
                        dz.fill(0.0);
                        f32::NAN
                    }
                }
            }

            fn tells_finite(&self) -> bool {
                true
            }
        }

        impl<const N: usize> Loss<[f32; N], [f32; N]> for $loss {
            fn value(&self, z: &[f32; N], target: &[f32; N]) -> f32 {
                let log_sum = log_sum_exp::<$exponential>(z);
                let mut sum = 0.0;
                for (z, t) in z.iter().zip(target) {
                    sum += t * (log_sum - z);
                }
                sum
            }

            fn gradient(&self, z: &[f32; N], target: &[f32; N], dz: &mut [f32; N]) -> f32 {
                let log_sum = probabilities::<$exponential>(z, dz);
                let mut sum = 0.0;
                for ((dz, z), t) in dz.iter_mut().zip(z).zip(target) {
                    *dz -= t;
                    sum += t * (log_sum - z);
                }
                sum
            }

            fn tells_finite(&self) -> bool {
                true
            }
        }
    )+ };
}

softmax_cross_entropy! {
    SoftmaxCrossEntropy, Exact;
    fast::SoftmaxCrossEntropy, fast::Exp;
}

impl<const N: usize> Loss<[f32; N], [f32; N]> for Hinge {
    fn value(&self, y: &[f32; N], target: &[f32; N]) -> f32 {
        mean(y, target, |y, t| if t * y >= 1.0 { 0.0 } else { 1.0 - t * y })
    }

    fn gradient(&self, y: &[f32; N], target: &[f32; N], dy: &mut [f32; N]) -> f32 {
        let scale = 1.0 / N as f32;
        slopes(y, target, dy, |y, t| if t * y >= 1.0 { 0.0 } else { -(scale * t) });
        self.value(y, target)
    }

    fn tells_finite(&self) -> bool {
        true
    }
}

impl<const N: usize> Loss<[f32; N], [f32; N]> for Perceptron {
    fn value(&self, y: &[f32; N], target: &[f32; N]) -> f32 {
        mean(y, target, |y, t| if t * y > 0.0 { 0.0 } else { -(t * y) })
    }

    fn gradient(&self, y: &[f32; N], target: &[f32; N], dy: &mut [f32; N]) -> f32 {
        let scale = 1.0 / N as f32;
        slopes(y, target, dy, |y, t| if t * y > 0.0 { 0.0 } else { -(scale * t) });
        self.value(y, target)
    }

    fn tells_finite(&self) -> bool {
        true
    }
}

/// The mean over the steps of a sequence, each of which has a target.
macro_rules! each_step {
    ($($loss:ty),+) => { $(
        impl<const N: usize, const T: usize, S> Loss<[[f32; N]; T], [S; T]> for $loss
        where
            $loss: Loss<[f32; N], S>,
        {
            fn value(&self, y: &[[f32; N]; T], targets: &[S; T]) -> f32 {
                let mut sum = 0.0;
                for (y, target) in y.iter().zip(targets) {
                    sum += Loss::<[f32; N], S>::value(self, y, target);
                }
                sum / T as f32
            }

            fn gradient(&self, y: &[[f32; N]; T], targets: &[S; T], dy: &mut [[f32; N]; T]) -> f32 {
                let share = 1.0 / T as f32;
                let mut sum = 0.0;
                for ((y, target), dy) in y.iter().zip(targets).zip(dy) {
                    sum += Loss::<[f32; N], S>::gradient(self, y, target, dy);
                    for dy in dy {
                        *dy *= share;
                    }
                }
                sum / T as f32
            }

            fn tells_finite(&self) -> bool {
                true
            }
        }
    )+ };
}

each_step!(SquaredError, BinaryCrossEntropy, SoftmaxCrossEntropy, fast::SoftmaxCrossEntropy, Hinge, Perceptron);

fn mean<const N: usize>(y: &[f32; N], target: &[f32; N], loss: impl Fn(f32, f32) -> f32) -> f32 {
    let mut sum = 0.0;
    for (y, t) in y.iter().zip(target) {
        sum += loss(*y, *t);
    }
    sum / N as f32
}

fn slopes<const N: usize>(y: &[f32; N], target: &[f32; N], dy: &mut [f32; N], slope: impl Fn(f32, f32) -> f32) {
    for ((dy, y), t) in dy.iter_mut().zip(y).zip(target) {
        *dy = slope(*y, *t);
    }
}

/// Writes the softmax of `z`, and gives what [`log_sum_exp`] does: both need the same exponentials.
fn probabilities<E: Exponential>(z: &[f32], y: &mut [f32]) -> f32 {
    let (max, sum) = E::softmax(z, y);
    libm::logf(sum) + max
}

/// `log(sum of exp(z))`, with the maximum subtracted.
fn log_sum_exp<E: Exponential>(z: &[f32]) -> f32 {
    let max = kernel::maximum(z);
    let mut sum = 0.0;
    for z in z {
        sum += E::exp(z - max);
    }
    libm::logf(sum) + max
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squared_error_is_a_mean() {
        let mut dy = [0.0; 2];
        assert_eq!(SquaredError.gradient(&[1.0, 3.0], &[0.0, 1.0], &mut dy), 2.5);
        assert_eq!(dy, [1.0, 2.0]);
    }

    #[test]
    fn cross_entropies_do_not_overflow() {
        let mut dz = [0.0; 2];
        assert_eq!(SoftmaxCrossEntropy.gradient(&[1e30, -1e30], &0, &mut dz), 0.0);
        assert_eq!(dz, [0.0, 0.0]);
        assert_eq!(SoftmaxCrossEntropy.value(&[1e30, -1e30], &1), 2e30);
        assert_eq!(BinaryCrossEntropy.gradient(&[1e30, -1e30], &[1.0, 0.0], &mut dz), 0.0);
        assert_eq!(dz, [0.0, 0.0]);
    }

    #[test]
    fn a_class_and_its_distribution_agree() {
        let (z, mut by_class, mut by_share) = ([0.5, -1.0, 2.0], [0.0; 3], [0.0; 3]);
        let class = SoftmaxCrossEntropy.gradient(&z, &2, &mut by_class);
        let share = SoftmaxCrossEntropy.gradient(&z, &[0.0, 0.0, 1.0], &mut by_share);
        assert_eq!((class, by_class), (share, by_share));
    }

    #[test]
    fn a_class_that_does_not_exist_teaches_nothing() {
        let mut dz = [1.0; 2];
        assert!(SoftmaxCrossEntropy.gradient(&[0.0, 1.0], &2, &mut dz).is_nan());
        assert_eq!(dz, [0.0; 2]);
    }

    /// Of outputs and targets of every kind: where the value is finite, so is the gradient, as all say that they tell.
    #[test]
    fn a_finite_loss_tells_of_its_gradient() {
        const NUMBERS: [f32; 12] =
            [0.0, -0.0, 1.0, -1.0, 0.5, 100.0, -100.0, f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
        fn holds<T>(loss: &impl Loss<[f32; 2], T>, y: [f32; 2], target: &T) {
            let mut dy = [0.0; 2];
            let value = loss.gradient(&y, target, &mut dy);
            assert!(loss.tells_finite());
            assert!(!value.is_finite() || dy.iter().all(|dy| dy.is_finite()), "{y:?}: {value}, {dy:?}");
        }
        for (a, b) in NUMBERS.into_iter().flat_map(|a| NUMBERS.map(|b| (a, b))) {
            for class in 0..3 {
                holds(&SoftmaxCrossEntropy, [a, b], &class);
                holds(&fast::SoftmaxCrossEntropy, [a, b], &class);
            }
            for target in NUMBERS.into_iter().flat_map(|s| NUMBERS.map(|t| [s, t])) {
                holds(&SquaredError, [a, b], &target);
                holds(&BinaryCrossEntropy, [a, b], &target);
                holds(&SoftmaxCrossEntropy, [a, b], &target);
                holds(&fast::SoftmaxCrossEntropy, [a, b], &target);
                holds(&Hinge, [a, b], &target);
                holds(&Perceptron, [a, b], &target);
            }
        }
    }

    /// One of another crate that tells nothing is looked at: its gradient is NaN, its value not.
    #[test]
    fn a_loss_that_tells_nothing_is_looked_at() {
        use crate::learner::{Learned, Refused};
        use crate::prelude::*;
        struct Silent;
        impl Loss<[f32; 1], ()> for Silent {
            fn value(&self, _: &[f32; 1], (): &()) -> f32 {
                1.0
            }

            fn gradient(&self, _: &[f32; 1], (): &(), dy: &mut [f32; 1]) -> f32 {
                *dy = [f32::NAN];
                1.0
            }
        }
        let (mut net, mut learning) = (Dense::<1, 1>::ZERO, Learning::ZERO);
        let learned = Learner::new(&mut net, &mut learning, Silent, InPlace::new(0.5)).learn(&[1.0], &());
        assert_eq!((learned, net), (Learned::Refused(Refused::Gradient), Dense::ZERO));
    }

    #[test]
    fn a_sequence_is_the_mean_of_its_steps() {
        let (y, mut dy, mut of_step) = ([[0.5, -1.0], [2.0, 0.0], [-0.25, 4.0]], [[9.0; 2]; 3], [0.0; 2]);
        let loss = SoftmaxCrossEntropy.gradient(&y, &[1, 0, 1], &mut dy);
        assert_eq!(loss, SoftmaxCrossEntropy.value(&y, &[1, 0, 1]));
        let mut sum = 0.0;
        for ((y, class), dy) in y.iter().zip([1, 0, 1]).zip(dy) {
            sum += SoftmaxCrossEntropy.gradient(y, &class, &mut of_step);
            assert_eq!(dy, of_step.map(|of_step| of_step * (1.0 / 3.0)));
        }
        assert_eq!(loss, sum / 3.0);
        // Of numbers it is the mean over all of them.
        assert_eq!(SquaredError.value(&[[1.0, 3.0], [0.0, 0.0]], &[[0.0, 1.0], [1.0, 2.0]]), 10.0 / 4.0);
    }

    #[test]
    fn a_step_without_a_class_teaches_nothing() {
        let mut dz = [[9.0; 2]; 2];
        assert!(SoftmaxCrossEntropy.gradient(&[[0.0, 1.0], [0.0, 0.0]], &[2, 0], &mut dz).is_nan());
        assert_eq!(dz, [[0.0; 2], [-0.25, 0.25]]);
    }

    #[test]
    fn hinge_and_perceptron_stop_at_their_margins() {
        let mut dy = [9.0; 2];
        assert_eq!(Hinge.gradient(&[1.0, 0.5], &[1.0, -1.0], &mut dy), 0.75);
        assert_eq!(dy, [0.0, 0.5]);
        assert_eq!(Perceptron.gradient(&[0.5, 0.0], &[1.0, -1.0], &mut dy), 0.0);
        assert_eq!(dy, [0.0, 0.5]);
    }
}
