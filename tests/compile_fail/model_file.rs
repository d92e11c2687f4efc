//! A model file of another architecture.
use neurona::prelude::*;

neurona::network! {
    struct Sample: [f32; 3] => [f32; 2] {
        rescale: Rescale<3, { 0.5_f32.to_bits() }>,
        standardize: Standardize<3>,
        hidden: Dense<3, 5, LeakyRelu>,
        output: Dense<5, 2, Sigmoid>,
        share: Softmax<2>,
    }
}

static SAMPLE: Sample = neurona::include_model!("../../crates/neurona/tests/data/v1.neurona");

fn main() {
    _ = &SAMPLE;
}
