//! Convolution.
//!
//! For each example it is a product of matrices, of what each place of the window meets with the filters, and the same back
//! to the weights. What a place meets is not laid out: the product reads it from the input, where it lies at a distance from
//! the place that is the same for all. The way back to the input is a product too, whose rows are then added to where they
//! belong (K. Chellapilla, S. Puri and P. Simard, "High performance convolutional neural networks for document processing",
//! 2006).

use neurona::{
    arch::{ActivationSpec, ConvSpec, PaddingSpec, Shape},
    kernel::{self, Axis, Window},
};

use super::{
    Backward, Fans, Forward, LayerKind, activate_on_device, array, options,
    source::{axes, kernel_type, padding},
    table_conv,
    window::{self, Lattice, each_run, padded_len},
};
use crate::{
    Spec,
    config::described::{Described, Takes, at_least_1, wrong},
    cost::Work,
    product::{self, Left, Right, Target, pack, packed_len, product},
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
        self.fault().or_else(|| window::fault(&self.window))
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
        // Places that meet the same cells of the window are one piece of work: all those within the input, and of the others each row,
        // each column and each corner.
        let (mut row, mut column) = (0, 0);
        while row < window.rows.output {
            let (first_row, end_row, _) = window.rows.cells(row);
            let rows = end_row.saturating_sub(first_row);
            let lines = alike(&window.rows, row);
            while column < columns.output {
                let (first, end, _) = columns.cells(column);
                let cells = end.saturating_sub(first);
                let places = lines * alike(columns, column);
                let whole = neighbours && cells == columns.kernel;
                // Rows of cells that do not follow one another in the weights are added one after the other.
                let (parts, runs) = if whole { (1, rows) } else { (rows, if neighbours { 1 } else { cells }) };
                let run = if neighbours { cells * seen } else { seen };
                work.add("conv", "region", groups);
                work.add("conv", "part", parts * groups);
                work.add("conv", "line", parts * groups * lines);
                work.sums_of_windows("conv", places * parts * groups, runs, filters, run);
                column += alike(columns, column);
            }
            column = 0;
            row += lines;
        }
    }

    fn fans(&self) -> Vec<Fans> {
        let outputs = self.window.kernel_cells() * self.window.output.channels() / self.groups();
        vec![Fans { weights: self.weights(), inputs: self.fan_in(), outputs }]
    }

    fn scratch(&self) -> usize {
        Parts::of(self).len().saturating_add(product::SCRATCH)
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
    takes: Takes::Cells,
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
        if groups == 0 || !channels.is_multiple_of(groups) || !filters.is_multiple_of(groups) {
            let both = format!("the {channels} channels of the input and the {filters} filters");
            return Err(wrong("groups", format!("expected a number that divides {both}, found {groups}")));
        }
        Ok(Spec::Conv(ConvSpec { window, seen: channels / groups, activation }))
    },
};

/// The sizes of what a pass needs as scratch, besides that of a product.
struct Parts {
    /// The filters of all groups as a product takes them.
    packed: usize,
    /// An input with zeros around it.
    padded: usize,
    /// The gradient of the filters, (group, kernel and channels, filters of the group), or of what each place of a group meets.
    gradient: usize,
}

impl Parts {
    fn of(conv: &ConvSpec) -> Self {
        let (filters, fan_in, groups) = (conv.window.output.channels(), conv.fan_in(), conv.groups());
        let each = filters / groups;
        Self {
            // A product takes the filters with the depth along the one axis or the other.
            packed: groups.saturating_mul(packed_len(fan_in, each).max(packed_len(each, fan_in))),
            padded: padded_len(&conv.window),
            gradient: fan_in.saturating_mul(filters.max(conv.window.output.cells())),
        }
    }

    fn len(&self) -> usize {
        self.packed.saturating_add(self.padded).saturating_add(self.gradient)
    }

    /// The parts, and the scratch of a product.
    fn split(self, scratch: &mut [f32]) -> [&mut [f32]; 4] {
        let (packed, rest) = scratch.split_at_mut(self.packed);
        let (padded, rest) = rest.split_at_mut(self.padded);
        let (gradient, rest) = rest.split_at_mut(self.gradient);
        [packed, padded, gradient, rest]
    }
}

/// Whether the inputs are what the places meet, as they lie.
fn is_pointwise(conv: &ConvSpec) -> bool {
    let window = &conv.window;
    window.kernel == [1, 1]
        && window.stride == [1, 1]
        && conv.groups() == 1
        && !matches!(window.padding, PaddingSpec::Explicit { .. })
}

/// Where each of the weights of a filter meets its value, from where a place begins.
fn taps(conv: &ConvSpec, lattice: &Lattice) -> Vec<usize> {
    lattice.cells.iter().flat_map(|cell| (0..conv.seen as usize).map(move |channel| cell + channel)).collect()
}

/// Of values of a table all lie before this, counted from where a row begins; they ascend.
fn span(depth: &[usize]) -> usize {
    depth.last().map_or(0, |last| last + 1)
}

