//! The activations against 64-bit references, and what each gives at its edges.

extern crate std;

use std::vec::Vec;

use super::*;
use crate::fast;

/// The unit roundoff of `f32`, which is also a ULP of what lies in 1/2 to 1.
const U: f64 = 1.0 / 16_777_216.0;
const INF: f32 = f32::INFINITY;

/// What an activation promises.
struct Row {
    spec: ActivationSpec,
    /// The function in 64 bits, whose error is nothing beside that of 32.
    exact: fn(f64) -> f64,
    /// Largest error of the value in ULP of the exact one.
    ulp: f64,
    /// Absolute error that is allowed where it is more than that.
    absolute: f64,
    /// Largest error of the derivative in units of `U`, through a rounded y where it follows from y.
    derivative: f64,
    /// Where the first or the second derivative jumps.
    kinks: &'static [f64],
    /// Values at minus infinity, -0, +0 and infinity.
    edges: [f32; 4],
}

/// Every activation with its bounds.
///
/// A bound in ULP is the largest error over all `f32` of magnitude 2^-30 to 2^8, rounded up. It agrees with the errors
/// that add up: `libm` 0.2.16 allows `expf`, `expm1f` and `log1pf` one ULP beside the rounding and `tanhf` two
/// (`precision.rs` of its tests), and each operation after them adds half a ULP, which counts for up to a whole one
/// where the last operation makes the ULP smaller.
///
/// A derivative from y has the error of y, at most `ulp · U` where `|y| ≤ 1`, times its slope in y, and its own rounding:
/// sigmoid `1 · 2.5` and less than 1/2; tanh `2 · 2.5` and 1.5; ELU `1 · 0.8` and 1/2; softplus `2 ulp(y) e^-y`, which is
/// below 1.5 because `y e^-y` is below 0.37, and 0.8 for `expm1f`.
fn table() -> [Row; 15] {
    use ActivationSpec as Spec;
    let [leaky, elu] = [Spec::ALL[6], Spec::ALL[7]];
    let row =
        |spec, exact, ulp, derivative, kinks, edges| Row { spec, exact, ulp, absolute: 0.0, derivative, kinks, edges };
    const LN_2: f32 = core::f32::consts::LN_2;
    [
        row(Spec::Identity, |z| z, 0.0, 0.0, &[], [-INF, -0.0, 0.0, INF]),
        row(Spec::Step, |z| f64::from(u8::from(z >= 0.0)), 0.0, 0.0, &[0.0], [0.0, 1.0, 1.0, 1.0]),
        row(Spec::Sigmoid, sigmoid, 2.5, 3.0, &[], [0.0, 0.5, 0.5, 1.0]),
        row(Spec::Tanh, f64::tanh, 2.5, 6.5, &[], [-1.0, -0.0, 0.0, 1.0]),
        row(Spec::Relu, |z| z.max(0.0), 0.0, 0.0, &[0.0], [0.0, 0.0, 0.0, INF]),
        row(Spec::Relu6, |z| z.clamp(0.0, 6.0), 0.0, 0.0, &[0.0, 6.0], [0.0, 0.0, 0.0, 6.0]),
        row(leaky, |z| z.max(f64::from(0.01f32) * z), 0.5, 0.0, &[0.0], [-INF, -0.0, 0.0, INF]),
        row(elu, |z| if z > 0.0 { z } else { z.exp_m1() }, 0.8, 1.3, &[0.0], [-1.0, -0.0, 0.0, INF]),
        row(Spec::Softplus, softplus, 2.0, 2.3, &[], [0.0, LN_2, LN_2, INF]),
        // Below z = -87.3 the exponential is subnormal, and its error of up to 2^-149 is multiplied by z. The
        // derivative is `σ(z) (1 + z σ(-z))`: between -0.1 and 1.1, of two sigmoids and three operations.
        Row {
            absolute: 104.0 * 2f64.powi(-149),
            ..row(Spec::Silu, |z| z * sigmoid(z), 3.5, 2.0 * 2.5 + 3.0, &[], [-0.0, -0.0, 0.0, INF])
        },
        // The derivative is 1/6, rounded.
        row(Spec::HardSigmoid, hard_sigmoid, 1.5, 0.125, &[-3.0, 3.0], [0.0, 0.5, 0.5, 1.0]),
        // The derivative is `(2 z + 3) / 6`: the sum is below 9 and rounded by up to 8, the constant and the product
        // add one each.
        row(Spec::HardSwish, |z| z * hard_sigmoid(z), 2.5, 8.0 / 6.0 + 2.0, &[-3.0, 3.0], [-0.0, -0.0, 0.0, INF]),
        // The bounds of the fast forms are those of their documentation, which `tests/fast.rs` holds for every f32.
        Row { absolute: 1.1e-7, ..row(Spec::FastSigmoid, sigmoid, 0.0, 1.1e-7 / U + 0.5, &[], [0.0, 0.5, 0.5, 1.0]) },
        Row { absolute: 1.5e-6, ..row(Spec::FastTanh, f64::tanh, 0.0, 3e-6 / U + 1.5, &[], [-1.0, -0.0, 0.0, 1.0]) },
        // Both constants and both products round, beside `tanhf`. The derivative has y's error 4/3 times at most, and its own.
        row(Spec::ScaledTanh, |z| 1.7159 * (z * 2.0 / 3.0).tanh(), 3.8, 5.0, &[], [-1.7159, -0.0, 0.0, 1.7159]),
    ]
}

