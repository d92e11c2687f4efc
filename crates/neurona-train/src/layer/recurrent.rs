//! Recurrent layers: forward, and back through all steps of the window.
//!
//! What does not go from step to step is one product of matrices for all of them: the sums over the input, and the gradients
//! of weights and inputs. The sums over the state are a product for each step, of all rows of the batch. The formulas of the
//! cells are those of [`neurona::Rnn`], [`neurona::Gru`] and [`neurona::Lstm`].

use std::ops::Range;

use neurona::{
    arch::{ActivationSpec::Tanh, CellSpec, RecurrentSpec, Shape, States},
    kernel,
};

use super::{Backward, Fans, Forward, LayerKind, activate_on_device, activation_type, source::given, wrong_activation};
use crate::{
    Spec, activation,
    config::{
        LayerConfig,
        described::{Described, Takes, Wrong, wrong},
    },
    cost::Work,
    math::{sigmoid, tanh},
    product::{self, Left, Right, Target, pack, packed_len, product, sum_columns},
    simd::widest,
};

impl LayerKind for RecurrentSpec {
    fn name(&self) -> &'static str {
        self.cell.name()
    }

    fn input(&self) -> Shape {
        self.input()
    }

    fn output(&self) -> Shape {
        self.output()
    }

    fn fault(&self) -> Option<&'static str> {
        self.fault()
    }

    fn wrong_constant(&self) -> Option<(&'static str, f32)> {
        if let CellSpec::Rnn { activation } = self.cell { wrong_activation(activation) } else { None }
    }

    fn weights(&self) -> usize {
        self.weights()
    }

    fn biases(&self) -> usize {
        self.cell.biases().saturating_mul(self.units as usize)
    }

    fn macs(&self) -> u64 {
        self.macs()
    }

    fn rust_type(&self) -> String {
        let (name, activation) = match self.cell {
            CellSpec::Rnn { activation: Tanh } => ("Rnn", None),
            CellSpec::Rnn { activation } => ("Rnn", Some(activation_type(activation))),
            CellSpec::Gru => ("Gru", None),
            CellSpec::Lstm => ("Lstm", None),
        };
        format!("{name}<{}, {}, {}{}>", self.steps, self.inputs, self.units, given(self.states, activation))
    }

    /// From a memory of zeros.
    fn device_forward(&self, values: &[f32], x: &[f32], _: &[f32], y: &mut [f32]) {
        let (inputs, units) = (self.inputs as usize, self.units as usize);
        let (weights, bias) = values.split_at(self.weights());
        let (weights, recurrent) = weights.split_at(self.cell.gates() * units * inputs);
        let (mut h, mut c, mut gates) = (vec![0.0; units], vec![0.0; units], vec![0.0; self.biases()]);
        for (step, x) in x.chunks_exact(inputs).enumerate() {
            match self.cell {
                CellSpec::Rnn { activation } => {
                    kernel::recurrent_forward(weights, recurrent, bias, x, &h, &mut gates);
                    activate_on_device(activation, &mut gates);
                    h.copy_from_slice(&gates);
                }
                CellSpec::Gru => kernel::gru_forward(weights, recurrent, bias, x, &mut h, &mut gates),
                CellSpec::Lstm => kernel::lstm_forward(weights, recurrent, bias, x, &mut h, &mut c, &mut gates),
            }
            state_of(self.states, step, y, units).copy_from_slice(&h);
        }
    }

    fn device_work(&self, work: &mut Work) {
        let (name, steps, units) = (self.cell.name(), self.steps as usize, self.units as usize);
        work.values(name, steps * units);
        work.add(name, "step", steps);
        if let CellSpec::Rnn { activation } = self.cell {
            work.add("activation", activation.name(), steps * units);
        }
        work.sums("dense", steps, self.cell.gates() * units, self.inputs as usize);
        work.sums("dense", steps, self.cell.gates() * units, units);
    }

    fn device_scratch(&self) -> usize {
        let of_unit = self.cell.biases() + self.cell.memory();
        (self.units as usize).saturating_mul(of_unit)
    }

    /// Each step of the window, and the state.
    fn device_tape(&self) -> usize {
        self.device_scratch().saturating_mul(self.steps as usize + 1)
    }

    /// Weights of the input and weights of the state, both counted for one gate.
    fn fans(&self) -> Vec<Fans> {
        let units = self.units as usize;
        let block = |inputs| Fans { weights: self.cell.gates() * units * inputs, inputs, outputs: units };
        vec![block(self.inputs as usize), block(units)]
    }

    fn merged_biases(&self) -> usize {
        (2 * self.cell.gates() - self.cell.biases()) * self.units as usize
    }

    /// Its outputs are states: biases and activations are within.
    fn gives_sums(&self) -> bool {
        false
    }

    /// The memory of one row, the weights of the state as a product takes them, and what a product needs.
    fn scratch(&self) -> usize {
        let sizes = Sizes::of(self);
        sizes.memory.saturating_add(sizes.packed()).saturating_add(product::SCRATCH)
    }

    /// Of each step the gates, and the memory before it.
    fn trace(&self) -> usize {
        let Sizes { steps, gates, memory, .. } = Sizes::of(self);
        steps.saturating_mul(gates + memory)
    }

    /// The gradient of the memory.
    fn scratch_of_row(&self) -> usize {
        Sizes::of(self).memory
    }

    fn forward(&self, Forward { values, x, y, trace, scratch, .. }: Forward<'_>) {
        forward(self, values, x, y, trace, scratch);
    }

    fn backward(&self, Backward { values, x, trace, dy, through, into, dx, scratch, .. }: Backward<'_>) {
        backward(self, values, Recorded { x, trace, dy, through }, into, dx, scratch);
    }
}

