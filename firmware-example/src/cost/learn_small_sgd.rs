//! 64-8-10, mini-batches of eight.
#![no_std]
#![no_main]
#![allow(long_running_const_eval, reason = "the weights are made by the compiler")]

mod common;

use common::Numbers;
use cortex_m as _;
use neurona::prelude::*;

common::learning! {
    sgd: Sgd = Sgd { batch: 8, ..Sgd::new(0.02) };
    hidden: Dense<64, 8, Relu> = Dense::new(Numbers::new(1).rows(8.0), Numbers::new(2).array(0.125)),
    output: Dense<8, 10> = Dense::new(Numbers::new(3).rows(2.83), Numbers::new(4).array(0.354)),
}
