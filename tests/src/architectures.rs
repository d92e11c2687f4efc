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

/// Makes a network of each line, and the function that shows them all to a visitor.
macro_rules! architectures {
    ($($name:ident: $input:literal => $output:literal { $($layer:ident: $type:ty),+ $(,)? } $loss:ident;)+) => {
        $(
            neurona::network! {
                #[doc = stringify!($name)]
                #[allow(non_camel_case_types)]
                pub struct $name: [f32; $input] => [f32; $output] { $($layer: $type),+ }
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
}

neurona::network! {
    /// The body of the network `nested`.
    pub struct Body: [f32; 7] => [f32; 3] {
        hidden: Dense<7, 5, Sigmoid>,
        unit: Rescale<5, { 0.75_f32.to_bits() }>,
        output: Dense<5, 3, Silu>,
    }
}
