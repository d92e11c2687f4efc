//! `cargo xtask ci`.

use super::step;
use anyhow::{Context as _, Result, bail};
use lexopt::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use xtask::boards::{EMULATED, REAL};
use xtask::budget::{self, Budget, Figures};
use xtask::firmware::{self, Build};
use xtask::{install, process, root, size};

const HELP: &str = "\
Check what CI checks after the tests.

Usage: cargo xtask ci [--bless] [STEP]...

Runs all steps, or those that are named:
";

const OPTIONS: &str = "
Options:
  --bless  In the steps `size` and `bench`: write what is measured to firmware-example/budget.toml and bench.toml";

/// A step: its name, what it checks, and how.
struct Step {
    name: &'static str,
    what: &'static str,
    check: fn(bless: bool) -> Result<()>,
}

const STEPS: &[Step] = &[
    Step { name: "fmt", what: "Formatting", check: fmt },
    Step { name: "clippy", what: "Lints of the host workspace", check: clippy },
    Step { name: "clippy-firmware", what: "Lints of the firmware, for every board", check: clippy_firmware },
    Step { name: "doc", what: "Documentation, warnings denied", check: doc },
    Step { name: "features", what: "neurona for every target with every feature", check: features },
    Step { name: "boards", what: "Firmware of the real boards", check: boards },
    Step { name: "size", what: "Firmware sizes and peak stack against the budget", check: sizes },
    Step { name: "bench", what: "Instructions of the networks against the budget", check: bench },
    Step { name: "miri", what: "The unsafe code under Miri", check: miri },
    Step { name: "fuzz", what: "The model file under the fuzzer for 30 s", check: fuzz },
];

pub(crate) fn main(arguments: &mut lexopt::Parser) -> Result<()> {
    let (mut bless, mut names) = (false, Vec::new());
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('h') | Long("help") => {
                print!("{HELP}");
                STEPS.iter().for_each(|step| println!("  {:<16} {}", step.name, step.what));
                println!("{OPTIONS}");
                return Ok(());
            }
            Long("bless") => bless = true,
            Value(name) => names.push(name.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().into()),
        }
    }
    if let Some(name) = names.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        let known: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        bail!("there is no step `{name}`; the steps are {}", known.join(", "));
    }
    install::components()?;
    install::targets(&xtask::boards::targets())?;
    install::qemu()?;
    let chosen = STEPS.iter().filter(|step| names.is_empty() || names.iter().any(|name| name == step.name));
    run(chosen, bless)
}

