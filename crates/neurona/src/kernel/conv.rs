//! Convolution, as the field calls the correlation of an input with filters.
//!
//! A cell of the window that lies outside of the input has no part in a sum.

use core::num::NonZeroUsize;

use super::Window;
use super::blocks::{self, Cells, Places, Windows};
use super::window::{Order, Place, Region};

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
    let Some(Filter { len, group, groups, .. }) = Filter::new(window, seen) else { return };
    let (mut channel, mut filter) = (0, 0);
    let of_groups = weights.chunks_exact((group.get() * len.get()).max(1)).zip(bias.chunks_exact(group.get()));
    for (weights, bias) in of_groups.take(groups) {
        let group = Group { window, seen, channel, weights, len: len.get(), bias, x };
        group.forward(y.get_mut(filter..).unwrap_or_default());
        channel += seen;
        filter += bias.len();
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
    let Some(Filter { len, group, groups, .. }) = Filter::new(window, seen) else { return };
    let next_row = window.columns.kernel * seen;
    let dz = window.whole_places(dz);
    for (at, weights) in weights.chunks_exact((group.get() * len.get()).max(1)).take(groups).enumerate() {
        window.each_region(Order::RowByRow, |region| {
            let (row, column) = (region.place.rows.0, region.place.columns.0);
            let weights = weights.get(row * next_row + column * seen..).unwrap_or_default();
            let dz = dz.get(region.output + at * group.get()..).unwrap_or_default();
            let dx = dx.get_mut(window.offset(region.place) + at * seen..).unwrap_or_default();
            let filters = [group.get(), window.filters];
            blocks::spread_sums(&window.runs_of_cells(&region, seen), weights, [len.get(), next_row], dz, filters, dx);
        });
    }
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
    let Some(Filter { len, cell, group, groups }) = Filter::new(window, seen) else { return };
    // Where the same places see all cells of a row, which are neighbours, their weights are as those of one cell.
    let (run, cells) = window.runs(seen).unwrap_or((cell, 1));
    let (mut channel, mut filter) = (0, 0);
    let of_groups = bias.chunks_exact_mut(group.get()).zip(weights.chunks_exact_mut((group.get() * len.get()).max(1)));
    for (bias, weights) in of_groups.take(groups) {
        window.add_sums(bias, dz, filter, scale);
        for at in 0..len.get() / run {
            let weights = weights.get_mut(at * run.get()..).unwrap_or_default();
            if let Some(places) = window.places(at * cells, x, channel, dz, filter) {
                blocks::correlate(&places, [group.get(), run.get()], weights, len.get(), scale);
            }
        }
        filter += group.get();
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
    let (run, cells) = window.runs(seen).unwrap_or((cell, 1));
    let channel = filter / group * seen;
    for (at, weights) in weights.chunks_exact_mut(run.get()).enumerate() {
        if let Some(places) = window.places(at * cells, x, channel, dz, filter) {
            blocks::correlate(&places, [1, run.get()], weights, 0, scale);
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
    let y = window.whole_places_mut(y);
    window.begin(bias, y);
    for filter in 0..window.filters {
        let weights = weights.get(filter..).unwrap_or_default();
        window.sum_channel(filter / multiplier, weights, window.filters, x, filter, y);
    }
}

/// [`depthwise_forward`] of as many filters as channels.
fn one_for_each(window: &Window, weights: &[f32], bias: &[f32], x: &[f32], y: &mut [f32]) {
    window.each_region(Order::Any, |region| {
        let (weights, next_row) = window.weights_of_channels(region.place, weights);
        let y = y.get_mut(region.output..).unwrap_or_default();
        blocks::weigh(&window.cells(&region, x), weights, next_row, Some(bias), y);
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
    if multiplier.get() == 1 {
        return window.each_region(Order::RowByRow, |region| {
            let (weights, next_row) = window.weights_of_channels(region.place, weights);
            let dz = dz.get(region.output..).unwrap_or_default();
            let dx = dx.get_mut(window.offset(region.place)..).unwrap_or_default();
            blocks::spread_products(&window.cells(&region, &[]), weights, next_row, dz, dx);
        });
    }
    let dz = window.whole_places(dz);
    // The last cell of the window meets a value in its first place: so a sum goes up in p.
    let cells = weights.chunks_exact(window.filters.max(1)).take(window.kernel_cells());
    for (cell, weights) in cells.enumerate().rev() {
        let Some(met) = window.met(cell) else { continue };
        for (filter, weight) in weights.iter().enumerate() {
            met.spread(*weight, dz, filter, dx, filter / multiplier);
        }
    }
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
    window.add_sums(bias, dz, 0, scale);
    let cells = weights.chunks_exact_mut(window.filters.max(1)).take(window.kernel_cells());
    for (cell, weights) in cells.enumerate() {
        if multiplier.get() == 1 {
            if let Some(places) = window.places(cell, x, 0, dz, 0) {
                blocks::correlate_each(&places, weights, scale);
            }
            continue;
        }
        for (channel, weights) in weights.chunks_exact_mut(multiplier.get()).enumerate() {
            if let Some(places) = window.places(cell, x, channel, dz, channel * multiplier.get()) {
                blocks::correlate(&places, [multiplier.get(), 1], weights, 1, scale);
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
    let (Some(multiplier), [_]) = (window.multiplier(), &weight) else { return };
    if let Some(places) = window.places(cell, x, filter / multiplier, dz, filter) {
        blocks::correlate(&places, [1, 1], weight, 0, scale);
    }
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
    /// Number of such groups.
    groups: usize,
}

impl Filter {
    fn new(window: &Window, seen: usize) -> Option<Self> {
        let groups = window.channels.checked_div(seen)?;
        Some(Self {
            len: NonZeroUsize::new(window.rows.kernel * window.columns.kernel * seen)?,
            cell: NonZeroUsize::new(seen)?,
            group: NonZeroUsize::new(window.filters.checked_div(groups)?)?,
            groups,
        })
    }
}

impl Window {
    /// Number of outputs for each channel.
    fn multiplier(&self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.filters.checked_div(self.channels)?)
    }

    /// The weights of the first cell of a place and on, where each channel has one in each cell, and how far it is from those
    /// of a row to those of the next.
    fn weights_of_channels<'a>(&self, place: Place, weights: &'a [f32]) -> (&'a [f32], usize) {
        let next_row = self.columns.kernel * self.channels;
        let from = place.rows.0 * next_row + place.columns.0 * self.channels;
        (weights.get(from..).unwrap_or_default(), next_row)
    }

    /// Adds the sums over all places of the gradients of some filters, from one on, times a scale.
    pub(super) fn add_sums(&self, bias: &mut [f32], dz: &[f32], filter: usize, scale: f32) {
        blocks::add_sums(dz.get(filter..).unwrap_or_default(), self.filters, bias, scale);
    }

    /// The places where a cell of the window is within the input, with the gradients of the filters from one on, and the values of
    /// the channels from one on; `None` where there is no such place.
    pub(super) fn places<'a>(
        &self,
        cell: usize,
        x: &'a [f32],
        channel: usize,
        dz: &'a [f32],
        filter: usize,
    ) -> Option<Places<'a>> {
        let Met { places, dz: dz_from, x: x_from } = self.met(cell)?;
        Some(Places { dz: dz.get(dz_from + filter..)?, x: x.get(x_from + channel..)?, ..places })
    }

    /// The places where a cell of the window is within the input, if it is in one.
    pub(super) fn met(&self, cell: usize) -> Option<Met> {
        let kernel_row = cell.checked_div(self.columns.kernel)?;
        let (first, end, row) = self.rows.places(kernel_row);
        let (first_column, end_column, column) = self.columns.places(cell - kernel_row * self.columns.kernel);
        let places = Places {
            dz: &[],
            dz_step: self.filters,
            dz_pitch: self.columns.output * self.filters,
            x: &[],
            x_step: self.columns.stride * self.channels,
            x_pitch: self.rows.stride * self.columns.input * self.channels,
            rows: end.saturating_sub(first),
            columns: end_column.saturating_sub(first_column),
        };
        let dz = (first * self.columns.output + first_column) * self.filters;
        let x = (row * self.columns.input + column) * self.channels;
        (places.rows > 0 && places.columns > 0).then_some(Met { places, dz, x })
    }

    /// How many of so many outputs, or gradients of them, are of places that are there as a whole.
    fn of_whole_places(&self, outputs: usize) -> usize {
        let there = outputs.checked_div(self.filters).unwrap_or_default();
        let places = self.rows.output * self.columns.output;
        if there < places { there * self.filters } else { places * self.filters }
    }

    /// The gradients of outputs in places that are there as a whole.
    pub(super) fn whole_places<'a>(&self, dz: &'a [f32]) -> &'a [f32] {
        dz.get(..self.of_whole_places(dz.len())).unwrap_or_default()
    }

    /// The outputs in places that are there as a whole.
    pub(super) fn whole_places_mut<'a>(&self, y: &'a mut [f32]) -> &'a mut [f32] {
        y.get_mut(..self.of_whole_places(y.len())).unwrap_or_default()
    }

    /// Begins the sums with the biases of their filters, as many as there are.
    pub(super) fn begin(&self, bias: &[f32], y: &mut [f32]) {
        for y in y.chunks_exact_mut(self.filters.max(1)) {
            y.iter_mut().zip(bias).for_each(|(y, bias)| *y = *bias);
        }
    }

    /// Adds to the sums of a filter those of a channel; from column to column of the window it is `weight_step` weights.
    pub(super) fn sum_channel(
        &self,
        channel: usize,
        weights: &[f32],
        weight_step: usize,
        x: &[f32],
        filter: usize,
        y: &mut [f32],
    ) {
        let next_row = self.columns.kernel * weight_step;
        let x = x.get(channel..).unwrap_or_default();
        self.each_region(Order::Any, |region| {
            let cells = Cells { channels: 1, ..self.cells(&region, x) };
            let (row, column) = (region.place.rows.0, region.place.columns.0);
            let weights = weights.get(row * next_row + column * weight_step..).unwrap_or_default();
            let y = y.get_mut(region.output + filter..).unwrap_or_default();
            blocks::sum_channel(&cells, weights, [weight_step, next_row], y, self.filters);
        });
    }

    /// Number of weights of a row of the window, and of its cells, where the cells are neighbours, all of their channels are seen,
    /// and every place sees all of them.
    fn runs(&self, seen: usize) -> Option<(NonZeroUsize, usize)> {
        let whole =
            seen == self.channels && self.columns.dilation == 1 && self.columns.inner() == (0, self.columns.output);
        let cells = self.columns.kernel;
        if whole { Some((NonZeroUsize::new(cells * seen)?, cells)) } else { None }
    }

    /// The cells of a region, or, where the cells of a row are neighbours and all of their channels are seen, the rows of cells.
    fn runs_of_cells(&self, region: &Region, seen: usize) -> Cells<'static> {
        let cells = Cells { channels: seen, ..self.cells(region, &[]) };
        if seen < self.channels || self.columns.dilation > 1 {
            return cells;
        }
        Cells { columns: 1, channels: cells.columns * seen, ..cells }
    }
}

