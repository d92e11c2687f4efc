//! Shapes of inputs and outputs, and how a window slides over them.

use super::Canonical;

/// The shape of what goes into a layer or comes out of it. Channels come last, and so they are next to each other in
/// memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Shape {
    /// `[f32; LEN]`.
    Vector {
        /// Number of values.
        len: u32,
    },
    /// `[[f32; CHANNELS]; STEPS]`: samples of several channels, one after another in time.
    Signal {
        /// Number of samples.
        steps: u32,
        /// Number of values of each sample.
        channels: u32,
    },
    /// `[[[f32; CHANNELS]; WIDTH]; HEIGHT]`: rows of pixels.
    Image {
        /// Number of rows.
        height: u32,
        /// Number of pixels of a row.
        width: u32,
        /// Number of values of each pixel.
        channels: u32,
    },
}

impl Shape {
    /// Number of values; it saturates, so that a shape from a damaged file cannot overflow it.
    pub const fn len(&self) -> usize {
        let [rows, columns, channels] = self.sizes();
        (rows as usize).saturating_mul(columns as usize).saturating_mul(channels as usize)
    }

    /// Whether there are no values.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows, columns and channels: a signal is one row, a vector one cell.
    pub const fn sizes(&self) -> [u32; 3] {
        match *self {
            Self::Vector { len } => [1, 1, len],
            Self::Signal { steps, channels } => [1, steps, channels],
            Self::Image { height, width, channels } => [height, width, channels],
        }
    }

    /// Number of cells (samples or pixels), each of which has all channels.
    pub const fn cells(&self) -> usize {
        let [rows, columns, _] = self.sizes();
        (rows as usize).saturating_mul(columns as usize)
    }

    /// Number of values of each cell.
    pub const fn channels(&self) -> usize {
        self.sizes()[2] as usize
    }

    /// The shape of this one's channels with those of another beside them, cell by cell.
    pub const fn beside(&self, other: Self) -> Self {
        let more = other.sizes()[2];
        match *self {
            Self::Vector { len } => Self::Vector { len: len.saturating_add(more) },
            Self::Signal { steps, channels } => Self::Signal { steps, channels: channels.saturating_add(more) },
            Self::Image { height, width, channels } => {
                Self::Image { height, width, channels: channels.saturating_add(more) }
            }
        }
    }

    /// Whether both are the same: `==` in a const context.
    pub const fn equals(&self, other: &Self) -> bool {
        let (one, two) = (self.sizes(), other.sizes());
        self.is_like(other) && one[0] == two[0] && one[1] == two[1] && one[2] == two[2]
    }

    /// Whether both have the same number of axes.
    pub(crate) const fn is_like(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::Vector { .. }, Self::Vector { .. })
                | (Self::Signal { .. }, Self::Signal { .. })
                | (Self::Image { .. }, Self::Image { .. })
        )
    }

    pub(super) const fn encode<'a>(&self, sink: Canonical<'a>) -> Canonical<'a> {
        match *self {
            Self::Vector { len } => sink.varint(0).varint(len as u64),
            Self::Signal { steps, channels } => sink.varint(1).varint(steps as u64).varint(channels as u64),
            Self::Image { height, width, channels } => {
                sink.varint(2).varint(height as u64).varint(width as u64).varint(channels as u64)
            }
        }
    }
}

/// What stands around the input for a window to slide over. Nothing is stored there: a cell outside of the input has
/// no part in a sum, in a mean or in a maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PaddingSpec {
    /// [`Valid`](crate::shape::Valid): nothing.
    Valid,
    /// [`Same`](crate::shape::Same): as TensorFlow means it.
    Same,
    /// [`Causal`](crate::shape::Causal): in time, as much as the kernel looks back.
    Causal,
    /// [`Padding1d`](crate::shape::Padding1d) or [`Padding2d`](crate::shape::Padding2d): so many cells on each side.
    Explicit {
        /// Rows before the first.
        top: u32,
        /// Rows after the last.
        bottom: u32,
        /// Columns before the first; of a signal, samples.
        left: u32,
        /// Columns after the last; of a signal, samples.
        right: u32,
    },
}

impl PaddingSpec {
    const fn encode<'a>(&self, sink: Canonical<'a>) -> Canonical<'a> {
        match *self {
            Self::Valid => sink.varint(0),
            Self::Same => sink.varint(1),
            Self::Causal => sink.varint(2),
            Self::Explicit { top, bottom, left, right } => {
                sink.varint(3).varint(top as u64).varint(bottom as u64).varint(left as u64).varint(right as u64)
            }
        }
    }
}

