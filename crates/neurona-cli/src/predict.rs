//! `neurona predict`: what a network says of each row.

use std::{
    fs,
    io::{self, Read as _, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use ndarray::Array2;
use neurona_train::{
    Loss,
    data::{self, Column},
    model_file::ModelFile,
};
use serde::Serialize;

use crate::{
    data::{Format, FormatArgs, places, usual_target},
    model::{self, Arithmetic},
    print,
};

/// Print what a trained network says of each row of a table.
///
/// A line for each row, with tabs between: the label and its probability where the network was trained to tell
/// classes apart, the values of the outputs where it was trained to predict numbers. Outputs are computed to the bits
/// of the device.
#[derive(Args)]
#[command(after_help = "\
Examples:
  neurona predict digits.neurona new.csv
  tail -n 1 new.csv | neurona predict digits.neurona - --no-header

JSON: {\"model\", \"data\", \"arithmetic\", \"rows\": [{\"label\", \"probability\", \"outputs\"}]}; `label` is null for numbers, \
`probability` where the loss gives none.")]
pub(crate) struct Predict {
    /// The model file
    model: PathBuf,
    /// The inputs: a table (CSV), NPY or IDX; - for a table on standard input
    data: PathBuf,
    /// In which arithmetic outputs are computed
    #[arg(long, value_enum, default_value_t)]
    arithmetic: Arithmetic,
    /// Print one JSON object in place of the lines
    #[arg(long)]
    json: bool,
    /// Columns that are no inputs, with commas between. What held the labels or numbers of the training is left out without
    /// being named, as is a column `label`, `class`, `target` or `y` where there is one column too many
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', help_heading = "Table")]
    ignore: Vec<String>,
    #[command(flatten)]
    format: FormatArgs,
}

/// What was computed, as JSON says it.
#[derive(Serialize)]
struct Report<'a> {
    model: String,
    data: String,
    arithmetic: &'static str,
    rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    label: Option<&'a str>,
    probability: Option<f32>,
    outputs: Vec<f32>,
}

impl Predict {
    pub(crate) fn run(self, out: &mut dyn Write) -> Result<()> {
        let model = model::read(&self.model)?;
        let loss = model::loss(&model, &self.model)?;
        let inputs = self.inputs(&model)?;
        let outputs = model::outputs(&model, inputs.view(), self.arithmetic)?;
        let rows: Vec<Row<'_>> = outputs.rows().into_iter().map(|row| Row::new(&model, loss, row.to_vec())).collect();
        if self.json {
            let (model, data) = (self.model.display().to_string(), self.data.display().to_string());
            return print::json(out, &Report { model, data, arithmetic: self.arithmetic.name(), rows });
        }
        rows.iter().try_for_each(|row| row.write(out))
    }

    fn inputs(&self, model: &ModelFile) -> Result<Array2<f32>> {
        let expected = model.spec().inputs();
        let inputs = match Format::of(&self.data) {
            Format::Npy => data::read_npy_inputs(&self.data)?,
            Format::Idx => data::read_idx_inputs(&self.data)?,
            Format::Table => self.table(expected, &model.metadata().targets)?,
        };
        if inputs.ncols() != expected {
            let found = inputs.ncols();
            bail!(
                "{}: the network takes {expected} inputs, but there are {found}; name the columns that are none with \
                 --ignore",
                self.name().display()
            );
        }
        Ok(inputs)
    }

    /// The inputs in a table: of the columns that are not to be ignored those that are no targets, where there are more than
    /// the network takes.
    fn table(&self, expected: usize, trained: &[String]) -> Result<Array2<f32>> {
        let (name, bytes) = (self.name(), self.bytes()?);
        let mut format = self.format.format(&self.ignore);
        let columns = data::csv_columns(&bytes[..], name, &format)?;
        let ignored = |at: usize| {
            format.ignore.iter().any(|column| match column {
                Column::Index(index) => *index == at,
                Column::Name(name) => *name == columns[at],
            })
        };
        let more = (0..columns.len()).filter(|at| !ignored(*at)).count().saturating_sub(expected);
        let known = places(&columns, trained).or_else(|| usual_target(&columns).map(|target| vec![target]));
        let targets: Vec<usize> = known.unwrap_or_default().into_iter().filter(|at| !ignored(*at)).collect();
        if more > 0 && targets.len() == more {
            format.ignore.extend(targets.into_iter().map(Column::Index));
        }
        Ok(data::read_csv_inputs_from(&bytes[..], name, &format)?)
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = match self.is_standard_input() {
            true => io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes),
            false => fs::read(&self.data),
        };
        read.with_context(|| self.name().display().to_string())
    }

    fn is_standard_input(&self) -> bool {
        self.data == Path::new("-")
    }

    /// What messages call the data.
    fn name(&self) -> &Path {
        if self.is_standard_input() { Path::new("standard input") } else { &self.data }
    }
}

impl<'a> Row<'a> {
    fn new(model: &'a ModelFile, loss: Loss, outputs: Vec<f32>) -> Self {
        let labels = &model.metadata().labels;
        if labels.is_empty() {
            return Self { label: None, probability: None, outputs };
        }
        let answer = model::answer(loss, &outputs);
        Self { label: labels.get(answer.class).map(String::as_str), probability: answer.probability, outputs }
    }

    fn write(&self, out: &mut dyn Write) -> Result<()> {
        match (self.label, self.probability) {
            (Some(label), Some(probability)) => writeln!(out, "{}\t{probability:.4}", print::shown(label))?,
            (Some(label), None) => writeln!(out, "{}", print::shown(label))?,
            (None, _) => {
                let values: Vec<String> = self.outputs.iter().map(f32::to_string).collect();
                writeln!(out, "{}", values.join("\t"))?;
            }
        }
        Ok(())
    }
}
