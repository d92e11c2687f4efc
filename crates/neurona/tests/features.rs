//! Features of sound against TensorFlow, librosa and SciPy, against a slow mirror in `f64` with bounds, and in pieces against
//! whole recordings, bit for bit.
#![forbid(unsafe_code)]

#[path = "../../../tests/src/bounded.rs"]
#[allow(dead_code, unreachable_pub, reason = "a file of the tests across crates, of which this one needs a part")]
mod bounded;

use std::f64::consts::TAU;

use bounded::{Bounded, U, ULP};
use neurona::kernel;
use neurona::prelude::*;
use neurona::shape::Tensor;
use neurona::signal::{
    Cosine, Extractor, FeatureSpec, Features, Height, Kind, Log, MelScale, Spectrum, Tables, Triangles, Window,
};

/// What `tests/scripts/features.py` printed.
const REFERENCE: &str = include_str!("data/features.csv");

const TENSORFLOW_LOG_MEL: FeatureSpec = FeatureSpec {
    frame: 400,
    hop: 160,
    pre_emphasis: 0.97,
    window: Window::SymmetricHamming,
    spectrum: Spectrum::Power,
    kind: Kind::Mel,
    mels: 26,
    low: 0.0,
    high: 8000.0,
    ..FeatureSpec::MLPERF_TINY
};

const MEL_LIBROSA: FeatureSpec = FeatureSpec {
    low: 100.0,
    high: 7000.0,
    scale: MelScale::Htk,
    height: Height::One,
    log: Log::None,
    ..FeatureSpec::LIBROSA
};

const MAGNITUDES: FeatureSpec = FeatureSpec {
    frame: 100,
    hop: 300,
    fft: 128,
    window: Window::Hamming,
    kind: Kind::Spectrum,
    log: Log::None,
    ..FeatureSpec::MLPERF_TINY
};

const LOG_POWERS: FeatureSpec = FeatureSpec {
    frame: 1024,
    hop: 1024,
    fft: 1024,
    window: Window::SymmetricHann,
    kind: Kind::Spectrum,
    log: Log::AtLeast(1.0 / 1024.0),
    ..FeatureSpec::LIBROSA
};

neurona::features! { struct MlperfTiny = FeatureSpec::MLPERF_TINY; }
neurona::features! { struct LogMelTensorflow = TENSORFLOW_LOG_MEL; }
neurona::features! { struct Librosa = FeatureSpec::LIBROSA; }
neurona::features! { struct MfccLibrosa = FeatureSpec { kind: Kind::Mfcc, ..FeatureSpec::LIBROSA }; }
neurona::features! { struct MelLibrosa = MEL_LIBROSA; }
neurona::features! { struct MagnitudesScipy = MAGNITUDES; }
neurona::features! { struct LogPowersNumpy = LOG_POWERS; }

/// Calls a check for each type, with its case.
macro_rules! each_case {
    ($check:ident) => {
        $check::<MlperfTiny>("mlperf_tiny");
        $check::<LogMelTensorflow>("log_mel_tensorflow");
        $check::<Librosa>("librosa");
        $check::<MfccLibrosa>("mfcc_librosa");
        $check::<MelLibrosa>("mel_librosa");
        $check::<MagnitudesScipy>("magnitudes_scipy");
        $check::<LogPowersNumpy>("log_powers_numpy");
    };
}

/// The signal of the script: a triangle whose pitch rises, and noise.
fn samples(count: u32) -> Vec<i16> {
    let (mut state, mut phase) = (1_u32, 0);
    let sample = |at| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        phase = (phase + 600 + 4 * at as i32) % 65_536;
        // Rounded down, as Python's division is.
        (((phase - 32_768).abs() - 16_384).div_euclid(2) + ((state >> 16) % 2048) as i32 - 1024) as i16
    };
    (0..count).map(sample).collect()
}

fn whole<F: Features>(samples: &[i16]) -> Vec<Vec<f32>> {
    let mut columns = vec![F::Column::ZERO; F::SPEC.columns(samples.len())];
    let mut extractor = Box::new(Extractor::<F>::ZERO);
    let count = extractor.columns(samples, &mut columns);
    assert_eq!(count, columns.len());
    columns.iter().map(|column| column.values().to_vec()).collect()
}

/// The formulas as they are written, with the bounds of what the device may be off.
struct Mirror(FeatureSpec);

