//! Shapes of signals and images, and of the windows that slide over them.
//!
//! What goes in and out of a layer is a plain array. [`Signal`] and [`Image`] are names for nested ones, so that a
//! network reads as one thinks of it:
//!
//! ```
//! use neurona::prelude::*;
//!
//! neurona::network! {
//!     /// 28x28 grey levels to ten digits.
//!     pub struct Digits: Image<28, 28, 1> => [f32; 10] {
//!         edges: Conv2d<Image<28, 28, 1>, Image<24, 24, 8>, Kernel2d<5>, Relu>,
//!         pool: MaxPool<Image<24, 24, 8>, Image<12, 12, 8>, Kernel2d<2, 2, 2>>,
//!         parts: Conv2d<Image<12, 12, 8>, Image<6, 6, 16>, Kernel2d<3, 3, 2>, Relu, Same>,
//!         mean: GlobalAvgPool<Image<6, 6, 16>>,
//!         output: Dense<16, 10>,
//!     }
//! }
//!
//! assert_eq!(size_of::<Image<28, 28, 1>>(), 4 * 28 * 28);
//! assert_eq!(Digits::PARAMS, 8 * (5 * 5 + 1) + 16 * (3 * 3 * 8 + 1) + 10 * (16 + 1));
//! ```
//!
//! # Channels last
//!
//! `image[row][column][channel]` and `signal[step][channel]`: the channels of a cell are next to each other, as in
//! TensorFlow Lite and CMSIS-NN. PyTorch has them first, `(channels, rows, columns)`: an input or a weight from there is to
//! be permuted, and a dense layer behind a flattened image sees its inputs in another order.
//!
//! # Sizes
//!
//! An output has the size that [`valid`] or [`same`] gives. It is written down, so that a network shows the shape of each
//! of its activations; a wrong one does not compile, with a sentence that says why.

use core::fmt::Debug;
use core::marker::PhantomData;

use crate::arch::{PaddingSpec, Shape};
use crate::plain::Numbers;

/// `STEPS` samples of `CHANNELS` values each: `signal[step][channel]`.
pub type Signal<const STEPS: usize, const CHANNELS: usize> = [[f32; CHANNELS]; STEPS];

/// `HEIGHT` rows of `WIDTH` pixels of `CHANNELS` values each: `image[row][column][channel]`.
pub type Image<const HEIGHT: usize, const WIDTH: usize, const CHANNELS: usize> = [[[f32; CHANNELS]; WIDTH]; HEIGHT];

/// How many places a window has along an axis without padding: `(input - reach) / stride + 1`, rounded down, with the
/// reach `(kernel - 1) * dilation + 1`; 0 where it does not fit, or where kernel, stride or dilation is 0. A layer of that size does
/// not compile, and says why.
///
/// ```
/// use neurona::shape::{same, valid};
///
/// assert_eq!(valid(28, 5, 1, 1), 24);
/// assert_eq!(valid(119, 9, 4, 1), 28);
/// assert_eq!(valid(4, 5, 1, 1), 0);
/// assert_eq!(same(49, 2), 25);
/// ```
pub const fn valid(input: usize, kernel: usize, stride: usize, dilation: usize) -> usize {
    if kernel == 0 || stride == 0 || dilation == 0 {
        return 0;
    }
    let reach = (kernel - 1).saturating_mul(dilation).saturating_add(1);
    if input < reach { 0 } else { (input - reach) / stride + 1 }
}

/// How many places a window has along an axis with [`Same`] or [`Causal`] padding: `input / stride`, rounded up; 0 where the stride
/// is.
pub const fn same(input: usize, stride: usize) -> usize {
    if stride == 0 { 0 } else { input.div_ceil(stride) }
}

/// An array of numbers, or of such arrays, up to four axes.
pub trait Tensor: Numbers + Clone + Debug + PartialEq {
    /// All numbers, in the order of memory.
    fn values(&self) -> &[f32];

    /// All numbers, in the order of memory, to change.
    fn values_mut(&mut self) -> &mut [f32];
}

/// A [`Tensor`] that can go in and out of a layer: a vector, a signal or an image.
pub trait Shaped: Tensor {
    /// Its shape.
    const SHAPE: Shape;
    /// A value for each channel.
    type Channels: Shaped;
}

