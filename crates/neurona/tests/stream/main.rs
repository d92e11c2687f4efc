//! Networks that are fed sample by sample against the same networks over whole windows, bit for bit.
#![forbid(unsafe_code)]

use neurona::plain::{Plain, fill};
use neurona::prelude::*;
use neurona::shape::{Shaped, Tensor, same, valid};
use neurona::stream::Sample;

#[rustfmt::skip] // written by a script
mod stacks;

/// Random numbers by Numerical Recipes' linear congruential generator.
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }

    /// Between -1 and 1; of a wild one, each eighth is a zero of either sign, an infinity or NaN.
    fn number(&mut self, wild: bool) -> f32 {
        const SPECIAL: [f32; 5] = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
        if wild && self.next().is_multiple_of(8) {
            return SPECIAL[self.next() as usize % SPECIAL.len()];
        }
        self.next() as f32 / (1 << 23) as f32 - 1.0
    }

    fn fill<T: Plain>(&mut self, wild: bool) -> Box<T> {
        let mut value = Box::new(T::ZERO);
        let bytes: Vec<u8> = (0..size_of::<T>() / 4).flat_map(|_| self.number(wild).to_le_bytes()).collect();
        assert!(fill(&mut *value, &bytes));
        value
    }
}

/// The bits, with one for all NaN: which one it is depends on the processor.
fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() }).collect()
}

fn sample<X: Shaped>(values: &[f32]) -> Sample<X> {
    let mut sample = Sample::<X>::ZERO;
    sample.values_mut().copy_from_slice(values);
    sample
}

/// Feeds the samples of a window, and gives the outputs, each with the number of its sample.
fn fed<N: Stream>(net: &N, x: &N::Input, streaming: &mut Streaming<N>) -> Vec<(usize, Vec<u32>)> {
    let samples = x.values().chunks(<N::Input>::SHAPE.channels()).enumerate();
    let outputs =
        samples.filter_map(|(at, values)| Some((at, bits(net.feed(&sample::<N::Input>(values), streaming)?.values()))));
    outputs.collect()
}

/// Holds the stream of a network to its window, over random weights and inputs, after a reset too.
fn check<N: Stream + Plain>() {
    assert_eq!(N::FAULT, None, "{:?}", N::SPEC);
    let mut random = Random(12);
    for wild in [false, false, false, true, true] {
        let (net, mut streaming) = (random.fill::<N>(wild), Box::new(Streaming::<N>::ZERO));
        let mut net_scratch = N::Scratch::ZERO;
        for _ in 0..2 {
            let (x, mut y) = (random.fill::<N::Input>(wild), N::Output::ZERO);
            net.forward(&x, &mut y, &mut net_scratch);
            streaming.reset();
            let found = fed(&*net, &x, &mut streaming);
            let Timing { delay, every } = N::TIMING;
            for (at, (sample, _)) in found.iter().enumerate() {
                assert_eq!(*sample, delay + at * every, "{:?}", N::SPEC);
            }
            let expected: Vec<_> = y.values().chunks(<N::Output>::SHAPE.channels()).map(bits).collect();
            // Of a vector there is one more after each sample, of which the last is the window's.
            let found: Vec<_> = found.into_iter().map(|(_, bits)| bits).collect();
            assert!(found.len() >= expected.len(), "{:?}", N::SPEC);
            if expected.len() > 1 {
                assert_eq!(found, expected, "{:?}", N::SPEC);
            } else {
                assert_eq!(found.last(), expected.last(), "{:?}", N::SPEC);
            }
        }
    }
}

const STEPS: usize = 23;

/// Four channels for three filters.
struct Table;

impl ConnectionTable for Table {
    const SEES: &'static [u64] = &[0b0101, 0b1000, 0b1111];
}

