//! What features are made of: every choice, and the sizes that follow.

use super::math::{exp, ln};

/// How features are computed from samples: a value that a type of features has as a constant, and that the desktop reads from
/// options.
///
/// Begin with one of the constants, and change what differs:
///
/// ```
/// use neurona::signal::FeatureSpec;
///
/// const WIDE: FeatureSpec = FeatureSpec { coefficients: 13, high: 7600.0, ..FeatureSpec::MLPERF_TINY };
/// assert_eq!((WIDE.fault(), WIDE.len(), WIDE.columns(16_000)), (None, 13, 49));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FeatureSpec {
    /// Samples a second.
    pub sample_rate: u32,
    /// Number of samples of a frame, of which each gives a column of features.
    pub frame: usize,
    /// Number of samples from the beginning of a frame to that of the next.
    pub hop: usize,
    /// Number of points of the Fourier transform, a power of two: a shorter frame is followed by zeros.
    pub fft: usize,
    /// How much of the sample before is subtracted from each one before anything else, over the whole recording:
    /// `x[t] - a x[t-1]`, in front of the first one a 0. Usual is 0.97; 0 is none.
    pub pre_emphasis: f32,
    /// By what each frame is multiplied.
    pub window: Window,
    /// What is taken of each bin of the spectrum.
    pub spectrum: Spectrum,
    /// What a column holds.
    pub kind: Kind,
    /// Number of mel bands.
    pub mels: usize,
    /// Where the lowest band begins, in Hz.
    pub low: f32,
    /// Where the highest band ends, in Hz.
    pub high: f32,
    /// The scale on which the bands are equally wide.
    pub scale: MelScale,
    /// On which axis a band rises and falls in straight lines.
    pub triangles: Triangles,
    /// How high a band is.
    pub height: Height,
    /// Whether logarithms are taken, and how small a value may be.
    pub log: Log,
    /// Number of coefficients of the cosine transform, from the 0th on.
    pub coefficients: usize,
    /// The factors of the cosine transform.
    pub cosine: Cosine,
}

/// What a column of features holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// Each bin of the spectrum, from 0 Hz to half the sample rate.
    Spectrum,
    /// Each mel band.
    Mel,
    /// Mel-frequency cepstral coefficients: the cosine transform of the logarithms of the bands (S. B. Davis and
    /// P. Mermelstein, "Comparison of parametric representations for monosyllabic word recognition in continuously spoken
    /// sentences", 1980).
    Mfcc,
}

/// By what each frame is multiplied; n goes from 0 to N - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Window {
    /// 1: by nothing.
    Rectangular,
    /// `0.5 - 0.5 cos(2πn/N)`: periodic, as TensorFlow, librosa, PyTorch and SciPy have it.
    Hann,
    /// `0.54 - 0.46 cos(2πn/N)`, periodic.
    Hamming,
    /// [`Hann`](Self::Hann) with N - 1 in the place of N: symmetric, as numpy has it.
    SymmetricHann,
    /// [`Hamming`](Self::Hamming) with N - 1 in the place of N, as HTK, Kaldi and numpy have it.
    SymmetricHamming,
}

/// What is taken of each bin of the spectrum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Spectrum {
    /// Its absolute value.
    Magnitude,
    /// The square of that.
    Power,
}

/// A scale of pitch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum MelScale {
    /// `1127 ln(1 + f / 700)`, as HTK, Kaldi and TensorFlow have it.
    Htk,
    /// Slaney's Auditory Toolbox, which librosa follows: `3 f / 200` up to 1000 Hz, and from there on `15 + 27 ln(f / 1000) /
    /// ln 6.4`.
    Slaney,
}

/// On which axis a band rises and falls in straight lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Triangles {
    /// In mel, as HTK, Kaldi and TensorFlow have it.
    Mel,
    /// In Hz, as librosa and torchaudio have it.
    Hertz,
}

/// How high a band is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Height {
    /// 1 at its middle, as HTK and TensorFlow have it.
    One,
    /// 2 over its width in Hz, so that all have the same area: librosa's `norm="slaney"`.
    Area,
}

/// Whether natural logarithms are taken of the bins or bands. Decibels of a power are 4.3429448 times as much, of a magnitude
/// twice that: standardised, all are the same.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Log {
    /// None are.
    None,
    /// `ln(x + floor)`, as TensorFlow's examples have it.
    Plus(f32),
    /// `ln` of the larger of x and the floor, as librosa and Kaldi have it.
    AtLeast(f32),
}

