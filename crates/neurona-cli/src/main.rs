//! The `neurona` command: trains networks on a desktop, says what they do and need, and exports them for a
//! microcontroller.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Result;
use clap::{Parser, Subcommand};

mod classical;
#[cfg(feature = "course")]
mod course;
mod cross_validate;
mod data;
mod eval;
mod features;
mod inspect;
mod merge;
mod model;
mod names;
mod predict;
mod print;
mod rust;
mod search;
mod split;
mod train;

/// Train neural networks on a desktop, for a microcontroller to run and to go on training.
#[derive(Parser)]
#[command(name = "neurona", version, arg_required_else_help = true, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
From data to a board:
  neurona split digits.csv --parts train=0.8,test=0.2 --stratified --out parts
  neurona train parts/train.csv --layers 32:relu --rescale 0.0625 --out digits.neurona
  neurona eval digits.neurona parts/test.csv
  neurona rust digits.neurona > digits.rs

Exit status: 0 when all went well, 1 for an error, 2 for wrong usage, 130 when it was stopped by Ctrl-C.";

#[derive(Subcommand)]
enum Command {
    Train(Box<train::Train>),
    Eval(eval::Eval),
    Predict(predict::Predict),
    Inspect(inspect::Inspect),
    Merge(merge::Merge),
    Rust(rust::Rust),
    Split(split::Split),
    Features(features::Features),
    Search(search::Search),
    CrossValidate(Box<cross_validate::CrossValidate>),
    Classical(classical::Classical),
    #[cfg(feature = "course")]
    Course(course::Course),
}

impl Command {
    fn run(self, out: &mut dyn Write) -> Result<ExitCode> {
        match self {
            Self::Train(train) => return train.run(out),
            Self::Eval(eval) => eval.run(out)?,
            Self::Predict(predict) => predict.run(out)?,
            Self::Inspect(inspect) => inspect.run(out)?,
            Self::Merge(merge) => merge.run(out)?,
            Self::Rust(rust) => rust.run(out)?,
            Self::Split(split) => split.run(out)?,
            Self::Features(features) => features.run(out)?,
            Self::Search(search) => return search.run(out),
            Self::CrossValidate(cross_validate) => return cross_validate.run(out),
            Self::Classical(classical) => classical.run(out)?,
            #[cfg(feature = "course")]
            Self::Course(course) => course.run(out)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = io::BufWriter::new(anstream::stdout());
    let result = cli.command.run(&mut out).and_then(|code| Ok(out.flush().map(|()| code)?));
    match result {
        Ok(code) => code,
        // Who reads the output has seen enough, as `head` has.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            print::note(format_args!("{}error:{0:#} {error:#}", print::FAULT));
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// What is longer is wrapped, which breaks a line of an example; and a paragraph that has ends of lines of its own.
    #[test]
    fn the_help_is_not_broken_within_its_lines() {
        let mut command = Cli::command();
        command.build();
        let own = command.get_after_help().map(ToString::to_string).into_iter();
        let parts = own.chain(command.get_subcommands().filter_map(|part| Some(part.get_after_help()?.to_string())));
        for text in parts {
            let lines: Vec<&str> = text.lines().collect();
            let is_paragraph = |line: &str| !line.is_empty() && !line.starts_with(' ');
            for pair in lines.windows(2) {
                assert!(!(is_paragraph(pair[0]) && is_paragraph(pair[1])), "{pair:?}");
            }
            for line in lines.into_iter().filter(|line| !is_paragraph(line)) {
                assert!(line.chars().count() <= 100, "{line}");
            }
        }
    }
}
