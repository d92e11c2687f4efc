//! The blocks for a core with a floating-point unit of single precision: Cortex-M4F, M7, M33 and their kin.
//!
//! A block keeps its sums in registers and takes twelve columns at a time: one load of twelve values, and of twelve
//! weights a row. What is left of the columns goes in fours, then in a three, a two or a one. Each sum takes its products
//! one after the other, in the order of the columns, and every product and every sum is rounded on its own: `vmla` does
//! that (Armv7-M Architecture Reference Manual, "VMLA": a chained multiply-accumulate), `vfma` would not. Nothing here
//! depends on the compiler's optimisation.
//!
//! Functions that are naked, because a block needs more registers than `asm!` gives, and because the text is then the
//! same in every build. They follow the procedure call standard of the target (`eabihf`): registers s16 to s31 and r4 to
//! r11 are as before when a function returns.
#![allow(unsafe_code)]

mod cells;

use core::arch::naked_asm;

pub(in crate::kernel) use cells::{largest, weigh};

use super::{Windows, plain};

/// [`plain::sums`].
pub(in crate::kernel) fn sums(of: &Windows<'_>, bias: Option<&[f32]>, y: &mut [f32]) {
    if !of.fit(bias, y) {
        return plain::sums(of, bias, y);
    }
    // Without a bias a sum begins with its output, of which the functions know no step.
    if bias.is_none() && of.places > 1 {
        for place in 0..of.places {
            let x = of.x.get(place * of.x_step..).unwrap_or_default();
            sums(&Windows { x, places: 1, ..*of }, None, y.get_mut(place * of.y_step..).unwrap_or_default());
        }
        return;
    }
    let bytes = |values: usize| values.wrapping_mul(size_of::<f32>());
    let y = y.as_mut_ptr();
    let mut sums = Sums {
        weights: of.weights.as_ptr(),
        stride: bytes(of.stride),
        y,
        x: of.x.as_ptr(),
        y_step: bytes(of.y_step),
        x_step: bytes(of.x_step),
        bias: bias.map_or(y.cast_const(), <[f32]>::as_ptr),
        beyond_twelve: of.columns.wrapping_sub(12),
        left: of.columns % 12,
        runs: of.runs,
        x_skip: bytes(of.skip),
        places: of.places,
        blocks: of.rows / 8,
    };
    // SAFETY: `fit` has held every row, run and column of every place to the lengths of the slices, none of them is zero,
    // and outputs are borrowed apart from what is read, but for the sums of the one place that begin with them.
    unsafe {
        if sums.blocks > 0 && of.columns == 3 && of.runs == 3 && of.stride == 9 {
            nines_of_8(&mut sums);
        } else if sums.blocks > 0 {
            sums_of_8(&mut sums);
        }
        sums.blocks = usize::from(of.rows % 8 >= 4);
        if sums.blocks > 0 {
            sums_of_4(&mut sums);
        }
        sums.blocks = of.rows % 4;
        if sums.blocks > 0 {
            sums_of_1(&mut sums);
        }
    }
}

