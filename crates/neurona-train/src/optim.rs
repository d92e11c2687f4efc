//! Optimizers: how a gradient changes the parameters.

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::simd::widest;

/// A rule to change parameters by their gradient.
///
/// g is the gradient, w the parameter, r the learning rate, t the number of the step, counted from 1. Where the course's
/// formula differs from the common one, both are here; the default constants are those of PyTorch.
///
/// | optimizer         | formula                                                                     | source            |
/// | ----------------- | --------------------------------------------------------------------------- | ----------------- |
/// | `sgd`             | `v = momentum v + g`, `w -= r v`                                            | common, Polyak    |
/// | `nesterov`        | `v = momentum v + g`, `w -= r (g + momentum v)`                             | common, Nesterov  |
/// | `momentum`        | `v = beta1 v + (1 - beta1) g`, `w -= r v`                                   | course            |
/// | `normalized`      | `w -= r g / \|g\|`, by the length of the whole gradient                     | course            |
/// | `sign`            | `w -= r g / \|g\|`, by the size of each component                           | course            |
/// | `rmsprop`         | `s = decay s + (1 - decay) g^2`, `w -= r g / (sqrt(s) + epsilon)`           | common, Hinton    |
/// | with `epsilon_in_root` | the same with `w -= r g / sqrt(s + epsilon)`                           | course            |
/// | `adam`            | the means of `momentum` and `rmsprop`, each divided by `1 - beta^t`         | Kingma and Ba     |
/// | without `bias_correction` | the same means as they are                                          | course            |
/// | `adamw`           | `w -= r weight_decay w`, then as `adam`                                     | Loshchilov, Hutter |
///
/// The number of examples of a step ([`Training::batch`](crate::Training::batch)) makes each of them stochastic (1),
/// mini-batch, or batch descent (all of them).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Optimizer {
    /// Stochastic gradient descent with classical momentum (Polyak, 1964): `v = momentum v + g`, `w -= r v`.
    Sgd {
        /// How much of the last step is kept; 0 is plain descent.
        momentum: f32,
    },
    /// Nesterov's momentum (Sutskever and others, 2013, in PyTorch's form): the step looks ahead along `v`.
    Nesterov {
        /// How much of the last step is kept.
        momentum: f32,
    },
    /// Momentum as the course writes it: the step is the exponential moving average of the gradient.
    ///
    /// It takes the path of [`Sgd`](Self::Sgd) with the rate times `1 - beta1`.
    Momentum {
        /// How slowly the mean forgets.
        beta1: f32,
    },
    /// Steps of one length, the rate: `w -= r g / |g|` where `|g|` is the length of the whole gradient; a gradient of
    /// zero gives no step.
    ///
    /// The course's first step from gradient descent to RMSProp.
    Normalized,
    /// `w -= r g / |g|` for each component by itself, which leaves its sign: RMSProp that remembers nothing. A
    /// component of zero stays (Bernstein and others, "signSGD", 2018).
    Sign,
    /// Divides by a running root mean square (Hinton, lecture 6e of "Neural Networks for Machine Learning", 2012).
    RmsProp {
        /// How slowly the mean forgets.
        decay: f32,
        /// What keeps the quotient finite.
        epsilon: f32,
        /// Whether epsilon is added to the mean square, as in the course, and not to its root.
        epsilon_in_root: bool,
    },
    /// Adam (Kingma and Ba, 2015): `m = beta1 m + (1 - beta1) g`, `s = beta2 s + (1 - beta2) g^2`,
    /// `w -= r / (1 - beta1^t) m / (sqrt(s / (1 - beta2^t)) + epsilon)`.
    Adam {
        /// How slowly the mean of the gradient forgets.
        beta1: f32,
        /// How slowly the mean of its square forgets.
        beta2: f32,
        /// What keeps the quotient finite.
        epsilon: f32,
        /// Whether the means are divided by `1 - beta^t`, as in the paper. The course leaves that out: its first steps
        /// are longer, by `(1 - beta1) / sqrt(1 - beta2)`, 3.2 for the usual constants.
        bias_correction: bool,
    },
    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019): `w -= r weight_decay w`, then as Adam.
    AdamW {
        /// How slowly the mean of the gradient forgets.
        beta1: f32,
        /// How slowly the mean of its square forgets.
        beta2: f32,
        /// What keeps the quotient finite.
        epsilon: f32,
        /// How fast every parameter goes to zero by itself, biases too.
        weight_decay: f32,
    },
}

