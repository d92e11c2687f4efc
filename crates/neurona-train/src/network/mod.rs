//! A network on the desktop: built from any architecture, computed for whole batches at once.
//!
//! This is an implementation of its own: products of matrices in an order of sums of their own, and exponential
//! functions that become vector instructions. The device's arithmetic is in [`device`](crate::device); tests hold the two
//! together to a bound.

use std::ops::Range;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use neurona::arch::LayerSpec;
use rayon::prelude::*;

use crate::{
    arch::{Spec, SpecError, Step},
    layer::Kind,
    loss::{Loss, TargetRows},
};

mod layer;
mod norm;
mod pass;
mod scaling;

pub(crate) use layer::Layer;
pub(crate) use norm::begin_normalization;
pub use norm::{Normalization, NormalizeError};
pub(crate) use pass::{Gradient, Sums, Tape};

/// A network and its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    spec: Spec,
    layers: Vec<Layer>,
    /// Every stored value, in the order of the model file; then those of the normalised layers.
    values: Vec<f32>,
    /// How many steps the gradient goes back through in a recurrent layer; `usize::MAX` for all.
    through: usize,
    /// Whether the weights were drawn and not changed since, so that the outputs have no unit yet.
    drawn: bool,
}

/// Values, inputs or targets that do not fit the network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the network takes {expected} {what}, but there are {found}")]
pub struct ShapeError {
    /// What does not fit.
    pub what: &'static str,
    /// How many there should be.
    pub expected: usize,
    /// How many there are.
    pub found: usize,
}

impl ShapeError {
    pub(crate) fn check(what: &'static str, expected: usize, found: usize) -> Result<(), Self> {
        if expected == found { Ok(()) } else { Err(Self { what, expected, found }) }
    }
}

/// What one batch gives: see [`Network::gradients`].
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients {
    /// The outputs, a row for each example.
    pub outputs: Array2<f32>,
    /// The mean loss of the examples.
    pub loss: f32,
    /// The gradient of that mean for every stored value, in the order of [`Network::values`]; 0 for constants.
    pub values: Vec<f32>,
}

impl Network {
    /// A network of that architecture whose values are all zero: see [`init`](Self::init) for values to learn from.
    ///
    /// # Errors
    ///
    /// The layers do not fit together, or one is a custom layer.
    pub fn new(spec: Spec) -> Result<Self, SpecError> {
        spec.check()?;
        let layer = |(at, step): (usize, Step<'_>)| {
            Layer::new(&step).ok_or_else(|| SpecError::Custom { layer: at, name: custom_name(step.spec) })
        };
        let layers = spec.steps().into_iter().enumerate().map(layer).collect::<Result<_, _>>()?;
        let values = vec![0.0; spec.values()];
        Ok(Self { spec, layers, values, through: usize::MAX, drawn: false })
    }

