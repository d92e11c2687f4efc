//! Functions that the compiler can compute, for tables in flash: `libm`'s are none of these.
//!
//! Each is within 4e-16 of its value, relatively or, for cosines, absolutely: a table of `f32` made of them is that of the exact
//! function, rounded, but where that lies within 2e-9 of a unit in the last place from the middle of two numbers. The tests hold
//! them to `libm`.

use core::f64::consts::{LN_2, PI, SQRT_2};

/// The cosine of a share of a turn: `cos(2π k / n)`, exact where it is 0, 1 or -1.
pub(super) const fn cos_turn(k: u64, n: u64) -> f64 {
    let k = k % n;
    // To the first half of the turn, and to its first quarter.
    let k = if 2 * k > n { n - k } else { k };
    if 4 * k > n {
        return -cos_quarter(n - 2 * k, 2 * n);
    }
    cos_quarter(k, n)
}

/// The sine of a share of a turn: `sin(2π k / n)`.
pub(super) const fn sin_turn(k: u64, n: u64) -> f64 {
    cos_turn(4 * (k % n) + 3 * n, 4 * n)
}

/// [`cos_turn`] of at most a quarter of a turn.
const fn cos_quarter(k: u64, n: u64) -> f64 {
    if 8 * k <= n {
        let x = 2.0 * PI * (k as f64 / n as f64);
        alternating(1.0, 1.0, x * x)
    } else {
        let x = 2.0 * PI * ((n - 4 * k) as f64 / (4 * n) as f64);
        alternating(x, 2.0, x * x)
    }
}

/// `first (1 - xx / (from (from + 1)) (1 - xx / ((from + 2) (from + 3)) (…)))`: the Taylor series of sine and cosine. Up to an
/// eighth of a turn nine terms leave less than 1e-18.
const fn alternating(first: f64, from: f64, xx: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 8);
    while term > 0 {
        term -= 1;
        let n = from + 2.0 * term as f64;
        sum = 1.0 - xx / (n * (n + 1.0)) * sum;
    }
    first * sum
}

/// The natural logarithm of a normal number above 0.
pub(super) const fn ln(x: f64) -> f64 {
    const BITS: u32 = f64::MANTISSA_DIGITS - 1;
    let exponent = (x.to_bits() >> BITS) as i64 - 1023;
    let mut fraction = f64::from_bits(x.to_bits() & ((1 << BITS) - 1) | (1023 << BITS));
    let mut exponent = exponent as f64;
    if fraction > SQRT_2 {
        (fraction, exponent) = (fraction / 2.0, exponent + 1.0);
    }
    // ln f = 2 artanh((f - 1) / (f + 1)); the argument is at most 0.172, and what eleven terms leave less than 1e-18.
    let s = (fraction - 1.0) / (fraction + 1.0);
    let (mut sum, mut term) = (0.0, 11);
    while term > 0 {
        term -= 1;
        sum = sum * s * s + 1.0 / (2 * term + 1) as f64;
    }
    exponent * LN_2 + 2.0 * s * sum
}

/// e to the power of x, from -700 to 700.
pub(super) const fn exp(x: f64) -> f64 {
    let turns = x / LN_2;
    let whole = (turns + if turns < 0.0 { -0.5 } else { 0.5 }) as i64;
    let r = x - whole as f64 * LN_2;
    // |r| is at most 0.347, and what fifteen terms leave less than 1e-18.
    let (mut sum, mut term) = (1.0, 14);
    while term > 0 {
        sum = 1.0 + sum * r / term as f64;
        term -= 1;
    }
    sum * f64::from_bits(((1023 + whole) as u64) << (f64::MANTISSA_DIGITS - 1))
}

/// The square root of a number from 1e-9 to 1e9, by Newton's iteration.
pub(super) const fn sqrt(x: f64) -> f64 {
    // Half the exponent is near; each step doubles the number of right digits.
    let mut root = f64::from_bits((x.to_bits() >> 1) + (1023_u64 << 51));
    let mut step = 0;
    while step < 6 {
        root = 0.5 * (root + x / root);
        step += 1;
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two roundings in double precision.
    const BOUND: f64 = 4e-16;

    #[test]
    fn cosines_and_sines() {
        for n in [1, 3, 4, 8, 20, 240, 512, 4096] {
            for k in 0..2 * n {
                let angle = 2.0 * PI * (k % n) as f64 / n as f64;
                // The argument that libm is given is rounded too, to within its own size.
                let bound = BOUND + angle * f64::EPSILON;
                assert!((cos_turn(k, n) - libm::cos(angle)).abs() <= bound, "cos {k}/{n}");
                assert!((sin_turn(k, n) - libm::sin(angle)).abs() <= bound, "sin {k}/{n}");
            }
        }
        assert_eq!([cos_turn(0, 4), cos_turn(1, 4), cos_turn(2, 4), cos_turn(3, 4)], [1.0, 0.0, -1.0, 0.0]);
        assert_eq!([sin_turn(0, 4), sin_turn(1, 4), sin_turn(2, 4), sin_turn(3, 4)], [0.0, 1.0, 0.0, -1.0]);
    }

    #[test]
    fn logarithms_exponentials_and_roots() {
        for at in 0..4000 {
            let x = 1.0 + f64::from(at * at) / 700.0;
            assert!((ln(x) - libm::log(x)).abs() <= BOUND * libm::log(x).max(1.0), "ln {x}");
            assert!((sqrt(x) / libm::sqrt(x) - 1.0).abs() <= BOUND, "sqrt {x}");
            let x = f64::from(at) / 400.0 - 1.0;
            // The argument's reduction loses as much as its size.
            assert!((exp(x) / libm::exp(x) - 1.0).abs() <= BOUND + x.abs() * f64::EPSILON, "exp {x}");
        }
        assert_eq!((ln(1.0), exp(0.0), sqrt(4.0)), (0.0, 1.0, 2.0));
    }
}
