//! Blocks of channels over the cells that a window meets, and the way back: their sums, weighted channel by channel or not, and
//! their largest values.
//!
//! A block keeps a value for each of up to eight channels in registers while it goes over the cells.

use core::arch::naked_asm;
use core::ptr;

use super::{aside, bytes};
use crate::kernel::blocks::{Cells, plain};

/// What sums begin with.
static ZEROS: [f32; 8] = [0.0; 8];

/// Whether there is a line, a place, a row, a column and a channel, every value of every cell among so many, and so many outputs.
fn fit(of: &Cells<'_>, values: usize, outputs: usize) -> bool {
    let written = || {
        let to_line = of.lines.count.checked_sub(1)?.checked_mul(of.lines.y_pitch)?;
        to_line.checked_add(of.places.checked_mul(of.channels)?)
    };
    of.needed().is_some_and(|needed| needed <= values) && written().is_some_and(|written| written <= outputs)
}

/// Whether there are weights for every cell and channel.
fn weights_fit(of: &Cells<'_>, weights: &[f32], next_row: usize) -> bool {
    let needed = || {
        let to_row = of.rows.checked_sub(1)?.checked_mul(next_row)?;
        to_row.checked_add(of.columns.checked_mul(of.channels)?)
    };
    needed().is_some_and(|needed| needed <= weights.len())
}

/// [`plain::totals`].
pub(in crate::kernel) fn totals(of: &Cells<'_>, y: &mut [f32]) {
    if !fit(of, of.x.len(), y.len()) {
        return aside(|| plain::totals(of, y));
    }
    // SAFETY: there is at least one line, place, row, column and channel, every cell of them was held to the length of the values, and
    // the outputs are borrowed apart.
    unsafe { summed(&mut Walk { y: y.as_mut_ptr(), begin: ZEROS.as_ptr(), ..Walk::over(of) }) }
}

/// [`plain::spread`].
pub(in crate::kernel) fn spread(of: &Cells<'_>, dy: &[f32], dx: &mut [f32]) {
    if !fit(of, dx.len(), dy.len()) {
        return aside(|| plain::spread(of, dy, dx));
    }
    // SAFETY: as above; here the cells are written, and the gradients of the outputs only read.
    unsafe { added(&mut Walk { x: dx.as_mut_ptr(), y: dy.as_ptr().cast_mut(), ..Walk::over(of) }) }
}

/// [`plain::weigh`].
pub(in crate::kernel) fn weigh(of: &Cells<'_>, weights: &[f32], next_row: usize, bias: Option<&[f32]>, y: &mut [f32]) {
    // Without a bias a sum begins with its output, of which the function knows no step.
    let begin = bias.map_or(of.places == 1 && of.lines.count == 1, |bias| bias.len() >= of.channels);
    if !fit(of, of.x.len(), y.len()) || !begin || !weights_fit(of, weights, next_row) {
        return aside(|| plain::weigh(of, weights, next_row, bias, y));
    }
    let y = y.as_mut_ptr();
    let begin = bias.map_or(y.cast_const(), <[f32]>::as_ptr);
    // SAFETY: there is at least one line, place, row, column and channel; every cell was held to the length of the values and of the
    // weights, and outputs are borrowed apart from what is read, but for the sums of the one place that begin with them, each
    // of which is read before it is written.
    unsafe { weighted(&mut Walk { y, begin, ..Walk::over(of).with(weights, next_row) }) }
}

/// [`plain::spread_products`].
pub(in crate::kernel) fn spread_products(of: &Cells<'_>, weights: &[f32], next_row: usize, dz: &[f32], dx: &mut [f32]) {
    if !fit(of, dx.len(), dz.len()) || !weights_fit(of, weights, next_row) {
        return aside(|| plain::spread_products(of, weights, next_row, dz, dx));
    }
    let walk = Walk::over(of).with(weights, next_row);
    // SAFETY: as above; here the cells are written, and the gradients of the outputs only read.
    unsafe { products_added(&mut Walk { x: dx.as_mut_ptr(), y: dz.as_ptr().cast_mut(), ..walk }) }
}

/// What the functions work on, and count in. Lengths are in bytes unless they are numbers of something.
#[repr(C)]
struct Walk {
    /// The first cell of the first place.
    x: *mut f32,
    /// The outputs, or their gradients.
    y: *mut f32,
    channels: usize,
    channel_bytes: usize,
    /// From column to column.
    step: usize,
    /// The weights of the first cell; in `gifts` the gradients of the first cell.
    weights: *const f32,
    /// What sums begin with, the same in each place; in `gifts` the gradients of the outputs.
    begin: *const f32,
    rows: usize,
    columns: usize,
    /// From row to row.
    pitch: usize,
    /// From the weights of a row to those of the next.
    next_row: usize,
    /// From place to place.
    x_step: usize,
    /// Number of places of a line that are left.
    places_left: usize,
    /// Number of places of a line.
    places: usize,
    lines: usize,
    /// From the place after the last of a line to the first of the next.
    x_turn: usize,
    y_turn: usize,
}