/// `rnn = 16`
pub(super) const RNN: Described = Described {
    takes: Takes::Signal,
    keys: &["all", "activation", "dropout"],
    spec: |layer, input| {
        let activation = layer.activation_or("tanh")?;
        describe(layer, "rnn", layer.rnn, CellSpec::Rnn { activation }, input)
    },
};
/// `gru = 16`
pub(super) const GRU: Described = Described {
    takes: Takes::Signal,
    keys: &["all", "dropout"],
    spec: |layer, input| describe(layer, "gru", layer.gru, CellSpec::Gru, input),
};
/// `lstm = 16`
pub(super) const LSTM: Described = Described {
    takes: Takes::Signal,
    keys: &["all", "dropout"],
    spec: |layer, input| describe(layer, "lstm", layer.lstm, CellSpec::Lstm, input),
};

fn describe(layer: &LayerConfig, key: &str, units: Option<u32>, cell: CellSpec, input: Shape) -> Result<Spec, Wrong> {
    let Some(units) = units.filter(|units| *units > 0) else {
        return Err(wrong(key, "expected the number of units, at least 1"));
    };
    let states = if layer.all { States::All } else { States::Last };
    let (steps, inputs) = (input.cells() as u32, input.channels() as u32);
    Ok(Spec::Recurrent(RecurrentSpec { cell, steps, inputs, units, states }))
}

/// Where the state of a step goes on the device: to a place of its own, or over that of the step before.
pub(super) fn state_of(states: States, step: usize, y: &mut [f32], units: usize) -> &mut [f32] {
    let place = if states == States::All { step } else { 0 };
    &mut y[place * units..][..units]
}

/// Sizes that the functions of this file share.
#[derive(Clone, Copy)]
struct Sizes {
    steps: usize,
    inputs: usize,
    units: usize,
    /// Number of weighted sums of a step over the input.
    sums: usize,
    /// Number of values that are kept of the gates of a step: a place for each bias.
    gates: usize,
    /// Number of values that last from step to step.
    memory: usize,
}

impl Sizes {
    fn of(spec: &RecurrentSpec) -> Self {
        let units = spec.units as usize;
        Self {
            steps: spec.steps as usize,
            inputs: spec.inputs as usize,
            units,
            sums: spec.cell.gates() * units,
            gates: spec.cell.biases() * units,
            memory: spec.cell.memory() * units,
        }
    }