/// Checks all layers that slide a window over 23 samples, with windows of these sizes, strides and dilations.
macro_rules! windows {
    ($(($size:literal $stride:literal $dilation:literal))+) => {
        $({
            const CAUSAL: usize = same(STEPS, $stride);
            const VALID: usize = valid(STEPS, $size, $stride, $dilation);
            type K = Kernel1d<$size, $stride, $dilation>;
            type X = Signal<STEPS, 4>;
            check::<Conv1d<X, Signal<CAUSAL, 3>, K, Tanh, Causal>>();
            check::<Conv1d<X, Signal<VALID, 3>, K>>();
            check::<Conv1d<X, Signal<CAUSAL, 6>, Grouped<2, K>, Relu, Causal>>();
            check::<DepthwiseConv1d<X, Signal<CAUSAL, 8>, K, Identity, Causal>>();
            check::<DepthwiseConv1d<X, Signal<VALID, 4>, K, Silu>>();
            check::<TableConv1d<X, Signal<CAUSAL, 3>, K, Table, 7, Tanh, Causal>>();
            check::<TableConv1d<X, Signal<VALID, 3>, K, Table, 7>>();
            check::<MaxPool<X, Signal<CAUSAL, 4>, K, Causal>>();
            check::<MaxPool<X, Signal<VALID, 4>, K>>();
            check::<AvgPool<X, Signal<CAUSAL, 4>, K, Causal>>();
            check::<AvgPool<X, Signal<VALID, 4>, K>>();
        })+
    };
}

#[test]
fn windows_of_every_size() {
    windows! {
        (1 1 1) (2 1 1) (3 2 1) (5 1 1) (1 3 2) (2 1 2) (3 1 2) (3 3 4) (5 2 4) (2 7 3)
    }
    // Some padding before the signal: less than the window reaches back.
    check::<Conv1d<Signal<9, 2>, Signal<8, 3>, Kernel1d<4>, Relu, Padding1d<2, 0>>>();
    check::<Conv1d<Signal<9, 2>, Signal<4, 3>, Kernel1d<3, 2, 2>, Relu, Padding1d<3, 0>>>();
    // `Same` padding that adds nothing after the signal.
    check::<Conv1d<Signal<9, 2>, Signal<9, 3>, Kernel1d<1>, Relu, Same>>();
}

#[test]
fn recurrent_layers() {
    check::<Rnn<9, 3, 4>>();
    check::<Rnn<9, 3, 4, All, Relu>>();
    check::<Gru<9, 3, 5>>();
    check::<Gru<9, 3, 5, All, 4>>();
    check::<Lstm<9, 1, 2, Last, 4>>();
    check::<Lstm<9, 3, 4, All>>();
    check::<EchoState<9, 3, 8, 3, 1>>();
    check::<EchoState<9, 3, 8, 2, 1, All, { 0.3_f32.to_bits() }>>();
}

#[test]
fn layers_without_a_window() {
    check::<Scale<Signal<9, 3>, Relu>>();
    check::<Scale<[f32; 3]>>();
    check::<GlobalMaxPool<Signal<9, 3>>>();
    check::<GlobalAvgPool<Signal<9, 3>>>();
    check::<Dense<3, 2, Sigmoid>>();
    check::<Softmax<3>>();
    check::<Standardize<3>>();
    check::<Standardize<3, Signal<9, 3>>>();
    check::<Rescale<3, { 0.5_f32.to_bits() }>>();
    check::<OutputCodes<3, 2, Codewords>>();
}

struct Codewords;

impl Codes for Codewords {
    const CODES: &'static [u64] = &[0b101, 0b011];
}

struct Chosen;

impl Choice<2> for Chosen {
    const ROWS: [usize; 2] = [0, 2];
}

/// A layer of which a part learns is fed as the layer is.
#[test]
fn layers_of_which_a_part_learns() {
    type Edges = Conv1d<Signal<9, 2>, Signal<9, 3>, Kernel1d<3>, Relu, Causal>;
    check::<Frozen<Edges>>();
    check::<BiasOnly<Edges>>();
    check::<SomeRows<Edges, Chosen, 2>>();
}

