//! One constant for every input.

use neurona::{arch::Shape, kernel};

use super::{Backward, Forward, LayerKind, source::bits};
use crate::cost::Work;

/// Multiplies every input by one constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rescale {
    pub(crate) len: u32,
    pub(crate) factor: f32,
}

impl LayerKind for Rescale {
    fn name(&self) -> &'static str {
        "rescale"
    }

    fn input(&self) -> Shape {
        Shape::Vector { len: self.len }
    }

    fn wrong_constant(&self) -> Option<(&'static str, f32)> {
        (!self.factor.is_finite()).then_some(("the factor of a rescaling is a finite number", self.factor))
    }

    fn rust_type(&self) -> String {
        format!("Rescale<{}, {}>", self.len, bits(self.factor.to_bits()))
    }

    fn device_forward(&self, _: &[f32], x: &[f32], _: &[f32], y: &mut [f32]) {
        kernel::rescale(self.factor, x, y);
    }

    fn device_work(&self, work: &mut Work) {
        work.values("rescale", self.len as usize);
    }

    fn only_scales(&self) -> bool {
        true
    }

    fn scale_rows(&self, _: &[f32], rows: &mut [f32]) {
        rows.iter_mut().for_each(|x| *x *= self.factor);
    }

    fn forward(&self, Forward { values, x, y, .. }: Forward<'_>) {
        y.copy_from_slice(x);
        self.scale_rows(values, y);
    }

    fn backward(&self, Backward { dy, dx, .. }: Backward<'_>) {
        if let Some(dx) = dx {
            dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx = dy * self.factor);
        }
    }
}
