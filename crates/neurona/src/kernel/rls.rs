//! Recursive least squares: the inverse of a matrix of squares, kept up to date input by input.

use super::dense_forward;

/// The inverse of the squares of all inputs and of the 1 that a bias is multiplied by: (I + 1, I + 1) and symmetric.
#[derive(Debug)]
pub struct InverseSquares<'a> {
    /// Its part of the inputs, (I, I).
    pub inputs: &'a mut [f32],
    /// Its row of the bias, but for the last element, (I).
    pub edge: &'a mut [f32],
    /// The last element of that row.
    pub corner: &'a mut f32,
}

/// How much an input teaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// What the squares are divided by.
    pub divisor: f32,
    /// Of the bias: see [`rls_gain`].
    pub bias: f32,
}

/// The product of the matrix P and the input: `gain[i] = edge[i] + sum over j of P[i][j] * x[j]`, of the bias `corner + sum over j
/// of edge[j] * x[j]`, and the divisor `forgetting + (bias + sum over i of gain[i] * x[i])`.
///
/// Each sum begins with its first term and goes up in j. `None` where the divisor is no positive finite number, which it is for
/// every finite input as long as P is positive definite.
///
/// # Shapes
///
/// `x` and `gain` are (I).
pub fn rls_gain(p: &InverseSquares<'_>, x: &[f32], forgetting: f32, gain: &mut [f32]) -> Option<Gain> {
    dense_forward(p.inputs, p.edge, x, gain);
    let mut bias = *p.corner;
    for (edge, x) in p.edge.iter().zip(x) {
        bias += edge * x;
    }
    let mut square = bias;
    for (gain, x) in gain.iter().zip(x) {
        square += gain * x;
    }
    let divisor = forgetting + square;
    (square >= 0.0 && divisor > 0.0 && divisor < f32::INFINITY).then_some(Gain { divisor, bias })
}

/// The matrix after the input whose gain it is: `P[i][j] = (P[i][j] - (gain[i] / divisor) * gain[j]) * growth` for j up to i, and
/// the same above the diagonal, so that it stays symmetric to the last bit; edge and corner likewise.
///
/// # Shapes
///
/// `gain` is (I).
pub fn rls_update(p: &mut InverseSquares<'_>, gain: &[f32], Gain { divisor, bias }: Gain, growth: f32) {
    let width = gain.len().max(1);
    for (i, of_row) in gain.iter().enumerate() {
        let share = of_row / divisor;
        for (j, of_column) in gain.iter().enumerate().take(i + 1) {
            let Some(element) = p.inputs.get_mut(i * width + j) else { return };
            let next = (*element - share * of_column) * growth;
            *element = next;
            if let Some(mirrored) = p.inputs.get_mut(j * width + i) {
                *mirrored = next;
            }
        }
    }
    let share = bias / divisor;
    for (edge, gain) in p.edge.iter_mut().zip(gain) {
        *edge = (*edge - share * gain) * growth;
    }
    *p.corner = (*p.corner - share * bias) * growth;
}
