//! Pooling over all cells: the largest or the mean of each channel.

use neurona::{
    arch::{GlobalPoolSpec, PoolKind, Shape},
    kernel,
};

use super::{Backward, Forward, LayerKind, array, source::pool_type};
use crate::{
    Spec,
    config::{
        GlobalPool,
        described::{Described, Takes},
    },
    cost::Work,
};

impl LayerKind for GlobalPoolSpec {
    fn name(&self) -> &'static str {
        match self.kind {
            PoolKind::Max => "global_max_pool",
            PoolKind::Average => "global_avg_pool",
        }
    }

    fn input(&self) -> Shape {
        self.input
    }

    fn output(&self) -> Shape {
        Shape::Vector { len: self.input.channels() as u32 }
    }

    fn fault(&self) -> Option<&'static str> {
        self.fault()
    }

    fn rust_type(&self) -> String {
        format!("Global{}Pool<{}>", pool_type(self.kind), array(self.input))
    }

    fn device_forward(&self, _: &[f32], x: &[f32], _: &[f32], y: &mut [f32]) {
        match self.kind {
            PoolKind::Max => kernel::global_max_forward(x, y),
            PoolKind::Average => kernel::global_average_forward(x, y),
        }
    }

    fn device_work(&self, work: &mut Work) {
        work.cells(self.name(), self.input.cells(), self.input.channels());
        work.add(self.name(), "output", self.input.channels());
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

/// `global_pool = "avg"`
pub(super) const GLOBAL_POOL: Described = Described {
    takes: Takes::Any,
    keys: &[],
    spec: |layer, input| {
        let kind = if layer.global_pool == Some(GlobalPool::Max) { PoolKind::Max } else { PoolKind::Average };
        Ok(Spec::GlobalPool(GlobalPoolSpec { input, kind }))
    },
};

/// The largest or the mean of each channel.
///
/// # Shapes
///
/// `x` is (B, cells, channels), `y` is (B, channels).
fn forward(pool: &GlobalPoolSpec, x: &[f32], y: &mut [f32]) {
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
fn backward(pool: &GlobalPoolSpec, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
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
