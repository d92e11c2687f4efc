//! TIMER0 of the CMSDK, which counts down at the clock of the core (Arm DDI 0479, "APB timer").
#![allow(unsafe_code)]

#[cfg(not(feature = "mps2-an505"))]
const TIMER0: *mut u32 = 0x4000_0000 as *mut u32;
/// The secure alias: the image runs in the secure state.
#[cfg(feature = "mps2-an505")]
const TIMER0: *mut u32 = 0x5000_0000 as *mut u32;

const CTRL: usize = 0;
const VALUE: usize = 1;
const RELOAD: usize = 2;

pub(in crate::board) fn start() {
    // SAFETY: these are the registers of TIMER0, which nothing else uses.
    unsafe {
        TIMER0.add(RELOAD).write_volatile(u32::MAX);
        TIMER0.add(VALUE).write_volatile(u32::MAX);
        TIMER0.add(CTRL).write_volatile(1);
    }
}

pub(super) fn now() -> u32 {
    // SAFETY: reading this register of TIMER0 changes nothing.
    !unsafe { TIMER0.add(VALUE).read_volatile() }
}
