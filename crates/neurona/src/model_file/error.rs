//! What can be wrong with a model file, in words that serve the compiler and the firmware alike.

use core::fmt;

use super::cursor::Cursor;
use crate::arch::{ActivationSpec, LayerSpec, RecurrentSpec};

/// Why bytes are no model of this network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LoadError {
    /// The bytes do not begin as a model file does.
    Magic,
    /// The file has a version of the format that this crate does not read.
    Version {
        /// The newest version that it reads.
        expected: u16,
        /// The version of the file.
        found: u64,
    },
    /// The file ends too early.
    Truncated {
        /// Number of bytes that there should be, at least.
        expected: usize,
        /// Number of bytes that there are.
        found: usize,
    },
    /// There are more bytes than the file says it has. A partition is cut to the file by [`at_start_of`](super::at_start_of).
    Trailing {
        /// Number of bytes that there should be.
        expected: usize,
        /// Number of bytes that there are.
        found: usize,
    },
    /// A byte was changed.
    Checksum {
        /// The CRC-32 that the file holds.
        expected: u32,
        /// The CRC-32 of its bytes.
        found: u32,
    },
    /// The network has another number of layers than the file.
    Layers {
        /// Number of layers of the network.
        expected: usize,
        /// Number of layers of the file.
        found: usize,
    },
    /// A layer is another one.
    Architecture {
        /// Which layer, counted from 0.
        layer: usize,
        /// What the network has.
        expected: LayerSummary,
        /// What the file has.
        found: LayerSummary,
    },
    /// The CRC is right and the content is not: the file was not written by a working program.
    Malformed,
    /// The tensors do not lie at a multiple of this number of bytes.
    Misaligned {
        /// The alignment that the network needs.
        expected: usize,
    },
    /// There are more labels than there is place for.
    Labels {
        /// Number of labels that there is place for.
        expected: usize,
        /// Number of labels of the file.
        found: usize,
    },
}

/// The kind of a layer and its sizes, as far as an error message tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LayerSummary {
    /// What the layer is called.
    pub kind: &'static str,
    /// Number of inputs.
    pub inputs: u64,
    /// Number of outputs.
    pub outputs: u64,
    /// The activation; empty when the layer has none.
    pub activation: &'static str,
}

impl LayerSummary {
    const fn of(layer: &LayerSpec) -> Self {
        let (kind, activation) = match layer {
            LayerSpec::Chain(_) => ("a chain", ""),
            LayerSpec::Dense { activation, .. } => ("dense", activation.name()),
            LayerSpec::Softmax { fast: false, .. } => ("softmax", ""),
            LayerSpec::Softmax { fast: true, .. } => ("fast softmax", ""),
            LayerSpec::Standardize { .. } => ("standardize", ""),
            LayerSpec::Rescale { .. } => ("rescale", ""),
            LayerSpec::Custom { name, .. } => (*name, ""),
            LayerSpec::Reshape(_) => ("reshape", ""),
            LayerSpec::Conv(_) => ("convolution", ""),
            LayerSpec::DepthwiseConv(_) => ("depthwise convolution", ""),
            LayerSpec::Pool(_) => ("pooling", ""),
            LayerSpec::GlobalPool(_) => ("global pooling", ""),
            LayerSpec::Scale(_) => ("scale", ""),
            LayerSpec::Residual { .. } => return Self::without_sizes("a residual"),
            LayerSpec::Concat(..) => return Self::without_sizes("a concatenation"),
            LayerSpec::StandardizeChannels(_) => ("standardize", ""),
            LayerSpec::Recurrent(RecurrentSpec { cell, .. }) => (cell.name(), ""),
            LayerSpec::EchoState(_) => ("echo state", ""),
            LayerSpec::TableConv(_) => ("table convolution", ""),
            LayerSpec::OutputCodes(_) => ("output codes", ""),
        };
        Self { kind, inputs: layer.inputs() as u64, outputs: layer.outputs() as u64, activation }
    }

