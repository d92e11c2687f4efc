//! Kinds of layers that a desktop reads as the device has them: sizes without references.
//!
//! Counts saturate, so that an architecture from a damaged file cannot overflow them.

use super::{ActivationSpec, Canonical, PaddingSpec, Shape, WindowSpec};

/// The same values in another shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ReshapeSpec {
    /// The shape before.
    pub input: Shape,
    /// The shape after.
    pub output: Shape,
}

impl ReshapeSpec {
    /// What is wrong with the sizes, as a sentence; `None` when nothing is.
    pub const fn fault(&self) -> Option<&'static str> {
        if self.input.len() != self.output.len() {
            Some("another shape has as many values as before")
        } else if self.input.is_empty() {
            Some("a shape has at least one value")
        } else {
            None
        }
    }

    pub(super) const fn encode<'a>(&self, sink: Canonical<'a>) -> Canonical<'a> {
        self.output.encode(self.input.encode(sink))
    }
}

/// Convolution: each filter sees every channel, or those of its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ConvSpec {
    /// How it slides; there is a filter for each channel of the output.
    pub window: WindowSpec,
    /// Number of channels that each filter sees: those of the input divided by the number of groups.
    pub seen: u32,
    /// What is applied to each weighted sum.
    pub activation: ActivationSpec,
}

impl ConvSpec {
    /// What is wrong with the sizes, as a sentence; `None` when nothing is.
    pub const fn fault(&self) -> Option<&'static str> {
        if let Some(fault) = self.window.fault() {
            return Some(fault);
        }
        if self.seen == 0 || !self.window.input.channels().is_multiple_of(self.seen as usize) {
            return Some("the channels of the input are a multiple of those that a filter sees");
        }
        if !self.window.output.channels().is_multiple_of(self.groups()) {
            return Some("each group of channels is seen by as many filters as the others");
        }
        None
    }

    /// Number of groups of channels; 1 when each filter sees all of them.
    pub const fn groups(&self) -> usize {
        if self.seen == 0 { 0 } else { self.window.input.channels() / self.seen as usize }
    }

    /// Number of weights and biases.
    pub const fn params(&self) -> usize {
        self.weights().saturating_add(self.window.output.channels())
    }

    /// Number of weights.
    pub const fn weights(&self) -> usize {
        self.window.output.channels().saturating_mul(self.fan_in())
    }

    /// Number of weights of a filter.
    pub const fn fan_in(&self) -> usize {
        self.window.kernel_cells().saturating_mul(self.seen as usize)
    }

    /// Multiply-adds.
    pub const fn macs(&self) -> u64 {
        (self.window.output.cells() as u64).saturating_mul(self.weights() as u64)
    }

    pub(super) const fn encode<'a>(&self, sink: Canonical<'a>) -> Canonical<'a> {
        self.activation.encode(self.window.encode(sink).varint(self.seen as u64))
    }
}

/// Convolution of each channel by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DepthwiseConvSpec {
    /// How it slides; the output has as many channels as the input, or a multiple of them.
    pub window: WindowSpec,
    /// What is applied to each weighted sum.
    pub activation: ActivationSpec,
}

impl DepthwiseConvSpec {
    /// What is wrong with the sizes, as a sentence; `None` when nothing is.
    pub const fn fault(&self) -> Option<&'static str> {
        if let Some(fault) = self.window.fault() {
            return Some(fault);
        }
        if !self.window.output.channels().is_multiple_of(self.window.input.channels()) {
            return Some("each channel of the input gives as many channels of the output as the others");
        }
        None
    }

    /// Number of weights and biases.
    pub const fn params(&self) -> usize {
        self.weights().saturating_add(self.window.output.channels())
    }

    /// Number of weights.
    pub const fn weights(&self) -> usize {
        self.window.output.channels().saturating_mul(self.window.kernel_cells())
    }

    /// Multiply-adds.
    pub const fn macs(&self) -> u64 {
        (self.window.output.cells() as u64).saturating_mul(self.weights() as u64)
    }

    pub(super) const fn encode<'a>(&self, sink: Canonical<'a>) -> Canonical<'a> {
        self.activation.encode(self.window.encode(sink))
    }
}

/// Convolution whose filters see the channels that a table names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TableConvSpec<'a> {
    /// How it slides; there is a filter for each channel of the output.
    pub window: WindowSpec,
    /// For each filter the channels that it sees, as bits: the lowest is the first channel.
    pub table: &'a [u64],
    /// What is applied to each weighted sum.
    pub activation: ActivationSpec,
}

