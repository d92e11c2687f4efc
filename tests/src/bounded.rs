//! Numbers with a bound on the error of any `f32` computation of them.
//!
//! A [`Bounded`] holds the value in `f64`, which stands for the exact one, and how far the `f32` result of a program may
//! be from it: a program that computes the same formula, with sums in any order and functions of a stated accuracy. The
//! bounds are those of running error analysis (Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition,
//! sections 2.2, 3.1 and 3.3): each operation passes on the errors of its arguments and adds its own rounding.
//!
//! The arithmetic of `f64` itself has errors some 2^29 times smaller, which the bounds leave out.

/// Half the distance from 1 to the next `f32`: the unit roundoff.
pub const U: f64 = 1.0 / (1 << 24) as f64;

/// A unit in the last place is at most this share of a normal number.
pub const ULP: f64 = 2.0 * U;

/// Half the smallest subnormal number: what an operation may lose where its result is subnormal.
pub const UNDERFLOW: f64 = f32::from_bits(1) as f64 / 2.0;

/// A value, and how far an `f32` computation of it may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounded {
    /// The value.
    pub value: f64,
    /// The bound of the error.
    pub error: f64,
}

impl Bounded {
    /// Zero, exactly.
    pub const ZERO: Self = Self { value: 0.0, error: 0.0 };

    /// A number that the program is given.
    pub fn exact(value: f32) -> Self {
        Self { value: value.into(), error: 0.0 }
    }

    /// The largest magnitude that the program may have in this place.
    pub fn magnitude(self) -> f64 {
        self.value.abs() + self.error
    }

    /// The result of one more rounding.
    pub fn rounded(self) -> Self {
        Self { error: self.error + U * self.magnitude() + UNDERFLOW, ..self }
    }

    /// Another error on top.
    pub fn off_by(self, error: f64) -> Self {
        Self { error: self.error + error, ..self }
    }

    /// The rounded sum.
    pub fn plus(self, other: Self) -> Self {
        Self { value: self.value + other.value, error: self.error + other.error }.rounded()
    }

    /// The rounded difference.
    pub fn minus(self, other: Self) -> Self {
        Self { value: self.value - other.value, error: self.error + other.error }.rounded()
    }

    /// The rounded product.
    pub fn times(self, other: Self) -> Self {
        let error = self.value.abs() * other.error + other.value.abs() * self.error + self.error * other.error;
        Self { value: self.value * other.value, error }.rounded()
    }

    /// A sum in any order: with n terms its rounding is at most `gamma_(n-1)` times the sum of the magnitudes, where
    /// `gamma_n = n u / (1 - n u)` (Higham 3.1, equation 3.4).
    pub fn sum(terms: impl IntoIterator<Item = Self>) -> Self {
        let (mut count, mut magnitude, mut sum) = (0.0, 0.0, Self::ZERO);
        for term in terms {
            count += 1.0;
            magnitude += term.magnitude();
            sum = Self { value: sum.value + term.value, error: sum.error + term.error };
        }
        let rounding = if count > 1.0 { (count - 1.0) * U } else { 0.0 };
        sum.off_by(rounding / (1.0 - rounding) * magnitude)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_in_either_order_is_within_its_bound() {
        let terms: Vec<f32> = (0..1000).map(|i| ((i * 7919) % 1013) as f32 * 0.37 - 150.0).collect();
        let sum = Bounded::sum(terms.iter().map(|term| Bounded::exact(*term)));
        for found in [terms.iter().sum::<f32>(), terms.iter().rev().sum::<f32>()] {
            let error = (f64::from(found) - sum.value).abs();
            assert!(error > 0.0 && error <= sum.error, "{error:e} of {:e}", sum.error);
        }
    }

    #[test]
    fn a_product_is_within_its_bound_and_not_far_from_it() {
        let (a, b) = (1.0 + ULP as f32, 1.0 + ULP as f32);
        let product = Bounded::exact(a).times(Bounded::exact(b));
        let error = (f64::from(a * b) - product.value).abs();
        assert!(error > 0.0 && error <= product.error && product.error < 1e-7);
    }
}
