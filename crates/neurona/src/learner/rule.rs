//! What a rule is, learning in place, and how the rate changes.

use super::{Progress, Refused, Step};
use crate::layer::{Kind, Learn, Target, Update};
use crate::plain::Zero;

/// How the gradient of an example changes a network.
pub trait Rule {
    /// What the rule needs besides a workspace, for a network.
    type Memory<N: Learn>: Zero;

    /// Whether parameters change on the way back, layer by layer, each of which looks at its input before.
    const IN_PLACE: bool = false;

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
    /// No less than the square of any number of the input, of a rule in place.
    pub(super) bound: f32,
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
    /// The rate after so many steps; NaN where the constant of the schedule is out of its range.
    pub fn rate(self, rate: f32, steps: u32) -> f32 {
        match self {
            Self::Constant => rate,
            Self::Decay { gamma } if gamma >= 0.0 => rate / (1.0 + gamma * steps as f32),
            Self::Exponential { factor } if factor > 0.0 && factor <= 1.0 => rate * power(factor, steps),
            Self::Decay { .. } | Self::Exponential { .. } => f32::NAN,
        }
    }
}

/// `factor^n`, by squares, with a relative error of at most about `n 2^-24`, which is that of a factor written with a rounding error
/// of one unit. `libm::powf` would be off by a unit or so, and take a kilobyte and more of every program that learns.
fn power(factor: f32, mut n: u32) -> f32 {
    let (mut power, mut square) = (1.0, factor);
    while n > 0 {
        if n & 1 == 1 {
            power *= square;
        }
        square *= square;
        n >>= 1;
    }
    power
}

/// Stochastic gradient descent in place: `w -= r dw` for each example, as soon as `dw` is known.
///
/// It needs the least memory, for no gradient is kept. A step differs from one of [`Sgd`](super::Sgd) with mini-batches of one
/// example by roundings alone: that of a product, and with `l2`, which is `w = (1 - r l2) (w - r / (1 - r l2) dw)` here, those
/// of two more and of a quotient. Without a gradient there is nothing to clip; but an example can be refused whose gradient is
/// large: see [`limit`](Self::limit).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InPlace {
    /// The learning rate, at least 0 and at most [`MAX_RATE`].
    pub rate: f32,
    /// How it changes.
    pub schedule: Schedule,
    /// How large a component of the gradient may be, as the largest input of a layer times the largest gradient of its sums: at
    /// least 0 and at most [`MAX_GRADIENT`], which it is unless told. Where a layer exceeds it the step ends there: that layer
    /// and those before it learn nothing of the example, which is [refused](Refused::Layer). A bias of a convolution has the
    /// gradients of all places, each of which the limit is for. One of less than 1e-18, whose square is next to nothing, may be
    /// exceeded.
    pub limit: f32,
    /// Penalty on the size of weights; small ones become zero (proximal: Daubechies and others, 2004).
    pub l1: f32,
    /// Penalty on half the square of weights (Tikhonov, 1963); `rate * l2` is less than 1.
    pub l2: f32,
}

impl InPlace {
    /// A constant rate and no penalty.
    pub const fn new(rate: f32) -> Self {
        Self { rate, schedule: Schedule::Constant, limit: MAX_GRADIENT, l1: 0.0, l2: 0.0 }
    }
}

/// What penalties make of a step.
#[derive(Clone, Copy)]
struct Penalty {
    /// The rate of the gradient, before what is left of the weights is taken.
    step: f32,
    /// What is left of every weight.
    kept: f32,
    /// How much nearer to zero it is after that.
    by: f32,
}

impl Penalty {
    fn is_valid(&self) -> bool {
        is_size(self.by) && self.kept > 0.0 && self.kept <= 1.0
    }
}

impl InPlace {
    #[inline(never)]
    fn penalty(&self, rate: f32) -> Penalty {
        let kept = 1.0 - rate * self.l2;
        Penalty { step: rate / kept, kept, by: rate * self.l1 }
    }
}

impl Rule for InPlace {
    type Memory<N: Learn> = ();

    const IN_PLACE: bool = true;

