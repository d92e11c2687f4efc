//! N2, 784-128-64-10: one inference.
#![no_std]
#![no_main]
#![allow(long_running_const_eval, reason = "the weights are made by the compiler")]

mod common;

use common::Numbers;
use cortex_m as _;
use neurona::prelude::*;

common::inference! {
    [f32; 784] = Numbers::new(7).array(1.0);
    hidden1: Dense<784, 128, Relu> = Dense::new(Numbers::new(1).rows(28.0), Numbers::new(2).array(0.036)),
    hidden2: Dense<128, 64, Relu> = Dense::new(Numbers::new(3).rows(11.3), Numbers::new(4).array(0.088)),
    output: Dense<64, 10> = Dense::new(Numbers::new(5).rows(8.0), Numbers::new(6).array(0.125)),
    probabilities: fast::Softmax<10> = fast::Softmax::ZERO,
}
