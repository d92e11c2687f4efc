//! `cargo xtask`: the tasks of this repository.

mod tasks;

use anyhow::{Result, bail};
use lexopt::prelude::*;
use std::process::ExitCode;
use tasks::{bench, ci, demo, test};

const HELP: &str = "\
The tasks of this repository.

Usage: cargo xtask <TASK>

Tasks:
  demo    Train on real digits, put the network on an emulated Cortex-M4F, and let it learn there
  test    Pass all tests, those on the emulated boards among them
  bench   Measure what neurona costs: `bench device` counts instructions on the emulated boards,
          `bench trainer` times training next to other trainers
  ci      Check what CI checks after the tests

All of them install what is missing first: Rust targets, and qemu-system-arm.
`cargo xtask <TASK> --help` says more about one.";

fn main() -> ExitCode {
    let mut arguments = lexopt::Parser::from_env();
    match run(&mut arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &mut lexopt::Parser) -> Result<()> {
    match arguments.next()? {
        None => bail!("which task?\n\n{HELP}"),
        Some(Short('h') | Long("help")) => println!("{HELP}"),
        Some(Value(task)) => match task.to_string_lossy().as_ref() {
            "demo" => demo::main(arguments)?,
            "test" => test::main(arguments)?,
            "bench" => bench::main(arguments)?,
            "ci" => ci::main(arguments)?,
            "help" => println!("{HELP}"),
            other => bail!("there is no task `{other}`\n\n{HELP}"),
        },
        Some(other) => return Err(other.unexpected().into()),
    }
    Ok(())
}
