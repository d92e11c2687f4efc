//! Networks by name: those of the literature for microcontrollers, as types that are ready to train and to run.
//!
//! | type                     | input              | output      | parameters | multiply-adds | RAM to infer |
//! | ------------------------ | ------------------ | ----------- | ---------- | ------------- | ------------ |
//! | [`LeNet5`]               | grey levels, 28x28 | 10 digits   | 61,706     | 416,520       | 23,560 B     |
//! | [`LeNet5Of1998`]         | grey levels, 28x28 | 10 digits   | 60,000     | 328,096      | 23,560 B     |
//! | [`DsCnn`]                | spectrum, 49x10    | 12 keywords | 22,604     | 2,656,768     | 64,048 B     |
//! | [`ResNet8`]              | colours, 32x32x3   | 10 classes  | 77,706     | 12,501,632    | 196,648 B    |
//! | [`MobileNetV1`]          | colours, 96x96x3   | 2 classes   | 210,850    | 7,489,664     | 221,192 B    |
//! | [`ToyAdmosAutoencoder`]  | spectrum, 640      | the same    | 265,864    | 264,192       | 3,584 B      |
//! | [`MotionCnn`]            | motion, 119x6      | 5 gestures  | 3,637      | 55,072        | 3,348 B      |
//! | [`MotionGru`]            | motion, 119x6      | 5 gestures  | 2,381      | 257,160      | 596 B        |
//! | [`AnomalyAutoencoder`]   | 64 values          | the same    | 4,744      | 4,608         | 416 B        |
//!
//! Each is a [`network!`](crate::network) like any other, and costs nothing where it is not used. Outputs are weighted sums,
//! without a softmax, as the losses take them. Parameters are those that a device stores, 4 bytes each, with batch
//! normalisation folded into the layers before it; the page of each type also counts those of its trained form, for
//! papers differ in which they tell. Multiply-adds are counted as [`LayerSpec::macs`](crate::LayerSpec::macs) says.
//!
//! ```
//! use neurona::prelude::*;
//! use neurona::zoo::MotionCnn;
//!
//! let mut memory = Inference::<MotionCnn>::ZERO;
//! let gestures: &[f32; 5] = MotionCnn::ZERO.infer(&[[0.0; 6]; 119], &mut memory);
//! assert_eq!(gestures, &[0.0; 5]); // untrained
//! ```
//!
//! To change one, copy its source: a network of your own is no longer than these.
// What `network!` writes is unsafe in the crate that the macro comes from; nothing is written by hand here.
#![allow(unsafe_code)]

mod anomaly;
mod ds_cnn;
mod lenet5;
mod mobilenet;
mod motion;
mod resnet8;
mod toyadmos;

pub use anomaly::AnomalyAutoencoder;
pub use ds_cnn::DsCnn;
pub use lenet5::{LeNet5, LeNet5Codes, LeNet5Of1998, LeNet5Table};
pub use mobilenet::MobileNetV1;
pub use motion::{MotionCnn, MotionGru};
pub use resnet8::{ResNet8, ResNet8Body16, ResNet8Body32, ResNet8Body64};
pub use toyadmos::ToyAdmosAutoencoder;

#[cfg(test)]
mod tests;
