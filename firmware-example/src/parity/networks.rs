//! A small network for every activation, layer, loss and optimizer.

use neurona::fast;
use neurona::prelude::*;

use super::RATE;
use super::nasty::{Example, small};

/// Makes a network of each line, and the function that runs them all.
///
/// A line names it and its layers, what it has besides parameters, and what takes a step. Each has a function of its
/// own, so that only one at a time is on the stack.
macro_rules! networks {
    ($(
        $group:ident $name:ident: $($layer:ident $type:ty),+ $([$($owner:ident.$array:ident),+])? => $learn:expr;
    )+) => {
        $(
            #[inline(never)]
            fn $name() -> u64 {
                neurona::network! {
                    struct Net: [f32; 7] => [f32; 3] { $($layer: $type),+ }
                }

                small::<Net>(|_net, _fill| { $($(_fill(&mut _net.$owner.$array);)+)? }, $learn).value()
            }
        )+

        /// Runs every small network and gives each hash, with its name, to `report`.
        pub fn small_networks(report: &mut impl FnMut(&str, u64)) {
            $(report(concat!(stringify!($group), ".", stringify!($name)), $name());)+
        }
    };
}

type Hidden<A = Tanh> = Dense<7, 5, A>;
type Output<A = Identity> = Dense<5, 3, A>;

networks! {
    activation identity: hidden Hidden<Identity>, output Output<Identity> => squared_error();
    activation step: hidden Hidden<Step>, output Output<Step> => squared_error();
    activation sigmoid: hidden Hidden<Sigmoid>, output Output<Sigmoid> => squared_error();
    activation tanh: hidden Hidden<Tanh>, output Output<Tanh> => squared_error();
    activation relu: hidden Hidden<Relu>, output Output<Relu> => squared_error();
    activation relu6: hidden Hidden<Relu6>, output Output<Relu6> => squared_error();
    activation leaky_relu: hidden Hidden<LeakyRelu>, output Output<LeakyRelu> => squared_error();
    activation elu: hidden Hidden<Elu>, output Output<Elu> => squared_error();
    activation softplus: hidden Hidden<Softplus>, output Output<Softplus> => squared_error();
    activation silu: hidden Hidden<Silu>, output Output<Silu> => squared_error();
    activation hard_sigmoid: hidden Hidden<HardSigmoid>, output Output<HardSigmoid> => squared_error();
    activation hard_swish: hidden Hidden<HardSwish>, output Output<HardSwish> => squared_error();
    activation fast_sigmoid: hidden Hidden<fast::Sigmoid>, output Output<fast::Sigmoid> => squared_error();
    activation fast_tanh: hidden Hidden<fast::Tanh>, output Output<fast::Tanh> => squared_error();
    activation scaled_tanh: hidden Hidden<ScaledTanh>, output Output<ScaledTanh> => squared_error();

    layer softmax: output Dense<7, 3>, share Softmax<3> => squared_error();
    layer fast_softmax: output Dense<7, 3>, share fast::Softmax<3> => squared_error();
    layer standardize: input Standardize<7>, output Dense<7, 3> [input.mean, input.scale] => squared_error();
    layer rescale: output Dense<7, 3>, unit Rescale<3, { (1.0_f32 / 3.0).to_bits() }> => squared_error();

    layer standardize_channels: signal Reshape<[f32; 7], Signal<7, 1>>, input Standardize<1, Signal<7, 1>>,
        flat Flatten<Signal<7, 1>, 7>, output Dense<7, 3> [input.mean, input.scale] => squared_error();
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
    layer pools: hidden Dense<7, 20>, signal Reshape<[f32; 20], Signal<10, 2>>,
        first MaxPool<Signal<10, 2>, Signal<5, 2>, Kernel1d<3, 2>, Same>,
        second AvgPool<Signal<5, 2>, Signal<3, 2>, Kernel1d<2, 2>, Padding1d<1, 1>>,
        flat Flatten<Signal<3, 2>, 6>, output Dense<6, 3> => squared_error();
    layer scale: signal Reshape<[f32; 7], Signal<7, 1>>, scale Scale<Signal<7, 1>, HardSwish>,
        flat Flatten<Signal<7, 1>, 7>, output Dense<7, 3> => squared_error();
    layer residual: first Residual<Dense<7, 7, Tanh>, Relu>, output Dense<7, 3> => squared_error();
    layer projected: first Projected<Dense<7, 5, Tanh>, Dense<7, 5>, Silu>, output Dense<5, 3> => squared_error();
    layer rnn: signal Reshape<[f32; 7], Signal<7, 1>>, memory Rnn<7, 1, 3> => squared_error();
    layer gru: hidden Dense<7, 6>, signal Reshape<[f32; 6], Signal<3, 2>>, memory Gru<3, 2, 3, Last, 2>
        => squared_error();
    layer lstm: signal Reshape<[f32; 7], Signal<7, 1>>, memory Lstm<7, 1, 3> => squared_error();
    layer concat: both Concat<Dense<7, 2, Relu>, Dense<7, 4, Sigmoid>, [f32; 6]>, output Dense<6, 3> => squared_error();
    layer concat_on_batches: both Concat<Dense<7, 2, Relu>, Dense<7, 4, Sigmoid>, [f32; 6]>,
        scale Scale<[f32; 6]>, output Dense<6, 3> => mini_batches(|sgd, net, sum| sgd.step(net, sum, BATCH));

    loss binary_cross_entropy: hidden Hidden, output Output => in_place(BinaryCrossEntropy, |t| t);
    loss cross_entropy_of_class: hidden Hidden, output Output => in_place(SoftmaxCrossEntropy, class);
    loss cross_entropy_of_shares: hidden Hidden, output Output => in_place(SoftmaxCrossEntropy, |t| t);
    loss hinge: hidden Hidden, output Output => in_place(Hinge, signs);
    loss perceptron: hidden Hidden, output Output => in_place(Perceptron, signs);

    optimizer sgd: hidden Hidden, output Output => mini_batches(|sgd, net, sum| sgd.step(net, sum, BATCH));
    optimizer momentum: hidden Hidden, output Output => {
        let mut velocity = Gradient::<Net>::ZERO;
        mini_batches(move |sgd, net, sum| sgd.step_with_momentum(net, sum, &mut velocity, BATCH))
    };
}

