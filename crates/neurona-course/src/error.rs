//! Why an experiment cannot be run or shown.

use neurona_train::{
    DataError, DatasetError, NormalizeError, ShapeError, SpecError, TrainError, config::ConfigError,
    search::SearchError,
};

/// Why an experiment cannot be run or shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CourseError {
    /// There is no such experiment.
    #[error("there is no experiment {found}; expected one of {expected}")]
    Unknown {
        /// The names of those that there are.
        expected: String,
        /// The name that was asked for.
        found: String,
    },
    /// Layers do not fit together.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A layer cannot be normalised.
    #[error(transparent)]
    Normalize(#[from] NormalizeError),
    /// Values do not fit a network.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The parts of a data set do not belong together.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A data set cannot be cut as asked.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A network cannot be trained.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// Hyperparameters cannot be searched.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// A network cannot be built from its description.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A support vector machine cannot be trained.
    #[error("support vector machine: {0}")]
    Svm(#[from] linfa_svm::SvmError),
    /// A plot cannot be drawn.
    #[error("plot: {0}")]
    Plot(String),
}
