//! Augmentation: each time an example is trained on, it is changed a little, in a way that leaves its target as it is.
//!
//! What changes an example is drawn anew in each epoch, from a stream of random numbers of its own that follows from
//! the seed, the epoch and its row ([`Purpose::Augment`](crate::random::Purpose::Augment)): so the result does not
//! depend on threads or batches. An example is changed in its own units, before the network's scaling layers see it.
//! What a network is measured on is never changed.
//!
//! ```
//! use neurona_train::{Augment, augment::Image, random::{Purpose, Random}};
//!
//! let augment = Augment::Image(Image { shift: 1.0, rotation: 10.0, ..Image::new(8, 8, 1) });
//! augment.check(64)?;
//!
//! let (image, mut changed) = ([1.0; 64], [0.0; 64]);
//! let (seed, epoch, row) = (1, 1, 0);
//! augment.transform(&image, &mut changed, &mut Random::new(seed, Purpose::Augment, epoch, row));
//! assert_ne!(image, changed);
//! # Ok::<(), neurona_train::AugmentError>(())
//! ```
//!
//! In a TOML file the table `[augment]` has one key, `image` or `signal`:
//!
//! ```toml
//! [augment]
//! image = { height = 8, width = 8, shift = 1.0, rotation = 10.0, scale = 0.1, noise = 0.5 }
//! ```
//!
//! As an option of the command the sizes come first, then what is done, `image:8x8:shift=1:flip_horizontal`.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::random::Random;

mod image;
mod signal;

pub use image::Image;
pub use signal::Signal;

/// How examples are changed while they are trained on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Augment {
    /// Rows are images.
    Image(Image),
    /// Rows are pieces of a signal.
    Signal(Signal),
}

/// What is wrong with the description of an augmentation.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AugmentError {
    /// A setting is out of its range.
    #[error("{setting}: expected {expected}, found {found}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// What it may be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The sizes are not those of the inputs.
    #[error("{kind}: an input has {inputs} values, but {sizes} are {values}")]
    Sizes {
        /// Image or signal.
        kind: &'static str,
        /// The sizes by name.
        sizes: &'static str,
        /// Their product.
        values: usize,
        /// Values of an input.
        inputs: usize,
    },
}

impl Augment {
    /// Whether inputs of so many values can be changed in this way.
    ///
    /// # Errors
    ///
    /// The sizes are not those of the inputs, or a setting is out of its range.
    pub fn check(&self, inputs: usize) -> Result<(), AugmentError> {
        match self {
            Self::Image(image) => image.check(inputs),
            Self::Signal(signal) => signal.check(inputs),
        }
    }

    /// What inputs are, as in a TOML file: `image` or `signal`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Image(_) => "image",
            Self::Signal(_) => "signal",
        }
    }

    /// Writes the input `from`, changed by what the stream gives, to `to`.
    ///
    /// # Panics
    ///
    /// [`check`](Self::check) fails for the length of `from` or of `to`.
    pub fn transform(&self, from: &[f32], to: &mut [f32], random: &mut Random) {
        match self {
            Self::Image(image) => image.transform(from, to, random),
            Self::Signal(signal) => signal.transform(from, to, random),
        }
    }
}

impl FromStr for Augment {
    type Err = String;

    /// `image:HEIGHTxWIDTH[xCHANNELS]` or `signal:STEPS[xCHANNELS]`, then for each setting of a table in a file
    /// `:NAME=VALUE`, or `:NAME` for one that is yes or no.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split(':');
        let kind = words.next().unwrap_or_default();
        let (names, expected) = match kind {
            "image" => (&["height", "width", "channels"][..], "image:HEIGHTxWIDTH or image:HEIGHTxWIDTHxCHANNELS"),
            "signal" => (&["steps", "channels"][..], "signal:STEPS or signal:STEPSxCHANNELS"),
            _ => return Err(format!("expected image:… or signal:…, found `{text}`")),
        };
        let sizes = words.next().unwrap_or_default().split('x').map(|size| size.parse::<u32>().ok());
        let sizes: Vec<u32> = sizes.collect::<Option<_>>().unwrap_or_default();
        if !(names.len() - 1..=names.len()).contains(&sizes.len()) {
            return Err(format!("expected {expected}, found `{text}`"));
        }
        let mut table: Table = names.iter().zip(sizes).map(|(name, size)| ((*name).to_owned(), size.into())).collect();
        for word in words {
            let (name, value) = match word.split_once('=') {
                None => (word, Value::Boolean(true)),
                Some((name, value)) => {
                    let value: f64 =
                        value.parse().map_err(|_| format!("{name}: expected a number, found `{value}`"))?;
                    (name, Value::Float(value))
                }
            };
            if table.insert(name.to_owned(), value).is_some() {
                return Err(format!("{name} is given twice"));
            }
        }
        let whole = Table::from_iter([(kind.to_owned(), Value::Table(table))]);
        whole.try_into().map_err(|error: toml::de::Error| error.to_string().trim_end().replace('\n', " "))
    }
}

/// The number of channels in a file that does not say.
fn one() -> usize {
    1
}

/// Adds normal noise of that standard deviation.
fn add_noise(values: &mut [f32], deviation: f32, random: &mut Random) {
    if deviation > 0.0 {
        values.iter_mut().for_each(|value| *value += deviation * random.normal());
    }
}

/// The checks that both kinds need.
mod check {
    use super::AugmentError;

    pub(super) fn size(setting: &'static str, least: usize, found: usize) -> Result<(), AugmentError> {
        if found >= least { Ok(()) } else { error(setting, format!("at least {least}"), found.to_string()) }
    }

    pub(super) fn sizes(
        kind: &'static str,
        names: &'static str,
        sizes: &[usize],
        inputs: usize,
    ) -> Result<(), AugmentError> {
        // Nothing is as long as the largest number, so that a product that cannot be computed does not fit either.
        let values = sizes.iter().fold(1_usize, |product, size| product.saturating_mul(*size));
        if values == inputs { Ok(()) } else { Err(AugmentError::Sizes { kind, sizes: names, values, inputs }) }
    }

    pub(super) fn deviation(setting: &'static str, found: f32) -> Result<(), AugmentError> {
        if found >= 0.0 && found.is_finite() {
            Ok(())
        } else {
            error(setting, "a finite number of at least 0".to_owned(), found.to_string())
        }
    }

    pub(super) fn share(setting: &'static str, found: f32) -> Result<(), AugmentError> {
        let expected = || "at least 0 and less than 1".to_owned();
        if (0.0..1.0).contains(&found) { Ok(()) } else { error(setting, expected(), found.to_string()) }
    }

    pub(super) fn up_to(
        setting: &'static str,
        most: usize,
        unit: &'static str,
        found: f32,
    ) -> Result<(), AugmentError> {
        if (0.0..=most as f32).contains(&found) {
            Ok(())
        } else {
            error(setting, format!("from 0 to {most} {unit}"), found.to_string())
        }
    }

    pub(super) fn finite(setting: &'static str, found: f32) -> Result<(), AugmentError> {
        if found.is_finite() { Ok(()) } else { error(setting, "a finite number".to_owned(), found.to_string()) }
    }

    fn error(setting: &'static str, expected: String, found: String) -> Result<(), AugmentError> {
        Err(AugmentError::Setting { setting, expected, found })
    }
}

#[cfg(test)]
mod tests;
