//! From a layer as the `[network]` table describes it to its sizes.

use neurona::arch::{ActivationSpec, PaddingSpec, Shape, WindowSpec};
use serde::{Deserialize, Serialize};

use super::LayerConfig;
use crate::{
    Spec,
    arch::Named,
    layer::{MOST_AROUND, around},
};

/// A number for all axes, or one for rows and one for columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number from 1 to 4294967295, or two of them, [rows, columns]")]
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
    expecting = "expected \"valid\", \"same\", \"causal\", or how much stands on each side, from 0 to 4294967295: [before, after], \
                 or [top, bottom, left, right]"
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
pub(crate) type Wrong = (String, String);

/// What a layer can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Any shape.
    Any,
    /// A vector.
    Vector,
    /// A signal.
    Signal,
    /// A signal or an image.
    Cells,
}

/// What a key of TOML says of a layer.
#[derive(Clone, Copy)]
pub(crate) struct Described {
    pub(crate) takes: Takes,
    /// The keys that may say more about it; a layer that learns has `dropout` among them.
    pub(crate) keys: &'static [&'static str],
    /// The layer for an input of this shape.
    pub(crate) spec: fn(&LayerConfig, Shape) -> Result<Spec, Wrong>,
}

/// Whether a key is there.
pub(crate) trait Given {
    fn is_given(&self) -> bool;
}

impl<T> Given for Option<T> {
    fn is_given(&self) -> bool {
        self.is_some()
    }
}

impl Given for bool {
    fn is_given(&self) -> bool {
        *self
    }
}

pub(crate) fn wrong(key: &str, problem: impl Into<String>) -> Wrong {
    (key.to_owned(), problem.into())
}

/// The layers one after another, from an input of this shape; a wrong key begins with the place of its layer.
pub(crate) fn chain(layers: &[LayerConfig], key: &str, mut shape: Shape) -> Result<Vec<Spec>, Wrong> {
    let mut specs = Vec::new();
    for (at, layer) in layers.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| &layers[at]);
        let spec = layer.spec(shape, before).map_err(|(within, problem)| (format!("{key}[{at}].{within}"), problem))?;
        shape = spec.output_shape();
        specs.push(spec);
    }
    Ok(specs)
}

/// The layers of a branch, of which there is at least one.
pub(crate) fn branch(layers: &[LayerConfig], key: &str, shape: Shape) -> Result<Vec<Spec>, Wrong> {
    if layers.is_empty() {
        return Err(wrong(key, "expected at least one layer, found none"));
    }
    chain(layers, key, shape)
}

/// The layers that learn, in the order of the network's steps: branches come before what joins them.
pub(super) fn learning(layers: &[LayerConfig]) -> Vec<&LayerConfig> {
    layers.iter().flat_map(LayerConfig::learning).collect()
}

