//! Recordings to tables of features: sound, or another sensor's samples in WAV files, as a network on a board will meet them.
//!
//! [`neurona::signal`] computes the features, so that they have the bits of the board. What was chosen goes to the firmware as
//! the text that [`rust_source`] writes.
//!
//! # Example
//!
//! ```
//! use neurona::signal::FeatureSpec;
//! use neurona_train::features::Extractor;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let extractor = Extractor::new(FeatureSpec::MLPERF_TINY)?;
//! let second = vec![0_i16; 16_000];
//! assert_eq!(extractor.columns(&second).dim(), (49, 10));
//! # Ok(())
//! # }
//! ```

mod folder;
mod wav;

pub use folder::{Recordings, Table};
pub use wav::read_wav;

use ndarray::Array2;
use neurona::signal::{Cosine, FeatureSpec, Height, Kind, Log, MelScale, Pcm, Spectrum, Tables, Triangles, Window};

/// Features that cannot be: what the compiler would say of their type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FeatureError(pub &'static str);

/// Computes features with tables of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Extractor {
    spec: FeatureSpec,
    window: Vec<f32>,
    twiddles: Vec<f32>,
    bands: Vec<[u16; 2]>,
    weights: Vec<f32>,
    cosines: Vec<f32>,
}

impl Extractor {
    /// Makes the tables.
    ///
    /// # Errors
    ///
    /// The specification has a [fault](FeatureSpec::fault).
    pub fn new(spec: FeatureSpec) -> Result<Self, FeatureError> {
        if let Some(fault) = spec.fault() {
            return Err(FeatureError(fault));
        }
        let lengths = spec.lengths();
        let [mut window, mut twiddles, mut weights, mut cosines] =
            [lengths.window, lengths.twiddles, lengths.weights, lengths.cosines].map(|len| vec![0.0; len]);
        let mut bands = vec![[0; 2]; lengths.bands];
        spec.fill(&mut window, &mut twiddles, &mut bands, &mut weights, &mut cosines);
        Ok(Self { spec, window, twiddles, bands, weights, cosines })
    }

    /// What they are made of.
    pub fn spec(&self) -> &FeatureSpec {
        &self.spec
    }

    /// The columns of a recording, (columns, features): none where it is shorter than a frame.
    pub fn columns<S: Pcm>(&self, samples: &[S]) -> Array2<f32> {
        let mut columns = Array2::zeros((self.spec.columns(samples.len()), self.spec.len()));
        let mut work = vec![0.0; self.spec.fft];
        let rows = columns.as_slice_mut().unwrap_or_default().chunks_exact_mut(self.spec.len());
        self.tables().columns(samples, &mut work, rows);
        columns
    }

    fn tables(&self) -> Tables<'_> {
        let Self { spec, window, twiddles, bands, weights, cosines } = self;
        Tables { spec: *spec, window, twiddles, bands, weights, cosines }
    }
}

/// The type of features as Rust source, for the firmware: what computes the same on a board.
pub fn rust_source(name: &str, spec: &FeatureSpec) -> String {
    let FeatureSpec { sample_rate, frame, hop, fft, pre_emphasis, mels, low, high, coefficients, .. } = spec;
    let log = match spec.log {
        Log::None => "Log::None".to_owned(),
        Log::Plus(floor) => format!("Log::Plus({floor:?})"),
        Log::AtLeast(floor) => format!("Log::AtLeast({floor:?})"),
    };
    let [window, spectrum, kind, scale, triangles, height, cosine] = [
        Window::name(spec.window),
        Spectrum::name(spec.spectrum),
        Kind::name(spec.kind),
        MelScale::name(spec.scale),
        Triangles::name(spec.triangles),
        Height::name(spec.height),
        Cosine::name(spec.cosine),
    ];
    format!(
        "use neurona::signal::{{Cosine, FeatureSpec, Height, Kind, Log, MelScale, Spectrum, Triangles, Window}};\n\n\
         neurona::features! {{\n    \
             /// Columns of {len} values, {rate:.3} a second.\n    \
             pub struct {name} = FeatureSpec {{\n        \
                 sample_rate: {sample_rate},\n        \
                 frame: {frame},\n        \
                 hop: {hop},\n        \
                 fft: {fft},\n        \
                 pre_emphasis: {pre_emphasis:?},\n        \
                 window: {window},\n        \
                 spectrum: {spectrum},\n        \
                 kind: {kind},\n        \
                 mels: {mels},\n        \
                 low: {low:?},\n        \
                 high: {high:?},\n        \
                 scale: {scale},\n        \
                 triangles: {triangles},\n        \
                 height: {height},\n        \
                 log: {log},\n        \
                 coefficients: {coefficients},\n        \
                 cosine: {cosine},\n    \
             }};\n\
         }}\n",
        len = spec.len(),
        rate = f64::from(*sample_rate) / *hop as f64,
    )
}

/// A choice as Rust source.
trait Name: std::fmt::Debug + Sized {
    const TYPE: &'static str;

    fn name(self) -> String {
        format!("{}::{self:?}", Self::TYPE)
    }
}

macro_rules! names {
    ($($type:ident)+) => { $(impl Name for $type { const TYPE: &'static str = stringify!($type); })+ };
}
names! { Window Spectrum Kind MelScale Triangles Height Cosine }

#[cfg(test)]
mod tests;
