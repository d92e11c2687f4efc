//! The same in the instructions of Armv7-M, which Armv8-M Mainline has too.
//!
//! Both functions do what [`Sum::add`](super::Sum) does, step by step, with the same bits, and stop before a product that it leaves
//! to the operators. They save what a compiler spends: a carry goes from instruction to instruction, and nothing is kept on the
//! stack.
#![allow(unsafe_code)]

use core::arch::naked_asm;

use super::{SIGN, Sum, WHOLE, ZERO, exponent, is_normal, is_zero};

const BIAS: i32 = 127;

impl Sum {
    /// Adds products: `self += a[i] * b[i]`, of as many as both have.
    pub(in crate::kernel) fn add_products(&mut self, a: &[f32], b: &[f32]) {
        self.add_all(a, 1, b, 1, if a.len() < b.len() { a.len() } else { b.len() }, add_neighbors);
    }

    /// Adds up to `count` products: `self += a[i * a_step] * b[i * b_step]`, of as many as both have.
    pub(in crate::kernel) fn add_products_apart(
        &mut self,
        a: &[f32],
        a_step: usize,
        b: &[f32],
        b_step: usize,
        count: usize,
    ) {
        let (a_step, b_step) = (a_step.max(1), b_step.max(1));
        let all = [a.len().div_ceil(a_step), b.len().div_ceil(b_step), count];
        let count = all.into_iter().fold(usize::MAX, |least, count| if count < least { count } else { least });
        self.add_all(a, a_step, b, b_step, count, add_apart);
    }

    /// Both slices have so many numbers, so many steps apart.
    #[inline]
    fn add_all(
        &mut self,
        a: &[f32],
        a_step: usize,
        b: &[f32],
        b_step: usize,
        count: usize,
        add: unsafe extern "C" fn(&mut Products),
    ) {
        let mut done = 0;
        while let (Some(a_left @ [a_next, ..]), Some(b_left @ [b_next, ..])) =
            (a.get(done * a_step..), b.get(done * b_step..))
            && done < count
        {
            if self.exponent == WHOLE {
                *self = self.add_whole(a_next.to_bits(), b_next.to_bits());
                done += 1;
                continue;
            }
            let mut products = Products {
                a: a_left.as_ptr(),
                b: b_left.as_ptr(),
                count: count - done,
                significand: self.significand << 2,
                exponent: self.exponent + BIAS,
                a_step: a_step * size_of::<f32>(),
                b_step: b_step * size_of::<f32>(),
            };
            // SAFETY: there is a product, so many are left in both slices, and the sum is not a whole one.
            unsafe { add(&mut products) };
            done = count - products.count;
            let significand = products.significand >> 2;
            *self = Self { significand, exponent: if significand == 0 { ZERO } else { products.exponent - BIAS } };
            // What it stopped before is for the operators.
            if let (Some(a), Some(b)) = (a.get(done * a_step), b.get(done * b_step))
                && done < count
            {
                *self = self.add_whole(a.to_bits(), b.to_bits());
                done += 1;
            }
        }
    }
}

/// Adds a multiple: `y[i] += a * x[i]`.
pub(in crate::kernel) fn axpy(a: f32, x: &[f32], y: &mut [f32]) {
    let factor = a.to_bits();
    let count = if x.len() < y.len() { x.len() } else { y.len() };
    let mut done = 0;
    loop {
        if let (Some(x), Some(y)) = (x.get(done..count), y.get_mut(done..count))
            && !x.is_empty()
            && is_normal(exponent(factor))
        {
            let mut multiples = Multiples {
                x: x.as_ptr(),
                y: y.as_mut_ptr(),
                count: x.len(),
                factor,
                significand: (factor << 8) | SIGN,
                exponent: exponent(factor).cast_signed() - BIAS,
            };
            // SAFETY: there is a number, so many are left in both slices, and they are borrowed apart.
            unsafe { add_multiples(&mut multiples) };
            done = count - multiples.count;
        }
        // What it stopped before is for the operators, and all where the factor is.
        let (Some(x), Some(y)) = (x.get(done), y.get_mut(done)) else { return };
        // Products of zero change nothing but minus zero.
        if !is_zero(factor) || y.to_bits() == SIGN || exponent(x.to_bits()) == 255 {
            *y += a * x;
        }
        done += 1;
    }
}

