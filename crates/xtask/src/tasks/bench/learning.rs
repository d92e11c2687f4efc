//! `cargo xtask bench learning`.

use super::super::step;
use anyhow::{Result, ensure};
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
five times, and after; mean and standard deviation over ten seeds (`cargo run --release -p neurona-train --example rules`).
Motion and machine are the networks of docs/learning.md, which says what their learning brings. An image of 12x12 goes through two
convolutions with max-pooling between them and a dense layer, a sequence of 24 samples of four channels through a gated recurrent
unit of twelve and a dense layer.";

/// A network and how it learns.
struct Row {
    network: &'static str,
    rule: &'static str,
    /// The binary without `cost-learn-`, and the line of the example `rules`.
    name: &'static str,
}

const fn row(network: &'static str, rule: &'static str, name: &'static str) -> Row {
    Row { network, rule, name }
}

const ROWS: [Row; 10] = [
    row("64-32-10", "in place", "in-place"),
    row("64-32-10", "in place, the output alone, the rest in flash", "head"),
    row("64-8-10", "in place", "small-in-place"),
    row("64-8-10", "mini-batches of 8", "small-sgd"),
    row("64-8-10", "mini-batches of 8, momentum", "small-momentum"),
    row("64-8-10", "mini-batches of 8, Adam", "small-adam"),
    row("motion", "in place", TOO_LARGE_FOR_THE_M0),
    row("machine", "in place", "machine"),
    row("image", "in place", "image"),
    row("sequence", "in place", "sequence"),
];

/// Two convolutions over 119 samples of six channels: the board of the Cortex-M0 has not the RAM.
const TOO_LARGE_FOR_THE_M0: &str = "motion";

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
    for (((row, on_m4f), on_m0), gain) in ROWS.iter().zip(&m4f).zip(&m0).zip(&gains) {
        let Row { network, rule, .. } = row;
        if json {
            let [before, after] = gain.clone().map_or([None, None], |gain| gain.map(Some));
            for (core, cost) in [("cortex-m4f", on_m4f), ("cortex-m0", on_m0)] {
                let Some((instructions, ram)) = cost else { continue };
                let row = json!({
                    "network": network, "rule": rule, "core": core, "instructions": instructions, "ram_bytes": ram,
                    "percent_before": before, "percent_after": after,
                });
                println!("{row}");
            }
        } else {
            let figures =
                |cost: &Cost| cost.map_or(none(), |(instructions, ram)| [instructions, ram].map(|n| n.to_string()));
            let ([on_m4f, ram], [on_m0, ram_on_m0]) = (figures(on_m4f), figures(on_m0));
            let [before, after] = gain.clone().unwrap_or_else(none);
            print_row([(*network).into(), (*rule).into(), on_m4f, ram, on_m0, ram_on_m0, before, after]);
        }
    }
    if !json {
        for (network, rule, instructions, ram) in OTHERS {
            let ram = ram.map_or("-".into(), |ram| ram.to_string());
            let ([on_m0, ram_on_m0], [before, after]) = (none(), none());
            print_row([network.into(), rule.into(), instructions.to_string(), ram, on_m0, ram_on_m0, before, after]);
        }
    }
    Ok(())
}

fn print_row([network, rule, on_m4f, ram, on_m0, ram_on_m0, before, after]: [String; 8]) {
    println!("{network:<9} {rule:<56} {on_m4f:>11} {ram:>7} {on_m0:>11} {ram_on_m0:>7} {before:>11} {after:>11}");
}

fn none() -> [String; 2] {
    ["-", "-"].map(str::to_owned)
}

/// Right answers in percent before and after, for each row that is about digits.
fn gains() -> Result<Vec<Option<[String; 2]>>> {
    let example = ["run", "--release", "-p", "neurona-train", "--example", "rules"];
    let printed = process::read(process::cargo().args(example))?;
    let gain = |row: &Row| {
        let mut lines =
            printed.lines().filter_map(|line| line.strip_prefix(row.name)?.strip_prefix('\t')?.split_once('\t'));
        lines.next().map(|(before, after)| [before.to_owned(), after.to_owned()])
    };
    let gains: Vec<_> = ROWS.iter().map(gain).collect();
    ensure!(gains.iter().any(Option::is_some), "no line of a row in\n{printed}");
    Ok(gains)
}

/// Instructions of an example and bytes of RAM.
type Cost = Option<(u64, u64)>;

/// The cost of each row, where the board has the RAM for it.
fn measure(board: &Emulated) -> Result<Vec<Cost>> {
    let fits = |row: &&Row| board.core != CORTEX_M0.core || row.name != TOO_LARGE_FOR_THE_M0;
    let build = Build::new(board).feature("cost");
    let bin = |row: &Row| format!("cost-learn-{}", row.name);
    let images = ROWS.iter().filter(fits).fold(build, |build, row| build.bin(&bin(row))).run()?;
    let cost = |row: &Row| {
        if !fits(&row) {
            return Ok(None);
        }
        let cost = super::device::cost(board, &images, &bin(row))?;
        Ok(Some((cost.instructions / EXAMPLES, cost.ram)))
    };
    ROWS.iter().map(cost).collect()
}
