//! The arithmetic of the activations: for each a value, and a derivative from what [`Keep`](super::Keep) names.
//!
//! Types and [`ActivationSpec`](crate::ActivationSpec) both call these, so that their bits are the same. Nothing but
//! `libm` and operations that IEEE 754 rounds exactly is used; comparisons are written out, so that a NaN, for which all
//! of them are false, passes through to the result.
#![allow(clippy::manual_clamp, reason = "the sign of a zero that `clamp` gives differs between cores")]

/// One sixth, rounded to the nearest: a product with it takes one cycle where a division takes 14 on a Cortex-M4.
const SIXTH: f32 = 1.0 / 6.0;

/// The exponential of `libm`, to its last bit: its algorithm (FreeBSD's `e_expf.c`) without the branches that results which
/// are neither tiny nor huge do not need, and without its last product, which only moves the exponent.
#[inline]
pub(crate) fn exp(x: f32) -> f32 {
    const LN2_HIGH: f32 = f32::from_bits(0x3f31_7200);
    const LN2_LOW: f32 = f32::from_bits(0x35bf_be8e);
    const P: [f32; 2] = [f32::from_bits(0x3e2a_aa8f), f32::from_bits(0xbb35_5215)];
    // From 2^-13 to 87 in magnitude the exponent of the result stays that of a normal number.
    let magnitude = x.to_bits() & 0x7fff_ffff;
    if !(0x3900_0001..0x42ae_0000).contains(&magnitude) {
        return libm::expf(x);
    }
    // x = k ln 2 + r; in between the first two sizes k is 1 or -1, whatever the product would say.
    let half = 0.5_f32.copysign(x);
    let k = if magnitude > 0x3f85_1592 {
        (core::f32::consts::LOG2_E * x + half) as i32
    } else if magnitude > 0x3eb1_7218 {
        if x < 0.0 { -1 } else { 1 }
    } else {
        0
    };
    let whole = k as f32;
    let (high, low) = (x - whole * LN2_HIGH, whole * LN2_LOW);
    let r = high - low;
    let square = r * r;
    let c = r - square * (P[0] + square * P[1]);
    let y = 1.0 + (r * c / (2.0 - c) - low + high);
    f32::from_bits(y.to_bits().wrapping_add((k as u32) << 23))
}

#[inline]
pub(crate) fn identity(z: f32) -> f32 {
    z
}

#[inline]
pub(crate) fn identity_derivative(_y: f32) -> f32 {
    1.0
}

#[inline]
pub(crate) fn step(z: f32) -> f32 {
    if z < 0.0 {
        0.0
    } else if z >= 0.0 {
        1.0
    } else {
        z
    }
}

#[inline]
pub(crate) fn step_derivative(_y: f32) -> f32 {
    0.0
}

/// The exponential is of a number that is not positive on either side, so that it does not overflow.
#[inline]
pub(crate) fn sigmoid(z: f32) -> f32 {
    if z >= 0.0 {
        1.0 / (1.0 + exp(-z))
    } else {
        let e = exp(z);
        e / (1.0 + e)
    }
}

#[inline]
pub(crate) fn sigmoid_derivative(y: f32) -> f32 {
    y * (1.0 - y)
}

#[inline]
pub(crate) fn tanh(z: f32) -> f32 {
    libm::tanhf(z)
}

/// `1 - y²` as a product, because `1 - y` and `1 + y` lose nothing where `y²` is near 1.
#[inline]
pub(crate) fn tanh_derivative(y: f32) -> f32 {
    (1.0 - y) * (1.0 + y)
}

/// The amplitude of the scaled tanh, and its slope within: with these 1 gives 1, to five digits.
const AMPLITUDE: f32 = 1.7159;
const SLOPE: f32 = 2.0 / 3.0;

#[inline]
pub(crate) fn scaled_tanh(z: f32) -> f32 {
    AMPLITUDE * libm::tanhf(SLOPE * z)
}

/// `2/3 (A - y²/A)` as a product, as that of [`tanh_derivative`]; the factor, `2 / (3 A)`, is a constant.
#[inline]
pub(crate) fn scaled_tanh_derivative(y: f32) -> f32 {
    SLOPE / AMPLITUDE * ((AMPLITUDE - y) * (AMPLITUDE + y))
}

