//! Standardisation of inputs, so that it belongs to the model.

use core::marker::PhantomData;

use super::{Kind, Layer, Learn, Target};
use crate::arch::{LayerSpec, Shape};
use crate::kernel;
use crate::shape::{Shaped, Tensor};
use crate::stream::{Sample, Stream, Timing};

/// Standardisation: `y[p][c] = (x[p][c] - mean[c]) * scale[c]`, over all cells p of a signal or an image; a vector is one
/// cell.
///
/// With the mean of each channel and one over its standard deviation, both taken from the training data, inputs have
/// mean 0 and deviation 1, whatever unit a sensor gives. Both stand in the model file and are not learned. `X` is the input,
/// a vector of N values if it is left out.
///
/// # Shapes
///
/// Input and output are `X`, (cells, N); `mean` and `scale` are (N).
///
/// # Cost
///
/// `8 N` bytes of constants, a subtraction and a product for each value. Backward needs nothing.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Standardize<const N: usize, X = [f32; N]> {
    /// What is subtracted from each channel.
    pub mean: [f32; N],
    /// What each channel is then multiplied by: one over its standard deviation.
    pub scale: [f32; N],
    input: PhantomData<X>,
}

crate::__plain!([allow(unsafe_code)] [const N: usize, X: 'static] Standardize<N, X>, [f32; N], [f32; N]);

impl<const N: usize, X> Standardize<N, X> {
    /// A layer of these constants.
    pub const fn new(mean: [f32; N], scale: [f32; N]) -> Self {
        Self { mean, scale, input: PhantomData }
    }
}

impl<const N: usize, X: Shaped> Layer for Standardize<N, X> {
    type Input = X;
    type Output = X;
    type Scratch = ();

    const SPEC: LayerSpec = match X::SHAPE {
        Shape::Vector { len } => LayerSpec::Standardize { len },
        shape => LayerSpec::StandardizeChannels(shape),
    };
    const FAULT: Option<&'static str> = if X::SHAPE.is_empty() {
        Some("standardisation has at least one input")
    } else if X::SHAPE.channels() != N {
        Some("standardisation has a mean and a scale for each channel of its input")
    } else {
        None
    };

    #[inline]
    fn forward(&self, x: &X, y: &mut X, (): &mut ()) {
        kernel::standardize(&self.mean, &self.scale, x.values(), y.values_mut());
    }
}

impl<const N: usize, X: Shaped> Learn for Standardize<N, X> {
    const LEARNS: bool = false;
    type Gradient = ();
    type Tape = ();

    #[inline]
    fn record(&self, x: &X, y: &mut X, (): &mut ()) {
        self.forward(x, y, &mut ());
    }

    #[inline]
    fn backward(target: Target<'_, Self>, _: &X, _: &X, (): &mut (), dy: &mut X, dx: Option<&mut X>) {
        if let Some(dx) = dx {
            kernel::scale_backward_inputs(&target.layer().scale, dy.values(), dx.values_mut());
        }
    }

    fn visit<const K: usize, F>(&mut self, _: [&mut (); K], _: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; K]),
    {
    }
}

impl<const N: usize, X: Shaped> Stream for Standardize<N, X> {
    type State = ();

    const TIMING: Timing = Timing::EACH;

    #[inline]
    fn step(&self, x: &Sample<X>, y: &mut Sample<X>, (): &mut ()) -> bool {
        kernel::standardize(&self.mean, &self.scale, x.values(), y.values_mut());
        true
    }
}
