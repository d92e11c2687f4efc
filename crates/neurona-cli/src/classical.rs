//! `neurona classical`: one neuron, by the rule that it came with.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use clap::{Args, ValueEnum};
use neurona_train::{
    Dataset, Targets,
    classical::{self, ClassicalConfig, Fit, FitError, NeuronConfig, Outcome},
    config::{ConfigError, DataConfig},
    file::Draft,
    metrics::ConfusionMatrix,
};
use serde::Serialize;

use crate::{
    data::{self, ColumnArgs},
    names::Names,
    print::{self, Table},
    rust,
};

/// Fit one classical neuron to classes: its weights, whether it converged, and its accuracy.
///
/// Everything can be said by options, or in a TOML file that options override.
/// The perceptron learns from its mistakes and converges where a plane separates the two classes, Adaline (least mean
/// squares) from its error, logistic regression and, for several classes, softmax regression by Newton's method. With
/// --degree the inputs are all their products up to that degree, so that the boundary is a curve.
#[derive(Args)]
#[command(allow_negative_numbers = true, after_help = AFTER_HELP)]
pub(crate) struct Classical {
    /// Which neuron
    #[arg(value_enum, required_unless_present = "config")]
    neuron: Option<Neuron>,
    /// The examples: a table (CSV), or inputs in NPY or IDX
    #[arg(required_unless_present = "config")]
    data: Option<PathBuf>,
    /// A TOML file with tables `data` and `classical`; options override it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Take all products of the inputs up to this degree [default: 1]
    #[arg(long)]
    degree: Option<u32>,
    /// Most epochs of perceptron and adaline, most steps of the others [default: 1000, and 100]
    #[arg(long)]
    rounds: Option<u32>,
    /// Learning rate of adaline [default: a tenth of 1 over the greatest squared length of an input]
    #[arg(long)]
    rate: Option<f64>,
    /// Weight of the squared weights of logistic and softmax; 0 for none [default: 1]
    #[arg(long)]
    penalty: Option<f64>,
    /// Share of the rows, of each class alike, on which the result is measured and which it does not learn from
    /// [default: 0]
    #[arg(long, value_name = "SHARE")]
    test: Option<f64>,
    /// Decides which rows are the test part [default: 1]
    #[arg(long)]
    seed: Option<u64>,
    /// Write a model file, for a device; only of degree 1
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print one JSON object in place of the tables
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    columns: ColumnArgs,
}

const AFTER_HELP: &str = "\
Examples:
  neurona classical perceptron xor.csv
  neurona classical logistic points.csv --degree 4 --test 0.2
  neurona classical softmax iris.csv --out iris.neurona
  neurona classical --config fit.toml --degree 3

A TOML file:
  [data]
  file = \"points.csv\"     # from the folder of this file
  label = \"label\"
  test = 0.2
  [classical]
  neuron = \"logistic\"
  degree = 4              # also rounds, rate, penalty and seed

JSON: {\"neuron\", \"degree\", \"features\", \"labels\", \"parameters\", \"converged\", \"outcome\" (converged; \
repeats: the perceptron's weights go round; spent: all rounds are over; separable: without a penalty \
larger weights are always better), \"verdict\", \"rounds\", \"weights\" (a row for each output), \"bias\", \
\"training\": {\"rows\", \"accuracy\"}, \"test\": the same or null, \"out\": the model file or null}.

Exit status: 0 also where it did not converge.";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Neuron {
    /// Rosenblatt's perceptron, for two classes
    Perceptron,
    /// Widrow and Hoff's adaptive linear neuron, for two classes
    Adaline,
    /// Logistic regression, for two classes
    Logistic,
    /// Softmax regression, for two classes and more
    Softmax,
}

/// What was found, as JSON says it.
#[derive(Serialize)]
struct Report {
    neuron: &'static str,
    degree: u32,
    features: Vec<String>,
    labels: Vec<String>,
    parameters: usize,
    converged: bool,
    outcome: &'static str,
    verdict: String,
    rounds: usize,
    weights: Vec<Vec<f64>>,
    bias: Vec<f64>,
    training: Part,
    test: Option<Part>,
    out: Option<String>,
}

#[derive(Serialize)]
struct Part {
    rows: usize,
    accuracy: Option<f32>,
}

