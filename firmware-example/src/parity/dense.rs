//! Activations, losses, and the layers of networks without windows and without memory.

use neurona::fast;
use neurona::prelude::*;

use super::networks::{Hidden, Output, in_place, networks, squared_error};

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
    layer standardize: input Standardize<7>, output Dense<7, 3> [input.mean.as_mut_slice(), input.scale.as_mut_slice()] => squared_error();
    layer rescale: output Dense<7, 3>, unit Rescale<3, { (1.0_f32 / 3.0).to_bits() }> => squared_error();

    layer output_codes: hidden Dense<7, 5, ScaledTanh>, output OutputCodes<5, 3, ThreeCodes> => squared_error();

    loss mean_squared_error: hidden Hidden, output Output => in_place(SquaredError, |t| t);
    loss binary_cross_entropy: hidden Hidden, output Output => in_place(BinaryCrossEntropy, |t| t);
    loss cross_entropy_of_class: hidden Hidden, output Output => in_place(SoftmaxCrossEntropy, class);
    loss cross_entropy_of_shares: hidden Hidden, output Output => in_place(SoftmaxCrossEntropy, |t| t);
    loss hinge: hidden Hidden, output Output => in_place(Hinge, signs);
    loss perceptron: hidden Hidden, output Output => in_place(Perceptron, signs);
}

pub(super) struct ThreeCodes;

impl Codes for ThreeCodes {
    const CODES: &'static [u64] = &[0b00110, 0b10101, 0b11010];
}

/// One of the three classes, or the one after them, which does not exist.
pub(super) fn class(t: [f32; 3]) -> usize {
    t.iter().filter(|t| t.is_sign_positive()).count()
}

/// What the losses of the perceptron family take.
pub(super) fn signs(t: [f32; 3]) -> [f32; 3] {
    t.map(|t| 1_f32.copysign(t))
}
