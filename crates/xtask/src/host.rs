//! The desktop's side of what a board computes.

use crate::process;
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// How much the compiler makes of the desktop's side: both ends of what it can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// opt-level 0, with overflow checks.
    Unoptimized,
    /// opt-level 3.
    Release,
}

/// What the workload of one of the firmware's binaries [`parity`](crate::firmware::Images::parity) prints on the desktop, with
/// the committed model or another.
///
/// # Errors
///
/// It cannot be built, has no part of this name, or ends with a failure.
pub fn parity(bin: &str, profile: Profile, model_dir: Option<&Path>) -> Result<String> {
    let profile = match profile {
        Profile::Unoptimized => "unoptimized",
        Profile::Release => "release",
    };
    let mut cargo = process::cargo();
    cargo.args(["run", "--quiet", "--package", "host-parity", "--profile", profile, "--", bin]);
    choose_model(&mut cargo, model_dir);
    process::read(&mut cargo)
}

/// Builds with the models of a folder, or with the committed ones, whatever the caller's environment says.
pub(crate) fn choose_model(cargo: &mut Command, dir: Option<&Path>) {
    match dir {
        Some(dir) => cargo.env("NEURONA_MODEL_DIR", dir),
        None => cargo.env_remove("NEURONA_MODEL_DIR"),
    };
}
