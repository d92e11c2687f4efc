//! Sums of a single channel for a single filter, four places at a time, two, and one, and the way back, one weight in all places.

use core::arch::naked_asm;

use super::correlate::moves;
use super::{aside, bytes};
use crate::kernel::blocks::{Cells, Places, plain};

/// [`plain::sum_channel`].
pub(in crate::kernel) fn sum_channel(of: &Cells<'_>, weights: &[f32], next: [usize; 2], y: &mut [f32], y_step: usize) {
    let last = |count: usize, step: usize| count.checked_sub(1)?.checked_mul(step);
    let weighed = || last(of.rows, next[1])?.checked_add(last(of.columns, next[0])?);
    let written = || last(of.lines.count, of.lines.y_pitch)?.checked_add(last(of.places, y_step)?);
    let fit = of.needed().is_some_and(|needed| needed <= of.x.len())
        && weighed().is_some_and(|last| last < weights.len())
        && written().is_some_and(|last| last < y.len());
    // What a step of zero means is for the plain form to say.
    if !fit || y_step == 0 || of.step == 0 || next[0] == 0 {
        return aside(|| plain::sum_channel(of, weights, next, y, y_step));
    }
    let mut sums = Sums {
        x: of.x.as_ptr(),
        y: y.as_mut_ptr(),
        x_step: bytes(of.x_step),
        y_step: bytes(y_step),
        step: bytes(of.step),
        weight_step: bytes(next[0]),
        places: of.places,
        weights: weights.as_ptr(),
        rows: of.rows,
        columns: of.columns,
        skip: bytes(of.pitch.wrapping_sub(of.columns.wrapping_mul(of.step))),
        weight_skip: bytes(next[1].wrapping_sub(of.columns.wrapping_mul(next[0]))),
        turn: bytes(of.lines.x_pitch.wrapping_sub(of.places.wrapping_mul(of.x_step))),
        y_turn: bytes(of.lines.y_pitch.wrapping_sub(of.places.wrapping_mul(y_step))),
        lines: of.lines.count,
    };
    // SAFETY: there is at least one line, place, row and column; every cell was held to the length of the values, and of the weights,
    // and every output to that of the outputs, which are borrowed apart.
    unsafe { summed(&mut sums) }
}

/// [`plain::spread_weight`].
pub(in crate::kernel) fn spread_weight(of: &Places<'_>, weight: f32, dx: &mut [f32]) {
    if !(Places { x: dx, ..*of }).fit(1, 1) || !moves(of) {
        return aside(|| plain::spread_weight(of, weight, dx));
    }
    let mut spread = Spread {
        dz: of.dz.as_ptr(),
        dx: dx.as_mut_ptr(),
        dz_step: bytes(of.dz_step),
        dx_step: bytes(of.x_step),
        columns: of.columns,
        rows: of.rows,
        dz_turn: bytes(of.dz_pitch.wrapping_sub(of.columns.wrapping_mul(of.dz_step))),
        dx_turn: bytes(of.x_pitch.wrapping_sub(of.columns.wrapping_mul(of.x_step))),
    };
    // SAFETY: there is at least one row and column, and every gradient that is read and every one that is added to was held to their
    // number; both are borrowed apart.
    unsafe { added(&mut spread, weight) }
}

/// What [`summed`] works on, and counts in. Lengths are in bytes unless they are numbers of something.
#[repr(C)]
struct Sums {
    x: *const f32,
    y: *mut f32,
    /// From place to place.
    x_step: usize,
    y_step: usize,
    /// From column to column.
    step: usize,
    weight_step: usize,
    /// Number of places of a line.
    places: usize,
    weights: *const f32,
    rows: usize,
    columns: usize,
    /// From the cell after the last of a row to the first of the next.
    skip: usize,
    weight_skip: usize,
    /// From the place after the last of a line to the first of the next.
    turn: usize,
    y_turn: usize,
    lines: usize,
}

/// What [`added`] works on, and counts in. Lengths are in bytes unless they are numbers of something.
#[repr(C)]
struct Spread {
    dz: *const f32,
    dx: *mut f32,
    /// From place to place.
    dz_step: usize,
    dx_step: usize,
    columns: usize,
    rows: usize,
    /// From the place after the last of a row to the first of the next.
    dz_turn: usize,
    dx_turn: usize,
}

/// The product of the weight, s0 or s8, and a value for each of as many sums.
#[cfg(not(feature = "cortex-m4"))]
macro_rules! add_products {
    ($w:literal: $($sum:literal $x:literal),+) => {
        concat!($("vmla.f32 ", $sum, ", ", $w, ", ", $x, "\n"),+)
    };
}

#[cfg(feature = "cortex-m4")]
macro_rules! add_products {
    ($w:literal: $($sum:literal $x:literal),+) => {
        concat!(
            $("vmul.f32 ", $x, ", ", $w, ", ", $x, "\n"),+,
            $("vadd.f32 ", $sum, ", ", $sum, ", ", $x, "\n"),+
        )
    };
}

