//! Blocks of channels over the cells that a window meets: their largest values, and their weighted sums channel by channel.
//!
//! A block keeps a value for each of up to eight channels in registers while it goes over the cells.

use core::arch::naked_asm;

use crate::kernel::blocks::{Cells, plain};

/// Whether there is a place, a row, a column and a channel, every value of every cell, and so many outputs.
fn fit(of: &Cells<'_>, y: &[f32]) -> bool {
    let needed = || {
        let to_column = of.columns.checked_sub(1)?.checked_mul(of.step)?;
        let to_place = of.places.checked_sub(1)?.checked_mul(of.x_step)?;
        let to_row = of.rows.checked_sub(1)?.checked_mul(of.pitch)?;
        to_row.checked_add(to_column)?.checked_add(to_place)?.checked_add(of.channels)
    };
    let outputs = of.places.checked_mul(of.channels);
    !y.is_empty() && outputs == Some(y.len()) && needed().is_some_and(|needed| needed <= of.x.len())
}

/// [`plain::largest`].
pub(in crate::kernel) fn largest(of: &Cells<'_>, y: &mut [f32]) {
    if !fit(of, y) {
        return plain::largest(of, y);
    }
    let raw = Largest {
        x: of.x.as_ptr(),
        y: y.as_mut_ptr(),
        channels: of.channels,
        rows: of.rows,
        columns: of.columns,
        pitch: of.pitch.wrapping_mul(size_of::<f32>()),
        step: of.step.wrapping_mul(size_of::<f32>()),
        places: of.places,
        x_step: of.x_step.wrapping_mul(size_of::<f32>()),
    };
    // SAFETY: there is at least one place, row, column and channel, every cell of them was held to the length of the values, and
    // the outputs are borrowed apart.
    let met_nan = unsafe { maxima(&raw) };
    if met_nan {
        plain::largest(of, y);
    }
}

/// [`plain::weigh`].
pub(in crate::kernel) fn weigh(of: &Cells<'_>, weights: &[f32], next_row: usize, bias: Option<&[f32]>, y: &mut [f32]) {
    let needed = || {
        let to_row = of.rows.checked_sub(1)?.checked_mul(next_row)?;
        to_row.checked_add(of.columns.checked_mul(of.channels)?)
    };
    // Without a bias a sum begins with its output, of which the function knows no step.
    let begin = bias.map_or(of.places == 1, |bias| bias.len() >= of.channels);
    if !fit(of, y) || !begin || needed().is_none_or(|needed| needed > weights.len()) {
        return plain::weigh(of, weights, next_row, bias, y);
    }
    let bytes = |values: usize| values.wrapping_mul(size_of::<f32>());
    let mut raw = Weighed {
        x: of.x.as_ptr(),
        y: y.as_mut_ptr(),
        channels: of.channels,
        channel_bytes: bytes(of.channels),
        step: bytes(of.step),
        weights: weights.as_ptr(),
        bias: bias.map_or(y.as_ptr(), <[f32]>::as_ptr),
        rows: of.rows,
        columns: of.columns,
        pitch: bytes(of.pitch),
        next_row: bytes(next_row),
        x_step: bytes(of.x_step),
        places: of.places,
    };
    // SAFETY: there is at least one place, row, column and channel; every cell was held to the length of the values and of the
    // weights, and outputs are borrowed apart from what is read, but for the sums of the one place that begin with them, each
    // of which is read before it is written.
    unsafe { weighted(&mut raw) }
}

/// What [`maxima`] works on. Lengths are in bytes unless they are numbers of something.
#[repr(C)]
struct Largest {
    x: *const f32,
    y: *mut f32,
    channels: usize,
    rows: usize,
    columns: usize,
    pitch: usize,
    step: usize,
    /// Number of places, whose outputs are next to each other.
    places: usize,
    /// From place to place.
    x_step: usize,
}

