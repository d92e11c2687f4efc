use ndarray::{Array2, array};
use neurona::{Layer as _, arch::ActivationSpec};

use super::*;
use crate::{
    Init, Spec,
    random::{Purpose, Random},
};

fn dense(inputs: u32, outputs: u32, activation: ActivationSpec) -> Spec {
    Spec::Dense { inputs, outputs, activation }
}

fn network(layers: Vec<Spec>) -> Network {
    let mut network = Network::new(Spec::Chain(layers)).expect("the layers fit");
    network.init(Init::Pytorch, 1);
    network
}

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Rows of random inputs; the class says whether their first two have the same sign.
fn same_sign(rows: usize, inputs: usize, seed: u64) -> Dataset {
    let mut random = Random::new(seed, Purpose::Shuffle, 7, 0);
    let inputs = Array2::from_shape_simple_fn((rows, inputs), || random.uniform(1.0));
    let classes = inputs.rows().into_iter().map(|row| u32::from(row[0] * row[1] > 0.0)).collect();
    Dataset::new(inputs, Targets::classes(&["other", "same"], classes)).expect("the parts fit")
}

fn small() -> (Network, Dataset, Training) {
    let network = network(vec![dense(2, 8, ActivationSpec::Tanh), dense(8, 2, ActivationSpec::Identity)]);
    let settings = Training { epochs: 5, rate: 0.01, ..Training::new(Loss::SoftmaxCrossEntropy) };
    (network, same_sign(100, 2, 1), settings)
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    // Shards of 32 rows: in each batch three and one that is not full, in the last two; or two, in the last one, and few enough
    // for threads to exchange gradients and parameters.
    let network = network(vec![
        Spec::rescale(40, 0.5),
        dense(40, 800, ActivationSpec::Silu),
        dense(800, 140, ActivationSpec::Relu),
        dense(140, 2, ActivationSpec::Identity),
    ]);
    assert_eq!(network.shard_rows(), 32);
    let values = network.values().len();
    assert!(4 * values > epoch::MOST_EXCHANGED && 2 * values <= epoch::MOST_EXCHANGED);
    let (training, validation) = (same_sign(270, 40, 1), same_sign(90, 40, 2));
    let run = |batch, threads| {
        let settings = Training {
            epochs: 3,
            batch,
            optimizer: Optimizer::ADAMW,
            dropout: vec![0.1, 0.2],
            threads,
            ..Training::new(Loss::SoftmaxCrossEntropy)
        };
        train(network.clone(), &training, Some(&validation), &settings, &mut go_on).expect("the data fit")
    };
    for batch in [110, 60] {
        let one = run(batch, 1);
        assert_eq!(one.epochs.len(), 3);
        assert_ne!(one.network, network);
        for threads in [2, 3] {
            assert_eq!(run(batch, threads), one, "batches of {batch}, {threads} threads");
        }
    }
}

#[test]
fn a_step_is_the_gradient_of_the_batch() {
    let (network, data, settings) = small();
    let settings = Training { epochs: 1, batch: 100, optimizer: Optimizer::SGD, rate: 0.5, ..settings };
    let trained = train(network.clone(), &data, None, &settings, &mut go_on).expect("the data fit");
    let gradients = network.gradients(data.inputs().view(), data.target_rows(), settings.loss).expect("the shapes fit");
    for ((after, before), gradient) in trained.network.values().iter().zip(network.values()).zip(gradients.values) {
        // The order of the rows differs: sums of 100 terms, each at most 1/100 in size, times the rate; then one ulp.
        let bound = f32::EPSILON * (0.5 * 100.0 / 2.0 + before.abs());
        assert!((after - (before - 0.5 * gradient)).abs() <= bound, "{after} from {before} by {gradient}");
    }
    assert!((trained.epochs[0].training.loss - gradients.loss).abs() <= 1e-6);
}

#[test]
fn learns_what_a_line_cannot_tell_apart() {
    let data = Dataset::new(
        array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]],
        Targets::classes(&["equal", "different"], vec![0, 1, 1, 0]),
    )
    .expect("the parts fit");
    for (loss, activation) in [
        (Loss::SquaredError, ActivationSpec::Sigmoid),
        (Loss::BinaryCrossEntropy, ActivationSpec::Identity),
        (Loss::Hinge, ActivationSpec::Identity),
    ] {
        let network = network(vec![dense(2, 8, ActivationSpec::Tanh), dense(8, 1, activation)]);
        let settings = Training { epochs: 500, rate: 0.03, ..Training::new(loss) };
        let trained = train(network, &data, None, &settings, &mut go_on).expect("the data fit");
        let score = trained.network.evaluate(&data, loss).expect("the data fit");
        assert_eq!(score.accuracy, Some(1.0), "{loss:?}: {score:?}");
        assert!(score.loss < 0.05, "{loss:?}: {score:?}");
    }
}

