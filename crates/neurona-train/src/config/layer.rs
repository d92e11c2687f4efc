//! A layer as the `[network]` table describes it.

use neurona::arch::{
    ActivationSpec, CellSpec, ConvSpec, DepthwiseConvSpec, GlobalPoolSpec, PaddingSpec, PoolKind, PoolSpec,
    RecurrentSpec, ReshapeSpec, ScaleSpec, Shape, States, WindowSpec,
};
use serde::{Deserialize, Serialize};

use crate::Spec;

/// A layer: one key says which, the others say more about it.
///
/// | key                      | layer                                                | with                                  |
/// | ------------------------ | ---------------------------------------------------- | ------------------------------------- |
/// | `dense = 10`             | so many outputs                                      | activation                            |
/// | `conv = 8`               | so many filters over a signal or an image            | window, `groups`, activation          |
/// | `depthwise = 1`          | so many filters for each channel                     | window, activation                    |
/// | `max_pool = 2`           | the largest of a window of this size                 | `stride` (that size without), `padding` |
/// | `avg_pool = 2`           | the mean of a window of this size                    | as `max_pool`                         |
/// | `global_pool = "avg"`    | the mean of each channel; `"max"` for the largest    |                                       |
/// | `flatten = true`         | a vector, for a dense layer                          |                                       |
/// | `scale = true`           | a scale and a shift for each channel                 | activation                            |
/// | `rnn = 16`               | a simple recurrent layer of so many units            | `all`, activation (`tanh` without)    |
/// | `gru = 16`               | a gated recurrent unit                               | `all`                                 |
/// | `lstm = 16`              | a long short-term memory                             | `all`                                 |
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
    /// A dense layer: the number of its outputs.
    pub dense: Option<u32>,
    /// A convolution: the number of its filters.
    pub conv: Option<u32>,
    /// A convolution of each channel by itself: the number of filters for each.
    pub depthwise: Option<u32>,
    /// The largest value of each window of this size.
    pub max_pool: Option<Size>,
    /// The mean of each window of this size.
    pub avg_pool: Option<Size>,
    /// The mean or the largest value of each channel.
    pub global_pool: Option<GlobalPool>,
    /// The input as a vector.
    pub flatten: bool,
    /// A scale and a shift for each channel.
    pub scale: bool,
    /// A simple recurrent layer over the steps of a signal: the number of its units.
    pub rnn: Option<u32>,
    /// A gated recurrent unit: the number of its units.
    pub gru: Option<u32>,
    /// A long short-term memory: the number of its units.
    pub lstm: Option<u32>,
    /// Whether a recurrent layer gives the state of each step.
    pub all: bool,
    /// A body with a shortcut around it.
    pub residual: Option<Vec<LayerConfig>>,
    /// The layers of the shortcut; the input itself without.
    pub shortcut: Option<Vec<LayerConfig>>,
    /// Two branches, whose channels are put side by side.
    pub concat: Option<[Vec<LayerConfig>; 2]>,
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

/// A number for all axes, or one for rows and one for columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number, or [rows, columns]")]
pub enum Size {
    /// For all axes.
    All(u32),
    /// For rows and columns.
    Each([u32; 2]),
}

/// What stands around the input of a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected \"valid\", \"same\", \"causal\", [before, after], or [top, bottom, left, right]"
)]
pub enum Padding {
    /// By its name.
    Named(NamedPadding),
    /// So many samples on each side of a signal.
    Signal([u32; 2]),
    /// So many rows and columns on each side of an image.
    Image([u32; 4]),
}

/// A padding by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamedPadding {
    /// None.
    Valid,
    /// As TensorFlow means it.
    Same,
    /// In time, as much as the kernel looks back.
    Causal,
}

/// What is made of each channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GlobalPool {
    /// Its mean.
    Avg,
    /// Its largest value.
    Max,
}

/// What is no activation of single values, and stands for a layer of its own.
pub(super) const SOFTMAX: &str = "softmax";

/// The key that is wrong, and what to do.
pub(super) type Wrong = (String, String);

fn wrong(key: &str, problem: impl Into<String>) -> Wrong {
    (key.to_owned(), problem.into())
}

