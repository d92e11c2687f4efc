//! The right matrix of a product in panels: for each step of the depth as many columns as a tile has, with zeros for those
//! that there are not.

/// From a matrix whose columns lie together.
///
/// # Shapes
///
/// `values` is (depth, stride), of which the first `count` columns are taken; `panel` is (depth, width).
#[inline(always)]
pub(super) fn copy(values: &[f32], stride: usize, count: usize, width: usize, panel: &mut [f32]) {
    for (to, from) in panel.chunks_exact_mut(width).zip(values.chunks(stride)) {
        if count == width {
            to.copy_from_slice(&from[..width]);
        } else {
            to[..count].copy_from_slice(&from[..count]);
            to[count..].fill(0.0);
        }
    }
}

/// From a matrix whose depth lies together.
///
/// # Shapes
///
/// `values` is (`count`, stride); `panel` is (depth, width).
#[inline(always)]
pub(super) fn transpose(
    shuffles: Option<Shuffles>,
    values: &[f32],
    stride: usize,
    count: usize,
    width: usize,
    panel: &mut [f32],
) {
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
    let rows: [&[f32]; 8] = std::array::from_fn(|column| &values[column * stride..][..depth]);
    let mut to = panel.chunks_exact_mut(width);
    let mut at = 0;
    while at + 8 <= depth {
        let block = rows.map(|row| row[at..].first_chunk().copied().unwrap_or_default());
        for (values, to) in shuffles.transpose(block).iter().zip(&mut to) {
            to[first..][..8].copy_from_slice(values);
        }
        at += 8;
    }
    for (d, to) in (at..depth).zip(to) {
        to[first..][..8].iter_mut().zip(rows).for_each(|(to, row)| *to = row[d]);
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

        /// The transpose of 8 rows of 8 values: pairs of rows are interleaved, then pairs of pairs, then halves exchanged.
        #[inline(always)]
        pub(super) fn transpose(self, rows: [[f32; 8]; 8]) -> [[f32; 8]; 8] {
            let avx = self.0.avx;
            let [a, b, c, d, e, f, g, h]: [__m256; 8] = rows.map(cast);
            let pairs = |a, b| (avx._mm256_unpacklo_ps(a, b), avx._mm256_unpackhi_ps(a, b));
            let ((a, b), (c, d), (e, f), (g, h)) = (pairs(a, b), pairs(c, d), pairs(e, f), pairs(g, h));
            let fours = |a, b| (avx._mm256_shuffle_ps::<0x44>(a, b), avx._mm256_shuffle_ps::<0xee>(a, b));
            let ((a, b), (c, d), (e, f), (g, h)) = (fours(a, c), fours(b, d), fours(e, g), fours(f, h));
            let low = |a, b| avx._mm256_permute2f128_ps::<0x20>(a, b);
            let high = |a, b| avx._mm256_permute2f128_ps::<0x31>(a, b);
            [low(a, e), low(b, f), low(c, g), low(d, h), high(a, e), high(b, f), high(c, g), high(d, h)].map(cast)
        }
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

        pub(super) fn transpose(self, _: [[f32; 8]; 8]) -> [[f32; 8]; 8] {
            match self {}
        }
    }
}
