//! A mirror of a network in `f64`: slow, simple, and with a bound for what `f32` programs may make of it.
//!
//! It is written from the formulas alone, shares no arithmetic with either crate, and its gradients are held to central
//! differences of its own loss.

use neurona::arch::ActivationSpec;
use neurona_train::{Loss, Spec};

use crate::bounded::{Bounded, U, ULP, UNDERFLOW};

/// A network's layers and values.
#[derive(Clone, Debug)]
pub struct Mirror {
    layers: Vec<Spec>,
    values: Vec<f64>,
}

/// What a pass through a network met.
#[derive(Clone, Debug)]
pub struct Pass {
    /// The input of each layer, and the output of the last.
    activations: Vec<Vec<Bounded>>,
    /// The derivative of each activation, for dense layers.
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
        Self { layers: spec.layers().into_iter().cloned().collect(), values: values.to_vec() }
    }

    /// Goes forward.
    pub fn forward(&self, x: &[f64]) -> Pass {
        self.forward_around(x, 0.0)
    }

    /// Goes forward from inputs that may be off by `error`: to see whether a kink is near.
    pub fn forward_around(&self, x: &[f64], error: f64) -> Pass {
        let mut pass = Pass { activations: Vec::new(), slopes: Vec::new(), undecided: false };
        let mut x: Vec<_> = x.iter().map(|value| Bounded { value: *value, error }).collect();
        let mut values = &self.values[..];
        for layer in &self.layers {
            let (own, rest) = values.split_at(layer.values());
            let (y, slopes, undecided) = forward(layer, own, &x);
            pass.activations.push(std::mem::replace(&mut x, y));
            pass.slopes.push(slopes);
            pass.undecided |= undecided;
            values = rest;
        }
        pass.activations.push(x);
        pass
    }

    /// The loss, its gradient with respect to the outputs, and whether a decision lies within the bound.
    pub fn loss(loss: Loss, y: &[Bounded], target: &[f32]) -> (Bounded, Vec<Bounded>, bool) {
        crate::losses::loss(loss, y, target)
    }

    /// Goes back: the gradient of every value, in the order of the model file, 0 for constants.
    pub fn backward(&self, pass: &Pass, mut dy: Vec<Bounded>) -> Vec<Bounded> {
        let mut gradient = vec![Bounded::ZERO; self.values.len()];
        let mut end = self.values.len();
        for (at, layer) in self.layers.iter().enumerate().rev() {
            let start = end - layer.values();
            let (x, y) = (&pass.activations[at], &pass.activations[at + 1]);
            let into = &mut gradient[start..end];
            dy = backward(layer, &self.values[start..end], x, y, &pass.slopes[at], &dy, into);
            end = start;
        }
        gradient
    }

    /// The loss alone, for central differences.
    pub fn loss_value(&self, x: &[f64], loss: Loss, target: &[f32]) -> f64 {
        Self::loss(loss, self.forward(x).output(), target).0.value
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

fn given(value: f64) -> Bounded {
    Bounded { value, error: 0.0 }
}

fn forward(layer: &Spec, values: &[f64], x: &[Bounded]) -> (Vec<Bounded>, Vec<Bounded>, bool) {
    match layer {
        Spec::Dense { inputs, outputs, activation } => {
            let (weights, bias) = values.split_at((inputs * outputs) as usize);
            let (mut y, mut slopes, mut undecided) = (Vec::new(), Vec::new(), false);
            for (row, bias) in weights.chunks(*inputs as usize).zip(bias) {
                let products = row.iter().zip(x).map(|(w, x)| given(*w).times(*x));
                let z = Bounded::sum(products.chain([given(*bias)]));
                let (value, slope, unsure) = activate(*activation, z);
                y.push(value);
                slopes.push(slope);
                undecided |= unsure;
            }
            (y, slopes, undecided)
        }
        Spec::Softmax { fast, .. } => (softmax(x, *fast), Vec::new(), false),
        Spec::Standardize { len } => {
            let (mean, scale) = values.split_at(*len as usize);
            let scaled =
                x.iter().zip(mean).zip(scale).map(|((x, mean), scale)| x.minus(given(*mean)).times(given(*scale)));
            (scaled.collect(), Vec::new(), false)
        }
        Spec::Rescale { factor, .. } => {
            let factor = Bounded::exact(f32::from_bits(*factor));
            (x.iter().map(|x| x.times(factor)).collect(), Vec::new(), false)
        }
        other => unimplemented_kind(other),
    }
}

fn backward(
    layer: &Spec,
    values: &[f64],
    x: &[Bounded],
    y: &[Bounded],
    slopes: &[Bounded],
    dy: &[Bounded],
    into: &mut [Bounded],
) -> Vec<Bounded> {
    match layer {
        Spec::Dense { inputs, outputs, .. } => {
            let inputs = *inputs as usize;
            let (weights, _) = values.split_at(inputs * *outputs as usize);
            let dz: Vec<_> = dy.iter().zip(slopes).map(|(dy, slope)| dy.times(*slope)).collect();
            let (dw, db) = into.split_at_mut(weights.len());
            for ((row, db), dz) in dw.chunks_mut(inputs).zip(db).zip(&dz) {
                *db = *dz;
                row.iter_mut().zip(x).for_each(|(dw, x)| *dw = dz.times(*x));
            }
            let column = |i| weights.iter().skip(i).step_by(inputs).zip(&dz).map(|(w, dz)| given(*w).times(*dz));
            (0..inputs).map(|i| Bounded::sum(column(i))).collect()
        }
        Spec::Softmax { .. } => {
            let sum = Bounded::sum(y.iter().zip(dy).map(|(y, dy)| y.times(*dy)));
            y.iter().zip(dy).map(|(y, dy)| y.times(dy.minus(sum))).collect()
        }
        Spec::Standardize { len } => {
            let (_, scale) = values.split_at(*len as usize);
            dy.iter().zip(scale).map(|(dy, scale)| dy.times(given(*scale))).collect()
        }
        Spec::Rescale { factor, .. } => dy.iter().map(|dy| dy.times(Bounded::exact(f32::from_bits(*factor)))).collect(),
        other => unimplemented_kind(other),
    }
}

fn unimplemented_kind(layer: &Spec) -> ! {
    panic!("the mirror has no layer of the kind {}: give it one", layer.kind())
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
/// exact forms (the table of `neurona`'s activations has 3.35 at most, the trainer's compose functions within 1 ULP),
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
