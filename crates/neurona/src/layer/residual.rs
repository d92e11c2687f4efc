//! Bodies with a shortcut around them.

use core::marker::PhantomData;

use super::{Kind, Layer, Learn, Target};
use crate::activation::{Activation, Identity, Keep};
use crate::arch::LayerSpec;
use crate::kernel;
use crate::network::__fits;
use crate::plain::{Plain, copy};
use crate::shape::{Shaped, Tensor};
use crate::stream::{Sample, State, Stream, Timing};

/// A body with a shortcut around it: `y = A(body(x) + x)` (He and others, "Deep residual learning for image recognition",
/// 2016).
///
/// The body `B` is a layer, most often a network of its own, whose output has the shape of its input; around one that
/// changes the shape goes [`Projected`]. `A` is what is applied to each sum.
///
/// # Shapes
///
/// Input and output are those of the body.
///
/// # Cost
///
/// What the body costs, and a sum for each output. Backward needs what that of the body needs, and its output; for some
/// [activations](crate::Activation) the sums.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// neurona::network! {
///     /// What is added to the signal.
///     pub struct Detail: Signal<8, 4> => Signal<8, 4> {
///         first: Conv1d<Signal<8, 4>, Signal<8, 6>, Kernel1d<3>, Relu, Same>,
///         second: Conv1d<Signal<8, 6>, Signal<8, 4>, Kernel1d<3>, Identity, Same>,
///     }
/// }
///
/// neurona::network! {
///     pub struct Net: Signal<8, 4> => [f32; 4] {
///         detail: Residual<Detail, Relu>,
///         mean: GlobalAvgPool<Signal<8, 4>>,
///     }
/// }
///
/// assert_eq!(Net::PARAMS, Detail::PARAMS);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Residual<B, A = Identity> {
    /// The longer way.
    pub body: B,
    activation: PhantomData<A>,
}

crate::__plain!([allow(unsafe_code)] [B: Plain, A: 'static] Residual<B, A>, B);

impl<B, A> Residual<B, A> {
    /// A layer of this body.
    pub const fn new(body: B) -> Self {
        Self { body, activation: PhantomData }
    }
}

/// Memory for the backward of a [`Residual`].
#[derive(Debug)]
pub struct ResidualTape<T, Y, K> {
    body: T,
    /// The output of the body.
    y: Y,
    kept: K,
}

crate::__zero!([allow(unsafe_code)] [T, Y, K] ResidualTape<T, Y, K>, T, Y, K);

impl<X: Shaped, B: Layer<Input = X, Output = X>, A: Activation> Layer for Residual<B, A> {
    type Input = X;
    type Output = X;
    type Scratch = B::Scratch;

    const SPEC: LayerSpec = LayerSpec::Residual { body: &B::SPEC, shortcut: None, activation: A::SPEC };
    const FAULT: Option<&'static str> = B::FAULT;
    const PARTS: u64 = B::PARTS;

    #[inline]
    fn forward(&self, x: &X, y: &mut X, scratch: &mut B::Scratch) {
        self.body.forward(x, y, scratch);
        kernel::axpy(1.0, x.values(), y.values_mut());
        super::activate::<A>(y.values_mut());
    }
}

impl<X: Shaped, B: Learn<Input = X, Output = X>, A: Activation + 'static> Learn for Residual<B, A> {
    const LEARNS: bool = B::LEARNS;
    const PASSES: bool = B::PASSES;
    type Gradient = B::Gradient;
    type Tape = ResidualTape<B::Tape, X, A::Keep<X>>;

    #[inline]
    fn record(&self, x: &X, y: &mut X, tape: &mut Self::Tape) {
        self.body.record(x, &mut tape.y, &mut tape.body);
        copy(&tape.y, y);
        kernel::axpy(1.0, x.values(), y.values_mut());
        tape.kept.keep(y.values());
        super::activate::<A>(y.values_mut());
    }

    #[inline]
    fn backward(mut target: Target<'_, Self>, x: &X, y: &X, tape: &mut Self::Tape, dy: &mut X, mut dx: Option<&mut X>) {
        super::derive::<A>(tape.kept.source(y.values()), dy.values_mut());
        if let Some(dx) = &mut dx {
            kernel::axpy(1.0, dy.values(), dx.values_mut());
        }
        let body = target.part(|layer| &layer.body, |layer| &mut layer.body, |gradient| gradient);
        B::backward(body, x, &tape.y, &mut tape.body, dy, dx);
    }

    fn visit<const K: usize, F>(&mut self, with: [&mut B::Gradient; K], f: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; K]),
    {
        self.body.visit(with, f);
    }
}

