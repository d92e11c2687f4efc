//! Activation functions: what a layer applies to each of its weighted sums.
//!
//! An activation is a type that is never instantiated, the last parameter of a layer: `Dense<64, 32, Relu>`. Each has
//! its value and its derivative, and says whether the derivative follows from the output y, which backward has anyway,
//! or needs the pre-activation z, which is then kept on the tape.
//!
//! The exponentials are `libm`'s, so that every core gives the same bits. The largest error of a value is said in units
//! in the last place (ULP) of the exact result. NaN gives NaN. A derivative that is computed is NaN at NaN too; of a
//! piecewise linear function it is then that of the piece which lets NaN through.

pub(crate) mod function;
mod spec;
#[cfg(test)]
mod tests;

use function as f;

pub use spec::Needs;

use crate::arch::ActivationSpec;
use crate::kernel;
use crate::plain::Zero;
use crate::shape::Tensor;

/// A function that is applied to each weighted sum of a layer.
///
/// # Examples
///
/// ```
/// use neurona::{Activation, Relu6};
///
/// assert_eq!(Relu6::value(7.5), 6.0);
/// assert_eq!(Relu6::derivative(Relu6::value(7.5)), 0.0);
/// ```
pub trait Activation {
    /// The function as a value, which the model file writes and the desktop reads.
    const SPEC: ActivationSpec;

    /// What is kept for the backward of an output `Y`: nothing, `()`, where the derivative follows from the output y, or
    /// the pre-activations, which are a `Y` too.
    type Keep<Y: Tensor>: Keep + 'static;

    /// The function at the weighted sum z.
    fn value(z: f32) -> f32;

    /// The function at each of the weighted sums, in place.
    #[inline]
    fn values(z: &mut [f32]) {
        for z in z {
            *z = Self::value(*z);
        }
    }

    /// The derivative with respect to z, from y or from z, as [`Self::Keep`] says.
    fn derivative(from: f32) -> f32;

    /// The gradients of the outputs times the derivatives, in place: those of the weighted sums.
    #[inline]
    fn backward(from: &[f32], dy: &mut [f32]) {
        for (dy, from) in dy.iter_mut().zip(from) {
            *dy *= Self::derivative(*from);
        }
    }
}

/// What is kept of the pre-activations for backward.
pub trait Keep: Zero {
    /// Keeps what the derivative needs of the pre-activations z, before they become outputs.
    fn keep(&mut self, z: &[f32]);

    /// What the derivative is computed from: the outputs y, or the pre-activations that were kept.
    fn source<'a>(&'a self, y: &'a [f32]) -> &'a [f32];
}

/// The derivative follows from the output.
impl Keep for () {
    #[inline]
    fn keep(&mut self, _z: &[f32]) {}

    #[inline]
    fn source<'a>(&'a self, y: &'a [f32]) -> &'a [f32] {
        y
    }
}

/// The derivative needs the pre-activations.
impl<Y: Tensor> Keep for Y {
    #[inline]
    fn keep(&mut self, z: &[f32]) {
        for (kept, z) in self.values_mut().iter_mut().zip(z) {
            *kept = *z;
        }
    }

    #[inline]
    fn source<'a>(&'a self, _y: &'a [f32]) -> &'a [f32] {
        self.values()
    }
}

