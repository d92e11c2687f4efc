//! Convolution whose filters see the channels that a table names, computed as one that sees all with the other weights 0.

use neurona::{
    arch::{ActivationSpec, ConvSpec, Shape, TableConvSpec, WindowSpec},
    kernel::{self, Window},
};
use serde::{Deserialize, Serialize};

use super::{
    Backward, Fans, Forward, LayerKind, activate_on_device, array, options,
    source::{axes, kernel_type, padding},
    window,
};
use crate::{
    Spec,
    config::{
        LayerConfig,
        described::{Wrong, wrong},
    },
    cost::Work,
};

/// The sizes of a convolution with a table of connections: the owned form of [`TableConvSpec`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableConv {
    /// How it slides; there is a filter for each channel of the output.
    pub window: WindowSpec,
    /// For each filter the channels that it sees, as bits: the lowest is the first channel.
    pub table: Vec<u64>,
    /// What is applied to each weighted sum.
    pub activation: ActivationSpec,
}

impl From<TableConvSpec<'_>> for TableConv {
    fn from(TableConvSpec { window, table, activation }: TableConvSpec<'_>) -> Self {
        Self { window, table: table.to_vec(), activation }
    }
}

impl TableConv {
    fn sizes(&self) -> TableConvSpec<'_> {
        TableConvSpec { window: self.window, table: &self.table, activation: self.activation }
    }

    /// The convolution that sees every channel.
    fn full(&self) -> ConvSpec {
        let seen = self.window.input.channels() as u32;
        ConvSpec { window: self.window, seen, activation: self.activation }
    }

    /// Calls `f` for each weight: its place, and that in the convolution that sees every channel.
    fn each_weight(&self, mut f: impl FnMut(usize, usize)) {
        let (channels, cells) = (self.window.input.channels(), self.window.kernel_cells());
        let mut weight = 0;
        for (filter, sees) in self.table.iter().enumerate() {
            for channel in (0..channels).filter(|channel| sees >> channel & 1 == 1) {
                for cell in 0..cells {
                    f(weight, (filter * cells + cell) * channels + channel);
                    weight += 1;
                }
            }
        }
    }
}

impl LayerKind for TableConv {
    fn name(&self) -> &'static str {
        "table_conv"
    }

    fn input(&self) -> Shape {
        self.window.input
    }

    fn output(&self) -> Shape {
        self.window.output
    }

    fn fault(&self) -> Option<&'static str> {
        self.sizes().fault().or_else(|| window::fault(&self.window))
    }

    fn activation(&self) -> ActivationSpec {
        self.activation
    }

    fn weights(&self) -> usize {
        self.sizes().weights()
    }

    fn biases(&self) -> usize {
        self.window.output.channels()
    }

    fn macs(&self) -> u64 {
        self.sizes().macs()
    }

    fn rust_type(&self) -> String {
        self.rust_type_with("Table").0
    }

    /// The table is a type of its own.
    fn rust_type_with(&self, name: &str) -> (String, String) {
        let (input, output) = (self.window.input, self.window.output);
        let (axes, kernel, connections) = (axes(input), kernel_type(&self.window), self.sizes().connections());
        let options = options(self.activation, padding(&self.window));
        let width = input.channels() + 2;
        let sees: Vec<String> = self.table.iter().map(|sees| format!("{sees:#0width$b}")).collect();
        let (input, output) = (array(input), array(output));
        (
            format!("TableConv{axes}<{input}, {output}, {kernel}, {name}, {connections}{options}>"),
            format!(
                "/// Which channels each filter sees.\npub struct {name};\n\nimpl ConnectionTable for {name} {{\n    const \
                 SEES: &'static [u64] = &[{}];\n}}\n",
                sees.join(", ")
            ),
        )
    }

    fn device_forward(&self, values: &[f32], x: &[f32], _: &[f32], y: &mut [f32]) {
        let (weights, bias) = values.split_at(self.weights());
        kernel::table_conv_forward(&Window::of(&self.window), &self.table, weights, bias, x, y);
        activate_on_device(self.activation, y);
    }

    fn device_work(&self, work: &mut Work) {
        work.window("table_conv", &self.window, self.sizes().connections());
    }

    /// Those of a filter and of a channel in the mean.
    fn fans(&self) -> Vec<Fans> {
        let weights = self.weights();
        let (inputs, outputs) = (weights / self.window.output.channels(), weights / self.window.input.channels());
        vec![Fans { weights, inputs: inputs.max(1), outputs: outputs.max(1) }]
    }

    fn channel_of(&self, weight: usize) -> usize {
        let mut connections = weight / self.window.kernel_cells();
        let filter = self.table.iter().position(|sees| match connections.checked_sub(sees.count_ones() as usize) {
            Some(rest) => {
                connections = rest;
                false
            }
            None => true,
        });
        filter.unwrap_or(0)
    }

    /// The weights of the convolution that sees every channel, their gradient, and what that convolution needs.
    fn scratch(&self) -> usize {
        let full = self.full();
        LayerKind::scratch(&full) + 2 * full.weights()
    }

    fn scratch_of_row(&self) -> usize {
        LayerKind::scratch_of_row(&self.full())
    }

    fn forward(&self, Forward { values, x, with, y, trace, scratch }: Forward<'_>) {
        let full = self.full();
        let (weights, scratch) = scratch.split_at_mut(full.weights());
        weights.fill(0.0);
        self.each_weight(|from, to| weights[to] = values[from]);
        let (_, scratch) = scratch.split_at_mut(full.weights());
        LayerKind::forward(&full, Forward { values: weights, x, with, y, trace, scratch });
    }

    fn backward(&self, Backward { values, x, y, trace, dy, through, into, dx, scratch }: Backward<'_>) {
        let full = self.full();
        let (weights, scratch) = scratch.split_at_mut(full.weights());
        let (gradient, scratch) = scratch.split_at_mut(full.weights());
        weights.fill(0.0);
        self.each_weight(|from, to| weights[to] = values[from]);
        LayerKind::backward(&full, Backward { values: weights, x, y, trace, dy, through, into: gradient, dx, scratch });
        self.each_weight(|to, from| into[to] = gradient[from]);
    }
}

/// `conv = 16` with `table = [[0, 1, 2], …]`: the channels that each filter sees, counted from 0.
pub(super) fn describe(
    layer: &LayerConfig,
    table: &[Vec<u32>],
    window: WindowSpec,
    activation: ActivationSpec,
) -> Result<Spec, Wrong> {
    let channels = window.input.channels() as u32;
    if layer.groups.is_some() {
        return Err(wrong("groups", "`table` says which channels each filter sees: leave one of the two out"));
    }
    if table.len() != window.output.channels() {
        let problem =
            format!("expected a list for each of the {} filters, found {}", window.output.channels(), table.len());
        return Err(wrong("table", problem));
    }
    let sees = table.iter().map(|channels_of| {
        channels_of.iter().try_fold(0_u64, |sees, channel| match *channel {
            channel if channel < channels.min(u64::BITS) && sees >> channel & 1 == 1 => {
                Err(wrong("table", format!("expected each channel once for a filter, found {channel} twice")))
            }
            channel if channel < channels.min(u64::BITS) => Ok(sees | 1 << channel),
            channel => Err(wrong("table", format!("expected channels below {}, found {channel}", channels.min(64)))),
        })
    });
    let table = sees.collect::<Result<Vec<u64>, Wrong>>()?;
    let conv = TableConv { window, table, activation };
    match LayerKind::fault(&conv) {
        Some(fault) => Err(wrong("table", fault)),
        None => Ok(Spec::TableConv(conv)),
    }
}