impl<const N: usize> Tensor for [f32; N] {
    #[inline]
    fn values(&self) -> &[f32] {
        self
    }

    #[inline]
    fn values_mut(&mut self) -> &mut [f32] {
        self
    }
}

impl<const N: usize> Shaped for [f32; N] {
    const SHAPE: Shape = Shape::Vector { len: N as u32 };
    type Channels = Self;
}

impl<const N: usize, const M: usize> Tensor for [[f32; N]; M] {
    #[inline]
    fn values(&self) -> &[f32] {
        self.as_flattened()
    }

    #[inline]
    fn values_mut(&mut self) -> &mut [f32] {
        self.as_flattened_mut()
    }
}

impl<const STEPS: usize, const CHANNELS: usize> Shaped for Signal<STEPS, CHANNELS> {
    const SHAPE: Shape = Shape::Signal { steps: STEPS as u32, channels: CHANNELS as u32 };
    type Channels = [f32; CHANNELS];
}

impl<const N: usize, const M: usize, const L: usize> Tensor for [[[f32; N]; M]; L] {
    #[inline]
    fn values(&self) -> &[f32] {
        self.as_flattened().as_flattened()
    }

    #[inline]
    fn values_mut(&mut self) -> &mut [f32] {
        self.as_flattened_mut().as_flattened_mut()
    }
}

impl<const HEIGHT: usize, const WIDTH: usize, const CHANNELS: usize> Shaped for Image<HEIGHT, WIDTH, CHANNELS> {
    const SHAPE: Shape = Shape::Image { height: HEIGHT as u32, width: WIDTH as u32, channels: CHANNELS as u32 };
    type Channels = [f32; CHANNELS];
}

impl<const N: usize, const M: usize, const L: usize, const K: usize> Tensor for [[[[f32; N]; M]; L]; K] {
    #[inline]
    fn values(&self) -> &[f32] {
        self.as_flattened().as_flattened().as_flattened()
    }

    #[inline]
    fn values_mut(&mut self) -> &mut [f32] {
        self.as_flattened_mut().as_flattened_mut().as_flattened_mut()
    }
}

/// A window that slides over a signal: its size, its stride and its dilation, each 1 if it is left out but the first.
///
/// `Kernel1d<5, 2>` is 5 samples wide and moves by 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel1d<const SIZE: usize, const STRIDE: usize = 1, const DILATION: usize = 1>;

/// A window that slides over an image: rows and columns, stride and dilation; columns are as the rows if they are left
/// out, stride and dilation are 1.
///
/// `Kernel2d<3>` is 3 by 3, `Kernel2d<3, 3, 2>` moves by 2 in both directions, `Kernel2d<10, 4, 2, 1>` is 10 rows by 4
/// columns and moves by 2 rows or 1 column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel2d<
    const ROWS: usize,
    const COLUMNS: usize = ROWS,
    const STRIDE_ROWS: usize = 1,
    const STRIDE_COLUMNS: usize = STRIDE_ROWS,
    const DILATION_ROWS: usize = 1,
    const DILATION_COLUMNS: usize = DILATION_ROWS,
>;

/// A convolution in groups: each filter of the window `K` sees `SEEN` channels, so that there are as many groups as that
/// divides the channels into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grouped<const SEEN: usize, K>(PhantomData<K>);

/// A window that can slide from `X` to `Y`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no window from `{X}` to `{Y}`",
    note = "`Kernel1d` slides from a `Signal` to a `Signal`, `Kernel2d` from an `Image` to an `Image`"
)]
pub trait Kernel<X, Y>: 'static {
    /// Rows and columns.
    const SIZE: [u32; 2];
    /// How far it moves, in rows and columns.
    const STRIDE: [u32; 2];
    /// How far apart its cells are, in rows and columns.
    const DILATION: [u32; 2];
    /// Number of channels that a filter sees.
    const SEEN: u32;

    /// Weights of a convolution: (filters, kernel, channels).
    type Filters: Tensor;
    /// Weights of one filter: (kernel, channels).
    type Filter: Tensor;
    /// Weights of a convolution of each channel by itself: (kernel, filters).
    type Depthwise: Tensor;
    /// Weights of a convolution with a table of `N` connections: (connections, kernel).
    type Maps<const N: usize>: Tensor;
}

