//! The trials in their order, the best first.

use std::{cmp::Reverse, collections::BTreeMap};

use toml::Value;

use super::{Record, Search, Task};

/// What the trials of a search came to, the best first.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultTable {
    /// The last record of each trial: those of later rungs first, then by the loss, and those that failed at the end.
    pub rows: Vec<Record>,
    /// How many trainings are done; with halving a trial has one in each rung that it reached.
    pub done: usize,
    /// How many trainings are known to be left: with halving those of the rung that is not done.
    pub left: usize,
}

impl Search {
    /// What is to be done next, in order: what is left of the first rung that is not done.
    ///
    /// Nothing when the search is done. With halving, the best of a rung make up the next one when all of the rung are
    /// there; where two are equally good, the smaller number goes on.
    pub fn next(&self, records: &[Record]) -> Vec<Task> {
        let mut by_rung: BTreeMap<usize, Vec<&Record>> = BTreeMap::new();
        records.iter().for_each(|record| by_rung.entry(record.rung).or_default().push(record));
        let mut trials: Vec<usize> = (1..=self.rungs.first().map_or(0, |rung| rung.trials)).collect();
        for at in 0..self.rungs.len() {
            let rung = at + 1;
            let mut done = by_rung.remove(&rung).unwrap_or_default();
            done.retain(|record| trials.contains(&record.trial));
            let is_left = |trial: &usize| done.iter().all(|record| record.trial != *trial);
            let left: Vec<Task> = trials.iter().copied().filter(is_left).map(|trial| Task { rung, trial }).collect();
            if !left.is_empty() {
                return left;
            }
            done.sort_by(|one, other| order(one, other));
            let promoted = self.rungs.get(at + 1).map_or(0, |next| next.trials);
            let good = done.into_iter().filter(|record| record.loss.is_some());
            trials = good.take(promoted).map(|record| record.trial).collect();
            trials.sort_unstable();
        }
        Vec::new()
    }

    /// The table of these records.
    pub fn table(&self, records: &[Record]) -> ResultTable {
        let mut last: BTreeMap<usize, &Record> = BTreeMap::new();
        for record in records {
            let known = last.entry(record.trial).or_insert(record);
            if known.rung < record.rung {
                *known = record;
            }
        }
        let mut rows: Vec<Record> = last.into_values().cloned().collect();
        rows.sort_by(order);
        ResultTable { rows, done: records.len(), left: self.next(records).len() }
    }
}

/// The better trial first: by the rung, the loss and the number; those that failed are last.
fn order(one: &Record, other: &Record) -> std::cmp::Ordering {
    let rank = |record: &Record| (record.loss.is_none(), Reverse(record.rung));
    let loss = |record: &Record| record.loss.unwrap_or(f64::INFINITY);
    rank(one).cmp(&rank(other)).then(loss(one).total_cmp(&loss(other))).then(one.trial.cmp(&other.trial))
}

impl ResultTable {
    /// The best trial; `None` when all have failed, or none is there.
    pub fn best(&self) -> Option<&Record> {
        self.rows.first().filter(|record| record.loss.is_some())
    }

    /// The table as CSV: a line for each trial, with a column for each path.
    ///
    /// The figures are written so that they read back to the same bits. An empty cell is a figure that there is not.
    pub fn to_csv(&self, search: &Search) -> String {
        let paths: Vec<String> = search.space().paths().map(ToString::to_string).collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        let figure = |figure: Option<f64>| figure.map_or_else(String::new, |figure| figure.to_string());
        let fixed = ["trial", "rung", "epochs", "loss", "deviation", "accuracy", "failure"].map(str::to_owned);
        let mut lines = vec![fixed.into_iter().chain(paths.iter().cloned()).collect::<Vec<String>>()];
        for row in &self.rows {
            let fixed = [
                row.trial.to_string(),
                row.rung.to_string(),
                row.epochs.to_string(),
                figure(row.loss),
                figure(row.deviation),
                figure(row.accuracy),
                row.failure.clone().unwrap_or_default(),
            ];
            let values = paths.iter().map(|path| row.values.get(path).map_or_else(String::new, text));
            lines.push(fixed.into_iter().chain(values).collect());
        }
        // Memory can be written, and every line has the same columns.
        for line in lines {
            let _ = writer.write_record(line);
        }
        String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
    }
}

/// A value as a cell shows it: a string as it is, all else as in TOML.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