impl Mirror {
    fn columns(&self, samples: &[i16]) -> Vec<Vec<Bounded>> {
        let x: Vec<Bounded> = samples.iter().map(|sample| Bounded::exact(f32::from(*sample) / 32_768.0)).collect();
        let factor = Bounded::exact(self.0.pre_emphasis);
        let emphasised = |at: usize| match at.checked_sub(1) {
            Some(before) if factor.value > 0.0 => x[at].minus(factor.times(x[before])),
            _ => x[at],
        };
        let x: Vec<Bounded> = (0..x.len()).map(emphasised).collect();
        (0..self.0.columns(x.len())).map(|at| self.column(&x[at * self.0.hop..][..self.0.frame])).collect()
    }

    fn column(&self, frame: &[Bounded]) -> Vec<Bounded> {
        let windowed: Vec<Bounded> = frame.iter().enumerate().map(|(n, x)| x.times(self.window(n))).collect();
        let bins: Vec<Bounded> = spectrum(&windowed, self.0.fft).into_iter().map(|bin| self.bin(bin)).collect();
        let log = |values: Vec<Bounded>| values.into_iter().map(|value| self.log(value)).collect();
        let mels = || log((0..self.0.mels).map(|band| self.band(band, &bins)).collect());
        match self.0.kind {
            Kind::Spectrum => log(bins),
            Kind::Mel => mels(),
            Kind::Mfcc => self.cosines(&mels()),
        }
    }

    /// A number of a table: rounded once.
    fn window(&self, n: usize) -> Bounded {
        let turn = |points: usize| (TAU * n as f64 / points as f64).cos();
        let value = match self.0.window {
            Window::Rectangular => 1.0,
            Window::Hann => 0.5 - 0.5 * turn(self.0.frame),
            Window::Hamming => 0.54 - 0.46 * turn(self.0.frame),
            Window::SymmetricHann => 0.5 - 0.5 * turn(self.0.frame - 1),
            Window::SymmetricHamming => 0.54 - 0.46 * turn(self.0.frame - 1),
        };
        Bounded { value, error: 0.0 }.rounded()
    }

    /// The square of a magnitude has three roundings, of which the root halves two and adds its own.
    fn bin(&self, Bounded { value, error }: Bounded) -> Bounded {
        match self.0.spectrum {
            Spectrum::Magnitude => Bounded { value, error: error + 3.0 * U * (value + error) },
            Spectrum::Power => {
                let power = value * value;
                let error = 2.0 * value * error + error * error;
                Bounded { value: power, error: error + 3.0 * U * (power + error) }
            }
        }
    }

    fn band(&self, band: usize, bins: &[Bounded]) -> Bounded {
        let FeatureSpec { sample_rate, fft, mels, low, high, scale, triangles, height, .. } = self.0;
        let mel = |hertz: f64| match scale {
            MelScale::Htk => 1127.0 * (1.0 + hertz / 700.0).ln(),
            MelScale::Slaney if hertz < 1000.0 => hertz / (200.0 / 3.0),
            MelScale::Slaney => 15.0 + (hertz / 1000.0).ln() / (6.4_f64.ln() / 27.0),
        };
        let (low, high) = (mel(low.into()), mel(high.into()));
        let points = [0, 1, 2].map(|point| low + (high - low) * (band + point) as f64 / (mels + 1) as f64);
        // By bisection: what the scale gives back.
        let hertz = points.map(|point| {
            let (mut below, mut above) = (0.0, f64::from(sample_rate));
            for _ in 0..100 {
                let middle = 0.5 * (below + above);
                if mel(middle) < point { below = middle } else { above = middle }
            }
            below
        });
        let product = |(bin, x): (usize, &Bounded)| {
            let frequency = bin as f64 * f64::from(sample_rate) / fft as f64;
            let (at, [a, b, c]) = match triangles {
                Triangles::Mel => (mel(frequency), points),
                Triangles::Hertz => (frequency, hertz),
            };
            let peak = match height {
                Height::One => 1.0,
                Height::Area => 2.0 / (hertz[2] - hertz[0]),
            };
            let weight = peak * ((at - a) / (b - a)).min((c - at) / (c - b));
            (weight > 0.0).then(|| x.times(Bounded { value: weight, error: 0.0 }.rounded()))
        };
        Bounded::sum(bins.iter().enumerate().filter_map(product))
    }

