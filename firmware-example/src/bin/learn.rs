//! Goes on training where the desktop has stopped: the camera was mounted turned, and the board learns to read what it
//! sees now.
//!
//! The trained network is copied from flash to RAM and learns in place, one image at a time, with no other copy of its
//! weights. Each image is learned twice in a turn, as the camera sees it and as it was: without the second, the network
//! would forget upright digits while it learns turned ones.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use firmware_example::board::{self, stack};
use firmware_example::digits::{Digits, LEARN, Mounting, TEST, TRAINED, count_right};
use firmware_example::{Hash, println};
use neurona::prelude::*;
use static_cell::ConstStaticCell;

const TURNS: usize = 5;
const RATE: f32 = 0.02;

static INPUT: ConstStaticCell<[f32; 64]> = ConstStaticCell::new([0.0; 64]);
static NET: ConstStaticCell<Digits> = ConstStaticCell::new(Digits::ZERO);
static MEMORY: ConstStaticCell<Inference<Digits>> = ConstStaticCell::new(Inference::ZERO);
static LEARNING: ConstStaticCell<Learning<Digits, InPlace>> = ConstStaticCell::new(Learning::ZERO);

const _: () = board::require_ram(size_of::<[f32; 64]>() + Digits::RAM.inference + Digits::RAM.in_place);

#[entry]
fn main() -> ! {
    board::init();
    let (Some(x), Some(net)) = (INPUT.try_take(), NET.try_take()) else { board::exit(false) };
    let (Some(memory), Some(learning)) = (MEMORY.try_take(), LEARNING.try_take()) else { board::exit(false) };
    neurona::plain::copy(&TRAINED, net);

    let upright_before = count_right(net, TEST, Mounting::Upright, x, memory);
    let turned_before = count_right(net, TEST, Mounting::Turned, x, memory);
    let mut learner = Learner::new(net, learning, SoftmaxCrossEntropy, InPlace::new(RATE));
    for _ in 0..TURNS {
        for image in LEARN.iter() {
            for mounting in [Mounting::Turned, Mounting::Upright] {
                image.read(mounting, x);
                learner.learn(x, &image.digit);
            }
        }
    }
    let upright_after = count_right(net, TEST, Mounting::Upright, x, memory);
    let turned_after = count_right(net, TEST, Mounting::Turned, x, memory);

    let mut weights = Hash::EMPTY;
    weights.add_parameters(net);
    println!("learned {} images, turned and upright, {} times", LEARN.len(), TURNS);
    println!("of {} test images, right before and after:", TEST.len());
    println!("  turned  {:4} {:4}", turned_before, turned_after);
    println!("  upright {:4} {:4}", upright_before, upright_after);
    println!("images = {}", TEST.len());
    println!("learned = {}", LEARN.len());
    println!("turned.before = {}", turned_before);
    println!("turned.after = {}", turned_after);
    println!("upright.before = {}", upright_before);
    println!("upright.after = {}", upright_after);
    println!("weights = {:016x}", weights.value());
    println!("board.name = {}", board::NAME);
    let stack = stack::peak();
    println!("board.stack = {}", stack);
    board::exit(stack <= stack::BOUND)
}
