//! The trainer against the device crate, in stages: outputs, loss, every gradient, ten steps, free runs.
//!
//! The two are written apart, sum in different orders and call different exponential functions. How far they may then
//! be apart is no tolerance but a bound, which the mirror in `f64` carries along: see `neurona_tests::bounded`. Where a
//! decision (a kink of an activation or of a loss) lies within its bound, the two may rightly decide differently; such
//! examples are counted and left out.

use neurona::plain::{Plain, Zero};
use neurona::{InPlace, Learner, Learning, Loss as DeviceLoss, Network, Sgd};
use neurona_tests::architectures::{Visitor, visit_all};
use neurona_tests::bounded::Bounded;
use neurona_tests::case::{Device, Examples, floats, is_parameter, plain};
use neurona_tests::drift;
use neurona_tests::mirror::Mirror;
use neurona_train::{Gradients, Loss, Network as Trained, Optimizer, OptimizerState, Spec, TargetRows};

const SEED: u64 = 20_261_124;

/// The largest difference of two results as a share of what it may be, and where it was.
#[derive(Default)]
struct Share {
    largest: f64,
}

impl Share {
    /// Two computations of the same, each within the error of the bound: they differ by twice that at most.
    fn check(&mut self, what: &str, device: f32, trainer: f32, bound: Bounded) {
        let error = |found: f32| (f64::from(found) - bound.value).abs();
        assert!(error(device) <= bound.error, "{what}: the device has {device}, the mirror {bound:?}");
        assert!(error(trainer) <= bound.error, "{what}: the trainer has {trainer}, the mirror {bound:?}");
        if bound.error > 0.0 {
            self.largest = self.largest.max((f64::from(device) - f64::from(trainer)).abs() / (2.0 * bound.error));
        }
    }

    fn check_all(&mut self, what: &str, device: &[f32], trainer: &[f32], bounds: &[Bounded]) {
        assert_eq!((device.len(), trainer.len()), (bounds.len(), bounds.len()), "{what}: other lengths");
        for (at, ((device, trainer), bound)) in device.iter().zip(trainer).zip(bounds).enumerate() {
            self.check(&format!("{what} {at}"), *device, *trainer, *bound);
        }
    }
}

fn trainer(spec: &Spec, values: &[f32], x: &[f32], target: &[f32], loss: Loss) -> Gradients {
    let mut network = Trained::new(spec.clone()).expect("the layers fit");
    network.set_values(values).expect("as many values");
    let x = ndarray::ArrayView2::from_shape((1, x.len()), x).expect("one row");
    network.gradients(x, TargetRows::Values(target), loss).expect("the shapes fit")
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| (*value).into()).collect()
}

/// Those of all values that learning changes.
fn learned<T: Copy>(spec: &Spec, values: &[T]) -> Vec<T> {
    is_parameter(spec).into_iter().zip(values).filter(|(parameter, _)| *parameter).map(|(_, value)| *value).collect()
}

/// Counts what was left out, and says at the end whether it was too much.
#[derive(Default)]
struct Count {
    seen: usize,
    undecided: usize,
}

impl Count {
    /// Random networks rarely put a decision within some 1e-6 of its kink: a test that leaves out more than one
    /// example in fifty tests something else than it says.
    fn check(&self) {
        println!("{} of {} examples were left out: a decision was within its bound", self.undecided, self.seen);
        assert!(self.undecided * 50 <= self.seen);
    }
}

