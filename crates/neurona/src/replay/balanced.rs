//! A sample of all examples in which each class has its share.

use rand_core::Rng;

use super::element::scale_or_one;
use super::{Element, Kept, below, decode, encode};
use crate::shape::Tensor;

/// A buffer in which classes have equal shares, however often they come (Chrysakis and Moens 2020, "Online continual learning
/// from imbalanced data", class-balancing reservoir sampling).
///
/// While there is room everything is kept. Then an example of a class that never had the most places takes one of those of
/// the largest class; an example of a class that had takes one of its own, with the probability that reservoir sampling gives
/// it. So a rare class is kept whole as long as it needs no more than its share.
///
/// Samples have N numbers, each kept as a `Q`.
///
/// # Cost
///
/// `CAPACITY (N size(Q) + 2) + 12 CLASSES + 8` bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Balanced<const N: usize, Q, const CAPACITY: usize, const CLASSES: usize> {
    samples: [[Q; N]; CAPACITY],
    classes: [u16; CAPACITY],
    counts: [Count; CLASSES],
    scale: f32,
    len: u32,
}

/// Of one class.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Count {
    seen: u32,
    kept: u32,
    /// Whether it ever had the most places of a full buffer.
    was_largest: bool,
}

impl<const N: usize, Q: Element, const CAPACITY: usize, const CLASSES: usize> Balanced<N, Q, CAPACITY, CLASSES> {
    /// An empty buffer; numbers are kept as multiples of `scale`, which `f32` takes no notice of. A scale that is not
    /// positive, or whose 255-fold is not finite, counts as 1.
    pub const fn new(scale: f32) -> Self {
        let scale = scale_or_one(scale);
        const {
            assert!(CAPACITY > 0 && CAPACITY <= u32::MAX as usize, "a replay buffer has room for at least one example");
            assert!(CLASSES > 0 && CLASSES <= u16::MAX as usize, "a balanced buffer has 1 to 65,535 classes");
        }
        let none = Count { seen: 0, kept: 0, was_largest: false };
        Self { samples: [[Q::ZERO; N]; CAPACITY], classes: [0; CAPACITY], counts: [none; CLASSES], scale, len: 0 }
    }

    /// Number of examples that are kept.
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether none is kept.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of examples of a class that are kept.
    pub fn kept(&self, class: usize) -> usize {
        self.counts.get(class).map_or(0, |count| count.kept as usize)
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.len = 0;
        self.counts.fill(Count { seen: 0, kept: 0, was_largest: false });
    }

    /// Keeps an example, or leaves it out, by chance.
    pub fn offer<X: Tensor, R: Rng>(&mut self, x: &X, class: usize, rng: &mut R) -> Kept {
        const { assert!(size_of::<X>() == 4 * N, "the buffer is for samples of another length") }
        let Some(count) = self.counts.get_mut(class) else { return Kept::Refused };
        if !x.is_finite() {
            return Kept::Refused;
        }
        count.seen = count.seen.saturating_add(1);
        let Count { seen, kept, was_largest } = *count;
        let is_new = self.len() < CAPACITY;
        let place = if is_new {
            self.len += 1;
            self.len - 1
        } else if !was_largest {
            let largest = self.counts.iter().map(|count| count.kept).fold(0, Ord::max);
            self.nth_of(below(rng, largest), |_, count| count.kept == largest)
        } else {
            // Kept with the probability kept / seen, as a reservoir of this class would.
            let place = below(rng, seen);
            if place >= kept {
                return Kept::LeftOut;
            }
            self.nth_of(place, |other, _| other == class)
        };
        self.put(place as usize, x, class, is_new)
    }

    /// Reads the example in a place, and gives its class.
    pub fn get<X: Tensor>(&self, place: usize, x: &mut X) -> Option<usize> {
        const { assert!(size_of::<X>() == 4 * N, "the buffer is for samples of another length") }
        let class = self.classes.get(..self.len())?.get(place)?;
        decode(self.samples.get(place)?, self.scale, x);
        Some(usize::from(*class))
    }

    /// Reads one of the examples, each with the same probability, and gives its class; `None` when there is none.
    pub fn draw<X: Tensor, R: Rng>(&self, rng: &mut R, x: &mut X) -> Option<usize> {
        self.get(below(rng, self.len) as usize, x)
    }

