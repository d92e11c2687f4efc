//! `cargo xtask bench device`.

use super::super::step;
use anyhow::{Context as _, Result, bail};
use lexopt::prelude::*;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use xtask::boards::{CORTEX_M4F, EMULATED, Emulated};
use xtask::budget::{self, Budget, Figures};
use xtask::firmware::{self, Build, Images};
use xtask::{install, size, trace};

const HELP: &str = "\
Count instructions on the emulated boards.

Usage: cargo xtask bench device [--core CORE] [--json]

Options:
  --core CORE  Only this core: cortex-m0, cortex-m3, cortex-m4f, cortex-m7, cortex-m33, or cortex-m4f+cortex-m4, which has
               the kernels that the feature `cortex-m4` chooses
  --json       One object a line on standard output, in place of the tables

For each core and for opt-level 3 and s: instructions of one inference of three networks and of one step of learning,
softmax included; the cycles that they would take by Arm's tables, an estimate (crates/xtask/src/cycles.rs says how);
bytes of code of an image that does it and nothing else; bytes of RAM, statics and stack together. Then instructions of
functions, for one value. docs/performance.md says more.";

/// What is measured: the network, the task, its binary without `cost-`, and what the network is.
const COSTS: [(&str, &str, &str, &str); 4] = [
    ("N1", "infer", "n1-infer", "64-32-10 ReLU, softmax"),
    ("N1", "step", "n1-step", "one step of gradient descent, one example, in place"),
    ("N2", "infer", "n2-infer", "784-128-64-10 ReLU, softmax"),
    ("N3", "infer", "n3-infer", "28x28, conv 8@3x3 ReLU, max-pool 2, conv 16@3x3 ReLU, max-pool 2, dense 10, softmax"),
];

/// Why a board cannot hold a network; `None` where it can.
fn too_large(board: &Emulated, network: &str) -> Option<&'static str> {
    match (board.machine, network) {
        ("microbit", "N2") => Some("437 KB of weights, and the micro:bit has 256 KiB of flash"),
        ("microbit", "N3") => Some("30 KB of activations, and the micro:bit has 16 KiB of RAM"),
        _ => None,
    }
}

/// A core, and how its kernels are chosen.
#[derive(Clone, Copy)]
pub(super) struct Variant {
    pub(super) name: &'static str,
    pub(super) board: Emulated,
    pub(super) feature: Option<&'static str>,
}

pub(super) fn variants() -> impl Iterator<Item = Variant> {
    let plain = EMULATED.iter().map(|board| Variant { name: board.core, board: *board, feature: None });
    plain.chain([Variant { name: "cortex-m4f+cortex-m4", board: CORTEX_M4F, feature: Some("cortex-m4") }])
}

/// One line of the first table, and one object of `--json`.
pub(super) struct Row {
    network: &'static str,
    core: &'static str,
    opt: &'static str,
    what: &'static str,
    pub(super) instructions: u64,
    cycles: Option<u64>,
    code: u64,
    pub(super) ram: u64,
}

/// One function on one core.
struct Function {
    core: &'static str,
    name: String,
    instructions: u64,
}

