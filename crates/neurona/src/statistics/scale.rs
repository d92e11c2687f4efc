//! Mean and variance of a stream.

use crate::{Standardize, kernel};

/// Running mean and variance of N channels (Welford 1962, "Note on a method for calculating corrected sums of squares and
/// products").
///
/// With the n-th sample x, `d = x - mean`, `mean += d / n`, `variance += (d (x - mean) - variance) / n`: the variance is that
/// of the population, divided by n. Where n would be more than a limit it stays at the limit, and older samples fade, by a
/// factor of `1 - 1 / limit` with each new one: mean and variance then follow a drift.
///
/// # Outliers
///
/// Mean and variance know no outliers: of a single sample that is finite and wild, such as of a loose wire, d^2 / n stays in the
/// variance, and fades only with the samples of the limit. [`add_within`](Self::add_within) leaves such samples out.
///
/// # Accuracy
///
/// In `f32` a term of less than half a unit in the last place of the mean is lost: a limit far above some 10^5 samples
/// brings nothing.
///
/// # Examples
///
/// ```
/// use neurona::{Standardize, statistics::RunningScale};
///
/// let mut running = RunningScale::<1>::new(u32::MAX);
/// for x in [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0] {
///     running.add(&[x]);
/// }
/// assert_eq!((running.mean(), running.variance()), (&[5.0], &[4.0]));
/// let mut layer: Standardize<1> = Standardize::new([0.0], [1.0]);
/// running.fill(&mut layer);
/// assert_eq!((layer.mean, layer.scale), ([5.0], [0.5]));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RunningScale<const N: usize> {
    mean: [f32; N],
    variance: [f32; N],
    count: u32,
    limit: u32,
}

impl<const N: usize> RunningScale<N> {
    /// Of no sample yet; `limit` is how many samples count at most, at least 1.
    pub const fn new(limit: u32) -> Self {
        Self { mean: [0.0; N], variance: [0.0; N], count: 0, limit: if limit == 0 { 1 } else { limit } }
    }

    /// Goes on from a mean and a variance of `count` samples: those of the training data, say. Where one of these numbers is not
    /// finite, or a variance is negative, it is of no sample yet, as from [`new`](Self::new).
    pub const fn from_parts(mean: [f32; N], variance: [f32; N], count: u32, limit: u32) -> Self {
        let mut channel = 0;
        while channel < N {
            if !mean[channel].is_finite() || !variance[channel].is_finite() || variance[channel] < 0.0 {
                return Self::new(limit);
            }
            channel += 1;
        }
        Self { mean, variance, count, ..Self::new(limit) }
    }

    /// Takes a sample. One with a number that is not finite, or that would make a mean or a variance that is not, changes
    /// nothing and gives false.
    pub fn add(&mut self, x: &[f32; N]) -> bool {
        let next = self.count.saturating_add(1);
        let count = if next < self.limit { next } else { self.limit };
        let after = |x: f32, mean: f32, variance: f32| {
            let d = x - mean;
            let mean = mean + d / count as f32;
            let square = d * (x - mean);
            // Where the mean is rounded beyond x, as with a limit of 1, it is no square.
            (mean, variance + (if square < 0.0 { 0.0 } else { square } - variance) / count as f32)
        };
        let all = || x.iter().zip(self.mean).zip(self.variance);
        if !all().map(|((x, m), v)| after(*x, m, v)).all(|(m, v)| m.is_finite() && v.is_finite()) {
            return false;
        }
        for ((x, mean), variance) in x.iter().zip(&mut self.mean).zip(&mut self.variance) {
            (*mean, *variance) = after(*x, *mean, *variance);
        }
        self.count = count;
        true
    }