    /// What stands in a file, as far as it can be told in one layer's place.
    const fn read(cursor: Cursor<'_>) -> Self {
        let (kind, cursor) = cursor.varint();
        if let 6..=9 | 17 = kind {
            let names = ["reshape", "convolution", "depthwise convolution", "pooling", "table convolution"];
            let kind = names[if kind == 17 { 4 } else { kind as usize - 6 }];
            let ([cells, channels], cursor) = shape(cursor);
            let ([other_cells, other_channels], _) = shape(cursor);
            let (inputs, outputs) = (cells.saturating_mul(channels), other_cells.saturating_mul(other_channels));
            return Self { kind, inputs, outputs, activation: "" };
        }
        if let 10 | 11 | 14 = kind {
            let ([cells, channels], _) = shape(cursor);
            let inputs = cells.saturating_mul(channels);
            let (kind, outputs) = match kind {
                10 => ("global pooling", channels),
                11 => ("scale", inputs),
                _ => ("standardize", inputs),
            };
            return Self { kind, inputs, outputs, activation: "" };
        }
        if kind == 15 {
            return Self::recurrent(cursor);
        }
        if kind == 16 {
            return Self::echo_state(cursor);
        }
        let (inputs, cursor) = cursor.varint();
        let (second, cursor) = cursor.varint();
        let (third, _) = cursor.varint();
        let (kind, outputs, activation) = match kind {
            0 => return Self::without_sizes("a chain"),
            12 => return Self::without_sizes("a residual"),
            13 => return Self::without_sizes("a concatenation"),
            1 if third < ActivationSpec::ALL.len() as u64 => {
                ("dense", second, ActivationSpec::ALL[third as usize].name())
            }
            2 if second == 0 => ("softmax", inputs, ""),
            2 => ("fast softmax", inputs, ""),
            3 => ("standardize", inputs, ""),
            4 => ("rescale", inputs, ""),
            18 => ("output codes", second, ""),
            _ => return Self::without_sizes("an unknown layer"),
        };
        Self { kind, inputs, outputs, activation }
    }

    /// A recurrent layer in a file: its cell, of an RNN the activation and its constant, then steps, inputs, units and which
    /// states.
    const fn recurrent(cursor: Cursor<'_>) -> Self {
        let (cell, mut cursor) = cursor.varint();
        let kind = match cell {
            0 => {
                let (activation, rest) = cursor.varint();
                cursor = match activation {
                    6 | 7 => rest.varint().1,
                    _ => rest,
                };
                "rnn"
            }
            1 => "gru",
            2 => "lstm",
            _ => return Self::without_sizes("an unknown layer"),
        };
        let (steps, cursor) = cursor.varint();
        let (inputs, cursor) = cursor.varint();
        let (units, cursor) = cursor.varint();
        let outputs = if cursor.varint().0 == 0 { units } else { steps.saturating_mul(units) };
        Self { kind, inputs: steps.saturating_mul(inputs), outputs, activation: "" }
    }

    /// The reservoir of an echo state network in a file: steps, inputs, units, then connections, seed, leak and which states.
    const fn echo_state(cursor: Cursor<'_>) -> Self {
        let (steps, cursor) = cursor.varint();
        let (inputs, cursor) = cursor.varint();
        let (units, cursor) = cursor.varint();
        let cursor = cursor.varint().1.varint().1.varint().1;
        let outputs = if cursor.varint().0 == 0 { units } else { steps.saturating_mul(units) };
        Self { kind: "echo state", inputs: steps.saturating_mul(inputs), outputs, activation: "" }
    }

    const fn without_sizes(kind: &'static str) -> Self {
        Self { kind, inputs: 0, outputs: 0, activation: "" }
    }

    const fn say(&self, text: Text) -> Text {
        let mut text = text.string(self.kind);
        if self.outputs > 0 {
            text = text.string(" ").number(self.inputs).string(" -> ").number(self.outputs);
        }
        if self.activation.is_empty() { text } else { text.string(" ").string(self.activation) }
    }
}

/// The number of cells and of channels of a shape in a file.
const fn shape(cursor: Cursor<'_>) -> ([u64; 2], Cursor<'_>) {
    let (axes, cursor) = cursor.varint();
    let (first, cursor) = cursor.varint();
    if axes == 0 {
        return ([1, first], cursor);
    }
    let (second, cursor) = cursor.varint();
    if axes == 1 {
        return ([first, second], cursor);
    }
    let (third, cursor) = cursor.varint();
    ([first.saturating_mul(second), third], cursor)
}

impl LoadError {
    pub(super) const fn architecture(layer: usize, expected: &LayerSpec, found: Cursor<'_>) -> Self {
        Self::Architecture { layer, expected: LayerSummary::of(expected), found: LayerSummary::read(found) }
    }

