//! A part that finds features, of which nothing is kept for the way back.

use super::within::infers_as;
use super::{Kind, Layer, Learn, Target};
use crate::plain::Plain;
use crate::shape::Shaped;
use crate::stream::Stream;

/// The beginning of a network that does not learn, under a head that does: it keeps nothing for the way back, so that learning needs
/// the RAM of its inference and no more.
///
/// A [`Frozen`](crate::Frozen) layer can stand anywhere, for it passes the gradient on, and so keeps what it needs for that: of a
/// network every activation. Behind a layer that learns a backbone does not compile. It is the layer in memory and in the model
/// file, as a frozen one is, and may be one in flash: `Backbone<InFlash<S>>`.
///
/// Layers that are one after another in the same network have their activations kept all the same; of those within a network that
/// is the backbone only the two that are neighbours exist at a time.
///
/// # Shapes
///
/// Those of the layer.
///
/// # Cost
///
/// Forward is that of the layer. There is no backward.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// neurona::network! {
///     /// What finds features in sound.
///     pub struct Filters: Image<49, 10, 1> => [f32; 64] {
///         conv: Conv2d<Image<49, 10, 1>, Image<25, 5, 64>, Kernel2d<10, 4, 2>, Relu, Same>,
///         depthwise: DepthwiseConv2d<Image<25, 5, 64>, Image<25, 5, 64>, Kernel2d<3>, Relu, Same>,
///         pointwise: Conv2d<Image<25, 5, 64>, Image<25, 5, 64>, Kernel2d<1>, Relu>,
///         mean: GlobalAvgPool<Image<25, 5, 64>>,
///     }
/// }
///
/// neurona::network! {
///     pub struct Keywords: Image<49, 10, 1> => [f32; 12] { filters: Filters, output: Dense<64, 12> }
/// }
///
/// static TRAINED: Keywords = Keywords::ZERO; // or `include_model!`
///
/// neurona::in_flash! {
///     pub Trained: Filters = TRAINED.filters;
/// }
///
/// neurona::network! {
///     /// The same with a head that learns.
///     pub struct Head: Image<49, 10, 1> => [f32; 12] { filters: Backbone<InFlash<Trained>>, output: Dense<64, 12> }
/// }
///
/// neurona::network! {
///     pub struct FrozenHead: Image<49, 10, 1> => [f32; 12] { filters: InFlash<Trained>, output: Dense<64, 12> }
/// }
///
/// assert_eq!(Head::FINGERPRINT, Keywords::FINGERPRINT);
/// assert_eq!(Head::RAM.in_place - Head::RAM.inference, 3_440);
/// assert_eq!(FrozenHead::RAM.in_place - Head::RAM.in_place, 96_000);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[repr(transparent)]
pub struct Backbone<L> {
    /// What does not learn.
    pub layer: L,
}

crate::__plain!([allow(unsafe_code)] [L: Plain] Backbone<L>, L);

impl<L> Backbone<L> {
    /// This layer, at the beginning of a network.
    pub const fn new(layer: L) -> Self {
        Self { layer }
    }
}

infers_as! {
    [L: Layer] [L: Stream<Input: Shaped, Output: Shaped>] Backbone<L>: L = |this| this.layer, L::FAULT, L::PARTS
}

impl<L: Layer> Learn for Backbone<L> {
    const LEARNS: bool = false;
    const PASSES: bool = false;
    type Gradient = ();
    type Tape = L::Scratch;

    #[inline]
    fn record(&self, x: &L::Input, y: &mut L::Output, scratch: &mut L::Scratch) {
        self.layer.forward(x, y, scratch);
    }

    /// Nothing: no one wants the gradient of the input.
    #[inline]
    fn backward(
        _: Target<'_, Self>,
        _: &L::Input,
        _: &L::Output,
        _: &mut L::Scratch,
        _: &mut L::Output,
        _: Option<&mut L::Input>,
    ) {
    }

    #[inline]
    fn visit<const K: usize, F>(&mut self, _: [&mut (); K], _: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; K]),
    {
    }
}
