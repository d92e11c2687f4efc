//! What is done to each value by itself.

use core::arch::naked_asm;

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

/// [`plain::rescale`].
pub(in crate::kernel) fn rescale(a: f32, x: &[f32], y: &mut [f32]) {
    let len = if x.len() < y.len() { x.len() } else { y.len() };
    // SAFETY: both slices have so many values, and are borrowed apart.
    unsafe { multiples(x.as_ptr(), y.as_mut_ptr(), len, a) }
}

/// [`plain::scale`].
pub(in crate::kernel) fn scale(a: f32, y: &mut [f32]) {
    let at = y.as_mut_ptr();
    // SAFETY: the slice has so many values, each of which is read before it is written.
    unsafe { multiples(at, at, y.len(), a) }
}

/// [`plain::divide`].
pub(in crate::kernel) fn divide(y: &mut [f32], by: f32) {
    let at = y.as_mut_ptr();
    // SAFETY: as above.
    unsafe { quotients(at, at, y.len(), by) }
}

/// [`plain::sqrt`]. Both round correctly, as IEEE 754 has it.
pub(in crate::kernel) fn sqrt(x: f32) -> f32 {
    #[unsafe(naked)]
    extern "C" fn root(x: f32) -> f32 {
        naked_asm!(".fpu fpv4-sp-d16", "vsqrt.f32 s0, s0", "bx lr")
    }
    root(x)
}

/// An operation on each of `len` values and the number in s0; without one, the values as they are.
macro_rules! each {
    ($($operation:literal)?) => {
        naked_asm!(
            ".fpu fpv4-sp-d16",
            "subs r2, r2, #12",
            "blo 4f",
            "3:",
            each!(($($operation)?) 12 "s4" "s5" "s6" "s7" "s8" "s9" "s10" "s11" "s12" "s13" "s14" "s15"),
            "bhs 3b",
            "4:",
            "adds r2, r2, #8",
            "bmi 6f",
            "5:",
            each!(($($operation)?) 4 "s4" "s5" "s6" "s7"),
            "bhs 5b",
            "6:",
            "adds r2, r2, #3",
            "bmi 8f",
            "7:",
            each!(($($operation)?) 1 "s4"),
            "bhs 7b",
            "8:",
            "bx lr",
        )
    };
    (($($operation:literal)?) $count:literal $first:literal $($x:literal)*) => {
        concat!(
            "vldmia r0!, {{", $first, $(", ", $x,)* "}}\n",
            each!(@ ($($operation)?) $first $($x)*),
            "vstmia r1!, {{", $first, $(", ", $x,)* "}}\n",
            "subs r2, r2, #", $count, "\n",
        )
    };
    (@ () $($x:literal)+) => { "" };
    (@ ($operation:literal) $first:literal $($x:literal)*) => {
        concat!($operation, " ", $first, ", ", $first, ", s0\n", each!(@ ($operation) $($x)*))
    };
    (@ ($operation:literal)) => { "" };
}

/// [`plain::rescale`] of `len` values.
///
/// # Safety
///
/// So many values can be read at `x`, and written at `y`, which is either the same place or none of them.
#[unsafe(naked)]
unsafe extern "C" fn multiples(x: *const f32, y: *mut f32, len: usize, a: f32) {
    each!("vmul.f32")
}

/// The same with quotients.
///
/// # Safety
///
/// As for [`multiples`].
#[unsafe(naked)]
unsafe extern "C" fn quotients(x: *const f32, y: *mut f32, len: usize, by: f32) {
    each!("vdiv.f32")
}

/// [`plain::copy`].
pub(in crate::kernel) fn copy(x: &[f32], y: &mut [f32]) {
    let len = if x.len() < y.len() { x.len() } else { y.len() };
    // SAFETY: both slices have so many values, and are borrowed apart.
    unsafe { copies(x.as_ptr(), y.as_mut_ptr(), len) }
}

/// [`plain::copy`] of `len` values. A load and a store leave the bits as they are, of a NaN too.
///
/// # Safety
///
/// As for [`multiples`].
#[unsafe(naked)]
unsafe extern "C" fn copies(x: *const f32, y: *mut f32, len: usize) {
    each!()
}

/// An operation on as many values of each of three slices as the argument on the stack says; its results take the place of the
/// second.
macro_rules! each_of_three {
    ($operation:ident) => {
        naked_asm!(
            ".fpu fpv4-sp-d16",
            "ldr r12, [sp]",
            "subs r12, r12, #4",
            "blo 4f",
            "3:",
            "vldmia r0!, {{s0-s3}}",
            "vldmia r1!, {{s4-s7}}",
            "vldmia r2!, {{s8-s11}}",
            $operation!("s0" "s4" "s8", "s1" "s5" "s9", "s2" "s6" "s10", "s3" "s7" "s11"),
            "vstmia r3!, {{s4-s7}}",
            "subs r12, r12, #4",
            "bhs 3b",
            "4:",
            "adds r12, r12, #3",
            "bmi 6f",
            "5:",
            "vldmia r0!, {{s0}}",
            "vldmia r1!, {{s4}}",
            "vldmia r2!, {{s8}}",
            $operation!("s0" "s4" "s8"),
            "vstmia r3!, {{s4}}",
            "subs r12, r12, #1",
            "bhs 5b",
            "6:",
            "bx lr",
        )
    };
}

/// [`plain::standardize`].
pub(in crate::kernel) fn standardize(mean: &[f32], scale: &[f32], x: &[f32], y: &mut [f32]) {
    match shortest(mean, scale, x, y) {
        // Few values take longer to be handed over than to be computed.
        ..8 => plain::standardize(mean, scale, x, y),
        // SAFETY: all slices have so many values, and the last is borrowed apart.
        len => unsafe { standardized(scale.as_ptr(), mean.as_ptr(), x.as_ptr(), y.as_mut_ptr(), len) },
    }
}

