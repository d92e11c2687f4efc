//! ReLU, and the way back through it.

use core::arch::naked_asm;

use crate::kernel::blocks::plain;

/// [`plain::relu`].
pub(in crate::kernel) fn relu(y: &mut [f32]) {
    let (eights, rest) = y.as_chunks_mut::<8>();
    if !eights.is_empty() {
        // SAFETY: so many times eight values can be read and written.
        unsafe { rectify(eights.as_mut_ptr(), eights.len()) }
    }
    plain::relu(rest);
}

/// Zero for every number that has a sign: eight of them at a time.
///
/// A first pass looks for NaN: it adds up products of two values each, and a NaN among them makes the sum one; so may infinities.
/// Without, zero for what is negative is a saturation of the pattern as a whole number. With, a pattern above that of minus
/// infinity is a NaN with a sign, which it loses: with 0x7fffff it carries.
///
/// # Safety
///
/// So many times eight values, not none, can be read and written.
#[unsafe(naked)]
unsafe extern "C" fn rectify(y: *mut [f32; 8], count: usize) {
    // Zero for a number with a sign. The NaN keeps its own where each value is done so, because of the time that it takes.
    #[cfg(feature = "cortex-m4")]
    macro_rules! off {
        ($value:literal) => {
            concat!("it cc\n", "biccc ", $value, ", ", $value, ", ", $value, ", asr #31\n")
        };
    }
    #[cfg(not(feature = "cortex-m4"))]
    macro_rules! off {
        ($value:literal) => {
            concat!(
                "ite cc\n",
                "biccc ",
                $value,
                ", ",
                $value,
                ", ",
                $value,
                ", asr #31\n",
                "biccs ",
                $value,
                ", ",
                $value,
                ", #0x80000000\n"
            )
        };
    }
    macro_rules! eight {
        ($($value:literal)+) => {
            concat!(
                "ldm r0, {{r2-r9}}\n",
                $("cmn ", $value, ", r12\n", off!($value)),+,
                "stm r0!, {{r2-r9}}\n"
            )
        };
    }
    // By Arm's table the first pass costs a Cortex-M4 more than the second saves.
    #[cfg(feature = "cortex-m4")]
    macro_rules! without_nan {
        () => {
            ""
        };
    }
    #[cfg(not(feature = "cortex-m4"))]
    macro_rules! without_nan {
        () => {
            concat!(
                "mov r2, r0\n",
                "vmov.f32 s8, #1.0\n",
                "subs r3, r1, #2\n",
                "blo 6f\n",
                "5:\n",
                without_nan!(@ products),
                without_nan!(@ products),
                "subs r3, r3, #2\n",
                "bhs 5b\n",
                "6:\n",
                "adds r3, r3, #1\n",
                "bmi 7f\n",
                without_nan!(@ products),
                "7:\n",
                "vcmp.f32 s8, s8\n",
                "vmrs apsr_nzcv, fpscr\n",
                "bvs 11f\n",
                "subs r1, r1, #2\n",
                "blo 9f\n",
                "8:\n",
                without_nan!(@ saturate "r2" "r3" "r4" "r5" "r6" "r7" "r8" "r9"),
                without_nan!(@ saturate "r2" "r3" "r4" "r5" "r6" "r7" "r8" "r9"),
                "subs r1, r1, #2\n",
                "bhs 8b\n",
                "9:\n",
                "adds r1, r1, #1\n",
                "bmi 4f\n",
                without_nan!(@ saturate "r2" "r3" "r4" "r5" "r6" "r7" "r8" "r9"),
                "b 4f\n",
                "11:\n",
            )
        };
        (@ products) => {
            concat!(
                "vldmia r2!, {{s0-s7}}\n",
                "vmla.f32 s8, s0, s1\n",
                "vmla.f32 s8, s2, s3\n",
                "vmla.f32 s8, s4, s5\n",
                "vmla.f32 s8, s6, s7\n",
            )
        };
        (@ saturate $($value:literal)+) => {
            concat!("ldm r0, {{r2-r9}}\n", $("usat ", $value, ", #31, ", $value, "\n"),+, "stm r0!, {{r2-r9}}\n")
        };
    }
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r9}}",
        without_nan!(),
        "ldr r12, =0x7fffff",
        "2:",
        eight!("r2" "r3" "r4" "r5" "r6" "r7" "r8" "r9"),
        "subs r1, r1, #1",
        "bne 2b",
        "4:",
        "pop {{r4-r9}}",
        "bx lr",
        ".ltorg",
    )
}

