//! How a window slides over cells that have channels: what convolutions and pooling have in common.

use super::blocks::{Cells, Lines};
use crate::arch::WindowSpec;

/// One axis along which a window slides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Number of cells of the input.
    pub input: usize,
    /// Number of places of the window, which is the number of cells of the output.
    pub output: usize,
    /// Number of cells of the window.
    pub kernel: usize,
    /// How far the window moves from one place to the next.
    pub stride: usize,
    /// How far apart the cells of the window are.
    pub dilation: usize,
    /// Number of cells outside of the input, before its first one.
    pub before: usize,
}

impl Axis {
    const fn of(spec: &WindowSpec, axis: usize) -> Self {
        Self {
            input: spec.input.sizes()[axis] as usize,
            output: spec.output.sizes()[axis] as usize,
            kernel: spec.kernel[axis] as usize,
            stride: spec.stride[axis] as usize,
            dilation: spec.dilation[axis] as usize,
            before: spec.before(axis),
        }
    }

    /// The cells of the window that lie within the input when it is in the place `at`, from the first to before the
    /// last, and the cell of the input that the first of them meets.
    #[inline]
    pub const fn cells(&self, at: usize) -> (usize, usize, usize) {
        let place = at * self.stride;
        let (first, end) = self.within(place, self.dilation, self.kernel);
        (first, end, (place + first * self.dilation).saturating_sub(self.before))
    }

    /// The places of the window in which its cell `cell` lies within the input, from the first to before the last, and
    /// the cell of the input that it meets in the first of them.
    #[inline]
    pub const fn places(&self, cell: usize) -> (usize, usize, usize) {
        let offset = cell * self.dilation;
        let (first, end) = self.within(offset, self.stride, self.output);
        (first, end, (offset + first * self.stride).saturating_sub(self.before))
    }

    /// The places in which all cells of the window lie within the input, from the first to before the last: from the first
    /// where its first cell does to the last where its last one does.
    #[inline]
    pub(super) const fn inner(&self) -> (usize, usize) {
        let ((first, _, _), (_, end, _)) = (self.places(0), self.places(self.kernel.saturating_sub(1)));
        (first, end)
    }

    /// Of so many numbers n the first for which the cell `offset + n * step` lies within the input, and the one after
    /// the last. Most windows lie within as a whole, which is seen without a division.
    #[inline]
    const fn within(&self, offset: usize, step: usize, count: usize) -> (usize, usize) {
        let first = quotient(self.before.saturating_sub(offset), step);
        let left = (self.before + self.input).saturating_sub(offset);
        let end = if left + step > count * step { count } else { quotient(left, step) };
        (first, end)
    }
}

/// A quotient, rounded up, without a path to a panic.
#[inline]
const fn quotient(number: usize, by: usize) -> usize {
    if number == 0 || by <= 1 { number } else { number.div_ceil(by) }
}

/// A window that slides over rows and columns of cells; for a signal there is one row.
///
/// # Shapes
///
/// The input is (rows, columns, channels) and the output (rows, columns, filters), both of them with the channels next
/// to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From row to row.
    pub rows: Axis,
    /// From column to column.
    pub columns: Axis,
    /// Number of channels of the input.
    pub channels: usize,
    /// Number of channels of the output.
    pub filters: usize,
}

impl Window {
    /// The window of a specification without [fault](WindowSpec::fault).
    pub const fn of(spec: &WindowSpec) -> Self {
        Self {
            rows: Axis::of(spec, 0),
            columns: Axis::of(spec, 1),
            channels: spec.input.channels(),
            filters: spec.output.channels(),
        }
    }

    /// Number of cells of the window.
    pub(super) const fn kernel_cells(&self) -> usize {
        self.rows.kernel * self.columns.kernel
    }

    /// Calls `f` for each region of places in which the same cells of the window lie within the input.
    ///
    /// A region is some columns of places, in one row or, where `order` does not forbid it, in more.
    #[inline]
    pub(super) fn each_region(&self, order: Order, mut f: impl FnMut(Region)) {
        let alike = |(first, end): (usize, usize), at: usize| if at == first && first < end { end - first } else { 1 };
        let (inner_rows, inner) = (self.rows.inner(), self.columns.inner());
        let merge = matches!(order, Order::Any) || inner == (0, self.columns.output);
        let mut row = 0;
        while row < self.rows.output {
            let (cells, rows) = (self.rows.cells(row), if merge { alike(inner_rows, row) } else { 1 });
            let mut column = 0;
            while column < self.columns.output {
                let columns = alike(inner, column);
                let place = Place { rows: cells, columns: self.columns.cells(column) };
                f(Region { place, output: (row * self.columns.output + column) * self.filters, rows, columns });
                column += columns;
            }
            row += rows;
        }
    }

    /// Where the first cell of the window in a place, of those that lie within the input, begins.
    #[inline]
    pub(super) const fn offset(&self, place: Place) -> usize {
        (place.rows.2 * self.columns.input + place.columns.2) * self.channels
    }

