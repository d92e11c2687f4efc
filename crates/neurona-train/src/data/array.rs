//! Arrays of numbers as files: NumPy's `.npy`, and what its data sets have in common with IDX.

use std::{io::Cursor, path::Path};

use ndarray::{Array2, ArrayD};
use ndarray_npy::{ReadNpyError, ReadNpyExt, ReadableElement};

use super::{DataError, Dataset, Targets};

/// An array as a file holds it, of any number of dimensions.
pub(super) struct Numbers {
    /// How long each dimension is.
    pub(super) shape: Vec<usize>,
    /// The values, the last dimension first.
    pub(super) values: Vec<f32>,
    /// Whether the file holds whole numbers, which are classes where they are targets.
    pub(super) integers: bool,
}

impl Numbers {
    /// The inputs of a data set: a row for each index of the first dimension, the others one after another.
    pub(super) fn into_inputs(self, path: &Path) -> Result<Array2<f32>, DataError> {
        let rows = self.shape.first().copied().unwrap_or(0);
        if self.values.is_empty() {
            return Err(DataError::Empty { path: path.to_owned() });
        }
        let columns = self.values.len() / rows.max(1);
        check_finite(path, &self.values, columns)?;
        let shape = format!("{:?}", self.shape);
        Array2::from_shape_vec((rows, columns), self.values)
            .map_err(|_| DataError::format(path, "shape", "rows and columns", shape))
    }

    /// The targets of a data set with so many rows: whole numbers are classes, others are values.
    fn into_targets(self, path: &Path, rows: usize, labels: Option<&[String]>) -> Result<Targets, DataError> {
        let found = self.shape.first().copied().unwrap_or(0);
        if found != rows {
            return Err(DataError::Rows { path: path.to_owned(), expected: rows, found });
        }
        if !self.integers {
            return Ok(Targets::values(self.into_inputs(path)?));
        }
        if self.values.len() != rows {
            let found = format!("{:?}", self.shape);
            return Err(DataError::format(path, "shape of the labels", format!("[{rows}]"), found));
        }
        let labels = labels.map(<[String]>::to_vec);
        let classes = self.classes(path, labels.as_ref().map_or(MOST_CLASSES, Vec::len))?;
        let labels = match labels {
            Some(labels) => labels,
            None => {
                let (least, most) = (classes.iter().min().copied(), classes.iter().max().copied().unwrap_or(0));
                if least == Some(most) {
                    return Err(DataError::OneClass { path: path.to_owned(), label: most.to_string() });
                }
                (0..=most).map(|class| class.to_string()).collect()
            }
        };
        Ok(Targets::Classes { column: "label".to_owned(), labels, classes })
    }

    fn classes(&self, path: &Path, count: usize) -> Result<Vec<u32>, DataError> {
        let class = |(row, value): (u64, &f32)| {
            if *value >= 0.0 && (*value as usize) < count {
                return Ok(*value as u32);
            }
            let expected = format!("a class from 0 to {}", count.saturating_sub(1));
            Err(DataError::cell(path, row, "0", expected, value.to_string()))
        };
        (0..).zip(&self.values).map(class).collect()
    }
}

/// The most classes that a file of whole numbers may have: more are a sign of another kind of file.
const MOST_CLASSES: usize = 1 << 16;

/// A data set of two files that hold arrays.
pub(super) fn dataset(
    (inputs, inputs_path): (Numbers, &Path),
    (targets, targets_path): (Numbers, &Path),
    labels: Option<&[String]>,
) -> Result<Dataset, DataError> {
    let inputs = inputs.into_inputs(inputs_path)?;
    let targets = targets.into_targets(targets_path, inputs.nrows(), labels)?;
    Dataset::new(inputs, targets)
        .map_err(|error| DataError::format(inputs_path, "data set", "inputs with targets", error.to_string()))
}

fn check_finite(path: &Path, values: &[f32], columns: usize) -> Result<(), DataError> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(at) => {
            let (row, column) = ((at / columns) as u64, (at % columns).to_string());
            Err(DataError::cell(path, row, column, "a finite number", values[at].to_string()))
        }
    }
}

/// Reads a data set from two NumPy files: inputs (rows, ...) and targets (rows) or (rows, O).
///
/// Inputs of several dimensions, images for example, are rows of all their values. Targets that are whole numbers are
/// classes, others are values. With `labels` there are as many classes as labels; without, the classes go up to the
/// largest and are called by their number.
///
/// # Errors
///
/// A file cannot be read or holds no numbers, the two have different numbers of rows, a value is not finite, a class is
/// out of range, or there is one class only.
pub fn read_npy(inputs: &Path, targets: &Path, labels: Option<&[String]>) -> Result<Dataset, DataError> {
    dataset((read(inputs)?, inputs), (read(targets)?, targets), labels)
}

/// Reads the inputs of [`read_npy`] alone.
///
/// # Errors
///
/// As [`read_npy`].
pub fn read_npy_inputs(path: &Path) -> Result<Array2<f32>, DataError> {
    read(path)?.into_inputs(path)
}

