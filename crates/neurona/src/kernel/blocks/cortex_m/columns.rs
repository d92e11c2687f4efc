//! Weighted sums over the rows, one for each column, of one run of columns or of many.

use core::arch::naked_asm;

use crate::kernel::blocks::{Cells, plain};

/// [`plain::sums_of_columns`].
pub(in crate::kernel) fn sums_of_columns(weights: &[f32], stride: usize, by: &[f32], y: &mut [f32]) {
    let needed = || by.len().checked_sub(1)?.checked_mul(stride)?.checked_add(y.len());
    if y.is_empty() || needed().is_none_or(|needed| needed > weights.len()) {
        return plain::sums_of_columns(weights, stride, by, y);
    }
    let of = Columns {
        weights: weights.as_ptr(),
        stride: bytes(stride),
        by: by.as_ptr(),
        rows: by.len(),
        y: y.as_mut_ptr(),
        columns: y.len(),
    };
    // SAFETY: there is something, all of it was held to the length of the weights, and the slices are borrowed apart.
    unsafe { columns(&of) }
}

/// [`plain::spread_sums`].
pub(in crate::kernel) fn spread_sums(
    of: &Cells<'_>,
    weights: &[f32],
    [stride, next_row]: [usize; 2],
    dz: &[f32],
    [filters, dz_step]: [usize; 2],
    dx: &mut [f32],
) {
    let fit = || {
        let last = |count: usize, step: usize, len: usize| count.checked_sub(1)?.checked_mul(step)?.checked_add(len);
        let row = last(of.rows, next_row, of.columns.checked_mul(of.channels)?)?;
        let all_dz = last(of.lines.count, of.lines.y_pitch, last(of.places, dz_step, filters)?)?;
        Some(last(filters, stride, row)? <= weights.len() && all_dz <= dz.len() && of.needed()? <= dx.len())
    };
    if fit() != Some(true) {
        return plain::spread_sums(of, weights, [stride, next_row], dz, [filters, dz_step], dx);
    }
    let turn = |pitch: usize, step: usize| bytes(pitch.wrapping_sub(of.places.wrapping_mul(step)));
    let mut runs = Runs {
        of: Columns {
            weights: weights.as_ptr(),
            stride: bytes(stride),
            by: dz.as_ptr(),
            rows: filters,
            y: dx.as_mut_ptr(),
            columns: of.channels,
        },
        runs: of.columns,
        rows: of.rows,
        weights_run: bytes(of.channels),
        run: bytes(of.step),
        weights_row: bytes(next_row),
        row: bytes(of.pitch),
        by_step: bytes(dz_step),
        step: bytes(of.x_step),
        by_turn: turn(of.lines.y_pitch, dz_step),
        turn: turn(of.lines.x_pitch, of.x_step),
        places_left: of.places,
        places: of.places,
        lines: of.lines.count,
    };
    // SAFETY: there is something, all of it was held to the lengths of the slices, which are borrowed apart.
    unsafe { columns_of_runs(&mut runs) }
}

const fn bytes(values: usize) -> usize {
    values.wrapping_mul(size_of::<f32>())
}

/// What [`columns`] works on. Lengths are in bytes unless they are numbers of something.
#[repr(C)]
struct Columns {
    weights: *const f32,
    stride: usize,
    by: *const f32,
    rows: usize,
    y: *mut f32,
    columns: usize,
}

