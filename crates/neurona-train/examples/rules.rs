//! What each rule of learning on the board brings, over ten seeds.
//!
//! ```text
//! cargo run --release -p neurona-train --example rules
//! cargo run --release -p neurona-train --example rules -- --rates
//! ```
//!
//! The first prints a line for each rule, its name and right answers in percent before and after, with standard deviations: the
//! last columns of the table of `cargo xtask bench learning`, which runs it. The second prints what each rate brings on three other
//! seeds, by which the rates were chosen. What is learned is described in `tests/board/rules.rs`.

#[path = "../tests/board/mod.rs"]
#[allow(dead_code)]
mod board;
#[path = "../tests/board/rules.rs"]
mod rules;

use std::ops::RangeInclusive;

use board::{Example, Figures, Result, digits};
use rules::{GRID, Gain, RULES, Task};

fn main() -> Result<()> {
    let digits = digits::read()?;
    if std::env::args().any(|argument| argument == "--rates") {
        let tasks = tasks(&digits, 11..=13)?;
        for (name, _) in RULES {
            for rate in GRID {
                println!("{name}\t{rate}\t{}", figures(&tasks, name, rate)?[1]);
            }
        }
        return Ok(());
    }
    let tasks = tasks(&digits, 1..=10)?;
    for (name, rate) in RULES {
        let [before, after] = figures(&tasks, name, rate)?;
        println!("{name}\t{before}\t{after}");
    }
    Ok(())
}

fn tasks(digits: &[Example<[f32; 64]>], seeds: RangeInclusive<u64>) -> Result<Vec<Task>> {
    seeds.map(|seed| Task::new(digits, seed)).collect()
}

fn figures(tasks: &[Task], name: &str, rate: f32) -> Result<[Figures; 2]> {
    let gains = tasks.iter().map(|task| task.gain(name, rate)).collect::<Result<Vec<Gain>>>()?;
    Ok([0, 1].map(|when| Figures(gains.iter().map(|gain| gain[when]).collect())))
}
