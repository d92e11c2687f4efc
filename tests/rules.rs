//! The trainer's optimizers against the device's: steps from the same weights, and free runs; with penalties and without.
//!
//! As in `parity`, how far the two may be apart is a bound that the mirror in `f64` carries along: here through velocities and
//! means too, whose errors go from step to step.

use std::ops::ControlFlow;

use neurona::learner::{MiniBatch, Optimizer as DeviceOptimizer};
use neurona::plain::{Plain, Zero};
use neurona::prelude::*;
use neurona::{Kind, Loss as DeviceLoss};
use neurona_tests::bounded::Bounded;
use neurona_tests::case::{Examples, floats, is_parameter, plain};
use neurona_tests::mirror::Mirror;
use neurona_tests::rule::Rule as MirrorRule;
use neurona_train::{
    Dataset, Loss, Network as Trained, Optimizer, OptimizerState, Spec, TargetRows, TargetScaling, Targets, Training,
    train,
};

const SEED: u64 = 20_261_128;
const RATE: f32 = 0.02;
const ADAM: Optimizer = Optimizer::ADAM;
const ADAMW: Optimizer = Optimizer::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.25 };
const MOMENTUM: Optimizer = Optimizer::Sgd { momentum: 0.875 };
const NESTEROV: Optimizer = Optimizer::Nesterov { momentum: 0.875 };

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| (*value).into()).collect()
}

/// Which parameters are weights, for which penalties are.
fn weights<N: Network + Plain>() -> Vec<bool> {
    let (mut net, mut are) = (Box::new(N::ZERO), Vec::new());
    net.visit([], &mut |kind, array, []| are.extend(array.iter().map(|_| kind == Kind::Weights)));
    are
}

/// Those of all values that learning changes.
fn learned<T: Copy>(spec: &Spec, values: &[T]) -> Vec<T> {
    is_parameter(spec).into_iter().zip(values).filter(|(parameter, _)| *parameter).map(|(_, value)| *value).collect()
}

/// Holds each parameter of both to the bound; the largest difference as a share of what it may be.
fn check(what: &str, device: &[f32], trained: &[f32], bounds: &[Bounded]) -> f64 {
    assert_eq!((device.len(), trained.len()), (bounds.len(), bounds.len()), "{what}: other lengths");
    let mut largest = 0.0_f64;
    for (at, ((device, trained), bound)) in device.iter().zip(trained).zip(bounds).enumerate() {
        for found in [device, trained] {
            let error = (f64::from(*found) - bound.value).abs();
            assert!(error <= bound.error, "{what}, parameter {at}: {device} and {trained} for {bound:?}");
        }
        largest = largest.max((f64::from(*device) - f64::from(*trained)).abs() / (2.0 * bound.error));
    }
    largest
}

neurona::network! {
    struct Layers: [f32; 9] => [f32; 4] { hidden: Dense<9, 7, Tanh>, output: Dense<7, 4> }
}

neurona::network! {
    struct Filters: [f32; 14] => [f32; 2] {
        signal: Reshape<[f32; 14], Signal<7, 2>>,
        conv: Conv1d<Signal<7, 2>, Signal<5, 4>, Kernel1d<3>, Sigmoid>,
        mean: GlobalAvgPool<Signal<5, 4>>,
        output: Dense<4, 2>,
    }
}

/// Examples in a mini-batch, which is all of them: so that the trainer, which shuffles, has the device's mini-batches.
const BATCH: usize = 6;

/// A mini-batch for both.
struct Batch {
    x: Vec<Vec<f32>>,
    targets: Vec<Vec<f32>>,
}

impl Batch {
    fn new(examples: &mut Examples) -> Self {
        let (x, targets) = (0..BATCH).map(|_| (examples.input(), examples.target())).unzip();
        Self { x, targets }
    }

