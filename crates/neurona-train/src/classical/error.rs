//! Why a classical neuron cannot be fitted or exported.

use crate::{ShapeError, SpecError};

/// Why a classical neuron cannot be fitted or exported.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// A setting is out of its range.
    #[error("{setting}: expected {expected}, found {found}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: f64,
    },
    /// The targets of the data are numbers.
    #[error("{neuron} tells classes apart, but the targets are numbers")]
    Numbers {
        /// The neuron.
        neuron: &'static str,
    },
    /// The data have another number of classes than the neuron tells apart.
    #[error("{neuron} tells {expected} apart, but the data have {found}")]
    Classes {
        /// The neuron.
        neuron: &'static str,
        /// How many it can tell apart.
        expected: &'static str,
        /// How many there are.
        found: usize,
    },
    /// There is nothing to learn of a class.
    #[error("expected an example of each class, found none of `{label}`")]
    NoExample {
        /// The name of the class.
        label: String,
    },
    /// The weights of Adaline are not finite any more.
    #[error(
        "learning diverged in epoch {epoch} at a rate of {rate}; a rate below {limit:e} makes the error of every \
         example smaller when it is corrected"
    )]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
        /// The rate.
        rate: f64,
        /// The rate that is safe for every example.
        limit: f64,
    },
    /// A weight does not fit a network's type.
    #[error("a weight is {found:e}, more than an f32 can hold")]
    Weight {
        /// The weight.
        found: f64,
    },
    /// The layer cannot be built.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The values do not fit the layer.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

impl FitError {
    /// An error unless `found` is finite and greater than 0, or where it may be, 0.
    pub(super) fn check(setting: &'static str, found: f64, or_zero: bool) -> Result<(), Self> {
        let expected = if or_zero { "a finite number of at least 0" } else { "a finite number greater than 0" };
        let fits = found.is_finite() && (found > 0.0 || (or_zero && found == 0.0));
        if fits { Ok(()) } else { Err(Self::Setting { setting, expected, found }) }
    }

    /// An error unless there is a round.
    pub(super) fn check_rounds(setting: &'static str, found: u32) -> Result<(), Self> {
        if found > 0 { Ok(()) } else { Err(Self::Setting { setting, expected: "at least 1", found: 0.0 }) }
    }
}
