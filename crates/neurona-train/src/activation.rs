//! Activation functions over whole batches, in the trainer's own arithmetic.
//!
//! The formulas are those of [`neurona`]'s activations; the code is another: it works on slices, in vector
//! instructions where its exponential functions ([`math`](crate::math)) do, and else calls the platform's; both are as exact
//! as the device's, but not to the same bit. The fast forms of the device ([`ActivationSpec::FastSigmoid`], [`ActivationSpec::FastTanh`]) are trained as the functions
//! that they approximate.

use neurona::arch::ActivationSpec::{self, *};

pub(crate) use crate::math::sigmoid;
use crate::{math, simd::widest};

/// The constants of [`ScaledTanh`].
const AMPLITUDE: f32 = 1.7159;
const SLOPE: f32 = 2.0 / 3.0;

/// Whether the derivative is computed from the weighted sum z, so that the sum must be kept; else the result y serves.
pub(crate) fn needs_sum(activation: ActivationSpec) -> bool {
    matches!(activation, Silu | HardSwish)
}

/// Adds the bias to each row of weighted sums.
///
/// # Shapes
///
/// `z` is (B, O), `bias` is (O).
pub(crate) fn add_bias(z: &mut [f32], bias: &[f32]) {
    /// Values of short rows to which it is added at once.
    const AT_ONCE: usize = 64;
    let mut memory = [0.0; AT_ONCE];
    let rows = AT_ONCE / bias.len().max(1);
    let bias = if rows < 2 {
        bias
    } else {
        let repeated = &mut memory[..rows * bias.len()];
        repeated.iter_mut().zip(bias.iter().cycle()).for_each(|(to, bias)| *to = *bias);
        repeated
    };
    widest!({
        for rows in z.chunks_mut(bias.len().max(1)) {
            for (z, bias) in rows.iter_mut().zip(bias) {
                *z += bias;
            }
        }
    });
}

/// Applies the activation in place: `v = f(v)`.
pub(crate) fn forward(activation: ActivationSpec, values: &mut [f32]) {
    let leak = |slope: u32| f32::from_bits(slope);
    match activation {
        Identity => {}
        Step => map(values, step),
        Sigmoid | FastSigmoid => map(values, sigmoid),
        Tanh | FastTanh => map(values, math::tanh),
        ScaledTanh => map(values, |z| AMPLITUDE * math::tanh(z * SLOPE)),
        Relu => map(values, |z| clip(z, f32::INFINITY)),
        Relu6 => map(values, |z| clip(z, 6.0)),
        LeakyRelu { slope } => map(values, |z| if z > 0.0 { z } else { leak(slope) * z }),
        Elu { alpha } => map(values, |z| if z > 0.0 { z } else { leak(alpha) * z.exp_m1() }),
        Softplus => map(values, softplus),
        Silu => map(values, |z| z * sigmoid(z)),
        HardSigmoid => map(values, hard_sigmoid),
        HardSwish => map(values, |z| z * hard_sigmoid(z)),
        // What this version does not know it cannot train: NaN stops it.
        _ => values.fill(f32::NAN),
    }
}

/// Multiplies by the derivative: `dy[i] *= f'(z[i])`.
///
/// `values` are the weighted sums z where [`needs_sum`] says so, else the results y. At a kink the derivative is the one
/// from the left, as in PyTorch; that of the step is 0.
pub(crate) fn backward(activation: ActivationSpec, values: &[f32], dy: &mut [f32]) {
    let leak = |slope: u32| f32::from_bits(slope);
    match activation {
        Identity => {}
        Step => dy.fill(0.0),
        Sigmoid | FastSigmoid => chain(values, dy, |y| y * (1.0 - y)),
        Tanh | FastTanh => chain(values, dy, |y| (1.0 - y) * (1.0 + y)),
        ScaledTanh => chain(values, dy, |y| SLOPE * (AMPLITUDE - y * y / AMPLITUDE)),
        Relu => chain(values, dy, |y| indicator(y > 0.0)),
        Relu6 => chain(values, dy, |y| indicator(y > 0.0 && y < 6.0)),
        LeakyRelu { slope } => chain(values, dy, |y| if y > 0.0 { 1.0 } else { leak(slope) }),
        Elu { alpha } => chain(values, dy, |y| if y > 0.0 { 1.0 } else { y + leak(alpha) }),
        Softplus => chain(values, dy, |y| -(-y).exp_m1()),
        Silu => chain(values, dy, |z| {
            let s = sigmoid(z);
            s * (1.0 + z * (1.0 - s))
        }),
        HardSigmoid => chain(values, dy, |y| indicator(y > 0.0 && y < 1.0) / 6.0),
        HardSwish => chain(values, dy, |z| {
            if z <= -3.0 {
                0.0
            } else if z < 3.0 {
                (2.0 * z + 3.0) / 6.0
            } else {
                1.0
            }
        }),
        _ => dy.fill(f32::NAN),
    }
}

