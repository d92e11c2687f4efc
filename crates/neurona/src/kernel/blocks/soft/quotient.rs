//! Quotients in integers, in less code than the operator takes on an Arm core without a floating-point unit.

#[cfg(all(soft_float, armv6m))]
use super::thumb::long_division;
use super::{SIGN, exponent};

/// `a / b`, rounded.
#[cfg_attr(not(soft_float), allow(dead_code))]
#[inline]
pub(in crate::kernel) fn quotient(a: f32, b: f32) -> f32 {
    f32::from_bits(divide(a.to_bits(), b.to_bits()))
}

/// [`quotient`] of bit patterns, so that the compiler takes no comparison of theirs for one of floats, which is a call.
#[inline(never)]
fn divide(a: u32, b: u32) -> u32 {
    const INFINITY: u32 = f32::INFINITY.to_bits();
    if is_extreme(a) || is_extreme(b) {
        // Times infinity for a divisor of zero, zero for infinity, NaN for NaN, and a finite number with its sign for any other.
        let reciprocal = INFINITY.wrapping_sub(b & !SIGN) | (b & SIGN);
        return (f32::from_bits(a) * f32::from_bits(reciprocal)).to_bits();
    }
    let ((rest, a_exponent), (mut divisor, b_exponent)) = (apart(a), apart(b));
    let mut exponent = a_exponent - b_exponent + 126;
    if rest >= divisor {
        divisor <<= 1;
        exponent += 1;
    }
    let (quotient, rest) = long_division(rest, divisor);
    // What is lost is only asked whether there is something.
    let mut quotient = (quotient << 1) | u32::from(rest != 0);
    if exponent < 1 {
        let shift = 1_i32.wrapping_sub(exponent).cast_unsigned();
        let kept = quotient.checked_shr(shift).unwrap_or(0);
        quotient = kept | u32::from(kept.checked_shl(shift) != Some(quotient));
        exponent = 1;
    }
    let magnitude = if exponent > 254 {
        INFINITY
    } else {
        // The first bit of the significand makes up for the 1, and a carry goes where it belongs.
        ((exponent.cast_unsigned() - 1) << 23) + ((quotient + 1 + ((quotient >> 2) & 1)) >> 2)
    };
    magnitude | ((a ^ b) & SIGN)
}

/// 25 bits of `2^25 rest / divisor`, of which the first is one, and what is left: `rest < divisor <= 2 rest`, and the divisor has at
/// most 25 bits.
#[cfg(not(all(soft_float, armv6m)))]
#[inline]
fn long_division(mut rest: u32, divisor: u32) -> (u32, u32) {
    let mut quotient = 0;
    // As many at a time as are free above what is left.
    for bits in [7, 7, 7, 4] {
        rest <<= bits;
        let digit = rest.checked_div(divisor).unwrap_or(0);
        rest = rest.wrapping_sub(digit.wrapping_mul(divisor));
        quotient = (quotient << bits) | digit;
    }
    (quotient, rest)
}

/// Whether it is zero, infinite, or NaN.
#[inline(always)]
fn is_extreme(bits: u32) -> bool {
    (bits & !SIGN).wrapping_sub(1) >= f32::INFINITY.to_bits() - 1
}

/// Significand, of 24 bits, and exponent with its bias of a number that is not extreme.
#[inline(always)]
fn apart(bits: u32) -> (u32, i32) {
    let (mut significand, mut exponent) = (bits & 0x007f_ffff, exponent(bits).cast_signed());
    if exponent > 0 {
        return (significand | 0x0080_0000, exponent);
    }
    exponent = 1;
    while significand < 0x0080_0000 {
        significand <<= 1;
        exponent -= 1;
    }
    (significand, exponent)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{KINDS, same};
    use super::*;
    use rand_core::SeedableRng;
    use rand_pcg::Pcg32;

    #[test]
    fn quotients_are_those_of_the_operator() {
        let rounds = if cfg!(miri) { 50 } else { 200_000 };
        for (i, dividends) in KINDS.into_iter().enumerate() {
            for (k, divisors) in KINDS.into_iter().enumerate() {
                let mut random = Pcg32::seed_from_u64((i * KINDS.len() + k) as u64);
                for _ in 0..rounds {
                    let (a, b) = (dividends(&mut random), divisors(&mut random));
                    let found = quotient(a, b);
                    assert!(same(found, a / b), "{a:e} / {b:e} = {:e}, not {found:e}", a / b);
                }
            }
        }
    }

    /// Where quotients are subnormal, halves of their last place among them, and where they overflow.
    #[test]
    fn quotients_at_the_ends_of_the_range() {
        let every = if cfg!(miri) { 50 } else { 1 };
        for significand in [0, 1, 2, 3, 0x0040_0000, 0x0055_5555, 0x007f_fffe, 0x007f_ffff] {
            for exponent in (0..255).step_by(every) {
                let a = f32::from_bits((exponent << 23) | significand);
                for power in (0..255).step_by(every) {
                    for b in [power << 23, (power << 23) | 0x0020_0000, (power << 23) | SIGN | 0x007f_ffff] {
                        let b = f32::from_bits(b);
                        assert!(same(quotient(a, b), a / b), "{a:e} / {b:e} = {:e}, not {:e}", a / b, quotient(a, b));
                    }
                }
            }
        }
    }
}
