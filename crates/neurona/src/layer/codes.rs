//! Distances to a code for each class.

use core::fmt;
use core::marker::PhantomData;

use super::{Kind, Layer, Learn, Target};
use crate::arch::{CodesSpec, LayerSpec};
use crate::kernel;
use crate::stream::{Stream, Timing};

/// A code of -1 and 1 for each output of an [`OutputCodes`].
pub trait Codes: 'static {
    /// A bit for each input, set for 1 and clear for -1: output after output, each with as many words as 64 bits go into the
    /// inputs, the first input in the lowest bit of the first word. [`code_bits`] makes them of pictures.
    const CODES: &'static [u64];
}

/// Minus the squared distance to a fixed code of -1 and 1 for each class: `y[o] = -(sum over i of (x[i] - code[o][i])^2)`.
///
/// These are the Euclidean radial basis functions at the end of LeNet-5 (LeCun and others, "Gradient-based learning applied to
/// document recognition", 1998), with the sign turned, so that the nearest code is the largest output, as
/// [`SoftmaxCrossEntropy`](crate::SoftmaxCrossEntropy) takes it; with that loss it is the paper's criterion (9) without its
/// constant class. Codes far apart correct errors of single units (Dietterich and Bakiri, "Solving multiclass learning problems
/// via error-correcting output codes", 1995).
///
/// The codes `C` are part of the type. Nothing is stored and nothing learned; the gradient goes on to the input. What comes
/// before had best give about -1 to 1, as [`ScaledTanh`](crate::ScaledTanh) does.
///
/// # Shapes
///
/// The input is (I), the output (O).
///
/// # Cost
///
/// A bit of flash for each input and output, and `I O` multiply-adds. Backward needs the input.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// struct Corners;
///
/// impl Codes for Corners {
///     const CODES: &'static [u64] = &[0b11, 0b01]; // (1, 1) and (1, -1)
/// }
///
/// let mut y = [0.0; 2];
/// OutputCodes::<2, 2, Corners>::ZERO.forward(&[1.0, -0.5], &mut y, &mut ());
/// assert_eq!(y, [-2.25, -0.25]);
/// ```
#[repr(C)]
pub struct OutputCodes<const I: usize, const O: usize, C>(PhantomData<C>);

crate::__plain!([allow(unsafe_code)] [const I: usize, const O: usize, C: 'static] OutputCodes<I, O, C>,);

// By hand: derived, they would ask the same of the codes, which are a type without values.
impl<const I: usize, const O: usize, C> Clone for OutputCodes<I, O, C> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

impl<const I: usize, const O: usize, C> PartialEq for OutputCodes<I, O, C> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<const I: usize, const O: usize, C> fmt::Debug for OutputCodes<I, O, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutputCodes")
    }
}

impl<const I: usize, const O: usize, C: Codes> Layer for OutputCodes<I, O, C> {
    type Input = [f32; I];
    type Output = [f32; O];
    type Scratch = ();

    const SPEC: LayerSpec = LayerSpec::OutputCodes(CodesSpec { inputs: I as u32, outputs: O as u32, codes: C::CODES });
    const FAULT: Option<&'static str> = CodesSpec { inputs: I as u32, outputs: O as u32, codes: C::CODES }.fault();

    #[inline]
    fn forward(&self, x: &[f32; I], y: &mut [f32; O], (): &mut ()) {
        kernel::codes_forward(C::CODES, x, y);
    }
}

impl<const I: usize, const O: usize, C: Codes> Learn for OutputCodes<I, O, C> {
    const LEARNS: bool = false;
    type Gradient = ();
    type Tape = ();

    #[inline]
    fn record(&self, x: &[f32; I], y: &mut [f32; O], (): &mut ()) {
        self.forward(x, y, &mut ());
    }

    #[inline]
    fn backward(
        _: Target<'_, Self>,
        x: &[f32; I],
        _: &[f32; O],
        (): &mut (),
        dy: &mut [f32; O],
        dx: Option<&mut [f32; I]>,
    ) {
        if let Some(dx) = dx {
            kernel::codes_backward(C::CODES, x, dy, dx);
        }
    }

    fn visit<const N: usize, F>(&mut self, _: [&mut (); N], _: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; N]),
    {
    }
}

impl<const I: usize, const O: usize, C: Codes> Stream for OutputCodes<I, O, C> {
    type State = ();

    const TIMING: Timing = Timing::EACH;

    #[inline]
    fn step(&self, x: &[f32; I], y: &mut [f32; O], (): &mut ()) -> bool {
        self.forward(x, y, &mut ());
        true
    }
}

/// The words of codes that are drawn as pictures, for [`Codes::CODES`]: `WORDS` is the number of outputs times the words of a
/// code. Each `#` is 1 and each `.` is -1; other characters do not count.
///
/// ```
/// use neurona::code_bits;
///
/// const CODES: [u64; 2] = code_bits(&["## ##", ".#.#"]);
/// assert_eq!(CODES, [0b1111, 0b1010]);
/// ```
pub const fn code_bits<const WORDS: usize>(pictures: &[&str]) -> [u64; WORDS] {
    let mut words = [0; WORDS];
    let each = WORDS / if pictures.is_empty() { 1 } else { pictures.len() };
    let mut code = 0;
    while code < pictures.len() {
        let (mut rest, mut bit) = (pictures[code].as_bytes(), 0);
        while let [character, tail @ ..] = rest {
            if matches!(*character, b'#' | b'.') {
                if *character == b'#' {
                    words[code * each + bit / 64] |= 1 << (bit % 64);
                }
                bit += 1;
            }
            rest = tail;
        }
        code += 1;
    }
    words
}
