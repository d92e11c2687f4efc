//! More memory for learning than the board has.
use neurona::prelude::*;

neurona::network! {
    struct Digits: [f32; 64] => [f32; 10] { hidden: Dense<64, 32, Relu>, output: Dense<32, 10> }
}

const _: () = assert!(Digits::RAM.adam + neurona::STACK <= 16 * 1024, "Adam does not fit into 16 KiB");

fn main() {}
