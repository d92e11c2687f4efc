//! Functions that treat each channel in its own way.

use super::blocks::{self, Places};

/// A scale and a shift for each channel: `y[p][c] = scale[c] * x[p][c] + shift[c]`, product and sum rounded one after
/// the other.
///
/// # Shapes
///
/// `scale` and `shift` are (C), `x` and `y` are (P, C).
pub fn scale_forward(scale: &[f32], shift: &[f32], x: &[f32], y: &mut [f32]) {
    let channels = scale.len().max(1);
    for (y, x) in y.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
        blocks::scale_and_shift(scale, shift, x, y);
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
    blocks::add_sums(dz, bias.len(), bias, scale);
}

/// The part of [`backward_biases`] for one channel.
///
/// # Shapes
///
/// `bias` is (1), `dz` is (P, `channels`).
pub fn backward_bias(bias: &mut [f32], channel: usize, channels: usize, dz: &[f32], scale: f32) {
    blocks::add_sums(dz.get(channel..).unwrap_or_default(), channels, bias, scale);
}

/// Adds the gradient with respect to the parameters, times a factor: `scale[c] += factor * sum over p of dz[p][c] *
/// x[p][c]`, `shift[c] += factor * sum over p of dz[p][c]`. Each sum begins with zero and goes up in p.
///
/// # Shapes
///
/// `scale` and `shift` are (C), `x` and `dz` are (P, C).
pub fn scale_backward_parameters(scale: &mut [f32], shift: &mut [f32], x: &[f32], dz: &[f32], factor: f32) {
    let cells = cells(x, dz, scale.len());
    backward_biases(shift, dz.get(..cells.columns * scale.len()).unwrap_or_default(), factor);
    blocks::correlate_each(&cells, scale, factor);
}

/// The part of [`scale_backward_parameters`] for the scale of one channel.
///
/// # Shapes
///
/// `scale` is (1), `x` and `dz` are (P, `channels`).
pub fn scale_backward_channel(scale: &mut [f32], channel: usize, channels: usize, x: &[f32], dz: &[f32], factor: f32) {
    let of_channel = Places {
        dz: dz.get(channel..).unwrap_or_default(),
        x: x.get(channel..).unwrap_or_default(),
        ..cells(x, dz, channels)
    };
    blocks::correlate_each(&of_channel, scale, factor);
}

/// Cells of values and of gradients, as places one after another.
fn cells<'a>(x: &'a [f32], dz: &'a [f32], channels: usize) -> Places<'a> {
    let shorter = if x.len() < dz.len() { x.len() } else { dz.len() };
    let columns = shorter.checked_div(channels).unwrap_or_default();
    Places { dz, dz_step: channels, dz_pitch: 0, x, x_step: channels, x_pitch: 0, rows: 1, columns }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_counts_where_it_is_there_as_a_whole() {
        let (mut scale, mut shift) = ([0.0; 2], [0.0; 2]);
        scale_backward_parameters(&mut scale, &mut shift, &[1.0, 2.0, 3.0, 4.0, 5.0], &[10.0; 7], 0.5);
        assert_eq!((scale, shift), ([20.0, 30.0], [10.0, 10.0]));
        let mut of_channel = [0.0];
        scale_backward_channel(&mut of_channel, 1, 2, &[1.0, 2.0, 3.0, 4.0, 5.0], &[10.0; 7], 0.5);
        assert_eq!(of_channel, [30.0]);
    }
}
