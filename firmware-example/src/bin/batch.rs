//! Learns from nothing, in mini-batches with momentum: a network that was never on a desktop.
//!
//! A gradient and a velocity are two more copies of the weights, so that the network is a smaller one: with 64-8-10 all
//! four and the workspace fit into the 16 KiB of a micro:bit.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use firmware_example::board::{self, stack};
use firmware_example::digits::{LEARN, Mounting, TEST, count_right};
use firmware_example::parity::Source;
use firmware_example::{Hash, println};
use neurona::prelude::*;
use static_cell::ConstStaticCell;

neurona::network! {
    /// As the network of the desktop, with 8 hidden neurons for its 32.
    struct Small: [f32; 64] => [f32; 10] {
        scale: Rescale<64, { (1.0_f32 / 16.0).to_bits() }>,
        hidden: Dense<64, 8, Relu>,
        output: Dense<8, 10>,
    }
}

const EPOCHS: usize = 10;
const BATCH: u32 = 8;
const RULE: Momentum = Momentum { batch: BATCH, ..Momentum::new(0.05, 0.9) };

static INPUT: ConstStaticCell<[f32; 64]> = ConstStaticCell::new([0.0; 64]);
static NET: ConstStaticCell<Small> = ConstStaticCell::new(Small::ZERO);
static MEMORY: ConstStaticCell<Inference<Small>> = ConstStaticCell::new(Inference::ZERO);
static LEARNING: ConstStaticCell<Learning<Small, Momentum>> = ConstStaticCell::new(Learning::ZERO);

const _: () = board::require_ram(size_of::<[f32; 64]>() + Small::RAM.inference + Small::RAM.momentum);

#[entry]
fn main() -> ! {
    board::init();
    let (Some(x), Some(net)) = (INPUT.try_take(), NET.try_take()) else { board::exit(false) };
    let (Some(memory), Some(learning)) = (MEMORY.try_take(), LEARNING.try_take()) else { board::exit(false) };

    // Biases are zero, weights uniform within the limit of He et al. 2015 for ReLU, the square root of 6 / inputs.
    let mut source = Source::new();
    let hidden = (net.hidden.weights.as_flattened_mut(), libm::sqrtf(6.0 / 64.0));
    let output = (net.output.weights.as_flattened_mut(), libm::sqrtf(6.0 / 8.0));
    for (weights, limit) in [hidden, output] {
        weights.fill_with(|| source.number() * limit);
    }

    let before = count_right(net, TEST, Mounting::Upright, x, memory);
    let mut learner = Learner::new(net, learning, SoftmaxCrossEntropy, RULE);
    for _ in 0..EPOCHS {
        for image in LEARN.iter() {
            image.read(Mounting::Upright, x);
            learner.learn(x, &image.digit);
        }
        learner.step();
    }
    let after = count_right(net, TEST, Mounting::Upright, x, memory);

    let mut weights = Hash::EMPTY;
    weights.add_parameters(net);
    println!("learned {} images {} times, in mini-batches of {}", LEARN.len(), EPOCHS, BATCH);
    println!("of {} test images, right before and after: {} {}", TEST.len(), before, after);
    println!("images = {}", TEST.len());
    println!("learned = {}", LEARN.len());
    println!("before = {}", before);
    println!("after = {}", after);
    println!("weights = {:016x}", weights.value());
    println!("board.name = {}", board::NAME);
    println!("board.stack = {}", stack::peak());
    board::exit(true)
}
