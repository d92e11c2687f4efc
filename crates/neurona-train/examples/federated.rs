//! A hundred boards, each with a user who writes in a way of their own, make one model better together.
//!
//! ```text
//! cargo run --release -p neurona-train --example federated
//! ```
//!
//! prints the table of `docs/learning.md`.

#[path = "../tests/board/mod.rs"]
#[allow(dead_code)]
mod board;
#[path = "../tests/fleet/mod.rs"]
mod fleet;

use board::{Figures, Result};
use neurona::federated::Precision;

const BOARDS: usize = 100;
const SEEDS: u64 = 10;

fn main() -> Result<()> {
    let digits = board::digits::read()?;
    println!("| record    | bytes | before       | boards alone | 1 round      | 3 rounds     | 10 rounds    |");
    println!("| --------- | ----- | ------------ | ------------ | ------------ | ------------ | ------------ |");
    for precision in [Precision::Full, Precision::Eighth] {
        let runs: Vec<_> =
            (1..=SEEDS).map(|seed| fleet::run(&digits, BOARDS, 10, precision, seed)).collect::<Result<_>>()?;
        assert!(runs.iter().all(|run| run.refused == 2), "the two broken boards are refused");
        let figures = |of: fn(&fleet::Rounds) -> f64| Figures(runs.iter().map(of).collect());
        println!(
            "| {:<9} | {:<5} | {:<12} | {:<12} | {:<12} | {:<12} | {:<12} |",
            format!("{precision:?}"),
            runs[0].bytes,
            figures(|run| run.before),
            figures(|run| run.alone),
            figures(|run| run.after[0]),
            figures(|run| run.after[2]),
            figures(|run| run.after[9]),
        );
    }
    Ok(())
}
