//! Biases alone of a layer that has none.

use neurona::prelude::*;

fn learns<L: Learn>() {}

fn main() {
    learns::<BiasOnly<GlobalAvgPool<Signal<4, 2>>>>();
}
