//! Nothing that learns stands before a reservoir.

use neurona::prelude::*;

neurona::network! {
    struct Behind: Signal<8, 1> => [f32; 2] {
        filter: Conv1d<Signal<8, 1>, Signal<6, 2>, Kernel1d<3>>,
        memory: EchoState<6, 2, 20, 4, 7>,
        output: Dense<20, 2>,
    }
}

fn main() {}
