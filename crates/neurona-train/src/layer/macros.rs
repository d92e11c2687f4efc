//! What the [list](super::list) of the layers becomes.

/// From the kinds: [`Spec`](super::Spec), its [`wire`](super::wire) form, and [`Kind`](super::Kind).
macro_rules! layers {
    (
        parts { $( $(#[$doc:meta])* $name:ident($sizes:ident), )* }
        { $( $(#[$last_doc:meta])* $last:ident($last_sizes:ident), )* }
    ) => {
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
            $( $(#[$doc])* $name($sizes), )*
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
            $( $(#[$last_doc])* $last($last_sizes), )*
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
                    $( LayerSpec::$name(sizes) => Self::$name(sizes), )*
                    LayerSpec::Residual { body, shortcut, activation } => {
                        let shortcut = shortcut.map(|shortcut| Box::new(Self::from(shortcut)));
                        Self::Residual { body: Box::new(Self::from(body)), shortcut, activation }
                    }
                    LayerSpec::Concat(first, second) => {
                        Self::Concat(Box::new(Self::from(first)), Box::new(Self::from(second)))
                    }
                    LayerSpec::StandardizeChannels(shape) => Self::StandardizeChannels(shape),
                    $( LayerSpec::$last(sizes) => Self::$last(sizes.into()), )*
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
        pub(crate) mod wire {
            use super::*;

            /// The variants of [`Spec`], in the same order, with `Inner` within a layer that has parts.
            #[derive(Deserialize)]
            pub(crate) enum Level<Inner> {
                Chain(Vec<Inner>),
                Dense { inputs: u32, outputs: u32, activation: ActivationSpec },
                Softmax { len: u32, fast: bool },
                Standardize { len: u32 },
                Rescale { len: u32, factor: u32 },
                Custom { name: String, inputs: u32, outputs: u32, params: u32, constants: u32, macs: u64 },
                $( $name($sizes), )*
                Residual { body: Box<Inner>, shortcut: Option<Box<Inner>>, activation: ActivationSpec },
                Concat(Box<Inner>, Box<Inner>),
                StandardizeChannels(Shape),
                $( $last($last_sizes), )*
            }

            /// What a layer with parts at the deepest level holds: nothing.
            #[derive(Deserialize)]
            pub(crate) enum Nothing {}

            type Two<Inner> = Level<Level<Inner>>;

            /// As many levels as [`Spec::MAX_DEPTH`], one within another: the chain of a network, a residual, its body, and more of
            /// both.
            pub(crate) type Nested = Two<Two<Two<Two<Two<Two<Level<Nothing>>>>>>>;

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
                        $( Level::$name(sizes) => Self::$name(sizes), )*
                        Level::Residual { body, shortcut, activation } => {
                            Self::Residual { body: boxed(body), shortcut: shortcut.map(boxed), activation }
                        }
                        Level::Concat(first, second) => Self::Concat(boxed(first), boxed(second)),
                        Level::StandardizeChannels(shape) => Self::StandardizeChannels(shape),
                        $( Level::$last(sizes) => Self::$last(sizes), )*
                    }
                }
            }
        }

        /// A layer that computes something, with its sizes; what it does is in [`LayerKind`].
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) enum Kind {
            Dense(Dense),
            Softmax(Softmax),
            Standardize(Standardize),
            Rescale(Rescale),
            $( $name($sizes), )*
            Add(Add),
            Concat(Concat),
            $( $last($last_sizes), )*
        }

        impl Kind {
            /// What a layer computes by itself: of one with branches what joins them. `None` for a chain, and for a custom
            /// layer, which only the program that defines it can run.
            pub(crate) fn of(spec: &Spec) -> Option<Self> {
                Some(match *spec {
                    Spec::Dense { inputs, outputs, activation } => Self::Dense(Dense { inputs, outputs, activation }),
                    Spec::Softmax { len, fast } => Self::Softmax(Softmax { len, fast }),
                    Spec::Standardize { len } => Self::Standardize(Standardize { shape: Shape::Vector { len } }),
                    Spec::Rescale { len, factor } => Self::Rescale(Rescale { len, factor: f32::from_bits(factor) }),
                    $( Spec::$name(sizes) => Self::$name(sizes), )*
                    Spec::Residual { ref body, activation, .. } => {
                        Self::Add(Add { shape: body.output_shape(), activation })
                    }
                    Spec::Concat(ref first, ref second) => {
                        Self::Concat(Concat { first: first.output_shape(), second: second.output_shape() })
                    }
                    Spec::StandardizeChannels(shape) => Self::Standardize(Standardize { shape }),
                    $( Spec::$last(ref sizes) => Self::$last(Clone::clone(sizes)), )*
                    Spec::Chain(_) | Spec::Custom { .. } => return None,
                })
            }
        }

        impl Deref for Kind {
            type Target = dyn LayerKind;

            fn deref(&self) -> &Self::Target {
                match self {
                    Self::Dense(layer) => layer,
                    Self::Softmax(layer) => layer,
                    Self::Standardize(layer) => layer,
                    Self::Rescale(layer) => layer,
                    $( Self::$name(layer) => layer, )*
                    Self::Add(layer) => layer,
                    Self::Concat(layer) => layer,
                    $( Self::$last(layer) => layer, )*
                }
            }
        }
    };
}

/// From the keys that say which layer it is: [`LayerConfig`](super::LayerConfig).
macro_rules! keys {
    ( $( $(#[$doc:meta])* $key:ident: $type:ty => $described:path, )* ) => {
        /// A layer: one key says which, the others say more about it.
        ///
        /// | key                      | layer                                                | with                                  |
        /// | ------------------------ | ---------------------------------------------------- | ------------------------------------- |
        /// | `dense = 10`             | so many outputs                                      | activation                            |
        /// | `conv = 8`               | so many filters over a signal or an image            | window, `groups`, activation          |
        /// |                          | with `table`: the channels that each filter sees     | `table = [[0, 1], …]`, from 0         |
        /// | `depthwise = 1`          | so many filters for each channel                     | window, activation                    |
        /// | `max_pool = 2`           | the largest of a window of this size                 | `stride` (that size without), `padding` |
        /// | `avg_pool = 2`           | the mean of a window of this size                    | as `max_pool`                         |
        /// | `global_pool = "avg"`    | the mean of each channel; `"max"` for the largest    |                                       |
        /// | `flatten = true`         | a vector, for a dense layer                          |                                       |
        /// | `scale = true`           | a scale and a shift for each channel                 | activation                            |
        /// | `rnn = 16`               | a simple recurrent layer of so many units            | `all`, activation (`tanh` without)    |
        /// | `gru = 16`               | a gated recurrent unit                               | `all`                                 |
        /// | `lstm = 16`              | a long short-term memory                             | `all`                                 |
        /// | `echo_state = 50`        | a fixed reservoir of so many units, for a readout    | `connections`, `leak`, `radius`, `input_scale`, `bias_scale`, `reservoir_seed`, `all` |
        /// | `codes = ["##.", …]`     | minus the squared distance to a code of ±1 for each output | `#` is 1, `.` is -1             |
        /// | `residual = [ … ]`       | a body of layers with a shortcut around it           | `shortcut = [ … ]`, activation        |
        /// | `concat = [[ … ], [ … ]]` | two branches of layers, channels side by side       |                                       |
        ///
        /// A window has `kernel` (a size, or rows and columns), and may have `stride` and `dilation` (1 without) and `padding`
        /// (`"valid"` without, `"same"`, `"causal"`, or cells on each side: `[before, after]` of a signal, `[top, bottom, left,
        /// right]` of an image). A recurrent layer gives the state of the last step, and with `all = true` that of each step. An activation is `activation = "relu"`, `identity` without.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct LayerConfig {
            /// What its field is called in Rust; either all layers have a name or none.
            pub name: Option<String>,
            $( $(#[$doc])* pub $key: $type, )*
            /// Whether a recurrent layer gives the state of each step.
            pub all: bool,
            /// Of a reservoir: how many connections each unit has, 10 without, or as many as there are units.
            pub connections: Option<u32>,
            /// Of a reservoir: the leaking rate, 1 without.
            pub leak: Option<f32>,
            /// Of a reservoir: the spectral radius, 0.9 without.
            pub radius: Option<f32>,
            /// Of a reservoir: the limit of the weights of the input, 0.5 without.
            pub input_scale: Option<f32>,
            /// Of a reservoir: the limit of the biases, 0.1 without.
            pub bias_scale: Option<f32>,
            /// Of a reservoir: what its connections and weights follow from, 1 without.
            pub reservoir_seed: Option<u32>,
            /// The layers of the shortcut; the input itself without.
            pub shortcut: Option<Vec<LayerConfig>>,
            /// The size of a window.
            pub kernel: Option<Size>,
            /// How far a window moves.
            pub stride: Option<Size>,
            /// How far apart the cells of a window are.
            pub dilation: Option<Size>,
            /// What stands around the input of a window.
            pub padding: Option<Padding>,
            /// Into how many groups the channels of a convolution are divided.
            pub groups: Option<u32>,
            /// Which channels each filter of a convolution sees; all without.
            pub table: Option<Vec<Vec<u32>>>,
            /// Its activation, `identity` without, of a simple recurrent layer `tanh`; in the last layer also `softmax`, which the network then ends in. The
            /// cross-entropies have softmax and sigmoid inside, and go with `identity`.
            pub activation: Option<String>,
            /// The slope of `leaky_relu`, 0.01 without.
            pub slope: Option<f32>,
            /// The alpha of `elu`, 1 without.
            pub alpha: Option<f32>,
            /// Whether its sums are normalised over each mini-batch in training: see [`Network::normalize`](crate::Network::normalize).
            pub batch_norm: bool,
            /// The chance of each of its outputs to be dropped in training.
            pub dropout: f32,
        }

        impl LayerConfig {
            /// The keys that say which layer it is, with the layers that they describe.
            pub(crate) fn kinds(&self) -> Vec<(&'static str, Described)> {
                let keys = [$( (stringify!($key), self.$key.is_given(), $described), )*].into_iter();
                keys.filter(|(_, given, _)| *given).map(|(key, _, described)| (key, described)).collect()
            }
        }
    };
}
