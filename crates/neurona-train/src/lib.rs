//! Trains networks on a desktop.

mod activation;
pub mod arch;
pub mod config;
pub mod data;
pub mod device;
pub mod file;
mod init;
mod loss;
pub mod metrics;
pub mod model_file;
mod network;
mod optim;
pub mod random;
pub mod train;

pub use arch::{SourceError, Spec, SpecError};
pub use data::{DataError, Dataset, DatasetError, Targets};
pub use init::Init;
pub use loss::{Loss, Target, TargetRows};
pub use network::{Gradients, Network, ShapeError};
pub use optim::{Optimizer, OptimizerState};
pub use train::{End, Epoch, Progress, Score, TrainError, Trained, Training, train};
