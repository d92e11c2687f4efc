//! Exponential functions of the trainer: without branches, so that a loop over them becomes vector instructions.
//!
//! The bounds are in units u = 2^-24, half an ulp of 1, relative to the result; the tests hold them.

/// `e^x`, off by at most 2 u where it is not subnormal; 0 and infinity beyond the range of `f32`, NaN for NaN.
///
/// `x = n ln 2 + r` with the multiple of ln 2 subtracted in two parts, the first of which is exact (Cody and Waite, 1980); then
/// the Taylor polynomial of degree 7 for `e^r`, whose remainder is below `(ln 2 / 2)^8 / 8!` = 5.2e-9, and `2^n` in two factors,
/// so that subnormal results are rounded once.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    /// 1.5 * 2^23: what is added to it is rounded to a whole number, which stands in its last bits.
    const WHOLE: f32 = 12_582_912.0;
    /// ln 2 in two parts: 355 / 512, of which a multiple of up to 15 bits is exact, and the rest.
    const LN_2: (f32, f32) = (355.0 / 512.0, -2.121_944_4e-4);
    // Comparisons with NaN are false, so that it stays.
    let x = if x < -104.0 { -104.0 } else { x };
    let x = if x > 89.0 { 89.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + WHOLE;
    let n = shifted - WHOLE;
    let r = x - n * LN_2.0 - n * LN_2.1;
    let sum = 1.0 / 720.0 + r * (1.0 / 5040.0);
    let sum = 1.0 / 120.0 + r * sum;
    let sum = 1.0 / 24.0 + r * sum;
    let sum = 1.0 / 6.0 + r * sum;
    let sum = 0.5 + r * sum;
    let sum = 1.0 + (r + r * r * sum);
    let n = shifted.to_bits().wrapping_sub(WHOLE.to_bits()) as i32;
    let half = n >> 1;
    sum * power_of_two(half) * power_of_two(n.wrapping_sub(half))
}

/// `2^n` for -126 <= n <= 127.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

/// `1 / (1 + e^-z)`, off by at most 5 u where it is not subnormal; the exponential is of a negative number and cannot overflow.
#[inline(always)]
pub(crate) fn sigmoid(z: f32) -> f32 {
    let e = exp(-z.abs());
    let of_size = 1.0 / (1.0 + e);
    if z < 0.0 { e * of_size } else { of_size }
}

/// The hyperbolic tangent, off by at most 5 u.
///
/// Near 0 the odd polynomial `z + z^3 p(z^2)` of the Cephes library (S. L. Moshier, "Methods and programs for mathematical
/// functions", 1989), whose own error is 1.7e-8 there; beyond 5/8 `1 - 2 / (e^2z + 1)`, where the quotient is below 0.45.
#[inline(always)]
pub(crate) fn tanh(z: f32) -> f32 {
    let size = z.abs();
    let square = z * z;
    let sum = 2.063_909e-2 + square * -5.704_988_7e-3;
    let sum = -5.373_971_6e-2 + square * sum;
    let sum = 1.333_144_2e-1 + square * sum;
    let sum = -3.333_328e-1 + square * sum;
    let near = z + z * square * sum;
    let far = 1.0 - 2.0 / (exp(2.0 * size) + 1.0);
    // The sign is that of z, of a zero too.
    (if size < 0.625 { near } else { far }).copysign(z)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// u of the documentation.
    const UNIT: f64 = f32::EPSILON as f64 / 2.0;

    /// The largest relative error over every 1,009th positive and negative number up to `limit`, in u.
    fn largest(limit: f32, f: impl Fn(f32) -> f32, exact: impl Fn(f64) -> f64) -> f64 {
        let sizes = (0..limit.to_bits()).step_by(1009).map(f32::from_bits);
        let errors = sizes.flat_map(|x| [x, -x]).filter_map(|x| {
            let expected = exact(f64::from(x));
            let error = (f64::from(f(x)) - expected).abs() / expected.abs();
            (expected.abs() >= f64::from(f32::MIN_POSITIVE) && expected <= f64::from(f32::MAX)).then_some(error / UNIT)
        });
        errors.fold(0.0, f64::max)
    }

    #[test]
    fn errors_are_within_their_bounds() {
        for (name, error, bound) in [
            ("exp", largest(89.0, exp, f64::exp), 2.0),
            ("sigmoid", largest(100.0, sigmoid, |z| 1.0 / (1.0 + (-z).exp())), 5.0),
            ("tanh", largest(20.0, tanh, f64::tanh), 5.0),
        ] {
            assert!(error <= bound, "{name} is off by {error} u");
        }
    }

    #[test]
    fn ends_of_the_range() {
        assert_eq!(
            (exp(f32::INFINITY), exp(1e30), exp(-1e30), exp(f32::NEG_INFINITY)),
            (f32::INFINITY, f32::INFINITY, 0.0, 0.0)
        );
        assert_eq!((exp(0.0), tanh(0.0), sigmoid(0.0)), (1.0, 0.0, 0.5));
        assert_eq!((tanh(-0.0).to_bits(), tanh(50.0), tanh(f32::NEG_INFINITY)), ((-0.0_f32).to_bits(), 1.0, -1.0));
        assert_eq!((sigmoid(1e30), sigmoid(-1e30)), (1.0, 0.0));
        assert!(exp(f32::NAN).is_nan() && tanh(f32::NAN).is_nan() && sigmoid(f32::NAN).is_nan());
        // A subnormal result is off by what it comes from is, and by half of the smallest number.
        let smallest = f64::from(f32::from_bits(1));
        for x in (0..1700).map(|step| -87.0 - step as f32 * 0.01) {
            let expected = f64::from(x).exp();
            assert!((f64::from(exp(x)) - expected).abs() <= 2.0 * UNIT * expected + 0.500_001 * smallest, "{x}");
        }
    }

    #[test]
    fn every_kind_of_cpu_gives_the_same_bits() {
        let mut values: Vec<f32> = (-5000..5000).map(|step| step as f32 * 0.021).collect();
        let plain: Vec<f32> = values.iter().map(|x| exp(*x) + tanh(*x) + sigmoid(*x)).collect();
        crate::simd::widest!(values.iter_mut().for_each(|x| *x = exp(*x) + tanh(*x) + sigmoid(*x)));
        assert_eq!(values, plain);
    }
}
