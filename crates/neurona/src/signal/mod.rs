//! Features of sound and vibration: spectra, mel bands and cepstral coefficients (MFCC), column by column.
//!
//! The same code computes them on a desktop, where a network is trained, and on a board, to the same bits: what the network
//! learned from is what it meets. `neurona features` makes a table of a folder of recordings with it.
//!
//! ```
//! use neurona::prelude::*;
//! use neurona::signal::{Extractor, FeatureSpec};
//!
//! neurona::features! {
//!     /// A second at 16 kHz to 49 columns of 10 coefficients.
//!     pub struct Keyword = FeatureSpec::MLPERF_TINY;
//! }
//!
//! let mut extractor = Extractor::<Keyword>::ZERO; // on a board: in a static
//! let mut window = Sliding::<49, 10, 5>::ZERO; // the newest 49 columns, every 5 columns
//! let samples = [0_i16; 16_000]; // from a microphone, in pieces of any size
//! let mut windows = 0;
//! for piece in samples.chunks(100) {
//!     extractor.feed(piece, |column| {
//!         if let Some(_input) = window.push(column) {
//!             windows += 1; // a network takes it
//!         }
//!     });
//! }
//! assert_eq!(windows, 1);
//!
//! // The whole recording at once gives the same columns.
//! let mut columns = [[0.0; 10]; 49];
//! assert_eq!(extractor.columns(&samples, &mut columns), 49);
//!
//! // Memory and tables are constants of the type.
//! assert_eq!(Extractor::<Keyword>::RAM, 4 * (480 + 512 + 10 + 3));
//! assert!(Extractor::<Keyword>::FLASH < 7 * 1024);
//! ```
//!
//! A network that takes images has the columns as rows: `Reshape<Signal<49, 10>, Image<49, 10, 1>>`.
//!
//! # Conventions
//!
//! Libraries differ in each step, and a network that was trained with one's features does not understand another's. Every choice
//! is a field of [`FeatureSpec`], and its documentation says who has it so. [`FeatureSpec::MLPERF_TINY`] is TensorFlow's,
//! [`FeatureSpec::LIBROSA`] librosa's; `tests/features.rs` holds both to numbers of those libraries, and the parts to SciPy's.
//! There is no padding: the first column is that of the first frame, and what is left at the end gives none.
//!
//! # Beside a model file
//!
//! A model file holds a network and what scales its inputs, and not the features before it: they are no layer, because they take
//! samples in pieces of any size. Their type is source, which `neurona features` prints: keep it beside the model file, and change
//! both together. The number of inputs is checked by the compiler, other choices by nothing.
//!
//! # Accuracy
//!
//! The transform of N samples has a relative error, over all bins together, of at most `7 log2 N` roundings. Windows, twiddles,
//! bands and cosines are tables, rounded once: see [`FeatureSpec::fill`]. Sines of `libm` would cost 1,253 instructions each
//! on a Cortex-M4F.
//!
//! # What is not finite
//!
//! A NaN or an infinity among the samples makes each column NaN or infinite whose frame it is in, and with pre-emphasis that of the
//! sample behind it; nothing stays. Whole numbers of a converter are always finite.

mod extractor;
mod math;
mod spec;
mod tables;

pub use extractor::{Extractor, Features, Pcm};
pub use spec::{Cosine, FeatureSpec, Height, Kind, Log, MelScale, Spectrum, Triangles, Window};
pub use tables::{Lengths, Tables};

/// Makes a type of features: of a [`FeatureSpec`](crate::signal::FeatureSpec), its tables and sizes.
///
/// ```
/// use neurona::signal::{Extractor, FeatureSpec, Features, Kind};
///
/// neurona::features! {
///     /// 40 bands of a machine's hum.
///     pub struct Hum = FeatureSpec { sample_rate: 8000, high: 4000.0, ..FeatureSpec::LIBROSA };
/// }
///
/// assert_eq!(Hum::SPEC.len(), 40);
/// ```
///
/// What cannot be is an error of the compiler, with a sentence:
///
/// ```compile_fail
/// # use neurona::signal::FeatureSpec;
/// neurona::features! {
///     // the Fourier transform has a power of two of points, from 16 to 32,768
///     pub struct Hum = FeatureSpec { fft: 500, ..FeatureSpec::MLPERF_TINY };
/// }
/// ```
///
/// The struct has no fields: what lasts from sample to sample is an [`Extractor`](crate::signal::Extractor) of it.
#[macro_export]
macro_rules! features {
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident = $spec:expr;) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug)]
        $visibility struct $name;

        const _: () = {
            const __SPEC: $crate::signal::FeatureSpec = $spec;
            const __LENGTHS: $crate::signal::Lengths = __SPEC.lengths();
            const _: () = if let Some(fault) = __SPEC.fault() {
                panic!("{}", fault)
            };

            struct __Arrays {
                window: [f32; __LENGTHS.window],
                twiddles: [f32; __LENGTHS.twiddles],
                bands: [[u16; 2]; __LENGTHS.bands],
                weights: [f32; __LENGTHS.weights],
                cosines: [f32; __LENGTHS.cosines],
            }

            static __ARRAYS: __Arrays = {
                let mut arrays = __Arrays {
                    window: [0.0; __LENGTHS.window],
                    twiddles: [0.0; __LENGTHS.twiddles],
                    bands: [[0; 2]; __LENGTHS.bands],
                    weights: [0.0; __LENGTHS.weights],
                    cosines: [0.0; __LENGTHS.cosines],
                };
                let __Arrays { window, twiddles, bands, weights, cosines } = &mut arrays;
                __SPEC.fill(window, twiddles, bands, weights, cosines);
                arrays
            };

            impl $crate::signal::Features for $name {
                const SPEC: $crate::signal::FeatureSpec = __SPEC;
                type Frame = [f32; __SPEC.frame];
                type Work = [f32; __SPEC.fft];
                type Column = [f32; __SPEC.len()];

                fn tables() -> $crate::signal::Tables<'static> {
                    $crate::signal::Tables {
                        spec: __SPEC,
                        window: &__ARRAYS.window,
                        twiddles: &__ARRAYS.twiddles,
                        bands: &__ARRAYS.bands,
                        weights: &__ARRAYS.weights,
                        cosines: &__ARRAYS.cosines,
                    }
                }
            }
        };
    };
}
