//! The kinds of layers, a file each: what a layer is, what it computes for a batch and how it learns, what it is on a device
//! and what it is called in TOML.
//!
//! A new kind is a file with its implementation of [`LayerKind`] and a line in [`list`]; the compiler finds what is missing.
//! Most methods have an answer that fits many layers, so that a file is short: see [`scale`] for a layer that learns and
//! [`reshape`] for one that does not.

use std::fmt::Debug;

use ndarray::ArrayView2;
use neurona::{
    Reservoir,
    activation::Needs,
    arch::{ActivationSpec, Shape},
};

use crate::cost::Work;

mod add;
mod concat;
mod conv;
mod dense;
mod depthwise_conv;
mod echo_state;
mod global_pool;
#[macro_use]
mod macros;
mod list;
mod output_codes;
mod pool;
mod recurrent;
mod rescale;
mod reshape;
mod scale;
mod softmax;
mod source;
mod standardize;
mod table_conv;
mod window;

pub(crate) use add::Add;
pub(crate) use concat::Concat;
pub(crate) use dense::Dense;
pub(crate) use list::Kind;
pub use list::{LayerConfig, Spec};
pub use output_codes::OutputCodes;
pub(crate) use rescale::Rescale;
pub(crate) use softmax::Softmax;
pub(crate) use source::{activation_type, array, options};
pub(crate) use standardize::Standardize;
pub use table_conv::TableConv;
pub(crate) use window::{MOST_AROUND, around};

/// What the trainer knows of a kind of layer with its sizes.
///
/// A layer takes rows of inputs and gives rows of outputs; one that joins two branches takes a second input besides. Its
/// values are parameters that are multiplied (weights), parameters that are added (biases), or constants, one after
/// another. Sizes and counts are asked for once for a network, the passes once for a batch.
pub(crate) trait LayerKind: Debug {
    // What it is.

    /// What it is called in messages and in TOML.
    fn name(&self) -> &'static str;

    /// The shape of its input.
    fn input(&self) -> Shape;

    /// The shape of its output.
    fn output(&self) -> Shape {
        self.input()
    }

