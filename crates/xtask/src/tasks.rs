//! One module a task: its options, its help and what it does.

pub(crate) mod bench;
pub(crate) mod ci;
pub(crate) mod demo;
pub(crate) mod test;

use anyhow::Result;
use std::io::Write as _;
use std::time::Instant;

/// Runs one step and prints its name, how it ended and its time on one line of standard error.
fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprint!("{name:<48} ");
    // A line that cannot be shown early is shown late.
    let _ = std::io::stderr().flush();
    let start = Instant::now();
    let result = work();
    let end = if result.is_ok() { "ok" } else { "FAILED" };
    eprintln!("{end:<6} {:>6.1} s", start.elapsed().as_secs_f64());
    result
}