/// A constant of an optimizer or of a loss, and the range that it must lie in.
#[derive(Debug)]
pub(crate) enum Constant<'a> {
    /// At least 0 and less than 1.
    Share(&'a mut f32),
    /// Finite and greater than 0.
    Positive(&'a mut f32),
    /// Finite and at least 0.
    NotNegative(&'a mut f32),
    /// Yes or no.
    Switch(&'a mut bool),
}

impl Constant<'_> {
    /// The first of some constants that is out of its range: its name, the range, and what was found.
    pub(crate) fn fault(constants: Vec<(&'static str, Self)>) -> Option<(&'static str, &'static str, f32)> {
        constants.into_iter().find_map(|(name, constant)| {
            let (fits, range, value) = match constant {
                Self::Share(value) => ((0.0..1.0).contains(value), "at least 0 and less than 1", *value),
                Self::Positive(value) => (*value > 0.0 && value.is_finite(), "a finite number greater than 0", *value),
                Self::NotNegative(value) => {
                    (*value >= 0.0 && value.is_finite(), "a finite number of at least 0", *value)
                }
                Self::Switch(_) => return None,
            };
            (!fits).then_some((name, range, value))
        })
    }
}

impl Optimizer {
    /// Plain gradient descent.
    pub const SGD: Self = Self::Sgd { momentum: 0.0 };
    /// Nesterov's momentum of 0.9.
    pub const NESTEROV: Self = Self::Nesterov { momentum: 0.9 };
    /// The course's momentum, with beta1 0.9.
    pub const MOMENTUM: Self = Self::Momentum { beta1: 0.9 };
    /// RMSProp with decay 0.99 and epsilon 1e-8, outside the root.
    pub const RMSPROP: Self = Self::RmsProp { decay: 0.99, epsilon: 1e-8, epsilon_in_root: false };
    /// Adam with the constants of the paper: 0.9, 0.999 and 1e-8.
    pub const ADAM: Self = Self::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, bias_correction: true };
    /// AdamW with the constants of Adam and weight decay 0.01.
    pub const ADAMW: Self = Self::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 };

    /// Every optimizer, with its usual constants.
    pub const ALL: [Self; 8] = [
        Self::SGD,
        Self::NESTEROV,
        Self::MOMENTUM,
        Self::Normalized,
        Self::Sign,
        Self::RMSPROP,
        Self::ADAM,
        Self::ADAMW,
    ];

    /// The name, as in a TOML file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sgd { .. } => "sgd",
            Self::Nesterov { .. } => "nesterov",
            Self::Momentum { .. } => "momentum",
            Self::Normalized => "normalized",
            Self::Sign => "sign",
            Self::RmsProp { .. } => "rmsprop",
            Self::Adam { .. } => "adam",
            Self::AdamW { .. } => "adamw",
        }
    }

    /// The optimizer of that name, with its usual constants.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|optimizer| optimizer.name() == name)
    }

    /// The constants by the names that they have in a TOML file.
    pub(crate) fn constants(&mut self) -> Vec<(&'static str, Constant<'_>)> {
        use Constant::{NotNegative, Positive, Share, Switch};
        match self {
            Self::Sgd { momentum } | Self::Nesterov { momentum } => vec![("momentum", Share(momentum))],
            Self::Momentum { beta1 } => vec![("beta1", Share(beta1))],
            Self::Normalized | Self::Sign => Vec::new(),
            Self::RmsProp { decay, epsilon, epsilon_in_root } => vec![
                ("decay", Share(decay)),
                ("epsilon", Positive(epsilon)),
                ("epsilon_in_root", Switch(epsilon_in_root)),
            ],
            Self::Adam { beta1, beta2, epsilon, bias_correction } => vec![
                ("beta1", Share(beta1)),
                ("beta2", Share(beta2)),
                ("epsilon", Positive(epsilon)),
                ("bias_correction", Switch(bias_correction)),
            ],
            Self::AdamW { beta1, beta2, epsilon, weight_decay } => vec![
                ("beta1", Share(beta1)),
                ("beta2", Share(beta2)),
                ("epsilon", Positive(epsilon)),
                ("weight_decay", NotNegative(weight_decay)),
            ],
        }
    }

    /// The name of a constant that is out of its range, the range, and what was found.
    pub(crate) fn fault(mut self) -> Option<(&'static str, &'static str, f32)> {
        Constant::fault(self.constants())
    }
}

