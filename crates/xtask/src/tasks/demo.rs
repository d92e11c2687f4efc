//! `cargo xtask demo`.

use super::step;
use anyhow::{Context as _, Result, ensure};
use lexopt::prelude::*;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::Command;
use xtask::boards::CORTEX_M4F;
use xtask::firmware::{self, Build, value};
use xtask::host::{self, Profile};
use xtask::size::{self, Size};
use xtask::{install, process, target_dir};

const HELP: &str = "\
Train on real digits, put the network on an emulated Cortex-M4F, and let it learn there.

Usage: cargo xtask demo

Cuts tests/data/digits.csv into three parts, trains on the first, writes target/demo/digits.neurona, builds the firmware
with it, and runs that under QEMU. It ends with a table of what was measured.";

pub(crate) fn main(arguments: &mut lexopt::Parser) -> Result<()> {
    if let Some(argument) = arguments.next()? {
        match argument {
            Short('h') | Long("help") => println!("{HELP}"),
            other => return Err(other.unexpected().into()),
        }
        return Ok(());
    }
    install::qemu()?;
    install::targets(&[CORTEX_M4F.target])?;
    let dir = target_dir().join("demo");
    let desktop = desktop(&dir)?;
    let board = board(&dir)?;
    let desktop_bits = step("the same arithmetic on the desktop", || {
        let runs = board.parity.iter().map(|(bin, _)| host::parity(bin, Profile::Release, Some(&dir)));
        Ok(runs.collect::<Result<Vec<_>>>()?.concat())
    })?;
    print!("{}", Figures { desktop, board, desktop_bits }.table()?);
    Ok(())
}

/// What the desktop trained, and how well it does.
struct Desktop {
    trained: u64,
    eval: Json,
    agreement: String,
}

/// What the binaries printed on the board.
struct Board {
    infer: String,
    learn: String,
    /// What each binary that hashes its bits printed.
    parity: Vec<(String, String)>,
    bench: String,
    infer_size: Size,
    learn_size: Size,
}

fn desktop(dir: &Path) -> Result<Desktop> {
    let neurona = step("compiling the neurona command", compile)?;
    let model = dir.join("digits.neurona");
    let part = |name: &str| dir.join(name).with_extension("csv");
    step("cutting the digits into three parts", || {
        let parts = "train=0.6,learn=0.2,test=0.2";
        let mut split = command(&neurona, "split");
        split.args(["tests/data/digits.csv", "--parts", parts, "--stratified", "--seed", "1", "--out"]).arg(dir);
        process::read(&mut split)
    })?;
    // Grey levels go from 0 to 16. The progress bar has the terminal.
    let mut train = command(&neurona, "train");
    train.arg(part("train")).args(["--layers", "32:relu", "--rescale", "0.0625", "--seed", "1"]);
    process::run(train.arg("--out").arg(&model))?;
    let eval = step("measuring on the desktop", || {
        let text = process::read(command(&neurona, "eval").arg(&model).arg(part("test")).arg("--json"))?;
        serde_json::from_str(&text).context("`neurona eval --json` printed no JSON")
    })?;
    let agreement = step("the trainer against the device's arithmetic", || {
        let mut cargo = process::cargo();
        cargo.args(["run", "--release", "--quiet", "--package", "neurona-tests", "--bin", "agreement", "--"]);
        process::read(cargo.arg(&model).arg(part("test")))
    })?;
    let trained = std::fs::read_to_string(part("train"))?.lines().count() as u64 - 1;
    Ok(Desktop { trained, eval, agreement })
}

fn compile() -> Result<PathBuf> {
    let mut cargo = process::cargo();
    // Without the course, whose plots the demo has no use for.
    process::read(cargo.args(["build", "--release", "--package", "neurona-cli", "--no-default-features"]))?;
    Ok(target_dir().join("release").join("neurona").with_extension(std::env::consts::EXE_EXTENSION))
}

fn command(neurona: &Path, name: &str) -> Command {
    let mut command = Command::new(neurona);
    command.current_dir(xtask::root()).arg(name);
    command
}

