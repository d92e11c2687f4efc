//! Pooling: the largest or the mean of each window.

use neurona::{
    arch::{PoolKind, PoolSpec, Shape},
    kernel::{self, Window},
};

use super::{
    Backward, Forward, LayerKind, array,
    source::{kernel_type, padding, pool_type},
    window::each_cell,
};
use crate::{
    Spec,
    config::{
        LayerConfig, Size,
        described::{Described, Wrong},
    },
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
fn backward(pool: &PoolSpec, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
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
