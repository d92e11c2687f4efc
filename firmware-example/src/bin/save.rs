//! Learns, saves what it learned every few steps, and after a loss of power goes on from what was saved.
//!
//! The camera was mounted turned, as in `learn`. Which image is learned depends on the count of steps alone, and the network
//! learns in place, so that its weights and this count are all there is to save: a run that is ended at any moments, and
//! started again each time, ends with the same bits as one that is not.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use firmware_example::board::{self, flash, stack};
use firmware_example::digits::{Digits, LEARN, Mounting, TEST, TRAINED, count_right};
use firmware_example::{Hash, println};
use neurona::prelude::*;
use neurona::store::{RestoreError, Store};
use static_cell::ConstStaticCell;

const STEPS: u64 = 720;
const STEPS_A_SAVE: u64 = 60;
const RATE: f32 = 0.02;
/// Saving takes more stack than learning: blocks of the flash on their way.
const STACK: usize = 2 * stack::BOUND;

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
    let Some((flash, region)) = flash::open() else { fail("there is no flash to save in") };
    let mut store = match Store::<_, Digits>::new(flash, region) {
        Ok(store) => store,
        Err(error) => fail(error),
    };
    neurona::plain::copy(&TRAINED, net);
    let mut steps = match store.load(net) {
        Ok(saved) => {
            print_weights("loaded", saved.steps, net);
            saved.steps
        }
        Err(RestoreError::Empty | RestoreError::Damaged) => {
            print_weights("trained", 0, net);
            0
        }
        Err(error) => fail(error),
    };

    while steps < STEPS {
        let place = (steps / 2) as usize % LEARN.len();
        let mounting = if steps.is_multiple_of(2) { Mounting::Turned } else { Mounting::Upright };
        let Some(image) = LEARN.iter().nth(place) else { board::exit(false) };
        image.read(mounting, x);
        Learner::new(net, learning, SoftmaxCrossEntropy, InPlace::new(RATE)).learn(x, &image.digit);
        steps += 1;
        if steps.is_multiple_of(STEPS_A_SAVE) {
            match store.save(net, steps) {
                Ok(_) => print_weights("saved", steps, net),
                Err(error) => fail(error),
            }
        }
    }

    println!("images = {}", TEST.len());
    println!("turned = {}", count_right(net, TEST, Mounting::Turned, x, memory));
    println!("upright = {}", count_right(net, TEST, Mounting::Upright, x, memory));
    println!("board.name = {}", board::NAME);
    let stack = stack::peak();
    println!("board.stack = {}", stack);
    board::exit(stack <= STACK)
}

/// What became of the network: the count of its steps, and a hash of its weights.
fn print_weights(what: &str, steps: u64, net: &mut Digits) {
    let mut weights = Hash::EMPTY;
    weights.add_parameters(net);
    println!("{} = {} {:016x}", what, steps, weights.value());
}

fn fail(why: impl core::fmt::Display) -> ! {
    println!("{}", why);
    board::exit(false)
}
