//! Loops over slices, compiled for several kinds of CPU; the best that this one has is chosen at run time.
//!
//! A loop is written once, as plain Rust, and the compiler makes vector instructions of it: AVX-512 or AVX2 on x86, NEON on
//! Arm. Rust neither fuses a product with a sum nor changes their order, so that a loop that keeps no sum across its
//! values has the same bits in all forms.

/// Runs an expression with the widest vector instructions of this CPU. What it calls must be `#[inline(always)]`, else it is
/// compiled without them.
///
/// The expression itself has to be inlined too, and so this is a macro with a closure that is marked so. One that could be
/// called again would be called through a function between that is not: [`Once`] makes it one that cannot.
macro_rules! widest {
    ($work:expr) => {{
        let once = crate::simd::Once;
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                once.take();
                $work
            },
        )
    }};
}

pub(crate) use widest;

/// Asks the CPU to bring values that will be read soon into its second cache, and does not wait for them. Other CPUs than those
/// of x86-64 are not asked: stable Rust has no way to.
pub(crate) fn prefetch(values: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    {
        /// Values of a line of the cache.
        const LINE: usize = 64 / size_of::<f32>();
        let sse = match pulp::Arch::new() {
            pulp::Arch::V4(simd) => simd.sse,
            pulp::Arch::V3(simd) => simd.sse,
            _ => return,
        };
        for line in values.chunks(LINE) {
            sse._mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T1 }>(line.as_ptr().cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values;
}

/// A value that can be taken once.
pub(crate) struct Once;

impl Once {
    #[inline(always)]
    pub(crate) fn take(self) {}
}