impl<
    const STEPS: usize,
    const CHANNELS: usize,
    const PLACES: usize,
    const FILTERS: usize,
    const SIZE: usize,
    const STRIDE: usize,
    const DILATION: usize,
> Kernel<Signal<STEPS, CHANNELS>, Signal<PLACES, FILTERS>> for Kernel1d<SIZE, STRIDE, DILATION>
{
    const SIZE: [u32; 2] = [1, SIZE as u32];
    const STRIDE: [u32; 2] = [1, STRIDE as u32];
    const DILATION: [u32; 2] = [1, DILATION as u32];
    const SEEN: u32 = CHANNELS as u32;
    type Filters = [Self::Filter; FILTERS];
    type Filter = [[f32; CHANNELS]; SIZE];
    type Depthwise = [[f32; FILTERS]; SIZE];
    type Maps<const N: usize> = [[f32; SIZE]; N];
}

impl<
    const HEIGHT: usize,
    const WIDTH: usize,
    const CHANNELS: usize,
    const PLACES_ROWS: usize,
    const PLACES_COLUMNS: usize,
    const FILTERS: usize,
    const ROWS: usize,
    const COLUMNS: usize,
    const STRIDE_ROWS: usize,
    const STRIDE_COLUMNS: usize,
    const DILATION_ROWS: usize,
    const DILATION_COLUMNS: usize,
> Kernel<Image<HEIGHT, WIDTH, CHANNELS>, Image<PLACES_ROWS, PLACES_COLUMNS, FILTERS>>
    for Kernel2d<ROWS, COLUMNS, STRIDE_ROWS, STRIDE_COLUMNS, DILATION_ROWS, DILATION_COLUMNS>
{
    const SIZE: [u32; 2] = [ROWS as u32, COLUMNS as u32];
    const STRIDE: [u32; 2] = [STRIDE_ROWS as u32, STRIDE_COLUMNS as u32];
    const DILATION: [u32; 2] = [DILATION_ROWS as u32, DILATION_COLUMNS as u32];
    const SEEN: u32 = CHANNELS as u32;
    type Filters = [Self::Filter; FILTERS];
    type Filter = [[[f32; CHANNELS]; COLUMNS]; ROWS];
    type Depthwise = [[[f32; FILTERS]; COLUMNS]; ROWS];
    type Maps<const N: usize> = [[[f32; COLUMNS]; ROWS]; N];
}

impl<
    const SEEN: usize,
    const STEPS: usize,
    const CHANNELS: usize,
    const PLACES: usize,
    const FILTERS: usize,
    const SIZE: usize,
    const STRIDE: usize,
    const DILATION: usize,
> Kernel<Signal<STEPS, CHANNELS>, Signal<PLACES, FILTERS>> for Grouped<SEEN, Kernel1d<SIZE, STRIDE, DILATION>>
{
    const SIZE: [u32; 2] = [1, SIZE as u32];
    const STRIDE: [u32; 2] = [1, STRIDE as u32];
    const DILATION: [u32; 2] = [1, DILATION as u32];
    const SEEN: u32 = SEEN as u32;
    type Filters = [Self::Filter; FILTERS];
    type Filter = [[f32; SEEN]; SIZE];
    type Depthwise = [[f32; FILTERS]; SIZE];
    type Maps<const N: usize> = [[f32; SIZE]; N];
}

impl<
    const SEEN: usize,
    const HEIGHT: usize,
    const WIDTH: usize,
    const CHANNELS: usize,
    const PLACES_ROWS: usize,
    const PLACES_COLUMNS: usize,
    const FILTERS: usize,
    const ROWS: usize,
    const COLUMNS: usize,
    const STRIDE_ROWS: usize,
    const STRIDE_COLUMNS: usize,
    const DILATION_ROWS: usize,
    const DILATION_COLUMNS: usize,
