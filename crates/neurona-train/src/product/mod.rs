//! Products of matrices, of any size, small ones above all.
//!
//! A tile of some rows and two vectors of columns stays in registers while it goes through the depth: each step loads two
//! vectors of the right matrix and multiplies them with a value of each row of the left one. For that the right matrix is laid
//! out in panels as wide as a tile, a block of the depth at a time; the left one is read where it lies. It is the inner part
//! of the scheme of K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", 2008.
//!
//! Each element is a sum in the order of the depth, in blocks of [`BLOCK`], whatever the sizes of the tile; a product and a sum
//! are fused where the CPU can. [Large](large) products are those of `matrixmultiply`. So the bits depend on the sizes and on
//! the kind of CPU alone.

mod large;
mod pack;
mod tile;

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd, bytemuck};

use pack::Shuffles;
use tile::{tile, vectors_mut};

/// The depth that is laid out at once: a panel of it stays in the first cache.
const BLOCK: usize = 256;
/// Columns of the widest panel: two vectors of AVX-512.
const WIDEST: usize = 32;
/// How many values a product needs as scratch, unless its right matrix is [packed](pack).
pub(crate) const SCRATCH: usize = BLOCK * WIDEST;

/// The left matrix, (rows, depth): where the element of row i and depth d is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Left<'a> {
    /// At `i * stride + d`.
    Rows(&'a [f32], usize),
    /// At `d * stride + i`.
    Columns(&'a [f32], usize),
    /// At `rows[i] + depth[d]`; every place in `depth` is before `span`.
    Table { values: &'a [f32], rows: &'a [usize], depth: &'a [usize], span: usize },
}

/// The right matrix, (depth, columns): where the element of depth d and column j is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Right<'a> {
    /// At `d * stride + j`.
    Rows(&'a [f32], usize),
    /// At `j * stride + d`.
    Columns(&'a [f32], usize),
    /// Laid out by [`pack`].
    Packed(&'a [f32]),
}

/// What becomes of what stands where the product goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Into {
    Replace,
    Add,
}

/// Where the product goes: the element of row i and column j to `i * stride + j`.
pub(crate) struct Target<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) stride: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) into: Into,
}

impl<'a> Target<'a> {
    /// A whole matrix of so many columns, which is replaced.
    pub(crate) fn whole(values: &'a mut [f32], columns: usize) -> Self {
        Self { rows: values.len() / columns, values, stride: columns, columns, into: Into::Replace }
    }

    /// Not all columns, but those from this one on.
    pub(crate) fn beside(self, column: usize) -> Self {
        let Self { values, stride, rows, columns, into } = self;
        Self { values: &mut values[column..], stride, rows, columns, into }
    }

    /// The same, but added to.
    pub(crate) fn adding(values: &'a mut [f32], columns: usize) -> Self {
        Self { into: Into::Add, ..Self::whole(values, columns) }
    }
}

/// The product of two matrices with so many columns in the left, as many rows in the right.
pub(crate) fn product(left: Left<'_>, right: Right<'_>, depth: usize, mut target: Target<'_>, scratch: &mut [f32]) {
    if large::compute(left, right, depth, &mut target) {
        return;
    }
    let narrow = is_narrow(target.columns);
    dispatch(narrow, |shuffles| Product { left, right, depth, target, scratch, shuffles });
}

/// How many values [`pack`] writes at most.
pub(crate) fn packed_len(depth: usize, columns: usize) -> usize {
    depth.saturating_mul(columns.next_multiple_of(16))
}

/// Lays out a right matrix once for many products.
pub(crate) fn pack(right: Right<'_>, depth: usize, columns: usize, packed: &mut [f32]) {
    dispatch(is_narrow(columns), |shuffles| Pack { right, depth, columns, packed, shuffles });
}

/// Whether half of a vector of AVX-512 holds all columns, so that it would be of no use.
fn is_narrow(columns: usize) -> bool {
    columns <= 8
}

/// Runs an operation with the widest vectors of this CPU, or with those of AVX2 where they hold as much.
fn dispatch<O: WithSimd<Output = ()>>(narrow: bool, operation: impl FnOnce(Option<Shuffles>) -> O) {
    let arch = Arch::new();
    let operation = operation(Shuffles::of(arch));
    match arch {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Arch::V4(simd) if narrow => Arch::V3(*simd).dispatch(operation),
        _ => arch.dispatch(operation),
    }
}

