//! How far a training is: a bar on a terminal, plain lines elsewhere.

use std::{
    io::{IsTerminal as _, stderr},
    sync::atomic::{AtomicU32, Ordering},
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
    /// The first epoch of this run, which may go on from an earlier one.
    first: Option<u32>,
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
    pub(super) fn new(settings: &Training, quiet: bool) -> Self {
        let way = if quiet {
            Way::Silent
        } else if stderr().is_terminal() {
            Way::Bar(bar(settings.epochs.into(), settings.epochs))
        } else {
            Way::Lines
        };
        Self { way, epochs: settings.epochs, start: Instant::now(), first: None, validation: None }
    }

    pub(super) fn show(&mut self, progress: Progress) {
        match progress {
            Progress::Batch { epoch, batch, batches, training } => {
                if let Way::Bar(bar) = &self.way {
                    bar.set_prefix(self.epoch(epoch));
                    bar.set_message(scores(training, self.validation));
                    let done = u64::from(epoch - 1) * batches as u64 + batch as u64;
                    if self.first.is_none() {
                        // What an earlier run did took no time of this one.
                        bar.set_length(u64::from(self.epochs) * batches as u64);
                        bar.set_position(done - 1);
                        bar.reset_eta();
                    }
                    bar.set_position(done);
                }
                self.first.get_or_insert(epoch);
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

    /// Leaves the bar as it is.
    pub(super) fn end(self) {
        if let Way::Bar(bar) = self.way {
            bar.abandon();
        }
    }

    fn epoch(&self, epoch: u32) -> String {
        format!("epoch {epoch:>width$}/{}", self.epochs, width = self.epochs.to_string().len())
    }

    fn line(&self, Epoch { number, training, validation, .. }: Epoch) {
        let first = self.first.unwrap_or(1);
        if number % self.epochs.div_ceil(LINES).max(1) != 0 && number != first && number != self.epochs {
            return;
        }
        let done = f64::from(number + 1 - first.min(number));
        let left = self.start.elapsed().as_secs_f64() / done * f64::from(self.epochs - number);
        let left = if number < self.epochs { format!("  {} left", print::duration(left)) } else { String::new() };
        print::note(format_args!("{}  {}{left}", self.epoch(number), scores(training, validation)));
    }
}

/// Shows how far several starts are: a bar on a terminal, nothing elsewhere.
pub(super) struct StartsDisplay {
    bar: ProgressBar,
    /// How many epochs each start has behind it.
    done: Vec<AtomicU32>,
}

impl StartsDisplay {
    pub(super) fn new(starts: u32, epochs: u32, quiet: bool) -> Self {
        let bar = if quiet || !stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            bar(u64::from(starts) * u64::from(epochs), epochs)
        };
        bar.set_prefix(format!("{starts} starts"));
        Self { bar, done: (0..starts).map(|_| AtomicU32::new(0)).collect() }
    }

    pub(super) fn show(&self, start: u32, progress: Progress) {
        let Progress::Epoch(Epoch { number, .. }) = progress else { return };
        if let Some(done) = self.done.get(start as usize) {
            // A start that goes on from an earlier run has its first epochs behind it already.
            let before = done.swap(number, Ordering::Relaxed);
            self.bar.inc(u64::from(number.saturating_sub(before)));
        }
    }

    pub(super) fn end(self) {
        self.bar.finish_and_clear();
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
    let pair = |figure: &dyn Fn(Score) -> Option<String>| {
        let text = figure(training)?;
        Some(validation.and_then(figure).map_or_else(|| text.clone(), |validation| format!("{text}/{validation}")))
    };
    let loss = pair(&|score| Some(print::significant(score.loss))).unwrap_or_default();
    match pair(&|score| score.accuracy.map(|accuracy| format!("{:.1}", 100.0 * accuracy))) {
        None => format!("loss {loss}"),
        Some(accuracy) => format!("loss {loss}  accuracy {accuracy} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_validation_part_stands_behind_a_slash() {
        let classes = Score { loss: 0.25, accuracy: Some(0.875) };
        let numbers = Score { loss: 0.5, accuracy: None };
        assert_eq!(scores(classes, None), "loss 0.2500  accuracy 87.5 %");
        assert_eq!(scores(classes, Some(classes)), "loss 0.2500/0.2500  accuracy 87.5/87.5 %");
        assert_eq!(scores(numbers, Some(numbers)), "loss 0.5000/0.5000");
    }
}
