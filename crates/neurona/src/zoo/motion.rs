//! Networks for gestures: a convolutional and a recurrent one.

use crate::prelude::*;

crate::network! {
    /// Gestures from motion: 119 samples of three accelerations and three rates of turn, to five classes.
    ///
    /// Window and channels are those of Arduino's gesture recognition on the Nano 33 BLE Sense, 119 samples at 119 Hz. Two
    /// convolutions over time, each with a stride, and the mean over what they find, wherever in the window it is; the
    /// pattern is that of J. B. Yang, M. N. Nguyen, P. P. San, X. L. Li and S. Krishnaswamy, "Deep convolutional neural
    /// networks on multichannel time series for human activity recognition", 2015. The six channels have different units:
    /// bring them to a common scale before, or by a [`Standardize`] in front.
    ///
    /// # Parameters
    ///
    /// `16 (9·6 + 1) + 32 (5·16 + 1) + 5 (32 + 1)` = 880 + 2,592 + 165 = 3,637, trained and stored.
    ///
    /// # Cost
    ///
    /// 14,548 B of weights, 55,072 multiply-adds, and 3,348 B of RAM to infer.
    #[derive(Clone, Debug, PartialEq)]
    pub struct MotionCnn: Signal<119, 6> => [f32; 5] {
        conv1: Conv1d<Signal<119, 6>, Signal<28, 16>, Kernel1d<9, 4>, Relu>,
        conv2: Conv1d<Signal<28, 16>, Signal<12, 32>, Kernel1d<5, 2>, Relu>,
        mean: GlobalAvgPool<Signal<12, 32>>,
        output: Dense<32, 5>,
    }
}

crate::network! {
    /// Gestures from motion by a gated recurrent unit: 119 samples of three accelerations and three rates of turn, to five
    /// classes, by its state after the last one.
    ///
    /// Window and channels are those of [`MotionCnn`], and what is said of their units there holds here. It can be fed sample by
    /// sample too, see [`stream`](crate::stream), and then has no window: what it says is of all samples since its state was
    /// cleared. A step costs 2,160 multiply-adds.
    ///
    /// Source: K. Cho and others, "Learning phrase representations using RNN encoder-decoder for statistical machine
    /// translation", 2014; for motion F. J. Ordóñez and D. Roggen, "Deep convolutional and LSTM recurrent neural networks for
    /// multimodal wearable activity recognition", 2016, whose recurrent part a smaller one stands for here.
    ///
    /// # Parameters
    ///
    /// `3·24 (6 + 24) + 4·24 + 5 (24 + 1)` = 2,160 + 96 + 125 = 2,381, trained and stored. PyTorch counts 48 more: it has a
    /// second bias for each of two gates, which adds to the first.
    ///
    /// # Cost
    ///
    /// 9,524 B of weights, 257,160 multiply-adds, and 596 B of RAM to infer.
    #[derive(Clone, Debug, PartialEq)]
    pub stream struct MotionGru: Signal<119, 6> => [f32; 5] {
        memory: Gru<119, 6, 24>,
        output: Dense<24, 5>,
    }
}
