//! Convolution, as the field calls the correlation of an input with filters.
//!
//! A cell of the window that lies outside of the input has no part in a sum.

use core::{mem, num::NonZeroUsize};

use super::blocks::{self, Windows};
use super::{Window, axpy, window::Place};

/// Convolution: `y[p][o] = bias[o] + sum over k and c of weights[o][k][c] * x[p + k][c]`, where `p + k` is the cell of the
/// input that the cell k of the window meets in its place p.
///
/// Each sum begins with the bias and goes up in k, row by row, and for each k in c. Where `seen` is less than the number of
/// channels, the filters are in groups: those of the first group see the first `seen` channels, and so on.
///
/// # Shapes
///
/// `weights` is (filters, kernel rows, kernel columns, seen), `bias` is (filters); `x` and `y` are as [`Window`] says.
#[inline]
pub fn conv_forward(window: &Window, seen: usize, weights: &[f32], bias: &[f32], x: &[f32], y: &mut [f32]) {
    let Some(Filter { len, group, .. }) = Filter::new(window, seen) else { return };
    let per_row = (window.columns.output * window.filters).max(1);
    let inner = window.columns.inner();
    for (row, y) in y.chunks_exact_mut(per_row).take(window.rows.output).enumerate() {
        let (mut channel, mut filter) = (0, 0);
        let groups = weights.chunks_exact((group.get() * len.get()).max(1)).zip(bias.chunks_exact(group.get()));
        for (weights, bias) in groups {
            let rows = window.rows.cells(row);
            let strip = Strip { window, inner, seen, channel, rows, weights, len: len.get(), bias, x };
            strip.forward(y.get_mut(filter..).unwrap_or_default());
            channel += seen;
            filter += group.get();
        }
    }
}

/// Adds the gradient with respect to the inputs: `dx[p + k][c] += sum over p and o of weights[o][k][c] * dz[p][o]`.
///
/// Each sum begins with what `dx` holds and goes up in p, row by row, and for each p in o.
///
/// # Shapes
///
/// As those of [`conv_forward`]; `dz` is as its `y`, `dx` as its `x`.
pub fn conv_backward_inputs(window: &Window, seen: usize, weights: &[f32], dz: &[f32], dx: &mut [f32]) {
    let Some(Filter { len, group, .. }) = Filter::new(window, seen) else { return };
    let mut places = dz.chunks_exact(window.filters.max(1));
    window.each_place(|place| {
        let Some(dz) = places.next() else { return };
        let mut channel = 0;
        for (dz, weights) in dz.chunks_exact(group.get()).zip(weights.chunks_exact((group.get() * len.get()).max(1))) {
            window.each_run(place, seen, channel, |run| {
                if let (Some(weights), Some(dx)) = (weights.get(run.weights..), run.of_input_mut(dx)) {
                    blocks::sums_of_columns(weights, len.get(), dz, dx);
                }
            });
            channel += seen;
        }
    });
}

/// Adds the gradient with respect to the weights, times `scale`: `weights[o][k][c] += scale * sum over p of dz[p][o] *
/// x[p + k][c]` and `bias[o] += scale * sum over p of dz[p][o]`.
///
/// Each sum begins with zero and goes up in p, row by row; it is then rounded into its target once. With a gradient as the
/// target and 1 as the scale it accumulates; with the weights themselves and minus the learning rate it learns in place.
///
/// # Shapes
///
/// As those of [`conv_forward`]; `dz` is as its `y`.
pub fn conv_backward_weights(
    window: &Window,
    seen: usize,
    weights: &mut [f32],
    bias: &mut [f32],
    x: &[f32],
    dz: &[f32],
    scale: f32,
) {
    let Some(Filter { len, cell, group }) = Filter::new(window, seen) else { return };
    let (mut channel, mut filter) = (0, 0);
    let groups = bias.chunks_exact_mut(group.get()).zip(weights.chunks_exact_mut((group.get() * len.get()).max(1)));
    for (bias, weights) in groups {
        for (bias, weights) in bias.iter_mut().zip(weights.chunks_exact_mut(len.get())) {
            *bias += scale * window.sum(dz, filter);
            for (at, weights) in weights.chunks_exact_mut(cell.get()).enumerate() {
                for (c, weight) in weights.iter_mut().enumerate() {
                    *weight += scale * window.correlate(at, x, channel + c, dz, filter);
                }
            }
            filter += 1;
        }
        channel += seen;
    }
}

