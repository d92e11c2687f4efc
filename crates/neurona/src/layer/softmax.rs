//! Softmax as a layer.

use core::marker::PhantomData;

use super::{Kind, Layer, Learn, Target};
use crate::arch::LayerSpec;
use crate::kernel;
use crate::stream::{Stream, Timing};

/// Softmax: outputs between 0 and 1 that sum to 1, the probabilities of N classes.
///
/// `y[i] = exp(x[i]) / sum over j of exp(x[j])`, computed with the maximum subtracted, so that nothing overflows
/// (course, "softmax outputs"). What happens to values that are not finite is said at
/// [`kernel::softmax`](crate::kernel::softmax).
///
/// A network that learns with [`SoftmaxCrossEntropy`](crate::SoftmaxCrossEntropy) ends without this layer, because that
/// loss takes the weighted sums themselves, which is faster and keeps small probabilities. The largest weighted sum
/// is the largest probability, so that a decision does not need it either.
///
/// `E` is [`Exact`], or [`fast::Exp`](crate::fast::Exp) for the layer [`fast::Softmax`](crate::fast::Softmax).
///
/// # Shapes
///
/// Input and output are (N).
///
/// # Cost
///
/// No weights; N exponentials and N divisions. Backward needs the output.
#[derive(Clone, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Softmax<const N: usize, E = Exact>(PhantomData<E>);

/// An exponential function for [`Softmax`].
pub trait Exponential: 'static {
    /// Whether it is the fast one.
    const FAST: bool;

    /// e to the power of `x`.
    fn exp(x: f32) -> f32;

    /// Softmax of `z`, written to `y`, as [`kernel::softmax`](crate::kernel::softmax) computes it in place; the maximum, and the sum
    /// of the exponentials.
    #[inline]
    fn softmax(z: &[f32], y: &mut [f32]) -> (f32, f32) {
        kernel::softmax_of(z, y, Self::exp)
    }
}

/// The exponential function of `libm`, exact to its last bit but one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exact;

impl Exponential for Exact {
    const FAST: bool = false;

    #[inline]
    fn exp(x: f32) -> f32 {
        crate::activation::function::exp(x)
    }
}

crate::__plain!([allow(unsafe_code)] [const N: usize, E: 'static] Softmax<N, E>,);

impl<const N: usize, E: Exponential> Layer for Softmax<N, E> {
    type Input = [f32; N];
    type Output = [f32; N];
    type Scratch = ();

    const SPEC: LayerSpec = LayerSpec::Softmax { len: N as u32, fast: E::FAST };
    const FAULT: Option<&'static str> = if N == 0 { Some("softmax has at least one input") } else { None };

    #[inline]
    fn forward(&self, x: &[f32; N], y: &mut [f32; N], (): &mut ()) {
        E::softmax(x, y);
    }
}

impl<const N: usize, E: Exponential> Learn for Softmax<N, E> {
    const LEARNS: bool = false;
    type Gradient = ();
    type Tape = ();

    #[inline]
    fn record(&self, x: &[f32; N], y: &mut [f32; N], (): &mut ()) {
        self.forward(x, y, &mut ());
    }

    #[inline]
    fn backward(
        _: Target<'_, Self>,
        _: &[f32; N],
        y: &[f32; N],
        (): &mut (),
        dy: &mut [f32; N],
        dx: Option<&mut [f32; N]>,
    ) {
        if let Some(dx) = dx {
            kernel::softmax_backward(y, dy, dx);
        }
    }

    fn visit<const K: usize, F>(&mut self, _: [&mut (); K], _: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; K]),
    {
    }
}

impl<const N: usize, E: Exponential> Stream for Softmax<N, E> {
    type State = ();

    const TIMING: Timing = Timing::EACH;

    #[inline]
    fn step(&self, x: &[f32; N], y: &mut [f32; N], (): &mut ()) -> bool {
        self.forward(x, y, &mut ());
        true
    }
}
