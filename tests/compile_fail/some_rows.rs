//! Chosen channels of a layer of which none can learn alone.

use neurona::prelude::*;

struct Chosen;

impl Choice<1> for Chosen {
    const ROWS: [usize; 1] = [1];
}

fn learns<L: Learn>() {}

fn main() {
    learns::<SomeRows<GlobalAvgPool<Signal<4, 2>>, Chosen, 1>>();
}
