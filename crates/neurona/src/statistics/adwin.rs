//! A window that is as long as what it holds is alike.

/// ADWIN (Bifet and Gavaldà 2007, "Learning from time-changing data with adaptive windowing", ADWIN2): a window over a stream
/// whose oldest part is dropped as soon as two parts of it have means that differ by more than chance.
///
/// The window of n numbers is kept as an exponential histogram: sums of 1, 2, 4, … numbers, at most six of each size, and
/// two of a size become one of the next. At each boundary between two of them, with n0 numbers before and n1 behind, the means
/// are compared; where they differ by more than `sqrt(2/m v d) + 2/3 d/m`, with `1/m = 1/n0 + 1/n1`, the variance v of the
/// window, and `d = ln(2 ln(n) / delta)`, the oldest of the sums is dropped, and the rest compared again. Both parts have at
/// least five numbers. The bound is for numbers from 0 to 1, such as whether an answer was wrong; scale others to this range.
///
/// ROWS sizes hold `6 (2^ROWS - 1)` numbers at most; the oldest are dropped beyond.
///
/// # Cost
///
/// `60 ROWS + 4` bytes. A number takes a comparison at each boundary, up to `6 ROWS`, each with a square root and four
/// divisions; on a core without a floating-point unit, give it means of several numbers.
///
/// # Examples
///
/// ```
/// use neurona::statistics::Adwin;
///
/// let mut window = Adwin::<10>::new(0.002);
/// let changes = (0..1000).filter(|i| window.add(if *i < 500 { 0.2 } else { 0.8 })).count();
/// assert!(changes > 0);
/// assert!((window.mean() - 0.8).abs() < 0.01);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Adwin<const ROWS: usize> {
    /// Of `2^row` numbers a bucket.
    rows: [Row; ROWS],
    delta: f32,
}

/// Buckets of one size, the oldest first.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    buckets: [Bucket; Self::LEN],
    len: u32,
}

/// Numbers of which only these two are known.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bucket {
    sum: f32,
    /// Sum of the squared differences from their mean.
    squares: f32,
}

impl Bucket {
    const EMPTY: Self = Self { sum: 0.0, squares: 0.0 };

    /// This and another, of so many numbers each (Chan, Golub and LeVeque 1983).
    fn join(self, count: f32, other: Self, other_count: f32) -> Self {
        if count == 0.0 {
            return other;
        }
        let d = other.sum / other_count - self.sum / count;
        let between = d * d * (count * other_count / (count + other_count));
        Self { sum: self.sum + other.sum, squares: self.squares + other.squares + between }
    }
}

impl Row {
    /// Six stay; with a seventh, the two oldest go to the next row.
    const LEN: usize = 7;

    const EMPTY: Self = Self { buckets: [Bucket::EMPTY; Self::LEN], len: 0 };

    fn push(&mut self, bucket: Bucket) {
        if let Some(place) = self.buckets.get_mut(self.len as usize) {
            *place = bucket;
            self.len += 1;
        }
    }

    /// Takes the oldest away.
    fn pop(&mut self) -> Bucket {
        let [oldest, rest @ ..] = self.buckets;
        for (to, from) in self.buckets.iter_mut().zip(rest) {
            *to = from;
        }
        self.len = self.len.saturating_sub(1);
        oldest
    }
}

impl<const ROWS: usize> Adwin<ROWS> {
    /// A window of no number yet; `delta` is the probability, above 0 and below 1, with which a change is found where there
    /// is none.
    pub const fn new(delta: f32) -> Self {
        const { assert!(ROWS > 0 && ROWS <= 22, "a window has 1 to 22 rows, of 6 to 25,165,818 numbers") }
        Self { rows: [Row::EMPTY; ROWS], delta }
    }

    /// Takes a number; whether the window was cut, which is that the mean has changed. A number that is not finite, or whose
    /// square is not, is left out.
    pub fn add(&mut self, x: f32) -> bool {
        if !(x * x * (1 << 25) as f32).is_finite() {
            return false;
        }
        self.push(Bucket { sum: x, squares: 0.0 });
        let mut changed = false;
        // Each turn drops a bucket.
        for _ in 0..Row::LEN * ROWS {
            if !self.is_cut() {
                break;
            }
            self.drop_oldest();
            changed = true;
        }
        changed
    }

    /// Number of numbers in the window.
    pub fn len(&self) -> u32 {
        self.rows.iter().enumerate().map(|(row, buckets)| buckets.len << row).sum()
    }

    /// Whether the window is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The mean of the window; 0 when it is empty.
    pub fn mean(&self) -> f32 {
        let (count, all) = self.all();
        if count > 0.0 { all.sum / count } else { 0.0 }
    }

