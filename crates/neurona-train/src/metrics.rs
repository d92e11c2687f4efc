//! Figures that say how good predictions are.

use std::fmt;

mod roc;

pub use roc::{class_scores, macro_roc_auc, roc_auc, roc_auc_by_class};

/// How often examples of each class were taken for each class.
///
/// The counts are exact; the shares are `None` where there is nothing to divide by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionMatrix {
    classes: usize,
    /// (true class, predicted class)
    counts: Vec<u64>,
}

impl ConfusionMatrix {
    /// A matrix for so many classes, before the first example.
    pub fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0; classes * classes] }
    }

    /// A matrix for so many classes of pairs of the true class and the predicted one.
    pub fn of(classes: usize, pairs: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut matrix = Self::new(classes);
        pairs.into_iter().for_each(|(truth, predicted)| matrix.count(truth, predicted));
        matrix
    }

    /// Counts an example; one of a class that there is no place for is left out.
    pub fn count(&mut self, truth: u32, predicted: u32) {
        let (truth, predicted) = (truth as usize, predicted as usize);
        if truth < self.classes && predicted < self.classes {
            self.counts[truth * self.classes + predicted] += 1;
        }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The predictions for the examples of a class, one count for each class; empty when there is no such class.
    pub fn row(&self, truth: usize) -> &[u64] {
        self.counts.get(truth * self.classes..(truth + 1) * self.classes).unwrap_or_default()
    }

    /// Number of examples.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Number of examples whose class was right.
    pub fn right(&self) -> u64 {
        (0..self.classes).map(|class| self.row(class)[class]).sum()
    }

    /// The share of examples whose class was right.
    pub fn accuracy(&self) -> Option<f32> {
        share(self.right(), self.total())
    }

    /// Of the examples of a class, the share that was found.
    pub fn recall(&self, class: usize) -> Option<f32> {
        share(*self.row(class).get(class)?, self.examples(class))
    }

    /// Of the examples that were taken for a class, the share that is of it.
    pub fn precision(&self, class: usize) -> Option<f32> {
        share(*self.row(class).get(class)?, self.answers(class))
    }

    /// The harmonic mean of recall and precision: twice the right answers over examples and answers of the class; `None`
    /// when it has neither.
    pub fn f1(&self, class: usize) -> Option<f32> {
        share(2 * *self.row(class).get(class)?, self.examples(class) + self.answers(class))
    }

    /// The mean recall of the classes that have examples: every class counts the same, however rare it is.
    pub fn balanced_accuracy(&self) -> Option<f32> {
        mean((0..self.classes).filter_map(|class| self.recall(class)))
    }

    /// The mean recall of the classes that have examples or answers; one without examples counts as 0.
    ///
    /// Which classes count, and as what, is the rule of scikit-learn for this mean and the next two.
    pub fn macro_recall(&self) -> Option<f32> {
        mean(self.seen().map(|class| self.recall(class).unwrap_or(0.0)))
    }

    /// The mean precision of the classes that have examples or answers; one without answers counts as 0.
    pub fn macro_precision(&self) -> Option<f32> {
        mean(self.seen().map(|class| self.precision(class).unwrap_or(0.0)))
    }

    /// The mean of [`f1`](Self::f1) over the classes that have examples or answers.
    pub fn macro_f1(&self) -> Option<f32> {
        mean(self.seen().filter_map(|class| self.f1(class)))
    }

    /// Number of examples of a class that there is.
    fn examples(&self, class: usize) -> u64 {
        self.row(class).iter().sum()
    }

    /// How often a class that there is was the answer.
    fn answers(&self, class: usize) -> u64 {
        (0..self.classes).map(|truth| self.row(truth)[class]).sum()
    }

    /// The classes that have examples or answers.
    fn seen(&self) -> impl Iterator<Item = usize> {
        (0..self.classes).filter(|class| self.examples(*class) + self.answers(*class) > 0)
    }
}

impl fmt::Display for ConfusionMatrix {
    /// A line for each true class with a count for each predicted class.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.counts.iter().max().map_or(1, |most| most.to_string().len());
        for class in 0..self.classes {
            for (at, count) in self.row(class).iter().enumerate() {
                let space = if at == 0 { "" } else { " " };
                write!(f, "{space}{count:>width$}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

fn share(part: u64, of: u64) -> Option<f32> {
    (of > 0).then(|| (part as f64 / of as f64) as f32)
}

fn mean(values: impl Iterator<Item = f32>) -> Option<f32> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + f64::from(value), count + 1));
    (count > 0).then(|| (sum / f64::from(count)) as f32)
}

/// Root of the mean squared difference over all values, in the unit of the values; `None` without values.
///
/// Where one list is longer, the shorter decides.
pub fn rmse(predicted: &[f32], expected: &[f32]) -> Option<f32> {
    let count = predicted.len().min(expected.len());
    let squares = predicted.iter().zip(expected).map(|(y, t)| (f64::from(*y) - f64::from(*t)).powi(2));
    (count > 0).then(|| (squares.sum::<f64>() / count as f64).sqrt() as f32)
}

/// Mean of the absolute differences over all values, in the unit of the values; `None` without values.
///
/// Where one list is longer, the shorter decides.
pub fn mae(predicted: &[f32], expected: &[f32]) -> Option<f32> {
    let count = predicted.len().min(expected.len());
    let sizes = predicted.iter().zip(expected).map(|(y, t)| (f64::from(*y) - f64::from(*t)).abs());
    (count > 0).then(|| (sizes.sum::<f64>() / count as f64) as f32)
}

/// The coefficient of determination, R2: 1 less the squared differences over those from the mean of what was expected.
///
/// 1 is perfect, 0 as good as that mean, less than 0 worse. `None` for fewer than two values, and where all that are
/// expected are equal, so that there is nothing to explain. Where one list is longer, the shorter decides.
pub fn r2(predicted: &[f32], expected: &[f32]) -> Option<f32> {
    let count = predicted.len().min(expected.len());
    let expected = &expected[..count];
    let first = expected.first()?;
    // Compared and not computed: the mean of equal values may be off by a rounding, and their squares then not zero.
    if expected.iter().all(|t| t == first) {
        return None;
    }
    let mean = expected.iter().map(|t| f64::from(*t)).sum::<f64>() / count as f64;
    let total: f64 = expected.iter().map(|t| (f64::from(*t) - mean).powi(2)).sum();
    let left: f64 = predicted.iter().zip(expected).map(|(y, t)| (f64::from(*y) - f64::from(*t)).powi(2)).sum();
    Some((1.0 - left / total) as f32)
}

#[cfg(test)]
mod tests;