/// Number of examples in a mini-batch.
const BATCH: usize = 4;

/// A step with each example, in place; the target is the example's three numbers.
fn squared_error<N: Network<Input = [f32; 7], Output = [f32; 3]>>()
-> impl FnMut(&mut N, &Example, &mut Workspace<N>) -> f32 {
    in_place(SquaredError, |t| t)
}

/// A step with each example, in place; `target` makes the loss's target from the example's three numbers.
fn in_place<N: Network<Input = [f32; 7], Output = [f32; 3]>, T, L: Loss<[f32; 3], T>>(
    loss: L,
    target: impl Fn([f32; 3]) -> T,
) -> impl FnMut(&mut N, &Example, &mut Workspace<N>) -> f32 {
    move |net, example, workspace| net.learn(&example.x, &target(example.t), &loss, RATE, workspace)
}

/// A step with each mini-batch, from the sum of its gradients.
fn mini_batches<N: Network<Input = [f32; 7], Output = [f32; 3]>>(
    mut step: impl FnMut(&Sgd, &mut N, &mut Gradient<N>),
) -> impl FnMut(&mut N, &Example, &mut Workspace<N>) -> f32 {
    let (mut sum, mut examples) = (Gradient::<N>::ZERO, 0);
    move |net, example, workspace| {
        let loss = net.accumulate(&example.x, &example.t, &SquaredError, &mut sum, workspace);
        examples += 1;
        if examples % BATCH == 0 {
            step(&Sgd { rate: RATE, momentum: 0.9 }, net, &mut sum);
        }
        loss
    }
}

/// One of the three classes, or the one after them, which does not exist.
fn class(t: [f32; 3]) -> usize {
    t.iter().filter(|t| t.is_sign_positive()).count()
}

/// What the losses of the perceptron family take.
fn signs(t: [f32; 3]) -> [f32; 3] {
    t.map(|t| 1_f32.copysign(t))
}
