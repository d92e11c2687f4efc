//! Learning in mini-batches: a gradient is summed, then an optimizer takes a step with its mean.

use super::rule::{each, is_rate, is_size, shrunk};
use super::{Backward, MAX_GRADIENT, Progress, Refused, Rule, Schedule, Step};
use crate::kernel;
use crate::layer::{Kind, Learn, Target};
use crate::network::Gradient;
use crate::plain::Zero;

/// Mini-batches, by an optimizer `O`; made as [`Sgd`], [`Momentum`] or [`Adam`].
///
/// Of the mean gradient `g` of a mini-batch, to which `l2 w` is added for weights, [`clip`](Self::clip) is taken; then the
/// optimizer takes its step, and `l1` brings weights nearer to zero.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MiniBatch<O> {
    /// The learning rate, at least 0 and at most [`MAX_RATE`](super::MAX_RATE).
    pub rate: f32,
    /// How it changes.
    pub schedule: Schedule,
    /// Number of examples in a mini-batch, at least 1.
    pub batch: u32,
    /// Penalty on the size of weights; small ones become zero (proximal: Daubechies and others, 2004).
    pub l1: f32,
    /// Penalty on half the square of weights (Tikhonov, 1963).
    pub l2: f32,
    /// What is done with large gradients.
    pub clip: Clip,
    /// What becomes of the gradient.
    pub optimizer: O,
}

/// Gradient descent: `w -= r g`.
pub type Sgd = MiniBatch<Descent>;

/// Gradient descent with momentum: see [`Velocity`].
pub type Momentum = MiniBatch<Velocity>;

/// Adam and AdamW: see [`Moments`].
pub type Adam = MiniBatch<Moments>;

impl<O> MiniBatch<O> {
    const fn with(rate: f32, optimizer: O) -> Self {
        Self { rate, schedule: Schedule::Constant, batch: 1, l1: 0.0, l2: 0.0, clip: Clip::None, optimizer }
    }
}

impl Sgd {
    /// A constant rate, mini-batches of one example, no penalty.
    pub const fn new(rate: f32) -> Self {
        Self::with(rate, Descent)
    }
}

impl Momentum {
    /// The same with classical momentum, which is at least 0 and less than 1.
    pub const fn new(rate: f32, momentum: f32) -> Self {
        Self::with(rate, Velocity { momentum, nesterov: false })
    }

    /// The same with Nesterov's momentum.
    pub const fn nesterov(rate: f32, momentum: f32) -> Self {
        Self::with(rate, Velocity { momentum, nesterov: true })
    }
}

impl Adam {
    /// A constant rate, mini-batches of one example, the constants of the paper: 0.9, 0.999 and 1e-8.
    pub const fn new(rate: f32) -> Self {
        Self::with_decay(rate, 0.0)
    }

    /// The same with decoupled weight decay: AdamW.
    pub const fn with_decay(rate: f32, weight_decay: f32) -> Self {
        Self::with(rate, Moments { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay })
    }
}

/// What is done with large gradients.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Clip {
    /// Nothing.
    #[default]
    None,
    /// Each component is held between minus this and this.
    Value(f32),
    /// The whole gradient is shortened to this length where it is longer (Pascanu, Mikolov and Bengio, 2013).
    ///
    /// Squares are summed in the order of the struct; where the sum overflows, with a length above 10^19, the mini-batch is
    /// refused, and of components below 10^-23 they are zero.
    Norm(f32),
}

/// What becomes of the mean gradient of a mini-batch.
pub trait Optimizer: Copy {
    /// The sum of gradients, and what lasts from step to step.
    type Memory<N: Learn>: Zero;

    /// The sum of gradients.
    fn gradient<N: Learn>(memory: &mut Self::Memory<N>) -> &mut Gradient<N>;

    /// Whether the constants are in their ranges, so that it takes steps at this rate; a mini-batch is else refused.
    fn is_valid(&self, rate: f32) -> bool {
        is_rate(rate)
    }

    /// Takes a step at this rate, the n-th since the memory was zero, with the gradient, and makes that zero.
    fn step<N: Learn>(&self, rate: f32, n: u32, l1: f32, net: &mut N, memory: &mut Self::Memory<N>);
}

