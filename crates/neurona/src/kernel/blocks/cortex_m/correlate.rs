//! The products of gradients and values, summed over places and added to weights: blocks of four filters by four channels, of
//! four, two and one by as many or fewer, and of eight and four channels that have a filter each.

use core::arch::naked_asm;

use super::aside;
use crate::kernel::blocks::{Places, plain};

/// [`plain::correlate`].
pub(in crate::kernel) fn correlate(
    of: &Places<'_>,
    [filters, channels]: [usize; 2],
    weights: &mut [f32],
    stride: usize,
    scale: f32,
) {
    let last = || filters.checked_sub(1)?.checked_mul(stride)?.checked_add(channels);
    let fit = of.fit(filters, channels) && last().is_some_and(|end| end <= weights.len());
    if !fit || !moves(of) {
        return plain::correlate(of, [filters, channels], weights, stride, scale);
    }
    // SAFETY: every weight was held to their number, and the rest is asked of `fit` as well.
    unsafe { blocks(of, [filters, channels], weights, stride, scale) }
}

/// Whether places are apart from each other; what a step of zero means is for the plain form to say.
pub(super) fn moves(of: &Places<'_>) -> bool {
    of.dz_step > 0 && of.x_step > 0
}

/// [`plain::correlate`], by blocks, of places that may have the same value.
///
/// # Safety
///
/// [`Places::fit`] so many filters and channels, whose weights are there.
unsafe fn blocks(of: &Places<'_>, [filters, channels]: [usize; 2], weights: &mut [f32], stride: usize, scale: f32) {
    let mut rows = Block::new(of, weights, stride, scale);
    let mut filters = filters;
    while filters > 0 {
        let mut block = rows;
        let mut channels = channels;
        while channels > 0 {
            // SAFETY: every filter and channel of every place and every weight are there, as is a place, and the weights are
            // borrowed apart.
            let count = unsafe {
                match (filters, channels) {
                    (4.., 4..) => four_by_4(&block),
                    (4.., 2..) => four_by_2(&block),
                    (4.., _) => four_by_1(&block),
                    (2.., 4..) => two_by_4(&block),
                    (2.., 2..) => two_by_2(&block),
                    (2.., _) => two_by_1(&block),
                    (_, 4..) => one_by_4(&block),
                    (_, _) => one_by_1(&block),
                }
            };
            block.x = block.x.wrapping_add(count);
            block.weights = block.weights.wrapping_add(count);
            channels = channels.saturating_sub(count);
        }
        let count = match filters {
            4.. => 4,
            2.. => 2,
            _ => 1,
        };
        rows.dz = rows.dz.wrapping_add(count);
        rows.weights = rows.weights.wrapping_add(count * stride);
        filters -= count;
    }
}

/// [`plain::correlate_each`].
pub(in crate::kernel) fn correlate_each(of: &Places<'_>, weights: &mut [f32], scale: f32) {
    let mut left = weights.len();
    if !of.fit(left, left) || !moves(of) {
        return plain::correlate_each(of, weights, scale);
    }
    let mut block = Block::new(of, weights, 0, scale);
    while left > 0 {
        // SAFETY: as above.
        let count = unsafe {
            match left {
                8.. => each_of_8(&block),
                4.. => each_of_4(&block),
                _ => one_by_1(&block),
            }
        };
        block.dz = block.dz.wrapping_add(count);
        block.x = block.x.wrapping_add(count);
        block.weights = block.weights.wrapping_add(count);
        left = left.saturating_sub(count);
    }
}

/// [`plain::add_sums`]: products with one, which change nothing.
pub(in crate::kernel) fn add_sums(dz: &[f32], step: usize, bias: &mut [f32], scale: f32) {
    let columns = dz.len().div_ceil(step.max(1));
    let places = Places { dz, dz_step: step, dz_pitch: 0, x: &[1.0], x_step: 0, x_pitch: 0, rows: 1, columns };
    if step == 0 || columns == 0 || !places.fit(bias.len(), 1) {
        return aside(|| plain::add_sums(dz, step, bias, scale));
    }
    // SAFETY: the places fit, and there is a row of one weight for each bias.
    unsafe { blocks(&places, [bias.len(), 1], bias, 1, scale) }
}

/// What a block works on. Lengths are in bytes.
#[derive(Clone, Copy)]
#[repr(C)]
struct Block {
    dz: *const f32,
    x: *const f32,
    /// Numbers of rows of places, and of places of a row.
    rows: usize,
    columns: usize,
    /// From place to place.
    dz_step: usize,
    x_step: usize,
    /// From the place after the last of a row to the first of the next.
    dz_skip: usize,
    x_skip: usize,
    weights: *mut f32,
    /// From filter to filter.
    stride: usize,
    scale: f32,
}