/// The factors of the cosine transform `c[k] = f sum over n of x[n] cos(πk (2n + 1) / 2N)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Cosine {
    /// `sqrt(2/N)` for each, as HTK and TensorFlow have it.
    Htk,
    /// `sqrt(1/N)` for the 0th, so that the transform is orthonormal: that of librosa, torchaudio and Kaldi.
    Orthonormal,
}

impl FeatureSpec {
    /// The input of keyword spotting in the benchmark MLPerf Tiny, as TensorFlow computes it: of a second at 16 kHz, 49 columns
    /// of 10 MFCC; frames of 30 ms every 20 ms, Hann's window, magnitudes, 40 bands from 20 to 4000 Hz, `ln(x + 1e-6)`.
    ///
    /// The benchmark divides each recording by its largest sample before, which a stream cannot know: it changes the 0th
    /// coefficient, and where it is quiet the floor.
    pub const MLPERF_TINY: Self = Self {
        sample_rate: 16_000,
        frame: 480,
        hop: 320,
        fft: 512,
        pre_emphasis: 0.0,
        window: Window::Hann,
        spectrum: Spectrum::Magnitude,
        kind: Kind::Mfcc,
        mels: 40,
        low: 20.0,
        high: 4000.0,
        scale: MelScale::Htk,
        triangles: Triangles::Mel,
        height: Height::One,
        log: Log::Plus(1e-6),
        coefficients: 10,
        cosine: Cosine::Htk,
    };

    /// Logarithms of mel bands with librosa's conventions, for 16 kHz: frames of 32 ms every 16 ms without padding
    /// (`center=False`), Hann's window, powers, 40 bands of equal area from 0 Hz up on Slaney's scale, at least 1e-10. With
    /// [`Kind::Mfcc`] it gives 13 coefficients.
    pub const LIBROSA: Self = Self {
        sample_rate: 16_000,
        frame: 512,
        hop: 256,
        fft: 512,
        pre_emphasis: 0.0,
        window: Window::Hann,
        spectrum: Spectrum::Power,
        kind: Kind::Mel,
        mels: 40,
        low: 0.0,
        high: 8000.0,
        scale: MelScale::Slaney,
        triangles: Triangles::Hertz,
        height: Height::Area,
        log: Log::AtLeast(1e-10),
        coefficients: 13,
        cosine: Cosine::Orthonormal,
    };

    /// Number of bins of the spectrum: from 0 Hz to half the sample rate, both counted.
    pub const fn bins(&self) -> usize {
        self.fft / 2 + 1
    }

    /// Number of values of a column.
    #[expect(clippy::len_without_is_empty, reason = "without values it has a fault")]
    pub const fn len(&self) -> usize {
        match self.kind {
            Kind::Spectrum => self.bins(),
            Kind::Mel => self.mels,
            Kind::Mfcc => self.coefficients,
        }
    }

    /// Number of columns that so many samples give: none where they are fewer than a frame.
    pub const fn columns(&self, samples: usize) -> usize {
        if samples < self.frame || self.hop == 0 { 0 } else { (samples - self.frame) / self.hop + 1 }
    }

    /// A sample without its share of the one before.
    #[inline]
    pub(super) const fn emphasised(&self, sample: f32, before: f32) -> f32 {
        // Without pre-emphasis what is not finite stays where it is.
        if self.pre_emphasis > 0.0 { sample - self.pre_emphasis * before } else { sample }
    }

