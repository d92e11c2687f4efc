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
    let of = Outer {
        weights: weights.as_mut_ptr(),
        stride: size_of_val(x),
        scale,
        x: x.as_ptr(),
        columns: x.len(),
        by: by.as_ptr(),
        bias: bias.as_mut_ptr(),
        rows,
    };
    // SAFETY: there are so many rows of so many weights, and as many of the others; all slices are borrowed apart.
    unsafe { outer(&of) }
}

/// What [`outer`] works on. Lengths are in bytes unless they are numbers of something.
#[repr(C)]
struct Outer {
    weights: *mut f32,
    stride: usize,
    scale: f32,
    x: *const f32,
    columns: usize,
    by: *const f32,
    bias: *mut f32,
    rows: usize,
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

/// The same columns of every row of a block.
macro_rules! columns_of {
    (12, $($row:literal $by:literal),+) => {
        concat!("vldmia lr!, {{s0-s11}}\n", $(
            "vldmia ", $row, ", {{s12-s23}}\n",
            add_four!($by, "s0" "s12" "s24", "s1" "s13" "s25", "s2" "s14" "s26", "s3" "s15" "s27"),
            add_four!($by, "s4" "s16" "s24", "s5" "s17" "s25", "s6" "s18" "s26", "s7" "s19" "s27"),
            add_four!($by, "s8" "s20" "s24", "s9" "s21" "s25", "s10" "s22" "s26", "s11" "s23" "s27"),
            "vstmia ", $row, "!, {{s12-s23}}\n"),+)
    };
    (4, $($row:literal $by:literal),+) => {
        concat!("vldmia lr!, {{s0-s3}}\n", $(
            "vldmia ", $row, ", {{s12-s15}}\n",
            add_four!($by, "s0" "s12" "s24", "s1" "s13" "s25", "s2" "s14" "s26", "s3" "s15" "s27"),
            "vstmia ", $row, "!, {{s12-s15}}\n"),+)
    };
    (1, $($row:literal $by:literal),+) => {
        concat!("vldmia lr!, {{s0}}\n", $(
            "vldmia ", $row, ", {{s12}}\n", add_four!($by, "s0" "s12" "s24"), "vstmia ", $row, "!, {{s12}}\n"),+)
    };
}

/// All columns of a block of rows, whose first begins at r4; the last row's pointer ends where the next block begins.
macro_rules! block {
    ($by:literal, $bias:literal, $($row:literal $of:literal $sum:literal),+; $($next:literal $last:literal),*; $end:literal;
        $twelve:literal $rest:literal $four:literal $few:literal $one:literal $done:literal) => {
        concat!(
            "vldmia r10!, {{", $by, "}}\n",
            "vldmia r11, {{", $bias, "}}\n",
            "vmov s8, r2\n",
            $("vmul.f32 ", $of, ", s8, ", $of, "\n"),+,
            $("vadd.f32 ", $sum, ", ", $sum, ", ", $of, "\n"),+,
            "vstmia r11!, {{", $bias, "}}\n",
            $("add ", $next, ", ", $last, ", r1\n",)*
            "mov lr, r8\n",
            "subs r0, r9, #12\n",
            "blo ", $rest, "f\n",
            $twelve, ":\n",
            columns_of!(12, $($row $of),+),
            "subs r0, r0, #12\n",
            "bhs ", $twelve, "b\n",
            $rest, ":\n",
            "adds r0, r0, #8\n",
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

/// [`plain::add_outer`].
///
/// # Safety
///
/// There is at least one column. Every weight and bias of the rows can be read and written, every value and every number of
/// `by` read, and no two of these slices overlap.
#[unsafe(naked)]
unsafe extern "C" fn outer(of: &Outer) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r11, lr}}",
        "vpush {{d8-d15}}",
        "ldmia r0!, {{r4}}",
        "ldmia r0, {{r1, r2, r8-r12}}",
        "subs r12, r12, #4",
        "blo 3f",
        "2:",
        block!("s28-s31", "s0-s3", "r4" "s28" "s0", "r5" "s29" "s1", "r6" "s30" "s2", "r7" "s31" "s3";
            "r5" "r4", "r6" "r5", "r7" "r6"; "mov r4, r7\n"; "21" "22" "23" "24" "25" "26"),
        "subs r12, r12, #4",
        "bhs 2b",
        "3:",
        "tst r12, #2",
        "beq 4f",
        block!("s28-s29", "s0-s1", "r4" "s28" "s0", "r5" "s29" "s1"; "r5" "r4"; "mov r4, r5\n";
            "31" "32" "33" "34" "35" "36"),
        "4:",
        "tst r12, #1",
        "beq 5f",
        block!("s28", "s0", "r4" "s28" "s0";; ""; "41" "42" "43" "44" "45" "46"),
        "5:",
        "vpop {{d8-d15}}",
        "pop {{r4-r11, pc}}",
    )
}
