//! Recurrent layers against PyTorch: `crates/neurona/tests/scripts/recurrent.py` printed the numbers, which are also those of the
//! device's layers.

#[path = "../../../../../tests/src/bounded.rs"]
#[allow(dead_code, unreachable_pub, reason = "a file of the tests across crates, of which this one needs a part")]
mod bounded;
#[path = "../../../../../tests/src/mirror/recurrent.rs"]
#[allow(dead_code, unreachable_pub, reason = "as above")]
mod mirror;

use bounded::{Bounded, ULP};
use mirror::{Mirror, Results};
use ndarray::{Array2, s};
use neurona::arch::ActivationSpec::{self, Relu, Sigmoid, Silu};

use super::*;
use crate::{
    Init, Loss, Network, Spec, TargetRows,
    random::{Purpose, Random},
};

const PYTORCH: &str = include_str!("../../../../neurona/tests/data/recurrent.csv");

/// The cases of the script: the cell, which states are given, and how many steps the gradient goes back through.
const CASES: [(&str, CellSpec, States, usize); 11] = [
    ("rnn_tanh_last", CellSpec::Rnn { activation: Tanh }, States::Last, 7),
    ("rnn_relu_all", CellSpec::Rnn { activation: Relu }, States::All, 7),
    ("rnn_tanh_all_2", CellSpec::Rnn { activation: Tanh }, States::All, 2),
    ("gru_last", CellSpec::Gru, States::Last, 7),
    ("gru_all", CellSpec::Gru, States::All, 7),
    ("gru_last_3", CellSpec::Gru, States::Last, 3),
    ("gru_all_3", CellSpec::Gru, States::All, 3),
    ("lstm_last", CellSpec::Lstm, States::Last, 7),
    ("lstm_all", CellSpec::Lstm, States::All, 7),
    ("lstm_last_1", CellSpec::Lstm, States::Last, 1),
    ("lstm_all_4", CellSpec::Lstm, States::All, 4),
];

/// An activation as the mirror needs it: value, derivative, and whether a kink lies within the bound. The trainer's functions are
/// off by 5 u at most, and sigmoid is no steeper than 1/4, tanh than 1.
fn activate(activation: ActivationSpec, z: Bounded) -> (Bounded, Bounded, bool) {
    let one = Bounded::exact(1.0);
    match activation {
        Sigmoid => {
            let value = 1.0 / (1.0 + (-z.value).exp());
            let y = Bounded { value, error: z.error / 4.0 + 2.5 * ULP * value };
            (y, y.times(one.minus(y)), false)
        }
        Tanh => {
            let value = z.value.tanh();
            let y = Bounded { value, error: z.error + 2.5 * ULP * value.abs() };
            (y, one.minus(y).times(one.plus(y)), false)
        }
        Relu => {
            assert!(z.value.abs() > z.error, "a sum at the kink of ReLU");
            if z.value > 0.0 { (z, one, false) } else { (Bounded::ZERO, Bounded::ZERO, false) }
        }
        _ => panic!("{activation:?}"),
    }
}

fn case(name: &str, array: &str) -> Vec<f64> {
    let line = PYTORCH.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(',')?.strip_prefix(array));
    let values = line.and_then(|line| line.strip_prefix(',')).unwrap_or_else(|| panic!("no {array} of {name}"));
    values.split(',').map(|value| value.parse().expect("a number")).collect()
}

fn together(name: &str, arrays: [&str; 3]) -> Vec<f64> {
    arrays.iter().flat_map(|array| case(name, array)).collect()
}

fn rounded(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}

/// What the layer computes of one row: outputs, gradients of its values and of its input.
fn computed(spec: &RecurrentSpec, through: usize, values: &[f32], x: &[f32], dy: &[f32]) -> [Vec<f32>; 3] {
    let mut y = vec![0.0; dy.len()];
    let mut trace = vec![f32::NAN; spec.trace()];
    let mut scratch = vec![f32::NAN; spec.scratch() + spec.scratch_of_row()];
    LayerKind::forward(spec, Forward { values, x, with: &[], y: &mut y, trace: &mut trace, scratch: &mut scratch });
    let (mut into, mut dx) = (vec![f32::NAN; values.len()], vec![f32::NAN; x.len()]);
    scratch.fill(f32::NAN);
    let (into_values, dx_values) = (&mut into[..], Some(&mut dx[..]));
    let trace = &mut trace[..];
    LayerKind::backward(
        spec,
        Backward { values, x, y: &y, trace, dy, through, into: into_values, dx: dx_values, scratch: &mut scratch },
    );
    [y, into, dx]
}

