//! A convolutional network for gestures.

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
