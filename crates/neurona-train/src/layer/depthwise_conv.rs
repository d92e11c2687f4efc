//! Convolution of each channel by itself, computed as it is written.

use neurona::{
    arch::{ActivationSpec, DepthwiseConvSpec, Shape},
    kernel::{self, Window},
};

use super::{
    Backward, Fans, Forward, LayerKind, activate_on_device, array, options,
    source::{axes, kernel_type, padding},
    window::{self, Cell, bytes_of_cells, cells},
};
use crate::{
    Spec,
    config::described::{Described, Takes, at_least_1},
    cost::Work,
    simd::widest,
};

impl LayerKind for DepthwiseConvSpec {
    fn name(&self) -> &'static str {
        "depthwise_conv"
    }

    fn input(&self) -> Shape {
        self.window.input
    }

    fn output(&self) -> Shape {
        self.window.output
    }

    fn fault(&self) -> Option<&'static str> {
        self.fault().or_else(|| window::fault(&self.window))
    }

    fn activation(&self) -> ActivationSpec {
        self.activation
    }

    fn weights(&self) -> usize {
        self.weights()
    }

    fn biases(&self) -> usize {
        self.window.output.channels()
    }

    fn macs(&self) -> u64 {
        self.macs()
    }

    fn rust_type(&self) -> String {
        let window = &self.window;
        let (axes, kernel, options) =
            (axes(window.input), kernel_type(window), options(self.activation, padding(window)));
        format!("DepthwiseConv{axes}<{}, {}, {kernel}{options}>", array(window.input), array(window.output))
    }

    fn device_forward(&self, values: &[f32], x: &[f32], _: &[f32], y: &mut [f32]) {
        let (weights, bias) = values.split_at(self.weights());
        kernel::depthwise_forward(&Window::of(&self.window), weights, bias, x, y);
        activate_on_device(self.activation, y);
    }

    fn device_work(&self, work: &mut Work) {
        work.window("depthwise_conv", &self.window, self.window.output.channels());
        if self.window.output.channels() != self.window.input.channels() {
            work.window("depthwise_conv_of_many", &self.window, self.window.output.channels());
        }
    }

    fn fans(&self) -> Vec<Fans> {
        let cells = self.window.kernel_cells();
        let outputs = cells * self.window.output.channels() / self.window.input.channels();
        vec![Fans { weights: self.weights(), inputs: cells, outputs }]
    }

    fn channel_of(&self, weight: usize) -> usize {
        weight % self.window.output.channels()
    }

    fn bytes_of_pass(&self) -> usize {
        bytes_of_cells(&self.window)
    }

    fn forward(&self, Forward { values, x, y, .. }: Forward<'_>) {
        forward(self, &values[..self.weights()], x, y);
    }

    fn backward(&self, Backward { values, x, dy, into, dx, .. }: Backward<'_>) {
        let weights = self.weights();
        backward(self, &values[..weights], x, dy, &mut into[..weights], dx);
    }
}

/// `depthwise = 1`
pub(super) const DEPTHWISE: Described = Described {
    takes: Takes::Cells,
    keys: &["kernel", "stride", "dilation", "padding", "activation", "batch_norm", "dropout"],
    spec: |layer, input| {
        let activation = layer.activation()?;
        let channels = (input.channels() as u32).saturating_mul(at_least_1("depthwise", layer.depthwise)?);
        let window = layer.window("depthwise", input, channels, layer.kernel, None)?;
        Ok(Spec::DepthwiseConv(DepthwiseConvSpec { window, activation }))
    },
};

/// Weighted sums, without the bias.
///
/// # Shapes
///
/// `x` is (B, cells, channels), `z` is (B, places, filters).
fn forward(conv: &DepthwiseConvSpec, weights: &[f32], x: &[f32], z: &mut [f32]) {
    let (input, output) = (conv.window.input, conv.window.output);
    let (filters, each) = (output.channels(), output.channels() / input.channels());
    let cells = cells(&conv.window);
    z.fill(0.0);
    widest!({
        for (x, z) in x.chunks_exact(input.len()).zip(z.chunks_exact_mut(output.len())) {
            for Cell { place, cell, from } in cells.iter().copied() {
                let (z, weights) = (&mut z[place * filters..][..filters], &weights[cell * filters..][..filters]);
                let x = &x[from..][..input.channels()];
                if each == 1 {
                    z.iter_mut().zip(weights).zip(x).for_each(|((z, weight), x)| *z += weight * x);
                } else {
                    let of_channels = z.chunks_exact_mut(each).zip(weights.chunks_exact(each)).zip(x);
                    for ((z, weights), x) in of_channels {
                        z.iter_mut().zip(weights).for_each(|(z, weight)| *z += weight * x);
                    }
                }
            }
        }
    });
}

/// The gradient of the weights, and with `dx` that of the inputs, from that of the weighted sums.
///
/// # Shapes
///
/// `x` and `dx` are (B, cells, channels), `dz` is (B, places, filters), `dw` is as the weights.
fn backward(
    conv: &DepthwiseConvSpec,
    weights: &[f32],
    x: &[f32],
    dz: &[f32],
    dw: &mut [f32],
    mut dx: Option<&mut [f32]>,
) {
    let (input, output) = (conv.window.input, conv.window.output);
    let (filters, each) = (output.channels(), output.channels() / input.channels());
    let cells = cells(&conv.window);
    dw.fill(0.0);
    if let Some(dx) = &mut dx {
        dx.fill(0.0);
    }
    widest!({
        for (at, (x, dz)) in x.chunks_exact(input.len()).zip(dz.chunks_exact(output.len())).enumerate() {
            for Cell { place, cell, from } in cells.iter().copied() {
                let (dz, x) = (&dz[place * filters..][..filters], &x[from..][..input.channels()]);
                let dw = &mut dw[cell * filters..][..filters];
                for ((dw, dz), x) in dw.chunks_exact_mut(each).zip(dz.chunks_exact(each)).zip(x) {
                    dw.iter_mut().zip(dz).for_each(|(dw, dz)| *dw += dz * x);
                }
                let Some(dx) = &mut dx else { continue };
                let (dx, weights) =
                    (&mut dx[at * input.len() + from..][..input.channels()], &weights[cell * filters..]);
                for ((dx, dz), weights) in dx.iter_mut().zip(dz.chunks_exact(each)).zip(weights.chunks_exact(each)) {
                    *dx += dz.iter().zip(weights).map(|(dz, weight)| dz * weight).sum::<f32>();
                }
            }
        }
    });
}
