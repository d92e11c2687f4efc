//! Chosen neurons that the layer does not have.
use neurona::prelude::*;

struct Chosen;
impl Choice<2> for Chosen {
    const ROWS: [usize; 2] = [1, 4];
}

neurona::network! {
    struct Sparse: [f32; 6] => [f32; 4] {
        hidden: SomeRows<Dense<6, 4>, Chosen, 2>,
    }
}

fn main() {}
