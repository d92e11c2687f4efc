//! Tables as text: comma-separated values (RFC 4180).

use std::{
    collections::HashMap,
    fmt,
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use csv::{Reader, ReaderBuilder, StringRecord, Trim};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::{DataError, Dataset, Lines, Targets};

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Column {
    /// By its place, from 0.
    Index(usize),
    /// By its name in the header.
    Name(String),
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "{index}"),
            Self::Name(name) => write!(f, "`{name}`"),
        }
    }
}

/// Which columns say what the examples should give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CsvTarget {
    /// One column holds the label of a class.
    Label(Column),
    /// These columns hold numbers.
    Values(Vec<Column>),
}

/// How a table is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvFormat {
    /// Whether the first line names the columns.
    pub header: bool,
    /// What stands between two values.
    pub delimiter: u8,
    /// Columns that are neither input nor target.
    pub ignore: Vec<Column>,
}

impl Default for CsvFormat {
    /// A header and commas; nothing is ignored.
    fn default() -> Self {
        Self { header: true, delimiter: b',', ignore: Vec::new() }
    }
}

/// Reads a table; the columns that are neither target nor ignored are the inputs.
///
/// With `labels`, a label must be one of these, and its place is the number of its class: so the test part of a data
/// set, or a file for a trained network, is read. Without, the labels are those of the file in order: by number when
/// all are whole numbers, else by spelling; there must be at least two.
///
/// # Errors
///
/// The file cannot be read, has no rows or no such column, a row is shorter or longer than the first, an input or a
/// numeric target is no finite number, a label is missing or none of `labels`, or there is one class only.
pub fn read_csv(
    path: &Path,
    format: &CsvFormat,
    target: &CsvTarget,
    labels: Option<&[String]>,
) -> Result<Dataset, DataError> {
    let table = Table::read(open(path)?, path, format, target)?;
    let inputs = table.array(path, table.inputs.clone(), table.columns.len())?;
    let targets = match target {
        CsvTarget::Label(_) => {
            let (labels, classes) = match labels {
                Some(labels) => (labels.to_vec(), table.known_classes(path, labels)?),
                None => table.classes(path)?,
            };
            Targets::Classes { column: table.target_columns[0].clone(), labels, classes }
        }
        CsvTarget::Values(_) => {
            let values = table.array(path, table.targets.clone(), table.target_columns.len())?;
            Targets::Values { columns: table.target_columns.clone(), values }
        }
    };
    Ok(Dataset { inputs, columns: table.columns, targets })
}

/// Reads the inputs of a table that has no targets: every column that is not ignored.
///
/// # Errors
///
/// As [`read_csv`].
pub fn read_csv_inputs(path: &Path, format: &CsvFormat) -> Result<Array2<f32>, DataError> {
    read_csv_inputs_from(open(path)?, path, format)
}

/// Reads the inputs of a table as [`read_csv_inputs`] does, from anywhere; errors call it `name`.
///
/// # Errors
///
/// As [`read_csv`].
pub fn read_csv_inputs_from(from: impl Read, name: &Path, format: &CsvFormat) -> Result<Array2<f32>, DataError> {
    let table = Table::read(from, name, format, &CsvTarget::Values(Vec::new()))?;
    table.array(name, table.inputs.clone(), table.columns.len())
}

/// The names of the columns of a table, which are their places from 0 where there is no header; errors call it `name`.
///
/// # Errors
///
/// It cannot be read, or has no lines.
pub fn csv_columns(from: impl Read, name: &Path, format: &CsvFormat) -> Result<Vec<String>, DataError> {
    let (mut reader, mut first) = (reader(from, format), StringRecord::new());
    let read = |reader: &mut Reader<_>, record: &mut StringRecord| {
        reader.read_record(record).map_err(|error| csv_error(name, 1, error))
    };
    if !read(&mut reader, &mut first)? {
        return Err(DataError::Empty { path: name.to_owned() });
    }
    // A quotation that does not end takes in all lines.
    if first.iter().any(|cell| cell.contains('\n')) && !read(&mut reader, &mut StringRecord::new())? {
        return Err(DataError::Quote { path: name.to_owned(), row: 1 });
    }
    Ok(column_names(&first, format))
}

fn open(path: &Path) -> Result<File, DataError> {
    File::open(path).map_err(DataError::io(path))
}

fn reader<R: Read>(from: R, format: &CsvFormat) -> Reader<R> {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).trim(Trim::All).delimiter(format.delimiter).from_reader(from)
}

fn column_names(first: &StringRecord, format: &CsvFormat) -> Vec<String> {
    match format.header {
        // A table that a spreadsheet saved may begin with a byte order mark.
        true => first.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect(),
        false => (0..first.len()).map(|at| at.to_string()).collect(),
    }
}