/// The reservoirs, in the order of the network's steps.
pub(super) fn reservoirs(layers: &[LayerConfig]) -> Vec<&LayerConfig> {
    fn of_layer(layer: &LayerConfig) -> Vec<&LayerConfig> {
        let parts = layer.residual.iter().chain(&layer.shortcut).chain(layer.concat.iter().flatten());
        let own = layer.echo_state.is_some().then_some(layer);
        own.into_iter().chain(parts.flat_map(|layers| reservoirs(layers))).collect()
    }
    layers.iter().flat_map(of_layer).collect()
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
    fn learning(&self) -> Vec<&Self> {
        if let Some(body) = &self.residual {
            return [learning(body), self.shortcut.as_deref().map_or(Vec::new(), learning)].concat();
        }
        if let Some(branches) = &self.concat {
            return branches.iter().flat_map(|branch| learning(branch)).collect();
        }
        if self.learns() { vec![self] } else { Vec::new() }
    }

    fn learns(&self) -> bool {
        self.kinds().iter().any(|(_, described)| described.keys.contains(&"dropout"))
    }

    /// The layer for an input of this shape, which is the output of the layer before, if there is one.
    fn spec(&self, input: Shape, before: Option<&Self>) -> Result<Spec, Wrong> {
        let kinds = self.kinds();
        let [(kind, described)] = kinds[..] else {
            let names: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
            let found = if names.is_empty() { "none".to_owned() } else { names.join(" and ") };
            return Err(wrong("dense", format!("expected one key that says which layer it is, found {found}")));
        };
        self.check_keys(kind, described.keys)?;
        self.check_input(kind, described.takes, input, before)?;
        let spec = (described.spec)(self, input)?;
        spec.check().map_err(|error| wrong(kind, error.problem()))?;
        Ok(spec)
    }

    /// Whether the layer takes what it is given.
    fn check_input(&self, kind: &str, takes: Takes, input: Shape, before: Option<&Self>) -> Result<(), Wrong> {
        let (expected, example) = match (takes, input) {
            (Takes::Any, _)
            | (Takes::Vector, Shape::Vector { .. })
            | (Takes::Signal | Takes::Cells, Shape::Signal { .. })
            | (Takes::Cells, Shape::Image { .. }) => return Ok(()),
            (Takes::Vector, _) => {
                return Err(wrong(kind, "takes a vector: put `{ flatten = true }` or a `global_pool` before it"));
            }
            (Takes::Signal, _) => ("goes over the steps of a signal", "[50, 6]"),
            (Takes::Cells, _) => ("slides over a signal or an image", "[28, 28, 1]"),
        };
        let gives_last = |layer: &Self| {
            let recurrent = [layer.rnn, layer.gru, layer.lstm, layer.echo_state];
            !layer.all && recurrent.iter().any(Option::is_some)
        };
        let advice = match before {
            None => format!("give `network.input`, as in `input = {example}`"),
            Some(before) if gives_last(before) => {
                "the layer before it gives its last state alone: write `all = true` in that one".to_owned()
            }
            Some(_) => format!("the layer before it gives {}", Named(input)),
        };
        Err(wrong(kind, format!("{expected}: {advice}")))
    }

    /// Whether every key that is given says something of this kind of layer.
    fn check_keys(&self, kind: &str, known: &[&str]) -> Result<(), Wrong> {
        let given = [
            ("kernel", self.kernel.is_some()),
            ("stride", self.stride.is_some()),
            ("dilation", self.dilation.is_some()),
            ("padding", self.padding.is_some()),
            ("groups", self.groups.is_some()),
            ("connections", self.connections.is_some()),
            ("leak", self.leak.is_some()),
            ("radius", self.radius.is_some()),
            ("input_scale", self.input_scale.is_some()),
            ("bias_scale", self.bias_scale.is_some()),
            ("reservoir_seed", self.reservoir_seed.is_some()),
            ("table", self.table.is_some()),
            ("shortcut", self.shortcut.is_some()),
            ("all", self.all),
            ("activation", self.activation.is_some()),
            ("batch_norm", self.batch_norm),
            ("dropout", self.dropout != 0.0),
        ];
        match given.into_iter().find(|(key, given)| *given && !known.contains(key)) {
            Some((key, _)) => Err(wrong(key, format!("says nothing of the layer `{kind}`: leave it out"))),
            None if known.contains(&"activation") => Ok(()),
            // Without an activation there is nothing that a slope or an alpha could be of.
            None => self.activation().map(|_| ()),
        }
    }

    /// The window over an input, with the size of the output that follows from it.
    pub(crate) fn window(
        &self,
        key: &str,
        input: Shape,
        channels: u32,
        kernel: Option<Size>,
        usual_stride: Option<Size>,
    ) -> Result<WindowSpec, Wrong> {
        let is_signal = matches!(input, Shape::Signal { .. });
        let pair = |key: &str, size: Size| match size {
            Size::All(0) | Size::Each([0, _] | [_, 0]) => Err(wrong(key, "expected at least 1, found 0")),
            Size::All(size) if is_signal => Ok([1, size]),
            Size::All(size) => Ok([size, size]),
            Size::Each(_) if is_signal => Err(wrong(key, "of a signal is one number, and not [rows, columns]")),
            Size::Each(sizes) => Ok(sizes),
        };
        let one = Size::All(1);
        // Pooling has its size in its own key.
        let sized = if usual_stride.is_some() { key } else { "kernel" };
        let kernel = kernel.ok_or_else(|| wrong(sized, "missing; expected a size, as in `kernel = 3`"))?;
        let kernel = pair(sized, kernel)?;
        let dilation = pair("dilation", self.dilation.unwrap_or(one))?;
        let stride = pair("stride", self.stride.or(usual_stride).unwrap_or(one))?;
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
            let what = if is_signal { "steps" } else { ["rows", "columns"][axis] };
            let Some(places) = window.places(axis) else {
                let reach = u64::from(kernel[axis] - 1) * u64::from(dilation[axis]) + 1;
                let problem = format!("it reaches over {reach} {what}, and there are {}", input.sizes()[axis]);
                return Err(wrong(sized, format!("the kernel is larger than its input with the padding: {problem}")));
            };
            // Only padding makes more of them than the input has.
            u32::try_from(places)
                .map_err(|_| wrong("padding", format!("expected fewer than 2^32 {what} of output, found {places}")))
        };
        let (rows, columns) = (places(0)?, places(1)?);
        let output = match input {
            Shape::Signal { .. } => Shape::Signal { steps: columns, channels },
            _ => Shape::Image { height: rows, width: columns, channels },
        };
        let window = WindowSpec { output, ..window };
        let around = around(&window);
        if around > MOST_AROUND {
            let key = match padding {
                PaddingSpec::Explicit { .. } => "padding",
                _ if dilation != [1, 1] => "dilation",
                _ => sized,
            };
            let problem = format!("the window reaches over {around} values outside of its input");
            return Err(wrong(key, format!("{problem}; expected at most {MOST_AROUND}")));
        }
        Ok(window)
    }

    /// The activation, `identity` without.
    pub(crate) fn activation(&self) -> Result<ActivationSpec, Wrong> {
        self.activation_or("identity")
    }

    /// The activation, or the usual one of the layer.
    pub(crate) fn activation_or(&self, usual: &str) -> Result<ActivationSpec, Wrong> {
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
        match activation.fault() {
            Some(fault) => {
                let (key, found) = if self.slope.is_some() { ("slope", self.slope) } else { ("alpha", self.alpha) };
                Err(wrong(key, format!("{fault}; found {}", found.unwrap_or_default())))
            }
            None => Ok(activation),
        }
    }
}

/// How many there are of what a layer has at least one of.
pub(crate) fn at_least_1(key: &str, count: Option<u32>) -> Result<u32, Wrong> {
    count.filter(|count| *count > 0).ok_or_else(|| wrong(key, "expected at least 1, found 0"))
}

/// A chain of one layer is that layer.
pub(crate) fn alone(mut layers: Vec<Spec>) -> Spec {
    match layers.pop() {
        Some(only) if layers.is_empty() => only,
        Some(last) => {
            layers.push(last);
            Spec::Chain(layers)
        }
        None => Spec::Chain(layers),
    }
}
