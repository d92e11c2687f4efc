//! Neural networks that run, and go on training, on microcontrollers.
#![no_std]

pub mod activation;
pub mod arch;
pub mod fast;
pub mod kernel;
mod layer;
mod loss;
pub mod model_file;
mod network;
mod optim;
pub mod plain;

pub use activation::{
    Activation, Elu, HardSigmoid, HardSwish, Identity, LeakyRelu, Relu, Relu6, Sigmoid, Silu, Softplus, Step, Tanh,
};
pub use arch::{ActivationSpec, LayerSpec};
pub use layer::{Dense, Exact, Exponential, Layer, Learn, Rescale, Softmax, Standardize, Target};
pub use loss::{BinaryCrossEntropy, Hinge, Loss, Perceptron, SoftmaxCrossEntropy, SquaredError};
#[doc(hidden)]
pub use network::__fits;
pub use network::{Gradient, Inference, Network, Ram, Workspace};
pub use optim::Sgd;

/// What most programs use: `use neurona::prelude::*`.
pub mod prelude {
    pub use crate::activation::*;
    pub use crate::layer::{Dense, Layer, Learn, Rescale, Softmax, Standardize};
    pub use crate::loss::{BinaryCrossEntropy, Hinge, Loss, Perceptron, SoftmaxCrossEntropy, SquaredError};
    pub use crate::network::{Gradient, Inference, Network, Workspace};
    pub use crate::optim::Sgd;
    pub use crate::plain::Zero;
}
