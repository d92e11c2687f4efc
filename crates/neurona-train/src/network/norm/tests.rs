//! Normalisation against slow mirrors in `f64`, whose gradients are central differences, and against PyTorch.

use ndarray::{Array2, Axis};
use neurona::arch::ActivationSpec;

use super::{
    super::{Gradient, Gradients, tests::activate},
    *,
};
use crate::{
    Init, Loss, Spec, TargetRows,
    layer::{Dense, Kind},
    random::{Purpose, Random},
};

mod training;

/// Half an ulp of 1: the largest relative error of one rounding.
const UNIT: f64 = f32::EPSILON as f64 / 2.0;

/// The step of central differences: their error is H^2/6 times the third derivative, here 1e-9 for one of 60, and what
/// rounding in `f64` adds is far less.
const H: f64 = 1e-5;
const DIFFERENCE: f64 = 1e-9;

fn dense(inputs: u32, outputs: u32, activation: ActivationSpec) -> Spec {
    Spec::Dense { inputs, outputs, activation }
}

fn numbers(count: usize, stream: u64, middle: f32, limit: f32) -> Vec<f32> {
    let mut random = Random::new(5, Purpose::Init, 77, stream);
    (0..count).map(|_| middle + random.uniform(limit)).collect()
}

/// A network with values of every kind, normalised layers among them.
fn network(layers: Vec<Spec>, normalized: &[usize]) -> Network {
    let mut network = Network::new(Spec::Chain(layers)).expect("the layers fit");
    network.init(Init::GlorotUniform, 3);
    network.normalize(normalized).expect("the layers are dense");
    for (stream, layer) in (0..).zip(network.layers.clone()) {
        let bias = layer.values.end - layer.outputs..layer.values.end;
        network.values[bias].copy_from_slice(&numbers(layer.outputs, stream, 0.0, 0.5));
        let Some(norm) = layer.norm else { continue };
        // Small factors, so that rounding errors do not grow on their way through the layers.
        for (part, middle) in network.values[norm].chunks_exact_mut(layer.outputs).zip([0.25, 0.0, 0.0, 0.5]) {
            part.copy_from_slice(&numbers(layer.outputs, 100 + stream, middle, 0.1));
        }
    }
    network
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

/// What one normalised output makes of its sums; in training by their own statistics, else by those given.
fn normalize(z: &[f64], gamma: f64, beta: f64, running: Option<(f64, f64)>) -> Vec<f64> {
    let (middle, variance) = running.unwrap_or_else(|| {
        let middle = mean(z.iter().copied());
        (middle, mean(z.iter().map(|z| (z - middle).powi(2))))
    });
    z.iter().map(|z| gamma * (z - middle) / (variance + 1e-5).sqrt() + beta).collect()
}

/// A network of dense layers, with a mini-batch.
struct Case {
    network: Network,
    inputs: Array2<f32>,
    targets: Vec<f32>,
    /// What the outputs of the first layer are multiplied by in training, row by row: 0 where they are dropped.
    factors: Vec<f64>,
}

impl Case {
    fn new(layers: Vec<Spec>, normalized: &[usize]) -> Self {
        const ROWS: usize = 7;
        let network = network(layers, normalized);
        let inputs = numbers(ROWS * network.inputs(), 1, 0.0, 1.0);
        let inputs = Array2::from_shape_vec((ROWS, network.inputs()), inputs).expect("as many numbers");
        let targets = numbers(ROWS * network.outputs(), 2, 0.0, 1.0);
        Self { inputs, targets, factors: vec![1.0; ROWS * network.layers[0].outputs], network }
    }

    /// The outputs, a column for each.
    fn mirror(&self, values: &[f64], training: bool) -> Vec<Vec<f64>> {
        let mut columns: Vec<Vec<f64>> = self.inputs.columns().into_iter().map(|x| wide(&x.to_vec())).collect();
        for (at, layer) in self.network.layers().iter().enumerate() {
            let Kind::Dense(Dense { activation, .. }) = layer.kind else { panic!("no mirror of {:?}", layer.kind) };
            let (weights, bias) = values[layer.values.clone()].split_at(layer.outputs * layer.inputs);
            let output = |o: usize| {
                let weights = &weights[o * layer.inputs..][..layer.inputs];
                let sum = |row: usize| weights.iter().zip(&columns).map(|(w, x)| w * x[row]).sum::<f64>() + bias[o];
                let mut z: Vec<f64> = (0..self.inputs.nrows()).map(sum).collect();
                if let Some(norm) = &layer.norm {
                    let part = |part: usize| values[norm.start + part * layer.outputs + o];
                    z = normalize(&z, part(0), part(1), (!training).then(|| (part(2), part(3))));
                }
                let factor = |row| if at == 0 && training { self.factors[row * layer.outputs + o] } else { 1.0 };
                z.into_iter().enumerate().map(|(row, z)| activate(activation, z) * factor(row)).collect()
            };
            columns = (0..layer.outputs).map(output).collect();
        }
        columns
    }

    fn loss(&self, values: &[f64]) -> f64 {
        let columns = self.mirror(values, true);
        let (outputs, count) = (columns.len(), self.targets.len());
        mean((0..count).map(|at| (columns[at % outputs][at / outputs] - f64::from(self.targets[at])).powi(2)))
    }

    /// How much larger an error can become on its way through all layers, forward and back.
    ///
    /// A dense layer multiplies it by the largest row sum (forward) or column sum (back) of its weights, an activation by
    /// its slope, at most 1.1, dropout by its factor. Normalisation divides by the deviation s and multiplies by gamma;
    /// as mean and deviation follow the sums, `dz = gamma / s (dy - mean(dy) - n mean(dy n))` is at most
    /// `(2 + max |n|) gamma / s` times as large, where n are the normalised sums, and forward likewise.
    fn growth(&self) -> (f64, f64) {
        let network = &self.network;
        let mut tape = Tape::new(network, 0, self.inputs.nrows(), &[]);
        tape.fill(self.inputs.view());
        tape.train(network, None);
        let dropout = self.factors.iter().copied().fold(1.0, f64::max);
        let (mut forward, mut back) = (dropout, dropout);
        for at in network.learning_layers() {
            let (weights, _) = network.dense(at, network.values()).expect("a dense layer");
            let mut sizes = weights.mapv(|w| 1.1 * f64::from(w.abs()));
            if let Some((_, batch, _)) = tape.statistics().find(|(place, ..)| *place == at) {
                let norm = network.normalization(at, network.values()).expect("a normalised layer");
                let largest = batch.normalized.iter().fold(0.0, |largest: f32, n| largest.max(n.abs()));
                for ((mut row, gamma), inverse) in sizes.rows_mut().into_iter().zip(norm.gamma).zip(&batch.inverse) {
                    row *= f64::from(gamma * inverse * (2.0 + largest));
                }
            }
            forward *= sizes.sum_axis(Axis(1)).into_iter().fold(1.0, f64::max);
            back *= sizes.sum_axis(Axis(0)).into_iter().fold(1.0, f64::max);
        }
        (forward, back)
    }

    /// Compares outputs, loss and every gradient with the mirror's; returns how many bounds the largest gradient of gamma
    /// and beta is.
    fn check(&self, found: &Gradients) -> f64 {
        let (network, name) = (&self.network, format!("{:?}", self.network.spec()));
        // A sum of n products has a relative error of n u, and what is not a sum has at most 16 operations more in a
        // layer; forward and back, each error grows as `growth` says, that of a gradient by both.
        let steps = |layer: &Layer| 2 * (layer.inputs + layer.outputs + self.inputs.nrows() + 16);
        let (grown, grown_back) = self.growth();
        let forward = UNIT * network.layers().iter().map(steps).sum::<usize>() as f64 * grown;
        let back = forward * grown_back;

        let mut values = wide(network.values());
        for (outputs, expected) in found.outputs.columns().into_iter().zip(self.mirror(&values, true)) {
            near(outputs, &expected, forward);
        }
        let inference = network.forward(self.inputs.view()).expect("the shapes fit");
        for (outputs, expected) in inference.columns().into_iter().zip(self.mirror(&values, false)) {
            near(outputs, &expected, forward);
        }
        let expected = self.loss(&values);
        let error = (f64::from(found.loss) - expected).abs();
        assert!(error <= forward * expected.max(1.0), "{name}: {} is not {expected}", found.loss);

        let learned = network.learned();
        for at in 0..values.len() {
            let (value, found) = (values[at], f64::from(found.values[at]));
            let mut loss_at = |shifted: f64| {
                values[at] = shifted;
                self.loss(&values)
            };
            let expected = (loss_at(value + H) - loss_at(value - H)) / (2.0 * H);
            values[at] = value;
            if learned.iter().any(|range| range.contains(&at)) {
                let error = (found - expected).abs();
                let bound = back * expected.abs().max(1.0) + DIFFERENCE;
                assert!(error <= bound, "{name}, value {at}: {found} is not {expected}");
            } else {
                // Biases before a mean that takes them away, and running statistics.
                assert!(found == 0.0 && expected.abs() <= DIFFERENCE, "{name}, value {at}: {found}, {expected}");
            }
        }
        let of_norm = network.layers().iter().filter_map(Layer::gamma_and_beta).flatten();
        of_norm.map(|at| f64::from(found.values[at].abs())).fold(0.0, f64::max) / back
    }

    fn gradients(&self) -> Gradients {
        let targets = TargetRows::Values(&self.targets);
        self.network.gradients(self.inputs.view(), targets, Loss::SquaredError).expect("the shapes fit")
    }
}

fn near(found: ndarray::ArrayView1<'_, f32>, expected: &[f64], bound: f64) {
    for (y, expected) in found.iter().zip(expected) {
        assert!((f64::from(*y) - expected).abs() <= bound * expected.abs().max(1.0), "{y} is not {expected}");
    }
}

#[test]
fn every_activation() {
    for activation in ActivationSpec::ALL {
        let case = Case::new(vec![dense(3, 4, activation), dense(4, 2, ActivationSpec::Identity)], &[0]);
        let bounds = case.check(&case.gradients());
        assert!(
            bounds > 10.0 || activation == ActivationSpec::Step,
            "{activation:?}: a gradient of {bounds} bounds shows nothing"
        );
    }
}

#[test]
fn one_normalised_layer_after_another() {
    use ActivationSpec::{Identity, Tanh};
    for normalized in [&[0, 1][..], &[1], &[1, 2], &[0, 2]] {
        let case = Case::new(vec![dense(3, 3, Tanh), dense(3, 2, Tanh), dense(2, 2, Identity)], normalized);
        let bounds = case.check(&case.gradients());
        assert!(bounds > 10.0, "{normalized:?}: a gradient of {bounds} bounds shows nothing");
    }
}

#[test]
fn what_is_dropped_behind_a_normalised_layer() {
    let mut case = Case::new(vec![dense(3, 4, ActivationSpec::Tanh), dense(4, 2, ActivationSpec::Identity)], &[0]);
    let stream = || Random::new(1, Purpose::Dropout, 0, 0);
    let mut random = stream();
    case.factors.fill_with(|| if random.unit() < 0.25 { 0.0 } else { 1.0 / 0.75 });
    assert!(case.factors.contains(&0.0), "something is dropped");
    let mut tape = Tape::new(&case.network, 0, 7, &[0.25, 0.0]);
    tape.fill(case.inputs.view());
    tape.train(&case.network, Some(&mut stream()));
    let (mut gradient, targets) = (Gradient::new(&case.network, 0, 7), TargetRows::Values(&case.targets));
    let sums = gradient.begin(&tape, &Loss::SquaredError.into(), 1.0 / 7.0, |row| targets.row(row, 2));
    gradient.backward(&case.network, &mut tape);
    let (outputs, loss) = (tape.output().to_owned(), (sums.loss / 7.0) as f32);
    let bounds = case.check(&Gradients { outputs, loss, values: gradient.into_values() });
    assert!(bounds > 10.0, "a gradient of {bounds} bounds shows nothing");
}

#[test]
fn one_layer_to_the_last_digit() {
    const ROWS: usize = 6;
    const OUTPUTS: usize = 3;
    // The last has a mean that is a thousand deviations.
    for middle in [0.0, 1.0, 1000.0] {
        let z = numbers(ROWS * OUTPUTS, 3, middle, 1.7);
        let values = [numbers(OUTPUTS, 4, 1.0, 0.5), numbers(OUTPUTS, 5, 0.0, 0.5), vec![0.0; 2 * OUTPUTS]].concat();
        let layer = Normalization::new(&values);
        let mut batch = Batch::new(ROWS * OUTPUTS, OUTPUTS);
        let mut y = z.clone();
        batch.forward(layer, true, &mut y);
        let dy = numbers(ROWS * OUTPUTS, 6, 0.0, 1.0);
        let (mut dz, mut gradient) = (dy.clone(), vec![0.0; 4 * OUTPUTS]);
        batch.backward(layer, &mut gradient, &mut dz);

        for o in 0..OUTPUTS {
            let column = |values: &[f32]| wide(values).into_iter().skip(o).step_by(OUTPUTS).collect::<Vec<f64>>();
            let (column_z, dy) = (column(&z), column(&dy));
            let (gamma, beta) = (f64::from(layer.gamma[o]), f64::from(layer.beta[o]));
            let n = normalize(&column_z, 1.0, 0.0, None);
            // n is rounded three times, and y twice more.
            for ((y, expected), n) in column(&y).iter().zip(normalize(&column_z, gamma, beta, None)).zip(&n) {
                assert!((y - expected).abs() <= UNIT * (5.0 * (gamma * n).abs() + expected.abs()), "{y}, {expected}");
            }
            // A function with the gradient dy; its derivatives by each sum, by gamma and by beta.
            let f = |z: &[f64], gamma: f64, beta: f64| -> f64 {
                normalize(z, gamma, beta, None).iter().zip(&dy).map(|(y, dy)| y * dy).sum()
            };
            let slope = |f: &dyn Fn(f64) -> f64| (f(H) - f(-H)) / (2.0 * H);
            let by_gamma = slope(&|h| f(&column_z, gamma + h, beta));
            let by_beta = slope(&|h| f(&column_z, gamma, beta + h));
            // Sums of six terms, whose n is rounded three times.
            let sizes = mean(dy.iter().map(|dy| dy.abs()));
            let sizes_n = mean(dy.iter().zip(&n).map(|(dy, n)| (dy * n).abs()));
            let steps = UNIT * (ROWS as f64 + 4.0) * ROWS as f64;
            assert!((f64::from(gradient[o]) - by_gamma).abs() <= steps * sizes_n + DIFFERENCE);
            assert!((f64::from(gradient[OUTPUTS + o]) - by_beta).abs() <= steps * sizes + DIFFERENCE);
            let inverse = f64::from(batch.inverse[o]);
            for (row, found) in column(&dz).iter().enumerate() {
                let expected = slope(&|h| {
                    let mut z = column_z.clone();
                    z[row] += h;
                    f(&z, gamma, beta)
                });
                // Each of the three terms has the error of a sum of six and of at most 16 other operations.
                let terms = dy[row].abs() + sizes + n[row].abs() * sizes_n;
                let bound = UNIT * (ROWS as f64 + 16.0) * gamma * inverse * terms + DIFFERENCE;
                assert!((found - expected).abs() <= bound, "{middle}: {found} is not {expected}, more than {bound}");
            }
        }
        assert_eq!(gradient[2 * OUTPUTS..], [0.0; 2 * OUTPUTS]);
    }
}

#[test]
fn sums_that_are_all_the_same() {
    let values = [2.0, 0.5, 0.0, 1.0];
    let (mut batch, mut rows) = (Batch::new(4, 1), [0.3; 4]);
    batch.forward(Normalization::new(&values), true, &mut rows);
    // The mean of equal values, in `f64`, is the value.
    assert_eq!((rows, batch.variance[0]), ([0.5; 4], 0.0));
}

#[test]
fn the_running_statistics_are_taken_in() {
    let mut network = Network::new(dense(1, 1, ActivationSpec::Identity)).expect("the layer fits");
    network.values_mut().copy_from_slice(&[2.0, 1.0]);
    network.normalize(&[0]).expect("the layer is dense");
    let mut tape = Tape::new(&network, 0, 3, &[]);
    tape.fill(ndarray::array![[1.0], [2.0], [6.0]].view());
    tape.train(&network, None);
    network.track(&tape);
    // The sums 3, 5 and 13 have the mean 7, and the squares 16, 4 and 36 from it: 28 by two.
    assert_eq!(network.values()[4..], [0.7, 3.7]);
    // A row alone has no variance, and changes nothing.
    tape.fill(ndarray::array![[100.0]].view());
    tape.train(&network, None);
    network.track(&tape);
    assert_eq!(network.values()[4..], [0.7, 3.7]);
}

#[test]
fn a_folded_network_computes_what_inference_does() {
    let network = network(vec![dense(40, 30, ActivationSpec::Identity)], &[0]);
    let inputs = Array2::from_shape_vec((20, 40), numbers(800, 8, 0.0, 3.0)).expect("as many numbers");
    let folded = network.folded();
    assert!(!folded.is_normalized());
    let (found, expected) = (folded.forward(inputs.view()), network.forward(inputs.view()));
    let (found, expected) = (found.expect("the shapes fit"), expected.expect("the shapes fit"));
    let (weights, bias) = network.dense(0, network.values()).expect("a dense layer");
    let norm = network.normalization(0, network.values()).expect("a normalised layer");
    let mut differ = 0;
    for ((row, o), y) in found.indexed_iter() {
        let factor = f64::from(norm.gamma[o]) * inverse_deviation(f64::from(norm.variance[o]));
        let products = weights.row(o).iter().zip(inputs.row(row)).map(|(w, x)| f64::from(w * x).abs()).sum::<f64>();
        let sum = products + f64::from(bias[o].abs()) + f64::from(norm.mean[o].abs());
        // Both sum 41 terms, to an error of 41 u of their sizes; the folded weights and bias are rounded once, what is
        // normalised three times, and both add beta.
        let bound = UNIT * ((2.0 * 41.0 + 8.0) * factor * sum + 4.0 * f64::from(norm.beta[o].abs()));
        let expected = expected[[row, o]];
        assert!(f64::from(y - expected).abs() <= bound, "{y} is not {expected}");
        differ += usize::from(*y != expected);
    }
    assert!(differ > 0, "the two compute in another order, or this shows nothing");
}

#[test]
fn what_is_normalised_and_what_is_not() {
    let layers = || {
        let body = Spec::Chain(vec![dense(3, 5, ActivationSpec::Relu), dense(5, 2, ActivationSpec::Relu)]);
        vec![Spec::rescale(3, 0.5), body, dense(2, 3, ActivationSpec::Identity), Spec::Softmax { len: 3, fast: false }]
    };
    let mut network = Network::new(Spec::Chain(layers())).expect("the layers fit");
    network.init(Init::Pytorch, 1);
    let plain = network.clone();
    assert!(matches!(plain.folded(), Cow::Borrowed(_)));
    let message = |layers: &[usize]| plain.clone().normalize(layers).expect_err("not dense").to_string();
    assert_eq!(
        message(&[1, 0]),
        "layers[0] cannot be normalised: expected a layer with weights that is not recurrent, found rescale"
    );
    assert_eq!(
        message(&[4]),
        "layers[4] cannot be normalised: expected a layer with weights that is not recurrent, found softmax"
    );
    let recurrent = Network::from_arch(&<neurona::Gru<4, 3, 2> as neurona::Layer>::SPEC).expect("it is sound");
    let error = recurrent.clone().normalize(&[0]).expect_err("a recurrent layer");
    assert_eq!((error.layer, error.found), (0, "gru"));
    assert_eq!(
        message(&[5]),
        "layers[5] cannot be normalised: expected a layer with weights that is not recurrent, found none"
    );

    network.normalize(&[2]).expect("the layer is dense");
    network.values_mut()[41..].copy_from_slice(&[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]);
    network.normalize(&[1, 2]).expect("the layers are dense");
    let file = 3 * 5 + 5 + 5 * 2 + 2 + 2 * 3 + 3;
    assert_eq!((network.spec(), plain.values().len(), network.values().len()), (plain.spec(), file, file + 20 + 8));
    let first = network.normalization(1, network.values()).expect("a normalised layer");
    assert_eq!(
        (first.gamma, first.beta, first.mean, first.variance),
        (&[1.0; 5][..], &[0.0; 5][..], &[0.0; 5][..], &[1.0; 5][..])
    );
    let second = network.normalization(2, network.values()).expect("a normalised layer");
    assert_eq!((second.gamma, second.variance), (&[0.1, 0.2][..], &[0.7, 0.8][..]), "stays as it is");
    assert_eq!(network.normalization(3, network.values()), None);
    // Weights without the biases of the two, then gamma and beta.
    assert_eq!(network.learned(), [0..15, 20..30, 32..51, 61..65]);

    network.init(Init::Pytorch, 1);
    assert_eq!(network.values()[..file], *plain.values());
    assert_eq!(network.normalization(2, network.values()).expect("a normalised layer").gamma, [1.0; 2], "begins anew");

    let gradients = |rows| {
        let inputs = Array2::zeros((rows, 3));
        network.gradients(inputs.view(), TargetRows::Values(&vec![0.0; 3 * rows]), Loss::SquaredError)
    };
    assert!(gradients(2).is_ok());
    assert_eq!(
        gradients(1).map_err(|error| error.to_string()),
        Err("the network takes 2 rows or more (batch normalisation), but there are 1".to_owned())
    );
}
