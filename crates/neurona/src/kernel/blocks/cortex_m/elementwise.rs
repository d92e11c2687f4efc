//! What is done to each value by itself.

use core::arch::naked_asm;

use crate::kernel::blocks::plain;

/// [`plain::axpy`].
pub(in crate::kernel) fn axpy(a: f32, x: &[f32], y: &mut [f32]) {
    let len = if x.len() < y.len() { x.len() } else { y.len() };
    // SAFETY: both slices have so many values, and are borrowed apart.
    unsafe { multiple(x.as_ptr(), y.as_mut_ptr(), len, a) }
}

/// [`plain::relu`].
pub(in crate::kernel) fn relu(y: &mut [f32]) {
    let (eights, rest) = y.as_chunks_mut::<8>();
    if !eights.is_empty() {
        // SAFETY: so many times eight values can be read and written.
        unsafe { rectify(eights.as_mut_ptr(), eights.len()) }
    }
    plain::relu(rest);
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

/// [`plain::add_products`].
pub(in crate::kernel) fn add_products(a: &[f32], b: &[f32], y: &mut [f32]) {
    let shorter = if a.len() < b.len() { a.len() } else { b.len() };
    let len = if y.len() < shorter { y.len() } else { shorter };
    let eights = len / 8;
    if eights > 0 {
        // SAFETY: all three have so many times eight values, and `y` is borrowed apart.
        unsafe { products_of_8(a.as_ptr(), b.as_ptr(), y.as_mut_ptr(), eights) }
    }
    let done = 8 * eights;
    if let (Some(a), Some(b), Some(y)) = (a.get(done..), b.get(done..), y.get_mut(done..)) {
        plain::add_products(a, b, y);
    }
}

/// Products of pairs, added to as many others.
#[cfg(not(feature = "cortex-m4"))]
macro_rules! add_pairs {
    ($($a:literal $b:literal $y:literal),+) => {
        concat!($("vmla.f32 ", $y, ", ", $a, ", ", $b, "\n"),+)
    };
}

#[cfg(feature = "cortex-m4")]
macro_rules! add_pairs {
    ($($a:literal $b:literal $y:literal),+) => {
        concat!($("vmul.f32 ", $a, ", ", $a, ", ", $b, "\n"),+, $("vadd.f32 ", $y, ", ", $y, ", ", $a, "\n"),+)
    };
}

/// [`plain::add_products`] of so many times eight.
///
/// # Safety
///
/// So many, not none, can be read at `a` and `b`, and read and written at `y`, which overlaps neither.
#[unsafe(naked)]
unsafe extern "C" fn products_of_8(a: *const f32, b: *const f32, y: *mut f32, eights: usize) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "vpush {{d8-d11}}",
        "2:",
        "vldmia r0!, {{s0-s7}}",
        "vldmia r1!, {{s8-s15}}",
        "vldmia r2, {{s16-s23}}",
        add_pairs!("s0" "s8" "s16", "s1" "s9" "s17", "s2" "s10" "s18", "s3" "s11" "s19",
            "s4" "s12" "s20", "s5" "s13" "s21", "s6" "s14" "s22", "s7" "s15" "s23"),
        "vstmia r2!, {{s16-s23}}",
        "subs r3, r3, #1",
        "bne 2b",
        "vpop {{d8-d11}}",
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

/// Zero for every number that has a sign: eight of them at a time.
///
/// A first pass looks for NaN, which stay as they are: it adds up products of two values each, and a NaN among them makes the
/// sum one; so may infinities. Without, zero for what is negative is a saturation of the pattern as a whole number. With, a
/// pattern above that of minus infinity is a NaN with a sign: with 0x7fffff it carries.
///
/// # Safety
///
/// So many times eight values, not none, can be read and written.
#[unsafe(naked)]
unsafe extern "C" fn rectify(y: *mut [f32; 8], count: usize) {
    macro_rules! eight {
        ($($value:literal)+) => {
            concat!(
                "ldm r0, {{r2-r9}}\n",
                $("cmn ", $value, ", r12\n", "it cc\n", "biccc ", $value, ", ", $value, ", ", $value, ", asr #31\n"),+,
                "stm r0!, {{r2-r9}}\n"
            )
        };
    }
    // By Arm's table the first pass costs a Cortex-M4 more than the second saves.
    #[cfg(feature = "cortex-m4")]
    macro_rules! without_nan {
        () => {
            ""
        };
    }
    #[cfg(not(feature = "cortex-m4"))]
    macro_rules! without_nan {
        () => {
            concat!(
                "mov r2, r0\n",
                "vmov.f32 s8, #1.0\n",
                "subs r3, r1, #2\n",
                "blo 6f\n",
                "5:\n",
                without_nan!(@ products),
                without_nan!(@ products),
                "subs r3, r3, #2\n",
                "bhs 5b\n",
                "6:\n",
                "adds r3, r3, #1\n",
                "bmi 7f\n",
                without_nan!(@ products),
                "7:\n",
                "vcmp.f32 s8, s8\n",
                "vmrs apsr_nzcv, fpscr\n",
                "bvs 11f\n",
                "subs r1, r1, #2\n",
                "blo 9f\n",
                "8:\n",
                without_nan!(@ saturate "r2" "r3" "r4" "r5" "r6" "r7" "r8" "r9"),
                without_nan!(@ saturate "r2" "r3" "r4" "r5" "r6" "r7" "r8" "r9"),
                "subs r1, r1, #2\n",
                "bhs 8b\n",
                "9:\n",
                "adds r1, r1, #1\n",
                "bmi 4f\n",
                without_nan!(@ saturate "r2" "r3" "r4" "r5" "r6" "r7" "r8" "r9"),
                "b 4f\n",
                "11:\n",
            )
        };
        (@ products) => {
            concat!(
                "vldmia r2!, {{s0-s7}}\n",
                "vmla.f32 s8, s0, s1\n",
                "vmla.f32 s8, s2, s3\n",
                "vmla.f32 s8, s4, s5\n",
                "vmla.f32 s8, s6, s7\n",
            )
        };
        (@ saturate $($value:literal)+) => {
            concat!("ldm r0, {{r2-r9}}\n", $("usat ", $value, ", #31, ", $value, "\n"),+, "stm r0!, {{r2-r9}}\n")
        };
    }
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r9}}",
        without_nan!(),
        "ldr r12, =0x7fffff",
        "subs r1, r1, #2",
        "blo 3f",
        "2:",
        eight!("r2" "r3" "r4" "r5" "r6" "r7" "r8" "r9"),
        eight!("r2" "r3" "r4" "r5" "r6" "r7" "r8" "r9"),
        "subs r1, r1, #2",
        "bhs 2b",
        "3:",
        "adds r1, r1, #1",
        "bmi 4f",
        eight!("r2" "r3" "r4" "r5" "r6" "r7" "r8" "r9"),
        "4:",
        "pop {{r4-r9}}",
        "bx lr",
        ".ltorg",
    )
}
