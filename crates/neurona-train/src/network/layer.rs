//! A layer of a network: what it computes, where its input comes from and where its values are.

use std::ops::Range;

use neurona::arch::ActivationSpec;

use crate::{arch::Step, layer::Kind, product::sum_columns};

/// A layer that computes something.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer {
    pub(crate) kind: Kind,
    /// What it takes: 0 is the input of the network, and `n` the output of the layer `n - 1`.
    pub(crate) from: usize,
    /// What a layer that joins two branches takes besides.
    pub(crate) with: Option<usize>,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) values: Range<usize>,
    /// Of a normalised layer: see [`Normalization`](super::Normalization).
    pub(crate) norm: Option<Range<usize>>,
}

impl Layer {
    /// The layer of a step; `None` for a custom layer.
    pub(super) fn new(step: &Step<'_>) -> Option<Self> {
        let kind = Kind::of(step.spec)?;
        Some(Self {
            inputs: kind.input().len(),
            outputs: kind.output().len(),
            kind,
            from: step.from,
            with: step.with,
            values: step.values.clone(),
            norm: None,
        })
    }

    /// What is applied to each output.
    pub(crate) fn activation(&self) -> ActivationSpec {
        self.kind.activation()
    }

    /// Number of parameters that are multiplied; those that are added follow them. 0 for a layer that learns nothing.
    pub(crate) fn weights(&self) -> usize {
        self.kind.weights()
    }

    /// Whether learning changes its values.
    pub(crate) fn learns(&self) -> bool {
        self.weights() > 0
    }

    /// Number of parameters that are added: one for each channel of the output, or for each sum of a recurrent layer.
    pub(crate) fn biases(&self) -> usize {
        self.kind.biases()
    }

    /// Multiplies each of the weights by the factor of its output.
    pub(super) fn multiply_weights(&self, weights: &mut [f32], factors: &[f64]) {
        for (at, weight) in weights.iter_mut().enumerate() {
            *weight = (f64::from(*weight) * factors[self.kind.channel_of(at)]) as f32;
        }
    }

    /// The gradient of the biases from that of the sums, (rows, O).
    pub(super) fn backward_bias(&self, dy: &[f32], db: &mut [f32]) {
        // The gradient of a normalised layer's bias is 0, which a sum would only come near.
        if self.norm.is_some() {
            db.fill(0.0);
        } else {
            sum_columns(dy, db);
        }
    }
}