impl TableConvSpec<'_> {
    /// What is wrong with the sizes, as a sentence; `None` when nothing is.
    pub const fn fault(&self) -> Option<&'static str> {
        if let Some(fault) = self.window.fault() {
            return Some(fault);
        }
        let channels = self.window.input.channels();
        if channels > u64::BITS as usize {
            return Some("with a table of connections the input has at most 64 channels");
        }
        if self.table.len() != self.window.output.channels() {
            return Some("a table of connections has an entry for each channel of the output");
        }
        let mut rest = self.table;
        while let [sees, tail @ ..] = rest {
            if *sees == 0 {
                return Some("each filter of a table of connections sees at least one channel");
            }
            if (u64::BITS - sees.leading_zeros()) as usize > channels {
                return Some("a table of connections names channels that the input has");
            }
            rest = tail;
        }
        None
    }

    /// Number of pairs of a filter and a channel that it sees.
    pub const fn connections(&self) -> usize {
        let (mut sum, mut rest) = (0, self.table);
        while let [sees, tail @ ..] = rest {
            sum += sees.count_ones() as usize;
            rest = tail;
        }
        sum
    }

    /// Number of weights and biases.
    pub const fn params(&self) -> usize {
        self.weights().saturating_add(self.window.output.channels())
    }

    /// Number of weights.
    pub const fn weights(&self) -> usize {
        self.connections().saturating_mul(self.window.kernel_cells())
    }

    /// Multiply-adds.
    pub const fn macs(&self) -> u64 {
        (self.window.output.cells() as u64).saturating_mul(self.weights() as u64)
    }

    pub(super) const fn encode<'c>(&self, sink: Canonical<'c>) -> Canonical<'c> {
        self.activation.encode(self.window.encode(sink).list(self.table))
    }
}

/// Distances to a code of -1 and 1 for each output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CodesSpec<'a> {
    /// Number of inputs, which is the length of a code.
    pub inputs: u32,
    /// Number of outputs, which is the number of codes.
    pub outputs: u32,
    /// The codes as bits, set for 1: for each as many words as 64 bits go into its length.
    pub codes: &'a [u64],
}

impl CodesSpec<'_> {
    /// What is wrong with the sizes, as a sentence; `None` when nothing is.
    pub const fn fault(&self) -> Option<&'static str> {
        if self.inputs == 0 || self.outputs == 0 {
            return Some("output codes have at least one input and one output");
        }
        let words = (self.inputs as usize).div_ceil(u64::BITS as usize);
        if self.codes.len() != words.saturating_mul(self.outputs as usize) {
            return Some("output codes have for each output as many words as 64 bits go into the inputs");
        }
        None
    }

    /// Multiply-adds.
    pub const fn macs(&self) -> u64 {
        self.inputs as u64 * self.outputs as u64
    }

    pub(super) const fn encode<'c>(&self, sink: Canonical<'c>) -> Canonical<'c> {
        sink.varint(self.inputs as u64).varint(self.outputs as u64).list(self.codes)
    }
}

/// What pooling makes of the values that it meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PoolKind {
    /// The largest of them.
    Max,
    /// Their mean.
    Average,
}

/// Pooling: the largest or the mean of each window, channel by channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PoolSpec {
    /// How it slides; the output has the channels of the input.
    pub window: WindowSpec,
    /// What is made of each window.
    pub kind: PoolKind,
}

impl PoolSpec {
    /// What is wrong with the sizes, as a sentence; `None` when nothing is.
    pub const fn fault(&self) -> Option<&'static str> {
        if let Some(fault) = self.window.fault() {
            return Some(fault);
        }
        if self.window.output.channels() != self.window.input.channels() {
            return Some("pooling gives as many channels as it takes");
        }
        // Of explicit padding that is as wide as the window, some window would meet nothing at all.
        let mut axis = 0;
        while axis < 2 {
            if let PaddingSpec::Explicit { top, bottom, left, right } = self.window.padding {
                let [before, after] = if axis == 0 { [top, bottom] } else { [left, right] };
                let reach = self.window.reach(axis);
                if before as u64 >= reach || after as u64 >= reach {
                    return Some("the padding of pooling is narrower than its window");
                }
            }
            axis += 1;
        }
        None
    }

    pub(super) const fn encode<'a>(&self, sink: Canonical<'a>) -> Canonical<'a> {
        self.window.encode(sink).varint(self.kind as u64)
    }
}

/// Pooling over all cells: a value for each channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GlobalPoolSpec {
    /// What is pooled.
    pub input: Shape,
    /// What is made of each channel.
    pub kind: PoolKind,
}

impl GlobalPoolSpec {
    /// What is wrong with the sizes, as a sentence; `None` when nothing is.
    pub const fn fault(&self) -> Option<&'static str> {
        if self.input.is_empty() { Some("global pooling has at least one cell with one channel") } else { None }
    }

    pub(super) const fn encode<'a>(&self, sink: Canonical<'a>) -> Canonical<'a> {
        self.input.encode(sink).varint(self.kind as u64)
    }
}

/// A scale and a shift for each channel: what is left of a batch normalisation that cannot be folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ScaleSpec {
    /// The shape of input and output.
    pub shape: Shape,
    /// What is applied to each value.
    pub activation: ActivationSpec,
}

impl ScaleSpec {
    /// What is wrong with the sizes, as a sentence; `None` when nothing is.
    pub const fn fault(&self) -> Option<&'static str> {
        if self.shape.is_empty() { Some("a scale has at least one cell with one channel") } else { None }
    }

    /// Number of scales and shifts.
    pub const fn params(&self) -> usize {
        self.shape.channels().saturating_mul(2)
    }

    /// Multiply-adds.
    pub const fn macs(&self) -> u64 {
        self.shape.len() as u64
    }

    pub(super) const fn encode<'a>(&self, sink: Canonical<'a>) -> Canonical<'a> {
        self.activation.encode(self.shape.encode(sink))
    }
}
