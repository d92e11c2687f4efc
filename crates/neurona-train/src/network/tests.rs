//! Forward and backward against a slow mirror in `f64`, whose gradients are central differences.

use ndarray::Array2;
use neurona::arch::ActivationSpec;

use super::*;
use crate::{
    Init,
    loss::Target,
    random::{Purpose, Random},
};

mod pytorch;

/// What an activation is, in `f64`.
pub(super) fn activate(activation: ActivationSpec, z: f64) -> f64 {
    use ActivationSpec::*;
    match activation {
        Identity => z,
        Step => f64::from(z >= 0.0),
        Sigmoid | FastSigmoid => 1.0 / (1.0 + (-z).exp()),
        Tanh | FastTanh => z.tanh(),
        Relu => z.max(0.0),
        Relu6 => z.clamp(0.0, 6.0),
        LeakyRelu { slope } => z.max(0.0) + f64::from(f32::from_bits(slope)) * z.min(0.0),
        Elu { alpha } => z.max(0.0) + f64::from(f32::from_bits(alpha)) * (z.min(0.0).exp() - 1.0),
        Softplus => (1.0 + z.exp()).ln(),
        Silu => z / (1.0 + (-z).exp()),
        HardSigmoid => (z + 3.0).clamp(0.0, 6.0) / 6.0,
        ScaledTanh => 1.7159 * (z * 2.0 / 3.0).tanh(),
        HardSwish => z * (z + 3.0).clamp(0.0, 6.0) / 6.0,
        other => panic!("no mirror of {other:?}"),
    }
}

/// The outputs for one input.
fn mirror(network: &Network, values: &[f64], input: &[f64]) -> Vec<f64> {
    let mut x = input.to_vec();
    for layer in network.layers() {
        let own = &values[layer.values.clone()];
        x = match layer.kind.clone() {
            Kind::Dense(dense) => (0..layer.outputs)
                .map(|o| {
                    let weights = &own[o * layer.inputs..][..layer.inputs];
                    let sum: f64 = weights.iter().zip(&x).map(|(w, x)| w * x).sum();
                    activate(dense.activation, sum + own[layer.outputs * layer.inputs + o])
                })
                .collect(),
            Kind::Softmax(_) => {
                let sum: f64 = x.iter().map(|x| x.exp()).sum();
                x.iter().map(|x| x.exp() / sum).collect()
            }
            Kind::Standardize(_) => (0..x.len()).map(|i| (x[i] - own[i]) * own[x.len() + i]).collect(),
            Kind::Rescale(rescale) => x.iter().map(|x| x * f64::from(rescale.factor)).collect(),
            other => panic!("the mirror has no {other:?}"),
        };
    }
    x
}

fn mirror_loss(loss: Loss, y: &[f64], target: Target<'_>) -> f64 {
    let t = |at: usize| match target {
        Target::Class(class) => f64::from(loss.class_value(class, at, y.len())),
        Target::Values(values) => f64::from(values[at]),
    };
    let mean =
        |f: &dyn Fn(f64, f64) -> f64| y.iter().enumerate().map(|(at, y)| f(*y, t(at))).sum::<f64>() / y.len() as f64;
    let sigmoid = |y: f64| 1.0 / (1.0 + (-y).exp());
    match loss {
        Loss::SquaredError => mean(&|y, t| (y - t).powi(2)),
        Loss::AbsoluteError => mean(&|y, t| (y - t).abs()),
        Loss::Huber { delta } => mean(&|y, t| {
            let (size, delta) = ((y - t).abs(), f64::from(delta));
            if size <= delta { 0.5 * size * size } else { delta * size - 0.5 * delta * delta }
        }),
        Loss::BinaryCrossEntropy => mean(&|y, t| -t * sigmoid(y).ln() - (1.0 - t) * (1.0 - sigmoid(y)).ln()),
        Loss::Hinge => mean(&|y, t| (1.0 - t * y).max(0.0)),
        Loss::Perceptron => mean(&|y, t| (-t * y).max(0.0)),
        Loss::SoftmaxCrossEntropy => {
            let sum: f64 = y.iter().map(|y| y.exp()).sum();
            y.iter().enumerate().map(|(at, y)| -t(at) * (y.exp() / sum).ln()).sum()
        }
    }
}