/// [`plain::sums`] of one window in one place.
pub(in crate::kernel) fn dense_sums(weights: &[f32], x: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let bias_len = bias.map_or(y.len(), <[f32]>::len);
    let rows = if bias_len < y.len() { bias_len } else { y.len() };
    let len = rows.checked_mul(x.len());
    if len.is_none_or(|len| len == 0 || len > weights.len()) {
        return plain::dense_sums(weights, x, bias, y);
    }
    let y = y.as_mut_ptr();
    let bias = bias.map_or(y.cast_const(), <[f32]>::as_ptr);
    // SAFETY: there are so many rows of so many columns, and not none; outputs are borrowed apart from what is read, but
    // for the sums that begin with them, each of which is read before it is written.
    unsafe { dense(bias, x.as_ptr(), weights.as_ptr(), y, x.len(), rows) }
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

/// [`plain::axpy`].
pub(in crate::kernel) fn axpy(a: f32, x: &[f32], y: &mut [f32]) {
    let len = if x.len() < y.len() { x.len() } else { y.len() };
    // SAFETY: both slices have so many values, and are borrowed apart.
    unsafe { multiple(x.as_ptr(), y.as_mut_ptr(), len, a) }
}

/// What [`sums`] works on. Lengths are in bytes unless they are numbers of something.
///
/// The functions count in it while they run: it is made for one call.
#[repr(C)]
struct Sums {
    /// The first weight of the first row.
    weights: *const f32,
    /// From row to row.
    stride: usize,
    /// The first output of the first place.
    y: *mut f32,
    /// The first value of the first place.
    x: *const f32,
    /// From place to place.
    y_step: usize,
    x_step: usize,
    /// What the sums begin with, the same in each place.
    bias: *const f32,
    /// Number of columns less twelve, of which the sign says whether there are so many.
    beyond_twelve: usize,
    /// Number of columns that are left after all twelves.
    left: usize,
    /// Number of runs of columns.
    runs: usize,
    /// From the end of a run of values to the beginning of the next.
    x_skip: usize,
    /// Number of places.
    places: usize,
    /// Number of blocks of rows.
    blocks: usize,
}

/// The products of a row's weights, s20 and on, and as many values, s8 and on, into its sum.
#[cfg(not(feature = "cortex-m4"))]
macro_rules! products {
    ($sum:literal, $($x:literal $w:literal),+) => {
        concat!($("vmla.f32 ", $sum, ", ", $x, ", ", $w, "\n"),+)
    };
}

/// The same in two instructions each: on a Cortex-M4 `vmul` and `vadd` take one cycle each, and `vmla` three. A result is
/// not used by the next instruction, which would wait for it.
#[cfg(feature = "cortex-m4")]
macro_rules! products {
    ($sum:literal, $x:literal $w:literal $(, $rest_x:literal $rest_w:literal)*) => {
        concat!("vmul.f32 ", $w, ", ", $x, ", ", $w, "\n", products!(@ $sum, $w $(, $rest_x $rest_w)*))
    };
    (@ $sum:literal, $product:literal) => {
        concat!("vadd.f32 ", $sum, ", ", $sum, ", ", $product, "\n")
    };
    (@ $sum:literal, $product:literal, $x:literal $w:literal $(, $rest_x:literal $rest_w:literal)*) => {
        concat!(
            "vmul.f32 ", $w, ", ", $x, ", ", $w, "\n",
            "vadd.f32 ", $sum, ", ", $sum, ", ", $product, "\n",
            products!(@ $sum, $w $(, $rest_x $rest_w)*)
        )
    };
}

/// The same columns of every row of a block.
macro_rules! columns {
    (12, $($sum:literal $row:literal),+) => {
        concat!("vldmia r1!, {{s8-s19}}\n", $("vldmia ", $row, "!, {{s20-s31}}\n", products!($sum,
            "s8" "s20", "s9" "s21", "s10" "s22", "s11" "s23", "s12" "s24", "s13" "s25",
            "s14" "s26", "s15" "s27", "s16" "s28", "s17" "s29", "s18" "s30", "s19" "s31")),+)
    };
    (4, $($sum:literal $row:literal),+) => {
        concat!("vldmia r1!, {{s8-s11}}\n", $("vldmia ", $row, "!, {{s20-s23}}\n",
            products!($sum, "s8" "s20", "s9" "s21", "s10" "s22", "s11" "s23")),+)
    };
    (3, $($sum:literal $row:literal),+) => {
        concat!("vldmia r1!, {{s8-s10}}\n", $("vldmia ", $row, "!, {{s20-s22}}\n",
            products!($sum, "s8" "s20", "s9" "s21", "s10" "s22")),+)
    };
    (2, $($sum:literal $row:literal),+) => {
        concat!("vldmia r1!, {{s8-s9}}\n", $("vldmia ", $row, "!, {{s20-s21}}\n",
            products!($sum, "s8" "s20", "s9" "s21")),+)
    };
    (1, $($sum:literal $row:literal),+) => {
        concat!("vldmia r1!, {{s8}}\n", $("vldmia ", $row, "!, {{s20}}\n", products!($sum, "s8" "s20")),+)
    };
}

/// A function for blocks of some rows: their sums' registers and pointers, how the pointers of a block are made, kept and
/// taken back, the last of them, the sums as a list, and the bytes of a block's sums.
macro_rules! sums {
    (
        $(#[$doc:meta])* $name:ident: $($sum:literal $row:literal),+;
        $make:literal, $keep:literal, $take:literal, $last:literal, $list:literal, $bytes:literal
    ) => {
        $(#[$doc])*
        #[unsafe(naked)]
        unsafe extern "C" fn $name(of: &mut Sums) {
            naked_asm!(
                ".fpu fpv4-sp-d16",
                "push {{r4-r11, lr}}",
                "vpush {{d8-d15}}",
                // The rows' pointers, then the place's outputs and values, then how many places are left.
                "sub sp, sp, #48",
                // lr: where what is left of a run begins; r12: where a run begins.
                "ldr r3, [r0, #32]",
                "ldr lr, =19f",
                "cmp r3, #0",
                "beq 11f",
                "ldr lr, =14f",
                "cmp r3, #4",
                "bhs 11f",
                "ldr lr, =17f",
                "cmp r3, #2",
                "bhi 11f",
                "ldr lr, =16f",
                "beq 11f",
                "ldr lr, =15f",
                "11:",
                "mov r12, lr",
                "ldr r2, [r0, #28]",
                "cmp r2, #0",
                "it ge",
                "ldrge r12, =12f",
                // A block of rows.
                "2:",
                "ldr r4, [r0, #0]",
                "ldr r1, [r0, #4]",
                $make,
                $keep,
                concat!("add r1, ", $last, ", r1"),
                "str r1, [r0, #0]",
                "ldrd r2, r3, [r0, #8]",
                "strd r2, r3, [sp, #32]",
                "mov r1, r3",
                "ldr r2, [r0, #44]",
                "str r2, [sp, #40]",
                // A place.
                "3:",
                "ldr r2, [r0, #24]",
                concat!("vldmia r2, {{", $list, "}}"),
                $take,
                "ldr r3, [r0, #36]",
                // A run.
                "4:",
                "mov pc, r12",
                "12:",
                "ldr r2, [r0, #28]",
                "13:",
                columns!(12, $($sum $row),+),
                "subs r2, r2, #12",
                "bhs 13b",
                "mov pc, lr",
                "14:",
                "ldr r2, [r0, #32]",
                "subs r2, r2, #4",
                "18:",
                columns!(4, $($sum $row),+),
                "subs r2, r2, #4",
                "bhs 18b",
                // r2 is the number of columns that are left, less four.
                "adds r2, r2, #2",
                "beq 16f",
                "bgt 17f",
                "adds r2, r2, #1",
                "bne 19f",
                "15:",
                columns!(1, $($sum $row),+),
                "b 19f",
                "16:",
                columns!(2, $($sum $row),+),
                "b 19f",
                "17:",
                columns!(3, $($sum $row),+),
                "19:",
                "ldr r2, [r0, #40]",
                "add r1, r1, r2",
                "subs r3, r3, #1",
                "bne 4b",
                // The next place.
                "ldrd r2, r3, [sp, #32]",
                concat!("vstmia r2, {{", $list, "}}"),
                "ldrd r4, r5, [r0, #16]",
                "add r2, r2, r4",
                "add r3, r3, r5",
                "strd r2, r3, [sp, #32]",
                "mov r1, r3",
                "ldr r4, [sp, #40]",
                "subs r4, r4, #1",
                "str r4, [sp, #40]",
                "bne 3b",
                // The next block.
                "ldr r2, [r0, #8]",
                concat!("add r2, r2, #", $bytes),
                "str r2, [r0, #8]",
                "ldr r2, [r0, #24]",
                concat!("add r2, r2, #", $bytes),
                "str r2, [r0, #24]",
                "ldr r2, [r0, #48]",
                "subs r2, r2, #1",
                "str r2, [r0, #48]",
                "bne 2b",
                "add sp, sp, #48",
                "vpop {{d8-d15}}",
                "pop {{r4-r11, pc}}",
                ".ltorg",
            )
        }
    };
}

sums! {
    /// [`plain::sums`] for blocks of eight rows.
    ///
    /// # Safety
    ///
    /// There is at least one block, one place, one run and one column. For every place p, row o, run k and column c, the
    /// weight, the bias and the value that [`Windows`] names can be read, and the output written; no output is
    /// among the weights, the values or, where there is more than one place, the biases.
    sums_of_8: "s0" "r4", "s1" "r5", "s2" "r6", "s3" "r7", "s4" "r8", "s5" "r9", "s6" "r10", "s7" "r11";
    "add r5, r4, r1
    add r6, r5, r1
    add r7, r6, r1
    add r8, r7, r1
    add r9, r8, r1
    add r10, r9, r1
    add r11, r10, r1",
    "stm sp, {{r4-r11}}", "ldm sp, {{r4-r11}}", "r11", "s0-s7", "32"
}

sums! {
    /// [`plain::sums`] for blocks of four rows.
    ///
    /// # Safety
    ///
    /// As for [`sums_of_8`].
    sums_of_4: "s0" "r4", "s1" "r5", "s2" "r6", "s3" "r7";
    "add r5, r4, r1
    add r6, r5, r1
    add r7, r6, r1",
    "stm sp, {{r4-r7}}", "ldm sp, {{r4-r7}}", "r7", "s0-s3", "16"
}

sums! {
    /// [`plain::sums`] for rows one by one.
    ///
    /// # Safety
    ///
    /// As for [`sums_of_8`].
    sums_of_1: "s0" "r4";
    "", "str r4, [sp]", "ldr r4, [sp]", "r4", "s0", "4"
}

/// [`plain::sums`] for windows of three runs of three, such as 3x3 cells of one channel, whose rows stand next to each other,
/// by eight: all values of a window are in registers.
///
/// # Safety
///
/// As for [`sums_of_8`].
#[unsafe(naked)]
unsafe extern "C" fn nines_of_8(of: &mut Sums) {
    macro_rules! row {
        ($sum:literal) => {
            concat!("vldmia r4!, {{s20-s28}}\n", products!($sum, "s8" "s20", "s9" "s21", "s10" "s22", "s11" "s23",
                "s12" "s24", "s13" "s25", "s14" "s26", "s15" "s27", "s16" "s28"))
        };
    }
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r9, lr}}",
        "vpush {{d8-d15}}",
        "ldr r4, [r0, #0]",
        "ldr r5, [r0, #24]",
        "ldr r6, [r0, #16]",
        "ldr r7, [r0, #40]",
        // From the end of a window to the beginning of the next.
        "ldr r8, [r0, #20]",
        "sub r8, r8, r7",
        "sub r8, r8, r7",
        "sub r8, r8, #36",
        "2:",
        "ldrd r2, r3, [r0, #8]",
        "add r9, r2, #32",
        "str r9, [r0, #8]",
        "ldr r1, [r0, #44]",
        "3:",
        "vldmia r5, {{s0-s7}}",
        "vldmia r3!, {{s8-s10}}",
        "add r3, r3, r7",
        "vldmia r3!, {{s11-s13}}",
        "add r3, r3, r7",
        "vldmia r3!, {{s14-s16}}",
        row!("s0"),
        row!("s1"),
        row!("s2"),
        row!("s3"),
        row!("s4"),
        row!("s5"),
        row!("s6"),
        row!("s7"),
        "vstmia r2, {{s0-s7}}",
        "add r2, r2, r6",
        "sub r4, r4, #288",
        "add r3, r3, r8",
        "subs r1, r1, #1",
        "bne 3b",
        "add r4, r4, #288",
        "add r5, r5, #32",
        "ldr r9, [r0, #48]",
        "subs r9, r9, #1",
        "str r9, [r0, #48]",
        "bne 2b",
        "str r4, [r0, #0]",
        "str r5, [r0, #24]",
        "vpop {{d8-d15}}",
        "pop {{r4-r9, pc}}",
    )
}

