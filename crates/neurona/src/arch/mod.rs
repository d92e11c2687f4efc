//! The architecture of a network as a value: what the model file writes and the desktop builds from.
//!
//! A [`LayerSpec`] says the kind and the sizes of a layer, never its weights. On the device it is made of nested
//! statics that the compiler promotes, so that every network type has its own as a constant
//! ([`Network::ARCH`](crate::Network::ARCH)); a desktop reads the same bytes into an owned tree.
//!
//! The canonical bytes of a specification are its [postcard] encoding, which [`LayerSpec::encode`] writes in a const
//! context; their 64-bit FNV-1a hash is the [fingerprint](LayerSpec::fingerprint) of the architecture.
//!
//! [postcard]: https://postcard.jamesmunns.com/wire-format

mod canonical;
mod layers;
mod recurrent;
mod shape;

pub use canonical::Canonical;
pub use layers::{
    CodesSpec, ConvSpec, DepthwiseConvSpec, GlobalPoolSpec, PoolKind, PoolSpec, ReshapeSpec, ScaleSpec, TableConvSpec,
};
pub use recurrent::{CellSpec, EchoStateSpec, RecurrentSpec, States};
pub use shape::{PaddingSpec, Shape, WindowSpec};

/// The kind and the sizes of a layer, or of a chain of layers.
///
/// Integers have fixed widths and floats stand as their bits, so that a specification is `Eq` and its bytes do not
/// depend on a platform. New kinds are added at the end: the place of a variant is its number in the model file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum LayerSpec {
    /// Layers one after another: what [`network!`](crate::network) makes.
    Chain(&'static [LayerSpec]),
    /// [`Dense`](crate::Dense): every output is the activation of a weighted sum of all inputs.
    Dense {
        /// Number of inputs.
        inputs: u32,
        /// Number of outputs, which is the number of neurons.
        outputs: u32,
        /// What is applied to each weighted sum.
        activation: ActivationSpec,
    },
    /// [`Softmax`](crate::Softmax), or [`fast::Softmax`](crate::fast::Softmax).
    Softmax {
        /// Number of inputs, which is the number of outputs.
        len: u32,
        /// Whether the exponential is the fast one.
        fast: bool,
    },
    /// [`Standardize`](crate::Standardize): subtracts a mean and multiplies by a scale, both kept per input.
    Standardize {
        /// Number of inputs, which is the number of outputs.
        len: u32,
    },
    /// [`Rescale`](crate::Rescale): multiplies every input by one constant of the type.
    Rescale {
        /// Number of inputs, which is the number of outputs.
        len: u32,
        /// The factor, as the bits of an `f32`.
        factor: u32,
    },
    /// A layer of the user's own, which the desktop can list but not run.
    Custom {
        /// What the layer is called.
        name: &'static str,
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
    /// [`Reshape`](crate::Reshape): the same values in another shape.
    Reshape(ReshapeSpec),
    /// [`Conv1d`](crate::Conv1d) or [`Conv2d`](crate::Conv2d).
    Conv(ConvSpec),
    /// [`DepthwiseConv1d`](crate::DepthwiseConv1d) or [`DepthwiseConv2d`](crate::DepthwiseConv2d).
    DepthwiseConv(DepthwiseConvSpec),
    /// [`MaxPool`](crate::MaxPool) or [`AvgPool`](crate::AvgPool).
    Pool(PoolSpec),
    /// [`GlobalMaxPool`](crate::GlobalMaxPool) or [`GlobalAvgPool`](crate::GlobalAvgPool).
    GlobalPool(GlobalPoolSpec),
    /// [`Scale`](crate::Scale): a scale and a shift for each channel.
    Scale(ScaleSpec),
    /// [`Residual`](crate::Residual): the output of a body is added to what a shortcut makes of the same input.
    Residual {
        /// The longer way.
        body: &'static LayerSpec,
        /// The shorter way; `None` for the input itself.
        shortcut: Option<&'static LayerSpec>,
        /// What is applied to each sum.
        activation: ActivationSpec,
    },
    /// [`Concat`](crate::Concat): the channels of one branch, then those of another, of the same input.
    Concat(&'static LayerSpec, &'static LayerSpec),
    /// [`Standardize`](crate::Standardize) of a signal or an image: a mean and a scale for each channel.
    StandardizeChannels(Shape),
    /// [`Rnn`](crate::Rnn), [`Gru`](crate::Gru) or [`Lstm`](crate::Lstm).
    Recurrent(RecurrentSpec),
    /// [`EchoState`](crate::EchoState): a fixed, sparse recurrent layer.
    EchoState(EchoStateSpec),
    /// [`TableConv1d`](crate::TableConv1d) or [`TableConv2d`](crate::TableConv2d): filters see the channels that a table names.
    TableConv(TableConvSpec<'static>),
    /// [`OutputCodes`](crate::OutputCodes): minus the squared distance to a fixed code for each output.
    OutputCodes(CodesSpec<'static>),
}

/// The function that a layer applies to each of its weighted sums, with its constants as the bits of an `f32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ActivationSpec {
    /// [`Identity`](crate::Identity).
    Identity,
    /// [`Step`](crate::Step).
    Step,
    /// [`Sigmoid`](crate::Sigmoid).
    Sigmoid,
    /// [`Tanh`](crate::Tanh).
    Tanh,
    /// [`Relu`](crate::Relu).
    Relu,
    /// [`Relu6`](crate::Relu6).
    Relu6,
    /// [`LeakyRelu`](crate::LeakyRelu).
    LeakyRelu {
        /// Slope on the negative side, as bits.
        slope: u32,
    },
    /// [`Elu`](crate::Elu).
    Elu {
        /// The magnitude of the limit at minus infinity, as bits.
        alpha: u32,
    },
    /// [`Softplus`](crate::Softplus).
    Softplus,
    /// [`Silu`](crate::Silu).
    Silu,
    /// [`HardSigmoid`](crate::HardSigmoid).
    HardSigmoid,
    /// [`HardSwish`](crate::HardSwish).
    HardSwish,
    /// [`fast::Sigmoid`](crate::fast::Sigmoid).
    FastSigmoid,
    /// [`fast::Tanh`](crate::fast::Tanh).
    FastTanh,
    /// [`ScaledTanh`](crate::ScaledTanh).
    ScaledTanh,
}

/// Written as `Debug` writes it: deriving this for a type that holds itself does not end.
#[cfg(feature = "defmt")]
impl defmt::Format for LayerSpec {
    fn format(&self, formatter: defmt::Formatter<'_>) {
        defmt::write!(formatter, "{}", defmt::Debug2Format(self));
    }
}

impl LayerSpec {
    /// The shape of the input; an empty vector for an empty chain.
    pub const fn input_shape(&self) -> Shape {
        match self {
            Self::Chain(layers) => match layers.first() {
                Some(first) => first.input_shape(),
                None => Shape::Vector { len: 0 },
            },
            Self::Dense { inputs, .. } | Self::Custom { inputs, .. } => Shape::Vector { len: *inputs },
            Self::Softmax { len, .. } | Self::Standardize { len } | Self::Rescale { len, .. } => {
                Shape::Vector { len: *len }
            }
            Self::Reshape(ReshapeSpec { input, .. }) | Self::GlobalPool(GlobalPoolSpec { input, .. }) => *input,
            Self::Conv(ConvSpec { window, .. })
            | Self::DepthwiseConv(DepthwiseConvSpec { window, .. })
            | Self::Pool(PoolSpec { window, .. })
            | Self::TableConv(TableConvSpec { window, .. }) => window.input,
            Self::Scale(ScaleSpec { shape, .. }) | Self::StandardizeChannels(shape) => *shape,
            Self::Residual { body, .. } | Self::Concat(body, _) => body.input_shape(),
            Self::Recurrent(recurrent) => recurrent.input(),
            Self::EchoState(echo) => echo.input(),
            Self::OutputCodes(codes) => Shape::Vector { len: codes.inputs },
        }
    }

    /// The shape of the output; an empty vector for an empty chain.
    pub const fn output_shape(&self) -> Shape {
        match self {
            Self::Chain(layers) => match layers.last() {
                Some(last) => last.output_shape(),
                None => Shape::Vector { len: 0 },
            },
            Self::Dense { outputs, .. } | Self::Custom { outputs, .. } => Shape::Vector { len: *outputs },
            Self::Softmax { .. } | Self::Standardize { .. } | Self::Rescale { .. } => self.input_shape(),
            Self::Reshape(ReshapeSpec { output, .. }) => *output,
            Self::Conv(ConvSpec { window, .. })
            | Self::DepthwiseConv(DepthwiseConvSpec { window, .. })
            | Self::Pool(PoolSpec { window, .. })
            | Self::TableConv(TableConvSpec { window, .. }) => window.output,
            Self::GlobalPool(GlobalPoolSpec { input, .. }) => Shape::Vector { len: input.channels() as u32 },
            Self::Scale(ScaleSpec { shape, .. }) | Self::StandardizeChannels(shape) => *shape,
            Self::Residual { body, .. } => body.output_shape(),
            Self::Concat(first, second) => first.output_shape().beside(second.output_shape()),
            Self::Recurrent(recurrent) => recurrent.output(),
            Self::EchoState(echo) => echo.output(),
            Self::OutputCodes(codes) => Shape::Vector { len: codes.outputs },
        }
    }

    /// Length of the input, in values; 0 for an empty chain.
    pub const fn inputs(&self) -> usize {
        self.input_shape().len()
    }

    /// Length of the output, in values; 0 for an empty chain.
    pub const fn outputs(&self) -> usize {
        self.output_shape().len()
    }

    /// Number of parameters that learning changes.
    ///
    /// For a chain of dense layers it is the course's formula: the sum over the layers of `H_l (H_(l-1) + 1)`. The
    /// constants of [`Standardize`](crate::Standardize) are stored, but are no parameters: see [`Self::values`].
    pub const fn params(&self) -> usize {
        match self {
            Self::Chain(layers) => {
                let (mut sum, mut rest) = (0, *layers);
                while let [first, tail @ ..] = rest {
                    sum += first.params();
                    rest = tail;
                }
                sum
            }
            Self::Dense { inputs, outputs, .. } => *outputs as usize * (*inputs as usize + 1),
            Self::Softmax { .. } | Self::Standardize { .. } | Self::Rescale { .. } => 0,
            Self::Reshape(_) | Self::Pool(_) | Self::GlobalPool(_) | Self::StandardizeChannels(_) => 0,
            Self::Custom { params, .. } => *params as usize,
            Self::Conv(conv) => conv.params(),
            Self::DepthwiseConv(conv) => conv.params(),
            Self::Scale(scale) => scale.params(),
            Self::Residual { body, shortcut: Some(shortcut), .. } => body.params() + shortcut.params(),
            Self::Residual { body, shortcut: None, .. } => body.params(),
            Self::Concat(first, second) => first.params() + second.params(),
            Self::Recurrent(recurrent) => recurrent.params(),
            Self::EchoState(_) | Self::OutputCodes(_) => 0,
            Self::TableConv(conv) => conv.params(),
        }
    }

    /// Number of values that the network stores: its parameters and its constants, four bytes each.
    pub const fn values(&self) -> usize {
        match self {
            Self::Chain(layers) => {
                let (mut sum, mut rest) = (0, *layers);
                while let [first, tail @ ..] = rest {
                    sum += first.values();
                    rest = tail;
                }
                sum
            }
            Self::Standardize { len } => 2 * *len as usize,
            Self::StandardizeChannels(shape) => 2 * shape.channels(),
            Self::EchoState(echo) => echo.values(),
            Self::Custom { params, constants, .. } => *params as usize + *constants as usize,
            Self::Residual { body, shortcut: Some(shortcut), .. } => body.values() + shortcut.values(),
            Self::Residual { body, shortcut: None, .. } => body.values(),
            Self::Concat(first, second) => first.values() + second.values(),
            _ => self.params(),
        }
    }

    /// Multiply-adds of one inference.
    ///
    /// The products of weights and inputs are counted, as is usual, and those with cells outside of the input too; an
    /// activation is not, nor is a product that has no sum ([`Standardize`](crate::Standardize),
    /// [`Rescale`](crate::Rescale), [`Softmax`](crate::Softmax)), nor a sum without a product (pooling).
    pub const fn macs(&self) -> u64 {
        match self {
            Self::Chain(layers) => {
                let (mut sum, mut rest) = (0, *layers);
                while let [first, tail @ ..] = rest {
                    sum += first.macs();
                    rest = tail;
                }
                sum
            }
            Self::Dense { inputs, outputs, .. } => *outputs as u64 * *inputs as u64,
            Self::Softmax { .. } | Self::Standardize { .. } | Self::Rescale { .. } => 0,
            Self::Reshape(_) | Self::Pool(_) | Self::GlobalPool(_) | Self::StandardizeChannels(_) => 0,
            Self::Custom { macs, .. } => *macs,
            Self::Conv(conv) => conv.macs(),
            Self::DepthwiseConv(conv) => conv.macs(),
            Self::Scale(scale) => scale.macs(),
            Self::Residual { body, shortcut: Some(shortcut), .. } => body.macs() + shortcut.macs(),
            Self::Residual { body, shortcut: None, .. } => body.macs(),
            Self::Concat(first, second) => first.macs() + second.macs(),
            Self::Recurrent(recurrent) => recurrent.macs(),
            Self::EchoState(echo) => echo.macs(),
            Self::TableConv(conv) => conv.macs(),
            Self::OutputCodes(codes) => codes.macs(),
        }
    }

    /// Gives the canonical bytes, which are the postcard encoding, to `sink`, and returns it.
    pub const fn encode<'a>(&self, mut sink: Canonical<'a>) -> Canonical<'a> {
        match self {
            Self::Chain(layers) => {
                sink = sink.varint(0).varint(layers.len() as u64);
                let mut rest = *layers;
                while let [first, tail @ ..] = rest {
                    sink = first.encode(sink);
                    rest = tail;
                }
                sink
            }
            Self::Dense { inputs, outputs, activation } => {
                activation.encode(sink.varint(1).varint(*inputs as u64).varint(*outputs as u64))
            }
            Self::Softmax { len, fast } => sink.varint(2).varint(*len as u64).varint(*fast as u64),
            Self::Standardize { len } => sink.varint(3).varint(*len as u64),
            Self::Rescale { len, factor } => sink.varint(4).varint(*len as u64).varint(*factor as u64),
            Self::Custom { name, inputs, outputs, params, constants, macs } => {
                sink = sink.varint(5).varint(name.len() as u64);
                let mut rest = name.as_bytes();
                while let [first, tail @ ..] = rest {
                    sink = sink.push(*first);
                    rest = tail;
                }
                sink.varint(*inputs as u64)
                    .varint(*outputs as u64)
                    .varint(*params as u64)
                    .varint(*constants as u64)
                    .varint(*macs)
            }
            Self::Reshape(reshape) => reshape.encode(sink.varint(6)),
            Self::Conv(conv) => conv.encode(sink.varint(7)),
            Self::DepthwiseConv(conv) => conv.encode(sink.varint(8)),
            Self::Pool(pool) => pool.encode(sink.varint(9)),
            Self::GlobalPool(pool) => pool.encode(sink.varint(10)),
            Self::Scale(scale) => scale.encode(sink.varint(11)),
            Self::Residual { body, shortcut, activation } => {
                sink = body.encode(sink.varint(12));
                sink = match shortcut {
                    Some(shortcut) => shortcut.encode(sink.varint(1)),
                    None => sink.varint(0),
                };
                activation.encode(sink)
            }
            Self::Concat(first, second) => second.encode(first.encode(sink.varint(13))),
            Self::StandardizeChannels(shape) => shape.encode(sink.varint(14)),
            Self::Recurrent(recurrent) => recurrent.encode(sink.varint(15)),
            Self::EchoState(echo) => echo.encode(sink.varint(16)),
            Self::TableConv(conv) => conv.encode(sink.varint(17)),
            Self::OutputCodes(codes) => codes.encode(sink.varint(18)),
        }
    }

    /// Number of canonical bytes.
    pub const fn encoded_len(&self) -> usize {
        self.encode(Canonical::new()).len
    }

    /// 64-bit FNV-1a hash of the canonical bytes: two networks with the same fingerprint have the same architecture.
    pub const fn fingerprint(&self) -> u64 {
        self.encode(Canonical::new()).hash
    }
}

impl ActivationSpec {
    const fn encode<'a>(&self, sink: Canonical<'a>) -> Canonical<'a> {
        match self {
            Self::Identity => sink.varint(0),
            Self::Step => sink.varint(1),
            Self::Sigmoid => sink.varint(2),
            Self::Tanh => sink.varint(3),
            Self::Relu => sink.varint(4),
            Self::Relu6 => sink.varint(5),
            Self::LeakyRelu { slope } => sink.varint(6).varint(*slope as u64),
            Self::Elu { alpha } => sink.varint(7).varint(*alpha as u64),
            Self::Softplus => sink.varint(8),
            Self::Silu => sink.varint(9),
            Self::HardSigmoid => sink.varint(10),
            Self::HardSwish => sink.varint(11),
            Self::FastSigmoid => sink.varint(12),
            Self::FastTanh => sink.varint(13),
            Self::ScaledTanh => sink.varint(14),
        }
    }
}
