//! Neural networks that run, and go on training, on microcontrollers: `no_std`, no heap, sizes fixed by types.
//!
//! A network is a struct with a name for each layer. It is trained on a desktop by `neurona-train` or the `neurona`
//! command, which write a model file; firmware includes the file, and the weights stay in flash and are read in place.
//! The same type in RAM goes on learning on the board. Every number comes out with the same bits on a desktop and on
//! every board.
//!
//! # A complete example
//!
//! ```
//! use neurona::prelude::*;
//!
//! neurona::network! {
//!     /// Two inputs, exclusive or.
//!     pub struct Xor: [f32; 2] => [f32; 1] {
//!         hidden: Dense<2, 3, Tanh>,
//!         output: Dense<3, 1>,
//!     }
//! }
//!
//! // On a board both are statics; here the weights are typed by hand instead of read by `include_model!`.
//! let mut net = Xor {
//!     hidden: Dense::new([[0.9, -0.7], [0.4, 0.8], [-0.6, 0.5]], [0.1, -0.2, 0.3]),
//!     output: Dense::new([[0.7, -0.5, 0.6]], [0.0]),
//! };
//! let mut learning = Learning::ZERO;
//!
//! // Learning: one example at a time, in place.
//! let mut learner = Learner::new(&mut net, &mut learning, BinaryCrossEntropy, InPlace::new(0.1));
//! for _ in 0..2_000 {
//!     for (a, b, xor) in [(0.0, 0.0, 0.0), (0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0)] {
//!         learner.learn(&[a, b], &[xor]);
//!     }
//! }
//!
//! // Inference: the weighted sum is positive for yes.
//! let mut memory = Inference::<Xor>::ZERO;
//! assert!(net.infer(&[0.0, 1.0], &mut memory)[0] > 0.0);
//! assert!(net.infer(&[1.0, 1.0], &mut memory)[0] < 0.0);
//!
//! // Everything that it needs is known to the compiler.
//! assert_eq!(Xor::PARAMS, 3 * (2 + 1) + (3 + 1));
//! const _: () = assert!(Xor::RAM.in_place < 256);
//! ```
//!
//! On a board the weights come from a file, and a network that learns is a copy of it in a static:
//!
//! ```
//! use neurona::prelude::*;
//! use static_cell::ConstStaticCell;
//!
//! # neurona::network! {
//! #     pub struct Sample: [f32; 3] => [f32; 2] {
//! #         rescale: Rescale<3, { 0.5_f32.to_bits() }>,
//! #         standardize: Standardize<3>,
//! #         hidden: Dense<3, 4, LeakyRelu>,
//! #         output: Dense<4, 2, Sigmoid>,
//! #         share: Softmax<2>,
//! #     }
//! # }
//! # macro_rules! sample { () => { concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/v1.neurona") } }
//! // In flash, read in place.
//! # #[cfg(any())]
//! static TRAINED: Sample = neurona::include_model!("sample.neurona");
//! # static TRAINED: Sample = neurona::include_model!(sample!());
//! // In RAM.
//! static LEARNING: ConstStaticCell<Sample> = ConstStaticCell::new(Sample::ZERO);
//! static MEMORY: ConstStaticCell<Learning<Sample, InPlace>> = ConstStaticCell::new(Learning::ZERO);
//!
//! let (net, memory) = (LEARNING.take(), MEMORY.take());
//! neurona::plain::copy(&TRAINED, net);
//! let mut learner = Learner::new(net, memory, SquaredError, InPlace::new(0.1));
//! let before = learner.learn(&[1.0, 2.0, 3.0], &[0.0, 1.0]);
//! let after = learner.learn(&[1.0, 2.0, 3.0], &[0.0, 1.0]);
//! assert!(after.loss() < before.loss());
//! ```
//!
//! # What there is
//!
//! | module          | what                                                                                         |
//! | --------------- | -------------------------------------------------------------------------------------------- |
//! | [`network!`]    | makes a network; what every network can do is in [`Network`]                                 |
//! | layers          | [`Dense`], [`Conv1d`], [`Conv2d`], [`DepthwiseConv1d`], [`DepthwiseConv2d`], [`MaxPool`],    |
//! |                 | [`AvgPool`], [`GlobalMaxPool`], [`GlobalAvgPool`], [`Flatten`], [`Reshape`], [`Scale`],      |
//! |                 | [`Residual`], [`Projected`], [`Concat`], [`Rnn`], [`Gru`], [`Lstm`], [`EchoState`],          |
//! |                 | [`TableConv1d`], [`TableConv2d`], [`OutputCodes`], [`Softmax`], [`Standardize`],             |
//! |                 | [`Rescale`]; your own by [`Layer`] and [`Learn`]                                             |
//! | [`shape`]       | signals and images, and the windows that slide over them                                     |
//! | [`stream`]      | networks that are fed one time step a call, and windows that slide over samples              |
//! | [`signal`]      | features of sound: spectra, mel bands, cepstral coefficients ([`features!`])                 |
//! | [`activation`]  | what a layer applies to its sums, with its derivative                                        |
//! | [`fast`]        | faster forms with stated bounds, as types of their own                                       |
//! | losses          | [`SquaredError`], [`BinaryCrossEntropy`], [`SoftmaxCrossEntropy`], [`Hinge`], [`Perceptron`] |
//! | part of it      | [`Frozen`], [`InFlash`] and [`Backbone`] do not learn; [`BiasOnly`] and [`SomeRows`] do in part |
//! | [`learner`]     | how a network learns: [`InPlace`], or on mini-batches by [`Sgd`], [`Momentum`] or [`Adam`];  |
//! |                 | [`Rls`] for a readout                                                                        |
//! | [`replay`]      | examples kept for later, so that a network that learns does not forget                       |
//! | [`statistics`]  | of streams: mean and variance, confusion matrix, drift detectors                             |
//! | [`federated`]   | what a board has learned, as a record that a desktop averages with those of others           |
//! | `store`         | what was learned, saved in flash so that it survives a loss of power (feature `store`)       |
//! | [`model_file`]  | trained weights: [`include_model!`], [`view`](model_file::view), [`load`](model_file::load)  |
//! | [`kernel`]      | the arithmetic, as functions on slices                                                       |
//! | [`zoo`]         | networks of the literature by name, such as [`LeNet5`](zoo::LeNet5)                          |
//! | [`mod@plain`]   | types that are their bytes: `ZERO`, copies in place                                          |
//!
//! # Memory
//!
//! Nothing is allocated and nothing large is moved: weights and buffers are statics, or lent by the caller. What a
//! network needs is a constant of its type, in bytes, without the input and the stack ([`Network::RAM`]):
//!
//! | for                                 | RAM                                           | 64-32-10, ReLU |
//! | ----------------------------------- | --------------------------------------------- | -------------- |
//! | inference, weights in flash         | [`Inference`]                                 | 168            |
//! | learning in place                   | the weights and [`Learning`]: a [`Workspace`] | 9,992          |
//! | learning on mini-batches            | those and a [`Gradient`]                      | 19,632         |
//! | the same with momentum              | those and a second [`Gradient`]               | 29,272         |
//! | Adam                                | those and a third                             | 38,912         |
//!
//! The stack that a call needs does not depend on the network: at most [`STACK`].
//!
//! # Arithmetic
//!
//! Every sum has one documented order, every product and sum is rounded on its own, and transcendental functions come
//! from `libm`, so that a debug build, a release build, a desktop and each Cortex-M give the same bits. The promise
//! holds for every result that is not NaN: a NaN is a NaN everywhere, but which one it is depends on the processor.
//! The accuracy of each function is said in its documentation.
//!
//! # Features
//!
//! None is on by default, and none changes a number.
//!
//! - `serde`: `Serialize` for [`LayerSpec`] and [`ActivationSpec`].
//! - `store`: the module of this name, on [`embedded-storage`](https://docs.rs/embedded-storage).
//! - `defmt`: `defmt::Format` for the small types: errors, architectures, sizes, optimizers.
//! - `cortex-m4`: for a Cortex-M4F, kernels that take more instructions and fewer cycles than those for other cores with a
//!   floating-point unit (`docs/performance.md`).
#![no_std]

