//! Pooling: the largest or the mean of the cells of a window, or of all cells.

use core::marker::PhantomData;

use super::conv::window;
use super::ring::{OverTime, Ring};
use super::{Kind, Layer, Learn, Target};
use crate::arch::{self, LayerSpec, PoolKind};
use crate::kernel::{self, Window};
use crate::plain::Plain;
use crate::shape::{Kernel, Padding, Shaped, Tensor, TimeKernel, Valid};
use crate::stream::{Sample, State, Stream, Timing, all_finite};

/// Pooling: what [`MaxPool`] and [`AvgPool`] are.
///
/// # Shapes
///
/// The input is (rows, columns, C), the output (rows, columns, C); of a signal there is one row.
///
/// # Cost
///
/// No weights, no multiply-adds; a comparison or a sum for each cell of each window. Backward needs the input and the
/// output.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// type Halved<K> = MaxPool<Signal<5, 1>, Signal<2, 1>, K>;
/// let mut y = [[0.0]; 2];
/// Halved::<Kernel1d<2, 2>>::ZERO.forward(&[[1.0], [4.0], [2.0], [-3.0], [9.0]], &mut y, &mut ());
/// assert_eq!(y, [[4.0], [2.0]]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Pool<X, Y, K, P, R>(PhantomData<(X, Y, K, P, R)>);

/// The largest value of each window (course, "convolutional networks"): NaN among them gives NaN.
///
/// `X` is the input and `Y` the output, two [signals](crate::shape::Signal) or two [images](crate::shape::Image) with the same
/// channels. `K` is the window, a [`Kernel1d`](crate::shape::Kernel1d) or [`Kernel2d`](crate::shape::Kernel2d), whose stride
/// is to be written too (`Kernel2d<2, 2, 2>`). `P` is the [padding](crate::shape::Padding), none if it is left out; its cells
/// have no part in a maximum. The gradient of an output goes to the first cell that has its value. See [`Pool`].
pub type MaxPool<X, Y, K, P = Valid> = Pool<X, Y, K, P, Max>;

/// The mean of each window (LeCun and others, 1998).
///
/// The parameters are those of [`MaxPool`]. Cells of the padding have no part in a mean, as in TensorFlow; PyTorch counts
/// them as zeros unless it is told `count_include_pad=False`. See [`Pool`].
pub type AvgPool<X, Y, K, P = Valid> = Pool<X, Y, K, P, Average>;

/// The largest value of each channel: NaN among them gives NaN. The gradient of an output goes to the first cell that has
/// its value. See [`GlobalPool`].
pub type GlobalMaxPool<X> = GlobalPool<X, Max>;

/// The mean of each channel (Lin and others, "Network in network", 2014). See [`GlobalPool`].
pub type GlobalAvgPool<X> = GlobalPool<X, Average>;

/// What pooling makes of the values that it meets.
pub trait Reduce: 'static {
    /// The reduction as a value.
    const KIND: PoolKind;
}

/// The largest of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Max;

/// Their mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Average;

impl Reduce for Max {
    const KIND: PoolKind = PoolKind::Max;
}

impl Reduce for Average {
    const KIND: PoolKind = PoolKind::Average;
}