    /// Takes a sample, unless a channel of it is more than so many deviations from its mean: then it changes nothing and gives
    /// false. A channel that never changed takes any number.
    ///
    /// Begin with [`add`](Self::add), until there are samples enough to know a deviation, or with
    /// [`from_parts`](Self::from_parts). A level that has really changed is left out as well: when this has given false many times in a
    /// row, `add` again.
    ///
    /// ```
    /// use neurona::statistics::RunningScale;
    ///
    /// let mut running = RunningScale::<1>::new(1000);
    /// (0..100).for_each(|i| drop(running.add(&[(i % 10) as f32])));
    /// let before = running.clone();
    /// assert!(!running.add_within(&[4.0e6], 6.0)); // a loose wire
    /// assert_eq!(running, before);
    /// assert!(running.add_within(&[12.0], 6.0));
    /// ```
    pub fn add_within(&mut self, x: &[f32; N], deviations: f32) -> bool {
        let all = x.iter().zip(&self.mean).zip(&self.variance);
        let mut are_near = all.map(|((x, mean), variance)| {
            let d = x - mean;
            *variance == 0.0 || libm::fabsf(d) <= deviations * kernel::sqrt(*variance)
        });
        are_near.all(|is_near| is_near) && self.add(x)
    }

    /// The mean of each channel.
    pub const fn mean(&self) -> &[f32; N] {
        &self.mean
    }

    /// The variance of each channel, of the population.
    pub const fn variance(&self) -> &[f32; N] {
        &self.variance
    }

