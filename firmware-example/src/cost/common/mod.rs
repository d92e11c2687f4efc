//! What the binaries of `cost` have in common: weights, the place where measuring ends, and how its stack is reported.
//!
//! These images hold a network and nothing else, so that the size of their code is that of the network: no printing, no
//! library of the boards. `cargo xtask bench device` counts what is executed from the entry of `measured` to that of
//! `finished`.
#![allow(dead_code, reason = "each binary takes what it needs")]
#![allow(unsafe_code, reason = "the painted stack and semihosting")]

mod inference;
mod learning;

#[allow(unused_imports, reason = "for the binaries that infer")]
pub(crate) use inference::inference;
#[allow(unused_imports, reason = "for the binaries that learn")]
pub(crate) use learning::learning;

use core::panic::PanicInfo;

use cortex_m_rt::STACK_PAINT_VALUE;
use cortex_m_semihosting::syscall1;

unsafe extern "C" {
    /// Lowest and highest word of the stack, from `memory.x`.
    static _stack_end: u32;
    static _stack_start: u32;
}

/// Says how many bytes the input takes, how many the network needs by its type, and how many of the stack were in use at the
/// deepest point; and ends the run.
#[inline(never)]
pub(crate) fn finished(input: usize, ram: usize) -> ! {
    let (mut word, start) = (&raw const _stack_end, &raw const _stack_start);
    // SAFETY: the linker sets the words between both apart for the stack; volatile, because no Rust value stands there.
    while word < start && unsafe { word.read_volatile() } == STACK_PAINT_VALUE {
        word = word.wrapping_add(1);
    }
    let mut text = *b"input = 00000\nram = 00000\nstack = 00000\n\0";
    // Without a division, which is a function of its own on some cores, and would count as code of the network.
    for (end, mut bytes) in [(13, input), (25, ram), (39, start.addr() - word.addr())] {
        for (digit, unit) in text[end - 5..end].iter_mut().zip([10_000, 1_000, 100, 10, 1]) {
            while core::hint::black_box(bytes) >= unit {
                bytes -= unit;
                *digit += 1;
            }
        }
    }
    // SAFETY: the text ends with a zero, as this call of the host reads it, and nothing else holds it.
    unsafe { syscall1!(WRITE0, text.as_ptr()) };
    cortex_m_semihosting::debug::exit(Ok(()));
    loop {}
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// Numbers between -1 and 1 that look random, the same at each build: without a floating-point unit the cost depends on
/// them.
#[derive(Clone, Copy)]
pub(crate) struct Numbers(u32);

impl Numbers {
    pub(crate) const fn new(seed: u32) -> Self {
        Self(seed)
    }

    /// The next of them (Numerical Recipes' generator of 32 bits, whose upper 24 a float holds exactly).
    pub(crate) const fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / 8_388_608.0 - 1.0
    }

    /// So many numbers, within `limit`.
    pub(crate) const fn array<const N: usize>(&mut self, limit: f32) -> [f32; N] {
        let mut values = [0.0; N];
        let mut at = 0;
        while at < N {
            values[at] = limit * self.next();
            at += 1;
        }
        values
    }

    /// So many rows, within `1 / root`: with the root of the number of inputs, as layers are usually initialised.
    pub(crate) const fn rows<const N: usize, const M: usize>(&mut self, root: f32) -> [[f32; N]; M] {
        let mut rows = [[0.0; N]; M];
        let mut at = 0;
        while at < M {
            rows[at] = self.array(1.0 / root);
            at += 1;
        }
        rows
    }

    /// So many filters of rows, columns and channels, the same way.
    pub(crate) const fn filters<const C: usize, const W: usize, const H: usize, const F: usize>(
        &mut self,
        root: f32,
    ) -> [[[[f32; C]; W]; H]; F] {
        let mut filters = [[[[0.0; C]; W]; H]; F];
        let mut at = 0;
        while at < F {
            filters[at] = self.image(root);
            at += 1;
        }
        filters
    }

    /// An image of such numbers.
    pub(crate) const fn image<const C: usize, const W: usize, const H: usize>(
        &mut self,
        root: f32,
    ) -> [[[f32; C]; W]; H] {
        let mut image = [[[0.0; C]; W]; H];
        let mut at = 0;
        while at < H {
            image[at] = self.rows(root);
            at += 1;
        }
        image
    }
}
