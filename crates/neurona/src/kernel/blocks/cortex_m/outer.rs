//! The products of two lists of numbers, added to weights.

use core::arch::naked_asm;

use crate::kernel::blocks::plain;

/// [`plain::add_outer`].
pub(in crate::kernel) fn add_outer(weights: &mut [f32], bias: &mut [f32], x: &[f32], by: &[f32], scale: f32) {
    let rows = if bias.len() < by.len() { bias.len() } else { by.len() };
    let fit = rows.checked_mul(x.len()).is_some_and(|len| len <= weights.len());
    if !fit || x.is_empty() {
        return plain::add_outer(weights, bias, x, by, scale);
    }
    let mut of = Outer {
        weights: weights.as_mut_ptr(),
        stride: size_of_val(x),
        x: x.as_ptr(),
        columns: x.len(),
        by: by.as_ptr(),
        bias: bias.as_mut_ptr(),
        rows,
        scale,
    };
    // SAFETY: there are so many rows of so many weights, and as many of the others; all slices are borrowed apart.
    unsafe { outer(&mut of) }
}

/// What [`outer`] works on, and counts in. Lengths are in bytes unless they are numbers of something.
#[repr(C)]
struct Outer {
    weights: *mut f32,
    stride: usize,
    x: *const f32,
    columns: usize,
    by: *const f32,
    bias: *mut f32,
    rows: usize,
    scale: f32,
}

/// How many columns a block takes at a time: as many as there are registers for beside the numbers of eight rows.
const WIDE: usize = if cfg!(feature = "cortex-m4") { 8 } else { 12 };

/// The products of values and a number, added to as many weights.
#[cfg(not(feature = "cortex-m4"))]
macro_rules! add_products {
    ($by:literal, $($x:literal $w:literal $($product:literal)?),+) => {
        concat!($("vmla.f32 ", $w, ", ", $x, ", ", $by, "\n"),+)
    };
}

#[cfg(feature = "cortex-m4")]
macro_rules! add_products {
    ($by:literal, $($x:literal $w:literal $product:literal),+) => {
        concat!(
            $("vmul.f32 ", $product, ", ", $x, ", ", $by, "\n"),+,
            $("vadd.f32 ", $w, ", ", $w, ", ", $product, "\n"),+
        )
    };
}

/// The same columns of every row of a block.
macro_rules! columns_of {
    (wide, $($row:literal $by:literal),+) => {
        concat!("vldmia lr!, {{s0-s11}}\n", $(
            "vldmia ", $row, ", {{s12-s23}}\n",
            add_products!($by, "s0" "s12", "s1" "s13", "s2" "s14", "s3" "s15", "s4" "s16", "s5" "s17",
                "s6" "s18", "s7" "s19", "s8" "s20", "s9" "s21", "s10" "s22", "s11" "s23"),
            "vstmia ", $row, "!, {{s12-s23}}\n"),+)
    };
    (wide with products, $($row:literal $by:literal),+) => {
        concat!("vldmia lr!, {{s0-s7}}\n", $(
            "vldmia ", $row, ", {{s16-s23}}\n",
            add_products!($by, "s0" "s16" "s8", "s1" "s17" "s9", "s2" "s18" "s10", "s3" "s19" "s11",
                "s4" "s20" "s12", "s5" "s21" "s13", "s6" "s22" "s14", "s7" "s23" "s15"),
            "vstmia ", $row, "!, {{s16-s23}}\n"),+)
    };
    (4, $($row:literal $by:literal),+) => {
        concat!("vldmia lr!, {{s0-s3}}\n", $(
            "vldmia ", $row, ", {{s16-s19}}\n",
            add_products!($by, "s0" "s16" "s8", "s1" "s17" "s9", "s2" "s18" "s10", "s3" "s19" "s11"),
            "vstmia ", $row, "!, {{s16-s19}}\n"),+)
    };
    (1, $($row:literal $by:literal),+) => {
        concat!("vldmia lr!, {{s0}}\n", $(
            "vldmia ", $row, ", {{s16}}\n", add_products!($by, "s0" "s16" "s8"), "vstmia ", $row, "!, {{s16}}\n"),+)
    };
}

