//! Holds the stack to its bound while convolutional and recurrent networks infer, learn and are fed sample by sample; where
//! there is room, also networks of the literature, which are many times larger and need no more of it.
//!
//! RAM is what the types say, in statics; the rest is stack, which is painted before the run.
#![no_std]
#![no_main]

use core::hint::black_box;

use cortex_m_rt::entry;
use firmware_example::board::{self, stack};
use firmware_example::parity::{Nasty, Source};
use firmware_example::{Hash, println};
use neurona::prelude::*;
use neurona::shape::{Shaped, Tensor};
use neurona::zoo::{DsCnn, LeNet5};
use static_cell::ConstStaticCell;

type Map = Image<4, 4, 4>;

neurona::network! {
    struct Body: Map => Map {
        depthwise: DepthwiseConv2d<Map, Map, Kernel2d<3>, Relu, Same>,
        pointwise: Conv2d<Map, Map, Kernel2d<1>>,
    }
}

type Even = Conv2d<Image<2, 2, 4>, Image<2, 2, 3>, Kernel2d<1>, Tanh>;
type Wide = Conv2d<Image<2, 2, 4>, Image<2, 2, 2>, Kernel2d<3>, Silu, Same>;

neurona::network! {
    struct Images: Image<4, 4, 2> => [f32; 3] {
        conv: Conv2d<Image<4, 4, 2>, Map, Kernel2d<3>, Relu, Same>,
        body: Residual<Body, Relu>,
        pool: MaxPool<Map, Image<2, 2, 4>, Kernel2d<2, 2, 2>>,
        both: Concat<Even, Wide, Image<2, 2, 5>>,
        mean: GlobalAvgPool<Image<2, 2, 5>>,
        output: Dense<5, 3>,
    }
}

neurona::network! {
    stream struct Causally: Signal<16, 3> => [f32; 3] {
        standardize: Standardize<3, Signal<16, 3>>,
        conv: Conv1d<Signal<16, 3>, Signal<16, 4>, Kernel1d<3, 1, 2>, Relu, Causal>,
        depthwise: DepthwiseConv1d<Signal<16, 4>, Signal<8, 4>, Kernel1d<3, 2>, Identity, Causal>,
        pool: AvgPool<Signal<8, 4>, Signal<8, 4>, Kernel1d<2>, Causal>,
        largest: GlobalMaxPool<Signal<8, 4>>,
        output: Dense<4, 3>,
        share: Softmax<3>,
    }
}

neurona::network! {
    stream struct Recurrently: Signal<8, 3> => [f32; 3] {
        first: Gru<8, 3, 6, All>,
        second: Rnn<8, 6, 5, All>,
        third: Lstm<8, 5, 4>,
        output: Dense<4, 3>,
    }
}

neurona::network! {
    /// As [`Recurrently`], and many times larger.
    struct Long: Signal<100, 6> => [f32; 3] {
        first: Gru<100, 6, 32, All>,
        second: Lstm<100, 32, 24>,
        output: Dense<24, 3>,
    }
}

/// Bytes that the larger networks take.
const LARGE: usize = need::<LeNet5>() + need::<Long>() + size_of::<DsCnn>() + DsCnn::RAM.inference + input::<DsCnn>();

const fn input<N: Network>() -> usize {
    size_of::<N::Input>()
}

/// Bytes of a network that infers and learns, and of its input.
const fn need<N: Network>() -> usize {
    N::RAM.inference + N::RAM.in_place + input::<N>()
}

const _: () = board::require_ram(
    need::<Images>()
        + need::<Causally>()
        + need::<Recurrently>()
        + size_of::<Streaming<Causally>>()
        + size_of::<Streaming<Recurrently>>(),
);

/// A static that is lent once, or else the end: each expansion is a place of its own.
macro_rules! take {
    ($type:ty) => {{
        static PLACE: ConstStaticCell<$type> = ConstStaticCell::new(<$type>::ZERO);
        match PLACE.try_take() {
            Some(place) => place,
            None => board::exit(false),
        }
    }};
}

/// Infers and learns, in statics of its own.
macro_rules! learn {
    ($name:literal, $net:ty) => {{
        let (net, x) = (take!($net), take!(<$net as Layer>::Input));
        learn($name, net, x, take!(Inference<$net>), take!(Learning<$net, InPlace>));
        (net, x)
    }};
}

#[entry]
fn main() -> ! {
    board::init();
    learn!("images", Images);
    let (net, x) = learn!("causal", Causally);
    feed("causal.stream", net, x, take!(Streaming<Causally>));
    let (net, x) = learn!("recurrent", Recurrently);
    feed("recurrent.stream", net, x, take!(Streaming<Recurrently>));
    if board::RAM >= 1024 * 1024 {
        larger();
    }
    println!("board.name = {}", board::NAME);
    let stack = stack::peak();
    println!("board.stack = {}", stack);
    board::exit(stack <= stack::BOUND)
}

/// What the micro:bit has no room for: its lines are the board's.
#[inline(never)]
fn larger() {
    const { assert!(LARGE < 1024 * 1024) };
    println!("board.stack.small = {}", stack::peak());
    learn!("board.lenet5", LeNet5);
    learn!("board.long", Long);
    let (net, x) = (take!(DsCnn), take!(<DsCnn as Layer>::Input));
    fill(net, x);
    let mut hash = Hash::EMPTY;
    hash.add(net.infer(x, take!(Inference<DsCnn>)));
    println!("board.ds_cnn = {:016x}", hash.value());
}

/// Weights and an input, by chance and the same each time.
fn fill<N: Network<Input: Tensor>>(net: &mut N, x: &mut N::Input) {
    let mut source = Source::new();
    net.visit([], &mut |_, array, []| {
        source.fill(Nasty::Rounding, array);
        // So that what goes through many layers neither grows nor vanishes much.
        array.iter_mut().for_each(|weight| *weight *= 0.25);
    });
    source.fill(Nasty::Rounding, x.values_mut());
}

/// Infers, learns three times, and prints the hash of every output, loss and weight.
#[inline(never)]
fn learn<N: Network<Input: Tensor, Output: Tensor>>(
    name: &str,
    net: &mut N,
    x: &mut N::Input,
    memory: &mut Inference<N>,
    learning: &mut Learning<N, InPlace>,
) where
    SquaredError: Loss<N::Output, N::Output>,
{
    fill(net, x);
    let mut hash = Hash::EMPTY;
    hash.add(net.infer(x, memory).values());
    let mut learner = Learner::new(net, learning, SquaredError, InPlace::new(0.05));
    // A loop as a program has it: unrolled, it would have three frames in one.
    for _ in 0..black_box(3) {
        hash.add(&[learner.learn(x, &N::Output::ZERO).loss().unwrap_or(f32::NAN)]);
    }
    hash.add_parameters(learner.net_mut());
    println!("{} = {:016x}", name, hash.value());
}

/// Feeds the samples of a window, and prints the hash of every output.
#[inline(never)]
fn feed<N: Stream>(name: &str, net: &N, x: &N::Input, streaming: &mut Streaming<N>) {
    let (mut hash, mut sample) = (Hash::EMPTY, neurona::stream::Sample::<N::Input>::ZERO);
    for values in x.values().chunks_exact(<N::Input as Shaped>::SHAPE.channels().max(1)) {
        for (to, value) in sample.values_mut().iter_mut().zip(values) {
            *to = *value;
        }
        if let Some(output) = net.feed(&sample, streaming) {
            hash.add(output.values());
        }
    }
    println!("{} = {:016x}", name, hash.value());
}
