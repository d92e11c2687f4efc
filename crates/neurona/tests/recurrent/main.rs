//! Recurrent layers against PyTorch, against a slow mirror in `f64` with bounds, and the mirror against central differences.

#[path = "../../../../tests/src/bounded.rs"]
#[allow(dead_code, unreachable_pub, reason = "a file of the tests across crates, of which this one needs a part")]
mod bounded;
#[path = "../../../../tests/src/mirror/recurrent.rs"]
#[allow(dead_code, unreachable_pub, reason = "as above")]
mod mirror;

use bounded::{Bounded, ULP};
use mirror::{Mirror, Results};
use neurona::arch::{ActivationSpec, LayerSpec, RecurrentSpec};
use neurona::plain::{Plain, bytes_of, fill};
use neurona::prelude::*;
use neurona::shape::Tensor;
use neurona::{Learn, Target, Update};

/// What `tests/scripts/recurrent.py` printed.
const PYTORCH: &str = include_str!("../data/recurrent.csv");

/// Calls a check for each case of PyTorch, with its type and the number of steps that the gradient goes back through.
macro_rules! each_case {
    ($check:ident) => {
        $check::<Rnn<7, 3, 4>>("rnn_tanh_last", 7);
        $check::<Rnn<7, 3, 4, All, Relu>>("rnn_relu_all", 7);
        $check::<Rnn<7, 3, 4, All, Tanh, 2>>("rnn_tanh_all_2", 2);
        $check::<Gru<7, 3, 4>>("gru_last", 7);
        $check::<Gru<7, 3, 4, All>>("gru_all", 7);
        $check::<Gru<7, 3, 4, Last, 3>>("gru_last_3", 3);
        $check::<Gru<7, 3, 4, All, 3>>("gru_all_3", 3);
        $check::<Lstm<7, 3, 4>>("lstm_last", 7);
        $check::<Lstm<7, 3, 4, All>>("lstm_all", 7);
        $check::<Lstm<7, 3, 4, Last, 1>>("lstm_last_1", 1);
        $check::<Lstm<7, 3, 4, All, 4>>("lstm_all_4", 4);
    };
}

/// The activations of the cases, as the mirror needs them: value, derivative, and whether a kink lies within the bound. The
/// functions are at most 2.5 ULP off; sigmoid is no steeper than 1/4, tanh than 1.
fn activate(activation: ActivationSpec, z: Bounded) -> (Bounded, Bounded, bool) {
    let one = Bounded::exact(1.0);
    match activation {
        ActivationSpec::Sigmoid => {
            let value = 1.0 / (1.0 + (-z.value).exp());
            let y = Bounded { value, error: z.error / 4.0 + 2.5 * ULP * value };
            (y, y.times(one.minus(y)), false)
        }
        ActivationSpec::Tanh => {
            let value = z.value.tanh();
            let y = Bounded { value, error: z.error + 2.5 * ULP * value.abs() };
            (y, one.minus(y).times(one.plus(y)), false)
        }
        ActivationSpec::Relu => {
            assert!(z.value.abs() > z.error, "a sum at the kink of ReLU");
            if z.value > 0.0 { (z, one, false) } else { (Bounded::ZERO, Bounded::ZERO, false) }
        }
        _ => panic!("{activation:?}"),
    }
}

fn exact(values: &[f64]) -> Vec<Bounded> {
    values.iter().map(|value| Bounded { value: *value, error: 0.0 }).collect()
}

fn case(name: &str, array: &str) -> Vec<f64> {
    let line = PYTORCH.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(',')?.strip_prefix(array));
    let values = line.and_then(|line| line.strip_prefix(',')).unwrap_or_else(|| panic!("no {array} of {name}"));
    values.split(',').map(|value| value.parse().unwrap()).collect()
}

fn parameters(name: &str) -> Vec<f64> {
    ["weights", "recurrent", "bias"].iter().flat_map(|array| case(name, array)).collect()
}

fn filled<T: Plain>(values: &[f64]) -> Box<T> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| (*value as f32).to_le_bytes()).collect();
    let mut value = Box::new(T::ZERO);
    assert_eq!(bytes.len(), size_of::<T>());
    assert!(fill(&mut *value, &bytes));
    value
}

