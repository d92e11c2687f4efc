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
const BATCH: usize = 8;
const SGD: Sgd = Sgd { rate: 0.05, momentum: 0.9 };

static INPUT: ConstStaticCell<[f32; 64]> = ConstStaticCell::new([0.0; 64]);
static NET: ConstStaticCell<Small> = ConstStaticCell::new(Small::ZERO);
static GRADIENT: ConstStaticCell<Gradient<Small>> = ConstStaticCell::new(Gradient::<Small>::ZERO);
static VELOCITY: ConstStaticCell<Gradient<Small>> = ConstStaticCell::new(Gradient::<Small>::ZERO);
static MEMORY: ConstStaticCell<Inference<Small>> = ConstStaticCell::new(Inference::ZERO);
static WORKSPACE: ConstStaticCell<Workspace<Small>> = ConstStaticCell::new(Workspace::ZERO);

const _: () = board::require_ram(size_of::<[f32; 64]>() + Small::RAM.inference + Small::RAM.momentum);

#[entry]
fn main() -> ! {
    board::init();
    let (Some(x), Some(net)) = (INPUT.try_take(), NET.try_take()) else { board::exit(false) };
    let (Some(sum), Some(velocity)) = (GRADIENT.try_take(), VELOCITY.try_take()) else { board::exit(false) };
    let (Some(memory), Some(workspace)) = (MEMORY.try_take(), WORKSPACE.try_take()) else { board::exit(false) };

    // Biases are zero, weights uniform within the limit of He et al. 2015 for ReLU, the square root of 6 / inputs.
    let mut source = Source::new();
    let hidden = (net.hidden.weights.as_flattened_mut(), libm::sqrtf(6.0 / 64.0));
    let output = (net.output.weights.as_flattened_mut(), libm::sqrtf(6.0 / 8.0));
    for (weights, limit) in [hidden, output] {
        weights.fill_with(|| source.number() * limit);
    }

    let before = count_right(net, TEST, Mounting::Upright, x, memory);
    for _ in 0..EPOCHS {
        let mut batch = 0;
        for image in LEARN.iter() {
            image.read(Mounting::Upright, x);
            net.accumulate(x, &image.digit, &SoftmaxCrossEntropy, sum, workspace);
            batch += 1;
            if batch == BATCH {
                SGD.step_with_momentum(net, sum, velocity, batch);
                batch = 0;
            }
        }
        if batch > 0 {
            SGD.step_with_momentum(net, sum, velocity, batch);
        }
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