    /// The n-th place, from 0, whose class fits.
    fn nth_of(&self, n: u32, fits: impl Fn(usize, &Count) -> bool) -> u32 {
        let is_of = |class: &u16| {
            let class = usize::from(*class);
            self.counts.get(class).is_some_and(|count| fits(class, count))
        };
        let places = self.classes.iter().enumerate().filter(|(_, class)| is_of(class));
        places.map(|(place, _)| place as u32).nth(n as usize).unwrap_or(u32::MAX)
    }

    fn put<X: Tensor>(&mut self, place: usize, x: &X, class: usize, is_new: bool) -> Kept {
        let (Some(sample), Some(of)) = (self.samples.get_mut(place), self.classes.get_mut(place)) else {
            return Kept::LeftOut;
        };
        encode(x, self.scale, sample);
        let before = usize::from(core::mem::replace(of, class as u16));
        if let (Some(count), false) = (self.counts.get_mut(before), is_new) {
            count.kept = count.kept.saturating_sub(1);
        }
        if let Some(count) = self.counts.get_mut(class) {
            count.kept += 1;
        }
        if self.len() == CAPACITY {
            let largest = self.counts.iter().map(|count| count.kept).fold(0, Ord::max);
            for count in &mut self.counts {
                count.was_largest |= count.kept == largest;
            }
        }
        Kept::At(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_pcg::Pcg32;

    /// Class 0 comes 20 times as often as class 1, and class 2 five times in all: of 30 places, the rare ones get what they
    /// need, and the others the same share.
    #[test]
    fn rare_classes_have_their_share() {
        for seed in 0..50 {
            let mut rng = Pcg32::new(seed, 0);
            let mut buffer = Balanced::<1, u8, 30, 4>::new(1.0);
            for i in 0..2_000 {
                let class = if i % 400 == 7 { 2 } else { usize::from(i % 21 == 0) };
                buffer.offer(&[class as f32], class, &mut rng);
            }
            assert_eq!(buffer.kept(2), 5, "seed {seed}");
            let (common, rare) = (buffer.kept(0), buffer.kept(1));
            assert!(common + rare == 25 && common.abs_diff(rare) <= 1, "seed {seed}: {common} and {rare}");
            for place in 0..30 {
                let mut x = [9.0];
                assert_eq!(buffer.get(place, &mut x), Some(x[0] as usize));
            }
        }
    }

    /// Within a class each example is kept equally often: binomial counts with p = 3/30, 10,000 runs, deviation 30.
    #[test]
    fn within_a_class_each_is_kept_equally_often() {
        let mut counts = [0_i32; 30];
        for seed in 0..10_000 {
            let (mut rng, mut x) = (Pcg32::new(seed, 0), [0.0]);
            let mut buffer = Balanced::<1, f32, 6, 2>::new(1.0);
            for i in 0..30 {
                for class in 0..2 {
                    buffer.offer(&[(100 * class + i) as f32], class, &mut rng);
                }
            }
            assert_eq!((buffer.kept(0), buffer.kept(1)), (3, 3));
            for place in 0..6 {
                if buffer.get(place, &mut x) == Some(1) {
                    counts[x[0] as usize - 100] += 1;
                }
            }
        }
        assert!(counts.iter().all(|count| (count - 1000).abs() < 150), "{counts:?}");
    }

    #[test]
    fn a_scale_that_is_none_counts_as_one() {
        let (mut rng, mut x) = (Pcg32::new(1, 0), [0.0; 2]);
        for scale in [f32::NAN, 0.0, -1.0, f32::INFINITY] {
            let mut buffer = Balanced::<2, u8, 1, 8>::new(scale);
            assert_eq!(buffer.offer(&[0.0, 2.6], 7, &mut rng), Kept::At(0));
            assert_eq!((buffer.draw(&mut rng, &mut x), x), (Some(7), [0.0, 3.0]));
        }
    }

    #[test]
    fn what_is_no_example_is_refused() {
        let (mut rng, mut x) = (Pcg32::new(0, 0), [0.0]);
        let mut buffer = Balanced::<1, i8, 2, 2>::new(1.0);
        assert_eq!(buffer.offer(&[0.0], 2, &mut rng), Kept::Refused);
        assert_eq!(buffer.offer(&[f32::NAN], 1, &mut rng), Kept::Refused);
        assert_eq!((buffer.draw(&mut rng, &mut x), buffer.kept(9)), (None, 0));
        for i in 0..50 {
            assert_ne!(buffer.offer(&[1.0], i % 2, &mut rng), Kept::Refused);
        }
        assert_eq!((buffer.len(), buffer.kept(0), buffer.kept(1)), (2, 1, 1));
        buffer.clear();
        assert_eq!((buffer.len(), buffer.kept(0)), (0, 0));
    }
}
