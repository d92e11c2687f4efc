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
use neurona_tests::drift;
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
    fn new(examples: &mut Examples, len: usize) -> Self {
        let (x, targets) = (0..len).map(|_| (examples.input(), examples.target())).unzip();
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
        if let [one] = &all[..] {
            return one.clone();
        }
        // The share is rounded, and each program multiplies by it once, before the sum or after.
        let share = Bounded::exact(1.0).over(Bounded::exact(all.len() as f32));
        (0..all[0].len()).map(|at| Bounded::sum(all.iter().map(|gradient| gradient[at].times(share)))).collect()
    }
}

/// A network that learns by the device's code, whatever its type.
trait Device {
    fn values(&self) -> Vec<f32>;
    /// Takes a step with a mini-batch.
    fn learn(&mut self, batch: &Batch);
    /// Forgets velocities, means and counts.
    fn restart(&mut self);
}

struct Learns<N: Network, O: DeviceOptimizer> {
    net: Box<N>,
    learning: Box<Learning<N, MiniBatch<O>>>,
    rule: MiniBatch<O>,
}

impl<N, O> Device for Learns<N, O>
where
    N: Network<Input: Plain, Output: Plain> + Plain,
    O: DeviceOptimizer,
    SquaredError: DeviceLoss<N::Output, N::Output>,
{
    fn values(&self) -> Vec<f32> {
        floats(&*self.net)
    }

    fn learn(&mut self, batch: &Batch) {
        let rule = MiniBatch { batch: batch.x.len() as u32, ..self.rule };
        let mut learner = Learner::new(&mut *self.net, &mut self.learning, SquaredError, rule);
        for (x, target) in batch.x.iter().zip(&batch.targets) {
            learner.learn(&plain::<N::Input>(x), &*plain::<N::Output>(target));
        }
    }

    fn restart(&mut self) {
        Learner::new(&mut *self.net, &mut self.learning, SquaredError, self.rule).restart();
    }
}

/// An optimizer with penalties, and a network that learns by it.
struct Case {
    name: String,
    spec: Spec,
    /// Which parameters are weights, for which penalties are.
    are_weights: Vec<bool>,
    optimizer: Optimizer,
    penalties: [f32; 2],
    examples: Examples,
    device: Box<dyn Device>,
}

impl Case {
    fn new<N, O>(network: &str, rule: MiniBatch<O>, optimizer: Optimizer) -> Self
    where
        N: Network<Input: Plain, Output: Plain> + Plain,
        O: DeviceOptimizer + 'static,
        SquaredError: DeviceLoss<N::Output, N::Output>,
    {
        let spec = Spec::from(&N::ARCH);
        let mut examples = Examples::new(&spec, Loss::SquaredError, SEED);
        let (net, penalties) = (plain::<N>(&examples.values()), [rule.l1, rule.l2]);
        let name = format!("{network}, {} l1 {} l2 {}", optimizer.name(), rule.l1, rule.l2);
        let device = Box::new(Learns { net, learning: Box::new(Learning::ZERO), rule });
        Self { name, spec, are_weights: weights::<N>(), optimizer, penalties, examples, device }
    }

    /// The mirror's rule before its first step.
    fn mirror_rule(&self) -> MirrorRule {
        MirrorRule::new(self.optimizer, RATE, self.penalties, self.are_weights.len())
    }

    /// What the mirror's rule says of the parameters after a step from these values.
    fn bounds(&self, rule: &mut MirrorRule, values: &[f32], batch: &Batch) -> Vec<Bounded> {
        let parameters: Vec<_> = learned(&self.spec, values).into_iter().map(Bounded::exact).collect();
        let gradient = batch.gradient(&self.spec, &Mirror::new(&self.spec, &wide(values)));
        rule.step(&parameters, &gradient, &self.are_weights)
    }

    /// The trainer's network of these values.
    fn network(&self, values: &[f32]) -> Trained {
        let mut network = Trained::new(self.spec.clone()).expect("the layers fit");
        network.set_values(values).expect("as many values");
        network
    }

    /// The trainer's parameters after so many steps with the mini-batch, from a fresh start of the optimizer.
    fn trained(&self, values: &[f32], batch: &Batch, epochs: u32) -> Vec<f32> {
        let [l1, l2] = self.penalties;
        let settings = Training {
            optimizer: self.optimizer,
            rate: RATE,
            epochs,
            batch: BATCH,
            l1,
            l2,
            target_scaling: TargetScaling::None,
            ..Training::new(Loss::SquaredError)
        };
        let network = self.network(values);
        let trained = train(network, &batch.data(), None, &settings, &mut |_| ControlFlow::Continue(()));
        learned(&self.spec, trained.expect("it goes well").network.values())
    }

