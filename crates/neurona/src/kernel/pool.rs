//! Pooling: the largest or the mean of the cells that a window meets, channel by channel.
//!
//! A cell of the window that lies outside of the input has no part in it.

use super::Window;
use super::blocks::{self, Cells};
use super::window::{Order, Region};

/// Largest value of each window: `y[p][c] = max over k of x[p + k][c]`.
///
/// NaN among them gives NaN. A window that meets no cell gives minus infinity.
///
/// # Shapes
///
/// `x` and `y` are as [`Window`] says, with as many filters as channels.
pub fn max_pool_forward(window: &Window, x: &[f32], y: &mut [f32]) {
    window.each_region(Order::Any, |region| {
        blocks::largest(&window.cells(&region, x), y.get_mut(region.output..).unwrap_or_default());
    });
}

/// Adds the gradient of [`max_pool_forward`] to `dx`: that of an output goes to the first cell, row by row, that has its
/// value; to the first that is NaN where the output is.
///
/// # Shapes
///
/// `x` and `dx` are as the `x` of [`max_pool_forward`], `y` and `dy` as its `y`. `dy` is used up.
pub fn max_pool_backward(window: &Window, x: &[f32], y: &[f32], dy: &mut [f32], dx: &mut [f32]) {
    window.each_region(Order::RowByRow, |region| {
        let gradients = (dy.get_mut(region.output..), dx.get_mut(window.offset(region.place)..));
        if let (Some(y), (Some(dy), Some(dx))) = (y.get(region.output..), gradients) {
            blocks::give(&window.cells(&region, x), y, dy, dx);
        }
    });
}

/// Mean of each window: `y[p][c] = (sum over k of x[p + k][c]) / n`, with `n` the number of cells that the window meets.
///
/// The sum begins with zero and goes up in k, row by row. A window that meets no cell gives NaN.
///
/// # Shapes
///
/// As those of [`max_pool_forward`].
pub fn average_pool_forward(window: &Window, x: &[f32], y: &mut [f32]) {
    window.each_region(Order::Any, |region| {
        let y = y.get_mut(region.output..).unwrap_or_default();
        blocks::totals(&window.cells(&region, x), y);
        share(window, &region, y);
    });
}

/// Divides the outputs of a region, which `y` begins with, by the number of cells that each of its windows meets.
fn share(window: &Window, region: &Region, y: &mut [f32]) {
    let pitch = window.columns.output * window.channels;
    // Whole rows of places are one piece.
    let (pieces, len) = match region.columns * window.channels {
        len if len == pitch => (1, region.rows * len),
        len => (region.rows, len),
    };
    for piece in 0..pieces {
        let rest = y.get_mut(piece * pitch..).unwrap_or_default();
        let len = len.min(rest.len());
        divide(rest.get_mut(..len).unwrap_or_default(), region.place.count());
    }
}

/// Divides by a number of cells. By a power of two that is a product, to the same bits: it takes less time.
fn divide(y: &mut [f32], count: usize) {
    if count.is_power_of_two() {
        blocks::scale(1.0 / count as f32, y);
    } else {
        blocks::divide(y, count as f32);
    }
}

/// Adds the gradient of [`average_pool_forward`] to `dx`: `dx[p + k][c] += dy[p][c] / n`.
///
/// Each sum begins with what `dx` holds and goes up in p, row by row.
///
/// # Shapes
///
/// `dx` is as the `x` of [`average_pool_forward`], `dy` as its `y`. `dy` is used up.
pub fn average_pool_backward(window: &Window, dy: &mut [f32], dx: &mut [f32]) {
    window.each_region(Order::RowByRow, |region| {
        let dy = dy.get_mut(region.output..).unwrap_or_default();
        share(window, &region, dy);
        let dx = dx.get_mut(window.offset(region.place)..).unwrap_or_default();
        blocks::spread(&window.cells(&region, &[]), dy, dx);
    });
}

/// Largest value of each channel: `y[c] = max over p of x[p][c]`. NaN among them gives NaN.
///
/// # Shapes
///
/// `x` is (P, C), `y` is (C).
pub fn global_max_forward(x: &[f32], y: &mut [f32]) {
    blocks::largest(&all(x, x.len(), y.len()), y);
}

/// Adds the gradient of [`global_max_forward`] to `dx`: that of an output goes to the first cell that has its value; to the
/// first that is NaN where the output is.
///
/// # Shapes
///
/// `x` and `dx` are (P, C), `y` and `dy` are (C). `dy` is used up.
pub fn global_max_backward(x: &[f32], y: &[f32], dy: &mut [f32], dx: &mut [f32]) {
    blocks::give(&all(x, x.len(), y.len()), y, dy, dx);
}

/// Mean of each channel: `y[c] = (sum over p of x[p][c]) / P`. The sum begins with zero and goes up.
///
/// # Shapes
///
/// `x` is (P, C), `y` is (C).
pub fn global_average_forward(x: &[f32], y: &mut [f32]) {
    let all = all(x, x.len(), y.len());
    blocks::totals(&all, y);
    divide(y, all.columns);
}

/// Adds the gradient of [`global_average_forward`] to `dx`: `dx[p][c] += dy[c] / P`.
///
/// # Shapes
///
/// `dx` is (P, C), `dy` is (C) and is used up.
pub fn global_average_backward(dy: &mut [f32], dx: &mut [f32]) {
    let all = all(&[], dx.len(), dy.len());
    divide(dy, all.columns);
    blocks::spread(&all, dy, dx);
}

/// All cells of an input of so many values, as those of the one place of a window.
fn all(x: &[f32], values: usize, channels: usize) -> Cells<'_> {
    Cells::next_to_each_other(x, values / channels.max(1), channels)
}