/// The bound is that of the mirror, whose sums may have any order; the script has the values of the exact ones.
#[test]
fn outputs_and_gradients_are_those_of_pytorch() {
    for (name, cell, states, through) in CASES {
        let spec = RecurrentSpec { cell, steps: 7, inputs: 3, units: 4, states };
        let values = together(name, ["weights", "recurrent", "bias"]);
        let (x, dy) = (case(name, "x"), case(name, "dy"));
        let exact = |values: &[f64]| rounded(values).into_iter().map(Bounded::exact).collect::<Vec<_>>();
        let Results(bounds) = Mirror::new(spec, through, &values).run(&exact(&x), &exact(&dy));
        let found = computed(&spec, through, &rounded(&values), &rounded(&x), &rounded(&dy));
        let pytorch = [case(name, "y"), together(name, ["dweights", "drecurrent", "dbias"]), case(name, "dx")];
        let (mut off, mut widest) = (0, 0.0_f64);
        for ((found, expected), bounds) in found.iter().zip(&pytorch).zip(&bounds) {
            assert_eq!((found.len(), bounds.len()), (expected.len(), expected.len()), "{name}");
            for ((found, expected), bound) in found.iter().zip(expected).zip(bounds) {
                let error = (f64::from(*found) - expected).abs();
                assert!(
                    error <= bound.error,
                    "{name}: {found}, PyTorch {expected}, off by more than {:e}",
                    bound.error
                );
                off += usize::from(error > 0.0);
                widest = widest.max(bound.error);
            }
        }
        assert!(off > 0 && widest < 1e-3, "{name}: a bound of {widest:e} finds nothing");
    }
}

/// That the rows of a batch do not mix; a single row is held to PyTorch above.
#[test]
fn a_batch_is_its_rows() {
    const ROWS: usize = 5;
    let cells = [CellSpec::Rnn { activation: Relu }, CellSpec::Rnn { activation: Silu }, CellSpec::Gru, CellSpec::Lstm];
    for (cell, states) in cells.into_iter().flat_map(|cell| [(cell, States::Last), (cell, States::All)]) {
        let layer = |inputs, units, states| Spec::Recurrent(RecurrentSpec { cell, steps: 6, inputs, units, states });
        let spec = Spec::Chain(vec![layer(3, 4, States::All), layer(4, 2, states)]);
        let mut network = Network::new(spec).expect("the layers fit");
        network.init(Init::Pytorch, 4);
        let mut random = Random::new(9, Purpose::Shuffle, 0, 0);
        let inputs = Array2::from_shape_simple_fn((ROWS, network.inputs()), || random.uniform(1.0));
        let targets = Array2::from_shape_simple_fn((ROWS, network.outputs()), || random.uniform(1.0));
        let gradients = |from: usize, to: usize| {
            let targets = targets.slice(s![from..to, ..]);
            let targets = TargetRows::Values(targets.as_slice().expect("whole rows"));
            network.gradients(inputs.slice(s![from..to, ..]), targets, Loss::SquaredError).expect("the shapes fit")
        };
        let whole = gradients(0, ROWS);
        let rows: Vec<_> = (0..ROWS).map(|row| gradients(row, row + 1)).collect();
        // States and weights are of the order of 1. A state is the end of some 100 roundings: 100 u < 1e-5. A gradient is a
        // sum of 30 products at most, each off by some 50: 30 * 50 u < 1e-4.
        for (row, found) in rows.iter().enumerate() {
            let pairs = whole.outputs.row(row).into_iter().zip(&found.outputs);
            pairs.for_each(|(whole, found)| assert!((whole - found).abs() < 1e-5, "{cell:?}: {whole}, {found}"));
        }
        for (at, whole) in whole.values.iter().enumerate() {
            let mean = rows.iter().map(|row| row.values[at]).sum::<f32>() / ROWS as f32;
            assert!((whole - mean).abs() < 1e-4, "{cell:?}, value {at}: {whole}, {mean}");
        }
        let differs = |(row, other): (&f32, &f32)| (row - other).abs() > 1e-3;
        assert!(rows[0].values.iter().zip(&rows[1].values).any(differs), "{cell:?}: the rows are as one");
    }
}

/// More units than the widest panel of a product has columns; a cell without a sum of its own for the new state has none to lay
/// out.
#[test]
fn many_units() {
    for cell in [CellSpec::Rnn { activation: Tanh }, CellSpec::Gru, CellSpec::Lstm] {
        let spec = RecurrentSpec { cell, steps: 3, inputs: 2, units: 70, states: States::Last };
        let mut network = Network::new(Spec::Chain(vec![Spec::Recurrent(spec)])).expect("sizes fit");
        network.init(Init::Pytorch, 1);
        let mut random = Random::new(2, Purpose::Sample, 0, 0);
        let inputs = Array2::from_shape_simple_fn((2, 6), || random.uniform(1.0));
        let targets = TargetRows::Values(&[0.0; 140]);
        let gradients = network.gradients(inputs.view(), targets, Loss::SquaredError).expect("the parts fit");
        assert!(gradients.values.iter().all(|value| value.is_finite()), "{cell:?}");
        assert!(gradients.values.iter().any(|value| *value != 0.0), "{cell:?}");
    }
}
