//! The networks that the parity tests go over.
//!
//! Every activation, every loss and every layer is among them; most sizes are no multiple of any block, some layers are
//! one wide, one network is a single layer and one has five.

use neurona::plain::Plain;
use neurona::prelude::*;
use neurona::{Loss as DeviceLoss, fast};
use neurona_train::Loss;

/// What a test does with each network.
pub trait Visitor {
    /// Tests the network type `N` with a loss, which is given as both crates have it.
    fn visit<N, L>(&mut self, name: &'static str, device: L, trainer: Loss)
    where
        N: Network + Plain,
        L: DeviceLoss<N::Output, N::Output>;
}

/// The shape of an output: a length, or a number of steps and of channels.
macro_rules! shape {
    ([$steps:literal, $channels:literal]) => { Signal<$steps, $channels> };
    ($len:literal) => { [f32; $len] };
}

/// Makes a network of each line, and the function that shows them all to a visitor.
macro_rules! architectures {
    ($($name:ident: $input:literal => $output:tt { $($layer:ident: $type:ty),+ $(,)? } $loss:ident;)+) => {
        $(
            neurona::network! {
                #[doc = stringify!($name)]
                #[allow(non_camel_case_types)]
                pub struct $name: [f32; $input] => shape!($output) { $($layer: $type),+ }
            }
        )+

        /// Shows every network to `visitor`.
        pub fn visit_all(visitor: &mut impl Visitor) {
            $(visitor.visit::<$name, _>(stringify!($name), neurona::$loss, Loss::$loss);)+
        }
    };
}

architectures! {
    single: 5 => 3 { output: Dense<5, 3> } SquaredError;
    logistic_regression: 3 => 1 { output: Dense<3, 1> } BinaryCrossEntropy;
    support_vectors: 7 => 2 { output: Dense<7, 2> } Hinge;
    perceptron: 6 => 3 { output: Dense<6, 3> } Perceptron;
    one_wide: 1 => 1 { first: Dense<1, 1, Tanh>, second: Dense<1, 1, Sigmoid>, third: Dense<1, 1> } SquaredError;
    bottleneck: 13 => 5 { hidden: Dense<13, 1, Tanh>, output: Dense<1, 5> } SoftmaxCrossEntropy;
    digits: 64 => 10 {
        scale: Rescale<64, { (1.0_f32 / 16.0).to_bits() }>, hidden: Dense<64, 32, Relu>, output: Dense<32, 10>,
    } SoftmaxCrossEntropy;
    five_deep: 3 => 2 {
        a: Dense<3, 17, Tanh>, b: Dense<17, 5, Softplus>, c: Dense<5, 31, Silu>, d: Dense<31, 2, Elu>, e: Dense<2, 2>,
    } SquaredError;
    standardized: 9 => 4 {
        input: Standardize<9>, hidden: Dense<9, 7, Sigmoid>, again: Standardize<7>, output: Dense<7, 4>,
    } BinaryCrossEntropy;
    rescaled: 4 => 3 {
        hidden: Dense<4, 5, Tanh>, unit: Rescale<5, { (1.0_f32 / 3.0).to_bits() }>, output: Dense<5, 3>,
    } SoftmaxCrossEntropy;
    probabilities: 6 => 4 { hidden: Dense<6, 11, Relu>, output: Dense<11, 4>, share: Softmax<4> } SquaredError;
    weights_of_three: 6 => 2 { hidden: Dense<6, 3>, share: fast::Softmax<3>, output: Dense<3, 2> } SquaredError;
    nested: 7 => 2 { body: Body, output: Dense<3, 2, Tanh> } SquaredError;

    conv1d: 22 => 3 {
        signal: Reshape<[f32; 22], Signal<11, 2>>,
        conv: Conv1d<Signal<11, 2>, Signal<4, 5>, Kernel1d<4, 2, 1>, Tanh>,
        flat: Flatten<Signal<4, 5>, 20>, output: Dense<20, 3>,
    } SquaredError;
    conv1d_same_dilated: 22 => 3 {
        signal: Reshape<[f32; 22], Signal<11, 2>>,
        first: Conv1d<Signal<11, 2>, Signal<11, 3>, Kernel1d<3, 1, 2>, Silu, Same>,
        second: Conv1d<Signal<11, 3>, Signal<6, 4>, Kernel1d<4, 2>, Relu, Same>,
        mean: GlobalAvgPool<Signal<6, 4>>, output: Dense<4, 3>,
    } SoftmaxCrossEntropy;
    conv1d_causal: 14 => 2 {
        signal: Reshape<[f32; 14], Signal<7, 2>>,
        first: Conv1d<Signal<7, 2>, Signal<7, 4>, Kernel1d<3, 1, 2>, Tanh, Causal>,
        second: Conv1d<Signal<7, 4>, Signal<4, 2>, Kernel1d<2, 2>, Sigmoid, Causal>,
        largest: GlobalMaxPool<Signal<4, 2>>,
    } SquaredError;
    conv1d_groups: 24 => 2 {
        signal: Reshape<[f32; 24], Signal<6, 4>>,
        groups: Conv1d<Signal<6, 4>, Signal<7, 6>, Grouped<2, Kernel1d<3>>, Tanh, Padding1d<1, 2>>,
        flat: Flatten<Signal<7, 6>, 42>, output: Dense<42, 2>,
    } SquaredError;
    conv2d: 60 => 3 {
        image: Reshape<[f32; 60], Image<5, 6, 2>>,
        conv: Conv2d<Image<5, 6, 2>, Image<3, 3, 4>, Kernel2d<3, 2, 1, 2>, Relu>,
        flat: Flatten<Image<3, 3, 4>, 36>, output: Dense<36, 3>,
    } SoftmaxCrossEntropy;
    conv2d_same: 35 => 3 {
        image: Reshape<[f32; 35], Image<5, 7, 1>>,
        first: Conv2d<Image<5, 7, 1>, Image<3, 4, 3>, Kernel2d<3, 3, 2>, Tanh, Same>,
        second: Conv2d<Image<3, 4, 3>, Image<3, 4, 5>, Kernel2d<2, 3, 1, 1, 2>, Elu, Same>,
        pool: AvgPool<Image<3, 4, 5>, Image<2, 2, 5>, Kernel2d<3, 3, 2>, Same>,
        flat: Flatten<Image<2, 2, 5>, 20>, output: Dense<20, 3>,
    } BinaryCrossEntropy;
    conv2d_padded_groups: 48 => 2 {
        image: Reshape<[f32; 48], Image<4, 4, 3>>,
        conv: Conv2d<Image<4, 4, 3>, Image<5, 3, 6>, Grouped<1, Kernel2d<3, 3, 1, 2>>, Tanh, Padding2d<1, 2, 0, 3>>,
        largest: MaxPool<Image<5, 3, 6>, Image<2, 2, 6>, Kernel2d<3, 2, 2, 1>>,
        flat: Flatten<Image<2, 2, 6>, 24>, output: Dense<24, 2>,
    } SquaredError;
    standardized_channels: 30 => 2 {
        signal: Reshape<[f32; 30], Signal<6, 5>>, standard: Standardize<5, Signal<6, 5>>,
        conv: Conv1d<Signal<6, 5>, Signal<6, 3>, Kernel1d<3>, Tanh, Same>, again: Standardize<3, Signal<6, 3>>,
        mean: GlobalAvgPool<Signal<6, 3>>, output: Dense<3, 2>,
    } SquaredError;
    pointwise: 30 => 2 {
        signal: Reshape<[f32; 30], Signal<6, 5>>,
        first: Conv1d<Signal<6, 5>, Signal<6, 3>, Kernel1d<1>, Tanh>,
        second: Conv1d<Signal<6, 3>, Signal<3, 2>, Kernel1d<1, 2>>,
        mean: GlobalAvgPool<Signal<3, 2>>,
    } SquaredError;
    depthwise: 36 => 3 {
        image: Reshape<[f32; 36], Image<4, 3, 3>>,
        depthwise: DepthwiseConv2d<Image<4, 3, 3>, Image<2, 2, 3>, Kernel2d<3, 3, 2>, Relu, Same>,
        pointwise: Conv2d<Image<2, 2, 3>, Image<2, 2, 5>, Kernel2d<1>, Relu6>,
        flat: Flatten<Image<2, 2, 5>, 20>, output: Dense<20, 3>,
    } SoftmaxCrossEntropy;
    table_conv: 60 => 3 {
        image: Reshape<[f32; 60], Image<5, 4, 3>>,
        conv: TableConv2d<Image<5, 4, 3>, Image<3, 2, 4>, Kernel2d<3, 2, 2>, OfImage, 7, Silu, Same>,
        flat: Flatten<Image<3, 2, 4>, 24>, output: Dense<24, 3>,
    } SquaredError;
    table_conv1d: 36 => 2 {
        signal: Reshape<[f32; 36], Signal<9, 4>>,
        first: TableConv1d<Signal<9, 4>, Signal<9, 3>, Kernel1d<3, 1, 2>, OfSignal, 6, Tanh, Causal>,
        second: TableConv1d<Signal<9, 3>, Signal<4, 4>, Kernel1d<3, 2>, OfImage, 7, ScaledTanh>,
        mean: GlobalAvgPool<Signal<4, 4>>, output: Dense<4, 2>,
    } SoftmaxCrossEntropy;
    output_codes: 7 => 4 {
        hidden: Dense<7, 5, ScaledTanh>, output: OutputCodes<5, 4, OfFive>,
    } SoftmaxCrossEntropy;
    long_output_codes: 6 => 3 {
        hidden: Dense<6, 70, Tanh>, output: OutputCodes<70, 3, OfSeventy>,
    } SoftmaxCrossEntropy;
    depthwise1d: 18 => 2 {
        signal: Reshape<[f32; 18], Signal<9, 2>>,
        first: DepthwiseConv1d<Signal<9, 2>, Signal<9, 6>, Kernel1d<3, 1, 2>, HardSwish, Causal>,
        second: DepthwiseConv1d<Signal<9, 6>, Signal<4, 6>, Kernel1d<3, 2>>,
        mean: GlobalAvgPool<Signal<4, 6>>, output: Dense<6, 2>,
    } SquaredError;
    pools: 40 => 2 {
        signal: Reshape<[f32; 40], Signal<10, 4>>,
        conv: Conv1d<Signal<10, 4>, Signal<10, 3>, Kernel1d<3>, Tanh, Same>,
        largest: MaxPool<Signal<10, 3>, Signal<5, 3>, Kernel1d<3, 2>, Same>,
        mean: AvgPool<Signal<5, 3>, Signal<4, 3>, Kernel1d<2>>,
        top: GlobalMaxPool<Signal<4, 3>>, output: Dense<3, 2>,
    } SquaredError;
    conv2d_causal: 60 => 2 {
        image: Reshape<[f32; 60], Image<6, 5, 2>>,
        first: Conv2d<Image<6, 5, 2>, Image<6, 3, 3>, Kernel2d<3, 3, 1, 1, 2, 1>, Tanh, Causal>,
        groups: Conv2d<Image<6, 3, 3>, Image<3, 2, 6>, Grouped<3, Kernel2d<2, 2, 2, 1>>, Sigmoid, Causal>,
        mean: GlobalAvgPool<Image<3, 2, 6>>, output: Dense<6, 2>,
    } SquaredError;
    depthwise_padded: 60 => 3 {
        image: Reshape<[f32; 60], Image<6, 5, 2>>,
        first: DepthwiseConv2d<Image<6, 5, 2>, Image<4, 5, 4>, Kernel2d<2, 3, 1, 1, 2>, Tanh, Padding2d<0, 0, 1, 3>>,
        second: DepthwiseConv2d<Image<4, 5, 4>, Image<4, 2, 4>, Kernel2d<3, 2, 1, 2>, Silu, Causal>,
        third: DepthwiseConv2d<Image<4, 2, 4>, Image<3, 1, 4>, Kernel2d<2>>,
        largest: GlobalMaxPool<Image<3, 1, 4>>, output: Dense<4, 3>,
    } SoftmaxCrossEntropy;
    depthwise1d_padded: 18 => 2 {
        signal: Reshape<[f32; 18], Signal<9, 2>>,
        largest: MaxPool<Signal<9, 2>, Signal<9, 2>, Kernel1d<2>, Padding1d<0, 1>>,
        first: DepthwiseConv1d<Signal<9, 2>, Signal<5, 4>, Kernel1d<3, 2>, Tanh, Padding1d<2, 0>>,
        second: DepthwiseConv1d<Signal<5, 4>, Signal<5, 4>, Kernel1d<4>, Relu, Same>,
        mean: GlobalAvgPool<Signal<5, 4>>, output: Dense<4, 2>,
    } SquaredError;
    table_conv_padded: 60 => 2 {
        image: Reshape<[f32; 60], Image<5, 4, 3>>,
        first: TableConv2d<Image<5, 4, 3>, Image<6, 4, 4>, Kernel2d<2, 3>, OfImage, 7, Tanh, Padding2d<2, 0, 1, 1>>,
        second: TableConv2d<Image<6, 4, 4>, Image<6, 3, 3>, Kernel2d<2, 2, 1, 1, 2, 1>, OfSignal, 6, Tanh, Causal>,
        third: TableConv2d<Image<6, 3, 3>, Image<5, 2, 4>, Kernel2d<2>, OfImage, 7>,
        mean: GlobalAvgPool<Image<5, 2, 4>>, output: Dense<4, 2>,
    } SquaredError;
    table_conv1d_padded: 36 => 2 {
        signal: Reshape<[f32; 36], Signal<9, 4>>,
        first: TableConv1d<Signal<9, 4>, Signal<9, 3>, Kernel1d<3>, OfSignal, 6, Tanh, Same>,
        second: TableConv1d<Signal<9, 3>, Signal<5, 4>, Kernel1d<3, 2>, OfImage, 7, Sigmoid, Padding1d<2, 0>>,
        mean: GlobalAvgPool<Signal<5, 4>>, output: Dense<4, 2>,
    } SquaredError;
    pools_valid: 18 => 2 {
        signal: Reshape<[f32; 18], Signal<9, 2>>, conv: Conv1d<Signal<9, 2>, Signal<9, 2>, Kernel1d<1>, Tanh>,
        largest: MaxPool<Signal<9, 2>, Signal<4, 2>, Kernel1d<2, 2>>,
        flat: Flatten<Signal<4, 2>, 8>, output: Dense<8, 2>,
    } SquaredError;
    pools_causal: 40 => 2 {
        signal: Reshape<[f32; 40], Signal<10, 4>>,
        conv: Conv1d<Signal<10, 4>, Signal<10, 3>, Kernel1d<1>, Tanh>,
        first: MaxPool<Signal<10, 3>, Signal<5, 3>, Kernel1d<3, 2, 2>, Causal>,
        second: AvgPool<Signal<5, 3>, Signal<5, 3>, Kernel1d<2, 1, 3>, Causal>,
        third: AvgPool<Signal<5, 3>, Signal<3, 3>, Kernel1d<2, 2>, Padding1d<1, 0>>,
        fourth: AvgPool<Signal<3, 3>, Signal<3, 3>, Kernel1d<3>, Same>,
        flat: Flatten<Signal<3, 3>, 9>, output: Dense<9, 2>,
    } SquaredError;
    pools2d_causal: 60 => 3 {
        image: Reshape<[f32; 60], Image<6, 5, 2>>,
        conv: Conv2d<Image<6, 5, 2>, Image<6, 5, 3>, Kernel2d<3>, Tanh, Same>,
        first: MaxPool<Image<6, 5, 3>, Image<6, 3, 3>, Kernel2d<2, 3, 1, 1, 2, 1>, Causal>,
        second: AvgPool<Image<6, 3, 3>, Image<4, 2, 3>, Kernel2d<2, 2, 1, 1, 2, 1>>,
        third: AvgPool<Image<4, 2, 3>, Image<4, 1, 3>, Kernel2d<2>, Causal>,
        fourth: AvgPool<Image<4, 1, 3>, Image<5, 1, 3>, Kernel2d<2, 1>, Padding2d<1, 1, 0, 0>>,
        flat: Flatten<Image<5, 1, 3>, 15>, output: Dense<15, 3>,
    } SoftmaxCrossEntropy;
    pools2d_padded: 60 => 2 {
        image: Reshape<[f32; 60], Image<6, 5, 2>>,
        conv: Conv2d<Image<6, 5, 2>, Image<6, 5, 3>, Kernel2d<3>, Tanh, Same>,
        first: MaxPool<Image<6, 5, 3>, Image<3, 3, 3>, Kernel2d<2, 2, 2>, Same>,
        second: MaxPool<Image<3, 3, 3>, Image<2, 4, 3>, Kernel2d<2>, Padding2d<0, 0, 1, 1>>,
        flat: Flatten<Image<2, 4, 3>, 24>, output: Dense<24, 2>,
    } SquaredError;
    scale: 20 => 2 {
        image: Reshape<[f32; 20], Image<2, 2, 5>>,
        first: Scale<Image<2, 2, 5>, Silu>, second: Scale<Image<2, 2, 5>>,
        flat: Flatten<Image<2, 2, 5>, 20>, output: Dense<20, 2>,
    } SquaredError;
    residual: 24 => 2 {
        signal: Reshape<[f32; 24], Signal<6, 4>>,
        first: Residual<Detail, Tanh>,
        second: Residual<Residual<Conv1d<Signal<6, 4>, Signal<6, 4>, Kernel1d<1>, Sigmoid>>, Silu>,
        mean: GlobalAvgPool<Signal<6, 4>>, output: Dense<4, 2>,
    } SquaredError;
    residual_dense: 7 => 2 { first: Residual<Dense<7, 7, Tanh>>, output: Dense<7, 2> } SquaredError;
    residual_projected: 24 => 2 {
        signal: Reshape<[f32; 24], Signal<6, 4>>,
        half: Projected<
            Conv1d<Signal<6, 4>, Signal<3, 5>, Kernel1d<3, 2>, Tanh, Same>,
            Conv1d<Signal<6, 4>, Signal<3, 5>, Kernel1d<1, 2>, Sigmoid, Same>,
            HardSwish,
        >,
        mean: GlobalAvgPool<Signal<3, 5>>, output: Dense<5, 2>,
    } SquaredError;
    concat: 24 => 2 {
        signal: Reshape<[f32; 24], Signal<6, 4>>,
        both: Concat<Detail, Conv1d<Signal<6, 4>, Signal<6, 3>, Kernel1d<1>, Tanh>, Signal<6, 7>>,
        again: Concat<Pointwise, Concat<Pointwise, Pointwise, Signal<6, 4>>, Signal<6, 6>>,
        mean: GlobalAvgPool<Signal<6, 6>>, output: Dense<6, 2>,
    } SquaredError;

    rnn_last: 18 => 3 {
        signal: Reshape<[f32; 18], Signal<6, 3>>, memory: Rnn<6, 3, 5>, output: Dense<5, 3>,
    } SquaredError;
    rnn_all: 18 => 3 {
        signal: Reshape<[f32; 18], Signal<6, 3>>, memory: Rnn<6, 3, 4, All, Relu>,
        flat: Flatten<Signal<6, 4>, 24>, output: Dense<24, 3>,
    } SoftmaxCrossEntropy;
    rnn_silu: 12 => 2 {
        signal: Reshape<[f32; 12], Signal<4, 3>>, memory: Rnn<4, 3, 5, All, Silu>,
        mean: GlobalAvgPool<Signal<4, 5>>, output: Dense<5, 2>,
    } SquaredError;
    gru_last: 18 => 3 {
        signal: Reshape<[f32; 18], Signal<6, 3>>, memory: Gru<6, 3, 5>, output: Dense<5, 3>,
    } SoftmaxCrossEntropy;
    gru_all: 18 => 3 {
        signal: Reshape<[f32; 18], Signal<6, 3>>, memory: Gru<6, 3, 4, All>,
        flat: Flatten<Signal<6, 4>, 24>, output: Dense<24, 3>,
    } SquaredError;
    lstm_last: 18 => 3 {
        signal: Reshape<[f32; 18], Signal<6, 3>>, memory: Lstm<6, 3, 5>, output: Dense<5, 3>,
    } SquaredError;
    lstm_all: 18 => 3 {
        signal: Reshape<[f32; 18], Signal<6, 3>>, memory: Lstm<6, 3, 4, All>,
        flat: Flatten<Signal<6, 4>, 24>, output: Dense<24, 3>,
    } SoftmaxCrossEntropy;
    one_step: 3 => 2 {
        signal: Reshape<[f32; 3], Signal<1, 3>>, first: Lstm<1, 3, 4, All>, second: Gru<1, 4, 1>, output: Dense<1, 2>,
    } SquaredError;
    recurrent_stack: 18 => 3 {
        signal: Reshape<[f32; 18], Signal<6, 3>>, first: Gru<6, 3, 4, All>, second: Lstm<6, 4, 5>,
        output: Dense<5, 3>,
    } SquaredError;
    recurrent_after_conv: 22 => 3 {
        signal: Reshape<[f32; 22], Signal<11, 2>>,
        conv: Conv1d<Signal<11, 2>, Signal<5, 4>, Kernel1d<3, 2>, Tanh>, memory: Gru<5, 4, 3>, output: Dense<3, 3>,
    } SquaredError;
    echo_state: 12 => 2 {
        signal: Reshape<[f32; 12], Signal<6, 2>>, reservoir: EchoState<6, 2, 20, 4, 7>, readout: Dense<20, 2>,
    } SquaredError;
    echo_states: 12 => 2 {
        signal: Reshape<[f32; 12], Signal<6, 2>>,
        reservoir: EchoState<6, 2, 9, 3, 5, All, { 0.3_f32.to_bits() }>,
        flat: Flatten<Signal<6, 9>, 54>, readout: Dense<54, 2>,
    } SquaredError;

    each_state: 18 => [6, 2] {
        signal: Reshape<[f32; 18], Signal<6, 3>>, memory: Gru<6, 3, 4, All>,
        output: Conv1d<Signal<6, 4>, Signal<6, 2>, Kernel1d<1>>,
    } SoftmaxCrossEntropy;
    each_answer: 12 => [4, 3] {
        signal: Reshape<[f32; 12], Signal<4, 3>>, memory: Rnn<4, 3, 3, All>,
    } SquaredError;
    each_yes: 12 => [6, 2] {
        signal: Reshape<[f32; 12], Signal<6, 2>>,
        conv: Conv1d<Signal<6, 2>, Signal<6, 2>, Kernel1d<3>, Identity, Causal>,
    } BinaryCrossEntropy;
    each_margin: 12 => [4, 2] {
        signal: Reshape<[f32; 12], Signal<4, 3>>, conv: Conv1d<Signal<4, 3>, Signal<4, 2>, Kernel1d<1>>,
    } Hinge;

    identity: 7 => 3 { hidden: Dense<7, 5>, output: Dense<5, 3> } SquaredError;
    step: 7 => 3 { hidden: Dense<7, 5, Step>, output: Dense<5, 3> } SquaredError;
    sigmoid: 7 => 3 { hidden: Dense<7, 5, Sigmoid>, output: Dense<5, 3, Sigmoid> } SquaredError;
    tanh: 7 => 3 { hidden: Dense<7, 5, Tanh>, output: Dense<5, 3, Tanh> } SquaredError;
    relu: 7 => 3 { hidden: Dense<7, 5, Relu>, output: Dense<5, 3, Relu> } SquaredError;
    relu6: 7 => 3 { hidden: Dense<7, 5, Relu6>, output: Dense<5, 3, Relu6> } SquaredError;
    leaky_relu: 7 => 3 { hidden: Dense<7, 5, LeakyRelu>, output: Dense<5, 3, LeakyRelu> } SquaredError;
    leaky_relu_0_3: 7 => 3 {
        hidden: Dense<7, 5, LeakyRelu<{ 0.3_f32.to_bits() }>>, output: Dense<5, 3>,
    } SquaredError;
    elu: 7 => 3 { hidden: Dense<7, 5, Elu>, output: Dense<5, 3, Elu> } SquaredError;
    elu_0_5: 7 => 3 { hidden: Dense<7, 5, Elu<{ 0.5_f32.to_bits() }>>, output: Dense<5, 3> } SquaredError;
    softplus: 7 => 3 { hidden: Dense<7, 5, Softplus>, output: Dense<5, 3, Softplus> } SquaredError;
    silu: 7 => 3 { hidden: Dense<7, 5, Silu>, output: Dense<5, 3, Silu> } SquaredError;
    hard_sigmoid: 7 => 3 { hidden: Dense<7, 5, HardSigmoid>, output: Dense<5, 3, HardSigmoid> } SquaredError;
    hard_swish: 7 => 3 { hidden: Dense<7, 5, HardSwish>, output: Dense<5, 3, HardSwish> } SquaredError;
    fast_sigmoid: 7 => 3 { hidden: Dense<7, 5, fast::Sigmoid>, output: Dense<5, 3, fast::Sigmoid> } SquaredError;
    fast_tanh: 7 => 3 { hidden: Dense<7, 5, fast::Tanh>, output: Dense<5, 3, fast::Tanh> } SquaredError;
    scaled_tanh: 7 => 3 { hidden: Dense<7, 5, ScaledTanh>, output: Dense<5, 3, ScaledTanh> } SquaredError;
}

/// Three channels for four filters.
pub struct OfImage;

impl ConnectionTable for OfImage {
    const SEES: &'static [u64] = &[0b111, 0b010, 0b101, 0b100];
}

/// Four channels for three filters.
pub struct OfSignal;

impl ConnectionTable for OfSignal {
    const SEES: &'static [u64] = &[0b1001, 0b1110, 0b0010];
}

/// Four codes of five.
pub struct OfFive;

impl Codes for OfFive {
    const CODES: &'static [u64] = &[0b00000, 0b00111, 0b11001, 0b11110];
}

/// Three codes of seventy, of two words each.
pub struct OfSeventy;

impl Codes for OfSeventy {
    const CODES: &'static [u64] = &[0x0123_4567_89ab_cdef, 0b10_1100, u64::MAX, 0, 0x0f0f_0f0f_0f0f_0f0f, 0b11_1111];
}

neurona::network! {
    /// The body of the network `nested`.
    pub struct Body: [f32; 7] => [f32; 3] {
        hidden: Dense<7, 5, Sigmoid>,
        unit: Rescale<5, { 0.75_f32.to_bits() }>,
        output: Dense<5, 3, Silu>,
    }
}

neurona::network! {
    /// The body of the network `residual`.
    pub struct Detail: Signal<6, 4> => Signal<6, 4> {
        wide: Conv1d<Signal<6, 4>, Signal<6, 5>, Kernel1d<3>, Tanh, Same>,
        narrow: Conv1d<Signal<6, 5>, Signal<6, 4>, Kernel1d<3>, Identity, Same>,
    }
}

/// A branch of the network `concat`.
pub type Pointwise = Conv1d<Signal<6, 7>, Signal<6, 2>, Kernel1d<1>, Tanh>;