/// Products on their way into a sum.
#[repr(C)]
struct Products {
    a: *const f32,
    b: *const f32,
    /// How many are left.
    count: usize,
    /// That of the sum times four: rounded alike, with two zeros more.
    significand: i32,
    /// That of the sum, with its bias once more.
    exponent: i32,
    /// From number to number, in bytes.
    a_step: usize,
    b_step: usize,
}

/// Multiples on their way into other numbers.
#[repr(C)]
struct Multiples {
    x: *const f32,
    y: *mut f32,
    /// How many are left.
    count: usize,
    /// The bits of the factor, a normal number.
    factor: u32,
    /// Its significand from the first bit on.
    significand: u32,
    /// Its exponent without its bias.
    exponent: i32,
}

/// The significand of a product, of which `high` and `low` are those of the factors, rounded, with its sign, above four zeros in
/// `high`; adds to the exponent where it is 2 or more.
macro_rules! product {
    ($low:literal $high:literal $by:literal, $signs:literal, $exponent:literal, $free:literal, $normal:literal) => {
        concat!(
            "umull ",
            $low,
            ", ",
            $high,
            ", ",
            $high,
            ", ",
            $by,
            "\n",
            "lsrs ",
            $free,
            ", ",
            $high,
            ", #23\n",
            "bne ",
            $normal,
            "f\n",
            "adds ",
            $low,
            ", ",
            $low,
            ", ",
            $low,
            "\n",
            "adc ",
            $high,
            ", ",
            $high,
            ", ",
            $high,
            "\n",
            $normal,
            ":\n",
            "add ",
            $exponent,
            ", ",
            $exponent,
            ", ",
            $free,
            "\n",
            // The last place goes into the carry: without it half of one more is needed to round up.
            "lsrs ",
            $free,
            ", ",
            $high,
            ", #1\n",
            "sbcs ",
            $low,
            ", ",
            $low,
            ", #0x80000000\n",
            "adc ",
            $high,
            ", ",
            $high,
            ", #0\n",
            "lsl ",
            $high,
            ", ",
            $high,
            ", #4\n",
            "eor ",
            $high,
            ", ",
            $high,
            ", ",
            $signs,
            ", asr #31\n",
            "sub ",
            $high,
            ", ",
            $high,
            ", ",
            $signs,
            ", asr #31\n",
        )
    };
}

/// `shifted` is the significand over two to the power of the distance, odd where something is lost; takes the distance's place.
macro_rules! shift_right {
    ($shifted:literal, $significand:literal, $distance:literal) => {
        concat!(
            "asr ",
            $shifted,
            ", ",
            $significand,
            ", ",
            $distance,
            "\n",
            "lsl ",
            $distance,
            ", ",
            $shifted,
            ", ",
            $distance,
            "\n",
            "cmp ",
            $distance,
            ", ",
            $significand,
            "\n",
            "it ne\n",
            "orrne ",
            $shifted,
            ", ",
            $shifted,
            ", #1\n",
        )
    };
}

