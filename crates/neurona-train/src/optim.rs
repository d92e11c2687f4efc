//! Optimizers: how a gradient changes the parameters.
//!
//! g is the gradient, w the parameter, r the learning rate, t the number of the step, counted from 1. The formulas and
//! default constants are those of PyTorch, and so are the numbers in the tests.

use std::ops::Range;

use rayon::prelude::*;

/// A rule to change parameters by their gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Optimizer {
    /// Stochastic gradient descent with classical momentum (Polyak, 1964): `v = momentum v + g`, `w -= r v`.
    Sgd {
        /// How much of the last step is kept; 0 is plain descent.
        momentum: f32,
    },
    /// Divides by a running root mean square (Hinton, lecture 6e of "Neural Networks for Machine Learning", 2012):
    /// `s = decay s + (1 - decay) g^2`, `w -= r g / (sqrt(s) + epsilon)`.
    RmsProp {
        /// How slowly the mean forgets.
        decay: f32,
        /// What keeps the quotient finite.
        epsilon: f32,
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

impl Optimizer {
    /// Plain gradient descent.
    pub const SGD: Self = Self::Sgd { momentum: 0.0 };
    /// RMSProp with decay 0.99 and epsilon 1e-8.
    pub const RMSPROP: Self = Self::RmsProp { decay: 0.99, epsilon: 1e-8 };
    /// Adam with the constants of the paper: 0.9, 0.999 and 1e-8.
    pub const ADAM: Self = Self::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    /// AdamW with the constants of Adam and weight decay 0.01.
    pub const ADAMW: Self = Self::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 };

    /// The name, as in a TOML file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sgd { .. } => "sgd",
            Self::RmsProp { .. } => "rmsprop",
            Self::Adam { .. } => "adam",
            Self::AdamW { .. } => "adamw",
        }
    }

    /// The name of a constant that is out of its range, the range, and what was found.
    pub(crate) fn fault(&self) -> Option<(&'static str, &'static str, f32)> {
        const SHARE: &str = "at least 0 and less than 1";
        const POSITIVE: &str = "finite and greater than 0";
        const NOT_NEGATIVE: &str = "finite and at least 0";
        let share = |name, value: f32| (!(0.0..1.0).contains(&value)).then_some((name, SHARE, value));
        let positive = |value: f32| (!(value > 0.0 && value.is_finite())).then_some(("epsilon", POSITIVE, value));
        match *self {
            Self::Sgd { momentum } => share("momentum", momentum),
            Self::RmsProp { decay, epsilon } => share("decay", decay).or_else(|| positive(epsilon)),
            Self::Adam { beta1, beta2, epsilon } => {
                share("beta1", beta1).or_else(|| share("beta2", beta2)).or_else(|| positive(epsilon))
            }
            Self::AdamW { beta1, beta2, epsilon, weight_decay } => {
                Self::Adam { beta1, beta2, epsilon }.fault().or_else(|| {
                    (!(weight_decay >= 0.0 && weight_decay.is_finite())).then_some((
                        "weight_decay",
                        NOT_NEGATIVE,
                        weight_decay,
                    ))
                })
            }
        }
    }
}

/// An optimizer at work: its constants, and what it remembers for each parameter.
#[derive(Clone, Debug)]
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
    /// The rate, divided by `1 - beta1^t`.
    mean_rate: f32,
    /// `sqrt(1 - beta2^t)`.
    root: f32,
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
        self.step_in(rate, parameters, gradient, &[all]);
    }

    /// Takes one step in the ranges of `learned` alone.
    ///
    /// Parameters do not depend on each other, so that neither threads nor the length of a chunk change a bit.
    pub(crate) fn step_in(&mut self, rate: f32, parameters: &mut [f32], gradient: &[f32], learned: &[Range<usize>]) {
        /// Parameters that are worth a thread's while: some 10 us.
        const CHUNK: usize = 1 << 14;
        let (step, optimizer) = (self.next_step(rate), self.optimizer);
        for range in learned {
            let parameters = parameters[range.clone()].par_chunks_mut(CHUNK);
            let gradient = gradient[range.clone()].par_chunks(CHUNK);
            let mean = self.mean[range.clone()].par_chunks_mut(CHUNK);
            let square = self.square[range.clone()].par_chunks_mut(CHUNK);
            parameters
                .zip(gradient)
                .zip(mean)
                .zip(square)
                .for_each(|(((w, g), m), s)| step.take(optimizer, w, g, m, s));
        }
    }

    fn next_step(&mut self, rate: f32) -> Step {
        let (beta1, beta2) = match self.optimizer {
            Optimizer::Adam { beta1, beta2, .. } | Optimizer::AdamW { beta1, beta2, .. } => (beta1, beta2),
            Optimizer::Sgd { .. } | Optimizer::RmsProp { .. } => (0.0, 0.0),
        };
        self.powers.0 *= f64::from(beta1);
        self.powers.1 *= f64::from(beta2);
        Step {
            rate,
            mean_rate: (f64::from(rate) / (1.0 - self.powers.0)) as f32,
            root: (1.0 - self.powers.1).sqrt() as f32,
        }
    }
}

impl Step {
    fn take(self, optimizer: Optimizer, w: &mut [f32], g: &[f32], m: &mut [f32], s: &mut [f32]) {
        match optimizer {
            Optimizer::Sgd { momentum: 0.0 } => {
                w.iter_mut().zip(g).for_each(|(w, g)| *w -= self.rate * g);
            }
            Optimizer::Sgd { momentum } => {
                for ((w, g), m) in w.iter_mut().zip(g).zip(m) {
                    *m = momentum * *m + g;
                    *w -= self.rate * *m;
                }
            }
            Optimizer::RmsProp { decay, epsilon } => {
                for ((w, g), s) in w.iter_mut().zip(g).zip(s) {
                    *s = decay * *s + (1.0 - decay) * g * g;
                    *w -= self.rate * g / (s.sqrt() + epsilon);
                }
            }
            Optimizer::Adam { beta1, beta2, epsilon } => self.adam(beta1, beta2, epsilon, w, g, m, s),
            Optimizer::AdamW { beta1, beta2, epsilon, weight_decay } => {
                let kept = 1.0 - self.rate * weight_decay;
                w.iter_mut().for_each(|w| *w *= kept);
                self.adam(beta1, beta2, epsilon, w, g, m, s);
            }
        }
    }

    fn adam(self, beta1: f32, beta2: f32, epsilon: f32, w: &mut [f32], g: &[f32], m: &mut [f32], s: &mut [f32]) {
        for (((w, g), m), s) in w.iter_mut().zip(g).zip(m).zip(s) {
            *m = beta1 * *m + (1.0 - beta1) * g;
            *s = beta2 * *s + (1.0 - beta2) * g * g;
            *w -= self.mean_rate * *m / (s.sqrt() / self.root + epsilon);
        }
    }
}

#[cfg(test)]
mod tests;