#[test]
fn a_perceptron_from_zero_finds_a_line() {
    let mut network = network(vec![dense(2, 1, ActivationSpec::Identity)]);
    network.init(Init::Zeros, 0);
    let inputs = array![[2.0, 1.0], [3.0, -1.0], [-1.0, 2.0], [-2.0, -1.0]];
    let data = Dataset::new(inputs, Targets::values(array![[1.0], [1.0], [-1.0], [-1.0]])).expect("the parts fit");
    let settings =
        Training { epochs: 20, batch: 1, optimizer: Optimizer::SGD, rate: 1.0, ..Training::new(Loss::Perceptron) };
    let trained = train(network, &data, None, &settings, &mut go_on).expect("the data fit");
    // Novikoff's bound (1962) on the number of corrections, (R / margin)^2, is below 10 here.
    assert_eq!(trained.network.evaluate(&data, Loss::Perceptron).expect("the data fit").loss, 0.0);
}

#[test]
fn the_best_weights_on_the_validation_part_are_kept() {
    let (network, data, settings) = small();
    let validation = same_sign(40, 2, 3);
    let settings = Training { epochs: 60, rate: 0.3, ..settings };
    let trained = train(network, &data, Some(&validation), &settings, &mut go_on).expect("the data fit");
    let losses: Vec<f32> = trained.epochs.iter().map(|epoch| epoch.validation.expect("measured").loss).collect();
    let best = losses.iter().copied().fold(f32::INFINITY, f32::min);
    assert_eq!(losses[trained.kept as usize - 1], best);
    assert_ne!(losses.last(), Some(&best), "the last epoch is not the best, or this shows nothing");
    let score = trained.network.evaluate(&validation, settings.loss).expect("the data fit");
    assert_eq!(score, trained.epochs[trained.kept as usize - 1].validation.expect("measured"));

    let (network, ..) = small();
    let settings = Training { patience: Some(3), ..settings };
    let patient = train(network, &data, Some(&validation), &settings, &mut go_on).expect("the data fit");
    assert_eq!(patient.end, End::Patience);
    assert_eq!(patient.epochs.len() as u32, patient.kept + 3);
}

#[test]
fn the_observer_sees_everything_and_can_stop() {
    let (network, data, settings) = small();
    let (mut batches, mut epochs) = (Vec::new(), Vec::new());
    let trained = train(network.clone(), &data, None, &settings, &mut |progress| {
        match progress {
            Progress::Batch { epoch, batch, batches: of, .. } => batches.push((epoch, batch, of)),
            Progress::Epoch(epoch) => epochs.push(epoch),
        }
        ControlFlow::Continue(())
    })
    .expect("the data fit");
    assert_eq!(batches.len(), 5 * 4);
    assert_eq!((batches[0], batches[19]), ((1, 1, 4), (5, 4, 4)));
    assert_eq!(epochs, trained.epochs);
    assert_eq!((trained.end, trained.kept), (End::Finished, 5));

    let stop_at = |stop: Progress| -> Trained {
        let same = |progress: &Progress| match (progress, &stop) {
            (Progress::Batch { epoch, batch, .. }, Progress::Batch { epoch: e, batch: b, .. }) => {
                (epoch, batch) == (e, b)
            }
            (Progress::Epoch(epoch), Progress::Epoch(at)) => epoch.number == at.number,
            _ => false,
        };
        let mut observer = |progress| if same(&progress) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        train(network.clone(), &data, None, &settings, &mut observer).expect("the data fit")
    };
    let after_epoch = stop_at(Progress::Epoch(epochs[1]));
    assert_eq!((after_epoch.end, after_epoch.kept, after_epoch.epochs.len()), (End::Asked, 2, 2));
    let score = epochs[0].training;
    let within = stop_at(Progress::Batch { epoch: 3, batch: 2, batches: 4, training: score });
    assert_eq!((within.end, within.kept, within.epochs.len()), (End::Asked, 3, 2));
    assert_ne!(within.network, after_epoch.network, "the steps of the third epoch count");
}

