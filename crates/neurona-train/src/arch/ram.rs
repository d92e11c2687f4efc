//! What an architecture needs of a device's memory.

use neurona::{Progress, Ram};

use super::Spec;
use crate::layer::Kind;

/// Bytes of a value: every weight and every activation is an `f32`.
const VALUE: usize = size_of::<f32>();

impl Spec {
    /// Memory for inference and for learning on a device, in bytes: what [`neurona::Network::RAM`] of the Rust type is.
    ///
    /// For a recurrent layer it is that of learning through the whole window; a type whose gradient goes back through fewer
    /// steps needs less.
    ///
    /// `None` with a custom layer, whose scratch and tape only its type knows.
    pub fn ram(&self) -> Option<Ram> {
        let output = self.outputs().saturating_mul(VALUE);
        let workspace = output.saturating_mul(2).saturating_add(self.tape()?);
        let gradient = self.params().saturating_mul(VALUE);
        let in_place = self.flash().saturating_add(workspace).saturating_add(size_of::<Progress>());
        let sgd = in_place.saturating_add(gradient);
        let momentum = sgd.saturating_add(gradient);
        let adam = momentum.saturating_add(gradient);
        Some(Ram { inference: output.saturating_add(self.scratch()?), in_place, sgd, momentum, adam })
    }

    /// Flash for the weights and constants, in bytes.
    pub fn flash(&self) -> usize {
        self.values().saturating_mul(VALUE)
    }

    /// What forward needs besides input and output: for a chain, a block in which the activations between its layers
    /// take turns, and the largest scratch of a layer.
    fn scratch(&self) -> Option<usize> {
        match self {
            Self::Chain(layers) => {
                let largest = layers.iter().map(Self::scratch).try_fold(0, |most, next| Some(next?.max(most)))?;
                Some(turns(layers).saturating_add(largest))
            }
            // Both branches keep theirs, and what they give.
            Self::Residual { body, shortcut: Some(second), .. } => {
                Some(body.scratch()?.saturating_add(second.scratch()?).saturating_add(bytes(second)))
            }
            Self::Concat(first, second) => {
                let scratch = first.scratch()?.saturating_add(second.scratch()?);
                Some(scratch.saturating_add(bytes(first)).saturating_add(bytes(second)))
            }
            Self::Residual { body, shortcut: None, .. } => body.scratch(),
            _ => Some(Kind::of(self)?.device_scratch().saturating_mul(VALUE)),
        }
    }

    /// What backward needs besides input and output: for a chain, every activation between its layers, what each layer
    /// keeps for itself, and a block in which two gradients of activations take turns.
    fn tape(&self) -> Option<usize> {
        match self {
            Self::Chain(layers) => {
                let kept =
                    layers.iter().map(Self::tape).try_fold(0_usize, |sum, next| Some(sum.saturating_add(next?)))?;
                let activations = inner(layers).fold(0, usize::saturating_add);
                Some(activations.saturating_add(kept).saturating_add(turns(layers)))
            }
            // The output of the body; with a shortcut of its own both outputs and a gradient.
            Self::Residual { body, shortcut, .. } => {
                let (outputs, shortcut) = match shortcut {
                    Some(shortcut) => (3, shortcut.tape()?),
                    None => (1, 0),
                };
                let tapes = body.tape()?.saturating_add(shortcut).saturating_add(of_kind(self)?);
                Some(tapes.saturating_add(bytes(body).saturating_mul(outputs)))
            }
            // Both outputs and their gradients.
            Self::Concat(first, second) => {
                let outputs = bytes(first).saturating_add(bytes(second));
                Some(first.tape()?.saturating_add(second.tape()?).saturating_add(outputs.saturating_mul(2)))
            }
            _ => Some(of_kind(self)?),
        }
    }
}

/// Bytes that a layer itself keeps for backward.
fn of_kind(layer: &Spec) -> Option<usize> {
    Some(Kind::of(layer)?.device_tape().saturating_mul(VALUE))
}

/// Bytes of an output.
fn bytes(layer: &Spec) -> usize {
    layer.outputs().saturating_mul(VALUE)
}

/// Bytes of the activations between the layers of a chain.
fn inner(layers: &[Spec]) -> impl Iterator<Item = usize> {
    let but_the_last = layers.len().saturating_sub(1);
    layers.iter().take(but_the_last).map(bytes)
}

