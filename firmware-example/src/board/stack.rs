//! How much stack a run takes.
//!
//! The start-up code of `cortex-m-rt` paints the whole stack with one value before `main`; what is deeper than the
//! stack ever was still has it.
#![allow(unsafe_code)]

use cortex_m_rt::STACK_PAINT_VALUE;

/// Bytes of stack that neurona's own calls take at most in a release build, on every core and for every network.
///
/// No kernel and no layer keeps an array on the stack, so that this does not grow with the network; what the compiler keeps
/// there of loops that it unrolls, which it does for small layers on cores with many registers, is in it. The binaries print
/// [`peak`], which counts their own frames and the formatting of their lines as well; `stack` runs networks of every kind.
pub const BOUND: usize = neurona::STACK;

unsafe extern "C" {
    /// Lowest word of the stack, from `memory.x`.
    static _stack_end: u32;
}

/// Bytes of stack that were in use at the deepest point since the reset.
pub fn peak() -> usize {
    let lowest = &raw const _stack_end;
    let untouched = (0..super::STACK / 4)
        // SAFETY: the linker sets STACK bytes apart from here on; volatile, because no Rust value stands there.
        .take_while(|&word| unsafe { lowest.add(word).read_volatile() } == STACK_PAINT_VALUE)
        .count();
    super::STACK - 4 * untouched
}
