//! What can be asked of an activation that is a value: its name, its function, and what its derivative needs.

use super::function as f;
use crate::arch::ActivationSpec;
use crate::fast;

/// What the derivative of an activation is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Needs {
    /// The output y: nothing is kept for backward.
    Output,
    /// The pre-activation z, which is kept for backward.
    PreActivation,
}

impl ActivationSpec {
    /// Every activation once; those that have a parameter, with its default.
    pub const ALL: [Self; 15] = [
        Self::Identity,
        Self::Step,
        Self::Sigmoid,
        Self::Tanh,
        Self::Relu,
        Self::Relu6,
        Self::LeakyRelu { slope: 0.01f32.to_bits() },
        Self::Elu { alpha: 1f32.to_bits() },
        Self::Softplus,
        Self::Silu,
        Self::HardSigmoid,
        Self::HardSwish,
        Self::FastSigmoid,
        Self::FastTanh,
        Self::ScaledTanh,
    ];

    /// The function at `z`: the same bits as [`Activation::value`](crate::Activation::value) of the type.
    pub fn value(&self, z: f32) -> f32 {
        match *self {
            Self::Identity => f::identity(z),
            Self::Step => f::step(z),
            Self::Sigmoid => f::sigmoid(z),
            Self::Tanh => f::tanh(z),
            Self::Relu => f::relu(z),
            Self::Relu6 => f::relu6(z),
            Self::LeakyRelu { slope } => f::leaky_relu(z, f32::from_bits(slope)),
            Self::Elu { alpha } => f::elu(z, f32::from_bits(alpha)),
            Self::Softplus => f::softplus(z),
            Self::Silu => f::silu(z),
            Self::HardSigmoid => f::hard_sigmoid(z),
            Self::HardSwish => f::hard_swish(z),
            Self::FastSigmoid => fast::sigmoid(z),
            Self::FastTanh => fast::tanh(z),
            Self::ScaledTanh => f::scaled_tanh(z),
        }
    }

    /// The derivative, from the output y or from the pre-activation z, as [`Self::needs`] says: the same bits as
    /// [`Activation::derivative`](crate::Activation::derivative) of the type.
    pub fn derivative(&self, from: f32) -> f32 {
        match *self {
            Self::Identity => f::identity_derivative(from),
            Self::Step => f::step_derivative(from),
            Self::Sigmoid | Self::FastSigmoid => f::sigmoid_derivative(from),
            Self::Tanh | Self::FastTanh => f::tanh_derivative(from),
            Self::ScaledTanh => f::scaled_tanh_derivative(from),
            Self::Relu => f::relu_derivative(from),
            Self::Relu6 => f::relu6_derivative(from),
            Self::LeakyRelu { slope } => f::leaky_relu_derivative(from, f32::from_bits(slope)),
            Self::Elu { alpha } => f::elu_derivative(from, f32::from_bits(alpha)),
            Self::Softplus => f::softplus_derivative(from),
            Self::Silu => f::silu_derivative(from),
            Self::HardSigmoid => f::hard_sigmoid_derivative(from),
            Self::HardSwish => f::hard_swish_derivative(from),
        }
    }

    /// What the derivative is computed from.
    pub const fn needs(&self) -> Needs {
        match self {
            Self::Silu | Self::HardSwish => Needs::PreActivation,
            Self::Identity
            | Self::Step
            | Self::Sigmoid
            | Self::Tanh
            | Self::Relu
            | Self::Relu6
            | Self::LeakyRelu { .. }
            | Self::Elu { .. }
            | Self::Softplus
            | Self::HardSigmoid
            | Self::FastSigmoid
            | Self::FastTanh
            | Self::ScaledTanh => Needs::Output,
        }
    }

    /// The name in a description of a network, `leaky_relu` for example.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Step => "step",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::Relu => "relu",
            Self::Relu6 => "relu6",
            Self::LeakyRelu { .. } => "leaky_relu",
            Self::Elu { .. } => "elu",
            Self::Softplus => "softplus",
            Self::Silu => "silu",
            Self::HardSigmoid => "hard_sigmoid",
            Self::HardSwish => "hard_swish",
            Self::FastSigmoid => "fast_sigmoid",
            Self::FastTanh => "fast_tanh",
            Self::ScaledTanh => "scaled_tanh",
        }
    }

    /// What is wrong with the parameter, or `None`.
    ///
    /// A type with such a parameter does not compile; a description that was read from a file may have one. The
    /// derivative is taken from the output, whose sign must be that of z.
    pub const fn fault(&self) -> Option<&'static str> {
        match self {
            Self::LeakyRelu { slope } if !is_magnitude(*slope) => {
                Some("the slope of a leaky ReLU is 0 or a positive number, given as `{ 0.01_f32.to_bits() }`")
            }
            Self::Elu { alpha } if !is_magnitude(*alpha) => {
                Some("the alpha of an ELU is 0 or a positive number, given as `{ 1.0_f32.to_bits() }`")
            }
            _ => None,
        }
    }

    /// The specification itself, if it has no [fault](Self::fault).
    ///
    /// # Panics
    ///
    /// With the fault as message; in a constant, that is an error of the compiler.
    pub(super) const fn checked(self) -> Self {
        match self.fault() {
            None => self,
            Some(fault) => panic!("{}", fault),
        }
    }
}

/// Whether these are the bits of zero or of a positive finite number: minus zero is no magnitude, and NaN has no order.
///
/// A subnormal number is none either, because it is what `LeakyRelu<2>` says, where `2.0_f32.to_bits()` is meant.
const fn is_magnitude(bits: u32) -> bool {
    bits < f32::INFINITY.to_bits() && !f32::from_bits(bits).is_subnormal()
}
