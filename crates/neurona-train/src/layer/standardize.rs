//! A mean and a scale for each input, or for each channel.

use ndarray::{ArrayView2, s};
use neurona::{arch::Shape, kernel};

use super::{Backward, Forward, LayerKind, array};
use crate::cost::Work;

/// Subtracts a mean and multiplies by a scale, both kept per channel; of a vector each value is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Standardize {
    pub(crate) shape: Shape,
}

impl LayerKind for Standardize {
    fn name(&self) -> &'static str {
        "standardize"
    }

    fn input(&self) -> Shape {
        self.shape
    }

    fn constants(&self) -> usize {
        match self.shape {
            Shape::Vector { len } => (len as usize).saturating_mul(2),
            shape => shape.channels().saturating_mul(2),
        }
    }

    fn rust_type(&self) -> String {
        match self.shape {
            Shape::Vector { len } => format!("Standardize<{len}>"),
            shape => format!("Standardize<{}, {}>", shape.channels(), array(shape)),
        }
    }

    fn device_forward(&self, values: &[f32], x: &[f32], _: &[f32], y: &mut [f32]) {
        let (mean, scale) = values.split_at(values.len() / 2);
        kernel::standardize(mean, scale, x, y);
    }

    fn device_work(&self, work: &mut Work) {
        match self.shape {
            Shape::Vector { len } => work.values("standardize", len as usize),
            shape => work.cells("standardize_channels", shape.cells(), shape.channels()),
        }
    }

    fn only_scales(&self) -> bool {
        true
    }

    fn fit(&self, values: &mut [f32], inputs: ArrayView2<'_, f32>) {
        let (means, scales) = values.split_at_mut(values.len() / 2);
        let channels = means.len();
        for (channel, (mean, scale)) in means.iter_mut().zip(scales).enumerate() {
            (*mean, *scale) = mean_and_scale(inputs.slice(s![.., channel..;channels]));
        }
    }

    fn scale_rows(&self, values: &[f32], rows: &mut [f32]) {
        let (mean, scale) = values.split_at(values.len() / 2);
        for row in rows.chunks_exact_mut(mean.len()) {
            row.iter_mut().zip(mean).zip(scale).for_each(|((x, mean), scale)| *x = (*x - mean) * scale);
        }
    }

    fn forward(&self, Forward { values, x, y, .. }: Forward<'_>) {
        y.copy_from_slice(x);
        self.scale_rows(values, y);
    }

    fn backward(&self, Backward { values, dy, dx, .. }: Backward<'_>) {
        let Some(dx) = dx else { return };
        let scale = &values[values.len() / 2..];
        for (dx, dy) in dx.chunks_exact_mut(scale.len()).zip(dy.chunks_exact(scale.len())) {
            dx.iter_mut().zip(dy).zip(scale).for_each(|((dx, dy), scale)| *dx = dy * scale);
        }
    }
}

fn mean_and_scale(column: ArrayView2<'_, f32>) -> (f32, f32) {
    let count = column.len() as f64;
    let first = column.first().copied().unwrap_or(0.0);
    // Compared and not computed: the mean of equal values may be off by a rounding, and its deviation then not zero.
    if column.iter().all(|value| *value == first) {
        return (first, 1.0);
    }
    let mean = column.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
    let variance = column.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / count;
    let scale = (1.0 / variance.sqrt()) as f32;
    (mean as f32, if scale.is_finite() { scale } else { 1.0 })
}
