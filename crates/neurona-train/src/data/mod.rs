//! Data: examples to learn from, read from files whose every fault is an error that says where.

use std::path::Path;

use ndarray::{Array2, Axis};

use crate::{
    file::write_whole,
    loss::{Loss, TargetRows},
};

mod array;
mod csv;
mod digest;
mod error;
mod folds;
mod idx;
mod lines;
mod split;

pub use array::{read_npy, read_npy_inputs};
pub use csv::{Column, CsvFormat, CsvTarget, csv_columns, read_csv, read_csv_inputs, read_csv_inputs_from};
pub use error::DataError;
pub use idx::{read_idx, read_idx_inputs};
pub use lines::Lines;

/// Examples: inputs, and for each what it should give.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    inputs: Array2<f32>,
    columns: Vec<String>,
    targets: Targets,
}

/// What the examples of a data set should give.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// One of several classes.
    Classes {
        /// What the column of the labels is called.
        column: String,
        /// The names of the classes, in the order of their numbers.
        labels: Vec<String>,
        /// The number of the class, for each example.
        classes: Vec<u32>,
    },
    /// Numbers.
    Values {
        /// What the columns are called.
        columns: Vec<String>,
        /// A row for each example.
        values: Array2<f32>,
    },
}

/// Parts of a data set that do not belong together.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// There is no example.
    #[error("the data set has no rows")]
    Empty,
    /// Two parts are not of one length.
    #[error("the data set has {expected} inputs, but {found} {what}")]
    Length {
        /// What there is a wrong number of.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A class has no label.
    #[error("row {row} has class {found}; expected less than {expected}, the number of labels")]
    Class {
        /// The row, from 0.
        row: usize,
        /// The number of labels.
        expected: usize,
        /// The class.
        found: u32,
    },
    /// A value is NaN or infinite.
    #[error("row {row}, column {column} of the {what}: expected a finite number, found {found}")]
    NotFinite {
        /// Inputs or targets.
        what: &'static str,
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The value.
        found: f32,
    },
}

impl Targets {
    /// Classes `0..labels.len()` with their labels, in a column called `label`.
    pub fn classes(labels: &[&str], classes: Vec<u32>) -> Self {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        Self::Classes { column: "label".to_owned(), labels, classes }
    }

    /// Numbers, in columns called `y0`, `y1` and so on.
    pub fn values(values: Array2<f32>) -> Self {
        Self::Values { columns: (0..values.ncols()).map(|at| format!("y{at}")).collect(), values }
    }

    /// What the columns are called: one of labels, or those of numbers.
    pub fn columns(&self) -> &[String] {
        match self {
            Self::Classes { column, .. } => std::slice::from_ref(column),
            Self::Values { columns, .. } => columns,
        }
    }

    /// How many examples there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Classes { classes, .. } => classes.len(),
            Self::Values { values, .. } => values.nrows(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Classes { column, labels, classes } => Self::Classes {
                column: column.clone(),
                labels: labels.clone(),
                classes: rows.iter().map(|row| classes[*row]).collect(),
            },
            Self::Values { columns, values } => {
                Self::Values { columns: columns.clone(), values: values.select(Axis(0), rows) }
            }
        }
    }
}

impl Dataset {
    /// A data set of these parts; the columns of the inputs are called `x0`, `x1` and so on.
    ///
    /// # Shapes
    ///
    /// `inputs` is (rows, I).
    ///
    /// # Errors
    ///
    /// There are no rows, there are not as many targets as inputs, a class has no label, or a value is not finite.
    pub fn new(inputs: Array2<f32>, targets: Targets) -> Result<Self, DatasetError> {
        let columns = (0..inputs.ncols()).map(|at| format!("x{at}")).collect();
        Self::with_columns(inputs, columns, targets)
    }