crate::__plain!(
    [allow(unsafe_code)] [X: 'static, Y: 'static, K: 'static, P: 'static, R: 'static] Pool<X, Y, K, P, R>,
);

impl<X: Shaped, Y: Shaped, K: Kernel<X, Y>, P: Padding, R: Reduce> Pool<X, Y, K, P, R> {
    const POOL: arch::PoolSpec = arch::PoolSpec { window: window::<X, Y, K, P>(), kind: R::KIND };
    const WINDOW: Window = Window::of(&Self::POOL.window);
}

impl<X: Shaped, Y: Shaped, K: Kernel<X, Y>, P: Padding, R: Reduce> Layer for Pool<X, Y, K, P, R> {
    type Input = X;
    type Output = Y;
    type Scratch = ();

    const SPEC: LayerSpec = LayerSpec::Pool(Self::POOL);
    const FAULT: Option<&'static str> =
        if K::SEEN as usize == X::SHAPE.channels() { Self::POOL.fault() } else { Some("pooling has no groups") };

    #[inline]
    fn forward(&self, x: &X, y: &mut Y, (): &mut ()) {
        match R::KIND {
            PoolKind::Max => kernel::max_pool_forward(&Self::WINDOW, x.values(), y.values_mut()),
            PoolKind::Average => kernel::average_pool_forward(&Self::WINDOW, x.values(), y.values_mut()),
        }
    }
}

impl<X: Shaped, Y: Shaped, K: Kernel<X, Y>, P: Padding, R: Reduce> Learn for Pool<X, Y, K, P, R> {
    const LEARNS: bool = false;
    type Gradient = ();
    type Tape = ();

    #[inline]
    fn record(&self, x: &X, y: &mut Y, (): &mut ()) {
        self.forward(x, y, &mut ());
    }

    #[inline]
    fn backward(_: Target<'_, Self>, x: &X, y: &Y, (): &mut (), dy: &mut Y, dx: Option<&mut X>) {
        let Some(dx) = dx else { return };
        let (dy, dx) = (dy.values_mut(), dx.values_mut());
        match R::KIND {
            PoolKind::Max => kernel::max_pool_backward(&Self::WINDOW, x.values(), y.values(), dy, dx),
            PoolKind::Average => kernel::average_pool_backward(&Self::WINDOW, dy, dx),
        }
    }

    fn visit<const N: usize, F>(&mut self, _: [&mut (); N], _: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; N]),
    {
    }
}

impl<X: Shaped, Y: Shaped, K: TimeKernel<X, Y>, P: Padding, R: Reduce> Stream for Pool<X, Y, K, P, R> {
    type State = Ring<K::Ring>;

    const TIMING: Timing = OverTime::of(&Self::POOL.window).timing;
    const STREAM_FAULT: Option<&'static str> = OverTime::fault(&Self::POOL.window);

    #[inline]
    fn step(&self, x: &Sample<X>, y: &mut Sample<Y>, ring: &mut Self::State) -> bool {
        let window = const { OverTime::of(&Self::POOL.window) };
        let Some(history) = ring.push(&window, x.values()) else { return false };
        match R::KIND {
            PoolKind::Max => kernel::max_pool_step(history, y.values_mut()),
            PoolKind::Average => kernel::average_pool_step(history, y.values_mut()),
        }
        true
    }
}

/// Pooling over all cells: what [`GlobalMaxPool`] and [`GlobalAvgPool`] are.
///
/// `X` is a [signal](crate::shape::Signal) or an [image](crate::shape::Image). It takes the place of a flattened input of
/// a dense layer, which then has far fewer weights.
///
/// # Shapes
///
/// The input is (cells, C), the output (C).
///
/// # Cost
///
/// No weights, no multiply-adds; a comparison or a sum for each value, and for a mean C divisions. Backward needs the input
/// and the output.
///
/// # Examples
///
/// ```
/// use neurona::prelude::*;
///
/// let mut y = [0.0; 2];
/// GlobalAvgPool::<Signal<4, 2>>::ZERO.forward(&[[1.0, 0.0], [2.0, 0.0], [3.0, 8.0], [6.0, 0.0]], &mut y, &mut ());
/// assert_eq!(y, [3.0, 2.0]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[repr(C)]
pub struct GlobalPool<X, R>(PhantomData<(X, R)>);

crate::__plain!([allow(unsafe_code)] [X: 'static, R: 'static] GlobalPool<X, R>,);

impl<X: Shaped, R: Reduce> Layer for GlobalPool<X, R> {
    type Input = X;
    type Output = X::Channels;
    type Scratch = ();

    const SPEC: LayerSpec = LayerSpec::GlobalPool(arch::GlobalPoolSpec { input: X::SHAPE, kind: R::KIND });
    const FAULT: Option<&'static str> = arch::GlobalPoolSpec { input: X::SHAPE, kind: R::KIND }.fault();

