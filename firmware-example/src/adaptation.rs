//! A board that meets digits in a style that it was not trained on, notices, learns, and reports what it learned.
//!
//! It reads each image as it comes, upright ones first and then turned ones. A drift detector on the loss says when to learn. From
//! then on images are taken in blocks. The first is not learned: it joins the reference set. Of each of the others every fourth is
//! kept out, and the rest is learned in place, with some that are drawn from a replay buffer and as many old ones. A guard
//! then looks at the loss on the reference set, which is old images in flash and what was kept out of earlier blocks. Where that has
//! risen, the network goes back to what it was before the block, and nothing of the block is kept: of one block all labels are
//! false. At the end the difference of the weights goes out as a record for `neurona merge`.
//!
//! What finds strokes stays in flash; what makes digits of them learns, so that network, guard and buffers have room in the
//! 16 KiB of a Cortex-M0.

use core::fmt;

use neurona::federated::{Delta, Part, Precision};
use neurona::learner::{Guard, Verdict};
use neurona::prelude::*;
use neurona::replay::{Balanced, Reservoir, below};
use neurona::statistics::{Confusion, PageHinkley};
use rand_pcg::Pcg32;

use crate::Hash;
use crate::digits::{LEARN, Mounting, TEST, TRAINED, answer};

neurona::in_flash! {
    /// The hidden layer of the trained network, where it is.
    pub Strokes: Dense<64, 32, Relu> = TRAINED.hidden;
}

neurona::network! {
    /// The network of the digits with an output layer in RAM.
    pub struct Head: [f32; 64] => [f32; 10] {
        scale: Rescale<64, { (1.0_f32 / 16.0).to_bits() }>,
        hidden: InFlash<Strokes>,
        output: Dense<32, 10>,
    }
}

const RATE: f32 = 0.02;
/// Images of each buffer that are learned again with a new one.
const TURNS: usize = 20;
/// Images at a time between two reviews.
const BLOCK: usize = 20;
/// Of so many images of a block one is kept out.
const KEPT_OUT: usize = 4;
/// By which share a block may make the loss on the reference set larger.
const TOLERANCE: f32 = 0.1;
/// The block of which all labels are false.
const FALSE: u32 = 6;
/// The first images of the file are old ones in flash: to ask about, then to learn again.
const REFERENCE: usize = 50;
const OLD: usize = 50;
/// As many of the images that come are as the board knows them.
const UPRIGHT: usize = 40;

/// What is printed, piece by piece.
pub type Say<'a> = &'a mut dyn FnMut(fmt::Arguments<'_>);

/// What begins as zeros.
pub struct Memory {
    x: [f32; 64],
    head: Head,
    learning: Learning<Head, InPlace>,
    guard: Guard<Head>,
    confusion: Confusion<10>,
}

impl Memory {
    /// Nothing yet.
    pub const ZERO: Self = Self {
        x: [0.0; 64],
        head: Head::ZERO,
        learning: Learning::ZERO,
        guard: Guard::ZERO,
        confusion: Confusion::new(),
    };
}

/// Images, a byte a grey level.
#[derive(Debug)]
pub struct Buffers {
    block: Reservoir<64, u8, u32, BLOCK>,
    replay: Balanced<64, u8, 40, 10>,
    reference: Balanced<64, u8, 30, 10>,
}

impl Buffers {
    /// No image yet.
    pub const EMPTY: Self =
        Self { block: Reservoir::new(1.0), replay: Balanced::new(1.0), reference: Balanced::new(1.0) };
}

/// The whole of it.
pub fn run(memory: &mut Memory, buffers: &mut Buffers, say: Say<'_>) {
    let Memory { x, head, learning, guard, confusion } = memory;
    neurona::plain::copy(&TRAINED.output, &mut head.output);
    let learner = Learner::new(head, learning, SoftmaxCrossEntropy, InPlace::new(RATE));
    let mut board = Board { learner, guard, confusion, buffers, x, rng: Pcg32::new(1, 0), block: 0, say };
    board.test("before");
    let mut drift = PageHinkley::new(0.2, 8.0, 20);
    let mut learns = false;
    for (place, image) in LEARN.iter().skip(REFERENCE + OLD).enumerate() {
        image.read(if place < UPRIGHT { Mounting::Upright } else { Mounting::Turned }, board.x);
        if !learns && drift.add(board.learner.evaluate(board.x, &image.digit)) {
            learns = true;
            (board.say)(format_args!("noticed = {}\n", place));
        }
        if learns {
            board.take(if board.block == FALSE { (image.digit + 1) % 10 } else { image.digit });
        }
    }
    board.test("after");
    board.report();
}

struct Board<'a> {
    learner: Learner<'a, Head, SoftmaxCrossEntropy, InPlace>,
    guard: &'a mut Guard<Head>,
    confusion: &'a mut Confusion<10>,
    buffers: &'a mut Buffers,
    /// The image that is looked at.
    x: &'a mut [f32; 64],
    rng: Pcg32,
    /// Number of the block that is taken in.
    block: u32,
    say: Say<'a>,
}

