//! Sums of products in integers, for an Arm core without a floating-point unit.
//!
//! An operator is a call there, which takes its two numbers apart, rounds, and puts the result together for the next to
//! take apart again. Here a sum stays apart from product to product. Each product and each sum is rounded to the nearest,
//! ties to even, as the operators do (IEEE 754-2019, 4.3.1): the bits are theirs. What does not come up in a network that is well
//! (infinities, NaN, subnormal numbers, products under 2^-126 or over 2^74) is left to them.

use core::num::NonZeroU32;

mod quotient;
#[cfg(all(soft_float, any(armv6m, armv7m)))]
mod thumb;

#[cfg(soft_float)]
pub(in crate::kernel) use quotient::quotient;

/// Bits of a significand below its last place.
const GUARD: u32 = 4;
/// The largest shift that leaves something of a significand.
const FAR: u32 = 30;
/// Exponent of a sum that is zero: far below that of every product.
const ZERO: i32 = -1 << 29;
/// In place of an exponent: the significand is the bits of a number that is left to the operators.
const WHOLE: i32 = -1 << 30;
/// The largest exponent with its bias of a product, and of a first summand. Sums of fewer than 2^50 of these do not overflow.
const LARGEST: u32 = 200;

/// A sum on its way: `significand * 2^(exponent - 127 - 23 - GUARD)`.
///
/// Rounded: of the absolute value of the significand the last [`GUARD`] bits are zero, and the first is bit 27, or it is
/// 2^28; or all is zero. `LONG` says whether the core has products of 64 bits and counts leading zeros.
#[cfg_attr(test, derive(Debug))]
#[derive(Clone, Copy)]
#[repr(C)] // `thumb` reads and writes it.
pub(in crate::kernel) struct Sum<const LONG: bool = { !cfg!(armv6m) }> {
    significand: i32,
    exponent: i32,
}

#[cfg(soft_float)]
impl Sum {
    /// A sum that begins with a number.
    #[inline(always)]
    pub(in crate::kernel) fn new(begin: f32) -> Self {
        Self::begin(begin)
    }
}

/// The forms of all cores but those that have their own.
#[cfg(all(soft_float, not(any(armv6m, armv7m))))]
impl Sum {
    /// Adds products: `self += a[i] * b[i]`, of as many as both have.
    #[inline(always)]
    pub(in crate::kernel) fn add_products(&mut self, a: &[f32], b: &[f32]) {
        for (a, b) in a.iter().zip(b) {
            self.add(*a, *b);
        }
    }

    /// Adds up to `count` products: `self += a[i * a_step] * b[i * b_step]`, of as many as both have.
    #[inline(always)]
    pub(in crate::kernel) fn add_products_apart(
        &mut self,
        a: &[f32],
        a_step: usize,
        b: &[f32],
        b_step: usize,
        count: usize,
    ) {
        for (a, b) in a.iter().step_by(a_step.max(1)).zip(b.iter().step_by(b_step.max(1))).take(count) {
            self.add(*a, *b);
        }
    }
}

/// Adds a multiple: `y[i] += a * x[i]`.
#[cfg(all(soft_float, not(any(armv6m, armv7m))))]
#[inline(always)]
pub(in crate::kernel) fn axpy(a: f32, x: &[f32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        let mut sum = Sum::new(*y);
        sum.add(a, *x);
        *y = sum.value();
    }
}

#[cfg(all(soft_float, any(armv6m, armv7m)))]
pub(in crate::kernel) use thumb::axpy;

impl<const LONG: bool> Sum<LONG> {
    #[inline(always)]
    fn begin(begin: f32) -> Self {
        let bits = begin.to_bits();
        let exponent = exponent(bits);
        if exponent.wrapping_sub(1) < LARGEST {
            Self { significand: with_sign(significand(bits) << GUARD, bits), exponent: exponent.cast_signed() }
        } else if bits == 0 {
            Self { significand: 0, exponent: ZERO }
        } else {
            Self { significand: bits.cast_signed(), exponent: WHOLE }
        }
    }

