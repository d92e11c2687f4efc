//! Convolution of batches.
//!
//! The cells that each place of the window meets are laid out as a row (im2col), so that a convolution is a product of
//! matrices for each example: K. Chellapilla, S. Puri and P. Simard, "High performance convolutional neural networks for
//! document processing", 2006. A convolution of each channel by itself is computed as it is written.

use ndarray::{ArrayView2, ArrayViewMut2, Axis, linalg::general_mat_mul, s};
use neurona::arch::{ConvSpec, DepthwiseConvSpec, PaddingSpec};

use super::{
    pass::{matrix, matrix_mut},
    window::{each_cell, each_run},
};

/// Number of values that [`forward`] and [`backward`] need for the rows of one example.
pub(super) fn columns(conv: &ConvSpec) -> usize {
    if is_pointwise(conv) { 0 } else { conv.window.output.cells() * conv.fan_in() * conv.groups() }
}

/// Whether the inputs are the rows as they are.
fn is_pointwise(conv: &ConvSpec) -> bool {
    let window = &conv.window;
    window.kernel == [1, 1]
        && window.stride == [1, 1]
        && conv.groups() == 1
        && !matches!(window.padding, PaddingSpec::Explicit { .. })
}

/// Weighted sums, without the bias.
///
/// # Shapes
///
/// `x` is (B, cells, channels), `z` is (B, places, filters).
pub(super) fn forward(conv: &ConvSpec, weights: &[f32], x: &[f32], z: &mut [f32], columns: &mut [f32]) {
    let filters = conv.window.output.channels();
    if is_pointwise(conv) {
        let cells = z.len() / filters;
        let (x, weights) = (matrix(x, cells, conv.fan_in()), matrix(weights, filters, conv.fan_in()));
        general_mat_mul(1.0, &x, &weights.t(), 0.0, &mut matrix_mut(z, cells, filters));
        return;
    }
    let places = conv.window.output.cells();
    let examples = x.chunks_exact(conv.window.input.len()).zip(z.chunks_exact_mut(places * filters));
    for (x, z) in examples {
        lay_out(conv, x, columns);
        let mut z = matrix_mut(z, places, filters);
        for group in 0..conv.groups() {
            let product = of_group(conv, weights, group);
            let z = &mut z.slice_mut(s![.., filters_of(conv, group)]);
            general_mat_mul(1.0, &rows(conv, columns, group), &product.t(), 0.0, z);
        }
    }
}

/// The gradient of the weights, and with `dx` that of the inputs, from that of the weighted sums.
///
/// # Shapes
///
/// `x` and `dx` are (B, cells, channels), `dz` is (B, places, filters), `dw` is as the weights.
pub(super) fn backward(
    conv: &ConvSpec,
    weights: &[f32],
    x: &[f32],
    dz: &[f32],
    dw: &mut [f32],
    mut dx: Option<&mut [f32]>,
    columns: &mut [f32],
) {
    let (filters, fan_in) = (conv.window.output.channels(), conv.fan_in());
    if is_pointwise(conv) {
        let cells = dz.len() / filters;
        let dz = matrix(dz, cells, filters);
        general_mat_mul(1.0, &dz.t(), &matrix(x, cells, fan_in), 0.0, &mut matrix_mut(dw, filters, fan_in));
        if let Some(dx) = dx {
            general_mat_mul(1.0, &dz, &matrix(weights, filters, fan_in), 0.0, &mut matrix_mut(dx, cells, fan_in));
        }
        return;
    }
    dw.fill(0.0);
    if let Some(dx) = &mut dx {
        dx.fill(0.0);
    }
    let (places, input) = (conv.window.output.cells(), conv.window.input.len());
    for (at, (x, dz)) in x.chunks_exact(input).zip(dz.chunks_exact(places * filters)).enumerate() {
        lay_out(conv, x, columns);
        let dz = matrix(dz, places, filters);
        let mut dw = matrix_mut(dw, filters, fan_in);
        for group in 0..conv.groups() {
            let dz = dz.slice(s![.., filters_of(conv, group)]);
            let dw = &mut dw.slice_axis_mut(Axis(0), filters_of(conv, group).into());
            general_mat_mul(1.0, &dz.t(), &rows(conv, columns, group), 1.0, dw);
        }
        let Some(dx) = &mut dx else { continue };
        // What was laid out is used up: its place takes the gradient of it.
        for group in 0..conv.groups() {
            let dz = dz.slice(s![.., filters_of(conv, group)]);
            let product = of_group(conv, weights, group);
            general_mat_mul(1.0, &dz, &product, 0.0, &mut rows_mut(conv, columns, group));
        }
        fold(conv, columns, &mut dx[at * input..][..input]);
    }
}

/// The filters of a group.
fn filters_of(conv: &ConvSpec, group: usize) -> std::ops::Range<usize> {
    let each = conv.window.output.channels() / conv.groups();
    group * each..(group + 1) * each
}