impl Board<'_> {
    /// Takes the image in, and the block when it is whole.
    fn take(&mut self, digit: usize) {
        self.buffers.block.offer(self.x, digit as u32, &mut self.rng);
        if self.buffers.block.len() < BLOCK {
            return;
        }
        // The first block asks about others, and has nobody who asks about it.
        if self.block > 0 {
            self.learn();
        }
        let (before, score) = (self.guard.score(), self.score());
        let verdict = self.guard.review_within(&mut self.learner, score, TOLERANCE);
        let what = match verdict {
            Verdict::Kept { .. } => "kept",
            Verdict::RolledBack { .. } => "rolled back",
            Verdict::Undecided => "undecided",
        };
        let [before, after] = [before.unwrap_or(score), score].map(thousandths);
        (self.say)(format_args!("block {}: loss of the reference set {} -> {}, {}\n", self.block, before, after, what));
        if let Verdict::Kept { .. } = verdict {
            self.keep();
        }
        self.buffers.block.clear();
        self.block += 1;
    }

    /// Learns a block, but for what is kept out of it.
    fn learn(&mut self) {
        for place in (0..BLOCK).filter(|place| !is_kept_out(*place)) {
            self.learn_new(place);
            for _ in 0..TURNS {
                let new = below(&mut self.rng, (BLOCK + self.buffers.replay.len()) as u32) as usize;
                self.learn_new(if is_kept_out(new) { new + 1 } else { new });
                let old = REFERENCE + below(&mut self.rng, OLD as u32) as usize;
                if let Some(image) = LEARN.iter().nth(old) {
                    image.read(Mounting::Upright, self.x);
                    self.learner.learn(self.x, &image.digit);
                }
            }
        }
    }

    /// Learns an image of the block, or from behind it on one of the replay buffer.
    fn learn_new(&mut self, place: usize) {
        let Buffers { block, replay, .. } = &*self.buffers;
        let digit = match place.checked_sub(BLOCK) {
            None => block.get(place, self.x).map(|digit| digit as usize),
            Some(place) => replay.get(place, self.x),
        };
        if let Some(digit) = digit {
            self.learner.learn(self.x, &digit);
        }
    }

    /// The mean loss on the reference set.
    fn score(&mut self) -> f32 {
        let (mut sum, mut count) = (0.0, 0.0);
        for image in LEARN.iter().take(REFERENCE) {
            image.read(Mounting::Upright, self.x);
            sum += self.learner.evaluate(self.x, &image.digit);
            count += 1.0;
        }
        for place in 0..self.buffers.reference.len() {
            if let Some(digit) = self.buffers.reference.get(place, self.x) {
                sum += self.learner.evaluate(self.x, &digit);
                count += 1.0;
            }
        }
        sum / count
    }

    /// What was kept out of the block joins the reference set, and the rest the replay buffer.
    fn keep(&mut self) {
        let Buffers { block, replay, reference } = &mut *self.buffers;
        for place in 0..BLOCK {
            if let Some(digit) = block.get(place, self.x) {
                if self.block == 0 || is_kept_out(place) {
                    reference.offer(self.x, digit as usize, &mut self.rng);
                } else {
                    replay.offer(self.x, digit as usize, &mut self.rng);
                }
            }
        }
        let score = self.score();
        self.guard.renew(&mut self.learner, score);
    }

    /// Counts what the network takes the test images for.
    fn test(&mut self, when: &str) {
        for (name, mounting) in [("upright", Mounting::Upright), ("turned", Mounting::Turned)] {
            self.confusion.clear();
            for image in TEST.iter() {
                image.read(mounting, self.x);
                self.confusion.add(image.digit, answer(self.learner.infer(self.x)));
            }
            let right = self.confusion.accuracy().map_or(0, thousandths);
            (self.say)(format_args!("{}.{} = 0.001 x {}\n", name, when, right));
        }
        for row in self.confusion.counts() {
            row.iter().for_each(|count| (self.say)(format_args!("{:4}", count)));
            (self.say)(format_args!("\n"));
        }
    }

    /// Sends what was learned: here its length and a hash.
    fn report(&mut self) {
        let steps = self.learner.progress().steps;
        let parts = [Part::new(&TRAINED.output, &self.learner.net().output)];
        if let Some(delta) = Delta::of_parts(&TRAINED, &parts, steps) {
            let (mut bytes, mut hash) = (0, Hash::EMPTY);
            delta.write(Precision::Eighth, &mut |piece| {
                bytes += piece.len();
                hash.add_bytes(piece);
            });
            (self.say)(format_args!("steps = {}\ndelta.bytes = {}\ndelta = {:016x}\n", steps, bytes, hash.value()));
        }
    }
}

const fn is_kept_out(place: usize) -> bool {
    place < BLOCK && place.is_multiple_of(KEPT_OUT)
}

/// A number of at least zero in thousandths, rounded down: printing an `f32` takes more code than learning.
fn thousandths(x: f32) -> u32 {
    (1000.0 * x) as u32
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::fmt::Write as _;
    use std::string::String;

    /// The desktop does and prints what each board does.
    #[test]
    fn the_desktop_prints_what_is_recorded() {
        let mut printed = String::new();
        let (mut memory, mut buffers) = (Memory::ZERO, Buffers::EMPTY);
        run(&mut memory, &mut buffers, &mut |piece| printed.write_fmt(piece).expect("to memory"));
        std::print!("{printed}");
        assert_eq!(printed, include_str!("bin/adapt.out"));
    }
}
