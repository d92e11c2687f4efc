//! Recurses for ever, so that it ends with a failure and one line, and not with weights that are written over.
#![no_std]
#![no_main]

use core::hint::black_box;

use cortex_m_rt::entry;
use firmware_example::{board, println};

#[entry]
fn main() -> ! {
    board::init();
    println!("{}", depth(black_box(0)));
    board::exit(true)
}

#[inline(never)]
fn depth(above: u32) -> u32 {
    let frame = black_box([above; 16]);
    if black_box(true) { depth(above + 1) + frame[15] } else { above }
}
