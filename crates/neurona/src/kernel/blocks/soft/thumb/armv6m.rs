//! In the instructions of Armv6-M, which Armv8-M Baseline has too: no long products, no shifted operands, eight registers for most.
//!
//! Where half of a last place is reached the other bits are looked at, and only there what was lost below.

use core::arch::{asm, naked_asm};

use super::{Multiples, Products};

/// Zeros that the significand of a factor has below its 24 bits.
pub(super) const FACTOR_ZEROS: u32 = 0;

/// The significand of a product, of which r2 is the one factor's and r3 the other with its sign and exponent, rounded, with its sign,
/// which is that of r5, above four zeros in r2; adds to the exponent, r4, where it is 2 or more.
macro_rules! product {
    () => {
        "
        uxtb r6, r3
        muls r6, r2, r6
        lsrs r7, r3, #8
        uxtb r7, r7
        muls r7, r2, r7
        lsls r3, r3, #9
        lsrs r3, r3, #25
        adds r3, #128
        muls r3, r2, r3
        lsrs r2, r6, #8
        adds r7, r7, r2
        lsrs r2, r7, #8
        adds r3, r3, r2
        bmi 31f
        lsrs r2, r3, #7
        bcc 33f
        adds r2, r2, #1
        lsls r3, r3, #26
        bne 33f
        b 32f
    31:
        adds r4, r4, #1
        lsrs r2, r3, #8
        bcc 33f
        adds r2, r2, #1
        lsls r3, r3, #25
        bne 33f
    32:
        orrs r6, r7
        lsls r6, r6, #24
        bne 33f
        lsrs r2, r2, #1
        lsls r2, r2, #1
    33:
        lsls r2, r2, #4
        asrs r5, r5, #31
        eors r2, r5
        subs r2, r2, r5
        "
    };
}

