//! The optimizers of the mirror: a step, in numbers with a bound.

use neurona_train::Optimizer;

use crate::bounded::{Bounded, U};

/// An optimizer with penalties, and what it remembers for each parameter.
///
/// Written from the formulas that the documentation of `neurona_train::Optimizer` gives.
#[derive(Clone, Debug)]
pub struct Rule {
    optimizer: Optimizer,
    rate: f32,
    l1: f32,
    l2: f32,
    steps: i32,
    /// The velocity or the mean of the gradient, and the mean of its square.
    memory: Vec<[Bounded; 2]>,
}

impl Rule {
    /// The rule before its first step.
    pub fn new(optimizer: Optimizer, rate: f32, [l1, l2]: [f32; 2], parameters: usize) -> Self {
        Self { optimizer, rate, l1, l2, steps: 0, memory: vec![[Bounded::ZERO; 2]; parameters] }
    }

    /// The parameters after a step; penalties are for those that are weights.
    pub fn step(&mut self, parameters: &[Bounded], gradient: &[Bounded], is_weight: &[bool]) -> Vec<Bounded> {
        self.steps += 1;
        let (l1, l2) = (self.l1, self.l2);
        let penalties = is_weight.iter().map(|is_weight| if *is_weight { [l1, l2] } else { [0.0; 2] });
        let all = parameters.iter().zip(gradient).zip(penalties).enumerate();
        all.map(|(at, ((w, g), penalties))| self.one(at, *w, *g, penalties)).collect()
    }

    fn one(&mut self, at: usize, w: Bounded, g: Bounded, [l1, l2]: [f32; 2]) -> Bounded {
        let g = if l2 == 0.0 { g } else { g.plus(Bounded::exact(l2).times(w)) };
        let (rate, l1) = (Bounded::exact(self.rate), Bounded::exact(l1));
        let [mean, square] = &mut self.memory[at];
        match self.optimizer {
            Optimizer::Sgd { momentum } => {
                *mean = Bounded::exact(momentum).times(*mean).plus(g);
                let repeats = Bounded::exact(1.0).minus(Bounded::exact(momentum));
                shrunk(w.minus(rate.times(*mean)), rate.times(l1).over(repeats))
            }
            Optimizer::Nesterov { momentum } => {
                *mean = Bounded::exact(momentum).times(*mean).plus(g);
                let repeats = Bounded::exact(1.0).minus(Bounded::exact(momentum));
                let step = g.plus(Bounded::exact(momentum).times(*mean));
                shrunk(w.minus(rate.times(step)), rate.times(l1).over(repeats))
            }
            Optimizer::Adam { beta1, beta2, epsilon, .. } | Optimizer::AdamW { beta1, beta2, epsilon, .. } => {
                let decay = if let Optimizer::AdamW { weight_decay, .. } = self.optimizer { weight_decay } else { 0.0 };
                // From one half up `1 - beta` is exact (Sterbenz).
                let mix = |old: Bounded, beta: f32, new: Bounded| Bounded::exact(beta).times(old).plus(new);
                *mean = mix(*mean, beta1, Bounded::exact(1.0 - beta1).times(g));
                *square = mix(*square, beta2, Bounded::exact(1.0 - beta2).times(g).times(g));
                let (first, second) = (correction(beta1, self.steps), correction(beta2, self.steps));
                let divisor = square.sqrt().over(second.sqrt()).plus(Bounded::exact(epsilon));
                let kept = Bounded::exact(1.0).minus(rate.times(Bounded::exact(decay)));
                let w = if decay == 0.0 { w } else { w.times(kept) };
                // A root is not negative: half of epsilon is less than what the sum is rounded to.
                let least_divisor = f64::from(epsilon) / 2.0;
                let w = w.minus(rate.over(first).times(*mean).over_at_least(divisor, least_divisor));
                let most = rate.over(Bounded::exact(1.0 - beta2).sqrt());
                if l1.value == 0.0 {
                    w
                } else {
                    shrunk(w, least(rate.times(l1).over_at_least(divisor, least_divisor), most))
                }
            }
            other => panic!("the mirror has no optimizer {}: give it one", other.name()),
        }
    }
}

/// `1 - beta^n`: the device's is within 4 epsilon of it (`neurona`'s test says so), the trainer's is computed in `f64`.
fn correction(beta: f32, n: i32) -> Bounded {
    let value = 1.0 - f64::from(beta).powi(n);
    Bounded { value, error: 8.0 * U * value }
}

/// A weight nearer to zero by so much, or zero: neither moves the result by more than it moves itself.
fn shrunk(w: Bounded, by: Bounded) -> Bounded {
    if by.value == 0.0 {
        return w;
    }
    let value = if w.value.abs() <= by.value { 0.0 } else { w.value - by.value.copysign(w.value) };
    let error = w.error + by.error;
    // The rounding of a difference that may be off by the error.
    Bounded { value, error: error + U * (value.abs() + error) }
}

fn least(a: Bounded, b: Bounded) -> Bounded {
    Bounded { value: a.value.min(b.value), error: a.error.max(b.error) }
}