    /// The sum, put together.
    #[inline(always)]
    pub(in crate::kernel) fn value(self) -> f32 {
        let magnitude = self.significand.unsigned_abs() >> GUARD;
        if self.exponent < 1 {
            return self.small_value();
        }
        // The first bit of the significand makes up for the 1, and a carry goes where it belongs.
        let bits = ((self.exponent.cast_unsigned() - 1) << 23).wrapping_add(magnitude);
        f32::from_bits(bits | (self.significand.cast_unsigned() & SIGN))
    }

    /// The same for a sum that is zero, whole, or subnormal.
    #[cold]
    #[inline(never)]
    fn small_value(self) -> f32 {
        match self.exponent {
            WHOLE => f32::from_bits(self.significand.cast_unsigned()),
            ZERO => 0.0,
            // Multiples of 2^-149 have sums that are, so that nothing is lost.
            exponent => {
                let magnitude = self.significand.unsigned_abs() >> GUARD;
                let bits = magnitude.checked_shr(exponent.abs_diff(1)).unwrap_or(0);
                f32::from_bits(bits | (self.significand.cast_unsigned() & SIGN))
            }
        }
    }

    /// Adds a product: `self += a * b`.
    #[inline(always)]
    pub(in crate::kernel) fn add(&mut self, a: f32, b: f32) {
        let (a_bits, b_bits) = (a.to_bits(), b.to_bits());
        let (a_exponent, b_exponent) = (exponent(a_bits), exponent(b_bits));
        if !is_normal(a_exponent) || !is_normal(b_exponent) {
            // A product that is zero changes no sum but minus zero, which is whole.
            let zero = (is_zero(b_bits) && a_exponent != 255) || (is_zero(a_bits) && b_exponent != 255);
            if !zero || self.exponent == WHOLE {
                *self = self.add_whole(a_bits, b_bits);
            }
            return;
        }
        // With its bias, and less by one.
        let below = a_exponent.wrapping_add(b_exponent).wrapping_sub(128);
        if below >= LARGEST {
            *self = self.add_whole(a_bits, b_bits);
            return;
        }
        let (product, carry) = if LONG { long_product(a_bits, b_bits) } else { short_product(a_bits, b_bits) };
        let product = with_sign(product, a_bits ^ b_bits);
        let exponent = (below + 1 + carry).cast_signed();

        let distance = (self.exponent - exponent).cast_unsigned();
        let (sum, exponent) = if distance <= FAR {
            (self.significand + shift_right(product, distance), self.exponent)
        } else if distance.wrapping_neg() <= FAR {
            (product + shift_right(self.significand, distance.wrapping_neg()), exponent)
        } else {
            if self.exponent < exponent {
                *self = if self.exponent == WHOLE {
                    self.add_whole(a_bits, b_bits)
                } else {
                    Self { significand: product, exponent }
                };
            }
            return;
        };
        *self = match normalize::<LONG>(sum) {
            Some((significand, up)) => Self { significand, exponent: exponent + up },
            None => Self { significand: 0, exponent: ZERO },
        };
    }

    /// The same by the operators.
    #[cold]
    #[inline(never)]
    fn add_whole(self, a_bits: u32, b_bits: u32) -> Self {
        Self::begin(self.value() + f32::from_bits(a_bits) * f32::from_bits(b_bits))
    }
}

const SIGN: u32 = 1 << 31;

/// The exponent with its bias.
#[inline(always)]
fn exponent(bits: u32) -> u32 {
    (bits >> 23) & 0xff
}

/// Whether a number of this exponent is normal.
#[inline(always)]
fn is_normal(exponent: u32) -> bool {
    exponent.wrapping_sub(1) < 254
}

/// Whether a number is zero. In this form the compiler does not take it for a comparison of floats, which is a call.
#[inline(always)]
fn is_zero(bits: u32) -> bool {
    bits.rotate_left(1) <= 1
}