/// The sum of two significands, brought to bit 29, and its exponent; to `zero` where there is none. Rounded but for its last six
/// bits, which count no more.
macro_rules! normalize {
    ($sum:literal, $exponent:literal, $free:literal, $zero:literal) => {
        concat!(
            "lsl ",
            $free,
            ", ",
            $sum,
            ", #2\n",
            "eors ",
            $free,
            ", ",
            $free,
            ", ",
            $sum,
            ", asr #31\n",
            "beq ",
            $zero,
            "f\n",
            "clz ",
            $free,
            ", ",
            $free,
            "\n",
            "lsl ",
            $sum,
            ", ",
            $sum,
            ", ",
            $free,
            "\n",
            "rsb ",
            $free,
            ", ",
            $free,
            ", #2\n",
            "add ",
            $exponent,
            ", ",
            $exponent,
            ", ",
            $free,
            "\n",
            "lsrs ",
            $free,
            ", ",
            $sum,
            ", #7\n",
            "adc ",
            $sum,
            ", ",
            $sum,
            ", #31\n",
        )
    };
}

/// Adds products: r1 and r2 go along the numbers, r3 counts, r4 and r5 are the sum.
macro_rules! add_products {
    ($a:literal, $b:literal, $next:literal, $back:literal) => {
        naked_asm!(
            "push {{r0, r4-r11, lr}}",
            "ldm r0, {{r1-r5}}",
            "ldr lr, [r0, #20]",
            "ldr r0, [r0, #24]",
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
            shift_right!("r6", "r7", "r9"),
            "add r4, r6, r4, asr #2",
            "4:",
            normalize!("r4", "r5", "r12", "6"),
            "bic r4, r4, #63",
            "9:",
            $next,
            "subs r3, r3, #1",
            "bne 2b",
            "b 12f",
            // The sum is the smaller one.
            "5:",
            "rsb r9, r9, #0",
            "cmp r9, #30",
            "bhi 11f",
            "add r9, r9, #2",
            shift_right!("r6", "r4", "r9"),
            "add r4, r7, r6",
            "mov r5, r8",
            "b 4b",
            // They cancel.
            "6:",
            "mov r5, #0xe0000000",
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
/// There is at least one, and so many numbers can be read; the sum is not a whole one.
#[unsafe(naked)]
unsafe extern "C" fn add_neighbors(products: &mut Products) {
    add_products!("ldr r6, [r1], #4", "ldr r7, [r2], #4", "", "sub r1, r1, #4\nsub r2, r2, #4")
}

/// Adds products of numbers that are so many steps apart, up to one that is left to the operators.
///
/// # Safety
///
/// There is at least one, and so many numbers can be read; the sum is not a whole one.
#[unsafe(naked)]
unsafe extern "C" fn add_apart(products: &mut Products) {
    add_products!("ldr r6, [r1]", "ldr r7, [r2]", "add r1, r1, lr\nadd r2, r2, r0", "")
}

/// Adds multiples, up to one that is left to the operators.
///
/// # Safety
///
/// There is at least one; so many numbers can be read at `x`, and read and written at `y`.
#[unsafe(naked)]
unsafe extern "C" fn add_multiples(multiples: &mut Multiples) {
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
        shift_right!("r7", "r6", "r12"),
        "add r6, r7, lr",
        "mov r8, r9",
        "4:",
        normalize!("r6", "r8", "r12", "6"),
        "11:",
        // The absolute value of what is rounded, on which the exponent goes; the first bit makes up for the 1.
        "asr r7, r6, #6",
        "eor r7, r7, r6, asr #31",
        "sub r7, r7, r6, asr #31",
        "sub r8, r8, #1",
        "cmp r8, #0",
        "blt 8f",
        "add r7, r7, r8, lsl #23",
        "and r6, r6, #0x80000000",
        "orr r6, r6, r7",
        "6:",
        "str r6, [r2, #-4]",
        "9:",
        "subs r3, r3, #1",
        "bne 2b",
        "b 12f",
        // The product is the larger one.
        "5:",
        "rsb r12, r12, #0",
        "cmp r12, #30",
        "bhi 13f",
        shift_right!("r7", "lr", "r12"),
        "add r6, r6, r7",
        "b 4b",
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
        "lsl r6, r6, #2",
        "b 11b",
        // One of the two is too small to change the other.
        "13:",
        "cmp r9, r8",
        "bge 9b",
        "b 14b",
    )
}
