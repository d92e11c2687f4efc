//! The right matrix of a product in panels: for each step of the depth as many columns as a tile has, with zeros for those
//! that there are not.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::{
    Right,
    tile::{vectors, vectors_mut},
};

/// Lays out a panel of a block of the depth; of a packed matrix that is done.
pub(super) struct Panel<'a> {
    pub(super) shuffles: Option<Shuffles>,
    pub(super) right: Right<'a>,
    pub(super) from: usize,
    pub(super) columns: Range<usize>,
    /// One or two vectors.
    pub(super) width: usize,
    /// (depth, width)
    pub(super) panel: &'a mut [f32],
}

impl WithSimd for Panel<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { shuffles, right, from, columns, width, panel } = self;
        let (column, count) = (columns.start, columns.len().min(width));
        match right {
            Right::Rows(values, stride) => {
                let values = &values[from * stride + column..];
                if width == S::F32_LANES {
                    copy::<S, 1>(simd, values, stride, count, panel);
                } else {
                    copy::<S, 2>(simd, values, stride, count, panel);
                }
            }
            Right::Columns(values, stride) => {
                transpose(shuffles, &values[column * stride + from..], stride, count, width, panel);
            }
            Right::Packed(_) => {}
        }
    }
}

/// From a matrix whose columns lie together.
///
/// # Shapes
///
/// `values` is (depth, stride), of which the first `count` columns are taken; `panel` is (depth, `V` vectors).
#[inline(always)]
fn copy<S: Simd, const V: usize>(simd: S, values: &[f32], stride: usize, count: usize, panel: &mut [f32]) {
    let (steps, _) = vectors_mut::<S>(panel).as_chunks_mut::<V>();
    if count == V * S::F32_LANES {
        for (to, from) in steps.iter_mut().zip(values.chunks(stride)) {
            let (from, _) = vectors::<S>(&from[..V * S::F32_LANES]).as_chunks::<V>();
            to.copy_from_slice(&from[0]);
        }
    } else {
        for (to, from) in steps.iter_mut().zip(values.chunks(stride)) {
            for (v, to) in to.iter_mut().enumerate() {
                let columns = (v * S::F32_LANES).min(count)..((v + 1) * S::F32_LANES).min(count);
                *to = simd.partial_load_f32s(&from[columns]);
            }
        }
    }
}

/// From a matrix whose depth lies together.
///
/// # Shapes
///
/// `values` is (`count`, stride); `panel` is (depth, width).
#[inline(always)]
fn transpose(shuffles: Option<Shuffles>, values: &[f32], stride: usize, count: usize, width: usize, panel: &mut [f32]) {
    if count < width {
        panel.fill(0.0);
    }
    let mut first = 0;
    while let Some(shuffles) = shuffles.filter(|_| first + 8 <= count) {
        transpose_eight(shuffles, &values[first * stride..], stride, first, width, panel);
        first += 8;
    }
    for column in first..count {
        let from = &values[column * stride..];
        panel[column..].iter_mut().step_by(width).zip(from).for_each(|(to, from)| *to = *from);
    }
}

/// Eight columns from `first` on.
#[inline(always)]
fn transpose_eight(shuffles: Shuffles, values: &[f32], stride: usize, first: usize, width: usize, panel: &mut [f32]) {
    let depth = panel.len() / width;
    let (blocks, rest) = (depth / 8, depth % 8);
    let mut rows: [&[[f32; 8]]; 8] = [&[]; 8];
    for (row, values) in rows.iter_mut().zip(values.chunks(stride)) {
        *row = &values[..depth].as_chunks::<8>().0[..blocks];
    }
    let (whole, end) = panel.split_at_mut(blocks * 8 * width);
    for (at, to) in whole.chunks_exact_mut(8 * width).enumerate() {
        let [a, b, c, d, e, f, g, h] = rows;
        let block = [&a[at], &b[at], &c[at], &d[at], &e[at], &f[at], &g[at], &h[at]];
        for (values, to) in shuffles.transpose(block).iter().zip(to.chunks_exact_mut(width)) {
            to[first..][..8].copy_from_slice(values);
        }
    }
    for (d, to) in (depth - rest..depth).zip(end.chunks_exact_mut(width)) {
        to[first..][..8].iter_mut().zip(values.chunks(stride)).for_each(|(to, row)| *to = row[d]);
    }
}

pub(super) use shuffles::Shuffles;

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
mod shuffles {
    #[cfg(target_arch = "x86")]
    use std::arch::x86::__m256;
    #[cfg(target_arch = "x86_64")]
    use std::arch::x86_64::__m256;

    use pulp::{Arch, bytemuck::cast};

    /// The instructions of AVX that move values between the rows of a block.
    #[derive(Clone, Copy, Debug)]
    pub(in super::super) struct Shuffles(pulp::x86::V3);

    impl Shuffles {
        pub(in super::super) fn of(arch: Arch) -> Option<Self> {
            match arch {
                Arch::V4(simd) => Some(Self(*simd)),
                Arch::V3(simd) => Some(Self(simd)),
                _ => None,
            }
        }

        /// The transpose of 8 rows of 8 values: halves of rows are put side by side, then pairs of rows interleaved, then
        /// pairs of pairs.
        #[inline(always)]
        pub(in super::super) fn transpose(self, [a, b, c, d, e, f, g, h]: [&[f32; 8]; 8]) -> [[f32; 8]; 8] {
            let [i, j, k, l] = self.half::<0>([a, b, c, d, e, f, g, h]);
            let [m, n, o, p] = self.half::<4>([a, b, c, d, e, f, g, h]);
            [cast(i), cast(j), cast(k), cast(l), cast(m), cast(n), cast(o), cast(p)]
        }

        /// The four columns from `FROM` on.
        #[inline(always)]
        fn half<const FROM: usize>(self, [a, b, c, d, e, f, g, h]: [&[f32; 8]; 8]) -> [__m256; 4] {
            let avx = self.0.avx;
            let (ae, bf) = (side_by_side::<FROM>(a, e), side_by_side::<FROM>(b, f));
            let (cg, dh) = (side_by_side::<FROM>(c, g), side_by_side::<FROM>(d, h));
            let (low, high) = (avx._mm256_unpacklo_ps(ae, bf), avx._mm256_unpackhi_ps(ae, bf));
            let (next_low, next_high) = (avx._mm256_unpacklo_ps(cg, dh), avx._mm256_unpackhi_ps(cg, dh));
            [
                avx._mm256_shuffle_ps::<0x44>(low, next_low),
                avx._mm256_shuffle_ps::<0xee>(low, next_low),
                avx._mm256_shuffle_ps::<0x44>(high, next_high),
                avx._mm256_shuffle_ps::<0xee>(high, next_high),
            ]
        }
    }

    /// Four values of each row.
    #[inline(always)]
    fn side_by_side<const FROM: usize>(a: &[f32; 8], b: &[f32; 8]) -> __m256 {
        let [mut low, mut high] = [[0.0; 4]; 2];
        low.copy_from_slice(&a[FROM..FROM + 4]);
        high.copy_from_slice(&b[FROM..FROM + 4]);
        cast([low, high])
    }
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
mod shuffles {
    /// Of other CPUs none are used.
    #[derive(Clone, Copy, Debug)]
    pub(in super::super) enum Shuffles {}

    impl Shuffles {
        pub(in super::super) fn of(_: pulp::Arch) -> Option<Self> {
            None
        }

        pub(in super::super) fn transpose(self, _: [&[f32; 8]; 8]) -> [[f32; 8]; 8] {
            match self {}
        }
    }
}
