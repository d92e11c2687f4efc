//! Windows over time in the one place where they end with the newest sample: the arithmetic of convolutions and pooling,
//! sample by sample, to the bits of the window form.

use super::axpy;
use super::blocks::{self, Cells, Lines, Windows};
use super::table::each_channel;

/// The samples that a window meets, in a ring: where its beginning has not come yet, only the newest ones.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// Those at the end of the ring.
    older: &'a [f32],
    /// Those at its beginning, up to the newest sample.
    newer: &'a [f32],
    /// The cells of the window that the first of the older and the first of the newer samples meet.
    cells: [usize; 2],
    channels: usize,
}

impl<'a> History<'a> {
    /// The samples of a ring of `len`, of which the newest is at the place `newest`; unless the ring has been `filled`, those
    /// behind that have not come.
    pub fn new(ring: &'a [f32], len: usize, channels: usize, newest: usize, filled: bool) -> Self {
        let (newer, older) = ring.split_at_checked((newest + 1) * channels).unwrap_or((ring, &[]));
        let older = if filled { older } else { &[] };
        Self { older, newer, cells: [0, len.saturating_sub(newest + 1)], channels }
    }

    /// The cells of the window that have come, from the oldest, each with its sample.
    fn each_cell(self) -> impl Iterator<Item = (usize, &'a [f32])> {
        let [older, newer] = [self.older, self.newer].map(|samples| samples.chunks_exact(self.channels.max(1)));
        let [first, second] = self.cells;
        (first..).zip(older).chain((second..).zip(newer))
    }
}

/// One place of [`conv_forward`](super::conv_forward): `y[o] = bias[o] + sum over k and c of weights[o][k][c] * x[k][c]`, in
/// its order.
///
/// # Shapes
///
/// `weights` is (filters, kernel, `seen`), `bias` and `y` are (filters).
pub fn conv_step(seen: usize, weights: &[f32], bias: &[f32], history: History<'_>, y: &mut [f32]) {
    let (Some(groups), Some(len)) = (history.channels.checked_div(seen), weights.len().checked_div(y.len())) else {
        return;
    };
    let (len, group) = (len.max(1), y.len().checked_div(groups).unwrap_or_default().max(1));
    let groups = y.chunks_exact_mut(group).zip(bias.chunks_exact(group));
    let mut channel = 0;
    for ((y, bias), weights) in groups.zip(weights.chunks_exact((group * len).max(1))) {
        let mut bias = Some(bias);
        for (samples, cell) in [(history.older, history.cells[0]), (history.newer, history.cells[1])] {
            let cells = samples.len().checked_div(history.channels).unwrap_or_default();
            let whole = seen == history.channels;
            let of = Windows {
                weights: weights.get(cell * seen..).unwrap_or_default(),
                stride: len,
                rows: y.len(),
                x: samples.get(channel..).unwrap_or_default(),
                columns: if whole { cells * seen } else { seen },
                runs: if whole { 1 } else { cells },
                skip: history.channels.saturating_sub(seen),
                places: 1,
                x_step: 0,
                y_step: 0,
                lines: Lines::ONE,
            };
            blocks::sums(&of, bias.take(), y);
        }
        channel += seen;
    }
}

/// One place of [`depthwise_forward`](super::depthwise_forward), in its order.
///
/// # Shapes
///
/// `weights` is (kernel, filters), `bias` and `y` are (filters).
pub fn depthwise_step(weights: &[f32], bias: &[f32], history: History<'_>, y: &mut [f32]) {
    let Some(multiplier) = y.len().checked_div(history.channels) else { return };
    if multiplier == 1 {
        let mut bias = Some(bias);
        for (samples, cell) in [(history.older, history.cells[0]), (history.newer, history.cells[1])] {
            let cells = samples.len().checked_div(history.channels).unwrap_or_default();
            let weights = weights.get(cell * history.channels..).unwrap_or_default();
            blocks::weigh(&Cells::next_to_each_other(samples, cells, history.channels), weights, 0, bias.take(), y);
        }
        return;
    }
    for (y, bias) in y.iter_mut().zip(bias) {
        *y = *bias;
    }
    for (cell, x) in history.each_cell() {
        let weights = weights.get(cell * y.len()..).unwrap_or_default().chunks_exact(multiplier.max(1));
        for ((y, weights), x) in y.chunks_exact_mut(multiplier.max(1)).zip(weights).zip(x) {
            axpy(*x, weights, y);
        }
    }
}

/// One place of [`table_conv_forward`](super::table_conv_forward), in its order.
///
/// # Shapes
///
/// `weights` is (connections, `kernel`), `table`, `bias` and `y` are (filters).
pub fn table_conv_step(
    kernel: usize,
    table: &[u64],
    weights: &[f32],
    bias: &[f32],
    history: History<'_>,
    y: &mut [f32],
) {
    let mut kernels = weights.chunks_exact(kernel.max(1));
    for ((y, bias), sees) in y.iter_mut().zip(bias).zip(table) {
        let mut sum = *bias;
        each_channel(*sees, |channel| {
            let Some(weights) = kernels.next() else { return };
            for (cell, x) in history.each_cell() {
                if let (Some(weight), Some(x)) = (weights.get(cell), x.get(channel)) {
                    sum += weight * x;
                }
            }
        });
        *y = sum;
    }
}

/// One place of [`max_pool_forward`](super::max_pool_forward).
///
/// # Shapes
///
/// `y` is (channels).
pub fn max_pool_step(history: History<'_>, y: &mut [f32]) {
    y.fill(f32::NEG_INFINITY);
    for (_, x) in history.each_cell() {
        for (y, x) in y.iter_mut().zip(x) {
            if *x > *y || x.is_nan() {
                *y = *x;
            }
        }
    }
}

/// One place of [`average_pool_forward`](super::average_pool_forward), in its order.
///
/// # Shapes
///
/// `y` is (channels).
pub fn average_pool_step(history: History<'_>, y: &mut [f32]) {
    y.fill(0.0);
    let mut count = 0.0;
    for (_, x) in history.each_cell() {
        for (y, x) in y.iter_mut().zip(x) {
            *y += x;
        }
        count += 1.0;
    }
    for y in y {
        *y /= count;
    }
}
