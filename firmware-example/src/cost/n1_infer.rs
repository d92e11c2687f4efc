//! N1, 64-32-10: one inference.
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
    struct N1: [f32; 64] => [f32; 10] {
        hidden: Dense<64, 32, Relu>,
        output: Dense<32, 10>,
        probabilities: fast::Softmax<10>,
    }
}

static NET: N1 = N1 {
    hidden: Dense::new(Numbers::new(1).rows(8.0), Numbers::new(2).array(0.125)),
    output: Dense::new(Numbers::new(3).rows(5.66), Numbers::new(4).array(0.177)),
    probabilities: fast::Softmax::ZERO,
};
static MEMORY: ConstStaticCell<Inference<N1>> = ConstStaticCell::new(Inference::ZERO);
static INPUT: ConstStaticCell<[f32; 64]> = ConstStaticCell::new(Numbers::new(5).array(1.0));

#[entry]
fn main() -> ! {
    if let (Some(x), Some(memory)) = (INPUT.try_take(), MEMORY.try_take()) {
        measured(x, memory);
    }
    common::finished()
}

#[inline(never)]
fn measured(x: &[f32; 64], memory: &mut Inference<N1>) {
    black_box(NET.infer(black_box(x), black_box(memory)));
}