    fn example<N: Learn>(&self, net: &mut N, (): &mut (), progress: &mut Progress, example: Backward<'_, N>) -> Step {
        let rate = self.schedule.rate(self.rate, progress.steps);
        let penalty = if are_zero(self.l1, self.l2) { None } else { Some(self.penalty(rate)) };
        let (step, valid) = penalty.map_or((rate, true), |penalty| (penalty.step, penalty.is_valid()));
        let refused = if valid && is_rate(step) && is_limit(self.limit) {
            let update = Update::new(-step, self.limit).knowing(example.x, example.bound);
            example.run(Target::InPlace(net, &update));
            update.is_refused().then_some(Refused::Layer)
        } else {
            Some(Refused::Rule)
        };
        if let Some(refused) = refused {
            progress.refused = progress.refused.saturating_add(1);
            return Step::Refused(refused);
        }
        if let Some(Penalty { kept, by, .. }) = penalty {
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

/// The largest rate of learning, 2^32. With it and [`MAX_GRADIENT`] a step is at most 2^96, which a parameter near the largest
/// number rounds off: parameters that are finite stay so. (In place, of a bias of a convolution the step is as many times that as
/// there are places, which may not be rounded off where there are more than 128.)
pub const MAX_RATE: f32 = 4_294_967_296.0;

/// The largest component of a gradient that a step is taken with: the root of the largest number, rounded down. Its square is
/// finite, which is Adam's; a velocity, the sum of such gradients, is; and so is a step with it.
pub const MAX_GRADIENT: f32 = 1.844_674_3e19;

/// Whether it is in the range of a learning rate.
#[inline]
pub(super) fn is_rate(rate: f32) -> bool {
    is_up_to(rate, MAX_RATE)
}

#[inline]
fn is_limit(limit: f32) -> bool {
    is_up_to(limit, MAX_GRADIENT)
}

/// Whether it is from zero, of either sign, up to a number, compared as integers, which every core does.
#[inline]
fn is_up_to(x: f32, end: f32) -> bool {
    x.to_bits() <= end.to_bits() || x.to_bits() == (-0.0_f32).to_bits()
}

/// Whether both are zero, of either sign; as one integer, for which no core compares floats.
#[inline]
fn are_zero(a: f32, b: f32) -> bool {
    (a.to_bits() | b.to_bits()) << 1 == 0
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
    fn a_power_is_as_exact_as_its_factor() {
        for factor in [0.5_f32, 0.9, 0.999, 0.999_99, 1.0] {
            let mut exact = 1.0_f64;
            for n in 0..20_000 {
                let error = (f64::from(power(factor, n)) - exact).abs();
                assert!(
                    error <= exact * f64::from(n) / (1 << 24) as f64 + f64::from(f32::MIN_POSITIVE),
                    "{factor}^{n}"
                );
                exact *= f64::from(factor);
            }
        }
        assert_eq!(power(1.0, u32::MAX), 1.0);
        assert_eq!(power(0.999, u32::MAX), 0.0);
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
        // Zero may have a sign.
        assert_eq!(learned(InPlace::new(-0.0)), learned(InPlace::new(0.0)));
        assert_eq!(learned(InPlace { l1: -0.0, l2: -0.0, ..rule }), learned(rule));
        assert_eq!(learned(InPlace { limit: -0.0, ..rule }), learned(InPlace { limit: 0.0, ..rule }));
        // With a rate of 1/2 and a penalty of 2 nothing is left of a weight.
        assert_eq!(learned(InPlace { l2: 2.0, ..rule }), (Learned::Refused(Refused::Rule), 0.0, 1));
        assert_eq!(learned(InPlace::new(MAX_RATE * 2.0)).0, Learned::Refused(Refused::Rule));
        for limit in [f32::NAN, f32::INFINITY, -1.0] {
            assert_eq!(learned(InPlace { limit, ..rule }).0, Learned::Refused(Refused::Rule));
        }
        let decays = [f32::NAN, -0.5].map(|gamma| Schedule::Decay { gamma });
        let exponentials = [f32::NAN, 0.0, -0.5, 1.5].map(|factor| Schedule::Exponential { factor });
        for schedule in decays.into_iter().chain(exponentials) {
            assert_eq!(learned(InPlace { schedule, ..rule }).0, Learned::Refused(Refused::Rule));
        }
    }
}
