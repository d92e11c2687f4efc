//! Sums of the columns of a matrix: the gradient of biases.

use pulp::{Simd, WithSimd};

use super::{is_narrow, run, tile::vectors_mut};

/// Vectors of columns that are added at a time: while one addition waits for the one before it, those beside it are done.
const SIDE_BY_SIDE: usize = 4;

/// Writes the sum of each column, added from the first row to the last.
///
/// # Shapes
///
/// `values` is (rows, columns), `sums` is (columns).
pub(crate) fn sum_columns(values: &[f32], sums: &mut [f32]) {
    run(is_narrow(sums.len()), |_| SumColumns { values, sums });
}

struct SumColumns<'a> {
    values: &'a [f32],
    sums: &'a mut [f32],
}

impl WithSimd for SumColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { values, sums } = self;
        let stride = sums.len().max(1);
        let mut column = 0;
        for wide in sums.chunks_mut(SIDE_BY_SIDE * S::F32_LANES) {
            if wide.len() == SIDE_BY_SIDE * S::F32_LANES {
                let found = whole::<S, SIDE_BY_SIDE>(simd, values, stride, column);
                vectors_mut::<S>(wide).copy_from_slice(&found);
                column += wide.len();
                continue;
            }
            for sums in wide.chunks_mut(S::F32_LANES) {
                if sums.len() == S::F32_LANES {
                    let found = whole::<S, 1>(simd, values, stride, column);
                    vectors_mut::<S>(sums).copy_from_slice(&found);
                } else {
                    let mut found = simd.splat_f32s(0.0);
                    for row in values.chunks_exact(stride) {
                        found = simd.add_f32s(found, simd.partial_load_f32s(&row[column..][..sums.len()]));
                    }
                    simd.partial_store_f32s(sums, found);
                }
                column += sums.len();
            }
        }
    }
}

/// The sums of `V` vectors of columns, which stay in registers.
#[inline(always)]
fn whole<S: Simd, const V: usize>(simd: S, values: &[f32], stride: usize, column: usize) -> [S::f32s; V] {
    let mut sums = [simd.splat_f32s(0.0); V];
    for row in values.chunks_exact(stride) {
        let Some(values) = S::as_simd_f32s(&row[column..]).0.first_chunk::<V>() else { return sums };
        for (sum, values) in sums.iter_mut().zip(values) {
            *sum = simd.add_f32s(*sum, *values);
        }
    }
    sums
}
