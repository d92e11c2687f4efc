//! The networks of `tests/scripts/convolution.py`, by their names.

use neurona::{
    arch::{ActivationSpec, ReshapeSpec, ScaleSpec, Shape},
    prelude::*,
};

use crate::Spec;

/// The network of a case.
pub(super) fn network(case: &str) -> Spec {
    let layers = layers(case);
    let front = front(layers[0].input_shape());
    Spec::Chain(front.into_iter().chain(layers).collect())
}

/// What stands in front of each network: a scale and a shift for each value, and their shape.
fn front(shape: Shape) -> [Spec; 2] {
    let input = Shape::Vector { len: shape.len() as u32 };
    [
        Spec::Scale(ScaleSpec { shape: input, activation: ActivationSpec::Identity }),
        Spec::Reshape(ReshapeSpec { input, output: shape }),
    ]
}

fn spec<L: Layer>() -> Spec {
    Spec::from(&L::SPEC)
}

fn chain<A: Layer, B: Layer<Input = A::Output>>() -> Spec {
    Spec::Chain(vec![spec::<A>(), spec::<B>()])
}

/// The layers of each case of the script.
fn layers(case: &str) -> Vec<Spec> {
    type Mixed = Signal<6, 3>;
    match case {
        "conv1d" => vec![spec::<Conv1d<Signal<9, 3>, Signal<7, 4>, Kernel1d<3>, Tanh>>()],
        "conv1d_stride_dilation" => vec![spec::<Conv1d<Signal<13, 2>, Signal<5, 3>, Kernel1d<3, 2, 2>, Tanh>>()],
        "conv1d_groups" => vec![spec::<Conv1d<Signal<7, 4>, Signal<6, 6>, Grouped<2, Kernel1d<2>>, Tanh>>()],
        "conv1d_same" => vec![spec::<Conv1d<Signal<8, 2>, Signal<4, 3>, Kernel1d<3, 2>, Tanh, Same>>()],
        "conv1d_sides" => vec![spec::<Conv1d<Signal<6, 2>, Signal<7, 2>, Kernel1d<3>, Silu, Padding1d<2, 1>>>()],
        "conv1d_causal" => vec![spec::<Conv1d<Signal<9, 2>, Signal<5, 3>, Kernel1d<3, 2, 2>, Tanh, Causal>>()],
        "conv2d" => vec![spec::<Conv2d<Image<5, 6, 2>, Image<3, 5, 3>, Kernel2d<3, 2>, Tanh>>()],
        "conv2d_stride_dilation" => {
            vec![spec::<Conv2d<Image<7, 8, 2>, Image<3, 4, 3>, Kernel2d<2, 3, 2, 1, 2, 2>, Tanh>>()]
        }
        "conv2d_groups" => vec![spec::<Conv2d<Image<4, 5, 4>, Image<2, 4, 6>, Grouped<2, Kernel2d<3, 2>>, Tanh>>()],
        "conv2d_groups_same" => {
            vec![spec::<Conv2d<Image<5, 4, 6>, Image<3, 2, 3>, Grouped<2, Kernel2d<3, 3, 2>>, Tanh, Same>>()]
        }
        "conv2d_same_odd" => vec![spec::<Conv2d<Image<4, 6, 2>, Image<2, 3, 3>, Kernel2d<3, 3, 2>, Tanh, Same>>()],
        "conv2d_same_even" => vec![spec::<Conv2d<Image<5, 4, 1>, Image<5, 4, 2>, Kernel2d<4, 2>, Tanh, Same>>()],
        "conv2d_same_dilation" => {
            vec![spec::<Conv2d<Image<6, 5, 2>, Image<2, 3, 2>, Kernel2d<2, 3, 3, 2, 3, 2>, Tanh, Same>>()]
        }
        "conv2d_sides" => {
            vec![spec::<Conv2d<Image<5, 4, 2>, Image<3, 2, 3>, Kernel2d<3, 3, 2>, Tanh, Padding2d<1, 2, 0, 1>>>()]
        }
        "conv2d_causal" => vec![spec::<Conv2d<Image<5, 4, 2>, Image<5, 3, 3>, Kernel2d<3, 2>, Tanh, Causal>>()],
        "pointwise" => vec![spec::<Conv2d<Image<3, 4, 3>, Image<3, 4, 4>, Kernel2d<1>, Silu>>()],
        "pointwise_stride" => vec![spec::<Conv2d<Image<5, 4, 3>, Image<3, 2, 2>, Kernel2d<1, 1, 2>, Tanh, Same>>()],
        "depthwise1d" => vec![spec::<DepthwiseConv1d<Signal<10, 2>, Signal<3, 6>, Kernel1d<3, 2, 2>, Tanh>>()],
        "depthwise2d_same" => {
            vec![spec::<DepthwiseConv2d<Image<6, 5, 3>, Image<3, 3, 3>, Kernel2d<3, 3, 2>, Tanh, Same>>()]
        }
        "depthwise2d_twice" => vec![spec::<DepthwiseConv2d<Image<5, 6, 2>, Image<4, 4, 4>, Kernel2d<2, 3>, Silu>>()],
        "depthwise2d_sides" => {
            type Around = Padding2d<1, 0, 2, 1>;
            vec![spec::<DepthwiseConv2d<Image<4, 4, 3>, Image<2, 5, 6>, Kernel2d<3, 3, 2, 1>, Tanh, Around>>()]
        }
        "max_pool1d" => vec![spec::<MaxPool<Signal<9, 2>, Signal<4, 2>, Kernel1d<3, 2>>>()],
        "max_pool2d" => vec![spec::<MaxPool<Image<4, 6, 2>, Image<2, 3, 2>, Kernel2d<2, 2, 2>>>()],
        "max_pool2d_same" => vec![spec::<MaxPool<Image<6, 5, 2>, Image<3, 3, 2>, Kernel2d<3, 3, 2>, Same>>()],
        "avg_pool1d" => vec![spec::<AvgPool<Signal<8, 2>, Signal<4, 2>, Kernel1d<2, 2>>>()],
        "avg_pool2d" => vec![spec::<AvgPool<Image<5, 6, 2>, Image<4, 2, 2>, Kernel2d<2, 3, 1, 2>>>()],
        "avg_pool2d_same" => vec![spec::<AvgPool<Image<6, 5, 2>, Image<3, 3, 2>, Kernel2d<3, 3, 2>, Same>>()],
        "avg_pool2d_around" => {
            vec![spec::<AvgPool<Image<5, 6, 2>, Image<3, 3, 2>, Kernel2d<3, 3, 2>, Padding2d<1, 1, 1, 1>>>()]
        }
        "global_avg_pool" => vec![
            spec::<Conv2d<Image<4, 3, 3>, Image<3, 2, 4>, Kernel2d<2>, Tanh>>(),
            spec::<GlobalAvgPool<Image<3, 2, 4>>>(),
        ],
        "global_max_pool" => {
            vec![spec::<Conv1d<Signal<9, 2>, Signal<8, 3>, Kernel1d<2>, Tanh>>(), spec::<GlobalMaxPool<Signal<8, 3>>>()]
        }
        "scale" => vec![spec::<Scale<Image<3, 4, 2>, Tanh>>()],
        "flatten" => vec![
            spec::<Conv2d<Image<4, 3, 2>, Image<3, 2, 3>, Kernel2d<2>, Tanh>>(),
            spec::<Flatten<Image<3, 2, 3>, 18>>(),
            spec::<Dense<18, 4>>(),
        ],
        "residual" => {
            type Wide = Conv2d<Image<4, 4, 2>, Image<4, 4, 3>, Kernel2d<3>, Tanh, Same>;
            type Narrow = Conv2d<Image<4, 4, 3>, Image<4, 4, 2>, Kernel2d<1>>;
            vec![residual(chain::<Wide, Narrow>(), None, ActivationSpec::Relu)]
        }
        "residual_projection" => {
            type First = Conv2d<Image<5, 4, 2>, Image<3, 2, 3>, Kernel2d<3, 3, 2>, Relu, Same>;
            type Second = Conv2d<Image<3, 2, 3>, Image<3, 2, 3>, Kernel2d<3>, Identity, Same>;
            type Shortcut = Conv2d<Image<5, 4, 2>, Image<3, 2, 3>, Kernel2d<1, 1, 2>, Identity, Same>;
            vec![residual(chain::<First, Second>(), Some(spec::<Shortcut>()), ActivationSpec::Silu)]
        }
        "concat" => {
            type Narrow = Conv1d<Mixed, Signal<6, 2>, Kernel1d<1>, Tanh>;
            type Largest = MaxPool<Mixed, Mixed, Kernel1d<3>, Same>;
            type Wide = Conv1d<Mixed, Mixed, Kernel1d<3>, Tanh, Same>;
            let branches = Spec::Concat(Box::new(spec::<Narrow>()), Box::new(chain::<Largest, Wide>()));
            vec![branches, spec::<Scale<Signal<6, 5>, Tanh>>(), spec::<GlobalAvgPool<Signal<6, 5>>>()]
        }
        "batch_norm" => vec![
            spec::<Conv2d<Image<5, 5, 2>, Image<3, 3, 3>, Kernel2d<2, 2, 2>, Tanh, Same>>(),
            spec::<Conv2d<Image<3, 3, 3>, Image<3, 3, 2>, Kernel2d<1>, Silu>>(),
            spec::<GlobalAvgPool<Image<3, 3, 2>>>(),
        ],
        "batch_norm_depthwise" => vec![
            spec::<DepthwiseConv1d<Signal<6, 2>, Signal<4, 4>, Kernel1d<3>>>(),
            spec::<Conv1d<Signal<4, 4>, Signal<3, 3>, Kernel1d<2>, Tanh>>(),
            spec::<Flatten<Signal<3, 3>, 9>>(),
            spec::<Dense<9, 2>>(),
        ],
        "batch_norm_residual" => {
            type First = Conv2d<Image<4, 4, 2>, Image<4, 4, 3>, Kernel2d<2>, Silu, Same>;
            type Second = Conv2d<Image<4, 4, 3>, Image<4, 4, 2>, Kernel2d<1>>;
            vec![residual(chain::<First, Second>(), None, ActivationSpec::Tanh)]
        }
        other => panic!("the script has a case {other} that is not known here"),
    }
}

fn residual(body: Spec, shortcut: Option<Spec>, activation: ActivationSpec) -> Spec {
    Spec::Residual { body: Box::new(body), shortcut: shortcut.map(Box::new), activation }
}
