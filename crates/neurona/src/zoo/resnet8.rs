//! ResNet-8.

use crate::prelude::*;

type Map16 = Image<32, 32, 16>;
type Map32 = Image<16, 16, 32>;
type Map64 = Image<8, 8, 64>;

crate::network! {
    /// The body of the first block of [`ResNet8`].
    #[derive(Clone, Debug, PartialEq)]
    pub struct ResNet8Body16: Map16 => Map16 {
        conv1: Conv2d<Map16, Map16, Kernel2d<3>, Relu, Same>,
        conv2: Conv2d<Map16, Map16, Kernel2d<3>, Identity, Same>,
    }
}

crate::network! {
    /// The body of the second block of [`ResNet8`], which halves the image.
    #[derive(Clone, Debug, PartialEq)]
    pub struct ResNet8Body32: Map16 => Map32 {
        conv1: Conv2d<Map16, Map32, Kernel2d<3, 3, 2>, Relu, Same>,
        conv2: Conv2d<Map32, Map32, Kernel2d<3>, Identity, Same>,
    }
}

crate::network! {
    /// The body of the third block of [`ResNet8`], which halves the image.
    #[derive(Clone, Debug, PartialEq)]
    pub struct ResNet8Body64: Map32 => Map64 {
        conv1: Conv2d<Map32, Map64, Kernel2d<3, 3, 2>, Relu, Same>,
        conv2: Conv2d<Map64, Map64, Kernel2d<3>, Identity, Same>,
    }
}

crate::network! {
    /// ResNet-8: 32x32 pixels of three colours to ten classes, as those of CIFAR-10.
    ///
    /// Source: K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", 2016, in the form of the
    /// benchmark MLPerf Tiny (C. Banbury and others, 2021): three blocks, of which two are projected. In training every
    /// convolution is batch-normalised but those of the shortcuts, as there.
    ///
    /// # Parameters
    ///
    /// | part              | formula                                          | parameters |
    /// | ----------------- | ------------------------------------------------ | ---------- |
    /// | first convolution | `16 (9·3 + 1)`                                   | 448        |
    /// | first block       | `2·16 (9·16 + 1)`                                | 4,640      |
    /// | second block      | `32 (9·16 + 1) + 32 (9·32 + 1) + 32 (16 + 1)`    | 14,432     |
    /// | third block       | `64 (9·32 + 1) + 64 (9·64 + 1) + 64 (32 + 1)`    | 57,536     |
    /// | output            | `10 (64 + 1)`                                    | 650        |
    ///
    /// These are 77,706 stored. The trained form has 4 more for each of the 240 filters that are normalised: 78,666, as
    /// Keras counts.
    ///
    /// # Cost
    ///
    /// 310,824 B of weights, 12,501,632 multiply-adds, and 196,648 B of RAM to infer.
    #[derive(Clone, Debug, PartialEq)]
    pub struct ResNet8: Image<32, 32, 3> => [f32; 10] {
        conv: Conv2d<Image<32, 32, 3>, Map16, Kernel2d<3>, Relu, Same>,
        block1: Residual<ResNet8Body16, Relu>,
        block2: Projected<ResNet8Body32, Conv2d<Map16, Map32, Kernel2d<1, 1, 2>, Identity, Same>, Relu>,
        block3: Projected<ResNet8Body64, Conv2d<Map32, Map64, Kernel2d<1, 1, 2>, Identity, Same>, Relu>,
        mean: GlobalAvgPool<Map64>,
        output: Dense<64, 10>,
    }
}
