//! The tile of a product that stays in registers.

use std::{array, ops::Range};

use pulp::{Simd, WithSimd, bytemuck};

use super::{
    Into, Left, Target,
    pack::Shuffles,
    store::{Across, Columns, Part, store},
};

/// The vectors of a slice whose length is a multiple of theirs. Those of pulp need no other alignment than their values.
#[inline(always)]
pub(super) fn vectors<S: Simd>(values: &[f32]) -> &[S::f32s] {
    bytemuck::cast_slice(values)
}

#[inline(always)]
pub(super) fn vectors_mut<S: Simd>(values: &mut [f32]) -> &mut [S::f32s] {
    bytemuck::cast_slice_mut(values)
}

/// Some columns of a block of the right matrix: for each step of the depth a row, whole vectors of which are taken.
#[derive(Clone, Copy)]
pub(super) struct Laid<'a> {
    /// From the first of the columns on.
    pub(super) values: &'a [f32],
    /// From row to row.
    pub(super) stride: usize,
    /// How many rows there are.
    pub(super) steps: usize,
}

impl<'a> Laid<'a> {
    /// The `V` vectors of each step.
    #[inline(always)]
    fn rows<S: Simd, const V: usize>(self) -> impl Iterator<Item = &'a [S::f32s; V]> {
        self.values.chunks(self.stride).map_while(
            #[inline(always)]
            |row| S::as_simd_f32s(row).0.first_chunk(),
        )
    }
}

/// Rows and columns of a product that are to be computed, over a block of the depth.
pub(super) struct Stripe<'a> {
    pub(super) rows: Range<usize>,
    pub(super) columns: Columns,
    /// Where the block begins.
    pub(super) from: usize,
    pub(super) panel: Laid<'a>,
    /// What the highest tile takes.
    pub(super) buffer: &'a mut [f32],
}

/// Computes as many of the rows as tiles of `R` take, and leaves the others.
///
/// It is a function of its own for each size: one with all of them takes a minute to compile.
pub(super) struct Tiles<'a, 't, 's, const R: usize, const V: usize> {
    pub(super) left: Left<'a>,
    pub(super) target: &'a mut Target<'t>,
    /// Whether the product is the transpose of what goes to the target.
    pub(super) across: bool,
    pub(super) shuffles: Option<Shuffles>,
    pub(super) stripe: &'a mut Stripe<'s>,
}

impl<const R: usize, const V: usize> WithSimd for Tiles<'_, '_, '_, R, V> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { left, target, across, shuffles, stripe } = self;
        let Stripe { rows, columns, from, panel, buffer } = stripe;
        while rows.len() >= R {
            let (row, columns) = (rows.start, *columns);
            let sums = tile::<S, R, V>(simd, left, row, *from, *panel);
            let width = V * S::F32_LANES;
            if !across && columns.count == width {
                store(simd, (target.values, target.stride), row, columns, sums);
            } else {
                let (tile, whole) = (&mut buffer[..R * width], Columns { first: 0, count: width, into: Into::Replace });
                store(simd, (tile, width), 0, whole, sums);
                if across {
                    simd.vectorize(Across { shuffles, tile, width, target, row, columns });
                } else {
                    simd.vectorize(Part { tile, width, target, row, columns });
                }
            }
            rows.start += R;
        }
    }
}

/// `R` rows and `V` vectors of columns of the product: each sum takes its products one after the other, fused where the CPU
/// can.
///
/// `panel` has the steps of the depth from `from` on.
#[inline(always)]
fn tile<S: Simd, const R: usize, const V: usize>(
    simd: S,
    left: Left<'_>,
    row: usize,
    from: usize,
    panel: Laid<'_>,
) -> [[S::f32s; V]; R] {
    let mut sums = [[simd.splat_f32s(0.0); V]; R];
    let steps = panel.rows::<S, V>();
    match left {
        Left::Rows(values, stride) => {
            let rows: [&[f32]; R] = array::from_fn(|r| &values[(row + r) * stride + from..][..panel.steps]);
            for (d, right) in (0..panel.steps).zip(steps) {
                step(simd, &mut sums, |r| rows[r][d], right);
            }
        }
        Left::Columns(values, stride) => {
            for (right, column) in steps.zip(values[from * stride + row..].chunks(stride)) {
                let Some(column) = column.first_chunk::<R>() else { return sums };
                step(simd, &mut sums, |r| column[r], right);
            }
        }
        Left::Table { values, rows, depth, span } => {
            // One comparison for all rows shows that a place is within them: they are of one length.
            let depth = &depth[from..][..panel.steps];
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