fn floats<T: Plain>(value: &T) -> Vec<f32> {
    bytes_of(value).as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn spec<L: Layer>() -> RecurrentSpec {
    let LayerSpec::Recurrent(spec) = L::SPEC else { panic!("{:?}", L::SPEC) };
    spec
}

/// What the layer itself computes.
fn device<L>(parameters: &[f64], x: &[f64], dy: &[f64]) -> Results<f32>
where
    L: Learn<Gradient = L> + Plain,
    L::Output: Tensor,
{
    let (layer, x, mut dy) = (filled::<L>(parameters), filled::<L::Input>(x), filled::<L::Output>(dy));
    let (mut y, mut y_of_forward) = (L::Output::ZERO, L::Output::ZERO);
    let (mut tape, mut scratch) = (Box::new(L::Tape::ZERO), L::Scratch::ZERO);
    // What scratch and tape hold before is of no account.
    for _ in 0..2 {
        layer.record(&x, &mut y, &mut tape);
        layer.forward(&x, &mut y_of_forward, &mut scratch);
        assert_eq!(bytes_of(&y), bytes_of(&y_of_forward));
    }
    let (mut gradient, mut dx) = (Box::new(L::ZERO), L::Input::ZERO);
    L::backward(Target::Sum(&layer, &mut gradient), &x, &y, &mut tape, &mut dy, Some(&mut dx));
    Results([floats(&y), floats(&*gradient), floats(&dx)])
}

#[test]
fn the_mirror_is_pytorch() {
    fn check<L: Layer>(name: &str, back: usize) {
        let Results(mirror) =
            Mirror::new(spec::<L>(), back, &parameters(name)).run(&exact(&case(name, "x")), &exact(&case(name, "dy")));
        let gradient = ["dweights", "drecurrent", "dbias"].iter().flat_map(|array| case(name, array)).collect();
        for (found, expected) in mirror.iter().zip([case(name, "y"), gradient, case(name, "dx")]) {
            assert_eq!(found.len(), expected.len(), "{name}");
            for (found, expected) in found.iter().zip(expected) {
                // Both compute in f64, whose roundings are 2^-29 of those of f32 that the bound counts.
                let bound = found.error * 2f64.powi(-29) + 1e-18;
                assert!((found.value - expected).abs() <= 4.0 * bound, "{name}: {found:?}, PyTorch {expected}");
            }
        }
    }
    each_case!(check);
}

#[test]
fn layers_are_within_the_bounds_of_the_mirror() {
    fn check<L>(name: &str, back: usize)
    where
        L: Learn<Gradient = L> + Plain,
        L::Output: Tensor,
    {
        let (parameters, x, dy) = (parameters(name), case(name, "x"), case(name, "dy"));
        let Results(mirror) = Mirror::new(spec::<L>(), back, &parameters).run(&exact(&x), &exact(&dy));
        let Results(device) = device::<L>(&parameters, &x, &dy);
        let (mut off, mut widest) = (0, 0.0_f64);
        for (expected, found) in mirror.iter().flatten().zip(device.iter().flatten()) {
            let error = (f64::from(*found) - expected.value).abs();
            assert!(error <= expected.error, "{name}: {found} instead of {expected:?}");
            off += usize::from(error > 0.0);
            widest = widest.max(expected.error);
        }
        assert!(off > 0 && widest < 1e-3, "{name}: a bound of {widest:e} finds nothing");
    }
    each_case!(check);
}

#[test]
fn gradients_of_the_mirror_are_central_differences() {
    /// The error of a difference is of the order of H² and of 1e-16 / H.
    const H: f64 = 1e-5;
    fn check<L: Layer>(name: &str, back: usize) {
        let spec = spec::<L>();
        if back < spec.steps as usize {
            return; // What is truncated is not a derivative of the whole.
        }
        let (parameters, x, dy) = (parameters(name), case(name, "x"), case(name, "dy"));
        let loss = |parameters: &[f64], x: &[f64]| -> f64 {
            let (y, _) = Mirror::new(spec, spec.steps as usize, parameters).forward(&exact(x));
            y.iter().zip(&dy).map(|(y, dy)| y.value * dy).sum()
        };
        let moved = |values: &[f64], at: usize, by: f64| {
            let mut values = values.to_vec();
            values[at] += by;
            values
        };
        let Results([_, gradient, dx]) = Mirror::new(spec, back, &parameters).run(&exact(&x), &exact(&dy));
        for (at, gradient) in gradient.iter().enumerate() {
            let [above, below] = [H, -H].map(|h| loss(&moved(&parameters, at, h), &x));
            assert!(((above - below) / (2.0 * H) - gradient.value).abs() < 1e-8, "{name}: parameter {at}");
        }
        for (at, dx) in dx.iter().enumerate() {
            let [above, below] = [H, -H].map(|h| loss(&parameters, &moved(&x, at, h)));
            assert!(((above - below) / (2.0 * H) - dx.value).abs() < 1e-8, "{name}: input {at}");
        }
    }
    each_case!(check);
}

#[test]
fn learning_in_place_takes_the_weights_as_they_were() {
    fn check<L>(name: &str, _: usize)
    where
        L: Learn<Gradient = L> + Plain,
        L::Output: Tensor,
    {
        let (x, dy) = (filled::<L::Input>(&case(name, "x")), case(name, "dy"));
        let (before, mut layer) = (filled::<L>(&parameters(name)), filled::<L>(&parameters(name)));
        let (mut y, mut tape, mut dx) = (L::Output::ZERO, Box::new(L::Tape::ZERO), L::Input::ZERO);
        layer.record(&x, &mut y, &mut tape);
        let dy_again = &mut *filled::<L::Output>(&dy);
        L::backward(Target::InPlace(&mut layer, &Update::new(-0.125, 1e9)), &x, &y, &mut tape, dy_again, Some(&mut dx));
        let Results([_, gradient, dx_of_sum]) = device::<L>(&parameters(name), &case(name, "x"), &dy);
        assert_eq!(floats(&dx), dx_of_sum, "{name}");
        // The rate is a power of two: scaling by it rounds nothing, so that both ways give the same bits.
        let stepped = floats(&*before).into_iter().zip(gradient).map(|(weight, gradient)| weight - 0.125 * gradient);
        assert_eq!(floats(&*layer), stepped.collect::<Vec<_>>(), "{name}");
        assert_ne!(floats(&*layer), floats(&*before), "{name}");
    }
    each_case!(check);
}

#[test]
fn steps_before_the_truncation_keep_no_trace_and_get_no_gradient() {
    const { assert!(size_of::<<Gru<70, 3, 4, Last, 3> as Learn>::Tape>() == 4 * 4 * (3 + 1) * (4 + 1)) };
    const { assert!(size_of::<<Gru<70, 3, 4, All, 3> as Learn>::Tape>() == 4 * 4 * (70 + 1) * (4 + 1)) };
    const { assert!(size_of::<<Lstm<70, 3, 4> as Learn>::Tape>() == 4 * 4 * (70 + 1) * (4 + 2)) };
    const { assert!(size_of::<<Rnn<70, 3, 4> as Learn>::Tape>() == 4 * 4 * (70 + 1) * (1 + 1)) };
    let Results([_, _, dx]) =
        device::<Gru<7, 3, 4, Last, 3>>(&parameters("gru_last_3"), &case("gru_last_3", "x"), &case("gru_last_3", "dy"));
    assert!(dx[..4 * 3].iter().all(|dx| *dx == 0.0) && dx[4 * 3..].iter().all(|dx| *dx != 0.0));
}

/// Activations whose derivative needs the weighted sum have it on the tape.
#[test]
fn an_rnn_learns_through_an_activation_that_needs_its_sums() {
    type Net = Rnn<2, 1, 1, Last, Silu>;
    let layer = Net::new([[0.75]], [[-0.5]], [0.25]);
    let x = [[1.0], [-2.0]];
    let (mut y, mut tape, mut gradient) = ([0.0], <Net as Learn>::Tape::ZERO, Net::ZERO);
    layer.record(&x, &mut y, &mut tape);
    Net::backward(Target::Sum(&layer, &mut gradient), &x, &y, &mut tape, &mut [1.0], None);
    let first = 0.75 * 1.0 + 0.25;
    let second = (0.25 + 0.75 * -2.0) + -0.5 * Silu::value(first);
    assert_eq!(y, [Silu::value(second)]);
    let dz = Silu::derivative(second);
    let dz_before = Silu::derivative(first) * (0.0 + -0.5 * dz);
    assert_eq!(gradient.bias, [dz_before + dz]);
    assert_eq!(gradient.weights, [[dz_before * 1.0 + dz * -2.0]]);
    assert_eq!(gradient.recurrent, [[dz_before * 0.0 + dz * Silu::value(first)]]);
}

#[cfg(feature = "serde")]
#[test]
fn the_canonical_bytes_are_those_of_postcard() {
    let specs = [
        <Rnn<7, 3, 4>>::SPEC,
        <Rnn<300, 3, 4, All, LeakyRelu, 200>>::SPEC,
        <Gru<7, 3, 130, All>>::SPEC,
        <Lstm<7, 3, 4, Last, 2>>::SPEC,
    ];
    for spec in specs {
        let LayerSpec::Recurrent(recurrent) = spec else { panic!("{spec:?}") };
        assert_eq!(recurrent.fault(), None);
        let bytes = postcard::to_stdvec(&spec).unwrap();
        let sink = spec.encode(neurona::arch::Canonical::against(&bytes));
        assert!(sink.equal() && sink.count() == bytes.len(), "{spec:?}");
    }
}

#[test]
fn sizes_of_zero_are_faults() {
    for fault in [<Gru<0, 3, 4>>::FAULT, <Lstm<7, 0, 4>>::FAULT, <Rnn<7, 3, 0>>::FAULT] {
        assert_eq!(fault, Some("a recurrent layer has at least one step, one input and one unit"));
    }
    for fault in [<Gru<7, 3, 4, Last, 0>>::FAULT, <Gru<7, 3, 4, All, 8>>::FAULT] {
        assert!(fault.is_some_and(|fault| fault.contains("at least one step and at most all")));
    }
    assert_eq!(<Gru<7, 3, 4>>::FAULT, None);
    assert_eq!(<Gru<7, 3, 4>>::SPEC, <Gru<7, 3, 4, Last, 2>>::SPEC);
}
