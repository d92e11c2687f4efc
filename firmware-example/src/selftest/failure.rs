//! Ends with a failure.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use firmware_example::board;

#[entry]
fn main() -> ! {
    board::init();
    board::exit(false)
}