    fn data(&self) -> Dataset {
        let rows = |rows: &[Vec<f32>]| {
            ndarray::Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).expect("rows of one length")
        };
        Dataset::new(rows(&self.x), Targets::values(rows(&self.targets))).expect("as many targets as inputs")
    }

    /// The mean gradient of the mirror.
    fn gradient(&self, spec: &Spec, mirror: &Mirror) -> Vec<Bounded> {
        let one = |(x, target): (&Vec<f32>, &Vec<f32>)| {
            let pass = mirror.forward(&wide(x));
            let (_, dy, undecided) = mirror.loss(Loss::SquaredError, pass.output(), target);
            assert!(!undecided && !pass.undecided, "these networks have no kink");
            learned(spec, &mirror.backward(&pass, dy))
        };
        let all: Vec<_> = self.x.iter().zip(&self.targets).map(one).collect();
        // The share is rounded, and each program multiplies by it once, before the sum or after.
        let share = Bounded::exact(1.0).over(Bounded::exact(BATCH as f32));
        (0..all[0].len()).map(|at| Bounded::sum(all.iter().map(|gradient| gradient[at].times(share)))).collect()
    }

    fn learn<N, O>(&self, net: &mut N, learning: &mut Learning<N, MiniBatch<O>>, rule: MiniBatch<O>)
    where
        N: Network<Output: Plain, Input: Plain> + Plain,
        O: DeviceOptimizer,
        SquaredError: DeviceLoss<N::Output, N::Output>,
    {
        let mut learner = Learner::new(net, learning, SquaredError, rule);
        for (x, target) in self.x.iter().zip(&self.targets) {
            learner.learn(&plain::<N::Input>(x), &*plain::<N::Output>(target));
        }
    }
}

/// The trainer's values after so many steps with the mini-batch, from a fresh start of the optimizer.
fn trained(
    spec: &Spec,
    values: &[f32],
    batch: &Batch,
    epochs: u32,
    optimizer: Optimizer,
    [l1, l2]: [f32; 2],
) -> Vec<f32> {
    let mut network = Trained::new(spec.clone()).expect("the layers fit");
    network.set_values(values).expect("as many values");
    let settings = Training {
        optimizer,
        rate: RATE,
        epochs,
        batch: BATCH,
        l1,
        l2,
        target_scaling: TargetScaling::None,
        ..Training::new(Loss::SquaredError)
    };
    let trained = train(network, &batch.data(), None, &settings, &mut |_| ControlFlow::Continue(()));
    trained.expect("it goes well").network.values().to_vec()
}

/// What is done with each rule.
trait Each {
    fn rule<N, O>(&mut self, name: &str, rule: MiniBatch<O>, optimizer: Optimizer)
    where
        N: Network<Input: Plain, Output: Plain> + Plain,
        O: DeviceOptimizer,
        SquaredError: DeviceLoss<N::Output, N::Output>;
}

/// Every optimizer with every penalty, for both networks.
fn each_rule(each: &mut impl Each) {
    for [l1, l2] in [[0.0, 0.0], [0.0, 0.25], [0.125, 0.0], [0.125, 0.25]] {
        macro_rules! rules {
            ($($rule:expr => $optimizer:expr),+) => { $(
                let rule = MiniBatch { batch: BATCH as u32, l1, l2, ..$rule };
                let name = format!("{} l1 {l1} l2 {l2}", $optimizer.name());
                each.rule::<Layers, _>(&format!("layers, {name}"), rule, $optimizer);
                each.rule::<Filters, _>(&format!("filters, {name}"), rule, $optimizer);
            )+ };
        }
        rules! {
            Sgd::new(RATE) => Optimizer::SGD,
            Momentum::new(RATE, 0.875) => MOMENTUM,
            Momentum::nesterov(RATE, 0.875) => NESTEROV,
            Adam::new(RATE) => ADAM,
            Adam::with_decay(RATE, 0.25) => ADAMW
        }
    }
}

