//! MobileNet, a quarter as wide.

use crate::prelude::*;

type Depthwise<X, Y, const STRIDE: usize = 1> = DepthwiseConv2d<X, Y, Kernel2d<3, 3, STRIDE>, Relu, Same>;
type Pointwise<X, Y> = Conv2d<X, Y, Kernel2d<1>, Relu>;

crate::network! {
    /// MobileNetV1, a quarter as wide as the first: 96x96 pixels of three colours to two classes, as a person or none.
    ///
    /// Source: A. Howard and others, "MobileNets: efficient convolutional neural networks for mobile vision applications",
    /// 2017, with the width 0.25, in the form of the benchmark MLPerf Tiny (C. Banbury and others, 2021). In training every
    /// layer but the last is batch-normalised.
    ///
    /// # Parameters
    ///
    /// `8 (9·3 + 1)`, then `10 C + F (C + 1)` for each pair of a depthwise and a pointwise convolution from C channels to F,
    /// which are 8 to 16, 16 to 32, 32 to 32, 32 to 64, 64 to 64, 64 to 128, five times 128 to 128, 128 to 256 and 256 to
    /// 256, and `2 (256 + 1)`: 210,850 stored. The trained form has 4 more for each of the 2,736 filters that are
    /// normalised: 221,794, as Keras counts.
    ///
    /// # Cost
    ///
    /// 843,400 B of weights, 7,489,664 multiply-adds, and 221,192 B of RAM to infer.
    #[derive(Clone, Debug, PartialEq)]
    pub struct MobileNetV1: Image<96, 96, 3> => [f32; 2] {
        conv: Conv2d<Image<96, 96, 3>, Image<48, 48, 8>, Kernel2d<3, 3, 2>, Relu, Same>,
        depthwise1: Depthwise<Image<48, 48, 8>, Image<48, 48, 8>>,
        pointwise1: Pointwise<Image<48, 48, 8>, Image<48, 48, 16>>,
        depthwise2: Depthwise<Image<48, 48, 16>, Image<24, 24, 16>, 2>,
        pointwise2: Pointwise<Image<24, 24, 16>, Image<24, 24, 32>>,
        depthwise3: Depthwise<Image<24, 24, 32>, Image<24, 24, 32>>,
        pointwise3: Pointwise<Image<24, 24, 32>, Image<24, 24, 32>>,
        depthwise4: Depthwise<Image<24, 24, 32>, Image<12, 12, 32>, 2>,
        pointwise4: Pointwise<Image<12, 12, 32>, Image<12, 12, 64>>,
        depthwise5: Depthwise<Image<12, 12, 64>, Image<12, 12, 64>>,
        pointwise5: Pointwise<Image<12, 12, 64>, Image<12, 12, 64>>,
        depthwise6: Depthwise<Image<12, 12, 64>, Image<6, 6, 64>, 2>,
        pointwise6: Pointwise<Image<6, 6, 64>, Image<6, 6, 128>>,
        depthwise7: Depthwise<Image<6, 6, 128>, Image<6, 6, 128>>,
        pointwise7: Pointwise<Image<6, 6, 128>, Image<6, 6, 128>>,
        depthwise8: Depthwise<Image<6, 6, 128>, Image<6, 6, 128>>,
        pointwise8: Pointwise<Image<6, 6, 128>, Image<6, 6, 128>>,
        depthwise9: Depthwise<Image<6, 6, 128>, Image<6, 6, 128>>,
        pointwise9: Pointwise<Image<6, 6, 128>, Image<6, 6, 128>>,
        depthwise10: Depthwise<Image<6, 6, 128>, Image<6, 6, 128>>,
        pointwise10: Pointwise<Image<6, 6, 128>, Image<6, 6, 128>>,
        depthwise11: Depthwise<Image<6, 6, 128>, Image<6, 6, 128>>,
        pointwise11: Pointwise<Image<6, 6, 128>, Image<6, 6, 128>>,
        depthwise12: Depthwise<Image<6, 6, 128>, Image<3, 3, 128>, 2>,
        pointwise12: Pointwise<Image<3, 3, 128>, Image<3, 3, 256>>,
        depthwise13: Depthwise<Image<3, 3, 256>, Image<3, 3, 256>>,
        pointwise13: Pointwise<Image<3, 3, 256>, Image<3, 3, 256>>,
        mean: GlobalAvgPool<Image<3, 3, 256>>,
        output: Dense<256, 2>,
    }
}
