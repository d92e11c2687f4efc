//! Layers that cannot be fed sample by sample: one looks ahead, the other needs all samples at once.
use neurona::prelude::*;

neurona::network! {
    stream struct LooksAhead: Signal<9, 2> => Signal<9, 3> {
        conv: Conv1d<Signal<9, 2>, Signal<9, 3>, Kernel1d<3>, Relu, Same>,
    }
}

neurona::network! {
    stream struct NeedsAll: Signal<9, 2> => [f32; 3] {
        flat: Flatten<Signal<9, 2>, 18>,
        output: Dense<18, 3>,
    }
}

fn main() {}
