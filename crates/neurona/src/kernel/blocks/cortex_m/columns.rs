//! Weighted sums over the rows, one for each column.

use core::arch::naked_asm;

use crate::kernel::blocks::plain;

/// [`plain::sums_of_columns`].
pub(in crate::kernel) fn sums_of_columns(weights: &[f32], stride: usize, by: &[f32], y: &mut [f32]) {
    let needed = || by.len().checked_sub(1)?.checked_mul(stride)?.checked_add(y.len());
    if y.is_empty() || needed().is_none_or(|needed| needed > weights.len()) {
        return plain::sums_of_columns(weights, stride, by, y);
    }
    let mut of = Columns {
        weights: weights.as_ptr(),
        stride: stride.wrapping_mul(size_of::<f32>()),
        by: by.as_ptr(),
        rows: by.len(),
        y: y.as_mut_ptr(),
        columns: y.len(),
    };
    // SAFETY: there is something, all of it was held to the length of the weights, and the slices are borrowed apart.
    unsafe { columns(&mut of) }
}

/// What [`columns`] works on, and counts in. Lengths are in bytes unless they are numbers of something.
#[repr(C)]
struct Columns {
    weights: *const f32,
    stride: usize,
    by: *const f32,
    rows: usize,
    y: *mut f32,
    columns: usize,
}

/// The products of a row's weights, s16 and on, and its number into as many sums, s0 and on.
#[cfg(not(feature = "cortex-m4"))]
macro_rules! products_by {
    ($by:literal, $($sum:literal $w:literal),+) => {
        concat!($("vmla.f32 ", $sum, ", ", $w, ", ", $by, "\n"),+)
    };
}

#[cfg(feature = "cortex-m4")]
macro_rules! products_by {
    ($by:literal, $($sum:literal $w:literal),+) => {
        concat!(
            $("vmul.f32 ", $w, ", ", $w, ", ", $by, "\n"),+,
            $("vadd.f32 ", $sum, ", ", $sum, ", ", $w, "\n"),+
        )
    };
}

/// A row, whose pointer goes on to the next.
macro_rules! row_by {
    (12, $by:literal) => {
        concat!(
            "vldmia r1, {{s16-s27}}\n",
            products_by!($by, "s0" "s16", "s1" "s17", "s2" "s18", "s3" "s19", "s4" "s20", "s5" "s21",
                "s6" "s22", "s7" "s23", "s8" "s24", "s9" "s25", "s10" "s26", "s11" "s27"),
            "add r1, r1, r12\n"
        )
    };
    (8, $by:literal) => {
        concat!(
            "vldmia r1, {{s16-s23}}\n",
            products_by!($by, "s0" "s16", "s1" "s17", "s2" "s18", "s3" "s19", "s4" "s20", "s5" "s21",
                "s6" "s22", "s7" "s23"),
            "add r1, r1, r12\n"
        )
    };
    (4, $by:literal) => {
        concat!(
            "vldmia r1, {{s16-s19}}\n",
            products_by!($by, "s0" "s16", "s1" "s17", "s2" "s18", "s3" "s19"),
            "add r1, r1, r12\n"
        )
    };
    (1, $by:literal) => {
        concat!("vldmia r1, {{s16}}\n", products_by!($by, "s0" "s16"), "add r1, r1, r12\n")
    };
}

/// So many columns, over all rows, four at a time; again as long as there are so many.
macro_rules! all_rows {
    ($count:tt, $sums:literal, $bytes:literal, $again:literal, $four:literal, $single:literal, $one:literal,
        $end:literal, $next:literal) => {
        concat!(
            $again,
            ":\n",
            "ldr r1, [r0, #0]\n",
            "add r2, r1, #",
            $bytes,
            "\n",
            "str r2, [r0, #0]\n",
            "ldr r2, [r0, #8]\n",
            "vldmia r4, {{",
            $sums,
            "}}\n",
            "subs r3, lr, #4\n",
            "blo ",
            $single,
            "f\n",
            $four,
            ":\n",
            "vldmia r2!, {{s28-s31}}\n",
            row_by!($count, "s28"),
            row_by!($count, "s29"),
            row_by!($count, "s30"),
            row_by!($count, "s31"),
            "subs r3, r3, #4\n",
            "bhs ",
            $four,
            "b\n",
            $single,
            ":\n",
            "adds r3, r3, #4\n",
            "beq ",
            $end,
            "f\n",
            $one,
            ":\n",
            "vldmia r2!, {{s28}}\n",
            row_by!($count, "s28"),
            "subs r3, r3, #1\n",
            "bne ",
            $one,
            "b\n",
            $end,
            ":\n",
            "vstmia r4!, {{",
            $sums,
            "}}\n",
            "subs r5, r5, #",
            $count,
            "\n",
            "bhs ",
            $again,
            "b\n",
            $next,
            ":\n",
        )
    };
}

/// [`plain::sums_of_columns`].
///
/// # Safety
///
/// There is at least one row and one column. Every weight `weights[o * stride + c]` and every `by[o]` can be read, every
/// `y[c]` read and written, and no `y` is among the others.
#[unsafe(naked)]
unsafe extern "C" fn columns(of: &mut Columns) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r6, lr}}",
        "vpush {{d8-d15}}",
        "ldr r12, [r0, #4]",
        "ldr lr, [r0, #12]",
        "ldr r4, [r0, #16]",
        "ldr r5, [r0, #20]",
        "subs r5, r5, #12",
        "blo 21f",
        all_rows!(12, "s0-s11", "48", "2", "11", "12", "13", "14", "21"),
        "adds r5, r5, #4",
        "bmi 31f",
        all_rows!(8, "s0-s7", "32", "5", "32", "33", "34", "35", "31"),
        "adds r5, r5, #4",
        "bmi 22f",
        all_rows!(4, "s0-s3", "16", "3", "15", "16", "17", "18", "22"),
        "adds r5, r5, #3",
        "bmi 23f",
        all_rows!(1, "s0", "4", "4", "24", "25", "26", "27", "23"),
        "vpop {{d8-d15}}",
        "pop {{r4-r6, pc}}",
    )
}