/// [`plain::scale_and_shift`].
pub(in crate::kernel) fn scale_and_shift(scale: &[f32], shift: &[f32], x: &[f32], y: &mut [f32]) {
    match shortest(scale, shift, x, y) {
        ..8 => plain::scale_and_shift(scale, shift, x, y),
        // SAFETY: all slices have so many values, and the last is borrowed apart.
        len => unsafe { scaled_and_shifted(scale.as_ptr(), shift.as_ptr(), x.as_ptr(), y.as_mut_ptr(), len) },
    }
}

fn shortest(a: &[f32], b: &[f32], x: &[f32], y: &[f32]) -> usize {
    let shorter = |a: usize, b: usize| if a < b { a } else { b };
    shorter(shorter(a.len(), b.len()), shorter(x.len(), y.len()))
}

/// [`plain::standardize`] of `len` values.
///
/// # Safety
///
/// So many values can be read at `scale`, `mean` and `x`, and written at `y`, which overlaps none of them.
#[unsafe(naked)]
unsafe extern "C" fn standardized(scale: *const f32, mean: *const f32, x: *const f32, y: *mut f32, len: usize) {
    macro_rules! standardized {
        ($($scale:literal $mean:literal $x:literal),+) => {
            concat!(
                $("vsub.f32 ", $mean, ", ", $x, ", ", $mean, "\n"),+,
                $("vmul.f32 ", $mean, ", ", $mean, ", ", $scale, "\n"),+
            )
        };
    }
    each_of_three!(standardized)
}

/// [`plain::scale_and_shift`] of `len` values.
///
/// # Safety
///
/// As for [`standardized`].
#[unsafe(naked)]
unsafe extern "C" fn scaled_and_shifted(scale: *const f32, shift: *const f32, x: *const f32, y: *mut f32, len: usize) {
    #[cfg(not(feature = "cortex-m4"))]
    macro_rules! shifted {
        ($($scale:literal $shift:literal $x:literal),+) => {
            concat!($("vmla.f32 ", $shift, ", ", $scale, ", ", $x, "\n"),+)
        };
    }
    #[cfg(feature = "cortex-m4")]
    macro_rules! shifted {
        ($($scale:literal $shift:literal $x:literal),+) => {
            concat!(
                $("vmul.f32 ", $scale, ", ", $scale, ", ", $x, "\n"),+,
                $("vadd.f32 ", $shift, ", ", $shift, ", ", $scale, "\n"),+
            )
        };
    }
    each_of_three!(shifted)
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

/// [`plain::is_finite`]: a sum of products of two values each is not where one of them is not; it may not be either where they are
/// large.
#[inline]
pub(in crate::kernel) fn is_finite(x: &[f32]) -> bool {
    // SAFETY: the slice has so many values.
    let products = unsafe { products_of_pairs(x.as_ptr(), x.len()) };
    products.is_finite() || plain::is_finite(x)
}

/// Products of two values each, added to the number in s0.
#[cfg(not(feature = "cortex-m4"))]
macro_rules! pairs {
    ($($a:literal $b:literal),+) => {
        concat!($("vmla.f32 s0, ", $a, ", ", $b, "\n"),+)
    };
}

#[cfg(feature = "cortex-m4")]
macro_rules! pairs {
    ($($a:literal $b:literal),+) => {
        concat!($("vmul.f32 ", $a, ", ", $a, ", ", $b, "\n"),+, $("vadd.f32 s0, s0, ", $a, "\n"),+)
    };
}

/// A sum over `len` values, from zero: what is added for twelve, for four and for one of them.
macro_rules! sum {
    ($twelve:expr, $four:expr, $one:expr) => {
        naked_asm!(
            ".fpu fpv4-sp-d16",
            "movs r2, #0",
            "vmov s0, r2",
            "subs r1, r1, #12",
            "blo 4f",
            "3:",
            "vldmia r0!, {{s4-s15}}",
            $twelve,
            "subs r1, r1, #12",
            "bhs 3b",
            "4:",
            "adds r1, r1, #8",
            "bmi 6f",
            "5:",
            "vldmia r0!, {{s4-s7}}",
            $four,
            "subs r1, r1, #4",
            "bhs 5b",
            "6:",
            "adds r1, r1, #3",
            "bmi 8f",
            "7:",
            "vldmia r0!, {{s4}}",
            $one,
            "subs r1, r1, #1",
            "bhs 7b",
            "8:",
            "bx lr",
        )
    };
}

/// The sum of the squares of `len` values.
///
/// # Safety
///
/// So many values can be read at `x`.
#[unsafe(naked)]
unsafe extern "C" fn squares(x: *const f32, len: usize) -> f32 {
    sum!(
        pairs!("s4" "s4", "s5" "s5", "s6" "s6", "s7" "s7", "s8" "s8", "s9" "s9", "s10" "s10", "s11" "s11",
            "s12" "s12", "s13" "s13", "s14" "s14", "s15" "s15"),
        pairs!("s4" "s4", "s5" "s5", "s6" "s6", "s7" "s7"),
        pairs!("s4" "s4")
    )
}

/// The sum of products of which each of `len` values is in one.
///
/// # Safety
///
/// So many values can be read at `x`.
#[unsafe(naked)]
unsafe extern "C" fn products_of_pairs(x: *const f32, len: usize) -> f32 {
    sum!(
        pairs!("s4" "s5", "s6" "s7", "s8" "s9", "s10" "s11", "s12" "s13", "s14" "s15"),
        pairs!("s4" "s5", "s6" "s7"),
        pairs!("s4" "s4")
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
