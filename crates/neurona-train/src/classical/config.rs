//! A fit described by a TOML file.
//!
//! ```
//! use neurona_train::classical::{ClassicalConfig, Outcome};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("xor.csv"), "x,y,label\n0,0,no\n0,1,yes\n1,0,yes\n1,1,no\n")?;
//! let text = "\
//! [data]
//! file = 'xor.csv'          # from the folder of the TOML file; a key `test` gives a share to measure on
//! label = 'label'
//! [classical]
//! neuron = 'perceptron'     # or adaline, logistic, softmax
//! degree = 2                # polynomial features: all products of the inputs up to this degree
//! rounds = 1000             # most epochs of perceptron and adaline, most steps of the others
//! ## rate = 0.01             # of adaline
//! ## penalty = 1.0           # of logistic and softmax
//! ";
//! let config = ClassicalConfig::parse(text, "xor.toml".as_ref())?;
//! let (training, _) = config.prepare(folder.path())?;
//! assert_eq!(config.fit(&training)?.outcome, Outcome::Converged);
//! # Ok(())
//! # }
//! ```

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{
    Adaline, Fit, FitError, LogisticRegression, Neuron, Perceptron, Polynomial, PolynomialError, SoftmaxRegression,
};
use crate::{
    Dataset, Targets,
    config::{ConfigError, DataConfig},
};

/// Data and a neuron: what [`prepare`](Self::prepare) and [`fit`](Self::fit) do, as TOML says it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassicalConfig {
    /// Where the examples are; a share for `test` is cut off, one for `validation` has no use.
    pub data: DataConfig,
    /// The neuron.
    pub classical: NeuronConfig,
}

/// A neuron, and what it is fitted with; what is left out is as its settings have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeuronConfig {
    /// Which neuron.
    pub neuron: Neuron,
    /// The degree of the [polynomial features](Polynomial); 1, the inputs as they are, without.
    #[serde(default)]
    pub degree: Option<u32>,
    /// Most epochs of perceptron and Adaline, most steps of the others.
    #[serde(default)]
    pub rounds: Option<u32>,
    /// For Adaline: see [`Adaline::rate`].
    #[serde(default)]
    pub rate: Option<f64>,
    /// For logistic and softmax regression: see [`LogisticRegression::penalty`].
    #[serde(default)]
    pub penalty: Option<f64>,
    /// Decides which rows are the test part; 1 without.
    #[serde(default)]
    pub seed: Option<u64>,
}

impl ClassicalConfig {
    /// Reads a description from a file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is not TOML, or has a key that is not known or a value of a wrong type.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Io { path: path.to_owned(), error })?;
        Self::parse(&text, path)
    }

    /// Reads a description from text; `path` is what messages call it.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| ConfigError::Toml { path: path.to_owned(), error: Box::new(error) })
    }

    /// Whether its keys go together.
    ///
    /// # Errors
    ///
    /// One is given that has no use.
    pub fn check(&self) -> Result<(), ConfigError> {
        let neuron = self.classical.neuron;
        let is_regression = matches!(neuron, Neuron::Logistic | Neuron::Softmax);
        let unused = [
            ("classical.penalty", self.classical.penalty.is_some() && !is_regression, "logistic and softmax"),
            ("classical.rate", self.classical.rate.is_some() && neuron != Neuron::Adaline, "adaline"),
        ];
        if let Some((key, _, of)) = unused.into_iter().find(|(_, unused, _)| *unused) {
            return Err(ConfigError::key(key, format!("belongs to {of}, but the neuron is {}", neuron.name())));
        }
        if self.data.validation != 0.0 {
            let problem = "nothing is chosen by it: leave it out, or measure on a share for `data.test`";
            return Err(ConfigError::key("data.validation", problem));
        }
        if !self.data.values.is_empty() {
            let problem = "only classes are told apart: name the column of the labels by `data.label`";
            return Err(ConfigError::key("data.values", problem));
        }
        Ok(())
    }

    /// Reads the data, takes their features, and cuts them into what is fitted to and what the result is measured on;
    /// paths begin at `folder`, which is that of the TOML file.
    ///
    /// # Errors
    ///
    /// Keys do not go together, a value is out of range, or the data are wrong.
    pub fn prepare(&self, folder: &Path) -> Result<(Dataset, Option<Dataset>), ConfigError> {
        self.check()?;
        let data = self.data.load(folder)?;
        if let Targets::Values { .. } = data.targets() {
            return Err(ConfigError::key("data", "expected labels, found targets that are numbers"));
        }
        let data = match self.classical.degree {
            None | Some(1) => data,
            Some(degree) => features(&data, degree).map_err(|problem| ConfigError::key("classical.degree", problem))?,
        };
        let [mut training, _, mut test] = self.data.split_rows(&data, self.classical.seed.unwrap_or(1))?;
        // In their order, for it is the order in which perceptron and Adaline learn.
        [&mut training, &mut test].into_iter().for_each(|rows| rows.sort_unstable());
        let test = (!test.is_empty()).then(|| data.select(&test));
        Ok((data.select(&training), test))
    }

    /// Fits the neuron.
    ///
    /// # Errors
    ///
    /// As its own `fit`.
    pub fn fit(&self, data: &Dataset) -> Result<Fit, FitError> {
        let NeuronConfig { neuron, rounds, rate, penalty, .. } = self.classical;
        match neuron {
            Neuron::Perceptron => Perceptron { epochs: rounds.unwrap_or(Perceptron::default().epochs) }.fit(data),
            Neuron::Adaline => {
                let usual = Adaline::default();
                Adaline { rate, epochs: rounds.unwrap_or(usual.epochs), ..usual }.fit(data)
            }
            Neuron::Logistic => {
                let usual = LogisticRegression::default();
                let (penalty, steps) = (penalty.unwrap_or(usual.penalty), rounds.unwrap_or(usual.steps));
                LogisticRegression { penalty, steps, ..usual }.fit(data)
            }
            Neuron::Softmax => {
                let usual = SoftmaxRegression::default();
                let (penalty, steps) = (penalty.unwrap_or(usual.penalty), rounds.unwrap_or(usual.steps));
                SoftmaxRegression { penalty, steps, ..usual }.fit(data)
            }
        }
    }
}