    /// The cells of the window in a region, as far as they lie within the input.
    #[inline]
    pub(super) fn cells<'a>(&self, region: &Region, x: &'a [f32]) -> Cells<'a> {
        let ((first_row, end_row, _), (first_column, end_column, _)) = (region.place.rows, region.place.columns);
        Cells {
            x: x.get(self.offset(region.place)..).unwrap_or_default(),
            rows: end_row.saturating_sub(first_row),
            columns: end_column.saturating_sub(first_column),
            pitch: self.rows.dilation * self.columns.input * self.channels,
            step: self.columns.dilation * self.channels,
            channels: self.channels,
            places: region.columns,
            x_step: self.columns.stride * self.channels,
            lines: self.lines(region),
        }
    }

    /// The rows of places of a region.
    #[inline]
    pub(super) const fn lines(&self, region: &Region) -> Lines {
        Lines {
            count: region.rows,
            x_pitch: self.rows.stride * self.columns.input * self.channels,
            y_pitch: self.columns.output * self.filters,
        }
    }
}

/// A place of the window: what [`Axis::cells`] says of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) rows: (usize, usize, usize),
    pub(super) columns: (usize, usize, usize),
}

impl Place {
    /// Number of cells of the window that lie within the input.
    pub(super) const fn count(self) -> usize {
        let ((first_row, end_row, _), (first_column, end_column, _)) = (self.rows, self.columns);
        end_row.saturating_sub(first_row) * end_column.saturating_sub(first_column)
    }
}

/// In which order places may come.
#[derive(Clone, Copy)]
pub(super) enum Order {
    /// Any, because each of them has outputs of its own.
    Any,
    /// Row by row, because they add to cells that they share.
    RowByRow,
}

/// Places in which the same cells of the window lie within the input.
#[derive(Clone, Copy)]
pub(super) struct Region {
    /// The first of them.
    pub(super) place: Place,
    /// Where its outputs begin.
    pub(super) output: usize,
    /// Numbers of rows and columns of places.
    pub(super) rows: usize,
    pub(super) columns: usize,
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    /// Every axis of small sizes, against a search for what lies within.
    #[test]
    fn cells_and_places_are_those_that_a_search_finds() {
        let mut count = 0;
        for input in 1..7_usize {
            for kernel in 1..5_usize {
                for (stride, dilation, before, after) in
                    [(1, 1, 0, 0), (1, 1, 1, 1), (2, 1, 1, 2), (3, 1, 0, 1), (1, 2, 2, 2), (2, 3, 4, 0), (4, 2, 7, 9)]
                {
                    let Some(moves) = (input + before + after).checked_sub((kernel - 1) * dilation + 1) else {
                        continue;
                    };
                    let axis = Axis { input, output: moves / stride + 1, kernel, stride, dilation, before };
                    let met = |at: usize, cell: usize| {
                        (at * stride + cell * dilation).checked_sub(before).filter(|met| *met < input)
                    };
                    for at in 0..axis.output {
                        let (first, end, from) = axis.cells(at);
                        let found = (0..kernel).filter(|cell| met(at, *cell).is_some());
                        assert!(found.eq(first..end), "{axis:?} at {at}");
                        assert!(first >= end || Some(from) == met(at, first), "{axis:?} at {at}");
                    }
                    for cell in 0..kernel {
                        let (first, end, from) = axis.places(cell);
                        let found = (0..axis.output).filter(|at| met(*at, cell).is_some());
                        assert!(found.eq(first..end), "{axis:?}, cell {cell}");
                        assert!(first >= end || Some(from) == met(first, cell), "{axis:?}, cell {cell}");
                    }
                    count += 1;
                }
            }
        }
        assert!(count > 100);
    }

    /// Regions have each place once, where its cells are those of the first one moved along, and row by row where that is asked for.
    #[test]
    fn regions_are_all_places_and_their_cells() {
        let mut most = 0;
        for (kernel, stride, dilation, before) in [(1, 1, 1, 0), (3, 1, 1, 0), (3, 1, 1, 1), (3, 2, 1, 1), (2, 1, 3, 4)]
        {
            for columns_before in [0, before] {
                let axis = |input: usize, before: usize| {
                    let output = (input + 2 * before - ((kernel - 1) * dilation + 1)) / stride + 1;
                    Axis { input, output, kernel, stride, dilation, before }
                };
                let (rows, columns) = (axis(6, before), axis(9, columns_before));
                let window = Window { rows, columns, channels: 2, filters: 3 };
                for order in [Order::Any, Order::RowByRow] {
                    let mut met = Vec::new();
                    window.each_region(order, |region| {
                        most = most.max(region.rows);
                        let lines = window.lines(&region);
                        for place in 0..region.rows * region.columns {
                            let (line, at) = (place / region.columns, place % region.columns);
                            let output = region.output + line * lines.y_pitch + at * 3;
                            let (row, column) = (output / 3 / columns.output, output / 3 % columns.output);
                            let of = Place { rows: rows.cells(row), columns: columns.cells(column) };
                            assert_eq!(of.count(), region.place.count(), "{window:?}");
                            let offset = window.offset(region.place) + line * lines.x_pitch + at * stride * 2;
                            assert!(of.count() == 0 || window.offset(of) == offset, "{window:?} at {row}, {column}");
                            met.push(output);
                        }
                    });
                    if matches!(order, Order::Any) {
                        met.sort_unstable();
                    }
                    assert!(met.into_iter().eq((0..rows.output * columns.output).map(|at| 3 * at)), "{window:?}");
                }
            }
        }
        assert_eq!(most, 6);
    }
}
