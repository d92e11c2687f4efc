//! Columns of features from samples that come in pieces.

use super::spec::FeatureSpec;
use super::tables::Tables;
use crate::plain::Zero;
use crate::shape::Tensor;
use crate::stream::{State, Timing, all_finite};

/// A type of features, made by [`features!`](crate::features): all about it is constant.
pub trait Features {
    /// What it is made of.
    const SPEC: FeatureSpec;
    /// The samples of a frame.
    type Frame: Tensor;
    /// The points of the Fourier transform.
    type Work: Tensor;
    /// A column of features.
    type Column: Tensor;

    /// Its tables, in flash.
    fn tables() -> Tables<'static>;
}

/// A sample of sound or of another sensor.
pub trait Pcm: Copy {
    /// Its value: of whole numbers, from -1 up to 1.
    fn value(self) -> f32;
}

impl Pcm for f32 {
    #[inline]
    fn value(self) -> f32 {
        self
    }
}

impl Pcm for i16 {
    /// Divided by 32,768, which is exact.
    #[inline]
    fn value(self) -> f32 {
        f32::from(self) / 32_768.0
    }
}

/// Computes columns of features, sample by sample, in pieces of any size, or of a whole recording.
///
/// All three give the same bits. A recording shorter than a frame gives no column.
///
/// # Cost
///
/// [`RAM`](Self::RAM) bytes: the newest samples of a frame, the points of the transform, a column and 12 bytes. A sample is kept;
/// the one that completes a frame costs its transform.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
/// use neurona::signal::{Extractor, FeatureSpec, Kind, Log};
///
/// neurona::features! {
///     struct Bins = FeatureSpec { frame: 16, hop: 8, fft: 16, kind: Kind::Spectrum, log: Log::None, ..FeatureSpec::MLPERF_TINY };
/// }
///
/// let mut extractor = Extractor::<Bins>::ZERO;
/// // A constant 1 has the window's sum, 8, in the bin of 0 Hz, and half of that in the next, which the window makes.
/// let column = (0..16).filter_map(|_| extractor.push(1.0).copied()).last();
/// assert_eq!(column.map(|bins| [bins[0], bins[1]]), Some([8.0, 4.0]));
/// ```
#[derive(Debug)]
#[repr(C)]
pub struct Extractor<F: Features> {
    frame: F::Frame,
    work: F::Work,
    column: F::Column,
    /// Where the next sample goes in the ring of the frame.
    place: u32,
    /// Number of samples since the beginning, or since the last column and as many as are before the first.
    count: u32,
    /// The sample before, for pre-emphasis.
    before: f32,
}

crate::__zero!(
    [allow(unsafe_code)] [F: Features] Extractor<F>, F::Frame, F::Work, F::Column, u32, u32, f32
);

impl<F: Features> Extractor<F> {
    /// Bytes of RAM: its own size.
    pub const RAM: usize = size_of::<Self>();
    /// Bytes of flash of the tables.
    pub const FLASH: usize = F::SPEC.lengths().bytes();
    /// Which samples give columns: the one that completes the first frame, and then every hop.
    pub const TIMING: Timing = Timing { delay: F::SPEC.frame - 1, every: F::SPEC.hop };

    /// Takes a sample, and gives the column of the frame that it completes.
    pub fn push<S: Pcm>(&mut self, sample: S) -> Option<&F::Column> {
        self.take(sample.value()).then(|| self.complete())
    }

    /// Takes samples, and calls `each` with every column that they complete.
    pub fn feed<S: Pcm>(&mut self, samples: &[S], mut each: impl FnMut(&F::Column)) {
        for sample in samples {
            if self.take(sample.value()) {
                each(self.complete());
            }
        }
    }

    /// Computes the columns of a whole recording, as many as there is room for, and gives their number: see
    /// [`FeatureSpec::columns`].
    ///
    /// What has been fed before is left as it is: this begins by itself, and takes from it only the room to work in.
    pub fn columns<S: Pcm>(&mut self, samples: &[S], columns: &mut [F::Column]) -> usize {
        F::tables().columns(samples, self.work.values_mut(), columns.iter_mut().map(Tensor::values_mut))
    }

    /// Forgets all samples.
    pub fn reset(&mut self) {
        self.clear();
    }

    /// Keeps a sample; whether a frame is complete with it.
    #[inline]
    fn take(&mut self, sample: f32) -> bool {
        if let Some(place) = self.frame.values_mut().get_mut(self.place as usize) {
            *place = F::SPEC.emphasised(sample, self.before);
        }
        self.before = sample;
        self.place += 1;
        if self.place as usize >= F::SPEC.frame {
            self.place = 0;
        }
        let Timing { delay, every } = Self::TIMING;
        let due = self.count as usize == delay;
        self.count += 1;
        if self.count as usize == delay + every {
            self.count = delay as u32;
        }
        due
    }

    /// The column of the samples in the ring, of which the oldest is the next to be replaced.
    fn complete(&mut self) -> &F::Column {
        let (newer, older) = self.frame.values().split_at_checked(self.place as usize).unwrap_or_default();
        let samples = older.iter().chain(newer).copied();
        F::tables().column(samples, self.work.values_mut(), self.column.values_mut());
        &self.column
    }
}

impl<F: Features> State for Extractor<F> {
    fn is_finite(&self) -> bool {
        all_finite(&self.frame) && self.before.is_finite()
    }
}
