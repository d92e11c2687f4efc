//! Trains networks on all cores of a desktop, for [`neurona`] to run on a microcontroller.
//!
//! A network is built from the architecture of a device type ([`Network::from_arch`]), from the name of one in the literature
//! ([`zoo`]) or from a description in TOML ([`config`]), trained on a data set from CSV, IDX or NPY files ([`data`]) or of recordings
//! ([`features`]), and exported to a model file
//! ([`model_file`]) that firmware includes, or to a value of the device type ([`Trained::export`]).
//!
//! # Example
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use ndarray::Array2;
//! use neurona::prelude::{Dense, Inference, Relu, Zero};
//! use neurona_train::{Dataset, Init, Loss, Network, Progress, Targets, Training, train};
//! // The trait of every device type; the trainer's `Network` is a value.
//! use neurona::Network as _;
//!
//! neurona::network! {
//!     /// Whether a point lies within the unit circle.
//!     pub struct Circle: [f32; 2] => [f32; 2] {
//!         hidden: Dense<2, 16, Relu>,
//!         output: Dense<16, 2>,
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // 21 x 21 points of a square, and where each lies.
//! let points = Array2::from_shape_fn((441, 2), |(row, axis)| {
//!     let place = if axis == 0 { row % 21 } else { row / 21 };
//!     place as f32 * 0.15 - 1.5
//! });
//! let classes = points.rows().into_iter().map(|p| u32::from(p[0] * p[0] + p[1] * p[1] < 1.0)).collect();
//! let data = Dataset::new(points, Targets::classes(&["outside", "inside"], classes))?;
//! let parts = data.split(&[0.8, 0.2], true, 1)?;
//!
//! let mut network = Network::from_arch(&Circle::ARCH)?;
//! network.init(Init::Pytorch, 1);
//! let settings = Training { rate: 0.01, ..Training::new(Loss::SoftmaxCrossEntropy) };
//! let trained = train(network, &parts[0], Some(&parts[1]), &settings, &mut |progress| {
//!     if let Progress::Epoch(epoch) = progress
//!         && epoch.number % 20 == 0
//!     {
//!         println!("epoch {}: {:?}", epoch.number, epoch.validation);
//!     }
//!     ControlFlow::Continue(())
//! })?;
//! let score = trained.network.evaluate(&parts[1], trained.loss)?;
//! assert!(score.accuracy > Some(0.9));
//!
//! // To firmware: `static CIRCLE: Circle = neurona::include_model!("circle.neurona");`
//! let file = trained.model_file(trained.metadata("Circle", &data), &[0.0, 0.0])?;
//! file.write(std::env::temp_dir().join("circle.neurona"))?;
//!
//! // Or to a value, here and now.
//! let circle = trained.export::<Circle>()?;
//! let mut memory = Inference::<Circle>::ZERO;
//! let y = circle.infer(&[0.1, 0.2], &mut memory);
//! assert!(y[1] > y[0], "the point is inside");
//! # Ok(())
//! # }
//! ```
//!
//! # Two implementations
//!
//! Training computes batches with the matrix product of [`ndarray`], in its order of sums and with exponential functions of
//! its own, which are vector instructions, or the platform's; [`device`] computes single inputs to the bits of the microcontroller, for any architecture.
//! The two agree to a bound that follows from the error of a sum, which tests hold them to.
//!
//! # The same bits
//!
//! Everything random follows from a seed by documented maps ([`random`]), and a trained network has the same bits for any
//! number of threads. On another kind of CPU, or with another platform's exponential functions, the last digits may
//! differ; the model file says which kernel was used ([`train::kernel_name`]).

mod activation;
pub mod arch;
pub mod augment;
pub mod classical;
pub mod config;
pub mod cost;
pub mod cross_validation;
pub mod data;
pub mod device;
mod export;
pub mod features;
pub mod federated;
pub mod file;
mod init;
mod layer;
mod loss;
mod math;
pub mod metrics;
pub mod model_file;
mod network;
mod objective;
mod optim;
mod penalty;
mod product;
pub mod random;
pub mod readout;
mod schedule;
pub mod search;
mod simd;
pub mod train;
mod workers;
pub mod zoo;

pub use arch::{SourceError, Spec, SpecError};
pub use augment::{Augment, AugmentError};
pub use data::{DataError, Dataset, DatasetError, Targets};
pub use init::Init;
pub use layer::{OutputCodes, TableConv};
pub use loss::{Loss, Target, TargetRows};
pub use network::{Gradients, Network, Normalization, NormalizeError, ShapeError};
pub use objective::{ClassWeights, WeightRule};
pub use optim::{Optimizer, OptimizerState};
pub use schedule::Schedule;
pub use train::{
    Checkpoints, End, Epoch, Progress, Score, TargetScaling, TrainError, Trained, Training, train,
    train_with_checkpoints,
};
