//! SysTick at the clock of the core, its 24 bits made 32 by counting how often it wraps.
#![allow(unsafe_code)]

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::Peripherals;
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;

const BITS: u32 = 24;
const RELOAD: u32 = (1 << BITS) - 1;

static WRAPS: AtomicU32 = AtomicU32::new(0);

pub(in crate::board) fn start() {
    // SAFETY: only `board` uses the peripherals of the core.
    let mut systick = unsafe { Peripherals::steal() }.SYST;
    systick.set_clock_source(SystClkSource::Core);
    systick.set_reload(RELOAD);
    systick.clear_current();
    systick.enable_interrupt();
    systick.enable_counter();
}

pub(super) fn now() -> u32 {
    loop {
        let wraps = WRAPS.load(Ordering::Relaxed);
        let current = SYST::get_current();
        // A wrap between the two readings has run the handler by now: read again.
        if wraps == WRAPS.load(Ordering::Relaxed) {
            return (wraps << BITS) | (RELOAD - current);
        }
    }
}

/// Armv6-M has no atomic addition; nothing else writes this value.
#[exception]
fn SysTick() {
    WRAPS.store(WRAPS.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}
