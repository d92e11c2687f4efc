//! In the instructions of Armv7-M, which Armv8-M Mainline has too.

use core::arch::naked_asm;

use super::{Multiples, Products};

/// Zeros that the significand of a factor has below its 24 bits.
pub(super) const FACTOR_ZEROS: u32 = 8;

/// The product of the significands `high` and `by`, rounded, with its sign, above four zeros in `high`; adds to the exponent
/// where it is 2 or more.
#[rustfmt::skip]
macro_rules! product {
    ($low:literal $high:literal $by:literal, $signs:literal, $exponent:literal, $free:literal, $normal:literal) => {
        concat!(
            "umull ", $low, ", ", $high, ", ", $high, ", ", $by, "\n",
            "lsrs ", $free, ", ", $high, ", #23\n",
            "bne ", $normal, "f\n",
            "adds ", $low, ", ", $low, ", ", $low, "\n",
            "adc ", $high, ", ", $high, ", ", $high, "\n",
            $normal, ":\n",
            "add ", $exponent, ", ", $exponent, ", ", $free, "\n",
            // Behind the last place as carry, `sbcs` carries out where the rest is more than a half, or a half behind an odd place.
            "lsrs ", $free, ", ", $high, ", #1\n",
            "sbcs ", $low, ", ", $low, ", #0x80000000\n",
            "adc ", $high, ", ", $high, ", #0\n",
            "lsl ", $high, ", ", $high, ", #4\n",
            "eor ", $high, ", ", $high, ", ", $signs, ", asr #31\n",
            "sub ", $high, ", ", $high, ", ", $signs, ", asr #31\n",
        )
    };
}

/// The sum of two significands, brought to bit 29, and its exponent; to `zero` where there is none. Rounded but for its last six
/// bits, which count no more; half of a last place goes up, and to `tie`.
#[rustfmt::skip]
macro_rules! normalize {
    ($sum:literal, $exponent:literal, $free:literal, $zero:literal, $tie:literal, $rounded:literal) => {
        concat!(
            "lsl ", $free, ", ", $sum, ", #2\n",
            "eors ", $free, ", ", $free, ", ", $sum, ", asr #31\n",
            "beq ", $zero, "f\n",
            "clz ", $free, ", ", $free, "\n",
            "lsl ", $sum, ", ", $sum, ", ", $free, "\n",
            "rsb ", $free, ", ", $free, ", #2\n",
            "add ", $exponent, ", ", $exponent, ", ", $free, "\n",
            "add ", $sum, ", ", $sum, ", #32\n",
            "lsls ", $free, ", ", $sum, ", #26\n",
            "beq ", $tie, "f\n",
            $rounded, ":\n",
        )
    };
}

/// Half of a last place, which went up: to the even one, unless something was lost when a significand was shifted. Only here it is
/// looked at.
#[rustfmt::skip]
macro_rules! tie {
    ($sum:literal, $shifted:literal $distance:literal $significand:literal, $free:literal, $tie:literal, $rounded:literal) => {
        concat!(
            $tie, ":\n",
            "lsl ", $free, ", ", $shifted, ", ", $distance, "\n",
            "cmp ", $free, ", ", $significand, "\n",
            "it eq\n",
            "biceq ", $sum, ", ", $sum, ", #64\n",
            "b ", $rounded, "b\n",
        )
    };
}

/// Adds products: r1 and r2 go along the numbers, up to r3, r4 and r5 are the sum, with two zeros more below its significand and its
/// exponent biased twice.
macro_rules! add_products {
    ($a:literal, $b:literal, $next:literal, $back:literal) => {
        naked_asm!(
            "push {{r0, r4-r11, lr}}",
            "mov lr, r1",
            "mov r12, r2",
            "ldm r0, {{r1-r5}}",
            "lsl r4, r4, #2",
            "add r5, r5, #127",
            "mov r0, r12",
            "mov r10, #0x80000000",
            "mov r11, #1",
            "2:",
            $a,
            $b,
            "ubfx r8, r6, #23, #8",
            "ubfx r9, r7, #23, #8",
            "sub r12, r8, #1",
            "cmp r12, #254",
            "itt lo",
            "sublo r12, r9, #1",
            "cmplo r12, #254",
            "bhs 7f",
            "add r8, r8, r9",
            "sub r12, r8, #128",
            "cmp r12, #200",
            "bhs 8f",
            "eor r9, r6, r7",
            "orr r6, r10, r6, lsl #8",
            "bfi r7, r11, #23, #9",
            product!("r6" "r7" "r6", "r9", "r8", "r12", "3"),
            "sub r9, r5, r8",
            "cmp r9, #30",
            "bhi 5f",
            "asr r6, r7, r9",
            "add r4, r6, r4, asr #2",
            // The sum is r4, its exponent r5; r7 is what was shifted, r9 how far, and r6 what is left of it.
            "4:",
            normalize!("r4", "r5", "r12", "6", "13", "14"),
            "bic r4, r4, #63",
            "9:",
            $next,
            "cmp r1, r3",
            "bne 2b",
            "b 12f",
            // The sum is the smaller one.
            "5:",
            "rsb r9, r9, #0",
            "cmp r9, #30",
            "bhi 11f",
            "add r9, r9, #2",
            "asr r6, r4, r9",
            "mov r5, r4",
            "add r4, r7, r6",
            "mov r7, r5",
            "mov r5, r8",
            "b 4b",
            tie!("r4", "r6" "r9" "r7", "r12", "13", "14"),
            // They cancel.
            "6:",
            "mov r5, #0xe0000000",
            "add r5, r5, #127",
            "b 9b",
            // A factor that is zero and one that is finite: nothing to do.
            "7:",
            "lsls r12, r7, #1",
            "bne 10f",
            "cmp r8, #255",
            "bne 9b",
            "10:",
            "lsls r12, r6, #1",
            "bne 8f",
            "cmp r9, #255",
            "bne 9b",
            "8:",
            $back,
            "12:",
            "pop {{r0}}",
            "asr r4, r4, #2",
            "sub r5, r5, #127",
            "stm r0, {{r1-r5}}",
            "pop {{r4-r11, pc}}",
            // One of the two is too small to change the other.
            "11:",
            "cmp r5, r8",
            "bge 9b",
            "lsl r4, r7, #2",
            "mov r5, r8",
            "b 9b",
        )
    };
}

