//! Executes an undefined instruction, so that it ends with a failure and one line.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use firmware_example::board;

#[entry]
fn main() -> ! {
    board::init();
    cortex_m::asm::udf()
}
