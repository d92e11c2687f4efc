//! Convolution whose filters see the channels that a table names, and distances to codes that a table holds.

use core::slice;

use super::{Window, blocks};

/// Convolution with a table of connections: `y[p][o] = bias[o] + sum over n and k of weights[n][k] * x[p + k][c_n]`, where n
/// goes over the connections of filter o and c_n is the channel that it comes from.
///
/// Each sum begins with the bias and goes up in the channels, and for each of them in k, row by row. Bit c of `table[o]` says
/// whether filter o sees channel c.
///
/// # Shapes
///
/// `weights` is (connections, kernel rows, kernel columns), filter by filter; `bias` and `table` are (filters); `x` and `y` are
/// as [`Window`] says.
pub fn table_conv_forward(window: &Window, table: &[u64], weights: &[f32], bias: &[f32], x: &[f32], y: &mut [f32]) {
    let y = window.whole_places_mut(y);
    // Filters without a bias or a line of the table are left out.
    let count = if bias.len() < table.len() { bias.len() } else { table.len() };
    let (bias, table) = (bias.get(..count).unwrap_or_default(), table.get(..count).unwrap_or_default());
    window.begin(bias, y);
    let mut kernels = weights.chunks_exact(window.kernel_cells().max(1));
    for (filter, sees) in table.iter().enumerate().take(window.filters) {
        each_channel(*sees, |channel| {
            let Some(weights) = kernels.next() else { return };
            window.sum_channel(channel, weights, 1, x, filter, y);
        });
    }
}

/// Adds the gradient with respect to the inputs: `dx[p + k][c] += sum over p and n of weights[n][k] * dz[p][o_n]`, over the
/// connections n that come from channel c, with o_n the filter that they go to.
///
/// Each sum begins with what `dx` holds and goes up in p, row by row, and for each p in n.
///
/// # Shapes
///
/// As those of [`table_conv_forward`]; `dz` is as its `y`, `dx` as its `x`.
pub fn table_conv_backward_inputs(window: &Window, table: &[u64], weights: &[f32], dz: &[f32], dx: &mut [f32]) {
    let (dz, len) = (window.whole_places(dz), window.kernel_cells());
    // The last cell of the window meets a value in its first place: so a sum goes up in p.
    for cell in (0..len).rev() {
        let Some(met) = window.met(cell) else { continue };
        let mut kernels = weights.chunks_exact(len.max(1));
        for (filter, sees) in table.iter().enumerate().take(window.filters) {
            each_channel(*sees, |channel| {
                if let Some(weight) = kernels.next().and_then(|kernel| kernel.get(cell)) {
                    met.spread(*weight, dz, filter, dx, channel);
                }
            });
        }
    }
}

/// Adds the gradient with respect to the weights, times `scale`: `weights[n][k] += scale * sum over p of dz[p][o_n] * x[p +
/// k][c_n]` and `bias[o] += scale * sum over p of dz[p][o]`.
///
/// Sums, target and scale are as in [`conv_backward_weights`](super::conv_backward_weights).
///
/// # Shapes
///
/// As those of [`table_conv_forward`]; `dz` is as its `y`.
pub fn table_conv_backward_weights(
    window: &Window,
    table: &[u64],
    weights: &mut [f32],
    bias: &mut [f32],
    x: &[f32],
    dz: &[f32],
    scale: f32,
) {
    let mut kernels = weights.chunks_exact_mut(window.kernel_cells().max(1));
    window.add_sums(bias, dz, 0, scale);
    for (filter, sees) in table.iter().enumerate() {
        each_channel(*sees, |channel| {
            for (cell, weight) in kernels.next().unwrap_or_default().iter_mut().enumerate() {
                if let Some(places) = window.places(cell, x, channel, dz, filter) {
                    blocks::correlate(&places, [1, 1], slice::from_mut(weight), 0, scale);
                }
            }
        });
    }
}

/// Calls `f` for each channel of a set of bits, going up.
#[inline]
pub(super) fn each_channel(mut sees: u64, mut f: impl FnMut(usize)) {
    while sees != 0 {
        f(sees.trailing_zeros() as usize);
        sees &= sees - 1;
    }
}

/// Minus the squared distances to codes of -1 and 1: `y[o] = -(sum over i of (x[i] - code[o][i])^2)`.
///
/// Each sum begins with zero and goes up in i. A code has as many words as 64 bits go into the inputs, the first of them in the
/// lowest bit of the first word; a bit that is set is 1, another one is -1.
///
/// # Shapes
///
/// `x` is (I), `y` is (O), `codes` is (O, words).
pub fn codes_forward(codes: &[u64], x: &[f32], y: &mut [f32]) {
    for (y, code) in y.iter_mut().zip(codes.chunks_exact(words(x.len()))) {
        let mut sum = 0.0;
        for (x, word) in x.chunks(64).zip(code) {
            let mut bits = *word;
            for x in x {
                let off = x - sign(bits);
                sum += off * off;
                bits >>= 1;
            }
        }
        *y = -sum;
    }
}

/// Adds the gradient with respect to the inputs: `dx[i] += sum over o of (-2 dy[o]) * (x[i] - code[o][i])`.
///
/// Each sum begins with what `dx` holds and goes up in o.
///
/// # Shapes
///
/// As those of [`codes_forward`]; `dy` is as its `y`, `dx` as its `x`.
pub fn codes_backward(codes: &[u64], x: &[f32], dy: &[f32], dx: &mut [f32]) {
    for (dy, code) in dy.iter().zip(codes.chunks_exact(words(x.len()))) {
        let slope = -2.0 * dy;
        for ((x, dx), word) in x.chunks(64).zip(dx.chunks_mut(64)).zip(code) {
            let mut bits = *word;
            for (x, dx) in x.iter().zip(dx) {
                *dx += slope * (x - sign(bits));
                bits >>= 1;
            }
        }
    }
}

/// Number of words of a code, at least one.
const fn words(inputs: usize) -> usize {
    let words = inputs.div_ceil(64);
    if words == 0 { 1 } else { words }
}

#[inline]
fn sign(bits: u64) -> f32 {
    if bits & 1 == 1 { 1.0 } else { -1.0 }
}