/// An optimizer at work: its constants, and what it remembers for each parameter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OptimizerState {
    optimizer: Optimizer,
    /// Momentum, or Adam's mean of the gradient. What an optimizer does not use is zeros that are never touched.
    mean: Vec<f32>,
    /// Mean of the squared gradient.
    square: Vec<f32>,
    /// `beta1^t` and `beta2^t`, in `f64` because they begin near 1, from which they are subtracted.
    powers: (f64, f64),
}

/// The constants of one step.
#[derive(Clone, Copy)]
struct Step {
    rate: f32,
    /// The rate, divided by `1 - beta1^t` where the optimizer does so.
    mean_rate: f32,
    /// The rate, divided by the length of the gradient: beyond `f32` where the gradient is all but zero.
    per_length: f64,
    /// `1 / sqrt(1 - beta2^t)`, or 1 without correction: a product takes less time than a quotient.
    per_root: f32,
}

impl OptimizerState {
    /// The optimizer before its first step, for so many parameters.
    pub fn new(optimizer: Optimizer, parameters: usize) -> Self {
        Self { optimizer, mean: vec![0.0; parameters], square: vec![0.0; parameters], powers: (1.0, 1.0) }
    }

    /// Takes one step: changes `parameters`, as many as [`new`](Self::new) was told, by their `gradient`.
    ///
    /// Parameters without a partner in the gradient or in the optimizer's memory stay as they are.
    pub fn step(&mut self, rate: f32, parameters: &mut [f32], gradient: &[f32]) {
        let all = 0..parameters.len().min(gradient.len()).min(self.mean.len());
        self.step_in(rate, parameters, &[gradient], &[all]);
    }

    /// Takes one step by the sum of these gradients, added in their order, in the ranges of `learned` alone.
    ///
    /// Parameters do not depend on each other, so that neither threads nor the length of a piece change a bit.
    pub(crate) fn step_in<G: AsRef<[f32]> + Sync>(
        &mut self,
        rate: f32,
        parameters: &mut [f32],
        gradients: &[G],
        learned: &[Range<usize>],
    ) {
        let length = match (self.optimizer, gradients) {
            (Optimizer::Normalized, [gradient]) => Some(norm(gradient.as_ref(), learned)),
            _ => None,
        };
        let (step, optimizer) = (self.next_step(rate, length), self.optimizer);
        for range in learned {
            let w = &mut parameters[range.clone()];
            let (m, s) = (&mut self.mean[range.clone()], &mut self.square[range.clone()]);
            let piece = piece(range);
            if range.len() <= piece {
                step.take_blocks(optimizer, w, gradients, range.start, m, s);
                continue;
            }
            let starts = (range.start..range.end).into_par_iter().step_by(piece);
            let pieces = w.par_chunks_mut(piece).zip(m.par_chunks_mut(piece)).zip(s.par_chunks_mut(piece)).zip(starts);
            pieces.for_each(|(((w, m), s), start)| step.take_blocks(optimizer, w, gradients, start, m, s));
        }
    }

