//! Where a window meets its input: the trainer's own walk over it, cell by cell.

use neurona::arch::WindowSpec;

/// Calls `f` for each place of the window and each of its cells that lies within the input: the numbers of the place and of
/// the cell, and where the channels of the cell that it meets begin in the input.
pub(super) fn each_cell(window: &WindowSpec, mut f: impl FnMut(usize, usize, usize)) {
    each_run(window, false, |place, cell, _, from| f(place, cell, from));
}

/// As [`each_cell`], but with `together` cells of a row that are neighbours come as one run: the number of the first and how
/// many there are.
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