    /// The mirror's parameters after so many steps, without bounds.
    fn exact(&self, values: &[f32], batch: &Batch, steps: u32) -> Vec<f64> {
        let exactly = |values: Vec<Bounded>| -> Vec<Bounded> {
            values.into_iter().map(|value| Bounded { error: 0.0, ..value }).collect()
        };
        let mut parameters: Vec<_> = learned(&self.spec, values).into_iter().map(Bounded::exact).collect();
        let (mut rule, mut mirror) = (self.mirror_rule(), Mirror::new(&self.spec, &wide(values)));
        let are_parameters = is_parameter(&self.spec);
        let places: Vec<_> = (0..are_parameters.len()).filter(|at| are_parameters[*at]).collect();
        for _ in 0..steps {
            let gradient = exactly(batch.gradient(&self.spec, &mirror));
            parameters = exactly(rule.step(&parameters, &gradient, &self.are_weights));
            for (at, parameter) in places.iter().zip(&parameters) {
                *mirror.value_mut(*at) = parameter.value;
            }
        }
        parameters.into_iter().map(|parameter| parameter.value).collect()
    }
}

/// Every optimizer with every penalty, for both networks.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for [l1, l2] in [[0.0, 0.0], [0.0, 0.25], [0.125, 0.0], [0.125, 0.25]] {
        macro_rules! rules {
            ($($rule:expr => $optimizer:expr),+) => { $(
                let rule = MiniBatch { l1, l2, ..$rule };
                cases.push(Case::new::<Layers, _>("layers", rule, $optimizer));
                cases.push(Case::new::<Filters, _>("filters", rule, $optimizer));
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
    cases
}

/// Twenty steps with an example each, each from the weights that the device has come to. The velocities and means are each
/// program's own. The trainer has its penalties in `train`, which begins anew each time: see the next test.
#[test]
fn steps_agree_each_from_the_same_weights() {
    for mut case in cases().into_iter().filter(|case| case.penalties == [0.0; 2]) {
        let mut largest = 0.0_f64;
        let mut state = OptimizerState::new(case.optimizer, case.are_weights.len());
        let mut rule = case.mirror_rule();
        for step in 0..20 {
            let (batch, values) = (Batch::new(&mut case.examples, 1), case.device.values());
            let bounds = case.bounds(&mut rule, &values, &batch);

            let (x, target) = (&batch.x[0], &batch.targets[0]);
            let row = ndarray::ArrayView2::from_shape((1, x.len()), x).expect("one row");
            let gradients = case.network(&values).gradients(row, TargetRows::Values(target), Loss::SquaredError);
            let gradients = learned(&case.spec, &gradients.expect("the shapes fit").values);
            let mut trained = learned(&case.spec, &values);
            state.step(RATE, &mut trained, &gradients);

            case.device.learn(&batch);
            let found = learned(&case.spec, &case.device.values());
            largest = largest.max(check(&format!("{}, step {step}", case.name), &found, &trained, &bounds));
        }
        println!("{:32} share of the bound {largest:.3}", case.name);
        assert!(largest > 0.0, "{}: the two agree to the bit: they would be one program", case.name);
    }
}

/// Five steps with a mini-batch each, all from a fresh start of the optimizer.
#[test]
fn penalties_agree_from_the_same_weights() {
    let mut largest = 0.0_f64;
    for mut case in cases() {
        for step in 0..5 {
            let (batch, values) = (Batch::new(&mut case.examples, BATCH), case.device.values());
            let bounds = case.bounds(&mut case.mirror_rule(), &values, &batch);
            let trained = case.trained(&values, &batch, 1);
            case.device.restart();
            case.device.learn(&batch);
            let found = learned(&case.spec, &case.device.values());
            largest = largest.max(check(&format!("{}, step {step}", case.name), &found, &trained, &bounds));
        }
    }
    println!("share of the bound {largest:.3}");
    assert!(largest > 0.0, "the two agree to the bit: they would be one program");
}

/// The device and the trainer go from the same weights, each by itself, and both drift from a run in `f64` alike.
#[test]
fn free_runs_drift_alike() {
    const STEPS: u32 = 200;
    let run = |mut case: Case| {
        let (batch, values) = (Batch::new(&mut case.examples, BATCH), case.device.values());
        (0..STEPS).for_each(|_| case.device.learn(&batch));
        let device = learned(&case.spec, &case.device.values());
        let (trainer, exact) = (case.trained(&values, &batch, STEPS), case.exact(&values, &batch, STEPS));
        let [device, trainer] = [device, trainer].map(|found| drift::size(&found, &exact));
        println!("{:32} drift from f64 after {STEPS} steps: device {device:.1e}, trainer {trainer:.1e}", case.name);
        (case.name, device / trainer)
    };
    drift::hold_alike(&cases().into_iter().map(run).collect::<Vec<_>>());
}
