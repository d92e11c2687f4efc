//! Trains networks on a desktop.

mod activation;
pub mod arch;
pub mod data;
mod file;
mod init;
mod loss;
mod network;
mod optim;
pub mod random;

pub use arch::{SourceError, Spec, SpecError};
pub use data::{DataError, Dataset, DatasetError, Targets};
pub use init::Init;
pub use loss::{Loss, Target, TargetRows};
pub use network::{Gradients, Network, ShapeError};
pub use optim::{Optimizer, OptimizerState};
