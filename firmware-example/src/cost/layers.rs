//! What the inference of each of the [`networks`] costs, one after another in the same memory.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "one piece of memory for networks of every type")]

mod networks;

use core::hint::black_box;
use core::mem::{align_of, size_of};

use cortex_m_rt::entry;
use firmware_example::board::{self, Stopwatch};
use firmware_example::parity::{Nasty, Source};
use firmware_example::println;
use networks::Visitor;
use neurona::plain::Plain;
use neurona::prelude::*;
use neurona::shape::Tensor;
use static_cell::ConstStaticCell;

/// How often each infers between two readings of the timer, which is coarser than an instruction.
const REPEATS: u64 = 8;
/// Inputs over which a cost is the mean: without a floating-point unit it depends on the numbers.
const INPUTS: u64 = 4;
/// Bytes for a network with its memory.
const ROOM: usize = 11 * 1024;

/// Where a network lives while it is measured.
#[repr(C, align(8))]
struct Room([u8; ROOM]);

static PLACE: ConstStaticCell<Room> = ConstStaticCell::new(Room([0; ROOM]));

const _: () = board::require_ram(ROOM);

/// A network, its input, and what it needs to infer.
#[repr(C)]
struct Measured<N: Network> {
    net: N,
    x: N::Input,
    memory: Inference<N>,
}

impl Room {
    /// The room as a network with values by chance, parameters and constants, and the rest zero.
    fn lend<N: Network<Input: Tensor> + Plain>(&mut self, source: &mut Source) -> &mut Measured<N> {
        const { assert!(size_of::<Measured<N>>() <= ROOM && align_of::<Measured<N>>() <= 8) };
        self.0.fill(0);
        // So that sums are about as large as values, as in a network that was trained.
        let limit = 2.0 / libm::sqrtf(N::PARAMS as f32).max(1.0);
        let (values, _) = self.0.as_chunks_mut::<4>();
        for bytes in values.iter_mut().take(size_of::<N>() / 4) {
            let mut value = [0.0];
            fill(source, limit.max(0.1), &mut value);
            *bytes = value[0].to_le_bytes();
        }
        // SAFETY: the room is large enough, aligned, and borrowed for as long as the result. The network comes first and has no
        // padding; any bytes are values of it, as its `Plain` says, and zeros are values of a tensor and of `Inference`.
        unsafe { &mut *self.0.as_mut_ptr().cast() }
    }
}

/// Measures each network and prints what it found.
struct Measure<'a>(&'a mut Room);

impl Visitor for Measure<'_> {
    fn visit<N: Network<Input: Tensor> + Plain>(&mut self, group: &str, name: &str) {
        let (mut source, mut sum) = (Source::new(), 0);
        let Measured { net, x, memory } = self.0.lend::<N>(&mut source);
        for _ in 0..INPUTS {
            fill(&mut source, 1.0, x.values_mut());
            let stopwatch = Stopwatch::start();
            for _ in 0..REPEATS {
                black_box(net.infer(black_box(x), memory));
            }
            sum += stopwatch.elapsed();
        }
        println!("{}.{} = {}", group, name, sum / (REPEATS * INPUTS));
    }
}

#[inline(never)]
fn fill(source: &mut Source, limit: f32, numbers: &mut [f32]) {
    source.fill(Nasty::Rounding, numbers);
    numbers.iter_mut().for_each(|number| *number *= limit);
}

#[entry]
fn main() -> ! {
    board::init();
    let Some(room) = PLACE.try_take() else { board::exit(false) };
    networks::each(&mut Measure(room));
    println!("board.name = {}", board::NAME);
    board::exit(true)
}