/// Bytes of the two largest activations that follow each other between the layers of a chain.
fn turns(layers: &[Spec]) -> usize {
    let before = std::iter::once(0).chain(inner(layers));
    before.zip(inner(layers)).map(|(one, next)| one.saturating_add(next)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use neurona::{
        Network,
        arch::{ActivationSpec, LayerSpec},
        prelude::*,
    };

    use super::*;

    neurona::network! {
        #[allow(missing_docs)]
        struct Inner: [f32; 6] => [f32; 4] {
            hidden: Dense<6, 9, HardSwish>,
            softmax: Softmax<9>,
            output: Dense<9, 4, Silu>,
        }
    }

    neurona::network! {
        #[allow(missing_docs)]
        struct Outer: [f32; 6] => [f32; 2] {
            standardize: Standardize<6>,
            rescale: Rescale<6, { 0.5_f32.to_bits() }>,
            inner: Inner,
            output: Dense<4, 2, Sigmoid>,
        }
    }

    neurona::network! {
        #[allow(missing_docs)]
        struct Body: Signal<9, 2> => Signal<9, 3> {
            narrow: Conv1d<Signal<9, 2>, Signal<9, 5>, Kernel1d<1>, Silu>,
            wide: DepthwiseConv1d<Signal<9, 5>, Signal<9, 5>, Kernel1d<3>, Relu, Same>,
            output: Conv1d<Signal<9, 5>, Signal<9, 3>, Kernel1d<2>, Identity, Causal>,
        }
    }

    neurona::network! {
        #[allow(missing_docs)]
        struct Branching: [f32; 18] => [f32; 3] {
            signal: Reshape<[f32; 18], Signal<9, 2>>,
            both: Concat<Body, Conv1d<Signal<9, 2>, Signal<9, 1>, Kernel1d<1>>, Signal<9, 4>>,
            scale: Scale<Signal<9, 4>, HardSwish>,
            again: Residual<Conv1d<Signal<9, 4>, Signal<9, 4>, Kernel1d<3>, Relu, Same>, Silu>,
            half: Projected<
                Conv1d<Signal<9, 4>, Signal<5, 6>, Kernel1d<3, 2>, HardSwish, Same>,
                Conv1d<Signal<9, 4>, Signal<5, 6>, Kernel1d<1, 2>, Identity, Same>,
                Relu,
            >,
            pool: MaxPool<Signal<5, 6>, Signal<2, 6>, Kernel1d<2, 2>>,
            flat: Flatten<Signal<2, 6>, 12>,
            output: Dense<12, 3>,
        }
    }

    neurona::network! {
        #[allow(missing_docs)]
        struct Remembering: Signal<9, 2> => [f32; 3] {
            reservoir: EchoState<9, 2, 11, 3, 7, All>,
            first: Rnn<9, 11, 5, All, Silu>,
            second: Gru<9, 5, 4, All>,
            third: Lstm<9, 4, 6>,
            output: Dense<6, 3>,
        }
    }

    fn check<N: Network>() {
        let spec = Spec::from(&N::ARCH);
        assert_eq!(spec.ram(), Some(N::RAM), "{spec:?}");
        assert_eq!(spec.flash(), size_of::<N>());
    }

    #[test]
    fn bytes_are_those_of_the_type() {
        check::<Dense<3, 2>>();
        check::<Dense<3, 2, Silu>>();
        check::<Softmax<5>>();
        check::<Inner>();
        check::<Outer>();
        check::<Body>();
        check::<Branching>();
        check::<Remembering>();
        check::<EchoState<9, 2, 11, 3, 7>>();
        check::<Rnn<9, 2, 3>>();
        check::<Gru<9, 2, 3>>();
        check::<Lstm<9, 2, 3, All>>();
    }

    #[test]
    fn only_its_type_knows_what_a_custom_layer_needs() {
        let custom = LayerSpec::Custom { name: "mix", inputs: 2, outputs: 2, params: 0, constants: 0, macs: 0 };
        assert_eq!(Spec::from(&custom).ram(), None);
        assert_eq!(Spec::Chain(vec![Spec::from(&custom), Spec::Standardize { len: 2 }]).ram(), None);
    }

    #[test]
    fn bytes_of_absurd_sizes_saturate() {
        let dense = Spec::Dense { inputs: u32::MAX, outputs: u32::MAX, activation: ActivationSpec::Silu };
        let ram = Spec::Chain(vec![dense.clone(), dense]).ram().expect("no custom layer");
        assert_eq!(ram.momentum, usize::MAX);
    }
}