/// The part of [`conv_backward_weights`] for the weights of one filter, to the same bits.
///
/// # Shapes
///
/// `weights` is (kernel rows, kernel columns, seen); the others are as there.
pub fn conv_backward_filter(
    window: &Window,
    seen: usize,
    filter: usize,
    weights: &mut [f32],
    x: &[f32],
    dz: &[f32],
    scale: f32,
) {
    let Some(Filter { cell, group, .. }) = Filter::new(window, seen) else { return };
    let channel = filter / group * seen;
    for (at, weights) in weights.chunks_exact_mut(cell.get()).enumerate() {
        for (c, weight) in weights.iter_mut().enumerate() {
            *weight += scale * window.correlate(at, x, channel + c, dz, filter);
        }
    }
}

/// Convolution of each channel by itself: `y[p][o] = bias[o] + sum over k of weights[k][o] * x[p + k][o / m]`, with `m` as
/// many outputs for each channel as there are filters for one.
///
/// Each sum begins with the bias and goes up in k, row by row.
///
/// # Shapes
///
/// `weights` is (kernel rows, kernel columns, filters), `bias` is (filters); `x` and `y` are as [`Window`] says.
pub fn depthwise_forward(window: &Window, weights: &[f32], bias: &[f32], x: &[f32], y: &mut [f32]) {
    let Some(multiplier) = window.multiplier() else { return };
    if multiplier.get() == 1 {
        return one_for_each(window, weights, bias, x, y);
    }
    let mut places = y.chunks_exact_mut(window.filters.max(1));
    window.each_place(|place| {
        let Some(y) = places.next() else { return };
        for (y, bias) in y.iter_mut().zip(bias) {
            *y = *bias;
        }
        window.each_cell(place, |cell, from| {
            let (Some(weights), Some(x)) = (weights.get(cell * window.filters..), x.get(from..)) else { return };
            let of_channels = y.chunks_exact_mut(multiplier.get()).zip(weights.chunks_exact(multiplier.get()));
            for ((y, weights), x) in of_channels.zip(x) {
                axpy(*x, weights, y);
            }
        });
    });
}

/// [`depthwise_forward`] of as many filters as channels.
fn one_for_each(window: &Window, weights: &[f32], bias: &[f32], x: &[f32], y: &mut [f32]) {
    let mut rest = y;
    window.each_stretch(|place, count| {
        let Some((y, after)) = mem::take(&mut rest).split_at_mut_checked(count * window.channels) else { return };
        let ((row, ..), (column, ..)) = (place.rows, place.columns);
        let next_row = window.columns.kernel * window.channels;
        let weights = weights.get(row * next_row + column * window.channels..).unwrap_or_default();
        blocks::weigh(&window.cells(place, count, x), weights, next_row, Some(bias), y);
        rest = after;
    });
}

/// Adds the gradient with respect to the inputs: `dx[p + k][o / m] += sum over p, k and o of weights[k][o] * dz[p][o]`.
///
/// Each sum begins with what `dx` holds and goes up in p, row by row, and for each p in o.
///
/// # Shapes
///
/// As those of [`depthwise_forward`]; `dz` is as its `y`, `dx` as its `x`.
pub fn depthwise_backward_inputs(window: &Window, weights: &[f32], dz: &[f32], dx: &mut [f32]) {
    let Some(multiplier) = window.multiplier() else { return };
    let mut places = dz.chunks_exact(window.filters.max(1));
    window.each_place(|place| {
        let Some(dz) = places.next() else { return };
        window.each_cell(place, |cell, from| {
            let (Some(weights), Some(dx)) = (weights.get(cell * window.filters..), dx.get_mut(from..)) else { return };
            let of_channels = dz.chunks_exact(multiplier.get()).zip(weights.chunks_exact(multiplier.get()));
            for ((dz, weights), dx) in of_channels.zip(dx) {
                for (dz, weight) in dz.iter().zip(weights) {
                    *dx += weight * dz;
                }
            }
        });
    });
}

