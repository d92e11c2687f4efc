//! Regularisation by the size of the weights: Tikhonov, Lasso, and both.
//!
//! What training makes small is the loss plus a penalty `l1 sum of |w| + l2 / 2 sum of w^2` over the weights; biases are
//! free. With l2 alone it is Tikhonov's (ridge, weight decay; Tikhonov, 1963), with l1 alone the Lasso (Tibshirani,
//! 1996), with both the elastic net (Zou and Hastie, 2005). The losses that are reported are without it.

use std::ops::Range;

use crate::optim::OptimizerState;

/// Coefficients of the penalty; both 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Penalty {
    pub(crate) l1: f32,
    pub(crate) l2: f32,
}

impl Penalty {
    /// Adds the gradient of the smooth part, `l2 w`.
    pub(crate) fn add_gradient(self, weights: &[Range<usize>], values: &[f32], gradient: &mut [f32]) {
        if self.l2 == 0.0 {
            return;
        }
        for range in weights {
            let pairs = gradient[range.clone()].iter_mut().zip(&values[range.clone()]);
            pairs.for_each(|(g, w)| *g += self.l2 * w);
        }
    }

    /// The proximal step of the other part, after the optimizer's: each weight goes toward 0 by so much as the
    /// optimizer says and stays there if it would pass (iterative soft thresholding: Daubechies, Defrise and De Mol,
    /// 2004). So weights become exactly zero, which a gradient of `|w|` would only make them hover around.
    pub(crate) fn shrink(self, weights: &[Range<usize>], values: &mut [f32], rate: f32, optimizer: &OptimizerState) {
        if self.l1 == 0.0 {
            return;
        }
        for at in weights.iter().flat_map(|range| range.clone()) {
            let (w, by) = (&mut values[at], optimizer.threshold(rate, self.l1, at));
            // NaN is kept: training has to see that it diverged.
            *w = if w.abs() <= by { 0.0 } else { *w - by.copysign(*w) };
        }
    }
}

/// Holds each component between `-limit` and `limit`; NaN stays NaN.
pub(crate) fn clip_values(gradient: &mut [f32], limit: f32) {
    gradient.iter_mut().for_each(|g| *g = g.clamp(-limit, limit));
}

/// Shortens the gradient to `limit` where its length is more (Pascanu, Mikolov and Bengio, 2013).
pub(crate) fn clip_norm(gradient: &mut [f32], learned: &[Range<usize>], limit: f32) {
    let norm = crate::optim::norm(gradient, learned);
    if norm > f64::from(limit) {
        let factor = (f64::from(limit) / norm) as f32;
        gradient.iter_mut().for_each(|g| *g *= factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Optimizer;

    const ALL: [Range<usize>; 2] = [0..2, 3..5];

    #[test]
    fn the_gradient_is_that_of_half_the_squares() {
        let mut gradient = [1.0; 6];
        Penalty { l1: 9.0, l2: 0.5 }.add_gradient(&ALL, &[2.0, -4.0, 8.0, 0.0, 1.0, 8.0], &mut gradient);
        assert_eq!(gradient, [2.0, -1.0, 1.0, 1.0, 1.5, 1.0]);
    }

    #[test]
    fn the_proximal_step_makes_zeros() {
        let mut weights = [0.5, -0.25, 0.125, -0.125, f32::NAN, 0.0];
        Penalty { l1: 0.5, l2: 9.0 }.shrink(&[0..2, 3..5], &mut weights, 0.25, &OptimizerState::new(Optimizer::SGD, 6));
        assert_eq!(weights[..4], [0.375, -0.125, 0.125, 0.0]);
        assert!(weights[4].is_nan());
    }

    #[test]
    fn gradients_are_clipped() {
        let mut gradient = [3.0, -4.0, 100.0, 0.0, f32::NAN];
        clip_values(&mut gradient, 3.5);
        assert_eq!(gradient[..4], [3.0, -3.5, 3.5, 0.0]);
        assert!(gradient[4].is_nan());

        let mut gradient = [3.0, 4.0, 0.0, 0.0, 0.0];
        clip_norm(&mut gradient, &ALL, 10.0);
        assert_eq!(gradient[..2], [3.0, 4.0], "short enough");
        // The length is 3, for the value between the ranges is not learned; half of it is exact.
        let mut gradient = [3.0, 0.0, 100.0, 0.0, 0.0];
        clip_norm(&mut gradient, &ALL, 1.5);
        assert_eq!(gradient[..2], [1.5, 0.0]);
    }
}