/// Whether the last cell of a table begins with a quotation mark and has none at its end.
fn ends_in_quotes(rows: &[u8], delimiter: u8) -> bool {
    let (mut quoted, mut begins) = (false, true);
    for byte in rows {
        match byte {
            // Two in a row, which stand for one, end the quotation and begin it again.
            b'"' if quoted || begins => (quoted, begins) = (!quoted, !begins),
            _ if quoted => {}
            _ => begins = *byte == delimiter || matches!(byte, b'\n' | b'\r'),
        }
    }
    quoted
}

/// What was read, column by column of its use.
#[derive(Default)]
struct Table {
    columns: Vec<String>,
    inputs: Vec<f32>,
    target_columns: Vec<String>,
    targets: Vec<f32>,
    /// The line and the label of each row.
    labels: Vec<(u64, usize)>,
    names: Vec<String>,
}

/// What a column is for.
#[derive(Clone, Copy, PartialEq)]
enum Use {
    Input,
    Label,
    Value,
    Nothing,
}

impl Table {
    fn read(mut from: impl Read, path: &Path, format: &CsvFormat, target: &CsvTarget) -> Result<Self, DataError> {
        let mut text = Vec::new();
        from.read_to_end(&mut text).map_err(DataError::io(path))?;
        let (mut lines, mut reader) = (Lines::new(&text), reader(&text[..], format));
        let mut first = StringRecord::new();
        let more = |error: csv::Error| {
            let line = error.position().map(|place| Lines::new(&text).of_record(place.byte()));
            csv_error(path, line.unwrap_or(0), error)
        };
        if !reader.read_record(&mut first).map_err(more)? {
            return Err(DataError::Empty { path: path.to_owned() });
        }
        let unclosed = |reader: &Reader<_>, start: u64| {
            reader.position().byte() >= text.len() as u64 && ends_in_quotes(&text[start as usize..], format.delimiter)
        };
        if unclosed(&reader, 0) {
            return Err(DataError::Quote { path: path.to_owned(), row: 1 });
        }
        let width = first.len();
        let names = column_names(&first, format);
        check_names(path, &names)?;
        let order = uses(path, format, target, &names)?;
        let mut table = Self::new(&names, &order);
        let mut numbers = HashMap::new();
        let mut record = if format.header { StringRecord::new() } else { first };
        loop {
            if record.is_empty() && !reader.read_record(&mut record).map_err(more)? {
                break;
            }
            let start = record.position().map_or(0, csv::Position::byte);
            let line = lines.of_record(start);
            if unclosed(&reader, start) {
                return Err(DataError::Quote { path: path.to_owned(), row: line });
            }
            if record.len() != width {
                let path = path.to_owned();
                return Err(DataError::Ragged { path, row: line, expected: width, found: record.len() });
            }
            for (cell_use, column) in &order {
                table.take(path, line, &names[*column], &record[*column], *cell_use, &mut numbers)?;
            }
            record.clear();
        }
        if table.inputs.is_empty() {
            return Err(DataError::Empty { path: path.to_owned() });
        }
        Ok(table)
    }

    fn new(names: &[String], order: &[(Use, usize)]) -> Self {
        let named = |wanted: &[Use]| {
            let columns = order.iter().filter(|(cell_use, _)| wanted.contains(cell_use));
            columns.map(|(_, column)| names[*column].clone()).collect()
        };
        Self { columns: named(&[Use::Input]), target_columns: named(&[Use::Label, Use::Value]), ..Self::default() }
    }

    fn take(
        &mut self,
        path: &Path,
        line: u64,
        column: &str,
        cell: &str,
        cell_use: Use,
        numbers: &mut HashMap<String, usize>,
    ) -> Result<(), DataError> {
        let column = || format!("`{column}`");
        match cell_use {
            Use::Input => self.inputs.push(number(path, line, column, cell)?),
            Use::Value => self.targets.push(number(path, line, column, cell)?),
            Use::Label if cell.is_empty() => {
                return Err(DataError::cell(path, line, column(), "a label", "nothing (a missing value)"));
            }
            Use::Label => {
                let next = numbers.len();
                let number = *numbers.entry(cell.to_owned()).or_insert(next);
                if number == next {
                    self.names.push(cell.to_owned());
                }
                self.labels.push((line, number));
            }
            Use::Nothing => {}
        }
        Ok(())
    }

    fn array(&self, path: &Path, values: Vec<f32>, columns: usize) -> Result<Array2<f32>, DataError> {
        let rows = values.len() / columns.max(1);
        Array2::from_shape_vec((rows, columns), values)
            .map_err(|error| DataError::format(path, "table", "equal rows", error.to_string()))
    }

