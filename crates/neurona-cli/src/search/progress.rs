//! How far a search is: a bar on a terminal, a line for each trial elsewhere.

use std::{
    io::{IsTerminal as _, stderr},
    sync::{Mutex, PoisonError},
};

use indicatif::{ProgressBar, ProgressStyle};
use neurona_train::search::{Record, Search};

use super::report;
use crate::print;

/// Shows progress on standard error; trials on several threads may tell it theirs.
pub(super) struct Display {
    way: Way,
    best: Mutex<Best>,
    trainings: usize,
}

enum Way {
    Silent,
    Bar(ProgressBar),
    Lines,
}

/// How many trainings are done, and which is the best of its rung so far.
struct Best {
    done: usize,
    record: Option<Record>,
}

impl Display {
    /// A display for a search of which these trials are done.
    pub(super) fn new(search: &Search, records: &[Record], quiet: bool) -> Self {
        let trainings = search.trainings();
        let way = if quiet {
            Way::Silent
        } else if stderr().is_terminal() {
            Way::Bar(bar(trainings, records.len()))
        } else {
            Way::Lines
        };
        let best = Best { done: records.len(), record: search.table(records).best().cloned() };
        Self { way, best: Mutex::new(best), trainings }
    }

    /// Shows a trial that is done.
    pub(super) fn show(&self, record: &Record) {
        let mut best = self.best.lock().unwrap_or_else(PoisonError::into_inner);
        best.done += 1;
        let rank = |record: &Record| (record.rung, -record.loss.unwrap_or(f64::INFINITY));
        if record.loss.is_some() && best.record.as_ref().is_none_or(|best| rank(record) > rank(best)) {
            best.record = Some(record.clone());
        }
        match &self.way {
            Way::Silent => {}
            Way::Bar(bar) => {
                bar.set_position(best.done as u64);
                bar.set_message(best.record.as_ref().map(report::line).unwrap_or_default());
            }
            Way::Lines => print::note(format_args!("{}/{}  {}", best.done, self.trainings, report::line(record))),
        }
    }

    /// Leaves the bar as it is.
    pub(super) fn end(self) {
        if let Way::Bar(bar) = self.way {
            bar.abandon();
        }
    }
}

fn bar(trainings: usize, done: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{pos}/{len} {bar:20.green/dim} {eta:>3} left  {wide_msg}")
        .expect("the template is right")
        .progress_chars("━━─");
    let bar = ProgressBar::new(trainings as u64).with_style(style).with_position(done as u64);
    // The time that is left is told by what is done from here on.
    bar.reset_eta();
    bar.set_message("the best trial is shown here");
    bar
}
