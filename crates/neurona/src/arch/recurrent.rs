//! Recurrent layers, and the reservoir of an echo state network.

use super::{ActivationSpec, Canonical, Shape};

/// What makes the next state of a recurrent layer from an input and the state before.
///
/// Another cell is a change for all who compute one, so that the compiler names them: this is exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum CellSpec {
    /// [`Rnn`](crate::Rnn): the activation of a weighted sum.
    Rnn {
        /// What is applied to each weighted sum.
        activation: ActivationSpec,
    },
    /// [`Gru`](crate::Gru): a gated recurrent unit.
    Gru,
    /// [`Lstm`](crate::Lstm): a long short-term memory.
    Lstm,
}

impl CellSpec {
    /// Number of weighted sums for each unit: rows of weights, in the order of the cell.
    pub const fn gates(&self) -> usize {
        match self {
            Self::Rnn { .. } => 1,
            Self::Gru => 3,
            Self::Lstm => 4,
        }
    }

    /// Number of biases for each unit: one for each gate, and of a GRU two for the new state.
    pub const fn biases(&self) -> usize {
        match self {
            Self::Rnn { .. } => 1,
            Self::Gru | Self::Lstm => 4,
        }
    }

    /// Number of values for each unit that last from step to step: the state, and of an LSTM the cell.
    pub const fn memory(&self) -> usize {
        match self {
            Self::Rnn { .. } | Self::Gru => 1,
            Self::Lstm => 2,
        }
    }

    /// The name in a description of a network, `gru` for example.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Rnn { .. } => "rnn",
            Self::Gru => "gru",
            Self::Lstm => "lstm",
        }
    }

    const fn encode<'a>(&self, sink: Canonical<'a>) -> Canonical<'a> {
        match self {
            Self::Rnn { activation } => activation.encode(sink.varint(0)),
            Self::Gru => sink.varint(1),
            Self::Lstm => sink.varint(2),
        }
    }
}

/// Which states a recurrent layer gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum States {
    /// [`Last`](crate::Last): that of the last step.
    Last,
    /// [`All`](crate::All): that of each step.
    All,
}

impl States {
    const fn of(self, steps: u32, units: u32) -> Shape {
        match self {
            Self::Last => Shape::Vector { len: units },
            Self::All => Shape::Signal { steps, channels: units },
        }
    }
}

/// A recurrent layer over a window of steps.
///
/// How many of them the gradient goes back through is a choice of training and not part of it: one file serves all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RecurrentSpec {
    /// What makes the next state.
    pub cell: CellSpec,
    /// Number of steps of the window.
    pub steps: u32,
    /// Number of inputs of each step.
    pub inputs: u32,
    /// Number of values of the state.
    pub units: u32,
    /// Which states are given.
    pub states: States,
}

impl RecurrentSpec {
    /// What is wrong with the sizes, as a sentence; `None` when nothing is.
    pub const fn fault(&self) -> Option<&'static str> {
        if self.steps == 0 || self.inputs == 0 || self.units == 0 {
            return Some("a recurrent layer has at least one step, one input and one unit");
        }
        None
    }

    /// The shape of the input.
    pub const fn input(&self) -> Shape {
        Shape::Signal { steps: self.steps, channels: self.inputs }
    }

    /// The shape of the output.
    pub const fn output(&self) -> Shape {
        self.states.of(self.steps, self.units)
    }

    /// Number of weights and biases.
    pub const fn params(&self) -> usize {
        self.weights().saturating_add(self.cell.biases().saturating_mul(self.units as usize))
    }

    /// Number of weights, of the input and of the state.
    pub const fn weights(&self) -> usize {
        let rows = self.cell.gates().saturating_mul(self.units as usize);
        rows.saturating_mul((self.inputs as usize).saturating_add(self.units as usize))
    }

    /// Multiply-adds.
    pub const fn macs(&self) -> u64 {
        (self.steps as u64).saturating_mul(self.weights() as u64)
    }

    pub(super) const fn encode<'a>(&self, sink: Canonical<'a>) -> Canonical<'a> {
        let sink = self.cell.encode(sink).varint(self.steps as u64).varint(self.inputs as u64);
        sink.varint(self.units as u64).varint(self.states as u64)
    }
}

/// The reservoir of an echo state network over a window of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EchoStateSpec {
    /// Number of steps of the window.
    pub steps: u32,
    /// Number of inputs of each step.
    pub inputs: u32,
    /// Number of values of the state.
    pub units: u32,
    /// Number of connections of each unit.
    pub connections: u32,
    /// What connections and weights follow from.
    pub seed: u32,
    /// The leaking rate, as the bits of an `f32`.
    pub leak: u32,
    /// Which states are given.
    pub states: States,
}

impl EchoStateSpec {
    /// What is wrong with the sizes, as a sentence; `None` when nothing is.
    pub const fn fault(&self) -> Option<&'static str> {
        if self.steps == 0 || self.inputs == 0 || self.units == 0 || self.connections == 0 {
            return Some("a reservoir has at least one step, one input, one unit and one connection");
        }
        if self.connections > self.units {
            return Some("a unit of a reservoir has at most as many connections as there are units");
        }
        let leak = f32::from_bits(self.leak);
        if !(leak > 0.0 && leak <= 1.0 && leak.is_normal()) {
            return Some("the leaking rate of a reservoir is above 0 and at most 1, given as `{ 0.5_f32.to_bits() }`");
        }
        None
    }

    /// The shape of the input.
    pub const fn input(&self) -> Shape {
        Shape::Signal { steps: self.steps, channels: self.inputs }
    }

    /// The shape of the output.
    pub const fn output(&self) -> Shape {
        self.states.of(self.steps, self.units)
    }

    /// Number of constants: the weights of input and connections, and the biases.
    pub const fn values(&self) -> usize {
        self.weights().saturating_add(self.units as usize)
    }

    /// Number of weights, of input and connections.
    pub const fn weights(&self) -> usize {
        (self.units as usize).saturating_mul((self.inputs as usize).saturating_add(self.connections as usize))
    }

    /// Multiply-adds.
    pub const fn macs(&self) -> u64 {
        (self.steps as u64).saturating_mul(self.weights() as u64)
    }

    pub(super) const fn encode<'a>(&self, sink: Canonical<'a>) -> Canonical<'a> {
        let sink = sink.varint(self.steps as u64).varint(self.inputs as u64).varint(self.units as u64);
        let sink = sink.varint(self.connections as u64).varint(self.seed as u64).varint(self.leak as u64);
        sink.varint(self.states as u64)
    }
}
