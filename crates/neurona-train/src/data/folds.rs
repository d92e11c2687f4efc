//! Cutting a data set into folds, by a seed.

use super::{DataError, Dataset, Targets};
use crate::random::{Purpose, Random};

impl Dataset {
    /// The rows of each of `folds` parts of equal size, for cross-validation (Stone, "Cross-validatory choice and
    /// assessment of statistical predictions", 1974).
    ///
    /// Every row is in exactly one fold. The sizes of two folds differ by at most a row, and with `stratify` so do the
    /// rows that they have of any class (Kohavi, "A study of cross-validation and bootstrap for accuracy estimation and
    /// model selection", 1995); a class with fewer rows than there are folds is then missing in some.
    ///
    /// # Errors
    ///
    /// There are fewer than two folds, or fewer rows than folds.
    pub fn folds(&self, folds: usize, stratify: bool, seed: u64) -> Result<Vec<Vec<usize>>, DataError> {
        if folds < 2 || folds > self.rows() {
            return Err(DataError::Folds { rows: self.rows(), folds });
        }
        let mut random = Random::new(seed, Purpose::Folds, 0, 0);
        let mut rows: Vec<usize> = (0..self.rows()).collect();
        random.shuffle(&mut rows);
        if let (true, Targets::Classes { classes, .. }) = (stratify, &self.targets) {
            // Stable: the rows of a class stay in their random order.
            rows.sort_by_key(|row| classes[*row]);
        }
        let mut parts = vec![Vec::new(); folds];
        for (dealt, row) in rows.into_iter().enumerate() {
            parts[dealt % folds].push(row);
        }
        // Within a fold the rows of a class stand together, which no reader of the fold should see.
        parts.iter_mut().for_each(|rows| random.shuffle(rows));
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// 10 rows of class 0, 31 of class 1, 6 of class 2, in any order.
    fn data() -> Dataset {
        let mut classes: Vec<u32> = [[0].repeat(10), [1].repeat(31), [2].repeat(6)].concat();
        Random::new(3, Purpose::Folds, 1, 0).shuffle(&mut classes);
        let inputs = Array2::from_shape_fn((47, 1), |(row, _)| row as f32);
        Dataset::new(inputs, Targets::classes(&["a", "b", "c"], classes)).expect("the parts fit")
    }

    /// The largest and the least count of something in the folds differ by at most one.
    fn is_even(counts: impl Iterator<Item = usize> + Clone) -> bool {
        counts.clone().max() <= counts.min().map(|least| least + 1)
    }

    #[test]
    fn folds_are_disjoint_even_and_cover() {
        for folds in [2, 3, 5, 10, 47] {
            for stratify in [false, true] {
                let parts = data().folds(folds, stratify, 5).expect("there are rows enough");
                assert!(is_even(parts.iter().map(Vec::len)), "{folds}");
                let mut all = parts.concat();
                all.sort_unstable();
                assert_eq!(all, (0..47).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn stratified_folds_have_their_share_of_each_class() {
        let data = data();
        let Targets::Classes { classes, .. } = data.targets() else { panic!("these are classes") };
        let counts = |stratify, class| {
            let parts = data.folds(5, stratify, 5).expect("there are rows enough");
            parts.into_iter().map(move |part| part.into_iter().filter(|row| classes[*row] == class).count())
        };
        for class in 0..3 {
            let counts: Vec<usize> = counts(true, class).collect();
            assert!(is_even(counts.iter().copied()), "{counts:?} of class {class}");
        }
        let by_chance: Vec<usize> = counts(false, 1).collect();
        assert!(!is_even(by_chance.iter().copied()), "without, chance decides: {by_chance:?}");
    }

    #[test]
    fn the_seed_decides() {
        let folds = |seed| data().folds(5, true, seed).expect("there are rows enough");
        assert_eq!(folds(1), folds(1));
        assert_ne!(folds(1), folds(2));
    }

    #[test]
    fn folds_that_cannot_be_are_errors() {
        for folds in [0, 1, 48] {
            let error = data().folds(folds, true, 1).expect_err("no such folds").to_string();
            let expected = "expected at least 2 folds and a row for each";
            assert_eq!(error, format!("cannot cut 47 rows into {folds} folds: {expected}"));
        }
    }
}
