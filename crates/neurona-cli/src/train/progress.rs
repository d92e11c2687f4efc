//! How far a training is: a bar on a terminal, plain lines elsewhere.

use std::{
    io::{IsTerminal as _, stderr},
    time::Instant,
};

use indicatif::{ProgressBar, ProgressStyle};
use neurona_train::{Epoch, Progress, Score, Training};

use crate::print;

/// Shows progress on standard error.
pub(super) struct Display {
    way: Way,
    epochs: u32,
    start: Instant,
    /// The score of the last epoch on the validation part.
    validation: Option<Score>,
}

enum Way {
    Silent,
    Bar(ProgressBar),
    /// About so many lines in all, however many epochs there are.
    Lines,
}

/// Plain lines of a whole training.
const LINES: u32 = 20;

impl Display {
    pub(super) fn new(settings: &Training, rows: usize, quiet: bool) -> Self {
        let steps = u64::from(settings.epochs) * rows.div_ceil(settings.batch.max(1)) as u64;
        let way = if quiet {
            Way::Silent
        } else if stderr().is_terminal() {
            Way::Bar(bar(steps, settings.epochs))
        } else {
            Way::Lines
        };
        Self { way, epochs: settings.epochs, start: Instant::now(), validation: None }
    }

    pub(super) fn show(&mut self, progress: Progress) {
        match progress {
            Progress::Batch { epoch, training, .. } => {
                if let Way::Bar(bar) = &self.way {
                    bar.set_prefix(self.epoch(epoch));
                    bar.set_message(scores(training, self.validation));
                    bar.inc(1);
                }
            }
            Progress::Epoch(epoch) => {
                self.validation = epoch.validation;
                if matches!(self.way, Way::Lines) {
                    self.line(epoch);
                }
            }
            _ => {}
        }
    }

    /// Takes the bar away.
    pub(super) fn end(self) {
        if let Way::Bar(bar) = self.way {
            bar.finish_and_clear();
        }
    }

    fn epoch(&self, epoch: u32) -> String {
        format!("epoch {epoch:>width$}/{}", self.epochs, width = self.epochs.to_string().len())
    }

    fn line(&self, Epoch { number, training, validation, .. }: Epoch) {
        if number % self.epochs.div_ceil(LINES).max(1) != 0 && number != 1 && number != self.epochs {
            return;
        }
        let left = self.start.elapsed().as_secs_f64() / f64::from(number) * f64::from(self.epochs - number);
        let scores = scores(training, validation);
        print::note(format_args!("{}  {scores}  {} left", self.epoch(number), print::duration(left)));
    }
}

fn bar(steps: u64, epochs: u32) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} {wide_bar:.green/dim} {msg}  {eta:>3} left")
        .expect("the template is right")
        .progress_chars("━━─");
    let bar = ProgressBar::new(steps).with_style(style);
    bar.set_prefix(format!("epoch 0/{epochs}"));
    bar
}

/// Loss and accuracy; behind a slash those of the validation part.
fn scores(training: Score, validation: Option<Score>) -> String {
    let pair = |name: &str, training: String, validation: Option<String>| match validation {
        Some(validation) => format!("{name} {training} / {validation}"),
        None => format!("{name} {training}"),
    };
    let loss = |score: Score| print::significant(score.loss);
    let text = pair("loss", loss(training), validation.map(loss));
    let percent = |accuracy: f32| format!("{:.1} %", 100.0 * accuracy);
    match training.accuracy {
        None => text,
        Some(accuracy) => {
            let validation = validation.and_then(|score| score.accuracy);
            format!("{text}  {}", pair("accuracy", percent(accuracy), validation.map(percent)))
        }
    }
}