impl Walk {
    fn over(of: &Cells<'_>) -> Self {
        Self {
            x: of.x.as_ptr().cast_mut(),
            y: ptr::null_mut(),
            channels: of.channels,
            channel_bytes: bytes(of.channels),
            step: bytes(of.step),
            weights: ptr::null(),
            begin: ptr::null(),
            rows: of.rows,
            columns: of.columns,
            pitch: bytes(of.pitch),
            next_row: 0,
            x_step: bytes(of.x_step),
            places_left: of.places,
            places: of.places,
            lines: of.lines.count,
            x_turn: bytes(of.lines.x_pitch.wrapping_sub(of.places.wrapping_mul(of.x_step))),
            y_turn: bytes(of.lines.y_pitch.wrapping_sub(of.places.wrapping_mul(of.channels))),
        }
    }

    fn with(self, weights: &[f32], next_row: usize) -> Self {
        Self { weights: weights.as_ptr(), next_row: bytes(next_row), ..self }
    }
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

/// Gives a part of a function the registers of so many channels: three lists, and for each channel one of each, and its bytes from
/// the first.
macro_rules! registers {
    ($of:ident $part:ident 8) => {
        $of!($part "s0-s7" "s8-s15" "s16-s23"; "s0" "s8" "s16" "0", "s1" "s9" "s17" "4", "s2" "s10" "s18" "8",
            "s3" "s11" "s19" "12", "s4" "s12" "s20" "16", "s5" "s13" "s21" "20", "s6" "s14" "s22" "24",
            "s7" "s15" "s23" "28")
    };
    ($of:ident $part:ident 4) => {
        $of!($part "s0-s3" "s8-s11" "s16-s19"; "s0" "s8" "s16" "0", "s1" "s9" "s17" "4", "s2" "s10" "s18" "8",
            "s3" "s11" "s19" "12")
    };
    ($of:ident $part:ident 2) => {
        $of!($part "s0-s1" "s8-s9" "s16-s17"; "s0" "s8" "s16" "0", "s1" "s9" "s17" "4")
    };
    ($of:ident $part:ident 1) => {
        $of!($part "s0" "s8" "s16"; "s0" "s8" "s16" "0")
    };
}

/// So many channels over all cells of a place: r1 is where they begin, r2 their outputs, r3 a cell, r6 a row of cells, r12 how far the
/// channels are from the first, r7 how many are left. What is done before, with a row, with a cell, and so on, is `$of`.
macro_rules! channels {
    ($of:ident $count:tt; $again:literal, $row:literal, $cell:literal) => {
        concat!(
            $again, ":\n",
            registers!($of begin $count),
            "mov r6, r1\n",
            "ldr r4, [r0, #28]\n",
            $row, ":\n",
            "mov r3, r6\n",
            "ldr r5, [r0, #32]\n",
            $of!(row),
            $cell, ":\n",
            registers!($of cell $count),
            "add r3, r3, r11\n",
            "subs r5, r5, #1\n",
            "bne ", $cell, "b\n",
            $of!(next_row),
            "ldr r5, [r0, #36]\n",
            "add r6, r6, r5\n",
            "subs r4, r4, #1\n",
            "bne ", $row, "b\n",
            registers!($of end $count),
            "add r1, r1, #4 * ", $count, "\n",
            "add r12, r12, #4 * ", $count, "\n",
            "subs r7, r7, #", $count, "\n",
        )
    };
}

/// A function that does `$of` in all places, between what it does first and last, and may use s16 to s27.
macro_rules! over_cells {
    ($(#[$doc:meta])* $name:ident: $of:ident $(, $result:ty, [$($first:literal)+], [$($last:literal)+])?) => {
        $(#[$doc])*
        #[unsafe(naked)]
        unsafe extern "C" fn $name(of: &mut Walk) $(-> $result)? {
            naked_asm!(
                ".fpu fpv4-sp-d16",
                "push {{r4-r11, lr}}",
                "vpush {{d8-d13}}",
                "ldm r0, {{r1, r2, r7, r10, r11}}",
                $(concat!($($first),+),)?
                "10:",
                "mov r12, #0",
                "subs r7, r7, #8",
                "blo 3f",
                channels!($of 8; "2", "12", "13"),
                "bhs 2b",
                "3:",
                "adds r7, r7, #4",
                "bmi 4f",
                channels!($of 4; "14", "15", "16"),
                "4:",
                "adds r7, r7, #2",
                "bmi 5f",
                channels!($of 2; "17", "18", "19"),
                "5:",
                "adds r7, r7, #1",
                "bmi 6f",
                channels!($of 1; "20", "21", "22"),
                "6:",
                "ldr r1, [r0, #0]",
                "ldrd r3, r4, [r0, #44]",
                "add r1, r1, r3",
                "str r1, [r0, #0]",
                "ldr r7, [r0, #8]",
                "subs r4, r4, #1",
                "str r4, [r0, #48]",
                "bne 10b",
                // The next line.
                "ldrd r3, r4, [r0, #52]",
                "str r3, [r0, #48]",
                "ldrd r3, r5, [r0, #60]",
                "add r1, r1, r3",
                "str r1, [r0, #0]",
                "add r2, r2, r5",
                $of!(line),
                "subs r4, r4, #1",
                "str r4, [r0, #56]",
                "bne 10b",
                $(concat!($($last),+),)?
                "vpop {{d8-d13}}",
                "pop {{r4-r11, pc}}",
            )
        }
    };
}

macro_rules! weigh {
    (begin $sums:literal $($rest:tt)+) => {
        concat!(
            "ldrd r9, lr, [r0, #20]\n", "add r9, r9, r12\n", "add lr, lr, r12\n", "vldmia lr, {{", $sums, "}}\n"
        )
    };
    (row) => { "mov r8, r9\n" };
    (cell $sums:literal $ws:literal $xs:literal; $($sum:literal $w:literal $x:literal $at:literal),+) => {
        concat!(
            "vldmia r3, {{", $xs, "}}\n", "vldmia r8, {{", $ws, "}}\n", add_products!($($sum $w $x),+),
            "add r8, r8, r10\n"
        )
    };
    (next_row) => { "ldr lr, [r0, #40]\nadd r9, r9, lr\n" };
    (line) => { "" };
    (end $sums:literal $($rest:tt)+) => { concat!("vstmia r2!, {{", $sums, "}}\n") };
}

over_cells! {
    /// [`plain::weigh`].
    ///
    /// # Safety
    ///
    /// There is at least one line, place, row, column and channel; every value and every weight of every cell can be read, and so many
    /// outputs written, which are not among them.
    weighted: weigh
}

macro_rules! total {
    (begin $sums:literal $($rest:tt)+) => { concat!("ldr lr, [r0, #24]\n", "vldmia lr, {{", $sums, "}}\n") };
    (row) => { "" };
    (cell $sums:literal $xs:literal $other:literal; $($sum:literal $x:literal $none:literal $at:literal),+) => {
        concat!("vldmia r3, {{", $xs, "}}\n", $("vadd.f32 ", $sum, ", ", $sum, ", ", $x, "\n"),+)
    };
    (next_row) => { "" };
    (line) => { "" };
    (end $sums:literal $($rest:tt)+) => { concat!("vstmia r2!, {{", $sums, "}}\n") };
}

over_cells! {
    /// [`plain::totals`].
    ///
    /// # Safety
    ///
    /// There is at least one line, place, row, column and channel; every value of every cell can be read, and so many outputs written,
    /// which are not among them; the sums begin with eight zeros.
    summed: total
}

macro_rules! spread {
    (begin $dys:literal $($rest:tt)+) => { concat!("vldmia r2!, {{", $dys, "}}\n") };
    (row) => { "" };
    (cell $dys:literal $dxs:literal $other:literal; $($dy:literal $dx:literal $none:literal $at:literal),+) => {
        concat!(
            "vldmia r3, {{", $dxs, "}}\n", $("vadd.f32 ", $dx, ", ", $dx, ", ", $dy, "\n"),+, "vstmia r3, {{", $dxs, "}}\n"
        )
    };
    (next_row) => { "" };
    (line) => { "" };
    (end $($rest:tt)+) => { "" };
}

over_cells! {
    /// [`plain::spread`].
    ///
    /// # Safety
    ///
    /// There is at least one line, place, row, column and channel; every value of every cell can be read and written, and so many
    /// gradients read, which are not among them.
    added: spread
}

macro_rules! spread_products {
    (begin $dzs:literal $($rest:tt)+) => {
        concat!("ldr r9, [r0, #20]\n", "add r9, r9, r12\n", "vldmia r2!, {{", $dzs, "}}\n")
    };
    (row) => { weigh!(row) };
    (cell $dzs:literal $ws:literal $dxs:literal; $($dz:literal $w:literal $dx:literal $at:literal),+) => {
        concat!(
            "vldmia r3, {{", $dxs, "}}\n", "vldmia r8, {{", $ws, "}}\n", add_products!($($dx $w $dz),+),
            "vstmia r3, {{", $dxs, "}}\n", "add r8, r8, r10\n"
        )
    };
    (next_row) => { weigh!(next_row) };
    (line) => { "" };
    (end $($rest:tt)+) => { "" };
}

over_cells! {
    /// [`plain::spread_products`].
    ///
    /// # Safety
    ///
    /// As for [`added`], and every weight of every cell can be read, none of which is written.
    products_added: spread_products
}

// Behind the macros, which it uses.
mod largest;

pub(in crate::kernel) use largest::{give, largest};