#[test]
fn a_rate_that_is_too_large_stops_with_the_last_good_weights() {
    let inputs = Array2::from_shape_fn((64, 2), |(row, column)| (row + column) as f32);
    let values = Array2::from_shape_fn((64, 1), |(row, _)| row as f32);
    let data = Dataset::new(inputs, Targets::values(values)).expect("the parts fit");
    let network = network(vec![dense(2, 1, ActivationSpec::Identity)]);
    // Each step multiplies the error by about 1 - 2 r |x|^2, near -3: finite for an epoch, not for 200.
    let settings = Training {
        optimizer: Optimizer::SGD,
        rate: 5e-4,
        epochs: 200,
        target_scaling: TargetScaling::None,
        ..Training::new(Loss::SquaredError)
    };
    let error = train(network, &data, None, &settings, &mut go_on).expect_err("the loss grows without end");
    let message = error.to_string();
    let TrainError::NotFinite { epoch, trained, .. } = error else { panic!("another error: {message}") };
    assert!(message.starts_with(&format!("training diverged in epoch {epoch}, step ")), "{message}");
    assert!(trained.kept > 0 && trained.kept == epoch - 1);
    assert!(trained.network.is_finite());
    assert_eq!(trained.end, End::Diverged);
}

#[test]
fn data_that_do_not_fit_are_errors() {
    let (network, data, settings) = small();
    let message = |network: &Network, data: &Dataset, settings: &Training| {
        train(network.clone(), data, None, settings, &mut go_on).expect_err("something is wrong").to_string()
    };
    let three = same_sign(10, 3, 1);
    assert_eq!(message(&network, &three, &settings), "the network takes 2 inputs, but the data have 3");
    assert!(train(network.clone(), &data, Some(&three), &settings, &mut go_on).is_err());
    let one_output = super::tests::network(vec![dense(2, 1, ActivationSpec::Identity)]);
    assert_eq!(
        message(&one_output, &data, &settings),
        "the data need 2 outputs, but the network has 1: change the size of its last layer"
    );
    for last in [Spec::Softmax { len: 2, fast: false }, dense(2, 2, ActivationSpec::Sigmoid)] {
        let probabilities = super::tests::network(vec![dense(2, 2, ActivationSpec::Tanh), last]);
        assert!(message(&probabilities, &data, &settings).contains("leave it out"));
    }
    let layers = [<neurona::Rnn<2, 1, 3, neurona::All>>::SPEC, <neurona::EchoState<2, 3, 4, 2, 9>>::SPEC];
    let [memory, reservoir] = layers.each_ref().map(Spec::from);
    let behind = super::tests::network(vec![memory, reservoir, dense(4, 2, ActivationSpec::Identity)]);
    assert!(message(&behind, &data, &settings).contains("put echo_state first"));
    let values =
        |value| Dataset::new(array![[0.0, 0.0]], Targets::values(array![[0.5, value]])).expect("the parts fit");
    assert_eq!(
        message(&network, &values(1.5), &Training::new(Loss::BinaryCrossEntropy)),
        "example 1 (counted from 1), column 1 of the targets: binary_cross_entropy takes targets from 0 to 1, found 1.5"
    );
    assert_eq!(
        message(&network, &values(1.0), &Training::new(Loss::Hinge)),
        "example 1 (counted from 1), column 0 of the targets: hinge takes targets 1 or -1, found 0.5"
    );
}

