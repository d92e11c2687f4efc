//! A layer in flash that does not fit its neighbours.
use neurona::prelude::*;

static TRAINED: Dense<64, 32, Relu> = Dense::ZERO;

neurona::in_flash! {
    Strokes: Dense<64, 32, Relu> = TRAINED;
}

neurona::network! {
    struct Head: [f32; 64] => [f32; 10] {
        hidden: InFlash<Strokes>,
        output: Dense<31, 10>,
    }
}

fn main() {}