    /// Takes one step by the sum of the first `count` gradients, as [`step_in`](Self::step_in), and writes the new parameters
    /// over every gradient. The ranges go up.
    ///
    /// A line of memory that one core wrote and another only read is in the caches of both, and the first has to ask for it before
    /// it writes it again: 9 to 30 ns a line on a Zen 4. Who writes what he read takes the line over, for some 2 ns. So
    /// no memory but the gradients goes from thread to thread, and whoever reads them writes them.
    pub(crate) fn exchange<G: AsMut<[f32]>>(
        &mut self,
        rate: f32,
        parameters: &mut [f32],
        gradients: &mut [G],
        count: usize,
        learned: &[Range<usize>],
    ) {
        let (step, optimizer, pieces) = (self.next_step(rate, None), self.optimizer, pieces(learned));
        let mut given: Vec<Vec<&mut [f32]>> = pieces.iter().map(|_| Vec::with_capacity(gradients.len())).collect();
        for gradient in gradients {
            given.iter_mut().zip(cut(gradient.as_mut(), &pieces)).for_each(|(given, piece)| given.push(piece));
        }
        let changed = cut(parameters, &pieces).into_par_iter().zip(cut(&mut self.mean, &pieces));
        let changed = changed.zip(cut(&mut self.square, &pieces)).zip(given);
        changed.for_each(|(((w, m), s), given)| step.exchange_blocks(optimizer, w, given, count, m, s));
    }

    /// Whether a step is shared by threads.
    pub(crate) fn is_shared(&self) -> bool {
        self.mean.len() > WORTH
    }

    /// Whether a step needs the whole gradient before it changes the first parameter.
    pub(crate) fn needs_length(&self) -> bool {
        matches!(self.optimizer, Optimizer::Normalized)
    }

    /// How far the proximal step of `l1 |w|`, which follows the optimizer's own at this rate, takes the weight at this
    /// place toward 0.
    ///
    /// A gradient g that lasts moves a weight by `p g` a step, with a p for each optimizer. Where the loss has the slope
    /// `-l1`, that of the minimum of both, a proximal step of `p l1` cancels it: so the sum is what is made small. For
    /// plain descent and the course's momentum p is the rate; classical and Nesterov's momentum repeat each gradient
    /// `1 / (1 - momentum)` times; RMSProp and Adam divide by their root (Yun, Lozano and Yang, "Adaptive proximal
    /// gradient methods for structured neural networks", 2021). A root near 0, as before the first gradients, would
    /// take any weight away at once: a step is at most as long as the longest of RMSProp, `rate / sqrt(1 - decay)`,
    /// which is no limit at a minimum, as no mean gradient is above its root mean square.
    pub(crate) fn threshold(&self, rate: f32, l1: f32, at: usize) -> f32 {
        let within = |root: f32, decay: f32| (rate * l1 / root).min(rate / (1.0 - decay).sqrt());
        match self.optimizer {
            Optimizer::Sgd { momentum } | Optimizer::Nesterov { momentum } => rate * l1 / (1.0 - momentum),
            Optimizer::Momentum { .. } | Optimizer::Normalized | Optimizer::Sign => rate * l1,
            Optimizer::RmsProp { decay, epsilon, epsilon_in_root } => {
                within(rms_root(self.square[at], epsilon, epsilon_in_root), decay)
            }
            Optimizer::Adam { beta2, epsilon, .. } | Optimizer::AdamW { beta2, epsilon, .. } => {
                within(adam_root(self.square[at], self.correction(), epsilon), beta2)
            }
        }
    }

    /// `sqrt(1 - beta2^t)`, or 1 without correction.
    fn correction(&self) -> f32 {
        (1.0 - self.powers.1).sqrt() as f32
    }

    /// The constants of the next step; `length` is that of the gradient where the optimizer divides by it.
    fn next_step(&mut self, rate: f32, length: Option<f64>) -> Step {
        let (beta1, beta2) = match self.optimizer {
            Optimizer::Adam { beta1, beta2, bias_correction: true, .. } | Optimizer::AdamW { beta1, beta2, .. } => {
                (beta1, beta2)
            }
            _ => (0.0, 0.0),
        };
        self.powers.0 *= f64::from(beta1);
        self.powers.1 *= f64::from(beta2);
        let wide = f64::from(rate);
        let per_length = length.filter(|length| *length != 0.0).map_or(0.0, |length| wide / length);
        let mean_rate = (wide / (1.0 - self.powers.0)) as f32;
        Step { rate, mean_rate, per_length, per_root: 1.0 / self.correction() }
    }
}

