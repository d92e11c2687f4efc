//! N2, 784-128-64-10: one inference.
#![no_std]
#![no_main]
#![allow(long_running_const_eval, reason = "the weights are made by the compiler")]

mod common;

use common::Numbers;
use core::hint::black_box;
use cortex_m as _;
use cortex_m_rt::entry;
use neurona::prelude::*;
use static_cell::ConstStaticCell;

neurona::network! {
    struct N2: [f32; 784] => [f32; 10] {
        hidden1: Dense<784, 128, Relu>,
        hidden2: Dense<128, 64, Relu>,
        output: Dense<64, 10>,
        probabilities: fast::Softmax<10>,
    }
}

static NET: N2 = N2 {
    hidden1: Dense::new(Numbers::new(1).rows(28.0), Numbers::new(2).array(0.036)),
    hidden2: Dense::new(Numbers::new(3).rows(11.3), Numbers::new(4).array(0.088)),
    output: Dense::new(Numbers::new(5).rows(8.0), Numbers::new(6).array(0.125)),
    probabilities: fast::Softmax::ZERO,
};
static MEMORY: ConstStaticCell<Inference<N2>> = ConstStaticCell::new(Inference::ZERO);
static INPUT: ConstStaticCell<[f32; 784]> = ConstStaticCell::new(Numbers::new(7).array(1.0));

#[entry]
fn main() -> ! {
    if let (Some(x), Some(memory)) = (INPUT.try_take(), MEMORY.try_take()) {
        measured(x, memory);
    }
    common::finished()
}

#[inline(never)]
fn measured(x: &[f32; 784], memory: &mut Inference<N2>) {
    black_box(NET.infer(black_box(x), black_box(memory)));
}
