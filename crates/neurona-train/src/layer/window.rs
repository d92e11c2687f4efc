//! Where a window meets its input: the trainer's own walk over it, cell by cell.

use neurona::arch::WindowSpec;

/// A cell of a window in one of its places, that lies within the input.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    /// The number of the place.
    pub(super) place: usize,
    /// The number of the cell among those of the window.
    pub(super) cell: usize,
    /// Where the channels of the cell that it meets begin in the input.
    pub(super) from: usize,
}

/// Each place of the window and each of its cells that lies within the input: found once for all examples of a batch.
pub(super) fn cells(window: &WindowSpec) -> Vec<Cell> {
    let mut cells = Vec::with_capacity(window.output.cells() * window.kernel_cells());
    each_run(window, false, |place, cell, _, from| cells.push(Cell { place, cell, from }));
    cells
}

/// Calls `f` for each place of the window and each of its [`cells`]; with `together` those of a row that are neighbours come
/// as one run: the number of the place and of the first cell, how many there are, and where they begin in the input.
pub(super) fn each_run(window: &WindowSpec, together: bool, mut f: impl FnMut(usize, usize, usize, usize)) {
    let [rows, columns] = [0, 1].map(|axis| Axis::new(window, axis));
    let channels = window.input.channels();
    let together = together && columns.dilation == 1;
    for place_row in 0..rows.places {
        for place_column in 0..columns.places {
            let place = place_row * columns.places + place_column;
            for kernel_row in 0..rows.kernel {
                let Some(row) = rows.meets(place_row, kernel_row) else { continue };
                let mut met = (0..columns.kernel)
                    .filter_map(|cell| Some((cell, columns.meets(place_column, cell)?)))
                    .map(|(cell, column)| {
                        (kernel_row * columns.kernel + cell, (row * columns.cells + column) * channels)
                    });
                if together {
                    if let Some((cell, from)) = met.next() {
                        f(place, cell, 1 + met.count(), from);
                    }
                } else {
                    met.for_each(|(cell, from)| f(place, cell, 1, from));
                }
            }
        }
    }
}

/// As [`each_run`], but of one channel, and of a window that moves by 1 along a row: for each cell of the window the places of a
/// row come as one run: the number of the first place and of the cell, how many there are, and where they begin in the input.
pub(super) fn each_row(window: &WindowSpec, mut f: impl FnMut(usize, usize, usize, usize)) {
    let [rows, columns] = [0, 1].map(|axis| Axis::new(window, axis));
    for kernel_row in 0..rows.kernel {
        for kernel_column in 0..columns.kernel {
            let ahead = kernel_column * columns.dilation;
            let first = columns.before.saturating_sub(ahead);
            let end = (columns.cells + columns.before).saturating_sub(ahead).min(columns.places);
            for place_row in 0..rows.places {
                let Some(row) = rows.meets(place_row, kernel_row).filter(|_| first < end) else { continue };
                let from = row * columns.cells + first + ahead - columns.before;
                f(place_row * columns.places + first, kernel_row * columns.kernel + kernel_column, end - first, from);
            }
        }
    }
}

/// One axis along which a window slides.
struct Axis {
    cells: usize,
    places: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    before: usize,
}

impl Axis {
    fn new(window: &WindowSpec, axis: usize) -> Self {
        Self {
            cells: window.input.sizes()[axis] as usize,
            places: window.output.sizes()[axis] as usize,
            kernel: window.kernel[axis] as usize,
            stride: window.stride[axis] as usize,
            dilation: window.dilation[axis] as usize,
            before: window.before(axis),
        }
    }

    /// The cell of the input that a cell of the window meets in a place.
    fn meets(&self, place: usize, cell: usize) -> Option<usize> {
        (place * self.stride + cell * self.dilation).checked_sub(self.before).filter(|met| *met < self.cells)
    }
}

#[cfg(test)]
mod tests {
    use neurona::arch::{PaddingSpec, Shape};

    use super::*;

    #[test]
    fn rows_are_the_same_cells() {
        let image = |height, width| Shape::Image { height, width, channels: 1 };
        let explicit = |left, right| PaddingSpec::Explicit { top: 1, bottom: 0, left, right };
        for (padding, kernel, dilation, [height, width]) in [
            (PaddingSpec::Valid, [3, 2], [1, 1], [2, 6]),
            (PaddingSpec::Same, [3, 3], [1, 1], [3, 7]),
            (PaddingSpec::Same, [2, 5], [1, 2], [3, 7]),
            (explicit(7, 9), [2, 3], [2, 1], [2, 21]),
        ] {
            let (input, output) = (image(5, 7), image(height, width));
            let window = WindowSpec { input, output, kernel, stride: [2, 1], dilation, padding };
            let mut expected = Vec::new();
            each_run(&window, false, |place, cell, _, from| expected.push((cell, place, from)));
            expected.sort_unstable();
            let mut found = Vec::new();
            each_row(&window, |place, cell, count, from| {
                found.extend((0..count).map(|at| (cell, place + at, from + at)))
            });
            found.sort_unstable();
            assert_eq!(found, expected, "{window:?}");
        }
    }
}
