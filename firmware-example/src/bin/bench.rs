//! What inference, a step of learning and the functions cost on this core.
//!
//! Under QEMU the figures are instructions, and the same at every run; on a board they are cycles.
#![no_std]
#![no_main]

use core::hint::black_box;

use cortex_m_rt::entry;
use firmware_example::board::{self, Stopwatch, stack};
use firmware_example::digits::{Digits, Images, LEARN, Mounting, TRAINED};
use firmware_example::println;
use neurona::prelude::*;
use neurona::{fast, plain};
use static_cell::ConstStaticCell;

/// Number of images over which a cost is the mean: without a floating-point unit it depends on the numbers.
const IMAGES: usize = 32;
/// How often each is run between two readings of the timer, which is coarser than an instruction.
const REPEATS: usize = 8;
/// Number of values, evenly from -8 to 8, over which the cost of a function is the mean.
const VALUES: usize = 64;

static INPUT: ConstStaticCell<[f32; 64]> = ConstStaticCell::new([0.0; 64]);
static NET: ConstStaticCell<Digits> = ConstStaticCell::new(Digits::ZERO);
static MEMORY: ConstStaticCell<Inference<Digits>> = ConstStaticCell::new(Inference::ZERO);
static LEARNING: ConstStaticCell<Learning<Digits, InPlace>> = ConstStaticCell::new(Learning::ZERO);
static VALUES_IN: ConstStaticCell<[f32; VALUES]> = ConstStaticCell::new([0.0; VALUES]);
static VALUES_OUT: ConstStaticCell<[f32; VALUES]> = ConstStaticCell::new([0.0; VALUES]);

const _: () = board::require_ram(
    size_of::<[f32; 64]>() + Digits::RAM.inference + Digits::RAM.in_place + 2 * size_of::<[f32; VALUES]>(),
);

#[entry]
fn main() -> ! {
    board::init();
    let (Some(x), Some(net)) = (INPUT.try_take(), NET.try_take()) else { board::exit(false) };
    let (Some(memory), Some(learning)) = (MEMORY.try_take(), LEARNING.try_take()) else { board::exit(false) };
    let (Some(values), Some(out)) = (VALUES_IN.try_take(), VALUES_OUT.try_take()) else { board::exit(false) };

    println!("parameters = {}", Digits::PARAMS);
    println!("multiply_adds = {}", Digits::MACS);
    println!("board.name = {}", board::NAME);
    println!("board.unit = {}", Stopwatch::UNIT);

    let inference = per_image(LEARN, x, |x, _| {
        black_box(TRAINED.infer(x, memory));
    });
    println!("board.inference = {}", inference);
    plain::copy(&TRAINED, net);
    let mut learner = Learner::new(net, learning, SoftmaxCrossEntropy, InPlace::new(0.02));
    let step = per_image(LEARN, x, |x, digit| {
        black_box(learner.learn(x, &digit));
    });
    println!("board.learning_step = {}", step);

    for (index, value) in values.iter_mut().enumerate() {
        *value = index as f32 / (VALUES / 16) as f32 - 8.0;
    }
    let mut function = |name: &str, cost: fn(&[f32; VALUES], &mut [f32; VALUES]) -> u64| {
        println!("board.{} = {}", name, cost(values, out));
    };
    function("exp.libm", |x, y| per_value(x, y, libm::expf));
    function("exp.fast", |x, y| per_value(x, y, fast::exp));
    function("exp.micromath", |x, y| per_value(x, y, micromath::F32Ext::exp));
    function("sigmoid.libm", |x, y| per_value(x, y, Sigmoid::value));
    function("sigmoid.fast", |x, y| per_value(x, y, fast::Sigmoid::value));
    function("tanh.libm", |x, y| per_value(x, y, Tanh::value));
    function("tanh.fast", |x, y| per_value(x, y, fast::Tanh::value));
    println!("board.stack = {}", stack::peak());
    board::exit(true)
}

/// The cost of a call with an image that is already read, the mean over [`IMAGES`].
fn per_image(images: Images, x: &mut [f32; 64], mut call: impl FnMut(&[f32; 64], usize)) -> u64 {
    let mut sum = 0;
    for image in images.iter().cycle().take(IMAGES) {
        image.read(Mounting::Turned, x);
        let stopwatch = Stopwatch::start();
        for _ in 0..REPEATS {
            call(black_box(x), image.digit);
        }
        sum += stopwatch.elapsed();
    }
    sum / (IMAGES * REPEATS) as u64
}

/// The cost of a function applied to an array, for each value, without that of copying the array.
fn per_value(x: &[f32; VALUES], y: &mut [f32; VALUES], function: impl Fn(f32) -> f32) -> u64 {
    let copying = apply(x, y, |x| x);
    apply(x, y, function).saturating_sub(copying)
}

#[inline(never)]
fn apply(x: &[f32; VALUES], y: &mut [f32; VALUES], function: impl Fn(f32) -> f32) -> u64 {
    let stopwatch = Stopwatch::start();
    for _ in 0..REPEATS {
        for (y, x) in y.iter_mut().zip(black_box(x)) {
            *y = function(*x);
        }
        black_box(&*y);
    }
    stopwatch.elapsed() / (REPEATS * VALUES) as u64
}
