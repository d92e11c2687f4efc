//! Ways to learn.

use neurona::learner::MiniBatch;
use neurona::prelude::*;
use neurona::shape::Tensor as _;

use super::dense::{class, signs};
use super::nasty::{Lesson, Nasty, Source};
use super::networks::{Hidden, Output, networks};
use super::{RATE, Report};
use crate::Hash;

networks! {
    layer concat_on_batches: both Concat<Dense<7, 2, Relu>, Dense<7, 4, Sigmoid>, [f32; 6]>,
        scale Scale<[f32; 6]>, output Dense<6, 3> => batches(Sgd::new(RATE));

    loss binary_cross_entropy_on_batches: hidden Hidden, output Output => losses(BinaryCrossEntropy, |t| t);
    loss cross_entropy_of_class_on_batches: hidden Hidden, output Output => losses(SoftmaxCrossEntropy, class);
    loss cross_entropy_of_shares_on_batches: hidden Hidden, output Output => losses(SoftmaxCrossEntropy, |t| t);
    loss fast_cross_entropy_of_class: hidden Hidden, output Output => losses(fast::SoftmaxCrossEntropy, class);
    loss fast_cross_entropy_of_shares: hidden Hidden, output Output => losses(fast::SoftmaxCrossEntropy, |t| t);
    loss hinge_on_batches: hidden Hidden, output Output => losses(Hinge, signs);
    loss perceptron_on_batches: hidden Hidden, output Output => losses(Perceptron, signs);

    rule in_place_decay: hidden Hidden, output Output => by(InPlace { schedule: DECAY, ..InPlace::new(RATE) });
    rule in_place_l1_l2: hidden Hidden, output Output => by(InPlace { l1: 0.25, l2: 0.5, ..InPlace::new(RATE) });
    rule sgd: hidden Hidden, output Output => batches(Sgd::new(RATE));
    rule sgd_decay: hidden Hidden, output Output => batches(Sgd { schedule: DECAY, ..Sgd::new(RATE) });
    rule sgd_exponential: hidden Hidden, output Output => batches(Sgd { schedule: FALLING, ..Sgd::new(RATE) });
    rule sgd_l1_l2: hidden Hidden, output Output => batches(Sgd { l1: 0.25, l2: 0.5, ..Sgd::new(RATE) });
    rule sgd_clip_value: hidden Hidden, output Output => batches(Sgd { clip: Clip::Value(0.25), ..Sgd::new(RATE) });
    rule sgd_clip_norm: hidden Hidden, output Output => batches(Sgd { clip: Clip::Norm(0.5), ..Sgd::new(RATE) });
    rule momentum: hidden Hidden, output Output => batches(Momentum::new(RATE, 0.9));
    rule momentum_l1_l2: hidden Hidden, output Output
        => batches(Momentum { l1: 0.125, l2: 0.5, ..Momentum::new(RATE, 0.9) });
    rule nesterov: hidden Hidden, output Output => batches(Momentum::nesterov(RATE, 0.9));
    rule adam: hidden Hidden, output Output => batches(Adam::new(RATE));
    rule adam_l1_l2: hidden Hidden, output Output => batches(Adam { l1: 0.125, l2: 0.5, ..Adam::new(RATE) });
    rule adamw: hidden Hidden, output Output => batches(Adam::with_decay(RATE, 0.5));

    part frozen_first: hidden Frozen<Hidden>, output Output [hidden.layer.weights.as_flattened_mut()]
        => by(InPlace::new(RATE));
    part frozen_last: hidden Hidden, output Frozen<Output> [output.layer.weights.as_flattened_mut()]
        => batches(Sgd::new(RATE));
    part frozen_middle: first Dense<7, 5, Sigmoid>, middle Frozen<Dense<5, 5, Tanh>>, output Output
        [middle.layer.weights.as_flattened_mut()] => batches(Momentum::new(RATE, 0.9));
    part bias_only: hidden BiasOnly<Hidden>, output BiasOnly<Output>
        [hidden.layer.weights.as_flattened_mut(), output.layer.weights.as_flattened_mut()] => by(InPlace::new(RATE));
    part some_rows: hidden SomeRows<Hidden, Chosen, 2>, output Output [hidden.layer.weights.as_flattened_mut()]
        => batches(Adam::new(RATE));
    part some_filters: signal Reshape<[f32; 7], Signal<7, 1>>,
        conv SomeRows<Conv1d<Signal<7, 1>, Signal<5, 4>, Kernel1d<3>, Tanh>, Chosen, 2>,
        mean GlobalAvgPool<Signal<5, 4>>, output Dense<4, 3>
        [conv.layer.weights.values_mut(), conv.layer.bias.values_mut()] => by(InPlace::new(RATE));
    part some_filters_of_each_channel: signal Reshape<[f32; 7], Signal<7, 1>>,
        conv SomeRows<DepthwiseConv1d<Signal<7, 1>, Signal<5, 4>, Kernel1d<3>, Tanh>, Chosen, 2>,
        mean GlobalAvgPool<Signal<5, 4>>, output Dense<4, 3>
        [conv.layer.weights.values_mut(), conv.layer.bias.values_mut()] => batches(Momentum::new(RATE, 0.9));
    part some_units: signal Reshape<[f32; 7], Signal<7, 1>>, memory SomeRows<Gru<7, 1, 4>, Chosen, 2>, output Dense<4, 3>
        [memory.layer.weights.values_mut(), memory.layer.recurrent.values_mut(), memory.layer.bias.values_mut()]
        => by(InPlace::new(RATE));
    part bias_only_of_memory: signal Reshape<[f32; 7], Signal<7, 1>>, memory BiasOnly<Lstm<7, 1, 4>>, output Dense<4, 3>
        [memory.layer.weights.values_mut(), memory.layer.recurrent.values_mut()] => batches(Sgd::new(RATE));
}

