//! x
#![no_std]

#[cfg(target_os = "none")]
pub mod board;
