//! A timer that counts instructions (under QEMU) or cycles (on a board).

#[cfg(timer = "cmsdk")]
#[path = "cmsdk.rs"]
mod hardware;
#[cfg(timer = "dwt")]
#[path = "dwt.rs"]
mod hardware;
#[cfg(timer = "nrf51")]
#[path = "nrf51.rs"]
mod hardware;
#[cfg(timer = "systick")]
#[path = "systick.rs"]
mod hardware;

pub(super) use hardware::start;

/// Measures how much the core did since it was started.
///
/// Under QEMU with `-icount shift=0` one instruction is one nanosecond of virtual time: the figure is a number of
/// **instructions**, the same at every run, and says nothing about cycles. It comes in ticks of the timer, up to 62.5
/// instructions each, so that what is measured should be much longer. On a real board it is a number of **cycles**, at
/// the clock that the core has after a reset.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(u32);

impl Stopwatch {
    /// What the timer counts: `"instructions"` or `"cycles"`.
    pub const UNIT: &str = super::UNIT;

    /// Begins to count.
    pub fn start() -> Self {
        Self(hardware::now())
    }

    /// How many [`Self::UNIT`] have passed, up to the 2^32 ticks that the timer counts.
    pub fn elapsed(self) -> u64 {
        u64::from(hardware::now().wrapping_sub(self.0)) * super::PER_TWO_TICKS / 2
    }
}
