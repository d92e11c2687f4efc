//! Hears recordings as a microphone would give them: samples become columns of cepstral coefficients, columns a window, and
//! the trained network says what it was.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use firmware_example::board::{self, stack};
use firmware_example::keyword::{COLUMNS, Keyword, RECORDINGS, Sound, TRAINED, answer, image};
use firmware_example::{Hash, println};
use neurona::prelude::*;
use neurona::signal::Extractor;
use static_cell::ConstStaticCell;

type Window = Sliding<COLUMNS, 10, COLUMNS>;

static EXTRACTOR: ConstStaticCell<Extractor<Sound>> = ConstStaticCell::new(Extractor::ZERO);
static WINDOW: ConstStaticCell<Window> = ConstStaticCell::new(Window::ZERO);
static MEMORY: ConstStaticCell<Inference<Keyword>> = ConstStaticCell::new(Inference::ZERO);

const _: () = board::require_ram(Extractor::<Sound>::RAM + size_of::<Window>() + Keyword::RAM.inference);

#[entry]
fn main() -> ! {
    board::init();
    let (Some(extractor), Some(window)) = (EXTRACTOR.try_take(), WINDOW.try_take()) else { board::exit(false) };
    let Some(memory) = MEMORY.try_take() else { board::exit(false) };

    let (mut right, mut features, mut outputs) = (0, Hash::EMPTY, Hash::EMPTY);
    for (name, samples) in RECORDINGS {
        extractor.reset();
        window.reset();
        let mut said = None;
        for sample in samples.as_chunks().0 {
            let Some(column) = extractor.push(i16::from_le_bytes(*sample)) else { continue };
            features.add(column);
            if let Some(image) = window.push(column).and_then(image) {
                let y = TRAINED.infer(image, memory);
                outputs.add(y);
                said = Some(answer(y));
            }
        }
        let said = said.unwrap_or("too short");
        println!("{} is {}", name, said);
        right += usize::from(said == *name);
    }

    println!("recordings = {}", RECORDINGS.len());
    println!("right = {}", right);
    println!("features = {:016x}", features.value());
    println!("outputs = {:016x}", outputs.value());
    println!("board.name = {}", board::NAME);
    let stack = stack::peak();
    println!("board.stack = {}", stack);
    board::exit(stack <= stack::BOUND)
}
