//! The architecture of a network as an owned value: what a model file holds, and what a network is built from.
//!
//! [`Spec`] mirrors [`neurona::arch::LayerSpec`], which is made of statics and cannot be read from a file. Both have
//! the same canonical bytes (their [postcard](https://postcard.jamesmunns.com/wire-format) encoding) and so the same
//! fingerprint.

use neurona::arch::{
    ActivationSpec, ConvSpec, DepthwiseConvSpec, EchoStateSpec, GlobalPoolSpec, LayerSpec, PoolKind, PoolSpec,
    RecurrentSpec, ReshapeSpec, ScaleSpec, Shape,
};
use serde::{Deserialize, Serialize};

mod check;
mod ram;
mod source;
mod steps;

pub use check::SpecError;
pub use source::{SourceError, USED};
pub use steps::Step;

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
    /// The same values in another shape.
    Reshape(ReshapeSpec),
    /// Convolution.
    Conv(ConvSpec),
    /// Convolution of each channel by itself.
    DepthwiseConv(DepthwiseConvSpec),
    /// The largest or the mean of each window.
    Pool(PoolSpec),
    /// The largest or the mean of each channel.
    GlobalPool(GlobalPoolSpec),
    /// A scale and a shift for each channel.
    Scale(ScaleSpec),
    /// The output of a body is added to what a shortcut makes of the same input.
    Residual {
        /// The longer way.
        body: Box<Spec>,
        /// The shorter way; `None` for the input itself.
        shortcut: Option<Box<Spec>>,
        /// What is applied to each sum.
        activation: ActivationSpec,
    },
    /// The channels of one branch, then those of another, of the same input.
    Concat(Box<Spec>, Box<Spec>),
    /// Subtracts a mean and multiplies by a scale, both kept per channel.
    StandardizeChannels(Shape),
    /// A cell applied step after step.
    Recurrent(RecurrentSpec),
    /// The fixed, sparse reservoir of an echo state network.
    EchoState(EchoStateSpec),
}

impl Spec {
    /// A rescaling layer for `len` inputs.
    pub fn rescale(len: u32, factor: f32) -> Self {
        Self::Rescale { len, factor: factor.to_bits() }
    }

    /// The shape of the input; an empty vector for an empty chain.
    pub fn input_shape(&self) -> Shape {
        match self {
            Self::Chain(layers) => layers.first().map_or(Shape::Vector { len: 0 }, Self::input_shape),
            Self::Dense { inputs: len, .. }
            | Self::Custom { inputs: len, .. }
            | Self::Softmax { len, .. }
            | Self::Standardize { len }
            | Self::Rescale { len, .. } => Shape::Vector { len: *len },
            Self::Reshape(ReshapeSpec { input, .. }) | Self::GlobalPool(GlobalPoolSpec { input, .. }) => *input,
            Self::Conv(ConvSpec { window, .. })
            | Self::DepthwiseConv(DepthwiseConvSpec { window, .. })
            | Self::Pool(PoolSpec { window, .. }) => window.input,
            Self::Scale(ScaleSpec { shape, .. }) | Self::StandardizeChannels(shape) => *shape,
            Self::Residual { body, .. } | Self::Concat(body, _) => body.input_shape(),
            Self::Recurrent(recurrent) => recurrent.input(),
            Self::EchoState(echo) => echo.input(),
        }
    }

    /// The shape of the output; an empty vector for an empty chain.
    pub fn output_shape(&self) -> Shape {
        match self {
            Self::Chain(layers) => layers.last().map_or(Shape::Vector { len: 0 }, Self::output_shape),
            Self::Dense { outputs, .. } | Self::Custom { outputs, .. } => Shape::Vector { len: *outputs },
            Self::Reshape(ReshapeSpec { output, .. }) => *output,
            Self::Conv(ConvSpec { window, .. })
            | Self::DepthwiseConv(DepthwiseConvSpec { window, .. })
            | Self::Pool(PoolSpec { window, .. }) => window.output,
            Self::GlobalPool(GlobalPoolSpec { input, .. }) => Shape::Vector { len: input.sizes()[2] },
            Self::Residual { body, .. } => body.output_shape(),
            Self::Concat(first, second) => first.output_shape().beside(second.output_shape()),
            Self::Recurrent(recurrent) => recurrent.output(),
            Self::EchoState(echo) => echo.output(),
            Self::Softmax { .. }
            | Self::Standardize { .. }
            | Self::Rescale { .. }
            | Self::Scale(_)
            | Self::StandardizeChannels(_) => self.input_shape(),
        }
    }