    /// `libm`'s logarithm is within one unit in the last place.
    fn log(&self, x: Bounded) -> Bounded {
        let x = match self.0.log {
            Log::None => return x,
            Log::Plus(floor) => x.plus(Bounded::exact(floor)),
            Log::AtLeast(floor) if x.value < floor.into() => Bounded { value: floor.into(), ..x },
            Log::AtLeast(_) => x,
        };
        let least = (x.value - x.error).max(x.value / 2.0);
        Bounded { value: x.value.ln(), error: x.error / least }.off_by(ULP * x.value.ln().abs())
    }

    fn cosines(&self, x: &[Bounded]) -> Vec<Bounded> {
        let count = x.len() as f64;
        let coefficient = |k: usize| {
            let share = if k == 0 && self.0.cosine == Cosine::Orthonormal { 1.0 } else { 2.0 };
            let cosine = |n: usize| (TAU / 4.0 * (k * (2 * n + 1)) as f64 / count).cos();
            let weight = |n| Bounded { value: (share / count).sqrt() * cosine(n), error: 0.0 }.rounded();
            Bounded::sum(x.iter().enumerate().map(|(n, x)| x.times(weight(n))))
        };
        (0..self.0.coefficients).map(coefficient).collect()
    }
}

/// Magnitudes by the definition of the transform. The fast one makes an error of at most `t η / (1 - t η)` times the norm of the
/// result in t passes, with `η = μ + γ4 (sqrt 2 + μ)`, where the twiddles have errors of at most μ, here u (Higham, Accuracy and
/// Stability of Numerical Algorithms, 2nd edition, theorem 24.2): 6.7 u and less than 7 u. The pass that separates pairs is one
/// more of the same kind, so that there are log2 N.
fn spectrum(x: &[Bounded], points: usize) -> Vec<Bounded> {
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    // The norm of the transform is sqrt N times that of the samples; a bin is no larger.
    let before = norm(&mut x.iter().map(|x| x.error));
    let own = 7.0 * U * f64::from(points.ilog2()) * norm(&mut x.iter().map(|x| x.magnitude()));
    let error = (before + own) * (points as f64).sqrt();
    let bin = |k: usize| {
        let part = |f: fn(f64) -> f64| {
            let angle = |n: usize| TAU * (k * n % points) as f64 / points as f64;
            x.iter().enumerate().map(|(n, x)| x.value * f(angle(n))).sum::<f64>()
        };
        Bounded { value: part(f64::cos).hypot(part(f64::sin)), error }
    };
    (0..=points / 2).map(bin).collect()
}

#[test]
fn features_of_other_libraries() {
    fn check<F: Features>(case: &str) {
        let (samples, mirror) = (samples(1200), Mirror(F::SPEC));
        let (found, expected) = (whole::<F>(&samples), mirror.columns(&samples));
        let lines: Vec<&str> = REFERENCE.lines().filter(|line| line.split(',').next() == Some(case)).collect();
        assert!(!lines.is_empty() && lines.len() == found.len() && found.len() == expected.len(), "{case}");
        for ((line, found), expected) in lines.iter().zip(found).zip(expected) {
            let reference: Vec<f64> = line.split(',').skip(2).map(|value| value.parse().unwrap()).collect();
            assert!(reference.len() == found.len() && found.len() == expected.len(), "{case}");
            for ((reference, found), expected) in reference.into_iter().zip(found).zip(expected) {
                // Both in double precision, printed with 13 digits; a difference of 1e-9 is no matter of rounding.
                let close = (reference - expected.value).abs() <= 1e-9 * reference.abs().max(1.0);
                assert!(close, "{case}: the mirror has {}, the library {reference}", expected.value);
                let error = (f64::from(found) - expected.value).abs();
                assert!(error <= expected.error, "{case}: {found}, {error:e} off, of {:e}", expected.error);
            }
        }
    }
    each_case!(check);
}