impl<O: Optimizer> MiniBatch<O> {
    /// Whether all constants are in their ranges.
    fn is_valid(&self, rate: f32) -> bool {
        let clips = match self.clip {
            Clip::None => true,
            Clip::Value(limit) | Clip::Norm(limit) => limit >= 0.0,
        };
        clips && is_size(rate * self.l1) && is_size(self.l2) && self.optimizer.is_valid(rate)
    }

    /// Makes the sum what the optimizer takes its step with; false where a component is not finite, or what is left of
    /// it after clipping is larger than [`MAX_GRADIENT`].
    fn prepare<N: Learn>(&self, net: &mut N, gradient: &mut Gradient<N>, examples: u32) -> bool {
        let share = 1.0 / examples as f32;
        let (mut fits, mut squares) = (true, 0.0);
        let Self { l2, clip, .. } = *self;
        each(net, [&mut *gradient], |kind, weights, [gradient]| {
            kernel::scale(share, gradient);
            if l2 != 0.0 && kind == Kind::Weights {
                kernel::axpy(l2, weights, gradient);
            }
            if let Clip::Value(limit) = clip {
                fits &= kernel::is_finite(gradient);
                gradient.iter_mut().for_each(|g| *g = held(*g, limit));
            }
            fits &= kernel::is_within(gradient, MAX_GRADIENT);
            if let Clip::Norm(_) = clip {
                gradient.iter().for_each(|g| squares += g * g);
            }
        });
        if let Clip::Norm(limit) = self.clip {
            let length = kernel::sqrt(squares);
            fits &= length.is_finite();
            if length > limit {
                let factor = limit / length;
                each(net, [gradient], move |_, _, [gradient]| kernel::scale(factor, gradient));
            }
        }
        fits
    }
}

impl<O: Optimizer> Rule for MiniBatch<O> {
    type Memory<N: Learn> = O::Memory<N>;

    fn example<N: Learn>(
        &self,
        net: &mut N,
        memory: &mut O::Memory<N>,
        progress: &mut Progress,
        example: Backward<'_, N>,
    ) -> Step {
        example.run(Target::Sum(net, O::gradient::<N>(memory)));
        progress.examples = progress.examples.saturating_add(1);
        if progress.examples < self.batch { Step::Empty } else { self.step(net, memory, progress) }
    }

    fn step<N: Learn>(&self, net: &mut N, memory: &mut O::Memory<N>, progress: &mut Progress) -> Step {
        let examples = core::mem::take(&mut progress.examples);
        if examples == 0 {
            return Step::Empty;
        }
        let rate = self.schedule.rate(self.rate, progress.steps);
        let gradient = O::gradient::<N>(memory);
        let refused = if !self.is_valid(rate) {
            Some(Refused::Rule)
        } else if !self.prepare(net, gradient, examples) {
            Some(Refused::Gradient)
        } else {
            None
        };
        if let Some(refused) = refused {
            gradient.clear();
            progress.refused = progress.refused.saturating_add(1);
            return Step::Refused(refused);
        }
        progress.steps = progress.steps.saturating_add(1);
        progress.since = progress.since.saturating_add(1);
        self.optimizer.step(rate, progress.since, self.l1, net, memory);
        Step::Taken
    }
}

/// Takes parameters nearer to zero, if they are weights and there is an L1 penalty.
#[inline]
fn shrink(kind: Kind, weights: &mut [f32], by: f32) {
    if kind == Kind::Weights && by != 0.0 {
        weights.iter_mut().for_each(|w| *w = shrunk(*w, by));
    }
}

/// The nearest number from minus the limit to the limit. NaN is kept.
#[inline]
fn held(g: f32, limit: f32) -> f32 {
    if g > limit {
        limit
    } else if g < -limit {
        -limit
    } else {
        g
    }
}

/// `w -= r g`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Descent;

impl Optimizer for Descent {
    type Memory<N: Learn> = Gradient<N>;

    fn gradient<N: Learn>(memory: &mut Gradient<N>) -> &mut Gradient<N> {
        memory
    }

    fn step<N: Learn>(&self, rate: f32, _: u32, l1: f32, net: &mut N, gradient: &mut Gradient<N>) {
        let by = rate * l1;
        each(net, [gradient], move |kind, weights, [gradient]| {
            kernel::axpy(-rate, gradient, weights);
            shrink(kind, weights, by);
            kernel::clear(gradient);
        });
    }
}

