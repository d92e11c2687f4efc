//! Augmentation in training: which numbers it draws, what it leaves alone, and what it is good for.

use std::{ops::ControlFlow, path::Path};

use ndarray::Array2;
use neurona::arch::ActivationSpec;
use neurona_train::{
    Augment, Dataset, Init, Loss, Network, Optimizer, Spec, Targets, Trained, Training,
    augment::{Image, Signal},
    data::{Column, CsvFormat, CsvTarget, read_csv},
    random::{Purpose, Random},
    train,
};

const SIDE: usize = 8;

fn digits() -> Dataset {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/digits.csv");
    let label = CsvTarget::Label(Column::Name("label".to_owned()));
    read_csv(&path, &CsvFormat::default(), &label, None).expect("the data are right")
}

fn network(data: &Dataset, seed: u64) -> Network {
    let dense = |inputs, outputs, activation| Spec::Dense { inputs, outputs, activation };
    let mut network = Network::new(Spec::Chain(vec![
        Spec::Standardize { len: 64 },
        dense(64, 32, ActivationSpec::Relu),
        dense(32, 10, ActivationSpec::Identity),
    ]))
    .expect("the layers fit");
    network.init(Init::Pytorch, seed);
    network.fit_scaling(data.inputs());
    network
}

fn run(network: Network, data: &Dataset, validation: Option<&Dataset>, settings: &Training) -> Trained {
    train(network, data, validation, settings, &mut |_| ControlFlow::Continue(())).expect("the data fit")
}

fn everything() -> Image {
    Image {
        noise: 0.5,
        shift: 1.0,
        rotation: 10.0,
        scale: 0.1,
        flip_horizontal: true,
        flip_vertical: true,
        ..Image::new(SIDE, SIDE, 1)
    }
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let digits = digits().select(&(0..300).collect::<Vec<_>>());
    let signal = Signal { jitter: 0.5, scale: 0.1, warp: 0.2, shift: 1.0, ..Signal::new(16, 4) };
    for augment in [Augment::Image(everything()), Augment::Signal(signal)] {
        // Batches of up to 130 rows are several shards, of which the last is not full.
        let settings = |threads| Training {
            epochs: 3,
            batch: 130,
            dropout: vec![0.1],
            augment: Some(augment),
            threads,
            ..Training::new(Loss::SoftmaxCrossEntropy)
        };
        let one = run(network(&digits, 1), &digits, None, &settings(1));
        for threads in [2, 3] {
            let other = run(network(&digits, 1), &digits, None, &settings(threads));
            assert_eq!(other, one, "{threads} threads");
        }
        let none = run(network(&digits, 1), &digits, None, &Training { augment: None, ..settings(1) });
        assert_ne!(none.network, one.network);
    }
}

#[test]
fn to_change_nothing_gives_the_bits_of_no_augmentation() {
    let digits = digits().select(&(0..300).collect::<Vec<_>>());
    let settings = Training { epochs: 3, dropout: vec![0.1], ..Training::new(Loss::SoftmaxCrossEntropy) };
    let none = run(network(&digits, 1), &digits, None, &settings);
    for augment in [Augment::Image(Image::new(SIDE, SIDE, 1)), Augment::Signal(Signal::new(SIDE, SIDE))] {
        let settings = Training { augment: Some(augment), ..settings.clone() };
        assert_eq!(run(network(&digits, 1), &digits, None, &settings), none, "{augment:?}");
    }
}

#[test]
fn each_row_is_changed_by_its_own_stream() {
    let digits = digits().select(&(0..100).collect::<Vec<_>>());
    let augment = Augment::Image(everything());
    let Targets::Classes { classes, .. } = digits.targets() else { panic!("digits are classes") };
    let seed = 7;
    let changed = |epoch| {
        let mut inputs = digits.inputs().clone();
        for (row, mut input) in inputs.rows_mut().into_iter().enumerate() {
            let mut random = Random::new(seed, Purpose::Augment, epoch, row as u64);
            let to = input.as_slice_mut().expect("rows are in one piece");
            augment.transform(digits.input(row).expect("a row"), to, &mut random);
        }
        let labels: Vec<&str> = digits.labels().iter().map(String::as_str).collect();
        Dataset::new(inputs, Targets::classes(&labels, classes.clone())).expect("the parts fit")
    };

    // Two epochs of one step each, whose gradients do not depend on the order of the rows but for rounding.
    let settings = Training {
        epochs: 2,
        batch: 100,
        seed,
        rate: 0.125,
        optimizer: Optimizer::SGD,
        augment: Some(augment),
        ..Training::new(Loss::SoftmaxCrossEntropy)
    };
    let trained = run(network(&digits, 1), &digits, None, &settings);
    let mut expected = network(&digits, 1);
    for (epoch, scored) in (1..).zip(&trained.epochs) {
        let changed = changed(epoch);
        let gradients = expected
            .gradients(changed.inputs().view(), changed.target_rows(), Loss::SoftmaxCrossEntropy)
            .expect("the data fit");
        // Sums of 100 terms in another order differ by 100 half ulps at most, 6e-6 of the step; and the step lowers the
        // loss by less than all of it.
        assert!((scored.training.loss - gradients.loss).abs() < 1e-5 * gradients.loss, "epoch {epoch}");
        expected.values_mut().iter_mut().zip(&gradients.values).for_each(|(value, slope)| *value -= 0.125 * slope);
    }
    let by_chance = changed(3);
    let other = expected.evaluate(&by_chance, Loss::SoftmaxCrossEntropy).expect("the data fit").loss;
    assert!(
        (trained.epochs[1].training.loss - other).abs() > 1e-3,
        "another epoch has other losses, or this is no test"
    );
}

