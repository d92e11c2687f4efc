//! One step of a recurrent cell, forward and back, and the gradient of its weights over all steps.
//!
//! Of each cell there are weights of the input, recurrent weights of the state, and biases. A gate's sum begins with the
//! bias, goes on with the inputs upwards, then with the state upwards.

use super::blocks::{self, Places};
use super::{dense_backward_inputs, dense_forward};
use crate::activation::function as f;

/// Weighted sums of input and state: `z[o] = bias[o] + sum over i of weights[o][i] * x[i] + sum over u of recurrent[o][u] *
/// h[u]`.
///
/// Each sum begins with the bias and goes up in i, then in u.
///
/// # Shapes
///
/// `weights` is (O, I), `recurrent` is (O, U), `bias` and `z` are (O), `x` is (I), `h` is (U).
pub fn recurrent_forward(weights: &[f32], recurrent: &[f32], bias: &[f32], x: &[f32], h: &[f32], z: &mut [f32]) {
    blocks::dense_sums(weights, x, Some(bias), z);
    blocks::dense_sums(recurrent, h, None, z);
}

/// Values of one step after another: those of a step are the first of every `stride`.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a> {
    /// The values, from the first of the first step on.
    pub values: &'a [f32],
    /// How far apart two steps are.
    pub stride: usize,
    /// Number of steps.
    pub count: usize,
}

/// Adds the gradient with respect to weights, times `scale`: `weights[o][i] += scale * sum over t of dz[t][o] * x[t][i]`.
///
/// Each sum begins with zero and goes up in t; it is then rounded into its target once. With a gradient as the target and 1
/// as the scale it accumulates; with the weights themselves and minus the learning rate it learns in place.
///
/// # Shapes
///
/// `weights` is (O, `inputs`), a step of `dz` is (O), a step of `x` is (`inputs`).
pub fn recurrent_backward_weights(weights: &mut [f32], inputs: usize, dz: Steps<'_>, x: Steps<'_>, scale: f32) {
    let places = Places {
        dz: dz.values,
        dz_step: dz.stride,
        dz_pitch: 0,
        x: x.values,
        x_step: x.stride,
        x_pitch: 0,
        rows: 1,
        columns: if dz.count < x.count { dz.count } else { x.count },
    };
    let rows = weights.len().checked_div(inputs).unwrap_or_default();
    blocks::correlate(&places, [rows, inputs], weights, inputs, scale);
}

/// Adds the gradient with respect to biases, times `scale`: `bias[o] += scale * sum over t of dz[t][o]`. The sum is as in
/// [`recurrent_backward_weights`].
///
/// # Shapes
///
/// `bias` and a step of `dz` are (O).
pub fn recurrent_backward_bias(bias: &mut [f32], dz: Steps<'_>, scale: f32) {
    let end = || dz.count.checked_sub(1)?.checked_mul(dz.stride.max(1))?.checked_add(bias.len());
    let of_steps = if dz.count > 0 { end().and_then(|end| dz.values.get(..end)).unwrap_or(dz.values) } else { &[] };
    blocks::add_sums(of_steps, dz.stride, bias, scale);
}

/// A step of a gated recurrent unit: `h` becomes the next state, and `gates` what [`gru_backward`] needs.
///
/// With `r = σ(z_r)`, `z = σ(z_z)`, `s = bias + recurrent h` and `n = tanh((bias + weights x) + r s)`, the next state is `h =
/// (1 - z) n + z h`: the difference first, then both products, then their sum. `gates` is r, z, n and s.
///
/// # Shapes
///
/// `weights` is (3 U, I) and `recurrent` is (3 U, U), for r, z and n; `bias` is (4 U), the last two for n of the input and n of
/// the state; `x` is (I), `h` is (U), `gates` is (4 U).
pub fn gru_forward(weights: &[f32], recurrent: &[f32], bias: &[f32], x: &[f32], h: &mut [f32], gates: &mut [f32]) {
    let units = h.len();
    let Some((together, apart)) = gates.split_at_mut_checked(2 * units) else { return };
    recurrent_forward(weights, recurrent, bias, x, h, together);
    let (weights, recurrent) = (weights.get(2 * units * x.len()..), recurrent.get(2 * units * units..));
    let (of_input, of_state) = (bias.get(2 * units..), bias.get(3 * units..));
    let Some((new, state)) = apart.split_at_mut_checked(units) else { return };
    dense_forward(weights.unwrap_or_default(), of_input.unwrap_or_default(), x, new);
    dense_forward(recurrent.unwrap_or_default(), of_state.unwrap_or_default(), h, state);
    let Some([reset, update, new, state]) = four(gates, units) else { return };
    for ((h, (r, z)), (n, s)) in h.iter_mut().zip(reset.iter_mut().zip(update)).zip(new.iter_mut().zip(&*state)) {
        *r = f::sigmoid(*r);
        *z = f::sigmoid(*z);
        *n = f::tanh(*n + *r * s);
        *h = (1.0 - *z) * *n + *z * *h;
    }
}

