//! `neurona cross-validate`: how good a run is on examples that it is not trained on.

use std::{
    io::{IsTerminal as _, Write, stderr},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use neurona_train::{
    Loss, Progress,
    cross_validation::{CrossValidation, CrossValidationError},
    train::Spread,
};
use serde::Serialize;

use crate::{
    print::{self, Table},
    train::{
        INTERRUPTED, go_on_unless,
        options::{Described, Options},
        stop_on_interrupt,
    },
};

/// Measure a training by cross-validation: train once for each fold on the others.
///
/// The rows are cut into folds of equal size, each with its share of every class; those of a test part are left out. The
/// mean over the folds says how good the training is, the standard deviation how much that depends on the examples. Where
/// there is a share for validation, it is cut from the rows of the other folds, and the best epoch is chosen on it;
/// without one the last weights count. Everything is said as for `train`, and the same seed gives the same figures.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CrossValidate {
    #[command(flatten)]
    options: Options,
    /// Number of folds, at least 2
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    folds: usize,
    /// Print one JSON object in place of the table
    #[arg(long)]
    json: bool,
    /// Print no progress
    #[arg(long, short)]
    quiet: bool,
}

const AFTER_HELP: &str = "\
Examples:
  neurona cross-validate digits.csv --layers 32:relu --rescale 0.0625 --epochs 30
  neurona cross-validate --config run.toml --folds 10 --json

JSON: {\"folds\": [{\"rows\", \"loss\", \"accuracy\", \"kept\" (epoch of the weights)}], \"loss_name\", \"loss\", \"accuracy\"}; the last \
two are {\"mean\", \"deviation\" (of the sample), \"least\", \"largest\"}, and accuracies are null for numbers.";

/// What was found, as JSON says it.
#[derive(Serialize)]
struct Report {
    folds: Vec<Fold>,
    loss_name: &'static str,
    loss: Option<Figures>,
    accuracy: Option<Figures>,
}

#[derive(Serialize)]
struct Fold {
    rows: usize,
    loss: f32,
    accuracy: Option<f32>,
    kept: u32,
}

#[derive(Serialize)]
struct Figures {
    mean: f64,
    deviation: f64,
    least: f64,
    largest: f64,
}

impl CrossValidate {
    pub(crate) fn run(self, out: &mut dyn Write) -> Result<ExitCode> {
        let Described { config, data, names, .. } = self.options.describe(Path::new("net"))?;
        let stop = stop_on_interrupt()?;
        let settings = config.settings(&data).map_err(|error| names.say(&config, error))?;
        let bar = bar(self.folds as u64 * u64::from(settings.epochs), self.quiet);
        let result = config.cross_validate(&data, self.folds, &|_, progress| {
            if let Progress::Epoch(_) = progress {
                bar.inc(1);
            }
            go_on_unless(&stop)
        });
        bar.finish_and_clear();
        let scores = result.map_err(|error| match error {
            CrossValidationError::Config(error) => names.say(&config, error),
            other => other.into(),
        })?;
        let Some(scores) = scores else { return Ok(ExitCode::from(INTERRUPTED)) };
        let report = Report::new(&scores, settings.loss.name());
        if self.json {
            print::json(out, &report)?
        } else {
            report.write(out)?
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn bar(epochs: u64, quiet: bool) -> ProgressBar {
    if quiet || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{pos}/{len} epochs {wide_bar:.green/dim} {eta:>3} left")
        .expect("the template is right")
        .progress_chars("━━─");
    ProgressBar::new(epochs).with_style(style)
}

impl Report {
    fn new(scores: &CrossValidation, loss_name: &'static str) -> Self {
        let figures = |spread: Option<Spread>| {
            spread.map(|Spread { mean, deviation, least, largest }| Figures { mean, deviation, least, largest })
        };
        let fold = |fold: &neurona_train::cross_validation::Fold| Fold {
            rows: fold.rows,
            loss: fold.score.loss,
            accuracy: fold.score.accuracy,
            kept: fold.kept,
        };
        Self {
            folds: scores.folds.iter().map(fold).collect(),
            loss_name,
            loss: figures(scores.loss()),
            accuracy: figures(scores.accuracy()),
        }
    }

    fn write(&self, out: &mut dyn Write) -> Result<()> {
        // Of numbers there is no accuracy; the root of a squared error has their unit.
        let is_squared = self.loss_name == Loss::SquaredError.name();
        let second = if self.accuracy.is_some() {
            " accuracy"
        } else if is_squared {
            " RMSE"
        } else {
            ""
        };
        let mut table = Table::new([" fold", " rows", " loss", second, " epoch"]);
        let figure = |loss: f32, accuracy: Option<f32>| match accuracy {
            Some(accuracy) => print::percent(accuracy),
            None if is_squared => print::significant(loss.sqrt()),
            None => String::new(),
        };
        for (number, Fold { rows, loss, accuracy, kept }) in (1..).zip(&self.folds) {
            let figure = figure(*loss, *accuracy);
            table.row([
                number.to_string(),
                print::grouped(*rows as u64),
                print::significant(*loss),
                figure,
                kept.to_string(),
            ]);
        }
        let loss = self.loss.as_ref().context("a cross-validation has two folds")?;
        let mean = |figures: &Figures| figures.mean as f32;
        let of_mean = figure(mean(loss), self.accuracy.as_ref().map(mean));
        table.total(["mean".to_owned(), String::new(), print::significant(mean(loss)), of_mean, String::new()]);
        table.write(out)?;
        let deviation = format!("{} in the loss", print::significant(loss.deviation as f32));
        let accuracy = self
            .accuracy
            .as_ref()
            .map(|figures| format!(", {} in the accuracy", print::percent(figures.deviation as f32)));
        writeln!(out, "\nstandard deviation: {deviation}{}", accuracy.unwrap_or_default())?;
        Ok(())
    }
}
