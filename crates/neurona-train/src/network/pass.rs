//! Forward and backward of one shard of a batch, in memory that is kept from batch to batch.

use ndarray::ArrayView2;

use super::{
    Layer, Network,
    norm::{Batch, Normalization},
};
use neurona::arch::Shape;

use crate::{
    activation,
    layer::{Backward, Forward},
    loss::Target,
    objective::Objective,
    random::Random,
    simd::widest,
};

/// What forward computes and backward needs: the output of every layer for every row of a shard.
#[derive(Debug)]
pub(crate) struct Tape {
    /// The layers before this one are not computed: their output is what the tape is filled with.
    first: usize,
    rows: usize,
    /// Of an output that is a signal, its number of steps; else 1.
    steps: usize,
    /// (capacity, inputs of the first layer)
    x: Vec<f32>,
    inputs: usize,
    layers: Vec<Recorded>,
    /// What the largest layer needs besides.
    scratch: Vec<f32>,
}

/// What is kept of one layer; every buffer but the trace is (capacity, O) or empty.
#[derive(Debug)]
struct Recorded {
    outputs: usize,
    y: Vec<f32>,
    /// What the activation was applied to, where its derivative is computed from that.
    z: Vec<f32>,
    /// What a layer keeps besides, for each row.
    trace: Vec<f32>,
    norm: Option<Batch>,
    dropout: Option<Dropout>,
}

/// Inverted dropout: what is kept is divided by the chance to be kept, so that inference needs no change.
///
/// N. Srivastava and others, "Dropout: a simple way to prevent neural networks from overfitting", 2014.
#[derive(Debug)]
struct Dropout {
    /// The chance of a value to be dropped.
    rate: f32,
    /// 0 for what is dropped, `1 / (1 - rate)` for what is kept.
    factors: Vec<f32>,
    /// What the next layer sees.
    y: Vec<f32>,
}

/// What is summed over the rows of a shard.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    /// The losses, each times the weight of its example.
    pub(crate) loss: f64,
    /// The weights of the examples.
    pub(crate) weight: f64,
    /// How many classes were right.
    pub(crate) right: u64,
}

impl Tape {
    /// Memory for up to `capacity` rows, computed from the layer `first` on.
    ///
    /// `dropout` has a rate for each layer, or is empty.
    pub(crate) fn new(network: &Network, first: usize, capacity: usize, dropout: &[f32]) -> Self {
        let inputs = network.layers.get(first).map_or(network.outputs(), |layer| layer.inputs);
        let record = |(at, layer): (usize, &Layer)| {
            let buffer = || vec![0.0; capacity * layer.outputs];
            let keeps_sum = activation::needs_sum(layer.activation());
            let rate = dropout.get(at).copied().filter(|rate| *rate > 0.0);
            Recorded {
                outputs: layer.outputs,
                y: buffer(),
                z: if keeps_sum { buffer() } else { Vec::new() },
                trace: vec![0.0; capacity * layer.kind.trace()],
                norm: layer.norm.as_ref().map(|_| Batch::new(capacity * layer.outputs, layer.biases())),
                dropout: rate.map(|rate| Dropout { rate, factors: buffer(), y: buffer() }),
            }
        };
        let layers = network.layers.iter().enumerate().skip(first).map(record).collect();
        let scratch = vec![0.0; network.scratch()];
        Self { first, rows: 0, steps: steps_of(network), x: vec![0.0; capacity * inputs], inputs, layers, scratch }
    }

    /// Takes a batch of inputs; rows beyond the capacity are left out.
    pub(crate) fn fill(&mut self, inputs: ArrayView2<'_, f32>) {
        let inputs = inputs.as_standard_layout();
        self.fill_rows(inputs.rows().into_iter().filter_map(|row| row.to_slice()));
    }

