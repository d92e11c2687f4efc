//! Holds the stack to its bound while a network of many recurrent layers, and so of dozens of arrays of parameters, learns by
//! each rule: however many there are, a step needs no more of it.
#![no_std]
#![no_main]

use core::hint::black_box;

use cortex_m_rt::entry;
use firmware_example::board::{self, stack};
use firmware_example::parity::{Nasty, Source};
use firmware_example::{Hash, println};
use neurona::learner::Rule;
use neurona::prelude::*;
use neurona::shape::Tensor;
use static_cell::ConstStaticCell;

neurona::network! {
    struct Deep: Signal<2, 2> => [f32; 2] {
        first: Gru<2, 2, 2, All>,
        second: Lstm<2, 2, 2, All>,
        third: Rnn<2, 2, 2, All>,
        fourth: Gru<2, 2, 2, All>,
        fifth: Lstm<2, 2, 2, All>,
        sixth: Rnn<2, 2, 2, All>,
        seventh: Gru<2, 2, 2, All>,
        eighth: Lstm<2, 2, 2>,
        output: Dense<2, 2>,
    }
}

/// Bytes of the memory of a rule, which stand beside the one network.
const fn need<R: Rule>() -> usize {
    size_of::<Learning<Deep, R>>()
}

const _: () = board::require_ram(
    size_of::<Deep>()
        + size_of::<<Deep as Layer>::Input>()
        + need::<InPlace>()
        + need::<Sgd>()
        + need::<Momentum>()
        + need::<Adam>(),
);

static NET: ConstStaticCell<Deep> = ConstStaticCell::new(Deep::ZERO);
static INPUT: ConstStaticCell<<Deep as Layer>::Input> = ConstStaticCell::new(Zero::ZERO);
static IN_PLACE: ConstStaticCell<Learning<Deep, InPlace>> = ConstStaticCell::new(Learning::ZERO);
static SGD: ConstStaticCell<Learning<Deep, Sgd>> = ConstStaticCell::new(Learning::ZERO);
static MOMENTUM: ConstStaticCell<Learning<Deep, Momentum>> = ConstStaticCell::new(Learning::ZERO);
static ADAM: ConstStaticCell<Learning<Deep, Adam>> = ConstStaticCell::new(Learning::ZERO);

#[entry]
fn main() -> ! {
    board::init();
    let (Some(net), Some(x)) = (NET.try_take(), INPUT.try_take()) else { board::exit(false) };
    let (Some(in_place), Some(sgd)) = (IN_PLACE.try_take(), SGD.try_take()) else { board::exit(false) };
    let (Some(momentum), Some(adam)) = (MOMENTUM.try_take(), ADAM.try_take()) else { board::exit(false) };
    // With a penalty each rule goes through the parameters.
    let (l1, l2) = (1e-4, 1e-3);
    learn("in_place", net, x, in_place, InPlace { l1, l2, ..InPlace::new(0.05) });
    learn("sgd", net, x, sgd, Sgd { l1, l2, clip: Clip::Norm(1.0), ..Sgd::new(0.05) });
    learn("momentum", net, x, momentum, Momentum { l1, l2, ..Momentum::nesterov(0.05, 0.9) });
    learn("adam", net, x, adam, Adam { l1, l2, ..Adam::with_decay(0.01, 0.1) });
    println!("board.name = {}", board::NAME);
    let stack = stack::peak();
    println!("board.stack = {}", stack);
    board::exit(stack <= stack::BOUND)
}

/// Learns three times, and prints the hash of every loss and weight, and what the stack took so far.
///
/// Each rule has its own, in which the learner and all that the compiler takes into it have one frame.
#[inline(never)]
fn learn<R: Rule>(
    name: &str,
    net: &mut Deep,
    x: &mut <Deep as Layer>::Input,
    learning: &mut Learning<Deep, R>,
    rule: R,
) {
    let mut source = Source::new();
    net.visit([], &mut |_, array, []| source.fill(Nasty::Rounding, array));
    source.fill(Nasty::Rounding, x.values_mut());
    let mut hash = Hash::EMPTY;
    let mut learner = Learner::new(net, learning, SquaredError, rule);
    // A loop as a program has it: unrolled, it would have three frames in one.
    for _ in 0..black_box(3) {
        hash.add(&[learner.learn(x, &[0.5, -0.5]).loss().unwrap_or(f32::NAN)]);
    }
    hash.add_parameters(learner.net_mut());
    println!("{} = {:016x}", name, hash.value());
    println!("board.stack.{} = {}", name, stack::peak());
}
