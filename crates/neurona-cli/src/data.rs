//! Data files as the commands read them.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use neurona_train::{
    DataError, Dataset,
    config::{DataConfig, TARGET_NAMES},
    data::{self, Column, CsvFormat, CsvTarget},
    model_file::Metadata,
};

/// How a table is written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Table")]
pub(crate) struct FormatArgs {
    /// The first line is data: columns have numbers from 0 and no names
    #[arg(long)]
    pub(crate) no_header: bool,
    /// What stands between two values [default: a comma]
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    pub(crate) delimiter: Option<u8>,
}

impl FormatArgs {
    /// The format with these columns left out.
    pub(crate) fn format(&self, ignore: &[String]) -> CsvFormat {
        CsvFormat {
            header: !self.no_header,
            delimiter: self.delimiter.unwrap_or(b','),
            ignore: ignore.iter().map(|text| column(text)).collect(),
        }
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "tab" | "\\t" => Ok(b'\t'),
        _ => match text.as_bytes() {
            [byte] if !byte.is_ascii_alphanumeric() => Ok(*byte),
            _ => Err("expected one character that is no letter and no digit, or `tab`".to_owned()),
        },
    }
}

/// A column by its number from 0 or by its name.
pub(crate) fn column(text: &str) -> Column {
    text.parse().map_or_else(|_| Column::Name(text.to_owned()), Column::Index)
}

/// Which columns of a table are what.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Table")]
pub(crate) struct ColumnArgs {
    /// Column of the labels, by name or by number from 0 [default: that of the training where the data have it, else
    /// `label`, `class`, `target` or `y`]
    #[arg(long, value_name = "COLUMN", conflicts_with = "values")]
    pub(crate) label: Option<String>,
    /// Columns of the numbers to predict, with commas between: a regression
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) values: Vec<String>,
    /// Columns to leave out, with commas between
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) ignore: Vec<String>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    /// File of the targets, where the inputs are NPY or IDX
    #[arg(long, value_name = "FILE", help_heading = "Arrays")]
    pub(crate) targets: Option<PathBuf>,
}

impl ColumnArgs {
    /// Reads examples for a trained network from a table, or from two files of arrays: NPY or IDX. There are numbers to
    /// predict where there are no labels.
    pub(crate) fn read(&self, path: &Path, model: &Metadata) -> Result<Dataset> {
        let labels = (!model.labels.is_empty()).then_some(&model.labels[..]);
        let targets = self.targets.as_deref();
        let Some(read) = arrays(path) else {
            if let Some(targets) = targets {
                bail!(
                    "{}: a second file of targets belongs to one of inputs in NPY or IDX; the targets of a table are \
                     columns of it: leave {} out",
                    path.display(),
                    targets.display()
                );
            }
            let target = self.csv_target(path, labels.is_some(), &model.targets)?;
            return Ok(data::read_csv(path, &self.format.format(&self.ignore), &target, labels)?);
        };
        let Some(targets) = targets else {
            bail!("{}: inputs without targets; name the file of the targets with --targets FILE", path.display());
        };
        Ok(read(path, targets, labels)?)
    }

    /// Overrides what a description says of its data; `file` is one that is named on the command line.
    pub(crate) fn override_data(&self, file: Option<&PathBuf>, data: &mut DataConfig) -> Result<()> {
        let columns = |names: &[String]| names.iter().map(|name| column(name)).collect::<Vec<Column>>();
        if let Some(path) = file {
            (data.file, data.inputs, data.targets) = match Format::of(path) {
                Format::Table => (Some(path.clone()), None, self.targets.clone()),
                Format::Npy | Format::Idx => (None, Some(path.clone()), self.targets.clone()),
            };
        } else if self.targets.is_some() {
            bail!("--targets belongs to inputs on the command line: name them too, or both in the TOML file");
        }
        if let Some(label) = &self.label {
            (data.label, data.values) = (Some(column(label)), Vec::new());
        }
        if !self.values.is_empty() {
            (data.label, data.values) = (None, columns(&self.values));
        }
        if !self.ignore.is_empty() {
            data.ignore = columns(&self.ignore);
        }
        if let Some(delimiter) = self.format.delimiter {
            data.delimiter = char::from(delimiter);
        }
        data.header &= !self.format.no_header;
        Ok(())
    }

    fn csv_target(&self, path: &Path, has_classes: bool, trained: &[String]) -> Result<CsvTarget> {
        let values = |columns: &[String]| CsvTarget::Values(columns.iter().map(|text| column(text)).collect());
        if !self.values.is_empty() {
            if has_classes {
                bail!("the network gives classes: name the column of the labels with --label, not --values");
            }
            return Ok(values(&self.values));
        }
        let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
        let columns = data::csv_columns(file, path, &self.format.format(&[]))?;
        let places = match (&self.label, places(&columns, trained)) {
            (None, Some(places)) => places,
            _ => vec![label_column(&columns, path, self.label.as_deref())?],
        };
        let mut places = places.into_iter().map(Column::Index);
        Ok(match places.next() {
            Some(label) if has_classes => CsvTarget::Label(label),
            first => CsvTarget::Values(first.into_iter().chain(places).collect()),
        })
    }
}

