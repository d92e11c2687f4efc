//! Folders of recordings.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ndarray::Array2;
use rayon::prelude::*;

use super::{Extractor, read_wav};
use crate::data::{DataError, Dataset, Targets};

/// WAV files, and to which class each belongs: the name of the folder it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recordings {
    files: Vec<PathBuf>,
    labels: Vec<String>,
    /// The class of each file; none without labels.
    classes: Vec<u32>,
    left_out: Vec<PathBuf>,
}

/// Features of recordings, a row each.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The names of the columns, `t0_0` for the first value of the first column of features.
    pub columns: Vec<String>,
    /// (recordings, columns · features): the columns of a recording, one after another.
    pub inputs: Array2<f32>,
    /// Number of recordings that were followed by zeros, because they are shorter than asked for.
    pub shorter: usize,
    /// Number of recordings whose end was left out, because they are longer.
    pub longer: usize,
    labels: Vec<String>,
    classes: Vec<u32>,
}

impl Recordings {
    /// Finds the recordings of a folder: `yes/1.wav` is of class `yes`. A folder of WAV files alone, or one file, has no classes.
    ///
    /// Folders whose names begin with `_` or `.` are [left out](Self::left_out), as Speech Commands has its noises in one.
    ///
    /// # Errors
    ///
    /// The folder cannot be read, holds no WAV files, or has them both in folders and beside them; a folder of a class has none;
    /// there is one class only.
    pub fn find(path: &Path) -> Result<Self, DataError> {
        let mut found = Self { files: Vec::new(), labels: Vec::new(), classes: Vec::new(), left_out: Vec::new() };
        if path.is_file() {
            found.files.push(path.to_owned());
            return Ok(found);
        }
        let (folders, files) = entries(path)?;
        found.files = files;
        for folder in folders {
            let label = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if label.starts_with(['_', '.']) {
                found.left_out.push(folder);
                continue;
            }
            if found.labels.is_empty() && !found.files.is_empty() {
                let (expected, found) = ("a folder for each class, or WAV files alone", "both");
                return Err(DataError::format(path, "recordings", expected, found));
            }
            let (_, files) = entries(&folder)?;
            if files.is_empty() {
                return Err(DataError::format(&folder, "recordings", "WAV files of this class", "none"));
            }
            found.classes.extend(vec![found.labels.len() as u32; files.len()]);
            found.labels.push(label);
            found.files.extend(files);
        }
        match &found.labels[..] {
            _ if found.files.is_empty() => {
                Err(DataError::format(path, "recordings", "WAV files, or a folder of them for each class", "none"))
            }
            [label] => Err(DataError::OneClass { path: path.to_owned(), label: label.clone() }),
            _ => Ok(found),
        }
    }

    /// The files, class by class, each in the order of its names.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The names of the classes; empty where there are none.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Folders that were left out for their names.
    pub fn left_out(&self) -> &[PathBuf] {
        &self.left_out
    }

    /// Computes the features of the first `samples` samples of each recording; one that is shorter is followed by zeros.
    ///
    /// # Errors
    ///
    /// As [`read_wav`], of the first file that cannot be read; so many samples are fewer than a frame.
    pub fn features(&self, extractor: &Extractor, samples: usize) -> Result<Table, DataError> {
        let spec = extractor.spec();
        let (count, len) = (spec.columns(samples), spec.len());
        if count == 0 {
            let path = self.files.first().cloned().unwrap_or_default();
            let expected = format!("at least {} samples of each recording, which are a frame", spec.frame);
            return Err(DataError::format(&path, "recordings", expected, samples.to_string()));
        }
        let row = |path: &PathBuf| {
            let mut recording = read_wav(path, spec.sample_rate)?;
            let found = recording.len();
            recording.resize(samples, 0.0);
            Ok((extractor.columns(&recording).into_raw_vec_and_offset().0, found))
        };
        let rows: Result<Vec<_>, DataError> = self.files.par_iter().map(row).collect();
        let rows = rows?;
        let [shorter, longer] = [|found, asked| found < asked, |found, asked| found > asked]
            .map(|differs: fn(usize, usize) -> bool| rows.iter().filter(|(_, found)| differs(*found, samples)).count());
        let mut inputs = Array2::zeros((rows.len(), count * len));
        for (mut to, (values, _)) in inputs.rows_mut().into_iter().zip(&rows) {
            to.iter_mut().zip(values).for_each(|(to, value)| *to = *value);
        }
        let columns = (0..count).flat_map(|at| (0..len).map(move |value| format!("t{at}_{value}"))).collect();
        Ok(Table { columns, inputs, shorter, longer, labels: self.labels.clone(), classes: self.classes.clone() })
    }
}

impl Table {
    /// Examples to learn from; `None` where there are no classes.
    ///
    /// # Errors
    ///
    /// As [`Dataset::with_columns`].
    pub fn dataset(&self) -> Result<Option<Dataset>, crate::DatasetError> {
        if self.labels.is_empty() {
            return Ok(None);
        }
        let labels: Vec<&str> = self.labels.iter().map(String::as_str).collect();
        let targets = Targets::classes(&labels, self.classes.clone());
        Dataset::with_columns(self.inputs.clone(), self.columns.clone(), targets).map(Some)
    }

    /// Writes a table (CSV) with a header: the label, if there are classes, and each value, with as many digits as give back its
    /// bits.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn write_csv(&self, to: &mut dyn Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(to);
        let label = (!self.labels.is_empty()).then_some("label");
        writer.write_record(label.into_iter().chain(self.columns.iter().map(String::as_str)))?;
        for (at, row) in self.inputs.rows().into_iter().enumerate() {
            let class = self.classes.get(at).and_then(|class| self.labels.get(*class as usize));
            writer.write_record(class.cloned().into_iter().chain(row.iter().map(f32::to_string)))?;
        }
        writer.flush()
    }
}

/// The folders and the WAV files in a folder, by name.
fn entries(path: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), DataError> {
    let entries: io::Result<Vec<PathBuf>> =
        fs::read_dir(path).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut entries = entries.map_err(DataError::io(path))?;
    entries.sort();
    let (folders, files): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.is_dir());
    let is_sound = |file: &PathBuf| {
        let hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        !hidden && file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("wav"))
    };
    Ok((folders, files.into_iter().filter(is_sound).collect()))
}