/// `v = momentum v + g`, `w -= r v` (Polyak, 1964); or, after Nesterov, `w -= r (g + momentum v)` (Sutskever and others, 2013,
/// in PyTorch's form).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Velocity {
    /// The share of the velocity that stays from one step to the next, at least 0 and less than 1. Where it is made less on the way,
    /// the velocity is still as long as the greater one made it.
    pub momentum: f32,
    /// Whether the step looks ahead.
    pub nesterov: bool,
}

impl Optimizer for Velocity {
    /// The gradient, then the velocity.
    type Memory<N: Learn> = [Gradient<N>; 2];

    fn gradient<N: Learn>([gradient, _]: &mut [Gradient<N>; 2]) -> &mut Gradient<N> {
        gradient
    }

    fn is_valid(&self, rate: f32) -> bool {
        (0.0..1.0).contains(&self.momentum) && is_rate(rate / (1.0 - self.momentum))
    }

    fn step<N: Learn>(&self, rate: f32, _: u32, l1: f32, net: &mut N, memory: &mut [Gradient<N>; 2]) {
        // A gradient that lasts is repeated 1 / (1 - momentum) times.
        let by = rate * l1 / (1.0 - self.momentum);
        let Self { momentum, nesterov } = *self;
        each(net, memory.each_mut(), move |kind, weights, [gradient, velocity]| {
            kernel::scale(momentum, velocity);
            kernel::add(gradient, velocity);
            if nesterov {
                kernel::axpy(momentum, velocity, gradient);
                kernel::axpy(-rate, gradient, weights);
            } else {
                kernel::axpy(-rate, velocity, weights);
            }
            shrink(kind, weights, by);
            kernel::clear(gradient);
        });
    }
}

/// Adam (Kingma and Ba, 2015), with decoupled weight decay AdamW (Loshchilov and Hutter, 2019): `w -= r weight_decay w`, then
/// `m = beta1 m + (1 - beta1) g`, `s = beta2 s + (1 - beta2) g^2`, and in the n-th step
/// `w -= r / (1 - beta1^n) m / (sqrt(s) / sqrt(1 - beta2^n) + epsilon)`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Moments {
    /// How slowly the mean of the gradient forgets, at least 0 and less than 1; it is 0, or its square is less than
    /// [`beta2`](Self::beta2), by which the quotient has a bound (Cauchy and Schwarz).
    pub beta1: f32,
    /// How slowly the mean of its square forgets, at least 0 and less than 1.
    pub beta2: f32,
    /// What keeps the quotient finite, at least [`f32::MIN_POSITIVE`].
    pub epsilon: f32,
    /// How fast every parameter goes to zero by itself, biases too; at least 0, and at most 1 times the rate.
    pub weight_decay: f32,
}

impl Optimizer for Moments {
    /// The gradient, its mean, and the mean of its square.
    type Memory<N: Learn> = [Gradient<N>; 3];

    fn gradient<N: Learn>([gradient, ..]: &mut [Gradient<N>; 3]) -> &mut Gradient<N> {
        gradient
    }

    fn is_valid(&self, rate: f32) -> bool {
        let Self { beta1, beta2, epsilon, weight_decay } = *self;
        let betas = [beta1, beta2].iter().all(|beta| (0.0..1.0).contains(beta));
        // The first step is the longest, with a mean of the gradient that is corrected by this quotient.
        let rates = is_rate(rate / (1.0 - beta1)) && (0.0..=1.0).contains(&(rate * weight_decay));
        // Else a mean of old gradients outlives that of their squares, and is divided by next to nothing.
        let lasts = beta1 == 0.0 || beta1 * beta1 < beta2;
        betas && lasts && rates && epsilon > 0.0 && epsilon.is_normal()
    }

