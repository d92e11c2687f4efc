//! The network of the examples and its data: 8x8 images of digits, all in flash.
//!
//! The folder `data/`, or the one that the environment variable `NEURONA_MODEL_DIR` names when the firmware is built,
//! holds three disjoint parts of a data set: `digits.neurona` was trained on the first, the board learns from the
//! second (`learn.csv`), and both are tested with the third (`test.csv`).

use neurona::model_file::Golden;
use neurona::prelude::*;

neurona::network! {
    /// Grey levels from 0 to 16, in rows from the top, to a weighted sum for each digit.
    pub struct Digits: [f32; 64] => [f32; 10] {
        scale: Rescale<64, { (1.0_f32 / 16.0).to_bits() }>,
        hidden: Dense<64, 32, Relu>,
        output: Dense<32, 10>,
    }
}

/// The trained network, read in place.
pub static TRAINED: Digits = neurona::include_model!(concat!(env!("OUT_DIR"), "/digits.neurona"));

/// An input with the output that the trained network gives for it, to the last bit.
pub static GOLDEN: Golden<Digits> = neurona::include_golden!(concat!(env!("OUT_DIR"), "/digits.neurona"));

/// What the board learns from.
pub static LEARN: Images = Images(include_bytes!(concat!(env!("OUT_DIR"), "/learn.bin")));

/// What is neither trained on nor learned from.
pub static TEST: Images = Images(include_bytes!(concat!(env!("OUT_DIR"), "/test.bin")));

/// Images with their digits, a byte for the digit and one for each pixel.
#[derive(Clone, Copy, Debug)]
pub struct Images(&'static [u8]);

/// An image and what it shows.
#[derive(Clone, Copy, Debug)]
pub struct Image {
    /// The digit.
    pub digit: usize,
    pixels: &'static [u8; 64],
}

/// How the camera is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mounting {
    /// As it was when the images were taken.
    Upright,
    /// So that every image is turned by 90 degrees clockwise.
    Turned,
}

impl Images {
    /// Number of images.
    pub fn len(self) -> usize {
        self.0.as_chunks::<65>().0.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Each image, in the order of the file.
    pub fn iter(self) -> impl Iterator<Item = Image> + Clone {
        self.0.as_chunks().0.iter().map(|[digit, pixels @ ..]: &[u8; 65]| Image { digit: usize::from(*digit), pixels })
    }
}

impl Image {
    /// Writes the grey levels that a camera mounted this way sees.
    pub fn read(self, mounting: Mounting, x: &mut [f32; 64]) {
        let rows = self.pixels.as_chunks::<8>().0;
        for (row, levels) in x.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            for (column, level) in levels.iter_mut().enumerate() {
                let (from_row, from_column) = match mounting {
                    Mounting::Upright => (row, column),
                    Mounting::Turned => (7 - column, row),
                };
                *level = f32::from(rows[from_row][from_column]);
            }
        }
    }
}

/// The digit whose weighted sum is largest, the first of them when there are several.
pub fn answer(y: &[f32; 10]) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (digit, &sum) in y.iter().enumerate() {
        if sum > best.1 {
            best = (digit, sum);
        }
    }
    best.0
}

/// How many of the images a network gets right; `x` is where it reads them.
pub fn count_right<N>(
    net: &N,
    images: Images,
    mounting: Mounting,
    x: &mut [f32; 64],
    memory: &mut Inference<N>,
) -> usize
where
    N: Network<Input = [f32; 64], Output = [f32; 10]>,
{
    let mut right = 0;
    for image in images.iter() {
        image.read(mounting, x);
        if answer(net.infer(x, memory)) == image.digit {
            right += 1;
        }
    }
    right
}
