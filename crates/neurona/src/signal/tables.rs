//! The tables that features are computed with: made by the compiler for a board, at run time on a desktop, to the same bits.

use core::iter::once;

use super::extractor::Pcm;
use super::math::{cos_turn, sin_turn, sqrt};
use super::spec::{Cosine, FeatureSpec, Kind, Log, Spectrum, Window};
use crate::kernel;

/// The constants of features, in flash or in memory: what [`features!`](crate::features) makes of a [`FeatureSpec`], and a
/// desktop with [`FeatureSpec::fill`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tables<'a> {
    /// What they are made of.
    pub spec: FeatureSpec,
    /// (frame)
    pub window: &'a [f32],
    /// Cosine and sine of a quarter of a turn, (fft / 4, 2).
    pub twiddles: &'a [f32],
    /// The first bin of each mel band and how many it has, (mels); none where the features are the spectrum.
    pub bands: &'a [[u16; 2]],
    /// The weights of the bins of each band, one band after another.
    pub weights: &'a [f32],
    /// The cosine transform, (coefficients, mels); none where the features are something else.
    pub cosines: &'a [f32],
}

/// How long each table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// That of [`Tables::window`].
    pub window: usize,
    /// That of [`Tables::twiddles`].
    pub twiddles: usize,
    /// That of [`Tables::bands`].
    pub bands: usize,
    /// That of [`Tables::weights`].
    pub weights: usize,
    /// That of [`Tables::cosines`].
    pub cosines: usize,
}

impl Lengths {
    /// Bytes that the tables take in flash.
    pub const fn bytes(&self) -> usize {
        4 * (self.window + self.twiddles + self.bands + self.weights + self.cosines)
    }
}

impl FeatureSpec {
    /// How long the tables are; with a [fault](Self::fault), 0.
    pub const fn lengths(&self) -> Lengths {
        if self.fault().is_some() {
            return Lengths { window: 0, twiddles: 0, bands: 0, weights: 0, cosines: 0 };
        }
        let bands = if matches!(self.kind, Kind::Spectrum) { 0 } else { self.mels };
        let cosines = if matches!(self.kind, Kind::Mfcc) { self.coefficients * self.mels } else { 0 };
        let (mut weights, mut band) = (0, 0);
        while band < bands {
            weights += self.band(band).1;
            band += 1;
        }
        Lengths { window: self.frame, twiddles: self.fft / 2, bands, weights, cosines }
    }

    /// Fills the tables, as far as they go: they are of these [`lengths`](Self::lengths).
    ///
    /// Each number is computed in double precision, with an error of at most 1e-14 of the largest in its table, and rounded.
    pub const fn fill(
        &self,
        window: &mut [f32],
        twiddles: &mut [f32],
        bands: &mut [[u16; 2]],
        weights: &mut [f32],
        cosines: &mut [f32],
    ) {
        self.fill_window(window);
        self.fill_twiddles(twiddles);
        self.fill_bands(bands, weights);
        self.fill_cosines(cosines);
    }

    const fn fill_window(&self, window: &mut [f32]) {
        let (raised, swing, turn) = match self.window {
            Window::Rectangular => (1.0, 0.0, self.frame),
            Window::Hann => (0.5, 0.5, self.frame),
            Window::Hamming => (0.54, 0.46, self.frame),
            Window::SymmetricHann => (0.5, 0.5, self.frame - 1),
            Window::SymmetricHamming => (0.54, 0.46, self.frame - 1),
        };
        let mut n = 0;
        while n < window.len() {
            window[n] = (raised - swing * cos_turn(n as u64, turn as u64)) as f32;
            n += 1;
        }
    }

    const fn fill_twiddles(&self, twiddles: &mut [f32]) {
        let mut k = 0;
        while 2 * k + 1 < twiddles.len() {
            twiddles[2 * k] = cos_turn(k as u64, self.fft as u64) as f32;
            twiddles[2 * k + 1] = sin_turn(k as u64, self.fft as u64) as f32;
            k += 1;
        }
    }

