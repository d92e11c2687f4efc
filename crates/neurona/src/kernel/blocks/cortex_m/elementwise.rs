//! What is done to each value by itself.

use core::arch::naked_asm;

#[cfg(doc)]
use crate::kernel::blocks::plain;

/// [`plain::axpy`].
pub(in crate::kernel) fn axpy(a: f32, x: &[f32], y: &mut [f32]) {
    let len = if x.len() < y.len() { x.len() } else { y.len() };
    // SAFETY: both slices have so many values, and are borrowed apart.
    unsafe { multiple(x.as_ptr(), y.as_mut_ptr(), len, a) }
}

/// The products of values and the number in s0, added to as many others.
#[cfg(not(feature = "cortex-m4"))]
macro_rules! products_to {
    ($($x:literal $y:literal),+) => {
        concat!($("vmla.f32 ", $y, ", ", $x, ", s0\n"),+)
    };
}

#[cfg(feature = "cortex-m4")]
macro_rules! products_to {
    ($($x:literal $y:literal),+) => {
        concat!($("vmul.f32 ", $x, ", ", $x, ", s0\n"),+, $("vadd.f32 ", $y, ", ", $y, ", ", $x, "\n"),+)
    };
}

/// [`plain::axpy`] of `len` values.
///
/// # Safety
///
/// So many values can be read at `x`, and read and written at `y`, and they do not overlap.
#[unsafe(naked)]
unsafe extern "C" fn multiple(x: *const f32, y: *mut f32, len: usize, a: f32) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "subs r2, r2, #12",
        "blo 4f",
        "vpush {{d8-d13}}",
        "3:",
        "vldmia r0!, {{s4-s15}}",
        "vldmia r1, {{s16-s27}}",
        products_to!("s4" "s16", "s5" "s17", "s6" "s18", "s7" "s19", "s8" "s20", "s9" "s21",
            "s10" "s22", "s11" "s23", "s12" "s24", "s13" "s25", "s14" "s26", "s15" "s27"),
        "vstmia r1!, {{s16-s27}}",
        "subs r2, r2, #12",
        "bhs 3b",
        "vpop {{d8-d13}}",
        "4:",
        "adds r2, r2, #8",
        "bmi 6f",
        "5:",
        "vldmia r0!, {{s4-s7}}",
        "vldmia r1, {{s8-s11}}",
        products_to!("s4" "s8", "s5" "s9", "s6" "s10", "s7" "s11"),
        "vstmia r1!, {{s8-s11}}",
        "subs r2, r2, #4",
        "bhs 5b",
        "6:",
        "adds r2, r2, #3",
        "bmi 8f",
        "7:",
        "vldmia r0!, {{s4}}",
        "vldmia r1, {{s8}}",
        products_to!("s4" "s8"),
        "vstmia r1!, {{s8}}",
        "subs r2, r2, #1",
        "bhs 7b",
        "8:",
        "bx lr",
    )
}

/// [`plain::add`].
#[inline]
pub(in crate::kernel) fn add(x: &[f32], y: &mut [f32]) {
    axpy(1.0, x, y);
}

/// [`plain::scale`].
pub(in crate::kernel) fn scale(a: f32, y: &mut [f32]) {
    // SAFETY: the slice has so many values.
    unsafe { multiples(y.as_mut_ptr(), y.len(), a) }
}

/// [`plain::divide`].
pub(in crate::kernel) fn divide(y: &mut [f32], by: f32) {
    // SAFETY: the slice has so many values.
    unsafe { quotients(y.as_mut_ptr(), y.len(), by) }
}

/// [`plain::sqrt`]. Both round correctly, as IEEE 754 has it.
pub(in crate::kernel) fn sqrt(x: f32) -> f32 {
    #[unsafe(naked)]
    extern "C" fn root(x: f32) -> f32 {
        naked_asm!(".fpu fpv4-sp-d16", "vsqrt.f32 s0, s0", "bx lr")
    }
    root(x)
}

/// An operation on each of `len` values and the number in s0, in place.
macro_rules! each_with {
    ($operation:literal) => {
        naked_asm!(
            ".fpu fpv4-sp-d16",
            "subs r1, r1, #12",
            "blo 4f",
            "3:",
            each_with!($operation 12 "s4" "s5" "s6" "s7" "s8" "s9" "s10" "s11" "s12" "s13" "s14" "s15"),
            "bhs 3b",
            "4:",
            "adds r1, r1, #8",
            "bmi 6f",
            "5:",
            each_with!($operation 4 "s4" "s5" "s6" "s7"),
            "bhs 5b",
            "6:",
            "adds r1, r1, #3",
            "bmi 8f",
            "7:",
            each_with!($operation 1 "s4"),
            "bhs 7b",
            "8:",
            "bx lr",
        )
    };
    ($operation:literal $count:literal $first:literal $($y:literal)*) => {
        concat!(
            "vldmia r0, {{", $first, $(", ", $y,)* "}}\n",
            $operation, " ", $first, ", ", $first, ", s0\n",
            $($operation, " ", $y, ", ", $y, ", s0\n",)*
            "vstmia r0!, {{", $first, $(", ", $y,)* "}}\n",
            "subs r1, r1, #", $count, "\n",
        )
    };
}