#[inline]
pub(crate) fn relu(z: f32) -> f32 {
    // `if z <= 0.0 { 0.0 } else { z }` in integers, which every core compares faster: from minus infinity up to minus zero
    // are the patterns with a sign that are not above that of minus infinity. A NaN has no sign afterwards, so that for the way back
    // what is on is above zero as a whole number, too.
    const MINUS_INFINITY: u32 = f32::NEG_INFINITY.to_bits();
    let bits = z.to_bits();
    f32::from_bits(if bits > MINUS_INFINITY { bits & 0x7fff_ffff } else { bits & !((bits as i32 >> 31) as u32) })
}

#[inline]
pub(crate) fn relu_derivative(y: f32) -> f32 {
    if y <= 0.0 { 0.0 } else { 1.0 }
}

#[inline]
pub(crate) fn relu6(z: f32) -> f32 {
    if z <= 0.0 {
        0.0
    } else if z >= 6.0 {
        6.0
    } else {
        z
    }
}

#[inline]
pub(crate) fn relu6_derivative(y: f32) -> f32 {
    if y <= 0.0 || y >= 6.0 { 0.0 } else { 1.0 }
}

#[inline]
pub(crate) fn leaky_relu(z: f32, slope: f32) -> f32 {
    if z <= 0.0 { slope * z } else { z }
}

#[inline]
pub(crate) fn leaky_relu_derivative(y: f32, slope: f32) -> f32 {
    if y <= 0.0 { slope } else { 1.0 }
}

#[inline]
pub(crate) fn elu(z: f32, alpha: f32) -> f32 {
    if z <= 0.0 { alpha * libm::expm1f(z) } else { z }
}

#[inline]
pub(crate) fn elu_derivative(y: f32, alpha: f32) -> f32 {
    if y <= 0.0 { y + alpha } else { 1.0 }
}

/// `ln(1 + e^z)` with the larger of `e^z` and 1 taken out, so that the exponential does not overflow.
#[inline]
pub(crate) fn softplus(z: f32) -> f32 {
    relu(z) + libm::log1pf(exp(-z.abs()))
}

#[inline]
pub(crate) fn softplus_derivative(y: f32) -> f32 {
    -libm::expm1f(-y)
}

/// Below -104 the sigmoid is 0 in `f32`, because `e^-104 < 2^-150`, half of the smallest subnormal number. From there on
/// the limit is given: at minus infinity the product would be NaN.
const SILU_LOW: f32 = -104.0;

#[inline]
pub(crate) fn silu(z: f32) -> f32 {
    if z < SILU_LOW {
        return -0.0;
    }
    let e = exp(-z.abs());
    let numerator = if z < 0.0 { z * e } else { z };
    numerator / (1.0 + e)
}

/// `σ(z) (1 + z σ(-z))`: where σ(z) is near 1, `1 - σ(z)` has no accuracy left, and σ(-z) has.
#[inline]
pub(crate) fn silu_derivative(z: f32) -> f32 {
    if z < SILU_LOW {
        return -0.0;
    }
    // The same on the other side, where σ(-z) is 0 and the limit is 1.
    if z > -SILU_LOW {
        return 1.0;
    }
    sigmoid(z) * (1.0 + z * sigmoid(-z))
}

#[inline]
pub(crate) fn hard_sigmoid(z: f32) -> f32 {
    if z <= -3.0 {
        0.0
    } else if z >= 3.0 {
        1.0
    } else {
        (z + 3.0) * SIXTH
    }
}

#[inline]
pub(crate) fn hard_sigmoid_derivative(y: f32) -> f32 {
    if y <= 0.0 || y >= 1.0 { 0.0 } else { SIXTH }
}

#[inline]
pub(crate) fn hard_swish(z: f32) -> f32 {
    if z <= -3.0 {
        -0.0
    } else if z >= 3.0 {
        z
    } else {
        z * ((z + 3.0) * SIXTH)
    }
}

#[inline]
pub(crate) fn hard_swish_derivative(z: f32) -> f32 {
    if z <= -3.0 {
        0.0
    } else if z >= 3.0 {
        1.0
    } else {
        (z + z + 3.0) * SIXTH
    }
}
