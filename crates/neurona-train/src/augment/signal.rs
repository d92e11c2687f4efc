//! Signals: shifted and warped in time, louder or softer, then noise.

use serde::{Deserialize, Serialize};

use super::{AugmentError, add_noise, check};
use crate::random::Random;

/// How pieces of a signal are changed, after T. T. Um and others, "Data augmentation of wearable sensor data for
/// Parkinson's disease monitoring using convolutional neural networks", 2017.
///
/// With T the last step and d the shift, step t of the result is what the signal was at `tau(t) - d`, interpolated once
/// and linearly between two steps; before the first step and after the last the signal stays as it is there.
///
/// The warp tau runs through the piece at a speed of `1 + e(t)`. The deviation e is drawn at six knots at equal
/// distances, the ends among them, and is linear between them; with `E(t)` its integral from 0 to t,
///
/// `tau(t) = T (t + E(t)) / (T + E(T))`.
///
/// So tau is smooth (its slope has no jump), begins at 0, ends at T, and with deviations smaller than 1 it rises
/// everywhere. Um and others draw the speed from a normal distribution and join the knots by a cubic spline, which can
/// run backward; these here cannot.
///
/// # Shapes
///
/// A row is steps x channels. Channels share the shift and the warp; each has a factor of its own.
///
/// # Cost
///
/// For each step some ten operations and for each channel three more, in `f64`, and where there is jitter a logarithm,
/// a root and a cosine for each value. A piece that is not moved in time is not interpolated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    /// Steps in time, at least 2.
    pub steps: usize,
    /// Values of a step; 1 in a file that does not say.
    #[serde(default = "super::one")]
    pub channels: usize,
    /// The standard deviation of the noise that is added to each value, in the units of the input.
    #[serde(default)]
    pub jitter: f32,
    /// The most that a channel is made larger or smaller, as a share: 0.1 is by factors from 0.9 to 1.1.
    #[serde(default)]
    pub scale: f32,
    /// The most that the speed at a knot of the warp deviates from the usual, as a share of it.
    #[serde(default)]
    pub warp: f32,
    /// The most that the piece is shifted to earlier and to later, in steps.
    #[serde(default)]
    pub shift: f32,
}

impl Signal {
    /// Signals of that size that are left as they are, to choose from what can be done with them.
    pub const fn new(steps: usize, channels: usize) -> Self {
        Self { steps, channels, jitter: 0.0, scale: 0.0, warp: 0.0, shift: 0.0 }
    }

    pub(super) fn check(&self, inputs: usize) -> Result<(), AugmentError> {
        check::size("signal.steps", 2, self.steps)?;
        check::size("signal.channels", 1, self.channels)?;
        check::sizes("signal", "steps x channels", &[self.steps, self.channels], inputs)?;
        check::deviation("signal.jitter", self.jitter)?;
        check::share("signal.scale", self.scale)?;
        check::share("signal.warp", self.warp)?;
        check::up_to("signal.shift", self.steps, "steps, the length of the signal", self.shift)
    }

    /// Every value is drawn whether it is asked for or not, so that one setting does not change what another gives.
    pub(super) fn transform(&self, from: &[f32], to: &mut [f32], random: &mut Random) {
        let delay = f64::from(random.uniform(self.shift));
        let warp = Warp::new(self.steps, std::array::from_fn(|_| f64::from(random.uniform(self.warp))));
        if delay == 0.0 && warp.is_none() {
            to.copy_from_slice(from);
        } else {
            self.resample(&warp, delay, from, to);
        }
        for channel in 0..self.channels {
            let factor = 1.0 + random.uniform(self.scale);
            to[channel..].iter_mut().step_by(self.channels).for_each(|value| *value *= factor);
        }
        add_noise(to, self.jitter, random);
    }

    fn resample(&self, warp: &Warp, delay: f64, from: &[f32], to: &mut [f32]) {
        let last = self.steps - 1;
        for (t, step) in to.chunks_exact_mut(self.channels).enumerate() {
            let place = (warp.at(t as f64) - delay).clamp(0.0, last as f64);
            let before = place as usize;
            let share = place - before as f64;
            let at = |step: usize| from[step * self.channels..].iter();
            for ((value, a), b) in step.iter_mut().zip(at(before)).zip(at(last.min(before + 1))) {
                *value = ((1.0 - share) * f64::from(*a) + share * f64::from(*b)) as f32;
            }
        }
    }
}

/// Knots of a warp.
const KNOTS: usize = 6;

/// A smooth map of a span of time onto itself that never turns back: see [`Signal`].
#[derive(Clone, Copy, Debug)]
struct Warp {
    /// The last step.
    end: f64,
    /// How far the speed at each knot is from 1.
    deviations: [f64; KNOTS],
    /// The integral of the deviation up to each knot.
    integrals: [f64; KNOTS],
}

impl Warp {
    fn new(steps: usize, deviations: [f64; KNOTS]) -> Self {
        let mut warp = Self { end: steps as f64 - 1.0, deviations, integrals: [0.0; KNOTS] };
        for knot in 1..KNOTS {
            let trapezium = warp.distance() * (deviations[knot - 1] + deviations[knot]) / 2.0;
            warp.integrals[knot] = warp.integrals[knot - 1] + trapezium;
        }
        warp
    }

    /// Whether every moment stays where it is.
    fn is_none(&self) -> bool {
        self.deviations == [0.0; KNOTS]
    }

    /// Steps between two knots.
    fn distance(&self) -> f64 {
        self.end / (KNOTS - 1) as f64
    }

    /// `tau(t)` for a moment from 0 to the end.
    fn at(&self, t: f64) -> f64 {
        let knots = t / self.distance();
        let before = (knots as usize).min(KNOTS - 2);
        let share = knots - before as f64;
        let (e, next) = (self.deviations[before], self.deviations[before + 1]);
        let within = self.distance() * share * (e + share * (next - e) / 2.0);
        self.end * (t + self.integrals[before] + within) / (self.end + self.integrals[KNOTS - 1])
    }
}

#[cfg(test)]
mod tests;
