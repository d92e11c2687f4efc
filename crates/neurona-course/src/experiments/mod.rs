//! The experiments, each in a file: its text, what it does, what it found, and a test that it shows what it says.

use std::fmt;

use crate::{Context, CourseError, Report};

pub mod activations;
pub mod approximation;
pub mod architecture;
pub mod backpropagation;
pub mod examples;
pub mod features;
pub mod gradient;
pub mod hyperparameters;
pub mod initial_values;
pub mod logistic;
pub mod memory;
pub mod optimizers;
pub mod parameters;
pub mod regularisation;

/// Every experiment, in the order of the course.
pub const EXPERIMENTS: &[Experiment] = &[
    logistic::EXPERIMENT,
    activations::EXPERIMENT,
    parameters::EXPERIMENT,
    approximation::EXPERIMENT,
    architecture::EXPERIMENT,
    backpropagation::EXPERIMENT,
    gradient::EXPERIMENT,
    regularisation::EXPERIMENT,
    optimizers::EXPERIMENT,
    initial_values::EXPERIMENT,
    hyperparameters::EXPERIMENT,
    examples::EXPERIMENT,
    features::EXPERIMENT,
    memory::EXPERIMENT,
];

/// Something to try and to look at.
#[derive(Clone, Copy)]
pub struct Experiment {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it is called on the page.
    pub title: &'static str,
    /// What is done and what it shows, in the course's notation: HTML.
    pub text: &'static str,
    /// Runs it.
    pub run: fn(&Context<'_>) -> Result<Report, CourseError>,
}

impl Experiment {
    /// Its place in the course, from 1.
    pub fn number(&self) -> usize {
        EXPERIMENTS.iter().position(|other| other.name == self.name).map_or(0, |at| at + 1)
    }
}

impl fmt::Debug for Experiment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Experiment").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The experiment of that name.
///
/// # Errors
///
/// There is none: the error lists those that there are.
pub fn find(name: &str) -> Result<Experiment, CourseError> {
    EXPERIMENTS.iter().copied().find(|experiment| experiment.name == name).ok_or_else(|| CourseError::Unknown {
        expected: EXPERIMENTS.iter().map(|experiment| experiment.name).collect::<Vec<_>>().join(", "),
        found: name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_differ() {
        for experiment in EXPERIMENTS {
            let found = find(experiment.name).expect("it is in the list");
            assert_eq!((found.title, found.number() > 0), (experiment.title, true));
        }
        let error = find("nothing").map(|_| ()).expect_err("there is no such experiment").to_string();
        assert!(error.starts_with("there is no experiment nothing; expected one of logistic"), "{error}");
    }
}
