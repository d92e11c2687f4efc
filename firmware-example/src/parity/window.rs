//! Convolutions and pools: each option of a window, over signals and images.

use neurona::prelude::*;

use super::convolution::Table;
use super::networks::{networks, squared_error};

networks! {
    layer conv1d_padded: signal Reshape<[f32; 7], Signal<7, 1>>,
        first Conv1d<Signal<7, 1>, Signal<8, 3>, Kernel1d<3>, Tanh, Padding1d<1, 2>>,
        second Conv1d<Signal<8, 3>, Signal<3, 3>, Kernel1d<4, 2>, Relu>,
        largest GlobalMaxPool<Signal<3, 3>> => squared_error();
    layer conv2d_causal: hidden Dense<7, 12>, image Reshape<[f32; 12], Image<3, 2, 2>>,
        first Conv2d<Image<3, 2, 2>, Image<3, 1, 4>, Kernel2d<2, 2, 1, 1, 2, 1>, Tanh, Causal>,
        groups Conv2d<Image<3, 1, 4>, Image<2, 1, 6>, Grouped<2, Kernel2d<2, 1, 2, 1>>, Silu, Causal>,
        last Conv2d<Image<2, 1, 6>, Image<1, 1, 3>, Kernel2d<2, 1>>,
        mean GlobalAvgPool<Image<1, 1, 3>> => squared_error();
    layer depthwise_padded: hidden Dense<7, 12>, image Reshape<[f32; 12], Image<4, 3, 1>>,
        first DepthwiseConv2d<Image<4, 3, 1>, Image<3, 4, 1>, Kernel2d<2, 2, 1, 1, 2, 1>, Tanh, Padding2d<0, 1, 1, 1>>,
        second DepthwiseConv2d<Image<3, 4, 1>, Image<3, 2, 1>, Kernel2d<3, 2, 1, 2>, Relu, Causal>,
        third DepthwiseConv2d<Image<3, 2, 1>, Image<2, 1, 4>, Kernel2d<2>>,
        flat Flatten<Image<2, 1, 4>, 8>, output Dense<8, 3> => squared_error();
    layer depthwise1d_padded: signal Reshape<[f32; 7], Signal<7, 1>>,
        first DepthwiseConv1d<Signal<7, 1>, Signal<7, 2>, Kernel1d<3, 1, 2>, Tanh, Causal>,
        second DepthwiseConv1d<Signal<7, 2>, Signal<4, 2>, Kernel1d<3, 2>, Silu, Same>,
        third DepthwiseConv1d<Signal<4, 2>, Signal<4, 6>, Kernel1d<3>, Identity, Padding1d<2, 0>>,
        flat Flatten<Signal<4, 6>, 24>, output Dense<24, 3> => squared_error();
    layer table_conv_padded: hidden Dense<7, 18>, image Reshape<[f32; 18], Image<3, 3, 2>>,
        first TableConv2d<Image<3, 3, 2>, Image<3, 2, 3>, Kernel2d<2>, Table, 4, Tanh, Padding2d<1, 0, 0, 0>>,
        second TableConv2d<Image<3, 2, 3>, Image<3, 1, 3>, Kernel2d<2, 2, 1, 1, 2, 1>, Three, 5, Silu, Causal>,
        mean GlobalAvgPool<Image<3, 1, 3>> => squared_error();
    layer table_conv_same: hidden Dense<7, 18>, image Reshape<[f32; 18], Image<3, 3, 2>>,
        first TableConv2d<Image<3, 3, 2>, Image<2, 2, 3>, Kernel2d<2, 2, 2>, Table, 4, Silu, Same>,
        mean GlobalAvgPool<Image<2, 2, 3>> => squared_error();
    layer table_conv_causal: hidden Dense<7, 8>, signal Reshape<[f32; 8], Signal<4, 2>>,
        first TableConv1d<Signal<4, 2>, Signal<4, 3>, Kernel1d<2, 1, 2>, Table, 4, Tanh, Causal>,
        second TableConv1d<Signal<4, 3>, Signal<2, 3>, Kernel1d<3, 2>, Three, 5, Relu, Same>,
        third TableConv1d<Signal<2, 3>, Signal<3, 3>, Kernel1d<2>, Three, 5, Identity, Padding1d<2, 0>>,
        mean GlobalAvgPool<Signal<3, 3>> => squared_error();
    layer pools_causal: hidden Dense<7, 10>, signal Reshape<[f32; 10], Signal<10, 1>>,
        first MaxPool<Signal<10, 1>, Signal<5, 1>, Kernel1d<3, 2, 2>, Causal>,
        second AvgPool<Signal<5, 1>, Signal<5, 1>, Kernel1d<2, 1, 3>, Causal>,
        third MaxPool<Signal<5, 1>, Signal<4, 1>, Kernel1d<2>>,
        fourth AvgPool<Signal<4, 1>, Signal<2, 1>, Kernel1d<3, 2>, Same>,
        fifth MaxPool<Signal<2, 1>, Signal<2, 1>, Kernel1d<2>, Padding1d<1, 0>>,
        sixth AvgPool<Signal<2, 1>, Signal<1, 1>, Kernel1d<2>>,
        flat Flatten<Signal<1, 1>, 1>, output Dense<1, 3> => squared_error();
    layer pools2d_causal: hidden Dense<7, 20>, image Reshape<[f32; 20], Image<5, 4, 1>>,
        first MaxPool<Image<5, 4, 1>, Image<5, 2, 1>, Kernel2d<2, 3, 1, 1, 2, 1>, Causal>,
        second AvgPool<Image<5, 2, 1>, Image<3, 1, 1>, Kernel2d<2, 2, 1, 1, 2, 1>>,
        third MaxPool<Image<3, 1, 1>, Image<2, 2, 1>, Kernel2d<2>, Padding2d<0, 0, 1, 1>>,
        fourth AvgPool<Image<2, 2, 1>, Image<2, 1, 1>, Kernel2d<2>, Causal>,
        flat Flatten<Image<2, 1, 1>, 2>, output Dense<2, 3> => squared_error();
    layer pools2d: hidden Dense<7, 20>, image Reshape<[f32; 20], Image<5, 4, 1>>,
        first MaxPool<Image<5, 4, 1>, Image<3, 2, 1>, Kernel2d<3, 3, 2>, Same>,
        second AvgPool<Image<3, 2, 1>, Image<2, 1, 1>, Kernel2d<2, 3, 2>, Same>,
        third AvgPool<Image<2, 1, 1>, Image<3, 1, 1>, Kernel2d<2, 1>, Padding2d<1, 1, 0, 0>>,
        fourth MaxPool<Image<3, 1, 1>, Image<2, 1, 1>, Kernel2d<2, 1>>,
        flat Flatten<Image<2, 1, 1>, 2>, output Dense<2, 3> => squared_error();
}

/// Three channels for three filters.
pub(super) struct Three;

impl ConnectionTable for Three {
    const SEES: &'static [u64] = &[0b101, 0b110, 0b010];
}
