//! The classical neurons, each with the learning rule that it came with, and polynomial features.
//!
//! | neuron                                | learns                                   | ends                       |
//! | ------------------------------------- | ---------------------------------------- | -------------------------- |
//! | [`Perceptron`] (Rosenblatt, 1958)     | from its mistakes, example by example    | when it makes none         |
//! | [`Adaline`] (Widrow and Hoff, 1960)   | from its error, example by example (LMS) | when the error settles     |
//! | [`LogisticRegression`] (Cox, 1958)    | by Newton's method on all examples       | at the greatest likelihood |
//! | [`SoftmaxRegression`] (Cox, 1966)     | the same, for several classes            | the same                   |
//!
//! Their settings have a method `fit`, which gives a [`Fit`]: weights, and how learning ended. They learn in `f64` from
//! weights of zero, by no chance at all. A fit becomes a [`Network`](crate::Network) of one dense layer, and so a model
//! file for a device. [`Polynomial`] features give a neuron a curved boundary, which stays on the desktop.
//! [`ClassicalConfig`] is all of it as a TOML file.
//!
//! # Example
//!
//! ```
//! use ndarray::array;
//! use neurona_train::{
//!     Dataset, Targets,
//!     classical::{Outcome, Perceptron, Polynomial},
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let bits = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
//! let xor = Dataset::new(bits, Targets::classes(&["no", "yes"], vec![0, 1, 1, 0]))?;
//! let fit = Perceptron::default().fit(&xor)?;
//! assert!(matches!(fit.outcome, Outcome::Repeats { .. }), "no line separates exclusive or");
//!
//! let curved = Polynomial::new(2, 2)?;
//! assert_eq!(curved.parameters(), 6);
//! let fit = Perceptron::default().fit(&curved.apply(&xor)?)?;
//! assert_eq!(fit.outcome, Outcome::Converged, "a curve does");
//! # Ok(())
//! # }
//! ```

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::{Dataset, Targets};

mod adaline;
mod config;
mod error;
mod fit;
mod logistic;
mod newton;
mod perceptron;
mod polynomial;
mod softmax;

pub use adaline::Adaline;
pub use config::{ClassicalConfig, NeuronConfig};
pub use error::FitError;
pub use fit::{Fit, Outcome};
pub use logistic::LogisticRegression;
pub use perceptron::Perceptron;
pub use polynomial::{Polynomial, PolynomialError};
pub use softmax::SoftmaxRegression;

/// Which of the classical neurons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Neuron {
    /// See [`Perceptron`].
    Perceptron,
    /// See [`Adaline`].
    Adaline,
    /// See [`LogisticRegression`].
    Logistic,
    /// See [`SoftmaxRegression`].
    Softmax,
}

impl Neuron {
    /// The name, as messages and the command have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Perceptron => "perceptron",
            Self::Adaline => "adaline",
            Self::Logistic => "logistic",
            Self::Softmax => "softmax",
        }
    }
}

/// Examples as the classical neurons learn from them.
struct Examples<'a> {
    /// (rows, I)
    inputs: Array2<f64>,
    classes: &'a [u32],
}

impl<'a> Examples<'a> {
    /// The examples of a data set of two classes, or for softmax regression of two or more, each with an example.
    fn new(data: &'a Dataset, neuron: Neuron) -> Result<Self, FitError> {
        let Targets::Classes { labels, classes, .. } = data.targets() else {
            return Err(FitError::Numbers { neuron: neuron.name() });
        };
        let several = neuron == Neuron::Softmax;
        if labels.len() < 2 || (labels.len() > 2 && !several) {
            let expected = if several { "two classes or more" } else { "two classes" };
            return Err(FitError::Classes { neuron: neuron.name(), expected, found: labels.len() });
        }
        if let Some((_, label)) = (0..).zip(labels).find(|(class, _)| !classes.contains(class)) {
            return Err(FitError::NoExample { label: label.clone() });
        }
        Ok(Self { inputs: data.inputs().mapv(f64::from), classes })
    }
}

#[cfg(test)]
mod tests;