    /// The variance of the window; 0 when it is empty.
    pub fn variance(&self) -> f32 {
        let (count, all) = self.all();
        if count > 0.0 { all.squares / count } else { 0.0 }
    }

    /// Forgets every number.
    pub fn clear(&mut self) {
        self.rows = [Row::EMPTY; ROWS];
    }

    fn push(&mut self, bucket: Bucket) {
        let (mut bucket, mut count) = (bucket, 1.0);
        for row in &mut self.rows {
            row.push(bucket);
            if (row.len as usize) < Row::LEN {
                return;
            }
            let oldest = row.pop();
            bucket = oldest.join(count, row.pop(), count);
            count *= 2.0;
        }
        // Beyond the last row the oldest are forgotten.
    }

    fn drop_oldest(&mut self) {
        if let Some(row) = self.rows.iter_mut().rev().find(|row| row.len > 0) {
            row.pop();
        }
    }

    /// Each bucket with its count, the oldest first.
    fn buckets(&self) -> impl Iterator<Item = (f32, Bucket)> {
        self.rows.iter().enumerate().rev().flat_map(|(row, buckets)| {
            let count = (1_u32 << row) as f32;
            buckets.buckets.iter().take(buckets.len as usize).map(move |bucket| (count, *bucket))
        })
    }

    /// Count and sums of the window.
    fn all(&self) -> (f32, Bucket) {
        self.buckets()
            .fold((0.0, Bucket::EMPTY), |(count, all), (more, bucket)| (count + more, all.join(count, bucket, more)))
    }

    /// Whether some boundary divides the window into two parts that are not alike.
    fn is_cut(&self) -> bool {
        let (count, all) = self.all();
        if count < 2.0 * LEAST {
            return false;
        }
        let d = libm::logf(2.0 * libm::logf(count) / self.delta);
        let variance = all.squares / count;
        let (mut before, mut sum) = (0.0, 0.0);
        for (more, bucket) in self.buckets() {
            (before, sum) = (before + more, sum + bucket.sum);
            let behind = count - before;
            if before < LEAST || behind < LEAST {
                continue;
            }
            let recip = 1.0 / before + 1.0 / behind;
            let bound = crate::kernel::sqrt(2.0 * recip * variance * d) + 2.0 / 3.0 * d * recip;
            let difference = sum / before - (all.sum - sum) / behind;
            if difference > bound || -difference > bound {
                return true;
            }
        }
        false
    }
}

/// Numbers that each part has at least.
const LEAST: f32 = 5.0;

#[cfg(test)]
mod tests {
    use super::super::tests::step;
    use super::*;
    use rand_core::Rng as _;
    use rand_pcg::Pcg32;
    use std::vec::Vec;

    extern crate std;

    /// A window of `f64` that keeps every number and cuts at the same boundaries, from the paper: `reference.py`. There no
    /// difference comes nearer to its bound than 4.6e-5 of it, and sums of some 1,000 numbers in `f32` are off by some 1e-6.
    #[test]
    fn cuts_are_those_of_the_paper() {
        let mut window = Adwin::<12>::new(0.002);
        let found: Vec<u32> = (0..3000).filter(|i| window.add(step(*i))).collect();
        assert_eq!(found, PAPER);
        assert_eq!(window.len(), 1032);
    }

    #[rustfmt::skip]
    const PAPER: [u32; 30] = [
        1032, 1033, 1034, 1035, 1037, 1038, 1039, 1040, 1042, 1044, 1049, 1052, 1058, 1064, 1078, 1134, 2034, 2035, 2036,
        2037, 2038, 2039, 2042, 2044, 2049, 2053, 2059, 2067, 2085, 2136,
    ];

    /// Numbers of one distribution are hardly ever cut: `delta` bounds how often at each length.
    #[test]
    fn what_stays_alike_is_not_cut() {
        let mut cuts = 0;
        for seed in 0..20 {
            let (mut window, mut rng) = (Adwin::<12>::new(0.002), Pcg32::new(seed, 0));
            cuts += (0..2000).filter(|_| window.add((rng.next_u32() >> 8) as f32 / (1 << 24) as f32)).count();
        }
        assert!(cuts <= 2, "{cuts} cuts in 40,000 numbers");
    }

    #[test]
    fn no_number_makes_it_panic_and_memory_is_bounded() {
        let mut window = Adwin::<2>::new(0.0);
        for x in [f32::NAN, f32::INFINITY, f32::MAX, -f32::MAX] {
            assert!(!window.add(x));
        }
        assert!(window.is_empty() && window.mean() == 0.0 && window.variance() == 0.0);
        let mut window = Adwin::<2>::new(0.5);
        for i in 0..1000 {
            window.add(if i % 7 == 0 { 1e15 } else { -1e-30 });
            assert!(window.len() <= 6 + 12);
        }
        window.clear();
        assert!(window.is_empty());
    }
}
