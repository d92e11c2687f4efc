//! Meets digits in a new style, notices it, learns them from a stream, and reports what it learned.
//!
//! What happens is told in [`firmware_example::adaptation`]: a drift detector, a replay buffer, a guard with a reference set that
//! refuses a block with false labels, confusion matrices, and a record for `neurona merge`.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use firmware_example::adaptation::{self, Buffers, Memory};
use firmware_example::board::{self, stack};
use firmware_example::println;
use static_cell::ConstStaticCell;

/// Beside learning, the frames of the run itself and of its lines are on the stack.
const STACK: usize = 2 * stack::BOUND;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::ZERO);
static BUFFERS: ConstStaticCell<Buffers> = ConstStaticCell::new(Buffers::EMPTY);

const _: () = board::require_ram(size_of::<Memory>() + size_of::<Buffers>());

#[entry]
fn main() -> ! {
    board::init();
    let (Some(memory), Some(buffers)) = (MEMORY.try_take(), BUFFERS.try_take()) else { board::exit(false) };
    adaptation::run(memory, buffers, &mut |piece| board::print(piece));
    println!("board.name = {}", board::NAME);
    let stack = stack::peak();
    println!("board.stack = {}", stack);
    board::exit(stack <= STACK)
}
