//! Networks of [`neurona`] on Cortex-M boards, emulated and real: firmware to start from, one idea a binary.
//!
//! # The binaries
//!
//! | binary   | what it shows                                                                                       |
//! | -------- | --------------------------------------------------------------------------------------------------- |
//! | `infer`  | a trained network reads every test image; weights and images stay in flash                          |
//! | `learn`  | the network goes on learning in RAM, in place: the camera was mounted turned by 90 degrees          |
//! | `adapt`  | digits come in a new style: drift detector, replay, guard, confusion matrix, and a record of what was learned ([`adaptation`]) |
//! | `save`   | what was learned is saved in flash, and learning goes on from there after a loss of power          |
//! | `batch`  | a network learns from nothing, in mini-batches with momentum                                        |
//! | `parity` | hashes by which a board and the desktop prove that they compute the same bits ([`parity`]); so do  |
//! |          | `parity-conv`, `parity-window`, `parity-recurrent` and `parity-learning`, each for a family         |
//! | `gesture` | windows slide over a stream of motion, a convolutional network answers, answers become decisions  |
//! | `keyword` | recordings become cepstral coefficients, and a small DS-CNN says what they were                   |
//! | `stack`  | convolutional and recurrent networks infer, learn and stream within the bound of the stack          |
//! | `deep`   | a network of many layers learns by each rule within the bound of the stack                          |
//! | `bench`  | what inference, a step of learning and the functions cost: instructions under QEMU, cycles on a board |
//!
//! Beside `src/bin/infer.rs` stands `src/bin/infer.out`, and so for each: what it prints, for the committed model.
//! Figures are lines `name = value`. A line that begins with `board.` depends on the board and is left out; every other
//! line is the same on each of them, to the last character. After a new model, these files are written anew:
//! `cargo mps2-an386 infer | grep -v '^board\.' > src/bin/infer.out`.
//!
//! # The boards
//!
//! | cargo feature       | core        | target                      | run by    | RAM: stack + statics |
//! | ------------------- | ----------- | --------------------------- | --------- | -------------------- |
//! | `microbit`          | Cortex-M0   | `thumbv6m-none-eabi`        | QEMU      | 4 + 12 KiB           |
//! | `mps2-an385`        | Cortex-M3   | `thumbv7m-none-eabi`        | QEMU      | 8 + 4,088 KiB        |
//! | `mps2-an386`        | Cortex-M4F  | `thumbv7em-none-eabihf`     | QEMU      | 8 + 4,088 KiB        |
//! | `mps2-an500`        | Cortex-M7   | `thumbv7em-none-eabihf`     | QEMU      | 8 + 4,088 KiB        |
//! | `mps2-an505`        | Cortex-M33  | `thumbv8m.main-none-eabihf` | QEMU      | 8 + 4,088 KiB        |
//! | `nrf52840-dk`       | Cortex-M4F  | `thumbv7em-none-eabihf`     | probe-rs  | 8 + 248 KiB          |
//! | `stm32f4-discovery` | Cortex-M4F  | `thumbv7em-none-eabihf`     | probe-rs  | 8 + 120 KiB          |
//! | `raspberry-pi-pico` | Cortex-M0+  | `thumbv6m-none-eabi`        | probe-rs  | 8 + 248 KiB          |
//!
//! CI runs the first five, and builds the binaries of the other three, which nobody plugs in there.
//!
//! In this folder, an alias for each board builds a binary and runs it, under `qemu-system-arm` or on the board that a
//! debug probe connects:
//!
//! ```console
//! $ cargo mps2-an386 infer
//! $ cargo nrf52840-dk learn
//! ```
//!
//! Or in full, with the image in `target/thumbv6m-none-eabi/release/infer`:
//!
//! ```console
//! $ cargo build --release --target thumbv6m-none-eabi --features microbit --bin infer
//! ```
//!
//! `save` keeps what it learned in the board's own flash, in a region that `memory.x` sets apart. The emulated machines have
//! no flash that can be written: there it is the file `flash.bin` in the folder where the emulator was started. End it at
//! any moment and start it again.
//!
//! A board is a row in the table of `build.rs`, a feature in `Cargo.toml`, its `boards/<name>/memory.x` and an alias in
//! `.cargo/config.toml`. A board whose timer is none of those in `src/board/timer/` adds a module there.
//!
//! # The rest
//!
//! - [`digits`], [`gesture`] and [`keyword`]: networks and their data, which come from `data/`; of those whose model the folder
//!   has that `NEURONA_MODEL_DIR` names, from there. `data/README.md` says how the committed ones were made.
//! - The module `board`, on a board only: start, timer, printing, exit, stack.
//! - The feature `no-panic-proof` makes a panic that is left in a binary an error of the linker, an undefined symbol
//!   `a_panic_is_left_in_this_binary`. In a release build `infer`, `learn`, `adapt`, `gesture`, `keyword`, `stack`, `deep` and, on
//!   the emulated boards, `save` have none.
//! - The feature `cost` adds images that hold one network each, `cost-n1-infer` and so on, which `cargo xtask bench device`
//!   measures.
//! - The feature `selftest` adds binaries that test the board layer and the kernels: `selftest-board` holds the timer and
//!   the painted stack to what is known of them; `selftest-kernels` holds the kernels of a core to plain loops;
//!   `selftest-failure`, `-fault`, `-overflow` and `-panic` must end with a failure;
//!   `selftest-too-large` must not compile, nor `selftest-panic` link under `no-panic-proof`.
#![no_std]

pub mod adaptation;
#[cfg(target_os = "none")]
pub mod board;
pub mod digits;
pub mod gesture;
mod hash;
pub mod keyword;
pub mod parity;

pub use hash::Hash;
