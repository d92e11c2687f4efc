//! 64-32-10, its hidden layer in flash and frozen, in place.
#![no_std]
#![no_main]
#![allow(long_running_const_eval, reason = "the weights are made by the compiler")]

mod common;

use common::Numbers;
use cortex_m as _;
use neurona::prelude::*;

static TRAINED: Dense<64, 32, Relu> = Dense::new(Numbers::new(1).rows(8.0), Numbers::new(2).array(0.125));

neurona::in_flash! {
    Hidden: Dense<64, 32, Relu> = TRAINED;
}

common::learning! {
    in_place: InPlace = InPlace::new(0.02);
    hidden: InFlash<Hidden> = InFlash::ZERO,
    output: Dense<32, 10> = Dense::new(Numbers::new(3).rows(5.66), Numbers::new(4).array(0.177)),
}
