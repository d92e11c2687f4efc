//! Spectra of real samples: the discrete Fourier transform, and what is made of it.

use core::cell::Cell;

use super::blocks;

/// The discrete Fourier transform of N real samples, in place: `X[k] = sum over n of x[n] e^(-2πi k n / N)`.
///
/// The samples are transformed as N/2 complex numbers, a pair each, by decimation in time: the numbers are reordered, a first
/// pass takes four at a time, each further one doubles that, and a last one tells the two halves of each pair apart
/// (Sorensen, Jones, Heideman and Burrus, "Real-valued fast Fourier transform algorithms", 1987). A product of complex numbers
/// is four products and two sums.
///
/// # Shapes
///
/// `x` is (N), a power of two from 8 on; other lengths are left as they are. `twiddles` is (N/4, 2): the cosine and the sine of
/// `2πk/N`. Afterwards `x` is (N/2, 2): the real and the imaginary part of each `X[k]`; in the first pair, of which both are
/// real, `X[0]` and `X[N/2]`.
pub fn real_fft(x: &mut [f32], twiddles: &[f32]) {
    if !x.len().is_power_of_two() || x.len() < 8 {
        return;
    }
    let (numbers, twiddles) = (x.as_chunks_mut().0, twiddles.as_chunks().0);
    reverse_bits(numbers);
    for four in numbers.as_chunks_mut().0 {
        transform_four(four);
    }
    let mut half = 4;
    while half < numbers.len() {
        let stride = (numbers.len() / half).max(1);
        for block in numbers.chunks_exact_mut(2 * half) {
            combine(block, twiddles, stride);
        }
        half *= 2;
    }
    separate(numbers, twiddles);
}

/// Brings each number to the place whose index has its bits in reverse.
fn reverse_bits(numbers: &mut [[f32; 2]]) {
    let shift = usize::BITS.saturating_sub(numbers.len().trailing_zeros());
    let cells = Cell::from_mut(numbers).as_slice_of_cells();
    for (at, one) in cells.iter().enumerate() {
        let mirrored = at.reverse_bits().wrapping_shr(shift);
        if mirrored > at
            && let Some(other) = cells.get(mirrored)
        {
            one.set(other.replace(one.get()));
        }
    }
}

/// The transform of four numbers that stand in reversed order: no product is needed.
#[inline]
fn transform_four(x: &mut [[f32; 2]; 4]) {
    let [a, b, c, d] = *x;
    let (sum, difference) = ([a[0] + b[0], a[1] + b[1]], [a[0] - b[0], a[1] - b[1]]);
    let (other_sum, other) = ([c[0] + d[0], c[1] + d[1]], [c[0] - d[0], c[1] - d[1]]);
    *x = [
        [sum[0] + other_sum[0], sum[1] + other_sum[1]],
        [difference[0] + other[1], difference[1] - other[0]],
        [sum[0] - other_sum[0], sum[1] - other_sum[1]],
        [difference[0] - other[1], difference[1] + other[0]],
    ];
}

/// Two transforms next to each other become one of twice the length; its twiddles are every `stride`-th.
#[inline]
fn combine(block: &mut [[f32; 2]], twiddles: &[[f32; 2]], stride: usize) {
    let Some((even, odd)) = block.split_at_mut_checked(block.len() / 2) else { return };
    let Some((even, even_after)) = even.split_at_mut_checked(even.len() / 2) else { return };
    let Some((odd, odd_after)) = odd.split_at_mut_checked(odd.len() / 2) else { return };
    let first = even.iter_mut().zip(odd);
    // A quarter of a turn further on, the twiddle (c, s) is (-s, c).
    let second = even_after.iter_mut().zip(odd_after);
    for (((a, b), (c, d)), [cosine, sine]) in first.zip(second).zip(twiddles.iter().step_by(stride)) {
        butterfly(a, b, [cosine * b[0] + sine * b[1], cosine * b[1] - sine * b[0]]);
        butterfly(c, d, [cosine * d[1] - sine * d[0], -(cosine * d[0] + sine * d[1])]);
    }
}