/// The places where a cell of the window is within the input, without gradients and values yet, and where those of the first filter and
/// the first channel are in the first place.
#[derive(Clone, Copy)]
pub(super) struct Met {
    places: Places<'static>,
    dz: usize,
    x: usize,
}

impl Met {
    /// Adds a filter's gradients, times the weight, to those of a channel.
    pub(super) fn spread(&self, weight: f32, dz: &[f32], filter: usize, dx: &mut [f32], channel: usize) {
        let (Some(dz), Some(dx)) = (dz.get(self.dz + filter..), dx.get_mut(self.x + channel..)) else { return };
        blocks::spread_weight(&Places { dz, ..self.places }, weight, dx);
    }
}

/// The filters that see the same channels.
#[derive(Clone, Copy)]
struct Group<'a> {
    window: &'a Window,
    /// Number of channels that they see, and the first of them.
    seen: usize,
    channel: usize,
    weights: &'a [f32],
    /// From filter to filter.
    len: usize,
    bias: &'a [f32],
    x: &'a [f32],
}

impl<'a> Group<'a> {
    /// `y` begins with the group's outputs in the first place.
    fn forward(&self, y: &mut [f32]) {
        self.window
            .each_region(Order::Any, |region| self.region(&region, y.get_mut(region.output..).unwrap_or_default()));
    }