/// Adds products: r0 and r1 go along the numbers, up to r10, r8 and r9 are the sum, whose exponent is biased twice.
macro_rules! add_products {
    ($next:literal, $back:literal) => {
        naked_asm!(
            "
            push {{r0, r4-r7, lr}}
            mov r4, r8
            mov r5, r9
            mov r6, r10
            mov r7, r11
            push {{r4-r7}}
            mov lr, r2
            mov r12, r1
            ldm r0!, {{r1-r5}}
            adds r5, #127
            mov r8, r4
            mov r9, r5
            mov r10, r3
            movs r3, #1
            lsls r3, r3, #23
            mov r11, r3
            mov r0, r1
            mov r1, r2
            b 2f

            // A factor that is zero and one that is finite: nothing to do.
        7:
            lsls r6, r3, #1
            bne 71f
            cmp r4, #255
            bne 9f
        71:
            lsls r6, r2, #1
            bne 8f
            cmp r5, #255
            bne 9f
        8:
            ",
            $back,
            "
            b 20f
        9:
            b 19f

        2:
            ",
            $next,
            "
            lsls r4, r2, #1
            lsrs r4, r4, #24
            lsls r5, r3, #1
            lsrs r5, r5, #24
            subs r6, r4, #1
            cmp r6, #254
            bhs 7b
            subs r6, r5, #1
            cmp r6, #254
            bhs 7b
            adds r4, r4, r5
            mov r6, r4
            subs r6, #128
            cmp r6, #200
            bhs 8b
            mov r5, r2
            eors r5, r3
            lsls r2, r2, #9
            lsrs r2, r2, #9
            add r2, r11
            ",
            product!(),
            "
            mov r6, r9
            subs r5, r6, r4
            cmp r5, #30
            bhi 15f
            mov r3, r2
            asrs r3, r5
            add r3, r8
            mov r4, r6
            // The sum is r3, its exponent r4; r2 is what was shifted, and r5 how far.
        11:
            lsls r6, r3, #2
            lsls r7, r3, #3
            eors r6, r7
            bpl 17f
        12:
            adds r3, #16
            lsls r6, r3, #27
            beq 16f
        13:
            asrs r3, r3, #5
            lsls r3, r3, #4
            adds r4, r4, #1
        14:
            mov r8, r3
            mov r9, r4
        19:
            cmp r0, r10
            bne 2b
        20:
            pop {{r4-r7}}
            mov r2, r8
            mov r3, r9
            subs r3, #127
            mov r8, r4
            mov r9, r5
            mov r10, r6
            mov r11, r7
            pop {{r4}}
            str r0, [r4, #0]
            str r1, [r4, #4]
            str r2, [r4, #12]
            str r3, [r4, #16]
            pop {{r4-r7, pc}}

            // The sum is the smaller one, or one of the two is too small to change the other.
        15:
            rsbs r5, r5, #0
            cmp r5, #30
            bhi 18f
            mov r3, r8
            mov r6, r2
            mov r2, r3
            asrs r3, r5
            adds r3, r3, r6
            b 11b
        18:
            cmp r6, r4
            bge 19b
            mov r3, r2
            b 14b

            // Just half of a last place: up where something was lost, else to the even one.
        16:
            mov r6, r2
            asrs r6, r5
            lsls r6, r5
            cmp r6, r2
            bne 13b
            movs r6, #32
            bics r3, r6
            b 13b

            // They cancel in part, or as a whole.
        17:
            cmp r3, #0
            beq 22f
        21:
            lsls r3, r3, #1
            subs r4, r4, #1
            lsls r6, r3, #2
            lsls r7, r3, #3
            eors r6, r7
            bpl 21b
            b 12b
        22:
            movs r4, #7
            lsls r4, r4, #29
            adds r4, #127
            b 14b
            "
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
    add_products!("ldm r0!, {{r2}}\nldm r1!, {{r3}}", "subs r0, r0, #4\nsubs r1, r1, #4")
}

/// Adds products of numbers that are so many bytes apart, up to one that is left to the operators.
///
/// # Safety
///
/// There is at least one; the numbers up to the end can be read, and as many of the others; the sum is not a whole one.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn add_apart(products: &mut Products, a_step: usize, b_step: usize) {
    add_products!(
        "ldr r2, [r0, #0]\nldr r3, [r1, #0]\nadd r0, r12\nadd r1, lr",
        "mov r2, r12\nsubs r0, r0, r2\nmov r2, lr\nsubs r1, r1, r2"
    )
}

/// Adds multiples, up to one that is left to the operators.
///
/// # Safety
///
/// There is at least one; the numbers up to the end can be read, and as many read and written at `y`.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn add_multiples(multiples: &mut Multiples) {
    naked_asm!(
        "
        push {{r0, r4-r7, lr}}
        mov r4, r8
        mov r5, r9
        mov r6, r10
        mov r7, r11
        push {{r4-r7}}
        ldm r0!, {{r1-r6}}
        mov r10, r3
        mov r12, r4
        mov r8, r5
        mov r9, r6
        movs r3, #1
        lsls r3, r3, #23
        mov r11, r3
        mov r0, r1
        mov r1, r2
        b 2f

        // To zero: the product itself. What else is not usual is for the operators.
    10:
        cmp r6, #0
        bne 8f
    6:
        lsls r3, r2, #1
        subs r4, r4, #1
        b 13f
        // A zero changes nothing but minus zero.
    7:
        lsls r6, r3, #1
        bne 8f
        ldr r6, [r1, #0]
        cmp r6, #0
        beq 9f
        lsls r6, r6, #1
        bne 9f
    8:
        subs r0, r0, #4
        b 20f
    9:
        b 18f

    2:
        ldm r0!, {{r3}}
        lsls r4, r3, #1
        lsrs r4, r4, #24
        subs r6, r4, #1
        cmp r6, #254
        bhs 7b
        add r4, r9
        subs r6, r4, #1
        cmp r6, #200
        bhs 8b
        mov r5, r12
        eors r5, r3
        mov r2, r8
        ",
        product!(),
        "
        ldr r6, [r1, #0]
        lsls r5, r6, #1
        lsrs r5, r5, #24
        subs r7, r5, #1
        cmp r7, #200
        bhs 10b
        lsls r3, r6, #9
        lsrs r3, r3, #9
        add r3, r11
        lsls r3, r3, #4
        asrs r6, r6, #31
        eors r3, r6
        subs r3, r3, r6
        subs r6, r5, r4
        cmp r6, #30
        bhi 15f
        mov r7, r2
        asrs r7, r6
        adds r3, r3, r7
        mov r4, r5
        // The sum is r3, its exponent r4; r2 is what was shifted, and r6 how far.
    11:
        lsls r5, r3, #2
        lsls r7, r3, #3
        eors r5, r7
        bpl 17f
    12:
        adds r3, #16
        lsls r5, r3, #27
        beq 16f
        // Its absolute value, on which the exponent goes; the first bit makes up for the 1.
    13:
        asrs r5, r3, #5
        asrs r3, r3, #31
        eors r5, r3
        subs r5, r5, r3
        cmp r4, #0
        blt 8b
        lsls r4, r4, #23
        adds r5, r5, r4
        lsls r3, r3, #31
        orrs r3, r5
    14:
        stm r1!, {{r3}}
    19:
        cmp r0, r10
        bne 2b
    20:
        mov r2, r0
        pop {{r4-r7}}
        mov r8, r4
        mov r9, r5
        mov r10, r6
        mov r11, r7
        pop {{r0}}
        str r2, [r0, #0]
        pop {{r4-r7, pc}}

    18:
        adds r1, r1, #4
        b 19b

        // The product is the larger one, or one of the two is too small to change the other.
    15:
        rsbs r6, r6, #0
        cmp r6, #30
        bhi 23f
        mov r7, r3
        asrs r7, r6
        mov r5, r2
        mov r2, r3
        adds r3, r5, r7
        b 11b
    23:
        cmp r5, r4
        bge 18b
        b 6b

        // Just half of a last place: up where something was lost, else to the even one.
    16:
        mov r5, r2
        asrs r5, r6
        lsls r5, r6
        cmp r5, r2
        bne 13b
        movs r5, #32
        bics r3, r5
        b 13b

        // They cancel in part, or as a whole.
    17:
        cmp r3, #0
        beq 14b
    21:
        lsls r3, r3, #1
        subs r4, r4, #1
        lsls r5, r3, #2
        lsls r7, r3, #3
        eors r5, r7
        bpl 21b
        b 12b
        "
    )
}

/// 25 bits of `2^25 rest / divisor`, of which the first is one, and what is left: `rest < divisor <= 2 rest`, and the divisor has at
/// most 25 bits. A bit at a time: there is no division.
#[inline]
pub(in super::super) fn long_division(mut rest: u32, divisor: u32) -> (u32, u32) {
    // A mark above the quotient, which leaves, as the carry, with the last bit of it.
    let mut quotient = 1_u32 << 7;
    // SAFETY: nothing but these registers and flags is touched.
    unsafe {
        asm!(
            "2:",
            "lsls {rest}, {rest}, #1",
            "cmp {rest}, {divisor}",
            "blo 3f",
            "subs {rest}, {rest}, {divisor}",
            "3:",
            "adcs {quotient}, {quotient}",
            "bcc 2b",
            rest = inout(reg) rest,
            divisor = in(reg) divisor,
            quotient = inout(reg) quotient,
            options(pure, nomem, nostack),
        );
    }
    (quotient, rest)
}
