//! N1, 64-32-10: one step of stochastic gradient descent with one example, in place.
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
    }
}

static NET: ConstStaticCell<N1> = ConstStaticCell::new(N1 {
    hidden: Dense::new(Numbers::new(1).rows(8.0), Numbers::new(2).array(0.125)),
    output: Dense::new(Numbers::new(3).rows(5.66), Numbers::new(4).array(0.177)),
});
static MEMORY: ConstStaticCell<Learning<N1, InPlace>> = ConstStaticCell::new(Learning::ZERO);
static INPUT: ConstStaticCell<[f32; 64]> = ConstStaticCell::new(Numbers::new(5).array(1.0));

#[entry]
fn main() -> ! {
    if let (Some(net), Some(x), Some(memory)) = (NET.try_take(), INPUT.try_take(), MEMORY.try_take()) {
        measured(&mut Learner::new(net, memory, fast::SoftmaxCrossEntropy, InPlace::new(0.02)), x);
    }
    common::finished(size_of::<[f32; 64]>(), N1::RAM.in_place)
}

#[inline(never)]
fn measured(learner: &mut Learner<'_, N1, fast::SoftmaxCrossEntropy, InPlace>, x: &[f32; 64]) {
    black_box(learner.learn(black_box(x), &3));
}