/// So many channels at a time: the first cell, then the larger of it and each other one.
macro_rules! channels {
    (
        $count:literal, $($best:literal $x:literal),+; $bests:literal, $xs:literal;
        $again:literal, $row:literal, $cell:literal, $next:literal
    ) => {
        concat!(
            $again, ":\n",
            "vldmia r1, {{", $bests, "}}\n",
            "mov r6, r1\n",
            "mov r4, r8\n",
            "mov r3, r6\n",
            "mov r5, r9\n",
            "b ", $next, "f\n",
            $row, ":\n",
            "mov r3, r6\n",
            "mov r5, r9\n",
            $cell, ":\n",
            "vldmia r3, {{", $xs, "}}\n",
            $("vcmpe.f32 ", $x, ", ", $best, "\n", "vmrs apsr_nzcv, fpscr\n", "it gt\n", "vmovgt.f32 ", $best, ", ", $x, "\n"),+,
            $next, ":\n",
            "add r3, r3, r11\n",
            "subs r5, r5, #1\n",
            "bne ", $cell, "b\n",
            "add r6, r6, r10\n",
            "subs r4, r4, #1\n",
            "bne ", $row, "b\n",
            "add r1, r1, #4 * ", $count, "\n",
            "vstmia r2!, {{", $bests, "}}\n",
            "subs r7, r7, #", $count, "\n",
            "bhs ", $again, "b\n",
        )
    };
}

/// [`plain::largest`], and whether there was a NaN, in which case the results are not of use.
///
/// `vcmpe` notes in a bit of the status register that it met a NaN.
///
/// # Safety
///
/// There is at least one place, row, column and channel; every value of every cell can be read, and so many outputs
/// written, which are not among the values.
#[unsafe(naked)]
unsafe extern "C" fn maxima(of: &Largest) -> bool {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r11, lr}}",
        "vmrs r4, fpscr",
        "bic r4, r4, #1",
        "vmsr fpscr, r4",
        "ldm r0, {{r1, r2, r7, r8, r9, r10, r11}}",
        "ldr r12, [r0, #28]",
        // A place: r0 is what it is, r12 how many there are.
        "10:",
        "mov lr, r1",
        "subs r7, r7, #8",
        "blo 3f",
        channels!(8, "s0" "s8", "s1" "s9", "s2" "s10", "s3" "s11", "s4" "s12", "s5" "s13", "s6" "s14", "s7" "s15";
            "s0-s7", "s8-s15"; "2", "12", "13", "18"),
        "3:",
        "adds r7, r7, #6",
        "bmi 5f",
        channels!(2, "s0" "s8", "s1" "s9"; "s0-s1", "s8-s9"; "4", "14", "15", "19"),
        "5:",
        "adds r7, r7, #1",
        "bmi 7f",
        channels!(1, "s0" "s8"; "s0", "s8"; "6", "16", "17", "20"),
        "7:",
        "ldr r3, [r0, #32]",
        "add r1, lr, r3",
        "ldr r7, [r0, #8]",
        "subs r12, r12, #1",
        "bne 10b",
        "vmrs r0, fpscr",
        "and r0, r0, #1",
        "pop {{r4-r11, pc}}",
    )
}

/// What [`weighted`] works on, and counts in. Lengths are in bytes unless they are numbers of something.
#[repr(C)]
struct Weighed {
    /// The first cell of the first place.
    x: *const f32,
    y: *mut f32,
    channels: usize,
    channel_bytes: usize,
    /// From column to column.
    step: usize,
    /// The weights of the first cell.
    weights: *const f32,
    bias: *const f32,
    rows: usize,
    columns: usize,
    /// From row to row.
    pitch: usize,
    /// From the weights of a row to those of the next.
    next_row: usize,
    /// From place to place.
    x_step: usize,
    /// Number of places, whose outputs are next to each other.
    places: usize,
}

/// A weight and a value for each of as many sums.
#[cfg(not(feature = "cortex-m4"))]
macro_rules! add_products {
    ($($sum:literal $w:literal $x:literal),+) => {
        concat!($("vmla.f32 ", $sum, ", ", $w, ", ", $x, "\n"),+)
    };
}

