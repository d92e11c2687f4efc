//! What tells data sets apart.

use crc::{CRC_64_XZ, Crc};

use super::{Dataset, Targets};

const CRC: Crc<u64> = Crc::<u64>::new(&CRC_64_XZ);

impl Dataset {
    /// CRC-64 of the sizes, the inputs, the targets and the labels of classes, so that a change of the data does not go
    /// unnoticed. Names of columns make no difference, as nothing depends on them.
    pub fn digest(&self) -> u64 {
        let mut digest = CRC.digest();
        let mut words = |words: &mut dyn Iterator<Item = [u8; 4]>| words.for_each(|word| digest.update(&word));
        let sizes = [self.inputs.nrows(), self.inputs.ncols()];
        words(&mut sizes.iter().flat_map(|size| [*size as u32, (*size as u64 >> 32) as u32]).map(u32::to_le_bytes));
        words(&mut self.inputs.iter().map(|value| value.to_le_bytes()));
        match &self.targets {
            Targets::Classes { classes, .. } => words(&mut classes.iter().map(|class| class.to_le_bytes())),
            Targets::Values { values, .. } => words(&mut values.iter().map(|value| value.to_le_bytes())),
        }
        for label in self.labels() {
            digest.update(&(label.len() as u64).to_le_bytes());
            digest.update(label.as_bytes());
        }
        digest.finalize()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn whatever_changes_is_seen() {
        let data = |inputs, targets| Dataset::new(inputs, targets).expect("it is right").digest();
        let inputs = || array![[1.0, 2.0], [3.0, 4.0]];
        let labels = ["a", "b"];
        let digests = [
            data(inputs(), Targets::classes(&labels, vec![0, 1])),
            data(inputs(), Targets::classes(&labels, vec![1, 0])),
            data(inputs(), Targets::classes(&["a", "c"], vec![0, 1])),
            data(inputs(), Targets::classes(&["", "ab"], vec![0, 1])),
            data(array![[1.0, 2.0], [3.0, 5.0]], Targets::classes(&labels, vec![0, 1])),
            data(array![[3.0, 4.0], [1.0, 2.0]], Targets::classes(&labels, vec![0, 1])),
            data(inputs(), Targets::values(array![[0.0], [1.0]])),
            data(inputs(), Targets::values(array![[0.0], [-1.0]])),
        ];
        for (at, digest) in digests.iter().enumerate() {
            assert!(!digests[..at].contains(digest), "{at}");
        }
        let named =
            Dataset::with_columns(inputs(), vec!["x".into(), "y".into()], Targets::classes(&labels, vec![0, 1]));
        assert_eq!(named.expect("it is right").digest(), digests[0]);
    }
}
