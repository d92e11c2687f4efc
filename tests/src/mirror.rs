//! A mirror of a network in `f64`: slow, simple, and with a bound for what `f32` programs may make of it.
//!
//! It is written from the formulas alone, shares no arithmetic with either crate, and its gradients are held to central
//! differences of its own loss.

use neurona::arch::{ActivationSpec, Shape};
use neurona_train::{Loss, Spec};

use crate::bounded::{Bounded, U, ULP, UNDERFLOW};

mod layers;
mod recurrent;

/// A network's architecture and values.
#[derive(Clone, Debug)]
pub struct Mirror {
    spec: Spec,
    values: Vec<f64>,
}

/// What a pass through a network met.
#[derive(Clone, Debug)]
pub struct Pass {
    /// The input of the network, and the output of each step.
    activations: Vec<Vec<Bounded>>,
    /// The derivative of each activation, for the steps that have one.
    slopes: Vec<Vec<Bounded>>,
    /// Whether some decision (a kink of an activation or a loss) lies within the bound, so that programs may differ.
    pub undecided: bool,
}

impl Pass {
    /// The outputs.
    pub fn output(&self) -> &[Bounded] {
        self.activations.last().map_or(&[], Vec::as_slice)
    }
}

impl Mirror {
    /// The mirror of a network with these values, in the order of the model file.
    pub fn new(spec: &Spec, values: &[f64]) -> Self {
        Self { spec: spec.clone(), values: values.to_vec() }
    }

    /// Goes forward.
    pub fn forward(&self, x: &[f64]) -> Pass {
        self.forward_around(x, 0.0)
    }

    /// Goes forward from inputs that may be off by `error`: to see whether a kink is near.
    pub fn forward_around(&self, x: &[f64], error: f64) -> Pass {
        let x = x.iter().map(|value| Bounded { value: *value, error }).collect();
        let mut pass = Pass { activations: vec![x], slopes: Vec::new(), undecided: false };
        for step in self.spec.steps() {
            let (x, with) = (&pass.activations[step.from], step.with.map(|with| &pass.activations[with][..]));
            let (y, slopes, undecided) = forward(step.spec, &self.values[step.values], x, with.unwrap_or_default());
            pass.activations.push(y);
            pass.slopes.push(slopes);
            pass.undecided |= undecided;
        }
        pass
    }

    /// The loss, its gradient with respect to the outputs, and whether a decision lies within the bound.
    ///
    /// Of an output that is a signal it is the mean over its steps.
    pub fn loss(&self, loss: Loss, y: &[Bounded], target: &[f32]) -> (Bounded, Vec<Bounded>, bool) {
        let Shape::Signal { steps, channels } = self.spec.output_shape() else {
            return crate::losses::loss(loss, y, target);
        };
        // One over the steps, rounded, and the product with it.
        let share = Bounded { value: 1.0 / f64::from(steps), error: U / f64::from(steps) };
        let (mut losses, mut slopes, mut undecided) = (Vec::new(), Vec::new(), false);
        for (y, target) in y.chunks(channels as usize).zip(target.chunks(channels as usize)) {
            let (value, dy, unsure) = crate::losses::loss(loss, y, target);
            losses.push(value);
            slopes.extend(dy.into_iter().map(|dy| dy.times(share)));
            undecided |= unsure;
        }
        (Bounded::sum(losses).times(share), slopes, undecided)
    }

    /// Goes back: the gradient of every value, in the order of the model file, 0 for constants.
    pub fn backward(&self, pass: &Pass, dy: Vec<Bounded>) -> Vec<Bounded> {
        let mut gradient = vec![Bounded::ZERO; self.values.len()];
        // What each output was given so far: an output that goes two ways is given two gradients.
        let mut given: Vec<Vec<Vec<Bounded>>> = vec![Vec::new(); pass.activations.len()];
        given[pass.activations.len() - 1].push(dy);
        for (at, step) in self.spec.steps().into_iter().enumerate().rev() {
            let dy = total(&given[at + 1]);
            let (x, y) = (&pass.activations[step.from], &pass.activations[at + 1]);
            let with = step.with.map(|with| &pass.activations[with][..]).unwrap_or_default();
            let (values, into) = (&self.values[step.values.clone()], &mut gradient[step.values.clone()]);
            let (dx, second) = backward(step.spec, values, x, with, y, &pass.slopes[at], &dy, into);
            given[step.from].push(dx);
            if let Some(with) = step.with {
                given[with].push(second);
            }
        }
        gradient
    }

    /// The loss alone, for central differences.
    pub fn loss_value(&self, x: &[f64], loss: Loss, target: &[f32]) -> f64 {
        self.loss(loss, self.forward(x).output(), target).0.value
    }

