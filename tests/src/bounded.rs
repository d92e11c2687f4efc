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

    /// The rounded quotient; the divisor is not 0 within its bound.
    pub fn over(self, other: Self) -> Self {
        self.over_at_least(other, other.value.abs() - other.error)
    }

    /// The same where a program's divisor is known to be at least so large, whatever its bound says.
    pub fn over_at_least(self, other: Self, least: f64) -> Self {
        let least = least.max(other.value.abs() - other.error);
        let value = self.value / other.value;
        // a' / b' - a / b = (a' - a) / b' + a (b - b') / (b b').
        Self { value, error: (self.error + value.abs() * other.error) / least }.rounded()
    }

    /// The rounded root of what is at least 0; a program that has less than that there has 0.
    pub fn sqrt(self) -> Self {
        let (value, least) = (self.value.sqrt(), (self.value - self.error).max(0.0).sqrt());
        // Of two numbers a and b the roots differ by |a - b| / (sqrt(a) + sqrt(b)), and by sqrt(|a - b|) at most.
        let error = if self.error > 0.0 { (self.error / (value + least)).min(self.error.sqrt()) } else { 0.0 };
        Self { value, error }.rounded()
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
    fn quotients_and_roots_are_within_their_bounds() {
        let (mut quotients, mut roots) = (0.0_f64, 0.0_f64);
        for i in 1..1000_u16 {
            // Arguments with an error of their own, that of a product.
            let (a, b) = (f32::from(i) * 0.37, f32::from(1000 - i) * 0.019);
            let product = |a: f32, b: f32| Bounded::exact(a).times(Bounded::exact(b));
            let (a_bound, b_bound) = (product(f32::from(i), 0.37), product(f32::from(1000 - i), 0.019));
            let quotient = a_bound.over(b_bound);
            let root = a_bound.sqrt();
            for (found, bound, most) in [(a / b, quotient, &mut quotients), (a.sqrt(), root, &mut roots)] {
                let error = (f64::from(found) - bound.value).abs();
                assert!(error <= bound.error, "{i}: {found} for {bound:?}");
                *most = most.max(error / bound.error);
            }
        }
        assert!(quotients > 0.5 && roots > 0.5, "the bounds are far from what they bound: {quotients}, {roots}");
    }

    #[test]
    fn the_root_of_a_little_is_within_its_bound() {
        let little = Bounded { value: 1e-12, error: 2e-12 };
        for found in [0.0_f64, 3e-12] {
            assert!((found.sqrt() - little.value.sqrt()).abs() <= little.sqrt().error);
        }
        assert_eq!(Bounded::ZERO.sqrt(), Bounded::ZERO.rounded());
    }

    #[test]
    fn a_product_is_within_its_bound_and_not_far_from_it() {
        let (a, b) = (1.0 + ULP as f32, 1.0 + ULP as f32);
        let product = Bounded::exact(a).times(Bounded::exact(b));
        let error = (f64::from(a * b) - product.value).abs();
        assert!(error > 0.0 && error <= product.error && product.error < 1e-7);
    }
}
