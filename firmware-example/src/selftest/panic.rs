//! Panics, so that it ends with a failure and one line; and does not link under `no-panic-proof`, which shows that the
//! proof finds a panic.
#![no_std]
#![no_main]

use core::hint::black_box;

use cortex_m_rt::entry;
use firmware_example::{board, println};

#[entry]
fn main() -> ! {
    board::init();
    let numbers = black_box([1, 2, 3]);
    println!("{}", numbers[black_box(3)]);
    board::exit(true)
}
