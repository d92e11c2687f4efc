//! `cargo xtask bench`: a file for each thing that is measured.

pub(crate) mod device;
mod layers;
mod learning;
mod trainer;

use anyhow::{Result, bail};
use lexopt::prelude::*;

const HELP: &str = "\
Measure what neurona costs.

Usage: cargo xtask bench <WHAT> [OPTIONS]

What:
  device    Instructions on the emulated boards
  layers    Layers on the emulated boards: what `neurona inspect --target` predicts by
  learning  Learning on the emulated boards: instructions of an example, RAM
  trainer   Samples a second of training, next to other trainers

`cargo xtask bench <WHAT> --help` says more about one.";

pub(crate) fn main(arguments: &mut lexopt::Parser) -> Result<()> {
    match arguments.next()? {
        None => bail!("bench what?\n\n{HELP}"),
        Some(Short('h') | Long("help")) => println!("{HELP}"),
        Some(Value(what)) => match what.to_string_lossy().as_ref() {
            "device" => device::main(arguments)?,
            "layers" => layers::main(arguments)?,
            "learning" => learning::main(arguments)?,
            "trainer" => trainer::main(arguments)?,
            other => bail!("there is no benchmark `{other}`\n\n{HELP}"),
        },
        Some(other) => return Err(other.unexpected().into()),
    }
    Ok(())
}