#[test]
fn pieces_of_any_size_give_the_bits_of_the_whole() {
    fn check<F: Features>(case: &str) {
        let samples = samples(5000);
        let expected = whole::<F>(&samples);
        let mut extractor = Box::new(Extractor::<F>::ZERO);
        for size in [1, 7, 160, 479, 5000] {
            let mut found = Vec::new();
            for piece in samples.chunks(size) {
                extractor.feed(piece, |column| found.push(column.values().to_vec()));
            }
            assert_eq!(found, expected, "{case} in pieces of {size}");
            extractor.reset();
        }
        // One by one, as floats, and after the whole in the same memory.
        extractor.columns(&samples, &mut [F::Column::ZERO]);
        let timing = Extractor::<F>::TIMING;
        let mut found = Vec::new();
        for (at, sample) in samples.iter().enumerate() {
            if let Some(column) = extractor.push(f32::from(*sample) / 32_768.0) {
                assert_eq!(at, timing.delay + timing.every * found.len(), "{case}");
                found.push(column.values().to_vec());
            }
        }
        assert_eq!(found, expected, "{case}");
    }
    each_case!(check);
}

#[test]
fn tables_of_the_compiler_are_those_of_the_desktop() {
    fn check<F: Features>(case: &str) {
        let lengths = F::SPEC.lengths();
        let [mut window, mut twiddles, mut weights, mut cosines] =
            [lengths.window, lengths.twiddles, lengths.weights, lengths.cosines].map(|len| vec![0.0; len]);
        let mut bands = vec![[0; 2]; lengths.bands];
        F::SPEC.fill(&mut window, &mut twiddles, &mut bands, &mut weights, &mut cosines);
        let made = Tables {
            spec: F::SPEC,
            window: &window,
            twiddles: &twiddles,
            bands: &bands,
            weights: &weights,
            cosines: &cosines,
        };
        assert_eq!(made, F::tables(), "{case}");
        assert_eq!(size_of_val(&window[..]) + 4 * (twiddles.len() + bands.len() + weights.len() + cosines.len()), {
            Extractor::<F>::FLASH
        });
    }
    each_case!(check);
}

#[test]
fn transforms_of_every_size() {
    for points in (4..=12).map(|bits| 1 << bits) {
        let spec = FeatureSpec { frame: points, fft: points, kind: Kind::Spectrum, ..FeatureSpec::MLPERF_TINY };
        assert_eq!(spec.fault(), None);
        let mut twiddles = vec![0.0; points / 2];
        spec.fill(&mut [], &mut twiddles, &mut [], &mut [], &mut []);
        let mut x: Vec<f32> = samples(points as u32).into_iter().map(|x| f32::from(x) / 32_768.0).collect();
        let expected = spectrum(&x.iter().map(|x| Bounded::exact(*x)).collect::<Vec<_>>(), points);
        kernel::real_fft(&mut x, &twiddles);
        kernel::power_spectrum(&mut x);
        kernel::square_roots(&mut x[..=points / 2]);
        for (k, (found, expected)) in x.iter().zip(expected).enumerate() {
            let bound = expected.error + 3.0 * U * expected.magnitude();
            let error = (f64::from(*found) - expected.value).abs();
            assert!(error <= bound, "bin {k} of {points}: {found}, {error:e} off, of {bound:e}");
        }
    }
}

/// The phase too: a shifted impulse turns each bin by a known angle.
#[test]
fn an_impulse_turns_each_bin() {
    let mut twiddles = vec![0.0; 32];
    let spec = FeatureSpec { frame: 64, fft: 64, kind: Kind::Spectrum, ..FeatureSpec::MLPERF_TINY };
    spec.fill(&mut [], &mut twiddles, &mut [], &mut [], &mut []);
    for at in 0..64 {
        let mut x = [0.0; 64];
        x[at] = 1.0;
        kernel::real_fft(&mut x, &twiddles);
        assert_eq!(x[..2], [1.0, if at % 2 == 0 { 1.0 } else { -1.0 }], "{at}");
        for (k, [re, im]) in x.as_chunks().0.iter().enumerate().skip(1) {
            let angle = -TAU * (k * at) as f64 / 64.0;
            // The bound of `spectrum` for a signal of norm 1.
            let bound = 7.0 * U * 6.0 * 8.0;
            assert!((f64::from(*re) - angle.cos()).abs() < bound && (f64::from(*im) - angle.sin()).abs() < bound);
        }
    }
}

#[test]
fn lengths_that_do_not_fit_leave_everything_as_it_is() {
    for len in [0, 1, 4, 6, 12, 100] {
        let mut x = vec![1.0; len];
        kernel::real_fft(&mut x, &[1.0; 50]);
        assert_eq!(x, vec![1.0; len]);
    }
    kernel::power_spectrum(&mut []);
    kernel::real_fft(&mut [1.0; 64], &[]);
    let mut y = [7.0; 2];
    kernel::filter_bank(&[[60, 9], [9, 9]], &[1.0; 3], &[1.0; 8], &mut y);
    assert_eq!(y, [0.0; 2]);
}