    /// What is wrong, as text that a const context can say too.
    pub(super) const fn text(&self) -> Text {
        let text = Text::new();
        match self {
            Self::Magic => text.string("not a model file: it does not begin with `neurona` and a zero byte"),
            Self::Version { expected, found } => text
                .string("model file of another version of the format: expected at most ")
                .number(*expected as u64)
                .string(", found ")
                .number(*found),
            Self::Truncated { expected, found } => {
                text.string("model file cut short: ").expected(*expected, *found, " bytes")
            }
            Self::Trailing { expected, found } => {
                text.string("bytes behind the model file: ").expected(*expected, *found, " bytes")
            }
            Self::Checksum { expected, found } => {
                text.string("model file damaged: expected CRC-32 ").hex(*expected).string(", found ").hex(*found)
            }
            Self::Layers { expected, found } => {
                text.string("model file of another architecture: ").expected(*expected, *found, " layers")
            }
            Self::Architecture { layer, expected, found } => {
                let text = text.string("model file of another architecture: layer ").number(*layer as u64);
                let text = expected.say(text.string(" (counted from 0): expected ")).string(", found ");
                let text = found.say(text);
                if expected.say(Text::new()).equals(&found.say(Text::new())) {
                    text.string(" with another window, activation or constant")
                } else {
                    text
                }
            }
            Self::Malformed => text.string("model file malformed, with the right CRC-32: written by a broken program"),
            Self::Misaligned { expected } => text
                .string("model file misaligned: the tensors must lie at a multiple of ")
                .number(*expected as u64)
                .string(" bytes; place the file at a multiple of 16"),
            Self::Labels { expected, found } => {
                text.string("too many labels in the model file: ").expected(*expected, *found, " labels")
            }
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl core::error::Error for LoadError {}

/// Text that is put together in a const context. What does not fit is left out.
#[derive(Clone, Copy)]
pub(super) struct Text {
    bytes: [u8; 192],
    len: usize,
}

impl Text {
    const fn new() -> Self {
        Self { bytes: [0; 192], len: 0 }
    }

    pub(super) const fn as_str(&self) -> &str {
        match str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }

    const fn equals(&self, other: &Self) -> bool {
        let mut i = 0;
        while i < self.len && i < other.len && self.bytes[i] == other.bytes[i] {
            i += 1;
        }
        i == self.len && i == other.len
    }

    const fn string(mut self, string: &str) -> Self {
        let mut rest = string.as_bytes();
        while let [byte, tail @ ..] = rest {
            if self.len < self.bytes.len() {
                self.bytes[self.len] = *byte;
                self.len += 1;
            }
            rest = tail;
        }
        self
    }

    const fn number(self, number: u64) -> Self {
        self.digits(number, 10, 1)
    }

    const fn hex(self, number: u32) -> Self {
        self.string("0x").digits(number as u64, 16, 8)
    }

    const fn digits(self, number: u64, base: u64, at_least: u32) -> Self {
        let this = if number >= base || at_least > 1 {
            self.digits(number / base, base, at_least.saturating_sub(1))
        } else {
            self
        };
        let digit = [b"0123456789abcdef"[(number % base) as usize]];
        match str::from_utf8(&digit) {
            Ok(digit) => this.string(digit),
            Err(_) => this,
        }
    }

    const fn expected(self, expected: usize, found: usize, unit: &str) -> Self {
        self.string("expected ").number(expected as u64).string(unit).string(", found ").number(found as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    /// The bytes are postcard's: `tests/recurrent` holds the encoder to it.
    #[test]
    fn a_recurrent_layer_in_a_file_is_called_as_that_of_a_network() {
        type Leaky = LeakyRelu<{ 0.25_f32.to_bits() }>;
        for (spec, bytes) in [
            (<Gru<50, 6, 16>>::SPEC, &[15, 1, 50, 6, 16, 0][..]),
            (<Lstm<50, 6, 16, All, 9>>::SPEC, &[15, 2, 50, 6, 16, 1]),
            (<Rnn<50, 6, 16, All>>::SPEC, &[15, 0, 3, 50, 6, 16, 1]),
            (<Rnn<50, 6, 16, Last, Leaky>>::SPEC, &[15, 0, 6, 128, 128, 128, 244, 3, 50, 6, 16, 0]),
            (<EchoState<50, 6, 16, 4, 300, All>>::SPEC, &[16, 50, 6, 16, 4, 172, 2, 128, 128, 128, 252, 3, 1]),
        ] {
            let sink = spec.encode(crate::arch::Canonical::against(bytes));
            assert!(sink.equal() && sink.count() == bytes.len(), "{spec:?}");
            assert_eq!(LayerSummary::of(&spec), LayerSummary::read(Cursor::at(bytes, 0)));
        }
        let error = LoadError::architecture(1, &<Gru<50, 6, 16>>::SPEC, Cursor::at(&[15, 2, 50, 6, 16, 1], 0));
        assert!(error.text().as_str().ends_with("expected gru 300 -> 16, found lstm 300 -> 800"));
    }
}
