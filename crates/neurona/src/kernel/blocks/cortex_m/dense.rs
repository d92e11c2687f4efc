//! Weighted sums of one window in one place.

use core::arch::naked_asm;

use crate::kernel::blocks::plain;

/// [`plain::sums`] of one window in one place.
///
/// Nothing is left of it but the call where the compiler knows the sizes, as it does in a layer.
#[inline(always)]
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