#[cfg(not(feature = "cortex-m4"))]
macro_rules! wide {
    ($($row:literal $by:literal),+) => {
        columns_of!(wide, $($row $by),+)
    };
}

#[cfg(feature = "cortex-m4")]
macro_rules! wide {
    ($($row:literal $by:literal),+) => {
        columns_of!(wide with products, $($row $by),+)
    };
}

/// All columns of a block of rows, whose first begins at r4; the last row's pointer ends where the next block begins.
macro_rules! block {
    ($by:literal, $bias:literal, $($row:literal $of:literal $sum:literal),+; $($next:literal $last:literal),*; $end:literal;
        $wide:literal $rest:literal $four:literal $few:literal $one:literal $done:literal) => {
        concat!(
            "ldrd r0, lr, [r3, #16]\n",
            "vldmia r0!, {{", $by, "}}\n",
            "vldmia lr, {{", $bias, "}}\n",
            "vldr s8, [r3, #28]\n",
            $("vmul.f32 ", $of, ", s8, ", $of, "\n"),+,
            $("vadd.f32 ", $sum, ", ", $sum, ", ", $of, "\n"),+,
            "vstmia lr!, {{", $bias, "}}\n",
            "strd r0, lr, [r3, #16]\n",
            $("add ", $next, ", ", $last, ", r1\n",)*
            "ldrd lr, r0, [r3, #8]\n",
            "subs r0, r0, #{wide}\n",
            "blo ", $rest, "f\n",
            $wide, ":\n",
            wide!($($row $of),+),
            "subs r0, r0, #{wide}\n",
            "bhs ", $wide, "b\n",
            $rest, ":\n",
            "adds r0, r0, #{wide} - 4\n",
            "bmi ", $few, "f\n",
            $four, ":\n",
            columns_of!(4, $($row $of),+),
            "subs r0, r0, #4\n",
            "bhs ", $four, "b\n",
            $few, ":\n",
            "adds r0, r0, #3\n",
            "bmi ", $done, "f\n",
            $one, ":\n",
            columns_of!(1, $($row $of),+),
            "subs r0, r0, #1\n",
            "bhs ", $one, "b\n",
            $done, ":\n",
            $end,
        )
    };
}

/// [`plain::add_outer`]: rows by eight, then by two, then the last one.
///
/// # Safety
///
/// There is at least one column. Every weight and bias of the rows can be read and written, every value and every number of
/// `by` read, and no two of these slices overlap.
#[unsafe(naked)]
unsafe extern "C" fn outer(of: &mut Outer) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r11, lr}}",
        "vpush {{d8-d15}}",
        "mov r3, r0",
        "ldrd r4, r1, [r3, #0]",
        "ldr r12, [r3, #24]",
        "subs r12, r12, #8",
        "blo 3f",
        "2:",
        block!("s24-s31", "s0-s7", "r4" "s24" "s0", "r5" "s25" "s1", "r6" "s26" "s2", "r7" "s27" "s3",
            "r8" "s28" "s4", "r9" "s29" "s5", "r10" "s30" "s6", "r11" "s31" "s7";
            "r5" "r4", "r6" "r5", "r7" "r6", "r8" "r7", "r9" "r8", "r10" "r9", "r11" "r10"; "mov r4, r11\n";
            "21" "22" "23" "24" "25" "26"),
        "subs r12, r12, #8",
        "bhs 2b",
        "3:",
        "adds r12, r12, #6",
        "bmi 5f",
        "4:",
        block!("s24-s25", "s0-s1", "r4" "s24" "s0", "r5" "s25" "s1"; "r5" "r4"; "mov r4, r5\n";
            "31" "32" "33" "34" "35" "36"),
        "subs r12, r12, #2",
        "bhs 4b",
        "5:",
        "adds r12, r12, #1",
        "bmi 6f",
        block!("s24", "s0", "r4" "s24" "s0";; ""; "41" "42" "43" "44" "45" "46"),
        "6:",
        "vpop {{d8-d15}}",
        "pop {{r4-r11, pc}}",
        wide = const WIDE,
    )
}
