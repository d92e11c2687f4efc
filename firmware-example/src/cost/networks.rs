//! The networks from whose cost that of any other is predicted: most of one layer, so that each kind of layer is told from the
//! others, in sizes that are no multiples of a block as well as in those that are.
//!
//! The board measures them (`layers.rs`), and `crates/neurona-train/examples/fit_cost.rs`, which takes this file too, has the
//! architectures. Those of the group `check` are not fitted to: by them the error of the prediction is known.

use neurona::fast;
use neurona::plain::Plain;
use neurona::prelude::*;
use neurona::shape::Tensor;

/// What is done with each network.
pub(crate) trait Visitor {
    /// A network with its group and its name.
    fn visit<N: Network<Input: Tensor> + Plain>(&mut self, group: &str, name: &str);
}

/// Makes a network of each line, and the function that shows them all to a visitor.
macro_rules! networks {
    ($($group:ident $name:ident: $input:ty => $output:ty { $($layer:ident $type:ty),+ $(,)? })+) => {
        $(
            neurona::network! {
                #[allow(non_camel_case_types)]
                pub(crate) struct $name: $input => $output { $($layer: $type),+ }
            }
        )+

        /// Shows every network to `visitor`.
        pub(crate) fn each(visitor: &mut impl Visitor) {
            $(visitor.visit::<$name>(stringify!($group), stringify!($name));)+
        }
    };
}

/// A dense layer by which an activation is told from none.
type Active<A> = Dense<16, 16, A>;

