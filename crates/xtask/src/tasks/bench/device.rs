//! `cargo xtask bench device`.

use super::super::step;
use anyhow::Result;
use lexopt::prelude::*;
use serde_json::{Value as Json, json};
use xtask::boards::{EMULATED, Emulated};
use xtask::firmware::{self, Build, Images};
use xtask::{install, size};

const HELP: &str = "\
Count instructions on the emulated boards.

Usage: cargo xtask bench device [--json]

Options:
  --json  One object a line on standard output, in place of the tables

For each core and for opt-level 3 and s: instructions of one inference and of one learning step of the network of the
digits, bytes of code of a whole firmware that does it (.text) and of its statics (.data, .bss); then instructions of
functions, for one value. Instructions are not cycles.";

/// The network of `firmware-example`.
const NETWORK: &str = "digits 64-32-10";

/// The figures of the network that `bench` prints, and the binary that does only that.
const COSTS: [(&str, &str); 2] = [("inference", "infer"), ("learning_step", "learn")];

/// One line of the tables, and one object of `--json`.
struct Row {
    core: &'static str,
    opt: &'static str,
    what: String,
    instructions: u64,
    /// Bytes of code and of RAM of the whole image; none for a function.
    image: Option<(u64, u64)>,
}

pub(crate) fn main(arguments: &mut lexopt::Parser) -> Result<()> {
    let mut json = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('h') | Long("help") => {
                println!("{HELP}");
                return Ok(());
            }
            Long("json") => json = true,
            other => return Err(other.unexpected().into()),
        }
    }
    install::qemu()?;
    install::targets(&xtask::boards::targets())?;
    let mut rows = Vec::new();
    for board in &EMULATED {
        for opt in ["3", "s"] {
            rows.extend(step(&format!("{} at opt-level {opt}", board.core), || measure(board, opt))?);
        }
    }
    if json {
        rows.iter().for_each(|row| println!("{}", row.json()));
    } else {
        print_networks(&rows);
        print_functions(&rows);
    }
    Ok(())
}

fn measure(board: &Emulated, opt: &'static str) -> Result<Vec<Row>> {
    let images = Build::new(board).opt_level(opt).run()?;
    let stdout = firmware::run_ok(board, images.get("bench")?)?;
    let mut rows = Vec::new();
    for (what, bin) in COSTS {
        let instructions = firmware::value(&stdout, &format!("board.{what}"))?;
        rows.push(Row { core: board.core, opt, what: bin.into(), instructions, image: Some(bytes(&images, bin)?) });
    }
    // A function has a name of two parts: which one, and whose.
    let functions = firmware::values(&stdout).filter_map(|(name, value)| Some((name.strip_prefix("board.")?, value)));
    for (name, value) in functions.filter(|(name, _)| name.contains('.')) {
        rows.push(Row { core: board.core, opt, what: name.into(), instructions: value.parse()?, image: None });
    }
    Ok(rows)
}

fn bytes(images: &Images, bin: &str) -> Result<(u64, u64)> {
    let size = size::of(images.get(bin)?)?;
    Ok((size.text, size.ram()))
}

impl Row {
    fn json(&self) -> Json {
        json!({
            "network": self.image.map(|_| NETWORK),
            "core": self.core,
            "opt": self.opt,
            "what": self.what,
            "instructions": self.instructions,
            "code_bytes": self.image.map(|(code, _)| code),
            "ram_bytes": self.image.map(|(_, ram)| ram),
        })
    }
}

fn print_networks(rows: &[Row]) {
    println!("{NETWORK}: instructions of one inference and of one learning step, bytes of the whole firmware");
    println!("{:<12} {:<4} {:<6} {:>13} {:>10} {:>10}", "core", "opt", "what", "instructions", "code B", "RAM B");
    for Row { core, opt, what, instructions, image } in rows {
        let Some((code, ram)) = image else { continue };
        println!("{core:<12} {opt:<4} {what:<6} {instructions:>13} {code:>10} {ram:>10}");
    }
}

/// Functions below each other, cores beside each other.
fn print_functions(rows: &[Row]) {
    let functions = || rows.iter().filter(|row| row.image.is_none());
    let Some(first) = functions().next() else { return };
    println!("\ninstructions of a function, for one value, at opt-level {}", first.opt);
    let cores: String = EMULATED.iter().map(|board| format!(" {:>11}", board.core)).collect();
    println!("{:<16}{cores}", "function");
    for name in functions().filter(|row| row.core == first.core && row.opt == first.opt).map(|row| &row.what) {
        let same = functions().filter(|row| row.opt == first.opt && row.what == *name);
        let figures: String = same.map(|row| format!(" {:>11}", row.instructions)).collect();
        println!("{name:<16}{figures}");
    }
}
