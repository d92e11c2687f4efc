//! Loops over slices, compiled for several kinds of CPU; the best that this one has is chosen at run time.
//!
//! A loop is written once, as plain Rust, and the compiler makes vector instructions of it: AVX-512 or AVX2 on x86, NEON on
//! Arm. Rust neither fuses a product with a sum nor changes their order, so that a loop that keeps no sum across its
//! values has the same bits in all forms.

/// Runs an expression with the widest vector instructions of this CPU. What it calls must be `#[inline(always)]`, else it is
/// compiled without them.
///
/// It is a macro because the expression itself has to be inlined: as a closure it is a function of its own, which the compiler
/// leaves without them where it is long.
macro_rules! widest {
    ($work:expr) => {
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || $work,
        )
    };
}

pub(crate) use widest;