/// What [`columns_of_runs`] works on, and counts in. Lengths are in bytes unless they are numbers of something.
#[repr(C)]
struct Runs {
    /// The first run of the first place.
    of: Columns,
    /// Number of runs of a row, and of rows.
    runs: usize,
    rows: usize,
    /// From run to run.
    weights_run: usize,
    run: usize,
    /// From row to row.
    weights_row: usize,
    row: usize,
    /// From place to place.
    by_step: usize,
    step: usize,
    /// From the place after the last of a line to the first of the next.
    by_turn: usize,
    turn: usize,
    /// Numbers of places of a line that are left, of places of a line, and of lines.
    places_left: usize,
    places: usize,
    lines: usize,
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
    (2, $by:literal) => {
        concat!("vldmia r1, {{s16-s17}}\n", products_by!($by, "s0" "s16", "s1" "s17"), "add r1, r1, r12\n")
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
            "mov r1, r6\n",
            "add r6, r6, #",
            $bytes,
            "\n",
            "ldrd r2, r3, [r0, #8]\n",
            "vldmia r4, {{",
            $sums,
            "}}\n",
            "subs r3, r3, #4\n",
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

/// The sums of a run of columns.
///
/// # Safety
///
/// This is no function but a part of those below: r0 is what they work on, r4 the first sum, r5 their number, r6 the first weight of
/// the first row, and r12 how far it is from row to row.
#[unsafe(naked)]
unsafe extern "C" fn run_of_columns() {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "subs r5, r5, #12",
        "blo 21f",
        all_rows!(12, "s0-s11", "48", "2", "11", "12", "13", "14", "21"),
        "adds r5, r5, #4",
        "bmi 31f",
        all_rows!(8, "s0-s7", "32", "5", "32", "33", "34", "35", "31"),
        "adds r5, r5, #4",
        "bmi 22f",
        all_rows!(4, "s0-s3", "16", "3", "15", "16", "17", "18", "22"),
        "adds r5, r5, #2",
        "bmi 41f",
        all_rows!(2, "s0-s1", "8", "6", "42", "43", "44", "45", "41"),
        "adds r5, r5, #1",
        "bmi 23f",
        all_rows!(1, "s0", "4", "4", "24", "25", "26", "27", "23"),
        "bx lr",
    )
}

/// [`plain::sums_of_columns`].
///
/// # Safety
///
/// There is at least one row and one column. Every weight `weights[o * stride + c]` and every `by[o]` can be read, every
/// `y[c]` read and written, and no `y` is among the others.
#[unsafe(naked)]
unsafe extern "C" fn columns(of: &Columns) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r6, lr}}",
        "vpush {{d8-d15}}",
        "ldrd r6, r12, [r0, #0]",
        "ldrd r4, r5, [r0, #16]",
        "bl {run}",
        "vpop {{d8-d15}}",
        "pop {{r4-r6, pc}}",
        run = sym run_of_columns,
    )
}

/// [`plain::spread_sums`].
///
/// # Safety
///
/// There is at least one line, place, row, run, column and filter. Every weight and every gradient of an output can be read, every
/// gradient of an input read and written, and none of these is among the others.
#[unsafe(naked)]
unsafe extern "C" fn columns_of_runs(of: &mut Runs) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r11, lr}}",
        "vpush {{d8-d15}}",
        "ldr r12, [r0, #4]",
        // A place.
        "1:",
        "ldr r8, [r0, #0]",
        "ldr r9, [r0, #16]",
        "ldr r11, [r0, #28]",
        // A row.
        "2:",
        "push {{r8, r9}}",
        "ldr r10, [r0, #24]",
        // A run.
        "3:",
        "mov r4, r9",
        "ldr r5, [r0, #20]",
        "mov r6, r8",
        "bl {run}",
        "ldrd r1, r2, [r0, #32]",
        "add r8, r8, r1",
        "add r9, r9, r2",
        "subs r10, r10, #1",
        "bne 3b",
        "pop {{r8, r9}}",
        "ldrd r1, r2, [r0, #40]",
        "add r8, r8, r1",
        "add r9, r9, r2",
        "subs r11, r11, #1",
        "bne 2b",
        // The next place.
        "ldr r1, [r0, #8]",
        "ldr r2, [r0, #16]",
        "ldrd r3, r4, [r0, #48]",
        "add r1, r1, r3",
        "add r2, r2, r4",
        "ldr r3, [r0, #64]",
        "subs r3, r3, #1",
        "bne 4f",
        // The next line.
        "ldrd r3, r4, [r0, #56]",
        "add r1, r1, r3",
        "add r2, r2, r4",
        "ldrd r3, r4, [r0, #68]",
        "subs r4, r4, #1",
        "str r4, [r0, #72]",
        "beq 5f",
        "4:",
        "str r1, [r0, #8]",
        "str r2, [r0, #16]",
        "str r3, [r0, #64]",
        "b 1b",
        "5:",
        "vpop {{d8-d15}}",
        "pop {{r4-r11, pc}}",
        run = sym run_of_columns,
    )
}
