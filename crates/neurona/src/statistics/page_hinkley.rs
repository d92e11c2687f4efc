//! A test for a rise of a mean.

/// The test of Page and Hinkley for a rise of the mean of a stream, such as of the loss (Page 1954, "Continuous inspection
/// schemes"; Hinkley 1971): something has changed, and it is time to learn.
///
/// With the n-th number x, `mean += (x - mean) / n`, `rise = max(0, rise + x - mean - tolerance)`; there is a change where the
/// rise is more than a threshold. Then the test begins anew. (The rise is how far the sum of `x - mean - tolerance` is above its
/// least value so far, as the test is often written.)
///
/// For a fall, give it the numbers with the other sign.
///
/// # Spikes
///
/// The mean is that of all numbers since the last change, and knows no outliers. A single spike of s after the warm-up is taken
/// for a change where s is more than the threshold. One among the first numbers still raises the mean by s / n at the n-th, and
/// a rise by r is not seen before n is about `s / (r - tolerance)`: of 1,000, where the rise to be found is 0.1 and the tolerance
/// 0.05, for 20,000 numbers. So hold what is given to it to the most that tells anything, as a loss of three times the usual:
///
/// ```
/// use neurona::statistics::PageHinkley;
///
/// /// The loss of a guess among ten classes is 2.3.
/// const MOST: f32 = 4.0;
///
/// let mut test = PageHinkley::new(0.05, 3.0, 30);
/// let losses = (0..200).map(|i| if i == 3 { 1e3 } else if i < 100 { 0.2 } else { 0.8 });
/// let mut held = losses.map(|loss: f32| if loss > MOST { MOST } else { loss });
/// // The spike of 4 has raised the mean by 0.04, so that each number beyond the 100th adds 0.5.
/// assert_eq!(held.position(|loss| test.add(loss)), Some(106));
/// ```
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
    rise: f32,
}

impl PageHinkley {
    /// A test of no number yet.
    ///
    /// `tolerance` is the rise that is of no account, in the unit of the numbers: half the smallest rise to be found.
    /// `threshold` is how much must come together: higher, and changes are found later and fewer that are none. Until
    /// `warm_up` numbers have come, the mean is not known well enough to tell.
    pub const fn new(tolerance: f32, threshold: f32, warm_up: u32) -> Self {
        Self { tolerance, threshold, warm_up, count: 0, mean: 0.0, rise: 0.0 }
    }

    /// Takes a number; whether the mean has risen. A number of which the double is not finite is left out.
    pub fn add(&mut self, x: f32) -> bool {
        // So no difference of a number and the mean overflows.
        if !(2.0 * x).is_finite() {
            return false;
        }
        self.count = self.count.saturating_add(1);
        self.mean += (x - self.mean) / self.count as f32;
        // Infinite it is a rise as well, and ends with the warm-up.
        let rise = self.rise + (x - self.mean - self.tolerance);
        self.rise = if rise > 0.0 { rise } else { 0.0 };
        let changed = self.count >= self.warm_up && self.rise > self.threshold;
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
    }

    /// Whatever came first, the numbers after it count.
    #[test]
    fn no_number_freezes_it() {
        for first in [3e38, -3e38, 1.7e38, -1.7e38, f32::MAX, f32::MIN_POSITIVE] {
            let mut test = PageHinkley::new(0.05, 3.0, 1000);
            test.add(first);
            for i in 0..998 {
                let before = test;
                assert!(!test.add(if i % 2 == 0 { 0.2 } else { 0.3 }), "{first} {i}");
                assert_eq!(test.count, before.count + 1, "{first} {i}");
                // Of what is so large, the mean is a part, which is less with each number.
                let [size, size_before] = [test.mean, before.mean].map(libm::fabsf);
                assert!(size < 0.5 || size < size_before, "{first} {i}: {size} after {size_before}");
            }
        }
        // What is left out has no part in what is found.
        let mut test = PageHinkley::new(0.05, 3.0, 30);
        let found = |i: &u32| {
            assert!(!test.add(if i.is_multiple_of(2) { f32::MAX } else { -3e38 }));
            test.add(if *i < 100 { 0.2 } else { 0.8 })
        };
        assert_eq!((0..200).find(found), Some(105));
        // The least number first: a rise beyond what `f32` has, found when the warm-up ends.
        let mut test = PageHinkley::new(0.05, 3.0, 30);
        test.add(-1.7e38);
        assert_eq!((1..200).find(|_| test.add(0.2)), Some(29));
    }

    /// 1,000 as the fourth number still raises the mean by 1,000 / n at the n-th: a rise of 0.1, beyond a tolerance of 0.05,
    /// is below that for 20,000 numbers. Held to 4, it is below that for 80.
    #[test]
    fn a_spike_among_the_first_hides_a_rise_unless_it_is_held() {
        let found = |most: f32| {
            let mut test = PageHinkley::new(0.05, 3.0, 30);
            (0..40_000).find(|i| {
                let loss = if *i == 3 {
                    1e3
                } else if *i < 300 {
                    0.2
                } else {
                    0.3
                };
                test.add(if loss > most { most } else { loss })
            })
        };
        assert!(found(4.0).is_some_and(|at| (300..500).contains(&at)), "{:?}", found(4.0));
        assert!(found(f32::MAX).is_none_or(|at| at > 20_000), "{:?}", found(f32::MAX));
    }
}
