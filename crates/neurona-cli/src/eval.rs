//! `neurona eval`: how good a network is.

use std::{io::Write, path::PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use ndarray::Array2;
use neurona_train::{
    Dataset, Loss, Target, Targets,
    metrics::{self, ConfusionMatrix},
    model_file::ModelFile,
};
use serde::Serialize;

use crate::{
    data::ColumnArgs,
    model::{self, Arithmetic},
    print::{self, Table},
};

/// Say how good a trained network is on examples that it has not seen.
///
/// For classes: accuracy, the confusion matrix, and recall and precision of each class. For numbers: the root mean
/// square error (RMSE) and the mean absolute error (MAE). Outputs are computed to the bits of the device.
#[derive(Args)]
#[command(after_help = "\
Examples:
  neurona eval digits.neurona test.csv
  neurona eval digits.neurona t10k-images-idx3-ubyte.gz --targets t10k-labels-idx1-ubyte.gz --json

JSON: {\"model\", \"data\", \"rows\", \"arithmetic\", \"loss_name\", \"loss\"}, and for classes \"accuracy\", \"right\",
\"labels\", \"confusion\" (a row for each true class, a column for each answer), \"recall\", \"precision\"; for numbers
\"rmse\", \"mae\" over all outputs, and \"outputs\": [{\"name\", \"rmse\", \"mae\"}]. What cannot be computed is null.")]
pub(crate) struct Eval {
    /// The model file
    model: PathBuf,
    /// The examples: a table (CSV), or inputs in NPY or IDX
    data: PathBuf,
    /// In which arithmetic outputs are computed
    #[arg(long, value_enum, default_value_t)]
    arithmetic: Arithmetic,
    /// Print one JSON object in place of the tables
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    columns: ColumnArgs,
}

/// What was found, as JSON says it.
#[derive(Serialize)]
struct Report {
    model: String,
    data: String,
    rows: usize,
    arithmetic: &'static str,
    loss_name: &'static str,
    loss: f32,
    #[serde(flatten)]
    figures: Figures,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Figures {
    Classes {
        accuracy: Option<f32>,
        right: u64,
        labels: Vec<String>,
        confusion: Vec<Vec<u64>>,
        recall: Vec<Option<f32>>,
        precision: Vec<Option<f32>>,
    },
    Numbers {
        rmse: Option<f32>,
        mae: Option<f32>,
        outputs: Vec<Output>,
    },
}

#[derive(Serialize)]
struct Output {
    name: String,
    rmse: Option<f32>,
    mae: Option<f32>,
}

impl Eval {
    pub(crate) fn run(self, out: &mut dyn Write) -> Result<()> {
        let model = model::read(&self.model)?;
        let loss = model::loss(&model, &self.model)?;
        let labels = &model.metadata().labels;
        let data = self.columns.read(&self.data, (!labels.is_empty()).then_some(labels))?;
        self.check(&model, &data)?;
        let outputs = model::outputs(&model, data.inputs().view(), self.arithmetic)?;
        let report = Report {
            model: self.model.display().to_string(),
            data: self.data.display().to_string(),
            rows: data.rows(),
            arithmetic: self.arithmetic.name(),
            loss_name: loss.name(),
            loss: mean_loss(loss, &outputs, &data),
            figures: figures(loss, &outputs, &data),
        };
        if self.json { print::json(out, &report) } else { report.write(out) }
    }

