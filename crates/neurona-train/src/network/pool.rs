//! Pooling of batches.

use neurona::arch::{GlobalPoolSpec, PoolKind, PoolSpec};

use super::window::each_cell;

/// The largest or the mean of each window, as far as it lies within the input.
///
/// # Shapes
///
/// `x` is (B, cells, channels), `y` is (B, places, channels).
pub(super) fn forward(pool: &PoolSpec, x: &[f32], y: &mut [f32]) {
    let (input, output) = (pool.window.input, pool.window.output);
    let counts = counts(pool);
    for (x, y) in x.chunks_exact(input.len()).zip(y.chunks_exact_mut(output.len())) {
        y.fill(if pool.kind == PoolKind::Max { f32::NEG_INFINITY } else { 0.0 });
        each_cell(&pool.window, |place, _, from| {
            let cells = y[place * input.channels()..].iter_mut().zip(&x[from..][..input.channels()]);
            match pool.kind {
                // A comparison with NaN is false, so that NaN stays.
                PoolKind::Max => cells.for_each(|(y, x)| *y = if *x <= *y || y.is_nan() { *y } else { *x }),
                PoolKind::Average => cells.for_each(|(y, x)| *y += x),
            }
        });
        if pool.kind == PoolKind::Average {
            for (y, count) in y.chunks_exact_mut(input.channels()).zip(&counts) {
                y.iter_mut().for_each(|y| *y /= count);
            }
        }
    }
}

/// The gradient of the inputs: of a largest value to the first cell that has it.
///
/// # Shapes
///
/// `x` and `dx` are (B, cells, channels), `y` and `dy` are (B, places, channels).
pub(super) fn backward(pool: &PoolSpec, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
    let (input, output) = (pool.window.input, pool.window.output);
    let (channels, counts) = (input.channels(), counts(pool));
    dx.fill(0.0);
    let mut given = vec![false; output.len()];
    let outputs = y.chunks_exact(output.len()).zip(dy.chunks_exact(output.len()));
    let inputs = x.chunks_exact(input.len()).zip(dx.chunks_exact_mut(input.len()));
    for ((x, dx), (y, dy)) in inputs.zip(outputs) {
        given.fill(false);
        each_cell(&pool.window, |place, _, from| {
            for channel in 0..channels {
                let (at, cell) = (place * channels + channel, from + channel);
                match pool.kind {
                    PoolKind::Max if !given[at] && (x[cell] == y[at] || (x[cell].is_nan() && y[at].is_nan())) => {
                        dx[cell] += dy[at];
                        given[at] = true;
                    }
                    PoolKind::Max => {}
                    PoolKind::Average => dx[cell] += dy[at] / counts[place],
                }
            }
        });
    }
}

/// How many cells each place of the window meets.
fn counts(pool: &PoolSpec) -> Vec<f32> {
    let mut counts = vec![0.0; pool.window.output.cells()];
    each_cell(&pool.window, |place, _, _| counts[place] += 1.0);
    counts
}

/// The largest or the mean of each channel.
///
/// # Shapes
///
/// `x` is (B, cells, channels), `y` is (B, channels).
pub(super) fn global_forward(pool: &GlobalPoolSpec, x: &[f32], y: &mut [f32]) {
    let (channels, cells) = (pool.input.channels(), pool.input.cells() as f32);
    for (x, y) in x.chunks_exact(pool.input.len()).zip(y.chunks_exact_mut(channels)) {
        match pool.kind {
            PoolKind::Max => {
                y.fill(f32::NEG_INFINITY);
                for x in x.chunks_exact(channels) {
                    y.iter_mut().zip(x).for_each(|(y, x)| *y = if *x <= *y || y.is_nan() { *y } else { *x });
                }
            }
            PoolKind::Average => {
                y.fill(0.0);
                x.chunks_exact(channels).for_each(|x| y.iter_mut().zip(x).for_each(|(y, x)| *y += x));
                y.iter_mut().for_each(|y| *y /= cells);
            }
        }
    }
}

/// The gradient of the inputs.
///
/// # Shapes
///
/// `x` and `dx` are (B, cells, channels), `y` and `dy` are (B, channels).
pub(super) fn global_backward(pool: &GlobalPoolSpec, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
    let (channels, cells) = (pool.input.channels(), pool.input.cells() as f32);
    dx.fill(0.0);
    let outputs = y.chunks_exact(channels).zip(dy.chunks_exact(channels));
    let inputs = x.chunks_exact(pool.input.len()).zip(dx.chunks_exact_mut(pool.input.len()));
    for ((x, dx), (y, dy)) in inputs.zip(outputs) {
        match pool.kind {
            PoolKind::Max => {
                for channel in 0..channels {
                    let is_largest =
                        |cell: &usize| x[*cell] == y[channel] || (x[*cell].is_nan() && y[channel].is_nan());
                    if let Some(cell) = (channel..x.len()).step_by(channels).find(is_largest) {
                        dx[cell] = dy[channel];
                    }
                }
            }
            PoolKind::Average => {
                for dx in dx.chunks_exact_mut(channels) {
                    dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx = dy / cells);
                }
            }
        }
    }
}
