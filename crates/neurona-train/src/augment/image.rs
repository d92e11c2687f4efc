//! Images: moved, turned, enlarged and mirrored by one affine map, then noise.

use serde::{Deserialize, Serialize};

use super::{AugmentError, add_noise, check};
use crate::random::Random;

/// How images are changed: P. Simard, D. Steinkraus and J. Platt, "Best practices for convolutional neural networks
/// applied to visual document analysis", 2003 (affine maps); C. Bishop, "Training with noise is equivalent to Tikhonov
/// regularization", 1995 (noise).
///
/// An image is mirrored, turned and enlarged about its centre, then shifted, by values drawn for it alone. With the
/// centre m, the angle a, the factor s, the shift t and mirroring M (1 or -1 on the diagonal), a pixel at p (to the
/// right, downward) goes to `m + t + s R(a) M (p - m)`. The pixel at q of the result is therefore what was at
/// `m + M R(-a) (q - m - t) / s`, interpolated once and bilinearly between four pixels; beyond the edges every pixel is
/// `fill`.
///
/// # Shapes
///
/// A row is height x width x channels, channels last. Each channel is moved alike; noise is drawn for each value.
///
/// # Cost
///
/// For each pixel a place of 4 multiplications and for each channel 6 more, in `f64`, and where there is noise a
/// logarithm, a root and a cosine for each value. An image that is not moved is not interpolated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Pixels from top to bottom.
    pub height: usize,
    /// Pixels from left to right.
    pub width: usize,
    /// Values of a pixel; 1 in a file that does not say.
    #[serde(default = "super::one")]
    pub channels: usize,
    /// The standard deviation of the noise that is added to each value, in the units of the input.
    #[serde(default)]
    pub noise: f32,
    /// The most that an image is shifted to each side, up and down, in pixels.
    #[serde(default)]
    pub shift: f32,
    /// The most that an image is turned either way, in degrees.
    #[serde(default)]
    pub rotation: f32,
    /// The most that an image is enlarged or made smaller, as a share: 0.1 is by factors from 0.9 to 1.1.
    #[serde(default)]
    pub scale: f32,
    /// Whether left and right are exchanged, with a chance of one half.
    #[serde(default)]
    pub flip_horizontal: bool,
    /// Whether top and bottom are exchanged, with a chance of one half.
    #[serde(default)]
    pub flip_vertical: bool,
    /// What is seen beyond the edges, in the units of the input.
    #[serde(default)]
    pub fill: f32,
}

impl Image {
    /// Images of that size that are left as they are, to choose from what can be done with them.
    pub const fn new(height: usize, width: usize, channels: usize) -> Self {
        Self {
            height,
            width,
            channels,
            noise: 0.0,
            shift: 0.0,
            rotation: 0.0,
            scale: 0.0,
            flip_horizontal: false,
            flip_vertical: false,
            fill: 0.0,
        }
    }

    pub(super) fn check(&self, inputs: usize) -> Result<(), AugmentError> {
        check::size("image.height", 1, self.height)?;
        check::size("image.width", 1, self.width)?;
        check::size("image.channels", 1, self.channels)?;
        check::sizes("image", "height x width x channels", &[self.height, self.width, self.channels], inputs)?;
        check::deviation("image.noise", self.noise)?;
        check::up_to("image.shift", self.height.max(self.width), "pixels, the longer side", self.shift)?;
        check::up_to("image.rotation", 180, "degrees", self.rotation)?;
        check::share("image.scale", self.scale)?;
        check::finite("image.fill", self.fill)
    }

    pub(super) fn transform(&self, from: &[f32], to: &mut [f32], random: &mut Random) {
        let motion = self.draw(random);
        if motion == Motion::NONE {
            to.copy_from_slice(from);
        } else {
            self.resample(&motion.source(self), from, to);
        }
        add_noise(to, self.noise, random);
    }