pub(crate) fn main(arguments: &mut lexopt::Parser) -> Result<()> {
    let (mut json, mut core) = (false, None::<String>);
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('h') | Long("help") => {
                println!("{HELP}");
                return Ok(());
            }
            Long("json") => json = true,
            Long("core") => core = Some(arguments.value()?.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    install::qemu()?;
    install::targets(&xtask::boards::targets())?;
    let chosen: Vec<_> = variants().filter(|variant| core.as_deref().is_none_or(|core| core == variant.name)).collect();
    if chosen.is_empty() {
        bail!("there is no such core\n\n{HELP}");
    }
    let rows = rows(&chosen)?;
    if json {
        rows.iter().for_each(|row| println!("{}", row.json()));
        return Ok(());
    }
    let mut functions = Vec::new();
    for Variant { name, board, .. } in chosen.iter().filter(|variant| variant.feature.is_none()) {
        functions.extend(step(&format!("functions on {name}"), || measure_functions(board))?);
    }
    print_rows(&rows);
    print_functions(&functions);
    Ok(())
}

/// Where the budget of instructions is committed.
pub(crate) fn budget_path() -> std::path::PathBuf {
    firmware::workspace().join("bench.toml")
}

/// The cores that are held to the budget: one without a floating-point unit and one with it, whose kernels the others have.
const HELD: [&str; 2] = ["cortex-m0", "cortex-m4f"];

/// What is measured, as a budget.
pub(crate) fn measured() -> Result<Budget> {
    let mut images = BTreeMap::new();
    let held: Vec<_> = variants().filter(|variant| HELD.contains(&variant.name)).collect();
    for row in rows(&held)? {
        let figures = [("instructions", Some(row.instructions)), ("cycles", row.cycles)];
        let figures = [("code", Some(row.code)), ("ram", Some(row.ram))].into_iter().chain(figures);
        let figures: Figures = figures.filter_map(|(name, figure)| Some((name.to_owned(), figure?))).collect();
        images.insert(format!("{}/{}-{}-{}", row.core, row.network.to_lowercase(), row.what, row.opt), figures);
    }
    Ok(Budget { rustc: budget::rustc_version()?, images })
}

fn rows(variants: &[Variant]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for &variant in variants {
        for opt in ["3", "s"] {
            rows.extend(step(&format!("{} at opt-level {opt}", variant.name), || measure(variant, opt))?);
        }
    }
    Ok(rows)
}

fn measure(variant: Variant, opt: &'static str) -> Result<Vec<Row>> {
    let board = &variant.board;
    let costs = || COSTS.iter().filter(|(network, ..)| too_large(board, network).is_none());
    let mut build = Build::new(board).opt_level(opt).feature("cost");
    if let Some(feature) = variant.feature {
        build = build.feature(feature);
    }
    let images = costs().fold(build, |build, (_, _, bin, _)| build.bin(&format!("cost-{bin}"))).run()?;
    costs()
        .map(|&(network, what, bin, _)| {
            let cost = cost(board, &images, &format!("cost-{bin}"))?;
            Ok(Row { network, core: variant.name, opt, what, ..cost })
        })
        .collect()
}

pub(super) fn cost(board: &Emulated, images: &Images, bin: &str) -> Result<Row> {
    let image = images.get(bin)?;
    let trace = trace::run(board, image, "measured", "finished")?;
    let size = size::of(image)?;
    let stack: u64 = firmware::value(&trace.printed, "stack")?;
    // What reports the stack is no part of the network.
    let code = size.code - size::of_function(image, "finished")?;
    let (instructions, cycles) = (trace.instructions, trace.cycles);
    Ok(Row { network: "", core: "", opt: "", what: "", instructions, cycles, code, ram: size.ram() + stack })
}

fn measure_functions(board: &Emulated) -> Result<Vec<Function>> {
    let images = Build::new(board).bin("bench").run()?;
    let stdout = firmware::run_ok(board, images.get("bench")?)?;
    // A function has a name of two parts: which one, and whose.
    let functions = firmware::values(&stdout).filter_map(|(name, value)| Some((name.strip_prefix("board.")?, value)));
    functions
        .filter(|(name, _)| name.contains('.'))
        .map(|(name, value)| {
            let instructions = value.parse().with_context(|| format!("`{name}` is no number"))?;
            Ok(Function { core: board.core, name: name.into(), instructions })
        })
        .collect()
}

impl Row {
    fn json(&self) -> Json {
        json!({
            "network": self.network,
            "core": self.core,
            "opt": self.opt,
            "what": self.what,
            "instructions": self.instructions,
            "code_bytes": self.code,
            "ram_bytes": self.ram,
            "estimated_cycles": self.cycles,
        })
    }
}

fn print_rows(rows: &[Row]) {
    for (network, what, _, description) in COSTS {
        println!("{network} {what}: {description}");
    }
    println!(
        "\n{:<8} {:<6} {:<21} {:<4} {:>13} {:>13} {:>8} {:>8}",
        "network", "what", "core", "opt", "instructions", "est. cycles", "code B", "RAM B"
    );
    for Row { network, core, opt, what, instructions, cycles, code, ram } in rows {
        let cycles = cycles.map_or("-".into(), |cycles| cycles.to_string());
        println!("{network:<8} {what:<6} {core:<21} {opt:<4} {instructions:>13} {cycles:>13} {code:>8} {ram:>8}");
    }
    println!();
    for board in &EMULATED {
        for (network, what, ..) in COSTS {
            if let Some(why) = too_large(board, network) {
                println!("{network} {what} is not for {}: {why}", board.core);
            }
        }
    }
}

/// Functions below each other, cores beside each other.
fn print_functions(functions: &[Function]) {
    let Some(first) = functions.first() else { return };
    println!("\ninstructions of a function, for one value, at opt-level 3");
    let cores = functions.iter().filter(|function| function.name == first.name);
    let cores: String = cores.map(|function| format!(" {:>11}", function.core)).collect();
    println!("{:<16}{cores}", "function");
    for name in functions.iter().filter(|function| function.core == first.core).map(|function| &function.name) {
        let same = functions.iter().filter(|function| function.name == *name);
        let figures: String = same.map(|function| format!(" {:>11}", function.instructions)).collect();
        println!("{name:<16}{figures}");
    }
}
