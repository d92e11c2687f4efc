//! A last layer that does not give the network's output.
use neurona::prelude::*;

neurona::network! {
    struct Digits: [f32; 64] => [f32; 10] {
        hidden: Dense<64, 32, Relu>,
        output: Dense<32, 9>,
    }
}

fn main() {}
