//! The same values in another shape.

use neurona::arch::{ReshapeSpec, Shape};

use super::{Backward, Forward, LayerKind, array};
use crate::{
    Spec,
    config::described::{Described, Takes},
    cost::Work,
};

impl LayerKind for ReshapeSpec {
    fn name(&self) -> &'static str {
        if let Shape::Vector { .. } = self.output { "flatten" } else { "reshape" }
    }

    fn input(&self) -> Shape {
        self.input
    }

    fn output(&self) -> Shape {
        self.output
    }

    fn fault(&self) -> Option<&'static str> {
        self.fault()
    }

    fn rust_type(&self) -> String {
        match self.output {
            Shape::Vector { len } => format!("Flatten<{}, {len}>", array(self.input)),
            output => format!("Reshape<{}, {}>", array(self.input), array(output)),
        }
    }

    fn device_forward(&self, _: &[f32], x: &[f32], _: &[f32], y: &mut [f32]) {
        y.copy_from_slice(x);
    }

    fn device_work(&self, work: &mut Work) {
        work.values("reshape", self.output.len());
    }

    fn forward(&self, Forward { x, y, .. }: Forward<'_>) {
        y.copy_from_slice(x);
    }

    fn backward(&self, Backward { dy, dx, .. }: Backward<'_>) {
        if let Some(dx) = dx {
            dx.copy_from_slice(dy);
        }
    }
}

/// `flatten = true`
pub(super) const FLATTEN: Described = Described {
    takes: Takes::Any,
    keys: &[],
    spec: |_, input| Ok(Spec::Reshape(ReshapeSpec { input, output: Shape::Vector { len: input.len() as u32 } })),
};