/// Twenty steps with an example each, each from the weights that the device has come to. The velocities and means are each
/// program's own.
#[test]
fn steps_agree_each_from_the_same_weights() {
    struct Steps;
    impl Each for Steps {
        fn rule<N, O>(&mut self, name: &str, rule: MiniBatch<O>, optimizer: Optimizer)
        where
            N: Network<Input: Plain, Output: Plain> + Plain,
            O: DeviceOptimizer,
            SquaredError: DeviceLoss<N::Output, N::Output>,
        {
            if [rule.l1, rule.l2] != [0.0; 2] {
                return; // The trainer has its penalties in `train`, which begins anew each time: see the next test.
            }
            let spec = Spec::from(&N::ARCH);
            let mut examples = Examples::new(&spec, Loss::SquaredError, SEED);
            let (mut net, mut learning) = (plain::<N>(&examples.values()), Box::new(Learning::ZERO));
            let (are_weights, mut largest) = (weights::<N>(), 0.0_f64);
            let mut state = OptimizerState::new(optimizer, are_weights.len());
            let mut mirror_rule = MirrorRule::new(optimizer, RATE, [0.0; 2], are_weights.len());
            for step in 0..20 {
                let (x, target, values) = (examples.input(), examples.target(), floats(&*net));
                let mirror = Mirror::new(&spec, &wide(&values));
                let pass = mirror.forward(&wide(&x));
                let (_, dy, undecided) = mirror.loss(Loss::SquaredError, pass.output(), &target);
                assert!(!undecided && !pass.undecided, "these networks have no kink");
                let parameters: Vec<_> = learned(&spec, &values).into_iter().map(Bounded::exact).collect();
                let bounds = mirror_rule.step(&parameters, &learned(&spec, &mirror.backward(&pass, dy)), &are_weights);

                let mut trained = learned(&spec, &values);
                let mut network = Trained::new(spec.clone()).expect("the layers fit");
                network.set_values(&values).expect("as many values");
                let row = ndarray::ArrayView2::from_shape((1, x.len()), &x).expect("one row");
                let gradients = network.gradients(row, TargetRows::Values(&target), Loss::SquaredError);
                let gradients = gradients.expect("the shapes fit").values;
                state.step(RATE, &mut trained, &learned(&spec, &gradients));

                let one = MiniBatch { batch: 1, ..rule };
                Learner::new(&mut *net, &mut learning, SquaredError, one)
                    .learn(&plain::<N::Input>(&x), &*plain::<N::Output>(&target));
                let what = format!("{name}, step {step}");
                largest = largest.max(check(&what, &learned(&spec, &floats(&*net)), &trained, &bounds));
            }
            println!("{name:32} share of the bound {largest:.3}");
            assert!(largest > 0.0, "{name}: the two agree to the bit: they would be one program");
        }
    }
    each_rule(&mut Steps);
}

#[test]
fn penalties_agree_from_the_same_weights() {
    struct Steps(f64);
    impl Each for Steps {
        fn rule<N, O>(&mut self, name: &str, rule: MiniBatch<O>, optimizer: Optimizer)
        where
            N: Network<Input: Plain, Output: Plain> + Plain,
            O: DeviceOptimizer,
            SquaredError: DeviceLoss<N::Output, N::Output>,
        {
            let spec = Spec::from(&N::ARCH);
            let mut examples = Examples::new(&spec, Loss::SquaredError, SEED);
            let (mut net, are_weights) = (plain::<N>(&examples.values()), weights::<N>());
            for step in 0..5 {
                let (batch, values) = (Batch::new(&mut examples), floats(&*net));
                let parameters: Vec<_> = learned(&spec, &values).into_iter().map(Bounded::exact).collect();
                let gradient = batch.gradient(&spec, &Mirror::new(&spec, &wide(&values)));
                let mut mirror = MirrorRule::new(optimizer, RATE, [rule.l1, rule.l2], parameters.len());
                let bounds = mirror.step(&parameters, &gradient, &are_weights);
                let trained = learned(&spec, &trained(&spec, &values, &batch, 1, optimizer, [rule.l1, rule.l2]));
                batch.learn(&mut *net, &mut Box::new(Learning::ZERO), rule);
                let share = check(&format!("{name}, step {step}"), &learned(&spec, &floats(&*net)), &trained, &bounds);
                self.0 = self.0.max(share);
            }
        }
    }
    let mut steps = Steps(0.0);
    each_rule(&mut steps);
    println!("share of the bound {:.3}", steps.0);
    assert!(steps.0 > 0.0, "the two agree to the bit: they would be one program");
}