fn board(dir: &Path) -> Result<Board> {
    let board = CORTEX_M4F;
    let images = step("compiling firmware for the Cortex-M4F", || Build::new(&board).model_dir(dir).run())?;
    let run = |what: &str, bin: &str| step(what, || firmware::run_ok(&board, images.get(bin)?));
    Ok(Board {
        infer: run("the board reads the test digits", "infer")?,
        learn: run("the board learns turned digits", "learn")?,
        parity: step("the board hashes every bit it computes", || {
            let run = |(bin, image): (&str, &Path)| Ok((bin.to_owned(), firmware::run_ok(&board, image)?));
            images.parity().map(run).collect()
        })?,
        bench: run("the board counts instructions", "bench")?,
        infer_size: size::of(images.get("infer")?)?,
        learn_size: size::of(images.get("learn")?)?,
    })
}

/// All that the table is made from.
struct Figures {
    desktop: Desktop,
    board: Board,
    desktop_bits: String,
}

impl Figures {
    fn table(&self) -> Result<String> {
        let Self { desktop, board, .. } = self;
        let number = |printed: &str, name: &str| value::<u64>(printed, name);
        let images = number(&board.infer, "images")?;
        let percent = |right: u64| format!("{:6.2} %", 100.0 * right as f64 / images as f64);
        let learned = |name: &str| Ok::<_, anyhow::Error>(percent(number(&board.learn, name)?));
        let accuracy = desktop.eval["accuracy"].as_f64().context("`neurona eval --json` has no `accuracy`")?;
        let lines = [
            ("", String::new()),
            ("parameters", value(&board.bench, "parameters")?),
            ("trained on the desktop", format!("{} digits", desktop.trained)),
            ("learned on the board", format!("{} others, turned by 90 degrees", number(&board.learn, "learned")?)),
            ("tested on both", format!("{images} others again")),
            ("accuracy on the desktop", format!("{:6.2} %", 100.0 * accuracy)),
            ("accuracy on the board", percent(number(&board.infer, "right")?)),
            ("turned digits, before and after learning", learned("turned.before")? + &learned("turned.after")?),
            ("upright digits, before and after learning", learned("upright.before")? + &learned("upright.after")?),
            ("trainer against device crate", self.bound()?),
            ("desktop against board", self.bits()?),
            ("one inference", format!("{} instructions", number(&board.bench, "board.inference")?)),
            ("one learning step", format!("{} instructions", number(&board.bench, "board.learning_step")?)),
            ("to infer", memory(&board.infer, board.infer_size)?),
            ("to infer and learn", memory(&board.learn, board.learn_size)?),
        ];
        Ok(lines.map(|(name, value)| format!("{name:<42} {value}").trim_end().to_owned() + "\n").concat())
    }

    /// How far the trainer's arithmetic, in another order, is from the device's.
    fn bound(&self) -> Result<String> {
        let printed = &self.desktop.agreement;
        let (difference, share): (f64, f64) =
            (value(printed, "largest_difference")?, value(printed, "share_of_bound")?);
        Ok(format!("largest difference {difference:.1e}, {:.1} % of the bound", 100.0 * share))
    }

    /// Whether the device crate computed the same bits at both places.
    fn bits(&self) -> Result<String> {
        let hashes: Vec<_> = firmware::values(&self.desktop_bits).collect();
        let board: Vec<_> = self.board.parity.iter().flat_map(|(_, printed)| firmware::values(printed)).collect();
        let board: Vec<_> = board.into_iter().filter(|(name, _)| !name.starts_with("board.")).collect();
        ensure!(!hashes.is_empty() && hashes.len() == board.len(), "desktop and board hash different things");
        let equal = hashes.iter().zip(&board).filter(|(desktop, board)| desktop == board).count();
        let end = if equal == hashes.len() { "the same bits" } else { "NOT the same bits" };
        Ok(format!("{equal} of {} hashes equal: {end}", hashes.len()))
    }
}

fn memory(printed: &str, size: Size) -> Result<String> {
    let stack: u64 = value(printed, "board.stack")?;
    Ok(format!("{} B of flash, {} B of RAM and {stack} B of stack", size.flash(), size.ram()))
}
