//! N3, 28x28 with two convolutions: one inference.
#![no_std]
#![no_main]
#![allow(long_running_const_eval, reason = "the weights are made by the compiler")]

mod common;

use common::Numbers;
use cortex_m as _;
use neurona::prelude::*;

common::inference! {
    Image<28, 28, 1> = Numbers::new(7).image(1.0);
    conv1: Conv2d<Image<28, 28, 1>, Image<26, 26, 8>, Kernel2d<3>, Relu>
        = Conv2d::new(Numbers::new(1).filters(3.0), Numbers::new(2).array(0.333)),
    pool1: MaxPool<Image<26, 26, 8>, Image<13, 13, 8>, Kernel2d<2, 2, 2>> = MaxPool::ZERO,
    conv2: Conv2d<Image<13, 13, 8>, Image<11, 11, 16>, Kernel2d<3>, Relu>
        = Conv2d::new(Numbers::new(3).filters(8.5), Numbers::new(4).array(0.118)),
    pool2: MaxPool<Image<11, 11, 16>, Image<5, 5, 16>, Kernel2d<2, 2, 2>> = MaxPool::ZERO,
    flatten: Flatten<Image<5, 5, 16>, 400> = Flatten::ZERO,
    output: Dense<400, 10> = Dense::new(Numbers::new(5).rows(20.0), Numbers::new(6).array(0.05)),
    probabilities: fast::Softmax<10> = fast::Softmax::ZERO,
}