fn mirror_mean_loss(network: &Network, values: &[f64], case: &Case) -> f64 {
    let rows = case.inputs.nrows();
    let one = |row: usize| {
        let input: Vec<f64> = case.inputs.row(row).iter().map(|x| f64::from(*x)).collect();
        mirror_loss(case.loss, &mirror(network, values, &input), case.targets().row(row, network.outputs()))
    };
    (0..rows).map(one).sum::<f64>() / rows as f64
}

struct Case {
    spec: Spec,
    loss: Loss,
    inputs: Array2<f32>,
    classes: Vec<u32>,
    values: Vec<f32>,
}

impl Case {
    /// Seven rows of four inputs, with targets for `outputs` outputs: classes, or with `by_value` numbers.
    fn new(layers: Vec<Spec>, loss: Loss, by_value: bool) -> Self {
        let spec = Spec::Chain(layers);
        let outputs = spec.outputs();
        let mut random = Random::new(11, Purpose::Shuffle, 0, 0);
        let inputs = Array2::from_shape_simple_fn((7, 4), || random.uniform(1.0));
        let classes: Vec<u32> = (0..7).map(|row| row % outputs.max(2) as u32).collect();
        let distribution = |row: usize| {
            let parts: Vec<f32> = (0..outputs).map(|_| 0.1 + random.unit()).collect();
            let (sum, margin) = (parts.iter().sum::<f32>(), matches!(loss, Loss::Hinge | Loss::Perceptron));
            parts.into_iter().enumerate().map(move |(at, part)| match margin {
                true => {
                    if (row + at).is_multiple_of(2) {
                        1.0
                    } else {
                        -1.0
                    }
                }
                false => part / sum,
            })
        };
        let values = if by_value { (0..7).flat_map(distribution).collect() } else { Vec::new() };
        Self { spec, loss, inputs, classes, values }
    }

    fn targets(&self) -> TargetRows<'_> {
        if self.values.is_empty() { TargetRows::Classes(&self.classes) } else { TargetRows::Values(&self.values) }
    }

    fn network(&self) -> Network {
        let mut network = Network::new(self.spec.clone()).expect("the layers fit");
        network.init(Init::GlorotUniform, 3);
        let mut random = Random::new(4, Purpose::Init, 99, 0);
        for layer in network.layers.clone() {
            let own = &mut network.values[layer.values];
            match layer.kind {
                Kind::Dense(_) => own[layer.outputs * layer.inputs..].fill_with(|| random.uniform(0.5)),
                _ => own.fill_with(|| 0.75 + random.uniform(0.25)),
            }
        }
        network
    }
}

/// A bound on the relative rounding error of what passes through all layers, forward and back.
///
/// A sum of n products has a relative error of at most n u on the sum of their sizes (Higham, "Accuracy and stability of
/// numerical algorithms", 2002, section 3.1), an activation or a loss a few u more, here 16 for functions of a few
/// operations and a library's exponential. Every layer multiplies what came before by at most its largest row or column
/// sum of weights, forward and again back; slopes are at most 1.1 (that of SiLU).
fn rounding(network: &Network) -> f64 {
    let unit = f64::from(f32::EPSILON) / 2.0;
    let (mut steps, mut growth) = (16.0 + 7.0, 1.0);
    for (at, layer) in network.layers().iter().enumerate() {
        steps += 2.0 * (layer.inputs + layer.outputs + 16) as f64;
        if let Some((weights, _)) = network.dense(at, network.values()) {
            let rows = weights.rows().into_iter().map(|row| row.iter().map(|w| w.abs()).sum::<f32>());
            let columns = weights.columns().into_iter().map(|column| column.iter().map(|w| w.abs()).sum::<f32>());
            growth *= 1.1 * f64::from(rows.chain(columns).fold(1.0, f32::max));
        }
    }
    unit * steps * growth
}

