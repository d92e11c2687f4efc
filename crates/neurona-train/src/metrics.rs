//! Figures that say how good predictions are.

use std::fmt;

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
        share(*self.row(class).get(class)?, self.row(class).iter().sum())
    }

    /// Of the examples that were taken for a class, the share that is of it.
    pub fn precision(&self, class: usize) -> Option<f32> {
        let right = *self.row(class).get(class)?;
        share(right, (0..self.classes).map(|truth| self.row(truth)[class]).sum())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_confusion_matrix() {
        let pairs = [(0, 0), (0, 0), (0, 1), (1, 1), (1, 0), (1, 1), (1, 1), (2, 0)];
        let matrix = ConfusionMatrix::of(4, pairs);
        assert_eq!(matrix.row(0), [2, 1, 0, 0]);
        assert_eq!((matrix.right(), matrix.total()), (5, 8));
        assert_eq!(matrix.accuracy(), Some(0.625));
        assert_eq!(matrix.recall(1), Some(0.75));
        assert_eq!(matrix.precision(0), Some(0.5));
        assert_eq!((matrix.recall(3), matrix.precision(2), matrix.recall(9)), (None, None, None));
        assert_eq!(matrix.to_string(), "2 1 0 0\n1 3 0 0\n1 0 0 0\n0 0 0 0\n");
        assert_eq!(ConfusionMatrix::new(0).accuracy(), None);
    }

    #[test]
    fn a_class_that_is_not_there_is_left_out() {
        assert_eq!(ConfusionMatrix::of(2, [(2, 0), (0, 2), (1, 1)]).total(), 1);
    }

    #[test]
    fn differences() {
        assert_eq!(rmse(&[1.0, 2.0, 3.0, 4.0], &[1.0, 4.0, 3.0, 2.0]), Some(2.0_f32.sqrt()));
        assert_eq!(mae(&[1.0, 2.0], &[2.0, -1.0]), Some(2.0));
        assert_eq!((rmse(&[], &[1.0]), mae(&[], &[])), (None, None));
    }
}