/// `a + turned` and `a - turned`, where `turned` is `b` times its twiddle.
#[inline]
fn butterfly(a: &mut [f32; 2], b: &mut [f32; 2], turned: [f32; 2]) {
    *b = [a[0] - turned[0], a[1] - turned[1]];
    *a = [a[0] + turned[0], a[1] + turned[1]];
}

/// From the transform of pairs of real samples to that of the samples.
fn separate(numbers: &mut [[f32; 2]], twiddles: &[[f32; 2]]) {
    let Some((front, back)) = numbers.split_at_mut_checked(numbers.len() / 2) else { return };
    let (Some(([even, odd], front)), Some((middle, back))) = (front.split_first_mut(), back.split_first_mut()) else {
        return;
    };
    (*even, *odd) = (*even + *odd, *even - *odd);
    middle[1] = -middle[1];
    for ((a, b), [cosine, sine]) in front.iter_mut().zip(back.iter_mut().rev()).zip(twiddles.iter().skip(1)) {
        let even = [0.5 * (a[0] + b[0]), 0.5 * (a[1] - b[1])];
        let odd = [0.5 * (a[1] + b[1]), 0.5 * (b[0] - a[0])];
        let turned = [cosine * odd[0] + sine * odd[1], cosine * odd[1] - sine * odd[0]];
        *a = [even[0] + turned[0], even[1] + turned[1]];
        *b = [even[0] - turned[0], turned[1] - even[1]];
    }
}

/// The squares of the magnitudes of a transform, in place: `re * re + im * im` for each bin from 0 to N/2.
///
/// # Shapes
///
/// `x` is what [`real_fft`] leaves of N samples; afterwards its first N/2 + 1 values are the bins.
pub fn power_spectrum(x: &mut [f32]) {
    let cells = Cell::from_mut(x).as_slice_of_cells();
    let (pairs, bins) = (cells.as_chunks().0, cells.iter());
    let Some([_, highest]) = pairs.first() else { return };
    let power = |re: f32, im: f32| re * re + im * im;
    let last = power(highest.replace(0.0), 0.0);
    // A bin is never behind the pair that it is made of.
    for ([re, im], bin) in pairs.iter().zip(bins) {
        bin.set(power(re.get(), im.get()));
    }
    if let Some(bin) = cells.get(pairs.len()) {
        bin.set(last);
    }
}

/// Square roots, in place: of a power spectrum, the magnitudes.
pub fn square_roots(x: &mut [f32]) {
    for x in x {
        *x = super::elementwise::sqrt(*x);
    }
}

/// Sums of runs of bins: `y[b] = sum over k of weights[k] * x[first + k]`, each from 0 and up in `k`.
///
/// # Shapes
///
/// `bands` is (B, 2): the first bin of a band, and how many it has; `weights` holds those of each band, one band after another;
/// `y` is (B).
pub fn filter_bank(bands: &[[u16; 2]], weights: &[f32], x: &[f32], y: &mut [f32]) {
    let mut weights = weights;
    for (y, [first, len]) in y.iter_mut().zip(bands) {
        let (own, rest) = weights.split_at_checked(usize::from(*len)).unwrap_or((weights, &[]));
        *y = blocks::sum_of_products(own, x.get(usize::from(*first)..).unwrap_or_default());
        weights = rest;
    }
}

/// Products with the rows of a matrix: `y[o] = sum over i of weights[o][i] * x[i]`, each from 0 and up in `i`.
///
/// # Shapes
///
/// `weights` is (O, I), `x` is (I), `y` is (O).
pub fn matrix_product(weights: &[f32], x: &[f32], y: &mut [f32]) {
    let rows = weights.len().checked_div(x.len()).unwrap_or_default();
    let y = if rows < y.len() { y.get_mut(..rows).unwrap_or_default() } else { y };
    super::elementwise::clear(y);
    blocks::dense_sums(weights, x, None, y);
}
