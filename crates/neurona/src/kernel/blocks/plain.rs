//! The plain form of the blocks: what their results are, in the order of their sums.
//!
//! Where the lengths of the arguments do not fit together, what is not there is left out.

#[cfg(soft_float)]
pub(in crate::kernel) use super::soft::quotient;
#[cfg(soft_float)]
use super::soft::{Sum, axpy as add_multiple};
use super::{Cells, Places, Windows};
use crate::activation::function;
use crate::fast;

/// Weighted sums: `y[p * y_step + o] = bias[o] + sum over k and c of weights[o * stride + k * columns + c] * x[p * x_step + k
/// * (columns + skip) + c]`, with p a place, o a row, k a run and c a column; and so in each line of places.
///
/// Each sum begins with the bias, or without one with what `y` holds, and goes up in k, and for each k in c.
pub(in crate::kernel) fn sums(of: &Windows<'_>, bias: Option<&[f32]>, y: &mut [f32]) {
    for line in 0..of.lines.count {
        for place in 0..of.places {
            let x = of.x.get(line * of.lines.x_pitch + place * of.x_step..).unwrap_or_default();
            let Some(y) = y.get_mut(line * of.lines.y_pitch + place * of.y_step..) else { return };
            sums_in_place(of, bias, x, y);
        }
    }
}

/// [`sums`] in one place.
#[inline]
fn sums_in_place(of: &Windows<'_>, bias: Option<&[f32]>, x: &[f32], y: &mut [f32]) {
    for (row, y) in y.iter_mut().take(of.rows).enumerate() {
        let weights = of.weights.get(row * of.stride..).and_then(|rest| rest.get(..of.runs * of.columns));
        let (Some(weights), Some(begin)) = (weights, bias.map_or(Some(&*y), |bias| bias.get(row))) else { return };
        let (mut sum, mut x) = (Sum::new(*begin), x);
        for weights in weights.chunks_exact(of.columns.max(1)) {
            sum.add_products(weights, x);
            x = x.get(of.columns + of.skip..).unwrap_or_default();
        }
        *y = sum.value();
    }
}

/// Weighted sums of all values: `y[o] = bias[o] + sum over i of weights[o * x.len() + i] * x[i]`.
///
/// Each sum begins with the bias, or without one with what `y` holds, and goes up in i.
pub(in crate::kernel) fn dense_sums(weights: &[f32], x: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let mut rows = weights;
    let mut sum_of_row = |begin: f32| {
        let (weights, rest) = rows.split_at_checked(x.len())?;
        let mut sum = Sum::new(begin);
        sum.add_products(weights, x);
        rows = rest;
        Some(sum.value())
    };
    match bias {
        Some(bias) => {
            for (y, bias) in y.iter_mut().zip(bias) {
                let Some(sum) = sum_of_row(*bias) else { return };
                *y = sum;
            }
        }
        None => {
            for y in y {
                let Some(sum) = sum_of_row(*y) else { return };
                *y = sum;
            }
        }
    }
}

/// A sum of products, of as many as both have: `sum over i of a[i] * b[i]`.
///
/// It begins with zero and goes up in i.
pub(in crate::kernel) fn sum_of_products(a: &[f32], b: &[f32]) -> f32 {
    let mut sum = Sum::new(0.0);
    sum.add_products(a, b);
    sum.value()
}

/// Weighted sums of columns: `y[c] += sum over o of weights[o * stride + c] * by[o]`.
///
/// Each sum begins with what `y` holds and goes up in o.
pub(in crate::kernel) fn sums_of_columns(weights: &[f32], stride: usize, by: &[f32], y: &mut [f32]) {
    // Where a sum costs more to begin than to go on, each column as a whole: the order is the same.
    if cfg!(soft_float) {
        let rows = whole_rows(weights, stride, y.len(), by.len());
        for (column, y) in y.iter_mut().enumerate() {
            let mut sum = Sum::new(*y);
            sum.add_products_apart(weights.get(column..).unwrap_or_default(), stride, by, 1, rows);
            *y = sum.value();
        }
        return;
    }
    let mut rows = weights;
    for by in by {
        let Some(row) = rows.get(..y.len()) else { return };
        axpy(*by, row, y);
        rows = rows.get(stride..).unwrap_or_default();
    }
}