    /// The labels of the file in order, and the class of each row.
    fn classes(&self, path: &Path) -> Result<(Vec<String>, Vec<u32>), DataError> {
        if let [label] = &self.names[..] {
            return Err(DataError::OneClass { path: path.to_owned(), label: label.clone() });
        }
        let mut labels = self.names.clone();
        if labels.iter().all(|label| label.parse::<i64>().is_ok()) {
            labels.sort_by_key(|label| label.parse::<i64>().unwrap_or_default());
        } else {
            labels.sort_unstable();
        }
        let classes = self.known_classes(path, &labels)?;
        Ok((labels, classes))
    }

    /// The class of each row, by its place among `labels`.
    fn known_classes(&self, path: &Path, labels: &[String]) -> Result<Vec<u32>, DataError> {
        let places: Vec<Option<u32>> = self
            .names
            .iter()
            .map(|name| (0..).zip(labels).find(|(_, label)| *label == name).map(|(place, _)| place))
            .collect();
        let class = |(line, number): &(u64, usize)| {
            places[*number].ok_or_else(|| {
                let column = format!("`{}`", self.target_columns[0]);
                let expected = format!("one of {}", super::error::list(labels));
                DataError::cell(path, *line, column, expected, format!("`{}`", self.names[*number]))
            })
        };
        self.labels.iter().map(class).collect()
    }
}

/// Whether each name of a column is of one alone; columns without a name may be several.
fn check_names(path: &Path, names: &[String]) -> Result<(), DataError> {
    for (at, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        if let Some(first) = names[..at].iter().position(|other| other == name) {
            let found = format!("`{name}` twice, at {first} and {at} (counted from 0)");
            return Err(DataError::format(path, "the header", "a name of its own for each column", found));
        }
    }
    Ok(())
}

/// Each column that is used, and for what: targets in the order in which they are named, then inputs as they stand.
fn uses(path: &Path, format: &CsvFormat, target: &CsvTarget, names: &[String]) -> Result<Vec<(Use, usize)>, DataError> {
    let find = |column: &Column| {
        let place = match column {
            Column::Index(index) => (*index < names.len()).then_some(*index),
            Column::Name(name) => names.iter().position(|other| other == name).filter(|_| format.header),
        };
        let missing = || DataError::Column { path: path.to_owned(), column: column.to_string(), found: names.to_vec() };
        place.ok_or_else(missing)
    };
    let (targets, target_use) = match target {
        CsvTarget::Label(column) => (std::slice::from_ref(column), Use::Label),
        CsvTarget::Values(columns) => (&columns[..], Use::Value),
    };
    let mut order = Vec::new();
    for column in targets {
        order.push((target_use, find(column)?));
    }
    for column in &format.ignore {
        order.push((Use::Nothing, find(column)?));
    }
    let inputs: Vec<usize> = (0..names.len()).filter(|at| order.iter().all(|(_, used)| used != at)).collect();
    if inputs.is_empty() {
        return Err(DataError::format(path, "table", "at least one column of inputs", "none"));
    }
    order.extend(inputs.into_iter().map(|at| (Use::Input, at)));
    Ok(order)
}

fn number(path: &Path, line: u64, column: impl Fn() -> String, cell: &str) -> Result<f32, DataError> {
    let fail = |expected: &str, found: String| Err(DataError::cell(path, line, column(), expected, found));
    match cell.parse::<f32>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) if cell.parse::<f64>().is_ok_and(f64::is_finite) => {
            fail("a number of single precision, at most 3.4e38 in size", format!("`{cell}`"))
        }
        Ok(_) => fail("a finite number", format!("`{cell}`")),
        Err(_) if cell.is_empty() => fail("a number", "nothing (a missing value)".to_owned()),
        Err(_) => fail("a number", format!("`{cell}`")),
    }
}

fn csv_error(path: &Path, line: u64, error: csv::Error) -> DataError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => DataError::Io { path: path.to_owned(), error },
        csv::ErrorKind::Utf8 { err, .. } => {
            DataError::format(path, format!("row {line}"), "text in UTF-8", err.to_string())
        }
        other => DataError::format(path, format!("row {line}"), "comma-separated values", format!("{other:?}")),
    }
}

/// Writes a data set: the targets, then the inputs. Numbers have the digits that give them back exactly.
pub(super) fn write(data: &Dataset, to: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record(data.targets().columns().iter().chain(data.columns()))?;
    for (row, input) in data.inputs().rows().into_iter().enumerate() {
        match data.targets() {
            Targets::Classes { labels, classes, .. } => writer.write_field(&labels[classes[row] as usize])?,
            Targets::Values { values, .. } => {
                for value in values.row(row) {
                    writer.write_field(value.to_string())?;
                }
            }
        }
        writer.write_record(input.iter().map(f32::to_string))?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests;