struct Chosen;

impl Choice<2> for Chosen {
    const ROWS: [usize; 2] = [1, 3];
}

const DECAY: Schedule = Schedule::Decay { gamma: 0.125 };
const FALLING: Schedule = Schedule::Exponential { factor: 0.875 };

/// Steps with numbers of each of three kinds, from weights of that kind: 1,002 in all. One run of as many would be of one kind alone;
/// the hash, of the weights after each step, goes on from one to the next.
const STEPS: usize = 334;

/// In place; the target is the example's three numbers.
fn by<R>(rule: R) -> Lesson<SquaredError, impl Fn([f32; 3]) -> [f32; 3], R> {
    Lesson { loss: SquaredError, target: |t| t, rule, examples: STEPS }
}

/// In mini-batches of two examples, the last of which is not filled.
fn batches<O>(rule: MiniBatch<O>) -> Lesson<SquaredError, impl Fn([f32; 3]) -> [f32; 3], MiniBatch<O>> {
    Lesson { examples: 2 * STEPS + 1, ..by(MiniBatch { batch: 2, ..rule }) }
}

/// The same for another loss, by plain descent.
fn losses<L, F>(loss: L, target: F) -> Lesson<L, F, Sgd> {
    let Lesson { rule, examples, .. } = batches(Sgd::new(RATE));
    // A sixth more: about an eighth of the targets may be refused, a class that does not exist.
    Lesson { loss, target, rule, examples: examples * 7 / 6 }
}

/// Runs every way to learn and gives each hash, with its name, to `report`.
pub(super) fn all(report: Report<'_>) {
    networks(report);
    report("rule.recursive_least_squares", recursive_least_squares());
}

/// The errors and the weights of a readout.
#[inline(never)] // so that its memory is not on the stack of the others
fn recursive_least_squares() -> u64 {
    let rls = Rls { forgetting: 0.99, variance: 10.0 };
    let (mut source, mut hash, mut memory) = (Source::new(), Hash::EMPTY, RlsMemory::<5>::ZERO);
    for nasty in [Nasty::Rounding, Nasty::Subnormal, Nasty::Zeros, Nasty::Overflow, Nasty::NotFinite] {
        let mut readout = Dense::<5, 3>::ZERO;
        rls.begin(&mut memory);
        for _ in 0..40 {
            let (mut x, mut target) = ([0.0; 5], [0.0; 3]);
            source.fill(nasty, &mut x);
            source.fill(nasty, &mut target);
            hash.add(&[rls.learn(&mut readout, &x, &target, &mut memory).unwrap_or(-1.0)]);
            hash.add_parameters(&mut readout);
        }
    }
    hash.value()
}
