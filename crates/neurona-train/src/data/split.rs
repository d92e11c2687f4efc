//! Cutting a data set into parts, by a seed.

use super::{DataError, Dataset, Targets};
use crate::random::{Purpose, Random};

impl Dataset {
    /// Cuts the data set into parts of these fractions, such as 0.6, 0.2 and 0.2, after shuffling it by the seed.
    ///
    /// Every row goes to exactly one part. A part has its share of the rows, and with `stratify` of each class, to within
    /// a row or two, because rows cannot be cut.
    ///
    /// # Errors
    ///
    /// A fraction is not a number above 0, they do not add up to 1, or a part would have no row.
    pub fn split(&self, fractions: &[f64], stratify: bool, seed: u64) -> Result<Vec<Self>, DataError> {
        let parts = self.split_rows(fractions, stratify, seed)?;
        Ok(parts.iter().map(|rows| self.select(rows)).collect())
    }

    /// The rows of the parts that [`split`](Self::split) gives.
    ///
    /// # Errors
    ///
    /// As [`split`](Self::split).
    pub fn split_rows(&self, fractions: &[f64], stratify: bool, seed: u64) -> Result<Vec<Vec<usize>>, DataError> {
        let fail = |reason| DataError::Split { rows: self.rows(), fractions: fractions.to_vec(), reason };
        if !fractions.iter().all(|fraction| *fraction > 0.0) {
            return Err(fail("every part needs a share greater than 0"));
        }
        // Shares are written with a few decimals; six are enough for the largest data sets that fit in memory.
        if (fractions.iter().sum::<f64>() - 1.0).abs() > 1e-6 {
            return Err(fail("the shares must add up to 1"));
        }
        let mut random = Random::new(seed, Purpose::Split, 0, 0);
        let mut rows: Vec<usize> = (0..self.rows()).collect();
        random.shuffle(&mut rows);
        if let (true, Targets::Classes { classes, .. }) = (stratify, &self.targets) {
            // Stable: the rows of a class stay in their random order.
            rows.sort_by_key(|row| classes[*row]);
        }
        let mut parts = deal(&rows, fractions);
        if parts.iter().any(Vec::is_empty) {
            return Err(fail("a part would have no rows"));
        }
        // Within a part the rows of a class stand together, which no reader of the part should see.
        parts.iter_mut().for_each(|rows| random.shuffle(rows));
        Ok(parts)
    }
}

/// Deals rows one by one, each to the part that is furthest behind its share.
///
/// In any run of rows that follow each other, so in each class too, a part then gets its share but for a few rows.
fn deal(rows: &[usize], fractions: &[f64]) -> Vec<Vec<usize>> {
    let mut parts = vec![Vec::new(); fractions.len()];
    for (dealt, row) in (1_u32..).zip(rows) {
        let behind = |part: &Vec<usize>, fraction: f64| f64::from(dealt) * fraction - part.len() as f64;
        let mut most: Option<(f64, usize)> = None;
        for (at, (part, fraction)) in parts.iter().zip(fractions).enumerate() {
            let behind = behind(part, *fraction);
            if most.is_none_or(|(most, _)| behind > most) {
                most = Some((behind, at));
            }
        }
        if let Some((_, at)) = most {
            parts[at].push(*row);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// 100 rows of class 0, 300 of class 1, 50 of class 2, in turns.
    fn data() -> Dataset {
        let mut classes: Vec<u32> = [[0].repeat(100), [1].repeat(300), [2].repeat(50)].concat();
        Random::new(9, Purpose::Split, 0, 0).shuffle(&mut classes);
        let inputs = Array2::from_shape_fn((450, 1), |(row, _)| row as f32);
        Dataset::new(inputs, Targets::classes(&["a", "b", "c"], classes)).expect("the parts fit")
    }

    #[test]
    fn parts_are_disjoint_and_cover() {
        for fractions in [&[1.0][..], &[0.8, 0.2], &[0.6, 0.2, 0.2], &[0.7, 0.1, 0.1, 0.1]] {
            for stratify in [false, true] {
                let parts = data().split_rows(fractions, stratify, 5).expect("the shares are right");
                let mut all: Vec<usize> = parts.concat();
                all.sort_unstable();
                assert_eq!(all, (0..450).collect::<Vec<_>>());
                for (part, fraction) in parts.iter().zip(fractions) {
                    assert!((part.len() as f64 - 450.0 * fraction).abs() < fractions.len() as f64);
                }
            }
        }
    }

    #[test]
    fn stratified_parts_have_their_share_of_each_class() {
        let data = data();
        let fractions = [0.6, 0.2, 0.2];
        for (part, fraction) in data.split(&fractions, true, 5).expect("the shares are right").iter().zip(fractions) {
            let Targets::Classes { classes, .. } = part.targets() else { panic!("classes stay classes") };
            for (class, size) in [(0, 100.0), (1, 300.0), (2, 50.0)] {
                let count = classes.iter().filter(|other| **other == class).count() as f64;
                assert!((count - size * fraction).abs() < 3.0, "{count} of class {class} for {fraction}");
            }
        }
    }

    #[test]
    fn the_seed_decides() {
        let rows = |seed| data().split_rows(&[0.5, 0.5], true, seed).expect("the shares are right");
        assert_eq!(rows(1), rows(1));
        assert_ne!(rows(1), rows(2));
    }

    #[test]
    fn shares_that_cannot_be_are_errors() {
        for fractions in [&[][..], &[0.5], &[0.8, 0.3], &[1.0, 0.0], &[1.5, -0.5], &[f64::NAN, 1.0], &[0.9999, 0.0001]]
        {
            assert!(data().split(fractions, true, 1).is_err(), "{fractions:?}");
        }
    }
}
