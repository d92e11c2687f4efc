//! The autoencoder of a machine's day, 24-8-2-8-24, in place.
#![no_std]
#![no_main]
#![allow(long_running_const_eval, reason = "the weights are made by the compiler")]

mod common;

use common::Numbers;
use cortex_m as _;
use neurona::prelude::*;

common::learning! {
    [f32; 24] => [f32; 24] = Numbers::new(5).array(1.0), SquaredError, |_digit, x| x;
    in_place: InPlace = InPlace::new(0.02);
    encoder: Dense<24, 8, Tanh> = Dense::new(Numbers::new(1).rows(4.9), Numbers::new(2).array(0.204)),
    code: Dense<8, 2, Tanh> = Dense::new(Numbers::new(3).rows(2.83), Numbers::new(4).array(0.354)),
    decoder: Dense<2, 8, Tanh> = Dense::new(Numbers::new(6).rows(1.41), Numbers::new(7).array(0.707)),
    output: Dense<8, 24, Tanh> = Dense::new(Numbers::new(8).rows(2.83), Numbers::new(9).array(0.354)),
}
