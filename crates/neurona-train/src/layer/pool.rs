//! Pooling: the largest or the mean of each window.

use std::array::from_fn;

use neurona::{
    arch::{PoolKind, PoolSpec, Shape},
    kernel::{self, Window},
};

use super::{
    Backward, Forward, LayerKind, array,
    source::{kernel_type, padding, pool_type},
    window::{self, bytes_of_cells, each_run},
};
use crate::{
    Spec,
    config::{
        LayerConfig, Size,
        described::{Described, Takes, Wrong},
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
        self.fault().or_else(|| window::fault(&self.window))
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

    fn bytes_of_pass(&self) -> usize {
        bytes_of_cells(&self.window)
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
pub(super) const MAX_POOL: Described = Described {
    takes: Takes::Cells,
    keys: KEYS,
    spec: |layer, input| describe(layer, "max_pool", layer.max_pool, PoolKind::Max, input),
};
/// `avg_pool = 2`
pub(super) const AVG_POOL: Described = Described {
    takes: Takes::Cells,
    keys: KEYS,
    spec: |layer, input| describe(layer, "avg_pool", layer.avg_pool, PoolKind::Average, input),
};

const KEYS: &[&str] = &["stride", "dilation", "padding"];

fn describe(layer: &LayerConfig, key: &str, size: Option<Size>, kind: PoolKind, input: Shape) -> Result<Spec, Wrong> {
    let window = layer.window(key, input, input.channels() as u32, size, size)?;
    Ok(Spec::Pool(PoolSpec { window, kind }))
}

/// Channels that are computed at once: their number is known to the compiler, which makes vectors of them.
const LANES: usize = 8;

/// What each place of the window meets, found once for all examples of a batch.
struct Meetings {
    /// Where the channels of the cells begin in the input, place after place.
    from: Vec<usize>,
    /// Where the cells of each place end.
    ends: Vec<usize>,
    channels: usize,
}

impl Meetings {
    fn new(pool: &PoolSpec) -> Self {
        let window = &pool.window;
        let places = window.output.cells();
        let mut from = Vec::with_capacity(places * window.kernel_cells());
        let mut ends = Vec::with_capacity(places);
        each_run(window, false, |place, _, _, cell| {
            ends.resize(place, from.len());
            from.push(cell);
        });
        ends.resize(places, from.len());
        Self { from, ends, channels: window.input.channels() }
    }

    /// The cells of each place.
    fn places(&self) -> impl Iterator<Item = &[usize]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.from[start..*end])
    }
}

/// The largest or the mean of each window, as far as it lies within the input.
///
/// # Shapes
///
/// `x` is (B, cells, channels), `y` is (B, places, channels).
fn forward(pool: &PoolSpec, x: &[f32], y: &mut [f32]) {
    let (input, output, meetings) = (pool.window.input, pool.window.output, Meetings::new(pool));
    let channels = meetings.channels;
    let examples = x.chunks_exact(input.len()).zip(y.chunks_exact_mut(output.len()));
    widest!({
        for (x, y) in examples {
            for (from, y) in meetings.places().zip(y.chunks_exact_mut(channels)) {
                let (blocks, rest) = y.as_chunks_mut::<LANES>();
                for (block, y) in blocks.iter_mut().enumerate() {
                    *y = pooled(pool.kind, x, from, block * LANES);
                }
                for (channel, y) in (channels - rest.len()..).zip(rest) {
                    [*y] = pooled(pool.kind, x, from, channel);
                }
            }
        }
    });
}

/// The results of `N` channels from `channel` on, where the cells are `from`.
#[inline(always)]
fn pooled<const N: usize>(kind: PoolKind, x: &[f32], from: &[usize], channel: usize) -> [f32; N] {
    let mut y = [if kind == PoolKind::Max { f32::NEG_INFINITY } else { 0.0 }; N];
    for x in from.iter().filter_map(|from| x.get(from + channel..)?.first_chunk::<N>()) {
        match kind {
            // A comparison with NaN is false, so that NaN stays.
            PoolKind::Max => {
                (0..N).for_each(|at| y[at] = if (x[at] <= y[at]) | y[at].is_nan() { y[at] } else { x[at] })
            }
            PoolKind::Average => (0..N).for_each(|at| y[at] += x[at]),
        }
    }
    if kind == PoolKind::Average {
        y.iter_mut().for_each(|y| *y /= from.len() as f32);
    }
    y
}

/// The gradient of the inputs: of a largest value to the first cell that has it.
///
/// # Shapes
///
/// `x` and `dx` are (B, cells, channels), `y` and `dy` are (B, places, channels).
fn backward(pool: &PoolSpec, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
    let (input, output, meetings) = (pool.window.input, pool.window.output, Meetings::new(pool));
    let channels = meetings.channels;
    dx.fill(0.0);
    let outputs = y.chunks_exact(output.len()).zip(dy.chunks_exact(output.len()));
    let inputs = x.chunks_exact(input.len()).zip(dx.chunks_exact_mut(input.len()));
    widest!({
        for ((x, dx), (y, dy)) in inputs.zip(outputs) {
            let outputs = y.chunks_exact(channels).zip(dy.chunks_exact(channels));
            for (from, (y, dy)) in meetings.places().zip(outputs) {
                let ((blocks, rest), (of_blocks, of_rest)) = (y.as_chunks::<LANES>(), dy.as_chunks::<LANES>());
                for (block, (y, dy)) in blocks.iter().zip(of_blocks).enumerate() {
                    give_back(pool.kind, x, from, block * LANES, y, *dy, dx);
                }
                for (channel, (y, dy)) in (channels - rest.len()..).zip(rest.iter().zip(of_rest)) {
                    give_back(pool.kind, x, from, channel, &[*y], [*dy], dx);
                }
            }
        }
    });
}

/// Adds to the gradient of the cells `from` what the gradient `dy` of `N` channels from `channel` on gives them.
#[inline(always)]
fn give_back<const N: usize>(
    kind: PoolKind,
    x: &[f32],
    from: &[usize],
    channel: usize,
    y: &[f32; N],
    dy: [f32; N],
    dx: &mut [f32],
) {
    // What of the gradient of a largest value is not given yet: all of it, then nothing.
    let mut rest = if kind == PoolKind::Max { dy } else { dy.map(|dy| dy / from.len() as f32) };
    for from in from {
        let x = x.get(from + channel..).and_then(|x| x.first_chunk::<N>());
        let dx = dx.get_mut(from + channel..).and_then(|dx| dx.first_chunk_mut::<N>());
        let (Some(x), Some(dx)) = (x, dx) else { continue };
        // All bits or none for each channel: a branch would be guessed wrong at every second place.
        let given: [u32; N] = match kind {
            PoolKind::Max => from_fn(|at| mask((x[at] == y[at]) | (x[at].is_nan() & y[at].is_nan()))),
            PoolKind::Average => [u32::MAX; N],
        };
        *dx = from_fn(|at| dx[at] + f32::from_bits(rest[at].to_bits() & given[at]));
        if kind == PoolKind::Max {
            rest = from_fn(|at| f32::from_bits(rest[at].to_bits() & !given[at]));
        }
    }
}

/// All bits or none.
#[inline(always)]
fn mask(condition: bool) -> u32 {
    u32::from(condition).wrapping_neg()
}