pub mod activation;
pub mod arch;
pub mod fast;
pub mod federated;
pub mod kernel;
mod layer;
pub mod learner;
mod loss;
pub mod model_file;
mod network;
pub mod plain;
pub mod replay;
mod rls;
pub mod shape;
pub mod signal;
pub mod statistics;
#[cfg(feature = "store")]
pub mod store;
pub mod stream;
pub mod zoo;

pub use activation::{
    Activation, Elu, HardSigmoid, HardSwish, Identity, LeakyRelu, Relu, Relu6, ScaledTanh, Sigmoid, Silu, Softplus,
    Step, Tanh,
};
pub use arch::{ActivationSpec, LayerSpec};
pub use layer::{
    All, Average, AvgPool, Backbone, BiasOnly, Biased, Branches, BranchesState, Cell, Choice, Codes, Concat,
    ConcatScratch, ConcatTape, ConnectionTable, Conv, Conv1d, Conv2d, Dense, DepthwiseConv, DepthwiseConv1d,
    DepthwiseConv2d, EchoMemory, EchoState, Exact, Exponential, Factors, Flash, Flatten, Frozen, Gives, GlobalAvgPool,
    GlobalMaxPool, GlobalPool, Gru, GruCell, InFlash, Kind, Last, Layer, Learn, Lstm, LstmCell, Max, MaxPool,
    OutputCodes, Parameters, Pool, Projected, ProjectedScratch, ProjectedTape, Recurrent, RecurrentState,
    RecurrentTape, Reduce, Rescale, Reservoir, Reshape, Residual, ResidualTape, Ring, Rnn, RnnCell, RowGradient, Rows,
    Run, Running, Scale, Softmax, SomeRows, Standardize, TableConv, TableConv1d, TableConv2d, Target, UnitGradient,
    Update, code_bits,
};
pub use learner::{Adam, Clip, InPlace, Learned, Learner, Learning, Momentum, Progress, Refused, Schedule, Sgd};
pub use loss::{BinaryCrossEntropy, Hinge, Loss, Perceptron, SoftmaxCrossEntropy, SquaredError};
#[doc(hidden)]
pub use network::__fits;
pub use network::{Gradient, Inference, Network, Ram, STACK, Workspace};
pub use rls::{Rls, RlsMemory};