    /// What its sizes should be, when they do not fit together.
    fn fault(&self) -> Option<&'static str> {
        None
    }

    /// What a constant should be and what it is, when it makes no sense.
    fn wrong_constant(&self) -> Option<(&'static str, f32)> {
        wrong_activation(self.activation())
    }

    /// What is applied to each of its outputs, after the biases and a normalisation.
    fn activation(&self) -> ActivationSpec {
        ActivationSpec::Identity
    }

    /// Number of parameters that are multiplied: 0 for a layer that learns nothing.
    fn weights(&self) -> usize {
        0
    }

    /// Number of parameters that are added: one for each channel of the output where it [gives sums](Self::gives_sums).
    fn biases(&self) -> usize {
        0
    }

    /// Number of values that learning leaves as they are.
    fn constants(&self) -> usize {
        0
    }

    /// Multiply-adds of one inference.
    fn macs(&self) -> u64 {
        0
    }

    // What it is on a device.

    /// Its Rust type there.
    fn rust_type(&self) -> String;

    /// The same, and items that must stand before a network with it, the last of which is called `name`; mostly none.
    fn rust_type_with(&self, _name: &str) -> (String, String) {
        (self.rust_type(), String::new())
    }

    /// Its output for one input, to the bits of the device. `with` is the second input of a layer that joins.
    fn device_forward(&self, values: &[f32], x: &[f32], with: &[f32], y: &mut [f32]);

    /// Counts what inference on a device does, without the [activation](Self::activation), by which
    /// [`cost`](crate::cost) predicts its instructions.
    fn device_work(&self, work: &mut Work);

    /// Number of values that inference on a device needs besides input and output.
    fn device_scratch(&self) -> usize {
        0
    }

    /// Number of values that learning on a device keeps besides input and output.
    fn device_tape(&self) -> usize {
        match self.activation().needs() {
            Needs::PreActivation => self.output().len(),
            Needs::Output => 0,
        }
    }

    // How its values begin, and what they mean.

    /// What initial weights go by, for each block of them; empty for a layer without weighted sums.
    fn fans(&self) -> Vec<Fans> {
        Vec::new()
    }

    /// Number of biases, from the first on, that PyTorch has as two each.
    fn merged_biases(&self) -> usize {
        0
    }

    /// Whether its outputs are sums, to each channel of which a bias is added; then the activation is applied.
    fn gives_sums(&self) -> bool {
        self.weights() > 0
    }

    /// Of a layer that gives sums: the channel of the output that a weight has a part in. Mostly those of a channel lie one after
    /// another, as many for each.
    fn channel_of(&self, weight: usize) -> usize {
        weight / (self.weights() / self.biases())
    }

    /// Whether its outputs are probabilities.
    fn gives_probabilities(&self) -> bool {
        false
    }

    /// Whether it scales each value by constants: see [`scale_rows`](Self::scale_rows).
    fn only_scales(&self) -> bool {
        false
    }

    /// Of a layer that only scales: fits its constants to inputs.
    fn fit(&self, _values: &mut [f32], _inputs: ArrayView2<'_, f32>) {}

    /// Of a layer that only scales: scales rows in place.
    fn scale_rows(&self, _values: &[f32], _rows: &mut [f32]) {}

    /// Whether its values are drawn once and stay: see [`fill`](Self::fill).
    fn is_reservoir(&self) -> bool {
        false
    }

    /// Of a reservoir: draws its values.
    fn fill(&self, _reservoir: Reservoir, _values: &mut [f32]) {}

    // What it computes for a batch.

    /// Number of values that a pass needs as scratch.
    fn scratch(&self) -> usize {
        0
    }

    /// About how many bytes a pass takes by itself besides, for what it finds once for all rows.
    fn bytes_of_pass(&self) -> usize {
        0
    }

    /// Number of values that forward keeps for backward besides the outputs, for each row.
    fn trace(&self) -> usize {
        0
    }

    /// Number of values that backward needs as scratch besides, for each row.
    fn scratch_of_row(&self) -> usize {
        0
    }

    /// The outputs, before the bias, a normalisation and the activation where the layer has them.
    fn forward(&self, pass: Forward<'_>);

    /// The gradients of the layer's values and of its inputs from that of its sums. The biases of a layer that gives sums
    /// have theirs already.
    fn backward(&self, pass: Backward<'_>);

    /// The gradient of the second input of a layer that joins, from that of its sums.
    fn backward_second(&self, dy: &[f32], dx: &mut [f32]) {
        dx.copy_from_slice(dy);
    }
}

/// A block of weights with the sizes that their variance follows from: how many there are, how many inputs a sum has, and how
/// many sums an input has a part in, as far as a window does not reach beyond the input.
pub(crate) struct Fans {
    pub(crate) weights: usize,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
}

/// What forward is given of a batch.
pub(crate) struct Forward<'a> {
    /// The values of the layer.
    pub(crate) values: &'a [f32],
    /// (rows, I).
    pub(crate) x: &'a [f32],
    /// The second input of a layer that joins.
    pub(crate) with: &'a [f32],
    /// Where the outputs go, (rows, O).
    pub(crate) y: &'a mut [f32],
    /// What is kept for backward besides, (rows, [`LayerKind::trace`]).
    pub(crate) trace: &'a mut [f32],
    pub(crate) scratch: &'a mut [f32],
}

/// What backward is given of a batch.
pub(crate) struct Backward<'a> {
    /// The values of the layer.
    pub(crate) values: &'a [f32],
    /// (rows, I).
    pub(crate) x: &'a [f32],
    /// (rows, O).
    pub(crate) y: &'a [f32],
    /// What forward kept besides, (rows, [`LayerKind::trace`]); it may be used up.
    pub(crate) trace: &'a mut [f32],
    /// The gradient of the sums, (rows, O).
    pub(crate) dy: &'a [f32],
    /// How many steps the gradient goes back through in a recurrent layer, from the end of each such piece of the window.
    pub(crate) through: usize,
    /// Where the gradient of the layer's values goes.
    pub(crate) into: &'a mut [f32],
    /// Where the gradient of the inputs goes, (rows, I), where it is asked for.
    pub(crate) dx: Option<&'a mut [f32]>,
    pub(crate) scratch: &'a mut [f32],
}

/// What the constant of an activation should be and what it is, when it makes no sense.
fn wrong_activation(activation: ActivationSpec) -> Option<(&'static str, f32)> {
    let bits = match activation {
        ActivationSpec::LeakyRelu { slope: bits } | ActivationSpec::Elu { alpha: bits } => bits,
        _ => 0,
    };
    activation.fault().map(|fault| (fault, f32::from_bits(bits)))
}

/// An activation in the arithmetic of the device.
fn activate_on_device(activation: ActivationSpec, z: &mut [f32]) {
    for z in z {
        *z = activation.value(*z);
    }
}