fn sigmoid(z: f64) -> f64 {
    let e = (-z.abs()).exp();
    if z < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

fn hard_sigmoid(z: f64) -> f64 {
    (z + 3.0).clamp(0.0, 6.0) / 6.0
}

/// A ULP of the `f32` numbers around `exact`.
fn ulp_of(exact: f64) -> f64 {
    let exponent = if exact == 0.0 { -126 } else { exact.abs().log2().floor().max(-126.0) as i32 };
    2f64.powi(exponent - 23)
}

/// Finite numbers: every 4093rd bit pattern, which are evenly spaced on a logarithmic scale, and 100,000 evenly spread
/// ones within ±12 from a congruential generator (Knuth's MMIX constants, seed 1).
fn samples() -> impl Iterator<Item = f32> {
    let spaced = (0..=u32::MAX).step_by(4093).map(f32::from_bits).filter(|z| z.is_finite());
    let mut state = 1u64;
    let spread = (0..100_000).map(move |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f64 / f64::from(1u32 << 24) * 24.0 - 12.0) as f32
    });
    spaced.chain(spread)
}

#[test]
fn the_table_has_every_activation() {
    assert_eq!(table().map(|row| row.spec), ActivationSpec::ALL);
}

#[test]
fn values_keep_their_bounds() {
    for row in table() {
        let mut worst = (0.0, 0.0);
        for z in samples() {
            let (value, exact) = (row.spec.value(z), (row.exact)(z.into()));
            let error = (f64::from(value) - exact).abs();
            if error > row.absolute {
                worst = if error / ulp_of(exact) > worst.0 { (error / ulp_of(exact), z) } else { worst };
            }
        }
        assert!(worst.0 <= row.ulp, "{}: {} ULP at {:e}", row.spec.name(), worst.0, worst.1);
    }
}

/// Against central differences of the exact function, with `h = 2^-16`: their error is below `h² / 6` times the third
/// derivative, at most 1 for these functions, so `4e-11`, and `2^-53 · 20 / h`, so 1.5e-10. Both are less than `0.01 U`.
#[test]
fn derivatives_are_those_of_the_exact_functions() {
    const H: f64 = 1.0 / 65536.0;
    for row in table() {
        let smooth = |z: &f32| z.abs() < 20.0 && row.kinks.iter().all(|kink| (f64::from(*z) - kink).abs() > H);
        for z in samples().filter(smooth) {
            let slope = ((row.exact)(f64::from(z) + H) - (row.exact)(f64::from(z) - H)) / (2.0 * H);
            let from = match row.spec.needs() {
                Needs::Output => row.spec.value(z),
                Needs::PreActivation => z,
            };
            let error = (f64::from(row.spec.derivative(from)) - slope).abs() / U;
            assert!(error <= row.derivative + 0.01, "{}: {error} U at {z:e}", row.spec.name());
        }
    }
}

#[test]
fn values_at_zeros_and_infinities() {
    for row in table() {
        let values = [-INF, -0.0, 0.0, INF].map(|z| row.spec.value(z));
        assert_eq!(values.map(f32::to_bits), row.edges.map(f32::to_bits), "{}: {values:?}", row.spec.name());
    }
}

#[test]
fn nan_stays_nan() {
    for spec in ActivationSpec::ALL {
        for nan in [f32::NAN, -f32::NAN, f32::from_bits(0x7f80_0001), f32::from_bits(0xffff_ffff)] {
            assert!(spec.value(nan).is_nan(), "{}", spec.name());
        }
    }
}