/// The places of the columns that held what is right when a network was trained, where all of them are there.
pub(crate) fn places(columns: &[String], trained: &[String]) -> Option<Vec<usize>> {
    let place = |name: &String| columns.iter().position(|column| column == name);
    (!trained.is_empty()).then(|| trained.iter().map(place).collect()).flatten()
}

/// The place of the target column that has a usual name.
pub(crate) fn usual_target(columns: &[String]) -> Option<usize> {
    TARGET_NAMES.iter().find_map(|name| columns.iter().position(|column| column == name))
}

/// The place of the column of the labels: the one that was asked for, or one that is called so.
pub(crate) fn label_column(columns: &[String], path: &Path, asked: Option<&str>) -> Result<usize> {
    if let Some(asked) = asked {
        let place = match column(asked) {
            Column::Index(index) => (index < columns.len()).then_some(index),
            Column::Name(name) => columns.iter().position(|column| *column == name),
        };
        let missing =
            || DataError::Column { path: path.to_owned(), column: column(asked).to_string(), found: columns.to_vec() };
        return Ok(place.ok_or_else(missing)?);
    }
    usual_target(columns).with_context(|| {
        let missing = DataError::Column {
            path: path.to_owned(),
            column: TARGET_NAMES.map(|name| format!("`{name}`")).join(" or "),
            found: columns.to_vec(),
        };
        format!("{missing}; name the column of the labels with --label, or those of numbers to predict with --values")
    })
}

/// Says in a description which column of its table has the labels, where it says nothing of targets; paths begin at
/// `folder`.
pub(crate) fn find_label(data: &mut DataConfig, folder: &Path) -> Result<()> {
    if let (Some(file), None, []) = (&data.file, &data.label, &data.values[..]) {
        let path = folder.join(file);
        let reader = std::fs::File::open(&path).with_context(|| path.display().to_string())?;
        let names = data::csv_columns(reader, &path, &data.csv_format()?)?;
        data.label = Some(Column::Index(label_column(&names, &path, None)?));
    }
    Ok(())
}

type ReadArrays = fn(&Path, &Path, Option<&[String]>) -> Result<Dataset, DataError>;

/// How files of arrays are read; `None` for a table. The name decides, as IDX files of MNIST are called.
fn arrays(path: &Path) -> Option<ReadArrays> {
    match Format::of(path) {
        Format::Table => None,
        Format::Npy => Some(data::read_npy),
        Format::Idx => Some(data::read_idx),
    }
}

/// The format of a data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Table,
    Npy,
    Idx,
}

impl Format {
    /// The format that the name of a file speaks for: `x.npy`; `x.idx`, `train-images-idx3-ubyte`, and with `.gz`.
    pub(crate) fn of(path: &Path) -> Self {
        let name = path.file_name().map(OsStr::to_string_lossy).unwrap_or_default().to_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        if name.ends_with(".npy") {
            Self::Npy
        } else if name.ends_with(".idx") || name.ends_with("-ubyte") || name.ends_with(".ubyte") {
            Self::Idx
        } else {
            Self::Table
        }
    }
}

/// The file that `path` is in, or where it will be.
pub(crate) fn folder(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

pub(crate) fn is_same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_format() {
        for (name, format) in [
            ("data.csv", Format::Table),
            ("data", Format::Table),
            ("x.NPY", Format::Npy),
            ("train-images-idx3-ubyte", Format::Idx),
            ("train-images.idx3-ubyte.gz", Format::Idx),
            ("labels.idx.gz", Format::Idx),
        ] {
            assert_eq!(Format::of(Path::new(name)), format, "{name}");
        }
    }

    #[test]
    fn a_delimiter_is_one_character() {
        assert_eq!((delimiter(";"), delimiter("tab")), (Ok(b';'), Ok(b'\t')));
        assert!(["", ",,", "x", "–"].iter().all(|text| delimiter(text).is_err()));
    }

    #[test]
    fn a_usual_name_is_the_target() {
        let columns = ["a", "class", "y"].map(str::to_owned);
        let place = |asked| label_column(&columns, Path::new("x.csv"), asked).map_err(|error| error.to_string());
        assert_eq!((place(None), place(Some("y")), place(Some("0"))), (Ok(1), Ok(2), Ok(0)));
        assert_eq!(place(Some("b")), Err("x.csv: expected a column `b`, found `a`, `class`, `y`".to_owned()));
        let error = label_column(&columns[..1], Path::new("x.csv"), None).expect_err("no such name").to_string();
        assert!(
            error.starts_with("x.csv: expected a column `label` or `class` or `target` or `y`, found `a`;"),
            "{error}"
        );
    }
}
