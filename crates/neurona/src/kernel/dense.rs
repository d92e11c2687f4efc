//! The fully connected layer.

use super::blocks;

/// Weighted sums: `y[o] = bias[o] + sum over i of weights[o][i] * x[i]`.
///
/// Each sum begins with the bias and goes up in `i`.
///
/// # Shapes
///
/// `weights` is (O, I), `bias` and `y` are (O), `x` is (I).
#[cfg_attr(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"), inline(always))]
pub fn dense_forward(weights: &[f32], bias: &[f32], x: &[f32], y: &mut [f32]) {
    blocks::dense_sums(weights, x, Some(bias), y);
}

/// Adds the gradient with respect to the inputs: `dx[i] += sum over o of weights[o][i] * dz[o]`.
///
/// Each sum begins with what `dx` holds and goes up in `o`.
///
/// # Shapes
///
/// `weights` is (O, I), `dz` is (O), `dx` is (I).
pub fn dense_backward_inputs(weights: &[f32], dz: &[f32], dx: &mut [f32]) {
    blocks::sums_of_columns(weights, dx.len(), dz, dx);
}

/// Adds the gradient with respect to the weights, times `scale`.
///
/// `weights[o][i] += (scale * dz[o]) * x[i]` and `bias[o] += scale * dz[o]`. With a gradient as the target and 1 as
/// the scale it accumulates; with the weights themselves and minus the learning rate it learns in place.
///
/// # Shapes
///
/// `weights` is (O, I), `bias` and `dz` are (O), `x` is (I).
#[cfg_attr(not(all(target_arch = "arm", target_os = "none", target_abi = "eabihf")), inline(never))]
pub fn dense_backward_weights(weights: &mut [f32], bias: &mut [f32], x: &[f32], dz: &[f32], scale: f32) {
    blocks::add_outer(weights, bias, x, dz, scale);
}

#[cfg(test)]
mod tests {
    use super::*;

    // Powers of two and small integers: every product and sum is exact, so that equality is.
    const WEIGHTS: [f32; 6] = [1.0, 2.0, 3.0, -4.0, 0.5, 0.25];

    #[test]
    fn forward() {
        let mut y = [9.0; 2];
        dense_forward(&WEIGHTS, &[0.5, -1.0], &[2.0, 4.0, 8.0], &mut y);
        assert_eq!(y, [34.5, -5.0]);
    }

    #[test]
    fn the_sum_begins_with_the_bias_and_goes_up() {
        let mut y = [0.0];
        // From the left: (1 + 1e8) - 1e8 = 0, because 1 is lost; any other order gives 1.
        dense_forward(&[1e8, -1e8], &[1.0], &[1.0, 1.0], &mut y);
        assert_eq!(y, [0.0]);
    }

    #[test]
    fn backward_to_the_inputs_adds() {
        let mut dx = [1.0, 1.0, 1.0];
        dense_backward_inputs(&WEIGHTS, &[2.0, 1.0], &mut dx);
        assert_eq!(dx, [-1.0, 5.5, 7.25]);
    }

    #[test]
    fn backward_to_the_weights_adds_in_scale() {
        let (mut weights, mut bias) = (WEIGHTS, [0.0, 1.0]);
        dense_backward_weights(&mut weights, &mut bias, &[1.0, 0.0, 2.0], &[4.0, -2.0], -0.5);
        assert_eq!(weights, [-1.0, 2.0, -1.0, -3.0, 0.5, 2.25]);
        assert_eq!(bias, [-2.0, 2.0]);
    }
}