/// The layers one after another, from an input of this shape; a wrong key begins with the place of its layer.
pub(super) fn chain(layers: &[LayerConfig], key: &str, mut shape: Shape) -> Result<Vec<Spec>, Wrong> {
    let mut specs = Vec::new();
    for (at, layer) in layers.iter().enumerate() {
        let spec = layer.spec(shape).map_err(|(within, problem)| (format!("{key}[{at}].{within}"), problem))?;
        shape = spec.output_shape();
        specs.push(spec);
    }
    Ok(specs)
}

/// The layers that learn, in the order of the network's steps: branches come before what joins them.
pub(super) fn learning(layers: &[LayerConfig]) -> Vec<&LayerConfig> {
    layers.iter().flat_map(LayerConfig::learning).collect()
}

/// As [`learning`], to change.
pub(super) fn learning_mut(layers: &mut [LayerConfig]) -> Vec<&mut LayerConfig> {
    let mut found = Vec::new();
    for layer in layers {
        if layer.learns() {
            found.push(layer);
            continue;
        }
        let LayerConfig { residual, shortcut, concat, .. } = layer;
        let parts = residual.iter_mut().chain(shortcut).chain(concat.iter_mut().flatten());
        parts.for_each(|layers| found.extend(learning_mut(layers)));
    }
    found
}