/// Parameters that are worth a thread's while: some 3 us.
const WORTH: usize = 1 << 12;
/// Parameters whose gradients are added before the step is taken: a few vectors.
const BLOCK: usize = 1 << 7;

/// How many parameters of a range a thread takes at once: so many that there is a piece for each thread, and that they are worth it.
fn piece(range: &Range<usize>) -> usize {
    range.len().div_ceil(rayon::current_num_threads()).next_multiple_of(BLOCK).max(WORTH)
}

/// The ranges in such pieces.
fn pieces(learned: &[Range<usize>]) -> Vec<Range<usize>> {
    let of_range = |range: &Range<usize>| {
        let (piece, end) = (piece(range), range.end);
        range.clone().step_by(piece).map(move |start| start..end.min(start + piece))
    };
    learned.iter().flat_map(of_range).collect()
}

/// The values in these ranges, none of which begins before the end of the one before it.
fn cut<'a>(mut values: &'a mut [f32], ranges: &[Range<usize>]) -> Vec<&'a mut [f32]> {
    let mut at = 0;
    let piece = |range: &Range<usize>| {
        let (piece, rest) = std::mem::take(&mut values)[range.start - at..].split_at_mut(range.len());
        (values, at) = (rest, range.end);
        piece
    };
    ranges.iter().map(piece).collect()
}