#[test]
fn settings_out_of_range_are_errors() {
    let (network, data, settings) = small();
    let message = |change: fn(&mut Training)| {
        let mut settings = settings.clone();
        change(&mut settings);
        train(network.clone(), &data, None, &settings, &mut go_on).expect_err("a setting is wrong").to_string()
    };
    assert_eq!(message(|s| s.rate = f32::NAN), "rate: expected a finite number greater than 0, found NaN");
    assert_eq!(message(|s| s.rate = 0.0), "rate: expected a finite number greater than 0, found 0");
    assert_eq!(message(|s| s.threads = 3000), "threads: expected at most 1024, found 3000");
    assert_eq!(message(|s| s.patience = Some(3)), "patience: expected a validation part, found none");
    assert_eq!(message(|s| s.batch = 0), "batch: expected at least 1, found 0");
    assert_eq!(message(|s| s.dropout = vec![1.0]), "dropout: expected at least 0 and less than 1, found 1");
    assert_eq!(
        message(|s| s.dropout = vec![0.5, 0.5]),
        "dropout: expected a rate for each layer that learns but the last, found 2 for 1 layers"
    );
    for (change, expected) in [
        ((|s| s.l1 = -1.0) as fn(&mut Training), "l1: expected a finite number of at least 0, found -1"),
        (|s| s.clip_norm = Some(0.0), "clip_norm: expected a finite number greater than 0, found 0"),
        (|s| s.label_smoothing = 1.0, "label_smoothing: expected at least 0 and less than 1, found 1"),
        (
            |s| (s.label_smoothing, s.loss) = (0.1, Loss::SquaredError),
            "label_smoothing: expected classes, and a cross-entropy as loss, found squared_error",
        ),
        (
            |s| s.class_weights = ClassWeights::Each(vec![1.0]),
            "class_weights: expected a weight for each class, found 1 for 2 classes",
        ),
        (
            |s| s.class_weights = ClassWeights::Each(vec![1.0, 0.0]),
            "class_weights: expected finite numbers greater than 0, found 0",
        ),
        (|s| s.loss = Loss::Huber { delta: 0.0 }, "delta: expected a finite number greater than 0, found 0"),
        (
            |s| s.schedule = Schedule::Decay { gamma: -0.1 },
            "schedule.decay.gamma: expected finite and at least 0, for the rate is r / (1 + gamma n), found -0.1",
        ),
    ] {
        assert_eq!(message(change), expected);
    }
    assert_eq!(
        message(|s| s.optimizer = Optimizer::Sgd { momentum: 1.0 }),
        "momentum: expected at least 0 and less than 1, found 1"
    );
}

/// Four rows whose columns are orthogonal to each other and to a constant, and `t = 1 + 2 x0 - 0.25 x1 + 0.125 x2`.
fn orthogonal() -> Dataset {
    let inputs = array![[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]];
    let target = |row: usize| 1.0 + 2.0 * inputs[(row, 0)] - 0.25 * inputs[(row, 1)] + 0.125 * inputs[(row, 2)];
    let values = Array2::from_shape_fn((4, 1), |(row, _)| target(row));
    Dataset::new(inputs, Targets::values(values)).expect("the parts fit")
}

#[test]
fn penalties_have_their_closed_forms() {
    // The columns being orthogonal, each weight by itself makes (w - b)^2 + l1 |w| + l2 w^2 / 2 small, where b is its
    // weight in the target: w = soft(2 b, l1) / (2 + l2), where soft takes l1 off a size and leaves 0 of a smaller one.
    for (l1, l2) in [(0.0, 0.0), (0.0, 0.5), (1.0, 0.0), (1.0, 0.5)] {
        let network = network(vec![dense(3, 1, ActivationSpec::Identity)]);
        let settings = Training {
            optimizer: Optimizer::SGD,
            rate: 0.1,
            batch: usize::MAX,
            epochs: 300,
            l1,
            l2,
            target_scaling: TargetScaling::None,
            ..Training::new(Loss::SquaredError)
        };
        let trained = train(network, &orthogonal(), None, &settings, &mut go_on).expect("the data fit").network;
        let soft = |b: f32| (2.0 * b.abs() - l1).max(0.0).copysign(b) / (2.0 + l2);
        for (w, expected) in trained.values().iter().zip([2.0, -0.25, 0.125].map(soft).into_iter().chain([1.0])) {
            // Each step leaves at most 0.8 of the error, so that after 300 only rounding is left: that of a step is some
            // ulps of values below 4, and 1 / (1 - 0.8) times as much in the limit.
            assert!((w - expected).abs() <= 16.0 * 4.0 * f32::EPSILON, "l1 {l1}, l2 {l2}: {w}, expected {expected}");
        }
        let zeros = if l1 > 0.0 { 2 } else { 0 };
        assert_eq!(trained.zero_weights(), (3, zeros), "l1 {l1}, l2 {l2}");
    }
}

