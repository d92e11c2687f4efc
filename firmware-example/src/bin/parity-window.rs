//! Proves that this board computes the same bits as every other one and as the desktop: convolutions and pools with every option of
//! a window.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use firmware_example::{board, parity};

#[entry]
fn main() -> ! {
    board::init();
    parity::prove(parity::WINDOW)
}