/// How many of so many rows are there as a whole.
fn whole_rows(weights: &[f32], stride: usize, columns: usize, rows: usize) -> usize {
    let Some(last) = weights.len().checked_sub(columns) else { return 0 };
    let needed = rows.checked_sub(1).and_then(|before| before.checked_mul(stride));
    if needed.is_none_or(|needed| needed <= last) {
        return rows;
    }
    last.checked_div(stride).map_or(rows, |before| before + 1)
}

/// Adds an outer product, times `scale`: `weights[o * x.len() + c] += (scale * by[o]) * x[c]`, `bias[o] += scale * by[o]`.
pub(in crate::kernel) fn add_outer(weights: &mut [f32], bias: &mut [f32], x: &[f32], by: &[f32], scale: f32) {
    let mut rows = weights;
    for (bias, by) in bias.iter_mut().zip(by) {
        let Some((row, rest)) = rows.split_at_mut_checked(x.len()) else { return };
        let step = scale * by;
        axpy(step, x, row);
        *bias += step;
        rows = rest;
    }
}

/// Adds the sums over all places p, times `scale`: `weights[f * stride + c] += scale * sum over p of dz[p][f] * x[p][c]`, for each
/// of so many filters f and channels c.
///
/// Each sum begins with zero and goes up in p, row by row.
pub(in crate::kernel) fn correlate(
    of: &Places<'_>,
    [filters, channels]: [usize; 2],
    weights: &mut [f32],
    stride: usize,
    scale: f32,
) {
    for filter in 0..filters {
        let weights = weights.get_mut(filter * stride..).unwrap_or_default();
        for (channel, weight) in weights.iter_mut().take(channels).enumerate() {
            *weight += scale * product(of, filter, channel);
        }
    }
}

/// The same for channels that have a filter each: `weights[c] += scale * sum over p of dz[p][c] * x[p][c]`.
pub(in crate::kernel) fn correlate_each(of: &Places<'_>, weights: &mut [f32], scale: f32) {
    for (channel, weight) in weights.iter_mut().enumerate() {
        *weight += scale * product(of, channel, channel);
    }
}

/// Adds the sums over all places p, times `scale`: `bias[f] += scale * sum over p of dz[p * step + f]`.
///
/// Each sum begins with zero and goes up in p.
#[cfg_attr(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"), allow(dead_code))]
pub(in crate::kernel) fn add_sums(dz: &[f32], step: usize, bias: &mut [f32], scale: f32) {
    for (filter, bias) in bias.iter_mut().enumerate() {
        let mut sum = 0.0;
        for dz in dz.get(filter..).unwrap_or_default().iter().step_by(step.max(1)) {
            sum += dz;
        }
        *bias += scale * sum;
    }
}

/// The sum over all places of the products of a filter's gradient and a channel's value.
fn product(of: &Places<'_>, filter: usize, channel: usize) -> f32 {
    let mut sum = Sum::new(0.0);
    for row in 0..of.rows {
        let dz = of.dz.get(row * of.dz_pitch + filter..).unwrap_or_default();
        let x = of.x.get(row * of.x_pitch + channel..).unwrap_or_default();
        sum.add_products_apart(dz, of.dz_step, x, of.x_step, of.columns);
    }
    sum.value()
}

/// A sum of products on its way, each product and each sum rounded.
#[cfg(not(soft_float))]
#[derive(Clone, Copy)]
struct Sum(f32);

#[cfg(not(soft_float))]
impl Sum {
    /// A sum that begins with a number.
    #[inline(always)]
    fn new(begin: f32) -> Self {
        Self(begin)
    }

    /// The sum so far.
    #[inline(always)]
    fn value(self) -> f32 {
        self.0
    }

    /// Adds a product: `self += a * b`.
    #[inline(always)]
    fn add(&mut self, a: f32, b: f32) {
        self.0 += a * b;
    }

