//! Needs a byte more than the board's RAM: does not compile.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use firmware_example::board;

const _: () = board::require_ram(board::RAM + 1);

#[entry]
fn main() -> ! {
    board::exit(true)
}