    fn step<N: Learn>(&self, rate: f32, n: u32, l1: f32, net: &mut N, memory: &mut [Gradient<N>; 3]) {
        let Self { beta1, beta2, epsilon, weight_decay } = *self;
        let mean_rate = rate / one_minus_power(beta1, n);
        let root = kernel::sqrt(one_minus_power(beta2, n));
        let kept = 1.0 - rate * weight_decay;
        // A proximal step is scaled as the optimizer scales a gradient, but for roots near zero (Yun, Lozano and Yang, 2021).
        let most = if l1 == 0.0 { 0.0 } else { rate / kernel::sqrt(1.0 - beta2) };
        each(net, memory.each_mut(), move |kind, weights, [gradient, mean, square]| {
            for (((w, g), m), s) in weights.iter_mut().zip(gradient).zip(mean).zip(square) {
                *m = beta1 * *m + (1.0 - beta1) * *g;
                *s = beta2 * *s + (1.0 - beta2) * *g * *g;
                let divisor = kernel::sqrt(*s) / root + epsilon;
                if weight_decay != 0.0 {
                    *w *= kept;
                }
                *w -= mean_rate * *m / divisor;
                if l1 != 0.0 && kind == Kind::Weights {
                    let by = rate * l1 / divisor;
                    *w = shrunk(*w, if by < most { by } else { most });
                }
                *g = 0.0;
            }
        });
    }
}