    fn check(&self, model: &ModelFile, data: &Dataset) -> Result<()> {
        let (expected, found) = (model.spec().inputs(), data.inputs().ncols());
        if expected != found {
            bail!(
                "{}: the network takes {expected} inputs, but the data have {found} besides the target; leave columns \
                 out with --ignore",
                self.data.display()
            );
        }
        if let Targets::Values { columns, .. } = data.targets() {
            let (expected, found) = (model.spec().outputs(), columns.len());
            if expected != found {
                bail!(
                    "{}: the network gives {expected} numbers, but {found} columns hold what is right; name them all \
                     with --values",
                    self.data.display()
                );
            }
        }
        Ok(())
    }
}

/// The mean loss over the examples.
fn mean_loss(loss: Loss, outputs: &Array2<f32>, data: &Dataset) -> f32 {
    let target = |row: usize| match data.targets() {
        Targets::Classes { classes, .. } => loss.value(&outputs.row(row).to_vec(), Target::Class(classes[row])),
        Targets::Values { values, .. } => {
            loss.value(&outputs.row(row).to_vec(), Target::Values(&values.row(row).to_vec()))
        }
    };
    let sum: f64 = (0..data.rows()).map(|row| f64::from(target(row))).sum();
    (sum / data.rows() as f64) as f32
}

fn figures(loss: Loss, outputs: &Array2<f32>, data: &Dataset) -> Figures {
    match data.targets() {
        Targets::Classes { labels, classes, .. } => {
            let answers = outputs.rows().into_iter().map(|outputs| loss.decide(&outputs.to_vec()));
            let matrix = ConfusionMatrix::of(labels.len(), classes.iter().copied().zip(answers));
            let all = 0..labels.len();
            Figures::Classes {
                accuracy: matrix.accuracy(),
                right: matrix.right(),
                labels: labels.clone(),
                confusion: all.clone().map(|class| matrix.row(class).to_vec()).collect(),
                recall: all.clone().map(|class| matrix.recall(class)).collect(),
                precision: all.map(|class| matrix.precision(class)).collect(),
            }
        }
        Targets::Values { columns, values } => {
            let errors = |predicted: Vec<f32>, expected: Vec<f32>| {
                (metrics::rmse(&predicted, &expected), metrics::mae(&predicted, &expected))
            };
            let (rmse, mae) = errors(outputs.iter().copied().collect(), values.iter().copied().collect());
            let output = |(at, name): (usize, &String)| {
                let (rmse, mae) = errors(outputs.column(at).to_vec(), values.column(at).to_vec());
                Output { name: name.clone(), rmse, mae }
            };
            Figures::Numbers { rmse, mae, outputs: columns.iter().enumerate().map(output).collect() }
        }
    }
}

impl Report {
    fn write(&self, out: &mut dyn Write) -> Result<()> {
        let mut facts = Vec::new();
        match &self.figures {
            Figures::Classes { accuracy, right, .. } => {
                let share = accuracy.map_or_else(|| "-".to_owned(), print::percent);
                facts.push(("accuracy", format!("{0}{share}{0:#}  {right} of {1} right", print::STRONG, self.rows)));
            }
            Figures::Numbers { rmse, mae, .. } => {
                facts.push(("RMSE", format!("{0}{1}{0:#}", print::STRONG, figure(*rmse))));
                facts.push(("MAE", figure(*mae)));
            }
        }
        facts.push(("loss", format!("{}  {}", print::significant(self.loss), self.loss_name)));
        facts.push(("computed", format!("in the arithmetic of the {}", self.arithmetic)));
        print::facts(out, facts)?;
        match &self.figures {
            Figures::Classes { labels, confusion, recall, precision, .. } => {
                write_classes(out, labels, confusion, recall, precision)
            }
            Figures::Numbers { outputs, .. } if outputs.len() > 1 => {
                writeln!(out)?;
                let mut table = Table::new(["output", " RMSE", " MAE"]);
                outputs.iter().for_each(|output| {
                    table.row([print::shown(&output.name), figure(output.rmse), figure(output.mae)]);
                });
                Ok(table.write(out)?)
            }
            Figures::Numbers { .. } => Ok(()),
        }
    }
}

fn figure(value: Option<f32>) -> String {
    value.map_or_else(|| "-".to_owned(), print::significant)
}

/// The most classes whose matrix fits in 80 columns: a label, counts of three digits, recall and precision.
const MATRIX_CLASSES: usize = 10;

fn write_classes(
    out: &mut dyn Write,
    labels: &[String],
    confusion: &[Vec<u64>],
    recall: &[Option<f32>],
    precision: &[Option<f32>],
) -> Result<()> {
    let share = |share: Option<f32>| share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", 100.0 * share));
    let labels: Vec<String> = labels.iter().map(|label| print::short(label)).collect();
    let has_matrix = labels.len() <= MATRIX_CLASSES;
    let mut headings = vec!["label".to_owned()];
    if has_matrix {
        headings.extend(labels.iter().map(|label| format!(" {label}")));
    } else {
        headings.push(" rows".to_owned());
    }
    headings.extend([" recall", " precision"].map(str::to_owned));
    let mut table = Table::new(headings);
    for (class, label) in labels.iter().enumerate() {
        let mut cells = vec![label.clone()];
        if has_matrix {
            cells.extend(
                confusion[class].iter().map(|count| if *count == 0 { "·".to_owned() } else { count.to_string() }),
            );
        } else {
            cells.push(print::grouped(confusion[class].iter().sum()));
        }
        cells.extend([share(recall[class]), share(precision[class])]);
        table.row(cells);
    }
    writeln!(out)?;
    table.write(out)?;
    if has_matrix {
        writeln!(out, "{0}a row for each true label, a column for each answer{0:#}", print::QUIET)?;
        return Ok(());
    }
    write_mistakes(out, &labels, confusion)
}

/// The most frequent mistakes, where there are too many classes for a matrix.
fn write_mistakes(out: &mut dyn Write, labels: &[String], confusion: &[Vec<u64>]) -> Result<()> {
    const SHOWN: usize = 10;
    let cells = confusion.iter().enumerate().flat_map(|(truth, row)| {
        row.iter()
            .enumerate()
            .filter(move |(answer, count)| *answer != truth && **count > 0)
            .map(move |(answer, count)| (*count, truth, answer))
    });
    let mut mistakes: Vec<(u64, usize, usize)> = cells.collect();
    mistakes.sort_unstable_by_key(|(count, truth, answer)| (std::cmp::Reverse(*count), *truth, *answer));
    if mistakes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nmost frequent mistakes")?;
    let mut table = Table::new(["label", "answer", " rows"]);
    for (count, truth, answer) in mistakes.into_iter().take(SHOWN) {
        table.row([&labels[truth], &labels[answer], &count.to_string()]);
    }
    Ok(table.write(out)?)
}