    /// Of the sums over the state: their rows of the weights, and their places among the gates. The sum for the new state of
    /// a GRU stands apart from that over the input.
    fn of_state(self) -> [(Range<usize>, Range<usize>); 2] {
        let apart = self.gates - self.sums;
        let together = self.sums - apart;
        [(0..together, 0..together), (together..self.sums, self.sums..self.gates)]
    }

    /// Number of values of the weights of the state as a product takes them.
    fn packed(self) -> usize {
        let blocks = self.of_state().map(|(weights, _)| weights.len());
        blocks.into_iter().map(|sums| packed_len(sums, self.units).max(packed_len(self.units, sums))).sum()
    }

    /// The two blocks of the weights of the state, packed.
    fn split_packed(self, packed: &mut [f32]) -> [&mut [f32]; 2] {
        let [(sums, _), _] = self.of_state();
        let first = packed_len(sums.len(), self.units).max(packed_len(self.units, sums.len()));
        packed.split_at_mut(first).into()
    }

    /// The values of a layer: weights of the input, weights of the state, biases.
    fn split(self, values: &[f32]) -> [&[f32]; 3] {
        let (weights, rest) = values.split_at(self.sums * self.inputs);
        let (recurrent, bias) = rest.split_at(self.sums * self.units);
        [weights, recurrent, bias]
    }

    fn split_mut(self, values: &mut [f32]) -> [&mut [f32]; 3] {
        let (weights, rest) = values.split_at_mut(self.sums * self.inputs);
        let (recurrent, bias) = rest.split_at_mut(self.sums * self.units);
        [weights, recurrent, bias]
    }
}

/// The states.
///
/// # Shapes
///
/// `x` is (B, steps, inputs), `y` is (B, units) or (B, steps, units), `trace` is (B, steps, gates), then (B, steps, memory).
fn forward(spec: &RecurrentSpec, values: &[f32], x: &[f32], y: &mut [f32], trace: &mut [f32], scratch: &mut [f32]) {
    let sizes @ Sizes { steps, inputs, units, sums, .. } = Sizes::of(spec);
    let (rows, given) = (x.len() / (steps * inputs), y.len() * steps * inputs / x.len());
    let [weights, recurrent, bias] = sizes.split(values);
    let (memory, scratch) = scratch.split_at_mut(sizes.memory);
    let (packed, scratch) = scratch.split_at_mut(sizes.packed());
    let packed = sizes.split_packed(packed);
    let (gates, before) = trace.split_at_mut(rows * steps * sizes.gates);
    // The sums over the input and the biases, of all steps at once.
    for gates in gates.chunks_exact_mut(sizes.gates) {
        gates.copy_from_slice(bias);
    }
    let of_input = Target { columns: sums, ..Target::adding(gates, sizes.gates) };
    product(Left::Rows(x, inputs), Right::Columns(weights, inputs), inputs, of_input, scratch);
    let mut of_state = sizes.of_state().into_iter().zip(packed).map(|((weights, places), packed)| {
        pack(Right::Columns(&recurrent[weights.start * units..], units), units, weights.len(), packed);
        (places, &*packed)
    });
    let of_state = [of_state.next(), of_state.next()];
    for step in 0..steps {
        if step > 0 {
            let h = Left::Rows(&before[step * sizes.memory..], steps * sizes.memory);
            for (places, packed) in of_state.iter().flatten().filter(|(places, _)| !places.is_empty()) {
                let z = Target { columns: places.len(), rows, ..Target::adding(gates, steps * sizes.gates) };
                product(h, Right::Packed(packed), units, z.beside(step * sizes.gates + places.start), scratch);
            }
        }
        let of_rows = gates.chunks_exact_mut(steps * sizes.gates).zip(before.chunks_exact_mut(steps * sizes.memory));
        widest!({
            for ((gates, before), y) in of_rows.zip(y.chunks_exact_mut(given)) {
                let (now, next) = before[step * sizes.memory..].split_at_mut(sizes.memory);
                if step == 0 {
                    now.fill(0.0);
                }
                let next = if step + 1 < steps { &mut next[..sizes.memory] } else { &mut *memory };
                advance(spec.cell, &mut gates[step * sizes.gates..][..sizes.gates], now, next);
                match spec.states {
                    States::All => y[step * units..][..units].copy_from_slice(&next[..units]),
                    States::Last if step + 1 == steps => y.copy_from_slice(&next[..units]),
                    States::Last => {}
                }
            }
        });
    }
}

