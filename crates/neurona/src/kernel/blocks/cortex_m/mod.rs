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

/// So many values in bytes.
const fn bytes(values: usize) -> usize {
    values.wrapping_mul(size_of::<f32>())
}

/// Does what is seldom needed in a frame of its own, so that what is common takes less of the stack, and fewer instructions.
#[cold]
#[inline(never)]
fn aside(f: impl FnOnce()) {
    f();
}

// Behind the macros, which `dense` and `sums` use.
mod cells;
mod columns;
mod correlate;
mod dense;
mod elementwise;
mod outer;
mod relu;
mod single;
mod softmax;
mod sums;

pub(in crate::kernel) use cells::{give, largest, spread, spread_products, totals, weigh};
pub(in crate::kernel) use columns::{spread_sums, sums_of_columns};
pub(in crate::kernel) use correlate::{add_sums, correlate, correlate_each};
pub(in crate::kernel) use dense::dense_sums;
pub(in crate::kernel) use elementwise::{
    add, axpy, copy, divide, is_finite, maximum, rescale, scale, scale_and_shift, sqrt, square_bound, standardize, zero,
};
pub(in crate::kernel) use outer::add_outer;
pub(in crate::kernel) use relu::{relu, relu_backward};
pub(in crate::kernel) use single::{spread_weight, sum_channel};
pub(in crate::kernel) use softmax::fast_softmax;
pub(in crate::kernel) use sums::sums;
