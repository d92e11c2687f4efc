//! Recursive least squares against the closed form, and where there is nothing to learn.

use neurona::prelude::*;
use neurona::{Rls, RlsMemory};

/// The unit roundoff of `f32`.
const U: f64 = 1.0 / 16_777_216.0;

/// An array of a case of `data/rls.csv`, which `scripts/rls.py` wrote.
fn array(case: &str, name: &str) -> Vec<f64> {
    let line = include_str!("data/rls.csv").lines().find(|line| line.starts_with(&format!("{case},{name},")));
    let values = line.expect("the case has this array").split(',').skip(2);
    values.map(|value| value.parse().expect("a number")).collect()
}

fn rows<const N: usize>(values: &[f64]) -> Vec<[f32; N]> {
    values.chunks_exact(N).map(|row| std::array::from_fn(|at| row[at] as f32)).collect()
}

/// Each of the 40 examples rounds some 30 times on the way to an element of the matrix and to a weight; a relative error of the
/// matrix changes the weights by its condition number times as much, at most.
#[test]
fn weights_are_those_of_the_closed_form() {
    for case in ["all", "forgetting"] {
        let settings = array(case, "settings");
        let rls = Rls { forgetting: settings[0] as f32, variance: settings[1] as f32 };
        let start = rows::<4>(&array(case, "start"));
        let weights = std::array::from_fn(|o| std::array::from_fn(|i| start[o][i]));
        let mut layer: Dense<3, 2> = Dense::new(weights, [start[0][3], start[1][3]]);
        let mut memory = RlsMemory::ZERO;
        rls.begin(&mut memory);
        for (x, t) in rows::<3>(&array(case, "x")).iter().zip(rows::<2>(&array(case, "t"))) {
            assert!(rls.learn(&mut layer, x, &t, &mut memory).is_some());
        }
        let bound = 40.0 * 30.0 * U * array(case, "condition")[0];
        let found = (0..2).flat_map(|o| layer.weights[o].into_iter().chain([layer.bias[o]]));
        let expected = array(case, "end");
        let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        for (found, expected) in found.zip(&expected) {
            assert!((f64::from(found) - expected).abs() <= bound * largest, "{case}: {found}, {expected}");
        }
        assert!(bound < 0.02, "{case}: the bound {bound} says little");
    }
}

/// What is returned is the squared error before the step.
#[test]
fn the_error_is_that_before_the_step() {
    let rls = Rls { forgetting: 1.0, variance: 1e3 };
    let (mut layer, mut memory) = (Dense::<1, 2>::ZERO, RlsMemory::ZERO);
    rls.begin(&mut memory);
    assert_eq!(rls.learn(&mut layer, &[1.0], &[1.0, 3.0], &mut memory), Some(5.0));
    assert!(rls.learn(&mut layer, &[1.0], &[1.0, 3.0], &mut memory).is_some_and(|error| error < 1e-5));
}

/// Inputs that say nothing for long do not bring the matrix to infinity, and what comes after is learned.
#[test]
fn silence_does_not_wind_it_up() {
    let rls = Rls { forgetting: 0.9, variance: 100.0 };
    let (mut layer, mut memory) = (Dense::<2, 1>::ZERO, RlsMemory::ZERO);
    rls.begin(&mut memory);
    for _ in 0..100_000 {
        assert_eq!(rls.learn(&mut layer, &[0.0, 0.0], &[0.0], &mut memory), Some(0.0));
    }
    let mut last = None;
    // What was learned in the silence, a bias of 0, was learned from 100,000 examples, and is forgotten from now on.
    for step in 0..300_u16 {
        let x = [f32::from(step % 7) - 3.0, f32::from(step % 5) - 2.0];
        last = rls.learn(&mut layer, &x, &[2.0 * x[0] - x[1] + 0.5], &mut memory);
    }
    assert!(last.is_some_and(|error| error < 1e-6), "{last:?}: {layer:?}");
}

#[test]
fn what_is_not_finite_teaches_nothing() {
    let rls = Rls { forgetting: 0.99, variance: 10.0 };
    let (mut layer, mut memory) = (Dense::<2, 1>::new([[1.0, 2.0]], [3.0]), RlsMemory::ZERO);
    rls.begin(&mut memory);
    let before = layer.clone();
    for x in [[f32::NAN, 0.0], [0.0, f32::INFINITY]] {
        assert_eq!(rls.learn(&mut layer, &x, &[0.0], &mut memory), None);
    }
    assert_eq!(rls.learn(&mut layer, &[1.0, 1.0], &[f32::NAN], &mut memory), None);
    assert_eq!(Rls { forgetting: 0.0, ..rls }.learn(&mut layer, &[1.0, 1.0], &[0.0], &mut memory), None);
    // Squares that overflow leave the layer as it is, and the memory begins anew.
    assert_eq!(rls.learn(&mut layer, &[1e30, 1e30], &[0.0], &mut memory), None);
    assert_eq!(layer, before);
    assert!(rls.learn(&mut layer, &[1.0, 1.0], &[0.0], &mut memory).is_some());
    assert_ne!(layer, before);
}

#[test]
fn the_memory_is_as_large_as_it_says() {
    assert_eq!(RlsMemory::<30>::BYTES, 4 * (30 * 30 + 2 * 30 + 1));
    assert_eq!(RlsMemory::<1>::BYTES, 4 * 4);
}

/// Inputs of 10^-38 to 10^38 in any order, which nothing can be learned from, and the fastest forgetting.
#[test]
fn weights_stay_finite() {
    let mut seed = 1_u32;
    let mut random = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / 8_388_608.0 - 1.0
    };
    let rls = Rls { forgetting: 1e-6, variance: 1e20 };
    for run in 0..40_000 {
        let (mut layer, mut memory) = (Dense::<3, 1>::ZERO, RlsMemory::ZERO);
        rls.begin(&mut memory);
        for _ in 0..20 {
            let mut wild = || random() * 10_f32.powf(38.0 * random());
            let x = [wild(), wild(), wild()];
            rls.learn(&mut layer, &x, &[wild()], &mut memory);
            assert!(
                layer.weights.as_flattened().iter().chain(&layer.bias).all(|w| w.is_finite()),
                "run {run}: {layer:?}"
            );
        }
    }
}
