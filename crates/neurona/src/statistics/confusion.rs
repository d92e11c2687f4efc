//! Which class was taken for which.

/// A running confusion matrix of CLASSES classes, with what follows from it.
///
/// When a count has reached 2^32 - 1, all are halved: shares stay what they are.
///
/// # Cost
///
/// `4 CLASSES^2` bytes.
///
/// # Examples
///
/// ```
/// use neurona::statistics::Confusion;
///
/// let mut confusion = Confusion::<2>::new();
/// for (class, answer) in [(0, 0), (0, 0), (0, 1), (1, 1)] {
///     confusion.add(class, answer);
/// }
/// assert_eq!(confusion.accuracy(), Some(0.75));
/// assert_eq!(confusion.recall(0), Some(2.0 / 3.0));
/// assert_eq!(confusion.precision(1), Some(0.5));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion<const CLASSES: usize> {
    /// (class, answer)
    counts: [[u32; CLASSES]; CLASSES],
}

impl<const CLASSES: usize> Confusion<CLASSES> {
    /// Of no answers yet.
    pub const fn new() -> Self {
        const { assert!(CLASSES > 0, "a confusion matrix has at least one class") }
        Self { counts: [[0; CLASSES]; CLASSES] }
    }

    /// Counts an answer; false, and nothing is counted, where there is no such class.
    pub fn add(&mut self, class: usize, answer: usize) -> bool {
        let Some(count) = self.counts.get_mut(class).and_then(|row| row.get_mut(answer)) else { return false };
        *count += 1;
        if *count == u32::MAX {
            self.counts.as_flattened_mut().iter_mut().for_each(|count| *count /= 2);
        }
        true
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.counts.as_flattened_mut().fill(0);
    }

    /// The counts, (class, answer).
    pub const fn counts(&self) -> &[[u32; CLASSES]; CLASSES] {
        &self.counts
    }

    /// The share of answers that are right; `None` without answers.
    pub fn accuracy(&self) -> Option<f32> {
        share(self.right(), self.counts.as_flattened().iter().map(|count| u64::from(*count)).sum())
    }

    /// Of what is of this class, the share that was taken for it; `None` where nothing is.
    pub fn recall(&self, class: usize) -> Option<f32> {
        let row = self.counts.get(class)?;
        share(u64::from(*row.get(class)?), row.iter().map(|count| u64::from(*count)).sum())
    }

    /// Of what was taken for this class, the share that is of it; `None` where nothing was.
    pub fn precision(&self, class: usize) -> Option<f32> {
        let right = *self.counts.get(class)?.get(class)?;
        let column = self.counts.iter().filter_map(|row| row.get(class));
        share(u64::from(right), column.map(|count| u64::from(*count)).sum())
    }

    /// The mean of the recalls of the classes that there are; `None` without answers.
    pub fn balanced_accuracy(&self) -> Option<f32> {
        let (mut sum, mut classes) = (0.0, 0);
        for recall in (0..CLASSES).filter_map(|class| self.recall(class)) {
            (sum, classes) = (sum + recall, classes + 1);
        }
        (classes > 0).then(|| sum / classes as f32)
    }

    fn right(&self) -> u64 {
        self.counts.iter().enumerate().filter_map(|(class, row)| row.get(class)).map(|count| u64::from(*count)).sum()
    }
}

impl<const CLASSES: usize> Default for Confusion<CLASSES> {
    fn default() -> Self {
        Self::new()
    }
}

fn share(part: u64, whole: u64) -> Option<f32> {
    (whole > 0).then(|| part as f32 / whole as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_from_the_counts() {
        let mut confusion = Confusion::<3>::new();
        assert_eq!((confusion.accuracy(), confusion.balanced_accuracy(), confusion.recall(0)), (None, None, None));
        assert!(!confusion.add(3, 0) && !confusion.add(0, 3));
        for (class, answer) in [(0, 0), (0, 0), (0, 0), (0, 1), (1, 1), (1, 0)] {
            assert!(confusion.add(class, answer));
        }
        assert_eq!(confusion.accuracy(), Some(4.0 / 6.0));
        assert_eq!([0, 1, 2, 3].map(|class| confusion.recall(class)), [Some(0.75), Some(0.5), None, None]);
        assert_eq!(confusion.precision(0), Some(0.75));
        // Of the two classes that there are.
        assert_eq!(confusion.balanced_accuracy(), Some(0.625));
    }

    #[test]
    fn full_counts_are_halved() {
        let mut confusion = Confusion::<2> { counts: [[u32::MAX - 1, 1000], [0, 8]] };
        assert!(confusion.add(0, 0));
        assert_eq!(confusion.counts, [[u32::MAX / 2, 500], [0, 4]]);
    }
}