/// The neuron of the library.
impl From<Neuron> for classical::Neuron {
    fn from(neuron: Neuron) -> Self {
        match neuron {
            Neuron::Perceptron => Self::Perceptron,
            Neuron::Adaline => Self::Adaline,
            Neuron::Logistic => Self::Logistic,
            Neuron::Softmax => Self::Softmax,
        }
    }
}

impl Classical {
    pub(crate) fn run(self, out: &mut dyn Write) -> Result<()> {
        let (config, folder, names) = self.describe()?;
        self.check_out(&config, &folder)?;
        let (training, test) = config.prepare(&folder).map_err(|error| names.say(&config, error))?;
        let fit = config.fit(&training).map_err(|error| match error {
            FitError::Setting { setting, expected, found } => {
                let setting = if matches!(setting, "epochs" | "steps") { "rounds" } else { setting };
                let (key, problem) = (format!("classical.{setting}"), format!("expected {expected}, found {found}"));
                names.say(&config, ConfigError::Key { key, problem })
            }
            other => anyhow!("{}: {other}", source(&config).display()),
        })?;
        let report = self.report(&config, &fit, &training, test.as_ref())?;
        if let Some(path) = &self.out {
            write_model(path, &source(&config), &fit, &training, &report)?;
        }
        if self.json { print::json(out, &report) } else { report.write(out, self.out.as_deref()) }
    }

    /// The fit of the options and the TOML file, the folder where its paths begin, and what messages call its values.
    fn describe(&self) -> Result<(ClassicalConfig, PathBuf, Names)> {
        let (mut config, folder) = match (&self.config, self.neuron) {
            (Some(path), _) => {
                // Paths on the command line are from where it is typed.
                let folder = if self.data.is_some() { PathBuf::new() } else { data::folder(path) };
                (ClassicalConfig::read(path)?, folder)
            }
            (None, Some(neuron)) => {
                let neuron = neuron.into();
                let classical =
                    NeuronConfig { neuron, degree: None, rounds: None, rate: None, penalty: None, seed: None };
                (ClassicalConfig { data: DataConfig::default(), classical }, PathBuf::new())
            }
            (None, None) => bail!("expected the name of a neuron, or a description with --config"),
        };
        let names = Names::new::<Self>(self.config.as_ref().map(|path| (path.as_path(), &config)));
        self.columns.override_data(self.data.as_ref(), &mut config.data)?;
        config.data.test = self.test.unwrap_or(config.data.test);
        let classical = &mut config.classical;
        classical.neuron = self.neuron.map_or(classical.neuron, Into::into);
        classical.degree = self.degree.or(classical.degree);
        classical.rounds = self.rounds.or(classical.rounds);
        classical.rate = self.rate.or(classical.rate);
        classical.penalty = self.penalty.or(classical.penalty);
        classical.seed = self.seed.or(classical.seed);
        config.check().map_err(|error| names.say(&config, error))?;
        data::find_label(&mut config.data, &folder)?;
        Ok((config, folder, names))
    }

    /// Whether the model file can be written, which is found before the data are read.
    fn check_out(&self, config: &ClassicalConfig, folder: &Path) -> Result<()> {
        let Some(path) = &self.out else { return Ok(()) };
        if let Some(degree) = config.classical.degree.filter(|degree| *degree != 1) {
            bail!(
                "--out: a model file holds the layers that a device computes, and none multiplies inputs with each \
                 other, as degree {degree} asks; leave out --out, or the degree"
            );
        }
        ensure!(!path.is_dir(), "{}: expected a file to write, found a folder", path.display());
        Draft::write(path, |_| Ok(())).with_context(|| format!("{}: cannot write there", path.display()))?;
        let DataConfig { file, inputs, targets, .. } = &config.data;
        let read = [file, inputs, targets].into_iter().flatten().map(|source| folder.join(source));
        for source in read.chain(self.config.clone()) {
            ensure!(
                !data::is_same_file(path, &source),
                "{}: the model would replace what it is fitted to; choose another name for --out",
                path.display()
            );
        }
        Ok(())
    }

