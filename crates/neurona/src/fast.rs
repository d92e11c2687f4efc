//! Fast forms: approximations with a bound, as types of their own.
//!
//! A network says [`fast::Sigmoid`](Sigmoid), [`fast::Tanh`](Tanh) or [`fast::Softmax`](Softmax) where it wants them, and a
//! learner [`fast::SoftmaxCrossEntropy`](SoftmaxCrossEntropy); no feature changes what another type computes. Like the exact forms they give the same bits on every core.
//!
//! Instructions for one value, the mean over values spread evenly in -8 to 8, at `opt-level = 3`, as
//! `cargo xtask bench device` counts them under QEMU:
//!
//! | function           | Cortex-M4F | Cortex-M0 |
//! | ------------------ | ---------: | --------: |
//! | `libm` exponential |         64 |      2239 |
//! | [`exp`]            |         28 |       365 |
//! | exact sigmoid      |         71 |      2457 |
//! | [`Sigmoid`]        |         30 |       691 |
//! | `libm` tanh        |         96 |      4081 |
//! | [`Tanh`]           |         19 |      1488 |
//!
//! `micromath`'s exponential takes 89 and 1924, and would need a clamp and a test for NaN besides. The bounds in the text of each
//! function are kept by every one of the 2^32 values of `f32`, which `tests/fast.rs` goes through. The constants come
//! from `tests/scripts/fast_coefficients.py`.

use crate::activation::{Activation, function};
use crate::arch::ActivationSpec;
use crate::kernel;
use crate::layer::{self, Exponential};
use crate::shape::Tensor;

/// Sigmoid with the fast exponential: `y = 1 / (1 + e^-z)`, derivative `y (1 - y)` from y.
///
/// Its error is at most 1.1e-7; for z < 0 its relative error is at most `3.7e-7 + 7.4e-8 |z|` too, as far as results are
/// normal. It is within 0 and 1, exactly 1/2 at both zeros, and never falls where z rises. Below -88.7228 it is 0, where
/// the [exact sigmoid](crate::Sigmoid) goes on in subnormal numbers. Infinities give 0 and 1, NaN gives NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sigmoid;

impl Activation for Sigmoid {
    const SPEC: ActivationSpec = ActivationSpec::FastSigmoid;
    type Keep<Y: Tensor> = ();

    #[inline]
    fn value(z: f32) -> f32 {
        sigmoid(z)
    }

    #[inline]
    fn derivative(y: f32) -> f32 {
        function::sigmoid_derivative(y)
    }
}

/// Hyperbolic tangent as a fraction: `y = z P(z²) / Q(z²)`, derivative `1 - y²` from y.
///
/// Its relative error is at most 1.5e-6, as far as results are normal. It is odd to the last bit and within -1 and 1;
/// beyond ±7.1 it is ±1. Where z rises it may fall by up to 8 units in the last place. Both zeros give themselves,
/// infinities give ±1, NaN gives NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tanh;

impl Activation for Tanh {
    const SPEC: ActivationSpec = ActivationSpec::FastTanh;
    type Keep<Y: Tensor> = ();

    #[inline]
    fn value(z: f32) -> f32 {
        tanh(z)
    }

    #[inline]
    fn derivative(y: f32) -> f32 {
        function::tanh_derivative(y)
    }
}

/// The [fast exponential](exp) as the parameter of [`Softmax`](crate::Softmax).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exp;

impl Exponential for Exp {
    const FAST: bool = true;

    #[inline]
    fn exp(x: f32) -> f32 {
        exp(x)
    }

    #[inline]
    fn softmax(z: &[f32], y: &mut [f32]) -> (f32, f32) {
        kernel::fast_softmax(z, y)
    }
}

/// [Softmax](crate::Softmax) with the fast exponential.
pub type Softmax<const N: usize> = layer::Softmax<N, Exp>;

/// [Softmax cross-entropy](crate::SoftmaxCrossEntropy) with the fast exponential.
///
/// Of logits that lie within d of the largest one, the relative error of every probability is at most twice the
/// exponential's, `2 (2.5e-7 + 7.4e-8 d)`, beside the roundings of the sum and the quotient: 3.5e-6 for d = 20. That is
/// what its gradient is off, and what its loss is off by, absolutely, is half of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SoftmaxCrossEntropy;

/// From here on down the exponential is less than the smallest normal number: the `f32` below `-126 ln 2`.
pub(crate) const LOWEST: f32 = -87.33655;

/// The largest number whose exponential is finite: the `f32` below `ln f32::MAX`.
const HIGHEST: f32 = 88.72283;

