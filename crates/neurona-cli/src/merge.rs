//! `neurona merge`: a model file of what many boards have learned.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use neurona_train::federated::{Delta, merge, readable};

use crate::model;

/// Average what many boards have learned into a new model file.
///
/// A board sends a record: the difference of its weights from those of the model file that it began with, and how many
/// examples it has learned. The mean of these differences, each weighted by its examples, is added to the weights of the base.
/// A record that cannot be read, is of another network or from other weights, has no examples or a number that is not finite
/// is refused; so is one that is much longer than the parameters of the base, and of three or more that have changed something one
/// that is much longer than these are in the middle. What is refused is said, and the rest is merged.
///
/// Norms are of the parameters. Of what does not learn, such as the means and scales of a Standardize that boards have filled anew,
/// the median of the differences is added: of an even number the one in the middle that is nearer to the base, and of a single
/// record what it says.
#[derive(Args)]
#[command(after_help = "\
Examples:
  neurona merge digits.neurona records/*.delta --out digits-2.neurona
  neurona merge digits.neurona records/*.delta --outlier 2 --out digits-2.neurona")]
pub(crate) struct Merge {
    /// The model file that the boards began with
    base: PathBuf,
    /// The records of the boards
    #[arg(required = true)]
    deltas: Vec<PathBuf>,
    /// The new model file
    #[arg(long)]
    out: PathBuf,
    /// Refuse a record the norm of whose parameters is more than this many times that of the parameters of the base, or the median of
    /// the norms that are not zero
    #[arg(long, value_name = "TIMES", default_value_t = 3.0)]
    outlier: f64,
}

impl Merge {
    pub(crate) fn run(self, out: &mut dyn Write) -> Result<()> {
        let base = model::read(&self.base)?;
        let (mut names, mut deltas, mut unread) = (Vec::new(), Vec::new(), 0);
        for path in &self.deltas {
            match read(path) {
                Ok(delta) => {
                    names.push(path);
                    deltas.push(delta);
                }
                Err(error) => {
                    unread += 1;
                    writeln!(out, "{}: refused: {error:#}", path.display())?;
                }
            }
        }
        if deltas.is_empty() {
            bail!("none of {} records can be read", self.deltas.len());
        }
        let merged = merge(&base, &deltas, self.outlier)?;
        for ((path, delta), (norm, refusal)) in names.iter().zip(&deltas).zip(&merged.records) {
            let what = refusal.map_or_else(|| "merged".to_owned(), |refusal| format!("refused: {refusal}"));
            writeln!(out, "{}: {} examples, norm {}: {what}", path.display(), delta.examples, readable(*norm))?;
        }
        merged.file.write(&self.out)?;
        let kept = merged.records.iter().filter(|record| record.1.is_none()).count();
        writeln!(out, "merged {kept} of {} records into {}", deltas.len() + unread, self.out.display())?;
        Ok(())
    }
}

fn read(path: &Path) -> Result<Delta> {
    let bytes = fs::read(path).context("cannot be read")?;
    Ok(Delta::from_bytes(&bytes)?)
}

#[cfg(test)]
mod tests {
    use neurona::{
        Dense, Network as _,
        federated::{Delta as Record, Precision},
    };
    use neurona_train::{
        Spec,
        model_file::{Metadata, ModelFile},
    };

    use super::*;

    type Line = Dense<1, 1>;

    /// A folder with a base of weight 1 and bias 0, and records of the boards that have learned these weights.
    fn folder(learned: &[f32]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let spec = Spec::from(&Line::ARCH);
        let file = ModelFile::new(spec, vec![1.0, 0.0], Metadata::default(), vec![2.0]).expect("it fits");
        file.write(folder.path().join("base.neurona")).expect("it can be written");
        let base = Line::new([[1.0]], [0.0]);
        let records = learned.iter().enumerate().map(|(board, weight)| {
            let mut bytes = Vec::new();
            Record::new(&base, &Line::new([[*weight]], [0.0]), 10)
                .write(Precision::Full, &mut |piece| bytes.extend_from_slice(piece));
            let path = folder.path().join(format!("{board}.delta"));
            fs::write(&path, bytes).expect("it can be written");
            path
        });
        let records = records.collect();
        (folder, records)
    }

    fn run(folder: &tempfile::TempDir, deltas: Vec<PathBuf>) -> (Result<()>, String) {
        let mut out = Vec::new();
        let (base, new) = (folder.path().join("base.neurona"), folder.path().join("new.neurona"));
        let result = Merge { base, deltas, out: new, outlier: 3.0 }.run(&mut out);
        (result, String::from_utf8(out).expect("it prints UTF-8"))
    }

    #[test]
    fn what_is_refused_is_said_and_the_rest_merged() {
        let (folder, mut records) = folder(&[2.0, 3.0, 2.5, 900.0]);
        let damaged = folder.path().join("damaged.delta");
        let mut bytes = fs::read(&records[0]).expect("it is there");
        bytes[40] ^= 1;
        fs::write(&damaged, bytes).expect("it can be written");
        records.extend([damaged, folder.path().join("none.delta")]);
        let (result, printed) = run(&folder, records);
        result.expect("three are left");
        let new = ModelFile::read(folder.path().join("new.neurona")).expect("a whole file");
        assert_eq!((new.values(), &new.golden().output[..]), (&[2.5, 0.0][..], &[5.0][..]));
        for line in [
            "damaged.delta: refused: the checksum is wrong",
            "none.delta: refused: cannot be read",
            "0.delta: 10 examples, norm 1.00: merged",
            "3.delta: 10 examples, norm 899.00: refused: its norm is 899.00 times that of the parameters of the base, 1.00",
            "merged 3 of 6 records into",
        ] {
            assert!(printed.contains(line), "no `{line}` in\n{printed}");
        }
    }

    /// Most boards have not learned anything: those that have are no outliers.
    #[test]
    fn boards_that_changed_nothing_refuse_nobody() {
        let (folder, records) = folder(&[1.0, 1.0, 1.0, 2.0, 1e38]);
        let (result, printed) = run(&folder, records);
        result.expect("four are left");
        for line in [
            "0.delta: 10 examples, norm 0.00: merged",
            "3.delta: 10 examples, norm 1.00: merged",
            "4.delta: 10 examples, norm 1.00e38: refused: its norm is 1.00e38 times that of the parameters of the base, 1.00",
            "merged 4 of 5 records into",
        ] {
            assert!(printed.contains(line), "no `{line}` in\n{printed}");
        }
    }

    #[test]
    fn where_nothing_is_left_the_file_is_as_it_was() {
        let (folder, records) = folder(&[f32::NAN]);
        let new = folder.path().join("new.neurona");
        fs::write(&new, "what was there").expect("it can be written");
        for deltas in [records, vec![folder.path().join("none.delta")]] {
            assert!(run(&folder, deltas).0.is_err());
            assert_eq!(fs::read(&new).expect("it is there"), b"what was there");
        }
    }
}
