//! The board: memory, timer, printing, and how a run ends.
//!
//! A binary begins with [`init`] and ends with [`exit`]; a panic or a fault ends it as well, with a failure and one
//! line that says why. Whoever runs it (QEMU, or probe-rs with a board) ends with 0 after success and another number
//! after failure.
//!
//! # Memory
//!
//! `boards/<name>/memory.x` sets the lowest [`STACK`] bytes of RAM apart for the stack, so that a stack that grows too
//! large ends in a fault and never writes over the weights. The rest, [`RAM`] bytes, is for statics. A binary states
//! what it needs with [`require_ram`]: a network that does not fit the board is refused by the compiler, in one
//! sentence, before the linker counts sections. [`stack::peak`] measures what the stack took.
//!
//! # Printing
//!
//! [`print!`](crate::print) goes through semihosting, which both QEMU and `probe-rs run` understand, and which carries
//! the exit code as well. RTT would be faster, but QEMU has none, and its buffer would take 1 KiB of the M0's 16. A
//! board that runs without a debugger stops at its first line.

#[cfg(feature = "raspberry-pi-pico")]
mod boot2;
mod console;
mod fault;
pub mod flash;
pub mod stack;
mod timer;

pub use console::print;
pub use timer::Stopwatch;

include!(concat!(env!("OUT_DIR"), "/board.rs"));

/// Opens the console and starts the timer. The core's clock stays the one it has after a reset.
pub fn init() {
    console::open();
    timer::start();
}

/// Ends the run: with exit code 0 when `success`, with another one when not.
pub fn exit(success: bool) -> ! {
    cortex_m_semihosting::debug::exit(if success { Ok(()) } else { Err(()) });
    loop {
        cortex_m::asm::wfi();
    }
}

/// Refuses, at compile time, statics of more bytes than the board has RAM for.
///
/// ```ignore
/// const _: () = board::require_ram(size_of::<Digits>() + size_of::<Workspace<Digits>>());
/// ```
///
/// # Panics
///
/// When `bytes` is more than [`RAM`]; in a constant this is an error of the compiler.
pub const fn require_ram(bytes: usize) {
    assert!(bytes <= RAM, "this network does not fit into the RAM of the board: see boards/*/memory.x");
}
