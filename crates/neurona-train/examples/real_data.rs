//! Accuracy and RMSE on real data over ten seeds, beside those of scikit-learn and PyTorch with the same network, rows
//! and budget.
//!
//! ```text
//! cargo run --release -p neurona-train --example real_data [-- TASK…]
//! ```
//!
//! prints the table of `docs/real-data.md`. The tasks are described in `tests/tasks`; those whose data are not on this
//! computer are left out. `--parts DIR` writes each task's run as TOML and its rows as CSV instead, on which
//! `tests/scripts/real_data.py` trains the other programs, and the search that found one of the runs.

use std::{error::Error, fs, path::Path};

#[path = "../tests/tasks/mod.rs"]
mod tasks;

use tasks::{Difference, Task};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [flag, folder] if flag == "--parts" => write_parts(folder.as_ref()),
        [] => compare(Task::NAMES),
        names => compare(names.iter().map(String::as_str)),
    }
}

fn write_parts(folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    for name in Task::NAMES {
        let Some(task) = Task::read(name)? else { continue };
        task.training.write_csv(&folder.join(format!("{name}-train.csv")))?;
        task.test.write_csv(&folder.join(format!("{name}-test.csv")))?;
        fs::write(folder.join(format!("{name}.toml")), task.run.to_toml()?)?;
    }
    Ok(fs::write(folder.join("energy_search.toml"), include_str!("../tests/tasks/energy_search.toml"))?)
}

fn compare<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<(), Box<dyn Error>> {
    let columns =
        ["task       ", "to train, to test", "neurona       ", "scikit-learn  ", "better by    ", "PyTorch       "];
    let columns = columns.into_iter().chain(columns.get(4).copied());
    let (names_row, rule): (String, String) =
        columns.map(|name| (format!(" {name} |"), format!(" {} |", "-".repeat(name.len())))).unzip();
    println!("|{names_row}\n|{rule}");
    for name in names {
        let Some(task) = Task::read(name)? else { continue };
        let ours = task.train_seeds(10)?;
        let mut line =
            format!("| {name:<11} | {:<17} | {ours:<14} |", format!("{}, {}", task.training.rows(), task.test.rows()));
        for program in ["scikit-learn", "pytorch"] {
            let peer = task.peer(program);
            if peer.0.is_empty() {
                line += &format!(" {:<14} | {:<13} |", "", "");
                continue;
            }
            let Difference { better, error } = task.difference(&ours, &peer);
            line += &format!(" {peer:<14} | {:<13} |", format!("{better:.2} ± {error:.2}"));
        }
        println!("{line}");
    }
    Ok(())
}
