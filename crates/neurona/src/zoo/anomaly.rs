//! A small autoencoder.

use crate::prelude::*;

crate::network! {
    /// A small autoencoder for anomaly scores: 64 values, through eight, to themselves.
    ///
    /// Trained on what is normal alone, it gives back what is like that; the mean squared error of output and input is the
    /// score. It is small enough to go on learning on most boards, with the input as its own target. Inputs are best
    /// brought to mean 0 and deviation 1 before.
    ///
    /// Source: N. Japkowicz, C. Myers and M. Gluck, "A novelty detection approach to classification", 1995.
    ///
    /// # Parameters
    ///
    /// `32 (64 + 1) + 8 (32 + 1) + 32 (8 + 1) + 64 (32 + 1)` = 2,080 + 264 + 288 + 2,112 = 4,744, trained and stored.
    ///
    /// # Cost
    ///
    /// 18,976 B of weights, 4,608 multiply-adds, and 416 B of RAM to infer.
    #[derive(Clone, Debug, PartialEq)]
    pub struct AnomalyAutoencoder: [f32; 64] => [f32; 64] {
        encoder: Dense<64, 32, Relu>,
        code: Dense<32, 8>,
        decoder: Dense<8, 32, Relu>,
        output: Dense<32, 64>,
    }
}
