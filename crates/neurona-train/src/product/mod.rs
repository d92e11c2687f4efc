//! Products of matrices, of any size, small ones above all.
//!
//! A tile of some rows and two vectors of columns stays in registers while it goes through the depth: each step loads two
//! vectors of the right matrix and multiplies them with a value of each row of the left one. For that the right matrix is laid
//! out in panels as wide as a tile, a block of the depth at a time, from the beginning of a line of the cache on; the left one
//! is read where it lies, and so is a right one whose columns lie side by side where few rows are computed or a block of it stays in
//! the nearest cache. It is the inner part of the scheme of K. Goto and R. van de Geijn, "Anatomy of high-performance matrix
//! multiplication", 2008. Where the rows are few beside the columns, as in `x W^T` of a small batch, the transpose is computed:
//! then it is `x` that is laid out, and the large matrix is read once, where it lies.
//!
//! Each element is a sum in the order of the depth, in blocks of [`BLOCK`], whatever the sizes of the tile; a product and a sum
//! are fused where the CPU can. [Large](large) gradients are products of `matrixmultiply`, whose sums are the same. So the bits
//! depend on the sizes and on the kind of CPU alone.

mod columns;
mod large;
mod pack;
mod store;
mod tile;

use pulp::{Arch, Simd, WithSimd};

pub(crate) use columns::sum_columns;
use pack::{Panel, Shuffles};
use store::Columns;
use tile::{Laid, Stripe, Tiles};

/// The depth that is laid out at once: a panel of it stays in the first cache.
const BLOCK: usize = 256;
/// Columns of the widest panel: two vectors of AVX-512.
const WIDEST: usize = 32;
/// Rows of the highest tile.
const HIGHEST: usize = 16;
/// How many values a product needs as scratch, unless its right matrix is [packed](pack).
pub(crate) const SCRATCH: usize = (BLOCK + HIGHEST) * WIDEST + SPARE;
/// Bytes of a line of the cache, and of the widest vector.
const LINE: usize = 64;
/// How many values are skipped at most to begin with a line.
const SPARE: usize = LINE / size_of::<f32>() - 1;

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
    let scratch = aligned_mut(scratch);
    let Target { rows, columns, .. } = target;
    match (left, right) {
        (Left::Rows(x, x_stride), Right::Columns(w, w_stride)) if laid_out_sooner(rows, columns) => {
            let (left, right) = (Left::Rows(w, w_stride), Right::Columns(x, x_stride));
            run(is_narrow(rows), |shuffles| Product { left, right, depth, target, across: true, scratch, shuffles });
        }
        _ => {
            run(is_narrow(columns), |shuffles| Product { left, right, depth, target, across: false, scratch, shuffles })
        }
    }
}

/// Whether the left matrix, transposed, is laid out and multiplied with the right one sooner than the other way round.
///
/// To transpose a value takes about as long as ten multiply-adds, and a product computes as many columns as whole vectors have.
fn laid_out_sooner(rows: usize, columns: usize) -> bool {
    let time = |rows: usize, columns: usize| 10 * columns + rows * columns.next_multiple_of(16);
    time(columns, rows) < time(rows, columns)
}

/// The same from a boundary of the cache's lines on: there a vector is loaded from one of them and never from two.
fn aligned(values: &[f32]) -> &[f32] {
    &values[values.as_ptr().align_offset(LINE).min(values.len())..]
}

fn aligned_mut(values: &mut [f32]) -> &mut [f32] {
    let from = values.as_ptr().align_offset(LINE).min(values.len());
    &mut values[from..]
}

/// How many values [`pack`] writes at most.
pub(crate) fn packed_len(depth: usize, columns: usize) -> usize {
    depth.saturating_mul(columns.next_multiple_of(16)).saturating_add(SPARE)
}

/// Lays out a right matrix once for many products.
pub(crate) fn pack(right: Right<'_>, depth: usize, columns: usize, packed: &mut [f32]) {
    // Of no depth there is nothing to lay out, not even columns to begin with.
    if depth > 0 {
        let packed = aligned_mut(packed);
        run(is_narrow(columns), |shuffles| Pack { right, depth, columns, packed, shuffles });
    }
}

/// Whether half of a vector of AVX-512 holds all columns, so that it would be of no use.
fn is_narrow(columns: usize) -> bool {
    columns <= 8
}

/// Runs an operation with the widest vectors of this CPU, or with those of AVX2 where they hold as much.
fn run<O: WithSimd<Output = ()>>(narrow: bool, operation: impl FnOnce(Option<Shuffles>) -> O) {
    let arch = Arch::new();
    let operation = operation(Shuffles::of(arch));
    match arch {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Arch::V4(simd) if narrow => Arch::V3(*simd).dispatch(operation),
        _ => arch.dispatch(operation),
    }
}

