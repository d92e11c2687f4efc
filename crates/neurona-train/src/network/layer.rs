//! A layer of the trainer: what it computes, where its input comes from and where its values are.
//!
//! A new kind of layer is a variant of [`Kind`], a file beside this one with its forward and backward on batches, and a
//! line in each `match` of this file and of [`compute`](super::compute).

use std::ops::Range;

use neurona::arch::{
    ActivationSpec, ConvSpec, DepthwiseConvSpec, EchoStateSpec, GlobalPoolSpec, PoolSpec, RecurrentSpec, ScaleSpec,
};

use crate::arch::{Spec, Step};

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

/// What a layer computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Dense(ActivationSpec),
    Conv(ConvSpec),
    DepthwiseConv(DepthwiseConvSpec),
    Scale(ScaleSpec),
    Softmax,
    Standardize,
    Rescale(f32),
    Reshape,
    Pool(PoolSpec),
    GlobalPool(GlobalPoolSpec),
    /// Its outputs are states: biases and activations are within.
    Recurrent(RecurrentSpec),
    EchoState(EchoStateSpec),
    /// Adds the second input, then applies the activation.
    Add(ActivationSpec),
    /// Puts so many channels of the second input behind so many of the first.
    Concat(usize, usize),
}

/// A block of weights with the sizes that their variance follows from.
pub(crate) struct Fans {
    pub(crate) weights: usize,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
}

impl Layer {
    /// The layer of a step; `None` for a custom layer.
    pub(super) fn new(step: &Step<'_>) -> Option<Self> {
        let kind = match *step.spec {
            Spec::Dense { activation, .. } => Kind::Dense(activation),
            Spec::Conv(conv) => Kind::Conv(conv),
            Spec::DepthwiseConv(conv) => Kind::DepthwiseConv(conv),
            Spec::Scale(scale) => Kind::Scale(scale),
            Spec::Softmax { .. } => Kind::Softmax,
            Spec::Standardize { .. } | Spec::StandardizeChannels(_) => Kind::Standardize,
            Spec::Rescale { factor, .. } => Kind::Rescale(f32::from_bits(factor)),
            Spec::Reshape(_) => Kind::Reshape,
            Spec::Pool(pool) => Kind::Pool(pool),
            Spec::GlobalPool(pool) => Kind::GlobalPool(pool),
            Spec::Recurrent(recurrent) => Kind::Recurrent(recurrent),
            Spec::EchoState(echo) => Kind::EchoState(echo),
            Spec::Residual { activation, .. } => Kind::Add(activation),
            Spec::Concat(ref first, ref second) => {
                Kind::Concat(first.output_shape().channels(), second.output_shape().channels())
            }
            // `Spec::steps` opens every chain.
            Spec::Custom { .. } | Spec::Chain(_) => return None,
        };
        Some(Self {
            kind,
            from: step.from,
            with: step.with,
            inputs: step.inputs(),
            outputs: step.spec.outputs(),
            values: step.values.clone(),
            norm: None,
        })
    }

    /// What is applied to each output.
    pub(crate) fn activation(&self) -> ActivationSpec {
        match self.kind {
            Kind::Dense(activation)
            | Kind::Conv(ConvSpec { activation, .. })
            | Kind::DepthwiseConv(DepthwiseConvSpec { activation, .. })
            | Kind::Scale(ScaleSpec { activation, .. })
            | Kind::Add(activation) => activation,
            Kind::Softmax
            | Kind::Standardize
            | Kind::Rescale(_)
            | Kind::Reshape
            | Kind::Pool(_)
            | Kind::GlobalPool(_)
            | Kind::Recurrent(_)
            | Kind::EchoState(_)
            | Kind::Concat(..) => ActivationSpec::Identity,
        }
    }

    /// Number of parameters that are multiplied; those that are added follow them. 0 for a layer that learns nothing.
    pub(crate) fn weights(&self) -> usize {
        match self.kind {
            Kind::Dense(_) => self.inputs * self.outputs,
            Kind::Conv(conv) => conv.weights(),
            Kind::DepthwiseConv(conv) => conv.weights(),
            Kind::Scale(scale) => scale.shape.channels(),
            Kind::Recurrent(recurrent) => recurrent.weights(),
            _ => 0,
        }
    }