/// [`plain::relu_backward`], of outputs of [`relu`].
pub(in crate::kernel) fn relu_backward(y: &[f32], dy: &mut [f32]) {
    let len = if y.len() < dy.len() { y.len() } else { dy.len() };
    // SAFETY: both slices have so many values, and are borrowed apart.
    unsafe { gate(y.as_ptr(), dy.as_mut_ptr(), len) }
}

/// [`plain::relu_backward`] of `len` values: saturated to one bit, the pattern of `y` as a whole number with a sign is what the
/// pattern of `dy` is multiplied by. A NaN with a sign would count as off, which [`relu`] does not give.
///
/// # Safety
///
/// So many values can be read at `y`, and read and written at `dy`, and they do not overlap.
#[cfg(not(feature = "cortex-m4"))]
#[unsafe(naked)]
unsafe extern "C" fn gate(y: *const f32, dy: *mut f32, len: usize) {
    macro_rules! four {
        ($($y:literal $dy:literal),+) => {
            concat!(
                "ldm r0!, {{r3-r6}}\n",
                "ldm r1, {{r7-r10}}\n",
                $("usat ", $y, ", #1, ", $y, "\n", "mul ", $dy, ", ", $dy, ", ", $y, "\n"),+,
                "stm r1!, {{r7-r10}}\n"
            )
        };
    }
    naked_asm!(
        "push {{r4-r10}}",
        "subs r2, r2, #8",
        "blo 4f",
        "3:",
        four!("r3" "r7", "r4" "r8", "r5" "r9", "r6" "r10"),
        four!("r3" "r7", "r4" "r8", "r5" "r9", "r6" "r10"),
        "subs r2, r2, #8",
        "bhs 3b",
        "4:",
        "adds r2, r2, #7",
        "bmi 6f",
        "5:",
        "ldr r3, [r0], #4",
        "ldr r7, [r1]",
        "usat r3, #1, r3",
        "muls r7, r3, r7",
        "str r7, [r1], #4",
        "subs r2, r2, #1",
        "bhs 5b",
        "6:",
        "pop {{r4-r10}}",
        "bx lr",
    )
}

/// [`plain::relu_backward`] of `len` values. Not above zero, as the flags of a comparison have it, leaves out NaN.
///
/// # Safety
///
/// So many values can be read at `y`, and read and written at `dy`, and they do not overlap.
#[cfg(feature = "cortex-m4")]
#[unsafe(naked)]
unsafe extern "C" fn gate(y: *const f32, dy: *mut f32, len: usize) {
    macro_rules! gate {
        ($($y:literal $dy:literal),+) => {
            concat!($(
                "vcmp.f32 ", $y, ", #0.0\n", "vmrs apsr_nzcv, fpscr\n", "it ls\n", "vmovls.f32 ", $dy, ", s16\n"
            ),+)
        };
    }
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "vpush {{d8}}",
        "movs r3, #0",
        "vmov s16, r3",
        "subs r2, r2, #8",
        "blo 4f",
        "3:",
        "vldmia r0!, {{s0-s7}}",
        "vldmia r1, {{s8-s15}}",
        gate!("s0" "s8", "s1" "s9", "s2" "s10", "s3" "s11", "s4" "s12", "s5" "s13", "s6" "s14", "s7" "s15"),
        "vstmia r1!, {{s8-s15}}",
        "subs r2, r2, #8",
        "bhs 3b",
        "4:",
        "adds r2, r2, #7",
        "bmi 6f",
        "5:",
        "vldmia r0!, {{s0}}",
        "vldmia r1, {{s8}}",
        gate!("s0" "s8"),
        "vstmia r1!, {{s8}}",
        "subs r2, r2, #1",
        "bhs 5b",
        "6:",
        "vpop {{d8}}",
        "bx lr",
    )
}
