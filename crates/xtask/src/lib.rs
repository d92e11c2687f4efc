//! What `cargo xtask` and the tests of the workspace share: the boards, and how firmware is built, run and measured.
//!
//! - [`boards`]: one table of the emulated and the real boards.
//! - [`install`]: finds `qemu-system-arm` and the Rust targets, installs what is missing.
//! - [`firmware`]: builds `firmware-example` for a board, and runs an image under QEMU. [`host`]: the same workload on the
//!   desktop.
//! - [`size`]: the sections of an image. [`budget`]: holds them to a committed file.
//! - [`trace`]: what an image executes, instruction by instruction. [`cycles`]: how long that takes by Arm's tables.
//! - [`process`]: commands whose failure says how to repeat them.

pub mod boards;
pub mod budget;
pub mod cycles;
pub mod firmware;
pub mod host;
pub mod install;
pub mod process;
pub mod size;
pub mod trace;

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> &'static Path {
    const MANIFEST: &str = env!("CARGO_MANIFEST_DIR");
    Path::new(MANIFEST).ancestors().nth(2).unwrap_or(Path::new("."))
}

/// Cargo's target directory of the host workspace: `CARGO_TARGET_DIR`, or `target` at the root.
pub fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}
