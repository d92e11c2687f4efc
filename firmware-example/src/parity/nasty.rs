//! Numbers at which cores, compilers and libraries like to differ.

use neurona::prelude::*;

use super::STEPS;
use crate::Hash;

/// What is nasty about the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nasty {
    /// From -1 to 1 with 23 significant bits: a product has 46, so that about one sum in six comes out differently
    /// where the product is fused with it.
    Rounding,
    /// Some of [`Nasty::Rounding`], some of them times the smallest normal number: subnormal weights and activations,
    /// and subnormal gradients where one meets the other.
    Subnormal,
    /// Both zeros, 1 and -1: sums that cancel, and the sign of what is left.
    Zeros,
    /// Times 2^64: products of two overflow when they are summed, and infinities cancel to NaN.
    Overflow,
    /// One in eight is NaN or an infinity.
    NotFinite,
}

impl Nasty {
    /// Each, with the number of steps until the weights are drawn anew: only one where the first leaves little but NaN.
    const ALL: [(Self, usize); 5] =
        [(Self::Rounding, 40), (Self::Subnormal, 40), (Self::Zeros, 40), (Self::Overflow, 1), (Self::NotFinite, 1)];
}

/// Pseudo-random numbers: the xorshift generator with 32 bits of state (Marsaglia, "Xorshift RNGs", 2003).
#[derive(Clone, Debug)]
pub struct Source(u32);

impl Source {
    /// The same numbers each time.
    pub const fn new() -> Self {
        Self(0x9e37_79b9)
    }

    /// The next 32 bits, never all zero.
    pub fn bits(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// A number from -1 to 1, a multiple of 2^-23.
    pub fn number(&mut self) -> f32 {
        // The upper 24 bits: at most 2^24, so that the conversion and the difference are exact.
        (self.bits() >> 8) as f32 / 8_388_608.0 - 1.0
    }

    /// A number that is nasty in this way.
    pub fn nasty(&mut self, nasty: Nasty) -> f32 {
        let (number, choice) = (self.number(), self.bits() >> 28);
        match (nasty, choice) {
            (Nasty::Rounding, _) => number,
            (Nasty::Subnormal, 0..8) => number * f32::MIN_POSITIVE,
            (Nasty::Subnormal, _) => number,
            (Nasty::Zeros, 0..4) => 0.0,
            (Nasty::Zeros, 4..8) => -0.0,
            (Nasty::Zeros, _) => 1_f32.copysign(number),
            (Nasty::Overflow, _) => number * 18_446_744_073_709_551_616.0,
            (Nasty::NotFinite, 0) => f32::NAN,
            (Nasty::NotFinite, 1) => f32::INFINITY.copysign(number),
            (Nasty::NotFinite, _) => number,
        }
    }

    /// Fills an array.
    #[inline(never)] // once for all networks: the micro:bit has 256 KiB of flash
    pub fn fill(&mut self, nasty: Nasty, numbers: &mut [f32]) {
        for number in numbers {
            *number = self.nasty(nasty);
        }
    }
}

impl Default for Source {
    fn default() -> Self {
        Self::new()
    }
}

/// An example for a network with seven inputs and three outputs.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The input.
    pub x: [f32; 7],
    /// From these three numbers the target is made, as the loss wants it.
    pub t: [f32; 3],
}

/// The hash of every output, loss and weight of a small network that takes [`STEPS`] steps with nasty numbers.
///
/// `constants` are what a network has besides its parameters: it calls what it is given with each. `learn` takes a
/// step, or adds to a gradient, and returns the loss.
pub fn small<N>(
    constants: impl Fn(&mut N, &mut dyn FnMut(&mut [f32])),
    mut learn: impl FnMut(&mut N, &Example, &mut Workspace<N>) -> f32,
) -> Hash
where
    N: Network<Input = [f32; 7], Output = [f32; 3]> + Zero,
{
    let (mut net, mut inference, mut workspace) = (N::ZERO, Inference::ZERO, Workspace::ZERO);
    let (mut source, mut hash) = (Source::new(), Hash::EMPTY);
    for (nasty, lasting) in Nasty::ALL {
        // What is not finite comes as input: a NaN among the weights would leave nothing to compare.
        let weights = if nasty == Nasty::NotFinite { Nasty::Rounding } else { nasty };
        for step in 0..STEPS / Nasty::ALL.len() {
            if step % lasting == 0 {
                net.visit([], &mut |array, []| source.fill(weights, array));
                constants(&mut net, &mut |array| source.fill(weights, array));
            }
            let mut example = Example { x: [0.0; 7], t: [0.0; 3] };
            source.fill(nasty, &mut example.x);
            source.fill(weights, &mut example.t);
            hash.add(net.infer(&example.x, &mut inference));
            hash.add(&[learn(&mut net, &example, &mut workspace)]);
            hash.add_parameters(&mut net);
        }
    }
    hash
}