/// A body with a shortcut that changes the shape: `y = A(body(x) + shortcut(x))` (He and others, 2016, option B).
///
/// Body `B` and shortcut `S` are layers of the same input and of outputs of one shape; the shortcut is most often a
/// pointwise convolution with a stride. `A` is what is applied to each sum.
///
/// # Shapes
///
/// Input and output are those of body and shortcut.
///
/// # Cost
///
/// What body and shortcut cost, a sum for each output, and the output of the shortcut as scratch. Backward needs what theirs
/// need, both outputs, and a copy of a gradient; for some [activations](crate::Activation) the sums.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// neurona::network! {
///     pub struct Halving: Signal<8, 4> => Signal<4, 6> {
///         first: Conv1d<Signal<8, 4>, Signal<4, 6>, Kernel1d<3, 2>, Relu, Same>,
///         second: Conv1d<Signal<4, 6>, Signal<4, 6>, Kernel1d<3>, Identity, Same>,
///     }
/// }
///
/// type Pointwise = Conv1d<Signal<8, 4>, Signal<4, 6>, Kernel1d<1, 2>, Identity, Same>;
/// type Block = Projected<Halving, Pointwise, Relu>;
/// assert_eq!(Block::PARAMS, Halving::PARAMS + Pointwise::PARAMS);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Projected<B, S, A = Identity> {
    /// The longer way.
    pub body: B,
    /// The shorter way.
    pub shortcut: S,
    activation: PhantomData<A>,
}

crate::__plain!([allow(unsafe_code)] [B: Plain, S: Plain, A: 'static] Projected<B, S, A>, B, S);

impl<B, S, A> Projected<B, S, A> {
    /// A layer of this body and this shortcut.
    pub const fn new(body: B, shortcut: S) -> Self {
        Self { body, shortcut, activation: PhantomData }
    }
}

/// Memory for the forward of a [`Projected`].
#[derive(Debug)]
#[repr(C)]
pub struct ProjectedScratch<B, S, Y> {
    body: B,
    shortcut: S,
    y: Y,
}

crate::__plain!([allow(unsafe_code)] [B: Plain, S: Plain, Y: Plain] ProjectedScratch<B, S, Y>, B, S, Y);

/// Memory for the backward of a [`Projected`].
#[derive(Debug)]
pub struct ProjectedTape<B, S, Y, K> {
    body: B,
    shortcut: S,
    /// The outputs of body and shortcut.
    outputs: [Y; 2],
    dz: Y,
    kept: K,
}

crate::__zero!([allow(unsafe_code)] [B, S, Y, K] ProjectedTape<B, S, Y, K>, B, S, Y, K);

/// A gradient for each of two branches.
#[derive(Debug)]
pub struct Branches<A, B> {
    /// Of the first: the body of a [`Projected`].
    pub first: A,
    /// Of the second: the shortcut of a [`Projected`].
    pub second: B,
}

crate::__zero!([allow(unsafe_code)] [A, B] Branches<A, B>, A, B);

impl<Y, B, S, A> Layer for Projected<B, S, A>
where
    Y: Shaped,
    B: Layer<Output = Y>,
    S: Layer<Input = B::Input, Output = Y>,
    A: Activation,
{
    type Input = B::Input;
    type Output = Y;
    type Scratch = ProjectedScratch<B::Scratch, S::Scratch, Y>;

    const SPEC: LayerSpec = LayerSpec::Residual { body: &B::SPEC, shortcut: Some(&S::SPEC), activation: A::SPEC };
    const FAULT: Option<&'static str> = if B::FAULT.is_some() { B::FAULT } else { S::FAULT };
    const PARTS: u64 = __fits::parts(&[B::PARTS, S::PARTS]);

    #[inline]
    fn forward(&self, x: &B::Input, y: &mut Y, scratch: &mut Self::Scratch) {
        self.body.forward(x, y, &mut scratch.body);
        self.shortcut.forward(x, &mut scratch.y, &mut scratch.shortcut);
        kernel::axpy(1.0, scratch.y.values(), y.values_mut());
        super::activate::<A>(y.values_mut());
    }
}

impl<Y, B, S, A> Learn for Projected<B, S, A>
where
    Y: Shaped,
    B: Learn<Output = Y>,
    S: Learn<Input = B::Input, Output = Y>,
    A: Activation + 'static,
{
    const LEARNS: bool = B::LEARNS || S::LEARNS;
    const PASSES: bool = B::PASSES && S::PASSES;
    type Gradient = Branches<B::Gradient, S::Gradient>;
    type Tape = ProjectedTape<B::Tape, S::Tape, Y, A::Keep<Y>>;

    #[inline]
    fn record(&self, x: &B::Input, y: &mut Y, tape: &mut Self::Tape) {
        let [of_body, of_shortcut] = &mut tape.outputs;
        self.body.record(x, of_body, &mut tape.body);
        self.shortcut.record(x, of_shortcut, &mut tape.shortcut);
        copy(of_body, y);
        kernel::axpy(1.0, of_shortcut.values(), y.values_mut());
        tape.kept.keep(y.values());
        super::activate::<A>(y.values_mut());
    }

    #[inline]
    fn backward(
        mut target: Target<'_, Self>,
        x: &B::Input,
        y: &Y,
        tape: &mut Self::Tape,
        dy: &mut Y,
        mut dx: Option<&mut B::Input>,
    ) {
        super::derive::<A>(tape.kept.source(y.values()), dy.values_mut());
        copy(dy, &mut tape.dz);
        let [of_body, of_shortcut] = &tape.outputs;
        let body = target.part(|layer| &layer.body, |layer| &mut layer.body, |gradient| &mut gradient.first);
        B::backward(body, x, of_body, &mut tape.body, dy, dx.as_deref_mut());
        let shortcut =
            target.part(|layer| &layer.shortcut, |layer| &mut layer.shortcut, |gradient| &mut gradient.second);
        S::backward(shortcut, x, of_shortcut, &mut tape.shortcut, &mut tape.dz, dx);
    }

    fn visit<const K: usize, F>(&mut self, mut with: [&mut Self::Gradient; K], f: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; K]),
    {
        self.body.visit(with.each_mut().map(|with| &mut with.first), f);
        self.shortcut.visit(with.each_mut().map(|with| &mut with.second), f);
    }
}

impl<X: Shaped, B: Stream<Input = X, Output = X>, A: Activation> Stream for Residual<B, A> {
    type State = B::State;

    const TIMING: Timing = B::TIMING;
    const STREAM_FAULT: Option<&'static str> = if !B::TIMING.equals(Timing::EACH) {
        Some("the body of a residual that is fed sample by sample gives an output for each sample")
    } else {
        B::STREAM_FAULT
    };

    #[inline]
    fn step(&self, x: &Sample<X>, y: &mut Sample<X>, state: &mut B::State) -> bool {
        let given = self.body.step(x, y, state);
        kernel::axpy(1.0, x.values(), y.values_mut());
        super::activate::<A>(y.values_mut());
        given
    }
}