#[test]
fn the_lasso_is_the_same_with_every_optimizer() {
    // As above, whatever the path: 2.0 becomes (4 - 1) / (2 + l2), and the smaller weights 0. The bias is left out, as
    // RMSProp and Adam at a constant rate go round a minimum without a slope.
    let in_root = Optimizer::RmsProp { decay: 0.9, epsilon: 1e-2, epsilon_in_root: true };
    let course = Optimizer::Adam { beta1: 0.9, beta2: 0.99, epsilon: 1e-2, bias_correction: false };
    let adamw = Optimizer::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 };
    let classical = Optimizer::Sgd { momentum: 0.9 };
    for optimizer in [
        Optimizer::SGD,
        classical,
        Optimizer::NESTEROV,
        Optimizer::MOMENTUM,
        Optimizer::RMSPROP,
        in_root,
        Optimizer::ADAM,
        course,
        adamw,
    ] {
        for l2 in [0.0, 0.5] {
            let network = network(vec![dense(3, 1, ActivationSpec::Identity)]);
            // A mean square with 0.999 has forgotten the first gradients but for 6e-9 after 19,000 steps.
            let (rate, epochs) = (0.1, 19_000);
            let loss = Training { target_scaling: TargetScaling::None, ..Training::new(Loss::SquaredError) };
            let settings = Training { optimizer, rate, batch: usize::MAX, epochs, l1: 1.0, l2, ..loss };
            let trained = train(network, &orthogonal(), None, &settings, &mut go_on).expect("the data fit").network;
            let (w, expected) = (trained.values()[0], 3.0 / (2.0 + l2));
            // Of errors in w these are the largest: classical momentum adds up to v = 10, rounded twice a step by up to
            // 2^-21, ten of which it remembers, so that w is off by 10 * 2^-20 * (1 - momentum) / 2, or 5e-7. The mean
            // over four rows of values below 8 is as a gradient off by some 2^-21, and w by 2^-22. And a step of
            // rate (2 + l2) times an error is lost below half an ulp of w, 2^-24: 3e-7.
            assert!((w - expected).abs() <= 10.0 * f32::EPSILON, "{optimizer:?}, l2 {l2}: {w}, expected {expected}");
            assert_eq!(trained.values()[1..3], [0.0, 0.0], "{optimizer:?}, l2 {l2}");
        }
    }
}

#[test]
fn the_rate_follows_the_schedule() {
    // Steps of the sign are as long as the rate, and far from the target the sign is always the same.
    let far = Dataset::new(array![[0.0], [0.0]], Targets::values(array![[1e3], [1e3]])).expect("the parts fit");
    let moved = |schedule, warm_up| {
        let network = Network::new(dense(1, 1, ActivationSpec::Identity)).expect("the layers fit");
        let settings = Training {
            optimizer: Optimizer::Sign,
            rate: 1.0,
            schedule,
            warm_up,
            epochs: 4,
            batch: 1,
            target_scaling: TargetScaling::None,
            ..Training::new(Loss::SquaredError)
        };
        train(network, &far, None, &settings, &mut go_on).expect("the data fit").network.values()[1]
    };
    assert_eq!(moved(Schedule::Constant, 0), 8.0);
    assert_eq!(moved(Schedule::Step { every: 2, factor: 0.5 }, 0), 4.0 + 2.0);
    assert_eq!(moved(Schedule::Exponential { factor: 0.5 }, 0), 2.0 * (1.0 + 0.5 + 0.25 + 0.125));
    // Two epochs of two steps: a quarter, a half, three quarters, then the whole.
    assert_eq!(moved(Schedule::Constant, 2), 0.25 + 0.5 + 0.75 + 1.0 + 4.0);
}

#[test]
fn a_class_that_weighs_three_counts_as_three_examples() {
    let (network, data, settings) = small();
    let step = |data: &Dataset, class_weights| {
        let settings = Training {
            optimizer: Optimizer::SGD,
            epochs: 1,
            batch: usize::MAX,
            rate: 0.5,
            class_weights,
            ..settings.clone()
        };
        train(network.clone(), data, None, &settings, &mut go_on).expect("the data fit")
    };
    let Targets::Classes { classes, .. } = data.targets() else { panic!("the data have classes") };
    let repeated: Vec<usize> = (0..data.rows()).flat_map(|row| vec![row; 1 + 2 * classes[row] as usize]).collect();
    let expected = step(&data.select(&repeated), ClassWeights::default());
    let weighted = step(&data, ClassWeights::Each(vec![1.0, 3.0]));
    assert_ne!(weighted.network, step(&data, ClassWeights::default()).network);
    for (w, expected) in weighted.network.values().iter().zip(expected.network.values()) {
        // Sums of up to 300 terms whose sizes sum to at most 1, in two orders, times the rate; then one ulp.
        assert!((w - expected).abs() <= f32::EPSILON * (0.5 * 300.0 / 2.0 + expected.abs()), "{w}, {expected}");
    }
    assert!((weighted.epochs[0].training.loss - expected.epochs[0].training.loss).abs() < 1e-6);
    assert_ne!(weighted.epochs[0].training.accuracy, None);
}