/// Compares outputs, loss and every gradient with the mirror's; returns the largest gradient.
fn check(case: &Case) -> f64 {
    let network = case.network();
    let found = network.gradients(case.inputs.view(), case.targets(), case.loss).expect("the shapes fit");
    assert_eq!(found.outputs, network.forward(case.inputs.view()).expect("the shapes fit"));
    let bound = rounding(&network);
    let mut values: Vec<f64> = network.values().iter().map(|value| f64::from(*value)).collect();
    for (input, output) in case.inputs.rows().into_iter().zip(found.outputs.rows()) {
        let input: Vec<f64> = input.iter().map(|x| f64::from(*x)).collect();
        for (y, expected) in output.iter().zip(mirror(&network, &values, &input)) {
            let error = (f64::from(*y) - expected).abs();
            assert!(error <= bound * expected.abs().max(1.0), "{:?}: {y} is not {expected}", case.spec);
        }
    }
    let expected = mirror_mean_loss(&network, &values, case);
    assert!((f64::from(found.loss) - expected).abs() <= bound * expected.max(1.0), "{} is not {expected}", found.loss);

    // Central differences: the error of the formula is h^2/6 times the third derivative, and rounding adds 1e-16/h;
    // with h = 1e-5 both are near 1e-11, and 1e-9 leaves room for third derivatives and losses up to 50.
    const H: f64 = 1e-5;
    let mut largest = 0.0_f64;
    for layer in network.layers() {
        for at in layer.values.clone() {
            let found = f64::from(found.values[at]);
            if !matches!(layer.kind, Kind::Dense(_)) {
                assert_eq!(found, 0.0, "constants have no gradient");
                continue;
            }
            let value = values[at];
            let mut loss_at = |shifted: f64| {
                values[at] = shifted;
                mirror_mean_loss(&network, &values, case)
            };
            let expected = (loss_at(value + H) - loss_at(value - H)) / (2.0 * H);
            values[at] = value;
            largest = largest.max(expected.abs());
            let error = (found - expected).abs();
            let name = format!("{:?}, {:?}, value {at}", case.spec, case.loss);
            assert!(error <= bound * expected.abs().max(1.0) + 1e-9, "{name}: {found} is not {expected}");
        }
    }
    largest
}

fn dense(inputs: u32, outputs: u32, activation: ActivationSpec) -> Spec {
    Spec::Dense { inputs, outputs, activation }
}

#[test]
fn every_activation() {
    for activation in ActivationSpec::ALL {
        let layers = vec![dense(4, 5, activation), dense(5, 3, activation), dense(3, 3, ActivationSpec::Identity)];
        let largest = check(&Case::new(layers, Loss::SquaredError, true));
        assert!(largest > 1e-3, "{activation:?}: a gradient of {largest} shows nothing");
    }
}

#[test]
fn activations_far_from_zero() {
    for activation in ActivationSpec::ALL {
        let layers = vec![Spec::rescale(4, 8.0), dense(4, 5, activation), dense(5, 3, ActivationSpec::Identity)];
        check(&Case::new(layers, Loss::SquaredError, true));
    }
}

#[test]
fn every_loss_by_class_and_by_value() {
    for loss in Loss::ALL {
        for by_value in [false, true] {
            let layers = |outputs| vec![dense(4, 6, ActivationSpec::Tanh), dense(6, outputs, ActivationSpec::Identity)];
            let largest = check(&Case::new(layers(3), loss, by_value));
            assert!(largest > 1e-2, "{loss:?}: a gradient of {largest} shows nothing");
            if loss != Loss::SoftmaxCrossEntropy {
                check(&Case::new(layers(1), loss, by_value));
            }
        }
    }
}

#[test]
fn every_kind_of_layer_anywhere() {
    let layers = vec![
        Spec::Standardize { len: 4 },
        dense(4, 5, ActivationSpec::Tanh),
        Spec::Standardize { len: 5 },
        Spec::Chain(vec![dense(5, 1, ActivationSpec::Silu), dense(1, 4, ActivationSpec::Softplus)]),
        Spec::rescale(4, -0.5),
        dense(4, 3, ActivationSpec::Identity),
        Spec::Softmax { len: 3, fast: false },
    ];
    let largest = check(&Case::new(layers, Loss::SquaredError, false));
    assert!(largest > 1e-3, "a gradient of {largest} shows nothing");
}

#[test]
fn a_batch_of_many_shards_is_computed_as_its_rows_are() {
    let spec = Spec::Chain(vec![dense(3, 700, ActivationSpec::Relu), dense(700, 40, ActivationSpec::Identity)]);
    let mut network = Network::new(spec).expect("the layers fit");
    network.init(Init::Pytorch, 1);
    assert_eq!(network.shard_rows(), 16);
    let mut random = Random::new(2, Purpose::Shuffle, 0, 0);
    let inputs = Array2::from_shape_simple_fn((80, 3), || random.uniform(1.0));
    let whole = network.forward(inputs.view()).expect("the shapes fit");
    for row in 0..80 {
        // The same kernel sums in the same order, whatever rows stand beside.
        let alone = network.forward(inputs.slice(ndarray::s![row..row + 1, ..])).expect("the shapes fit");
        assert_eq!(alone.row(0), whole.row(row));
    }
}