/// Weighted sums, without the bias.
///
/// # Shapes
///
/// `x` is (B, cells, channels), `z` is (B, places, filters).
fn forward(conv: &ConvSpec, weights: &[f32], x: &[f32], z: &mut [f32], scratch: &mut [f32]) {
    let (filters, fan_in, groups) = (conv.window.output.channels(), conv.fan_in(), conv.groups());
    if is_pointwise(conv) {
        return product(
            Left::Rows(x, fan_in),
            Right::Columns(weights, fan_in),
            fan_in,
            Target::whole(z, filters),
            scratch,
        );
    }
    let [packed, padded, _, scratch] = Parts::of(conv).split(scratch);
    let lattice = Lattice::new(&conv.window);
    let (taps, each) = (taps(conv, &lattice), filters / groups);
    let span = span(&taps);
    for (weights, packed) in weights.chunks_exact(each * fan_in).zip(packed.chunks_mut(packed_len(fan_in, each))) {
        pack(Right::Columns(weights, fan_in), fan_in, each, packed);
    }
    padded.fill(0.0);
    let examples = x.chunks_exact(conv.window.input.len()).zip(z.chunks_exact_mut(lattice.places.len() * filters));
    for (x, z) in examples {
        let x = lattice.pad(x, padded);
        for (group, packed) in packed.chunks(packed_len(fan_in, each)).take(groups).enumerate() {
            let values = &x[group * conv.seen as usize..];
            let left = Left::Table { values, rows: &lattice.places, depth: &taps, span };
            let z = Target { columns: each, ..Target::whole(z, filters) }.beside(group * each);
            product(left, Right::Packed(packed), fan_in, z, scratch);
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
    dx: Option<&mut [f32]>,
    scratch: &mut [f32],
) {
    let (filters, fan_in) = (conv.window.output.channels(), conv.fan_in());
    if is_pointwise(conv) {
        let rows = dz.len() / filters;
        product(Left::Columns(dz, filters), Right::Rows(x, fan_in), rows, Target::whole(dw, fan_in), scratch);
        if let Some(dx) = dx {
            let weights = Right::Rows(weights, fan_in);
            product(Left::Rows(dz, filters), weights, filters, Target::whole(dx, fan_in), scratch);
        }
        return;
    }
    backward_weights(conv, x, dz, dw, scratch);
    if let Some(dx) = dx {
        backward_input(conv, weights, dz, dx, scratch);
    }
}

/// The gradient of the weights: a product of what each weight meets in all places with the gradients there.
fn backward_weights(conv: &ConvSpec, x: &[f32], dz: &[f32], dw: &mut [f32], scratch: &mut [f32]) {
    let (filters, fan_in, groups) = (conv.window.output.channels(), conv.fan_in(), conv.groups());
    let [_, padded, sums, scratch] = Parts::of(conv).split(scratch);
    let lattice = Lattice::new(&conv.window);
    let (taps, each) = (taps(conv, &lattice), filters / groups);
    let span = span(&lattice.places);
    padded.fill(0.0);
    let sums = &mut sums[..fan_in * filters];
    sums.fill(0.0);
    let places = lattice.places.len();
    for (x, dz) in x.chunks_exact(conv.window.input.len()).zip(dz.chunks_exact(places * filters)) {
        let x = lattice.pad(x, padded);
        for (group, sums) in sums.chunks_exact_mut(fan_in * each).enumerate() {
            let values = &x[group * conv.seen as usize..];
            let left = Left::Table { values, rows: &taps, depth: &lattice.places, span };
            let dz = Right::Rows(&dz[group * each..], filters);
            product(left, dz, places, Target::adding(sums, each), scratch);
        }
    }
    // From (kernel and channels, filters) to (filters, kernel and channels).
    for (dw, sums) in dw.chunks_exact_mut(fan_in * each).zip(sums.chunks_exact(fan_in * each)) {
        for (filter, dw) in dw.chunks_exact_mut(fan_in).enumerate() {
            dw.iter_mut().zip(sums.iter().skip(filter).step_by(each)).for_each(|(dw, sum)| *dw = *sum);
        }
    }
}

/// The gradient of the input: that of what each place meets, added to where it was met.
fn backward_input(conv: &ConvSpec, weights: &[f32], dz: &[f32], dx: &mut [f32], scratch: &mut [f32]) {
    let (filters, fan_in, groups) = (conv.window.output.channels(), conv.fan_in(), conv.groups());
    let [packed, _, met, scratch] = Parts::of(conv).split(scratch);
    let (each, places, seen) = (filters / groups, conv.window.output.cells(), conv.seen as usize);
    for (weights, packed) in weights.chunks_exact(each * fan_in).zip(packed.chunks_mut(packed_len(each, fan_in))) {
        pack(Right::Rows(weights, fan_in), each, fan_in, packed);
    }
    let mut pieces = Vec::with_capacity(places * conv.window.kernel[0] as usize);
    each_run(&conv.window, groups == 1, |place, cell, count, from| {
        pieces.push(Piece { from: place * fan_in + cell * seen, to: from, len: count * seen });
    });
    dx.fill(0.0);
    let met = &mut met[..places * fan_in];
    for (dx, dz) in dx.chunks_exact_mut(conv.window.input.len()).zip(dz.chunks_exact(places * filters)) {
        for (group, packed) in packed.chunks(packed_len(each, fan_in)).take(groups).enumerate() {
            let dz = Left::Rows(&dz[group * each..], filters);
            product(dz, Right::Packed(packed), each, Target::whole(met, fan_in), scratch);
            add_pieces(&pieces, met, &mut dx[group * seen..]);
        }
    }
}

/// What lies together both in what a place meets and in the input.
struct Piece {
    from: usize,
    to: usize,
    len: usize,
}

/// Adds each piece to where it belongs.
fn add_pieces(pieces: &[Piece], from: &[f32], to: &mut [f32]) {
    widest!({
        for piece in pieces {
            let from = &from[piece.from..][..piece.len];
            to[piece.to..][..piece.len].iter_mut().zip(from).for_each(|(to, from)| *to += from);
        }
    });
}

/// How many places, from one on, meet the same cells of the window.
fn alike(axis: &Axis, at: usize) -> usize {
    let cells = |at: usize| {
        let (first, end, _) = axis.cells(at);
        (first, end)
    };
    match cells(at) {
        whole @ (0, end) if end == axis.kernel => (at..axis.output).take_while(|at| cells(*at) == whole).count(),
        _ => 1,
    }
}
