//! Two branches side by side.

use core::marker::PhantomData;

use super::residual::branches_fault;
use super::{Branches, BranchesState, Kind, Layer, Learn, Target};
use crate::arch::LayerSpec;
use crate::network::__fits;
use crate::plain::Plain;
use crate::shape::{Shaped, Tensor};
use crate::stream::{Sample, Stream, Timing};

/// Two branches side by side: in each cell the channels of `A(x)`, then those of `B(x)` (Szegedy and others, "Going deeper
/// with convolutions", 2015).
///
/// The branches are layers of the same input, most often networks of their own, whose outputs have the same cells. `Y` is
/// the output; it has the channels of both.
///
/// # Shapes
///
/// The input is that of the branches, the output is `Y`.
///
/// # Cost
///
/// What the branches cost, and both outputs as scratch. Backward needs what theirs need, and both outputs and gradients.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// type Narrow = Conv1d<Signal<8, 2>, Signal<8, 3>, Kernel1d<1>, Relu>;
/// type Wide = Conv1d<Signal<8, 2>, Signal<8, 5>, Kernel1d<5>, Relu, Same>;
/// type Both = Concat<Narrow, Wide, Signal<8, 8>>;
/// assert_eq!(Both::PARAMS, 3 * (2 + 1) + 5 * (5 * 2 + 1));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Concat<A, B, Y> {
    /// The branch whose channels come first.
    pub first: A,
    /// The branch whose channels come second.
    pub second: B,
    output: PhantomData<Y>,
}