    /// Takes inputs row by row; rows beyond the capacity are left out.
    pub(crate) fn fill_rows<'a>(&mut self, rows: impl Iterator<Item = &'a [f32]>) {
        self.fill_with(rows, |from, to| to.copy_from_slice(from));
    }

    /// Takes what `write` makes of each item; items beyond the capacity are left out.
    pub(crate) fn fill_with<T>(&mut self, items: impl Iterator<Item = T>, write: impl Fn(T, &mut [f32])) {
        self.rows = 0;
        for (to, item) in self.x.chunks_exact_mut(self.inputs).zip(items) {
            write(item, to);
            self.rows += 1;
        }
    }

    /// Computes every layer as in inference.
    pub(crate) fn infer(&mut self, network: &Network) {
        self.compute(network, false, None);
    }

    /// Computes every layer as in training: normalised by the statistics of the rows, and with a stream of random
    /// numbers values are dropped.
    pub(crate) fn train(&mut self, network: &Network, random: Option<&mut Random>) {
        self.compute(network, true, random);
    }

    fn compute(&mut self, network: &Network, training: bool, mut random: Option<&mut Random>) {
        let (first, rows, drops) = (self.first, self.rows, random.is_some());
        for at in 0..self.layers.len() {
            let (before, rest) = self.layers.split_at_mut(at);
            let (layer, recorded) = (&network.layers[first + at], &mut rest[0]);
            let given = |place: usize| match place.checked_sub(first + 1) {
                Some(at) => &before[at].seen(drops)[..rows * before[at].outputs],
                None => &self.x[..rows * self.inputs],
            };
            let with = layer.with.map_or(&[][..], given);
            recorded.forward(layer, &network.values, given(layer.from), with, training, &mut self.scratch);
            if let Some(random) = random.as_deref_mut() {
                recorded.drop_values(rows, random);
            }
        }
    }

    /// The layers that are normalised, by their places, with their statistics and the number of cells that they are of.
    pub(super) fn statistics(&self) -> impl Iterator<Item = (usize, &Batch, usize)> {
        (self.first..).zip(&self.layers).filter_map(|(at, layer)| {
            let batch = layer.norm.as_ref()?;
            Some((at, batch, self.rows * layer.outputs / batch.channels()))
        })
    }

    /// What a layer is given: the output of the one before `place`, or the input of the network.
    pub(super) fn given(&self, place: usize) -> &[f32] {
        match place.checked_sub(self.first + 1) {
            Some(at) => &self.layers[at].seen(true)[..self.rows * self.layers[at].outputs],
            None => &self.x[..self.rows * self.inputs],
        }
    }

    /// The output of the last layer, (rows, O).
    pub(crate) fn output(&self) -> ArrayView2<'_, f32> {
        let (y, outputs) = self.last();
        matrix(y, self.rows, outputs)
    }

    /// The losses of the rows, and how many of their classes are right.
    pub(crate) fn score<'t>(&self, objective: &Objective, target: impl Fn(usize) -> Target<'t>) -> Sums {
        let (y, outputs) = self.last();
        let mut sums = Sums::default();
        for (row, y) in y.chunks_exact(outputs).take(self.rows).enumerate() {
            sums.count(objective, y, target(row), objective.value(y, self.steps, target(row)));
        }
        sums
    }

    fn last(&self) -> (&[f32], usize) {
        self.layers.last().map_or((&self.x, self.inputs), |last| (&last.y, last.outputs))
    }
}

impl std::ops::Add for Sums {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (loss, weight) = (self.loss + other.loss, self.weight + other.weight);
        Self { loss, weight, right: self.right + other.right }
    }
}

impl std::iter::Sum for Sums {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::default(), |sum, other| sum + other)
    }
}

impl Sums {
    fn count(&mut self, objective: &Objective, y: &[f32], target: Target<'_>, value: f32) {
        let weight = f64::from(objective.weight(target));
        self.loss += weight * f64::from(value);
        self.weight += weight;
        self.right += u64::from(matches!(target, Target::Class(class) if objective.loss.decide(y) == class));
    }
}

