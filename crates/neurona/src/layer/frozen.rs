//! Layers that do not learn.

use core::marker::PhantomData;

use super::within::infers_as;
use super::{Kind, Layer, Learn, Target};
use crate::network::__fits;
use crate::plain::Plain;
use crate::shape::Shaped;
use crate::stream::Stream;

/// A layer that does not learn, or a network as a layer: it passes the gradient on and has none.
///
/// It is the layer in memory and in the model file: a network and its variants with frozen parts have one architecture and one
/// fingerprint, and are filled from one file. Where it is the first, or has only such layers before it, learning does not go
/// back into it; a [`Backbone`](crate::Backbone) then needs less RAM.
///
/// # Shapes
///
/// Those of the layer.
///
/// # Cost
///
/// Forward is that of the layer. Backward is that of its input alone, or nothing; there is no gradient.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// neurona::network! {
///     pub struct Digits: [f32; 64] => [f32; 10] {
///         hidden: Dense<64, 32, Relu>,
///         output: Dense<32, 10>,
///     }
/// }
///
/// neurona::network! {
///     /// The same with a head that learns.
///     pub struct Head: [f32; 64] => [f32; 10] {
///         hidden: Frozen<Dense<64, 32, Relu>>,
///         output: Dense<32, 10>,
///     }
/// }
///
/// assert_eq!(Head::FINGERPRINT, Digits::FINGERPRINT);
/// assert_eq!(Digits::RAM.sgd - Digits::RAM.in_place, 4 * Digits::PARAMS);
/// assert_eq!(Head::RAM.sgd - Head::RAM.in_place, 4 * 10 * (32 + 1));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[repr(transparent)]
pub struct Frozen<L> {
    /// What does not learn.
    pub layer: L,
}

crate::__plain!([allow(unsafe_code)] [L: Plain] Frozen<L>, L);

impl<L> Frozen<L> {
    /// This layer, which does not learn.
    pub const fn new(layer: L) -> Self {
        Self { layer }
    }
}

infers_as! {
    [L: Layer] [L: Stream<Input: Shaped, Output: Shaped>] Frozen<L>: L = |this| this.layer, L::FAULT, L::PARTS
}

impl<L: Learn> Learn for Frozen<L> {
    const LEARNS: bool = false;
    const PASSES: bool = L::PASSES;
    type Gradient = ();
    type Tape = L::Tape;

    #[inline]
    fn record(&self, x: &L::Input, y: &mut L::Output, tape: &mut L::Tape) {
        self.layer.record(x, y, tape);
    }

    #[inline]
    fn backward(
        target: Target<'_, Self>,
        x: &L::Input,
        y: &L::Output,
        tape: &mut L::Tape,
        dy: &mut L::Output,
        dx: Option<&mut L::Input>,
    ) {
        pass_on(&target.layer().layer, x, y, tape, dy, dx);
    }

    #[inline]
    fn visit<const K: usize, F>(&mut self, _: [&mut (); K], _: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; K]),
    {
    }
}

/// Passes the gradient on, if anyone wants it.
#[inline]
fn pass_on<L: Learn>(
    layer: &L,
    x: &L::Input,
    y: &L::Output,
    tape: &mut L::Tape,
    dy: &mut L::Output,
    dx: Option<&mut L::Input>,
) {
    if dx.is_some() {
        L::backward(Target::Nowhere(layer), x, y, tape, dy, dx);
    }
}

/// A type that names a layer in flash: see [`in_flash!`](crate::in_flash).
pub trait Flash: 'static {
    /// The layer, or a network as a layer.
    type Layer: Learn + 'static;

    /// Where it is.
    fn layer() -> &'static Self::Layer;
}

/// Names layers in flash, to use them as layers of other networks: see [`InFlash`].
///
/// ```
/// # use neurona::prelude::*;
/// static TRAINED: Dense<64, 32, Relu> = Dense::new([[0.0; 64]; 32], [0.0; 32]);
///
/// neurona::in_flash! {
///     /// What finds strokes.
///     pub Strokes: Dense<64, 32, Relu> = TRAINED;
/// }
/// ```
#[macro_export]
macro_rules! in_flash {
    ($($(#[$attribute:meta])* $visibility:vis $name:ident: $layer:ty = $place:expr;)+) => { $(
        $(#[$attribute])*
        #[derive(Debug)]
        $visibility struct $name;

        impl $crate::Flash for $name {
            type Layer = $layer;

            #[inline]
            fn layer() -> &'static $layer {
                &$place
            }
        }
    )+ };
}

/// A layer in flash, read in place: it takes no RAM, does not learn, and passes the gradient on.
///
/// It is zero-sized, so that a network with it is small, plain and has its `ZERO`. Such a network has the architecture and the
/// fingerprint of the whole one, but is not read from a model file; parts that learn are copied from the whole one.
///
/// A reference, `&'static L`, is no layer: a network is its bytes, which a model file fills and which may all be zero, and a
/// reference may not. So the place is in the type, and takes no pointer either.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// neurona::network! {
///     pub struct Digits: [f32; 64] => [f32; 10] {
///         hidden: Dense<64, 32, Relu>,
///         output: Dense<32, 10>,
///     }
/// }
///
/// static TRAINED: Digits = Digits::ZERO; // or `include_model!`
///
/// neurona::in_flash! {
///     pub Strokes: Dense<64, 32, Relu> = TRAINED.hidden;
/// }
///
/// neurona::network! {
///     /// The same in a tenth of the RAM.
///     pub struct Head: [f32; 64] => [f32; 10] {
///         hidden: InFlash<Strokes>,
///         output: Dense<32, 10>,
///     }
/// }
///
/// let mut head = Head::ZERO; // on a board: in a static
/// neurona::plain::copy(&TRAINED.output, &mut head.output);
/// assert_eq!(size_of::<Head>(), 4 * 10 * (32 + 1));
/// assert_eq!(Head::FINGERPRINT, Digits::FINGERPRINT);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct InFlash<S> {
    place: PhantomData<S>,
}

crate::__plain!([allow(unsafe_code)] [S: 'static] InFlash<S>,);

infers_as! {
    [S: Flash] [S: Flash<Layer: Stream<Input: Shaped, Output: Shaped>>]
    InFlash<S>: S::Layer = |_this| S::layer(), S::Layer::FAULT, __fits::parts(&[u64::MAX])
}

impl<S: Flash> Learn for InFlash<S> {
    const LEARNS: bool = false;
    const PASSES: bool = S::Layer::PASSES;
    type Gradient = ();
    type Tape = <S::Layer as Learn>::Tape;

    #[inline]
    fn record(&self, x: &Self::Input, y: &mut Self::Output, tape: &mut Self::Tape) {
        S::layer().record(x, y, tape);
    }

    #[inline]
    fn backward(
        _: Target<'_, Self>,
        x: &Self::Input,
        y: &Self::Output,
        tape: &mut Self::Tape,
        dy: &mut Self::Output,
        dx: Option<&mut Self::Input>,
    ) {
        pass_on(S::layer(), x, y, tape, dy, dx);
    }

    #[inline]
    fn visit<const K: usize, F>(&mut self, _: [&mut (); K], _: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; K]),
    {
    }
}
