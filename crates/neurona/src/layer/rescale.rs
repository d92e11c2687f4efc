//! Inputs times a constant, so that their unit belongs to the model.

use super::{Kind, Layer, Learn, Target};
use crate::arch::LayerSpec;
use crate::kernel;
use crate::stream::{Stream, Timing};

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
        F: FnMut(Kind, &mut [f32], [&mut [f32]; K]),
    {
    }
}

impl<const N: usize, const FACTOR: u32> Stream for Rescale<N, FACTOR> {
    type State = ();

    const TIMING: Timing = Timing::EACH;

    #[inline]
    fn step(&self, x: &[f32; N], y: &mut [f32; N], (): &mut ()) -> bool {
        self.forward(x, y, &mut ());
        true
    }
}
