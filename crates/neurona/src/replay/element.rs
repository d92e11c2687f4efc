//! What a number of a sample is kept as.

use crate::plain::Plain;

/// What a number of a sample is kept as: `f32` as it is, `i8` or `u8` as a multiple of a scale.
///
/// A number x is kept as `round(x / scale)`, ties to even, and given back as that times the scale. Within the range, -127 to
/// 127 times the scale for `i8` and 0 to 255 for `u8`, it comes back with an error of at most half the scale; beyond, as
/// the end of the range.
///
/// A scale is a positive number whose 255-fold is finite, so that what is given back is finite too; buffers take 1 for any other.
pub trait Element: Plain + Copy {
    /// The number as it is kept. A NaN is kept as zero, but by `f32`.
    fn encode(x: f32, scale: f32) -> Self;

    /// The number that is given back.
    fn decode(self, scale: f32) -> f32;
}

/// The scale, or 1 where it is none.
pub(super) const fn scale_or_one(scale: f32) -> f32 {
    if scale > 0.0 && (255.0 * scale).is_finite() { scale } else { 1.0 }
}

impl Element for f32 {
    fn encode(x: f32, _: f32) -> Self {
        x
    }

    fn decode(self, _: f32) -> f32 {
        self
    }
}

impl Element for i8 {
    fn encode(x: f32, scale: f32) -> Self {
        // A cast of a float keeps to the range of the integer, and makes zero of NaN; -128 has no opposite.
        let multiple = libm::rintf(x / scale) as i8;
        if multiple < -127 { -127 } else { multiple }
    }

    fn decode(self, scale: f32) -> f32 {
        f32::from(self) * scale
    }
}

impl Element for u8 {
    fn encode(x: f32, scale: f32) -> Self {
        libm::rintf(x / scale) as u8
    }

    fn decode(self, scale: f32) -> f32 {
        f32::from(self) * scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_half_the_scale_and_ends_are_ends() {
        // Scales that are powers of two, so that division and product are exact and the bound is too.
        for scale in [0.5_f32, 0.0625, 8.0] {
            for i in -5000..=5000 {
                let x = i as f32 * scale / 39.0;
                if x >= -127.0 * scale && x <= 127.0 * scale {
                    assert!((i8::encode(x, scale).decode(scale) - x).abs() <= scale / 2.0);
                }
                if x >= 0.0 {
                    assert!((u8::encode(x, scale).decode(scale) - x).abs() <= scale / 2.0);
                }
            }
        }
        assert_eq!([-1e9, 1e9, f32::NAN, f32::NEG_INFINITY].map(|x| i8::encode(x, 1.0)), [-127, 127, 0, -127]);
        assert_eq!([-1e9, 1e9, f32::NAN, f32::INFINITY].map(|x| u8::encode(x, 1.0)), [0, 255, 0, 255]);
        assert_eq!((f32::encode(0.1, 9.0).decode(3.0), i8::encode(1.0, 0.0)), (0.1, 127));
    }

    /// 2^-149 is the least positive number, and 2^120 the largest power of two whose 255-fold is finite.
    #[test]
    fn a_scale_that_is_none_is_one() {
        for bad in [f32::NAN, 0.0, -0.0, -1.0, f32::INFINITY, f32::NEG_INFINITY, 2e38, 1.4e36] {
            assert_eq!(scale_or_one(bad), 1.0);
        }
        for scale in [f32::from_bits(1), 1e-30, 0.5, 1.0, libm::exp2f(120.0)] {
            assert_eq!(scale_or_one(scale), scale);
            for x in [0.0, 1.0, -f32::MAX, f32::MAX] {
                assert!(
                    i8::encode(x, scale).decode(scale).is_finite() && u8::encode(x, scale).decode(scale).is_finite()
                );
            }
        }
    }
}
