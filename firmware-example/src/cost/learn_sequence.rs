//! 24 samples of four channels through a gated recurrent unit of twelve, in place.
#![no_std]
#![no_main]
#![allow(long_running_const_eval, reason = "the weights are made by the compiler")]

mod common;

use common::Numbers;
use cortex_m as _;
use neurona::prelude::*;

common::learning! {
    Signal<24, 4> => [f32; 5] = Numbers::new(5).rows(1.0), SoftmaxCrossEntropy, |digit, x| &(digit % 5);
    in_place: InPlace = InPlace::new(0.01);
    memory: Gru<24, 4, 12> =
        Gru::new(Numbers::new(1).image(3.46), Numbers::new(2).image(3.46), Numbers::new(3).rows(3.46)),
    output: Dense<12, 5> = Dense::new(Numbers::new(4).rows(3.46), Numbers::new(6).array(0.289)),
}