#[test]
fn a_clipped_gradient_gives_a_step_of_that_length() {
    let (network, data, settings) = small();
    let moved = |clip_value, clip_norm| -> Vec<f64> {
        let settings = Training {
            optimizer: Optimizer::SGD,
            epochs: 1,
            batch: usize::MAX,
            rate: 1.0,
            clip_value,
            clip_norm,
            ..settings.clone()
        };
        let trained = train(network.clone(), &data, None, &settings, &mut go_on).expect("the data fit");
        let pairs = trained.network.values().iter().zip(network.values());
        pairs.map(|(after, before)| f64::from(*after) - f64::from(*before)).collect()
    };
    let length = |step: &[f64]| step.iter().map(|d| d * d).sum::<f64>().sqrt();
    let largest = |step: &[f64]| step.iter().fold(0.0_f64, |largest, d| largest.max(d.abs()));
    let free = moved(None, None);
    assert!(length(&free) > 0.02 && largest(&free) > 0.01, "or nothing is clipped");
    // Weights are below 2, and a difference of two of them is off by an ulp of 2.
    let ulps = 42.0_f64.sqrt() * 2.0 * f64::from(f32::EPSILON);
    assert!((length(&moved(None, Some(0.02))) - 0.02).abs() <= ulps);
    assert!((largest(&moved(Some(0.01), None)) - 0.01).abs() <= ulps);
}

#[test]
fn a_change_that_is_too_small_is_none() {
    let (network, data, settings) = small();
    let settings = Training { epochs: 50, patience: Some(4), minimum_change: 1e3, ..settings };
    let trained = train(network, &data, Some(&data), &settings, &mut go_on).expect("the data fit");
    // The first epoch is better than none; no later one by a thousand.
    assert_eq!((trained.end, trained.epochs.len()), (End::Patience, 5));
    assert_eq!(trained.kept, 5, "the best weights are kept all the same");
}

#[test]
fn a_run_that_goes_on_ends_with_the_same_bits() {
    let (network, data, settings) = small();
    let validation = same_sign(60, 2, 3);
    let settings = Training {
        epochs: 12,
        dropout: vec![0.2],
        schedule: Schedule::Plateau { patience: 1, factor: 0.5 },
        rate: 0.05,
        l1: 1e-4,
        patience: Some(6),
        ..settings
    };
    let whole = train(network.clone(), &data, Some(&validation), &settings, &mut go_on).expect("the data fit");
    assert!(whole.epochs.len() > 4, "there is something to interrupt");

    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("checkpoint");
    let call = |stop: &(dyn Fn(&Progress) -> bool + Sync), interval| {
        let checkpoints = Checkpoints { path: path.clone(), interval };
        let mut observer = |progress| if stop(&progress) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let settings = Training { threads: 2, ..settings.clone() };
        train_with_checkpoints(network.clone(), &data, Some(&validation), &settings, &checkpoints, &mut observer)
    };
    let (never, always) = (std::time::Duration::MAX, std::time::Duration::ZERO);
    // Stopped within an epoch, at the end of one, and twice at once; the file is written when it is asked to stop.
    for (stop_epoch, stop_batch) in [(2, Some(3)), (3, None), (4, Some(1)), (4, Some(1))] {
        let stop = move |progress: &Progress| match (*progress, stop_batch) {
            (Progress::Batch { epoch, batch, .. }, Some(at)) => (epoch, batch) == (stop_epoch, at),
            (Progress::Epoch(epoch), None) => epoch.number == stop_epoch,
            _ => false,
        };
        assert_eq!(call(&stop, never).expect("the data fit").end, End::Asked);
    }
    let resumed = call(&|_: &Progress| false, always).expect("it goes on");
    assert_eq!(resumed, whole);
    let again = call(&|_: &Progress| panic!("it is over"), always).expect("it is over");
    assert_eq!(again, whole);

    let other = Training { rate: 0.06, ..settings.clone() };
    let checkpoints = Checkpoints { path, interval: always };
    let error = train_with_checkpoints(network, &data, Some(&validation), &other, &checkpoints, &mut go_on);
    assert!(error.expect_err("another rate").to_string().contains("of another run"));
}