/// Number of fractional bits of `t = x log2 e`, which is the number of stored bits of a float's fraction.
pub(crate) const BITS: u32 = f32::MANTISSA_DIGITS - 1;

/// What x is multiplied by for t.
pub(crate) const SCALE: f32 = core::f32::consts::LOG2_E * (1 << BITS) as f32;

/// q of `2^f = 1 + f - f (1 - f) q(f)`, lowest coefficient first, with 32 fractional bits.
pub(crate) const Q: [u32; 4] = [0x4e8d_9b8f, 0x1112_8796, 0x02c8_659a, 0x007b_29bc];

/// e to the power of `x`.
///
/// The relative error is at most `2.5e-7 + 7.4e-8 |x|`, which is 2.5e-7 near 0 and 6.8e-6 at the ends, and the result
/// never falls where x rises. Both zeros give exactly 1. Results that would be subnormal are 0 (x ≤ -87.33655), from
/// 88.72284 on they are infinity; infinities give 0 and infinity, NaN gives NaN.
///
/// `e^x = 2^t` with `t = x log2 e` in fixed point: its whole part is the exponent of the result. The bits of a float
/// whose exponent is k and whose fraction is f stand for `2^k (1 + f)`, so that the bits of `t` themselves are nearly
/// those of the result (Schraudolph, "A fast, compact approximation of the exponential function", 1999); what remains,
/// `1 + f - 2^f`, is subtracted as a polynomial in integers, which a core without a floating-point unit multiplies
/// several times faster than floats.
#[allow(unsafe_code)]
// Without a floating-point unit what it keeps would lie on the stack of its caller, below the calls of all other layers too.
#[cfg_attr(soft_float, inline(never))]
#[cfg_attr(not(soft_float), inline)]
pub fn exp(x: f32) -> f32 {
    // Without a floating-point unit patterns are compared, which are ordered as their numbers are, with NaN above infinity.
    let is_usual = if cfg!(soft_float) { x.to_bits() & 0x7fff_ffff < (-LOWEST).to_bits() } else { x.abs() < -LOWEST };
    if !is_usual && let Some(y) = exp_outside(x) {
        return y;
    }
    // SAFETY: what is not in its range has been answered.
    unsafe { power_of_two(x) }
}

/// [`exp`] where `|x|` is large or NaN, unless it is that of [`power_of_two`].
#[cold]
#[inline(never)]
fn exp_outside(x: f32) -> Option<f32> {
    let bits = x.to_bits();
    if bits & 0x7fff_ffff > f32::INFINITY.to_bits() {
        Some(x)
    } else if bits > i32::MAX.cast_unsigned() {
        Some(0.0)
    } else if bits > HIGHEST.to_bits() {
        Some(f32::INFINITY)
    } else {
        None
    }
}

/// `2^(x log2 e)` for x above [`LOWEST`] up to [`HIGHEST`].
///
/// The relative error has five parts, of which those that grow with x come first: the rounding of the constant
/// (1.4e-8 |x|) and of the product (6e-8 |x|); the cut to fixed point (ln 2 · 2^-23 = 8.3e-8); the polynomial (9.3e-8);
/// and the rounding to the result's 23 bits (6e-8).
///
/// # Safety
///
/// x is in that range.
#[allow(unsafe_code)]
#[inline]
unsafe fn power_of_two(x: f32) -> f32 {
    const BIAS: u32 = 127 << BITS;

    // SAFETY: |x| is at most 88.73 and not NaN, and the product less than 2^30.
    let t = unsafe { whole(x * SCALE) }.cast_unsigned();
    // f is in [0, 1), also for a negative t, of which it is what the whole number below leaves. 32 fractional bits.
    let f = t << (32 - BITS);
    let q = Q[0] + product(f, Q[1] + product(f, Q[2] + product(f, Q[3])));
    let remainder = product(product(f, f.wrapping_neg()), q);
    let half = 1 << (31 - BITS);
    f32::from_bits(t.wrapping_add(BIAS).wrapping_sub((remainder + half) >> (32 - BITS)))
}

/// A number without its fraction.
///
/// Without a floating-point unit the compiler's conversion looks for NaN and for what is too large, in a function of its own.
///
/// # Safety
///
/// Its magnitude is less than 2^31.
#[allow(unsafe_code)]
#[inline]
unsafe fn whole(x: f32) -> i32 {
    if cfg!(not(soft_float)) {
        // SAFETY: it is in the range of the result.
        return unsafe { x.to_int_unchecked() };
    }
    whole_of_bits(x.to_bits())
}

