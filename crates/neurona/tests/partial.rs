//! Networks of which a part learns: what learns gets the gradient that it has in the whole network, to the bit.

use neurona::plain::{Plain, bytes_of, copy, fill};
use neurona::prelude::*;
use neurona::shape::Tensor;
use neurona::{Kind, Rows, Run, Target, Update};

/// Numbers that are alike at no two places.
fn numbers() -> impl FnMut() -> f32 {
    let mut state = 1_u32;
    move || {
        // Numerical Recipes' linear congruential generator.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    }
}

/// Fills all values, not the parameters alone.
fn filled<N: Plain>() -> N {
    let mut next = numbers();
    let bytes: Vec<u8> = (0..size_of::<N>() / 4).flat_map(|_| next().to_le_bytes()).collect();
    let mut net = N::ZERO;
    assert!(fill(&mut net, &bytes));
    net
}

const X: [f32; 6] = [0.5, -0.25, 0.75, 1.0, -0.5, 0.125];
const TARGET: [f32; 2] = [0.25, -0.75];

fn gradient<N: Network<Input = [f32; 6], Output = [f32; 2]>>(net: &N) -> Gradient<N> {
    let (mut gradient, mut workspace) = (Gradient::<N>::ZERO, Workspace::<N>::ZERO);
    net.accumulate(&X, &TARGET, &SquaredError, &mut gradient, &mut workspace);
    gradient
}

/// The parameters that learning changes, in the order of the struct.
fn learned<N: Learn>(net: &mut N) -> Vec<u32> {
    let mut values = Vec::new();
    net.visit([], &mut |_, array, []| values.extend(array.iter().map(|w| w.to_bits())));
    values
}

/// A network and its variants with one of three layers frozen.
macro_rules! frozen {
    ($($name:ident: $type:ty;)+) => { $(
        #[test]
        fn $name() {
            neurona::network! {
                struct Whole: [f32; 6] => [f32; 2] { first: Dense<6, 6, Tanh>, middle: $type, last: Dense<6, 2> }
            }
            neurona::network! {
                struct First: [f32; 6] => [f32; 2] { first: Frozen<Dense<6, 6, Tanh>>, middle: $type, last: Dense<6, 2> }
            }
            neurona::network! {
                struct Middle: [f32; 6] => [f32; 2] { first: Dense<6, 6, Tanh>, middle: Frozen<$type>, last: Dense<6, 2> }
            }
            neurona::network! {
                struct Last: [f32; 6] => [f32; 2] { first: Dense<6, 6, Tanh>, middle: $type, last: Frozen<Dense<6, 2>> }
            }
            assert_eq!([First::FINGERPRINT, Middle::FINGERPRINT, Last::FINGERPRINT], [Whole::FINGERPRINT; 3]);

            let (mut whole, mut middle) = (gradient(&filled::<Whole>()), gradient(&filled::<Middle>()));
            let bytes_of_middle = |gradient: &mut <$type as Learn>::Gradient| {
                let (mut layer, mut bits) = (<$type>::ZERO, Vec::new());
                layer.visit([gradient], &mut |_, _, [g]| bits.extend(g.iter().map(|g| g.to_bits())));
                bits
            };
            assert!(whole.first.weights.as_flattened().iter().any(|g| *g != 0.0), "or nothing is compared");
            assert_eq!(bytes_of(&middle.first), bytes_of(&whole.first));
            assert_eq!(bytes_of(&middle.last), bytes_of(&whole.last));
            let () = middle.middle;
            let mut first = gradient(&filled::<First>());
            assert_eq!(bytes_of(&first.last), bytes_of(&whole.last));
            assert_eq!(bytes_of_middle(&mut first.middle), bytes_of_middle(&mut whole.middle));
            let mut last = gradient(&filled::<Last>());
            assert_eq!(bytes_of(&last.first), bytes_of(&whole.first));
            assert_eq!(bytes_of_middle(&mut last.middle), bytes_of_middle(&mut whole.middle));
            middle.first.clear();

            // In place, what is frozen stays, and the rest takes the step of the whole network.
            let (mut whole, mut middle) = (filled::<Whole>(), filled::<Middle>());
            let (mut of_whole, mut of_middle) = (Learning::ZERO, Learning::ZERO);
            Learner::new(&mut whole, &mut of_whole, SquaredError, InPlace::new(0.5)).learn(&X, &TARGET);
            Learner::new(&mut middle, &mut of_middle, SquaredError, InPlace::new(0.5)).learn(&X, &TARGET);
            let before = filled::<Middle>();
            assert_eq!(bytes_of(&middle.middle), bytes_of(&before.middle));
            assert_eq!(bytes_of(&middle.first), bytes_of(&whole.first));
            assert_eq!(bytes_of(&middle.last), bytes_of(&whole.last));
            assert_ne!(bytes_of(&middle.first), bytes_of(&before.first));
        }
    )+ };
}

neurona::network! {
    struct Convolution: [f32; 6] => [f32; 6] {
        signal: Reshape<[f32; 6], Signal<3, 2>>,
        conv: Conv1d<Signal<3, 2>, Signal<3, 2>, Kernel1d<2>, Silu, Same>,
        depthwise: DepthwiseConv1d<Signal<3, 2>, Signal<3, 2>, Kernel1d<3>, Tanh, Same>,
        scale: Scale<Signal<3, 2>>,
        flat: Flatten<Signal<3, 2>, 6>,
    }
}

neurona::network! {
    struct Memory: [f32; 6] => [f32; 6] {
        signal: Reshape<[f32; 6], Signal<3, 2>>,
        first: Lstm<3, 2, 4, All>,
        second: Gru<3, 4, 6>,
    }
}

frozen! {
    dense: Dense<6, 6, Silu>;
    convolution: Convolution;
    memory: Memory;
    residual: Residual<Dense<6, 6, Tanh>, Relu>;
    projected: Projected<Dense<6, 6, Tanh>, Dense<6, 6>, Silu>;
    concat: Concat<Dense<6, 2, Tanh>, Dense<6, 4, Sigmoid>, [f32; 6]>;
    standardize: Standardize<6>;
    softmax: Softmax<6>;
}

/// A body with a frozen half.
#[test]
fn a_frozen_branch_has_no_gradient() {
    neurona::network! {
        struct Whole: [f32; 6] => [f32; 2] {
            both: Projected<Dense<6, 4, Tanh>, Dense<6, 4>, Silu>, last: Dense<4, 2>,
        }
    }
    neurona::network! {
        struct Half: [f32; 6] => [f32; 2] {
            both: Projected<Frozen<Dense<6, 4, Tanh>>, Dense<6, 4>, Silu>, last: Dense<4, 2>,
        }
    }
    let (whole, half) = (gradient(&filled::<Whole>()), gradient(&filled::<Half>()));
    assert_eq!(bytes_of(&half.both.second), bytes_of(&whole.both.second));
    assert_eq!(Half::FINGERPRINT, Whole::FINGERPRINT);
    assert_eq!(Whole::RAM.sgd - Whole::RAM.in_place - (Half::RAM.sgd - Half::RAM.in_place), 4 * 4 * (6 + 1));
}

#[test]
fn a_layer_in_flash_is_the_layer() {
    neurona::network! {
        struct Whole: [f32; 6] => [f32; 2] { first: Dense<6, 5, Tanh>, middle: Dense<5, 5, Silu>, last: Dense<5, 2> }
    }
    static TRAINED: std::sync::LazyLock<Whole> = std::sync::LazyLock::new(filled::<Whole>);
    neurona::in_flash! {
        First: Dense<6, 5, Tanh> = TRAINED.first;
        Middle: Dense<5, 5, Silu> = TRAINED.middle;
    }
    neurona::network! {
        struct Ends: [f32; 6] => [f32; 2] { first: Dense<6, 5, Tanh>, middle: InFlash<Middle>, last: Dense<5, 2> }
    }
    neurona::network! {
        struct Head: [f32; 6] => [f32; 2] { first: InFlash<First>, middle: InFlash<Middle>, last: Dense<5, 2> }
    }
    let (mut ends, mut head) = (Ends::ZERO, Head::ZERO);
    copy(&TRAINED.first, &mut ends.first);
    copy(&TRAINED.last, &mut ends.last);
    copy(&TRAINED.last, &mut head.last);
    let (whole, of_ends, of_head) = (gradient(&*TRAINED), gradient(&ends), gradient(&head));
    assert_eq!(bytes_of(&of_ends.first), bytes_of(&whole.first));
    assert_eq!(bytes_of(&of_ends.last), bytes_of(&whole.last));
    assert_eq!(bytes_of(&of_head.last), bytes_of(&whole.last));
    assert_eq!([Ends::FINGERPRINT, Head::FINGERPRINT], [Whole::FINGERPRINT; 2]);
    assert_eq!(size_of::<Head>(), 4 * 2 * (5 + 1));
}

struct Chosen;
impl Choice<2> for Chosen {
    const ROWS: [usize; 2] = [1, 3];
}

type Filters = Conv1d<Signal<3, 2>, Signal<3, 4>, Kernel1d<2>, Silu, Same>;
type Grouped1d = Conv1d<Signal<3, 2>, Signal<3, 4>, Grouped<1, Kernel1d<2>>, Tanh, Same>;
type Depthwise = DepthwiseConv1d<Signal<3, 2>, Signal<3, 4>, Kernel1d<3>, Silu, Same>;
type Connected = TableConv1d<Signal<3, 2>, Signal<3, 4>, Kernel1d<2>, Connections, 6, Silu, Same>;

struct Connections;
impl ConnectionTable for Connections {
    const SEES: &'static [u64] = &[0b11, 0b10, 0b01, 0b11];
}

/// A network around one layer that learns whole, by its biases, or by chosen rows.
macro_rules! part {
    ($name:ident: $type:ty; $($part:ident)*) => {
        #[test]
        fn $name() {
            neurona::network! {
                struct Whole: [f32; 6] => [f32; 2] {
                    first: Dense<6, 6>, signal: Reshape<[f32; 6], Signal<3, 2>>, middle: $type,
                    mean: GlobalAvgPool<Signal<3, 4>>, last: Dense<4, 2>,
                }
            }
            neurona::network! {
                struct Biases: [f32; 6] => [f32; 2] {
                    first: Dense<6, 6>, signal: Reshape<[f32; 6], Signal<3, 2>>, middle: BiasOnly<$type>,
                    mean: GlobalAvgPool<Signal<3, 4>>, last: Dense<4, 2>,
                }
            }
            let (whole, biases) = (gradient(&filled::<Whole>()), gradient(&filled::<Biases>()));
            assert_eq!(biases.middle, whole.middle.bias);
            assert_eq!(bytes_of(&biases.first), bytes_of(&whole.first));
            let (mut net, mut memory) = (filled::<Biases>(), Learning::ZERO);
            Learner::new(&mut net, &mut memory, SquaredError, InPlace::new(0.5)).learn(&X, &TARGET);
            let (mut all, mut of_all) = (filled::<Whole>(), Learning::ZERO);
            Learner::new(&mut all, &mut of_all, SquaredError, InPlace::new(0.5)).learn(&X, &TARGET);
            assert_eq!(net.middle.layer.bias, all.middle.bias);
            assert_eq!(bytes_of(&net.first), bytes_of(&all.first));
            let mut untouched = filled::<Biases>();
            untouched.middle.layer.bias = net.middle.layer.bias.clone();
            assert_eq!(bytes_of(&net.middle), bytes_of(&untouched.middle));
            $($part(&filled::<$type>(), [[0.0; 4]; 3]);)*
        }
    };
}

/// The bits of every parameter, by the channel that it belongs to.
fn by_row<L: Rows>(layer: &mut L) -> Vec<Vec<(Kind, Vec<u32>)>> {
    let bits = |(kind, values): Run<'_>| (kind, values.iter().map(|value| value.to_bits()).collect());
    (0..L::ROWS).map(|row| layer.row_mut(row).map(bits).collect()).collect()
}

/// Chosen channels have the gradients that they have in the whole layer, and no others change. `y` is of zeros.
fn channels<L, Y>(layer: &L, mut y: Y)
where
    L: Rows<Input = Signal<3, 2>, Output = Y> + Plain + Learn<Gradient = L>,
    Y: Tensor,
{
    let mut next = numbers();
    let x: Signal<3, 2> = [(); 3].map(|()| [next(), next()]);
    let mut dy = y.clone();
    dy.values_mut().iter_mut().for_each(|dy| *dy = next());
    type Some<L> = SomeRows<L, Chosen, 2>;
    let mut some = Some::<L>::ZERO;
    copy(layer, &mut some.layer);

    let (mut whole, mut part) = (L::ZERO, <Some<L> as Learn>::Gradient::ZERO);
    let (mut dx, mut dx_of_part) = ([[0.0; 2]; 3], [[0.0; 2]; 3]);
    let mut tape = L::Tape::ZERO;
    layer.record(&x, &mut y, &mut tape);
    L::backward(Target::Sum(layer, &mut whole), &x, &y, &mut tape, &mut dy.clone(), Some(&mut dx));
    layer.record(&x, &mut y, &mut tape); // backward may use a tape up
    let target = Target::Sum(&some, &mut part);
    Some::<L>::backward(target, &x, &y, &mut tape, &mut dy.clone(), Some(&mut dx_of_part));
    assert_eq!(dx, dx_of_part);
    let mut gradients = Vec::new();
    some.visit([&mut part], &mut |kind, values, [g]| {
        assert_eq!(values.len(), g.len());
        gradients.push((kind, g.iter().map(|g| g.to_bits()).collect::<Vec<_>>()));
    });
    let of_whole = by_row(&mut whole);
    assert_eq!(gradients, Chosen::ROWS.iter().flat_map(|row| of_whole[*row].clone()).collect::<Vec<_>>());
    assert!(gradients.iter().any(|(_, bits)| bits.iter().any(|bits| *bits != 0)), "or nothing is compared");
    assert_eq!(layer.clone_of().row_mut(L::ROWS).count(), 0);

    let (mut all, mut before) = (layer.clone_of(), layer.clone_of());
    layer.record(&x, &mut y, &mut tape);
    L::backward(Target::InPlace(&mut all, &Update::new(-0.5, 1e9)), &x, &y, &mut tape, &mut dy.clone(), None);
    layer.record(&x, &mut y, &mut tape);
    Some::<L>::backward(Target::InPlace(&mut some, &Update::new(-0.5, 1e9)), &x, &y, &mut tape, &mut dy.clone(), None);
    let (all, before, some) = (by_row(&mut all), by_row(&mut before), by_row(&mut some.layer));
    for row in 0..L::ROWS {
        let expected = if Chosen::ROWS.contains(&row) { &all[row] } else { &before[row] };
        assert_eq!(&some[row], expected, "row {row}");
    }
    // Every parameter belongs to one channel.
    let count: usize = before.iter().flatten().map(|(_, bits)| bits.len()).sum();
    assert_eq!(4 * count, size_of::<L>());
}

trait CloneOf: Plain {
    fn clone_of(&self) -> Self {
        let mut clone = Self::ZERO;
        copy(self, &mut clone);
        clone
    }
}
impl<T: Plain> CloneOf for T {}

part!(parts_of_a_convolution: Filters; channels);
part!(parts_of_a_grouped_convolution: Grouped1d; channels);
part!(parts_of_a_convolution_of_each_channel: Depthwise; channels);
part!(parts_of_a_convolution_with_a_table: Connected;);
part!(parts_of_a_simple_recurrent_layer: Rnn<3, 2, 4, All, Tanh>; channels);
part!(parts_of_a_gru: Gru<3, 2, 4, All>; channels);
part!(parts_of_an_lstm: Lstm<3, 2, 4, All, 2>; channels);

/// A scale and a shift of chosen channels, whose gradients are sums over the cells.
#[test]
fn channels_of_a_scale() {
    struct Second;
    impl Choice<1> for Second {
        const ROWS: [usize; 1] = [1];
    }
    type Layer = Scale<Signal<3, 2>, Tanh>;
    type Some = SomeRows<Layer, Second, 1>;
    assert_eq!(size_of::<Gradient<Some>>(), 8);
    let (layer, mut some) = (filled::<Layer>(), Some::ZERO);
    copy(&layer, &mut some.layer);
    let mut next = numbers();
    let [x, dy]: [Signal<3, 2>; 2] = [(); 2].map(|()| [(); 3].map(|()| [next(), next()]));
    let (mut y, mut tape) = ([[0.0; 2]; 3], <Layer as Learn>::Tape::ZERO);
    layer.record(&x, &mut y, &mut tape);
    let (mut whole, mut part) = (Layer::ZERO, <Some as Learn>::Gradient::ZERO);
    let (mut dx, mut dx_of_part) = ([[0.0; 2]; 3], [[0.0; 2]; 3]);
    Layer::backward(Target::Sum(&layer, &mut whole), &x, &y, &mut tape, &mut dy.clone(), Some(&mut dx));
    Some::backward(Target::Sum(&some, &mut part), &x, &y, &mut tape, &mut dy.clone(), Some(&mut dx_of_part));
    assert_eq!((part[0].weights, part[0].bias, dx_of_part), (whole.scale[1], whole.shift[1], dx));

    let (mut all, update) = (layer.clone_of(), || Update::new(-0.5, 1e9));
    Layer::backward(Target::InPlace(&mut all, &update()), &x, &y, &mut tape, &mut dy.clone(), None);
    Some::backward(Target::InPlace(&mut some, &update()), &x, &y, &mut tape, &mut dy.clone(), None);
    assert_eq!(some.layer.scale, [layer.scale[0], all.scale[1]]);
    assert_eq!(some.layer.shift, [layer.shift[0], all.shift[1]]);
    assert_ne!(all.scale, layer.scale);
}

/// Of the last state, and back through two of three steps.
#[test]
fn units_of_layers_that_give_their_last_state() {
    channels(&filled::<Rnn<3, 2, 4, Last, Tanh, 2>>(), [0.0; 4]);
    channels(&filled::<Gru<3, 2, 4, Last, 2>>(), [0.0; 4]);
    channels(&filled::<Lstm<3, 2, 4>>(), [0.0; 4]);
}

#[test]
fn chosen_neurons_of_a_dense_layer() {
    neurona::network! {
        struct Whole: [f32; 6] => [f32; 2] { first: Dense<6, 4, Tanh>, last: Dense<4, 2> }
    }
    neurona::network! {
        struct Sparse: [f32; 6] => [f32; 2] { first: SomeRows<Dense<6, 4, Tanh>, Chosen, 2>, last: BiasOnly<Dense<4, 2>> }
    }
    let (whole, sparse) = (gradient(&filled::<Whole>()), gradient(&filled::<Sparse>()));
    assert_eq!(sparse.first.each_ref().map(|row| row.weights), [1, 3].map(|row| whole.first.weights[row]));
    assert_eq!(sparse.first.each_ref().map(|row| row.bias), [1, 3].map(|row| whole.first.bias[row]));
    assert_eq!(sparse.last, whole.last.bias);
    assert_eq!(Sparse::FINGERPRINT, Whole::FINGERPRINT);

    // Momentum moves what learns, and nothing else.
    let (mut net, mut memory) = (filled::<Sparse>(), Learning::ZERO);
    let before = (learned(&mut filled::<Whole>()).len(), learned(&mut net));
    assert_eq!((before.0, before.1.len()), (4 * 7 + 2 * 5, 2 * 7 + 2));
    let mut learner = Learner::new(&mut net, &mut memory, SquaredError, Momentum::new(0.5, 0.5));
    for _ in 0..3 {
        learner.learn(&X, &TARGET);
    }
    let start = filled::<Sparse>();
    assert_eq!([0, 2].map(|row| net.first.layer.weights[row]), [0, 2].map(|row| start.first.layer.weights[row]));
    assert_eq!(net.last.layer.weights, start.last.layer.weights);
    let moved = learned(&mut net);
    assert!(moved.iter().zip(&before.1).all(|(now, before)| now != before));
}