#[test]
fn the_best_of_several_starts_is_kept() {
    let (network, data, settings) = small();
    let validation = same_sign(60, 2, 3);
    let settings = Training { seed: 5, epochs: 3, ..settings };
    let run = |threads| {
        let settings = Training { threads, ..settings.clone() };
        let go_on = |_, _| ControlFlow::Continue(());
        train_starts(&network, (Init::Pytorch, 6), &data, &validation, &settings, &go_on).expect("the data fit")
    };
    let starts = run(3);
    assert_eq!(starts, run(1));
    let losses: Vec<f32> = starts.all.iter().filter_map(|start| start.loss).collect();
    assert_eq!(starts.all.iter().map(|start| start.seed).collect::<Vec<_>>(), [5, 6, 7, 8, 9, 10]);
    let least = losses.iter().copied().fold(f32::INFINITY, f32::min);
    let best = starts.all.iter().find(|start| start.loss == Some(least)).expect("one is the best");
    assert_eq!(starts.best.seed, best.seed);
    let spread = starts.spread().expect("there are six");
    assert!(spread.least < spread.mean && spread.mean < spread.largest && spread.deviation > 0.0);

    let mut alone = network.clone();
    alone.init(Init::Pytorch, best.seed);
    let settings = Training { seed: best.seed, ..settings.clone() };
    let alone = train(alone, &data, Some(&validation), &settings, &mut super::tests::go_on).expect("the data fit");
    assert_eq!(starts.best, alone);
}

