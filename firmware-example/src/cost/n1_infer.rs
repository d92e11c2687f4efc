//! N1, 64-32-10: one inference.
#![no_std]
#![no_main]
#![allow(long_running_const_eval, reason = "the weights are made by the compiler")]

mod common;

use common::Numbers;
use cortex_m as _;
use neurona::prelude::*;

common::inference! {
    [f32; 64] = Numbers::new(5).array(1.0);
    hidden: Dense<64, 32, Relu> = Dense::new(Numbers::new(1).rows(8.0), Numbers::new(2).array(0.125)),
    output: Dense<32, 10> = Dense::new(Numbers::new(3).rows(5.66), Numbers::new(4).array(0.177)),
    probabilities: fast::Softmax<10> = fast::Softmax::ZERO,
}
