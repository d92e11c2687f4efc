use super::*;
use crate::random::{Purpose, Random};

fn values(count: usize, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed, Purpose::Sample, 0, 0);
    (0..count).map(|_| random.uniform(1.0)).collect()
}

/// The transpose of (rows, columns).
fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|j| values.iter().skip(j).step_by(columns).copied()).collect()
}

/// The product of (rows, depth) and (depth, columns) in `f64`, and the same of sizes, for the bound.
fn reference(a: &[f32], b: &[f32], depth: usize, columns: usize) -> Vec<(f64, f64)> {
    let element = |row: &[f32], j: usize| {
        let products = row.iter().zip(b.iter().skip(j).step_by(columns)).map(|(a, b)| f64::from(*a) * f64::from(*b));
        products.fold((0.0, 0.0), |(sum, size), product| (sum + product, size + product.abs()))
    };
    a.chunks_exact(depth).flat_map(|row| (0..columns).map(move |j| element(row, j))).collect()
}

/// A sum of n products, in any order, is off by at most n u / (1 - n u) times the sum of their sizes (N. Higham, "Accuracy and
/// stability of numerical algorithms", 2002, section 3.1); what it is added to is one more term.
fn assert_near(found: &[f32], expected: &[(f64, f64)], depth: usize, what: &str) {
    let unit = f64::from(f32::EPSILON) / 2.0;
    for (at, (found, (sum, size))) in found.iter().zip(expected).enumerate() {
        let bound = (depth + 2) as f64 * 1.01 * unit * size;
        assert!((f64::from(*found) - sum).abs() <= bound, "{what}, element {at}: {found}, not {sum}");
    }
}

fn check(rows: usize, columns: usize, depth: usize) {
    let (a, b) = (values(rows * depth, 1), values(depth * columns, 2));
    let (across_a, across_b) = (transposed(&a, depth), transposed(&b, columns));
    let expected = reference(&a, &b, depth, columns);
    let (mut scratch, mut packed) = (vec![f32::NAN; SCRATCH], vec![f32::NAN; packed_len(depth, columns)]);
    pack(Right::Columns(&across_b, depth), depth, columns, &mut packed);
    let (of_rows, of_depth): (Vec<_>, Vec<_>) = ((0..rows).map(|i| i * depth).collect(), (0..depth).collect());
    let lefts = [
        Left::Rows(&a, depth),
        Left::Columns(&across_a, rows),
        Left::Table { values: &a, rows: &of_rows, depth: &of_depth, span: depth },
    ];
    let rights = [Right::Rows(&b, columns), Right::Columns(&across_b, depth), Right::Packed(&packed)];
    for (number, (left, right)) in lefts.into_iter().flat_map(|left| rights.map(|right| (left, right))).enumerate() {
        let what = format!("{rows} x {depth} x {columns}, case {number}");
        // One column more than the product has must stay as it is.
        let stride = columns + 1;
        let mut found = vec![7.0; rows * stride];
        for (into, times) in [(Into::Replace, 1.0), (Into::Add, 2.0)] {
            let target = Target { values: &mut found, stride, rows, columns, into };
            product(left, right, depth, target, &mut scratch);
            assert!(found.iter().skip(columns).step_by(stride).all(|value| *value == 7.0), "{what}: beside it");
            let sums: Vec<f32> = found.chunks(stride).flat_map(|row| &row[..columns]).copied().collect();
            let expected: Vec<_> = expected.iter().map(|(sum, size)| (times * sum, times * size)).collect();
            assert_near(&sums, &expected, depth, &what);
        }
    }
}

#[test]
fn every_remainder() {
    for rows in 1..=17 {
        for columns in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 63, 65] {
            for depth in [1, 2, 3, 7, 8, 9, 17, 33] {
                check(rows, columns, depth);
            }
        }
    }
}

#[test]
fn more_than_a_block() {
    for depth in [BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 9] {
        check(3, 37, depth);
        check(33, 5, depth);
    }
}

#[test]
fn large_ones() {
    for (rows, columns, depth) in [(63, 64, 64), (64, 64, 64), (65, 70, 66)] {
        check(rows, columns, depth);
    }
}

/// A sum is the same whatever is computed beside it, so that the bits do not depend on how a batch is cut.
#[test]
fn a_sum_does_not_depend_on_its_neighbours() {
    let (rows, columns, depth) = (13, 37, 300);
    let (a, b) = (values(rows * depth, 5), values(depth * columns, 6));
    let compute = |first: usize, rows: usize| {
        let (mut found, mut scratch) = (vec![0.0; rows * columns], vec![f32::NAN; SCRATCH]);
        let target = Target { values: &mut found, stride: columns, rows, columns, into: Into::Replace };
        product(Left::Rows(&a[first * depth..], depth), Right::Rows(&b, columns), depth, target, &mut scratch);
        found
    };
    let apart: Vec<f32> = (0..rows).flat_map(|row| compute(row, 1)).collect();
    assert_eq!(compute(0, rows), apart);
}

/// Nor does it on where the matrices' values lie, or on which of them is laid out: the transpose has the same sums.
#[test]
fn a_sum_does_not_depend_on_the_layout() {
    let large_too = matches!(Arch::new(), Arch::V4(_));
    let sizes = [(5, 40, 9), (13, 37, 300), (16, 100, 100), (17, 100, 33), (70, 64, 520)];
    for (rows, columns, depth) in sizes.into_iter().filter(|(rows, ..)| *rows < 64 || large_too) {
        let (a, b) = (values(rows * depth, 7), values(depth * columns, 8));
        let (across_a, across_b) = (transposed(&a, depth), transposed(&b, columns));
        let lefts = [Left::Rows(&a, depth), Left::Columns(&across_a, rows)];
        let rights = [Right::Rows(&b, columns), Right::Columns(&across_b, depth)];
        let mut expected = Vec::new();
        for (left, right) in lefts.into_iter().flat_map(|left| rights.map(|right| (left, right))) {
            let (mut found, mut scratch) = (vec![0.5; rows * columns], vec![f32::NAN; SCRATCH]);
            product(left, right, depth, Target::adding(&mut found, columns), &mut scratch);
            if expected.is_empty() {
                expected.clone_from(&found);
            }
            assert_eq!(found, expected, "{rows} x {depth} x {columns}, {left:?}");
        }
    }
}

/// A block that a layer does not have, such as that of a simple recurrent layer's second kind of sum.
#[test]
fn no_depth() {
    let (mut packed, mut found, mut scratch) = (vec![f32::NAN; packed_len(0, 70)], vec![0.5; 140], vec![0.0; SCRATCH]);
    pack(Right::Rows(&[], 70), 0, 70, &mut packed);
    product(Left::Rows(&[], 0), Right::Packed(&packed), 0, Target::adding(&mut found, 70), &mut scratch);
    assert_eq!(found, [0.5; 140]);
}

/// Each is the sum of a plain loop, whatever stands beside it.
#[test]
fn columns_are_added_in_order() {
    for columns in [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 200] {
        for rows in [0, 1, 2, 33] {
            let values = values(rows * columns, 9);
            let (mut found, mut expected) = (vec![f32::NAN; columns], vec![0.0; columns]);
            sum_columns(&values, &mut found);
            for row in values.chunks_exact(columns) {
                expected.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            }
            assert_eq!(found, expected, "{rows} x {columns}");
        }
    }
}