impl Block {
    fn new(of: &Places<'_>, weights: &mut [f32], stride: usize, scale: f32) -> Self {
        let bytes = |values: usize| values.wrapping_mul(size_of::<f32>());
        Self {
            dz: of.dz.as_ptr(),
            x: of.x.as_ptr(),
            rows: of.rows,
            columns: of.columns,
            dz_step: bytes(of.dz_step),
            x_step: bytes(of.x_step),
            dz_skip: bytes(of.dz_pitch.wrapping_sub(of.columns.wrapping_mul(of.dz_step))),
            x_skip: bytes(of.x_pitch.wrapping_sub(of.columns.wrapping_mul(of.x_step))),
            weights: weights.as_mut_ptr(),
            stride: bytes(stride),
            scale,
        }
    }
}

/// Products of two registers each, added to a third; s24 to s27 may be used.
#[cfg(not(feature = "cortex-m4"))]
macro_rules! products {
    ($($sum:literal $a:literal $b:literal),+) => {
        concat!($("vmla.f32 ", $sum, ", ", $a, ", ", $b, "\n"),+)
    };
}

/// The same in two instructions each, a few products before their sums.
#[cfg(feature = "cortex-m4")]
macro_rules! products {
    ($sum:literal $a:literal $b:literal, $sum2:literal $a2:literal $b2:literal, $sum3:literal $a3:literal $b3:literal,
        $sum4:literal $a4:literal $b4:literal $(, $($rest:tt)+)?) => {
        concat!(
            "vmul.f32 s24, ", $a, ", ", $b, "\n", "vmul.f32 s25, ", $a2, ", ", $b2, "\n",
            "vmul.f32 s26, ", $a3, ", ", $b3, "\n", "vmul.f32 s27, ", $a4, ", ", $b4, "\n",
            "vadd.f32 ", $sum, ", ", $sum, ", s24\n", "vadd.f32 ", $sum2, ", ", $sum2, ", s25\n",
            "vadd.f32 ", $sum3, ", ", $sum3, ", s26\n", "vadd.f32 ", $sum4, ", ", $sum4, ", s27\n",
            $(products!($($rest)+))?
        )
    };
    ($sum:literal $a:literal $b:literal $(, $($rest:tt)+)?) => {
        concat!(
            "vmul.f32 s24, ", $a, ", ", $b, "\n", "vadd.f32 ", $sum, ", ", $sum, ", s24\n", $(products!($($rest)+))?
        )
    };
}