/// The significand of a normal number, 24 bits.
#[inline(always)]
fn significand(bits: u32) -> u32 {
    (bits & 0x007f_ffff) | 0x0080_0000
}

/// A magnitude with the sign of a number.
#[inline(always)]
fn with_sign(magnitude: u32, bits: u32) -> i32 {
    let sign = bits.cast_signed() >> 31;
    (magnitude.cast_signed() ^ sign) - sign
}

/// The significand of a product, rounded, above [`GUARD`] zeros, and 1 where it was 2 or more, else 0.
#[inline(always)]
fn long_product(a: u32, b: u32) -> (u32, u32) {
    let product = u64::from((a << 8) | SIGN) * u64::from(significand(b));
    let (mut high, mut low) = ((product >> 32) as u32, product as u32);
    let carry = high >> 23;
    if carry == 0 {
        (high, low) = ((high << 1) | (low >> 31), low << 1);
    }
    // Up where what is left of the last place is more than a half of it, or half and the last place odd.
    if low > SIGN - (high & 1) {
        high += 1;
    }
    (high << GUARD, carry)
}

/// The same in products of 32 bits.
#[inline(always)]
fn short_product(a: u32, b: u32) -> (u32, u32) {
    let a = significand(a);
    // No sum overflows: (2^24 - 1) (2^8 - 1) + 2^24 - 1 < 2^32.
    let low = a * (b & 0xff);
    let middle = a * ((b >> 8) & 0xff) + (low >> 8);
    let mut high = a * (((b >> 16) & 0x7f) | 0x80) + (middle >> 8);
    // What is lost is only asked whether there is something.
    if (low | middle) << 24 != 0 {
        high |= 1;
    }
    let carry = high >> 31;
    if carry != 0 {
        high = (high >> 1) | (high & 1);
    }
    high += 0x3f + ((high >> 7) & 1);
    ((high >> 7) << GUARD, carry)
}

/// A significand over `2^distance`; an odd number where something is lost.
#[inline(always)]
fn shift_right(significand: i32, distance: u32) -> i32 {
    let shifted = significand >> distance;
    shifted | i32::from(shifted << distance != significand)
}