/// Loads or stores so many values that are so far apart; the address is then that of the last one.
macro_rules! apart {
    ($op:literal, $address:literal, $step:literal: $value:literal) => {
        concat!($op, " ", $value, ", [", $address, "]\n")
    };
    ($op:literal, $address:literal, $step:literal: $value:literal $($values:literal)+) => {
        concat!(
            $op, " ", $value, ", [", $address, "]\n", "add ", $address, ", ", $address, ", ", $step, "\n",
            apart!($op, $address, $step: $($values)+)
        )
    };
}

/// As many places at a time as there are sums, with a register for the value of a cell beside each: r1 is where the first one's cells
/// begin, r2 their outputs, r6 a cell, r7 its weight.
macro_rules! places {
    ($again:literal $row:literal $cell:literal: $($sum:literal $x:literal),+) => {
        concat!(
            $again, ":\n",
            "mov r12, r2\n",
            apart!("vldr", "r12", "r4": $($sum)+),
            "mov r6, r1\n",
            "ldrd r7, r8, [r0, #28]\n",
            $row, ":\n",
            "ldr r9, [r0, #36]\n",
            $cell, ":\n",
            "vldr s8, [r7]\n",
            "mov r12, r6\n",
            apart!("vldr", "r12", "r3": $($x)+),
            "add r7, r7, r11\n",
            "add r6, r6, r10\n",
            add_products!("s8": $($sum $x),+),
            "subs r9, r9, #1\n",
            "bne ", $cell, "b\n",
            "ldrd r12, lr, [r0, #40]\n",
            "add r6, r6, r12\n",
            "add r7, r7, lr\n",
            "subs r8, r8, #1\n",
            "bne ", $row, "b\n",
            apart!("vstr", "r2", "r4": $($sum)+),
            "add r2, r2, r4\n",
        )
    };
}

/// [`plain::sum_channel`].
///
/// # Safety
///
/// There is at least one line, place, row and column; every cell and weight can be read, and every output read and written, of which
/// none is read as a cell or weight.
#[unsafe(naked)]
unsafe extern "C" fn summed(of: &mut Sums) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r11, lr}}",
        "ldm r0, {{r1-r4, r10, r11}}",
        "2:",
        "ldr r5, [r0, #24]",
        "subs r5, r5, #4",
        "blo 6f",
        places!("3" "4" "5": "s0" "s4", "s1" "s5", "s2" "s6", "s3" "s7"),
        "add r1, r1, r3, lsl #2",
        "subs r5, r5, #4",
        "bhs 3b",
        "6:",
        "adds r5, r5, #2",
        "bmi 10f",
        places!("7" "8" "9": "s0" "s4", "s1" "s5"),
        "add r1, r1, r3, lsl #1",
        "subs r5, r5, #2",
        "10:",
        "adds r5, r5, #1",
        "bmi 14f",
        places!("11" "12" "13": "s0" "s4"),
        "add r1, r1, r3",
        "14:",
        // The next line.
        "ldrd r12, lr, [r0, #48]",
        "add r1, r1, r12",
        "add r2, r2, lr",
        "ldr r5, [r0, #56]",
        "subs r5, r5, #1",
        "str r5, [r0, #56]",
        "bne 2b",
        "pop {{r4-r11, pc}}",
    )
}

/// [`plain::spread_weight`].
///
/// # Safety
///
/// There is at least one row and column; in every place a gradient can be read, and another read and written, none of which is among
/// the first.
#[unsafe(naked)]
unsafe extern "C" fn added(of: &mut Spread, weight: f32) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r9}}",
        "ldm r0, {{r1-r4, r6-r9}}",
        "2:",
        "subs r5, r6, #4",
        "blo 4f",
        "3:",
        "mov r12, r2",
        apart!("vldr", "r1", "r3": "s4" "s5" "s6" "s7"),
        "add r1, r1, r3",
        apart!("vldr", "r12", "r4": "s8" "s9" "s10" "s11"),
        add_products!("s0": "s8" "s4", "s9" "s5", "s10" "s6", "s11" "s7"),
        apart!("vstr", "r2", "r4": "s8" "s9" "s10" "s11"),
        "add r2, r2, r4",
        "subs r5, r5, #4",
        "bhs 3b",
        "4:",
        "adds r5, r5, #4",
        "beq 6f",
        "5:",
        "vldr s4, [r1]",
        "vldr s8, [r2]",
        "add r1, r1, r3",
        add_products!("s0": "s8" "s4"),
        "vstr s8, [r2]",
        "add r2, r2, r4",
        "subs r5, r5, #1",
        "bne 5b",
        "6:",
        "add r1, r1, r8",
        "add r2, r2, r9",
        "subs r7, r7, #1",
        "bne 2b",
        "pop {{r4-r9}}",
        "bx lr",
    )
}