/// Rows whose columns are all in one run, and the label of what follows.
macro_rules! dense_rows {
    (
        $($sum:literal $row:literal),+; $list:literal, $make:literal, $last:literal, $rows:literal;
        $again:literal, $twelve:literal, $less:literal, $four:literal, $few:literal, $one:literal, $done:literal
    ) => {
        concat!(
            $again, ":\n", $make, "\n",
            "vldmia r0!, {{", $list, "}}\n",
            "ldr r2, [sp, #104]\n",
            "subs r2, r2, #12\n",
            "blo ", $less, "f\n",
            $twelve, ":\n",
            columns!(12, $($sum $row),+),
            "subs r2, r2, #12\n",
            "bhs ", $twelve, "b\n",
            $less, ":\n",
            "adds r2, r2, #8\n",
            "bmi ", $few, "f\n",
            $four, ":\n",
            columns!(4, $($sum $row),+),
            "subs r2, r2, #4\n",
            "bhs ", $four, "b\n",
            $few, ":\n",
            "adds r2, r2, #4\n",
            "beq ", $done, "f\n",
            $one, ":\n",
            columns!(1, $($sum $row),+),
            "subs r2, r2, #1\n",
            "bne ", $one, "b\n",
            $done, ":\n",
            "vstmia r3!, {{", $list, "}}\n",
            "sub r1, r1, r12\n",
            "mov r4, ", $last, "\n",
            "subs lr, lr, #", $rows, "\n",
            "bhs ", $again, "b\n",
        )
    };
}

