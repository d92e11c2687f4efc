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
        if number % self.epochs.div_ceil(LINES).max(1) != 0 && number != 1 && number != self.epochs {
            return;
        }
        let left = self.start.elapsed().as_secs_f64() / f64::from(number) * f64::from(self.epochs - number);
        let left = if number < self.epochs { format!("  {} left", print::duration(left)) } else { String::new() };
        print::note(format_args!("{}  {}{left}", self.epoch(number), scores(training, validation)));
    }
}

/// A bar for so many starts of so many epochs, which shows nothing where there is no terminal.
pub(super) fn starts(starts: u32, epochs: u32, quiet: bool) -> ProgressBar {
    if quiet || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = bar(u64::from(starts) * u64::from(epochs), epochs);
    bar.set_prefix(format!("{starts} starts"));
    bar
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
