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
    each_region(window, Order::Any, |region| {
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
    each_region(window, Order::RowByRow, |region| {
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
    each_region(window, Order::Any, |region| {
        let y = y.get_mut(region.output..).unwrap_or_default();
        blocks::totals(&window.cells(&region, x), y);
        share(window, &region, y);
    });
}

/// Calls `f` for each [region](Window::each_region), of a window that has as many filters as channels.
#[inline]
fn each_region(window: &Window, order: Order, f: impl FnMut(Region)) {
    if window.filters == window.channels {
        window.each_region(order, f);
    }
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
        // Of places that are there as a whole.
        let len = if len <= rest.len() { len } else { rest.len() - rest.len() % window.channels.max(1) };
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
    each_region(window, Order::RowByRow, |region| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Axis;

    const NAN: f32 = f32::NAN;

    /// Windows of three samples, one apart, of two channels.
    const SIGNAL: Window = Window {
        rows: Axis { input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, before: 0 },
        columns: Axis { input: 5, output: 3, kernel: 3, stride: 1, dilation: 1, before: 0 },
        channels: 2,
        filters: 2,
    };

    /// The zeros are equal, and so are all that are NaN: the first of them gets it. Windows that overlap add up.
    #[test]
    fn a_gradient_goes_to_the_first_cell_that_has_the_value() {
        let x = [-0.0, 1.0, 0.0, NAN, -1.0, -NAN, -0.0, 3.0, 0.0, 3.0];
        let (mut y, mut dx) = ([0.0; 6], [0.0; 10]);
        max_pool_forward(&SIGNAL, &x, &mut y);
        assert!([y[1], y[3], y[5]].map(f32::is_nan) == [true; 3] && [y[0], y[2], y[4]] == [0.0; 3]);
        max_pool_backward(&SIGNAL, &x, &y, &mut [1.0, 10.0, 2.0, 20.0, 4.0, 40.0], &mut dx);
        assert_eq!(dx, [1.0, 0.0, 2.0, 30.0, 0.0, 40.0, 4.0, 0.0, 0.0, 0.0]);
        let (mut y, mut dx) = ([0.0; 2], [0.0; 10]);
        global_max_forward(&x, &mut y);
        global_max_backward(&x, &y, &mut [1.0, 10.0], &mut dx);
        assert_eq!(dx, [1.0, 0.0, 0.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }

    /// A gradient that is -0 or NaN is given as any other, and changes nothing but its cell.
    #[test]
    fn gradients_of_every_kind_are_given_once() {
        let (x, y) = ([2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 0.0, 0.0, 0.0, 0.0], [2.0, 1.0]);
        let mut dx = [-0.0; 10];
        max_pool_backward(&SIGNAL, &x, &y, &mut [-0.0, NAN], &mut dx);
        assert!(dx[1].is_nan());
        dx[1] = -0.0;
        assert_eq!(dx.map(f32::to_bits), [-0.0_f32; 10].map(f32::to_bits));
    }

    /// Of a sum that is -0 the first summand, zero, makes a zero. Three cells are divided by, four are multiplied with a quarter.
    #[test]
    fn means_are_sums_from_zero_divided() {
        let x = [-0.0, 1.0, -0.0, 2.0, -0.0, 4.0, 8.0, 16.0];
        let mut y = [1.0; 2];
        global_average_forward(&x[..6], &mut y);
        assert_eq!(y.map(f32::to_bits), [0.0, 7.0 / 3.0_f32].map(f32::to_bits));
        global_average_forward(&x, &mut y);
        assert_eq!(y, [2.0, 5.75]);
        global_average_forward(&[], &mut y);
        assert!(y[0].is_nan() && y[1].is_nan());
    }

    /// What is there of outputs that end too soon is answered, and the rest is left as it is.
    #[test]
    fn the_shortest_argument_decides() {
        let x = [1.0, 6.0, 2.0, 5.0, 3.0, 4.0, 0.0, 0.0, 0.0, 0.0];
        let mut y = [-1.0; 5];
        average_pool_forward(&SIGNAL, &x, &mut y);
        assert_eq!(y, [2.0, 5.0, 5.0 / 3.0, 3.0, -1.0]);
        let mut dx = [0.0; 3];
        average_pool_backward(&SIGNAL, &mut [3.0, 6.0], &mut dx);
        assert_eq!(dx, [1.0, 2.0, 1.0]);
        let mut dx = [0.0; 10];
        max_pool_backward(&SIGNAL, &x, &[3.0, 6.0], &mut [1.0, 2.0], &mut dx);
        assert_eq!(dx, [0.0, 2.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