#[test]
fn starts_that_go_on_end_with_the_same_bits() {
    let (network, data, settings) = small();
    let validation = same_sign(60, 2, 3);
    let settings = Training { seed: 5, epochs: 4, threads: 2, ..settings };
    let init = (Init::Pytorch, 5);
    let whole = train_starts(&network, init, &data, &validation, &settings, &|_, _| ControlFlow::Continue(()))
        .expect("the data fit");

    let folder = tempfile::tempdir().expect("a temporary folder");
    let checkpoints = Checkpoints { path: folder.path().join("checkpoint"), interval: std::time::Duration::ZERO };
    let run = |stop: &(dyn Fn(u32, Progress) -> bool + Sync)| {
        let observer = |start, progress| {
            if stop(start, progress) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        train_starts_with_checkpoints(&network, init, &data, &validation, &settings, &checkpoints, &observer)
            .expect("the data fit")
    };
    // The first start is stopped within its third epoch; with two threads the second is somewhere.
    let asked = std::sync::atomic::AtomicBool::new(false);
    let stopped = run(&|start, progress| {
        let now = start == 0 && matches!(progress, Progress::Batch { epoch: 3, .. });
        asked.fetch_or(now, std::sync::atomic::Ordering::SeqCst);
        asked.load(std::sync::atomic::Ordering::SeqCst)
    });
    assert!(stopped.all.len() < 5, "starts that had not begun when it was asked to stop do not begin");
    assert_eq!((stopped.all[0].end, stopped.all[0].epochs.len()), (End::Asked, 2));
    assert_eq!(run(&|_, _| false), whole);
    for start in &whole.all {
        assert!(checkpoints.of_start(start.seed).path.exists(), "each has a file");
    }
    assert_eq!(run(&|_, _| panic!("all are over")), whole);
}

/// 64 points of the square from -1 to 1, and two targets of which neither has a mean near 0 nor a deviation near 1.
fn far_away() -> Dataset {
    let inputs = Array2::from_shape_fn((64, 2), |(row, column)| {
        (if column == 0 { row % 8 } else { row / 8 }) as f32 / 3.5 - 1.0
    });
    let values = Array2::from_shape_fn((64, 2), |(row, target)| {
        let (x, y) = (inputs[[row, 0]], inputs[[row, 1]]);
        if target == 0 { 1000.0 + 50.0 * x - 30.0 * y } else { 0.02 * x * y - 5.0 }
    });
    Dataset::new(inputs, Targets::values(values)).expect("the parts fit")
}

#[test]
fn targets_of_any_unit_are_learned_in_the_same_time() {
    let data = far_away();
    let settings = Training { rate: 0.01, epochs: 200, batch: 16, ..Training::new(Loss::SquaredError) };
    let outcome = |target_scaling| {
        let mut network = network(vec![dense(2, 16, ActivationSpec::Tanh), dense(16, 2, ActivationSpec::Identity)]);
        network.init(Init::Pytorch, 3);
        let settings = Training { target_scaling, ..settings.clone() };
        train(network, &data, Some(&data), &settings, &mut go_on).expect("the data fit")
    };
    let trained = outcome(TargetScaling::Standardize);
    let outputs = trained.network.forward(data.inputs().view()).expect("the shapes fit");
    let Targets::Values { values, .. } = data.targets() else { panic!("they are numbers") };
    let errors = |target: usize| {
        let (mean, count) = (values.column(target).mean().expect("there are rows"), 64.0);
        let squares = |of: &dyn Fn(usize) -> f32| (0..64).map(|row| of(row).powi(2)).sum::<f32>() / count;
        let error = squares(&|row| outputs[[row, target]] - values[[row, target]]);
        (error / squares(&|row| values[[row, target]] - mean)).sqrt()
    };
    // Of the deviation a tenth is left at the most: of either target, though one is some ten thousand times the other.
    assert!(errors(0) < 0.1 && errors(1) < 0.1, "{} {}", errors(0), errors(1));
    // What is reported is in the unit of the targets: it is the score of the network that came out.
    let score = trained.network.evaluate(&data, trained.loss).expect("the data fit");
    let kept = trained.epochs[trained.kept as usize - 1];
    assert_eq!(kept.validation, Some(score));
    // The mean over an epoch while the weights change is near it, and in no other unit.
    assert!((0.2..20.0).contains(&(kept.training.loss / score.loss)), "{kept:?}");
    // As they are, they are out of reach: the mean alone is 1000. Around the mean the large one is learned, of whose
    // deviation of some 40 less than a half is then left; their squares are averaged with those of the small one.
    let loss = |scaling| outcome(scaling).network.evaluate(&data, trained.loss).expect("the data fit").loss;
    let (raw, centered) = (loss(TargetScaling::None), loss(TargetScaling::Center));
    assert!(raw > 1000.0 * score.loss, "{raw} {}", score.loss);
    assert!(centered < 20.0_f32.powi(2) / 2.0, "{centered}");
}

#[test]
fn a_trained_network_learns_on_in_the_unit_of_its_targets() {
    let data = far_away();
    let target_scaling = TargetScaling::Standardize;
    let settings = Training { rate: 0.01, epochs: 100, batch: 16, target_scaling, ..Training::new(Loss::SquaredError) };
    let mut network = network(vec![dense(2, 8, ActivationSpec::Tanh), dense(8, 2, ActivationSpec::Identity)]);
    network.init(Init::Pytorch, 3);
    let first = train(network, &data, None, &settings, &mut go_on).expect("the data fit");
    let last = first.epochs[99].training.loss;
    let again = train(first.network.clone(), &data, None, &settings, &mut go_on).expect("the data fit");
    // Adam forgets its mean squares, and makes first steps of the size of the rate.
    assert!(again.epochs[0].training.loss < 20.0 * last, "{} after {last}", again.epochs[0].training.loss);
    // Told that they are as they are, its first answers are the same.
    let as_they_are = Training { target_scaling: TargetScaling::None, rate: 1e-30, epochs: 1, ..settings.clone() };
    let in_units = |target_scaling| Training { target_scaling, ..as_they_are.clone() };
    let units = [TargetScaling::None, TargetScaling::Center, TargetScaling::Standardize].map(in_units);
    let [raw, centered, standardized] = units.map(|settings| {
        train(first.network.clone(), &data, None, &settings, &mut go_on).expect("the data fit").epochs[0].training.loss
    });
    for loss in [centered, standardized] {
        assert!((raw / loss - 1.0).abs() < 1e-2, "{raw} {loss}");
    }
}

#[test]
fn a_run_with_units_goes_on_to_the_same_bits() {
    let data = far_away();
    let mut network = network(vec![dense(2, 4, ActivationSpec::Tanh), dense(4, 2, ActivationSpec::Identity)]);
    network.init(Init::Pytorch, 3);
    let target_scaling = TargetScaling::Standardize;
    let settings = Training { epochs: 6, target_scaling, ..Training::new(Loss::HUBER) };
    let whole = train(network.clone(), &data, Some(&data), &settings, &mut go_on).expect("the data fit");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let checkpoints = Checkpoints { path: folder.path().join("checkpoint"), interval: std::time::Duration::ZERO };
    let run = |last: u32| {
        let mut observer = |progress| match progress {
            Progress::Epoch(epoch) if epoch.number == last => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        train_with_checkpoints(network.clone(), &data, Some(&data), &settings, &checkpoints, &mut observer)
            .expect("the data fit")
    };
    assert_eq!(run(2).end, End::Asked);
    assert_eq!(run(u32::MAX), whole);
}
