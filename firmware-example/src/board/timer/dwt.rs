//! The cycle counter of the core's debug unit, which Armv7-M and Armv8-M Mainline have.
#![allow(unsafe_code)]

use cortex_m::Peripherals;
use cortex_m::peripheral::DWT;

pub(in crate::board) fn start() {
    // SAFETY: only `board` uses the peripherals of the core.
    let mut core = unsafe { Peripherals::steal() };
    core.DCB.enable_trace();
    core.DWT.enable_cycle_counter();
}

pub(super) fn now() -> u32 {
    DWT::cycle_count()
}
