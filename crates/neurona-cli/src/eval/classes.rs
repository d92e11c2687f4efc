//! How well a network tells classes apart: the figures, and how they are shown.

use std::io::Write;

use anyhow::Result;
use ndarray::Array2;
use neurona_train::{
    Loss,
    metrics::{ConfusionMatrix, class_scores, macro_roc_auc, roc_auc_by_class},
};
use serde::Serialize;

use crate::print::{self, Table};

/// Figures of a network that tells classes apart; a list has a figure for each class.
#[derive(Serialize)]
pub(super) struct Classes {
    accuracy: Option<f32>,
    balanced_accuracy: Option<f32>,
    right: u64,
    labels: Vec<String>,
    confusion: Vec<Vec<u64>>,
    recall: Vec<Option<f32>>,
    precision: Vec<Option<f32>>,
    f1: Vec<Option<f32>>,
    roc_auc: Vec<Option<f32>>,
    #[serde(rename = "macro")]
    means: Means,
}

/// The figures of the classes in the mean, in which every class counts the same.
#[derive(Serialize)]
struct Means {
    recall: Option<f32>,
    precision: Option<f32>,
    f1: Option<f32>,
    roc_auc: Option<f32>,
}

impl Classes {
    pub(super) fn new(loss: Loss, outputs: &Array2<f32>, labels: &[String], classes: &[u32]) -> Self {
        let answers = outputs.rows().into_iter().map(|outputs| loss.decide(&outputs.to_vec()));
        let matrix = ConfusionMatrix::of(labels.len(), classes.iter().copied().zip(answers));
        let all = || 0..labels.len();
        let roc_auc = roc_auc_by_class(class_scores(loss, outputs.view()).view(), classes);
        let means = Means {
            recall: matrix.macro_recall(),
            precision: matrix.macro_precision(),
            f1: matrix.macro_f1(),
            roc_auc: macro_roc_auc(&roc_auc),
        };
        Self {
            accuracy: matrix.accuracy(),
            balanced_accuracy: matrix.balanced_accuracy(),
            right: matrix.right(),
            labels: labels.to_vec(),
            confusion: all().map(|class| matrix.row(class).to_vec()).collect(),
            recall: all().map(|class| matrix.recall(class)).collect(),
            precision: all().map(|class| matrix.precision(class)).collect(),
            f1: all().map(|class| matrix.f1(class)).collect(),
            roc_auc,
            means,
        }
    }

    /// What stands above the tables.
    pub(super) fn push_facts(&self, rows: usize, facts: &mut Vec<(&'static str, String)>) {
        let share = |share: Option<f32>| share.map_or_else(|| "-".to_owned(), print::percent);
        let accuracy = format!("{0}{1}{0:#}  {2} of {rows} right", print::STRONG, share(self.accuracy), self.right);
        facts.push(("accuracy", accuracy));
        facts.push(("balanced", format!("{}  mean recall of the classes", share(self.balanced_accuracy))));
    }

    /// The confusion matrix, or where it is too wide the most frequent mistakes; then the figures of each class.
    pub(super) fn write(&self, out: &mut dyn Write) -> Result<()> {
        let labels: Vec<String> = self.labels.iter().map(|label| print::short(label)).collect();
        if labels.len() <= MATRIX_CLASSES {
            self.write_matrix(out, &labels)?;
        } else {
            self.write_mistakes(out, &labels)?;
        }
        self.write_figures(out, &labels)
    }

    fn write_matrix(&self, out: &mut dyn Write, labels: &[String]) -> Result<()> {
        let headings = std::iter::once("label".to_owned()).chain(labels.iter().map(|label| format!(" {label}")));
        let mut table = Table::new(headings);
        for (label, counts) in labels.iter().zip(&self.confusion) {
            let counts = counts.iter().map(|count| if *count == 0 { "·".to_owned() } else { count.to_string() });
            table.row(std::iter::once(label.clone()).chain(counts));
        }
        writeln!(out)?;
        table.write(out)?;
        writeln!(out, "{0}a row for each true label, a column for each answer{0:#}", print::QUIET)?;
        Ok(())
    }

    fn write_mistakes(&self, out: &mut dyn Write, labels: &[String]) -> Result<()> {
        const SHOWN: usize = 10;
        let cells = self.confusion.iter().enumerate().flat_map(|(truth, row)| {
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

    fn write_figures(&self, out: &mut dyn Write, labels: &[String]) -> Result<()> {
        let share =
            |share: Option<f32>| share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", 100.0 * share));
        let area = |area: Option<f32>| area.map_or_else(|| "-".to_owned(), |area| format!("{area:.4}"));
        let mut table = Table::new(["label", " rows", " recall", " precision", " F1", " AUC"]);
        for (class, label) in labels.iter().enumerate() {
            let examples = self.confusion[class].iter().sum();
            let shares = [self.recall[class], self.precision[class], self.f1[class]].map(share);
            let cells = [label.clone(), print::grouped(examples)].into_iter().chain(shares);
            table.row(cells.chain([area(self.roc_auc[class])]));
        }
        let Means { recall, precision, f1, roc_auc } = self.means;
        let cells = ["mean".to_owned(), String::new()].into_iter().chain([recall, precision, f1].map(share));
        table.total(cells.chain([area(roc_auc)]));
        writeln!(out)?;
        Ok(table.write(out)?)
    }
}

/// The most classes whose matrix fits in 80 columns: a label of up to 20 characters, and counts of four digits.
const MATRIX_CLASSES: usize = 10;
