//! The architecture of a network as an owned value: what a model file holds, and what a network is built from.
//!
//! [`Spec`] mirrors [`neurona::arch::LayerSpec`], which is made of statics and cannot be read from a file. Both have
//! the same canonical bytes (their [postcard](https://postcard.jamesmunns.com/wire-format) encoding) and so the same
//! fingerprint.

use neurona::arch::{ActivationSpec, LayerSpec};
use serde::{Deserialize, Serialize};

mod check;
mod ram;
mod source;

pub use check::SpecError;
pub use source::{SourceError, USED};

/// The kind and the sizes of a layer, or of a chain of layers: the owned form of [`LayerSpec`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "wire::Nested")]
#[non_exhaustive]
pub enum Spec {
    /// Layers one after another.
    Chain(Vec<Spec>),
    /// A fully connected layer.
    Dense {
        /// Number of inputs.
        inputs: u32,
        /// Number of outputs, which is the number of neurons.
        outputs: u32,
        /// What is applied to each weighted sum.
        activation: ActivationSpec,
    },
    /// Softmax.
    Softmax {
        /// Number of inputs, which is the number of outputs.
        len: u32,
        /// Whether the device uses the fast exponential.
        fast: bool,
    },
    /// Subtracts a mean and multiplies by a scale, both kept per input.
    Standardize {
        /// Number of inputs, which is the number of outputs.
        len: u32,
    },
    /// Multiplies every input by one constant.
    Rescale {
        /// Number of inputs, which is the number of outputs.
        len: u32,
        /// The factor, as the bits of an `f32`.
        factor: u32,
    },
    /// A layer of the user's own, which can be listed but not run here.
    Custom {
        /// What the layer is called.
        name: String,
        /// Number of inputs.
        inputs: u32,
        /// Number of outputs.
        outputs: u32,
        /// Number of parameters that learning changes.
        params: u32,
        /// Number of values that are stored and not learned.
        constants: u32,
        /// Multiply-adds of one inference.
        macs: u64,
    },
}

impl Spec {
    /// A rescaling layer for `len` inputs.
    pub fn rescale(len: u32, factor: f32) -> Self {
        Self::Rescale { len, factor: factor.to_bits() }
    }

    /// Length of the input, in values; 0 for an empty chain.
    pub fn inputs(&self) -> usize {
        match self {
            Self::Chain(layers) => layers.first().map_or(0, Self::inputs),
            Self::Dense { inputs, .. } | Self::Custom { inputs, .. } => *inputs as usize,
            Self::Softmax { len, .. } | Self::Standardize { len } | Self::Rescale { len, .. } => *len as usize,
        }
    }

