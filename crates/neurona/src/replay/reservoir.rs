//! A uniform sample of all examples so far.

use rand_core::Rng;

use super::element::scale_or_one;
use super::{Element, Kept, below, decode, encode};
use crate::plain::Numbers;
use crate::shape::Tensor;

/// Reservoir sampling: after n examples each of them is kept with the same probability, CAPACITY / n (Vitter 1985, "Random
/// sampling with a reservoir", algorithm R).
///
/// Samples have N numbers, each kept as a `Q`; `T` is the target, such as a `u32` for a class or an array of numbers. The
/// count of examples stays at 2^32 - 1 when it gets there; from then on new examples are a little more often kept.
///
/// # Cost
///
/// `CAPACITY (N size(Q) + size(T)) + 12` bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Reservoir<const N: usize, Q, T, const CAPACITY: usize> {
    samples: [[Q; N]; CAPACITY],
    targets: [T; CAPACITY],
    scale: f32,
    len: u32,
    seen: u32,
}

impl<const N: usize, Q: Element, T: Numbers + Copy, const CAPACITY: usize> Reservoir<N, Q, T, CAPACITY> {
    /// An empty buffer; numbers are kept as multiples of `scale`, which `f32` takes no notice of. A scale that is not
    /// positive, or whose 255-fold is not finite, counts as 1.
    pub const fn new(scale: f32) -> Self {
        let scale = scale_or_one(scale);
        const {
            assert!(CAPACITY > 0 && CAPACITY <= u32::MAX as usize, "a replay buffer has room for at least one example");
        }
        Self { samples: [[Q::ZERO; N]; CAPACITY], targets: [T::ZERO; CAPACITY], scale, len: 0, seen: 0 }
    }

    /// Number of examples that are kept.
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether none is kept.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of examples that were offered and not refused.
    pub const fn seen(&self) -> u32 {
        self.seen
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        (self.len, self.seen) = (0, 0);
    }

    /// Keeps an example, or leaves it out, by chance. One with a number that is not finite, in the sample or the target, is
    /// refused.
    pub fn offer<X: Tensor, R: Rng>(&mut self, x: &X, target: T, rng: &mut R) -> Kept {
        const { assert!(size_of::<X>() == 4 * N, "the buffer is for samples of another length") }
        if !x.is_finite() || !target.is_finite() {
            return Kept::Refused;
        }
        self.seen = self.seen.saturating_add(1);
        let place = if self.len() < CAPACITY { self.len } else { below(rng, self.seen) };
        let (Some(sample), Some(kept)) = (self.samples.get_mut(place as usize), self.targets.get_mut(place as usize))
        else {
            return Kept::LeftOut;
        };
        encode(x, self.scale, sample);
        *kept = target;
        if place == self.len {
            self.len += 1;
        }
        Kept::At(place as usize)
    }

    /// Reads the example in a place.
    pub fn get<X: Tensor>(&self, place: usize, x: &mut X) -> Option<T> {
        const { assert!(size_of::<X>() == 4 * N, "the buffer is for samples of another length") }
        let target = self.targets.get(..self.len())?.get(place)?;
        decode(self.samples.get(place)?, self.scale, x);
        Some(*target)
    }

    /// Reads one of the examples, each with the same probability; `None` when there is none.
    pub fn draw<X: Tensor, R: Rng>(&self, rng: &mut R, x: &mut X) -> Option<T> {
        self.get(below(rng, self.len) as usize, x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_pcg::Pcg32;

    /// How often each of 20 examples is kept by 4 places over many runs.
    ///
    /// A count is binomial with p = 4/20: its deviation is sqrt(20,000 p (1 - p)) = 56.6, and five of them are met by chance
    /// once in 1.7 million; the seeds are fixed, so that this is the case once and for all.
    #[test]
    fn each_example_is_kept_equally_often() {
        let mut counts = [0_i32; 20];
        for seed in 0..20_000 {
            let (mut rng, mut x) = (Pcg32::new(seed, 0), [0.0]);
            let mut buffer = Reservoir::<1, f32, u32, 4>::new(1.0);
            for i in 0..20_u32 {
                buffer.offer(&[i as f32], i, &mut rng);
            }
            for place in 0..4 {
                let target = buffer.get(place, &mut x).expect("it is full");
                assert_eq!(x, [target as f32]);
                counts[target as usize] += 1;
            }
        }
        assert!(counts.iter().all(|count| (count - 4000).abs() < 283), "{counts:?}");
    }

    #[test]
    fn nothing_that_is_not_finite_is_kept_and_the_count_stays() {
        let (mut rng, mut x) = (Pcg32::new(1, 0), [[0.0; 1]; 2]);
        let mut buffer = Reservoir::<2, i8, [f32; 1], 1>::new(0.5);
        assert_eq!(buffer.draw(&mut rng, &mut x), None);
        assert_eq!(buffer.offer(&[[f32::NAN], [0.0]], [1.0], &mut rng), Kept::Refused);
        assert_eq!(buffer.offer(&[[0.0], [f32::INFINITY]], [1.0], &mut rng), Kept::Refused);
        assert_eq!(buffer.offer(&[[0.0], [0.0]], [f32::NAN], &mut rng), Kept::Refused);
        assert_eq!(buffer.offer(&[[1.6], [-99.0]], [1.0], &mut rng), Kept::At(0));
        assert_eq!((buffer.draw(&mut rng, &mut x), x), (Some([1.0]), [[1.5], [-63.5]]));
        assert_eq!((buffer.get(1, &mut x), buffer.seen()), (None, 1));
        buffer.seen = u32::MAX;
        assert_eq!(buffer.offer(&[[1.0], [1.0]], [2.0], &mut rng), Kept::LeftOut);
        assert_eq!(buffer.seen(), u32::MAX);
        buffer.clear();
        assert!(buffer.is_empty());
    }

    #[test]
    fn a_scale_that_is_none_counts_as_one() {
        let (mut rng, mut x) = (Pcg32::new(1, 0), [0.0; 2]);
        for scale in [f32::NAN, 0.0, -1.0, f32::INFINITY] {
            let mut buffer = Reservoir::<2, i8, u32, 1>::new(scale);
            assert_eq!(buffer.offer(&[0.0, 2.6], 7, &mut rng), Kept::At(0));
            assert_eq!((buffer.draw(&mut rng, &mut x), x), (Some(7), [0.0, 3.0]));
        }
    }

    /// The surplus words are refused: of 3 numbers from 2^32 words, one, so that counts of 3 (2^31 + 1) are not even.
    #[test]
    fn numbers_below_are_even() {
        let mut rng = Pcg32::new(5, 0);
        assert_eq!(below(&mut rng, 0), 0);
        assert_eq!(below(&mut rng, 1), 0);
        let n = 3 << 30;
        // Without the refusal the low third of the numbers would come twice as often: 1/2, not 1/3, of 30,000.
        let low = (0..30_000).filter(|_| below(&mut rng, n) % 3 == 0).count();
        assert!((9_590..=10_410).contains(&low), "five deviations of 81.6 around 10,000: {low}");
    }
}
