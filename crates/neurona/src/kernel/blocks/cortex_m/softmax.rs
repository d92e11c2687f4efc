//! Softmax with the fast exponential.

use core::arch::naked_asm;

use crate::fast;

/// [`plain::fast_softmax`](crate::kernel::blocks::plain::fast_softmax).
pub(in crate::kernel) fn fast_softmax(z: &[f32], y: &mut [f32]) -> (f32, f32) {
    let len = if z.len() < y.len() { z.len() } else { y.len() };
    // SAFETY: both slices have so many values, and are borrowed apart.
    let Sum { max, sum } = unsafe { softmax(z.as_ptr(), y.as_mut_ptr(), len) };
    (max, sum)
}

/// The largest value, and the sum of the exponentials: two registers, as the procedure call standard returns two floats.
#[repr(C)]
struct Sum {
    max: f32,
    sum: f32,
}

/// [`plain::fast_softmax`](crate::kernel::blocks::plain::fast_softmax) of `len` values.
///
/// Patterns of numbers without a sign are ordered as they are, and above all others as whole numbers with a sign; where the largest
/// pattern is not such a number, the largest value is looked for by comparing values.
///
/// The exponential is [`fast::exp`] of `z - max`, but of differences and numbers of fixed point with their signs turned, which are
/// rounded towards zero either way. From a difference of -87 on down, which is looked for in pairs, the pattern that was made of it
/// is replaced by that of zero; a NaN, which becomes 0 in fixed point, makes the sum NaN, and so every quotient.
///
/// # Safety
///
/// So many values can be read at `z`, and written at `y`, and they do not overlap.
#[unsafe(naked)]
unsafe extern "C" fn softmax(z: *const f32, y: *mut f32, len: usize) -> Sum {
    macro_rules! largest_pattern {
        ($($x:literal)+) => {
            concat!($("cmp ", $x, ", r7\n", "it gt\n", "movgt r7, ", $x, "\n"),+)
        };
    }
    // With f what x log2 e is above the whole number below, r9 is f, and r10 is 1 - f.
    macro_rules! power {
        ($t:literal) => {
            concat!(
                "lsl r10, ",
                $t,
                ", #9\n",
                "rsb r9, r10, #0\n",
                "umull r12, r11, r9, r6\n",
                "add r11, r11, r5\n",
                "umull r12, r11, r9, r11\n",
                "add r11, r11, r4\n",
                "umull r12, r11, r9, r11\n",
                "add r11, r11, r3\n",
                "umull r12, r10, r9, r10\n",
                "umull r12, r11, r10, r11\n",
                "add r11, r11, #256\n",
                "rsb ",
                $t,
                ", ",
                $t,
                ", #0x3f800000\n",
                "sub ",
                $t,
                ", ",
                $t,
                ", r11, lsr #9\n",
            )
        };
    }
    // A difference that is too small for a result, as its flags of before tell.
    macro_rules! zero_where_small {
        ($($x:literal $t:literal),+) => {
            concat!(
                "vldr s7, 14f\n",
                $("vcmp.f32 ", $x, ", s7\n", "vmrs apsr_nzcv, fpscr\n", "it ge\n", "movge ", $t, ", #0\n"),+
            )
        };
    }
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r1, r2, r4-r11, lr}}",
        // The largest.
        "mov r12, r0",
        "mov r7, #0x80000000",
        "subs r2, r2, #4",
        "blo 3f",
        "2:",
        "ldm r12!, {{r3-r6}}",
        largest_pattern!("r3" "r4" "r5" "r6"),
        "subs r2, r2, #4",
        "bhs 2b",
        "3:",
        "adds r2, r2, #3",
        "bmi 5f",
        "4:",
        "ldr r3, [r12], #4",
        largest_pattern!("r3"),
        "subs r2, r2, #1",
        "bhs 4b",
        "5:",
        "vmov s0, r7",
        "cmp r7, #0x7f800000",
        "bhi 11f",
        // The exponentials, and their sum.
        "6:",
        "adr r12, 13f",
        "ldm r12, {{r2-r6}}",
        "vmov s4, r2",
        "ldr r2, [sp, #4]",
        "vsub.f32 s1, s4, s4",
        "vmov.f32 s5, s1",
        "subs r2, r2, #2",
        "blo 8f",
        "7:",
        "vldmia r0!, {{s2-s3}}",
        "vsub.f32 s2, s0, s2",
        "vsub.f32 s3, s0, s3",
        "vadd.f32 s5, s5, s2",
        "vadd.f32 s5, s5, s3",
        "vmul.f32 s6, s2, s4",
        "vmul.f32 s7, s3, s4",
        "vcvt.s32.f32 s6, s6",
        "vcvt.s32.f32 s7, s7",
        "vmov r7, r8, s6, s7",
        "orr lr, r7, r8",
        power!("r7"),
        power!("r8"),
        "cmp lr, #{small}",
        "bhs 12f",
        "71:",
        "vmov s2, s3, r7, r8",
        "vadd.f32 s1, s1, s2",
        "vadd.f32 s1, s1, s3",
        "vstmia r1!, {{s2-s3}}",
        "subs r2, r2, #2",
        "bhs 7b",
        "8:",
        "adds r2, r2, #1",
        "bmi 9f",
        "vldr s2, [r0]",
        "vsub.f32 s2, s0, s2",
        "vadd.f32 s5, s5, s2",
        "vmul.f32 s6, s2, s4",
        "vcvt.s32.f32 s6, s6",
        "vmov r7, s6",
        power!("r7"),
        zero_where_small!("s2" "r7"),
        "vmov s2, r7",
        "vadd.f32 s1, s1, s2",
        "vstr s2, [r1]",
        "9:",
        "vcmp.f32 s5, s5",
        "vmrs apsr_nzcv, fpscr",
        "it vs",
        "vmovvs.f32 s1, s5",
        // The quotients.
        "pop {{r1, r2, r4-r11, lr}}",
        "subs r2, r2, #2",
        "blo 15f",
        "10:",
        "vldr s2, [r1]",
        "vldr s3, [r1, #4]",
        "vdiv.f32 s2, s2, s1",
        "vdiv.f32 s3, s3, s1",
        "vstmia r1!, {{s2-s3}}",
        "subs r2, r2, #2",
        "bhs 10b",
        "15:",
        "adds r2, r2, #1",
        "it mi",
        "bxmi lr",
        "vldr s2, [r1]",
        "vdiv.f32 s2, s2, s1",
        "vstr s2, [r1]",
        "bx lr",
        // The largest, by values.
        "11:",
        "ldr r2, [sp, #4]",
        "mov r12, r0",
        "movs r3, #0",
        "movt r3, #0xff80",
        "vmov s0, r3",
        "cbz r2, 17f",
        "16:",
        "vldmia r12!, {{s2}}",
        "vcmp.f32 s2, s0",
        "vmrs apsr_nzcv, fpscr",
        "it gt",
        "vmovgt.f32 s0, s2",
        "subs r2, r2, #1",
        "bne 16b",
        "17:",
        "b 6b",
        "12:",
        zero_where_small!("s2" "r7", "s3" "r8"),
        "b 71b",
        ".p2align 2",
        "13:",
        ".word {scale}, {q0}, {q1}, {q2}, {q3}",
        "14:",
        ".word {lowest}",
        scale = const fast::SCALE.to_bits(),
        q0 = const fast::Q[0],
        q1 = const fast::Q[1],
        q2 = const fast::Q[2],
        q3 = const fast::Q[3],
        lowest = const (-fast::LOWEST).to_bits(),
        // Below 124 in both numbers, whose bits are taken together, is above a difference of -87.
        small = const 124 << fast::BITS,
    )
}
