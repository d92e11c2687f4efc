//! The products of two lists of numbers, added to weights.

use core::arch::naked_asm;

use super::axpy;
use crate::kernel::blocks::plain;

/// [`plain::add_outer`].
pub(in crate::kernel) fn add_outer(weights: &mut [f32], bias: &mut [f32], x: &[f32], by: &[f32], scale: f32) {
    let rows = if bias.len() < by.len() { bias.len() } else { by.len() };
    let blocks = rows / 4;
    let fit = rows.checked_mul(x.len()).is_some_and(|len| len <= weights.len());
    if !fit || x.is_empty() {
        return plain::add_outer(weights, bias, x, by, scale);
    }
    if blocks > 0 {
        let mut of = Outer {
            weights: weights.as_mut_ptr(),
            stride: size_of_val(x),
            by: by.as_ptr(),
            bias: bias.as_mut_ptr(),
            x: x.as_ptr(),
            columns: x.len(),
            scale,
            blocks,
        };
        // SAFETY: there are four times so many rows of so many weights, and as many of the others; all slices are borrowed
        // apart.
        unsafe { outer_of_4(&mut of) }
    }
    let done = 4 * blocks;
    let rest = (weights.get_mut(done * x.len()..), bias.get_mut(done..), by.get(done..));
    if let (Some(weights), Some(bias), Some(by)) = rest {
        for ((row, bias), by) in weights.chunks_exact_mut(x.len()).zip(bias).zip(by) {
            let step = scale * by;
            axpy(step, x, row);
            *bias += step;
        }
    }
}

/// What [`outer_of_4`] works on, and counts in. Lengths are in bytes unless they are numbers of something.
#[repr(C)]
struct Outer {
    weights: *mut f32,
    stride: usize,
    by: *const f32,
    bias: *mut f32,
    x: *const f32,
    columns: usize,
    scale: f32,
    blocks: usize,
}

/// The products of four values and a number, added to as many weights; s24 to s27 may be used.
#[cfg(not(feature = "cortex-m4"))]
macro_rules! add_four {
    ($by:literal, $($x:literal $w:literal $product:literal),+) => {
        concat!($("vmla.f32 ", $w, ", ", $x, ", ", $by, "\n"),+)
    };
}

#[cfg(feature = "cortex-m4")]
macro_rules! add_four {
    ($by:literal, $($x:literal $w:literal $product:literal),+) => {
        concat!(
            $("vmul.f32 ", $product, ", ", $x, ", ", $by, "\n"),+,
            $("vadd.f32 ", $w, ", ", $w, ", ", $product, "\n"),+
        )
    };
}

/// The same columns of four rows.
macro_rules! outer {
    (12, $($row:literal $by:literal),+) => {
        concat!("vldmia r1!, {{s0-s11}}\n", $(
            "vldmia ", $row, ", {{s12-s23}}\n",
            add_four!($by, "s0" "s12" "s24", "s1" "s13" "s25", "s2" "s14" "s26", "s3" "s15" "s27"),
            add_four!($by, "s4" "s16" "s24", "s5" "s17" "s25", "s6" "s18" "s26", "s7" "s19" "s27"),
            add_four!($by, "s8" "s20" "s24", "s9" "s21" "s25", "s10" "s22" "s26", "s11" "s23" "s27"),
            "vstmia ", $row, "!, {{s12-s23}}\n"),+)
    };
    (4, $($row:literal $by:literal),+) => {
        concat!("vldmia r1!, {{s0-s3}}\n", $(
            "vldmia ", $row, ", {{s12-s15}}\n",
            add_four!($by, "s0" "s12" "s24", "s1" "s13" "s25", "s2" "s14" "s26", "s3" "s15" "s27"),
            "vstmia ", $row, "!, {{s12-s15}}\n"),+)
    };
    (1, $($row:literal $by:literal),+) => {
        concat!("vldmia r1!, {{s0}}\n", $(
            "vldmia ", $row, ", {{s12}}\n", add_four!($by, "s0" "s12" "s24"), "vstmia ", $row, "!, {{s12}}\n"),+)
    };
}

/// [`plain::add_outer`] for blocks of four rows.
///
/// # Safety
///
/// There is at least one block and one column. Every weight and bias of the rows can be read and written, every value and
/// every number of `by` read, and no two of these slices overlap.
#[unsafe(naked)]
unsafe extern "C" fn outer_of_4(of: &mut Outer) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r7, lr}}",
        "vpush {{d8-d15}}",
        "2:",
        "ldr r3, [r0, #8]",
        "vldmia r3!, {{s28-s31}}",
        "str r3, [r0, #8]",
        "vldr s0, [r0, #24]",
        "vmul.f32 s28, s0, s28",
        "vmul.f32 s29, s0, s29",
        "vmul.f32 s30, s0, s30",
        "vmul.f32 s31, s0, s31",
        "ldr r3, [r0, #12]",
        "vldmia r3, {{s0-s3}}",
        "vadd.f32 s0, s0, s28",
        "vadd.f32 s1, s1, s29",
        "vadd.f32 s2, s2, s30",
        "vadd.f32 s3, s3, s31",
        "vstmia r3!, {{s0-s3}}",
        "str r3, [r0, #12]",
        "ldr r4, [r0, #0]",
        "ldr r1, [r0, #4]",
        "add r5, r4, r1",
        "add r6, r5, r1",
        "add r7, r6, r1",
        "add r1, r7, r1",
        "str r1, [r0, #0]",
        "ldr r1, [r0, #16]",
        "ldr r2, [r0, #20]",
        "subs r2, r2, #12",
        "blo 4f",
        "3:",
        outer!(12, "r4" "s28", "r5" "s29", "r6" "s30", "r7" "s31"),
        "subs r2, r2, #12",
        "bhs 3b",
        "4:",
        "adds r2, r2, #8",
        "bmi 6f",
        "5:",
        outer!(4, "r4" "s28", "r5" "s29", "r6" "s30", "r7" "s31"),
        "subs r2, r2, #4",
        "bhs 5b",
        "6:",
        "adds r2, r2, #3",
        "bmi 8f",
        "7:",
        outer!(1, "r4" "s28", "r5" "s29", "r6" "s30", "r7" "s31"),
        "subs r2, r2, #1",
        "bhs 7b",
        "8:",
        "ldr r1, [r0, #28]",
        "subs r1, r1, #1",
        "str r1, [r0, #28]",
        "bne 2b",
        "vpop {{d8-d15}}",
        "pop {{r4-r7, pc}}",
    )
}