/// Runs every step, also after one that fails, so that one run says all there is to mend.
fn run<'a>(steps: impl Iterator<Item = &'a Step>, bless: bool) -> Result<()> {
    let mut failed = Vec::new();
    for Step { name, what, check } in steps {
        if let Err(error) = step(what, || check(bless)) {
            eprintln!("{error:#}\nrun it alone: cargo xtask ci {name}\n");
            failed.push(*name);
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

/// Every board as rustc sees it: its target and its cargo feature.
fn all_boards() -> impl Iterator<Item = (&'static str, &'static str)> {
    let emulated = EMULATED.iter().map(|board| (board.target, board.machine));
    emulated.chain(REAL.iter().map(|board| (board.target, board.name)))
}

fn fmt(_: bool) -> Result<()> {
    process::read(process::cargo().args(["fmt", "--all", "--check"]))?;
    for dir in [firmware::workspace(), root().join("fuzz"), root().join("crates/neurona-train/peers")] {
        process::read(process::cargo().current_dir(dir).args(["fmt", "--all", "--check"]))?;
    }
    Ok(())
}

fn clippy(_: bool) -> Result<()> {
    let options = ["--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    process::read(process::cargo().arg("clippy").args(options))?;
    Ok(())
}

fn clippy_firmware(_: bool) -> Result<()> {
    for (target, feature) in all_boards() {
        let mut cargo = in_firmware("clippy", target, feature);
        process::read(cargo.args(["--", "-D", "warnings"]))?;
    }
    Ok(())
}

fn doc(_: bool) -> Result<()> {
    let mut cargo = process::cargo();
    let options = ["--workspace", "--no-deps", "--all-features"];
    process::read(cargo.env("RUSTDOCFLAGS", "-D warnings").arg("doc").args(options))?;
    let board = xtask::boards::CORTEX_M4F;
    let mut cargo = in_firmware("doc", board.target, board.machine);
    process::read(cargo.env("RUSTDOCFLAGS", "-D warnings").arg("--no-deps"))?;
    Ok(())
}

/// A cargo command in the firmware's workspace, for one board.
fn in_firmware(task: &str, target: &str, feature: &str) -> Command {
    let mut cargo = process::cargo();
    cargo.current_dir(firmware::workspace()).args([task, "--target", target, "--features", feature]);
    cargo.arg("--target-dir").arg(firmware::build_dir());
    cargo
}

fn features(_: bool) -> Result<()> {
    let features = features_of("neurona")?;
    for target in xtask::boards::targets() {
        let build = |options: &[&str]| {
            let mut cargo = process::cargo();
            cargo.args(["build", "--lib", "--package", "neurona", "--target", target, "--no-default-features"]);
            process::read(cargo.args(options))
        };
        build(&[])?;
        for feature in &features {
            build(&["--features", feature])?;
        }
        build(&["--all-features"])?;
        // Each function of assembly stands for itself, whichever the compiler puts before it.
        build(&["--all-features", "--release"])?;
        build(&["--release"])?;
    }
    Ok(())
}

/// The cargo features of a package of the workspace.
fn features_of(package: &str) -> Result<Vec<String>> {
    let text = process::read(process::cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&text).context("cargo metadata is no JSON")?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let found = packages.iter().find(|found| found["name"] == package).context("no such package")?;
    let features = found["features"].as_object().context("cargo metadata lists no features")?;
    Ok(features.keys().filter(|name| *name != "default").cloned().collect())
}

fn boards(_: bool) -> Result<()> {
    for board in &REAL {
        Build::for_feature(board.target, board.name).run()?;
    }
    Ok(())
}

/// Whether there is a nightly toolchain; says that a step is left out where there is none.
fn has_nightly() -> bool {
    let found = process::read(Command::new("rustup").args(["run", "nightly", "rustc", "--version"])).is_ok();
    if !found {
        eprint!("(left out: it needs `rustup toolchain install nightly`) ");
    }
    found
}

/// Networks of every kind in place, views and copies of bytes: what `plain.rs` allows itself.
fn miri(_: bool) -> Result<()> {
    if !has_nightly() {
        return Ok(());
    }
    install::miri()?;
    let run = |filter: &[&str]| {
        let mut cargo = Command::new("rustup");
        cargo.current_dir(root()).args(["run", "nightly", "cargo", "miri", "test", "--package", "neurona"]);
        process::read(cargo.arg("--target-dir").arg(xtask::target_dir().join("miri")).args(filter))
    };
    run(&["--lib", "plain::"])?;
    run(&["--test", "network"])?;
    Ok(())
}

fn fuzz(_: bool) -> Result<()> {
    if !has_nightly() {
        return Ok(());
    }
    install::cargo_fuzz()?;
    let mut fuzz = Command::new("rustup");
    fuzz.current_dir(root()).args(["run", "nightly", "cargo", "fuzz", "run", "model_file", "--"]);
    process::read(fuzz.arg("-max_total_time=30"))?;
    Ok(())
}

/// The binaries whose size is held: what a user copies, and what holds the stack to its bound.
const HELD: [&str; 7] = ["adapt", "deep", "gesture", "infer", "keyword", "learn", "stack"];

fn sizes(bless: bool) -> Result<()> {
    hold(&Budget { rustc: budget::rustc_version()?, images: measure()? }, &budget::path(), "size", bless)
}

fn bench(bless: bool) -> Result<()> {
    hold(&super::bench::device::measured()?, &super::bench::device::budget_path(), "bench", bless)
}

/// Holds what was measured to a committed file, or writes it there.
fn hold(measured: &Budget, path: &Path, step: &str, bless: bool) -> Result<()> {
    if bless {
        return measured.save(path);
    }
    let committed = Budget::load(path)?;
    let report = committed.compare(measured);
    if committed.rustc != measured.rustc && !report.drift.is_empty() {
        eprintln!("\nthe budget was made with {}, this is {}:", committed.rustc, measured.rustc);
    }
    report.drift.iter().for_each(|line| eprintln!("    {line}"));
    if !report.failures.is_empty() {
        bail!("{}\nif it must be so: cargo xtask ci --bless {step}", report.failures.join("\n"));
    }
    Ok(())
}

/// Sections, and the stack that each binary finds painted over after its run.
fn measure() -> Result<BTreeMap<String, Figures>> {
    let mut images = BTreeMap::new();
    for board in &EMULATED {
        let built = HELD.iter().fold(Build::new(board), |build, bin| build.bin(bin)).run()?;
        for bin in HELD {
            let image = built.get(bin)?;
            let size = size::of(image)?;
            let stack = firmware::value(&firmware::run_ok(board, image)?, "board.stack")?;
            let figures = [
                ("text", size.text),
                ("rodata", size.rodata),
                ("data", size.data),
                ("bss", size.bss),
                ("stack", stack),
            ];
            let figures = figures.map(|(name, bytes)| (name.to_owned(), bytes));
            images.insert(format!("{}/{bin}", board.core), Figures::from(figures));
        }
    }
    Ok(images)
}
