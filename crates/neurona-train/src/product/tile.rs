//! The tile of a product that stays in registers.

use std::array;

use pulp::{Simd, bytemuck};

use super::Left;

/// The vectors of a slice whose length is a multiple of theirs. Those of pulp need no other alignment than their values.
#[inline(always)]
pub(super) fn vectors<S: Simd>(values: &[f32]) -> &[S::f32s] {
    bytemuck::cast_slice(values)
}

#[inline(always)]
pub(super) fn vectors_mut<S: Simd>(values: &mut [f32]) -> &mut [S::f32s] {
    bytemuck::cast_slice_mut(values)
}

/// `R` rows and `V` vectors of columns of the product: each sum takes its products one after the other, fused where the CPU
/// can.
///
/// `panel` has for each step of the depth, from `from` on, the `V` vectors of the right matrix.
#[inline(always)]
pub(super) fn tile<S: Simd, const R: usize, const V: usize>(
    simd: S,
    left: Left<'_>,
    row: usize,
    from: usize,
    panel: &[f32],
) -> [[S::f32s; V]; R] {
    let mut sums = [[simd.splat_f32s(0.0); V]; R];
    let (steps, _) = vectors::<S>(panel).as_chunks::<V>();
    match left {
        Left::Rows(values, stride) => {
            let rows: [&[f32]; R] = array::from_fn(|r| &values[(row + r) * stride + from..][..steps.len()]);
            for (d, right) in steps.iter().enumerate() {
                step(simd, &mut sums, |r| rows[r][d], right);
            }
        }
        Left::Columns(values, stride) => {
            for (right, column) in steps.iter().zip(values[from * stride + row..].chunks(stride)) {
                let Some(column) = column.first_chunk::<R>() else { return sums };
                step(simd, &mut sums, |r| column[r], right);
            }
        }
        Left::Table { values, rows, depth, span } => {
            // One comparison for all rows shows that a place is within them: they are of one length.
            let depth = &depth[from..][..steps.len()];
            let rows: [&[f32]; R] = array::from_fn(|r| &values[rows[row + r]..][..span]);
            for (at, right) in depth.iter().zip(steps) {
                step(simd, &mut sums, |r| rows[r][*at], right);
            }
        }
    }
    sums
}

/// One step of the depth.
#[inline(always)]
fn step<S: Simd, const R: usize, const V: usize>(
    simd: S,
    sums: &mut [[S::f32s; V]; R],
    left: impl Fn(usize) -> f32,
    right: &[S::f32s; V],
) {
    for (r, sums) in sums.iter_mut().enumerate() {
        let value = simd.splat_f32s(left(r));
        for (sum, right) in sums.iter_mut().zip(right) {
            *sum = simd.mul_add_e_f32s(value, *right, *sum);
        }
    }
}
