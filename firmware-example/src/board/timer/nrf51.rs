//! TIMER0 of the nRF51, at 16 MHz and with 32 bits (nRF51 Series Reference Manual, "Timer/counter").
#![allow(unsafe_code)]

const TIMER0: usize = 0x4000_8000;
const START: usize = 0x000;
const CAPTURE_0: usize = 0x040;
const BITMODE: usize = 0x508;
const PRESCALER: usize = 0x510;
const CC_0: usize = 0x540;

pub(in crate::board) fn start() {
    write(BITMODE, 3);
    write(PRESCALER, 0);
    write(START, 1);
}

pub(super) fn now() -> u32 {
    write(CAPTURE_0, 1);
    // SAFETY: the register that the capture has just filled; reading it changes nothing.
    unsafe { ((TIMER0 + CC_0) as *const u32).read_volatile() }
}

fn write(register: usize, value: u32) {
    // SAFETY: every caller names a register of TIMER0, which nothing else uses.
    unsafe { ((TIMER0 + register) as *mut u32).write_volatile(value) }
}