#[test]
fn the_validation_part_is_not_changed() {
    let parts = digits().split(&[0.5, 0.5], true, 1).expect("there are enough");
    let settings =
        Training { epochs: 4, augment: Some(Augment::Image(everything())), ..Training::new(Loss::SoftmaxCrossEntropy) };
    let trained = run(network(&parts[0], 1), &parts[0], Some(&parts[1]), &settings);
    let score = trained.network.evaluate(&parts[1], Loss::SoftmaxCrossEntropy).expect("the data fit");
    assert_eq!(trained.epochs[trained.kept as usize - 1].validation, Some(score));
}

#[test]
fn a_description_that_does_not_fit_is_an_error() {
    let digits = digits();
    let message = |augment| {
        let settings = Training { augment: Some(augment), ..Training::new(Loss::SoftmaxCrossEntropy) };
        let result = train(network(&digits, 1), &digits, None, &settings, &mut |_| ControlFlow::Continue(()));
        result.expect_err("it does not fit").to_string()
    };
    assert_eq!(
        message(Augment::Image(Image::new(28, 28, 1))),
        "augment.image: an input has 64 values, but height x width x channels are 784"
    );
    assert_eq!(
        message(Augment::Signal(Signal { warp: 1.5, ..Signal::new(16, 4) })),
        "augment.signal.warp: expected at least 0 and less than 1, found 1.5"
    );
}

/// The digits moved by one pixel to each of the eight sides, so that what leaves the picture is lost.
fn moved(data: &Dataset) -> Dataset {
    let sides = [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)];
    let Targets::Classes { classes, .. } = data.targets() else { panic!("digits are classes") };
    let pixel = |row: usize, x: i32, y: i32| match (usize::try_from(x), usize::try_from(y)) {
        (Ok(x), Ok(y)) if x < SIDE && y < SIDE => data.inputs()[[row, y * SIDE + x]],
        _ => 0.0,
    };
    let inputs = Array2::from_shape_fn((data.rows() * 8, SIDE * SIDE), |(at, place)| {
        let (right, down) = sides[at % 8];
        pixel(at / 8, (place % SIDE) as i32 - right, (place / SIDE) as i32 - down)
    });
    let classes = (0..data.rows() * 8).map(|at| classes[at / 8]).collect();
    let labels: Vec<&str> = data.labels().iter().map(String::as_str).collect();
    Dataset::new(inputs, Targets::classes(&labels, classes)).expect("the parts fit")
}

#[test]
fn shifts_in_training_make_shifted_digits_readable() {
    let parts = digits().split(&[0.8, 0.2], true, 1).expect("there are enough");
    let moved = moved(&parts[1]);
    let accuracy = |augment, seed| {
        let settings = Training { epochs: 30, seed, augment, ..Training::new(Loss::SoftmaxCrossEntropy) };
        let network = run(network(&parts[0], seed), &parts[0], None, &settings).network;
        let score = network.evaluate(&moved, Loss::SoftmaxCrossEntropy).expect("the data fit");
        100.0 * f64::from(score.accuracy.expect("digits are classes"))
    };
    let shift = Augment::Image(Image { shift: 1.0, ..Image::new(SIDE, SIDE, 1) });
    for seed in 0..5 {
        let (without, with) = (accuracy(None, seed), accuracy(Some(shift), seed));
        // A share of 360 digits has a standard deviation of at most sqrt(0.25 / 360), 2.6 points, if all eight images of
        // a digit are read alike; a difference of two of at most 3.7. By luck it is not above 20.
        assert!(with > without + 20.0, "seed {seed}: {without:.1} % without, {with:.1} % with augmentation");
    }
}
