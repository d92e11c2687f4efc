//! The fast forms at every one of the 2^32 values of `f32`, against the same functions in 64 bits.
//!
//! The bounds are those of the documentation of [`neurona::fast`]. The error of the 64-bit references, below 2^-51, is
//! nothing beside them.

use neurona::{Activation, Exact, Exponential, fast};
use rayon::prelude::*;

/// From this magnitude on each of the functions has reached its limits.
const FAR: f32 = 128.0;

/// What a function must keep everywhere.
struct Promise<V, E, B> {
    value: V,
    /// The exact function.
    exact: E,
    /// The largest error at z, where this is the exact value.
    bound: B,
    /// The results at minus infinity and at infinity, between which all others lie.
    limits: [f32; 2],
    /// The units in the last place by which a result may be less than that of a smaller z.
    fall: i64,
}

/// The largest error as a share of its bound, and where; and the largest fall.
#[derive(Clone, Copy, Default)]
struct Worst {
    share: f64,
    at: f32,
    fall: i64,
}

impl Worst {
    fn or(self, other: Self) -> Self {
        let (share, at) = if other.share > self.share { (other.share, other.at) } else { (self.share, self.at) };
        Self { share, at, fall: self.fall.max(other.fall) }
    }
}

impl<V, E, B> Promise<V, E, B>
where
    V: Fn(f32) -> f32 + Sync,
    E: Fn(f64) -> f64 + Sync,
    B: Fn(f64, f64) -> f64 + Sync,
{
    fn check(&self, name: &str) {
        let worst = (0..=u16::MAX).into_par_iter().map(|high| self.check_part(high)).reduce(Worst::default, Worst::or);
        println!("{name}: {:.3} of its bound at {:e}, falls by {} ULP", worst.share, worst.at, worst.fall);
        assert!(worst.share <= 1.0, "{name}: the error is {} of its bound at {:e}", worst.share, worst.at);
        assert!(worst.fall <= self.fall, "{name}: falls by {} ULP", worst.fall);
    }

    /// The numbers whose upper 16 bits are `high`, with a sign and an exponent in common.
    fn check_part(&self, high: u16) -> Worst {
        let first = f32::from_bits(u32::from(high) << 16);
        let part = || (first.to_bits()..=first.to_bits() | 0xffff).map(f32::from_bits);
        if first.is_nan() || first.is_infinite() {
            assert!(part().filter(|z| z.is_nan()).all(|z| (self.value)(z).is_nan()), "NaN stays NaN");
        }
        let limit = self.limits[usize::from(first.is_sign_positive())];
        if first.abs() >= FAR {
            assert!(part().filter(|z| !z.is_nan()).all(|z| (self.value)(z) == limit), "beyond {first:e}");
        }
        if first.abs() < FAR { self.compare(part(), first) } else { Worst::default() }
    }

    fn compare(&self, part: impl Iterator<Item = f32>, first: f32) -> Worst {
        let mut worst = Worst::default();
        // The number before the first in magnitude belongs to another part; the zeros have none before them.
        let before = if first == 0.0 { first } else { f32::from_bits(first.to_bits() - 1) };
        let mut last = (self.value)(before);
        for z in part {
            let value = (self.value)(z);
            assert!(self.limits[0] <= value && value <= self.limits[1], "out of range: {value} at {z:e}");
            let exact = (self.exact)(z.into());
            // Equal first: infinity is promised as such, and is no distance from itself.
            if f64::from(value) != exact {
                let (error, bound) = ((f64::from(value) - exact).abs(), (self.bound)(z.into(), exact));
                if error > worst.share * bound {
                    (worst.share, worst.at) = (error / bound, z);
                }
            }
            // From pattern to pattern the magnitude rises.
            let [less, more] = if z.is_sign_negative() { [value, last] } else { [last, value] };
            if more < less {
                worst.fall = worst.fall.max(rank(less) - rank(more));
            }
            last = value;
        }
        worst
    }
}

/// The place of a float among all floats in order; both zeros have one.
fn rank(value: f32) -> i64 {
    let magnitude = i64::from(value.to_bits() & 0x7fff_ffff);
    if value.is_sign_negative() { -magnitude } else { magnitude }
}

/// The exponential, with results that have no normal float replaced by what is promised for them.
fn exp(x: f64) -> f64 {
    // Quick where the next term is below 2^-60.
    let exact = if x.abs() < 1e-9 { 1.0 + x } else { x.exp() };
    if exact < f32::MIN_POSITIVE.into() {
        0.0
    } else if exact > f32::MAX.into() {
        f64::INFINITY
    } else {
        exact
    }
}

/// The hyperbolic tangent, quick where the next term is below 2^-60 of the first.
fn tanh(z: f64) -> f64 {
    if z.abs() < 1e-9 { z } else { z.tanh() }
}

#[test]
fn exp_everywhere() {
    let bound = |x: f64, exact: f64| (2.5e-7 + 7.4e-8 * x.abs()) * exact;
    Promise { value: fast::exp, exact: exp, bound, limits: [0.0, f32::INFINITY], fall: 0 }.check("exp");
}

#[test]
fn sigmoid_everywhere() {
    // Both bounds: an absolute one and, on the left, a relative one, beside the rounding of a subnormal result, 2^-150.
    let bound = |z: f64, exact: f64| {
        let relative = (3.7e-7 + 7.4e-8 * -z) * exact + 2f64.powi(-150);
        if z < 0.0 { relative.min(1.1e-7) } else { 1.1e-7 }
    };
    let exact = |z: f64| 1.0 / (1.0 + exp(-z));
    Promise { value: fast::Sigmoid::value, exact, bound, limits: [0.0, 1.0], fall: 0 }.check("sigmoid");
}

#[test]
fn tanh_everywhere() {
    // A subnormal result is rounded by up to 2^-150.
    let bound = |_, exact: f64| 1.5e-6 * exact.abs() + 2f64.powi(-150);
    Promise { value: fast::Tanh::value, exact: tanh, bound, limits: [-1.0, 1.0], fall: 8 }.check("tanh");
}

#[test]
fn tanh_is_odd_everywhere() {
    (0..=f32::INFINITY.to_bits()).into_par_iter().for_each(|bits| {
        let z = f32::from_bits(bits);
        assert_eq!(fast::Tanh::value(-z).to_bits(), (-fast::Tanh::value(z)).to_bits(), "at {z:e}");
    });
}

/// Not a fast form: the exponential of the exact functions is `libm`'s, computed with fewer instructions.
#[test]
fn the_exact_exponential_is_that_of_libm_everywhere() {
    (0..=u32::MAX).into_par_iter().for_each(|bits| {
        let x = f32::from_bits(bits);
        let (ours, libm) = (Exact::exp(x), libm::expf(x));
        assert!(
            ours.to_bits() == libm.to_bits() || (ours.is_nan() && libm.is_nan()),
            "{ours:e}, not {libm:e}, at {x:e}"
        );
    });
}
