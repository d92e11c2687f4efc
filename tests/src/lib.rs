//! What the tests across the crates share.
//!
//! - [`architectures`]: the networks that the parity tests go over.
//! - [`case`]: random values and examples for one of them, and what the device computes.
//! - [`coverage`]: which layers and options a list of networks leaves out.
//! - [`mirror`]: the same networks in `f64`, slow and simple.
//! - [`rule`]: the optimizers in the mirror's arithmetic.
//! - [`bounded`]: how far any program in `f32` may be from the mirror.
//! - [`drift`]: how far two programs that go on by themselves may come from one another.
#![forbid(unsafe_code)]

pub mod architectures;
pub mod bounded;
pub mod case;
pub mod coverage;
pub mod drift;
mod losses;
pub mod mirror;
pub mod rule;