/// Makes an activation of the type `$name` from two functions; `$keep` is what is kept of an output.
macro_rules! activation {
    ($(#[$doc:meta])* $name:ident, |$y:ident| $keep:ty, $value:path, $derivative:path $(, $values:path, $backward:path)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name;

        impl Activation for $name {
            const SPEC: ActivationSpec = ActivationSpec::$name;
            type Keep<$y: Tensor> = $keep;

            #[inline]
            fn value(z: f32) -> f32 {
                $value(z)
            }

            $(
                #[inline]
                fn values(z: &mut [f32]) {
                    $values(z);
                }
            )?

            #[inline]
            fn derivative(from: f32) -> f32 {
                $derivative(from)
            }

            $(
                #[inline]
                fn backward(from: &[f32], dy: &mut [f32]) {
                    $backward(from, dy);
                }
            )?
        }
    };
}

activation! {
    /// The weighted sum itself: `y = z`, derivative 1.
    ///
    /// The output of a regression, and what a loss that is computed from logits takes. Exact.
    Identity, |Y| (), f::identity, f::identity_derivative
}

activation! {
    /// Heaviside's step: 1 for `z ≥ 0`, both zeros included, else 0; derivative 0.
    ///
    /// The neuron of McCulloch and Pitts (1943) and of Rosenblatt's perceptron (1958). Nothing can be learned through
    /// it: a perceptron learns from the weighted sum by its [loss](crate::Perceptron). Exact; infinities give 0 and 1.
    Step, |Y| (), f::step, f::step_derivative
}

activation! {
    /// The logistic sigmoid: `y = 1 / (1 + e^-z)`, derivative `y (1 - y)` from y.
    ///
    /// A probability (course, "activation functions"). Within 0 and 1, 1/2 at 0; infinities give 0 and 1. At most
    /// 2.5 ULP off. [`fast::Sigmoid`](crate::fast::Sigmoid) is its fast form.
    Sigmoid, |Y| (), f::sigmoid, f::sigmoid_derivative
}

activation! {
    /// The hyperbolic tangent: `y = tanh z`, derivative `1 - y²` from y.
    ///
    /// The odd sigmoid (course, "activation functions"; LeCun et al., "Efficient BackProp", 1998). Both zeros give
    /// themselves, infinities ±1. At most 2.5 ULP off. [`fast::Tanh`](crate::fast::Tanh) is its fast form.
    Tanh, |Y| (), f::tanh, f::tanh_derivative
}

activation! {
    /// Tanh as LeCun scales it: `y = 1.7159 tanh(2/3 z)`, derivative `2/3 (1.7159 - y² / 1.7159)` from y.
    ///
    /// LeCun, "Generalization and network design strategies", 1989; LeCun and others, "Gradient-based learning applied to
    /// document recognition", 1998, appendix A. It gives ±1 at ±1, where it bends most, so that targets of ±1 do not drive
    /// units to saturation. At most 3.8 ULP off; infinities give ±1.7159.
    ScaledTanh, |Y| (), f::scaled_tanh, f::scaled_tanh_derivative
}

activation! {
    /// Rectified linear unit: `y = max(z, 0)`, derivative 1 where `y > 0`, else 0, at the kink too.
    ///
    /// Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010. Exact; both zeros and
    /// minus infinity give +0, infinity gives itself.
    Relu, |Y| (), f::relu, f::relu_derivative, kernel::relu, kernel::relu_backward
}

activation! {
    /// ReLU with a ceiling: `y = min(max(z, 0), 6)`, derivative 1 where `0 < y < 6`, else 0, at both kinks too.
    ///
    /// Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010; its small range suits fixed point. Exact;
    /// both zeros and minus infinity give +0, infinity gives 6.
    Relu6, |Y| (), f::relu6, f::relu6_derivative
}

/// ReLU that leaks: `y = z` where `z > 0`, else `slope · z`; derivative 1 where `y > 0`, else the slope.
///
/// Maas et al., "Rectifier nonlinearities improve neural network acoustic models", 2013. The slope is written as its
/// bits, because a float cannot be the parameter of a type, and is 0.01 if it is left out. It is 0 or a positive number,
/// so that the sign of y is that of z. At most half a ULP off. Zeros give themselves, infinities themselves;
/// with a slope of 0, which is [`Relu`]'s, minus infinity gives NaN.
///
/// # Examples
///
/// ```
/// use neurona::{Activation, LeakyRelu};
///
/// type Leaky = LeakyRelu<{ 0.25f32.to_bits() }>;
/// assert_eq!(Leaky::value(-2.0), -0.5);
/// ```
///
/// A negative slope does not compile:
///
/// ```compile_fail
/// use neurona::{Activation, LeakyRelu};
///
/// LeakyRelu::<{ (-0.25f32).to_bits() }>::value(-2.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeakyRelu<const SLOPE: u32 = { 0.01f32.to_bits() }>;

impl<const SLOPE: u32> Activation for LeakyRelu<SLOPE> {
    const SPEC: ActivationSpec = ActivationSpec::LeakyRelu { slope: SLOPE }.checked();
    type Keep<Y: Tensor> = ();

    #[inline]
    fn value(z: f32) -> f32 {
        const { Self::SPEC };
        f::leaky_relu(z, f32::from_bits(SLOPE))
    }

    #[inline]
    fn derivative(y: f32) -> f32 {
        const { Self::SPEC };
        f::leaky_relu_derivative(y, f32::from_bits(SLOPE))
    }
}

/// Exponential linear unit: `y = z` where `z > 0`, else `α (e^z - 1)`; derivative 1 where `y > 0`, else `y + α`.
///
/// Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units", 2015.
/// Alpha is written as its bits, as in [`LeakyRelu`], is 1 if it is left out, and is 0 or a positive number; at 0 the
/// derivative is alpha. At most 0.8 ULP off where alpha is 1, else 2.1. Zeros give themselves, minus infinity gives minus
/// alpha, infinity itself.
///
/// # Examples
///
/// ```
/// use neurona::{Activation, Elu};
///
/// type Half = Elu<{ 0.5f32.to_bits() }>;
/// assert_eq!(Half::value(f32::NEG_INFINITY), -0.5);
/// ```
///
/// An alpha that is not finite does not compile:
///
/// ```compile_fail
/// use neurona::{Activation, Elu};
///
/// Elu::<{ f32::INFINITY.to_bits() }>::value(-2.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elu<const ALPHA: u32 = { 1f32.to_bits() }>;

impl<const ALPHA: u32> Activation for Elu<ALPHA> {
    const SPEC: ActivationSpec = ActivationSpec::Elu { alpha: ALPHA }.checked();
    type Keep<Y: Tensor> = ();

    #[inline]
    fn value(z: f32) -> f32 {
        const { Self::SPEC };
        f::elu(z, f32::from_bits(ALPHA))
    }

    #[inline]
    fn derivative(y: f32) -> f32 {
        const { Self::SPEC };
        f::elu_derivative(y, f32::from_bits(ALPHA))
    }
}

activation! {
    /// The smooth ReLU: `y = ln(1 + e^z)`, computed as `max(z, 0) + ln(1 + e^-|z|)`; derivative `1 - e^-y` from y.
    ///
    /// Dugas et al., "Incorporating second-order functional knowledge for better option pricing", 2001. Its derivative
    /// is the sigmoid of z, which follows from y without loss. At most 2 ULP off. Both zeros give ln 2, minus infinity
    /// gives 0, infinity itself.
    Softplus, |Y| (), f::softplus, f::softplus_derivative
}

activation! {
    /// Sigmoid linear unit, or swish: `y = z σ(z)`, derivative `σ(z) (1 + z σ(-z))`, which needs z.
    ///
    /// Hendrycks and Gimpel, "Gaussian error linear units", 2016; Elfwing, Uchibe and Doya, "Sigmoid-weighted linear
    /// units", 2018. It falls to -0.2785 at z = -1.2785 and rises again, so that y does not tell z. At most 3.5 ULP off,
    /// and below z = -87.3, where σ is subnormal, at most 2^-142. Zeros give themselves, minus infinity gives -0,
    /// infinity itself.
    Silu, |Y| Y, f::silu, f::silu_derivative
}

activation! {
    /// The sigmoid as three lines: `y = min(max(z + 3, 0), 6) / 6`, derivative 1/6 where `0 < y < 1`, else 0.
    ///
    /// The form of MobileNetV3 (Howard et al., "Searching for MobileNetV3", 2019) and of PyTorch; others use a slope of
    /// 1/5. At most 1.5 ULP off; infinities give 0 and 1.
    HardSigmoid, |Y| (), f::hard_sigmoid, f::hard_sigmoid_derivative
}

activation! {
    /// SiLU with the hard sigmoid: `y = z · min(max(z + 3, 0), 6) / 6`; derivative 0 where `z ≤ -3`, 1 where `z ≥ 3`,
    /// else `(2 z + 3) / 6`, which needs z.
    ///
    /// Howard et al., "Searching for MobileNetV3", 2019. At most 2.5 ULP off. Zeros give themselves, minus infinity and
    /// what is not above -3 give -0, infinity itself.
    HardSwish, |Y| Y, f::hard_swish, f::hard_swish_derivative
}