/// What backward is given of a batch, as [`forward`] had it; `dy` is as `y`.
struct Recorded<'a> {
    x: &'a [f32],
    /// The gradients of the sums take the place of the gates: of a window that leaves little more than half to be cached.
    trace: &'a mut [f32],
    dy: &'a [f32],
    /// How many steps it goes back through.
    through: usize,
}

/// The gradient of the values, and with `dx` that of the inputs, from that of the states.
///
/// # Shapes
///
/// `dx` is (B, steps, inputs), `into` is as the values, `scratch` has (B, memory), then as much as forward.
fn backward(
    spec: &RecurrentSpec,
    values: &[f32],
    Recorded { x, trace, dy, through }: Recorded<'_>,
    into: &mut [f32],
    dx: Option<&mut [f32]>,
    scratch: &mut [f32],
) {
    let sizes @ Sizes { steps, inputs, units, sums, .. } = Sizes::of(spec);
    let (rows, given) = (x.len() / (steps * inputs), dy.len() * steps * inputs / x.len());
    let [weights, recurrent, _] = sizes.split(values);
    let (dz, before) = trace.split_at_mut(rows * steps * sizes.gates);
    let (dmemory, scratch) = scratch.split_at_mut(rows * sizes.memory);
    let (packed, scratch) = scratch.split_at_mut(sizes.packed());
    let packed = sizes.split_packed(packed);
    let mut of_state = sizes.of_state().into_iter().zip(packed).map(|((weights, places), packed)| {
        pack(Right::Rows(&recurrent[weights.start * units..], units), weights.len(), units, packed);
        (places, &*packed)
    });
    let of_state = [of_state.next(), of_state.next()];
    dmemory.fill(0.0);
    for step in (0..steps).rev() {
        let kept = dz.chunks_exact_mut(steps * sizes.gates).zip(before.chunks_exact(steps * sizes.memory));
        widest!({
            let of_rows = kept.zip(dmemory.chunks_exact_mut(sizes.memory));
            for (((gates, before), dmemory), dy) in of_rows.zip(dy.chunks_exact(given)) {
                let dy = match spec.states {
                    States::All => &dy[step * units..][..units],
                    States::Last if step + 1 == steps => dy,
                    States::Last => &[],
                };
                dmemory.iter_mut().zip(dy).for_each(|(dh, dy)| *dh += dy);
                let before = &before[step * sizes.memory..][..sizes.memory];
                go_back(spec.cell, &mut gates[step * sizes.gates..][..sizes.gates], before, dmemory);
            }
        });
        if (steps - step).is_multiple_of(through) {
            dmemory.fill(0.0);
        } else if step > 0 {
            for (places, packed) in of_state.iter().flatten().filter(|(places, _)| !places.is_empty()) {
                let dz = Left::Rows(&dz[step * sizes.gates + places.start..], steps * sizes.gates);
                let dh = Target { columns: units, ..Target::adding(dmemory, sizes.memory) };
                product(dz, Right::Packed(packed), places.len(), dh, scratch);
            }
        }
    }
    let [dw, du, db] = sizes.split_mut(into);
    sum_columns(dz, db);
    // The steps of all rows are the depth of one product.
    let of_input = Target { rows: sums, ..Target::whole(dw, inputs) };
    product(Left::Columns(dz, sizes.gates), Right::Rows(x, inputs), rows * steps, of_input, scratch);
    for (weights, places) in sizes.of_state() {
        let du = Target { rows: weights.len(), ..Target::whole(&mut du[weights.start * units..], units) };
        let dz = Left::Columns(&dz[places.start..], sizes.gates);
        product(dz, Right::Rows(before, sizes.memory), rows * steps, du, scratch);
    }
    if let Some(dx) = dx {
        let weights = Right::Rows(weights, inputs);
        product(Left::Rows(dz, sizes.gates), weights, sums, Target::whole(dx, inputs), scratch);
    }
}