> Kernel<Image<HEIGHT, WIDTH, CHANNELS>, Image<PLACES_ROWS, PLACES_COLUMNS, FILTERS>>
    for Grouped<SEEN, Kernel2d<ROWS, COLUMNS, STRIDE_ROWS, STRIDE_COLUMNS, DILATION_ROWS, DILATION_COLUMNS>>
{
    const SIZE: [u32; 2] = [ROWS as u32, COLUMNS as u32];
    const STRIDE: [u32; 2] = [STRIDE_ROWS as u32, STRIDE_COLUMNS as u32];
    const DILATION: [u32; 2] = [DILATION_ROWS as u32, DILATION_COLUMNS as u32];
    const SEEN: u32 = SEEN as u32;
    type Filters = [Self::Filter; FILTERS];
    type Filter = [[[f32; SEEN]; COLUMNS]; ROWS];
    type Depthwise = [[[f32; FILTERS]; COLUMNS]; ROWS];
    type Maps<const N: usize> = [[[f32; COLUMNS]; ROWS]; N];
}

/// A window over time, which can be fed sample by sample.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no window over time from `{X}` to `{Y}`",
    note = "signals are fed sample by sample, images are not"
)]
pub trait TimeKernel<X, Y>: Kernel<X, Y> {
    /// The samples of a window: of those that are a dilation apart, as many as the window has.
    type Ring: Tensor;
}

impl<
    const STEPS: usize,
    const CHANNELS: usize,
    const PLACES: usize,
    const FILTERS: usize,
    const SIZE: usize,
    const STRIDE: usize,
    const DILATION: usize,
> TimeKernel<Signal<STEPS, CHANNELS>, Signal<PLACES, FILTERS>> for Kernel1d<SIZE, STRIDE, DILATION>
{
    type Ring = [[[f32; CHANNELS]; SIZE]; DILATION];
}

impl<
    const SEEN: usize,
    const STEPS: usize,
    const CHANNELS: usize,
    const PLACES: usize,
    const FILTERS: usize,
    const SIZE: usize,
    const STRIDE: usize,
    const DILATION: usize,
> TimeKernel<Signal<STEPS, CHANNELS>, Signal<PLACES, FILTERS>> for Grouped<SEEN, Kernel1d<SIZE, STRIDE, DILATION>>
{
    type Ring = [[[f32; CHANNELS]; SIZE]; DILATION];
}

/// What stands around the input of a window. Nothing is stored there: a cell outside of the input has no part in a sum,
/// in a mean or in a maximum.
pub trait Padding: 'static {
    /// The padding as a value.
    const SPEC: PaddingSpec;
}

/// No padding: the window stays within the input. The output has [`valid`] cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Valid;

/// As much padding as gives an output of [`same`] cells, half of it on each side, the odd cell at the end.
///
/// This is what TensorFlow means by `SAME`. With a stride it is not what PyTorch users write as `padding=1`: over an even
/// number of cells a kernel of 3 with stride 2 has its one cell of padding at the end, and none at the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Same;

/// Padding in time alone, as much as the kernel looks back, so that an output depends on nothing that comes after it.
///
/// Time is the axis of a signal, and the rows of an image, as of a spectrogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Causal;

/// So many samples before and after a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Padding1d<const BEFORE: u32, const AFTER: u32>;

/// So many rows and columns around an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Padding2d<const TOP: u32, const BOTTOM: u32, const LEFT: u32, const RIGHT: u32>;

impl Padding for Valid {
    const SPEC: PaddingSpec = PaddingSpec::Valid;
}

impl Padding for Same {
    const SPEC: PaddingSpec = PaddingSpec::Same;
}

impl Padding for Causal {
    const SPEC: PaddingSpec = PaddingSpec::Causal;
}

impl<const BEFORE: u32, const AFTER: u32> Padding for Padding1d<BEFORE, AFTER> {
    const SPEC: PaddingSpec = PaddingSpec::Explicit { top: 0, bottom: 0, left: BEFORE, right: AFTER };
}

impl<const TOP: u32, const BOTTOM: u32, const LEFT: u32, const RIGHT: u32> Padding
    for Padding2d<TOP, BOTTOM, LEFT, RIGHT>
{
    const SPEC: PaddingSpec = PaddingSpec::Explicit { top: TOP, bottom: BOTTOM, left: LEFT, right: RIGHT };
}