/// The weights of a group, (filters of the group, kernel and channels).
fn of_group<'a>(conv: &ConvSpec, weights: &'a [f32], group: usize) -> ArrayView2<'a, f32> {
    let filters = filters_of(conv, group);
    matrix(&weights[filters.start * conv.fan_in()..], filters.len(), conv.fan_in())
}

/// What the filters of a group see, (places, kernel and channels).
fn rows<'a>(conv: &ConvSpec, columns: &'a [f32], group: usize) -> ArrayView2<'a, f32> {
    let places = conv.window.output.cells();
    matrix(&columns[group * places * conv.fan_in()..], places, conv.fan_in())
}

fn rows_mut<'a>(conv: &ConvSpec, columns: &'a mut [f32], group: usize) -> ArrayViewMut2<'a, f32> {
    let places = conv.window.output.cells();
    matrix_mut(&mut columns[group * places * conv.fan_in()..], places, conv.fan_in())
}

/// Lays out what each place of the window meets, for each group; what lies outside of the input is 0.
fn lay_out(conv: &ConvSpec, x: &[f32], columns: &mut [f32]) {
    columns.fill(0.0);
    each_piece(conv, |to, from, len| columns[to..][..len].copy_from_slice(&x[from..][..len]));
}

/// Adds what was laid out to where it came from.
fn fold(conv: &ConvSpec, columns: &[f32], dx: &mut [f32]) {
    each_piece(conv, |from, to, len| {
        dx[to..][..len].iter_mut().zip(&columns[from..][..len]).for_each(|(dx, column)| *dx += column);
    });
}

/// Calls `f` for each piece that is laid out: where it is then, where it is in the input, and how long it is.
fn each_piece(conv: &ConvSpec, mut f: impl FnMut(usize, usize, usize)) {
    let (seen, fan_in, places) = (conv.seen as usize, conv.fan_in(), conv.window.output.cells());
    let groups = conv.groups();
    each_run(&conv.window, groups == 1, |place, cell, count, from| {
        for group in 0..groups {
            f((group * places + place) * fan_in + cell * seen, from + group * seen, count * seen);
        }
    });
}

/// Weighted sums of each channel by itself, without the bias.
///
/// # Shapes
///
/// `x` is (B, cells, channels), `z` is (B, places, filters).
pub(super) fn depthwise_forward(conv: &DepthwiseConvSpec, weights: &[f32], x: &[f32], z: &mut [f32]) {
    let (input, output) = (conv.window.input, conv.window.output);
    let (filters, each) = (output.channels(), output.channels() / input.channels());
    z.fill(0.0);
    for (x, z) in x.chunks_exact(input.len()).zip(z.chunks_exact_mut(output.len())) {
        each_cell(&conv.window, |place, cell, from| {
            let (z, weights) = (&mut z[place * filters..][..filters], &weights[cell * filters..][..filters]);
            let x = &x[from..][..input.channels()];
            if each == 1 {
                z.iter_mut().zip(weights).zip(x).for_each(|((z, weight), x)| *z += weight * x);
            } else {
                let of_channels = z.chunks_exact_mut(each).zip(weights.chunks_exact(each)).zip(x);
                for ((z, weights), x) in of_channels {
                    z.iter_mut().zip(weights).for_each(|(z, weight)| *z += weight * x);
                }
            }
        });
    }
}

/// The gradient of the weights, and with `dx` that of the inputs, from that of the weighted sums.
///
/// # Shapes
///
/// `x` and `dx` are (B, cells, channels), `dz` is (B, places, filters), `dw` is as the weights.
pub(super) fn depthwise_backward(
    conv: &DepthwiseConvSpec,
    weights: &[f32],
    x: &[f32],
    dz: &[f32],
    dw: &mut [f32],
    mut dx: Option<&mut [f32]>,
) {
    let (input, output) = (conv.window.input, conv.window.output);
    let (filters, each) = (output.channels(), output.channels() / input.channels());
    dw.fill(0.0);
    if let Some(dx) = &mut dx {
        dx.fill(0.0);
    }
    for (at, (x, dz)) in x.chunks_exact(input.len()).zip(dz.chunks_exact(output.len())).enumerate() {
        each_cell(&conv.window, |place, cell, from| {
            let (dz, x) = (&dz[place * filters..][..filters], &x[from..][..input.channels()]);
            let dw = &mut dw[cell * filters..][..filters];
            for ((dw, dz), x) in dw.chunks_exact_mut(each).zip(dz.chunks_exact(each)).zip(x) {
                dw.iter_mut().zip(dz).for_each(|(dw, dz)| *dw += dz * x);
            }
            let Some(dx) = &mut dx else { return };
            let (dx, weights) = (&mut dx[at * input.len() + from..][..input.channels()], &weights[cell * filters..]);
            for ((dx, dz), weights) in dx.iter_mut().zip(dz.chunks_exact(each)).zip(weights.chunks_exact(each)) {
                *dx += dz.iter().zip(weights).map(|(dz, weight)| dz * weight).sum::<f32>();
            }
        });
    }
}