/// How a window slides over an input: what convolutions and pooling have in common. Of two numbers the first is for
/// rows, the second for columns; a signal is one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct WindowSpec {
    /// What the window slides over.
    pub input: Shape,
    /// What comes out: a cell for each place of the window.
    pub output: Shape,
    /// The size of the window, in cells.
    pub kernel: [u32; 2],
    /// How far the window moves from one place to the next.
    pub stride: [u32; 2],
    /// How far apart the cells of the window are; 1 is next to each other.
    pub dilation: [u32; 2],
    /// What stands around the input.
    pub padding: PaddingSpec,
}

impl WindowSpec {
    /// What is wrong with the sizes, as a sentence; `None` when nothing is.
    pub const fn fault(&self) -> Option<&'static str> {
        if !self.input.is_like(&self.output) || matches!(self.input, Shape::Vector { .. }) {
            return Some("a window slides from an image to an image, or from a signal to a signal");
        }
        if self.input.is_empty() || self.output.channels() == 0 {
            return Some("a window slides over at least one cell, and takes and gives at least one channel");
        }
        let mut axis = 0;
        while axis < 2 {
            if self.kernel[axis] == 0 || self.stride[axis] == 0 || self.dilation[axis] == 0 {
                return Some("kernel, stride and dilation are at least 1");
            }
            let expected = match self.places(axis) {
                Some(expected) => expected,
                None => return Some("the kernel is larger than its input with the padding"),
            };
            if self.output.sizes()[axis] as u64 != expected {
                return Some(
                    "the output does not have the size that input, kernel, stride, dilation and padding give: \
                     `shape::valid` and `shape::same` compute it",
                );
            }
            axis += 1;
        }
        None
    }

    /// How many places the window has along an axis, whatever the output says; `None` when the kernel does not fit, or a size
    /// is 0.
    pub const fn places(&self, axis: usize) -> Option<u64> {
        if self.kernel[axis] == 0 || self.stride[axis] == 0 || self.dilation[axis] == 0 {
            return None;
        }
        let input = self.input.sizes()[axis] as u64;
        let stride = self.stride[axis] as u64;
        if matches!(self.padding, PaddingSpec::Same) {
            return Some(input.div_ceil(stride));
        }
        let [before, after] = match self.padding {
            PaddingSpec::Explicit { top, bottom, left, right } => {
                if axis == 0 {
                    [top as u64, bottom as u64]
                } else {
                    [left as u64, right as u64]
                }
            }
            PaddingSpec::Causal if axis == self.time() => [self.reach(axis) - 1, 0],
            _ => [0, 0],
        };
        match (input + before + after).checked_sub(self.reach(axis)) {
            Some(moves) => Some(moves / stride + 1),
            None => None,
        }
    }

    /// How many cells stand before the first one of the input along an axis.
    pub const fn before(&self, axis: usize) -> usize {
        match self.padding {
            PaddingSpec::Valid => 0,
            PaddingSpec::Same => {
                let moves = (self.output.sizes()[axis] as u64).saturating_sub(1) * self.stride[axis] as u64;
                let total = (moves + self.reach(axis)).saturating_sub(self.input.sizes()[axis] as u64);
                (total / 2) as usize
            }
            PaddingSpec::Causal if axis == self.time() => (self.reach(axis) - 1) as usize,
            PaddingSpec::Causal => 0,
            PaddingSpec::Explicit { top, .. } if axis == 0 => top as usize,
            PaddingSpec::Explicit { left, .. } => left as usize,
        }
    }

    /// The axis of time: that of a signal, and the rows of an image, as of a spectrogram.
    const fn time(&self) -> usize {
        if matches!(self.input, Shape::Signal { .. }) { 1 } else { 0 }
    }

    /// How many cells there are from the first of the window to its last, both counted.
    pub(super) const fn reach(&self, axis: usize) -> u64 {
        (self.kernel[axis] as u64).saturating_sub(1).saturating_mul(self.dilation[axis] as u64).saturating_add(1)
    }

    /// Number of cells of the window.
    pub const fn kernel_cells(&self) -> usize {
        (self.kernel[0] as usize).saturating_mul(self.kernel[1] as usize)
    }

    pub(super) const fn encode<'a>(&self, sink: Canonical<'a>) -> Canonical<'a> {
        let sink = self.output.encode(self.input.encode(sink));
        let sink = sink.pair(self.kernel).pair(self.stride).pair(self.dilation);
        self.padding.encode(sink)
    }
}