/// The device and the trainer go from the same weights, each by itself, and both drift from a run in `f64` alike.
#[test]
fn free_runs_drift_alike() {
    const STEPS: u32 = 200;
    /// As in `parity`: a factor of 2 for one rounding more, and of 2 for luck.
    const MOST: f64 = 4.0;
    #[derive(Default)]
    struct Runs(Vec<f64>);
    impl Each for Runs {
        fn rule<N, O>(&mut self, name: &str, rule: MiniBatch<O>, optimizer: Optimizer)
        where
            N: Network<Input: Plain, Output: Plain> + Plain,
            O: DeviceOptimizer,
            SquaredError: DeviceLoss<N::Output, N::Output>,
        {
            let spec = Spec::from(&N::ARCH);
            let mut examples = Examples::new(&spec, Loss::SquaredError, SEED);
            let (values, are_weights) = (examples.values(), weights::<N>());
            let batch = Batch::new(&mut examples);
            let (mut net, mut learning) = (plain::<N>(&values), Box::new(Learning::ZERO));
            (0..STEPS).for_each(|_| batch.learn(&mut *net, &mut learning, rule));
            let trained = trained(&spec, &values, &batch, STEPS, optimizer, [rule.l1, rule.l2]);
            let exact = mirror_run(&spec, &values, &batch, &are_weights, optimizer, [rule.l1, rule.l2]);
            let drift = |found: &[f32]| {
                let found = learned(&spec, found);
                let squares = found.iter().zip(&exact).map(|(found, exact)| (f64::from(*found) - exact).powi(2));
                (squares.sum::<f64>() / exact.len() as f64).sqrt()
            };
            let (device, trainer) = (drift(&floats(&*net)), drift(&trained));
            println!("{name:32} drift from f64 after {STEPS} steps: device {device:.1e}, trainer {trainer:.1e}");
            let ratio = device / trainer;
            assert!((1.0 / MOST..=MOST).contains(&ratio), "{name}: device over trainer {ratio}");
            self.0.push(ratio.ln());
        }
    }
    fn mirror_run(
        spec: &Spec,
        values: &[f32],
        batch: &Batch,
        are_weights: &[bool],
        optimizer: Optimizer,
        penalties: [f32; 2],
    ) -> Vec<f64> {
        let exactly = |values: Vec<Bounded>| -> Vec<Bounded> {
            values.into_iter().map(|value| Bounded { error: 0.0, ..value }).collect()
        };
        let mut parameters: Vec<_> = learned(spec, values).into_iter().map(Bounded::exact).collect();
        let mut rule = MirrorRule::new(optimizer, RATE, penalties, parameters.len());
        let mut mirror = Mirror::new(spec, &wide(values));
        let places: Vec<_> = is_parameter(spec).iter().enumerate().filter(|(_, is)| **is).map(|(at, _)| at).collect();
        for _ in 0..STEPS {
            let gradient = exactly(batch.gradient(spec, &mirror));
            parameters = exactly(rule.step(&parameters, &gradient, are_weights));
            for (at, parameter) in places.iter().zip(&parameters) {
                *mirror.value_mut(*at) = parameter.value;
            }
        }
        parameters.into_iter().map(|parameter| parameter.value).collect()
    }
    let mut runs = Runs::default();
    each_rule(&mut runs);
    let count = runs.0.len() as f64;
    let mean = runs.0.iter().sum::<f64>() / count;
    println!("device over trainer, geometric mean of {count} runs: {:.2}", mean.exp());
    assert!(mean.abs() <= 2.0_f64.ln());
}
