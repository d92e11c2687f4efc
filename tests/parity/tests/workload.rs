//! That the parity workload has everything in it, and can tell one arithmetic from another.

use std::collections::HashMap;

use firmware_example::Hash;
use firmware_example::parity::{FAMILIES, Lesson, Nasty, RATE, Source, small};
use neurona::prelude::*;
use neurona::{ActivationSpec, Factors, Kind, LayerSpec, Target, kernel};
use neurona_tests::coverage;

fn small_networks(mut report: impl FnMut(&str, u64)) {
    for family in FAMILIES {
        (family.run)(&mut report);
    }
}

#[test]
fn every_family_has_a_binary() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../firmware-example/src/bin");
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut bins: Vec<_> = files.filter_map(|file| Some(file.strip_suffix(".rs")?.to_owned())).collect();
    bins.retain(|bin| bin.starts_with("parity"));
    bins.sort();
    let mut families = FAMILIES.map(|family| family.bin);
    families.sort();
    assert_eq!(bins, families);
}

#[test]
fn every_activation_has_a_network() {
    let mut names = Vec::new();
    small_networks(|name, _| names.push(name.to_string()));
    for activation in ActivationSpec::ALL {
        let name = format!("activation.{}", activation.name());
        assert!(names.contains(&name), "{name} is missing");
    }
}

#[test]
fn every_layer_and_option_has_a_network() {
    let all: Vec<LayerSpec> = FAMILIES.iter().flat_map(|family| family.specs).copied().collect();
    assert_eq!(coverage::missing(&all), [""; 0]);
    let streams: Vec<LayerSpec> = FAMILIES.iter().flat_map(|family| family.streams).copied().collect();
    assert_eq!(coverage::missing_in_streams(&streams), [""; 0]);
}

#[test]
fn networks_have_hashes_of_their_own() {
    let mut hashes = HashMap::new();
    small_networks(|name, hash| {
        if let Some(other) = hashes.insert(hash, name.to_string()) {
            panic!("{name} and {other} have one hash");
        }
    });
}

neurona::plain! {
    /// [`Dense`] without an activation, written anew: with each product rounded before it is summed, or fused with the
    /// sum, one rounding for the two.
    #[derive(Debug)]
    struct Own<const FUSED: bool, const I: usize, const O: usize> {
        weights: [[f32; I]; O],
        bias: [f32; O],
    }
}

impl<const FUSED: bool, const I: usize, const O: usize> Layer for Own<FUSED, I, O> {
    type Input = [f32; I];
    type Output = [f32; O];
    type Scratch = ();

    const SPEC: LayerSpec = Dense::<I, O>::SPEC;

    fn forward(&self, x: &[f32; I], y: &mut [f32; O], (): &mut ()) {
        for ((y, row), bias) in y.iter_mut().zip(&self.weights).zip(&self.bias) {
            let step = |sum: f32, (w, x): (&f32, &f32)| if FUSED { w.mul_add(*x, sum) } else { w * x + sum };
            *y = row.iter().zip(x).fold(*bias, step);
        }
    }
}

impl<const FUSED: bool, const I: usize, const O: usize> Learn for Own<FUSED, I, O> {
    const LEARNS: bool = true;
    type Gradient = Self;
    type Tape = ();

    fn record(&self, x: &[f32; I], y: &mut [f32; O], tape: &mut ()) {
        self.forward(x, y, tape);
    }

    fn backward(
        mut target: Target<'_, Self>,
        x: &[f32; I],
        _: &[f32; O],
        (): &mut (),
        dy: &mut [f32; O],
        dx: Option<&mut [f32; I]>,
    ) {
        if let Some(dx) = dx {
            kernel::dense_backward_inputs(target.layer().weights.as_flattened(), dy, dx);
        }
        let Some((into, scale)) = target.parameters(Factors::new(x, dy)) else { return };
        kernel::dense_backward_weights(into.weights.as_flattened_mut(), &mut into.bias, x, dy, scale);
    }