crate::__plain!([allow(unsafe_code)] [A: Plain, B: Plain, Y: 'static] Concat<A, B, Y>, A, B);

impl<A, B, Y> Concat<A, B, Y> {
    /// A layer of these branches.
    pub const fn new(first: A, second: B) -> Self {
        Self { first, second, output: PhantomData }
    }
}

/// Memory for the forward of a [`Concat`].
#[derive(Debug)]
#[repr(C)]
pub struct ConcatScratch<S, T, Y, Z> {
    first: S,
    second: T,
    y: Y,
    z: Z,
}

crate::__plain!(
    [allow(unsafe_code)] [S: Plain, T: Plain, Y: Plain, Z: Plain] ConcatScratch<S, T, Y, Z>, S, T, Y, Z
);

/// Memory for the backward of a [`Concat`].
#[derive(Debug)]
pub struct ConcatTape<S, T, Y, Z> {
    first: S,
    second: T,
    /// The outputs of the branches, and their gradients.
    y: [Y; 2],
    z: [Z; 2],
}

crate::__zero!([allow(unsafe_code)] [S, T, Y, Z] ConcatTape<S, T, Y, Z>, S, T, Y, Z);

/// Puts the channels of two outputs side by side, cell by cell.
fn join<Y: Shaped, Z: Shaped>(y: &Y, z: &Z, to: &mut [f32]) {
    let (ahead, behind) = (Y::SHAPE.channels(), Z::SHAPE.channels());
    let cells = y.values().chunks_exact(ahead.max(1)).zip(z.values().chunks_exact(behind.max(1)));
    for (to, (y, z)) in to.chunks_exact_mut((ahead + behind).max(1)).zip(cells) {
        for (to, from) in to.iter_mut().zip(y.iter().chain(z)) {
            *to = *from;
        }
    }
}

/// Takes apart what [`join`] puts together.
fn part<Y: Shaped, Z: Shaped>(from: &[f32], y: &mut Y, z: &mut Z) {
    let (ahead, behind) = (Y::SHAPE.channels(), Z::SHAPE.channels());
    let cells = y.values_mut().chunks_exact_mut(ahead.max(1)).zip(z.values_mut().chunks_exact_mut(behind.max(1)));
    for (from, (y, z)) in from.chunks_exact((ahead + behind).max(1)).zip(cells) {
        for (to, from) in y.iter_mut().chain(z).zip(from) {
            *to = *from;
        }
    }
}

impl<Y, A, B> Layer for Concat<A, B, Y>
where
    Y: Shaped,
    A: Layer<Output: Shaped>,
    B: Layer<Input = A::Input, Output: Shaped>,
{
    type Input = A::Input;
    type Output = Y;
    type Scratch = ConcatScratch<A::Scratch, B::Scratch, A::Output, B::Output>;

    const SPEC: LayerSpec = LayerSpec::Concat(&A::SPEC, &B::SPEC);
    const PARTS: u64 = __fits::parts(&[A::PARTS, B::PARTS]);
    const FAULT: Option<&'static str> = if A::FAULT.is_some() {
        A::FAULT
    } else if B::FAULT.is_some() {
        B::FAULT
    } else if !<A::Output>::SHAPE.beside(<B::Output>::SHAPE).equals(&Y::SHAPE)
        || !<B::Output>::SHAPE.beside(<A::Output>::SHAPE).equals(&Y::SHAPE)
    {
        Some("two branches give outputs with the same cells, and together one that has the channels of both")
    } else {
        None
    };

    #[inline]
    fn forward(&self, x: &A::Input, y: &mut Y, scratch: &mut Self::Scratch) {
        self.first.forward(x, &mut scratch.y, &mut scratch.first);
        self.second.forward(x, &mut scratch.z, &mut scratch.second);
        join(&scratch.y, &scratch.z, y.values_mut());
    }
}

impl<Y, A, B> Learn for Concat<A, B, Y>
where
    Y: Shaped,
    A: Learn<Output: Shaped>,
    B: Learn<Input = A::Input, Output: Shaped>,
{
    const LEARNS: bool = A::LEARNS || B::LEARNS;
    const PASSES: bool = A::PASSES && B::PASSES;
    type Gradient = Branches<A::Gradient, B::Gradient>;
    type Tape = ConcatTape<A::Tape, B::Tape, A::Output, B::Output>;

    #[inline]
    fn record(&self, x: &A::Input, y: &mut Y, tape: &mut Self::Tape) {
        let ([first, _], [second, _]) = (&mut tape.y, &mut tape.z);
        self.first.record(x, first, &mut tape.first);
        self.second.record(x, second, &mut tape.second);
        join(first, second, y.values_mut());
    }

    #[inline]
    fn backward(
        mut target: Target<'_, Self>,
        x: &A::Input,
        _: &Y,
        tape: &mut Self::Tape,
        dy: &mut Y,
        mut dx: Option<&mut A::Input>,
    ) {
        let ([y, y_gradient], [z, z_gradient]) = (&mut tape.y, &mut tape.z);
        part(dy.values(), y_gradient, z_gradient);
        let first = target.part(|layer| &layer.first, |layer| &mut layer.first, |gradient| &mut gradient.first);
        A::backward(first, x, y, &mut tape.first, y_gradient, dx.as_deref_mut());
        let second = target.part(|layer| &layer.second, |layer| &mut layer.second, |gradient| &mut gradient.second);
        B::backward(second, x, z, &mut tape.second, z_gradient, dx);
    }

    fn visit<const K: usize, F>(&mut self, mut with: [&mut Self::Gradient; K], f: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; K]),
    {
        self.first.visit(with.each_mut().map(|with| &mut with.first), f);
        self.second.visit(with.each_mut().map(|with| &mut with.second), f);
    }
}

impl<Y, A, B> Stream for Concat<A, B, Y>
where
    Y: Shaped,
    A: Stream<Input: Shaped, Output: Shaped>,
    B: Stream<Input = A::Input, Output: Shaped>,
{
    type State = BranchesState<A::State, B::State, Sample<A::Output>, Sample<B::Output>>;

    const TIMING: Timing = A::TIMING;
    const STREAM_FAULT: Option<&'static str> = branches_fault::<A, B>();

    #[inline]
    fn step(&self, x: &Sample<A::Input>, y: &mut Sample<Y>, state: &mut Self::State) -> bool {
        let given = self.first.step(x, &mut state.y, &mut state.first);
        let both = self.second.step(x, &mut state.z, &mut state.second) && given;
        join(&state.y, &state.z, y.values_mut());
        both
    }
}