#[test]
fn a_recording_shorter_than_a_frame_gives_no_column() {
    let mut extractor = Box::new(Extractor::<MlperfTiny>::ZERO);
    let mut columns = [[7.0; 10]; 2];
    for len in [0, 1, 479] {
        assert_eq!(extractor.columns(&vec![1_i16; len], &mut columns), 0);
        extractor.reset();
        extractor.feed(&vec![1_i16; len], |_| panic!("a column of {len} samples"));
    }
    assert_eq!(columns, [[7.0; 10]; 2]);
    // As many as there is room for.
    assert_eq!(extractor.columns(&[1_i16; 16_000], &mut columns), 2);
}

#[test]
fn silence_is_finite_and_nan_leaves_with_its_frame() {
    let silence = whole::<MlperfTiny>(&[0; 16_000]);
    assert!(silence.len() == 49 && silence.iter().flatten().all(|value| value.is_finite()));
    let mut extractor = Box::new(Extractor::<LogMelTensorflow>::ZERO);
    let mut finite = Vec::new();
    for at in 0..2000 {
        let sample = if at == 700 { f32::NAN } else { 0.1 };
        if let Some(column) = extractor.push(sample) {
            finite.push(column.iter().all(|value| value.is_finite()));
        }
        assert_eq!(extractor.is_finite(), !(700..=1100).contains(&at), "{at}");
    }
    // Frames of 400 begin every 160 samples: those that begin from 301 to 701 hold sample 700 or, by pre-emphasis, 701.
    assert_eq!(finite, (0..11).map(|frame| !(301..=701).contains(&(160 * frame))).collect::<Vec<_>>());
}

#[test]
fn each_fault_is_a_sentence() {
    let good = FeatureSpec::MLPERF_TINY;
    for (spec, start) in [
        (FeatureSpec { fft: 500, ..good }, "the Fourier transform has"),
        (FeatureSpec { fft: 0, ..good }, "the Fourier transform has"),
        (FeatureSpec { frame: 513, ..good }, "a frame has"),
        (FeatureSpec { frame: 0, ..good }, "a frame has"),
        (FeatureSpec { frame: 1, window: Window::SymmetricHann, ..good }, "a symmetric window"),
        (FeatureSpec { hop: 0, ..good }, "frames move"),
        (FeatureSpec { pre_emphasis: f32::NAN, ..good }, "pre-emphasis"),
        (FeatureSpec { pre_emphasis: -0.1, ..good }, "pre-emphasis"),
        (FeatureSpec { log: Log::Plus(0.0), ..good }, "the floor"),
        (FeatureSpec { log: Log::AtLeast(f32::INFINITY), ..good }, "the floor"),
        (FeatureSpec { log: Log::None, ..good }, "cepstral coefficients are made"),
        (FeatureSpec { coefficients: 41, ..good }, "there is at least one cepstral"),
        (FeatureSpec { coefficients: 0, ..good }, "there is at least one cepstral"),
        (FeatureSpec { sample_rate: 0, ..good }, "the sample rate"),
        (FeatureSpec { high: 8001.0, ..good }, "mel bands lie"),
        (FeatureSpec { low: 4000.0, ..good }, "mel bands lie"),
        (FeatureSpec { low: f32::NAN, ..good }, "mel bands lie"),
        (FeatureSpec { mels: 0, coefficients: 0, kind: Kind::Mel, ..good }, "there is at least one mel"),
        (FeatureSpec { mels: 300, ..good }, "there is at least one mel"),
        (FeatureSpec { mels: 120, ..good }, "a mel band lies between"),
    ] {
        let fault = spec.fault().unwrap_or_else(|| panic!("{spec:?} has no fault"));
        assert!(fault.starts_with(start), "{spec:?}: {fault}");
        assert_eq!(spec.lengths().bytes(), 0);
    }
    for (scale, mels, fft) in [(MelScale::Htk, 40, 512), (MelScale::Slaney, 128, 2048), (MelScale::Slaney, 40, 16_384)]
    {
        let spec = FeatureSpec { scale, mels, fft, high: 8000.0, ..good };
        assert_eq!(spec.fault(), None, "{spec:?}");
    }
}
