//! Holds the timer and the painted stack to what is known of them, under QEMU: a board counts other cycles a turn.
#![no_std]
#![no_main]

use core::hint::black_box;

use cortex_m_rt::entry;
use firmware_example::board::{self, Stopwatch, stack};
use firmware_example::println;

/// Bytes that `dig` has on its stack.
const HOLE: usize = 1024;

#[entry]
fn main() -> ! {
    board::init();
    let (once, twice) = (count(100_000), count(200_000));
    // One turn is two instructions; what stands around the loop, and the two readings, are less than 500.
    let timer = once / 200_000 == 1 && once % 200_000 < 500 && twice / 400_000 == 1 && twice % 400_000 < 500;
    println!("timer: {} {} for 100000 turns, {} for 200000", once, Stopwatch::UNIT, twice);

    let before = stack::peak();
    dig();
    let after = stack::peak();
    let stack = before < HOLE && (HOLE..HOLE + before).contains(&after);
    println!("stack: {} bytes before, {} after a hole of {}", before, after, HOLE);
    board::exit(timer && stack)
}

/// How many instructions (or cycles) a loop of `turns` takes.
#[inline(never)]
fn count(turns: u32) -> u64 {
    let stopwatch = Stopwatch::start();
    turn(turns);
    stopwatch.elapsed()
}

/// Two instructions a turn, whatever the compiler.
#[allow(unsafe_code)]
fn turn(turns: u32) {
    // SAFETY: counts a register down to zero and touches nothing else.
    unsafe { core::arch::asm!("2: subs {0}, #1", "bne 2b", inout(reg) turns => _, options(nomem, nostack)) };
}

#[inline(never)]
fn dig() {
    black_box([1_u8; HOLE]);
}
