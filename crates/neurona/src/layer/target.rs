//! Where gradients go, and what does not go there.

use core::cell::Cell;

use super::Learn;
use crate::kernel;

/// What the gradients of a layer's parameters are made of: each is a sum of products of an input and of the gradient of a
/// weighted sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factors<'a> {
    /// What weights are multiplied with: the input of the layer, and of a recurrent one its states.
    pub inputs: [&'a [f32]; 2],
    /// The gradients of the weighted sums, which are those of the biases.
    pub sums: &'a [f32],
}

impl<'a> Factors<'a> {
    /// Of a layer of this input and of these gradients of its sums.
    #[inline]
    pub const fn new(input: &'a [f32], sums: &'a [f32]) -> Self {
        Self { inputs: [input, &[]], sums }
    }

    /// Whether no product of two is larger than a limit or not finite, nor any sum.
    #[inline]
    fn are_within(&self, limit: f32, known: &Known) -> bool {
        // What is exact is the same on all cores; bounds that are cheap tell most times that it is not needed.
        let [input, state] = self.inputs;
        let by_bounds = || {
            let (sum, limit) = (kernel::square_bound(self.sums), limit * limit);
            sum <= limit
                && known.square_bound(input) * sum <= limit
                && (state.is_empty() || kernel::square_bound(state) * sum <= limit)
        };
        by_bounds() || self.are_exactly_within(limit)
    }

    #[cold]
    #[inline(never)]
    fn are_exactly_within(&self, limit: f32) -> bool {
        let sum = kernel::largest(self.sums);
        sum <= limit && self.inputs.iter().all(|input| kernel::largest(input) * sum <= limit)
    }
}

/// What is known of the input of a network: where it lies, its size in bytes, and no less than the square of any number of it.
#[derive(Debug)]
struct Known {
    at: *const (),
    size: usize,
    bound: f32,
}

impl Known {
    #[inline]
    fn square_bound(&self, input: &[f32]) -> f32 {
        let is_known = input.as_ptr().cast() == self.at && size_of_val(input) == self.size;
        if is_known { self.bound } else { kernel::square_bound(input) }
    }
}

/// A step in place, on its way back through the layers.
///
/// No one sees the whole gradient before parameters change, so that each layer asks whether it may change its own: as long as
/// all do, and the scale times the limit is no more than 2^96, parameters that are finite stay so.
#[derive(Debug)]
pub struct Update {
    scale: f32,
    limit: f32,
    refused: Cell<bool>,
    known: Known,
}

impl Update {
    /// A step of this scale, which is minus the learning rate. No layer takes part in it from the first one on, on the way back
    /// from the output, of which a gradient can be larger than `limit`.
    pub const fn new(scale: f32, limit: f32) -> Self {
        let known = Known { at: core::ptr::null(), size: 0, bound: f32::INFINITY };
        Self { scale, limit, refused: Cell::new(false), known }
    }

    /// The same, where no number of the input of the network has a square that is larger than the bound.
    #[inline]
    pub(crate) const fn knowing<X>(self, input: &X, bound: f32) -> Self {
        let known = Known { at: core::ptr::from_ref(input).cast(), size: size_of::<X>(), bound };
        Self { known, ..self }
    }

    /// What gradients are multiplied by.
    pub const fn scale(&self) -> f32 {
        self.scale
    }

    /// Whether a layer may change its parameters. It may not where the largest input times the largest gradient of a sum, or that
    /// gradient itself, is above the limit or not finite, and where a layer before might not.
    // Where there is a floating-point unit, it takes fewer instructions at each layer than a call of it, and as much code.
    #[cfg_attr(soft_float, inline(never))]
    #[cfg_attr(not(soft_float), inline(always))]
    pub fn admits(&self, factors: Factors<'_>) -> bool {
        let admitted = !self.refused.get() && factors.are_within(self.limit, &self.known);
        self.refused.set(!admitted);
        admitted
    }

    /// Whether a layer might not.
    pub const fn is_refused(&self) -> bool {
        self.refused.get()
    }
}

/// Where the gradients of a layer's parameters go.
#[derive(Debug)]
pub enum Target<'a, L: Learn> {
    /// Times a scale into the parameters themselves.
    InPlace(&'a mut L, &'a Update),
    /// Added to a gradient, the parameters left as they are.
    Sum(&'a L, &'a mut L::Gradient),
    /// Nowhere: the layer only passes the gradient on.
    Nowhere(&'a L),
}

impl<L: Learn> Target<'_, L> {
    /// The layer, to read.
    pub fn layer(&self) -> &L {
        match self {
            Target::InPlace(layer, _) => layer,
            Target::Sum(layer, _) | Target::Nowhere(layer) => layer,
        }
    }

    /// The same for a part of the layer, such as one of two branches: what it is in the layer, and in its gradient.
    pub fn part<P: Learn>(
        &mut self,
        shared: impl FnOnce(&L) -> &P,
        exclusive: impl FnOnce(&mut L) -> &mut P,
        gradient: impl FnOnce(&mut L::Gradient) -> &mut P::Gradient,
    ) -> Target<'_, P> {
        match self {
            Target::InPlace(layer, update) => Target::InPlace(exclusive(layer), update),
            Target::Sum(layer, sum) => Target::Sum(shared(layer), gradient(sum)),
            Target::Nowhere(layer) => Target::Nowhere(shared(layer)),
        }
    }
}

impl<L: Learn<Gradient = L>> Target<'_, L> {
    /// What the gradients of the parameters are added to, and the scale that they are multiplied by before; `None` when
    /// they go nowhere, or in place are not [admitted](Update::admits).
    #[inline]
    pub fn parameters(&mut self, factors: Factors<'_>) -> Option<(&mut L, f32)> {
        match self {
            Target::InPlace(layer, update) => update.admits(factors).then_some((layer, update.scale)),
            Target::Sum(_, gradient) => Some((gradient, 1.0)),
            Target::Nowhere(_) => None,
        }
    }
}
