//! Listens to a motion sensor: windows slide over its samples, the trained network answers to each, and answers become
//! decisions.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use firmware_example::board::{self, stack};
use firmware_example::gesture::{Decider, Gesture, HOP, REST, STREAM, TRAINED, answer};
use firmware_example::{Hash, println};
use neurona::prelude::*;
use static_cell::ConstStaticCell;

type Window = Sliding<119, 6, HOP>;

static WINDOW: ConstStaticCell<Window> = ConstStaticCell::new(Window::ZERO);
static MEMORY: ConstStaticCell<Inference<Gesture>> = ConstStaticCell::new(Inference::ZERO);

const _: () = board::require_ram(size_of::<Window>() + Gesture::RAM.inference);

#[entry]
fn main() -> ! {
    board::init();
    let (Some(window), Some(memory)) = (WINDOW.try_take(), MEMORY.try_take()) else { board::exit(false) };

    let (mut decider, mut outputs) = (Decider::NEW, Hash::EMPTY);
    let (mut samples, mut windows, mut gestures, mut decided, mut right) = (0, 0, 0, 0, 0);
    // What the sensor was last moved for, and whether that has been decided.
    let (mut before, mut now, mut open) = (REST, REST, false);
    for (name, sample) in STREAM.iter() {
        samples += 1;
        if name != before && name != REST {
            (now, open) = (name, true);
            gestures += 1;
        }
        before = name;
        let Some(window) = window.push(&sample) else { continue };
        windows += 1;
        let y = TRAINED.infer(window, memory);
        outputs.add(y);
        if let Some(gesture) = decider.take(answer(y)) {
            println!("sample {:5}: {}", samples, gesture);
            decided += 1;
            if open && gesture == now {
                right += 1;
                open = false;
            }
        }
    }

    println!("samples = {}", samples);
    println!("windows = {}", windows);
    println!("gestures = {}", gestures);
    println!("decided = {}", decided);
    println!("right = {}", right);
    println!("outputs = {:016x}", outputs.value());
    println!("board.name = {}", board::NAME);
    let stack = stack::peak();
    println!("board.stack = {}", stack);
    board::exit(stack <= stack::BOUND)
}
