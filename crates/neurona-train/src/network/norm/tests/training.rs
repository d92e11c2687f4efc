//! Whole training runs of normalised networks.

use std::ops::ControlFlow;

use neurona::prelude::{Dense, Inference, Network as _, Silu, Tanh, Zero};

use super::*;
use crate::{
    Dataset, Optimizer, Progress, TargetScaling, Targets, TrainError, Trained, Training, model_file::Metadata, train,
};

neurona::network! {
    #[allow(missing_docs)]
    struct Small: [f32; 3] => [f32; 2] {
        first: Dense<3, 4, Tanh>,
        second: Dense<4, 3, Silu>,
        output: Dense<3, 2>,
    }
}

fn run(network: &Network, data: &Dataset, validation: Option<&Dataset>, settings: &Training) -> Trained {
    train(network.clone(), data, validation, settings, &mut |_| ControlFlow::Continue(())).expect("the data fit")
}

fn small() -> Network {
    let mut network = Network::from_arch(&Small::ARCH).expect("the architecture is right");
    network.init(Init::Pytorch, 1);
    network.normalize(&[0, 1]).expect("the layers are dense");
    network
}

/// Rows of random inputs; the class says whether their first two have the same sign.
fn same_sign(rows: usize, inputs: usize, stream: u64) -> Dataset {
    let inputs = Array2::from_shape_vec((rows, inputs), numbers(rows * inputs, stream, 0.5, 1.5)).expect("as many");
    let classes = inputs.rows().into_iter().map(|row| u32::from(row[0] * row[1] > 0.0)).collect();
    Dataset::new(inputs, Targets::classes(&["other", "same"], classes)).expect("the parts fit")
}

fn sines(count: usize, start: f64, scale: f64, middle: f64) -> Vec<f32> {
    (0..count).map(|at| ((start + 1.7 * at as f64).sin() * scale + middle) as f32).collect()
}

/// The network and the data of `tests/scripts/batch_norm.py`, which printed `pytorch.csv`.
fn of_the_script() -> (Network, Dataset) {
    let mut network = small();
    for (start, layer) in [0.0, 1.0, 2.0].into_iter().zip(network.layers.clone()) {
        let (inputs, outputs) = (layer.inputs, layer.outputs);
        let own = [sines(inputs * outputs, start, 0.9, 0.0), sines(outputs, start + 0.5, 0.3, 0.0)].concat();
        network.values[layer.values].copy_from_slice(&own);
        if let Some(norm) = layer.norm {
            let learned = [sines(outputs, start + 0.25, 0.5, 1.0), sines(outputs, start + 0.75, 0.5, 0.0)].concat();
            network.values[norm][..2 * outputs].copy_from_slice(&learned);
        }
    }
    let matrix = |columns, values| Array2::from_shape_vec((8, columns), values).expect("as many numbers");
    let inputs = matrix(3, sines(24, 0.1, 1.5, 0.0));
    let data = Dataset::new(inputs, Targets::values(matrix(2, sines(16, 0.7, 1.0, 0.0)))).expect("the parts fit");
    (network, data)
}

#[test]
fn steps_are_those_of_pytorch() {
    let (network, data) = of_the_script();
    let mut lines = 0;
    for line in include_str!("../pytorch.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let (epochs, rounding) = (cells[1].parse().expect("a number"), cells[2].parse::<f64>().expect("a number"));
        let expected: Vec<f64> = cells[3..].iter().map(|cell| cell.parse().expect("a number")).collect();
        let settings = Training {
            optimizer: Optimizer::SGD,
            rate: 0.1,
            epochs,
            batch: 8,
            target_scaling: TargetScaling::None,
            ..Training::new(Loss::SquaredError)
        };
        let trained = run(&network, &data, None, &settings).network;
        let found = match cells[0] {
            "values" => trained.values().to_vec(),
            _ => trained.forward(data.inputs().view()).expect("the shapes fit").into_iter().collect(),
        };
        assert_eq!(found.len(), expected.len());
        // What PyTorch itself is off by in f32 shows how rounding grows from step to step. The trainer rounds in the same
        // places, but sums the rows in another order: 4 times as much is room for that, and an ulp of the values, which
        // are below 4, for what is rounded last.
        let bound = 4.0 * rounding + 4.0 * UNIT;
        for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
            let error = (f64::from(*found) - expected).abs();
            assert!(error <= bound, "{} {epochs}, {at}: {found} is not {expected}, off by {error:e}", cells[0]);
        }
        lines += 1;
    }
    assert_eq!(lines, 6);
}

/// A network that without normalisation takes shards of 32 rows.
fn wide_layers() -> Network {
    use ActivationSpec::{Identity, Relu, Silu};
    let mut network = Network::new(Spec::Chain(vec![
        Spec::rescale(40, 0.5),
        dense(40, 300, Silu),
        dense(300, 70, Relu),
        dense(70, 2, Identity),
    ]))
    .expect("the layers fit");
    network.init(Init::Pytorch, 1);
    network.normalize(&[1, 2]).expect("the layers are dense");
    assert_eq!(network.shard_rows(), 32);
    network
}