/// What lasts of two ways that are fed sample by sample, and room for outputs: the state of a [`Projected`] and of a
/// [`Concat`](crate::Concat).
#[derive(Debug)]
pub struct BranchesState<A, B, Y, Z> {
    pub(super) first: A,
    pub(super) second: B,
    pub(super) y: Y,
    pub(super) z: Z,
}

crate::__zero!([allow(unsafe_code)] [A, B, Y, Z] BranchesState<A, B, Y, Z>, A, B, Y, Z);

impl<A: State, B: State, Y: Plain, Z: Plain> State for BranchesState<A, B, Y, Z> {
    fn is_finite(&self) -> bool {
        self.first.is_finite() && self.second.is_finite()
    }
}

/// Why two ways of the same input cannot be fed sample by sample.
pub(super) const fn branches_fault<A: Stream, B: Stream>() -> Option<&'static str> {
    if A::STREAM_FAULT.is_some() {
        A::STREAM_FAULT
    } else if B::STREAM_FAULT.is_some() {
        B::STREAM_FAULT
    } else if !A::TIMING.equals(B::TIMING) {
        Some("two branches that are fed sample by sample give their outputs for the same samples")
    } else {
        None
    }
}

impl<Y, B, S, A> Stream for Projected<B, S, A>
where
    Y: Shaped,
    B: Stream<Output = Y, Input: Shaped>,
    S: Stream<Input = B::Input, Output = Y>,
    A: Activation,
{
    type State = BranchesState<B::State, S::State, (), Sample<Y>>;

    const TIMING: Timing = B::TIMING;
    const STREAM_FAULT: Option<&'static str> = branches_fault::<B, S>();

    #[inline]
    fn step(&self, x: &Sample<B::Input>, y: &mut Sample<Y>, state: &mut Self::State) -> bool {
        let given = self.body.step(x, y, &mut state.first);
        let both = self.shortcut.step(x, &mut state.z, &mut state.second) && given;
        kernel::axpy(1.0, state.z.values(), y.values_mut());
        super::activate::<A>(y.values_mut());
        both
    }
}
