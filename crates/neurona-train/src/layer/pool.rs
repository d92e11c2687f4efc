//! Pooling: the largest or the mean of each window.

use neurona::{
    arch::{PoolKind, PoolSpec, Shape},
    kernel::{self, Window},
};

use super::{
    Backward, Forward, LayerKind, array,
    source::{kernel_type, padding, pool_type},
    window::{Cell, cells},
};
use crate::{
    Spec,
    config::{
        LayerConfig, Size,
        described::{Described, Wrong},
    },
    cost::Work,
    simd::widest,
};

impl LayerKind for PoolSpec {
    fn name(&self) -> &'static str {
        match self.kind {
            PoolKind::Max => "max_pool",
            PoolKind::Average => "avg_pool",
        }
    }

    fn input(&self) -> Shape {
        self.window.input
    }

    fn output(&self) -> Shape {
        self.window.output
    }

    fn fault(&self) -> Option<&'static str> {
        self.fault()
    }

    fn rust_type(&self) -> String {
        let window = &self.window;
        let padding = padding(window).map_or(String::new(), |padding| format!(", {padding}"));
        let (kind, kernel) = (pool_type(self.kind), kernel_type(window));
        format!("{kind}Pool<{}, {}, {kernel}{padding}>", array(window.input), array(window.output))
    }

    fn device_forward(&self, _: &[f32], x: &[f32], _: &[f32], y: &mut [f32]) {
        match self.kind {
            PoolKind::Max => kernel::max_pool_forward(&Window::of(&self.window), x, y),
            PoolKind::Average => kernel::average_pool_forward(&Window::of(&self.window), x, y),
        }
    }

    fn device_work(&self, work: &mut Work) {
        work.window(self.name(), &self.window, self.window.output.channels());
    }

    fn forward(&self, Forward { x, y, .. }: Forward<'_>) {
        forward(self, x, y);
    }

    fn backward(&self, Backward { x, y, dy, dx, .. }: Backward<'_>) {
        if let Some(dx) = dx {
            backward(self, x, y, dy, dx);
        }
    }
}

/// `max_pool = 2`
pub(super) const MAX_POOL: Described =
    Described { keys: KEYS, spec: |layer, input| describe(layer, "max_pool", layer.max_pool, PoolKind::Max, input) };
/// `avg_pool = 2`
pub(super) const AVG_POOL: Described = Described {
    keys: KEYS,
    spec: |layer, input| describe(layer, "avg_pool", layer.avg_pool, PoolKind::Average, input),
};

const KEYS: &[&str] = &["stride", "dilation", "padding"];

fn describe(layer: &LayerConfig, key: &str, size: Option<Size>, kind: PoolKind, input: Shape) -> Result<Spec, Wrong> {
    let window = layer.window(key, input, input.channels() as u32, size, size)?;
    Ok(Spec::Pool(PoolSpec { window, kind }))
}

/// The largest or the mean of each window, as far as it lies within the input.
///
/// # Shapes
///
/// `x` is (B, cells, channels), `y` is (B, places, channels).
fn forward(pool: &PoolSpec, x: &[f32], y: &mut [f32]) {
    let (input, output) = (pool.window.input, pool.window.output);
    let (channels, cells) = (input.channels(), cells(&pool.window));
    let examples = x.chunks_exact(input.len()).zip(y.chunks_exact_mut(output.len()));
    match pool.kind {
        PoolKind::Max => widest(|| {
            for (x, y) in examples {
                y.fill(f32::NEG_INFINITY);
                for Cell { place, from, .. } in cells.iter().copied() {
                    let cells = y[place * channels..][..channels].iter_mut().zip(&x[from..][..channels]);
                    // A comparison with NaN is false, so that NaN stays.
                    cells.for_each(|(y, x)| *y = if *x <= *y || y.is_nan() { *y } else { *x });
                }
            }
        }),
        PoolKind::Average => widest(|| {
            let counts = counts(&cells, output.cells());
            for (x, y) in examples {
                y.fill(0.0);
                for Cell { place, from, .. } in cells.iter().copied() {
                    let cells = y[place * channels..][..channels].iter_mut().zip(&x[from..][..channels]);
                    cells.for_each(|(y, x)| *y += x);
                }
                for (y, count) in y.chunks_exact_mut(channels).zip(&counts) {
                    y.iter_mut().for_each(|y| *y /= count);
                }
            }
        }),
    }
}

/// The gradient of the inputs: of a largest value to the first cell that has it.
///
/// # Shapes
///
/// `x` and `dx` are (B, cells, channels), `y` and `dy` are (B, places, channels).
fn backward(pool: &PoolSpec, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
    let (input, output) = (pool.window.input, pool.window.output);
    let (channels, cells) = (input.channels(), cells(&pool.window));
    dx.fill(0.0);
    let outputs = y.chunks_exact(output.len()).zip(dy.chunks_exact(output.len()));
    let inputs = x.chunks_exact(input.len()).zip(dx.chunks_exact_mut(input.len()));
    let examples = inputs.zip(outputs);
    match pool.kind {
        PoolKind::Max => widest(|| {
            // What of the gradient of each output is not given yet: all of it, then nothing.
            let mut rest = vec![0.0; output.len()];
            for ((x, dx), (y, dy)) in examples {
                rest.copy_from_slice(dy);
                for Cell { place, from, .. } in cells.iter().copied() {
                    let of_place = place * channels..(place + 1) * channels;
                    let outputs = y[of_place.clone()].iter().zip(&mut rest[of_place]);
                    let inputs = x[from..][..channels].iter().zip(&mut dx[from..][..channels]);
                    for ((x, dx), (y, rest)) in inputs.zip(outputs) {
                        let is_largest = *x == *y || (x.is_nan() && y.is_nan());
                        *dx += if is_largest { *rest } else { 0.0 };
                        *rest = if is_largest { 0.0 } else { *rest };
                    }
                }
            }
        }),
        PoolKind::Average => widest(|| {
            let counts = counts(&cells, output.cells());
            for ((_, dx), (_, dy)) in examples {
                for Cell { place, from, .. } in cells.iter().copied() {
                    let dx = dx[from..][..channels].iter_mut();
                    dx.zip(&dy[place * channels..]).for_each(|(dx, dy)| *dx += dy / counts[place]);
                }
            }
        }),
    }
}

/// How many cells each place of the window meets.
fn counts(cells: &[Cell], places: usize) -> Vec<f32> {
    let mut counts = vec![0.0; places];
    cells.iter().for_each(|cell| counts[cell.place] += 1.0);
    counts
}
