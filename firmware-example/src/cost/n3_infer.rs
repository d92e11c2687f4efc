//! N3, 28x28 with two convolutions: one inference.
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
    struct N3: Image<28, 28, 1> => [f32; 10] {
        conv1: Conv2d<Image<28, 28, 1>, Image<26, 26, 8>, Kernel2d<3>, Relu>,
        pool1: MaxPool<Image<26, 26, 8>, Image<13, 13, 8>, Kernel2d<2, 2, 2>>,
        conv2: Conv2d<Image<13, 13, 8>, Image<11, 11, 16>, Kernel2d<3>, Relu>,
        pool2: MaxPool<Image<11, 11, 16>, Image<5, 5, 16>, Kernel2d<2, 2, 2>>,
        flatten: Flatten<Image<5, 5, 16>, 400>,
        output: Dense<400, 10>,
        probabilities: fast::Softmax<10>,
    }
}

static NET: N3 = N3 {
    conv1: Conv2d::new(Numbers::new(1).filters(3.0), Numbers::new(2).array(0.333)),
    pool1: MaxPool::ZERO,
    conv2: Conv2d::new(Numbers::new(3).filters(8.5), Numbers::new(4).array(0.118)),
    pool2: MaxPool::ZERO,
    flatten: Flatten::ZERO,
    output: Dense::new(Numbers::new(5).rows(20.0), Numbers::new(6).array(0.05)),
    probabilities: fast::Softmax::ZERO,
};
static MEMORY: ConstStaticCell<Inference<N3>> = ConstStaticCell::new(Inference::ZERO);
static INPUT: ConstStaticCell<Image<28, 28, 1>> = ConstStaticCell::new(Numbers::new(7).image(1.0));

#[entry]
fn main() -> ! {
    if let (Some(x), Some(memory)) = (INPUT.try_take(), MEMORY.try_take()) {
        measured(x, memory);
    }
    common::finished()
}

#[inline(never)]
fn measured(x: &Image<28, 28, 1>, memory: &mut Inference<N3>) {
    black_box(NET.infer(black_box(x), black_box(memory)));
}