    /// Number of samples that count.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Gives a layer these means, and one over the deviations; a channel that never changed has the scale 1, as in
    /// scikit-learn's `StandardScaler`.
    pub fn fill<X>(&self, layer: &mut Standardize<N, X>) {
        layer.mean = self.mean;
        for (scale, variance) in layer.scale.iter_mut().zip(self.variance) {
            let deviation = kernel::sqrt(variance);
            *scale = if deviation > 0.0 && (1.0 / deviation).is_finite() { 1.0 / deviation } else { 1.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stream of `reference.py`.
    fn stream(i: u32) -> [f32; 2] {
        let word = i.wrapping_mul(2_654_435_761) >> 16;
        [word as f32 / 65_536.0, 20.0 + (word % 100) as f32 / 8.0]
    }

    /// Means and variances of NumPy's in `f64`: `crates/neurona/src/statistics/reference.py`, NumPy 2.4.6.
    ///
    /// A rounding at step k is k/n of itself at step n. Taken as independent, n of them have the size of `lambda sqrt(n)` units
    /// of 2^-24 with a probability of `1 - 2 exp(-lambda^2 / 2)` (Higham and Mary 2019, "A new approach to probabilistic
    /// rounding error analysis"); with lambda 5 that is 1 - 8e-6. The mean has one of the size of the samples a step; the
    /// variance has four of the size of the largest `d^2`, and an error of the mean enters it times 2 d.
    #[test]
    fn they_are_those_of_numpy() {
        let mut running = RunningScale::<2>::new(u32::MAX);
        for i in 0..5000 {
            assert!(running.add(&stream(i)));
        }
        let roundings = 5.0 * 5000_f64.sqrt() * 2_f64.powi(-24);
        let largest = [(1.0, 0.5), (32.375, 6.2)];
        for (channel, (x, d)) in largest.into_iter().enumerate() {
            let of_mean = roundings * x;
            assert!((f64::from(running.mean[channel]) - NUMPY_MEAN[channel]).abs() <= of_mean);
            let of_variance = 4.0 * roundings * d * d + 2.0 * d * of_mean;
            assert!((f64::from(running.variance[channel]) - NUMPY_VARIANCE[channel]).abs() <= of_variance);
        }
    }

    const NUMPY_MEAN: [f64; 2] = [0.499_942_303_466_796_86, 26.187_35];
    const NUMPY_VARIANCE: [f64; 2] = [0.083_345_102_678_268_8, 13.019_499_977_5];

    #[test]
    fn a_limit_follows_a_drift() {
        let mut running = RunningScale::<1>::new(100);
        (0..1000).for_each(|i| assert!(running.add(&[(i % 2) as f32])));
        // Half way between 0 and 1, but for the newest sample's hundredth.
        assert!((running.mean()[0] - 0.5).abs() < 0.01 && (running.variance()[0] - 0.25).abs() < 0.01);
        (0..1000).for_each(|i| assert!(running.add(&[50.0 + (i % 2) as f32])));
        // 0.99^1000 of the way of 50 is left: 0.002.
        assert!((running.mean()[0] - 50.5).abs() < 0.015);
        assert_eq!(running.count(), 100);
    }

    /// A wild sample spoils the variance for as long as the limit says; left out, it does not.
    #[test]
    fn what_is_far_from_the_mean_can_be_left_out() {
        let mut running = RunningScale::<2>::new(100);
        // Nothing has changed yet: any sample is taken.
        assert!(running.add_within(&[0.0, 5.0], 4.0) && running.add_within(&[1.0, 5.0], 4.0));
        (0..98).for_each(|i| assert!(running.add(&[(i % 2) as f32, 5.0])));
        let mut spoiled = running.clone();
        assert!(spoiled.add(&[1000.0, 5.0]) && spoiled.variance()[0] > 9000.0);
        (0..200).for_each(|i| assert!(spoiled.add(&[(i % 2) as f32, 5.0])));
        assert!(spoiled.variance()[0] > 100.0 * running.variance()[0]);

        // The mean is 0.5, the deviation too.
        let before = running.clone();
        for bad in [[1000.0, 5.0], [-1.6, 5.0], [f32::NAN, 5.0], [0.0, f32::INFINITY]] {
            assert!(!running.add_within(&bad, 4.0));
        }
        assert!(!running.add_within(&[0.5, 5.0], f32::NAN));
        assert_eq!(running, before);
        // The second channel never changed, and now it does.
        assert!(running.add_within(&[-1.4, 900.0], 4.0));
    }

    #[test]
    fn what_is_not_finite_changes_nothing() {
        let mut running = RunningScale::<2>::new(u32::MAX);
        assert!(running.add(&[1.0, 2.0]));
        let before = running.clone();
        for bad in [[f32::NAN, 1.0], [1.0, f32::INFINITY], [f32::MAX, 1.0]] {
            assert!(!running.add(&bad));
        }
        assert_eq!(running, before);
        let mut layer: Standardize<2> = Standardize::new([0.0; 2], [7.0; 2]);
        running.fill(&mut layer);
        assert_eq!(layer.scale, [1.0; 2]);
        // No limit is a limit of one.
        let mut newest = RunningScale::<1>::new(0);
        assert!(newest.add(&[1.0]) && newest.add(&[3.0]));
        assert_eq!((newest.mean(), newest.variance()), (&[3.0], &[0.0]));
    }

    #[test]
    fn parts_that_are_none_are_of_no_sample() {
        let none = RunningScale::<2>::new(9);
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(RunningScale::from_parts([1.0, bad], [1.0; 2], 5, 9), none);
            assert_eq!(RunningScale::from_parts([1.0; 2], [bad, 1.0], 5, 9), none);
        }
        assert_eq!(RunningScale::from_parts([1.0; 2], [1.0, -1e-9], 5, 9), none);
        const PARTS: RunningScale<2> = RunningScale::from_parts([1.0, -2.0], [0.0, 4.0], 5, 9);
        assert_eq!((PARTS.mean(), PARTS.variance(), PARTS.count()), (&[1.0, -2.0], &[0.0, 4.0], 5));
    }

    /// With a limit of 1 the mean is the newest sample but for a rounding, on either side of it.
    #[test]
    fn no_variance_is_negative() {
        let mut rounded = 0;
        for i in 0..10_000 {
            let (mut running, next) = (RunningScale::<2>::new(1), stream(i + 1).map(|x| x / 3.0));
            assert!(running.add(&stream(i)) && running.add(&next));
            rounded += u32::from(running.mean() != &next);
            assert!(running.variance().iter().all(|variance| *variance >= 0.0));
        }
        assert!(rounded > 100, "{rounded}");
    }
}