    /// Length of the input, in values; 0 for an empty chain.
    pub fn inputs(&self) -> usize {
        self.input_shape().len()
    }

    /// Length of the output, in values; 0 for an empty chain.
    pub fn outputs(&self) -> usize {
        self.output_shape().len()
    }

    /// Number of parameters that learning changes: for dense layers the sum of `H_l (H_(l-1) + 1)`.
    ///
    /// Counts saturate, so that an architecture from a damaged file cannot overflow them.
    pub fn params(&self) -> usize {
        match self {
            Self::Dense { inputs, outputs, .. } => {
                (*outputs as usize).saturating_mul((*inputs as usize).saturating_add(1))
            }
            Self::Custom { params, .. } => *params as usize,
            Self::Conv(conv) => conv.params(),
            Self::DepthwiseConv(conv) => conv.params(),
            Self::Scale(scale) => scale.params(),
            Self::Recurrent(recurrent) => recurrent.params(),
            _ => self.parts().map(Self::params).fold(0, usize::saturating_add),
        }
    }

    /// Number of values that the network stores: its parameters and its constants, four bytes each.
    pub fn values(&self) -> usize {
        match self {
            Self::Standardize { len } => (*len as usize).saturating_mul(2),
            Self::StandardizeChannels(shape) => shape.channels().saturating_mul(2),
            Self::EchoState(echo) => echo.values(),
            Self::Custom { params, constants, .. } => (*params as usize).saturating_add(*constants as usize),
            _ if self.parts().next().is_none() => self.params(),
            _ => self.parts().map(Self::values).fold(0, usize::saturating_add),
        }
    }

    /// Multiply-adds of one inference: the products of weights and inputs.
    pub fn macs(&self) -> u64 {
        match self {
            Self::Dense { inputs, outputs, .. } => u64::from(*outputs) * u64::from(*inputs),
            Self::Custom { macs, .. } => *macs,
            Self::Conv(conv) => conv.macs(),
            Self::DepthwiseConv(conv) => conv.macs(),
            Self::Scale(scale) => scale.macs(),
            Self::Recurrent(recurrent) => recurrent.macs(),
            Self::EchoState(echo) => echo.macs(),
            _ => self.parts().map(Self::macs).fold(0, u64::saturating_add),
        }
    }

