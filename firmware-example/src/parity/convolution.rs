//! Convolutions, pools, and layers that join branches.

use neurona::prelude::*;

use super::networks::{networks, squared_error};

networks! {
    layer standardize_channels: signal Reshape<[f32; 7], Signal<7, 1>>, input Standardize<1, Signal<7, 1>>,
        flat Flatten<Signal<7, 1>, 7>, output Dense<7, 3> [input.mean.as_mut_slice(), input.scale.as_mut_slice()] => squared_error();
    layer conv1d: signal Reshape<[f32; 7], Signal<7, 1>>,
        first Conv1d<Signal<7, 1>, Signal<7, 2>, Kernel1d<3, 1, 2>, Tanh, Causal>,
        second Conv1d<Signal<7, 2>, Signal<4, 3>, Kernel1d<4, 2>, Identity, Same>,
        mean GlobalAvgPool<Signal<4, 3>> => squared_error();
    layer conv2d: hidden Dense<7, 18>, image Reshape<[f32; 18], Image<3, 3, 2>>,
        first Conv2d<Image<3, 3, 2>, Image<2, 2, 4>, Kernel2d<2, 3, 2, 1>, Silu, Padding2d<1, 0, 0, 1>>,
        second Conv2d<Image<2, 2, 4>, Image<2, 2, 3>, Kernel2d<1>>,
        largest GlobalMaxPool<Image<2, 2, 3>> => squared_error();
    layer groups: hidden Dense<7, 12>, signal Reshape<[f32; 12], Signal<3, 4>>,
        conv Conv1d<Signal<3, 4>, Signal<3, 6>, Grouped<2, Kernel1d<2>>, Relu, Same>,
        flat Flatten<Signal<3, 6>, 18>, output Dense<18, 3> => squared_error();
    layer depthwise: hidden Dense<7, 12>, image Reshape<[f32; 12], Image<3, 2, 2>>,
        first DepthwiseConv2d<Image<3, 2, 2>, Image<2, 1, 4>, Kernel2d<3, 3, 2>, Tanh, Same>,
        second Conv2d<Image<2, 1, 4>, Image<2, 1, 3>, Kernel2d<1>>,
        mean GlobalAvgPool<Image<2, 1, 3>> => squared_error();
    layer depthwise1d: signal Reshape<[f32; 7], Signal<7, 1>>,
        first DepthwiseConv1d<Signal<7, 1>, Signal<3, 3>, Kernel1d<2, 2, 2>, Silu>,
        mean GlobalAvgPool<Signal<3, 3>> => squared_error();
    layer table_conv1d: hidden Dense<7, 8>, signal Reshape<[f32; 8], Signal<4, 2>>,
        first TableConv1d<Signal<4, 2>, Signal<3, 3>, Kernel1d<2>, Table, 4, Tanh>,
        mean GlobalAvgPool<Signal<3, 3>> => squared_error();
    layer table_conv: hidden Dense<7, 18>, image Reshape<[f32; 18], Image<3, 3, 2>>,
        first TableConv2d<Image<3, 3, 2>, Image<2, 2, 3>, Kernel2d<2>, Table, 4, ScaledTanh>,
        mean GlobalAvgPool<Image<2, 2, 3>> => squared_error();
    layer pools: hidden Dense<7, 20>, signal Reshape<[f32; 20], Signal<10, 2>>,
        first MaxPool<Signal<10, 2>, Signal<5, 2>, Kernel1d<3, 2>, Same>,
        second AvgPool<Signal<5, 2>, Signal<3, 2>, Kernel1d<2, 2>, Padding1d<1, 1>>,
        flat Flatten<Signal<3, 2>, 6>, output Dense<6, 3> => squared_error();
    layer scale: signal Reshape<[f32; 7], Signal<7, 1>>, scale Scale<Signal<7, 1>, HardSwish>,
        flat Flatten<Signal<7, 1>, 7>, output Dense<7, 3> => squared_error();
    layer residual: first Residual<Dense<7, 7, Tanh>, Relu>, output Dense<7, 3> => squared_error();
    layer projected: first Projected<Dense<7, 5, Tanh>, Dense<7, 5>, Silu>, output Dense<5, 3> => squared_error();
    layer residual_conv: hidden Dense<7, 12>, image Reshape<[f32; 12], Image<2, 3, 2>>,
        both Residual<Body, Relu>, flat Flatten<Image<2, 3, 2>, 12>, output Dense<12, 3> => squared_error();
    layer projected_conv: hidden Dense<7, 18>, image Reshape<[f32; 18], Image<3, 3, 2>>,
        both Projected<Conv2d<Image<3, 3, 2>, Image<2, 2, 3>, Kernel2d<3, 3, 2>, Identity, Same>,
            Conv2d<Image<3, 3, 2>, Image<2, 2, 3>, Kernel2d<1, 1, 2>, Identity, Same>, HardSwish>,
        mean GlobalAvgPool<Image<2, 2, 3>> => squared_error();
    layer concat_conv: signal Reshape<[f32; 7], Signal<7, 1>>,
        both Concat<Conv1d<Signal<7, 1>, Signal<7, 2>, Kernel1d<3>, Tanh, Causal>, MaxPool<Signal<7, 1>, Signal<7, 1>, Kernel1d<3>, Same>,
            Signal<7, 3>>,
        mean GlobalAvgPool<Signal<7, 3>> => squared_error();
    layer concat: both Concat<Dense<7, 2, Relu>, Dense<7, 4, Sigmoid>, [f32; 6]>, output Dense<6, 3> => squared_error();
}

neurona::network! {
    /// A separable convolution, to go around.
    pub struct Body: Image<2, 3, 2> => Image<2, 3, 2> {
        wide: DepthwiseConv2d<Image<2, 3, 2>, Image<2, 3, 4>, Kernel2d<3>, Silu, Same>,
        point: Conv2d<Image<2, 3, 4>, Image<2, 3, 2>, Kernel2d<1>>,
    }
}

/// Two channels for three filters.
pub(super) struct Table;

impl ConnectionTable for Table {
    const SEES: &'static [u64] = &[0b11, 0b10, 0b01];
}
