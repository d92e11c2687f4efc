//! `cargo xtask bench trainer`.

use super::super::step;
use anyhow::{Context as _, Result};
use lexopt::prelude::*;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use xtask::{process, root, target_dir};

const HELP: &str = "\
Time the trainer next to others.

Usage: cargo xtask bench trainer [--json] [--rounds N] [--peers | [--python PATH] [--rust-peers]] [--no-compile] [TASK…]

Options:
  --json         One object a line on standard output, in place of the table
  --rounds N     How often everything is timed, by turns; the medians count [default: 3]
  --peers        Time all others too: install PyTorch, JAX and scikit-learn by pip in the target folder (some 2 GB), and
                 build burn and candle there (some minutes)
  --python PATH  Time those of PyTorch, JAX and scikit-learn that this Python has
  --rust-peers   Time burn and candle
  --no-compile   Leave out PyTorch's compiler, which takes long to start

Samples a second, forward, backward and Adam, for each task of docs/performance.md and for 1 and 2 threads. Where the
processor has AVX-512 and is not Intel's, PyTorch is timed a second time with its products made to use it. Run it on a
machine that does nothing else.";

const TASKS: [&str; 6] = ["T1", "T2", "T3", "T4", "T5", "T6"];

/// What one line says: task, peer, mode, threads.
type Key = (String, String, String, u64);

pub(crate) fn main(arguments: &mut lexopt::Parser) -> Result<()> {
    let (mut json, mut rounds, mut install, mut python, mut tasks) = (false, 3_usize, false, None, Vec::new());
    let (mut compile, mut rust) = (true, false);
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('h') | Long("help") => {
                println!("{HELP}");
                return Ok(());
            }
            Long("json") => json = true,
            Long("rounds") => rounds = arguments.value()?.parse()?,
            Long("peers") => install = true,
            Long("rust-peers") => rust = true,
            Long("no-compile") => compile = false,
            Long("python") => python = Some(PathBuf::from(arguments.value()?)),
            Value(task) if TASKS.iter().any(|name| task == *name) => tasks.push(task.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    if install && python.is_none() {
        python = Some(step("install the peers", peers)?);
    }
    if tasks.is_empty() {
        tasks = TASKS.map(str::to_owned).to_vec();
    }
    rust |= install;
    let example = ["--release", "-p", "neurona-train", "--example", "speed"];
    step("build the benchmark", || process::read(process::cargo().arg("build").args(example)))?;
    if rust {
        step("build burn and candle", || process::read(&mut rust_peers("build")))?;
    }
    let mkl = if python.is_some() && mkl_needs_force() { Some(step("force AVX-512 in MKL", force_mkl)?) } else { None };
    let mut speeds = BTreeMap::<Key, Vec<f64>>::new();
    for task in &tasks {
        for round in 1..=rounds.max(1) {
            step(&format!("{task}, round {round} of {rounds}"), || {
                let own = process::read(process::cargo().arg("run").args(example).arg("--").arg(task))?;
                add(&mut speeds, &own)?;
                if let Some(python) = &python {
                    let script = root().join("crates/neurona-train/tests/scripts/speed.py");
                    let mut peers = Command::new(python);
                    peers.arg(script).args((!compile).then_some("--no-compile")).arg(task);
                    add(&mut speeds, &process::read(&mut peers)?)?;
                    if let Some(library) = &mkl {
                        peers.arg("--mkl-avx512").env("LD_PRELOAD", library);
                        add(&mut speeds, &process::read(&mut peers)?)?;
                    }
                }
                if rust {
                    let mut peers = rust_peers("run");
                    // What is left out is said there.
                    peers.args(["--quiet", "--", task]).stderr(Stdio::inherit());
                    add(&mut speeds, &process::read(&mut peers)?)?;
                }
                Ok(())
            })?;
        }
    }
    if json {
        for ((task, peer, mode, threads), speeds) in speeds {
            let speed = median(speeds);
            println!(
                "{}",
                json!({"task": task, "threads": threads, "peer": peer, "mode": mode, "samples_per_second": speed})
            );
        }
    } else {
        print_table(&speeds);
    }
    Ok(())
}

/// The Python of a virtual environment that has the peers.
fn peers() -> Result<PathBuf> {
    let folder = target_dir().join("peers");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if !python.exists() {
        process::read(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    process::read(Command::new(&python).args(["-m", "pip", "install", "--quiet", "torch", "jax", "scikit-learn"]))?;
    Ok(python)
}

/// Whether the processor has AVX-512 and PyTorch's products leave it unused: MKL takes less on a processor that is not Intel's.
fn mkl_needs_force() -> bool {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    info.contains("avx512f") && !info.contains("GenuineIntel")
}

/// A library that, loaded before MKL, tells it that the processor is Intel's.
fn force_mkl() -> Result<PathBuf> {
    let (source, library) = (target_dir().join("mkl_avx512.c"), target_dir().join("libmkl_avx512.so"));
    std::fs::write(&source, "int mkl_serv_intel_cpu_true(void) { return 1; }\n")?;
    process::read(Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source))?;
    Ok(library)
}

/// A cargo command in the workspace of burn and candle; its folder says how they are built.
fn rust_peers(task: &str) -> Command {
    let mut cargo = process::cargo();
    cargo.current_dir(root().join("crates/neurona-train/peers")).args([task, "--release", "--locked"]);
    cargo.arg("--target-dir").arg(target_dir().join("rust-peers"));
    cargo
}

fn add(speeds: &mut BTreeMap<Key, Vec<f64>>, lines: &str) -> Result<()> {
    for line in lines.lines().filter(|line| line.starts_with('{')) {
        let line: Json = serde_json::from_str(line)?;
        let text =
            |key: &str| Ok::<_, anyhow::Error>(line[key].as_str().with_context(|| format!("no `{key}`"))?.to_owned());
        let threads = line["threads"].as_u64().context("no `threads`")?;
        let speed = line["samples_per_second"].as_f64().context("no `samples_per_second`")?;
        speeds.entry((text("task")?, text("peer")?, text("mode")?, threads)).or_default().push(speed);
    }
    Ok(())
}

fn median(mut speeds: Vec<f64>) -> u64 {
    speeds.sort_by(f64::total_cmp);
    speeds[speeds.len() / 2] as u64
}

/// Each task with ours, the best mode of each peer, and how many times that ours is.
fn print_table(speeds: &BTreeMap<Key, Vec<f64>>) {
    let mut best = BTreeMap::<(&str, &str), (u64, String)>::new();
    for ((task, peer, mode, threads), speeds) in speeds {
        let found = (median(speeds.clone()), format!("{mode}, {threads} threads"));
        let place = best.entry((task, peer)).or_default();
        if found.0 > place.0 {
            *place = found;
        }
    }
    println!("{}", machine());
    println!("| task | trainer | mode | samples a second | neurona is |\n| --- | --- | --- | --- | --- |");
    for ((task, peer), (speed, mode)) in &best {
        let times = best.get(&(task, "neurona")).map_or(0.0, |(own, _)| *own as f64 / (*speed).max(1) as f64);
        println!("| {task} | {peer} | {mode} | {speed} | {times:.2} times |");
    }
}

/// The processor, where the system says what it is, and the number of cores.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    format!("{}, {cores} cores\n", name.map_or(std::env::consts::ARCH, |(_, name)| name))
}