    /// From row to row of the input.
    fn row(&self) -> usize {
        self.window.columns.input * self.window.channels
    }

    /// The first row of the cells that a region meets.
    fn row_of_cells(&self, region: &Region) -> Windows<'a> {
        let Self { window: Window { columns, channels, filters, .. }, seen, .. } = *self;
        let ((first_row, _, row), (first_column, end_column, from)) = (region.place.rows, region.place.columns);
        let cells = end_column.saturating_sub(first_column);
        // Cells that are neighbours and whose channels are all seen make one run.
        let neighbours = seen == *channels && columns.dilation == 1;
        let (run, runs) = if neighbours { (cells * seen, 1) } else { (seen, cells) };
        Windows {
            weights: self.weights.get((first_row * columns.kernel + first_column) * seen..).unwrap_or_default(),
            stride: self.len,
            rows: self.bias.len(),
            x: self.x.get(row * self.row() + from * channels + self.channel..).unwrap_or_default(),
            columns: run,
            runs,
            skip: (columns.dilation * channels).saturating_sub(seen),
            places: region.columns,
            x_step: columns.stride * channels,
            y_step: *filters,
            lines: self.window.lines(region),
        }
    }

    /// The outputs of a region.
    fn region(&self, region: &Region, y: &mut [f32]) {
        let ((first_row, end_row, _), (first_column, end_column, _)) = (region.place.rows, region.place.columns);
        let mut of = self.row_of_cells(region);
        if first_row >= end_row || first_column >= end_column {
            (of.weights, of.runs) = (self.weights, 0);
            return blocks::sums(&of, Some(self.bias), y);
        }
        // Rows of cells that follow one another in the weights are one piece of work, each of them a run.
        let next_row = self.window.rows.dilation * self.row();
        let mut rows = end_row - first_row;
        if of.runs == 1 && end_column - first_column == self.window.columns.kernel {
            (of.runs, of.skip) = (rows, next_row.saturating_sub(of.columns));
            rows = 1;
        }
        // Otherwise row by row, the first from the biases.
        let mut bias = Some(self.bias);
        for _ in 0..rows {
            blocks::sums(&of, bias.take(), y);
            of.weights = of.weights.get(self.window.columns.kernel * self.seen..).unwrap_or_default();
            of.x = of.x.get(next_row..).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Axis;

    /// There are no more groups than channels for them, however many weights there are.
    #[test]
    fn weights_of_more_groups_are_left_out() {
        let axis = |input| Axis { input, output: input, kernel: 1, stride: 1, dilation: 1, before: 0 };
        let window = Window { rows: axis(1), columns: axis(2), channels: 1, filters: 1 };
        let (mut y, mut dx, mut weights, mut bias) = ([0.0; 2], [0.0; 2], [1.0, 10.0], [0.0; 2]);
        conv_forward(&window, 1, &weights, &bias, &[1.0, 1.0], &mut y);
        conv_backward_inputs(&window, 1, &weights, &[1.0, 1.0], &mut dx);
        conv_backward_weights(&window, 1, &mut weights, &mut bias, &[1.0, 1.0], &[1.0, 1.0], 1.0);
        assert_eq!((y, dx, weights, bias), ([1.0; 2], [1.0; 2], [3.0, 10.0], [2.0, 0.0]));
    }
}