/// Adds the gradient with respect to the weights, times `scale`: `weights[k][o] += scale * sum over p of dz[p][o] * x[p +
/// k][o / m]` and `bias[o] += scale * sum over p of dz[p][o]`.
///
/// Sums, target and scale are as in [`conv_backward_weights`].
///
/// # Shapes
///
/// As those of [`depthwise_forward`]; `dz` is as its `y`.
pub fn depthwise_backward_weights(
    window: &Window,
    weights: &mut [f32],
    bias: &mut [f32],
    x: &[f32],
    dz: &[f32],
    scale: f32,
) {
    let Some(multiplier) = window.multiplier() else { return };
    for (filter, bias) in bias.iter_mut().enumerate() {
        *bias += scale * window.sum(dz, filter);
    }
    for (cell, weights) in weights.chunks_exact_mut(window.filters.max(1)).enumerate() {
        let mut filter = 0;
        for (channel, weights) in weights.chunks_exact_mut(multiplier.get()).enumerate() {
            for weight in weights {
                *weight += scale * window.correlate(cell, x, channel, dz, filter);
                filter += 1;
            }
        }
    }
}

/// The part of [`depthwise_backward_weights`] for one filter and one cell of the window, to the same bits.
///
/// # Shapes
///
/// `weight` is (1); the others are as there.
pub fn depthwise_backward_cell(
    window: &Window,
    filter: usize,
    cell: usize,
    weight: &mut [f32],
    x: &[f32],
    dz: &[f32],
    scale: f32,
) {
    let (Some(multiplier), [weight]) = (window.multiplier(), weight) else { return };
    *weight += scale * window.correlate(cell, x, filter / multiplier, dz, filter);
}

/// The sizes of a filter.
#[derive(Clone, Copy)]
struct Filter {
    /// Number of its weights.
    len: NonZeroUsize,
    /// Number of its weights for a cell, which is the number of channels that it sees.
    cell: NonZeroUsize,
    /// Number of filters that see the same channels.
    group: NonZeroUsize,
}

impl Filter {
    fn new(window: &Window, seen: usize) -> Option<Self> {
        let groups = window.channels.checked_div(seen)?;
        Some(Self {
            len: NonZeroUsize::new(window.rows.kernel * window.columns.kernel * seen)?,
            cell: NonZeroUsize::new(seen)?,
            group: NonZeroUsize::new(window.filters.checked_div(groups)?)?,
        })
    }
}

impl Window {
    /// Number of outputs for each channel.
    fn multiplier(&self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.filters.checked_div(self.channels)?)
    }

    /// The sum of a filter's values over all places, from zero.
    pub(super) fn sum(&self, dz: &[f32], filter: usize) -> f32 {
        let mut sum = 0.0;
        for dz in dz.get(filter..).unwrap_or_default().iter().step_by(self.filters.max(1)) {
            sum += dz;
        }
        sum
    }

    /// The sum over the places p of `dz[p][filter] * x[p + cell][channel]`, from zero, row by row.
    pub(super) fn correlate(&self, cell: usize, x: &[f32], channel: usize, dz: &[f32], filter: usize) -> f32 {
        let Some(kernel_row) = cell.checked_div(self.columns.kernel) else { return 0.0 };
        let kernel_column = cell - kernel_row * self.columns.kernel;
        let (first, end, mut row) = self.rows.places(kernel_row);
        let (first_column, end_column, column) = self.columns.places(kernel_column);
        let mut sum = 0.0;
        for place_row in first..end {
            let x = x.get((row * self.columns.input + column) * self.channels + channel..).unwrap_or_default();
            let dz = dz.get((place_row * self.columns.output + first_column) * self.filters + filter..);
            let x = x.iter().step_by((self.columns.stride * self.channels).max(1));
            let dz = dz.unwrap_or_default().iter().step_by(self.filters.max(1));
            for (x, dz) in x.zip(dz).take(end_column.saturating_sub(first_column)) {
                sum += dz * x;
            }
            row += self.rows.stride;
        }
        sum
    }

    /// Calls `f` for each run of weights that meet values next to each other: the channels of a cell, or, where the cells
    /// of a row are neighbours and all of their channels are seen, those of the row.
    #[inline]
    fn each_run(&self, place: Place, seen: usize, channel: usize, mut f: impl FnMut(Run)) {
        if seen < self.channels || self.columns.dilation > 1 {
            self.each_cell(place, |cell, from| f(Run { weights: cell * seen, x: from + channel, len: seen }));
            return;
        }
        let (first, end, column) = place.columns;
        let rows = Place { columns: (0, usize::from(first < end), column), ..place };
        let len = end.saturating_sub(first) * seen;
        self.each_cell(rows, |cell, from| f(Run { weights: (cell + first) * seen, x: from, len }));
    }
}