    /// What cannot be, as a sentence for the compiler to say.
    pub const fn fault(&self) -> Option<&'static str> {
        if !self.fft.is_power_of_two() || self.fft < 16 || self.fft > 32_768 {
            return Some("the Fourier transform has a power of two of points, from 16 to 32,768");
        }
        if self.frame == 0 || self.frame > self.fft {
            return Some("a frame has at least one sample, and no more than the Fourier transform has points");
        }
        if self.frame < 2 && matches!(self.window, Window::SymmetricHann | Window::SymmetricHamming) {
            return Some("a symmetric window has at least two samples");
        }
        if self.hop == 0 || self.hop > u32::MAX as usize / 2 {
            return Some("frames move by at least one sample");
        }
        if !(self.pre_emphasis >= 0.0 && self.pre_emphasis <= 1.0) {
            return Some("pre-emphasis is a number from 0, which is none, to 1");
        }
        if let Log::Plus(floor) | Log::AtLeast(floor) = self.log
            && !(floor > 0.0 && floor < f32::INFINITY)
        {
            return Some("the floor of a logarithm is a number above 0");
        }
        match self.kind {
            Kind::Spectrum => None,
            Kind::Mel => self.fault_of_bands(),
            Kind::Mfcc if self.coefficients == 0 || self.coefficients > self.mels => {
                Some("there is at least one cepstral coefficient, and no more than mel bands")
            }
            Kind::Mfcc if matches!(self.log, Log::None) => {
                Some("cepstral coefficients are made of logarithms: `log` says how small a band may be")
            }
            Kind::Mfcc => self.fault_of_bands(),
        }
    }

    const fn fault_of_bands(&self) -> Option<&'static str> {
        if self.sample_rate == 0 {
            return Some("the sample rate is at least 1 Hz");
        }
        if !(self.low >= 0.0 && self.low < self.high && self.high <= self.sample_rate as f32 / 2.0) {
            return Some("mel bands lie between 0 Hz and half the sample rate, `low` below `high`");
        }
        if self.mels == 0 || self.mels + 2 > self.fft / 2 {
            return Some("there is at least one mel band, and there are fewer than bins of the spectrum");
        }
        let mut band = 0;
        while band < self.mels {
            if self.band(band).1 == 0 {
                return Some(
                    "a mel band lies between two bins of the spectrum and would always be empty: fewer bands, a higher \
                     `low` or a longer Fourier transform",
                );
            }
            band += 1;
        }
        None
    }

    /// The first bin of a band, and how many it has.
    pub(super) const fn band(&self, band: usize) -> (usize, usize) {
        let triangle = self.triangle(band);
        // Frequencies are a rounding apart from bins: one more on either side is looked at, and left out where it is none.
        let (mut first, end) = (self.bin_before(triangle.hertz[0]), self.bin_before(triangle.hertz[2]) + 3);
        while first < end && self.weight(&triangle, first) <= 0.0 {
            first += 1;
        }
        let mut end = if end > self.bins() { self.bins() } else { end };
        while end > first && self.weight(&triangle, end - 1) <= 0.0 {
            end -= 1;
        }
        (first, end.saturating_sub(first))
    }

    /// How much of a bin is in a band; not above 0 where it is outside.
    pub(super) const fn weight(&self, triangle: &Triangle, bin: usize) -> f64 {
        let hertz = bin as f64 * self.sample_rate as f64 / self.fft as f64;
        let (at, [low, middle, high]) = match self.triangles {
            Triangles::Hertz => (hertz, triangle.hertz),
            Triangles::Mel => (self.scale.of(hertz), triangle.mel),
        };
        let (rising, falling) = ((at - low) / (middle - low), (high - at) / (high - middle));
        let height = match self.height {
            Height::One => 1.0,
            Height::Area => 2.0 / (triangle.hertz[2] - triangle.hertz[0]),
        };
        height * if rising < falling { rising } else { falling }
    }

    /// The bands begin equally far apart in mel, and each ends where the next but one begins.
    pub(super) const fn triangle(&self, band: usize) -> Triangle {
        let (low, high) = (self.scale.of(self.low as f64), self.scale.of(self.high as f64));
        let step = (high - low) / (self.mels + 1) as f64;
        let mel = [low + step * band as f64, low + step * (band + 1) as f64, low + step * (band + 2) as f64];
        Triangle { mel, hertz: [self.scale.hertz(mel[0]), self.scale.hertz(mel[1]), self.scale.hertz(mel[2])] }
    }

    const fn bin_before(&self, hertz: f64) -> usize {
        ((hertz * self.fft as f64 / self.sample_rate as f64) as usize).saturating_sub(1)
    }
}

/// Where a band begins, where it is highest and where it ends.
pub(super) struct Triangle {
    mel: [f64; 3],
    hertz: [f64; 3],
}

impl MelScale {
    /// From Hz to mel.
    const fn of(self, hertz: f64) -> f64 {
        match self {
            Self::Htk => 1127.0 * ln(1.0 + hertz / 700.0),
            Self::Slaney if hertz < 1000.0 => hertz * 3.0 / 200.0,
            Self::Slaney => 15.0 + 27.0 * ln(hertz / 1000.0) / ln(6.4),
        }
    }

    /// From mel to Hz.
    const fn hertz(self, mel: f64) -> f64 {
        match self {
            Self::Htk => 700.0 * (exp(mel / 1127.0) - 1.0),
            Self::Slaney if mel < 15.0 => mel * 200.0 / 3.0,
            Self::Slaney => 1000.0 * exp((mel - 15.0) * ln(6.4) / 27.0),
        }
    }
}
