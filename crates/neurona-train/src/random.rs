//! Random numbers whose every bit is documented: the same seed gives the same network on every machine and version.
//!
//! The bits come from ChaCha with eight rounds (D. J. Bernstein, "ChaCha, a variant of Salsa20", 2008). Its key is the
//! seed, what the numbers are for, and two indices; so the numbers for, say, the dropout of one shard of one step are a
//! stream of their own, whoever computes it and when. The maps from bits to numbers are written out here and not taken
//! from a library, because a library may change its maps from version to version.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// What random numbers are for; each purpose has streams of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// Initial weights, one stream for each layer.
    Init = 1,
    /// Which rows go to which part of a data set.
    Split = 2,
    /// The order of the examples, one stream for each epoch.
    Shuffle = 3,
    /// Which activations are dropped, one stream for each step and shard.
    Dropout = 4,
    /// How examples are changed while they are trained on, one stream for each epoch and row.
    Augment = 5,
    /// Which rows go to which fold of a cross-validation.
    Folds = 8,
    /// The values of a search, one stream for each trial and each of its values.
    Search = 9,
    /// Examples that are made and not read, one stream for each data set.
    Sample = 16,
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// The stream for a purpose; `first` and `second` number the streams of one purpose.
    pub fn new(seed: u64, purpose: Purpose, first: u64, second: u64) -> Self {
        let mut key = [0; 32];
        for (bytes, word) in key.chunks_exact_mut(8).zip([seed, purpose as u64, first, second]) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// The next 32 bits.
    pub fn bits(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// Uniform in `[0, 1)`: the upper 24 bits, times 2^-24.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// As [`unit`](Self::unit), for many values.
    pub(crate) fn units(&mut self, values: &mut [f32]) {
        const BLOCK: usize = 64;
        let mut bytes = [[0; 4]; BLOCK];
        for values in values.chunks_mut(BLOCK) {
            let bytes = &mut bytes[..values.len()];
            // Words are drawn whole, in the order of their bytes.
            self.0.fill_bytes(bytes.as_flattened_mut());
            for (value, word) in values.iter_mut().zip(bytes) {
                *value = (u32::from_le_bytes(*word) >> 8) as f32 * (1.0 / 16_777_216.0);
            }
        }
    }

    /// Uniform in `[-limit, limit)`.
    pub fn uniform(&mut self, limit: f32) -> f32 {
        // 2u - 1 is exact, so that only the product is rounded.
        (2.0 * self.unit() - 1.0) * limit
    }

    /// Normal with mean 0 and standard deviation 1.
    ///
    /// The first of the two values of Box and Muller ("A note on the generation of random normal deviates", 1958),
    /// computed in `f64` with functions that give the same bits on every platform.
    pub fn normal(&mut self) -> f32 {
        // 1 - u is in (0, 1], so that its logarithm is finite.
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - f64::from(self.unit())));
        (radius * libm::cos(2.0 * std::f64::consts::PI * f64::from(self.unit()))) as f32
    }

    /// Uniform in `0..bound`; 0 when `bound` is 0.
    ///
    /// D. Lemire, "Fast random integer generation in an interval", 2019: no value is more likely than another.
    pub fn below(&mut self, bound: u32) -> u32 {
        if bound == 0 {
            return 0;
        }
        loop {
            let product = u64::from(self.bits()) * u64::from(bound);
            // What is compared with is a remainder by `bound`, and takes a division: mostly it need not be known.
            if product as u32 >= bound || product as u32 >= bound.wrapping_neg() % bound {
                return (product >> 32) as u32;
            }
        }
    }

    /// Puts `items` in random order (Fisher and Yates; Durstenfeld's form, 1964).
    ///
    /// Data sets have fewer than 2^32 rows; items after those would stay where they are.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        for last in (1..count).rev() {
            items.swap(last as usize, self.below(last + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Random {
        Random::new(1, Purpose::Init, 0, 0)
    }

    #[test]
    fn the_stream_is_that_of_chacha8() {
        // ChaCha8 with a key and a nonce of zeros: the first words of the published key stream
        // 3e00ef2f895f40d67f5bb8e81f09a5a12c840ec3ce9a7f3b181be188ef711a1e (Strombergson's test vectors, TC1).
        let mut zeros = Random(ChaCha8Rng::from_seed([0; 32]));
        assert_eq!([zeros.bits(), zeros.bits()].map(u32::swap_bytes), [0x3e00_ef2f, 0x895f_40d6]);
    }

    #[test]
    fn streams_differ_in_each_part_of_the_key() {
        let first = |mut random: Random| [random.bits(), random.bits()];
        let streams = [
            first(stream()),
            first(Random::new(2, Purpose::Init, 0, 0)),
            first(Random::new(1, Purpose::Split, 0, 0)),
            first(Random::new(1, Purpose::Init, 1, 0)),
            first(Random::new(1, Purpose::Init, 0, 1)),
        ];
        for (at, one) in streams.iter().enumerate() {
            assert!(streams[at + 1..].iter().all(|other| one != other));
        }
        assert_eq!(first(stream()), streams[0]);
    }

    /// 5 standard errors: a correct generator fails once in 1.7 million seeds, and the seed is fixed.
    const SIGMAS: f64 = 5.0;
    const COUNT: usize = 100_000;

    fn mean_and_variance(mut next: impl FnMut() -> f32) -> (f64, f64) {
        let values: Vec<f64> = (0..COUNT).map(|_| f64::from(next())).collect();
        let mean = values.iter().sum::<f64>() / COUNT as f64;
        (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / COUNT as f64)
    }

    #[test]
    fn moments_of_the_uniform_distribution() {
        let mut random = stream();
        let (mean, variance) = mean_and_variance(|| {
            let value = random.uniform(3.0);
            assert!((-3.0..3.0).contains(&value));
            value
        });
        // Variance of U(-a, a) is a^2/3 = 3, its fourth moment a^4/5 = 16.2.
        assert!(mean.abs() < SIGMAS * (3.0 / COUNT as f64).sqrt(), "{mean}");
        assert!((variance - 3.0).abs() < SIGMAS * ((16.2 - 9.0) / COUNT as f64).sqrt(), "{variance}");
    }

    #[test]
    fn moments_of_the_normal_distribution() {
        let mut random = stream();
        let (mean, variance) = mean_and_variance(|| random.normal());
        // The fourth moment of N(0, 1) is 3.
        assert!(mean.abs() < SIGMAS * (1.0 / COUNT as f64).sqrt(), "{mean}");
        assert!((variance - 1.0).abs() < SIGMAS * (2.0 / COUNT as f64).sqrt(), "{variance}");
    }

    #[test]
    fn many_are_as_one_by_one() {
        for count in [1, 2, 63, 64, 65, 200] {
            let (mut one, mut many, mut units) = (stream(), stream(), vec![0.0; count]);
            one.bits();
            many.bits();
            many.units(&mut units);
            assert!(units.iter().all(|unit| *unit == one.unit()));
            assert_eq!(one.bits(), many.bits());
        }
    }

    #[test]
    fn below_is_even() {
        let mut random = stream();
        let mut counts = [0_u32; 7];
        for _ in 0..COUNT {
            counts[random.below(7) as usize] += 1;
        }
        let expected = COUNT as f64 / 7.0;
        let chi_squared: f64 = counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
        // Upper 10^-6 quantile of chi squared with six degrees of freedom is 38.3.
        assert!(chi_squared < 38.3, "{chi_squared}");
        assert_eq!(random.below(0), 0);
        assert_eq!(random.below(1), 0);
    }

    #[test]
    fn shuffling_permutes() {
        let mut items: Vec<u32> = (0..100).collect();
        stream().shuffle(&mut items);
        assert!(items.iter().enumerate().any(|(at, item)| at as u32 != *item));
        items.sort_unstable();
        assert!(items.iter().enumerate().all(|(at, item)| at as u32 == *item));
        stream().shuffle::<u32>(&mut []);
    }
}
