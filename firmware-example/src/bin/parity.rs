//! Proves that this board computes the same bits as every other one and as the desktop: the network of the digits,
//! activations, losses and the layers of dense networks.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use firmware_example::board;
use firmware_example::parity::{self, Memory};
use firmware_example::println;
use static_cell::ConstStaticCell;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::ZERO);

const _: () = board::require_ram(size_of::<Memory>());

#[entry]
fn main() -> ! {
    board::init();
    let Some(memory) = MEMORY.try_take() else { board::exit(false) };

    let golden = parity::golden_is_equal(memory);
    println!("golden = {}", if golden { "equal" } else { "different" });
    if !golden {
        board::exit(false);
    }
    parity::run_digits(memory, &mut |name, hash| println!("{} = {:016x}", name, hash));
    parity::prove(parity::DENSE)
}
