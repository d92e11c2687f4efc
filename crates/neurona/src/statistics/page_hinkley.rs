//! A test for a rise of a mean.

/// The test of Page and Hinkley for a rise of the mean of a stream, such as of the loss (Page 1954, "Continuous inspection
/// schemes"; Hinkley 1971): something has changed, and it is time to learn.
///
/// With the n-th number x, `mean += (x - mean) / n`, `sum += x - mean - tolerance`; there is a change where the sum is more
/// than a threshold above its least value so far. Then the test begins anew.
///
/// For a fall, give it the numbers with the other sign.
///
/// One number that is far larger than the others, above all among the first, raises the mean for as long as it takes the count to
/// make it small again, and a rise below that is not seen. Of a loss, hold what is given to it to the most that tells anything,
/// such as three times the usual.
///
/// # Examples
///
/// ```
/// use neurona::statistics::PageHinkley;
///
/// let mut test = PageHinkley::new(0.05, 3.0, 30);
/// let rises = (0..200).find(|i| test.add(if *i < 100 { 0.2 } else { 0.8 }));
/// // Each number beyond the 100th adds nearly 0.6.
/// assert_eq!(rises, Some(105));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PageHinkley {
    tolerance: f32,
    threshold: f32,
    warm_up: u32,
    count: u32,
    mean: f32,
    sum: f32,
    least: f32,
}

impl PageHinkley {
    /// A test of no number yet.
    ///
    /// `tolerance` is the rise that is of no account, in the unit of the numbers: half the smallest rise to be found.
    /// `threshold` is how much must come together: higher, and changes are found later and fewer that are none. Until
    /// `warm_up` numbers have come, the mean is not known well enough to tell.
    pub const fn new(tolerance: f32, threshold: f32, warm_up: u32) -> Self {
        Self { tolerance, threshold, warm_up, count: 0, mean: 0.0, sum: 0.0, least: 0.0 }
    }

    /// Takes a number; whether the mean has risen. A number that is not finite is left out.
    pub fn add(&mut self, x: f32) -> bool {
        let count = self.count.saturating_add(1);
        let mean = self.mean + (x - self.mean) / count as f32;
        let sum = self.sum + (x - mean - self.tolerance);
        if !sum.is_finite() {
            return false;
        }
        (self.count, self.mean, self.sum) = (count, mean, sum);
        if sum < self.least {
            self.least = sum;
        }
        let changed = count >= self.warm_up && sum - self.least > self.threshold;
        if changed {
            self.restart();
        }
        changed
    }

    /// The mean since the last change.
    pub const fn mean(&self) -> f32 {
        self.mean
    }

    /// Forgets every number.
    pub const fn restart(&mut self) {
        *self = Self::new(self.tolerance, self.threshold, self.warm_up);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::step;
    use super::*;
    use std::vec::Vec;

    extern crate std;

    /// The places where river finds changes: `reference.py`, river 0.26.1. Each number beyond the rise adds 0.2 to the
    /// sum, which in `f32` is off by less than 0.01 after 1,000 numbers.
    #[test]
    fn changes_are_those_of_river() {
        let mut test = PageHinkley::new(0.05, 5.0, 30);
        let found: Vec<u32> = (0..3000).filter(|i| test.add(step(*i))).collect();
        assert_eq!(found, RIVER);
    }

    const RIVER: [u32; 1] = [1025];

    #[test]
    fn what_is_not_finite_is_left_out() {
        let mut test = PageHinkley::new(0.0, 1.0, 1);
        for x in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(!test.add(x));
        }
        assert_eq!(test, PageHinkley::new(0.0, 1.0, 1));
        test.count = u32::MAX;
        assert!(!test.add(0.0));
        assert!(!test.add(f32::MAX) || test.count == 0);
    }
}