/// Adds products of neighbours, whatever the steps, up to one that is left to the operators.
///
/// # Safety
///
/// There is at least one; the numbers up to the end can be read, and as many of the others; the sum is not a whole one.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn add_neighbors(products: &mut Products, a_step: usize, b_step: usize) {
    add_products!("ldr r6, [r1], #4", "ldr r7, [r2], #4", "", "sub r1, r1, #4\nsub r2, r2, #4")
}

/// Adds products of numbers that are so many bytes apart, up to one that is left to the operators.
///
/// # Safety
///
/// There is at least one; the numbers up to the end can be read, and as many of the others; the sum is not a whole one.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn add_apart(products: &mut Products, a_step: usize, b_step: usize) {
    add_products!("ldr r6, [r1]", "ldr r7, [r2]", "add r1, r1, lr\nadd r2, r2, r0", "")
}

/// Adds multiples, up to one that is left to the operators.
///
/// # Safety
///
/// There is at least one; the numbers up to the end can be read, and as many read and written at `y`.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn add_multiples(multiples: &mut Multiples) {
    naked_asm!(
        "push {{r0, r4-r11, lr}}",
        "ldm r0, {{r1, r2, r3, r4, r5, r10}}",
        "mov r11, #1",
        "2:",
        "ldr r6, [r1], #4",
        "ldr r7, [r2], #4",
        "ubfx r8, r6, #23, #8",
        "sub r12, r8, #1",
        "cmp r12, #254",
        "bhs 7f",
        "add r8, r8, r10",
        "sub r12, r8, #1",
        "cmp r12, #200",
        "bhs 8f",
        "eor r9, r6, r4",
        "bfi r6, r11, #23, #9",
        product!("r12" "r6" "r5", "r9", "r8", "lr", "3"),
        "ubfx r9, r7, #23, #8",
        "sub r12, r9, #1",
        "cmp r12, #200",
        "bhs 10f",
        "mov lr, r7",
        "bfi lr, r11, #23, #9",
        "lsl lr, lr, #4",
        "eor lr, lr, r7, asr #31",
        "sub lr, lr, r7, asr #31",
        "sub r12, r9, r8",
        "cmp r12, #30",
        "bhi 5f",
        "asr r7, r6, r12",
        "add lr, r7, lr",
        "mov r8, r9",
        // The sum is lr, its exponent r8; r6 is what was shifted, r12 how far, and r7 what is left of it.
        "4:",
        normalize!("lr", "r8", "r9", "6", "15", "11"),
        // The absolute value of what is rounded, on which the exponent goes; the first bit makes up for the 1.
        "asr r7, lr, #6",
        "eor r7, r7, lr, asr #31",
        "sub r7, r7, lr, asr #31",
        "subs r8, r8, #1",
        "blt 8f",
        "add r7, r7, r8, lsl #23",
        "and lr, lr, #0x80000000",
        "orr lr, lr, r7",
        "6:",
        "str lr, [r2, #-4]",
        "9:",
        "cmp r1, r3",
        "bne 2b",
        "b 12f",
        // The product is the larger one.
        "5:",
        "rsb r12, r12, #0",
        "cmp r12, #30",
        "bhi 13f",
        "asr r7, lr, r12",
        "mov r9, lr",
        "add lr, r6, r7",
        "mov r6, r9",
        "b 4b",
        tie!("lr", "r7" "r12" "r6", "r9", "15", "11"),
        // Nothing to do for zero, unless the other number is minus zero.
        "7:",
        "lsls r12, r6, #1",
        "bne 8f",
        "cmp r7, #0x80000000",
        "bne 9b",
        "8:",
        "sub r1, r1, #4",
        "sub r2, r2, #4",
        "12:",
        "pop {{r0}}",
        "stm r0, {{r1-r3}}",
        "pop {{r4-r11, pc}}",
        // To zero: the product itself.
        "10:",
        "cmp r7, #0",
        "bne 8b",
        "14:",
        "lsl lr, r6, #2",
        "b 11b",
        // One of the two is too small to change the other.
        "13:",
        "cmp r9, r8",
        "bge 9b",
        "b 14b",
    )
}
