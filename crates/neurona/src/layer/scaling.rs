//! Layers that bring inputs to a common scale, so that the preprocessing belongs to the model.

use super::{Layer, Learn, Target};
use crate::arch::LayerSpec;
use crate::kernel;

/// Standardisation: `y[i] = (x[i] - mean[i]) * scale[i]`.
///
/// With the mean of each input and one over its standard deviation, both taken from the training data, inputs have
/// mean 0 and deviation 1, whatever unit a sensor gives. Both stand in the model file and are not learned.
///
/// # Shapes
///
/// Input, output, `mean` and `scale` are (N).
///
/// # Cost
///
/// `8 N` bytes of constants, N subtractions and N products. Backward needs nothing.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Standardize<const N: usize> {
    /// What is subtracted from each input.
    pub mean: [f32; N],
    /// What each input is then multiplied by: one over its standard deviation.
    pub scale: [f32; N],
}

crate::__plain!([allow(unsafe_code)] [const N: usize] Standardize<N>, [f32; N], [f32; N]);

impl<const N: usize> Layer for Standardize<N> {
    type Input = [f32; N];
    type Output = [f32; N];
    type Scratch = ();

    const SPEC: LayerSpec = LayerSpec::Standardize { len: N as u32 };
    const FAULT: Option<&'static str> = if N == 0 { Some("standardisation has at least one input") } else { None };

    #[inline]
    fn forward(&self, x: &[f32; N], y: &mut [f32; N], (): &mut ()) {
        kernel::standardize(&self.mean, &self.scale, x, y);
    }
}

impl<const N: usize> Learn for Standardize<N> {
    const LEARNS: bool = false;
    type Gradient = ();
    type Tape = ();

    #[inline]
    fn record(&self, x: &[f32; N], y: &mut [f32; N], (): &mut ()) {
        self.forward(x, y, &mut ());
    }

    #[inline]
    fn backward(
        target: Target<'_, Self>,
        _: &[f32; N],
        _: &[f32; N],
        (): &mut (),
        dy: &mut [f32; N],
        dx: Option<&mut [f32; N]>,
    ) {
        if let Some(dx) = dx {
            for ((dx, dy), scale) in dx.iter_mut().zip(dy).zip(&target.layer().scale) {
                *dx += *dy * scale;
            }
        }
    }

    fn visit<const K: usize, F>(&mut self, _: [&mut (); K], _: &mut F)
    where
        F: FnMut(&mut [f32], [&mut [f32]; K]),
    {
    }
}

/// Rescaling: `y[i] = factor * x[i]`, the factor being a constant of the type, given by its bits.
///
/// It costs no memory for weights. Grey levels 0 to 16 become 0 to 1 by
/// `Rescale<64, { (1.0_f32 / 16.0).to_bits() }>`.
///
/// # Shapes
///
/// Input and output are (N).
///
/// # Cost
///
/// No weights; N products. Backward needs nothing.
#[derive(Clone, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Rescale<const N: usize, const FACTOR: u32>;

crate::__plain!([allow(unsafe_code)] [const N: usize, const FACTOR: u32] Rescale<N, FACTOR>,);

impl<const N: usize, const FACTOR: u32> Layer for Rescale<N, FACTOR> {
    type Input = [f32; N];
    type Output = [f32; N];
    type Scratch = ();

    const SPEC: LayerSpec = LayerSpec::Rescale { len: N as u32, factor: FACTOR };
    const FAULT: Option<&'static str> = if N == 0 {
        Some("rescaling has at least one input")
    } else if !f32::from_bits(FACTOR).is_normal() {
        Some("the factor of rescaling is a number other than 0, given as `{ 0.5_f32.to_bits() }`")
    } else {
        None
    };

    #[inline]
    fn forward(&self, x: &[f32; N], y: &mut [f32; N], (): &mut ()) {
        kernel::rescale(f32::from_bits(FACTOR), x, y);
    }
}

impl<const N: usize, const FACTOR: u32> Learn for Rescale<N, FACTOR> {
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
        _: &[f32; N],
        (): &mut (),
        dy: &mut [f32; N],
        dx: Option<&mut [f32; N]>,
    ) {
        if let Some(dx) = dx {
            kernel::axpy(f32::from_bits(FACTOR), dy, dx);
        }
    }

    fn visit<const K: usize, F>(&mut self, _: [&mut (); K], _: &mut F)
    where
        F: FnMut(&mut [f32], [&mut [f32]; K]),
    {
    }
}