    /// Every value is drawn whether it is asked for or not, so that one setting does not change what another gives.
    fn draw(&self, random: &mut Random) -> Motion {
        let mut up_to = |most: f32| f64::from(random.uniform(most));
        let (right, down, degrees, scale) =
            (up_to(self.shift), up_to(self.shift), up_to(self.rotation), up_to(self.scale));
        let mut by_chance = || random.unit() < 0.5;
        let (flip_horizontal, flip_vertical) = (by_chance(), by_chance());
        Motion {
            right,
            down,
            degrees,
            scale: 1.0 + scale,
            flip_horizontal: flip_horizontal && self.flip_horizontal,
            flip_vertical: flip_vertical && self.flip_vertical,
        }
    }

    /// Writes for each pixel of `to` what `from` has where the map says.
    fn resample(&self, source: &Affine, from: &[f32], to: &mut [f32]) {
        for (y, row) in to.chunks_exact_mut(self.width * self.channels).enumerate() {
            for (x, pixel) in row.chunks_exact_mut(self.channels).enumerate() {
                let (x, y) = source.apply(x as f64, y as f64);
                let (left, top) = (x.floor(), y.floor());
                let corners = [(left, top), (left + 1.0, top), (left, top + 1.0), (left + 1.0, top + 1.0)];
                let corners = corners.map(|(x, y)| self.offset(x, y));
                for (channel, value) in pixel.iter_mut().enumerate() {
                    let [a, b, c, d] =
                        corners.map(|offset| f64::from(offset.map_or(self.fill, |offset| from[offset + channel])));
                    *value = mix(mix(a, b, x - left), mix(c, d, x - left), y - top) as f32;
                }
            }
        }
    }

    /// Where the values of a pixel begin; `None` beyond the edges.
    fn offset(&self, x: f64, y: f64) -> Option<usize> {
        let within = (0.0..self.width as f64).contains(&x) && (0.0..self.height as f64).contains(&y);
        within.then(|| (y as usize * self.width + x as usize) * self.channels)
    }
}

/// From `a` to `b` as `share` goes from 0 to 1; exactly `a` at 0.
fn mix(a: f64, b: f64, share: f64) -> f64 {
    (1.0 - share) * a + share * b
}

/// What is done to one image.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Motion {
    /// Pixels.
    right: f64,
    /// Pixels.
    down: f64,
    /// Counter-clockwise, as the picture is looked at with its first row at the top.
    degrees: f64,
    /// A factor.
    scale: f64,
    flip_horizontal: bool,
    flip_vertical: bool,
}

/// An affine map of places: `x' = xx x + xy y + x0`, `y' = yx x + yy y + y0`.
#[derive(Clone, Copy, Debug)]
struct Affine {
    xx: f64,
    xy: f64,
    x0: f64,
    yx: f64,
    yy: f64,
    y0: f64,
}

impl Motion {
    const NONE: Self =
        Self { right: 0.0, down: 0.0, degrees: 0.0, scale: 1.0, flip_horizontal: false, flip_vertical: false };

    /// From places in the result to places in the image: see [`Image`].
    fn source(&self, image: &Image) -> Affine {
        let angle = self.degrees * (std::f64::consts::PI / 180.0);
        let (sin, cos) = (libm::sin(angle), libm::cos(angle));
        let sign = |flip: bool| if flip { -1.0 } else { 1.0 };
        let (across, along) = (sign(self.flip_horizontal) / self.scale, sign(self.flip_vertical) / self.scale);
        let (xx, xy, yx, yy) = (across * cos, -across * sin, along * sin, along * cos);
        let middle = |length: usize| (length as f64 - 1.0) / 2.0;
        let (x, y) = (middle(image.width), middle(image.height));
        let (right, down) = (x + self.right, y + self.down);
        Affine { xx, xy, x0: x - (xx * right + xy * down), yx, yy, y0: y - (yx * right + yy * down) }
    }
}

impl Affine {
    fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        (self.xx * x + self.xy * y + self.x0, self.yx * x + self.yy * y + self.y0)
    }
}

#[cfg(test)]
mod tests;