neurona::network! {
    /// Convolutions with growing dilation, each of which keeps the number of samples.
    stream struct Dilated: Signal<40, 2> => Signal<40, 4> {
        first: Conv1d<Signal<40, 2>, Signal<40, 4>, Kernel1d<3>, Relu, Causal>,
        second: Conv1d<Signal<40, 4>, Signal<40, 4>, Kernel1d<3, 1, 2>, Relu, Causal>,
        third: Conv1d<Signal<40, 4>, Signal<40, 4>, Kernel1d<3, 1, 4>, Tanh, Causal>,
    }
}

neurona::network! {
    /// Strides and no padding: outputs are late and seldom.
    stream struct Seldom: Signal<61, 3> => Signal<4, 5> {
        first: Conv1d<Signal<61, 3>, Signal<29, 4>, Kernel1d<5, 2>, Relu>,
        pool: MaxPool<Signal<29, 4>, Signal<14, 4>, Kernel1d<2, 2>>,
        depthwise: DepthwiseConv1d<Signal<14, 4>, Signal<4, 4>, Kernel1d<3, 3, 2>, Identity>,
        pointwise: Conv1d<Signal<4, 4>, Signal<4, 5>, Kernel1d<1>, Relu>,
        scale: Scale<Signal<4, 5>>,
    }
}

neurona::network! {
    /// Features for a recurrent network, and a decision.
    stream struct Decision: Signal<32, 3> => [f32; 4] {
        features: Conv1d<Signal<32, 3>, Signal<16, 6>, Kernel1d<4, 2>, Relu, Causal>,
        first: Gru<16, 6, 5, All>,
        second: Lstm<16, 5, 3>,
        hidden: Dense<3, 6, Tanh>,
        output: Dense<6, 4>,
        share: Softmax<4>,
    }
}

neurona::network! {
    /// A convolution that is averaged over time.
    stream struct Averaged: Signal<20, 1> => [f32; 2] {
        first: Conv1d<Signal<20, 1>, Signal<20, 3>, Kernel1d<4>, Relu, Causal>,
        smooth: AvgPool<Signal<20, 3>, Signal<10, 3>, Kernel1d<3, 2>, Causal>,
        mean: GlobalAvgPool<Signal<10, 3>>,
        output: Dense<3, 2>,
    }
}

neurona::network! {
    stream struct Halving: Signal<24, 3> => Signal<12, 5> {
        first: Conv1d<Signal<24, 3>, Signal<12, 4>, Kernel1d<3, 2>, Relu, Causal>,
        second: Conv1d<Signal<12, 4>, Signal<12, 5>, Kernel1d<3>, Identity, Causal>,
    }
}

neurona::network! {
    stream struct Detail: Signal<12, 5> => Signal<12, 5> {
        first: Conv1d<Signal<12, 5>, Signal<12, 3>, Kernel1d<3, 1, 2>, Silu, Causal>,
        second: Rnn<12, 3, 5, All>,
    }
}

type Pointwise = Conv1d<Signal<24, 3>, Signal<12, 5>, Kernel1d<1, 2>>;
type Narrow = Conv1d<Signal<12, 5>, Signal<12, 2>, Kernel1d<1>, Relu>;
type Wide = Conv1d<Signal<12, 5>, Signal<12, 4>, Kernel1d<5>, Relu, Causal>;

neurona::network! {
    /// Networks as layers, around shortcuts and side by side.
    stream struct Branched: Signal<24, 3> => Signal<12, 6> {
        halving: Projected<Halving, Pointwise, Relu>,
        detail: Residual<Detail, HardSwish>,
        both: Concat<Narrow, Wide, Signal<12, 6>>,
    }
}

#[test]
fn networks() {
    check::<Dilated>();
    check::<Seldom>();
    check::<Decision>();
    check::<Averaged>();
    check::<Halving>();
    check::<Detail>();
    check::<Branched>();
    assert_eq!(Seldom::TIMING, Timing { delay: 4 + 2 + 4 * 4, every: 2 * 2 * 3 });
    assert_eq!(Branched::TIMING, Timing { delay: 0, every: 2 });
}

