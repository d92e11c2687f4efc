//! How Rust source writes what several types of layers take.

use neurona::arch::{ActivationSpec, PaddingSpec, PoolKind, Shape, States, WindowSpec};

/// The type of an input or an output.
pub(crate) fn array(shape: Shape) -> String {
    match shape {
        Shape::Signal { steps, channels } => format!("Signal<{steps}, {channels}>"),
        Shape::Image { height, width, channels } => format!("Image<{height}, {width}, {channels}>"),
        other => format!("[f32; {}]", other.len()),
    }
}

/// How the names of layers end that slide over a shape.
pub(super) fn axes(shape: Shape) -> &'static str {
    if let Shape::Signal { .. } = shape { "1d" } else { "2d" }
}

/// The type of a window, with what may be left out left out.
pub(super) fn kernel_type(window: &WindowSpec) -> String {
    let WindowSpec { kernel, stride, dilation, .. } = window;
    let (name, numbers) = match window.input {
        Shape::Signal { .. } => ("Kernel1d", vec![(kernel[1], None), (stride[1], Some(1)), (dilation[1], Some(1))]),
        _ => {
            let pair = |[rows, columns]: [u32; 2], usual| [(rows, usual), (columns, Some(rows))];
            ("Kernel2d", [pair(*kernel, None), pair(*stride, Some(1)), pair(*dilation, Some(1))].concat())
        }
    };
    let last = numbers.iter().rposition(|(number, usual)| Some(*number) != *usual).unwrap_or(0);
    let numbers: Vec<String> = numbers[..=last].iter().map(|(number, _)| number.to_string()).collect();
    format!("{name}<{}>", numbers.join(", "))
}

pub(super) fn pool_type(kind: PoolKind) -> &'static str {
    match kind {
        PoolKind::Max => "Max",
        PoolKind::Average => "Avg",
    }
}

/// The last parameters of a layer's type: activation and padding, with what may be left out left out.
pub(crate) fn options(activation: ActivationSpec, padding: Option<String>) -> String {
    match (activation, padding) {
        (ActivationSpec::Identity, None) => String::new(),
        (activation, None) => format!(", {}", activation_type(activation)),
        (activation, Some(padding)) => format!(", {}, {padding}", activation_type(activation)),
    }
}

/// Which states are given and what follows, with what may be left out left out.
pub(super) fn given(states: States, last: Option<String>) -> String {
    match (states, last) {
        (States::Last, None) => String::new(),
        (states, None) => format!(", {states:?}"),
        (states, Some(last)) => format!(", {states:?}, {last}"),
    }
}

/// The type of a window's padding; `None` for the usual one.
pub(super) fn padding(window: &WindowSpec) -> Option<String> {
    Some(match (window.padding, window.input) {
        (PaddingSpec::Valid, _) => return None,
        (PaddingSpec::Explicit { left, right, .. }, Shape::Signal { .. }) => format!("Padding1d<{left}, {right}>"),
        (PaddingSpec::Explicit { top, bottom, left, right }, _) => {
            format!("Padding2d<{top}, {bottom}, {left}, {right}>")
        }
        // The types of the others are called as the variants are.
        (other, _) => format!("{other:?}"),
    })
}

/// The constant expression for an `f32` that a type takes as bits; `{:?}` prints the digits that give it back exactly.
pub(super) fn bits(value: u32) -> String {
    format!("{{ {:?}_f32.to_bits() }}", f32::from_bits(value))
}

pub(crate) fn activation_type(activation: ActivationSpec) -> String {
    match activation {
        ActivationSpec::LeakyRelu { slope } if slope == DEFAULT_SLOPE => "LeakyRelu".to_owned(),
        ActivationSpec::LeakyRelu { slope } => format!("LeakyRelu<{}>", bits(slope)),
        ActivationSpec::Elu { alpha } if alpha == DEFAULT_ALPHA => "Elu".to_owned(),
        ActivationSpec::Elu { alpha } => format!("Elu<{}>", bits(alpha)),
        ActivationSpec::FastSigmoid => "fast::Sigmoid".to_owned(),
        ActivationSpec::FastTanh => "fast::Tanh".to_owned(),
        // The types of the others are called as the variants are.
        other => format!("{other:?}"),
    }
}

/// The slope of `LeakyRelu` when none is written: PyTorch's.
const DEFAULT_SLOPE: u32 = 0.01_f32.to_bits();
/// The alpha of `Elu` when none is written: PyTorch's, and that of the paper's experiments.
const DEFAULT_ALPHA: u32 = 1.0_f32.to_bits();