    /// Adds products: `self += a[i] * b[i]`, of as many as both have.
    #[inline(always)]
    fn add_products(&mut self, a: &[f32], b: &[f32]) {
        for (a, b) in a.iter().zip(b) {
            self.add(*a, *b);
        }
    }

    /// Adds up to `count` products: `self += a[i * a_step] * b[i * b_step]`, of as many as both have.
    #[inline(always)]
    fn add_products_apart(&mut self, a: &[f32], a_step: usize, b: &[f32], b_step: usize, count: usize) {
        for (a, b) in a.iter().step_by(a_step.max(1)).zip(b.iter().step_by(b_step.max(1))).take(count) {
            self.add(*a, *b);
        }
    }
}

#[cfg(not(soft_float))]
#[inline(always)]
pub(in crate::kernel) fn quotient(a: f32, b: f32) -> f32 {
    a / b
}

#[cfg(not(soft_float))]
#[inline(always)]
fn add_multiple(a: f32, x: &[f32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// `sum + a * b`, both rounded.
#[inline]
fn multiply_add(sum: f32, a: f32, b: f32) -> f32 {
    let mut sum = Sum::new(sum);
    sum.add(a, b);
    sum.value()
}

/// A number that the compiler does not know where there is no floating-point unit: see [`each`].
#[allow(unsafe_code, unused_mut)]
#[inline(always)]
fn unknown(mut number: usize) -> usize {
    #[cfg(soft_float)]
    // SAFETY: there is nothing that it does.
    unsafe {
        core::arch::asm!("/* {} */", inout(reg) number, options(nomem, nostack, preserves_flags));
    }
    number
}

/// Values whose number the compiler does not know where there is no floating-point unit.
#[allow(unsafe_code)]
#[inline(always)]
fn rolled(values: &[f32]) -> &[f32] {
    // SAFETY: it is their number.
    unsafe { core::slice::from_raw_parts(values.as_ptr(), unknown(values.len())) }
}

/// The same of values that can be changed.
#[allow(unsafe_code)]
#[inline(always)]
pub(in crate::kernel) fn rolled_mut(values: &mut [f32]) -> &mut [f32] {
    // SAFETY: it is their number, and they are borrowed as long as the result.
    unsafe { core::slice::from_raw_parts_mut(values.as_mut_ptr(), unknown(values.len())) }
}

/// Calls `f` for each of [`rolled`] values: without a floating-point unit in a loop that the compiler does not unroll, for it does not
/// know what the empty text does. Unrolled it is hardly faster, and takes kilobytes for the few values of a small network.
#[allow(unsafe_code)]
#[inline(always)]
pub(in crate::kernel) fn each<T>(values: impl IntoIterator<Item = T>, mut f: impl FnMut(T)) {
    for value in values {
        #[cfg(soft_float)]
        // SAFETY: there is nothing that it could do.
        unsafe {
            core::arch::asm!("", options(nomem, nostack, preserves_flags));
        }
        f(value);
    }
}

/// Adds a multiple: `y[i] += a * x[i]`.
pub(in crate::kernel) fn axpy(a: f32, x: &[f32], y: &mut [f32]) {
    add_multiple(a, x, y);
}

/// Adds: `y[i] += x[i]`.
#[cfg_attr(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"), allow(dead_code))]
pub(in crate::kernel) fn add(x: &[f32], y: &mut [f32]) {
    each(rolled_mut(y).iter_mut().zip(x), |(y, x)| *y += x);
}

/// Copies: `y[i] = x[i]`.
#[cfg_attr(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"), allow(dead_code))]
pub(in crate::kernel) fn copy(x: &[f32], y: &mut [f32]) {
    each(rolled_mut(y).iter_mut().zip(x), |(y, x)| *y = *x);
}

/// Multiplies by a constant: `y[i] = a * x[i]`.
#[cfg_attr(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"), allow(dead_code))]
pub(in crate::kernel) fn rescale(a: f32, x: &[f32], y: &mut [f32]) {
    each(rolled_mut(y).iter_mut().zip(x), |(y, x)| *y = a * x);
}

/// Subtracts, then multiplies: `y[i] = (x[i] - mean[i]) * scale[i]`, of as many as all have.
#[inline(always)]
pub(in crate::kernel) fn standardize(mean: &[f32], scale: &[f32], x: &[f32], y: &mut [f32]) {
    for (((y, x), mean), scale) in y.iter_mut().zip(x).zip(mean).zip(scale) {
        *y = (x - mean) * scale;
    }
}

/// Multiplies, then adds: `y[i] = scale[i] * x[i] + shift[i]`, of as many as all have.
#[inline(always)]
pub(in crate::kernel) fn scale_and_shift(scale: &[f32], shift: &[f32], x: &[f32], y: &mut [f32]) {
    for (((y, x), scale), shift) in y.iter_mut().zip(x).zip(scale).zip(shift) {
        *y = scale * x + shift;
    }
}

/// Multiplies in place: `y[i] *= a`.
#[cfg_attr(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"), allow(dead_code))]
pub(in crate::kernel) fn scale(a: f32, y: &mut [f32]) {
    each(rolled_mut(y), |y| *y *= a);
}

/// Divides in place: `y[i] /= by`.
#[cfg_attr(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"), allow(dead_code))]
pub(in crate::kernel) fn divide(y: &mut [f32], by: f32) {
    each(rolled_mut(y), |y| *y = quotient(*y, by));
}

/// The square root, rounded correctly.
#[cfg_attr(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"), allow(dead_code))]
#[inline]
pub(in crate::kernel) fn sqrt(x: f32) -> f32 {
    libm::sqrtf(x)
}

/// Writes zero into so many words.
///
/// # Safety
///
/// So many words can be written.
#[allow(unsafe_code)]
#[cfg_attr(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"), allow(dead_code))]
#[inline]
pub(in crate::kernel) unsafe fn zero(at: *mut u32, words: usize) {
    // SAFETY: the same is asked of the caller, and zero is a value of a word.
    unsafe { core::ptr::write_bytes(at, 0, words) }
}

/// Adds products: `y[i] += a[i] * b[i]`, of as many as all three have.
fn add_products(a: &[f32], b: &[f32], y: &mut [f32]) {
    for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
        *y = multiply_add(*y, *a, *b);
    }
}

/// The largest that is not NaN; minus infinity where there is none.
#[cfg_attr(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"), allow(dead_code))]
pub(in crate::kernel) fn maximum(x: &[f32]) -> f32 {
    let mut max = f32::NEG_INFINITY;
    each(rolled(x), |x| {
        if is_above(*x, max) {
            max = *x;
        }
    });
    max
}

/// `a > b`, where b is not NaN: a comparison of integers, which every core has.
#[inline]
fn is_above(a: f32, b: f32) -> bool {
    // Numbers with a sign become minus the pattern without it, and both zeros the same.
    let order = |x: f32| {
        let bits = x.to_bits().cast_signed();
        if bits < 0 { i32::MIN.wrapping_sub(bits) } else { bits }
    };
    order(a) > order(b) && order(a) <= f32::INFINITY.to_bits().cast_signed()
}

/// No less than the square of any: here the largest, and for what underflows the smallest normal number.
#[cfg_attr(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"), allow(dead_code))]
pub(in crate::kernel) fn square_bound(x: &[f32]) -> f32 {
    let largest = crate::kernel::largest(x);
    largest * largest + f32::MIN_POSITIVE
}

/// Whether none is NaN or infinite.
pub(in crate::kernel) fn is_finite(x: &[f32]) -> bool {
    crate::kernel::largest(x) < f32::INFINITY
}

/// Softmax with the [fast exponential](fast::exp); the maximum, and the sum of the exponentials.
#[cfg_attr(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"), allow(dead_code))]
pub(in crate::kernel) fn fast_softmax(z: &[f32], y: &mut [f32]) -> (f32, f32) {
    crate::kernel::softmax_of(z, y, fast::exp)
}

/// The larger of zero and each value: see [`Relu`](crate::Relu).
pub(in crate::kernel) fn relu(y: &mut [f32]) {
    each(rolled_mut(y), |y| *y = function::relu(*y));
}

/// The gradient before [`relu`], from what comes out of it, of which no NaN has a sign: zero where `y[i] <= 0`, else as it is.
///
/// A comparison of integers, which every core has.
#[cfg_attr(all(target_arch = "arm", target_os = "none", target_abi = "eabihf"), allow(dead_code))]
pub(in crate::kernel) fn relu_backward(y: &[f32], dy: &mut [f32]) {
    each(rolled_mut(dy).iter_mut().zip(y), |(dy, y)| {
        if y.to_bits().cast_signed() <= 0 {
            *dy = 0.0;
        }
    });
}

/// The largest value of each channel in the cells of each place: `y[p][c] = max over r and k of x[p * x_step + r * pitch + k *
/// step + c]`; NaN where one of them is, minus infinity where there is none.
pub(in crate::kernel) fn largest(of: &Cells<'_>, y: &mut [f32]) {
    of.each_place(|first, outputs| {
        let Some(y) = y.get_mut(outputs) else { return };
        y.fill(f32::NEG_INFINITY);
        of.each(first, |from, _, _| {
            for (y, x) in y.iter_mut().zip(of.x.get(from..).unwrap_or_default()) {
                if *x > *y || x.is_nan() {
                    *y = *x;
                }
            }
        });
    });
}

/// The gradient of [`largest`]: that of an output goes to the first of its cells that equals it, or to the first that is NaN where
/// the output is, and is added to what `dx` holds there.
///
/// A gradient that was given is marked: it is -0 from then on, which changes no number that it is added to.
pub(in crate::kernel) fn give(of: &Cells<'_>, y: &[f32], dy: &mut [f32], dx: &mut [f32]) {
    of.each_place(|first, outputs| {
        let (Some(y), Some(dy)) = (y.get(outputs.clone()), dy.get_mut(outputs)) else { return };
        of.each(first, |from, _, _| {
            let (Some(x), Some(dx)) = (of.x.get(from..), dx.get_mut(from..)) else { return };
            for (((dx, x), y), dy) in dx.iter_mut().zip(x).zip(y).zip(&mut *dy) {
                if is_same(*x, *y) {
                    *dx += *dy;
                    *dy = -0.0;
                }
            }
        });
    });
}

/// Whether two numbers are equal, or both NaN: a comparison of integers, which every core has.
#[inline]
fn is_same(x: f32, y: f32) -> bool {
    let (a, b) = (x.to_bits(), y.to_bits());
    a == b || (a | b) << 1 == 0 || (x.is_nan() && y.is_nan())
}

/// The sum of each channel in the cells of each place: `y[p][c] = sum over r and k of x[p * x_step + r * pitch + k * step + c]`.
///
/// Each sum begins with zero and goes up in r, and for each r in k.
pub(in crate::kernel) fn totals(of: &Cells<'_>, y: &mut [f32]) {
    of.each_place(|first, outputs| {
        let Some(y) = y.get_mut(outputs) else { return };
        y.fill(0.0);
        of.each(first, |from, _, _| {
            for (y, x) in y.iter_mut().zip(of.x.get(from..).unwrap_or_default()) {
                *y += x;
            }
        });
    });
}

/// Adds to every cell of each place: `dx[p * x_step + r * pitch + k * step + c] += dy[p][c]`, in the order of the places.
pub(in crate::kernel) fn spread(of: &Cells<'_>, dy: &[f32], dx: &mut [f32]) {
    of.each_place(|first, outputs| {
        let Some(dy) = dy.get(outputs) else { return };
        of.each(first, |from, _, _| {
            for (dx, dy) in dx.get_mut(from..).unwrap_or_default().iter_mut().zip(dy) {
                *dx += dy;
            }
        });
    });
}

/// Weighted sums channel by channel: `y[p][c] = bias[c] + sum over r and k of weights[r * next_row + k * channels + c] * x[p *
/// x_step + r * pitch + k * step + c]`.
///
/// Each sum begins with the bias, or without one with what `y` holds, and goes up in r, and for each r in k.
pub(in crate::kernel) fn weigh(of: &Cells<'_>, weights: &[f32], next_row: usize, bias: Option<&[f32]>, y: &mut [f32]) {
    of.each_place(|first, outputs| {
        let Some(y) = y.get_mut(outputs) else { return };
        for (y, bias) in y.iter_mut().zip(bias.unwrap_or_default()) {
            *y = *bias;
        }
        of.each(first, |from, row, column| {
            let weights = weights.get(row * next_row + column * of.channels..).unwrap_or_default();
            add_products(weights, of.x.get(from..).unwrap_or_default(), y);
        });
    });
}

/// Weighted sums of one channel, which go on from what `y` holds: `y[p * y_step] += sum over r and k of weights[r * next_row + k *
/// weight_step] * x[p * x_step + r * pitch + k * step]`; `next` are `weight_step` and `next_row`.
///
/// Each sum goes up in r, and for each r in k.
pub(in crate::kernel) fn sum_channel(
    of: &Cells<'_>,
    weights: &[f32],
    [weight_step, next_row]: [usize; 2],
    y: &mut [f32],
    y_step: usize,
) {
    for line in 0..of.lines.count {
        for place in 0..of.places {
            let Some(y) = y.get_mut(line * of.lines.y_pitch + place * y_step) else { return };
            let mut sum = Sum::new(*y);
            for row in 0..of.rows {
                let x = of.x.get(line * of.lines.x_pitch + place * of.x_step + row * of.pitch..).unwrap_or_default();
                let weights = weights.get(row * next_row..).unwrap_or_default();
                sum.add_products_apart(weights, weight_step, x, of.step, of.columns);
            }
            *y = sum.value();
        }
    }
}

/// Adds gradients, weighted: `dx[p] += weight * dz[p]` in all places p.
pub(in crate::kernel) fn spread_weight(of: &Places<'_>, weight: f32, dx: &mut [f32]) {
    for row in 0..of.rows {
        let dz = of.dz.get(row * of.dz_pitch..).unwrap_or_default().iter().step_by(of.dz_step.max(1));
        let dx = dx.get_mut(row * of.x_pitch..).unwrap_or_default().iter_mut().step_by(of.x_step.max(1));
        for (dx, dz) in dx.zip(dz).take(of.columns) {
            *dx = multiply_add(*dx, weight, *dz);
        }
    }
}

/// Adds to every cell of each place, weighted: `dx[p * x_step + r * pitch + k * step + c] += weights[r * next_row + k * channels +
/// c] * dz[p][c]`, in the order of the places.
pub(in crate::kernel) fn spread_products(of: &Cells<'_>, weights: &[f32], next_row: usize, dz: &[f32], dx: &mut [f32]) {
    of.each_place(|first, outputs| {
        let Some(dz) = dz.get(outputs) else { return };
        of.each(first, |from, row, column| {
            let weights = weights.get(row * next_row + column * of.channels..).unwrap_or_default();
            add_products(weights, dz, dx.get_mut(from..).unwrap_or_default());
        });
    });
}

/// Adds to every run of each place weighted sums: `dx[p * x_step + r * pitch + k * step + c] += sum over o of weights[o * stride + r *
/// next_row + k * channels + c] * dz[p * dz_step + o]`, of so many filters o, in the order of the places.
///
/// A run, of as many values as there are channels, is what is a cell otherwise.
pub(in crate::kernel) fn spread_sums(
    of: &Cells<'_>,
    weights: &[f32],
    [stride, next_row]: [usize; 2],
    dz: &[f32],
    [filters, dz_step]: [usize; 2],
    dx: &mut [f32],
) {
    for line in 0..of.lines.count {
        for place in 0..of.places {
            let dz = dz.get(line * of.lines.y_pitch + place * dz_step..).and_then(|rest| rest.get(..filters));
            let Some(dz) = dz else { return };
            of.each(line * of.lines.x_pitch + place * of.x_step, |from, row, column| {
                let weights = weights.get(row * next_row + column * of.channels..);
                if let (Some(weights), Some(dx)) = (weights, dx.get_mut(from..from + of.channels)) {
                    sums_of_columns(weights, stride, dz, dx);
                }
            });
        }
    }
}
