//! `neurona eval`: how good a network is.

use std::{io::Write, path::PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use ndarray::Array2;
use neurona_train::{Dataset, Loss, Target, Targets, metrics, model_file::ModelFile};
use serde::Serialize;

use crate::{
    data::ColumnArgs,
    model::{self, Arithmetic},
    print::{self, Table},
};

mod classes;

use classes::Classes;

/// Say how good a trained network is on examples that it has not seen.
///
/// For classes: accuracy, balanced accuracy (the mean recall of the classes), the confusion matrix, and for each class
/// and in the mean recall, precision, F1 and the area under the ROC curve against all others (AUC). For numbers: the root
/// mean square error (RMSE), the mean absolute error (MAE) and the coefficient of determination (R2). Outputs are computed
/// to the bits of the device.
#[derive(Args)]
#[command(after_help = "\
Examples:
  neurona eval digits.neurona test.csv
  neurona eval digits.neurona t10k-images-idx3-ubyte.gz --targets t10k-labels-idx1-ubyte.gz --json

JSON: {\"model\", \"data\", \"rows\", \"arithmetic\", \"loss_name\", \"loss\"}, and for classes \"accuracy\", \
\"balanced_accuracy\", \"right\", \"labels\", \"confusion\" (a row for each true class, a column for each answer), \
\"recall\", \"precision\", \"f1\", \"roc_auc\" (a figure for each class), \"macro\": {\"recall\", \"precision\", \"f1\", \
\"roc_auc\"} (their means as scikit-learn takes them); for numbers \"rmse\", \"mae\", \"r2\" (the mean of the outputs'), \
and \"outputs\": [{\"name\", \"rmse\", \"mae\", \"r2\"}]. What cannot be computed is null.")]
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
    Classes(Classes),
    Numbers { rmse: Option<f32>, mae: Option<f32>, r2: Option<f32>, outputs: Vec<Output> },
}

#[derive(Serialize)]
struct Output {
    name: String,
    rmse: Option<f32>,
    mae: Option<f32>,
    r2: Option<f32>,
}

impl Eval {
    pub(crate) fn run(self, out: &mut dyn Write) -> Result<()> {
        let model = model::read(&self.model)?;
        let loss = model::loss(&model, &self.model)?;
        let data = self.columns.read(&self.data, model.metadata())?;
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
        Targets::Classes { labels, classes, .. } => Figures::Classes(Classes::new(loss, outputs, labels, classes)),
        Targets::Values { columns, values } => {
            let output = |(at, name): (usize, &String)| {
                let (predicted, expected) = (outputs.column(at).to_vec(), values.column(at).to_vec());
                let (rmse, mae) = (metrics::rmse(&predicted, &expected), metrics::mae(&predicted, &expected));
                Output { name: name.clone(), rmse, mae, r2: metrics::r2(&predicted, &expected) }
            };
            let (predicted, expected): (Vec<f32>, Vec<f32>) = outputs.iter().zip(values).unzip();
            let (rmse, mae) = (metrics::rmse(&predicted, &expected), metrics::mae(&predicted, &expected));
            let outputs: Vec<Output> = columns.iter().enumerate().map(output).collect();
            let shares: Option<Vec<f32>> = outputs.iter().map(|output| output.r2).collect();
            let r2 = shares.map(|shares| shares.iter().sum::<f32>() / shares.len() as f32);
            Figures::Numbers { rmse, mae, r2, outputs }
        }
    }
}

impl Report {
    fn write(&self, out: &mut dyn Write) -> Result<()> {
        let mut facts = Vec::new();
        match &self.figures {
            Figures::Classes(classes) => classes.push_facts(self.rows, &mut facts),
            Figures::Numbers { rmse, mae, r2, .. } => {
                facts.push(("RMSE", format!("{0}{1}{0:#}", print::STRONG, figure(*rmse))));
                facts.push(("MAE", figure(*mae)));
                facts.push(("R2", figure(*r2)));
            }
        }
        facts.push(("loss", format!("{}  {}", print::significant(self.loss), self.loss_name)));
        facts.push(("computed", format!("in the arithmetic of the {}", self.arithmetic)));
        print::facts(out, facts)?;
        match &self.figures {
            Figures::Classes(classes) => classes.write(out),
            Figures::Numbers { outputs, .. } if outputs.len() > 1 => {
                writeln!(out)?;
                let mut table = Table::new(["output", " RMSE", " MAE", " R2"]);
                for Output { name, rmse, mae, r2 } in outputs {
                    table.row([print::shown(name), figure(*rmse), figure(*mae), figure(*r2)]);
                }
                Ok(table.write(out)?)
            }
            Figures::Numbers { .. } => Ok(()),
        }
    }
}

fn figure(value: Option<f32>) -> String {
    value.map_or_else(|| "-".to_owned(), print::significant)
}