/// [`whole`] in integers.
#[cfg_attr(not(any(soft_float, test)), allow(dead_code))]
#[inline]
fn whole_of_bits(bits: u32) -> i32 {
    // How many of the 32 bits of the significand are below the binary point.
    let below = 158_u32.wrapping_sub((bits >> BITS) & 0xff);
    let magnitude = ((bits << 8) | (1 << 31)).checked_shr(below).unwrap_or(0).cast_signed();
    let sign = bits.cast_signed() >> 31;
    (magnitude ^ sign) - sign
}

/// The product of two numbers in [0, 1) that have 32 fractional bits each, cut to as many.
#[inline]
fn product(a: u32, b: u32) -> u32 {
    ((u64::from(a) * u64::from(b)) >> 32) as u32
}

/// Accurate on both sides: where the exponential is large the 1 is lost, and where it overflows the quotient is 0.
#[inline]
pub(crate) fn sigmoid(z: f32) -> f32 {
    kernel::quotient(1.0, 1.0 + exp(-z))
}

#[inline]
pub(crate) fn tanh(z: f32) -> f32 {
    /// Where the error of answering 1, which is 1.36e-6, is about that of the fraction.
    const CLIP: f32 = 7.1;
    /// P and Q, lowest coefficient first; that of z^6 in P is 1. The largest relative error of the fraction without
    /// rounding is 1.17e-6.
    const P: [f32; 3] = [253710.52, 31230.72, 578.9131];
    const Q: [f32; 4] = [253710.81, 115798.83, 5353.1313, 36.215878];

    if z.abs() > CLIP {
        return 1f32.copysign(z);
    }
    let s = z * z;
    let p = P[0] + s * (P[1] + s * (P[2] + s));
    let q = Q[0] + s * (Q[1] + s * (Q[2] + s * Q[3]));
    kernel::quotient(z * p, q)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of every exponent up to that of 2^30.
    #[test]
    fn whole_numbers_are_those_of_the_conversion() {
        for exponent in 0..158_u32 {
            for significand in [0, 1, 2, 0x0040_0000, 0x0055_5555, 0x007f_fffe, 0x007f_ffff] {
                for sign in [0, 1 << 31] {
                    let x = f32::from_bits(sign | (exponent << BITS) | significand);
                    assert_eq!(whole_of_bits(x.to_bits()), x as i32, "{x:e}");
                }
            }
        }
    }

    #[test]
    fn exp_at_its_edges() {
        for zero in [0.0, -0.0] {
            assert_eq!(exp(zero), 1.0);
        }
        assert_eq!(exp(LOWEST), 0.0);
        assert!(exp(LOWEST.next_up()) > 0.0);
        assert!(exp(HIGHEST) < f32::INFINITY);
        assert_eq!(exp(HIGHEST.next_up()), f32::INFINITY);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp(f32::INFINITY), f32::INFINITY);
        assert!(exp(f32::NAN).is_nan() && exp(-f32::NAN).is_nan());
    }

    #[test]
    fn the_ends_are_those_of_the_normal_numbers() {
        assert!(
            f64::from(HIGHEST) <= libm::log(f32::MAX.into())
                && f64::from(HIGHEST.next_up()) > libm::log(f32::MAX.into())
        );
        let lowest = libm::log(f32::MIN_POSITIVE.into());
        assert!(f64::from(LOWEST) <= lowest && f64::from(LOWEST.next_up()) > lowest);
    }

    #[test]
    fn powers_of_two_meet() {
        // At f = 0 and just below 1 the polynomial's factor f (1 - f) vanishes: no step between two exponents.
        for k in -125..=127 {
            let x = (f64::from(k) * core::f64::consts::LN_2) as f32;
            assert!(exp(x.next_down()) <= exp(x) && exp(x) <= exp(x.next_up()), "2^{k}");
        }
    }

    #[test]
    fn sigmoid_and_tanh_at_their_edges() {
        assert_eq!(sigmoid(0.0), 0.5);
        assert_eq!([sigmoid(f32::NEG_INFINITY), sigmoid(f32::INFINITY)], [0.0, 1.0]);
        assert_eq!([tanh(f32::NEG_INFINITY), tanh(f32::INFINITY)], [-1.0, 1.0]);
        assert_eq!(tanh(-0.0).to_bits(), (-0f32).to_bits());
        assert!(sigmoid(f32::NAN).is_nan() && tanh(f32::NAN).is_nan());
    }
}
