//! The autoencoder for machine sounds.

use crate::prelude::*;

crate::network! {
    /// The autoencoder for sounds of machines: five frames of 128 mel bands, through eight values, to themselves.
    ///
    /// What it cannot give back is unlike what it has learned from: the anomaly score is the mean squared error of output
    /// and input, over all windows of a sound.
    ///
    /// Source: the baseline of Y. Koizumi and others, "Description and discussion on DCASE 2020 challenge task 2", 2020, in
    /// the form of the benchmark MLPerf Tiny (C. Banbury and others, 2021), for the sounds of toy cars in ToyADMOS
    /// (Y. Koizumi and others, 2019). In training every layer but the last is batch-normalised.
    ///
    /// # Parameters
    ///
    /// `128 (640 + 1) + 3·128 (128 + 1) + 8 (128 + 1) + 128 (8 + 1) + 3·128 (128 + 1) + 640 (128 + 1)` = 82,048 + 49,536 +
    /// 1,032 + 1,152 + 49,536 + 82,560 = 265,864 stored. The trained form has 4 more for each of the 1,032 neurons that are
    /// normalised: 269,992, as Keras counts.
    ///
    /// # Cost
    ///
    /// 1,063,456 B of weights, 264,192 multiply-adds, and 3,584 B of RAM to infer.
    #[derive(Clone, Debug, PartialEq)]
    pub struct ToyAdmosAutoencoder: [f32; 640] => [f32; 640] {
        encoder1: Dense<640, 128, Relu>,
        encoder2: Dense<128, 128, Relu>,
        encoder3: Dense<128, 128, Relu>,
        encoder4: Dense<128, 128, Relu>,
        code: Dense<128, 8, Relu>,
        decoder1: Dense<8, 128, Relu>,
        decoder2: Dense<128, 128, Relu>,
        decoder3: Dense<128, 128, Relu>,
        decoder4: Dense<128, 128, Relu>,
        output: Dense<128, 640>,
    }
}
