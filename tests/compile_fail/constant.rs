//! A factor that is no number.
use neurona::prelude::*;

neurona::network! {
    struct Infinite: [f32; 2] => [f32; 2] {
        scale: Rescale<2, { f32::INFINITY.to_bits() }>,
    }
}

fn main() {}
