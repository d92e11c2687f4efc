//! DS-CNN, for keywords.

use crate::prelude::*;

type Map = Image<25, 5, 64>;
type Depthwise = DepthwiseConv2d<Map, Map, Kernel2d<3>, Relu, Same>;
type Pointwise = Conv2d<Map, Map, Kernel2d<1>, Relu>;

crate::network! {
    /// DS-CNN for keywords: a second of sound, as 49 frames of 10 mel-frequency cepstral coefficients, to twelve classes
    /// (ten words, silence, another word).
    ///
    /// Source: Y. Zhang, N. Suda, L. Lai and V. Chandra, "Hello Edge: keyword spotting on microcontrollers", 2017, in the
    /// form of the benchmark MLPerf Tiny (C. Banbury and others, 2021), which has 64 filters everywhere. In training every
    /// layer but the last is batch-normalised.
    ///
    /// # Parameters
    ///
    /// `64 (10·4 + 1) + 4 (64 (3·3 + 1) + 64 (64 + 1)) + 12 (64 + 1)` = 2,624 + 4 (640 + 4,160) + 780 = 22,604 stored. The
    /// trained form has 4·64 more for each of nine normalised layers: 24,908, as Keras counts.
    ///
    /// # Cost
    ///
    /// 90,416 B of weights, 2,656,768 multiply-adds, and 64,048 B of RAM to infer.
    #[derive(Clone, Debug, PartialEq)]
    pub struct DsCnn: Image<49, 10, 1> => [f32; 12] {
        conv: Conv2d<Image<49, 10, 1>, Map, Kernel2d<10, 4, 2>, Relu, Same>,
        depthwise1: Depthwise,
        pointwise1: Pointwise,
        depthwise2: Depthwise,
        pointwise2: Pointwise,
        depthwise3: Depthwise,
        pointwise3: Pointwise,
        depthwise4: Depthwise,
        pointwise4: Pointwise,
        mean: GlobalAvgPool<Map>,
        output: Dense<64, 12>,
    }
}
