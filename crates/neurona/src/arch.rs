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
}

/// Written as `Debug` writes it: deriving this for a type that holds itself does not end.
#[cfg(feature = "defmt")]
impl defmt::Format for LayerSpec {
    fn format(&self, formatter: defmt::Formatter<'_>) {
        defmt::write!(formatter, "{}", defmt::Debug2Format(self));
    }
}

impl LayerSpec {
    /// Length of the input, in values; 0 for an empty chain.
    pub const fn inputs(&self) -> usize {
        match self {
            Self::Chain(layers) => match layers.first() {
                Some(first) => first.inputs(),
                None => 0,
            },
            Self::Dense { inputs, .. } | Self::Custom { inputs, .. } => *inputs as usize,
            Self::Softmax { len, .. } | Self::Standardize { len } | Self::Rescale { len, .. } => *len as usize,
        }
    }

    /// Length of the output, in values; 0 for an empty chain.
    pub const fn outputs(&self) -> usize {
        match self {
            Self::Chain(layers) => match layers.last() {
                Some(last) => last.outputs(),
                None => 0,
            },
            Self::Dense { outputs, .. } | Self::Custom { outputs, .. } => *outputs as usize,
            Self::Softmax { len, .. } | Self::Standardize { len } | Self::Rescale { len, .. } => *len as usize,
        }
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
            Self::Custom { params, .. } => *params as usize,
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
            Self::Custom { params, constants, .. } => *params as usize + *constants as usize,
            Self::Dense { .. } | Self::Softmax { .. } | Self::Rescale { .. } => self.params(),
        }
    }

    /// Multiply-adds of one inference.
    ///
    /// The products of weights and inputs are counted, as is usual; an activation is not, nor is a product that has no
    /// sum ([`Standardize`](crate::Standardize), [`Rescale`](crate::Rescale), [`Softmax`](crate::Softmax)).
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
            Self::Custom { macs, .. } => *macs,
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
        }
    }
}

/// Takes canonical bytes one by one: counts them, hashes them and compares them with bytes from a file.
#[derive(Clone, Copy, Debug)]
pub struct Canonical<'a> {
    file: &'a [u8],
    len: usize,
    hash: u64,
    equal: bool,
}

impl<'a> Canonical<'a> {
    /// A sink that compares what it is given with the beginning of `file`.
    pub const fn against(file: &'a [u8]) -> Self {
        // Offset basis and prime are those of the 64-bit FNV-1a hash (Fowler, Noll and Vo).
        Self { file, len: 0, hash: 0xcbf2_9ce4_8422_2325, equal: true }
    }

    /// A sink that has nothing to compare with.
    pub const fn new() -> Self {
        Self::against(&[])
    }

    /// Whether the file begins with the bytes that were given.
    pub const fn equal(&self) -> bool {
        self.equal
    }

    /// Number of bytes that were given.
    pub const fn count(&self) -> usize {
        self.len
    }

    const fn push(mut self, byte: u8) -> Self {
        self.equal = self.equal && self.len < self.file.len() && self.file[self.len] == byte;
        self.len += 1;
        self.hash = (self.hash ^ byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
        self
    }

    /// postcard's variable-length integer: seven bits a byte, the low ones first.
    const fn varint(mut self, mut value: u64) -> Self {
        while value > 0x7f {
            self = self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8)
    }
}

impl Default for Canonical<'_> {
    fn default() -> Self {
        Self::new()
    }
}
