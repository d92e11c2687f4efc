//! Where a tile of a product goes.

use pulp::{Simd, WithSimd};

use super::{
    Into, Target,
    pack::Shuffles,
    tile::{vectors, vectors_mut},
};

/// Where columns of a product go.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    pub(super) first: usize,
    /// How many there are: the last vector may have more.
    pub(super) count: usize,
    pub(super) into: Into,
}

/// Writes a tile to where it goes: all its columns, whole vectors from registers.
#[inline(always)]
pub(super) fn store<S: Simd, const R: usize, const V: usize>(
    simd: S,
    (values, stride): (&mut [f32], usize),
    row: usize,
    Columns { first, into, .. }: Columns,
    sums: [[S::f32s; V]; R],
) {
    for (r, sums) in sums.iter().enumerate() {
        let values = vectors_mut::<S>(&mut values[(row + r) * stride + first..][..V * S::F32_LANES]);
        for (value, sum) in values.iter_mut().zip(sums) {
            *value = if into == Into::Add { simd.add_f32s(*value, *sum) } else { *sum };
        }
    }
}

/// Writes a tile that lies in memory to where it goes, but for the columns that there are not.
pub(super) struct Part<'a, 'b> {
    /// (rows, width)
    pub(super) tile: &'a [f32],
    pub(super) width: usize,
    pub(super) target: &'a mut Target<'b>,
    pub(super) row: usize,
    pub(super) columns: Columns,
}

impl WithSimd for Part<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { tile, width, target, row, columns: Columns { first, count, into } } = self;
        for (row, sums) in (row..).zip(tile.chunks_exact(width)) {
            let values = &mut target.values[row * target.stride + first..][..count];
            for (values, sum) in values.chunks_mut(S::F32_LANES).zip(vectors::<S>(sums)) {
                let sum = if into == Into::Add { simd.add_f32s(simd.partial_load_f32s(values), *sum) } else { *sum };
                simd.partial_store_f32s(values, sum);
            }
        }
    }
}

/// Writes a tile that lies in memory to where the rows of the product are columns.
pub(super) struct Across<'a, 'b> {
    pub(super) shuffles: Option<Shuffles>,
    /// (rows, width)
    pub(super) tile: &'a [f32],
    pub(super) width: usize,
    pub(super) target: &'a mut Target<'b>,
    pub(super) row: usize,
    pub(super) columns: Columns,
}

impl WithSimd for Across<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { shuffles, tile, width, target, row, columns: Columns { first, count, into } } = self;
        for (row, eight) in (row..).step_by(8).zip(tile.chunks(8 * width)) {
            let rows = eight.len() / width;
            if let (Some(shuffles), 8) = (shuffles, rows) {
                for from in (0..count).step_by(8) {
                    let of = |r: usize| eight[r * width + from..].first_chunk().unwrap_or(&[0.0; 8]);
                    let block = shuffles.transpose([of(0), of(1), of(2), of(3), of(4), of(5), of(6), of(7)]);
                    for (column, sums) in (first + from..first + count).zip(&block) {
                        let values = &mut target.values[column * target.stride + row..][..8];
                        write(into, values, sums);
                    }
                }
            } else {
                for column in 0..count {
                    let values = &mut target.values[(first + column) * target.stride + row..][..rows];
                    write(into, values, eight[column..].iter().step_by(width));
                }
            }
        }
    }
}

#[inline(always)]
fn write<'a>(into: Into, values: &mut [f32], sums: impl IntoIterator<Item = &'a f32>) {
    for (value, sum) in values.iter_mut().zip(sums) {
        *value = if into == Into::Add { *value + sum } else { *sum };
    }
}
