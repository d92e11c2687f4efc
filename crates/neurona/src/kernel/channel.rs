//! Functions that treat each channel in its own way.

/// A scale and a shift for each channel: `y[p][c] = scale[c] * x[p][c] + shift[c]`, product and sum rounded one after
/// the other.
///
/// # Shapes
///
/// `scale` and `shift` are (C), `x` and `y` are (P, C).
pub fn scale_forward(scale: &[f32], shift: &[f32], x: &[f32], y: &mut [f32]) {
    let channels = scale.len().max(1);
    for (y, x) in y.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
        for (((y, x), scale), shift) in y.iter_mut().zip(x).zip(scale).zip(shift) {
            *y = scale * x + shift;
        }
    }
}

/// Adds the gradient with respect to the inputs: `dx[p][c] += scale[c] * dz[p][c]`.
///
/// # Shapes
///
/// `scale` is (C), `dz` and `dx` are (P, C).
pub fn scale_backward_inputs(scale: &[f32], dz: &[f32], dx: &mut [f32]) {
    let channels = scale.len().max(1);
    for (dx, dz) in dx.chunks_exact_mut(channels).zip(dz.chunks_exact(channels)) {
        for ((dx, dz), scale) in dx.iter_mut().zip(dz).zip(scale) {
            *dx += scale * dz;
        }
    }
}

/// Adds the gradient with respect to what is added to each channel, times `scale`: `bias[c] += scale * sum over p of
/// dz[p][c]`. Each sum begins with zero and goes up in p.
///
/// # Shapes
///
/// `bias` is (C), `dz` is (P, C).
pub fn backward_biases(bias: &mut [f32], dz: &[f32], scale: f32) {
    let channels = bias.len();
    for (channel, bias) in bias.iter_mut().enumerate() {
        backward_bias(core::slice::from_mut(bias), channel, channels, dz, scale);
    }
}

/// The part of [`backward_biases`] for one channel.
///
/// # Shapes
///
/// `bias` is (1), `dz` is (P, `channels`).
pub fn backward_bias(bias: &mut [f32], channel: usize, channels: usize, dz: &[f32], scale: f32) {
    let [bias] = bias else { return };
    let mut sum = 0.0;
    for dz in dz.iter().skip(channel).step_by(channels.max(1)) {
        sum += dz;
    }
    *bias += scale * sum;
}

/// Adds the gradient with respect to the parameters, times a factor: `scale[c] += factor * sum over p of dz[p][c] *
/// x[p][c]`, `shift[c] += factor * sum over p of dz[p][c]`. Each sum begins with zero and goes up in p.
///
/// # Shapes
///
/// `scale` and `shift` are (C), `x` and `dz` are (P, C).
pub fn scale_backward_parameters(scale: &mut [f32], shift: &mut [f32], x: &[f32], dz: &[f32], factor: f32) {
    let channels = scale.len().max(1);
    for (channel, (scale, shift)) in scale.iter_mut().zip(shift).enumerate() {
        let (mut with_x, mut alone) = (0.0, 0.0);
        for (x, dz) in x.iter().zip(dz).skip(channel).step_by(channels) {
            with_x += dz * x;
            alone += dz;
        }
        *scale += factor * with_x;
        *shift += factor * alone;
    }
}