impl Recorded {
    /// `network` are the values of the whole network.
    fn forward(
        &mut self,
        layer: &Layer,
        network: &[f32],
        x: &[f32],
        with: &[f32],
        training: bool,
        scratch: &mut [f32],
    ) {
        let rows = x.len() / layer.inputs;
        let values = &network[layer.values.clone()];
        let y = &mut self.y[..rows * layer.outputs];
        let trace = &mut self.trace[..rows * layer.kind.trace()];
        layer.kind.forward(Forward { values, x, with, y, trace, scratch: &mut scratch[..layer.kind.scratch()] });
        if layer.kind.gives_sums() {
            activation::add_bias(y, &values[layer.weights()..]);
        }
        if let (Some(norm), Some(at)) = (&mut self.norm, &layer.norm) {
            norm.forward(Normalization::new(&network[at.clone()]), training, y);
        }
        if !self.z.is_empty() {
            self.z[..y.len()].copy_from_slice(y);
        }
        activation::forward(layer.activation(), y);
    }

    fn drop_values(&mut self, rows: usize, random: &mut Random) {
        let Some(Dropout { rate, factors, y: dropped }) = &mut self.dropout else { return };
        let kept = 1.0 / (1.0 - *rate);
        let count = rows * self.outputs;
        let (y, factors, dropped) = (&self.y[..count], &mut factors[..count], &mut dropped[..count]);
        random.units(factors);
        widest!({
            for ((y, factor), dropped) in y.iter().zip(factors).zip(dropped) {
                *factor = if *factor < *rate { 0.0 } else { kept };
                *dropped = *y * *factor;
            }
        });
    }

    /// What the next layer sees.
    fn seen(&self, training: bool) -> &[f32] {
        match &self.dropout {
            Some(dropout) if training => &dropout.y,
            _ => &self.y,
        }
    }

    /// From the gradient of what the next layer sees to that of what the activation is applied to, in place.
    fn backward_activation(&self, layer: &Layer, dy: &mut [f32]) {
        if let Some(dropout) = &self.dropout {
            widest!(dy.iter_mut().zip(&dropout.factors).for_each(|(dy, factor)| *dy *= factor));
        }
        activation::backward(layer.activation(), if self.z.is_empty() { &self.y } else { &self.z }, dy);
    }
}

/// The gradient of one shard, and the memory to compute it.
#[derive(Debug)]
pub(crate) struct Gradient {
    /// In the order of [`Network::values`].
    values: Vec<f32>,
    /// The layers before this one are not computed.
    first: usize,
    /// The gradient of each layer's output, (capacity, O).
    layers: Vec<Vec<f32>>,
    /// Whether a layer's output has a gradient yet: what comes second is added to what came first.
    reached: Vec<bool>,
    /// What is to be added, (capacity, widest layer); empty where no output goes two ways.
    second: Vec<f32>,
    /// What the largest layer needs besides.
    scratch: Vec<f32>,
}

impl Gradient {
    /// Memory for the gradient of up to `capacity` rows, of the layers from `first` on.
    pub(crate) fn new(network: &Network, first: usize, capacity: usize) -> Self {
        let layers = &network.layers[first..];
        let widest = layers.iter().map(|layer| layer.outputs).max().unwrap_or(0);
        let needed = |layer: &Layer| layer.kind.scratch() + capacity * layer.kind.scratch_of_row();
        let joins = layers.iter().any(|layer| layer.with.is_some());
        Self {
            values: vec![0.0; network.values.len()],
            first,
            layers: layers.iter().map(|layer| vec![0.0; capacity * layer.outputs]).collect(),
            reached: vec![false; layers.len()],
            second: vec![0.0; if joins { capacity * widest } else { 0 }],
            scratch: vec![0.0; layers.iter().map(needed).max().unwrap_or(0)],
        }
    }

    /// The gradient for every stored value; 0 for what is not learned.
    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// Swaps the memory of its values with that of the network's.
    pub(crate) fn swap_values(&mut self, network: &mut Network) {
        std::mem::swap(&mut self.values, &mut network.values);
    }

    pub(crate) fn into_values(self) -> Vec<f32> {
        self.values
    }