/// Whether a block of a right matrix whose columns lie side by side is not laid out for so many rows.
///
/// To lay it out takes about as long as to multiply it with four rows. It pays where many tiles read it and would not find it in
/// the nearest cache, of which it takes more lines than it fills.
fn is_read_in_place(rows: usize, depth: usize, stride: usize) -> bool {
    rows <= 2 * HIGHEST || depth.saturating_mul(stride) <= BLOCK * WIDEST
}

/// How many vectors the next panel has when so many columns are left.
#[inline(always)]
fn panel_vectors<S: Simd>(left: usize) -> usize {
    if left > S::F32_LANES { 2 } else { 1 }
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
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { right, depth, columns, packed, shuffles } = self;
        let mut column = 0;
        while column < columns {
            let vectors = panel_vectors::<S>(columns - column);
            let width = vectors * S::F32_LANES;
            let panel = &mut packed[column * depth..][..width * depth];
            simd.vectorize(Panel { shuffles, right, from: 0, columns: column..columns, width, panel });
            column += width;
        }
    }
}

struct Product<'a> {
    left: Left<'a>,
    right: Right<'a>,
    depth: usize,
    target: Target<'a>,
    /// Whether the product is the transpose of what goes to the target.
    across: bool,
    scratch: &'a mut [f32],
    shuffles: Option<Shuffles>,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (panels, buffer) = std::mem::take(&mut self.scratch).split_at_mut(BLOCK * WIDEST);
        let (rows, columns) = self.sizes();
        let mut column = 0;
        while column < columns {
            let vectors = panel_vectors::<S>(columns - column);
            for from in (0..self.depth.max(1)).step_by(BLOCK) {
                let (len, width) = (BLOCK.min(self.depth - from), vectors * S::F32_LANES);
                let (values, stride) = match self.right {
                    Right::Packed(packed) => (&aligned(packed)[column * self.depth + from * width..], width),
                    Right::Rows(values, stride) if column + width <= columns && is_read_in_place(rows, len, stride) => {
                        (&values[from * stride + column..], stride)
                    }
                    right => {
                        let (panel, columns) = (&mut panels[..len * width], column..columns);
                        simd.vectorize(Panel { shuffles: self.shuffles, right, from, columns, width, panel });
                        (&*panel, width)
                    }
                };
                let panel = Laid { values: &values[..values.len().min(len * stride)], stride, steps: len };
                // Some registers must be left for what is multiplied.
                match (vectors, S::REGISTER_COUNT < 32) {
                    (1, true) => self.panel::<S, 8, 1>(simd, panel, from, column, buffer),
                    (1, false) => self.panel::<S, 16, 1>(simd, panel, from, column, buffer),
                    (_, true) => self.panel::<S, 4, 2>(simd, panel, from, column, buffer),
                    (_, false) => self.panel::<S, 8, 2>(simd, panel, from, column, buffer),
                }
            }
            column += vectors * S::F32_LANES;
        }
    }
}

impl Product<'_> {
    /// Rows and columns.
    #[inline(always)]
    fn sizes(&self) -> (usize, usize) {
        let Target { rows, columns, .. } = self.target;
        if self.across { (columns, rows) } else { (rows, columns) }
    }

    /// The columns of a panel, of `V` vectors, by tiles of `R` rows.
    #[inline(always)]
    fn panel<S: Simd, const R: usize, const V: usize>(
        &mut self,
        simd: S,
        panel: Laid<'_>,
        from: usize,
        column: usize,
        buffer: &mut [f32],
    ) {
        let ((rows, columns), width) = (self.sizes(), V * S::F32_LANES);
        let into = if from > 0 { Into::Add } else { self.target.into };
        let columns = Columns { first: column, count: width.min(columns - column), into };
        let mut place = Stripe { columns, panel, from, buffer, rows: 0..rows };
        self.stripe::<S, R, V>(simd, &mut place);
        if R > 8 {
            self.stripe::<S, 8, V>(simd, &mut place);
        }
        if R > 4 {
            self.stripe::<S, 4, V>(simd, &mut place);
        }
        self.stripe::<S, 2, V>(simd, &mut place);
        self.stripe::<S, 1, V>(simd, &mut place);
    }

    /// As many of the rows as tiles of `R` of them take.
    #[inline(always)]
    fn stripe<S: Simd, const R: usize, const V: usize>(&mut self, simd: S, stripe: &mut Stripe<'_>) {
        if stripe.rows.len() >= R {
            let Self { left, target, across, shuffles, .. } = self;
            simd.vectorize(Tiles::<R, V> { left: *left, target, across: *across, shuffles: *shuffles, stripe });
        }
    }
}

#[cfg(test)]
mod tests;