#[test]
fn outputs_losses_and_gradients_agree() {
    #[derive(Default)]
    struct Stage(Count);
    impl Visitor for Stage {
        fn visit<N, L>(&mut self, name: &'static str, device: L, loss: Loss)
        where
            N: Network + Plain,
            L: DeviceLoss<N::Output, N::Output>,
        {
            let spec = Spec::from(&N::ARCH);
            let (mut outputs, mut losses, mut gradients) = (Share::default(), Share::default(), Share::default());
            for seed in SEED..SEED + 20 {
                let mut examples = Examples::new(&spec, loss, seed);
                let (values, x, target) = (examples.values(), examples.input(), examples.target());
                let mirror = Mirror::new(&spec, &wide(&values));
                let pass = mirror.forward(&wide(&x));
                let (value, dy, undecided) = mirror.loss(loss, pass.output(), &target);
                self.0.seen += 1;
                if pass.undecided || undecided {
                    self.0.undecided += 1;
                    continue;
                }
                let what = |part| format!("{name}, seed {seed}, {part}");
                let device = Device::run::<N, L>(&values, &x, &target, &device);
                let trainer = trainer(&spec, &values, &x, &target, loss);
                outputs.check_all(&what("output"), &device.output, trainer.outputs.as_slice().unwrap(), pass.output());
                losses.check(&what("loss"), device.loss, trainer.loss, value);
                let gradient = learned(&spec, &mirror.backward(&pass, dy));
                let found = learned(&spec, &trainer.values);
                gradients.check_all(&what("gradient"), &device.gradient, &found, &gradient);
            }
            println!(
                "{name:22} share of the bound: outputs {:.3}, loss {:.3}, gradients {:.3}",
                outputs.largest, losses.largest, gradients.largest
            );
            for share in [outputs.largest, gradients.largest] {
                // The two sum in different orders: no difference at all would mean that they are one program.
                let exact = matches!(name, "one_wide" | "perceptron" | "step");
                assert!(share > 0.0 || exact || N::PARAMS < 40, "{name}: the two agree to the bit");
            }
        }
    }
    let mut stage = Stage::default();
    visit_all(&mut stage);
    stage.0.check();
}

#[test]
fn ten_steps_agree_each_from_the_same_weights() {
    const RATE: f32 = 0.05;
    #[derive(Default)]
    struct Stage(Count);
    impl Visitor for Stage {
        fn visit<N, L>(&mut self, name: &'static str, device: L, loss: Loss)
        where
            N: Network + Plain,
            L: DeviceLoss<N::Output, N::Output>,
        {
            let spec = Spec::from(&N::ARCH);
            let (mut in_place, mut accumulated) = (Share::default(), Share::default());
            let mut examples = Examples::new(&spec, loss, SEED);
            let mut values = examples.values();
            let mut one_memory = Box::new(Learning::<N, InPlace>::ZERO);
            let mut other_memory = Box::new(Learning::<N, Sgd>::ZERO);
            for step in 0..10 {
                let (x, target) = (examples.input(), examples.target());
                let mirror = Mirror::new(&spec, &wide(&values));
                let pass = mirror.forward(&wide(&x));
                let (_, dy, undecided) = mirror.loss(loss, pass.output(), &target);
                let bounds: Vec<_> = mirror.backward(&pass, dy).into_iter().zip(&values).map(stepped).collect();

                let (typed_x, typed_target) = (plain::<N::Input>(&x), plain::<N::Output>(&target));
                let mut one = plain::<N>(&values);
                Learner::new(&mut *one, &mut one_memory, &device, InPlace::new(RATE)).learn(&typed_x, &*typed_target);
                let mut other = plain::<N>(&values);
                Learner::new(&mut *other, &mut other_memory, &device, Sgd::new(RATE)).learn(&typed_x, &*typed_target);
                let trained = {
                    let gradient = learned(&spec, &trainer(&spec, &values, &x, &target, loss).values);
                    let mut parameters = learned(&spec, &values);
                    let mut state = OptimizerState::new(Optimizer::Sgd { momentum: 0.0 }, parameters.len());
                    state.step(RATE, &mut parameters, &gradient);
                    parameters
                };

                self.0.seen += 1;
                if pass.undecided || undecided {
                    self.0.undecided += 1;
                } else {
                    let what = format!("{name}, step {step}, value");
                    let bounds = learned(&spec, &bounds);
                    in_place.check_all(&what, &learned(&spec, &floats(&*one)), &trained, &bounds);
                    accumulated.check_all(&what, &learned(&spec, &floats(&*other)), &trained, &bounds);
                }
                values = floats(&*one);
            }
            println!(
                "{name:22} share of the bound: in place {:.3}, mini-batch {:.3}",
                in_place.largest, accumulated.largest
            );
        }
    }
    /// A value after a step: `w - rate g`. In place it is `w + (-rate dz) x`, which has as many roundings.
    fn stepped((gradient, value): (Bounded, &f32)) -> Bounded {
        Bounded::exact(*value).minus(Bounded::exact(RATE).times(gradient))
    }
    let mut stage = Stage::default();
    visit_all(&mut stage);
    stage.0.check();
}

#[test]
fn free_runs_drift_alike() {
    const RATE: f32 = 0.01;
    const STEPS: usize = 200;
    #[derive(Default)]
    struct Stage {
        ratios: Vec<(String, f64)>,
    }
    impl Visitor for Stage {
        fn visit<N, L>(&mut self, name: &'static str, device: L, loss: Loss)
        where
            N: Network + Plain,
            L: DeviceLoss<N::Output, N::Output>,
        {
            let spec = Spec::from(&N::ARCH);
            let mut examples = Examples::new(&spec, loss, SEED);
            let values = examples.values();
            let mut net = plain::<N>(&values);
            let mut memory = Box::new(Learning::<N, InPlace>::ZERO);
            let mut trained = values.clone();
            let mut mirror = Mirror::new(&spec, &wide(&values));
            for _ in 0..STEPS {
                let (x, target) = (examples.input(), examples.target());
                Learner::new(&mut *net, &mut memory, &device, InPlace::new(RATE))
                    .learn(&plain::<N::Input>(&x), &*plain::<N::Output>(&target));
                let gradient = trainer(&spec, &trained, &x, &target, loss).values;
                OptimizerState::new(Optimizer::Sgd { momentum: 0.0 }, trained.len()).step(
                    RATE,
                    &mut trained,
                    &gradient,
                );
                let pass = mirror.forward(&wide(&x));
                let (_, dy, _) = mirror.loss(loss, pass.output(), &target);
                for (at, gradient) in mirror.backward(&pass, dy).into_iter().enumerate() {
                    *mirror.value_mut(at) -= f64::from(RATE) * gradient.value;
                }
            }
            let [device, trainer] = [floats(&*net), trained].map(|found| drift::size(&found, mirror.values()));
            println!("{name:22} drift from f64 after {STEPS} steps: device {device:.1e}, trainer {trainer:.1e}");
            self.ratios.push((name.to_owned(), device / trainer));
        }
    }
    let mut stage = Stage::default();
    visit_all(&mut stage);
    drift::hold_alike(&stage.ratios);
}