/// Back through a step of [`gru_forward`]: `gates` becomes the gradients of the four sums, in the order of the biases, and `dh`
/// that of the state before.
///
/// `dn = dh (1 - z) (1 - n²)`, `ds = dn r`, `dr = (dn s) r (1 - r)`, `dz = dh (h - n) z (1 - z)`, with h the state before. Its
/// gradient begins with `dh z`, then adds the rows of `recurrent` upwards, each times dr, dz and ds.
///
/// # Shapes
///
/// As those of [`gru_forward`]; `h` is the state before the step.
pub fn gru_backward(recurrent: &[f32], h: &[f32], gates: &mut [f32], dh: &mut [f32]) {
    let units = h.len();
    let Some([reset, update, new, state]) = four(gates, units) else { return };
    let of_gates = reset.iter_mut().zip(update).zip(new.iter_mut().zip(state));
    for ((dh, h), ((r, z), (n, s))) in dh.iter_mut().zip(h).zip(of_gates) {
        let dn = *dh * (1.0 - *z) * f::tanh_derivative(*n);
        let dz = *dh * (h - *n) * f::sigmoid_derivative(*z);
        let dr = dn * *s * f::sigmoid_derivative(*r);
        *dh *= *z;
        *s = dn * *r;
        (*r, *z, *n) = (dr, dz, dn);
    }
    let (together, state) = (gates.get(..2 * units), gates.get(3 * units..));
    dense_backward_inputs(recurrent, together.unwrap_or_default(), dh);
    dense_backward_inputs(recurrent.get(2 * units * units..).unwrap_or_default(), state.unwrap_or_default(), dh);
}

/// A step of a long short-term memory: `h` and `c` become the next state and the next cell, and `gates` what [`lstm_backward`]
/// needs.
///
/// With the gates `i = σ(z_i)`, `f = σ(z_f)`, `g = tanh(z_g)` and `o = σ(z_o)`, the next cell is `c = f c + i g`, both products
/// first, and the next state `h = o tanh(c)`. `gates` is i, f, g and o.
///
/// # Shapes
///
/// `weights` is (4 U, I), `recurrent` is (4 U, U) and `bias` is (4 U), for i, f, g and o; `x` is (I), `h` and `c` are (U), `gates`
/// is (4 U).
pub fn lstm_forward(
    weights: &[f32],
    recurrent: &[f32],
    bias: &[f32],
    x: &[f32],
    h: &mut [f32],
    c: &mut [f32],
    gates: &mut [f32],
) {
    recurrent_forward(weights, recurrent, bias, x, h, gates);
    let Some([input, forget, candidate, output]) = four(gates, h.len()) else { return };
    let of_gates = input.iter_mut().zip(forget).zip(candidate.iter_mut().zip(output));
    for ((h, c), ((i, f), (g, o))) in h.iter_mut().zip(c).zip(of_gates) {
        (*i, *f, *g, *o) = (f::sigmoid(*i), f::sigmoid(*f), f::tanh(*g), f::sigmoid(*o));
        *c = *f * *c + *i * *g;
        *h = *o * f::tanh(*c);
    }
}

/// Back through a step of [`lstm_forward`]: `gates` becomes the gradients of the four sums, `dh` and `dc` those of the state and
/// of the cell before.
///
/// The cell after the step is computed again, to the same bits. With `t = tanh(c)`, `dc` first adds `dh o (1 - t²)`; then `do =
/// (dh t) o (1 - o)`, `di = (dc g) i (1 - i)`, `df = (dc c) f (1 - f)`, `dg = (dc i) (1 - g²)`, with the cell before in df, and the
/// gradient of that cell is `dc f`. The gradient of the state before begins with zero and adds the rows of `recurrent`
/// upwards, each times its gate's.
///
/// # Shapes
///
/// As those of [`lstm_forward`]; `c` is the cell before the step.
pub fn lstm_backward(recurrent: &[f32], c: &[f32], gates: &mut [f32], dh: &mut [f32], dc: &mut [f32]) {
    let Some([input, forget, candidate, output]) = four(gates, c.len()) else { return };
    let of_gates = input.iter_mut().zip(forget).zip(candidate.iter_mut().zip(output));
    for (((dh, dc), c), ((i, f), (g, o))) in dh.iter_mut().zip(dc).zip(c).zip(of_gates) {
        let t = f::tanh(*f * c + *i * *g);
        *dc += *dh * *o * f::tanh_derivative(t);
        let di = *dc * *g * f::sigmoid_derivative(*i);
        let df = *dc * c * f::sigmoid_derivative(*f);
        let dg = *dc * *i * f::tanh_derivative(*g);
        *o = *dh * t * f::sigmoid_derivative(*o);
        *dc *= *f;
        *dh = 0.0;
        (*i, *f, *g) = (di, df, dg);
    }
    dense_backward_inputs(recurrent, gates, dh);
}

