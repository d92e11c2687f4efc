//! What can be wrong with data, in words that tell where.

use std::{
    io,
    path::{Path, PathBuf},
};

/// What is wrong with a data file, and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The file cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The file is not of its format.
    #[error("{}: {what}: expected {expected}, found {found}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What part of the file.
        what: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// There is not a single row.
    #[error("{}: expected rows of data, found none", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// One value is not what it should be.
    #[error("{}, row {row}, column {column}: expected {expected}, found {found}", path.display())]
    Cell {
        /// The file.
        path: PathBuf,
        /// The line in a text file (of empty lines before a row, the first), the index from 0 in a binary one.
        row: u64,
        /// The name of the column, or its index from 0.
        column: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A row is longer or shorter than the others.
    #[error("{}, row {row}: expected {expected} columns, found {found}", path.display())]
    Ragged {
        /// The file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// How many columns the first row has.
        expected: usize,
        /// How many this one has.
        found: usize,
    },
    /// A quotation mark begins a cell that no other one ends, so that the rest of the table is taken for it.
    #[error(
        "{}: line {row}: a cell in this row begins with a quotation mark and has none at its end; add it, or double a mark \
         that is part of the text", path.display()
    )]
    Quote {
        /// The file.
        path: PathBuf,
        /// The line that the row begins in, from 1.
        row: u64,
    },
    /// There is no such column.
    #[error("{}: expected a column {column}, found {}", path.display(), list(found))]
    Column {
        /// The file.
        path: PathBuf,
        /// The column that was asked for.
        column: String,
        /// The columns that there are.
        found: Vec<String>,
    },
    /// All rows have one label, so that there is nothing to tell apart.
    #[error("{}: expected at least two classes, found only `{label}`", path.display())]
    OneClass {
        /// The file.
        path: PathBuf,
        /// The label.
        label: String,
    },
    /// Inputs and targets are not of one data set.
    #[error("{}: expected {expected} rows as there are inputs, found {found}", path.display())]
    Rows {
        /// The file of the targets.
        path: PathBuf,
        /// How many inputs there are.
        expected: usize,
        /// How many targets there are.
        found: usize,
    },
    /// Data cannot be split so.
    #[error("cannot split {rows} rows into parts of {fractions:?}: {reason}")]
    Split {
        /// How many rows there are.
        rows: usize,
        /// The shares that were asked for.
        fractions: Vec<f64>,
        /// Why not.
        reason: &'static str,
    },
    /// Data cannot be cut into so many folds.
    #[error("cannot cut {rows} rows into {folds} folds: expected at least 2 folds and a row for each")]
    Folds {
        /// How many rows there are.
        rows: usize,
        /// How many folds were asked for.
        folds: usize,
    },
}

impl DataError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { path, error }
    }

    pub(crate) fn format(
        path: &Path,
        what: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::Format { path: path.to_owned(), what: what.into(), expected: expected.into(), found: found.into() }
    }

    pub(crate) fn cell(
        path: &Path,
        row: u64,
        column: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        let path = path.to_owned();
        Self::Cell { path, row, column: column.into(), expected: expected.into(), found: found.into() }
    }
}

/// Names in backquotes; of many, the first few.
pub(crate) fn list(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => shown.join(", "),
        Some(more) => format!("{} and {more} more", shown.join(", ")),
    }
}
