//! What an experiment showed.

use crate::Figure;

/// What an experiment showed: pictures and measured numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The pictures, in the order in which they are looked at.
    pub figures: Vec<Figure>,
    /// The measured numbers.
    pub tables: Vec<Table>,
}

/// Measured numbers: a row for each thing that was measured, a column for each quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What was measured, on what.
    pub caption: String,
    /// What the rows are: networks, for example.
    pub rows_are: &'static str,
    /// The quantities.
    pub columns: Vec<Column>,
    /// The things.
    pub rows: Vec<Row>,
}

/// A quantity that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it is called.
    pub name: &'static str,
    /// Its unit; empty for a number without one.
    pub unit: &'static str,
}

/// A thing that was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is called.
    pub name: String,
    /// A number for each column; NaN where there is none.
    pub values: Vec<f64>,
}

impl Table {
    /// A table without rows; a column is a name and a unit.
    pub fn new<const N: usize>(
        caption: impl Into<String>,
        rows_are: &'static str,
        columns: [(&'static str, &'static str); N],
    ) -> Self {
        let columns = columns.into_iter().map(|(name, unit)| Column { name, unit }).collect();
        Self { caption: caption.into(), rows_are, columns, rows: Vec::new() }
    }

    /// The table with one more row.
    pub fn row(mut self, name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Self {
        self.push(name, values);
        self
    }

    /// Adds a row.
    pub fn push(&mut self, name: impl Into<String>, values: impl IntoIterator<Item = f64>) {
        self.rows.push(Row { name: name.into(), values: values.into_iter().collect() });
    }
}

/// So many seeds, in words.
pub(crate) fn seeds(of: usize) -> String {
    if of == 1 { "one seed".to_owned() } else { format!("{of} seeds") }
}

/// The median of some numbers: of an even number of them the mean of the middle two; NaN of none.
pub(crate) fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => numbers[middle],
        _ => (numbers[middle - 1] + numbers[middle]) / 2.0,
    }
}

/// The least and the largest of some numbers.
pub(crate) fn least_and_most(numbers: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let none = (f64::INFINITY, f64::NEG_INFINITY);
    numbers.into_iter().fold(none, |(least, most), number| (least.min(number), most.max(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median([]).is_nan());
    }
}