    #[inline]
    fn forward(&self, x: &X, y: &mut X::Channels, (): &mut ()) {
        match R::KIND {
            PoolKind::Max => kernel::global_max_forward(x.values(), y.values_mut()),
            PoolKind::Average => kernel::global_average_forward(x.values(), y.values_mut()),
        }
    }
}

impl<X: Shaped, R: Reduce> Learn for GlobalPool<X, R> {
    const LEARNS: bool = false;
    type Gradient = ();
    type Tape = ();

    #[inline]
    fn record(&self, x: &X, y: &mut X::Channels, (): &mut ()) {
        self.forward(x, y, &mut ());
    }

    #[inline]
    fn backward(_: Target<'_, Self>, x: &X, y: &X::Channels, (): &mut (), dy: &mut X::Channels, dx: Option<&mut X>) {
        let Some(dx) = dx else { return };
        match R::KIND {
            PoolKind::Max => kernel::global_max_backward(x.values(), y.values(), dy.values_mut(), dx.values_mut()),
            PoolKind::Average => kernel::global_average_backward(dy.values_mut(), dx.values_mut()),
        }
    }

    fn visit<const N: usize, F>(&mut self, _: [&mut (); N], _: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; N]),
    {
    }
}

/// What lasts of a [`GlobalPool`] that is fed cell by cell: the largest of each channel, or the sum.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Running<C> {
    channels: C,
    /// Number of cells that count.
    count: f32,
}

impl<C: Tensor> Running<C> {
    /// How many cells count at most: with one more a count in `f32` would not grow.
    const MOST: f32 = 16_777_216.0;

    /// Counts a cell: when there are so many, those before count half in a mean.
    #[inline]
    fn count(&mut self, kind: PoolKind) {
        if self.count >= Self::MOST {
            self.count *= 0.5;
            if matches!(kind, PoolKind::Average) {
                self.channels.values_mut().iter_mut().for_each(|sum| *sum *= 0.5);
            }
        }
        self.count += 1.0;
    }
}

crate::__plain!([allow(unsafe_code)] [C: Plain] Running<C>, C, f32);

impl<C: Tensor> State for Running<C> {
    fn is_finite(&self) -> bool {
        all_finite(&self.channels)
    }
}

/// After each cell it is the largest or the mean of those since the reset; of more than 2^24 cells, those before count half in the
/// mean each time that so many have come.
impl<X: Shaped, R: Reduce> Stream for GlobalPool<X, R> {
    type State = Running<X::Channels>;

    const TIMING: Timing = Timing::EACH;

    #[inline]
    fn step(&self, x: &X::Channels, y: &mut Sample<X::Channels>, state: &mut Self::State) -> bool {
        state.count(R::KIND);
        let channels = state.channels.values_mut().iter_mut().zip(x.values());
        for ((running, x), y) in channels.zip(y.values_mut()) {
            match R::KIND {
                PoolKind::Max if state.count == 1.0 || *x > *running || x.is_nan() => *running = *x,
                PoolKind::Max => {}
                PoolKind::Average => *running += x,
            }
            *y = match R::KIND {
                PoolKind::Max => *running,
                PoolKind::Average => *running / state.count,
            };
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Signal;

    #[test]
    fn a_mean_goes_on_where_a_count_would_end() {
        const CELLS: f32 = Running::<[f32; 1]>::MOST;
        let mut y = [0.0_f32];
        // Of so many cells of 3 and one of 3 the mean is 3, to the roundings of the sum and of the quotient.
        let mut state = Running { channels: [3.0 * CELLS], count: CELLS };
        GlobalAvgPool::<Signal<4, 1>>::default().step(&[3.0], &mut y, &mut state);
        assert!((y[0] - 3.0).abs() <= 3.0 * f32::EPSILON, "{}", y[0]);
        assert_eq!(state.count, CELLS / 2.0 + 1.0);
        // The largest is what it was.
        let mut state = Running { channels: [3.0], count: CELLS };
        GlobalMaxPool::<Signal<4, 1>>::default().step(&[2.0], &mut y, &mut state);
        assert_eq!(y, [3.0]);
    }
}