    /// A network of the architecture of a device type, such as `Digits::ARCH`, whose values are all zero.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn from_arch(arch: &LayerSpec) -> Result<Self, SpecError> {
        Self::new(Spec::from(arch))
    }

    /// Lets the gradient of recurrent layers go back through so many steps, through all with `None` (Williams and Peng, "An
    /// efficient gradient-based algorithm for on-line training of recurrent network trajectories", 1990).
    ///
    /// The window is cut from its end into pieces of so many steps; the state goes on from piece to piece, the gradient does not
    /// go back. It is what the last parameter of [`neurona::Gru`] and its like says of a device, and there for each layer by
    /// itself. It is a choice of training and stands in no file. 0 is as 1.
    pub fn truncate(&mut self, steps: Option<usize>) {
        self.through = steps.unwrap_or(usize::MAX).max(1);
    }

    /// The architecture.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Length of an input.
    pub fn inputs(&self) -> usize {
        self.spec.inputs()
    }

    /// Length of an output.
    pub fn outputs(&self) -> usize {
        self.spec.outputs()
    }

    /// Every stored value in the order of the model file: layer by layer; for a layer with weights these, a row for each
    /// output or filter, then the biases; for a recurrent layer the weights of the input, those of the state, then the biases;
    /// for a standardisation the means, then the scales. What the normalised layers have besides
    /// follows after all layers: see [`normalize`](Self::normalize).
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The stored values, to change: see [`values`](Self::values).
    pub fn values_mut(&mut self) -> &mut [f32] {
        self.drawn = false;
        &mut self.values
    }

    /// Replaces every stored value: see [`values`](Self::values).
    ///
    /// # Errors
    ///
    /// There are more or fewer values than the network stores.
    pub fn set_values(&mut self, values: &[f32]) -> Result<(), ShapeError> {
        ShapeError::check("values", self.values.len(), values.len())?;
        self.values_mut().copy_from_slice(values);
        Ok(())
    }

    /// Whether the weights were drawn by [`init`](Self::init) and not changed since.
    pub(crate) fn is_drawn(&self) -> bool {
        self.drawn
    }

    pub(crate) fn set_drawn(&mut self) {
        self.drawn = true;
    }

    /// Number of layers that compute something: the [steps](Spec::steps) of the architecture.
    pub fn layer_count(&self) -> usize {
        self.layers.len()
    }

    /// Where the values of a layer are in [`values`](Self::values) and in [`Gradients::values`]; layers count from 0.
    pub fn layer_values(&self, layer: usize) -> Option<Range<usize>> {
        self.layers.get(layer).map(|layer| layer.values.clone())
    }

    /// The weights (O, I) and the biases (O) of a dense layer, or its part of a gradient; layers count from 0.
    ///
    /// `values` are [`values`](Self::values) or [`Gradients::values`]. `None` when the layer is not dense.
    pub fn dense<'a>(&self, layer: usize, values: &'a [f32]) -> Option<(ArrayView2<'a, f32>, ArrayView1<'a, f32>)> {
        let layer = self.layers.get(layer).filter(|layer| matches!(layer.kind, Kind::Dense(_)))?;
        let (weights, bias) = values.get(layer.values.clone())?.split_at(layer.weights());
        Some((ArrayView2::from_shape((layer.outputs, layer.inputs), weights).ok()?, ArrayView1::from(bias)))
    }

    pub(crate) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Number of layers at the front that only scale the input, and whose input no other layer takes: nothing before the
    /// first of the others learns.
    pub(crate) fn scaling_layers(&self) -> usize {
        let scaling = self.layers.iter().take_while(|layer| layer.kind.only_scales()).count();
        let used = |layer: &Layer| layer.with.map_or(layer.from, |with| with.min(layer.from));
        let earliest = |count: usize| self.layers[count..].iter().map(used).min().unwrap_or(count);
        (0..=scaling).rev().find(|count| earliest(*count) >= *count).unwrap_or(0)
    }

    /// Number of values that a pass through the largest layer needs as scratch.
    fn scratch(&self) -> usize {
        self.layers.iter().map(|layer| layer.kind.scratch()).max().unwrap_or(0)
    }

    /// Where the parameters are that learning changes, as few ranges of [`values`](Self::values) as there can be.
    ///
    /// The bias of a normalised layer is not one of them: the mean that is subtracted takes it away again.
    pub(crate) fn learned(&self) -> Vec<Range<usize>> {
        let learning = self.layers.iter().filter(|layer| layer.learns()).map(|layer| {
            let bias = if layer.norm.is_some() { layer.biases() } else { 0 };
            layer.values.start..layer.values.end - bias
        });
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for range in learning.chain(self.layers.iter().filter_map(Layer::gamma_and_beta)) {
            match ranges.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => ranges.push(range),
            }
        }
        ranges
    }

    /// Where the weights of the layers with weighted sums are in [`values`](Self::values), without their biases.
    pub(crate) fn weights(&self) -> Vec<Range<usize>> {
        let with_sums = self.layers.iter().filter(|layer| !layer.kind.fans().is_empty());
        with_sums.map(|layer| layer.values.start..layer.values.start + layer.weights()).collect()
    }

    /// How many weights there are, biases not counted, and how many of them are exactly zero, as Lasso makes them.
    pub fn zero_weights(&self) -> (usize, usize) {
        let weights = self.weights();
        let zeros = weights.iter().flat_map(|range| &self.values[range.clone()]).filter(|w| **w == 0.0).count();
        (weights.iter().map(Range::len).sum(), zeros)
    }

    /// The layers that learn, by their places.
    pub(crate) fn learning_layers(&self) -> Vec<usize> {
        (0..self.layers.len()).filter(|at| self.layers[*at].learns()).collect()
    }

    /// Whether the outputs are probabilities, made so by softmax or sigmoid.
    pub(crate) fn ends_in_probabilities(&self) -> bool {
        self.layers.last().is_some_and(|last| last.kind.gives_probabilities())
    }

    /// Whether every stored value is a finite number.
    pub(crate) fn is_finite(&self) -> bool {
        self.values.iter().all(|value| value.is_finite())
    }

    /// How many rows are computed at once, on one thread: a function of the architecture alone.
    ///
    /// The sums of a gradient depend on how a batch is cut, and must not depend on the number of threads.
    pub(crate) fn shard_rows(&self) -> usize {
        shard_rows(&self.spec)
    }

    /// The outputs for a batch of inputs, computed on all threads of the current [`rayon`] pool.
    ///
    /// # Shapes
    ///
    /// `inputs` is (B, I), the result is (B, O).
    ///
    /// # Errors
    ///
    /// The rows of `inputs` do not have as many values as the network has inputs.
    pub fn forward(&self, inputs: ArrayView2<'_, f32>) -> Result<Array2<f32>, ShapeError> {
        ShapeError::check("inputs", self.inputs(), inputs.ncols())?;
        let rows = self.shard_rows();
        let mut outputs = Array2::zeros((inputs.nrows(), self.outputs()));
        let shards = outputs.axis_chunks_iter_mut(Axis(0), rows).into_par_iter();
        shards.zip(inputs.axis_chunks_iter(Axis(0), rows)).for_each_init(
            || Tape::new(self, 0, rows, &[]),
            |tape, (mut outputs, inputs)| {
                tape.fill(inputs);
                tape.infer(self);
                outputs.assign(&tape.output());
            },
        );
        Ok(outputs)
    }

    /// The outputs, the mean loss and its gradient for a batch, computed in one piece.
    ///
    /// Normalised layers take the mean and the variance of this batch, as in training, and so the outputs are others
    /// than those of [`forward`](Self::forward).
    ///
    /// # Shapes
    ///
    /// `inputs` is (B, I); `targets` are B classes or B times O values.
    ///
    /// # Errors
    ///
    /// Inputs or targets do not fit the network, there are not as many targets as inputs, or there are none. A network with
    /// a normalised layer takes at least two.
    pub fn gradients(
        &self,
        inputs: ArrayView2<'_, f32>,
        targets: TargetRows<'_>,
        loss: Loss,
    ) -> Result<Gradients, ShapeError> {
        let (rows, outputs) = (inputs.nrows(), self.outputs());
        ShapeError::check("inputs", self.inputs(), inputs.ncols())?;
        ShapeError::check("targets for these inputs", rows.max(1) * targets.width(outputs), targets.len())?;
        if rows < self.least_rows() {
            let what = "rows or more (batch normalisation)";
            return Err(ShapeError { what, expected: self.least_rows(), found: rows });
        }
        let mut tape = Tape::new(self, 0, rows, &[]);
        tape.fill(inputs);
        tape.train(self, None);
        let mut gradient = Gradient::new(self, 0, rows);
        let sums = gradient.begin(&tape, &loss.into(), 1.0 / rows as f32, |row| targets.row(row, outputs));
        gradient.backward(self, &mut tape);
        let loss = (sums.loss / rows as f64) as f32;
        Ok(Gradients { outputs: tape.output().to_owned(), loss, values: gradient.into_values() })
    }
}

fn custom_name(spec: &Spec) -> String {
    if let Spec::Custom { name, .. } = spec { name.clone() } else { spec.kind().to_owned() }
}

/// How many rows a network of this architecture computes at once: those of a shard.
pub(crate) fn shard_rows(spec: &Spec) -> usize {
    /// Multiply-adds of a forward pass that are worth a thread's while: with backward some 20 us, and to hand work to a
    /// thread costs a few.
    const WORK: u64 = 1 << 18;
    const MOST: usize = 256;
    // Each shard has a gradient of its own, which is written, read again and added: the more parameters, the more rows it
    // takes for that to be little beside the computation. The widest kernel of the matrix product takes 16 rows at once.
    let least = match spec.params() {
        0..=0x8000 => 16,
        0x8001..=0x4_0000 => 32,
        _ => 64,
    };
    let rows = usize::try_from(WORK / spec.macs().max(1)).unwrap_or(MOST);
    rows.clamp(least, MOST).next_multiple_of(16)
}

#[cfg(test)]
mod tests;
