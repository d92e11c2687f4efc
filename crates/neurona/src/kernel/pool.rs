//! Pooling: the largest or the mean of the cells that a window meets, channel by channel.
//!
//! A cell of the window that lies outside of the input has no part in it.

use core::mem;

use super::{Window, blocks};

/// Largest value of each window: `y[p][c] = max over k of x[p + k][c]`.
///
/// NaN among them gives NaN. A window that meets no cell gives minus infinity.
///
/// # Shapes
///
/// `x` and `y` are as [`Window`] says, with as many filters as channels.
pub fn max_pool_forward(window: &Window, x: &[f32], y: &mut [f32]) {
    let mut rest = y;
    window.each_stretch(|place, count| {
        let Some((y, after)) = mem::take(&mut rest).split_at_mut_checked(count * window.channels) else { return };
        blocks::largest(&window.cells(place, count, x), y);
        rest = after;
    });
}

/// Adds the gradient of [`max_pool_forward`] to `dx`: that of an output goes to the first cell, row by row, that has its
/// value; to the first that is NaN where the output is.
///
/// # Shapes
///
/// `x` and `dx` are as the `x` of [`max_pool_forward`], `y` and `dy` as its `y`. `dy` is used up.
pub fn max_pool_backward(window: &Window, x: &[f32], y: &[f32], dy: &mut [f32], dx: &mut [f32]) {
    let channels = window.channels.max(1);
    let mut places = y.chunks_exact(channels).zip(dy.chunks_exact_mut(channels));
    window.each_place(|place| {
        let Some((y, dy)) = places.next() else { return };
        for (channel, (y, dy)) in y.iter().zip(dy).enumerate() {
            let mut given = false;
            window.each_cell(place, |_, from| {
                let Some((x, dx)) = x.get(from + channel).zip(dx.get_mut(from + channel)) else { return };
                if !given && (x == y || (x.is_nan() && y.is_nan())) {
                    *dx += *dy;
                    given = true;
                }
            });
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
    let mut places = y.chunks_exact_mut(window.channels.max(1));
    window.each_place(|place| {
        let Some(y) = places.next() else { return };
        y.fill(0.0);
        window.each_cell(place, |_, from| {
            for (y, x) in y.iter_mut().zip(x.get(from..).unwrap_or_default()) {
                *y += x;
            }
        });
        let count = place.count() as f32;
        for y in y {
            *y /= count;
        }
    });
}

/// Adds the gradient of [`average_pool_forward`] to `dx`: `dx[p + k][c] += dy[p][c] / n`.
///
/// Each sum begins with what `dx` holds and goes up in p, row by row.
///
/// # Shapes
///
/// `dx` is as the `x` of [`average_pool_forward`], `dy` as its `y`. `dy` is used up.
pub fn average_pool_backward(window: &Window, dy: &mut [f32], dx: &mut [f32]) {
    let mut places = dy.chunks_exact_mut(window.channels.max(1));
    window.each_place(|place| {
        let Some(dy) = places.next() else { return };
        let count = place.count() as f32;
        for dy in dy.iter_mut() {
            *dy /= count;
        }
        window.each_cell(place, |_, from| {
            for (dx, dy) in dx.get_mut(from..).unwrap_or_default().iter_mut().zip(&*dy) {
                *dx += dy;
            }
        });
    });
}

/// Largest value of each channel: `y[c] = max over p of x[p][c]`. NaN among them gives NaN.
///
/// # Shapes
///
/// `x` is (P, C), `y` is (C).
pub fn global_max_forward(x: &[f32], y: &mut [f32]) {
    y.fill(f32::NEG_INFINITY);
    for x in x.chunks_exact(y.len().max(1)) {
        for (y, x) in y.iter_mut().zip(x) {
            if *x > *y || x.is_nan() {
                *y = *x;
            }
        }
    }
}

/// Adds the gradient of [`global_max_forward`] to `dx`: that of an output goes to the first cell that has its value; to the
/// first that is NaN where the output is.
///
/// # Shapes
///
/// `x` and `dx` are (P, C), `y` and `dy` are (C).
pub fn global_max_backward(x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
    let channels = y.len().max(1);
    for (channel, (y, dy)) in y.iter().zip(dy).enumerate() {
        let of_channel = x.iter().skip(channel).step_by(channels);
        let mut pairs = of_channel.zip(dx.iter_mut().skip(channel).step_by(channels));
        if let Some((_, dx)) = pairs.find(|(x, _)| *x == y || (x.is_nan() && y.is_nan())) {
            *dx += dy;
        }
    }
}

/// Mean of each channel: `y[c] = (sum over p of x[p][c]) / P`. The sum begins with zero and goes up.
///
/// # Shapes
///
/// `x` is (P, C), `y` is (C).
pub fn global_average_forward(x: &[f32], y: &mut [f32]) {
    y.fill(0.0);
    let mut count = 0.0;
    for x in x.chunks_exact(y.len().max(1)) {
        for (y, x) in y.iter_mut().zip(x) {
            *y += x;
        }
        count += 1.0;
    }
    for y in y {
        *y /= count;
    }
}

/// Adds the gradient of [`global_average_forward`] to `dx`: `dx[p][c] += dy[c] / P`.
///
/// # Shapes
///
/// `dx` is (P, C), `dy` is (C) and is used up.
pub fn global_average_backward(dy: &mut [f32], dx: &mut [f32]) {
    let channels = dy.len().max(1);
    let mut count = 0.0;
    for _ in dx.chunks_exact(channels) {
        count += 1.0;
    }
    for dy in dy.iter_mut() {
        *dy /= count;
    }
    for dx in dx.chunks_exact_mut(channels) {
        for (dx, dy) in dx.iter_mut().zip(&*dy) {
            *dx += dy;
        }
    }
}
