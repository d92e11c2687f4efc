//! Forward and backward of one shard of a batch, in memory that is kept from batch to batch.

use ndarray::{ArrayView2, ArrayViewMut2, linalg::general_mat_mul};

use super::{
    Kind, Layer, Network,
    norm::{Batch, Normalization},
    scaling,
};
use crate::{activation, loss::Target, objective::Objective, random::Random};

/// What forward computes and backward needs: the output of every layer for every row of a shard.
#[derive(Debug)]
pub(crate) struct Tape {
    /// The layers before this one are not computed: their output is what the tape is filled with.
    first: usize,
    rows: usize,
    /// (capacity, inputs of the first layer)
    x: Vec<f32>,
    inputs: usize,
    layers: Vec<Recorded>,
}

/// What is kept of one layer; every buffer is (capacity, O) or empty.
#[derive(Debug)]
struct Recorded {
    outputs: usize,
    y: Vec<f32>,
    /// What the activation was applied to, where its derivative is computed from that.
    z: Vec<f32>,
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
            let keeps_sum = matches!(layer.kind, Kind::Dense(activation) if activation::needs_sum(activation));
            let rate = dropout.get(at).copied().filter(|rate| *rate > 0.0);
            Recorded {
                outputs: layer.outputs,
                y: buffer(),
                z: if keeps_sum { buffer() } else { Vec::new() },
                norm: layer.norm.as_ref().map(|_| Batch::new(capacity, layer.outputs)),
                dropout: rate.map(|rate| Dropout { rate, factors: buffer(), y: buffer() }),
            }
        };
        let layers = network.layers.iter().enumerate().skip(first).map(record).collect();
        Self { first, rows: 0, x: vec![0.0; capacity * inputs], inputs, layers }
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
        let rows = self.rows;
        for at in 0..self.layers.len() {
            let (before, rest) = self.layers.split_at_mut(at);
            let layer = &network.layers[self.first + at];
            let x = before.last().map_or(&self.x[..], |before| before.seen(random.is_some()));
            rest[0].forward(layer, &network.values, matrix(x, rows, layer.inputs), training);
            if let Some(random) = random.as_deref_mut() {
                rest[0].drop_values(rows, random);
            }
        }
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The layers that are normalised, by their places, with the statistics of the rows.
    pub(super) fn statistics(&self) -> impl Iterator<Item = (usize, &Batch)> {
        (self.first..).zip(&self.layers).filter_map(|(at, layer)| Some((at, layer.norm.as_ref()?)))
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
            sums.count(objective, y, target(row), objective.value(y, target(row)));
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
    fn forward(&mut self, layer: &Layer, network: &[f32], x: ArrayView2<'_, f32>, training: bool) {
        let (rows, outputs) = (x.nrows(), layer.outputs);
        let values = &network[layer.values.clone()];
        let y = &mut self.y[..rows * outputs];
        match layer.kind {
            Kind::Dense(activation) => {
                let (weights, bias) = values.split_at(outputs * layer.inputs);
                let weights = matrix(weights, outputs, layer.inputs);
                // z = x W^T + b
                general_mat_mul(1.0, &x, &weights.t(), 0.0, &mut matrix_mut(y, rows, outputs));
                activation::add_bias(y, bias);
                if let (Some(norm), Some(at)) = (&mut self.norm, &layer.norm) {
                    norm.forward(Normalization::new(&network[at.clone()]), training, y);
                }
                if !self.z.is_empty() {
                    self.z[..rows * outputs].copy_from_slice(y);
                }
                activation::forward(activation, y);
            }
            Kind::Softmax => {
                copy(x, y);
                activation::softmax(y, outputs);
            }
            Kind::Standardize | Kind::Rescale(_) => {
                copy(x, y);
                scaling::apply(layer.kind, values, y);
            }
        }
    }

    fn drop_values(&mut self, rows: usize, random: &mut Random) {
        let Some(Dropout { rate, factors, y: dropped }) = &mut self.dropout else { return };
        let kept = 1.0 / (1.0 - *rate);
        let all = self.y.iter().zip(factors).zip(dropped).take(rows * self.outputs);
        for ((y, factor), dropped) in all {
            *factor = if random.unit() < *rate { 0.0 } else { kept };
            *dropped = *y * *factor;
        }
    }

    /// What the next layer sees.
    fn seen(&self, training: bool) -> &[f32] {
        match &self.dropout {
            Some(dropout) if training => &dropout.y,
            _ => &self.y,
        }
    }

    /// From the gradient of what the next layer sees to that of what the activation does, in place.
    fn backward_activation(&self, kind: Kind, dy: &mut [f32]) {
        if let Some(dropout) = &self.dropout {
            dy.iter_mut().zip(&dropout.factors).for_each(|(dy, factor)| *dy *= factor);
        }
        match kind {
            Kind::Dense(activation) => {
                activation::backward(activation, if self.z.is_empty() { &self.y } else { &self.z }, dy);
            }
            Kind::Softmax => activation::softmax_backward(&self.y, dy, self.outputs),
            Kind::Standardize | Kind::Rescale(_) => {}
        }
    }
}

