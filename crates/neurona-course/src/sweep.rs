//! Networks of several architectures, each trained from several seeds.

use std::cmp::Reverse;

use neurona_train::Network;
use plotters::style::RGBColor;

use crate::{Context, CourseError, Mark, plot::Chart, report::median};

/// Networks of one architecture, trained from several seeds.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Neurons of each hidden layer.
    pub hidden: Vec<usize>,
    /// Examples that each was trained on.
    pub examples: usize,
    /// Parameters of each.
    pub parameters: usize,
    /// The error on the training examples, for each seed.
    pub training_errors: Vec<f64>,
    /// The error on the test examples, for each seed.
    pub test_errors: Vec<f64>,
    /// The network in the middle by its test error (of two, the better one), and its seed.
    pub(crate) middle: (u64, Network),
}

/// What is trained: neurons of each hidden layer, and the number of examples.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Case {
    pub(crate) hidden: Vec<usize>,
    pub(crate) examples: usize,
}

/// A trained network and how well it does.
pub(crate) struct Outcome {
    pub(crate) network: Network,
    pub(crate) training_error: f64,
    pub(crate) test_error: f64,
}

impl Case {
    /// Hidden layers of the same size.
    pub(crate) fn new(nodes: usize, layers: usize, examples: usize) -> Self {
        Self { hidden: vec![nodes; layers], examples }
    }
}

/// Trains every case from every seed, which count from 0; the trials are in the order of the cases.
///
/// A case that is there twice is trained once.
///
/// # Errors
///
/// What `train` says.
pub(crate) fn run(
    context: &Context<'_>,
    cases: &[Case],
    seeds: u64,
    train: impl Fn(&Case, u64) -> Result<Outcome, CourseError> + Sync,
) -> Result<Vec<Trial>, CourseError> {
    let mut different: Vec<&Case> = Vec::new();
    for case in cases {
        if !different.contains(&case) {
            different.push(case);
        }
    }
    // Those of the most weights first, so that no core waits at the end.
    different.sort_by_key(|case| Reverse(case.hidden.windows(2).map(|pair| pair[0] * pair[1]).sum::<usize>()));
    let runs: Vec<(&Case, u64)> = different.iter().flat_map(|case| (0..seeds).map(move |seed| (*case, seed))).collect();
    let mut outcomes = context.each(&runs, |(case, seed)| Ok((*seed, train(case, *seed)?)))?.into_iter();
    let mut of_case = |case: &Case| Trial::new(case, outcomes.by_ref().take(seeds as usize).collect());
    let trials: Vec<Trial> = different.into_iter().filter_map(&mut of_case).collect();
    let is = |trial: &Trial, case: &Case| trial.hidden == case.hidden && trial.examples == case.examples;
    Ok(cases.iter().filter_map(|case| trials.iter().find(|trial| is(trial, case)).cloned()).collect())
}

impl Trial {
    /// None without a network.
    fn new(case: &Case, mut outcomes: Vec<(u64, Outcome)>) -> Option<Self> {
        let errors = |error: fn(&Outcome) -> f64| outcomes.iter().map(|(_, outcome)| error(outcome)).collect();
        let (training_errors, test_errors): (Vec<_>, Vec<_>) =
            (errors(|of| of.training_error), errors(|of| of.test_error));
        outcomes.sort_by(|(_, one), (_, other)| one.test_error.total_cmp(&other.test_error));
        let middle = outcomes.len().saturating_sub(1) / 2;
        let (seed, Outcome { network, .. }) = outcomes.into_iter().nth(middle)?;
        let (Case { hidden, examples }, parameters) = (case.clone(), network.spec().params());
        Some(Self { hidden, examples, parameters, training_errors, test_errors, middle: (seed, network) })
    }

    /// Neurons of all hidden layers.
    pub fn nodes(&self) -> usize {
        self.hidden.iter().sum()
    }

    /// The median of the error on the test examples.
    pub fn test_error(&self) -> f64 {
        median(self.test_errors.iter().copied())
    }

    /// The median of the error on the training examples.
    pub fn training_error(&self) -> f64 {
        median(self.training_errors.iter().copied())
    }

    /// The hidden layers, as 20-20-20.
    pub fn name(&self) -> String {
        self.hidden.iter().map(usize::to_string).collect::<Vec<_>>().join("-")
    }

    /// Nodes, parameters, the medians of both errors, and the least and the largest test error; errors times `scale`.
    pub(crate) fn numbers(&self, scale: f64) -> [f64; 6] {
        let least = self.test_errors.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = self.test_errors.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let [training, test, least, largest] =
            [self.training_error(), self.test_error(), least, largest].map(|error| scale * error);
        [self.nodes() as f64, self.parameters as f64, training, test, least, largest]
    }
}

/// Adds the test errors of some trials, times `scale`, to a chart: a dot for each seed and a line through the medians.
pub(crate) fn layer<'a>(
    chart: Chart,
    (color, label): (RGBColor, &str),
    trials: impl IntoIterator<Item = &'a Trial> + Clone,
    x: impl Fn(&Trial) -> f64 + Copy,
    scale: f64,
) -> Chart {
    let each = trials.clone().into_iter().flat_map(|trial| {
        let errors = trial.test_errors.iter();
        errors.map(move |error| (x(trial), scale * error))
    });
    let medians = trials.clone().into_iter().map(|trial| (x(trial), scale * trial.test_error()));
    chart.unlabelled(Mark::Dot, color, each).layer(Mark::Line, color, label, medians)
}
