//! A first layer that does not take the network's input.
use neurona::prelude::*;

neurona::network! {
    struct Digits: [f32; 64] => [f32; 10] {
        hidden: Dense<63, 32, Relu>,
        output: Dense<32, 10>,
    }
}

fn main() {}
