//! Runs the trained network over every test image: weights and images are read where they are, in flash.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use firmware_example::board::{self, stack};
use firmware_example::digits::{Digits, Mounting, TEST, TRAINED, answer};
use firmware_example::{Hash, println};
use neurona::prelude::*;
use static_cell::ConstStaticCell;

static INPUT: ConstStaticCell<[f32; 64]> = ConstStaticCell::new([0.0; 64]);
static MEMORY: ConstStaticCell<Inference<Digits>> = ConstStaticCell::new(Inference::ZERO);

const _: () = board::require_ram(size_of::<[f32; 64]>() + Digits::RAM.inference);

#[entry]
fn main() -> ! {
    board::init();
    let (Some(x), Some(memory)) = (INPUT.try_take(), MEMORY.try_take()) else { board::exit(false) };

    let (mut right, mut outputs) = (0, Hash::EMPTY);
    for image in TEST.iter() {
        image.read(Mounting::Upright, x);
        let y = TRAINED.infer(x, memory);
        outputs.add(y);
        right += usize::from(answer(y) == image.digit);
    }

    println!("{} of {} test images are right", right, TEST.len());
    println!("images = {}", TEST.len());
    println!("right = {}", right);
    println!("outputs = {:016x}", outputs.value());
    println!("board.name = {}", board::NAME);
    let stack = stack::peak();
    println!("board.stack = {}", stack);
    board::exit(stack <= stack::BOUND)
}