fn read(path: &Path) -> Result<Numbers, DataError> {
    let bytes = std::fs::read(path).map_err(DataError::io(path))?;
    // The type of the elements is part of the type that is read: try each until one fits.
    let attempts: [(Attempt, bool); 10] = [
        (attempt::<f32>(|value| value), false),
        (attempt::<f64>(|value| value as f32), false),
        (attempt::<u8>(f32::from), true),
        (attempt::<i8>(f32::from), true),
        (attempt::<u16>(f32::from), true),
        (attempt::<i16>(f32::from), true),
        (attempt::<u32>(|value| value as f32), true),
        (attempt::<i32>(|value| value as f32), true),
        (attempt::<u64>(|value| value as f32), true),
        (attempt::<i64>(|value| value as f32), true),
    ];
    for (attempt, integers) in attempts {
        match attempt(&bytes) {
            Ok(array) => {
                let shape = array.shape().to_vec();
                return Ok(Numbers { shape, values: array.into_iter().collect(), integers });
            }
            Err(ReadNpyError::WrongDescriptor(_)) => {}
            Err(error) => return Err(DataError::format(path, "array", "a NumPy file", error.to_string())),
        }
    }
    Err(DataError::format(path, "array", "real numbers of 8 to 64 bits", "another type of elements"))
}

type Attempt = Box<dyn Fn(&[u8]) -> Result<ArrayD<f32>, ReadNpyError>>;

fn attempt<T: ReadableElement + Copy + 'static>(to_f32: fn(T) -> f32) -> Attempt {
    Box::new(move |bytes| ArrayD::<T>::read_npy(Cursor::new(bytes)).map(|array| array.mapv(to_f32)))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array, array};
    use ndarray_npy::{WriteNpyExt, write_npy};

    use super::*;

    fn npy(folder: &Path, name: &str, array: &impl WriteNpyExt) -> std::path::PathBuf {
        let path = folder.join(name);
        write_npy(&path, array).expect("the folder can be written");
        path
    }

    fn message<T: std::fmt::Debug>(folder: &Path, result: Result<T, DataError>) -> String {
        result.expect_err("the files are wrong").to_string().replace(&format!("{}/", folder.display()), "")
    }

    #[test]
    fn images_and_classes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let images = Array::from_shape_fn((3, 2, 2), |(row, y, x)| (100 * row + 10 * y + x) as u8);
        let inputs = npy(folder.path(), "x.npy", &images);
        for classes in
            [npy(folder.path(), "y.npy", &array![2_i64, 0, 2]), npy(folder.path(), "y.npy", &array![2_u8, 0, 2])]
        {
            let data = read_npy(&inputs, &classes, None).expect("the files are right");
            assert_eq!(data.input(1), Some(&[100.0, 101.0, 110.0, 111.0][..]));
            assert_eq!(data.labels(), ["0", "1", "2"]);
            assert_eq!(data.target_rows(), crate::TargetRows::Classes(&[2, 0, 2]));
        }
    }

    #[test]
    fn the_order_in_memory_does_not_matter() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let columns_first = array![[1.0_f64, 4.0], [2.0, 5.0], [3.0, 6.0]].reversed_axes();
        let inputs = npy(folder.path(), "x.npy", &columns_first);
        let targets = npy(folder.path(), "y.npy", &array![0.5_f32, -0.5]);
        let data = read_npy(&inputs, &targets, None).expect("the files are right");
        assert_eq!(data.inputs(), array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert_eq!(data.target_rows(), crate::TargetRows::Values(&[0.5, -0.5]));
    }

    #[test]
    fn each_fault_says_where_and_what() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        let inputs = npy(folder.path(), "x.npy", &array![[1.0_f32], [2.0]]);
        let wrong =
            |targets: &Path, labels: Option<&[String]>| message(folder.path(), read_npy(&inputs, targets, labels));
        assert_eq!(
            wrong(&npy(folder.path(), "y.npy", &array![0_i32, 1, 0]), None),
            "y.npy: expected 2 rows as there are inputs, found 3"
        );
        let labels = ["no", "yes"].map(String::from);
        assert_eq!(
            wrong(&npy(folder.path(), "y.npy", &array![0_i32, 2]), Some(&labels)),
            "y.npy, row 1, column 0: expected a class from 0 to 1, found 2"
        );
        assert_eq!(
            wrong(&npy(folder.path(), "y.npy", &array![0_i32, -1]), None),
            "y.npy, row 1, column 0: expected a class from 0 to 65535, found -1"
        );
        assert_eq!(
            wrong(&npy(folder.path(), "y.npy", &array![3_i32, 3]), None),
            "y.npy: expected at least two classes, found only `3`"
        );
        assert_eq!(
            wrong(&npy(folder.path(), "y.npy", &array![[0.0_f32, 1.0], [f32::NAN, 1.0]]), None),
            "y.npy, row 1, column 0: expected a finite number, found NaN"
        );
        assert_eq!(
            wrong(&npy(folder.path(), "y.npy", &array![true, false]), None),
            "y.npy: array: expected real numbers of 8 to 64 bits, found another type of elements"
        );
        std::fs::write(at("y.npy"), "not an array").expect("the folder can be written");
        assert!(wrong(&at("y.npy"), None).starts_with("y.npy: array: expected a NumPy file, found "));
        let mut cut = std::fs::read(&inputs).expect("the file is there");
        cut.pop();
        std::fs::write(at("y.npy"), cut).expect("the folder can be written");
        assert!(wrong(&at("y.npy"), None).starts_with("y.npy: array: expected a NumPy file, found "));
        let empty = npy(folder.path(), "y.npy", &Array::<f32, _>::zeros((0, 4)));
        assert_eq!(message(folder.path(), read_npy_inputs(&empty)), "y.npy: expected rows of data, found none");
        assert!(message(folder.path(), read_npy_inputs(&at("none.npy"))).starts_with("none.npy: "));
    }
}