/// Weights and values that are multiplied pair by pair.
#[derive(Clone, Copy)]
struct Run {
    weights: usize,
    x: usize,
    len: usize,
}

impl Run {
    #[inline]
    fn of_input_mut(self, x: &mut [f32]) -> Option<&mut [f32]> {
        x.get_mut(self.x..)?.get_mut(..self.len)
    }
}

/// The filters of a group in a row of places.
#[derive(Clone, Copy)]
struct Strip<'a> {
    window: &'a Window,
    /// The places of the columns in which all of the window's lie within the input.
    inner: (usize, usize),
    /// Number of channels that the group sees, and the first of them.
    seen: usize,
    channel: usize,
    /// What [`Axis::cells`](super::Axis::cells) says of the rows of the window.
    rows: (usize, usize, usize),
    weights: &'a [f32],
    /// From filter to filter.
    len: usize,
    bias: &'a [f32],
    x: &'a [f32],
}

impl Strip<'_> {
    /// `y` begins with the group's outputs in the first place.
    fn forward(self, y: &mut [f32]) {
        let columns = &self.window.columns;
        let (first, end) = self.inner;
        let mut column = 0;
        while column < columns.output {
            let count = if column == first && first < end { end - first } else { 1 };
            self.places(column, count, y.get_mut(column * self.window.filters..).unwrap_or_default());
            column += count;
        }
    }

    /// Places next to each other in which the same cells of the window lie within the input.
    fn places(self, column: usize, count: usize, y: &mut [f32]) {
        let Self { window: Window { rows, columns, channels, filters }, seen, .. } = self;
        let (first_row, end_row, row) = self.rows;
        let (first_column, end_column, from) = columns.cells(column);
        let cells = end_column.saturating_sub(first_column);
        // Cells that are neighbours and whose channels are all seen make one run.
        let neighbours = seen == *channels && columns.dilation == 1;
        let (run, runs) = if neighbours { (cells * seen, 1) } else { (seen, cells) };
        let pitch = rows.dilation * columns.input * channels;
        let mut of = Windows {
            weights: self.weights.get((first_row * columns.kernel + first_column) * seen..).unwrap_or_default(),
            stride: self.len,
            rows: self.bias.len(),
            x: self.x.get((row * columns.input + from) * channels + self.channel..).unwrap_or_default(),
            columns: run,
            runs,
            skip: (columns.dilation * channels).saturating_sub(seen),
            places: count,
            x_step: columns.stride * channels,
            y_step: *filters,
        };
        if first_row >= end_row || cells == 0 {
            (of.weights, of.runs) = (self.weights, 0);
            return blocks::sums(&of, Some(self.bias), y);
        }
        if neighbours && cells == columns.kernel {
            of.runs = end_row.saturating_sub(first_row);
            of.skip = pitch.saturating_sub(run);
            return blocks::sums(&of, Some(self.bias), y);
        }
        // Row by row, the first from the biases.
        let mut bias = Some(self.bias);
        for _ in first_row..end_row {
            blocks::sums(&of, bias.take(), y);
            of.weights = of.weights.get(columns.kernel * seen..).unwrap_or_default();
            of.x = of.x.get(pitch..).unwrap_or_default();
        }
    }
}