#[cfg(feature = "cortex-m4")]
macro_rules! add_products {
    ($($sum:literal $w:literal $x:literal),+) => {
        concat!(
            $("vmul.f32 ", $w, ", ", $w, ", ", $x, "\n"),+,
            $("vadd.f32 ", $sum, ", ", $sum, ", ", $w, "\n"),+
        )
    };
}

/// So many channels at a time, over all cells; again as long as there are so many.
macro_rules! weighted_channels {
    (
        $count:literal, $($sum:literal $w:literal $x:literal),+; $sums:literal, $ws:literal, $xs:literal;
        $again:literal, $row:literal, $cell:literal
    ) => {
        concat!(
            $again, ":\n",
            "ldrd r9, lr, [r0, #20]\n",
            "add r9, r9, r12\n",
            "add lr, lr, r12\n",
            "vldmia lr, {{", $sums, "}}\n",
            "mov r6, r1\n",
            "ldr r4, [r0, #28]\n",
            $row, ":\n",
            "mov r3, r6\n",
            "mov r8, r9\n",
            "ldr r5, [r0, #32]\n",
            $cell, ":\n",
            "vldmia r3, {{", $xs, "}}\n",
            "vldmia r8, {{", $ws, "}}\n",
            add_products!($($sum $w $x),+),
            "add r3, r3, r11\n",
            "add r8, r8, r10\n",
            "subs r5, r5, #1\n",
            "bne ", $cell, "b\n",
            "ldrd r5, lr, [r0, #36]\n",
            "add r6, r6, r5\n",
            "add r9, r9, lr\n",
            "subs r4, r4, #1\n",
            "bne ", $row, "b\n",
            "vstmia r2!, {{", $sums, "}}\n",
            "add r1, r1, #4 * ", $count, "\n",
            "add r12, r12, #4 * ", $count, "\n",
            "subs r7, r7, #", $count, "\n",
            "bhs ", $again, "b\n",
        )
    };
}

/// [`plain::weigh`].
///
/// # Safety
///
/// There is at least one place, row, column and channel; every value and every weight of every cell can be read, and so many
/// outputs written, which are not among them.
#[unsafe(naked)]
unsafe extern "C" fn weighted(of: &mut Weighed) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r11, lr}}",
        "vpush {{d8-d11}}",
        // r1 a place's channels, r2 its outputs, r7 how many channels are left, r12 how far they are from the first.
        "ldm r0, {{r1, r2, r7, r10, r11}}",
        "10:",
        "mov r12, #0",
        "subs r7, r7, #8",
        "blo 3f",
        weighted_channels!(8, "s0" "s8" "s16", "s1" "s9" "s17", "s2" "s10" "s18", "s3" "s11" "s19",
            "s4" "s12" "s20", "s5" "s13" "s21", "s6" "s14" "s22", "s7" "s15" "s23";
            "s0-s7", "s8-s15", "s16-s23"; "2", "12", "13"),
        "3:",
        "adds r7, r7, #6",
        "bmi 5f",
        weighted_channels!(2, "s0" "s8" "s16", "s1" "s9" "s17"; "s0-s1", "s8-s9", "s16-s17"; "4", "14", "15"),
        "5:",
        "adds r7, r7, #1",
        "bmi 7f",
        weighted_channels!(1, "s0" "s8" "s16"; "s0", "s8", "s16"; "6", "16", "17"),
        "7:",
        "ldr r1, [r0, #0]",
        "ldrd r3, r4, [r0, #44]",
        "add r1, r1, r3",
        "str r1, [r0, #0]",
        "ldr r7, [r0, #8]",
        "subs r4, r4, #1",
        "str r4, [r0, #48]",
        "bne 10b",
        "vpop {{d8-d11}}",
        "pop {{r4-r11, pc}}",
    )
}
