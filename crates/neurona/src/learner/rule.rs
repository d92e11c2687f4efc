//! What a rule is, learning in place, and how the rate changes.

use super::{Progress, Refused, Step};
use crate::layer::{Kind, Learn, Target};
use crate::plain::Zero;

/// How the gradient of an example changes a network.
pub trait Rule {
    /// What the rule needs besides a workspace, for a network.
    type Memory<N: Learn>: Zero;

    /// Takes in an example; [`Step::Empty`] says that a mini-batch has room for more.
    fn example<N: Learn>(
        &self,
        net: &mut N,
        memory: &mut Self::Memory<N>,
        progress: &mut Progress,
        example: Backward<'_, N>,
    ) -> Step;

    /// Takes the step that the mini-batch has examples for.
    fn step<N: Learn>(&self, net: &mut N, memory: &mut Self::Memory<N>, progress: &mut Progress) -> Step;
}

/// An example that has gone forward and can go back.
#[derive(Debug)]
pub struct Backward<'a, N: Learn> {
    pub(super) x: &'a N::Input,
    pub(super) y: &'a mut N::Output,
    pub(super) dy: &'a mut N::Output,
    pub(super) tape: &'a mut N::Tape,
}

impl<N: Learn> Backward<'_, N> {
    /// Goes back through the network; `target` says where the gradients go.
    pub fn run(self, target: Target<'_, N>) {
        N::backward(target, self.x, self.y, self.tape, self.dy, None);
    }
}

/// How the rate of learning changes; r is the rate of the rule, n the number of steps that were taken.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Schedule {
    /// `r`.
    #[default]
    Constant,
    /// `r / (1 + gamma n)` (Robbins and Monro, 1951).
    Decay {
        /// How fast the rate falls, at least 0.
        gamma: f32,
    },
    /// `r factor^n`.
    Exponential {
        /// What the rate is multiplied by after each step, greater than 0 and at most 1.
        factor: f32,
    },
}

impl Schedule {
    /// The rate after so many steps.
    pub fn rate(self, rate: f32, steps: u32) -> f32 {
        match self {
            Self::Constant => rate,
            Self::Decay { gamma } => rate / (1.0 + gamma * steps as f32),
            Self::Exponential { factor } => rate * libm::powf(factor, steps as f32),
        }
    }
}

/// Stochastic gradient descent in place: `w -= r dw` for each example, as soon as `dw` is known.
///
/// It needs the least memory, for no gradient is kept. A step differs from one of [`Sgd`](super::Sgd) with mini-batches of one
/// example by roundings alone: that of a product, and with `l2`, which is `w = (1 - r l2) (w - r / (1 - r l2) dw)` here, those
/// of two more and of a quotient. Without a gradient there is nothing to clip.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InPlace {
    /// The learning rate.
    pub rate: f32,
    /// How it changes.
    pub schedule: Schedule,
    /// Penalty on the size of weights; small ones become zero (proximal: Daubechies and others, 2004).
    pub l1: f32,
    /// Penalty on half the square of weights (Tikhonov, 1963); `rate * l2` is less than 1.
    pub l2: f32,
}

impl InPlace {
    /// A constant rate and no penalty.
    pub const fn new(rate: f32) -> Self {
        Self { rate, schedule: Schedule::Constant, l1: 0.0, l2: 0.0 }
    }
}

impl Rule for InPlace {
    type Memory<N: Learn> = ();

    fn example<N: Learn>(&self, net: &mut N, (): &mut (), progress: &mut Progress, example: Backward<'_, N>) -> Step {
        let rate = self.schedule.rate(self.rate, progress.steps);
        let (kept, by) = (1.0 - rate * self.l2, rate * self.l1);
        if !(is_size(rate / kept) && is_size(by) && kept > 0.0 && kept <= 1.0) {
            progress.refused = progress.refused.saturating_add(1);
            return Step::Refused(Refused::Rule);
        }
        example.run(Target::InPlace(net, -(rate / kept)));
        if self.l1 != 0.0 || self.l2 != 0.0 {
            net.visit([], &mut |kind, weights, []| {
                if kind == Kind::Weights {
                    weights.iter_mut().for_each(|w| *w = shrunk(*w * kept, by));
                }
            });
        }
        progress.steps = progress.steps.saturating_add(1);
        progress.since = progress.since.saturating_add(1);
        Step::Taken
    }

    fn step<N: Learn>(&self, _: &mut N, (): &mut (), _: &mut Progress) -> Step {
        Step::Empty
    }
}

/// Calls `f` with each array of parameters of a network, as [`Learn::visit`] does, in a frame of its own: taken into the caller
/// as often as there are arrays, code and stack would grow with them.
#[inline(never)]
pub(super) fn each<N: Learn, const K: usize>(
    net: &mut N,
    with: [&mut N::Gradient; K],
    mut f: impl FnMut(Kind, &mut [f32], [&mut [f32]; K]),
) {
    #[inline(never)]
    fn apart<const K: usize>(
        f: &mut impl FnMut(Kind, &mut [f32], [&mut [f32]; K]),
        kind: Kind,
        parameters: &mut [f32],
        with: [&mut [f32]; K],
    ) {
        f(kind, parameters, with);
    }
    net.visit(with, &mut |kind, parameters, with| apart(&mut f, kind, parameters, with));
}

/// Whether it is finite and at least 0.
#[inline]
pub(super) fn is_size(x: f32) -> bool {
    x >= 0.0 && x.is_finite()
}

/// The weight nearer to zero by so much, or zero. NaN is kept.
#[inline]
pub(super) fn shrunk(w: f32, by: f32) -> f32 {
    if w > by {
        w - by
    } else if w < -by {
        w + by
    } else if w.is_nan() {
        w
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learner::{Learned, Learner, Learning};
    use crate::{Dense, SquaredError};

    /// What becomes of an example whose gradient is 2 for weight and bias, and of a neuron of zeros.
    fn learned(rule: InPlace) -> (Learned, f32, u32) {
        let (mut net, mut learning) = (Dense::<1, 1>::ZERO, Learning::ZERO);
        let mut learner = Learner::new(&mut net, &mut learning, SquaredError, rule);
        let learned = learner.learn(&[1.0], &[-1.0]);
        let refused = learner.progress().refused;
        (learned, net.bias[0], refused)
    }

    #[test]
    fn constants_out_of_their_ranges_change_nothing() {
        let rule = InPlace::new(0.5);
        assert_eq!(learned(rule), (Learned::Stepped(1.0), -1.0, 0));
        assert_eq!(learned(InPlace::new(0.0)), (Learned::Stepped(1.0), 0.0, 0));
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0] {
            for rule in [InPlace::new(bad), InPlace { l1: bad, ..rule }, InPlace { l2: bad, ..rule }] {
                assert_eq!(learned(rule), (Learned::Refused(Refused::Rule), 0.0, 1));
            }
        }
        // With a rate of 1/2 and a penalty of 2 nothing is left of a weight.
        assert_eq!(learned(InPlace { l2: 2.0, ..rule }), (Learned::Refused(Refused::Rule), 0.0, 1));
        let schedule = Schedule::Decay { gamma: f32::NAN };
        assert_eq!(learned(InPlace { schedule, ..rule }).0, Learned::Refused(Refused::Rule));
    }
}