    /// What kind of layer it is, as messages name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Chain(_) => "chain",
            Self::Dense { .. } => "dense",
            Self::Softmax { .. } => "softmax",
            Self::Standardize { .. } | Self::StandardizeChannels(_) => "standardize",
            Self::Rescale { .. } => "rescale",
            Self::Custom { .. } => "custom",
            Self::Reshape(ReshapeSpec { output: Shape::Vector { .. }, .. }) => "flatten",
            Self::Reshape(_) => "reshape",
            Self::Conv(_) => "conv",
            Self::DepthwiseConv(_) => "depthwise_conv",
            Self::Pool(PoolSpec { kind: PoolKind::Max, .. }) => "max_pool",
            Self::Pool(PoolSpec { kind: PoolKind::Average, .. }) => "avg_pool",
            Self::GlobalPool(GlobalPoolSpec { kind: PoolKind::Max, .. }) => "global_max_pool",
            Self::GlobalPool(GlobalPoolSpec { kind: PoolKind::Average, .. }) => "global_avg_pool",
            Self::Scale(_) => "scale",
            Self::Residual { .. } => "residual",
            Self::Concat(..) => "concat",
            Self::Recurrent(recurrent) => recurrent.cell.name(),
            Self::EchoState(_) => "echo_state",
        }
    }

    /// The layers that it is made of, in the order in which their values are stored; none for a layer of its own.
    pub fn parts(&self) -> impl Iterator<Item = &Spec> {
        let (chain, branches) = match self {
            Self::Chain(layers) => (&layers[..], [None, None]),
            Self::Residual { body, shortcut, .. } => (&[][..], [Some(&**body), shortcut.as_deref()]),
            Self::Concat(first, second) => (&[][..], [Some(&**first), Some(&**second)]),
            _ => (&[][..], [None, None]),
        };
        chain.iter().chain(branches.into_iter().flatten())
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
            LayerSpec::Reshape(reshape) => Self::Reshape(reshape),
            LayerSpec::Conv(conv) => Self::Conv(conv),
            LayerSpec::DepthwiseConv(conv) => Self::DepthwiseConv(conv),
            LayerSpec::Pool(pool) => Self::Pool(pool),
            LayerSpec::GlobalPool(pool) => Self::GlobalPool(pool),
            LayerSpec::Scale(scale) => Self::Scale(scale),
            LayerSpec::Residual { body, shortcut, activation } => {
                let shortcut = shortcut.map(|shortcut| Box::new(Self::from(shortcut)));
                Self::Residual { body: Box::new(Self::from(body)), shortcut, activation }
            }
            LayerSpec::Concat(first, second) => Self::Concat(Box::new(Self::from(first)), Box::new(Self::from(second))),
            LayerSpec::StandardizeChannels(shape) => Self::StandardizeChannels(shape),
            LayerSpec::Recurrent(recurrent) => Self::Recurrent(recurrent),
            LayerSpec::EchoState(echo) => Self::EchoState(echo),
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

/// How a [`Spec`] is read: layers nest to a fixed depth, so that a hostile file cannot exhaust the stack.
mod wire {
    use neurona::arch::{
        ActivationSpec, ConvSpec, DepthwiseConvSpec, EchoStateSpec, GlobalPoolSpec, PoolSpec, RecurrentSpec,
        ReshapeSpec, ScaleSpec, Shape,
    };
    use serde::Deserialize;

    use super::Spec;

    /// The variants of [`Spec`], in the same order, with `Inner` within a layer that has parts.
    #[derive(Deserialize)]
    pub(super) enum Level<Inner> {
        Chain(Vec<Inner>),
        Dense { inputs: u32, outputs: u32, activation: ActivationSpec },
        Softmax { len: u32, fast: bool },
        Standardize { len: u32 },
        Rescale { len: u32, factor: u32 },
        Custom { name: String, inputs: u32, outputs: u32, params: u32, constants: u32, macs: u64 },
        Reshape(ReshapeSpec),
        Conv(ConvSpec),
        DepthwiseConv(DepthwiseConvSpec),
        Pool(PoolSpec),
        GlobalPool(GlobalPoolSpec),
        Scale(ScaleSpec),
        Residual { body: Box<Inner>, shortcut: Option<Box<Inner>>, activation: ActivationSpec },
        Concat(Box<Inner>, Box<Inner>),
        StandardizeChannels(Shape),
        Recurrent(RecurrentSpec),
        EchoState(EchoStateSpec),
    }

    /// What a layer with parts at the deepest level holds: nothing.
    #[derive(Deserialize)]
    pub(super) enum Nothing {}

    type Two<Inner> = Level<Level<Inner>>;

    /// Eight levels with parts, one within another: the chain of a network, a residual, its body, and more of both.
    pub(super) type Nested = Two<Two<Two<Two<Level<Nothing>>>>>;

    impl From<Nothing> for Spec {
        fn from(nothing: Nothing) -> Self {
            match nothing {}
        }
    }

    impl<Inner: Into<Spec>> From<Level<Inner>> for Spec {
        fn from(level: Level<Inner>) -> Self {
            let boxed = |inner: Box<Inner>| Box::new((*inner).into());
            match level {
                Level::Chain(layers) => Self::Chain(layers.into_iter().map(Into::into).collect()),
                Level::Dense { inputs, outputs, activation } => Self::Dense { inputs, outputs, activation },
                Level::Softmax { len, fast } => Self::Softmax { len, fast },
                Level::Standardize { len } => Self::Standardize { len },
                Level::Rescale { len, factor } => Self::Rescale { len, factor },
                Level::Custom { name, inputs, outputs, params, constants, macs } => {
                    Self::Custom { name, inputs, outputs, params, constants, macs }
                }
                Level::Reshape(reshape) => Self::Reshape(reshape),
                Level::Conv(conv) => Self::Conv(conv),
                Level::DepthwiseConv(conv) => Self::DepthwiseConv(conv),
                Level::Pool(pool) => Self::Pool(pool),
                Level::GlobalPool(pool) => Self::GlobalPool(pool),
                Level::Scale(scale) => Self::Scale(scale),
                Level::Residual { body, shortcut, activation } => {
                    Self::Residual { body: boxed(body), shortcut: shortcut.map(boxed), activation }
                }
                Level::Concat(first, second) => Self::Concat(boxed(first), boxed(second)),
                Level::StandardizeChannels(shape) => Self::StandardizeChannels(shape),
                Level::Recurrent(recurrent) => Self::Recurrent(recurrent),
                Level::EchoState(echo) => Self::EchoState(echo),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use neurona::arch::{Canonical, CellSpec, PaddingSpec, States, WindowSpec};

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
        LayerSpec::Reshape(ReshapeSpec {
            input: Shape::Vector { len: 3 },
            output: Shape::Image { height: 1, width: 3, channels: 1 },
        }),
        LayerSpec::Conv(ConvSpec { window: WINDOW, seen: 1, activation: ActivationSpec::Relu }),
        LayerSpec::DepthwiseConv(DepthwiseConvSpec { window: WINDOW, activation: ActivationSpec::Tanh }),
        LayerSpec::Pool(PoolSpec { window: WINDOW, kind: PoolKind::Average }),
        LayerSpec::Residual {
            body: &LayerSpec::Chain(&[LayerSpec::Scale(ScaleSpec {
                shape: WINDOW.input,
                activation: ActivationSpec::Silu,
            })]),
            shortcut: Some(&LayerSpec::Scale(ScaleSpec { shape: WINDOW.input, activation: ActivationSpec::Identity })),
            activation: ActivationSpec::Relu,
        },
        LayerSpec::Residual {
            body: &LayerSpec::Scale(ScaleSpec { shape: WINDOW.input, activation: ActivationSpec::Identity }),
            shortcut: None,
            activation: ActivationSpec::Identity,
        },
        LayerSpec::Concat(
            &LayerSpec::GlobalPool(GlobalPoolSpec { input: WINDOW.input, kind: PoolKind::Max }),
            &LayerSpec::GlobalPool(GlobalPoolSpec { input: WINDOW.input, kind: PoolKind::Average }),
        ),
        LayerSpec::StandardizeChannels(Shape::Signal { steps: 1, channels: 2 }),
        LayerSpec::Recurrent(RecurrentSpec { cell: LEAKY, steps: 1, inputs: 2, units: 200, states: States::All }),
        LayerSpec::Recurrent(RecurrentSpec {
            cell: CellSpec::Gru,
            steps: 1,
            inputs: 200,
            units: 3,
            states: States::All,
        }),
        LayerSpec::Recurrent(RecurrentSpec {
            cell: CellSpec::Lstm,
            steps: 1,
            inputs: 3,
            units: 4,
            states: States::All,
        }),
        LayerSpec::EchoState(EchoStateSpec {
            steps: 1,
            inputs: 4,
            units: 9,
            connections: 2,
            seed: 1 << 31,
            leak: 0.3_f32.to_bits(),
            states: States::Last,
        }),
    ]);

    const LEAKY: CellSpec = CellSpec::Rnn { activation: ActivationSpec::LeakyRelu { slope: 0.25_f32.to_bits() } };

    const WINDOW: WindowSpec = WindowSpec {
        input: Shape::Image { height: 1, width: 3, channels: 1 },
        output: Shape::Image { height: 1, width: 3, channels: 1 },
        kernel: [1, 3],
        stride: [1, 1],
        dilation: [1, 1],
        padding: PaddingSpec::Explicit { top: 0, bottom: 0, left: 1, right: 1 },
    };

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
        assert_eq!(spec.steps().len(), 23);
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
        assert!(postcard::from_bytes::<Spec>(&nested(8)).is_ok());
        assert!(postcard::from_bytes::<Spec>(&nested(9)).is_err());
        assert!(postcard::from_bytes::<Spec>(&nested(1_000_000)).is_err());
    }
}
