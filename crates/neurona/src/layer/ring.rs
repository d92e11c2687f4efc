//! The newest samples of a signal, for a window that is fed sample by sample.

use crate::arch::WindowSpec;
use crate::kernel::History;
use crate::plain::Plain;
use crate::shape::Tensor;
use crate::stream::{State, Timing, all_finite};

/// The samples that a window over time still meets: the state of a convolution or of pooling that is fed sample by sample.
///
/// With a dilation, the window meets samples that are so far apart: each of so many rings holds those of one phase.
///
/// # Cost
///
/// `4 (D K C + 5)` bytes for a window of K samples of C channels with dilation D.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Ring<T> {
    /// (dilation, kernel, channels)
    samples: T,
    /// The ring for the next sample, and the place in it.
    phase: u32,
    place: u32,
    /// Whether the rings have gone round: 0 or 1.
    filled: u32,
    /// Number of samples since the beginning, or since the last output and as many as are before the first.
    count: u32,
}

crate::__plain!([allow(unsafe_code)] [T: Plain] Ring<T>, T, u32, u32, u32, u32);

impl<T: Tensor> State for Ring<T> {
    fn is_finite(&self) -> bool {
        all_finite(&self.samples)
    }
}

impl<T: Tensor> Ring<T> {
    /// Takes a sample; what the window then meets, when it has a place that ends with it.
    #[inline]
    pub(super) fn push(&mut self, window: &OverTime, x: &[f32]) -> Option<History<'_>> {
        let (place, channels) = (self.place as usize, x.len());
        let filled = self.filled > 0;
        let from = (self.phase as usize * window.kernel + place) * channels;
        let to = self.samples.values_mut().get_mut(from..).unwrap_or_default();
        for (to, x) in to.iter_mut().zip(x) {
            *to = *x;
        }
        let ring = self.samples.values().get(from - place * channels..)?.get(..window.kernel * channels)?;

        self.phase += 1;
        if self.phase as usize == window.dilation {
            (self.phase, self.place) = (0, self.place + 1);
        }
        if self.place as usize == window.kernel {
            (self.place, self.filled) = (0, 1);
        }
        let due = self.count as usize == window.timing.delay;
        self.count += 1;
        if self.count as usize == window.timing.delay + window.timing.every {
            self.count = window.timing.delay as u32;
        }
        due.then(|| History::new(ring, window.kernel, channels, place, filled))
    }
}

/// A window that slides over time.
#[derive(Clone, Copy, Debug)]
pub(super) struct OverTime {
    kernel: usize,
    dilation: usize,
    pub(super) timing: Timing,
}

impl OverTime {
    /// That of a window over a signal, of which the columns are the samples.
    pub(super) const fn of(spec: &WindowSpec) -> Self {
        let delay = (reach(spec) - 1).saturating_sub(spec.before(1));
        Self {
            kernel: spec.kernel[1] as usize,
            dilation: spec.dilation[1] as usize,
            timing: Timing { delay, every: spec.stride[1] as usize },
        }
    }

    /// Why a window cannot be fed sample by sample.
    pub(super) const fn fault(spec: &WindowSpec) -> Option<&'static str> {
        let last = (spec.output.sizes()[1] as usize).saturating_sub(1) * spec.stride[1] as usize;
        if last + reach(spec) > spec.before(1) + spec.input.sizes()[1] as usize {
            Some(
                "a window that is fed sample by sample does not look ahead: its padding is `Causal`, `Valid`, or none after",
            )
        } else if spec.before(1) >= reach(spec) {
            Some("a window that is fed sample by sample has less padding before the signal than it reaches back")
        } else {
            None
        }
    }
}

/// How many samples there are from the first of the window to its last, both counted.
const fn reach(spec: &WindowSpec) -> usize {
    (spec.kernel[1] as usize).saturating_sub(1) * spec.dilation[1] as usize + 1
}
