//! What learning on the board brings on real data, over ten seeds, and what it costs.
//!
//! ```text
//! cargo run --release -p neurona-train --example adapt
//! ```
//!
//! prints the tables of `docs/learning.md` that are about one board. What is done is described in `tests/board`; tasks whose data are not on this
//! computer are left out.

#[path = "../tests/board/mod.rs"]
mod board;

use board::{Figures, Outcomes, Result, digits, guarded, motion, temperature};
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
    guards(&images)?;
    temperatures()
}

/// The table of reference sets: turned digits, with true labels and with false ones among them.
fn guards(images: &[board::Example<[f32; 64]>]) -> Result<()> {
    println!("\n| the guard asks | labels   | new, after   | old, after   | blocks kept, of 12 |");
    println!("| -------------- | -------- | ------------ | ------------ | ------------------ |");
    for asks in guarded::Asks::ALL {
        for false_labels in [false, true] {
            let run = |seed| guarded::run(images, digits::Style::Turned, asks, false_labels, seed);
            let runs: Vec<_> = (1..=SEEDS).map(run).collect::<Result<_>>()?;
            let figures = |of: fn(&guarded::Run) -> f64| Figures(runs.iter().map(of).collect());
            println!(
                "| {:<14} | {:<8} | {:<12} | {:<12} | {:<18} |",
                asks.name(),
                if false_labels { "2 false" } else { "true" },
                figures(|run| run.outcome.new[1]),
                figures(|run| run.outcome.old[1]),
                figures(|run| run.kept as f64),
            );
        }
    }
    Ok(())
}

/// The table of the machine.
fn temperatures() -> Result<()> {
    let Some(series) = temperature::read()? else { return Ok(()) };
    println!("\n| what follows | failures raised, of 4 | days with a false alarm | first week high at the end, % |");
    println!("| ------------ | --------------------- | ----------------------- | ----------------------------- |");
    let mut learned = Vec::new();
    for follows in temperature::Follows::ALL {
        let runs: Vec<_> = (1..=SEEDS).map(|seed| temperature::run(&series, follows, seed)).collect::<Result<_>>()?;
        learned = runs.iter().map(|run| run.learned as f64).collect();
        let figures = |of: fn(&temperature::Alarms) -> f64| Figures(runs.iter().map(of).collect());
        println!(
            "| {:<12} | {:<21} | {:<23} | {:<29} |",
            format!("{follows:?}").to_lowercase(),
            figures(|run| run.raised as f64),
            figures(|run| run.false_days as f64),
            figures(|run| run.forgotten),
        );
    }
    println!(
        "\nmachine: {} B to learn, {} B of buffer, {} days learned of {} hours",
        temperature::Day::RAM.in_place,
        size_of::<temperature::Buffer>(),
        Figures(learned),
        series.len()
    );
    Ok(())
}

fn row(task: &str, replay: bool, outcomes: &Outcomes) {
    let task = format!("{task}{}", if replay { ", replay" } else { "" });
    println!("| {task:<27} | {outcomes} |");
}