/// What most programs use: `use neurona::prelude::*`.
pub mod prelude {
    pub use crate::activation::*;
    pub use crate::fast;
    pub use crate::layer::{
        All, AvgPool, Backbone, BiasOnly, Choice, Codes, Concat, ConnectionTable, Conv, Conv1d, Conv2d, Dense,
        DepthwiseConv, DepthwiseConv1d, DepthwiseConv2d, EchoState, Flatten, Frozen, GlobalAvgPool, GlobalMaxPool, Gru,
        InFlash, Last, Layer, Learn, Lstm, MaxPool, OutputCodes, Projected, Rescale, Reservoir, Reshape, Residual, Rnn,
        Scale, Softmax, SomeRows, Standardize, TableConv, TableConv1d, TableConv2d,
    };
    pub use crate::learner::{Adam, Clip, InPlace, Learned, Learner, Learning, Momentum, Schedule, Sgd};
    pub use crate::loss::{BinaryCrossEntropy, Hinge, Loss, Perceptron, SoftmaxCrossEntropy, SquaredError};
    pub use crate::network::{Gradient, Inference, Network, Workspace};
    pub use crate::plain::Zero;
    pub use crate::rls::{Rls, RlsMemory};
    pub use crate::shape::{Causal, Grouped, Image, Kernel1d, Kernel2d, Padding1d, Padding2d, Same, Signal, Valid};
    pub use crate::stream::{Sliding, State, Stream, Streaming, Timing};
}