/// The values of four gates.
fn four(gates: &mut [f32], units: usize) -> Option<[&mut [f32]; 4]> {
    let mut parts = gates.chunks_exact_mut(units.max(1));
    Some([parts.next()?, parts.next()?, parts.next()?, parts.next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    // Powers of two and small integers: every product and sum is exact, so that equality is.
    const WEIGHTS: [f32; 4] = [1.0, 2.0, 3.0, -4.0];
    const RECURRENT: [f32; 2] = [0.5, -2.0];

    #[test]
    fn sums_are_of_bias_inputs_and_state() {
        let mut z = [9.0; 2];
        recurrent_forward(&WEIGHTS, &RECURRENT, &[0.5, -1.0], &[2.0, 4.0], &[8.0], &mut z);
        assert_eq!(z, [0.5 + 2.0 + 8.0 + 4.0, -1.0 + 6.0 - 16.0 - 16.0]);
    }

    #[test]
    fn a_sum_begins_with_the_bias_and_ends_with_the_state() {
        let mut z = [0.0];
        // From the left: ((1 + 1e8) - 1e8) + 1 = 1, because the first 1 is lost; with the state first it is 0.
        recurrent_forward(&[1e8, -1e8], &[1.0], &[1.0], &[1.0, 1.0], &[1.0], &mut z);
        assert_eq!(z, [1.0]);
    }

    #[test]
    fn the_gradient_of_a_weight_is_summed_over_time_and_then_added() {
        // Two steps, whose gradients stand three values apart, whose inputs two.
        let (dz, x) = ([4.0, -2.0, 99.0, 1.0, 8.0, 99.0], [1.0, 0.0, 2.0, 0.5]);
        let (dz, x) = (Steps { values: &dz, stride: 3, count: 2 }, Steps { values: &x, stride: 2, count: 2 });
        let (mut weights, mut bias) = (WEIGHTS, [0.0, 1.0]);
        recurrent_backward_weights(&mut weights, 2, dz, x, -0.5);
        recurrent_backward_bias(&mut bias, dz, -0.5);
        assert_eq!(weights, [1.0 - 3.0, 2.0 - 0.25, 3.0 - 7.0, -4.0 - 2.0]);
        assert_eq!(bias, [-2.5, -2.0]);
        // 2^24 + 1 is rounded to 2^24: into a weight of 2^24 two gradients of 1 count together, and one by one would not.
        let mut weight = [16_777_216.0];
        let ones = Steps { values: &[1.0, 1.0], stride: 1, count: 2 };
        recurrent_backward_weights(&mut weight, 1, ones, ones, 1.0);
        assert_eq!(weight, [16_777_218.0]);
        // No more steps than it is said that there are.
        let (mut weight, mut bias) = ([0.0], [0.0]);
        for count in 0..2 {
            recurrent_backward_weights(&mut weight, 1, Steps { count, ..ones }, ones, 1.0);
            recurrent_backward_bias(&mut bias, Steps { count, ..ones }, 1.0);
        }
        assert_eq!((weight, bias), ([1.0], [1.0]));
    }

    #[test]
    fn too_short_slices_leave_the_rest_as_it_is() {
        let (mut h, mut c, mut gates) = ([1.0; 2], [1.0; 2], [0.0; 7]);
        gru_forward(&WEIGHTS, &RECURRENT, &[], &[1.0], &mut h, &mut gates);
        gru_backward(&RECURRENT, &[1.0; 2], &mut gates, &mut h);
        lstm_forward(&WEIGHTS, &RECURRENT, &[], &[1.0], &mut h, &mut c, &mut gates);
        lstm_backward(&RECURRENT, &[1.0; 2], &mut gates, &mut h, &mut c);
        assert_eq!((h, c), ([1.0; 2], [1.0; 2]));
    }
}