#[test]
fn derivatives_at_kinks_infinities_and_nan() {
    use ActivationSpec as Spec;
    let at = |spec: Spec, from: [f32; 3]| from.map(|from| spec.derivative(from));
    assert_eq!(at(Spec::Relu, [-0.0, 0.0, INF]), [0.0, 0.0, 1.0]);
    assert_eq!(at(Spec::Relu6, [0.0, 6.0, 3.0]), [0.0, 0.0, 1.0]);
    assert_eq!(at(Spec::LeakyRelu { slope: 0.25f32.to_bits() }, [-0.0, 0.0, INF]), [0.25, 0.25, 1.0]);
    assert_eq!(at(Spec::Elu { alpha: 2f32.to_bits() }, [-2.0, 0.0, INF]), [0.0, 2.0, 1.0]);
    assert_eq!(at(Spec::HardSigmoid, [0.0, 1.0, 0.5]), [0.0, 0.0, 1.0 / 6.0]);
    assert_eq!(at(Spec::HardSwish, [-INF, -3.0, 3.0]), [0.0, 0.0, 1.0]);
    assert_eq!(at(Spec::HardSwish, [INF, 0.0, -0.0]), [1.0, 0.5, 0.5]);
    assert_eq!(at(Spec::Silu, [-INF, 0.0, INF]), [0.0, 0.5, 1.0]);
    assert_eq!(at(Spec::Softplus, [0.0, INF, 1e-30]), [0.0, 1.0, 1e-30]);
    for spec in [Spec::Sigmoid, Spec::Tanh, Spec::Softplus, Spec::Silu, Spec::HardSwish] {
        assert!(spec.derivative(f32::NAN).is_nan(), "{}", spec.name());
    }
    for spec in [Spec::Relu, Spec::Relu6, Spec::ALL[6], Spec::ALL[7]] {
        assert_eq!(spec.derivative(f32::NAN), 1.0, "{}", spec.name());
    }
}

/// A type, its specification and what its specification computes.
fn agrees<A: Activation>() -> ActivationSpec {
    let bits = |value: f32| if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() };
    for z in samples().step_by(101).chain([f32::NAN, INF, -INF, 0.0, -0.0]) {
        assert_eq!(bits(A::value(z)), bits(A::SPEC.value(z)), "{} at {z:e}", A::SPEC.name());
        assert_eq!(bits(A::derivative(z)), bits(A::SPEC.derivative(z)), "{}' at {z:e}", A::SPEC.name());
    }
    let (z, y) = ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]);
    let mut keep = <A::Keep<[f32; 3]> as Zero>::ZERO;
    keep.keep(&z);
    let source = match A::SPEC.needs() {
        Needs::Output => y,
        Needs::PreActivation => z,
    };
    assert_eq!(keep.source(&y), source, "{}", A::SPEC.name());
    A::SPEC
}

#[test]
fn types_and_specifications_are_the_same_functions() {
    let types = [
        agrees::<Identity>(),
        agrees::<Step>(),
        agrees::<Sigmoid>(),
        agrees::<Tanh>(),
        agrees::<Relu>(),
        agrees::<Relu6>(),
        agrees::<LeakyRelu>(),
        agrees::<Elu>(),
        agrees::<Softplus>(),
        agrees::<Silu>(),
        agrees::<HardSigmoid>(),
        agrees::<HardSwish>(),
        agrees::<fast::Sigmoid>(),
        agrees::<fast::Tanh>(),
        agrees::<ScaledTanh>(),
    ];
    assert_eq!(types, ActivationSpec::ALL);
    agrees::<LeakyRelu<{ 0.2f32.to_bits() }>>();
    agrees::<Elu<{ 1.7f32.to_bits() }>>();
}

#[test]
fn names_differ() {
    let mut names: Vec<_> = ActivationSpec::ALL.iter().map(ActivationSpec::name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ActivationSpec::ALL.len());
}

#[test]
fn parameters_are_finite_and_not_negative() {
    for good in [0.0, f32::MIN_POSITIVE, 1.0, f32::MAX] {
        let bits = good.to_bits();
        assert_eq!(ActivationSpec::LeakyRelu { slope: bits }.fault(), None, "{good}");
        assert_eq!(ActivationSpec::Elu { alpha: bits }.fault(), None, "{good}");
    }
    for bad in [-0.0, -1.0, f32::from_bits(2), INF, -INF, f32::NAN, -f32::NAN] {
        let bits = bad.to_bits();
        assert!(ActivationSpec::LeakyRelu { slope: bits }.fault().is_some_and(|why| why.contains("slope")), "{bad}");
        assert!(ActivationSpec::Elu { alpha: bits }.fault().is_some_and(|why| why.contains("alpha")), "{bad}");
    }
    assert!(ActivationSpec::ALL.iter().all(|spec| spec.fault().is_none()));
}