/// The gradient of one shard, and the memory to compute it.
#[derive(Debug)]
pub(crate) struct Gradient {
    /// In the order of [`Network::values`].
    values: Vec<f32>,
    /// Gradients of activations, (capacity, widest layer): one of the outputs and one of the inputs of a layer.
    dy: Vec<f32>,
    dx: Vec<f32>,
}

impl Gradient {
    /// Memory for the gradient of up to `capacity` rows, of the layers from `first` on.
    pub(crate) fn new(network: &Network, first: usize, capacity: usize) -> Self {
        let layers = &network.layers[first..];
        let widest = layers.iter().map(|layer| layer.inputs.max(layer.outputs)).max().unwrap_or(0);
        let buffer = || vec![0.0; capacity * widest];
        Self { values: vec![0.0; network.values.len()], dy: buffer(), dx: buffer() }
    }

    /// The gradient for every stored value; 0 for what is not learned.
    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
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
        let rows = y.chunks_exact(outputs).zip(self.dy.chunks_exact_mut(outputs)).take(tape.rows);
        for (row, (y, dy)) in rows.enumerate() {
            let value = objective.gradient(y, target(row), scale, dy);
            sums.count(objective, y, target(row), value);
        }
        sums
    }

    /// Goes back from the outputs to the first layer that learns, and writes the gradient of every layer on the way.
    pub(crate) fn backward(&mut self, network: &Network, tape: &Tape) {
        let is_dense = |layer: &Layer| matches!(layer.kind, Kind::Dense(_));
        let Some(end) = network.layers.iter().position(is_dense) else { return };
        for at in (end..network.layers.len()).rev() {
            let (layer, recorded) = (&network.layers[at], &tape.layers[at - tape.first]);
            let (x, trained) = match at.checked_sub(tape.first + 1) {
                Some(before) => (tape.layers[before].seen(true), tape.layers[before].outputs),
                None => (&tape.x[..], tape.inputs),
            };
            let dy = &mut self.dy[..tape.rows * layer.outputs];
            recorded.backward_activation(layer.kind, dy);
            if let (Some(norm), Some(at)) = (&recorded.norm, &layer.norm) {
                norm.backward(Normalization::new(&network.values[at.clone()]), &mut self.values[at.clone()], dy);
            }
            self.backward_layer(network, layer, matrix(x, tape.rows, trained), at > end);
            std::mem::swap(&mut self.dy, &mut self.dx);
        }
    }

    /// The gradient of one layer's values, and with `pass_on` that of its inputs, from that of its weighted sums.
    fn backward_layer(&mut self, network: &Network, layer: &Layer, x: ArrayView2<'_, f32>, pass_on: bool) {
        let (rows, inputs, outputs) = (x.nrows(), layer.inputs, layer.outputs);
        let (dy, dx) = (&self.dy[..rows * outputs], &mut self.dx[..rows * inputs]);
        let values = &network.values[layer.values.clone()];
        match layer.kind {
            Kind::Dense(_) => {
                let (dw, db) = self.values[layer.values.clone()].split_at_mut(outputs * inputs);
                let dz = matrix(dy, rows, outputs);
                general_mat_mul(1.0, &dz.t(), &x, 0.0, &mut matrix_mut(dw, outputs, inputs));
                db.fill(0.0);
                // The gradient of a normalised layer's bias is 0, which a sum would only come near.
                if layer.norm.is_none() {
                    for dz in dy.chunks_exact(outputs) {
                        db.iter_mut().zip(dz).for_each(|(db, dz)| *db += dz);
                    }
                }
                if pass_on {
                    let weights = matrix(&values[..outputs * inputs], outputs, inputs);
                    general_mat_mul(1.0, &dz, &weights, 0.0, &mut matrix_mut(dx, rows, inputs));
                }
            }
            Kind::Softmax => dx.copy_from_slice(dy),
            Kind::Standardize => {
                let scale = &values[outputs..];
                for (dx, dy) in dx.chunks_exact_mut(inputs).zip(dy.chunks_exact(outputs)) {
                    dx.iter_mut().zip(dy).zip(scale).for_each(|((dx, dy), scale)| *dx = dy * scale);
                }
            }
            Kind::Rescale(factor) => dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx = dy * factor),
        }
    }
}

/// The first rows of a buffer as a matrix.
fn matrix(values: &[f32], rows: usize, columns: usize) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape((rows, columns), &values[..rows * columns]).expect("as many values as the shape has")
}

fn matrix_mut(values: &mut [f32], rows: usize, columns: usize) -> ArrayViewMut2<'_, f32> {
    ArrayViewMut2::from_shape((rows, columns), &mut values[..rows * columns]).expect("as many values as the shape has")
}

fn copy(from: ArrayView2<'_, f32>, to: &mut [f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}