/// Softmax of each row in place; the row's maximum is subtracted first, so that no exponential overflows.
///
/// # Shapes
///
/// `rows` is (B, `len`).
pub(crate) fn softmax(rows: &mut [f32], len: usize) {
    for row in rows.chunks_exact_mut(len.max(1)) {
        let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        map(row, |z| math::exp(z - max));
        let sum: f32 = row.iter().sum();
        map(row, |e| e / sum);
    }
}

/// The gradient of softmax, in place: `dy[i] = y[i] (dy[i] - sum over j of dy[j] y[j])` for each row.
///
/// # Shapes
///
/// `y` and `dy` are (B, `len`).
pub(crate) fn softmax_backward(y: &[f32], dy: &mut [f32], len: usize) {
    for (y, dy) in y.chunks_exact(len.max(1)).zip(dy.chunks_exact_mut(len.max(1))) {
        let sum: f32 = y.iter().zip(&*dy).map(|(y, dy)| y * dy).sum();
        for (y, dy) in y.iter().zip(dy) {
            *dy = y * (*dy - sum);
        }
    }
}

/// `ln(1 + e^z)`, as `max(z, 0) + ln(1 + e^-|z|)`.
pub(crate) fn softplus(z: f32) -> f32 {
    clip(z, f32::INFINITY) + (-z.abs()).exp().ln_1p()
}

#[inline(always)]
fn step(z: f32) -> f32 {
    if z.is_nan() { z } else { indicator(z >= 0.0) }
}

#[inline(always)]
fn hard_sigmoid(z: f32) -> f32 {
    clip(z + 3.0, 6.0) / 6.0
}

/// `z` clipped to `[0, top]`. NaN stays NaN, so that training notices.
#[inline(always)]
fn clip(z: f32, top: f32) -> f32 {
    if z < 0.0 {
        0.0
    } else if z > top {
        top
    } else {
        z
    }
}

#[inline(always)]
fn indicator(condition: bool) -> f32 {
    f32::from(u8::from(condition))
}

#[inline(always)]
fn map(values: &mut [f32], f: impl Fn(f32) -> f32) {
    widest!({
        for value in values {
            *value = f(*value);
        }
    });
}

#[inline(always)]
fn chain(values: &[f32], dy: &mut [f32], derivative: impl Fn(f32) -> f32) {
    widest!({
        for (value, dy) in values.iter().zip(dy) {
            *dy *= derivative(*value);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(activation: ActivationSpec, z: f32) -> (f32, f32) {
        let (mut y, mut dy) = ([z], [1.0]);
        forward(activation, &mut y);
        backward(activation, &if needs_sum(activation) { [z] } else { y }, &mut dy);
        (y[0], dy[0])
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        for activation in ActivationSpec::ALL {
            assert!(at(activation, f32::NAN).0.is_nan(), "{activation:?}");
        }
    }

    #[test]
    fn extremes_and_kinks() {
        for activation in ActivationSpec::ALL {
            for z in [-1e30, -100.0, 0.0, 100.0, 1e30] {
                let (y, slope) = at(activation, z);
                assert!(y.is_finite() && slope.is_finite(), "{activation:?} at {z}: {y}, {slope}");
            }
        }
        // From the left.
        for (activation, slope) in [(Relu, 0.0), (Relu6, 0.0), (LeakyRelu { slope: 0.25_f32.to_bits() }, 0.25)] {
            assert_eq!(at(activation, 0.0), (0.0, slope), "{activation:?}");
        }
        assert_eq!(at(Step, 0.0), (1.0, 0.0));
        assert_eq!(at(Relu6, 6.0), (6.0, 0.0));
    }

    #[test]
    fn near_the_functions_of_the_device() {
        // Both round a few operations with exponentials that are off by at most an ulp; 8 u is four operations and two
        // such functions. The fast forms are approximations, with a bound of their own, and are left out.
        for activation in ActivationSpec::ALL.into_iter().filter(|of| !matches!(of, FastSigmoid | FastTanh)) {
            for step in -4000..=4000 {
                let z = step as f32 * 0.0037;
                let (y, expected) = (at(activation, z).0, activation.value(z));
                let bound = 8.0 * f32::EPSILON / 2.0 * expected.abs().max(f32::MIN_POSITIVE);
                assert!((y - expected).abs() <= bound, "{activation:?} at {z}: {y}, {expected} on the device");
            }
        }
    }

    #[test]
    fn softmax_of_large_values() {
        let mut rows = [1000.0, 1000.0, -1e30, 5.0];
        softmax(&mut rows, 2);
        assert_eq!(rows, [0.5, 0.5, 0.0, 1.0]);
    }
}
