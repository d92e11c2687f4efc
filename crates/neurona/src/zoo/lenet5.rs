//! LeNet-5.

use crate::prelude::*;

crate::network! {
    /// LeNet-5 in its usual modern form: 28x28 grey levels to ten digits.
    ///
    /// Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document recognition",
    /// 1998. The modern form has each filter of the second convolution see all channels, pooling without weights, ReLU
    /// (here; others keep tanh) and a linear output. The network of 1998 has 60,000 parameters: 1,516 in its second
    /// convolution, whose filters see the channels that a table names, 44 in its two trainable sub-samplings,
    /// 1.7159 tanh(2z/3) after each layer, and radial basis functions with fixed centres as its output.
    ///
    /// The paper's images are 32x32, digits of 28x28 with a border of 2; here the border is the padding of the first
    /// convolution.
    ///
    /// # Parameters
    ///
    /// `6 (5·5 + 1) + 16 (5·5·6 + 1) + 120 (400 + 1) + 84 (120 + 1) + 10 (84 + 1)` = 156 + 2,416 + 48,120 + 10,164 + 850 =
    /// 61,706, trained and stored.
    ///
    /// # Cost
    ///
    /// 246,824 B of weights, 416,520 multiply-adds, and 23,560 B of RAM to infer.
    #[derive(Clone, Debug, PartialEq)]
    pub struct LeNet5: Image<28, 28, 1> => [f32; 10] {
        conv1: Conv2d<Image<28, 28, 1>, Image<28, 28, 6>, Kernel2d<5>, Relu, Same>,
        pool1: MaxPool<Image<28, 28, 6>, Image<14, 14, 6>, Kernel2d<2, 2, 2>>,
        conv2: Conv2d<Image<14, 14, 6>, Image<10, 10, 16>, Kernel2d<5>, Relu>,
        pool2: MaxPool<Image<10, 10, 16>, Image<5, 5, 16>, Kernel2d<2, 2, 2>>,
        flatten: Flatten<Image<5, 5, 16>, 400>,
        hidden1: Dense<400, 120, Relu>,
        hidden2: Dense<120, 84, Relu>,
        output: Dense<84, 10>,
    }
}
