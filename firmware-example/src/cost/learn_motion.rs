//! Gestures from motion, 119 samples of six channels through two convolutions, in place.
#![no_std]
#![no_main]
#![allow(long_running_const_eval, reason = "the weights are made by the compiler")]

mod common;

use common::Numbers;
use cortex_m as _;
use neurona::prelude::*;

common::learning! {
    Signal<119, 6> => [f32; 5] = Numbers::new(5).rows(1.0), SoftmaxCrossEntropy, |digit, x| &(digit % 5);
    in_place: InPlace = InPlace::new(0.01);
    standardize: Standardize<6, Signal<119, 6>> = Standardize::new([0.0; 6], [1.5; 6]),
    conv1: Conv1d<Signal<119, 6>, Signal<28, 16>, Kernel1d<9, 4>, Relu> =
        Conv1d::new(Numbers::new(1).image(7.35), Numbers::new(2).array(0.136)),
    conv2: Conv1d<Signal<28, 16>, Signal<12, 32>, Kernel1d<5, 2>, Relu> =
        Conv1d::new(Numbers::new(3).image(8.94), Numbers::new(4).array(0.112)),
    mean: GlobalAvgPool<Signal<12, 32>> = GlobalAvgPool::ZERO,
    output: Dense<32, 5> = Dense::new(Numbers::new(6).rows(5.66), Numbers::new(7).array(0.177)),
}
