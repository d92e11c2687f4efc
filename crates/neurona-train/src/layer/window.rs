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

/// Where the values lie that a window meets, in an input with zeros around it where the window reaches beyond it.
pub(super) struct Lattice {
    /// Where the window begins in each of its places.
    pub(super) places: Vec<usize>,
    /// How far from there the first channel of each of its cells lies.
    pub(super) cells: Vec<usize>,
    /// Values of a row of the input.
    width: usize,
    /// The same with the zeros around it.
    padded: usize,
    /// Where the input begins in that.
    start: usize,
}

impl Lattice {
    pub(super) fn new(window: &WindowSpec) -> Self {
        let [rows, columns] = [0, 1].map(|axis| Axis::new(window, axis));
        let channels = window.input.channels();
        let width = columns.padded() * channels;
        Self {
            places: grid((rows.places, rows.stride * width), (columns.places, columns.stride * channels)),
            cells: grid((rows.kernel, rows.dilation * width), (columns.kernel, columns.dilation * channels)),
            width: columns.cells * channels,
            padded: width,
            start: rows.before * width + columns.before * channels,
        }
    }

    /// The input with zeros around it, for which `padded`, of [`padded_len`], has the zeros already.
    pub(super) fn pad<'a>(&self, x: &'a [f32], padded: &'a mut [f32]) -> &'a [f32] {
        if padded.is_empty() {
            return x;
        }
        for (to, from) in padded[self.start..].chunks_mut(self.padded).zip(x.chunks_exact(self.width)) {
            to[..from.len()].copy_from_slice(from);
        }
        padded
    }
}

/// Where so many rows and columns begin, row by row, with these distances from one row and one column to the next.
fn grid((rows, down): (usize, usize), (columns, across): (usize, usize)) -> Vec<usize> {
    let mut places = Vec::with_capacity(rows * columns);
    for row in 0..rows {
        places.extend((0..columns).map(|column| row * down + column * across));
    }
    places
}

/// The most values that may be missing around an input: zeros of 64 MiB for each shard of a batch.
pub(crate) const MOST_AROUND: usize = 1 << 24;

/// Number of values that the window meets, or lies over, outside of its input.
pub(crate) fn around(window: &WindowSpec) -> usize {
    padded_len(window).saturating_sub(window.input.len())
}

/// What is wrong with a window that a device could have: that it needs more zeros around its input than this computer should
/// make.
pub(super) fn fault(window: &WindowSpec) -> Option<&'static str> {
    (around(window) > MOST_AROUND).then_some("the window reaches over more than 2^24 values outside of its input")
}

/// Bytes of the [`cells`] of a window.
pub(super) fn bytes_of_cells(window: &WindowSpec) -> usize {
    window.output.cells().saturating_mul(window.kernel_cells()).saturating_mul(size_of::<Cell>())
}

/// Number of values of an input with zeros around it; 0 where the window needs none.
pub(super) fn padded_len(window: &WindowSpec) -> usize {
    let [rows, columns] = [0, 1].map(|axis| Axis::new(window, axis));
    let needed = [&rows, &columns].into_iter().any(|axis| axis.padded() > axis.cells);
    if needed { rows.padded().saturating_mul(columns.padded()).saturating_mul(window.input.channels()) } else { 0 }
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

    /// Number of cells with those that the window needs around the input.
    fn padded(&self) -> usize {
        let last = self.places.saturating_sub(1).saturating_mul(self.stride);
        let reach = self.kernel.saturating_sub(1).saturating_mul(self.dilation).saturating_add(1);
        last.saturating_add(reach).max(self.before.saturating_add(self.cells))
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
    fn a_lattice_meets_the_same_cells() {
        let image = |height, width| Shape::Image { height, width, channels: 2 };
        let explicit = |left, right| PaddingSpec::Explicit { top: 1, bottom: 0, left, right };
        for (padding, kernel, dilation, [height, width]) in [
            (PaddingSpec::Valid, [3, 2], [1, 1], [2, 6]),
            (PaddingSpec::Same, [3, 3], [1, 1], [3, 7]),
            (PaddingSpec::Same, [2, 5], [1, 2], [3, 7]),
            (explicit(7, 9), [2, 3], [2, 1], [2, 21]),
        ] {
            let (input, output) = (image(5, 7), image(height, width));
            let window = WindowSpec { input, output, kernel, stride: [2, 1], dilation, padding };
            let lattice = Lattice::new(&window);
            let x: Vec<f32> = (1..=70).map(|value| value as f32).collect();
            let mut padded = vec![0.0; padded_len(&window)];
            let padded = lattice.pad(&x, &mut padded);
            let mut expected = vec![0.0; lattice.places.len() * lattice.cells.len() * 2];
            each_run(&window, false, |place, cell, _, from| {
                expected[(place * lattice.cells.len() + cell) * 2..][..2].copy_from_slice(&x[from..][..2])
            });
            let met = lattice.places.iter().flat_map(|place| lattice.cells.iter().map(move |cell| place + cell));
            let found: Vec<f32> = met.flat_map(|at| [padded[at], padded[at + 1]]).collect();
            assert_eq!(found, expected, "{window:?}");
        }
    }
}