    /// The value in one place, to change.
    pub fn value_mut(&mut self, at: usize) -> &mut f64 {
        &mut self.values[at]
    }

    /// Every value.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}

pub(crate) fn given(value: f64) -> Bounded {
    Bounded { value, error: 0.0 }
}

/// The sum of the gradients that an output is given.
fn total(given: &[Vec<Bounded>]) -> Vec<Bounded> {
    match given {
        [one] => one.clone(),
        _ => (0..given[0].len()).map(|at| Bounded::sum(given.iter().map(|gradient| gradient[at]))).collect(),
    }
}

/// The outputs, the derivatives of the activation where there is one, and whether a decision lies within the bound; `with`
/// is the second input of a step that joins branches.
fn forward(layer: &Spec, values: &[f64], x: &[Bounded], with: &[Bounded]) -> (Vec<Bounded>, Vec<Bounded>, bool) {
    if let Some((sums, activation)) = layers::sums(layer, values, x, with) {
        let (mut y, mut slopes, mut undecided) = (Vec::new(), Vec::new(), false);
        for z in sums {
            let (value, slope, unsure) = activate(activation, z);
            y.push(value);
            slopes.push(slope);
            undecided |= unsure;
        }
        return (y, slopes, undecided);
    }
    let (y, undecided) = layers::values(layer, values, x, with);
    (y, Vec::new(), undecided)
}

/// The gradients of the inputs, and of the second input of a step that joins branches; those of the values go to `into`.
#[allow(clippy::too_many_arguments)]
fn backward(
    layer: &Spec,
    values: &[f64],
    x: &[Bounded],
    with: &[Bounded],
    y: &[Bounded],
    slopes: &[Bounded],
    dy: &[Bounded],
    into: &mut [Bounded],
) -> (Vec<Bounded>, Vec<Bounded>) {
    let dz: Vec<_> = match slopes {
        [] => dy.to_vec(),
        _ => dy.iter().zip(slopes).map(|(dy, slope)| dy.times(*slope)).collect(),
    };
    layers::backward(layer, values, x, with, y, &dz, into)
}

/// Softmax: each exponential has the relative error of its argument, of the difference and of the function; quotient
/// and sum add theirs (`n + 1` roundings). The maximum cancels, so that its error does not count.
pub(crate) fn softmax(x: &[Bounded], fast: bool) -> Vec<Bounded> {
    let max = x.iter().map(|x| x.value).fold(f64::NEG_INFINITY, f64::max);
    let exps: Vec<f64> = x.iter().map(|x| (x.value - max).exp()).collect();
    let relative: Vec<f64> = x
        .iter()
        .map(|x| {
            let argument = (x.value - max).abs();
            // The fast exponential's bound is that of its documentation; libm's and the platform's are within 1 ULP.
            let function = if fast { 2.5e-7 + 7.4e-8 * argument } else { ULP };
            (x.error + U * (argument + x.error) + function).exp_m1()
        })
        .collect();
    let largest = relative.iter().copied().fold(0.0, f64::max);
    let sum: f64 = exps.iter().sum();
    let rounding = (x.len() as f64 + 1.0) * U;
    exps.iter()
        .zip(&relative)
        .map(|(exp, relative)| {
            let value = exp / sum;
            // (1 + a) (1 + r) / (1 - b) - 1, with every share of the sum off by at most the largest.
            let off = (1.0 + relative) * (1.0 + rounding) / (1.0 - largest) - 1.0;
            Bounded { value, error: value * off + UNDERFLOW }
        })
        .collect()
}

/// The logistic sigmoid.
pub(crate) fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// An activation: its value, its derivative, and whether a kink lies within the bound of z.
///
/// The value is off by the slope's bound times the error of z, and by the function's own error: at most 4 ULP for the
/// exact forms (the table of `neurona`'s activations has 3.8 at most, the trainer's compose functions within 1 ULP),
/// the documented bounds for the fast ones. The derivative is computed from y or z: its error is the Lipschitz constant
/// of that function times the error of what it is computed from, and its rounding.
fn activate(activation: ActivationSpec, z: Bounded) -> (Bounded, Bounded, bool) {
    use ActivationSpec::*;
    let (v, e) = (z.value, z.error);
    let s = sigmoid(v);
    let smooth = |value: f64, slope: f64, curvature: f64, function: f64, slope_error: &dyn Fn(f64) -> f64| {
        let y = Bounded { value, error: (slope.abs() + curvature * e) * e + function + UNDERFLOW };
        (y, Bounded { value: slope, error: slope_error(y.error) + UNDERFLOW }, false)
    };
    let piecewise = |value: f64, slope: f64, function: f64, kinks: &[f64]| {
        let undecided = kinks.iter().any(|kink| (v - kink).abs() <= e);
        (Bounded { value, error: slope.abs() * e + function }, Bounded::exact(slope as f32), undecided)
    };
    // Curvatures are the largest second derivatives: sigmoid 0.097, tanh 0.77, softplus 0.25, SiLU 0.5, ELU alpha.
    match activation {
        Identity => (z, Bounded::exact(1.0), false),
        Step => piecewise(if v >= 0.0 { 1.0 } else { 0.0 }, 0.0, 0.0, &[0.0]),
        Sigmoid => smooth(s, s * (1.0 - s), 0.097, 4.0 * ULP * s, &|y| y + 3.0 * U * s),
        // The trainer uses the exact function: both bounds are for the larger of the two errors.
        FastSigmoid => smooth(s, s * (1.0 - s), 0.097, 1.9e-7, &|y| y + 3.0 * U * s),
        Tanh => {
            smooth(v.tanh(), 1.0 - v.tanh().powi(2), 0.77, 4.0 * ULP * v.tanh().abs(), &|y| 2.0 * y + y * y + 4.0 * U)
        }
        FastTanh => {
            smooth(v.tanh(), 1.0 - v.tanh().powi(2), 0.77, 1.5e-6 * v.tanh().abs(), &|y| 2.0 * y + y * y + 4.0 * U)
        }
        ScaledTanh => {
            let (amplitude, inner) = (1.7159, 2.0 / 3.0 * v);
            // Slope and curvature are those of tanh, times the two constants. The device's function is off by 3.8 ULP (its table);
            // the trainer's by a ULP of tanh and a rounding each of both constants and both products.
            let value = amplitude * inner.tanh();
            let slope = 2.0 / 3.0 * amplitude * (1.0 - inner.tanh().powi(2));
            let curvature = 0.77 * amplitude * 4.0 / 9.0;
            // The derivative falls by `4/3 |y| / A`, at most 4/3, for each of y, and has six roundings of terms below 1.2.
            smooth(value, slope, curvature, 4.0 * ULP * value.abs(), &|y| 4.0 / 3.0 * y + y * y + 8.0 * U)
        }
        Relu => piecewise(v.max(0.0), f64::from(v > 0.0), 0.0, &[0.0]),
        Relu6 => piecewise(v.clamp(0.0, 6.0), f64::from(v > 0.0 && v < 6.0), 0.0, &[0.0, 6.0]),
        LeakyRelu { slope } => {
            let slope = if v > 0.0 { 1.0 } else { f64::from(f32::from_bits(slope)) };
            piecewise(slope * v, slope, U * (slope * v).abs() + UNDERFLOW, &[0.0])
        }
        Elu { alpha } => {
            let alpha = f64::from(f32::from_bits(alpha));
            let value = if v > 0.0 { v } else { alpha * v.exp_m1() };
            let slope = if v > 0.0 { 1.0 } else { alpha * v.exp() };
            let (y, slope, _) = smooth(value, slope, alpha, 4.0 * ULP * value.abs(), &|y| y + U * alpha);
            (y, slope, v.abs() <= e)
        }
        Softplus => smooth(v.max(0.0) + (-v.abs()).exp().ln_1p(), s, 0.25, 4.0 * ULP * (v.max(0.0) + 0.7), &|y| {
            y + 4.0 * ULP * s
        }),
        Silu => smooth(v * s, s * (1.0 + v * (1.0 - s)), 0.5, 4.0 * ULP * (v * s).abs(), &|_| {
            // s is off by 4 ULP at most, and 1 + z (1 - s) has three roundings of terms below 1 + |z|.
            0.5 * e + (8.0 + 3.0) * U * (1.0 + v.abs())
        }),
        HardSigmoid => {
            let inside = v > -3.0 && v < 3.0;
            // (z + 3) / 6: two roundings of a value up to 6, or two of z / 6 and 1/2.
            let (y, mut slope, undecided) =
                piecewise(((v + 3.0) / 6.0).clamp(0.0, 1.0), f64::from(inside) / 6.0, 3.0 * U, &[-3.0, 3.0]);
            slope.error = U / 6.0;
            (y, slope, undecided)
        }
        HardSwish => {
            let gate = ((v + 3.0) / 6.0).clamp(0.0, 1.0);
            let slope = if v <= -3.0 {
                0.0
            } else if v < 3.0 {
                (2.0 * v + 3.0) / 6.0
            } else {
                1.0
            };
            // The curvature inside is 1/3; the gate is off by 3 roundings of 1, times z.
            let (y, slope, _) =
                smooth(v * gate, slope, 1.0 / 3.0, 4.0 * U * v.abs(), &|_| e / 3.0 + 4.0 * U * (1.0 + v.abs()));
            (y, slope, (v + 3.0).abs() <= e || (v - 3.0).abs() <= e)
        }
        other => panic!("the mirror has no activation {}: give it one", other.name()),
    }
}
