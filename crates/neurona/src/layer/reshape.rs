//! The same values in another shape.

use core::marker::PhantomData;

use super::{Kind, Layer, Learn, Target};
use crate::arch::{self, LayerSpec};
use crate::kernel;
use crate::shape::Shaped;

/// An image or a signal as a vector of its `N` values, for a dense layer: see [`Reshape`].
pub type Flatten<X, const N: usize> = Reshape<X, [f32; N]>;

/// The same values in another shape, in the same order: `Y` has as many as `X`.
///
/// Channels come last, so that a flattened image goes pixel by pixel; in PyTorch it goes channel by channel.
///
/// # Shapes
///
/// The input is `X`, the output `Y`.
///
/// # Cost
///
/// No weights; a copy. Backward needs nothing.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// let mut y = [0.0; 4];
/// Flatten::<Signal<2, 2>, 4>::ZERO.forward(&[[1.0, 2.0], [3.0, 4.0]], &mut y, &mut ());
/// assert_eq!(y, [1.0, 2.0, 3.0, 4.0]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Reshape<X, Y>(PhantomData<(X, Y)>);

crate::__plain!([allow(unsafe_code)] [X: 'static, Y: 'static] Reshape<X, Y>,);

impl<X: Shaped, Y: Shaped> Layer for Reshape<X, Y> {
    type Input = X;
    type Output = Y;
    type Scratch = ();

    const SPEC: LayerSpec = LayerSpec::Reshape(arch::ReshapeSpec { input: X::SHAPE, output: Y::SHAPE });
    const FAULT: Option<&'static str> = arch::ReshapeSpec { input: X::SHAPE, output: Y::SHAPE }.fault();

    #[inline]
    fn forward(&self, x: &X, y: &mut Y, (): &mut ()) {
        kernel::copy(x.values(), y.values_mut());
    }
}

impl<X: Shaped, Y: Shaped> Learn for Reshape<X, Y> {
    const LEARNS: bool = false;
    type Gradient = ();
    type Tape = ();

    #[inline]
    fn record(&self, x: &X, y: &mut Y, (): &mut ()) {
        self.forward(x, y, &mut ());
    }

    #[inline]
    fn backward(_: Target<'_, Self>, _: &X, _: &Y, (): &mut (), dy: &mut Y, dx: Option<&mut X>) {
        if let Some(dx) = dx {
            kernel::axpy(1.0, dy.values(), dx.values_mut());
        }
    }

    fn visit<const N: usize, F>(&mut self, _: [&mut (); N], _: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; N]),
    {
    }
}
