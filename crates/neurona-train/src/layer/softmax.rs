//! Softmax: values that are positive and sum to 1.

use neurona::{Exact, Exponential, arch::Shape, fast, kernel};

use super::{Backward, Forward, LayerKind};
use crate::{activation, cost::Work};

/// Softmax.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Softmax {
    pub(crate) len: u32,
    /// Whether the device uses the fast exponential.
    pub(crate) fast: bool,
}

impl LayerKind for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn input(&self) -> Shape {
        Shape::Vector { len: self.len }
    }

    fn rust_type(&self) -> String {
        format!("{}Softmax<{}>", if self.fast { "fast::" } else { "" }, self.len)
    }

    fn device_forward(&self, _: &[f32], x: &[f32], _: &[f32], y: &mut [f32]) {
        y.copy_from_slice(x);
        kernel::softmax(y, if self.fast { fast::Exp::exp } else { Exact::exp });
    }

    fn device_work(&self, work: &mut Work) {
        work.values(if self.fast { "fast_softmax" } else { "softmax" }, self.len as usize);
    }

    fn gives_probabilities(&self) -> bool {
        true
    }

    fn forward(&self, Forward { x, y, .. }: Forward<'_>) {
        y.copy_from_slice(x);
        activation::softmax(y, self.len as usize);
    }

    fn backward(&self, Backward { y, dy, dx, .. }: Backward<'_>) {
        if let Some(dx) = dx {
            dx.copy_from_slice(dy);
            activation::softmax_backward(y, dx, self.len as usize);
        }
    }
}