fn features(data: &Dataset, degree: u32) -> Result<Dataset, String> {
    let polynomial = Polynomial::new(data.inputs().ncols(), degree).and_then(|features| features.apply(data));
    polynomial.map_err(|error| match error {
        PolynomialError::Degree { found } => format!("expected from 1 to {}, found {found}", Polynomial::HIGHEST),
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(keys: &str) -> Result<(ClassicalConfig, Dataset, Option<Dataset>), String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let rows: String = (0..20).map(|row| format!("{row},{},{}\n", row * row, row % 2)).collect();
        std::fs::write(folder.path().join("rows.csv"), format!("a,b,label\n{rows}")).expect("it can be written");
        let config = ClassicalConfig::parse(keys, Path::new("fit.toml")).map_err(|error| error.to_string())?;
        let (training, test) = config.prepare(folder.path()).map_err(|error| error.to_string())?;
        Ok((config, training, test))
    }

    const DATA: &str = "[data]\nfile = 'rows.csv'\n";

    #[test]
    fn features_and_parts_are_as_described() {
        let (_, training, test) =
            prepared(&format!("{DATA}test = 0.2\n[classical]\nneuron = 'logistic'\ndegree = 3\nseed = 4"))
                .expect("it is right");
        let test = test.expect("a fifth");
        // Of two inputs and degree 3: 5! / (2! 3!) - 1.
        assert_eq!((training.rows(), test.rows(), test.inputs().ncols()), (16, 4, 9));
        assert!(training.inputs().column(0).to_vec().is_sorted(), "in their order");
    }

    #[test]
    fn each_neuron_takes_its_own_keys() {
        for (neuron, keys) in [
            (Neuron::Perceptron, "rounds = 5"),
            (Neuron::Adaline, "rounds = 5\nrate = 1e-6"),
            (Neuron::Logistic, "rounds = 5\npenalty = 0.5"),
            (Neuron::Softmax, "rounds = 5\npenalty = 2"),
        ] {
            let text = format!("{DATA}[classical]\nneuron = '{}'\n{keys}", neuron.name());
            let (config, training, _) = prepared(&text).expect("it is right");
            let fit = config.fit(&training).expect("it can be fitted");
            assert!(fit.neuron == neuron && fit.rounds() <= 5, "{neuron:?} {}", fit.rounds());
        }
    }

    #[test]
    fn what_is_wrong_names_its_key() {
        for (data, keys, expected) in [
            ("", "neuron = 'adaline'\npenalty = 1", "classical.penalty: belongs to logistic and softmax"),
            ("", "neuron = 'softmax'\nrate = 1", "classical.rate: belongs to adaline"),
            ("", "neuron = 'softmax'\ndegree = 0", "classical.degree: expected from 1 to 16, found 0"),
            ("validation = 0.1", "neuron = 'softmax'", "data.validation: nothing is chosen by it"),
            ("values = ['b']", "neuron = 'softmax'", "data.values: only classes are told apart"),
            ("test = 0.999", "neuron = 'softmax'", "data.test: a share of 0.999 of 20 rows leaves none to train on"),
        ] {
            let error = prepared(&format!("{DATA}{data}\n[classical]\n{keys}")).expect_err("it is wrong");
            assert!(error.starts_with(expected), "{error}");
        }
        let unknown = prepared(&format!("{DATA}[classical]\nneuron = 'svm'")).expect_err("there is none");
        assert!(unknown.contains("perceptron"), "{unknown}");
        let misplaced =
            prepared(&format!("{DATA}[classical]\nneuron = 'softmax'\ntest = 0.2")).expect_err("it is wrong");
        assert!(misplaced.contains("`test` belongs to the table `data`"), "{misplaced}");
    }
}
