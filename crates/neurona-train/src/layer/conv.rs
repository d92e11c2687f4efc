//! Convolution.
//!
//! The cells that each place of the window meets are laid out as a row (im2col), so that a convolution is a product of
//! matrices for each example: K. Chellapilla, S. Puri and P. Simard, "High performance convolutional neural networks for
//! document processing", 2006.

use ndarray::{ArrayView2, ArrayViewMut2, Axis, linalg::general_mat_mul, s};
use neurona::{
    arch::{ActivationSpec, ConvSpec, PaddingSpec, Shape},
    kernel::{self, Window},
};

use super::{
    Backward, Fans, Forward, LayerKind, activate_on_device, array, options,
    source::{axes, kernel_type, padding},
    table_conv,
    window::{each_row, each_run},
};
use crate::{
    Spec,
    config::described::{Described, at_least_1, wrong},
    cost::Work,
    network::{matrix, matrix_mut},
    simd::widest,
};

impl LayerKind for ConvSpec {
    fn name(&self) -> &'static str {
        "conv"
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

    fn activation(&self) -> ActivationSpec {
        self.activation
    }

    fn weights(&self) -> usize {
        self.weights()
    }

    fn biases(&self) -> usize {
        self.window.output.channels()
    }

    fn macs(&self) -> u64 {
        self.macs()
    }

    fn rust_type(&self) -> String {
        let (window, seen) = (&self.window, self.seen);
        let kernel = match window.input.channels() == seen as usize {
            true => kernel_type(window),
            false => format!("Grouped<{seen}, {}>", kernel_type(window)),
        };
        let (axes, options) = (axes(window.input), options(self.activation, padding(window)));
        format!("Conv{axes}<{}, {}, {kernel}{options}>", array(window.input), array(window.output))
    }

    fn device_forward(&self, values: &[f32], x: &[f32], _: &[f32], y: &mut [f32]) {
        let (weights, bias) = values.split_at(self.weights());
        kernel::conv_forward(&Window::of(&self.window), self.seen as usize, weights, bias, x, y);
        activate_on_device(self.activation, y);
    }

    fn device_work(&self, work: &mut Work) {
        let (window, seen) = (Window::of(&self.window), self.seen as usize);
        let (groups, columns) = (self.groups(), &window.columns);
        let filters = window.filters / groups;
        let neighbours = groups == 1 && columns.dilation == 1;
        work.add("conv", "call", 1);
        work.add("conv", "row", window.rows.output * groups);
        for row in 0..window.rows.output {
            let (first_row, end_row, _) = window.rows.cells(row);
            let rows = end_row.saturating_sub(first_row);
            for column in 0..columns.output {
                let (first, end, _) = columns.cells(column);
                let cells = end.saturating_sub(first);
                // Places in which all columns of the window lie within the input are one piece of work, others one each.
                work.add("conv", if cells == columns.kernel { "place" } else { "edge" }, groups);
                let (runs, run) = if neighbours { (rows, cells * seen) } else { (rows * cells, seen) };
                work.sums("conv", runs * groups, filters, run);
            }
        }
    }

    fn fans(&self) -> Vec<Fans> {
        let outputs = self.window.kernel_cells() * self.window.output.channels() / self.groups();
        vec![Fans { weights: self.weights(), inputs: self.fan_in(), outputs }]
    }

    fn scratch(&self) -> usize {
        columns(self)
    }

    fn forward(&self, Forward { values, x, y, scratch, .. }: Forward<'_>) {
        forward(self, &values[..self.weights()], x, y, scratch);
    }

    fn backward(&self, Backward { values, x, dy, into, dx, scratch, .. }: Backward<'_>) {
        let weights = self.weights();
        backward(self, &values[..weights], x, dy, &mut into[..weights], dx, scratch);
    }
}

/// `conv = 8`
pub(super) const CONV: Described = Described {
    keys: &["kernel", "stride", "dilation", "padding", "groups", "table", "activation", "batch_norm", "dropout"],
    spec: |layer, input| {
        let activation = layer.activation()?;
        let filters = at_least_1("conv", layer.conv)?;
        let window = layer.window("conv", input, filters, layer.kernel, None)?;
        if let Some(table) = &layer.table {
            return table_conv::describe(layer, table, window, activation);
        }
        let groups = layer.groups.unwrap_or(1);
        let channels = window.input.channels() as u32;
        if groups == 0 || !channels.is_multiple_of(groups) {
            let problem = format!("expected a number that divides the {channels} channels, found {groups}");
            return Err(wrong("groups", problem));
        }
        Ok(Spec::Conv(ConvSpec { window, seen: channels / groups, activation }))
    },
};