/// The sum of the gradients in this range, in `memory` where there are several.
#[inline(always)]
fn sum<'a, G: AsRef<[f32]>>(gradients: &'a [G], range: Range<usize>, memory: &'a mut [f32; BLOCK]) -> &'a [f32] {
    match gradients {
        [] => &[],
        [gradient] => &gradient.as_ref()[range],
        [first, second, others @ ..] => {
            let sums = &mut memory[..range.len()];
            let two = first.as_ref()[range.clone()].iter().zip(&second.as_ref()[range.clone()]);
            sums.iter_mut().zip(two).for_each(|(sum, (first, second))| *sum = first + second);
            for other in others {
                let values = &other.as_ref()[range.clone()];
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
            sums
        }
    }
}

/// The Euclidean length of the gradient in these ranges, summed in `f64` in their order.
pub(crate) fn norm(gradient: &[f32], learned: &[Range<usize>]) -> f64 {
    let squares = learned.iter().flat_map(|range| &gradient[range.clone()]).map(|g| f64::from(*g) * f64::from(*g));
    squares.sum::<f64>().sqrt()
}

/// What RMSProp divides by.
#[inline(always)]
fn rms_root(square: f32, epsilon: f32, epsilon_in_root: bool) -> f32 {
    if epsilon_in_root { (square + epsilon).sqrt() } else { square.sqrt() + epsilon }
}

/// What Adam divides by.
#[inline(always)]
fn adam_root(square: f32, correction: f32, epsilon: f32) -> f32 {
    square.sqrt() / correction + epsilon
}

impl Step {
    /// Takes the step for parameters from `start` on, a block at a time.
    fn take_blocks<G: AsRef<[f32]>>(
        self,
        optimizer: Optimizer,
        w: &mut [f32],
        gradients: &[G],
        start: usize,
        m: &mut [f32],
        s: &mut [f32],
    ) {
        widest!({
            let mut memory = [0.0; BLOCK];
            let blocks = w.chunks_mut(BLOCK).zip(m.chunks_mut(BLOCK)).zip(s.chunks_mut(BLOCK));
            for (((w, m), s), start) in blocks.zip((start..).step_by(BLOCK)) {
                let g = sum(gradients, start..start + w.len(), &mut memory);
                self.take(optimizer, w, g, m, s);
            }
        });
    }

    /// Takes the step for some parameters by the sum of the first `count` of their gradients, a block at a time, and writes the
    /// new parameters over all of these.
    fn exchange_blocks(
        self,
        optimizer: Optimizer,
        w: &mut [f32],
        mut gradients: Vec<&mut [f32]>,
        count: usize,
        m: &mut [f32],
        s: &mut [f32],
    ) {
        widest!({
            let mut memory = [0.0; BLOCK];
            let blocks = w.chunks_mut(BLOCK).zip(m.chunks_mut(BLOCK)).zip(s.chunks_mut(BLOCK));
            for (((w, m), s), start) in blocks.zip((0..).step_by(BLOCK)) {
                let range = start..start + w.len();
                let g = sum(&gradients[..count], range.clone(), &mut memory);
                self.take(optimizer, w, g, m, s);
                gradients.iter_mut().for_each(|gradient| gradient[range.clone()].copy_from_slice(w));
            }
        });
    }

    /// Takes the step for these parameters. Each loop reads before it writes: a CPU that compares the last bits of addresses alone
    /// would let a load wait for a store to another array that lies a multiple of 4 KiB away.
    #[inline(always)]
    fn take(self, optimizer: Optimizer, w: &mut [f32], g: &[f32], m: &mut [f32], s: &mut [f32]) {
        match optimizer {
            Optimizer::Sgd { momentum: 0.0 } => {
                w.iter_mut().zip(g).for_each(|(w, g)| *w -= self.rate * g);
            }
            Optimizer::Sgd { momentum } => {
                for ((w, g), m) in w.iter_mut().zip(g).zip(m) {
                    let mean = momentum * *m + g;
                    (*w, *m) = (*w - self.rate * mean, mean);
                }
            }
            Optimizer::Nesterov { momentum } => {
                for ((w, g), m) in w.iter_mut().zip(g).zip(m) {
                    let mean = momentum * *m + g;
                    (*w, *m) = (*w - self.rate * (g + momentum * mean), mean);
                }
            }
            Optimizer::Momentum { beta1 } => {
                for ((w, g), m) in w.iter_mut().zip(g).zip(m) {
                    let mean = beta1 * *m + (1.0 - beta1) * g;
                    (*w, *m) = (*w - self.rate * mean, mean);
                }
            }
            Optimizer::Normalized => {
                w.iter_mut().zip(g).for_each(|(w, g)| *w -= (self.per_length * f64::from(*g)) as f32);
            }
            Optimizer::Sign => {
                // NaN has no sign and stays NaN; of both zeros the step is none.
                let sign = |g: f32| if g == 0.0 || g.is_nan() { g } else { 1.0_f32.copysign(g) };
                w.iter_mut().zip(g).for_each(|(w, g)| *w -= self.rate * sign(*g));
            }
            Optimizer::RmsProp { decay, epsilon, epsilon_in_root } => {
                for ((w, g), s) in w.iter_mut().zip(g).zip(s) {
                    let square = decay * *s + (1.0 - decay) * g * g;
                    (*w, *s) = (*w - self.rate * g / rms_root(square, epsilon, epsilon_in_root), square);
                }
            }
            Optimizer::Adam { beta1, beta2, epsilon, .. } => self.adam(beta1, beta2, epsilon, w, g, m, s),
            Optimizer::AdamW { beta1, beta2, epsilon, weight_decay } => {
                let kept = 1.0 - self.rate * weight_decay;
                w.iter_mut().for_each(|w| *w *= kept);
                self.adam(beta1, beta2, epsilon, w, g, m, s);
            }
        }
    }

    #[inline(always)]
    fn adam(self, beta1: f32, beta2: f32, epsilon: f32, w: &mut [f32], g: &[f32], m: &mut [f32], s: &mut [f32]) {
        for (((w, g), m), s) in w.iter_mut().zip(g).zip(m).zip(s) {
            let (mean, square) = (beta1 * *m + (1.0 - beta1) * g, beta2 * *s + (1.0 - beta2) * g * g);
            let step = self.mean_rate * mean / (square.sqrt() * self.per_root + epsilon);
            (*w, *m, *s) = (*w - step, mean, square);
        }
    }
}

#[cfg(test)]
mod tests;