/// A sum of two significands, rounded, and by how much its exponent is more; none of zero.
#[inline(always)]
fn normalize<const LONG: bool>(sum: i32) -> Option<(i32, i32)> {
    if LONG {
        // To bit 29: of a negative number that of the complement, by which -2^k counts as less than 2^k.
        let up = NonZeroU32::new(((sum << 2) ^ (sum >> 31)).cast_unsigned())?.leading_zeros();
        let sum = sum << up;
        return Some((((sum + 0x1f + ((sum >> 6) & 1)) >> 6) << GUARD, 2 - up.cast_signed()));
    }
    if sum == 0 {
        return None;
    }
    let (mut sum, mut up) = (sum, 1);
    while ((sum << 2) ^ (sum << 3)) >= 0 {
        sum <<= 1;
        up -= 1;
    }
    Some((((sum + 0xf + ((sum >> 5) & 1)) >> 5) << GUARD, up))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::{Rng, SeedableRng};
    use rand_pcg::Pcg32;

    /// Numbers of one kind: which numbers meet decides which way a sum goes.
    pub(super) type Numbers = fn(&mut Pcg32) -> f32;

    /// All bit patterns alike: mostly far apart, some infinite, NaN and subnormal.
    fn any(random: &mut Pcg32) -> f32 {
        f32::from_bits(random.next_u32())
    }

    /// Exponents within `spread` below that of 2, any significand.
    fn near(random: &mut Pcg32, spread: u32) -> f32 {
        let bits = random.next_u32();
        f32::from_bits((bits & 0x807f_ffff) | ((127 - random.next_u32() % spread) << 23))
    }

    fn alike(random: &mut Pcg32) -> f32 {
        near(random, 3)
    }

    fn usual(random: &mut Pcg32) -> f32 {
        near(random, 16)
    }

    /// Few bits, so that sums cancel to zero and products and sums are ties.
    fn short(random: &mut Pcg32) -> f32 {
        let bits = random.next_u32();
        let low = if bits & 8 == 0 { 0 } else { bits & 1 };
        f32::from_bits((bits & 0x80f0_0000) | 0x3f00_0000 | low)
    }

    /// Significands of almost only ones or zeros, where rounding carries to the next power of two.
    fn edge(random: &mut Pcg32) -> f32 {
        let bits = random.next_u32();
        let significand = if bits & 1 == 0 { (bits >> 1) & 7 } else { 0x007f_ffff - ((bits >> 1) & 7) };
        f32::from_bits((bits & 0x8000_0000) | ((120 + (bits >> 8) % 16) << 23) | significand)
    }

    /// The smallest normal numbers, subnormal numbers, and what their products are with others.
    fn small(random: &mut Pcg32) -> f32 {
        let bits = random.next_u32();
        let exponent = if bits & 0x0100_0000 == 0 { bits >> 25 & 3 } else { 100 + (bits >> 25 & 31) };
        f32::from_bits((bits & 0x807f_ffff) | (exponent << 23))
    }

    /// What no arithmetic is usual with, next to what is.
    fn special(random: &mut Pcg32) -> f32 {
        const SPECIAL: [f32; 12] = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            f32::MIN_POSITIVE,
            1e-45,
            -1e-45,
            f32::MAX,
            f32::MIN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::NAN,
        ];
        SPECIAL[random.next_u32() as usize % SPECIAL.len()]
    }

    pub(super) const KINDS: [Numbers; 7] = [any, alike, usual, short, edge, small, special];

    pub(super) fn same(a: f32, b: f32) -> bool {
        a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
    }

    /// Sums of up to 16 products, looked at after each and at the end, against the operators.
    fn sums_are_those_of_the_operators<const LONG: bool>() {
        let rounds = if cfg!(miri) { 20 } else { 60_000 };
        for (i, begins) in KINDS.into_iter().enumerate() {
            for (k, factors) in KINDS.into_iter().enumerate() {
                let mut random = Pcg32::seed_from_u64((i * KINDS.len() + k) as u64);
                for _ in 0..rounds {
                    let begin = begins(&mut random);
                    let (mut whole, mut sum) = (begin, Sum::<LONG>::begin(begin));
                    assert!(same(sum.value(), whole), "{begin:e} is {:e}", sum.value());
                    for _ in 0..random.next_u32() % 16 {
                        let (a, b) = (factors(&mut random), factors(&mut random));
                        let before = whole;
                        whole += a * b;
                        sum.add(a, b);
                        let value = sum.value();
                        assert!(same(value, whole), "{before:e} + {a:e} * {b:e} = {whole:e}, not {value:e}: {sum:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn sums_with_long_products_are_those_of_the_operators() {
        sums_are_those_of_the_operators::<true>();
    }

    #[test]
    fn sums_with_short_products_are_those_of_the_operators() {
        sums_are_those_of_the_operators::<false>();
    }

    /// At every distance, to beyond where the smaller number counts, of significands at the edges of rounding.
    #[test]
    fn sums_at_every_distance() {
        let significands = [0, 1, 2, 0x0040_0000, 0x007f_fffe, 0x007f_ffff];
        for begin in significands {
            for factor in significands {
                for distance in -40..=40_i32 {
                    for sign in [0, 1 << 31] {
                        let begin = f32::from_bits((127 << 23) | begin);
                        let a = f32::from_bits(((127 + distance).cast_unsigned() << 23) | factor | sign);
                        let (mut long, mut short) = (Sum::<true>::begin(begin), Sum::<false>::begin(begin));
                        long.add(a, 1.0);
                        short.add(a, 1.0);
                        assert_eq!([long.value(), short.value()], [begin + a; 2], "{begin:e} + {a:e}");
                    }
                }
            }
        }
    }
}