    /// Length of the output, in values; 0 for an empty chain.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Chain(layers) => layers.last().map_or(0, Self::outputs),
            Self::Dense { outputs, .. } | Self::Custom { outputs, .. } => *outputs as usize,
            Self::Softmax { len, .. } | Self::Standardize { len } | Self::Rescale { len, .. } => *len as usize,
        }
    }

    /// Number of parameters that learning changes: for dense layers the sum of `H_l (H_(l-1) + 1)`.
    ///
    /// Counts saturate, so that an architecture from a damaged file cannot overflow them.
    pub fn params(&self) -> usize {
        match self {
            Self::Chain(layers) => layers.iter().map(Self::params).fold(0, usize::saturating_add),
            Self::Dense { inputs, outputs, .. } => {
                (*outputs as usize).saturating_mul((*inputs as usize).saturating_add(1))
            }
            Self::Softmax { .. } | Self::Standardize { .. } | Self::Rescale { .. } => 0,
            Self::Custom { params, .. } => *params as usize,
        }
    }

    /// Number of values that the network stores: its parameters and its constants, four bytes each.
    pub fn values(&self) -> usize {
        match self {
            Self::Chain(layers) => layers.iter().map(Self::values).fold(0, usize::saturating_add),
            Self::Standardize { len } => (*len as usize).saturating_mul(2),
            Self::Custom { params, constants, .. } => (*params as usize).saturating_add(*constants as usize),
            Self::Dense { .. } | Self::Softmax { .. } | Self::Rescale { .. } => self.params(),
        }
    }

    /// Multiply-adds of one inference: the products of weights and inputs.
    pub fn macs(&self) -> u64 {
        match self {
            Self::Chain(layers) => layers.iter().map(Self::macs).fold(0, u64::saturating_add),
            Self::Dense { inputs, outputs, .. } => u64::from(*outputs) * u64::from(*inputs),
            Self::Softmax { .. } | Self::Standardize { .. } | Self::Rescale { .. } => 0,
            Self::Custom { macs, .. } => *macs,
        }
    }

    /// What kind of layer it is, as messages name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Chain(_) => "chain",
            Self::Dense { .. } => "dense",
            Self::Softmax { .. } => "softmax",
            Self::Standardize { .. } => "standardize",
            Self::Rescale { .. } => "rescale",
            Self::Custom { .. } => "custom",
        }
    }

    /// The layers that compute something, in the order in which they do: chains within chains are opened.
    pub fn layers(&self) -> Vec<&Spec> {
        match self {
            Self::Chain(layers) => layers.iter().flat_map(Self::layers).collect(),
            layer => vec![layer],
        }
    }

    /// The canonical bytes: the postcard encoding.
    pub fn encode(&self) -> Vec<u8> {
        // Writing numbers, names and lists of known length to memory has no way to fail.
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// 64-bit FNV-1a hash of the canonical bytes (Fowler, Noll and Vo), as [`LayerSpec::fingerprint`] computes it.
    pub fn fingerprint(&self) -> u64 {
        const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        self.encode().iter().fold(OFFSET_BASIS, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
    }
}

impl From<&LayerSpec> for Spec {
    fn from(spec: &LayerSpec) -> Self {
        match *spec {
            LayerSpec::Chain(layers) => Self::Chain(layers.iter().map(Self::from).collect()),
            LayerSpec::Dense { inputs, outputs, activation } => Self::Dense { inputs, outputs, activation },
            LayerSpec::Softmax { len, fast } => Self::Softmax { len, fast },
            LayerSpec::Standardize { len } => Self::Standardize { len },
            LayerSpec::Rescale { len, factor } => Self::Rescale { len, factor },
            LayerSpec::Custom { name, inputs, outputs, params, constants, macs } => {
                Self::Custom { name: name.to_owned(), inputs, outputs, params, constants, macs }
            }
            // A kind that this version of the trainer does not know can still be listed.
            ref other => Self::Custom {
                name: "unknown".to_owned(),
                inputs: other.inputs() as u32,
                outputs: other.outputs() as u32,
                params: other.params() as u32,
                constants: (other.values() - other.params()) as u32,
                macs: other.macs(),
            },
        }
    }
}

/// How a [`Spec`] is read: chains nest to a fixed depth, so that a hostile file cannot exhaust the stack.
mod wire {
    use neurona::arch::ActivationSpec;
    use serde::Deserialize;

    use super::Spec;

    /// The variants of [`Spec`], in the same order, with `Inner` within a chain.
    #[derive(Deserialize)]
    pub(super) enum Level<Inner> {
        Chain(Vec<Inner>),
        Dense { inputs: u32, outputs: u32, activation: ActivationSpec },
        Softmax { len: u32, fast: bool },
        Standardize { len: u32 },
        Rescale { len: u32, factor: u32 },
        Custom { name: String, inputs: u32, outputs: u32, params: u32, constants: u32, macs: u64 },
    }

    /// What a chain at the deepest level holds: nothing.
    #[derive(Deserialize)]
    pub(super) enum Nothing {}

    /// Four chains, one within another: a network of networks of networks.
    pub(super) type Nested = Level<Level<Level<Level<Level<Nothing>>>>>;

    impl From<Nothing> for Spec {
        fn from(nothing: Nothing) -> Self {
            match nothing {}
        }
    }

    impl<Inner: Into<Spec>> From<Level<Inner>> for Spec {
        fn from(level: Level<Inner>) -> Self {
            match level {
                Level::Chain(layers) => Self::Chain(layers.into_iter().map(Into::into).collect()),
                Level::Dense { inputs, outputs, activation } => Self::Dense { inputs, outputs, activation },
                Level::Softmax { len, fast } => Self::Softmax { len, fast },
                Level::Standardize { len } => Self::Standardize { len },
                Level::Rescale { len, factor } => Self::Rescale { len, factor },
                Level::Custom { name, inputs, outputs, params, constants, macs } => {
                    Self::Custom { name, inputs, outputs, params, constants, macs }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use neurona::arch::Canonical;

    use super::*;

    /// Every kind of layer, and numbers that need one to five bytes.
    const EVERY_KIND: LayerSpec = LayerSpec::Chain(&[
        LayerSpec::Rescale { len: 300, factor: 0.0625_f32.to_bits() },
        LayerSpec::Standardize { len: 300 },
        LayerSpec::Chain(&[LayerSpec::Dense {
            inputs: 300,
            outputs: 20,
            activation: ActivationSpec::LeakyRelu { slope: 0.01_f32.to_bits() },
        }]),
        LayerSpec::Custom { name: "mix", inputs: 20, outputs: 9, params: 7, constants: 2, macs: 1 << 40 },
        LayerSpec::Dense { inputs: 9, outputs: 3, activation: ActivationSpec::Identity },
        LayerSpec::Softmax { len: 3, fast: true },
    ]);

    #[test]
    fn bytes_and_fingerprint_are_those_of_the_device() {
        let spec = Spec::from(&EVERY_KIND);
        let bytes = spec.encode();
        let canonical = EVERY_KIND.encode(Canonical::against(&bytes));
        assert!(canonical.equal());
        assert_eq!(canonical.count(), bytes.len());
        assert_eq!(spec.fingerprint(), EVERY_KIND.fingerprint());
        assert_eq!(postcard::from_bytes(&bytes), Ok(spec));
    }

    #[test]
    fn counts_are_those_of_the_device() {
        let spec = Spec::from(&EVERY_KIND);
        assert_eq!((spec.inputs(), spec.outputs()), (EVERY_KIND.inputs(), EVERY_KIND.outputs()));
        assert_eq!((spec.params(), spec.values()), (EVERY_KIND.params(), EVERY_KIND.values()));
        assert_eq!(spec.macs(), EVERY_KIND.macs());
        assert_eq!(spec.layers().len(), 6);
    }

    #[test]
    fn parameters_follow_the_formula_of_the_course() {
        let sizes = [2, 100, 100, 100, 1];
        let dense = |pair: &[u32]| Spec::Dense { inputs: pair[0], outputs: pair[1], activation: ActivationSpec::Relu };
        let spec = Spec::Chain(sizes.windows(2).map(dense).collect());
        assert_eq!(spec.params(), 20_601);
        assert_eq!(spec.values(), 20_601);
        assert_eq!(spec.macs(), 2 * 100 + 100 * 100 + 100 * 100 + 100);
    }

    #[test]
    fn counts_of_absurd_sizes_saturate() {
        let dense = Spec::Dense { inputs: u32::MAX, outputs: u32::MAX, activation: ActivationSpec::Relu };
        let spec = Spec::Chain(vec![dense.clone(), dense]);
        assert_eq!(spec.params(), usize::MAX);
        assert_eq!(spec.macs(), u64::MAX);
    }

    #[test]
    fn chains_that_nest_too_deeply_are_an_error() {
        // Each chain is the bytes 0 (chain) and 1 (one layer); the last holds nothing.
        let nested = |depth: usize| [[0, 1].repeat(depth), vec![0, 0]].concat();
        assert!(postcard::from_bytes::<Spec>(&nested(3)).is_ok());
        assert!(postcard::from_bytes::<Spec>(&nested(5)).is_err());
        assert!(postcard::from_bytes::<Spec>(&nested(1_000_000)).is_err());
    }
}