impl LayerConfig {
    /// The kinds of layer that the keys name.
    fn kinds(&self) -> Vec<&'static str> {
        let keys = [
            ("dense", self.dense.is_some()),
            ("conv", self.conv.is_some()),
            ("depthwise", self.depthwise.is_some()),
            ("max_pool", self.max_pool.is_some()),
            ("avg_pool", self.avg_pool.is_some()),
            ("global_pool", self.global_pool.is_some()),
            ("flatten", self.flatten),
            ("scale", self.scale),
            ("rnn", self.rnn.is_some()),
            ("gru", self.gru.is_some()),
            ("lstm", self.lstm.is_some()),
            ("residual", self.residual.is_some()),
            ("concat", self.concat.is_some()),
        ];
        keys.into_iter().filter(|(_, given)| *given).map(|(key, _)| key).collect()
    }

    fn learning(&self) -> Vec<&Self> {
        if let Some(body) = &self.residual {
            return [learning(body), self.shortcut.as_deref().map_or(Vec::new(), learning)].concat();
        }
        if let Some([first, second]) = &self.concat {
            return [learning(first), learning(second)].concat();
        }
        if self.learns() { vec![self] } else { Vec::new() }
    }

    fn learns(&self) -> bool {
        self.dense.is_some() || self.conv.is_some() || self.depthwise.is_some() || self.scale || self.is_recurrent()
    }

    fn is_recurrent(&self) -> bool {
        self.rnn.is_some() || self.gru.is_some() || self.lstm.is_some()
    }

    /// The layer for an input of this shape.
    fn spec(&self, input: Shape) -> Result<Spec, Wrong> {
        let kinds = self.kinds();
        let [kind] = kinds[..] else {
            let found = if kinds.is_empty() { "none".to_owned() } else { kinds.join(" and ") };
            return Err(wrong("dense", format!("expected one key that says which layer it is, found {found}")));
        };
        self.check_keys(kind)?;
        let activation = self.activation()?;
        let filters = |key: &str, count: u32| match count {
            0 => Err(wrong(key, "expected at least 1, found 0")),
            count => Ok(count),
        };
        Ok(if let Some(outputs) = self.dense {
            if outputs == 0 {
                return Err(wrong("dense", "expected the number of outputs, at least 1"));
            }
            let Shape::Vector { len } = input else {
                let problem = "takes a vector: put `{ flatten = true }` or a `global_pool` before it";
                return Err(wrong("dense", problem));
            };
            Spec::Dense { inputs: len, outputs, activation }
        } else if let Some(count) = self.conv {
            let window = self.window(input, filters("conv", count)?, self.kernel, None)?;
            let groups = self.groups.unwrap_or(1);
            let channels = window.input.channels() as u32;
            if groups == 0 || !channels.is_multiple_of(groups) {
                let problem = format!("expected a number that divides the {channels} channels, found {groups}");
                return Err(wrong("groups", problem));
            }
            Spec::Conv(ConvSpec { window, seen: channels / groups, activation })
        } else if let Some(each) = self.depthwise {
            let channels = (input.channels() as u32).saturating_mul(filters("depthwise", each)?);
            let window = self.window(input, channels, self.kernel, None)?;
            Spec::DepthwiseConv(DepthwiseConvSpec { window, activation })
        } else if let Some((size, kind)) = self.pool() {
            let window = self.window(input, input.channels() as u32, Some(size), Some(size))?;
            Spec::Pool(PoolSpec { window, kind })
        } else if let Some(kind) = self.global_pool {
            let kind = if kind == GlobalPool::Max { PoolKind::Max } else { PoolKind::Average };
            Spec::GlobalPool(GlobalPoolSpec { input, kind })
        } else if self.flatten {
            Spec::Reshape(ReshapeSpec { input, output: Shape::Vector { len: input.len() as u32 } })
        } else if self.scale {
            Spec::Scale(ScaleSpec { shape: input, activation })
        } else if let Some((key, cell, units)) = self.cell(activation) {
            let Shape::Signal { steps, channels } = input else {
                let problem = "goes over the steps of a signal: give `network.input`, as in `input = [50, 6]`";
                return Err(wrong(key, problem));
            };
            if units == 0 {
                return Err(wrong(key, "expected the number of units, at least 1"));
            }
            let states = if self.all { States::All } else { States::Last };
            Spec::Recurrent(RecurrentSpec { cell, steps, inputs: channels, units, states })
        } else if let Some(body) = &self.residual {
            let body = Box::new(Spec::Chain(chain(body, "residual", input)?));
            let shortcut = match &self.shortcut {
                Some(layers) => Some(Box::new(alone(chain(layers, "shortcut", input)?))),
                None => None,
            };
            Spec::Residual { body, shortcut, activation }
        } else if let Some([first, second]) = &self.concat {
            let [first, second] = [first, second].map(|layers| chain(layers, "concat", input));
            Spec::Concat(Box::new(alone(first?)), Box::new(alone(second?)))
        } else {
            return Err(wrong(kind, "is no layer"));
        })
    }

    /// The key of a recurrent layer, its cell and the number of its units.
    fn cell(&self, activation: ActivationSpec) -> Option<(&'static str, CellSpec, u32)> {
        let rnn = self.rnn.map(|units| ("rnn", CellSpec::Rnn { activation }, units));
        let gru = self.gru.map(|units| ("gru", CellSpec::Gru, units));
        rnn.or(gru).or(self.lstm.map(|units| ("lstm", CellSpec::Lstm, units)))
    }

    fn pool(&self) -> Option<(Size, PoolKind)> {
        let max = self.max_pool.map(|size| (size, PoolKind::Max));
        max.or(self.avg_pool.map(|size| (size, PoolKind::Average)))
    }

    /// Whether every key that is given says something of this kind of layer.
    fn check_keys(&self, kind: &str) -> Result<(), Wrong> {
        let convolves = matches!(kind, "conv" | "depthwise");
        let slides = convolves || matches!(kind, "max_pool" | "avg_pool");
        let activates = matches!(kind, "rnn" | "residual") || self.learns() && !self.is_recurrent();
        let keys = [
            ("kernel", self.kernel.is_some(), convolves),
            ("stride", self.stride.is_some(), slides),
            ("dilation", self.dilation.is_some(), slides),
            ("padding", self.padding.is_some(), slides),
            ("groups", self.groups.is_some(), kind == "conv"),
            ("shortcut", self.shortcut.is_some(), kind == "residual"),
            ("all", self.all, self.is_recurrent()),
            ("activation", self.activation.is_some(), activates),
            ("batch_norm", self.batch_norm, self.learns() && !self.is_recurrent()),
            ("dropout", self.dropout != 0.0, self.learns()),
        ];
        match keys.into_iter().find(|(_, given, belongs)| *given && !belongs) {
            Some((key, ..)) => Err(wrong(key, format!("says nothing of the layer `{kind}`: leave it out"))),
            None => Ok(()),
        }
    }

    /// The window over an input, with the size of the output that follows from it.
    fn window(
        &self,
        input: Shape,
        channels: u32,
        kernel: Option<Size>,
        usual_stride: Option<Size>,
    ) -> Result<WindowSpec, Wrong> {
        let is_signal = match input {
            Shape::Signal { .. } => true,
            Shape::Image { .. } => false,
            _ => {
                let problem = "slides over a signal or an image: give `network.input`, as in `input = [28, 28, 1]`";
                return Err(wrong(self.kinds().first().unwrap_or(&""), problem));
            }
        };
        let pair = |size: Size| match size {
            Size::All(size) if is_signal => [1, size],
            Size::All(size) => [size, size],
            Size::Each(sizes) => sizes,
        };
        let one = Size::All(1);
        let kernel = kernel.ok_or_else(|| wrong("kernel", "missing; expected a size, as in `kernel = 3`"))?;
        let (kernel, dilation) = (pair(kernel), pair(self.dilation.unwrap_or(one)));
        let stride = pair(self.stride.or(usual_stride).unwrap_or(one));
        let padding = match (&self.padding, is_signal) {
            (None | Some(Padding::Named(NamedPadding::Valid)), _) => PaddingSpec::Valid,
            (Some(Padding::Named(NamedPadding::Same)), _) => PaddingSpec::Same,
            (Some(Padding::Named(NamedPadding::Causal)), _) => PaddingSpec::Causal,
            (Some(Padding::Signal([left, right])), true) => {
                PaddingSpec::Explicit { top: 0, bottom: 0, left: *left, right: *right }
            }
            (Some(Padding::Image([top, bottom, left, right])), false) => {
                PaddingSpec::Explicit { top: *top, bottom: *bottom, left: *left, right: *right }
            }
            (Some(_), true) => return Err(wrong("padding", "of a signal is [before, after]")),
            (Some(_), false) => return Err(wrong("padding", "of an image is [top, bottom, left, right]")),
        };
        let window = WindowSpec { input, output: input, kernel, stride, dilation, padding };
        let places = |axis: usize| {
            let problem = "the kernel is larger than its input with the padding, or a size is 0";
            let places = window.places(axis).and_then(|places| u32::try_from(places).ok());
            places.ok_or_else(|| wrong("kernel", problem))
        };
        let (rows, columns) = (places(0)?, places(1)?);
        let output = match input {
            Shape::Signal { .. } => Shape::Signal { steps: columns, channels },
            _ => Shape::Image { height: rows, width: columns, channels },
        };
        Ok(WindowSpec { output, ..window })
    }

    /// The activation, or the key that is wrong and what to do.
    fn activation(&self) -> Result<ActivationSpec, Wrong> {
        let usual = if self.rnn.is_some() { "tanh" } else { "identity" };
        let name = self.activation.as_deref().unwrap_or(usual);
        let Some(mut activation) = ActivationSpec::ALL.into_iter().find(|activation| activation.name() == name) else {
            let known: Vec<&str> = ActivationSpec::ALL.iter().map(ActivationSpec::name).collect();
            let known = format!("one of {}, or in the last layer {SOFTMAX}", known.join(", "));
            return Err(wrong("activation", format!("expected {known}, found `{name}`")));
        };
        match (&mut activation, self.slope, self.alpha) {
            (ActivationSpec::LeakyRelu { slope }, given, None) => {
                *slope = given.map_or(*slope, f32::to_bits);
            }
            (ActivationSpec::Elu { alpha }, None, given) => {
                *alpha = given.map_or(*alpha, f32::to_bits);
            }
            (_, Some(_), _) => {
                return Err(wrong("slope", format!("is for `leaky_relu`, but the activation is `{name}`")));
            }
            (_, _, Some(_)) => return Err(wrong("alpha", format!("is for `elu`, but the activation is `{name}`"))),
            (_, None, None) => {}
        }
        Ok(activation)
    }
}

/// A chain of one layer is that layer.
fn alone(mut layers: Vec<Spec>) -> Spec {
    match layers.pop() {
        Some(only) if layers.is_empty() => only,
        Some(last) => {
            layers.push(last);
            Spec::Chain(layers)
        }
        None => Spec::Chain(layers),
    }
}