/// `1 - beta^n`, to a few units in the last place: as it is written it would lose the digits in which beta differs from 1.
fn one_minus_power(beta: f32, n: u32) -> f32 {
    // 1 - beta is exact from one half up (Sterbenz); log1p and expm1 keep the relative error.
    -libm::expm1f(n as f32 * libm::log1pf(-(1.0 - beta)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dense;

    #[test]
    fn corrections_keep_their_digits() {
        for (beta, n) in [(0.9_f32, 1), (0.999, 1), (0.999, 3), (0.999, 1000), (0.999, 100_000), (0.0, 1)] {
            let exact = 1.0 - libm::pow(f64::from(beta), f64::from(n));
            // log1p, the product and expm1 round once each, libm's two functions to less than one unit in the last place.
            let bound = 4.0 * f64::from(f32::EPSILON) * exact;
            let found = f64::from(one_minus_power(beta, n));
            assert!((found - exact).abs() <= bound, "1 - {beta}^{n}: {found} for {exact}");
        }
    }

    #[test]
    fn the_largest_gradient_has_a_finite_square() {
        assert!((MAX_GRADIENT * MAX_GRADIENT).is_finite());
        assert!((MAX_GRADIENT.next_up() * MAX_GRADIENT.next_up()).is_infinite());
    }

    /// A neuron of weight and bias 2 after one step with this gradient, of one example.
    fn stepped<O: Optimizer>(rule: MiniBatch<O>, gradient: f32) -> (Step, f32, f32) {
        let mut net: Dense<1, 1> = Dense::new([[2.0]], [2.0]);
        let mut memory = O::Memory::<Dense<1, 1>>::ZERO;
        let mut progress = Progress { examples: 1, ..Progress::default() };
        *O::gradient::<Dense<1, 1>>(&mut memory) = Dense::new([[gradient]], [gradient]);
        let step = rule.step(&mut net, &mut memory, &mut progress);
        assert_eq!(O::gradient::<Dense<1, 1>>(&mut memory).bias, [0.0]);
        (step, net.weights[0][0], net.bias[0])
    }

    // Powers of two, so that every result is exact.
    #[test]
    fn steps_by_hand() {
        let sgd = Sgd::new(0.5);
        assert_eq!(stepped(sgd, 1.0), (Step::Taken, 1.5, 1.5));
        assert_eq!(stepped(Sgd { l2: 0.5, ..sgd }, 1.0), (Step::Taken, 1.0, 1.5), "biases are free");
        assert_eq!(stepped(Sgd { l1: 0.5, ..sgd }, 1.0), (Step::Taken, 1.25, 1.5));
        assert_eq!(stepped(Sgd { l1: 4.0, ..sgd }, 1.0), (Step::Taken, 0.0, 1.5), "small weights become zero");
        assert_eq!(stepped(Sgd { clip: Clip::Value(0.25), ..sgd }, 1.0), (Step::Taken, 1.875, 1.875));
        assert_eq!(stepped(Momentum::nesterov(0.5, 0.5), 1.0), (Step::Taken, 1.25, 1.25));
        // The first step of Adam is the rate, whatever the gradient is, but for epsilon and roundings.
        let (step, w, b) = stepped(Adam::new(0.5), 3.0);
        assert!(step == Step::Taken && (w - 1.5).abs() < 1e-6 && (b - 1.5).abs() < 1e-6);
    }

    #[test]
    fn a_long_gradient_is_shortened() {
        // The length of (3, 3) is sqrt(18); a step of rate 1 has the length of the limit.
        let (_, w, b) = stepped(Sgd { clip: Clip::Norm(1.0), ..Sgd::new(1.0) }, 3.0);
        let length = libm::sqrtf((w - 2.0) * (w - 2.0) + (b - 2.0) * (b - 2.0));
        assert!((length - 1.0).abs() < 4.0 * f32::EPSILON);
        assert_eq!(stepped(Sgd { clip: Clip::Norm(8.0), ..Sgd::new(1.0) }, 1.0), (Step::Taken, 1.0, 1.0));
    }

    #[test]
    fn constants_out_of_their_ranges_change_nothing() {
        let refused = (Step::Refused(Refused::Rule), 2.0, 2.0);
        let sgd = Sgd::new(0.5);
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0] {
            assert_eq!(stepped(Sgd { rate: bad, ..sgd }, 1.0), refused);
            assert_eq!(stepped(Sgd { l1: bad, ..sgd }, 1.0), refused);
            assert_eq!(stepped(Sgd { l2: bad, ..sgd }, 1.0), refused);
            assert_eq!(stepped(Momentum::new(bad, 0.5), 1.0), refused);
            assert_eq!(stepped(Momentum::nesterov(0.5, bad), 1.0), refused);
            assert_eq!(stepped(Adam::new(bad), 1.0), refused);
            assert_eq!(stepped(Adam::with_decay(0.5, bad), 1.0), refused);
            for optimizer in [
                Moments { beta1: bad, ..Adam::new(0.5).optimizer },
                Moments { beta2: bad, ..Adam::new(0.5).optimizer },
                Moments { epsilon: bad, ..Adam::new(0.5).optimizer },
            ] {
                assert_eq!(stepped(Adam { optimizer, ..Adam::new(0.5) }, 1.0), refused);
            }
        }
        for clip in [Clip::Value(f32::NAN), Clip::Value(-1.0), Clip::Norm(f32::NAN), Clip::Norm(-1.0)] {
            assert_eq!(stepped(Sgd { clip, ..sgd }, 1.0), refused);
        }
        assert_eq!(stepped(Momentum::new(0.5, 1.0), 1.0), refused);
        // The mean of the gradients outlives that of their squares.
        let optimizer = Moments { beta2: 0.5, ..Adam::new(0.5).optimizer };
        assert_eq!(stepped(Adam { optimizer, ..Adam::new(0.5) }, 1.0), refused);
        // A schedule that has come to what is no rate.
        assert_eq!(stepped(Sgd { schedule: Schedule::Decay { gamma: f32::NAN }, ..sgd }, 1.0), refused);
        // No limit is no clipping.
        assert_eq!(stepped(Sgd { clip: Clip::Norm(f32::INFINITY), ..sgd }, 1.0), (Step::Taken, 1.5, 1.5));
    }

    #[test]
    fn what_is_not_finite_changes_nothing() {
        let refused = (Step::Refused(Refused::Gradient), 2.0, 2.0);
        for gradient in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for clip in [Clip::None, Clip::Value(1.0), Clip::Norm(1.0)] {
                assert_eq!(stepped(Sgd { clip, ..Sgd::new(0.5) }, gradient), refused);
                assert_eq!(stepped(Momentum { clip, ..Momentum::new(0.5, 0.9) }, gradient), refused);
                assert_eq!(stepped(Adam { clip, ..Adam::new(0.5) }, gradient), refused);
            }
        }
        // Its square overflows, and two of the largest overflow a velocity.
        assert_eq!(stepped(Sgd::new(0.5), 2e19), refused);
        assert_eq!(stepped(Momentum::new(0.5, 0.9), f32::MAX), refused);
        assert_eq!(stepped(Adam::new(0.5), 2e19), refused);
        // What is clipped to less is taken.
        assert_eq!(stepped(Sgd { clip: Clip::Value(0.5), ..Sgd::new(0.5) }, 2e19), (Step::Taken, 1.75, 1.75));
    }
}
