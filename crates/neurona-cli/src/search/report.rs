//! What a search came to, for people and for programs.

use std::io::Write;

use anyhow::Result;
use neurona_train::search::{FoldScore, Folder, Record, ResultTable, Search};
use serde::Serialize;

use crate::print::{self, Table};

/// A search, as JSON says it.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    out: String,
    method: &'static str,
    trainings: usize,
    done: usize,
    left: usize,
    best: Option<Trial<'a>>,
    trials: Vec<Trial<'a>>,
}

/// A trial, as JSON says it.
#[derive(Serialize)]
pub(super) struct Trial<'a> {
    trial: usize,
    rung: usize,
    epochs: u32,
    loss: Option<f64>,
    deviation: Option<f64>,
    accuracy: Option<f64>,
    failure: Option<&'a str>,
    values: &'a toml::Table,
    folds: Vec<Fold>,
}

#[derive(Serialize)]
struct Fold {
    loss: f64,
    accuracy: Option<f64>,
}

impl<'a> Trial<'a> {
    pub(super) fn of(record: &'a Record) -> Self {
        let Record { trial, rung, epochs, loss, deviation, accuracy, failure, values, folds, .. } = record;
        let fold = |fold: &FoldScore| Fold { loss: fold.loss, accuracy: fold.accuracy };
        Self {
            trial: *trial,
            rung: *rung,
            epochs: *epochs,
            loss: *loss,
            deviation: *deviation,
            accuracy: *accuracy,
            failure: failure.as_deref(),
            values,
            folds: folds.iter().map(fold).collect(),
        }
    }
}

impl<'a> Report<'a> {
    pub(super) fn new(folder: &Folder, search: &Search, table: &'a ResultTable) -> Self {
        Self {
            out: folder.path().display().to_string(),
            method: search.method().name(),
            trainings: search.trainings(),
            done: table.done,
            left: table.left,
            best: table.best().map(Trial::of),
            trials: table.rows.iter().map(Trial::of).collect(),
        }
    }
}

/// The best trials of a long table; the file has all.
const SHOWN: usize = 10;

/// Writes the best trials as a table, and what to do next.
pub(super) fn write(out: &mut dyn Write, folder: &Folder, search: &Search, results: &ResultTable) -> Result<()> {
    let paths: Vec<String> = search.space().paths().map(ToString::to_string).collect();
    let (has_rungs, has_folds) = (search.rungs().len() > 1, search.folds().is_some());
    let has_accuracy = results.rows.iter().any(|row| row.accuracy.is_some());
    let columns =
        [(" trial", true), (" epochs", has_rungs), (" loss", true), ("", has_folds), (" accuracy", has_accuracy)];
    let used = columns.iter().filter(|(_, is_used)| *is_used).map(|(heading, _)| *heading);
    let mut table = Table::new(used.chain(paths.iter().map(String::as_str)));
    for row in results.rows.iter().take(SHOWN) {
        let cells = [
            row.trial.to_string(),
            row.epochs.to_string(),
            row.loss.map_or_else(|| "failed".to_owned(), |loss| print::significant(loss as f32)),
            row.deviation.map_or_else(String::new, |deviation| format!("± {}", print::significant(deviation as f32))),
            row.accuracy.map_or_else(|| "-".to_owned(), |accuracy| print::percent(accuracy as f32)),
        ];
        let used = cells.into_iter().zip(columns).filter(|(_, (_, is_used))| *is_used).map(|(cell, _)| cell);
        table.row(used.chain(paths.iter().map(|path| value(row, path))));
    }
    table.write(out)?;
    let failed = results.rows.iter().filter(|row| row.failure.is_some()).count();
    let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    let (done, trainings) = (print::grouped(results.done as u64), print::grouped(search.trainings() as u64));
    writeln!(out, "\n{done} of {trainings} trainings are done{failed}")?;
    let Some(best) = results.best() else { return Ok(()) };
    let (table, run) = (folder.table(), folder.best());
    writeln!(
        out,
        "{0}wrote {1}{0:#}: all trials, the best first; and {0}{2}{0:#}: the run of trial {3}\n",
        print::STRONG,
        table.display(),
        run.display(),
        best.trial
    )?;
    let train = format!("neurona train --config {} --out MODEL.neurona", run.display());
    Ok(print::facts(out, [("the best network", train)])?)
}

/// A trial on one line.
pub(super) fn line(record: &Record) -> String {
    let rung = if record.rung > 1 { format!(", rung {}", record.rung) } else { String::new() };
    let score = match (record.loss, &record.failure) {
        (Some(loss), _) => format!("loss {}", print::significant(loss as f32)),
        (None, failure) => failure.clone().unwrap_or_default(),
    };
    let values: Vec<String> = record.values.keys().map(|path| format!("{path} = {}", value(record, path))).collect();
    format!("trial {}{rung}: {score}  {}", record.trial, values.join("  "))
}

/// What a trial tries at a path, as a cell shows it.
fn value(record: &Record, path: &str) -> String {
    let value = record.values.get(path);
    print::short(
        &value.map_or_else(String::new, |value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_on_one_line() {
        let toml = "trial = 7\nrung = 2\nepochs = 9\ndata = ''\nloss = 0.25\n[values]\n'a.b' = 'relu'\n'c' = [1, 2]";
        let record: Record = toml::from_str(toml).expect("it is a record");
        assert_eq!(line(&record), "trial 7, rung 2: loss 0.2500  a.b = relu  c = [1, 2]");
        let failed = Record { rung: 1, loss: None, failure: Some("diverged in epoch 1".to_owned()), ..record };
        assert_eq!(line(&failed), "trial 7: diverged in epoch 1  a.b = relu  c = [1, 2]");
    }
}
