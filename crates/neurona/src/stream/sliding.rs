//! A window over the newest samples.

use core::cell::Cell;

use crate::shape::Signal;

/// The newest `LEN` samples of `CHANNELS` values each, given every `HOP` samples: what feeds a network that takes a whole
/// window.
///
/// With a hop smaller than the window, windows overlap; with a larger one, the samples between two windows are left out.
/// Until there are `LEN` samples there is no window.
///
/// # Cost
///
/// The window itself and 8 bytes. A sample is copied once, and for each window `LEN - HOP` samples are moved.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// let mut sliding = Sliding::<3, 1, 2>::ZERO; // on a board: in a static
/// let mut windows = Vec::new();
/// for sample in 1..=7 {
///     if let Some(window) = sliding.push(&[sample as f32]) {
///         windows.push(window.map(|[x]| x));
///     }
/// }
/// assert_eq!(windows, [[1.0, 2.0, 3.0], [3.0, 4.0, 5.0], [5.0, 6.0, 7.0]]);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Sliding<const LEN: usize, const CHANNELS: usize, const HOP: usize> {
    window: Signal<LEN, CHANNELS>,
    /// Number of samples of the window that are there.
    count: u32,
    /// Number of samples to leave out.
    skip: u32,
}

crate::__plain!(
    [allow(unsafe_code)] [const LEN: usize, const CHANNELS: usize, const HOP: usize] Sliding<LEN, CHANNELS, HOP>,
    Signal<LEN, CHANNELS>, u32, u32
);

impl<const LEN: usize, const CHANNELS: usize, const HOP: usize> Sliding<LEN, CHANNELS, HOP> {
    /// Takes a sample, and gives the window that it completes.
    pub fn push(&mut self, sample: &[f32; CHANNELS]) -> Option<&Signal<LEN, CHANNELS>> {
        const {
            assert!(LEN > 0 && HOP > 0, "a sliding window has at least one sample, and moves by at least one");
            assert!(LEN <= u32::MAX as usize && HOP <= u32::MAX as usize);
        }
        if self.count as usize == LEN {
            self.advance();
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        *self.window.get_mut(self.count as usize)? = *sample;
        self.count += 1;
        (self.count as usize == LEN).then_some(&self.window)
    }

    /// Forgets all samples.
    pub fn reset(&mut self) {
        crate::plain::Zero::clear(self);
    }

    /// Moves the window on by a hop.
    fn advance(&mut self) {
        let cells = Cell::from_mut(&mut self.window[..]).as_slice_of_cells();
        for (to, from) in cells.iter().zip(cells.iter().skip(HOP)) {
            to.set(from.get());
        }
        self.count = LEN.saturating_sub(HOP) as u32;
        self.skip = HOP.saturating_sub(LEN) as u32;
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::plain::Zero;

    extern crate std;

    /// The windows of 20 samples, by their first one, and that each holds those that follow it.
    fn starts<const LEN: usize, const HOP: usize>() -> Vec<usize> {
        let mut sliding = Sliding::<LEN, 2, HOP>::ZERO;
        let mut starts = Vec::new();
        for at in 0..20 {
            if let Some(window) = sliding.push(&[at as f32, -(at as f32)]) {
                let start = at + 1 - LEN;
                for (i, sample) in window.iter().enumerate() {
                    assert_eq!(*sample, [(start + i) as f32, -((start + i) as f32)]);
                }
                starts.push(start);
            }
        }
        starts
    }

    #[test]
    fn windows_begin_a_hop_apart() {
        assert_eq!(starts::<5, 1>(), (0..=15).collect::<Vec<_>>());
        assert_eq!(starts::<5, 4>(), [0, 4, 8, 12]);
        assert_eq!(starts::<5, 5>(), [0, 5, 10, 15]);
        assert_eq!(starts::<5, 7>(), [0, 7, 14]);
        assert_eq!(starts::<1, 3>(), [0, 3, 6, 9, 12, 15, 18]);
        assert_eq!(starts::<21, 1>(), [] as [usize; 0]);
    }

    #[test]
    fn a_reset_begins_anew() {
        let mut sliding = Sliding::<2, 1, 1>::ZERO;
        assert_eq!(sliding.push(&[1.0]), None);
        assert_eq!(sliding.push(&[2.0]), Some(&[[1.0], [2.0]]));
        sliding.reset();
        assert_eq!(sliding.push(&[3.0]), None);
        assert_eq!(sliding.push(&[4.0]), Some(&[[3.0], [4.0]]));
    }
}