/// [`plain::sums`] of one window in one place: rows by eight, then by two, then the last one.
///
/// # Safety
///
/// There is at least one column. So many rows of so many weights, so many values, and a bias for each row can be read, and
/// an output for each row written, which is not among the weights and values.
#[unsafe(naked)]
unsafe extern "C" fn dense(
    bias: *const f32,
    x: *const f32,
    weights: *const f32,
    y: *mut f32,
    columns: usize,
    rows: usize,
) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r3-r11, lr}}",
        "vpush {{d8-d15}}",
        "mov r4, r2",
        "ldr r12, [sp, #104]",
        "lsl r12, r12, #2",
        "ldr lr, [sp, #108]",
        "subs lr, lr, #8",
        "blo 3f",
        dense_rows!("s0" "r4", "s1" "r5", "s2" "r6", "s3" "r7", "s4" "r8", "s5" "r9", "s6" "r10", "s7" "r11";
            "s0-s7",
            "add r5, r4, r12
            add r6, r5, r12
            add r7, r6, r12
            add r8, r7, r12
            add r9, r8, r12
            add r10, r9, r12
            add r11, r10, r12",
            "r11", "8"; "2", "12", "13", "14", "15", "16", "17"),
        "3:",
        "adds lr, lr, #6",
        "bmi 5f",
        dense_rows!("s0" "r4", "s1" "r5"; "s0-s1", "add r5, r4, r12", "r5", "2";
            "4", "22", "23", "24", "25", "26", "27"),
        "5:",
        "adds lr, lr, #1",
        "bmi 9f",
        dense_rows!("s0" "r4"; "s0", "", "r4", "1"; "8", "32", "33", "34", "35", "36", "37"),
        "9:",
        "vpop {{d8-d15}}",
        "pop {{r3-r11, pc}}",
    )
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
        "adds r5, r5, #8",
        "bmi 22f",
        all_rows!(4, "s0-s3", "16", "3", "15", "16", "17", "18", "22"),
        "adds r5, r5, #3",
        "bmi 23f",
        all_rows!(1, "s0", "4", "4", "24", "25", "26", "27", "23"),
        "vpop {{d8-d15}}",
        "pop {{r4-r6, pc}}",
    )
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

/// Zero for every number that has a sign: eight of them at a time.
///
/// A pattern above that of minus infinity is a NaN with a sign, which stays: with 0x7fffff it carries.
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
    naked_asm!(
        "push {{r4-r9}}",
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
