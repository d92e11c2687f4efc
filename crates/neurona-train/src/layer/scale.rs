//! A scale and a shift for each channel.

use neurona::{
    arch::{ActivationSpec, ScaleSpec, Shape},
    kernel,
};

use super::{Backward, Forward, LayerKind, activate_on_device, array, options};
use crate::{
    Spec,
    config::described::{Described, Takes},
    cost::Work,
};

impl LayerKind for ScaleSpec {
    fn name(&self) -> &'static str {
        "scale"
    }

    fn input(&self) -> Shape {
        self.shape
    }

    fn fault(&self) -> Option<&'static str> {
        self.fault()
    }

    fn activation(&self) -> ActivationSpec {
        self.activation
    }

    fn weights(&self) -> usize {
        self.shape.channels()
    }

    fn biases(&self) -> usize {
        self.shape.channels()
    }

    fn macs(&self) -> u64 {
        self.macs()
    }

    fn rust_type(&self) -> String {
        format!("Scale<{}{}>", array(self.shape), options(self.activation, None))
    }

    fn device_forward(&self, values: &[f32], x: &[f32], _: &[f32], y: &mut [f32]) {
        let (scales, shifts) = values.split_at(self.weights());
        kernel::scale_forward(scales, shifts, x, y);
        activate_on_device(self.activation, y);
    }

    fn device_work(&self, work: &mut Work) {
        work.cells("scale", self.shape.cells(), self.shape.channels());
    }

    fn forward(&self, Forward { values, x, y, .. }: Forward<'_>) {
        let scales = &values[..self.weights()];
        for (y, x) in y.chunks_exact_mut(scales.len()).zip(x.chunks_exact(scales.len())) {
            y.iter_mut().zip(x).zip(scales).for_each(|((y, x), scale)| *y = scale * x);
        }
    }

    fn backward(&self, Backward { values, x, dy, into, dx, .. }: Backward<'_>) {
        let (scales, dw) = (&values[..self.weights()], &mut into[..self.weights()]);
        dw.fill(0.0);
        for (x, dz) in x.chunks_exact(scales.len()).zip(dy.chunks_exact(scales.len())) {
            dw.iter_mut().zip(x.iter().zip(dz)).for_each(|(dw, (x, dz))| *dw += x * dz);
        }
        let Some(dx) = dx else { return };
        for (dx, dz) in dx.chunks_exact_mut(scales.len()).zip(dy.chunks_exact(scales.len())) {
            dx.iter_mut().zip(dz).zip(scales).for_each(|((dx, dz), scale)| *dx = scale * dz);
        }
    }
}

/// `scale = true`
pub(super) const SCALE: Described = Described {
    takes: Takes::Any,
    keys: &["activation", "batch_norm", "dropout"],
    spec: |layer, shape| Ok(Spec::Scale(ScaleSpec { shape, activation: layer.activation()? })),
};
