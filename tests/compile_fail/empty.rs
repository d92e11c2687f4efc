//! A layer without outputs.
use neurona::prelude::*;

neurona::network! {
    struct Empty: [f32; 2] => [f32; 0] {
        output: Dense<2, 0>,
    }
}

fn main() {}