    /// Takes the gradient of the loss with respect to the outputs on the tape, times `scale`; returns the losses.
    pub(crate) fn begin<'t>(
        &mut self,
        tape: &Tape,
        objective: &Objective,
        scale: f32,
        target: impl Fn(usize) -> Target<'t>,
    ) -> Sums {
        let (y, outputs) = tape.last();
        let mut sums = Sums::default();
        let Some(dy) = self.layers.last_mut() else { return sums };
        if tape.rows > 0 {
            let len = tape.rows * outputs;
            objective.begin(&y[..len], outputs, tape.steps, target(0), &mut dy[..len]);
        }
        let rows = y.chunks_exact(outputs).zip(dy.chunks_exact_mut(outputs)).take(tape.rows);
        for (row, (y, dy)) in rows.enumerate() {
            let value = objective.gradient(y, tape.steps, target(row), scale, dy);
            sums.count(objective, y, target(row), value);
        }
        sums
    }

    /// Goes back from the outputs to the first layer that learns, and writes the gradient of every layer on the way. What the
    /// layers kept for it on the tape may be used up.
    pub(crate) fn backward(&mut self, network: &Network, tape: &mut Tape) {
        let Some(end) = network.layers.iter().position(Layer::learns) else { return };
        self.reached.fill(false);
        for at in (end..network.layers.len()).rev() {
            let layer = &network.layers[at];
            let mut trace = std::mem::take(&mut tape.layers[at - tape.first].trace);
            let recorded = &tape.layers[at - tape.first];
            let (before, rest) = self.layers.split_at_mut(at - self.first);
            let dy = &mut rest[0][..tape.rows * layer.outputs];
            recorded.backward_activation(layer, dy);
            if let (Some(norm), Some(at)) = (&recorded.norm, &layer.norm) {
                norm.backward(Normalization::new(&network.values[at.clone()]), &mut self.values[at.clone()], dy);
            }
            let dy = &*dy;
            let mut give =
                Give { end, first: self.first, before, reached: &mut self.reached, second: &mut self.second };
            give.to(layer.from, tape.rows * layer.inputs, |dx| {
                let into = &mut self.values[layer.values.clone()];
                if layer.kind.gives_sums() {
                    layer.backward_bias(dy, &mut into[layer.weights()..]);
                }
                layer.kind.backward(Backward {
                    values: &network.values[layer.values.clone()],
                    x: tape.given(layer.from),
                    y: &recorded.y[..dy.len()],
                    trace: &mut trace[..tape.rows * layer.kind.trace()],
                    dy,
                    into,
                    dx,
                    through: network.through,
                    scratch: &mut self.scratch[..layer.kind.scratch() + tape.rows * layer.kind.scratch_of_row()],
                });
            });
            if let Some(with) = layer.with {
                let len = tape.given(with).len();
                give.to(with, len, |dx| {
                    if let Some(dx) = dx {
                        layer.kind.backward_second(dy, dx);
                    }
                });
            }
            tape.layers[at - tape.first].trace = trace;
        }
    }
}

/// For how many steps a network has an output.
fn steps_of(network: &Network) -> usize {
    match network.spec.output_shape() {
        Shape::Signal { steps, .. } => (steps as usize).max(1),
        _ => 1,
    }
}

/// Gives gradients to the outputs of layers.
struct Give<'a> {
    /// The first layer that learns: those before it are given none.
    end: usize,
    first: usize,
    before: &'a mut [Vec<f32>],
    reached: &'a mut [bool],
    second: &'a mut [f32],
}

impl Give<'_> {
    /// Lets `write` write the gradient for the output that `place` names, if it is to have one.
    fn to(&mut self, place: usize, len: usize, write: impl FnOnce(Option<&mut [f32]>)) {
        let Some(layer) = place.checked_sub(1).filter(|layer| *layer >= self.end) else { return write(None) };
        let at = layer - self.first;
        let dx = &mut self.before[at][..len];
        if self.reached[at] {
            write(Some(&mut self.second[..len]));
            dx.iter_mut().zip(&*self.second).for_each(|(dx, more)| *dx += more);
        } else {
            write(Some(dx));
            self.reached[at] = true;
        }
    }
}

/// The first rows of a buffer as a matrix.
fn matrix(values: &[f32], rows: usize, columns: usize) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape((rows, columns), &values[..rows * columns]).expect("as many values as the shape has")
}
