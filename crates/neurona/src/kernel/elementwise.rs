//! Functions that go through their arguments once, value by value.

use super::blocks::{each, rolled_mut};

/// Adds a multiple: `y[i] += a * x[i]`.
pub fn axpy(a: f32, x: &[f32], y: &mut [f32]) {
    super::blocks::axpy(a, x, y);
}

/// Writes zero into so many words.
///
/// # Safety
///
/// So many words can be written.
#[allow(unsafe_code)]
#[inline]
pub(crate) unsafe fn zero(at: *mut u32, words: usize) {
    // SAFETY: the same is asked of the caller.
    unsafe { super::blocks::zero(at, words) }
}

/// Makes all zero.
#[allow(unsafe_code)]
#[inline]
pub fn clear(x: &mut [f32]) {
    // SAFETY: the slice is of so many words.
    unsafe { zero(x.as_mut_ptr().cast(), x.len()) }
}

/// Adds: `y[i] += x[i]`.
pub fn add(x: &[f32], y: &mut [f32]) {
    super::blocks::add(x, y);
}

/// Multiplies by a constant, in place: `y[i] *= a`.
pub fn scale(a: f32, y: &mut [f32]) {
    super::blocks::scale(a, y);
}

/// Divides by a number, in place: `y[i] /= by`.
pub fn divide(y: &mut [f32], by: f32) {
    super::blocks::divide(y, by);
}

/// `a / b`, without a floating-point unit in less code than that of the operator.
#[inline]
pub(crate) fn quotient(a: f32, b: f32) -> f32 {
    super::blocks::quotient(a, b)
}

/// The square root, rounded correctly: that of `libm`, in the instruction that a floating-point unit has for it.
#[inline]
pub fn sqrt(x: f32) -> f32 {
    super::blocks::sqrt(x)
}

/// The larger of zero and each value, in place: see [`Relu`](crate::Relu).
pub fn relu(y: &mut [f32]) {
    super::blocks::relu(y);
}

/// The gradient before ReLU, in place, from its outputs: 0 where `y[i] <= 0`, whatever `dy[i]` is, else `dy[i]` as it is.
///
/// A NaN among the outputs has no sign, as [`relu`] leaves it; of one that has, cores may differ.
pub fn relu_backward(y: &[f32], dy: &mut [f32]) {
    super::blocks::relu_backward(y, dy);
}

/// The largest absolute value, 0 where there is none; NaN where one is.
// Every layer that learns asks for it: unrolled at each place it took 4 KB of a network of two layers on a Cortex-M0.
#[inline(never)]
pub fn largest(x: &[f32]) -> f32 {
    // The patterns of numbers without a sign are ordered as they are, with NaN above infinity.
    let larger = |a: u32, x: &f32| {
        let b = x.to_bits() & 0x7fff_ffff;
        if b > a { b } else { a }
    };
    f32::from_bits(x.iter().fold(0, larger))
}

/// No less than the square of any, and NaN or infinite where that is; how much more than the largest depends on the core, and no
/// result may.
#[inline]
pub(crate) fn square_bound(x: &[f32]) -> f32 {
    super::blocks::square_bound(x)
}

/// Whether none is larger than the limit, or not finite.
pub(crate) fn is_within(x: &[f32], limit: f32) -> bool {
    square_bound(x) <= limit * limit || largest(x) <= limit
}

/// Whether none is NaN or infinite.
#[inline]
pub fn is_finite(x: &[f32]) -> bool {
    super::blocks::is_finite(x)
}

/// Multiplies by a constant: `y[i] = factor * x[i]`.
pub fn rescale(factor: f32, x: &[f32], y: &mut [f32]) {
    super::blocks::rescale(factor, x, y);
}

/// Copies: `y[i] = x[i]`.
pub fn copy(x: &[f32], y: &mut [f32]) {
    super::blocks::copy(x, y);
}

/// Subtracts the mean and multiplies by the scale: `y[p][c] = (x[p][c] - mean[c]) * scale[c]`.
///
/// # Shapes
///
/// `mean` and `scale` are (C), `x` and `y` are (P, C).
pub fn standardize(mean: &[f32], scale: &[f32], x: &[f32], y: &mut [f32]) {
    let channels = mean.len().max(1);
    for (y, x) in y.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
        super::blocks::standardize(mean, scale, x, y);
    }
}

/// Softmax in place: `y[i] = exp(y[i] - max) / sum over j of exp(y[j] - max)`.
///
/// The maximum is subtracted so that no exponential overflows; the sum begins with zero and goes up. A NaN among the
/// values, plus infinity, or nothing but minus infinity makes every result NaN.
pub fn softmax(y: &mut [f32], exp: impl Fn(f32) -> f32) {
    let max = maximum(y);
    let mut sum = 0.0;
    for y in y.iter_mut() {
        *y = exp(*y - max);
        sum += *y;
    }
    divide(y, sum);
}

/// [`softmax`] of `z`, written to `y`; the maximum, and the sum of the exponentials.
pub(crate) fn softmax_of(z: &[f32], y: &mut [f32], exp: impl Fn(f32) -> f32) -> (f32, f32) {
    let max = maximum(z);
    let mut sum = 0.0;
    each(rolled_mut(y).iter_mut().zip(z), |(y, z)| {
        *y = exp(z - max);
        sum += *y;
    });
    divide(y, sum);
    (max, sum)
}

/// [`softmax_of`] with the fast exponential.
#[inline]
pub(crate) fn fast_softmax(z: &[f32], y: &mut [f32]) -> (f32, f32) {
    super::blocks::fast_softmax(z, y)
}

/// Adds the gradient of softmax with respect to its inputs: `dx[i] += y[i] * (dy[i] - sum over j of dy[j] * y[j])`.
///
/// The sum begins with zero and goes up.
pub fn softmax_backward(y: &[f32], dy: &[f32], dx: &mut [f32]) {
    let mut sum = 0.0;
    for (y, dy) in y.iter().zip(dy) {
        sum += dy * y;
    }
    for ((dx, y), dy) in dx.iter_mut().zip(y).zip(dy) {
        *dx += y * (dy - sum);
    }
}

/// The largest value that is not NaN; minus infinity where there is none.
pub fn maximum(x: &[f32]) -> f32 {
    super::blocks::maximum(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_of_equal_values_is_uniform_at_any_size() {
        for z in [-1e38_f32, -1.0, 0.0, 88.0, 3e38] {
            let mut y = [z; 4];
            softmax(&mut y, libm::expf);
            assert_eq!(y, [0.25; 4]);
        }
    }

    #[test]
    fn softmax_of_what_is_not_finite() {
        let softmax = |mut y: [f32; 2]| {
            softmax(&mut y, libm::expf);
            y
        };
        assert_eq!(softmax([f32::NEG_INFINITY, 0.0]), [0.0, 1.0]);
        for y in [[f32::NAN, 0.0], [f32::INFINITY, 0.0], [f32::NEG_INFINITY; 2]] {
            assert!(softmax(y).iter().all(|y| y.is_nan()));
        }
    }

    #[test]
    fn standardize_and_rescale() {
        let mut y = [0.0; 2];
        standardize(&[1.0, 2.0], &[0.5, 4.0], &[3.0, 1.0], &mut y);
        assert_eq!(y, [1.0, -4.0]);
        rescale(0.25, &[1.0, -2.0], &mut y);
        assert_eq!(y, [0.25, -0.5]);
    }
}
