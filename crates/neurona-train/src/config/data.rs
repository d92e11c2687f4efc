//! From the `[data]` table to data sets.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use super::{ConfigError, DataConfig};
use crate::data::{Column, CsvFormat, CsvTarget, DataError, Dataset, csv_columns, read_csv, read_idx, read_npy};

/// What a column of labels or targets is called where nothing else is said, the first that there is.
pub const TARGET_NAMES: [&str; 4] = ["label", "class", "target", "y"];

impl DataConfig {
    /// Reads the examples; paths begin at `folder`.
    ///
    /// # Errors
    ///
    /// Keys do not go together, or what the files have wrong.
    pub fn load(&self, folder: &Path) -> Result<Dataset, ConfigError> {
        let labels = self.labels.as_deref();
        match (&self.file, &self.inputs, &self.targets) {
            (Some(file), None, None) => {
                let path = folder.join(file);
                let target = self.usual_target(&path)?.map_or_else(|| self.csv_target(), Ok)?;
                Ok(read_csv(&path, &self.csv_format()?, &target, labels)?)
            }
            (None, Some(inputs), Some(targets)) => {
                self.check_no_csv_keys()?;
                let (inputs, targets) = (folder.join(inputs), folder.join(targets));
                let read = if is_npy(&inputs) { read_npy } else { read_idx };
                Ok(read(&inputs, &targets, labels)?)
            }
            (None, None, None) => {
                Err(ConfigError::key("data", "expected `file` (CSV), or `inputs` and `targets` (NPY, IDX)"))
            }
            (Some(_), ..) => Err(ConfigError::key(
                "data.file",
                "a CSV file holds inputs and targets: leave out `inputs` and `targets`, and name the columns by `label` \
                 or `values`",
            )),
            (None, Some(_), None) => Err(ConfigError::key("data.targets", "missing; expected a file beside `inputs`")),
            (None, None, Some(_)) => Err(ConfigError::key("data.inputs", "missing; expected a file beside `targets`")),
        }
    }

    /// The column of the labels by its [usual name](TARGET_NAMES), where no target is given.
    fn usual_target(&self, path: &Path) -> Result<Option<CsvTarget>, ConfigError> {
        if self.label.is_some() || !self.values.is_empty() {
            return Ok(None);
        }
        let file = File::open(path).map_err(|error| ConfigError::Io { path: path.to_owned(), error })?;
        let columns = csv_columns(file, path, &self.csv_format()?)?;
        let place = TARGET_NAMES.iter().find_map(|name| columns.iter().position(|column| column == name));
        Ok(place.map(|place| CsvTarget::Label(Column::Index(place))))
    }

    /// How the CSV file is written.
    ///
    /// # Errors
    ///
    /// The delimiter is not a single byte.
    pub fn csv_format(&self) -> Result<CsvFormat, ConfigError> {
        let delimiter = u8::try_from(self.delimiter).ok().filter(u8::is_ascii).ok_or_else(|| {
            ConfigError::key("data.delimiter", format!("expected an ASCII character, found `{}`", self.delimiter))
        })?;
        Ok(CsvFormat { header: self.header, delimiter, ignore: self.ignore.clone() })
    }

    /// Which columns of the CSV file are the targets.
    ///
    /// # Errors
    ///
    /// Neither or both of `label` and `values` are given, or names of classes for numbers.
    pub fn csv_target(&self) -> Result<CsvTarget, ConfigError> {
        match (&self.label, &self.values[..]) {
            (Some(label), []) => Ok(CsvTarget::Label(label.clone())),
            (None, [_, ..]) if self.labels.is_some() => {
                Err(ConfigError::key("data.labels", "numbers have no labels: leave it out, or use `label`"))
            }
            (None, values @ [_, ..]) => Ok(CsvTarget::Values(values.to_vec())),
            (None, []) => Err(ConfigError::key(
                "data",
                "expected `label`, the column of the class, or `values`, the columns of the numbers to predict",
            )),
            (Some(_), _) => Err(ConfigError::key("data", "expected `label` or `values`, found both")),
        }
    }

    /// Cuts the data into what is trained on, what the best epoch is chosen on, and what the result is measured on.
    ///
    /// # Errors
    ///
    /// A share is not from 0 to 1, or a part would have no rows.
    pub fn split(&self, data: &Dataset, seed: u64) -> Result<(Dataset, Option<Dataset>, Option<Dataset>), ConfigError> {
        let [training, validation, test] = self.split_rows(data, seed)?;
        let part = |rows: &Vec<usize>| (!rows.is_empty()).then(|| data.select(rows));
        Ok((data.select(&training), part(&validation), part(&test)))
    }

    /// The rows of the three parts that [`split`](Self::split) gives; a part without a share has none.
    pub(crate) fn split_rows(&self, data: &Dataset, seed: u64) -> Result<[Vec<usize>; 3], ConfigError> {
        for (key, share) in [("data.validation", self.validation), ("data.test", self.test)] {
            if !(0.0..1.0).contains(&share) {
                let problem = format!("expected a share of at least 0 and less than 1, found {share}");
                return Err(ConfigError::key(key, problem));
            }
        }
        let (validation, test) = (self.validation, self.test);
        if validation + test >= 1.0 {
            let problem =
                format!("with `data.test` nothing is left to train on: together they are {}", validation + test);
            return Err(ConfigError::key("data.validation", problem));
        }
        let shares = [1.0 - validation - test, validation, test];
        let used: Vec<f64> = shares.into_iter().filter(|share| *share > 0.0).collect();
        let parts = data.split_rows(&used, self.stratify, seed).map_err(|error| match error {
            DataError::Split { .. } => self.too_small(data.rows(), shares[0]),
            other => other.into(),
        });
        let mut parts = parts?.into_iter();
        Ok(shares.map(|share| if share > 0.0 { parts.next().unwrap_or_default() } else { Vec::new() }))
    }

    /// What is wrong where a part would have no row.
    fn too_small(&self, rows: usize, training: f64) -> ConfigError {
        let parts = || [("data.validation", self.validation), ("data.test", self.test)].into_iter();
        let by_share = |one: &(&str, f64), other: &(&str, f64)| one.1.total_cmp(&other.1);
        let largest = parts().max_by(by_share).unwrap_or_default();
        let smallest = parts().filter(|(_, share)| *share > 0.0).min_by(by_share).unwrap_or(largest);
        let ((key, share), problem) = if training < smallest.1 {
            (largest, "leaves none to train on: give it a smaller one")
        } else {
            (smallest, "is less than a row: give it a larger one, or 0")
        };
        ConfigError::key(key, format!("a share of {share} of {rows} rows {problem}"))
    }

    fn check_no_csv_keys(&self) -> Result<(), ConfigError> {
        let unused = [
            ("data.label", self.label.is_some()),
            ("data.values", !self.values.is_empty()),
            ("data.ignore", !self.ignore.is_empty()),
            ("data.header", !self.header),
            ("data.delimiter", self.delimiter != ','),
        ];
        match unused.into_iter().find(|(_, given)| *given) {
            Some((key, _)) => Err(ConfigError::key(key, "is for CSV files: leave it out with `inputs` and `targets`")),
            None => Ok(()),
        }
    }
}

fn is_npy(path: &PathBuf) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy"))
}
