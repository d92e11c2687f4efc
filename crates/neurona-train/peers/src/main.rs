//! Samples a second of burn and candle on the tasks of `docs/performance.md`: `cargo xtask bench trainer` runs this.
//!
//! ```text
//! cd crates/neurona-train/peers && cargo run --release [-- T1 T2 …]
//! cd crates/neurona-train/peers && cargo test --release     each peer learns each task
//! ```
//!
//! It prints a JSON object a line, as `tests/scripts/speed.py` does. Each peer takes the same batch again and again from
//! memory, forward, backward and Adam, with layers, loss and optimizer of its own libraries. A figure is the median of nine
//! measurements of some tenth of a second, after a warm-up. The number of threads is read once a process, so that each has a
//! process of its own.

mod burn_peer;
mod candle_peer;
mod task;

use std::{
    env,
    error::Error,
    hint::black_box,
    process::Command,
    time::{Duration, Instant},
};
use task::{TASKS, Task};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A network of a peer, its optimizer, and the batch.
trait Trainer {
    /// Forward, backward and a step of Adam.
    fn step(&mut self) -> Result<()>;

    /// The mean loss of the batch, with dropout where the task has it.
    fn loss(&self) -> Result<f32>;
}

struct Peer {
    name: &'static str,
    /// The crate whose version is printed.
    package: &'static str,
    mode: &'static str,
    start: fn(&Task) -> Result<Box<dyn Trainer>>,
}

const PEERS: [Peer; 3] = [
    Peer { name: "burn", package: "burn", mode: "flex", start: burn_peer::flex },
    Peer { name: "burn", package: "burn", mode: "ndarray", start: burn_peer::ndarray },
    Peer { name: "candle", package: "candle-core", mode: "cpu", start: candle_peer::cpu },
];

/// Where rayon, and with it both peers, reads the number of threads.
const THREADS: &str = "RAYON_NUM_THREADS";
/// Where the products of burn's backend `ndarray` do.
const THREADS_OF_PRODUCTS: &str = "MATMUL_NUM_THREADS";
/// How long a measurement is about.
const MEASUREMENT: Duration = Duration::from_millis(100);

fn main() -> Result<()> {
    let asked: Vec<String> = env::args().skip(1).collect();
    let Ok(threads) = env::var(THREADS) else {
        for threads in ["1", "2"] {
            let mut own = Command::new(env::current_exe()?);
            let status = own.args(&asked).env(THREADS, threads).env(THREADS_OF_PRODUCTS, threads).status()?;
            if !status.success() {
                return Err(format!("with {threads} threads: {status}").into());
            }
        }
        return Ok(());
    };
    let threads: usize = threads.parse()?;
    for task in TASKS.iter().filter(|task| asked.is_empty() || asked.iter().any(|name| name == task.name)) {
        for Peer { name, package, mode, start } in PEERS {
            match start(task).and_then(|trainer| speed(task, trainer)) {
                Ok(speed) => println!(
                    r#"{{"task":"{}","threads":{threads},"peer":"{name} {}","mode":"{mode}","samples_per_second":{speed:.0}}}"#,
                    task.name,
                    version(package)
                ),
                Err(error) => eprintln!("{}: {name} {mode} left out: {error}", task.name),
            }
        }
    }
    Ok(())
}

/// Samples a second.
fn speed(task: &Task, mut trainer: Box<dyn Trainer>) -> Result<f64> {
    for _ in 0..5 {
        trainer.step()?;
    }
    let start = Instant::now();
    trainer.step()?;
    let count = (MEASUREMENT.as_secs_f64() / start.elapsed().as_secs_f64().max(1e-7)).max(1.0) as usize;
    let mut speeds = Vec::new();
    for _ in 0..9 {
        let start = Instant::now();
        for _ in 0..count {
            trainer.step()?;
        }
        speeds.push((task.rows * count) as f64 / start.elapsed().as_secs_f64());
    }
    black_box(trainer.loss()?);
    speeds.sort_by(f64::total_cmp);
    Ok(speeds[speeds.len() / 2])
}

/// The version of a crate that this was built with.
fn version(name: &str) -> &'static str {
    let entry = format!("name = \"{name}\"\nversion = \"");
    let found = include_str!("../Cargo.lock").split_once(&entry).and_then(|(_, rest)| rest.split_once('"'));
    found.map_or("?", |(version, _)| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_peer_learns_each_task() {
        for task in &TASKS {
            for Peer { name, mode, start, .. } in PEERS {
                let mut trainer = start(task).unwrap();
                let before = trainer.loss().unwrap();
                for _ in 0..300 {
                    trainer.step().unwrap();
                }
                let after = trainer.loss().unwrap();
                eprintln!("{} {name} {mode}: {before} to {after}", task.name);
                // The targets are drawn independently of the inputs: what is learned is learned by heart.
                assert!(after < 0.9 * before, "{} {name} {mode}: {before} to {after}", task.name);
            }
        }
    }
}
