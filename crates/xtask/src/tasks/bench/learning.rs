//! `cargo xtask bench learning`.

use super::super::step;
use anyhow::{Context as _, Result};
use lexopt::prelude::*;
use serde_json::json;
use xtask::boards::{CORTEX_M0, CORTEX_M4F, Emulated};
use xtask::firmware::Build;
use xtask::{install, process};

const HELP: &str = "\
Measure learning on the emulated boards.

Usage: cargo xtask bench learning [--json]

Options:
  --json  One object a line on standard output, in place of the table

For each network and rule: bytes of RAM, statics and stack together, and instructions of an example, the mean of eight, which
is one step of a mini-batch. Softmax cross-entropy is the loss; opt-level 3; Cortex-M4F and Cortex-M0. Then what the rule brings:
right answers in percent, of digits that are turned by 90 degrees, before a network that knows upright ones learns 360 of them
five times, and after; mean and standard deviation over ten seeds (`cargo run --release -p neurona-train --example rules`).";

/// The network, how it learns, and the binary without `cost-learn-`.
const ROWS: [(&str, &str, &str); 6] = [
    ("64-32-10", "in place", "in-place"),
    ("64-32-10", "in place, the output alone, the rest in flash", "head"),
    ("64-8-10", "in place", "small-in-place"),
    ("64-8-10", "mini-batches of 8", "small-sgd"),
    ("64-8-10", "mini-batches of 8, momentum", "small-momentum"),
    ("64-8-10", "mini-batches of 8, Adam", "small-adam"),
];

/// Examples that a binary learns.
const EXAMPLES: u64 = 8;

/// What others need on a Cortex-M4F, as it was told us; this command does not measure it.
const OTHERS: [(&str, &str, u64, Option<u64>); 2] = [
    ("64-32-10", "hand-written C, in place (a figure of others)", 23_923, None),
    ("64-32-10", "AIfES, stochastic gradient descent (a figure of others)", 282_852, Some(37_000)),
];

pub(crate) fn main(arguments: &mut lexopt::Parser) -> Result<()> {
    let mut json = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('h') | Long("help") => {
                println!("{HELP}");
                return Ok(());
            }
            Long("json") => json = true,
            other => return Err(other.unexpected().into()),
        }
    }
    install::qemu()?;
    install::targets(&[CORTEX_M4F.target, CORTEX_M0.target])?;
    let m4f = step("learning on the Cortex-M4F", || measure(&CORTEX_M4F))?;
    let m0 = step("learning on the Cortex-M0", || measure(&CORTEX_M0))?;
    let gains = step("what it brings", gains)?;
    if !json {
        print_row(
            ["network", "rule", "M4F instr.", "RAM B", "M0 instr.", "RAM B", "before %", "after %"].map(str::to_owned),
        );
    }
    for ((((network, rule, _), (on_m4f, ram)), (on_m0, ram_on_m0)), [before, after]) in
        ROWS.iter().zip(&m4f).zip(&m0).zip(&gains)
    {
        if json {
            let cores = [("cortex-m4f", on_m4f, ram), ("cortex-m0", on_m0, ram_on_m0)];
            for (core, instructions, ram) in cores {
                let row = json!({
                    "network": network, "rule": rule, "core": core, "instructions": instructions, "ram_bytes": ram,
                    "percent_before": before, "percent_after": after,
                });
                println!("{row}");
            }
        } else {
            let figures = [on_m4f, ram, on_m0, ram_on_m0].map(u64::to_string);
            let [on_m4f, ram, on_m0, ram_on_m0] = figures;
            let (network, rule) = ((*network).to_owned(), (*rule).to_owned());
            print_row([network, rule, on_m4f, ram, on_m0, ram_on_m0, before.clone(), after.clone()]);
        }
    }
    if !json {
        for (network, rule, instructions, ram) in OTHERS {
            let ram = ram.map_or("-".into(), |ram| ram.to_string());
            let none = || "-".to_owned();
            print_row([network.into(), rule.into(), instructions.to_string(), ram, none(), none(), none(), none()]);
        }
    }
    Ok(())
}

fn print_row([network, rule, on_m4f, ram, on_m0, ram_on_m0, before, after]: [String; 8]) {
    println!("{network:<9} {rule:<56} {on_m4f:>11} {ram:>7} {on_m0:>11} {ram_on_m0:>7} {before:>11} {after:>11}");
}

/// Right answers in percent before and after, for each row.
fn gains() -> Result<Vec<[String; 2]>> {
    let example = ["run", "--release", "-p", "neurona-train", "--example", "rules"];
    let printed = process::read(process::cargo().args(example))?;
    let gain = |(_, _, name): &(&str, &str, &str)| {
        let mut lines =
            printed.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('\t')?.split_once('\t'));
        let (before, after) = lines.next().with_context(|| format!("no line `{name}` in\n{printed}"))?;
        Ok([before.to_owned(), after.to_owned()])
    };
    ROWS.iter().map(gain).collect()
}

/// Instructions of an example and bytes of RAM, for each row.
fn measure(board: &Emulated) -> Result<Vec<(u64, u64)>> {
    let build = Build::new(board).feature("cost");
    let bin = |name: &str| format!("cost-learn-{name}");
    let images = ROWS.iter().fold(build, |build, (_, _, name)| build.bin(&bin(name))).run()?;
    ROWS.iter()
        .map(|(_, _, name)| {
            let cost = super::device::cost(board, &images, &bin(name))?;
            Ok((cost.instructions / EXAMPLES, cost.ram))
        })
        .collect()
}