/// [`plain::scale`] of `len` values.
///
/// # Safety
///
/// So many values can be read and written.
#[unsafe(naked)]
unsafe extern "C" fn multiples(y: *mut f32, len: usize, a: f32) {
    each_with!("vmul.f32")
}

/// [`plain::divide`] of `len` values.
///
/// # Safety
///
/// So many values can be read and written.
#[unsafe(naked)]
unsafe extern "C" fn quotients(y: *mut f32, len: usize, by: f32) {
    each_with!("vdiv.f32")
}

/// Writes zero into so many words.
///
/// # Safety
///
/// So many words can be written.
#[unsafe(naked)]
pub(in crate::kernel) unsafe extern "C" fn zero(at: *mut u32, words: usize) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "movs r2, #0",
        "vmov s0, s1, r2, r2",
        "vmov s2, s3, r2, r2",
        "subs r1, r1, #16",
        "blo 4f",
        "vmov s4, s5, r2, r2",
        "vmov s6, s7, r2, r2",
        "vmov s8, s9, r2, r2",
        "vmov s10, s11, r2, r2",
        "vmov s12, s13, r2, r2",
        "vmov s14, s15, r2, r2",
        "3:",
        "vstmia r0!, {{s0-s15}}",
        "subs r1, r1, #16",
        "bhs 3b",
        "4:",
        "adds r1, r1, #12",
        "bmi 6f",
        "5:",
        "vstmia r0!, {{s0-s3}}",
        "subs r1, r1, #4",
        "bhs 5b",
        "6:",
        "adds r1, r1, #3",
        "bmi 8f",
        "7:",
        "str r2, [r0], #4",
        "subs r1, r1, #1",
        "bhs 7b",
        "8:",
        "bx lr",
    )
}

/// No less than the square of any: twice their sum, and for those that underflow the smallest normal number.
#[inline]
pub(in crate::kernel) fn square_bound(x: &[f32]) -> f32 {
    if x.is_empty() {
        return f32::MIN_POSITIVE;
    }
    if x.len() > 1 << 23 {
        // Up to there rounding takes less than half of a sum: (1 - 2^-24)^(2^23) is more than that.
        return f32::INFINITY;
    }
    // SAFETY: the slice has so many values.
    let squares = unsafe { squares(x.as_ptr(), x.len()) };
    2.0 * squares + f32::MIN_POSITIVE
}

/// The squares of values, added to the number in s0.
#[cfg(not(feature = "cortex-m4"))]
macro_rules! squares {
    ($($x:literal)+) => {
        concat!($("vmla.f32 s0, ", $x, ", ", $x, "\n"),+)
    };
}

#[cfg(feature = "cortex-m4")]
macro_rules! squares {
    ($($x:literal)+) => {
        concat!($("vmul.f32 ", $x, ", ", $x, ", ", $x, "\n"),+, $("vadd.f32 s0, s0, ", $x, "\n"),+)
    };
}

/// The sum of the squares of `len` values.
///
/// # Safety
///
/// So many values can be read at `x`.
#[unsafe(naked)]
unsafe extern "C" fn squares(x: *const f32, len: usize) -> f32 {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "movs r2, #0",
        "vmov s0, r2",
        "subs r1, r1, #12",
        "blo 4f",
        "3:",
        "vldmia r0!, {{s4-s15}}",
        squares!("s4" "s5" "s6" "s7" "s8" "s9" "s10" "s11" "s12" "s13" "s14" "s15"),
        "subs r1, r1, #12",
        "bhs 3b",
        "4:",
        "adds r1, r1, #8",
        "bmi 6f",
        "5:",
        "vldmia r0!, {{s4-s7}}",
        squares!("s4" "s5" "s6" "s7"),
        "subs r1, r1, #4",
        "bhs 5b",
        "6:",
        "adds r1, r1, #3",
        "bmi 8f",
        "7:",
        "vldmia r0!, {{s4}}",
        squares!("s4"),
        "subs r1, r1, #1",
        "bhs 7b",
        "8:",
        "bx lr",
    )
}

/// [`plain::maximum`].
pub(in crate::kernel) fn maximum(x: &[f32]) -> f32 {
    // SAFETY: the slice has so many values.
    unsafe { greatest(x.as_ptr(), x.len()) }
}

/// [`plain::maximum`] of `len` values.
///
/// # Safety
///
/// So many values can be read at `x`.
#[unsafe(naked)]
unsafe extern "C" fn greatest(x: *const f32, len: usize) -> f32 {
    macro_rules! greatest {
        ($($x:literal)+) => {
            concat!($("vcmp.f32 ", $x, ", s0\n", "vmrs apsr_nzcv, fpscr\n", "it gt\n", "vmovgt.f32 s0, ", $x, "\n"),+)
        };
    }
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "movs r2, #0",
        "movt r2, #0xff80",
        "vmov s0, r2",
        "subs r1, r1, #4",
        "blo 4f",
        "3:",
        "vldmia r0!, {{s1-s4}}",
        greatest!("s1" "s2" "s3" "s4"),
        "subs r1, r1, #4",
        "bhs 3b",
        "4:",
        "adds r1, r1, #3",
        "bmi 6f",
        "5:",
        "vldmia r0!, {{s1}}",
        greatest!("s1"),
        "subs r1, r1, #1",
        "bhs 5b",
        "6:",
        "bx lr",
    )
}
