//! What `network!` makes of its layers, in a crate that forbids unsafe code.
#![forbid(unsafe_code)]

use neurona::plain::{Plain, bytes_of};
use neurona::prelude::*;
use neurona::{Kind, LayerSpec, Learn, Learned, Progress, Refused, Target};

neurona::network! {
    /// Six layers: activations change places at the two ends of a block five times.
    struct Six: [f32; 3] => [f32; 2] {
        a: Dense<3, 7, Tanh>,
        b: Dense<7, 1>,
        c: Dense<1, 5, Sigmoid>,
        d: Standardize<5>,
        e: Dense<5, 4, Silu>,
        f: Dense<4, 2>,
    }
}

/// Numbers that are alike at no two places.
fn numbers() -> impl FnMut() -> f32 {
    let mut state = 1_u32;
    move || {
        // Numerical Recipes' linear congruential generator.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    }
}

fn filled<T: Plain>() -> Box<T> {
    let mut value = Box::new(T::ZERO);
    let mut number = numbers();
    let bytes: Vec<u8> = (0..size_of::<T>() / 4).flat_map(|_| number().to_le_bytes()).collect();
    assert!(neurona::plain::fill(&mut *value, &bytes));
    value
}

/// Forward by hand, each activation in an array of its own.
struct Passed {
    a: [f32; 7],
    b: [f32; 1],
    c: [f32; 5],
    d: [f32; 5],
    e: [f32; 4],
    e_tape: [f32; 4],
    f: [f32; 2],
}

fn forward_by_hand(net: &Six, x: &[f32; 3]) -> Passed {
    let mut p = Passed { a: [0.0; 7], b: [0.0], c: [0.0; 5], d: [0.0; 5], e: [0.0; 4], e_tape: [0.0; 4], f: [0.0; 2] };
    net.a.forward(x, &mut p.a, &mut ());
    net.b.forward(&p.a, &mut p.b, &mut ());
    net.c.forward(&p.b, &mut p.c, &mut ());
    net.d.forward(&p.c, &mut p.d, &mut ());
    net.e.record(&p.d, &mut p.e, &mut p.e_tape);
    net.f.forward(&p.e, &mut p.f, &mut ());
    p
}

const X: [f32; 3] = [0.25, -0.75, 1.5];
const TARGET: [f32; 2] = [1.0, -1.0];

#[test]
fn forward_and_record_are_the_layers_one_after_another() {
    let net = filled::<Six>();
    let by_hand = forward_by_hand(&net, &X).f.map(f32::to_bits);
    let mut memory = Inference::<Six>::ZERO;
    assert_eq!(net.infer(&X, &mut memory).map(f32::to_bits), by_hand);
    let (mut y, mut tape) = ([0.0; 2], Box::new(<Six as Learn>::Tape::ZERO));
    net.record(&X, &mut y, &mut tape);
    assert_eq!(y.map(f32::to_bits), by_hand);
}

#[test]
fn backward_is_the_layers_from_the_last_to_the_first() {
    let net = filled::<Six>();
    let p = forward_by_hand(&net, &X);
    let mut expected = Gradient::<Six>::ZERO;
    let mut dy = [0.0; 2];
    SquaredError.gradient(&p.f, &TARGET, &mut dy);
    let (mut de, mut dd, mut dc, mut db, mut da, mut dx) = ([0.0; 4], [0.0; 5], [0.0; 5], [0.0], [0.0; 7], [0.0; 3]);
    Dense::backward(Target::Sum(&net.f, &mut expected.f), &p.e, &p.f, &mut (), &mut dy, Some(&mut de));
    let mut tape = p.e_tape;
    Dense::backward(Target::Sum(&net.e, &mut expected.e), &p.d, &p.e, &mut tape, &mut de, Some(&mut dd));
    Standardize::backward(Target::Nowhere(&net.d), &p.c, &p.d, &mut (), &mut dd, Some(&mut dc));
    Dense::backward(Target::Sum(&net.c, &mut expected.c), &p.b, &p.c, &mut (), &mut dc, Some(&mut db));
    Dense::backward(Target::Sum(&net.b, &mut expected.b), &p.a, &p.b, &mut (), &mut db, Some(&mut da));
    Dense::backward(Target::Sum(&net.a, &mut expected.a), &X, &p.a, &mut (), &mut da, Some(&mut dx));

    let (mut found, mut workspace) = (Gradient::<Six>::ZERO, Workspace::<Six>::ZERO);
    net.accumulate(&X, &TARGET, &SquaredError, &mut found, &mut workspace);
    for (found, expected) in [(&found.a.bias[..], &expected.a.bias[..]), (&found.f.bias, &expected.f.bias)] {
        assert_eq!(found, expected);
    }
    assert_eq!(bytes_of(&found.a), bytes_of(&expected.a));
    assert_eq!(bytes_of(&found.b), bytes_of(&expected.b));
    assert_eq!(bytes_of(&found.c), bytes_of(&expected.c));
    assert_eq!(bytes_of(&found.e), bytes_of(&expected.e));
    assert_eq!(bytes_of(&found.f), bytes_of(&expected.f));

    // A network that is a layer of another one passes the gradient of its input on.
    let (mut y, mut tape) = ([0.0; 2], Box::new(<Six as Learn>::Tape::ZERO));
    net.record(&X, &mut y, &mut tape);
    SquaredError.gradient(&y, &TARGET, &mut dy);
    let mut passed_on = [0.0; 3];
    Six::backward(Target::Nowhere(&net), &X, &y, &mut tape, &mut dy, Some(&mut passed_on));
    assert_eq!(passed_on, dx);
}

#[test]
fn learning_in_place_takes_the_gradient_of_the_weights_as_they_were() {
    let mut net = filled::<Six>();
    let (mut gradient, mut workspace) = (Gradient::<Six>::ZERO, Workspace::<Six>::ZERO);
    let before = filled::<Six>();
    let loss = before.accumulate(&X, &TARGET, &SquaredError, &mut gradient, &mut workspace);
    // A power of two as the rate: scaling by it rounds nothing, so that both ways give the same bits.
    let mut memory = Learning::ZERO;
    let mut learner = Learner::new(&mut *net, &mut memory, SquaredError, InPlace::new(0.125));
    assert_eq!(learner.learn(&X, &TARGET), Learned::Stepped(loss));
    let mut stepped = filled::<Six>();
    let mut memory = Learning::ZERO;
    let mut learner = Learner::new(&mut *stepped, &mut memory, SquaredError, Sgd::new(0.125));
    assert_eq!(learner.learn(&X, &TARGET), Learned::Stepped(loss));
    assert_eq!(bytes_of(&*net), bytes_of(&*stepped));
    assert_ne!(bytes_of(&*net), bytes_of(&*before));
    assert_eq!(bytes_of(&net.d), bytes_of(&before.d), "a standardisation is not learned");
}

#[test]
fn a_step_ends_at_the_layer_whose_gradient_is_too_large() {
    neurona::network! {
        struct Two: [f32; 1] => [f32; 1] { first: Dense<1, 1>, second: Dense<1, 1> }
    }
    // The output is 8, so that its gradient is 16; the second layer's input is 4, and the first's 1, which gives 64 and 32.
    let two = || Two { first: Dense::new([[4.0]], [0.0]), second: Dense::new([[2.0]], [0.0]) };
    let learned = |limit| {
        let (mut net, mut learning) = (two(), Learning::ZERO);
        let rule = InPlace { limit, ..InPlace::new(0.5) };
        let mut learner = Learner::new(&mut net, &mut learning, SquaredError, rule);
        let learned = learner.learn(&[1.0], &[0.0]);
        (learned, learner.progress(), net.first.weights[0][0], net.second.weights[0][0])
    };
    let taken = Progress { steps: 1, since: 1, ..Progress::default() };
    let refused = Progress { refused: 1, ..Progress::default() };
    assert_eq!(learned(64.0), (Learned::Stepped(64.0), taken, 4.0 - 16.0, 2.0 - 32.0));
    assert_eq!(learned(63.0), (Learned::Refused(Refused::Layer), refused, 4.0, 2.0));

    // The other way round: an input of the first layer that is wild reaches nothing through a weight of zero.
    let (mut net, mut learning) = (Two { first: Dense::new([[0.0]], [1.0]), ..two() }, Learning::ZERO);
    let rule = InPlace { limit: 1e3, ..InPlace::new(0.5) };
    let learned = Learner::new(&mut net, &mut learning, SquaredError, rule).learn(&[1e15], &[0.0]);
    assert_eq!(learned, Learned::Refused(Refused::Layer));
    assert_eq!((net.first.weights, net.first.bias), ([[0.0]], [1.0]), "nothing was learned here");
    assert_eq!((net.second.weights, net.second.bias), ([[0.0]], [-2.0]), "and something here, which is finite");
}

#[test]
fn momentum_keeps_its_velocity() {
    let mut net = Dense::<1, 1>::new([[0.0]], [0.0]);
    let mut memory = Learning::ZERO;
    let rule = Momentum { batch: 2, ..Momentum::new(0.5, 0.25) };
    let mut learner = Learner::new(&mut net, &mut memory, Perceptron, rule);
    // With x = 0 the output is the bias, whose gradient is minus the target. v = -2, then 0.25 * -2 + 2 = 1.5.
    for (target, bias) in [(2.0, 1.0), (-2.0, 0.25)] {
        assert!(matches!(learner.learn(&[0.0], &[target]), Learned::Added(_)));
        assert!(matches!(learner.learn(&[0.0], &[target]), Learned::Stepped(_)));
        assert_eq!(learner.net().bias, [bias]);
    }
    assert_eq!(learner.progress(), Progress { steps: 2, refused: 0, examples: 0, since: 2 });
}

#[test]
fn backward_ends_at_the_learnable_layer_nearest_the_input() {
    neurona::plain! {
        /// Passes its input on, and fails when a gradient comes back.
        struct Guard {}
    }
    impl Layer for Guard {
        type Input = [f32; 2];
        type Output = [f32; 2];
        type Scratch = ();
        const SPEC: LayerSpec =
            LayerSpec::Custom { name: "guard", inputs: 2, outputs: 2, params: 0, constants: 0, macs: 0 };
        fn forward(&self, x: &[f32; 2], y: &mut [f32; 2], (): &mut ()) {
            *y = *x;
        }
    }
    impl Learn for Guard {
        const LEARNS: bool = false;
        type Gradient = ();
        type Tape = ();
        fn record(&self, x: &[f32; 2], y: &mut [f32; 2], (): &mut ()) {
            *y = *x;
        }
        fn backward(
            _: Target<'_, Self>,
            _: &[f32; 2],
            _: &[f32; 2],
            (): &mut (),
            _: &mut [f32; 2],
            dx: Option<&mut [f32; 2]>,
        ) {
            panic!("a gradient came back, with {dx:?}");
        }
        fn visit<const K: usize, F: FnMut(Kind, &mut [f32], [&mut [f32]; K])>(&mut self, _: [&mut (); K], _: &mut F) {}
    }
    neurona::network! {
        struct Guarding: [f32; 2] => [f32; 1] {
            guard: Guard,
            scale: Rescale<2, { 2.0_f32.to_bits() }>,
            output: Dense<2, 1>,
        }
    }
    let (mut net, mut memory) = (Guarding::ZERO, Learning::ZERO);
    Learner::new(&mut net, &mut memory, SquaredError, InPlace::new(0.5)).learn(&[1.0, 2.0], &[1.0]);
    assert_eq!(net.output.weights, [[2.0, 4.0]]);
    assert_eq!(Guarding::PARAMS, 3);
}

neurona::network! {
    struct Body: [f32; 3] => [f32; 5] { a: Dense<3, 40, Tanh>, b: Dense<40, 30, Tanh>, c: Dense<30, 5, Tanh> }
}
neurona::network! {
    struct OverFrozen: [f32; 3] => [f32; 2] { body: Frozen<Body>, hidden: Dense<5, 4, Sigmoid>, output: Dense<4, 2> }
}
neurona::network! {
    struct OverBackbone: [f32; 3] => [f32; 2] { body: Backbone<Body>, hidden: Dense<5, 4, Sigmoid>, output: Dense<4, 2> }
}

#[test]
fn a_backbone_learns_as_a_frozen_part_does_in_less_memory() {
    let (mut frozen, mut backbone) = (filled::<OverFrozen>(), filled::<OverBackbone>());
    let rule = Momentum { batch: 2, ..Momentum::new(0.1, 0.9) };
    let (mut with_frozen, mut with_backbone) = (Learning::ZERO, Learning::ZERO);
    for _ in 0..7 {
        let learned = Learner::new(&mut *frozen, &mut with_frozen, SquaredError, rule).learn(&X, &TARGET);
        assert_eq!(Learner::new(&mut *backbone, &mut with_backbone, SquaredError, rule).learn(&X, &TARGET), learned);
        assert_eq!(bytes_of(&*backbone), bytes_of(&*frozen));
    }
    assert_eq!(bytes_of(&backbone.body), bytes_of(&*filled::<Body>()), "the body does not learn");
    assert_ne!(bytes_of(&backbone.hidden), bytes_of(&filled::<OverFrozen>().hidden));
    assert_eq!(OverBackbone::FINGERPRINT, OverFrozen::FINGERPRINT);
    // Two activations beside one another: in the backbone they take turns, in the frozen part so do their gradients, besides.
    assert_eq!(size_of::<<Backbone<Body> as Learn>::Tape>(), 4 * (40 + 30));
    assert_eq!(size_of::<<Frozen<Body> as Learn>::Tape>(), 2 * 4 * (40 + 30));
    assert_eq!([<Backbone<Body> as Learn>::PASSES, OverBackbone::PASSES, OverFrozen::PASSES], [false, false, true]);
}

#[test]
fn memory_is_what_stands_between_the_layers() {
    // Between the layers stand 7, 1, 5, 5 and 4 values: the two largest neighbours are 5 and 5.
    assert_eq!(Six::RAM.inference, 4 * (2 + 5 + 5));
    // Output and its gradient, every activation between, the 4 sums that SiLU needs, and two gradients in turn.
    let workspace = 4 * (2 + 2 + (7 + 1 + 5 + 5 + 4) + 4 + (5 + 5));
    assert_eq!(size_of::<Workspace<Six>>(), workspace);
    let values = 7 * 4 + 8 + 5 * 2 + 2 * 5 + 4 * 6 + 2 * 5;
    assert_eq!(size_of::<Six>(), 4 * values);
    assert_eq!(Six::PARAMS, values - 10);
    let in_place = 4 * values + workspace + size_of::<Progress>();
    let gradients = [1, 2, 3].map(|count| in_place + count * 4 * Six::PARAMS);
    assert_eq!(Six::RAM.in_place, in_place);
    assert_eq!([Six::RAM.sgd, Six::RAM.momentum, Six::RAM.adam], gradients);
}

#[test]
fn a_single_layer_is_a_network_too() {
    let mut neuron = Dense::<2, 1>::ZERO;
    let mut memory = Learning::ZERO;
    let mut learner = Learner::new(&mut neuron, &mut memory, SquaredError, InPlace::new(0.0625));
    for _ in 0..100 {
        learner.learn(&[1.0, 2.0], &[3.0]);
    }
    let mut memory = Inference::<Dense<2, 1>>::ZERO;
    assert!((neuron.infer(&[1.0, 2.0], &mut memory)[0] - 3.0).abs() < 1e-3);
}

/// Networks whose types are called as what the macro needs and makes.
mod names {
    use neurona::{Dense, Inference, Network as _, Relu, plain::Zero as _};

    macro_rules! nested {
        ($($name:ident $outer:ident)+) => {
            $(
                neurona::network! {
                    pub struct $name: [f32; 2] => [f32; 3] {
                        hidden: Dense<2, 4, Relu>,
                        output: Dense<4, 3>,
                    }
                }
                neurona::network! {
                    pub struct $outer: [f32; 2] => [f32; 1] {
                        body: $name,
                        output: Dense<3, 1>,
                    }
                }
            )+

            #[test]
            fn any_name_can_be_that_of_a_network() {
                $(
                    let mut net = $outer::ZERO;
                    net.output.bias = [1.5];
                    let mut memory = Inference::<$outer>::ZERO;
                    assert_eq!(net.infer(&[1.0, 2.0], &mut memory), &[1.5], stringify!($name));
                )+
            }
        };
    }

    nested! {
        Block Blocks
        Tape TapeUser
        Tapes TapesUser
        Scratch ScratchUser
        Gradient GradientUser
        Activations ActivationsUser
        Target TargetUser
        Layer LayerUser
        Learn LearnUser
        LayerSpec LayerSpecUser
        Zero ZeroUser
        Plain PlainUser
    }
}

/// A running scale follows the data, and the score that was kept is of another scale: without a renewal the next review would
/// take back what is better.
#[test]
fn a_score_that_holds_no_more_is_renewed() {
    neurona::network! {
        struct Line: [f32; 1] => [f32; 1] { scale: Standardize<1>, line: Dense<1, 1> }
    }
    let (mut net, mut memory, mut guard) = (Line::ZERO, Learning::ZERO, neurona::learner::Guard::ZERO);
    net.scale.scale = [1.0];
    net.line.weights = [[1.0]];
    let mut learner = Learner::new(&mut net, &mut memory, SquaredError, InPlace::new(0.1));
    let reference = || [(&[1.0], &[1.0]), (&[3.0], &[3.0])];
    let first = learner.score(reference());
    assert_eq!((first, guard.review(&mut learner, first)), (0.0, neurona::learner::Verdict::Kept { score: 0.0 }));

    let mut running = neurona::statistics::RunningScale::<1>::new(u32::MAX);
    assert!(running.add(&[1.0]) && running.add(&[3.0]));
    running.fill(&mut learner.net_mut().scale);
    let scaled = learner.score(reference());
    assert!(scaled > 1.0);
    let progress = learner.progress();
    assert_eq!(guard.renew(&mut learner, scaled), neurona::learner::Verdict::Kept { score: scaled });
    assert_eq!((guard.score(), learner.progress()), (Some(scaled), progress));
    for _ in 0..20 {
        learner.learn(&[1.0], &[1.0]);
        learner.learn(&[3.0], &[3.0]);
    }
    let better = learner.score(reference());
    assert!(better < scaled);
    assert_eq!(guard.review(&mut learner, better), neurona::learner::Verdict::Kept { score: better });

    // What is not finite is not kept, and changes nothing.
    let kept = learner.net().line.clone();
    for (score, bias) in [(f32::NAN, 7.0), (f32::NEG_INFINITY, 7.0), (0.0, f32::NAN)] {
        learner.net_mut().line.bias = [bias];
        assert_eq!(guard.renew(&mut learner, score), neurona::learner::Verdict::Undecided);
        assert_eq!(learner.net().line.bias[0].to_bits(), bias.to_bits());
        assert_eq!(guard.score(), Some(better));
    }
    assert!(
        matches!(guard.review(&mut learner, f32::NAN), neurona::learner::Verdict::RolledBack { kept: score, .. } if score == better)
    );
    assert_eq!(learner.net().line, kept);
    // The first of all may be a renewal.
    let mut other = neurona::learner::Guard::ZERO;
    assert_eq!(other.renew(&mut learner, 9.0), neurona::learner::Verdict::Kept { score: 9.0 });
    assert_eq!(other.review(&mut learner, 9.0), neurona::learner::Verdict::Kept { score: 9.0 });
}
