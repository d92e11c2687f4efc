//! Numbers at which cores, compilers and libraries like to differ.

use neurona::learner::Rule;
use neurona::prelude::*;

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
    pub(super) const ALL: [Self; 5] = [Self::Rounding, Self::Subnormal, Self::Zeros, Self::Overflow, Self::NotFinite];
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

impl Example {
    fn draw(source: &mut Source, input: Nasty, target: Nasty) -> Self {
        let mut example = Self { x: [0.0; 7], t: [0.0; 3] };
        source.fill(input, &mut example.x);
        source.fill(target, &mut example.t);
        example
    }
}

/// How a small network learns.
#[derive(Clone, Copy, Debug)]
pub struct Lesson<L, F, R> {
    /// What learning makes small.
    pub loss: L,
    /// Makes the loss's target from an example's three numbers.
    pub target: F,
    /// How an example changes the network.
    pub rule: R,
    /// Number of examples of each kind of numbers.
    pub examples: usize,
}

/// Gives what it is called with each of a network's constants: what it has besides its parameters.
pub type Constants<N> = fn(&mut N, &mut dyn FnMut(&mut [f32]));

/// The hash of every output and loss, and of the weights after every step, of a small network that is shown nasty numbers of
/// every kind.
///
/// It learns from those that are finite; of the others, from which nothing is learned, the gradients are hashed.
pub fn small<N, L, T, F, R>(constants: Constants<N>, lesson: &Lesson<L, F, R>) -> Hash
where
    N: Network<Input = [f32; 7], Output = [f32; 3]> + Zero,
    L: Loss<[f32; 3], T> + Copy,
    F: Fn([f32; 3]) -> T,
    R: Rule + Copy,
{
    let (mut net, mut source, mut hash) = (N::ZERO, Source::new(), Hash::EMPTY);
    let mut state = State { net: &mut net, source: &mut source, hash: &mut hash, constants };
    for nasty in Nasty::ALL {
        match nasty {
            Nasty::Rounding | Nasty::Subnormal | Nasty::Zeros => learn(&mut state, nasty, lesson),
            Nasty::Overflow | Nasty::NotFinite => differentiate(&mut state, nasty, lesson),
        }
    }
    hash
}

struct State<'a, N> {
    net: &'a mut N,
    source: &'a mut Source,
    hash: &'a mut Hash,
    constants: Constants<N>,
}

impl<N: Network<Input = [f32; 7], Output = [f32; 3]>> State<'_, N> {
    fn draw_weights(&mut self, nasty: Nasty) {
        let Self { net, source, .. } = self;
        net.visit([], &mut |_, array, []| source.fill(nasty, array));
        (self.constants)(self.net, &mut |array| self.source.fill(nasty, array));
    }
}

/// Takes steps with what is finite.
#[inline(never)] // with memory of its own on the stack, of which the micro:bit has 4 KiB
fn learn<N, L, T, F, R>(state: &mut State<'_, N>, nasty: Nasty, lesson: &Lesson<L, F, R>)
where
    N: Network<Input = [f32; 7], Output = [f32; 3]>,
    L: Loss<[f32; 3], T> + Copy,
    F: Fn([f32; 3]) -> T,
    R: Rule + Copy,
{
    state.draw_weights(nasty);
    let mut learning = Learning::ZERO;
    let mut learner = Learner::new(&mut *state.net, &mut learning, lesson.loss, lesson.rule);
    for _ in 0..lesson.examples {
        let example = Example::draw(state.source, nasty, nasty);
        state.hash.add(learner.infer(&example.x));
        let learned = learner.learn(&example.x, &(lesson.target)(example.t));
        state.hash.add(&[learned.loss().unwrap_or(f32::NAN)]);
        if let Learned::Stepped(_) = learned {
            state.hash.add_parameters(learner.net_mut());
        }
    }
}

/// Sums gradients of what is not finite, each with weights of its own, for the first leaves little but NaN.
#[inline(never)] // as above
fn differentiate<N, L, T, F, R>(state: &mut State<'_, N>, nasty: Nasty, lesson: &Lesson<L, F, R>)
where
    N: Network<Input = [f32; 7], Output = [f32; 3]>,
    L: Loss<[f32; 3], T>,
    F: Fn([f32; 3]) -> T,
{
    // What is not finite comes as input: a NaN among the weights would leave nothing to compare.
    let weights = if nasty == Nasty::NotFinite { Nasty::Rounding } else { nasty };
    let (mut gradient, mut workspace) = (Gradient::<N>::ZERO, Workspace::<N>::ZERO);
    for _ in 0..lesson.examples.min(40) {
        state.draw_weights(weights);
        let Example { x, t } = Example::draw(state.source, nasty, weights);
        gradient.clear();
        let loss = state.net.accumulate(&x, &(lesson.target)(t), &lesson.loss, &mut gradient, &mut workspace);
        state.hash.add(&[loss]);
        let hash = &mut *state.hash;
        state.net.visit([&mut gradient], &mut |_, _, [gradient]| hash.add(gradient));
    }
}