#[test]
fn a_step_shares_the_statistics_of_the_whole_mini_batch() {
    let (network, data) = (wide_layers(), same_sign(110, 40, 1));
    let settings =
        Training { optimizer: Optimizer::SGD, epochs: 1, batch: 110, ..Training::new(Loss::SoftmaxCrossEntropy) };
    let trained = run(&network, &data, None, &settings).network;
    // In the order of the first epoch, so that every sum is the same to the last bit.
    let mut order: Vec<usize> = (0..110).collect();
    Random::new(settings.seed, Purpose::Shuffle, 1, 0).shuffle(&mut order);
    let TargetRows::Classes(classes) = data.target_rows() else { panic!("the targets are classes") };
    let classes: Vec<u32> = order.iter().map(|row| classes[*row]).collect();
    let inputs = data.inputs().select(Axis(0), &order);
    let gradients = network.gradients(inputs.view(), TargetRows::Classes(&classes), settings.loss);
    let gradients = gradients.expect("the shapes fit");
    for at in network.learned().into_iter().flatten() {
        assert_eq!(trained.values()[at], network.values()[at] - settings.rate * gradients.values[at], "value {at}");
    }
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let network = wide_layers();
    let (training, validation) = (same_sign(270, 40, 1), same_sign(90, 40, 2));
    let run = |threads| {
        let dropout = vec![0.1, 0.2];
        let settings = Training { epochs: 3, batch: 110, dropout, threads, ..Training::new(Loss::SoftmaxCrossEntropy) };
        run(&network, &training, Some(&validation), &settings)
    };
    let one = run(1);
    assert_ne!(one.network, network);
    for threads in [2, 3] {
        assert_eq!(run(threads), one, "{threads} threads");
    }
}

#[test]
fn the_best_epoch_has_its_running_statistics() {
    let (data, validation) = (same_sign(100, 3, 1), same_sign(40, 3, 2));
    let settings = Training { epochs: 60, rate: 0.1, ..Training::new(Loss::SoftmaxCrossEntropy) };
    let best = run(&small(), &data, Some(&validation), &settings);
    assert!(best.kept < 60, "the last epoch is not the best, or this shows nothing");
    let score = best.network.evaluate(&validation, settings.loss).expect("the data fit");
    assert_eq!(Some(score), best.epochs[best.kept as usize - 1].validation);
    // The steps of an epoch do not depend on how many follow.
    let until = Training { epochs: best.kept, ..settings };
    assert_eq!(run(&small(), &data, None, &until).network, best.network);
}

#[test]
fn what_is_exported_is_folded() {
    let (network, data) = of_the_script();
    let settings = Training { epochs: 20, batch: 4, ..Training::new(Loss::SquaredError) };
    let trained = run(&network, &data, None, &settings);
    let folded = trained.network.folded();
    let input = data.input(3).expect("there are eight rows");
    let file = trained.model_file(Metadata::default(), input).expect("the input fits");
    assert_eq!(file.values(), folded.values());
    assert_eq!(&file.network().expect("a whole file"), folded.as_ref());

    let device = trained.export::<Small>().expect("the same architecture");
    let mut memory = Inference::<Small>::ZERO;
    let found = device.infer(input.try_into().expect("three inputs"), &mut memory);
    let expected = trained.network.forward(data.inputs().view()).expect("the shapes fit");
    let plain = network.folded().forward(data.inputs().view()).expect("the shapes fit");
    let growth = |at: usize| {
        let (weights, bias) = folded.dense(at, folded.values()).expect("a dense layer");
        let sum =
            |(row, bias): (ndarray::ArrayView1<'_, f32>, &f32)| row.iter().map(|w| w.abs()).sum::<f32>() + bias.abs();
        1.1 * f64::from(weights.rows().into_iter().zip(bias).map(sum).fold(1.0, f32::max))
    };
    // Each of two orders has at most 8 + 16 roundings in a layer, on sums of at most four products of inputs up to 1.5 or
    // values that the layers make of them; an error grows by the row sums of the weights and by slopes of at most 1.1.
    let bound = UNIT * 2.0 * 3.0 * 24.0 * 1.5 * (0..3).map(growth).product::<f64>();
    for (at, y) in found.iter().enumerate() {
        assert!(f64::from(y - expected[[3, at]]).abs() <= bound, "{y} is not {}", expected[[3, at]]);
        assert!(f64::from(y - plain[[3, at]]).abs() > 10.0 * bound, "training changes more than rounding does");
    }
}

#[test]
fn one_example_makes_no_step() {
    let count = |rows: usize| {
        let (mut steps, settings) = (0, Training { epochs: 3, batch: 4, ..Training::new(Loss::SoftmaxCrossEntropy) });
        let observer = &mut |progress| {
            if let Progress::Batch { batch, batches, .. } = progress {
                assert!(batch <= batches);
                steps += 1;
            }
            ControlFlow::Continue(())
        };
        let trained = train(small(), &same_sign(rows, 3, 1), None, &settings, observer).expect("the data fit");
        (steps, trained.epochs[0].training.accuracy.expect("there are classes"))
    };
    // The ninth example sits out: a share of eight.
    let (steps, accuracy) = count(9);
    assert_eq!((steps, (accuracy * 8.0).fract()), (3 * 2, 0.0));
    assert_eq!(count(10).0, 3 * 3);

    let message = |rows, batch| {
        let settings = Training { batch, ..Training::new(Loss::SoftmaxCrossEntropy) };
        let result = train(small(), &same_sign(rows, 3, 1), None, &settings, &mut |_| ControlFlow::Continue(()));
        result.map_err(|error: TrainError| error.to_string())
    };
    let expected = "batch: expected at least 2 examples in a step, for batch normalisation, found 1";
    assert_eq!(message(9, 1), Err(expected.to_owned()));
    assert_eq!(message(1, 32), Err(expected.to_owned()));
}
