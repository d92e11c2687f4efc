//! The same in assembly.
//!
//! A function does what [`Sum::add`] does, product by product, and stops before one that is for the operators. It saves what a
//! compiler spends: carries go from instruction to instruction, and nothing is kept on the stack. There 200 is `LARGEST`, 30 is
//! `FAR`, and 0xe0000000 is `ZERO`.
#![allow(unsafe_code)]

#[cfg(armv6m)]
mod armv6m;
#[cfg(armv7m)]
mod armv7m;

#[cfg(armv6m)]
use armv6m::{FACTOR_ZEROS, add_apart, add_multiples, add_neighbors};
#[cfg(armv7m)]
use armv7m::{FACTOR_ZEROS, add_apart, add_multiples, add_neighbors};

#[cfg(armv6m)]
pub(super) use armv6m::long_division;

use super::{SIGN, Sum, WHOLE, exponent, is_normal, is_zero, significand};

const BIAS: i32 = 127;

/// Products on their way into a sum.
#[repr(C)]
struct Products {
    a: *const f32,
    b: *const f32,
    /// Where `a` is behind the last one.
    end: *const f32,
    sum: Sum,
}

/// Multiples on their way into other numbers.
#[repr(C)]
struct Multiples {
    x: *const f32,
    y: *mut f32,
    /// Behind the last of `x`.
    end: *const f32,
    /// The bits of the factor, a normal number.
    factor: u32,
    /// Its significand above [`FACTOR_ZEROS`].
    significand: u32,
    /// Its exponent without its bias.
    exponent: i32,
}

impl Sum {
    /// Adds products: `self += a[i] * b[i]`, of as many as both have.
    pub(in crate::kernel) fn add_products(&mut self, a: &[f32], b: &[f32]) {
        let count = if a.len() < b.len() { a.len() } else { b.len() };
        // SAFETY: both have so many numbers, next to each other, as the function takes them.
        unsafe { self.add_all([a, b], [1, 1], count, add_neighbors) };
    }

    /// Adds up to `count` products: `self += a[i * a_step] * b[i * b_step]`, of as many as both have.
    pub(in crate::kernel) fn add_products_apart(
        &mut self,
        a: &[f32],
        a_step: usize,
        b: &[f32],
        b_step: usize,
        count: usize,
    ) {
        let (a_step, b_step) = (a_step.max(1), b_step.max(1));
        let last = |step: usize| count.checked_sub(1)?.checked_mul(step);
        let all = last(a_step).is_some_and(|last| last < a.len()) && last(b_step).is_some_and(|last| last < b.len());
        // Divisions are functions of their own on some cores.
        let count = if all { count } else { least([a.len().div_ceil(a_step), b.len().div_ceil(b_step), count]) };
        // SAFETY: both have so many numbers, so many steps apart.
        unsafe { self.add_all([a, b], [a_step, b_step], count, add_apart) };
    }

    /// By a function for products of numbers that are as many steps apart.
    ///
    /// # Safety
    ///
    /// Both slices have so many numbers, so many steps apart.
    #[inline]
    unsafe fn add_all(
        &mut self,
        [a, b]: [&[f32]; 2],
        [a_step, b_step]: [usize; 2],
        count: usize,
        add: unsafe extern "C" fn(&mut Products, usize, usize),
    ) {
        let bytes = size_of::<f32>();
        let end = a.as_ptr().wrapping_add(count * a_step);
        let mut products = Products { a: a.as_ptr(), b: b.as_ptr(), end, sum: *self };
        while products.a != end {
            if products.sum.exponent != WHOLE {
                // SAFETY: there is a product, both slices have as many numbers as are left, and the sum is not a whole one.
                unsafe { add(&mut products, a_step * bytes, b_step * bytes) };
                if products.a == end {
                    break;
                }
            }
            // What it stopped before is for the operators, and all as long as the sum is.
            // SAFETY: there is a product.
            let (a, b) = unsafe { (products.a.read(), products.b.read()) };
            products.sum = products.sum.add_whole(a.to_bits(), b.to_bits());
            products.a = products.a.wrapping_add(a_step);
            products.b = products.b.wrapping_add(b_step);
        }
        *self = products.sum;
    }
}

fn least(numbers: [usize; 3]) -> usize {
    numbers.into_iter().fold(usize::MAX, |least, number| if number < least { number } else { least })
}

/// Adds a multiple: `y[i] += a * x[i]`.
pub(in crate::kernel) fn axpy(a: f32, x: &[f32], y: &mut [f32]) {
    let factor = a.to_bits();
    let count = if x.len() < y.len() { x.len() } else { y.len() };
    let mut done = 0;
    loop {
        if let (Some(x), Some(y)) = (x.get(done..count), y.get_mut(done..count))
            && !x.is_empty()
            && is_normal(exponent(factor))
        {
            let mut multiples = Multiples {
                x: x.as_ptr(),
                y: y.as_mut_ptr(),
                end: x.as_ptr_range().end,
                factor,
                significand: significand(factor) << FACTOR_ZEROS,
                exponent: exponent(factor).cast_signed() - BIAS,
            };
            // SAFETY: there is a number, so many are left in both slices, and they are borrowed apart.
            unsafe { add_multiples(&mut multiples) };
            done += (multiples.x.addr() - x.as_ptr().addr()) / size_of::<f32>();
        }
        // What it stopped before is for the operators, and all where the factor is.
        let (Some(x), Some(y)) = (x.get(done), y.get_mut(done)) else { return };
        // Products of zero change nothing but minus zero.
        if !is_zero(factor) || y.to_bits() == SIGN || exponent(x.to_bits()) == 255 {
            *y += a * x;
        }
        done += 1;
    }
}
