//! What learning on the board brings on real data, over ten seeds, and what it costs.
//!
//! ```text
//! cargo run --release -p neurona-train --example adapt
//! ```
//!
//! prints the first table of `docs/learning.md`. What is done is described in `tests/board`; tasks whose data are not on this
//! computer are left out.

#[path = "../tests/board/mod.rs"]
mod board;

use board::{Figures, Outcomes, Result, digits, motion};
use neurona::Network as _;

const SEEDS: u64 = 10;

fn main() -> Result<()> {
    println!("| task                        | new, before  | new, after   | old, before  | old, after   |");
    println!("| --------------------------- | ------------ | ------------ | ------------ | ------------ |");
    let images = digits::read()?;
    let mut noticed = Vec::new();
    for style in digits::Style::ALL {
        for replay in [false, true] {
            let outcomes = Outcomes::of(SEEDS, |seed| {
                let run = digits::run(&images, style, replay, seed)?;
                noticed.push(run.noticed);
                Ok(run.outcome)
            })?;
            row(&format!("digits, {style:?}").to_lowercase(), replay, &outcomes);
        }
    }
    if let Some(gestures) = motion::read()? {
        for replay in [false, true] {
            row("motion, turned", replay, &Outcomes::of(SEEDS, |seed| motion::turned(&gestures, replay, seed))?);
        }
        for replay in [false, true] {
            row("motion, added", replay, &Outcomes::of(SEEDS, |seed| motion::added(&gestures, replay, seed))?);
        }
    }
    let found: Vec<f64> = noticed.iter().flatten().map(|after| *after as f64).collect();
    println!(
        "\ndigits: the change was noticed {} times of {}, after {} examples",
        found.len(),
        noticed.len(),
        Figures(found)
    );
    println!("digits: {} B to learn, {} B of buffer", digits::Digits::RAM.in_place, size_of::<digits::Buffer>());
    println!("motion: {} B to learn, {} B of buffer", motion::Motion::RAM.in_place, size_of::<motion::Buffer>());
    Ok(())
}

fn row(task: &str, replay: bool, outcomes: &Outcomes) {
    let task = format!("{task}{}", if replay { ", replay" } else { "" });
    println!("| {task:<27} | {outcomes} |");
}
