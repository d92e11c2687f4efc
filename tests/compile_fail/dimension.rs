//! A layer that does not take what the one before it gives.
use neurona::prelude::*;

neurona::network! {
    struct Digits: [f32; 64] => [f32; 10] {
        hidden: Dense<64, 32, Relu>,
        output: Dense<31, 10>,
    }
}

fn main() {}