/// After each step a vector is that of a window which ends there: the states that `All` gives are those that `Last` would.
#[test]
fn a_vector_is_that_of_a_window_which_ends_with_the_step() {
    let mut random = Random(3);
    let last = random.fill::<Gru<9, 3, 5>>(false);
    let all: Gru<9, 3, 5, All> = Gru::new(last.weights, last.recurrent, last.bias);
    let (x, mut states) = (random.fill::<Signal<9, 3>>(false), Signal::<9, 5>::ZERO);
    let (mut scratch, mut streaming) = (Zero::ZERO, Streaming::ZERO);
    all.forward(&x, &mut states, &mut scratch);
    let found = fed(&*last, &x, &mut streaming);
    assert_eq!(found.into_iter().map(|(_, bits)| bits).collect::<Vec<_>>(), states.map(|state| bits(&state)));
}

/// Feeds some samples, then NaN, then `after` samples more; whether NaN is left in the state, as it must be where it is in the
/// output. A reset then makes the stream give what one gives that has just begun.
fn keeps_nan<N: Stream + Plain>(after: usize) -> bool {
    let mut random = Random(5);
    let (net, mut streaming) = (random.fill::<N>(false), Box::new(Streaming::<N>::ZERO));
    let mut samples = || {
        let mut x = Sample::<N::Input>::ZERO;
        x.values_mut().fill_with(|| random.number(false));
        x
    };
    let mut nan = Sample::<N::Input>::ZERO;
    nan.values_mut().fill(f32::NAN);
    (0..7).for_each(|_| assert!(net.feed(&samples(), &mut streaming).is_none_or(|y| y.values()[0].is_finite())));
    assert!(streaming.is_finite(), "{:?}", N::SPEC);
    net.feed(&nan, &mut streaming);
    assert!(!streaming.is_finite(), "{:?}", N::SPEC);
    let mut last = 0.0;
    for _ in 0..after {
        last = net.feed(&samples(), &mut streaming).map_or(last, |y| y.values()[0]);
    }
    let kept = !streaming.is_finite();
    assert!(kept || !last.is_nan(), "{:?}", N::SPEC);

    streaming.reset();
    let mut anew = Box::new(Streaming::<N>::ZERO);
    for _ in 0..20 {
        let x = samples();
        let [found, expected] =
            [&mut streaming, &mut anew].map(|streaming| net.feed(&x, streaming).map(|y| bits(y.values())));
        assert_eq!(found, expected, "{:?}", N::SPEC);
    }
    kept
}

#[test]
fn a_nan_stays_where_there_is_memory_and_leaves_with_a_window() {
    assert!(keeps_nan::<Rnn<9, 3, 4>>(30));
    assert!(keeps_nan::<Gru<9, 3, 5>>(30));
    assert!(keeps_nan::<Lstm<9, 3, 4>>(30));
    assert!(keeps_nan::<EchoState<9, 3, 8, 3, 1>>(30));
    assert!(keeps_nan::<GlobalAvgPool<Signal<9, 3>>>(30));
    assert!(keeps_nan::<GlobalMaxPool<Signal<9, 3>>>(30));
    assert!(keeps_nan::<Decision>(30));
    // A window of 3 samples that are 2 apart reaches over 5, and its rings are overwritten after 6.
    type Y = Signal<9, 2>;
    assert!(keeps_nan::<Conv1d<Signal<9, 3>, Y, Kernel1d<3, 1, 2>, Tanh, Causal>>(4));
    assert!(!keeps_nan::<Conv1d<Signal<9, 3>, Y, Kernel1d<3, 1, 2>, Tanh, Causal>>(6));
    assert!(!keeps_nan::<DepthwiseConv1d<Signal<9, 2>, Y, Kernel1d<4>, Tanh, Causal>>(4));
    assert!(!keeps_nan::<TableConv1d<Signal<9, 4>, Signal<9, 3>, Kernel1d<4>, Table, 7, Tanh, Causal>>(4));
    assert!(!keeps_nan::<MaxPool<Signal<9, 2>, Signal<8, 2>, Kernel1d<2>>>(2));
    assert!(!keeps_nan::<AvgPool<Signal<9, 2>, Signal<8, 2>, Kernel1d<2>>>(2));
    // The first layer gives NaN for 3 samples, the second for 4 more, the third holds what it was given for 12.
    assert!(!keeps_nan::<Dilated>(2 + 4 + 12));
}