    const fn fill_bands(&self, bands: &mut [[u16; 2]], weights: &mut [f32]) {
        let (mut band, mut at) = (0, 0);
        while band < bands.len() {
            let (first, len) = self.band(band);
            bands[band] = [first as u16, len as u16];
            let (triangle, mut bin) = (self.triangle(band), first);
            while bin < first + len && at < weights.len() {
                weights[at] = self.weight(&triangle, bin) as f32;
                (bin, at) = (bin + 1, at + 1);
            }
            band += 1;
        }
    }

    const fn fill_cosines(&self, cosines: &mut [f32]) {
        let mut at = 0;
        while at < cosines.len() {
            let (k, n) = (at / self.mels, at % self.mels);
            let share = if k == 0 && matches!(self.cosine, Cosine::Orthonormal) { 1.0 } else { 2.0 };
            let turn = cos_turn((k * (2 * n + 1)) as u64, 4 * self.mels as u64);
            cosines[at] = (sqrt(share / self.mels as f64) * turn) as f32;
            at += 1;
        }
    }
}

impl Tables<'_> {
    /// Computes a column from the samples of a frame, which have been [emphasised](FeatureSpec::pre_emphasis).
    ///
    /// Each sample is multiplied by the window; zeros follow; then [`real_fft`](kernel::real_fft),
    /// [`power_spectrum`](kernel::power_spectrum), the square root for magnitudes, [`filter_bank`](kernel::filter_bank), `libm`'s
    /// logarithm and [`matrix_product`](kernel::matrix_product), as far as they are asked for, each in its documented order.
    ///
    /// # Shapes
    ///
    /// `work` is (fft) and `column` is ([`FeatureSpec::len`]).
    #[inline(never)]
    pub fn column(&self, samples: impl Iterator<Item = f32>, work: &mut [f32], column: &mut [f32]) {
        work.fill(0.0);
        for ((to, sample), factor) in work.iter_mut().zip(samples).zip(self.window) {
            *to = sample * factor;
        }
        self.transform(work, column);
    }

    /// Computes the columns of a whole recording, as many as there is room for, and gives their number: see
    /// [`FeatureSpec::columns`].
    ///
    /// # Shapes
    ///
    /// `work` is (fft), and each column is ([`FeatureSpec::len`]).
    pub fn columns<'c, S: Pcm>(
        &self,
        samples: &[S],
        work: &mut [f32],
        columns: impl Iterator<Item = &'c mut [f32]>,
    ) -> usize {
        let before = once(0.0).chain(samples.iter().map(|sample| sample.value()));
        let pairs = samples.iter().zip(before);
        let mut emphasised = pairs.map(|(sample, before)| self.spec.emphasised(sample.value(), before));
        let mut count = 0;
        for column in columns.take(self.spec.columns(samples.len())) {
            self.column(emphasised.clone(), work, column);
            emphasised.nth(self.spec.hop.saturating_sub(1));
            count += 1;
        }
        count
    }

    /// From a frame in `work` to its column.
    #[inline(never)] // once for all kinds of samples
    fn transform(&self, work: &mut [f32], column: &mut [f32]) {
        kernel::real_fft(work, self.twiddles);
        kernel::power_spectrum(work);
        let Some((bins, rest)) = work.split_at_mut_checked(self.spec.bins()) else { return };
        if matches!(self.spec.spectrum, Spectrum::Magnitude) {
            kernel::square_roots(bins);
        }
        match self.spec.kind {
            Kind::Spectrum => {
                for (to, bin) in column.iter_mut().zip(bins) {
                    *to = *bin;
                }
                self.spec.log.apply(column);
            }
            Kind::Mel => {
                kernel::filter_bank(self.bands, self.weights, bins, column);
                self.spec.log.apply(column);
            }
            Kind::Mfcc => {
                // There are fewer bands than half the points.
                let mels = rest.get_mut(..self.bands.len()).unwrap_or_default();
                kernel::filter_bank(self.bands, self.weights, bins, mels);
                self.spec.log.apply(mels);
                kernel::matrix_product(self.cosines, mels, column);
            }
        }
    }
}

impl Log {
    fn apply(self, values: &mut [f32]) {
        let (plus, least) = match self {
            Self::None => return,
            Self::Plus(floor) => (floor, 0.0),
            Self::AtLeast(floor) => (0.0, floor),
        };
        for value in values {
            let sum = *value + plus;
            *value = libm::logf(if sum < least { least } else { sum });
        }
    }
}
