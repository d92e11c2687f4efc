//! An image of 12 by 12 through two convolutions and max-pooling, in place.
#![no_std]
#![no_main]
#![allow(long_running_const_eval, reason = "the weights are made by the compiler")]

mod common;

use common::Numbers;
use cortex_m as _;
use neurona::prelude::*;

common::learning! {
    Image<12, 12, 1> => [f32; 5] = Numbers::new(5).image(1.0), SoftmaxCrossEntropy, |digit, x| &(digit % 5);
    in_place: InPlace = InPlace::new(0.01);
    conv1: Conv2d<Image<12, 12, 1>, Image<10, 10, 6>, Kernel2d<3>, Relu> =
        Conv2d::new(Numbers::new(1).filters(3.0), Numbers::new(2).array(0.333)),
    pool: MaxPool<Image<10, 10, 6>, Image<5, 5, 6>, Kernel2d<2, 2, 2>> = MaxPool::ZERO,
    conv2: Conv2d<Image<5, 5, 6>, Image<3, 3, 10>, Kernel2d<3>, Relu> =
        Conv2d::new(Numbers::new(3).filters(7.35), Numbers::new(4).array(0.136)),
    flatten: Flatten<Image<3, 3, 10>, 90> = Flatten::ZERO,
    output: Dense<90, 5> = Dense::new(Numbers::new(6).rows(9.49), Numbers::new(7).array(0.105)),
}