    /// Whether learning changes its values.
    pub(crate) fn learns(&self) -> bool {
        self.weights() > 0
    }

    /// Whether its outputs are sums, to each channel of which a bias is added, and then the activation applied.
    pub(crate) fn gives_sums(&self) -> bool {
        self.learns() && !matches!(self.kind, Kind::Recurrent(_))
    }

    /// Number of parameters that are added: one for each channel of the output, or for each sum of a recurrent layer.
    pub(crate) fn biases(&self) -> usize {
        if self.learns() { self.values.len() - self.weights() } else { 0 }
    }

    /// What initial weights go by: of each block of them how many there are, how many inputs a sum has, and how many sums an
    /// input has a part in, as far as a window does not reach beyond the input. A recurrent layer has weights of the input
    /// and weights of the state, both counted for one gate. Empty for a layer without weighted sums.
    pub(crate) fn fans(&self) -> Vec<Fans> {
        let all = |inputs, outputs| vec![Fans { weights: self.weights(), inputs, outputs }];
        match self.kind {
            Kind::Dense(_) => all(self.inputs, self.outputs),
            Kind::Conv(conv) => {
                let cells = conv.window.kernel_cells();
                all(conv.fan_in(), cells * conv.window.output.channels() / conv.groups())
            }
            Kind::DepthwiseConv(DepthwiseConvSpec { window, .. }) => {
                let cells = window.kernel_cells();
                all(cells, cells * window.output.channels() / window.input.channels())
            }
            Kind::Recurrent(RecurrentSpec { cell, inputs, units, .. }) => {
                let units = units as usize;
                let block = |inputs| Fans { weights: cell.gates() * units * inputs, inputs, outputs: units };
                vec![block(inputs as usize), block(units)]
            }
            _ => Vec::new(),
        }
    }

    /// Number of biases, from the first on, that PyTorch has as two each.
    pub(crate) fn merged_biases(&self) -> usize {
        match self.kind {
            Kind::Recurrent(RecurrentSpec { cell, units, .. }) => (2 * cell.gates() - cell.biases()) * units as usize,
            _ => 0,
        }
    }

    /// Whether it scales each value by constants that are fitted to the data.
    pub(crate) fn only_scales(&self) -> bool {
        matches!(self.kind, Kind::Standardize | Kind::Rescale(_))
    }

    /// Multiplies each of the weights by the factor of its output.
    pub(super) fn multiply_weights(&self, weights: &mut [f32], factors: &[f64]) {
        let multiply = |weight: &mut f32, factor: f64| *weight = (f64::from(*weight) * factor) as f32;
        match self.kind {
            Kind::DepthwiseConv(_) | Kind::Scale(_) => {
                for row in weights.chunks_exact_mut(factors.len()) {
                    row.iter_mut().zip(factors).for_each(|(weight, factor)| multiply(weight, *factor));
                }
            }
            _ => {
                let each = weights.len() / factors.len();
                for (row, factor) in weights.chunks_exact_mut(each).zip(factors) {
                    row.iter_mut().for_each(|weight| multiply(weight, *factor));
                }
            }
        }
    }

    /// What kind of layer it is, as messages name it.
    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Dense(_) => "dense",
            Kind::Conv(_) => "conv",
            Kind::DepthwiseConv(_) => "depthwise_conv",
            Kind::Scale(_) => "scale",
            Kind::Softmax => "softmax",
            Kind::Standardize => "standardize",
            Kind::Rescale(_) => "rescale",
            Kind::Reshape => "reshape",
            Kind::Pool(_) => "pool",
            Kind::GlobalPool(_) => "global_pool",
            Kind::Recurrent(recurrent) => recurrent.cell.name(),
            Kind::EchoState(_) => "echo_state",
            Kind::Add(_) => "residual",
            Kind::Concat(..) => "concat",
        }
    }
}
