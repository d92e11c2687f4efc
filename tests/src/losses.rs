//! The losses of the mirror.

use neurona_train::Loss;

use crate::bounded::{Bounded, U, ULP};
use crate::mirror::{sigmoid, softmax};

/// The loss, its gradient with respect to the outputs, and whether a decision lies within the bound.
pub(crate) fn loss(loss: Loss, y: &[Bounded], target: &[f32]) -> (Bounded, Vec<Bounded>, bool) {
    let n = Bounded::exact(y.len() as f32);
    let pairs = || y.iter().zip(target).map(|(y, t)| (*y, Bounded::exact(*t)));
    // One over n, times a gradient: the factor and the product are rounded.
    let share = |gradient: Bounded| gradient.times(Bounded { value: 1.0 / n.value, error: U / n.value });
    let mean = |terms: Vec<Bounded>| {
        let sum = Bounded::sum(terms);
        Bounded { value: sum.value / n.value, error: sum.error / n.value }.rounded()
    };
    match loss {
        Loss::SquaredError => {
            let off: Vec<_> = pairs().map(|(y, t)| y.minus(t)).collect();
            let value = mean(off.iter().map(|off| off.times(*off)).collect());
            (value, off.iter().map(|off| share(Bounded::exact(2.0).times(*off))).collect(), false)
        }
        Loss::BinaryCrossEntropy => {
            let value = mean(pairs().map(|(z, t)| softplus(z).minus(t.times(z))).collect());
            (value, pairs().map(|(z, t)| share(probability(z).minus(t))).collect(), false)
        }
        Loss::SoftmaxCrossEntropy => {
            let log_sum = log_sum_exp(y);
            let value = Bounded::sum(pairs().map(|(z, t)| t.times(log_sum.minus(z))));
            (
                value,
                softmax(y, false).into_iter().zip(target).map(|(p, t)| p.minus(Bounded::exact(*t))).collect(),
                false,
            )
        }
        Loss::Hinge => margin(pairs().collect(), 1.0, mean, share),
        Loss::Perceptron => margin(pairs().collect(), 0.0, mean, share),
        other => panic!("the mirror has no loss {}: give it one", other.name()),
    }
}

/// The mean of `max(0, margin - t y)`.
fn margin(
    pairs: Vec<(Bounded, Bounded)>,
    margin: f32,
    mean: impl Fn(Vec<Bounded>) -> Bounded,
    share: impl Fn(Bounded) -> Bounded,
) -> (Bounded, Vec<Bounded>, bool) {
    let gaps: Vec<_> = pairs.iter().map(|(y, t)| Bounded::exact(margin).minus(t.times(*y))).collect();
    let undecided = gaps.iter().any(|gap| gap.value.abs() <= gap.error);
    let value = mean(gaps.iter().map(|gap| if gap.value > 0.0 { *gap } else { Bounded::ZERO }).collect());
    let slope = |(gap, (_, t)): (&Bounded, &(Bounded, Bounded))| {
        let slope = if gap.value > 0.0 { -t.value } else { 0.0 };
        share(Bounded { value: slope, error: 0.0 })
    };
    (value, gaps.iter().zip(&pairs).map(slope).collect(), undecided)
}

/// `log(1 + exp(z))`: the slope is below 1, and each of its parts has a rounding or a function within 1 ULP.
fn softplus(z: Bounded) -> Bounded {
    let value = z.value.max(0.0) + (-z.value.abs()).exp().ln_1p();
    Bounded { value, error: z.error + 4.0 * ULP * value }
}

/// The sigmoid of a logit: its slope is at most 1/4, its own error at most 4 ULP.
fn probability(z: Bounded) -> Bounded {
    let value = sigmoid(z.value);
    Bounded { value, error: 0.25 * z.error + 4.0 * ULP * value }
}

/// `log(sum of exp(z))`: it moves by no more than the largest error of the z. Each difference from the maximum is
/// rounded, each exponential is within 1 ULP and the n terms are summed, which is a relative error of the sum and so an
/// absolute one of its logarithm; logarithm and sum then have their own.
fn log_sum_exp(z: &[Bounded]) -> Bounded {
    let max = z.iter().map(|z| z.value).fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = z.iter().map(|z| (z.value - max).exp()).sum();
    let moved = z.iter().map(|z| z.error).fold(0.0, f64::max);
    let differences = z.iter().map(|z| U * (z.value - max).abs()).fold(0.0, f64::max);
    let relative = differences + ULP + z.len() as f64 * U;
    let value = sum.ln() + max;
    Bounded { value, error: moved + relative + ULP * sum.ln().abs() }.rounded()
}