#[test]
fn shards_depend_on_the_architecture_alone() {
    let rows = |inputs, outputs| {
        Network::new(dense(inputs, outputs, ActivationSpec::Relu)).map(|network| network.shard_rows())
    };
    assert_eq!(rows(64, 37), Ok(112));
    assert_eq!(rows(100, 100), Ok(32));
    assert_eq!(rows(300, 300), Ok(32));
    assert_eq!(rows(1000, 1000), Ok(64));
    assert_eq!(rows(1, 1), Ok(256));
}

#[test]
fn values_and_shapes_that_do_not_fit() {
    let mut network = Network::new(dense(4, 3, ActivationSpec::Relu)).expect("the layer fits");
    assert_eq!(
        network.set_values(&[0.0; 14]).map_err(|error| error.to_string()),
        Err("the network takes 15 values, but there are 14".to_owned())
    );
    let inputs = Array2::zeros((2, 5));
    assert!(network.forward(inputs.view()).is_err());
    let inputs = Array2::zeros((2, 4));
    let gradients = |targets| network.gradients(inputs.view(), targets, Loss::SquaredError).is_ok();
    assert!(gradients(TargetRows::Values(&[0.0; 6])));
    assert!(!gradients(TargetRows::Values(&[0.0; 5])));
    assert!(!gradients(TargetRows::Classes(&[0])));
    let none = Array2::zeros((0, 4));
    assert!(network.gradients(none.view(), TargetRows::Classes(&[]), Loss::SquaredError).is_err());
    let custom = Spec::Custom { name: "mix".to_owned(), inputs: 1, outputs: 1, params: 0, constants: 0, macs: 0 };
    assert_eq!(Network::new(custom), Err(SpecError::Custom { layer: 0, name: "mix".to_owned() }));
}

#[test]
fn dropout_keeps_the_mean_and_stops_the_gradient() {
    const RATE: f32 = 0.25;
    const WIDTH: u32 = 4000;
    let spec = Spec::Chain(vec![dense(1, WIDTH, ActivationSpec::Sigmoid), dense(WIDTH, 1, ActivationSpec::Identity)]);
    let mut network = Network::new(spec).expect("the layers fit");
    network.values_mut().fill(1.0);
    let mut tape = Tape::new(&network, 0, 1, &[RATE, 0.0]);
    tape.fill_rows([&[0.5_f32][..]].into_iter());
    tape.train(&network, Some(&mut Random::new(1, Purpose::Dropout, 0, 0)));
    let trained = f64::from(tape.output()[[0, 0]]);
    let hidden = 1.0 / (1.0 + (-1.5_f64).exp());
    let mean = 1.0 + f64::from(WIDTH) * hidden;
    // Each kept value is hidden/(1 - p), so that the sum has the variance n hidden^2 p/(1 - p); 5 deviations.
    let deviation = hidden * (f64::from(WIDTH) * f64::from(RATE) / f64::from(1.0 - RATE)).sqrt();
    assert!((trained - mean).abs() < 5.0 * deviation && trained != mean, "{trained} is not near {mean}");

    let mut gradient = Gradient::new(&network, 0, 1);
    gradient.begin(&tape, &Loss::SquaredError.into(), 1.0, |_| Target::Values(&[0.0]));
    gradient.backward(&network, &mut tape);
    let (of_inputs, _) = network.dense(0, gradient.values()).expect("a dense layer");
    let (of_outputs, _) = network.dense(1, gradient.values()).expect("a dense layer");
    let dropped = of_inputs.iter().filter(|value| **value == 0.0).count();
    let share = dropped as f64 / f64::from(WIDTH);
    assert!((share - f64::from(RATE)).abs() < 5.0 * (0.25 * 0.75 / f64::from(WIDTH)).sqrt(), "{share} were dropped");
    assert!(of_inputs.iter().zip(of_outputs).all(|(before, after)| (*before == 0.0) == (*after == 0.0)));

    // Inference drops nothing.
    tape.infer(&network);
    assert!((f64::from(tape.output()[[0, 0]]) - mean).abs() < 1.0);
}
