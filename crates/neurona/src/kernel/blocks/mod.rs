//! What the weighted sums of all layers have in common: blocks of rows that share their values.
//!
//! Each function has a plain form, which every core can use and which says the order of each sum. On a core with a
//! floating-point unit of single precision `cortex_m` computes the same bits with fewer instructions; on one without any,
//! `soft` computes the sums of the plain forms in integers.

use core::ops::Range;

#[cfg(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"))]
mod cortex_m;
mod plain;
#[cfg(any(soft_float, test))]
mod soft;

#[cfg(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"))]
pub(super) use cortex_m::{
    add, add_outer, add_sums, axpy, copy, correlate, correlate_each, dense_sums, divide, fast_softmax, give, is_finite,
    largest, maximum, relu, relu_backward, rescale, scale, scale_and_shift, spread, spread_products, spread_sums,
    spread_weight, sqrt, square_bound, standardize, sum_channel, sums, sums_of_columns, totals, weigh, zero,
};
#[cfg(not(all(target_arch = "arm", target_os = "none", target_abi = "eabihf")))]
pub(super) use plain::{
    add, add_outer, add_sums, axpy, copy, correlate, correlate_each, dense_sums, divide, fast_softmax, give, is_finite,
    largest, maximum, relu, relu_backward, rescale, scale, scale_and_shift, spread, spread_products, spread_sums,
    spread_weight, sqrt, square_bound, standardize, sum_channel, sums, sums_of_columns, totals, weigh, zero,
};

pub(super) use plain::{each, quotient, rolled_mut, sum_of_products};

/// Rows of weights, and the windows of values that each of them meets.
///
/// A window is some runs of neighbouring values; a row has a weight for each of its values, in their order.
#[derive(Clone, Copy)]
pub(super) struct Windows<'a> {
    pub(super) weights: &'a [f32],
    /// From row to row.
    pub(super) stride: usize,
    /// Number of rows, which is that of the outputs of a place.
    pub(super) rows: usize,
    pub(super) x: &'a [f32],
    /// Number of values of a run.
    pub(super) columns: usize,
    /// Number of runs of a window.
    pub(super) runs: usize,
    /// From the end of a run to the beginning of the next.
    pub(super) skip: usize,
    /// Number of places of the window.
    pub(super) places: usize,
    /// From the values of a place to those of the next.
    pub(super) x_step: usize,
    /// From the outputs of a place to those of the next.
    pub(super) y_step: usize,
    /// Lines of so many places.
    pub(super) lines: Lines,
}

/// Lines of places that are alike, one after another.
#[derive(Clone, Copy)]
pub(super) struct Lines {
    pub(super) count: usize,
    /// From the values of a line to those of the next.
    pub(super) x_pitch: usize,
    /// From the outputs of a line to those of the next.
    pub(super) y_pitch: usize,
}

impl Lines {
    /// A single one.
    pub(super) const ONE: Self = Self { count: 1, x_pitch: 0, y_pitch: 0 };
}

impl Windows<'_> {
    /// Whether all that the sums read and write is there, and there is something.
    #[cfg_attr(not(all(target_arch = "arm", target_os = "none", target_abi = "eabihf")), allow(dead_code))]
    #[inline]
    fn fit(&self, bias: Option<&[f32]>, y: &[f32]) -> bool {
        let last = |count: usize, step: usize, len: usize| count.checked_sub(1)?.checked_mul(step)?.checked_add(len);
        let fit = || {
            let row = self.columns.checked_mul(self.runs)?;
            let window = last(self.runs, self.columns.checked_add(self.skip)?, self.columns)?;
            let weights = last(self.rows, self.stride, row)?;
            let x = last(self.lines.count, self.lines.x_pitch, last(self.places, self.x_step, window)?)?;
            let outputs = last(self.lines.count, self.lines.y_pitch, last(self.places, self.y_step, self.rows)?)?;
            let bias = bias.is_none_or(|bias| bias.len() >= self.rows);
            Some(row > 0 && bias && weights <= self.weights.len() && x <= self.x.len() && outputs <= y.len())
        };
        fit().unwrap_or(false)
    }
}

/// Cells of an input, each with its channels, in lines of places of a window; in a line the outputs are next to each other, unless a
/// function has a step for them.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    /// From the first cell on.
    pub(super) x: &'a [f32],
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// From row to row.
    pub(super) pitch: usize,
    /// From column to column.
    pub(super) step: usize,
    pub(super) channels: usize,
    /// Number of places of a line.
    pub(super) places: usize,
    /// From place to place.
    pub(super) x_step: usize,
    pub(super) lines: Lines,
}

impl<'a> Cells<'a> {
    /// So many samples, one after another, in the one place of the window where they are met.
    pub(super) fn next_to_each_other(x: &'a [f32], columns: usize, channels: usize) -> Self {
        Self { x, rows: 1, columns, pitch: 0, step: channels, channels, places: 1, x_step: 0, lines: Lines::ONE }
    }

    /// How many values the cells of all places need; `None` where there is nothing.
    #[cfg_attr(not(all(target_arch = "arm", target_os = "none", target_abi = "eabihf")), allow(dead_code))]
    fn needed(&self) -> Option<usize> {
        let last = |count: usize, step: usize, len: usize| count.checked_sub(1)?.checked_mul(step)?.checked_add(len);
        let place = last(self.rows, self.pitch, last(self.columns, self.step, self.channels)?)?;
        let all = last(self.lines.count, self.lines.x_pitch, last(self.places, self.x_step, place)?)?;
        (self.channels > 0).then_some(all)
    }

    /// Calls `f` for each place, line by line: where its first cell is, and the range of its outputs.
    #[inline]
    fn each_place(&self, mut f: impl FnMut(usize, Range<usize>)) {
        for line in 0..self.lines.count {
            for place in 0..self.places {
                let y = line * self.lines.y_pitch + place * self.channels;
                f(line * self.lines.x_pitch + place * self.x_step, y..y + self.channels);
            }
        }
    }

    /// Calls `f` for each cell of a place whose first one is there, row by row: where its channels begin, its row and its column.
    #[inline]
    fn each(&self, first: usize, mut f: impl FnMut(usize, usize, usize)) {
        let mut row_from = first;
        for row in 0..self.rows {
            let mut from = row_from;
            for column in 0..self.columns {
                f(from, row, column);
                from += self.step;
            }
            row_from += self.pitch;
        }
    }
}

/// Gradients of filters and values of channels, which are met place by place, in rows of places.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    /// From the first filter in the first place on.
    pub(super) dz: &'a [f32],
    /// From place to place, and from row to row.
    pub(super) dz_step: usize,
    pub(super) dz_pitch: usize,
    /// From the first channel in the first place on.
    pub(super) x: &'a [f32],
    pub(super) x_step: usize,
    pub(super) x_pitch: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl Places<'_> {
    /// Whether so many filters and channels are there in every place, and there is a place.
    #[cfg_attr(not(all(target_arch = "arm", target_os = "none", target_abi = "eabihf")), allow(dead_code))]
    #[inline]
    fn fit(&self, filters: usize, channels: usize) -> bool {
        let fits = |step: usize, pitch: usize, len: usize, values: &[f32]| {
            let last = |count: usize, step: usize| count.checked_sub(1)?.checked_mul(step);
            let end = || last(self.rows, pitch)?.checked_add(last(self.columns, step)?)?.checked_add(len);
            end().is_some_and(|end| end <= values.len())
        };
        fits(self.dz_step, self.dz_pitch, filters, self.dz) && fits(self.x_step, self.x_pitch, channels, self.x)
    }
}