/// No counter runs out, and what has left the window is forgotten.
#[test]
fn a_stream_goes_on_beyond_the_window() {
    type Endless = Conv1d<Signal<13, 2>, Signal<1, 3>, Kernel1d<5, 7, 3>, Tanh>;
    let mut random = Random(9);
    let (net, mut streaming) = (random.fill::<Endless>(false), Streaming::<Endless>::ZERO);
    let samples: Vec<[f32; 2]> = (0..10_000).map(|_| [random.number(false), random.number(false)]).collect();
    let mut outputs = 0;
    for (at, sample) in samples.iter().enumerate() {
        if let Some(output) = net.feed(sample, &mut streaming) {
            let mut y = [[0.0; 3]];
            net.forward(samples[at - 12..].first_chunk().unwrap(), &mut y, &mut ());
            assert_eq!(*output, y[0], "sample {at}");
            outputs += 1;
        }
    }
    assert_eq!(outputs, (10_000 - 12_usize).div_ceil(7));
}

#[test]
fn a_nan_stays_in_a_state_until_the_reset_and_leaves_a_convolution() {
    fn spoiled<N: Stream<Input: Shaped> + Plain>(samples: usize) -> (bool, bool) {
        let mut random = Random(5);
        let (net, mut streaming) = (random.fill::<N>(false), Streaming::<N>::ZERO);
        let good = || sample::<N::Input>(&vec![0.5; <N::Input>::SHAPE.channels()]);
        net.feed(&good(), &mut streaming);
        assert!(streaming.is_finite());
        let mut bad = good();
        bad.values_mut()[0] = f32::NAN;
        net.feed(&bad, &mut streaming);
        assert!(!streaming.is_finite());
        let mut output = Vec::new();
        for _ in 0..samples {
            output = bits(net.feed(&good(), &mut streaming).unwrap().values());
        }
        let finite = (streaming.is_finite(), output.iter().all(|bits| f32::from_bits(*bits).is_finite()));
        streaming.reset();
        assert!(streaming.is_finite());
        assert!(net.feed(&good(), &mut streaming).unwrap().values().iter().all(|value| value.is_finite()));
        finite
    }
    assert_eq!(spoiled::<Gru<9, 2, 3>>(1000), (false, false));
    assert_eq!(spoiled::<Lstm<9, 2, 3, All>>(1000), (false, false));
    assert_eq!(spoiled::<Rnn<9, 2, 3, Last, Relu>>(1000), (false, false));
    assert_eq!(spoiled::<GlobalMaxPool<Signal<9, 2>>>(1000), (false, false));
    assert_eq!(spoiled::<GlobalAvgPool<Signal<9, 2>>>(1000), (false, false));
    type Short = Conv1d<Signal<9, 2>, Signal<9, 3>, Kernel1d<3, 1, 2>, Relu, Causal>;
    // The window reaches 4 samples back; the ring forgets after 6.
    assert_eq!(spoiled::<Short>(3), (false, true));
    assert_eq!(spoiled::<Short>(4), (false, false));
    assert_eq!(spoiled::<Short>(5), (false, true));
    assert_eq!(spoiled::<Short>(6), (true, true));
}

#[test]
fn what_a_stream_needs_is_a_constant() {
    // The ring of a kernel of 3 with dilation 2 over 2 channels, four counters, and the output.
    assert_eq!(
        size_of::<Streaming<Conv1d<Signal<40, 2>, Signal<40, 4>, Kernel1d<3, 1, 2>, Relu, Causal>>>(),
        4 * (2 * 3 * 2 + 4 + 4)
    );
    // Between the layers of `Decision` stand 6, 5, 3, 6 and 4 values; its states are a ring, a GRU's and an LSTM's.
    let states = (4 * 3 + 4) + 5 * (4 + 1) + 3 * (4 + 2);
    assert_eq!(size_of::<Streaming<Decision>>(), 4 * ((6 + 5) + states + 4));
}