    fn report(
        &self,
        config: &ClassicalConfig,
        fit: &Fit,
        training: &Dataset,
        test: Option<&Dataset>,
    ) -> Result<Report> {
        Ok(Report {
            neuron: fit.neuron.name(),
            degree: config.classical.degree.unwrap_or(1),
            features: training.columns().to_vec(),
            labels: training.labels().to_vec(),
            parameters: fit.weights.len() + fit.bias.len(),
            converged: fit.outcome == Outcome::Converged,
            outcome: match fit.outcome {
                Outcome::Converged => "converged",
                Outcome::Repeats { .. } => "repeats",
                Outcome::Separable => "separable",
                _ => "spent",
            },
            verdict: fit.verdict(),
            rounds: fit.rounds(),
            weights: fit.weights.rows().into_iter().map(|row| row.to_vec()).collect(),
            bias: fit.bias.to_vec(),
            training: part(fit, training)?,
            test: test.map(|test| part(fit, test)).transpose()?,
            out: self.out.as_ref().map(|path| path.display().to_string()),
        })
    }
}

/// The file of the examples.
fn source(config: &ClassicalConfig) -> PathBuf {
    config.data.file.as_ref().or(config.data.inputs.as_ref()).cloned().unwrap_or_default()
}

fn write_model(path: &Path, source: &Path, fit: &Fit, training: &Dataset, report: &Report) -> Result<()> {
    let trained = fit.trained()?;
    let name = rust::type_name(&path.file_stem().unwrap_or_default().to_string_lossy());
    let mut metadata = trained.metadata(&name, training);
    let file = source.file_name().unwrap_or_default().to_string_lossy();
    metadata.dataset = format!("{file}, {} rows", training.rows());
    for (name, part) in [("training", Some(&report.training)), ("test", report.test.as_ref())] {
        let accuracy = part.and_then(|part| part.accuracy);
        metadata.metrics.extend(accuracy.map(|accuracy| (format!("{name}_accuracy"), accuracy)));
    }
    let golden = training.input(0).context("a data set has at least one row")?;
    Ok(trained.model_file(metadata, golden)?.write(path)?)
}

/// How good the neuron is on some examples, computed as it learned.
fn part(fit: &Fit, data: &Dataset) -> Result<Part> {
    let Targets::Classes { labels, classes, .. } = data.targets() else { bail!("the targets are numbers") };
    let answers = fit.classes(data.inputs().view())?;
    let matrix = ConfusionMatrix::of(labels.len(), classes.iter().copied().zip(answers));
    Ok(Part { rows: data.rows(), accuracy: matrix.accuracy() })
}

/// The most weights of an output that are printed for a person.
const SHOWN: usize = 100;

impl Report {
    fn write(&self, out: &mut dyn Write, path: Option<&Path>) -> Result<()> {
        let accuracy = |part: &Part| {
            let share = part.accuracy.map_or_else(|| "-".to_owned(), print::percent);
            format!("{0}{share}{0:#}  of {1} rows", print::STRONG, print::grouped(part.rows as u64))
        };
        let facts = [
            ("neuron", format!("{}, {} parameters", self.neuron, print::grouped(self.parameters as u64))),
            ("classes", print::list(&self.labels)),
            ("learning", self.verdict.clone()),
            ("accuracy", accuracy(&self.training)),
            ("test", self.test.as_ref().map(accuracy).unwrap_or_default()),
        ];
        print::facts(out, facts)?;
        writeln!(out)?;
        self.write_weights(out)?;
        let Some(path) = path else { return Ok(()) };
        writeln!(out, "\n{0}wrote {1}{0:#}\n", print::STRONG, path.display())?;
        rust::write_next_steps(out, path)
    }

    /// A row for each input, a column for each output.
    fn write_weights(&self, out: &mut dyn Write) -> Result<()> {
        let outputs: Vec<String> = match self.weights.len() {
            1 => vec![" weight".to_owned()],
            _ => self.labels.iter().map(|label| format!(" {}", print::short(label))).collect(),
        };
        let mut table = Table::new(std::iter::once("input".to_owned()).chain(outputs));
        let figures = |values: Vec<f64>| values.into_iter().map(|value| print::significant(value as f32));
        for (at, feature) in self.features.iter().enumerate().take(SHOWN) {
            let weights = self.weights.iter().map(|row| row[at]).collect();
            table.row(std::iter::once(print::short(feature)).chain(figures(weights)));
        }
        table.total(std::iter::once("bias".to_owned()).chain(figures(self.bias.clone())));
        table.write(out)?;
        if self.features.len() > SHOWN {
            let more = print::grouped((self.features.len() - SHOWN) as u64);
            writeln!(out, "{0}and {more} inputs more, which --json has{0:#}", print::QUIET)?;
        }
        Ok(())
    }
}