/// How many vectors the next panel has when so many columns are left.
#[inline(always)]
fn panel_vectors<S: Simd>(left: usize) -> usize {
    if left > S::F32_LANES { 2 } else { 1 }
}

impl Right<'_> {
    /// Lays out a panel of a block of the depth; of a packed matrix that is done.
    #[inline(always)]
    fn panel(self, shuffles: Option<Shuffles>, from: usize, columns: Range<usize>, width: usize, panel: &mut [f32]) {
        let (column, count) = (columns.start, columns.len().min(width));
        match self {
            Self::Rows(values, stride) => pack::copy(&values[from * stride + column..], stride, count, width, panel),
            Self::Columns(values, stride) => {
                pack::transpose(shuffles, &values[column * stride + from..], stride, count, width, panel)
            }
            Self::Packed(_) => {}
        }
    }
}

struct Pack<'a> {
    right: Right<'a>,
    depth: usize,
    columns: usize,
    packed: &'a mut [f32],
    shuffles: Option<Shuffles>,
}

impl WithSimd for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { right, depth, columns, packed, shuffles } = self;
        let mut column = 0;
        while column < columns {
            let width = panel_vectors::<S>(columns - column) * S::F32_LANES;
            right.panel(shuffles, 0, column..columns, width, &mut packed[column * depth..][..width * depth]);
            column += width;
        }
    }
}

struct Product<'a> {
    left: Left<'a>,
    right: Right<'a>,
    depth: usize,
    target: Target<'a>,
    scratch: &'a mut [f32],
    shuffles: Option<Shuffles>,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let mut column = 0;
        while column < self.target.columns {
            let vectors = panel_vectors::<S>(self.target.columns - column);
            match vectors {
                1 => self.panel::<S, 8, 1>(simd, column),
                // Some registers must be left for what is multiplied.
                _ if S::REGISTER_COUNT < 32 => self.panel::<S, 4, 2>(simd, column),
                _ => self.panel::<S, 8, 2>(simd, column),
            }
            column += vectors * S::F32_LANES;
        }
    }
}

impl Product<'_> {
    /// The columns of a panel, of `V` vectors.
    #[inline(always)]
    fn panel<S: Simd, const R: usize, const V: usize>(&mut self, simd: S, column: usize) {
        let (width, columns, rows) = (V * S::F32_LANES, self.target.columns, self.target.rows);
        for from in (0..self.depth.max(1)).step_by(BLOCK) {
            let len = BLOCK.min(self.depth - from);
            let into = if from > 0 { Into::Add } else { self.target.into };
            let panel = match self.right {
                Right::Packed(packed) => &packed[column * self.depth + from * width..][..len * width],
                right => {
                    let panel = &mut self.scratch[..len * width];
                    right.panel(self.shuffles, from, column..columns, width, panel);
                    &*panel
                }
            };
            let (left, target, mut row) = (self.left, &mut self.target, 0);
            while row + R <= rows {
                store::<S, R, V>(simd, target, row, column, into, tile(simd, left, row, from, panel));
                row += R;
            }
            if R > 4 && row + 4 <= rows {
                store::<S, 4, V>(simd, target, row, column, into, tile(simd, left, row, from, panel));
                row += 4;
            }
            if row + 2 <= rows {
                store::<S, 2, V>(simd, target, row, column, into, tile(simd, left, row, from, panel));
                row += 2;
            }
            if row < rows {
                store::<S, 1, V>(simd, target, row, column, into, tile(simd, left, row, from, panel));
            }
        }
    }
}

/// Writes a tile to where it goes, but for the columns that there are not.
#[inline(always)]
fn store<S: Simd, const R: usize, const V: usize>(
    simd: S,
    target: &mut Target<'_>,
    row: usize,
    column: usize,
    into: Into,
    sums: [[S::f32s; V]; R],
) {
    let width = V * S::F32_LANES;
    let count = width.min(target.columns - column);
    for (r, sums) in sums.iter().enumerate() {
        let values = &mut target.values[(row + r) * target.stride + column..][..count];
        if count == width {
            for (value, sum) in vectors_mut::<S>(&mut values[..width]).iter_mut().zip(sums) {
                *value = if into == Into::Add { simd.add_f32s(*value, *sum) } else { *sum };
            }
        } else {
            let sums = &bytemuck::cast_slice::<S::f32s, f32>(sums)[..count];
            for (value, sum) in values.iter_mut().zip(sums) {
                *value = if into == Into::Add { *value + sum } else { *sum };
            }
        }
    }
}

#[cfg(test)]
mod tests;
