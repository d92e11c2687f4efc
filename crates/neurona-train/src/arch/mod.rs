//! The architecture of a network as an owned value: what a model file holds, and what a network is built from.
//!
//! [`Spec`] mirrors [`neurona::arch::LayerSpec`], which is made of statics and cannot be read from a file. Both have
//! the same canonical bytes (their [postcard](https://postcard.jamesmunns.com/wire-format) encoding) and so the same
//! fingerprint.

use neurona::arch::Shape;

use crate::layer::Kind;
pub use crate::layer::Spec;

mod check;
mod ram;
mod source;
mod steps;
mod stream;

pub(crate) use check::Named;
pub use check::SpecError;
pub use source::SourceError;
pub use steps::Step;

const NOTHING: Shape = Shape::Vector { len: 0 };

impl Spec {
    /// A rescaling layer for `len` inputs.
    pub fn rescale(len: u32, factor: f32) -> Self {
        Self::Rescale { len, factor: factor.to_bits() }
    }

    /// The shape of the input; an empty vector for an empty chain.
    pub fn input_shape(&self) -> Shape {
        match self {
            Self::Custom { inputs: len, .. } => Shape::Vector { len: *len },
            _ => match self.parts().next() {
                Some(first) => first.input_shape(),
                None => Kind::of(self).map_or(NOTHING, |kind| kind.input()),
            },
        }
    }

    /// The shape of the output; an empty vector for an empty chain.
    pub fn output_shape(&self) -> Shape {
        match self {
            Self::Chain(layers) => layers.last().map_or(NOTHING, Self::output_shape),
            Self::Custom { outputs: len, .. } => Shape::Vector { len: *len },
            _ => Kind::of(self).map_or(NOTHING, |kind| kind.output()),
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
        let own = match self {
            Self::Custom { params, .. } => *params as usize,
            _ => Kind::of(self).map_or(0, |kind| kind.weights().saturating_add(kind.biases())),
        };
        self.parts().map(Self::params).fold(own, usize::saturating_add)
    }

    /// Number of values that the network stores: its parameters and its constants, four bytes each.
    pub fn values(&self) -> usize {
        let own = match self {
            Self::Custom { params, constants, .. } => (*params as usize).saturating_add(*constants as usize),
            _ => Kind::of(self)
                .map_or(0, |kind| kind.weights().saturating_add(kind.biases()).saturating_add(kind.constants())),
        };
        self.parts().map(Self::values).fold(own, usize::saturating_add)
    }

    /// Multiply-adds of one inference: the products of weights and inputs.
    pub fn macs(&self) -> u64 {
        let own = match self {
            Self::Custom { macs, .. } => *macs,
            _ => Kind::of(self).map_or(0, |kind| kind.macs()),
        };
        self.parts().map(Self::macs).fold(own, u64::saturating_add)
    }

    /// Whether the gradient reaches every layer that learns, where one that does may stand before: a reservoir passes none on.
    pub(crate) fn leads_back(&self, mut learns: bool) -> bool {
        match self {
            Self::Chain(layers) => layers.iter().all(|layer| {
                let leads = layer.leads_back(learns);
                learns = learns || layer.params() > 0;
                leads
            }),
            Self::EchoState(_) => !learns,
            _ => self.parts().all(|part| part.leads_back(learns)),
        }
    }

    /// What kind of layer it is, as messages name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Chain(_) => "chain",
            _ => Kind::of(self).map_or("custom", |kind| kind.name()),
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

    /// 64-bit FNV-1a hash of the canonical bytes (Fowler, Noll and Vo), as [`LayerSpec::fingerprint`](neurona::LayerSpec::fingerprint) computes it.
    pub fn fingerprint(&self) -> u64 {
        const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        self.encode().iter().fold(OFFSET_BASIS, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
    }
}

#[cfg(test)]
mod tests {
    use neurona::arch::{
        ActivationSpec, Canonical, CellSpec, CodesSpec, ConvSpec, DepthwiseConvSpec, EchoStateSpec, GlobalPoolSpec,
        LayerSpec, PaddingSpec, PoolKind, PoolSpec, RecurrentSpec, ReshapeSpec, ScaleSpec, States, TableConvSpec,
        WindowSpec,
    };

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
        LayerSpec::TableConv(TableConvSpec { window: WINDOW, table: &[1], activation: ActivationSpec::ScaledTanh }),
        LayerSpec::OutputCodes(CodesSpec { inputs: 65, outputs: 1, codes: &[u64::MAX, 300] }),
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
        assert_eq!(spec.steps().len(), 25);
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
        assert!(postcard::from_bytes::<Spec>(&nested(Spec::MAX_DEPTH - 1)).is_ok());
        assert!(postcard::from_bytes::<Spec>(&nested(Spec::MAX_DEPTH)).is_err());
        assert!(postcard::from_bytes::<Spec>(&nested(1_000_000)).is_err());
    }
}