    /// A data set of these parts, as [`new`](Self::new), with names for the columns of the inputs.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_columns(inputs: Array2<f32>, columns: Vec<String>, targets: Targets) -> Result<Self, DatasetError> {
        let rows = inputs.nrows();
        if rows == 0 || inputs.ncols() == 0 {
            return Err(DatasetError::Empty);
        }
        let length = |what, expected, found| {
            if expected == found { Ok(()) } else { Err(DatasetError::Length { what, expected, found }) }
        };
        length("targets", rows, targets.len())?;
        length("column names", inputs.ncols(), columns.len())?;
        check_finite("inputs", &inputs)?;
        match &targets {
            Targets::Classes { labels, classes, .. } => {
                if let Some(row) = classes.iter().position(|class| *class as usize >= labels.len()) {
                    return Err(DatasetError::Class { row, expected: labels.len(), found: classes[row] });
                }
            }
            Targets::Values { values, columns } => {
                length("target column names", values.ncols(), columns.len())?;
                check_finite("targets", values)?;
            }
        }
        Ok(Self { inputs: standard(inputs), columns, targets: targets.into_standard() })
    }

    /// The inputs, (rows, I).
    pub fn inputs(&self) -> &Array2<f32> {
        &self.inputs
    }

    /// The names of the columns of the inputs.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What the examples should give.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// The names of the classes; empty when the targets are numbers.
    pub fn labels(&self) -> &[String] {
        match &self.targets {
            Targets::Classes { labels, .. } => labels,
            Targets::Values { .. } => &[],
        }
    }

    /// Number of examples, at least 1.
    pub fn rows(&self) -> usize {
        self.inputs.nrows()
    }

    /// The input of an example; `None` when there is no such row.
    pub fn input(&self, row: usize) -> Option<&[f32]> {
        (row < self.rows()).then(|| self.inputs.row(row).to_slice()).flatten()
    }

    /// The targets as [`Network::gradients`](crate::Network::gradients) takes them.
    pub fn target_rows(&self) -> TargetRows<'_> {
        match &self.targets {
            Targets::Classes { classes, .. } => TargetRows::Classes(classes),
            Targets::Values { values, .. } => TargetRows::Values(values.as_slice().unwrap_or_default()),
        }
    }

    /// The examples in these rows, in this order.
    ///
    /// # Panics
    ///
    /// There is no such row.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            inputs: self.inputs.select(Axis(0), rows),
            columns: self.columns.clone(),
            targets: self.targets.select(rows),
        }
    }

    /// Writes the data set as CSV: a header, the label or the values of each target, then the inputs. Either the whole
    /// file is written or none.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write_csv(&self, path: &Path) -> Result<(), DataError> {
        write_whole(path, |file| csv::write(self, file)).map_err(DataError::io(path))
    }

    /// How many outputs a network needs to learn this by that loss, and whether one may do for two classes.
    pub(crate) fn outputs(&self, loss: Loss) -> (usize, bool) {
        match &self.targets {
            Targets::Classes { labels, .. } => (labels.len(), loss.fewest_outputs(labels.len()) == 1),
            Targets::Values { values, .. } => (values.ncols(), false),
        }
    }
}

impl Targets {
    fn into_standard(self) -> Self {
        match self {
            Self::Values { columns, values } => Self::Values { columns, values: standard(values) },
            classes @ Self::Classes { .. } => classes,
        }
    }
}

/// The same array with its rows one after another in memory.
fn standard(array: Array2<f32>) -> Array2<f32> {
    if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() }
}

fn check_finite(what: &'static str, values: &Array2<f32>) -> Result<(), DatasetError> {
    match values.indexed_iter().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some(((row, column), found)) => Err(DatasetError::NotFinite { what, row, column, found: *found }),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn parts_must_belong_together() {
        let new = |inputs, targets| Dataset::new(inputs, targets).map(|_| ()).map_err(|error| error.to_string());
        let two = || array![[1.0, 2.0], [3.0, 4.0]];
        let classes = |classes| Targets::classes(&["no", "yes"], classes);
        assert_eq!(new(two(), classes(vec![0, 1])), Ok(()));
        assert_eq!(new(Array2::zeros((0, 2)), classes(vec![])), Err("the data set has no rows".to_owned()));
        assert_eq!(new(two(), classes(vec![0])), Err("the data set has 2 inputs, but 1 targets".to_owned()));
        assert_eq!(
            new(two(), classes(vec![0, 2])),
            Err("row 1 has class 2; expected less than 2, the number of labels".to_owned())
        );
        assert_eq!(
            new(array![[1.0], [f32::NAN]], classes(vec![0, 1])),
            Err("row 1, column 0 of the inputs: expected a finite number, found NaN".to_owned())
        );
        assert_eq!(
            new(two(), Targets::values(array![[0.0], [f32::INFINITY]])),
            Err("row 1, column 0 of the targets: expected a finite number, found inf".to_owned())
        );
    }

    #[test]
    fn any_layout_reads_the_same() {
        let transposed = array![[1.0, 3.0], [2.0, 4.0]].reversed_axes();
        let data = Dataset::new(transposed.clone(), Targets::values(transposed)).expect("the parts fit");
        assert_eq!(data.input(1), Some(&[3.0, 4.0][..]));
        assert_eq!(data.target_rows(), TargetRows::Values(&[1.0, 2.0, 3.0, 4.0]));
        assert_eq!(data.input(2), None);
        assert_eq!(data.target_rows().row(1, 2), crate::Target::Values(&[3.0, 4.0]));
    }
}