networks! {
    fit dense_1x1: [f32; 1] => [f32; 1] { a Dense<1, 1> }
    fit dense_7x5: [f32; 7] => [f32; 5] { a Dense<7, 5> }
    fit dense_16x16: [f32; 16] => [f32; 16] { a Dense<16, 16> }
    fit dense_64x8: [f32; 64] => [f32; 8] { a Dense<64, 8> }
    fit dense_64x24: [f32; 64] => [f32; 24] { a Dense<64, 24> }
    fit dense_12x48: [f32; 12] => [f32; 48] { a Dense<12, 48> }
    fit dense_13x9: [f32; 13] => [f32; 9] { a Dense<13, 9> }
    fit dense_100x3: [f32; 100] => [f32; 3] { a Dense<100, 3> }
    fit dense_30x30: [f32; 30] => [f32; 30] { a Dense<30, 30> }
    fit dense_5x64: [f32; 5] => [f32; 64] { a Dense<5, 64> }
    fit dense_128x10: [f32; 128] => [f32; 10] { a Dense<128, 10> }

    fit step: [f32; 16] => [f32; 16] { a Active<Step> }
    fit sigmoid: [f32; 16] => [f32; 16] { a Active<Sigmoid> }
    fit tanh: [f32; 16] => [f32; 16] { a Active<Tanh> }
    fit relu: [f32; 16] => [f32; 16] { a Active<Relu> }
    fit relu6: [f32; 16] => [f32; 16] { a Active<Relu6> }
    fit leaky_relu: [f32; 16] => [f32; 16] { a Active<LeakyRelu> }
    fit elu: [f32; 16] => [f32; 16] { a Active<Elu> }
    fit softplus: [f32; 16] => [f32; 16] { a Active<Softplus> }
    fit silu: [f32; 16] => [f32; 16] { a Active<Silu> }
    fit hard_sigmoid: [f32; 16] => [f32; 16] { a Active<HardSigmoid> }
    fit hard_swish: [f32; 16] => [f32; 16] { a Active<HardSwish> }
    fit fast_sigmoid: [f32; 16] => [f32; 16] { a Active<fast::Sigmoid> }
    fit fast_tanh: [f32; 16] => [f32; 16] { a Active<fast::Tanh> }
    fit scaled_tanh: [f32; 16] => [f32; 16] { a Active<ScaledTanh> }

    fit softmax_3: [f32; 3] => [f32; 3] { a Softmax<3> }
    fit softmax_24: [f32; 24] => [f32; 24] { a Softmax<24> }
    fit fast_softmax_3: [f32; 3] => [f32; 3] { a fast::Softmax<3> }
    fit fast_softmax_24: [f32; 24] => [f32; 24] { a fast::Softmax<24> }
    fit standardize_8: [f32; 8] => [f32; 8] { a Standardize<8> }
    fit standardize_64: [f32; 64] => [f32; 64] { a Standardize<64> }
    fit standardize_20x3: Signal<20, 3> => Signal<20, 3> { a Standardize<3, Signal<20, 3>> }
    fit rescale_8: [f32; 8] => [f32; 8] { a Rescale<8, { 0.25_f32.to_bits() }> }
    fit rescale_64: [f32; 64] => [f32; 64] { a Rescale<64, { 0.25_f32.to_bits() }> }
    fit scale_6x4: Signal<6, 4> => Signal<6, 4> { a Scale<Signal<6, 4>> }
    fit scale_5x5x12: Image<5, 5, 12> => Image<5, 5, 12> { a Scale<Image<5, 5, 12>> }
    fit flatten_12: Signal<4, 3> => [f32; 12] { a Flatten<Signal<4, 3>, 12> }
    fit flatten_256: Image<8, 8, 4> => [f32; 256] { a Flatten<Image<8, 8, 4>, 256> }

    fit conv1d: Signal<20, 3> => Signal<18, 8> { a Conv1d<Signal<20, 3>, Signal<18, 8>, Kernel1d<3>> }
    fit conv1d_same: Signal<30, 6> => Signal<30, 5> { a Conv1d<Signal<30, 6>, Signal<30, 5>, Kernel1d<5>, Identity, Same> }
    fit conv1d_stride: Signal<40, 2> => Signal<19, 12> { a Conv1d<Signal<40, 2>, Signal<19, 12>, Kernel1d<4, 2>> }
    fit conv1d_dilated: Signal<24, 4> => Signal<24, 6> { a Conv1d<Signal<24, 4>, Signal<24, 6>, Kernel1d<3, 1, 4>, Identity, Causal> }
    fit conv1d_groups: Signal<16, 8> => Signal<16, 8> { a Conv1d<Signal<16, 8>, Signal<16, 8>, Grouped<4, Kernel1d<3>>, Identity, Same> }
    fit conv1d_wide: Signal<12, 16> => Signal<10, 16> { a Conv1d<Signal<12, 16>, Signal<10, 16>, Kernel1d<3>> }
    fit conv2d_one: Image<14, 14, 1> => Image<12, 12, 8> { a Conv2d<Image<14, 14, 1>, Image<12, 12, 8>, Kernel2d<3>> }
    fit conv2d_5x5: Image<12, 12, 1> => Image<8, 8, 6> { a Conv2d<Image<12, 12, 1>, Image<8, 8, 6>, Kernel2d<5>> }
    fit conv2d_same: Image<8, 8, 4> => Image<8, 8, 8> { a Conv2d<Image<8, 8, 4>, Image<8, 8, 8>, Kernel2d<3>, Identity, Same> }
    fit conv2d_stride: Image<9, 9, 3> => Image<5, 5, 10> { a Conv2d<Image<9, 9, 3>, Image<5, 5, 10>, Kernel2d<3, 3, 2, 2>, Identity, Same> }
    fit conv2d_small: Image<4, 4, 8> => Image<2, 2, 16> { a Conv2d<Image<4, 4, 8>, Image<2, 2, 16>, Kernel2d<3>> }
    fit pointwise_8x8: Image<6, 6, 8> => Image<6, 6, 8> { a Conv2d<Image<6, 6, 8>, Image<6, 6, 8>, Kernel2d<1>> }
    fit pointwise_24x12: Image<4, 4, 24> => Image<4, 4, 12> { a Conv2d<Image<4, 4, 24>, Image<4, 4, 12>, Kernel2d<1>> }
    fit depthwise_same: Image<8, 8, 8> => Image<8, 8, 8> { a DepthwiseConv2d<Image<8, 8, 8>, Image<8, 8, 8>, Kernel2d<3>, Identity, Same> }
    fit depthwise_wide: Image<6, 6, 20> => Image<4, 4, 20> { a DepthwiseConv2d<Image<6, 6, 20>, Image<4, 4, 20>, Kernel2d<3>> }
    fit depthwise_two: Signal<20, 3> => Signal<16, 6> { a DepthwiseConv1d<Signal<20, 3>, Signal<16, 6>, Kernel1d<5>> }
    fit depthwise_1d: Signal<30, 5> => Signal<15, 5> { a DepthwiseConv1d<Signal<30, 5>, Signal<15, 5>, Kernel1d<3, 2>, Identity, Same> }
    fit table_conv: Image<8, 8, 3> => Image<6, 6, 4> { a TableConv2d<Image<8, 8, 3>, Image<6, 6, 4>, Kernel2d<3>, Table, 8> }
    fit table_conv_5x5: Image<10, 10, 3> => Image<6, 6, 4> { a TableConv2d<Image<10, 10, 3>, Image<6, 6, 4>, Kernel2d<5>, Table, 8> }
    fit max_pool_2: Image<12, 12, 4> => Image<6, 6, 4> { a MaxPool<Image<12, 12, 4>, Image<6, 6, 4>, Kernel2d<2, 2, 2>> }
    fit max_pool_3: Image<11, 11, 3> => Image<5, 5, 3> { a MaxPool<Image<11, 11, 3>, Image<5, 5, 3>, Kernel2d<3, 3, 2>> }
    fit max_pool_16: Image<8, 8, 16> => Image<4, 4, 16> { a MaxPool<Image<8, 8, 16>, Image<4, 4, 16>, Kernel2d<2, 2, 2>> }
    fit max_pool_1d: Signal<40, 6> => Signal<20, 6> { a MaxPool<Signal<40, 6>, Signal<20, 6>, Kernel1d<2, 2>> }
    fit avg_pool_2: Image<12, 12, 4> => Image<6, 6, 4> { a AvgPool<Image<12, 12, 4>, Image<6, 6, 4>, Kernel2d<2, 2, 2>> }
    fit avg_pool_3: Image<9, 9, 8> => Image<5, 5, 8> { a AvgPool<Image<9, 9, 8>, Image<5, 5, 8>, Kernel2d<3, 3, 2>, Same> }
    fit avg_pool_1d: Signal<40, 6> => Signal<10, 6> { a AvgPool<Signal<40, 6>, Signal<10, 6>, Kernel1d<4, 4>> }
    fit global_max_4: Image<6, 6, 4> => [f32; 4] { a GlobalMaxPool<Image<6, 6, 4>> }
    fit global_max_24: Signal<10, 24> => [f32; 24] { a GlobalMaxPool<Signal<10, 24>> }
    fit global_avg_4: Image<6, 6, 4> => [f32; 4] { a GlobalAvgPool<Image<6, 6, 4>> }
    fit global_avg_24: Signal<10, 24> => [f32; 24] { a GlobalAvgPool<Signal<10, 24>> }
    fit residual_8: [f32; 8] => [f32; 8] { a Residual<Dense<8, 8>> }
    fit residual_30: [f32; 30] => [f32; 30] { a Residual<Dense<30, 30>> }
    fit concat_4x3: Signal<4, 2> => Signal<4, 6> { a Concat<Scale<Signal<4, 2>>, Conv1d<Signal<4, 2>, Signal<4, 4>, Kernel1d<1>>, Signal<4, 6>> }
    fit concat_20x8: Signal<20, 4> => Signal<20, 8> { a Concat<Scale<Signal<20, 4>>, Scale<Signal<20, 4>>, Signal<20, 8>> }

    fit conv2d_one_small: Image<10, 10, 1> => Image<8, 8, 4> { a Conv2d<Image<10, 10, 1>, Image<8, 8, 4>, Kernel2d<3>> }
    fit conv1d_one: Signal<30, 1> => Signal<28, 5> { a Conv1d<Signal<30, 1>, Signal<28, 5>, Kernel1d<3>> }
    fit dense_of_relu: [f32; 12] => [f32; 24] { a Dense<12, 30, Relu>, b Dense<30, 24> }
    fit conv_of_relu: Image<6, 6, 4> => Image<4, 4, 12> {
        a Conv2d<Image<6, 6, 4>, Image<6, 6, 8>, Kernel2d<1>, Relu>,
        b Conv2d<Image<6, 6, 8>, Image<4, 4, 12>, Kernel2d<3>>,
    }

    fit rnn_6: Signal<10, 3> => [f32; 6] { a Rnn<10, 3, 6> }
    fit rnn_16: Signal<12, 8> => [f32; 16] { a Rnn<12, 8, 16> }
    fit rnn_relu: Signal<12, 5> => [f32; 11] { a Rnn<12, 5, 11, Last, Relu> }
    fit gru_6: Signal<10, 3> => [f32; 6] { a Gru<10, 3, 6> }
    fit gru_16: Signal<6, 8> => [f32; 16] { a Gru<6, 8, 16> }
    fit gru_11: Signal<9, 5> => [f32; 11] { a Gru<9, 5, 11> }
    fit lstm_6: Signal<10, 3> => [f32; 6] { a Lstm<10, 3, 6> }
    fit lstm_14: Signal<6, 8> => [f32; 14] { a Lstm<6, 8, 14> }
    fit lstm_9: Signal<9, 5> => [f32; 9] { a Lstm<9, 5, 9> }
    fit echo_20: Signal<10, 3> => [f32; 20] { a EchoState<10, 3, 20, 4, 7> }
    fit echo_40: Signal<10, 5> => [f32; 40] { a EchoState<10, 5, 40, 8, 7> }
    fit codes_20: [f32; 20] => [f32; 4] { a OutputCodes<20, 4, Words> }
    fit codes_60: [f32; 60] => [f32; 4] { a OutputCodes<60, 4, Words> }

    check perceptron: [f32; 11] => [f32; 1] { a Dense<11, 27, Relu>, b Dense<27, 13, Relu>, c Dense<13, 1, Sigmoid> }
    check digits: [f32; 64] => [f32; 10] {
        a Rescale<64, { 0.0625_f32.to_bits() }>, b Dense<64, 26, Relu>, c Dense<26, 10>, d Softmax<10>,
    }
    check autoencoder: [f32; 40] => [f32; 40] {
        a Standardize<40>, b Dense<40, 17, Tanh>, c Dense<17, 5, Tanh>, d Dense<5, 17, Tanh>, e Dense<17, 40>,
    }
    check motion: Signal<32, 3> => [f32; 4] {
        a Conv1d<Signal<32, 3>, Signal<32, 8>, Kernel1d<5>, Relu, Same>,
        b MaxPool<Signal<32, 8>, Signal<16, 8>, Kernel1d<2, 2>>,
        c Conv1d<Signal<16, 8>, Signal<14, 12>, Kernel1d<3>, Relu>,
        d GlobalAvgPool<Signal<14, 12>>, e Dense<12, 4>, f fast::Softmax<4>,
    }
    check image: Image<12, 12, 1> => [f32; 5] {
        a Conv2d<Image<12, 12, 1>, Image<10, 10, 6>, Kernel2d<3>, Relu>,
        b MaxPool<Image<10, 10, 6>, Image<5, 5, 6>, Kernel2d<2, 2, 2>>,
        c Conv2d<Image<5, 5, 6>, Image<3, 3, 10>, Kernel2d<3>, Relu>,
        d Flatten<Image<3, 3, 10>, 90>, e Dense<90, 5>,
    }
    check separable: Image<10, 6, 4> => [f32; 6] {
        a DepthwiseConv2d<Image<10, 6, 4>, Image<5, 3, 4>, Kernel2d<3, 3, 2>, Relu, Same>,
        b Conv2d<Image<5, 3, 4>, Image<5, 3, 16>, Kernel2d<1>, Relu>,
        c DepthwiseConv2d<Image<5, 3, 16>, Image<5, 3, 16>, Kernel2d<3>, Relu, Same>,
        d Conv2d<Image<5, 3, 16>, Image<5, 3, 16>, Kernel2d<1>, Relu>,
        e GlobalAvgPool<Image<5, 3, 16>>, f Dense<16, 6>,
    }
    check residuals: Image<6, 6, 4> => [f32; 3] {
        a Residual<Conv2d<Image<6, 6, 4>, Image<6, 6, 4>, Kernel2d<3>, Identity, Same>, Relu>,
        b Projected<
            Conv2d<Image<6, 6, 4>, Image<3, 3, 8>, Kernel2d<3, 3, 2>, Identity, Same>,
            Conv2d<Image<6, 6, 4>, Image<3, 3, 8>, Kernel2d<1, 1, 2>>,
            Relu,
        >,
        c GlobalAvgPool<Image<3, 3, 8>>, d Dense<8, 3>,
    }
    check gated: Signal<16, 4> => [f32; 5] { a Gru<16, 4, 12>, b Dense<12, 5> }
    check memories: Signal<12, 6> => [f32; 2] { a Rnn<12, 6, 10, All>, b Lstm<12, 10, 8>, c Dense<8, 2, Sigmoid> }
}

/// Three channels for four filters.
pub(crate) struct Table;

impl ConnectionTable for Table {
    const SEES: &'static [u64] = &[0b011, 0b101, 0b110, 0b011];
}

/// Four codes of up to 64 bits.
pub(crate) struct Words;

impl Codes for Words {
    const CODES: &'static [u64] =
        &[0x0f35_a2c4_96e1_7b08, 0x3c91_5e07_d4a8_62f3, 0x71c8_0b5d_ea36_94f2, 0x1d46_f8a3_7092_c5be];
}