/// A function that sums over all places in the registers `$sum`, from zero, and adds them, times the scale, to the rows of weights;
/// it gives the number of channels.
macro_rules! block {
    (
        $(#[$attribute:meta])* $name:ident: $count:literal, dz $dz:literal, x $x:literal, weights $weights:literal,
        zero $($sum:literal)+, products [$($products:tt)+], rows $([$($row:tt)+])+
    ) => {
        $(#[$attribute])*
        ///
        /// # Safety
        ///
        /// There is a place; so many filters and channels can be read in every place, and their weights read and written; and what
        /// is written overlaps nothing that is read.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(of: &Block) -> usize {
            naked_asm!(
                ".fpu fpv4-sp-d16",
                "push {{r4-r9}}",
                "vpush {{d8-d15}}",
                "ldm r0, {{r1-r8}}",
                "movs r9, #0",
                $(concat!("vmov ", $sum, ", r9"),)+
                "2:",
                "mov r9, r4",
                "3:",
                concat!("vldm r1, {{", $dz, "}}"),
                "add r1, r1, r5",
                concat!("vldm r2, {{", $x, "}}"),
                "add r2, r2, r6",
                products!($($products)+),
                "subs r9, r9, #1",
                "bne 3b",
                "add r1, r1, r7",
                "add r2, r2, r8",
                "subs r3, r3, #1",
                "bne 2b",
                "ldr r1, [r0, #32]",
                "ldr r2, [r0, #36]",
                "vldr s28, [r0, #40]",
                $(
                    concat!("vldm r1, {{", $weights, "}}"),
                    products!($($row)+),
                    concat!("vstm r1, {{", $weights, "}}"),
                    "add r1, r1, r2",
                )+
                concat!("movs r0, #", $count),
                "vpop {{d8-d15}}",
                "pop {{r4-r9}}",
                "bx lr",
            )
        }
    };
}

block! {
    /// Four filters by four channels.
    four_by_4: 4, dz "s16-s19", x "s20-s23", weights "s20-s23",
    zero "s0" "s1" "s2" "s3" "s4" "s5" "s6" "s7" "s8" "s9" "s10" "s11" "s12" "s13" "s14" "s15",
    products [
        "s0" "s16" "s20", "s1" "s16" "s21", "s2" "s16" "s22", "s3" "s16" "s23",
        "s4" "s17" "s20", "s5" "s17" "s21", "s6" "s17" "s22", "s7" "s17" "s23",
        "s8" "s18" "s20", "s9" "s18" "s21", "s10" "s18" "s22", "s11" "s18" "s23",
        "s12" "s19" "s20", "s13" "s19" "s21", "s14" "s19" "s22", "s15" "s19" "s23"
    ],
    rows
    ["s20" "s28" "s0", "s21" "s28" "s1", "s22" "s28" "s2", "s23" "s28" "s3"]
    ["s20" "s28" "s4", "s21" "s28" "s5", "s22" "s28" "s6", "s23" "s28" "s7"]
    ["s20" "s28" "s8", "s21" "s28" "s9", "s22" "s28" "s10", "s23" "s28" "s11"]
    ["s20" "s28" "s12", "s21" "s28" "s13", "s22" "s28" "s14", "s23" "s28" "s15"]
}

block! {
    /// Four filters by two channels.
    four_by_2: 2, dz "s16-s19", x "s20-s21", weights "s20-s21",
    zero "s0" "s1" "s4" "s5" "s8" "s9" "s12" "s13",
    products [
        "s0" "s16" "s20", "s1" "s16" "s21", "s4" "s17" "s20", "s5" "s17" "s21",
        "s8" "s18" "s20", "s9" "s18" "s21", "s12" "s19" "s20", "s13" "s19" "s21"
    ],
    rows
    ["s20" "s28" "s0", "s21" "s28" "s1"]
    ["s20" "s28" "s4", "s21" "s28" "s5"]
    ["s20" "s28" "s8", "s21" "s28" "s9"]
    ["s20" "s28" "s12", "s21" "s28" "s13"]
}

block! {
    /// Four filters by one channel.
    four_by_1: 1, dz "s16-s19", x "s20", weights "s20",
    zero "s0" "s4" "s8" "s12",
    products ["s0" "s16" "s20", "s4" "s17" "s20", "s8" "s18" "s20", "s12" "s19" "s20"],
    rows ["s20" "s28" "s0"] ["s20" "s28" "s4"] ["s20" "s28" "s8"] ["s20" "s28" "s12"]
}

block! {
    /// Two filters by four channels.
    two_by_4: 4, dz "s16-s17", x "s20-s23", weights "s20-s23",
    zero "s0" "s1" "s2" "s3" "s4" "s5" "s6" "s7",
    products [
        "s0" "s16" "s20", "s1" "s16" "s21", "s2" "s16" "s22", "s3" "s16" "s23",
        "s4" "s17" "s20", "s5" "s17" "s21", "s6" "s17" "s22", "s7" "s17" "s23"
    ],
    rows
    ["s20" "s28" "s0", "s21" "s28" "s1", "s22" "s28" "s2", "s23" "s28" "s3"]
    ["s20" "s28" "s4", "s21" "s28" "s5", "s22" "s28" "s6", "s23" "s28" "s7"]
}

block! {
    /// Two filters by two channels.
    two_by_2: 2, dz "s16-s17", x "s20-s21", weights "s20-s21",
    zero "s0" "s1" "s4" "s5",
    products ["s0" "s16" "s20", "s1" "s16" "s21", "s4" "s17" "s20", "s5" "s17" "s21"],
    rows ["s20" "s28" "s0", "s21" "s28" "s1"] ["s20" "s28" "s4", "s21" "s28" "s5"]
}

block! {
    /// Two filters by one channel.
    two_by_1: 1, dz "s16-s17", x "s20", weights "s20",
    zero "s0" "s4",
    products ["s0" "s16" "s20", "s4" "s17" "s20"],
    rows ["s20" "s28" "s0"] ["s20" "s28" "s4"]
}

block! {
    /// One filter by four channels.
    one_by_4: 4, dz "s16", x "s20-s23", weights "s20-s23",
    zero "s0" "s1" "s2" "s3",
    products ["s0" "s16" "s20", "s1" "s16" "s21", "s2" "s16" "s22", "s3" "s16" "s23"],
    rows ["s20" "s28" "s0", "s21" "s28" "s1", "s22" "s28" "s2", "s23" "s28" "s3"]
}

block! {
    /// One filter by one channel.
    one_by_1: 1, dz "s16", x "s20", weights "s20",
    zero "s0",
    products ["s0" "s16" "s20"],
    rows ["s20" "s28" "s0"]
}

block! {
    /// Eight channels, each with a filter of its own.
    each_of_8: 8, dz "s8-s15", x "s16-s23", weights "s16-s23",
    zero "s0" "s1" "s2" "s3" "s4" "s5" "s6" "s7",
    products [
        "s0" "s8" "s16", "s1" "s9" "s17", "s2" "s10" "s18", "s3" "s11" "s19",
        "s4" "s12" "s20", "s5" "s13" "s21", "s6" "s14" "s22", "s7" "s15" "s23"
    ],
    rows
    ["s16" "s28" "s0", "s17" "s28" "s1", "s18" "s28" "s2", "s19" "s28" "s3",
        "s20" "s28" "s4", "s21" "s28" "s5", "s22" "s28" "s6", "s23" "s28" "s7"]
}

block! {
    /// Four channels, each with a filter of its own.
    each_of_4: 4, dz "s8-s11", x "s16-s19", weights "s16-s19",
    zero "s0" "s1" "s2" "s3",
    products ["s0" "s8" "s16", "s1" "s9" "s17", "s2" "s10" "s18", "s3" "s11" "s19"],
    rows ["s16" "s28" "s0", "s17" "s28" "s1", "s18" "s28" "s2", "s19" "s28" "s3"]
}