/// Number of values that [`forward`] and [`backward`] need for the rows of one example.
fn columns(conv: &ConvSpec) -> usize {
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
fn forward(conv: &ConvSpec, weights: &[f32], x: &[f32], z: &mut [f32], columns: &mut [f32]) {
    let filters = conv.window.output.channels();
    if is_pointwise(conv) {
        let cells = z.len() / filters;
        let (x, weights) = (matrix(x, cells, conv.fan_in()), matrix(weights, filters, conv.fan_in()));
        general_mat_mul(1.0, &x, &weights.t(), 0.0, &mut matrix_mut(z, cells, filters));
        return;
    }
    let (places, layout) = (conv.window.output.cells(), Layout::new(conv));
    let examples = x.chunks_exact(conv.window.input.len()).zip(z.chunks_exact_mut(places * filters));
    for (x, z) in examples {
        layout.lay_out(x, columns);
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
fn backward(
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
    let (places, input, layout) = (conv.window.output.cells(), conv.window.input.len(), Layout::new(conv));
    for (at, (x, dz)) in x.chunks_exact(input).zip(dz.chunks_exact(places * filters)).enumerate() {
        layout.lay_out(x, columns);
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
        layout.fold(columns, &mut dx[at * input..][..input]);
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

/// Whether what is laid out lies the other way, (kernel, places): of one channel the places of a row lie together, the cells
/// of a window only by threes or fives.
fn lies_across(conv: &ConvSpec) -> bool {
    conv.window.input.channels() == 1 && conv.window.stride[1] == 1
}

/// What the filters of a group see, (places, kernel and channels).
fn rows<'a>(conv: &ConvSpec, columns: &'a [f32], group: usize) -> ArrayView2<'a, f32> {
    let (places, fan_in) = (conv.window.output.cells(), conv.fan_in());
    if lies_across(conv) {
        return matrix(columns, fan_in, places).reversed_axes();
    }
    matrix(&columns[group * places * fan_in..], places, fan_in)
}

fn rows_mut<'a>(conv: &ConvSpec, columns: &'a mut [f32], group: usize) -> ArrayViewMut2<'a, f32> {
    let (places, fan_in) = (conv.window.output.cells(), conv.fan_in());
    if lies_across(conv) {
        return matrix_mut(columns, fan_in, places).reversed_axes();
    }
    matrix_mut(&mut columns[group * places * fan_in..], places, fan_in)
}

/// A piece of the input that is laid out: what lies together in both.
struct Piece {
    from: usize,
    to: usize,
    len: usize,
}

/// How an example is laid out, found once for all examples of a batch.
struct Layout {
    pieces: Vec<Piece>,
    /// Whether a window reaches beyond the input.
    has_gaps: bool,
}

impl Layout {
    fn new(conv: &ConvSpec) -> Self {
        let (seen, fan_in, places) = (conv.seen as usize, conv.fan_in(), conv.window.output.cells());
        let groups = conv.groups();
        let mut pieces = Vec::with_capacity(places * conv.window.kernel[0] as usize * groups);
        if lies_across(conv) {
            each_row(&conv.window, |place, cell, len, from| {
                pieces.push(Piece { from, to: cell * places + place, len })
            });
        } else {
            each_run(&conv.window, groups == 1, |place, cell, count, from| {
                pieces.extend((0..groups).map(|group| Piece {
                    from: from + group * seen,
                    to: (group * places + place) * fan_in + cell * seen,
                    len: count * seen,
                }));
            });
        }
        let has_gaps = pieces.iter().map(|piece| piece.len).sum::<usize>() < columns(conv);
        Self { pieces, has_gaps }
    }

    /// Lays out what each place of the window meets, for each group; what lies outside of the input is 0.
    fn lay_out(&self, x: &[f32], columns: &mut [f32]) {
        if self.has_gaps {
            columns.fill(0.0);
        }
        widest(|| {
            for Piece { from, to, len } in &self.pieces {
                // Most pieces are shorter than a call of a copying function is worth.
                columns[*to..][..*len].iter_mut().zip(&x[*from..][..*len]).for_each(|(column, x)| *column = *x);
            }
        });
    }

    /// Adds what was laid out to where it came from.
    fn fold(&self, columns: &[f32], dx: &mut [f32]) {
        widest(|| {
            for Piece { from, to, len } in &self.pieces {
                let columns = &columns[*to..][..*len];
                dx[*from..][..*len].iter_mut().zip(columns).for_each(|(dx, column)| *dx += column);
            }
        });
    }
}
