//! Weighted sums of windows: blocks of eight rows, of four and of two, and a last one, place after place.

use core::arch::naked_asm;
use core::ptr;

use crate::kernel::blocks::{Windows, plain};

/// [`plain::sums`].
pub(in crate::kernel) fn sums(of: &Windows<'_>, bias: Option<&[f32]>, y: &mut [f32]) {
    if !of.fit(bias, y) {
        return plain::sums(of, bias, y);
    }
    let bytes = |values: usize| values.wrapping_mul(size_of::<f32>());
    // From the end of a window, or of a row of places, to the beginning of the next.
    let window = of.runs.wrapping_mul(of.columns.wrapping_add(of.skip));
    let turn = |pitch: usize, step: usize| bytes(pitch.wrapping_sub(of.places.wrapping_mul(step)));
    let mut sums = Sums {
        weights: of.weights.as_ptr(),
        stride: bytes(of.stride),
        y: y.as_mut_ptr(),
        x: of.x.as_ptr(),
        y_step: bytes(of.y_step),
        x_step: bytes(of.x_step.wrapping_sub(window)),
        bias: bias.map_or(ptr::null(), <[f32]>::as_ptr),
        beyond_twelve: of.columns.wrapping_sub(12),
        beyond_four: (of.columns % 12).wrapping_sub(4),
        runs: of.runs,
        x_skip: bytes(of.skip),
        places: of.places,
        blocks: of.rows / 8,
        y_turn: turn(of.lines.y_pitch, of.y_step),
        x_turn: turn(of.lines.x_pitch, of.x_step),
        lines: of.lines.count,
    };
    // SAFETY: `fit` has held every row, run and column of every place to the lengths of the slices, none of them is zero,
    // and outputs are borrowed apart from what is read.
    unsafe {
        if sums.blocks > 0 && bias.is_some() && of.columns == 3 && of.runs == 3 && of.stride == 9 {
            nines_of_8(&mut sums);
        } else if sums.blocks > 0 {
            sums_of_8(&mut sums);
        }
        sums.blocks = 1;
        if of.rows & 4 > 0 {
            sums_of_4(&mut sums);
            sums.blocks = 1;
        }
        if of.rows & 2 > 0 {
            sums_of_2(&mut sums);
            sums.blocks = 1;
        }
        if of.rows & 1 > 0 {
            sums_of_1(&mut sums);
        }
    }
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
    /// From place to place, in the values from the end of a window to the beginning of the next.
    y_step: usize,
    x_step: usize,
    /// What the sums begin with, the same in each place; null where each begins with its output.
    bias: *const f32,
    /// Number of columns less twelve, of which the sign says whether there are so many.
    beyond_twelve: usize,
    /// Number of columns that are left after all twelves, less four.
    beyond_four: usize,
    /// Number of runs of columns.
    runs: usize,
    /// From the end of a run of values to the beginning of the next.
    x_skip: usize,
    /// Number of places of a line.
    places: usize,
    /// Number of blocks of rows.
    blocks: usize,
    /// From the place after the last of a line to the first of the next.
    y_turn: usize,
    x_turn: usize,
    /// Number of lines of places.
    lines: usize,
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
                // The rows' pointers, then the outputs of the place, how many places are left, how many lines, and where the
                // columns are that are left after all fours.
                "sub sp, sp, #48",
                // lr: where what is left of a run begins; r12: where a run begins.
                "ldr r3, [r0, #32]",
                "ldr lr, =19f",
                "ands r2, r3, #3",
                "beq 11f",
                "ldr lr, =16f",
                "cmp r2, #2",
                "beq 11f",
                "ite lo",
                "ldrlo lr, =15f",
                "ldrhs lr, =17f",
                "11:",
                // To there a load branches, which needs to know that this is Thumb.
                "orr r2, lr, #1",
                "str r2, [sp, #44]",
                "cmp r3, #0",
                "it ge",
                "ldrge lr, =14f",
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
                "ldrd r2, r1, [r0, #8]",
                "ldr r4, [r0, #60]",
                // A line of places.
                "21:",
                "ldr r3, [r0, #44]",
                "strd r2, r3, [sp, #32]",
                "str r4, [sp, #40]",
                // A place.
                "3:",
                "ldr r2, [r0, #24]",
                "cbnz r2, 22f",
                "ldr r2, [sp, #32]",
                "22:",
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
                "18:",
                columns!(4, $($sum $row),+),
                "subs r2, r2, #4",
                "bhs 18b",
                "ldr pc, [sp, #44]",
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
                "add r1, r1, r5",
                "subs r3, r3, #1",
                "strd r2, r3, [sp, #32]",
                "bne 3b",
                // The next line.
                "ldr r4, [r0, #52]",
                "add r2, r2, r4",
                "ldr r4, [r0, #56]",
                "add r1, r1, r4",
                "ldr r4, [sp, #40]",
                "subs r4, r4, #1",
                "bne 21b",
                // The next block.
                "ldr r2, [r0, #8]",
                concat!("add r2, r2, #", $bytes),
                "str r2, [r0, #8]",
                "ldr r2, [r0, #24]",
                "cmp r2, #0",
                "it ne",
                concat!("addne r2, r2, #", $bytes),
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
    /// among the others.
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
    /// [`plain::sums`] for blocks of two rows.
    ///
    /// # Safety
    ///
    /// As for [`sums_of_8`].
    sums_of_2: "s0" "r4", "s1" "r5";
    "add r5, r4, r1", "strd r4, r5, [sp]", "ldrd r4, r5, [sp]", "r5", "s0-s1", "8"
}

sums! {
    /// [`plain::sums`] for one row.
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
/// As for [`sums_of_8`], and there are biases.
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
        "push {{r4-r12, lr}}",
        "vpush {{d8-d15}}",
        "ldr r4, [r0, #0]",
        "ldr r5, [r0, #24]",
        "ldr r6, [r0, #16]",
        "ldr r7, [r0, #40]",
        // From the end of a window to the beginning of the next.
        "ldr r8, [r0, #20]",
        "add r8, r8, r7",
        "ldrd r11, r12, [r0, #52]",
        "2:",
        "ldrd r2, r3, [r0, #8]",
        "add r9, r2, #32",
        "str r9, [r0, #8]",
        "ldr r10, [r0, #60]",
        "4:",
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
        "add r2, r2, r11",
        "add r3, r3, r12",
        "subs r10, r10, #1",
        "bne 4b",
        "add r4, r4, #288",
        "add r5, r5, #32",
        "ldr r9, [r0, #48]",
        "subs r9, r9, #1",
        "str r9, [r0, #48]",
        "bne 2b",
        "str r4, [r0, #0]",
        "str r5, [r0, #24]",
        "vpop {{d8-d15}}",
        "pop {{r4-r12, pc}}",
    )
}