    fn visit<const K: usize, F>(&mut self, mut with: [&mut Self; K], f: &mut F)
    where
        F: FnMut(Kind, &mut [f32], [&mut [f32]; K]),
    {
        f(Kind::Weights, self.weights.as_flattened_mut(), with.each_mut().map(|with| with.weights.as_flattened_mut()));
        f(Kind::Biases, &mut self.bias, with.each_mut().map(|with| &mut with.bias[..]));
    }
}

neurona::network! {
    struct OfNeurona: [f32; 7] => [f32; 3] { hidden: Dense<7, 5, Tanh>, output: Dense<5, 3> }
}
neurona::network! {
    struct Separate: [f32; 7] => [f32; 3] { hidden: Dense<7, 5, Tanh>, output: Own<false, 5, 3> }
}
neurona::network! {
    struct Fused: [f32; 7] => [f32; 3] { hidden: Dense<7, 5, Tanh>, output: Own<true, 5, 3> }
}

fn hash<N: Network<Input = [f32; 7], Output = [f32; 3]> + Zero>() -> Hash {
    small::<N, _, _, _, _>(
        |_, _| {},
        &Lesson { loss: SquaredError, target: |t| t, rule: InPlace::new(RATE), examples: 40 },
    )
}

#[test]
fn a_fused_kernel_changes_the_hash() {
    assert_eq!(hash::<Separate>(), hash::<OfNeurona>());
    assert_ne!(hash::<Fused>(), hash::<OfNeurona>());
}

fn numbers(nasty: Nasty) -> [f32; 1000] {
    let mut numbers = [0.0; 1000];
    Source::new().fill(nasty, &mut numbers);
    numbers
}

#[test]
fn the_numbers_are_as_nasty_as_they_say() {
    // Of 1000 numbers or pairs, the rarest kind (an infinity of one sign) is one in 32.
    let both_signs = |nasty, is: fn(f32) -> bool| {
        let count = |sign: fn(f32) -> bool| numbers(nasty).into_iter().filter(|n| is(*n) && sign(*n)).count();
        count(f32::is_sign_positive) > 10 && count(f32::is_sign_negative) > 10
    };
    assert!(both_signs(Nasty::Subnormal, f32::is_subnormal));
    assert!(both_signs(Nasty::Subnormal, f32::is_normal));
    assert!(both_signs(Nasty::Zeros, |n| n == 0.0));
    assert!(both_signs(Nasty::NotFinite, f32::is_infinite));
    assert!(both_signs(Nasty::NotFinite, f32::is_finite));
    assert!(numbers(Nasty::NotFinite).into_iter().filter(|n| n.is_nan()).count() > 10);
    let sums = |is: fn(f32) -> bool| {
        numbers(Nasty::Overflow).windows(4).filter(|n| is(n[0] * n[1] + n[2] * n[3])).count() > 10
    };
    assert!(sums(f32::is_finite) && sums(f32::is_infinite));
}

#[test]
fn fused_and_separate_roundings_differ() {
    let numbers = numbers(Nasty::Rounding);
    let differ = numbers.windows(3).filter(|n| n[0] * n[1] + n[2] != n[0].mul_add(n[1], n[2])).count();
    assert!(differ > 100, "{differ} of 998");
}

#[test]
fn the_hash_is_fnv_1a() {
    assert_eq!(Hash::EMPTY.value(), 0xcbf2_9ce4_8422_2325);
    // The hash of "foobar" is 0x85944171f73967e8 (draft-eastlake-fnv, appendix C). Four of its bytes are a number; the
    // other two are added here.
    let mut hash = Hash::EMPTY;
    hash.add(&[f32::from_le_bytes(*b"foob")]);
    let value =
        b"ar".iter().fold(hash.value(), |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    assert_eq!(value, 0x8594_4171_f739_67e8);
}

#[test]
fn nans_are_equal_and_zeros_are_not() {
    let hash = |number: f32| {
        let mut hash = Hash::EMPTY;
        hash.add(&[number]);
        hash.value()
    };
    assert_eq!(hash(f32::NAN), hash(-f32::NAN));
    assert_eq!(hash(f32::from_bits(0x7f80_0001)), hash(f32::NAN));
    assert_ne!(hash(0.0), hash(-0.0));
}
