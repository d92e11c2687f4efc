//! What a layer does on a device, counted.

use std::collections::BTreeMap;

use neurona::{arch::WindowSpec, kernel::Window};

/// How often each part of an inference is done: `layer.part` of the [model](super::Model).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Work(BTreeMap<(&'static str, &'static str), f64>);

impl Work {
    /// So many more of a part.
    pub(crate) fn add(&mut self, layer: &'static str, part: &'static str, count: usize) {
        *self.0.entry((layer, part)).or_default() += count as f64;
    }

    /// A layer that does the same with each value.
    pub(crate) fn values(&mut self, layer: &'static str, values: usize) {
        self.add(layer, "call", 1);
        self.add(layer, "value", values);
    }

    /// A layer that does something with each cell, and there with each channel.
    pub(crate) fn cells(&mut self, layer: &'static str, cells: usize, channels: usize) {
        self.add(layer, "cell", cells);
        self.add(layer, "value", cells * channels);
    }

    /// So many times weighted sums of `columns` values, for `rows` rows of weights.
    ///
    /// The kernels take rows and columns in blocks, and what is left in smaller ones.
    pub(crate) fn sums(&mut self, layer: &'static str, times: usize, rows: usize, columns: usize) {
        let blocks = times * (rows / 8 + rows % 8 / 2 + rows % 2);
        self.add(layer, "sum", times);
        self.add(layer, "rows", blocks);
        self.add(layer, "columns", blocks * (columns / 12 + columns % 12 / 4 + columns % 4));
        self.add(layer, "product", times * rows * columns);
    }

    /// In so many places weighted sums of the window's `runs` of `columns` values each, for `rows` rows of weights.
    pub(crate) fn sums_of_windows(
        &mut self,
        layer: &'static str,
        places: usize,
        runs: usize,
        rows: usize,
        columns: usize,
    ) {
        let blocks = places * (rows / 8 + rows % 8 / 4 + rows % 4 / 2 + rows % 2);
        self.add(layer, "output", places * rows);
        self.add(layer, "rows", blocks);
        self.add(layer, "run", blocks * runs);
        self.add(
            layer,
            "columns",
            blocks * runs * (columns / 12 + columns % 12 / 4 + usize::from(!columns.is_multiple_of(4))),
        );
        self.add(layer, "product", places * rows * runs * columns);
    }

    /// A window that goes over the places: each of them, and the cells in it that lie within the input, with so many
    /// channels each.
    pub(crate) fn window(&mut self, layer: &'static str, window: &WindowSpec, channels: usize) {
        let window = Window::of(window);
        let mut cells = 0;
        for row in 0..window.rows.output {
            let (first_row, end_row, _) = window.rows.cells(row);
            for column in 0..window.columns.output {
                let (first, end, _) = window.columns.cells(column);
                cells += end_row.saturating_sub(first_row) * end.saturating_sub(first);
            }
        }
        let places = window.rows.output * window.columns.output;
        self.add(layer, "place", places);
        self.add(layer, "output", places * channels);
        self.add(layer, "cell", cells);
        self.add(layer, "value", cells * channels);
    }

    /// The same with values of which about half are zero, which without a floating-point unit are multiplied sooner.
    pub(super) fn behind_relu(self) -> Self {
        let mut of_zeros = Self::default();
        for ((layer, part), count) in self.0 {
            let (layer, part) = if part == "product" { ("relu", "product") } else { (layer, part) };
            *of_zeros.0.entry((layer, part)).or_default() += count;
        }
        of_zeros
    }

    /// The parts by name, and how often each is done.
    pub(super) fn parts(&self) -> impl Iterator<Item = (String, f64)> {
        self.0
            .iter()
            .filter(|(_, count)| **count > 0.0)
            .map(|((layer, part), count)| (format!("{layer}.{part}"), *count))
    }

    /// This and another.
    pub(super) fn and(mut self, other: Self) -> Self {
        for (part, count) in other.0 {
            *self.0.entry(part).or_default() += count;
        }
        self
    }
}