/// A step of one row, from the memory `now` to the `next`: `gates`, the sums, become what [`go_back`] needs.
#[inline(always)]
fn advance(cell: CellSpec, gates: &mut [f32], now: &[f32], next: &mut [f32]) {
    match cell {
        CellSpec::Rnn { activation } => {
            next.copy_from_slice(gates);
            activation::forward(activation, next);
            if !activation::needs_sum(activation) {
                gates.copy_from_slice(next);
            }
        }
        CellSpec::Gru => {
            let [r, z, n, s] = four(gates);
            let gates = r.iter_mut().zip(z).zip(n).zip(s);
            for ((((r, z), n), s), (h, next)) in gates.zip(now.iter().zip(next)) {
                *r = sigmoid(*r);
                *z = sigmoid(*z);
                *n = tanh(*n + *r * *s);
                *next = (1.0 - *z) * *n + *z * h;
            }
        }
        CellSpec::Lstm => {
            let [i, f, g, o] = four(gates);
            let ((_, c), (next_h, next_c)) = (now.split_at(i.len()), next.split_at_mut(i.len()));
            let (gates, cells) = (i.iter_mut().zip(f).zip(g).zip(o), c.iter().zip(next_c).zip(next_h));
            for ((((i, f), g), o), ((c, next_c), next_h)) in gates.zip(cells) {
                (*i, *f, *g, *o) = (sigmoid(*i), sigmoid(*f), tanh(*g), sigmoid(*o));
                *next_c = *f * c + *i * *g;
                *next_h = *o * tanh(*next_c);
            }
        }
    }
}

/// Back through a step of one row: from the gradient of the memory after it to those of the sums, in the order of the biases,
/// which take the place of the `gates`, and to that of the memory before, but for what goes through the recurrent weights.
#[inline(always)]
fn go_back(cell: CellSpec, gates: &mut [f32], memory: &[f32], dmemory: &mut [f32]) {
    let of_sigmoid = |y: f32| y * (1.0 - y);
    let of_tanh = |y: f32| (1.0 - y) * (1.0 + y);
    match cell {
        CellSpec::Rnn { activation } => {
            activation::backward(activation, gates, dmemory);
            gates.copy_from_slice(dmemory);
            dmemory.fill(0.0);
        }
        CellSpec::Gru => {
            let [r, z, n, s] = four(gates);
            let gates = r.iter_mut().zip(z).zip(n).zip(s);
            for ((((r, z), n), s), (h, dh)) in gates.zip(memory.iter().zip(dmemory)) {
                let dn = *dh * (1.0 - *z) * of_tanh(*n);
                let (dr, dz) = (dn * *s * of_sigmoid(*r), *dh * (h - *n) * of_sigmoid(*z));
                *dh *= *z;
                (*s, *r, *z, *n) = (dn * *r, dr, dz, dn);
            }
        }
        CellSpec::Lstm => {
            let [i, f, g, o] = four(gates);
            let (c, (dh, dc)) = (&memory[i.len()..], dmemory.split_at_mut(i.len()));
            let (gates, cells) = (i.iter_mut().zip(f).zip(g).zip(o), c.iter().zip(dc).zip(dh));
            for ((((i, f), g), o), ((c, dc), dh)) in gates.zip(cells) {
                let t = tanh(*f * c + *i * *g);
                let d = *dc + *dh * *o * of_tanh(t);
                let (di, df) = (d * *g * of_sigmoid(*i), d * c * of_sigmoid(*f));
                let (dg, d_o) = (d * *i * of_tanh(*g), *dh * t * of_sigmoid(*o));
                (*dc, *dh) = (d * *f, 0.0);
                (*i, *f, *g, *o) = (di, df, dg, d_o);
            }
        }
    }
}

/// The values of four gates.
#[inline(always)]
fn four(gates: &mut [f32]) -> [&mut [f32]; 4] {
    let (first, second) = gates.split_at_mut(gates.len() / 2);
    let (half, other) = (first.len() / 2, second.len() / 2);
    let ((a, b), (c, d)) = (first.split_at_mut(half), second.split_at_mut(other));
    [a, b, c, d]
}

#[cfg(test)]
mod tests;
