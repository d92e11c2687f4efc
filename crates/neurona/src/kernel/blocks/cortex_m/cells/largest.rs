//! The largest values of channels over the cells that a window meets, and where their gradients go.

use core::arch::naked_asm;

use super::super::aside;
use super::{Walk, fit};
use crate::kernel::blocks::{Cells, plain};

/// [`plain::largest`].
pub(in crate::kernel) fn largest(of: &Cells<'_>, y: &mut [f32]) {
    // SAFETY: there is at least one line, place, row, column and channel, every cell of them was held to the length of the values, and
    // the outputs are borrowed apart.
    let done = fit(of, of.x.len(), y.len()) && !unsafe { maxima(&mut Walk { y: y.as_mut_ptr(), ..Walk::over(of) }) };
    if !done {
        aside(|| plain::largest(of, y));
    }
}

/// [`plain::give`].
pub(in crate::kernel) fn give(of: &Cells<'_>, y: &[f32], dy: &mut [f32], dx: &mut [f32]) {
    let values = if of.x.len() < dx.len() { of.x.len() } else { dx.len() };
    if fit(of, values, y.len()) && dy.len() >= y.len() {
        let (weights, begin) = (dx.as_mut_ptr().cast_const(), dy.as_ptr());
        // SAFETY: there is at least one line, place, row, column and channel, every cell of them was held to the lengths of the values
        // and of their gradients, which are borrowed apart.
        let met_nan = unsafe { gifts(&mut Walk { y: y.as_ptr().cast_mut(), weights, begin, ..Walk::over(of) }) };
        if !met_nan {
            return;
        }
        keep_for_nan(of, y, dy);
    }
    aside(|| plain::give(of, y, dy, dx));
}

/// Marks what [`gifts`] has given: all but the gradients of outputs that are NaN, which have no part in anything else.
#[cold]
fn keep_for_nan(of: &Cells<'_>, y: &[f32], dy: &mut [f32]) {
    of.each_place(|_, outputs| {
        let (Some(y), Some(dy)) = (y.get(outputs.clone()), dy.get_mut(outputs)) else { return };
        for (dy, y) in dy.iter_mut().zip(y) {
            if !y.is_nan() {
                *dy = -0.0;
            }
        }
    });
}

/// So many channels at a time: the first cell, then the larger of it and each other one.
macro_rules! larger {
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
        )
    };
}

/// [`plain::largest`], and whether there was a NaN, in which case the results are not of use.
///
/// `vcmpe` notes in a bit of the status register that it met a NaN.
///
/// # Safety
///
/// There is at least one line, place, row, column and channel; every value of every cell can be read, and so many outputs
/// written, which are not among the values.
#[unsafe(naked)]
unsafe extern "C" fn maxima(of: &mut Walk) -> bool {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r11, lr}}",
        "vmrs r4, fpscr",
        "bic r4, r4, #1",
        "vmsr fpscr, r4",
        "ldm r0, {{r1, r2, r7}}",
        "ldrd r8, r9, [r0, #28]",
        "ldr r10, [r0, #36]",
        "ldr r11, [r0, #16]",
        "ldr r12, [r0, #48]",
        // A place: r0 is what it is, r12 how many there are.
        "10:",
        "mov lr, r1",
        "subs r7, r7, #8",
        "blo 3f",
        larger!(8, "s0" "s8", "s1" "s9", "s2" "s10", "s3" "s11", "s4" "s12", "s5" "s13", "s6" "s14", "s7" "s15";
            "s0-s7", "s8-s15"; "2", "12", "13", "18"),
        "bhs 2b",
        "3:",
        "adds r7, r7, #4",
        "bmi 4f",
        larger!(4, "s0" "s8", "s1" "s9", "s2" "s10", "s3" "s11"; "s0-s3", "s8-s11"; "21", "22", "23", "24"),
        "4:",
        "adds r7, r7, #2",
        "bmi 5f",
        larger!(2, "s0" "s8", "s1" "s9"; "s0-s1", "s8-s9"; "25", "14", "15", "19"),
        "5:",
        "adds r7, r7, #1",
        "bmi 7f",
        larger!(1, "s0" "s8"; "s0", "s8"; "6", "16", "17", "20"),
        "7:",
        "ldr r3, [r0, #44]",
        "add r1, lr, r3",
        "ldr r7, [r0, #8]",
        "subs r12, r12, #1",
        "bne 10b",
        // The next line.
        "ldrd r12, r5, [r0, #52]",
        "ldrd r3, r4, [r0, #60]",
        "add r1, r1, r3",
        "add r2, r2, r4",
        "subs r5, r5, #1",
        "str r5, [r0, #56]",
        "bne 10b",
        "vmrs r0, fpscr",
        "and r0, r0, #1",
        "pop {{r4-r11, pc}}",
    )
}

macro_rules! give {
    (begin $ys:literal $dys:literal $($rest:tt)+) => {
        concat!("vldmia r2!, {{", $ys, "}}\n", "vldmia r10!, {{", $dys, "}}\n")
    };
    (row) => { "" };
    (cell $ys:literal $dys:literal $xs:literal; $($y:literal $dy:literal $x:literal $at:literal),+) => {
        concat!(
            "vldmia r3, {{", $xs, "}}\n",
            "add r8, r3, lr\n",
            $(
                "vcmpe.f32 ", $x, ", ", $y, "\n",
                "vmrs apsr_nzcv, fpscr\n",
                "bne 9f\n",
                "vldr s24, [r8, #", $at, "]\n",
                "vadd.f32 s24, s24, ", $dy, "\n",
                "vstr s24, [r8, #", $at, "]\n",
                "vmov.f32 ", $y, ", s25\n",
                "vmov.f32 ", $dy, ", s26\n",
                "9:\n",
            )+
        )
    };
    (next_row) => { "" };
    (line) => { "add r10, r10, r5\n" };
    (end $($rest:tt)+) => { "" };
}

over_cells! {
    /// [`plain::give`] but for outputs that are NaN, and whether there may be one.
    ///
    /// What was given is marked in registers: infinity in place of the output, which few cells equal, and -0 in place of the gradient.
    ///
    /// # Safety
    ///
    /// There is at least one line, place, row, column and channel; every value of every cell, and so many outputs and gradients can be
    /// read, and the gradient of every cell written, which is none of them.
    gifts: give, bool, [
        "vmrs r4, fpscr\n"
        "bic r4, r4, #1\n"
        "vmsr fpscr, r4\n"
        // From a value to its gradient.
        "ldrd lr, r10, [r0, #20]\n"
        "sub lr, lr, r1\n"
        "movs r4, #0\n"
        "movt r4, #0x7f80\n"
        "vmov s25, r4\n"
        "mov r4, #0x80000000\n"
        "vmov s26, r4\n"
    ], ["vmrs r0, fpscr\n" "and r0, r0, #1\n"]
}
