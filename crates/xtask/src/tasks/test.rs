//! `cargo xtask test`.

use super::step;
use anyhow::Result;
use lexopt::prelude::*;
use std::ffi::OsString;
use xtask::boards::EMULATED;
use xtask::firmware::Build;
use xtask::{install, process};

const HELP: &str = "\
Pass all tests, those on the emulated boards among them.

Usage: cargo xtask test [-- ARGUMENTS OF CARGO TEST]

Installs what is missing, builds the firmware of each core once, then runs `cargo test --workspace`.
`cargo test` alone runs the same tests where everything is installed; NEURONA_SKIP_QEMU=1 leaves the boards out.";

pub(crate) fn main(arguments: &mut lexopt::Parser) -> Result<()> {
    let mut rest = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('h') | Long("help") => {
                println!("{HELP}");
                return Ok(());
            }
            Value(first) => {
                rest.push(first);
                rest.extend(arguments.raw_args()?);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    run(&rest)
}

fn run(arguments: &[OsString]) -> Result<()> {
    install::qemu()?;
    install::targets(&xtask::boards::targets())?;
    for board in &EMULATED {
        step(&format!("firmware for {}", board.core), || Build::new(board).run())?;
    }
    process::run(process::cargo().args(["test", "--workspace"]).args(arguments))
}
