//! `neurona course`: the experiments of the course, on a page to look at.

use std::{
    io::{IsTerminal as _, Write, stderr},
    path::PathBuf,
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use neurona_course::{Context, EXPERIMENTS, Experiment, Report, Step, experiments, page};
use neurona_train::file::{Draft, write_whole};
use serde::Serialize;

use crate::print::{self, Table};

/// Run the experiments of the course and write one page to look at.
///
/// Each experiment trains what it needs and measures it; nothing is read or downloaded. The page is one HTML file with
/// everything in it.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Course {
    /// The experiment to run; without a name, all
    name: Option<String>,
    /// List the experiments and run none
    #[arg(long, conflicts_with_all = ["name", "quick", "out"])]
    list: bool,
    /// A small form, with less of everything
    #[arg(long)]
    quick: bool,
    /// What everything random follows from
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// The page to write; it is whole or not there
    #[arg(long, value_name = "FILE", default_value = "course.html")]
    out: PathBuf,
    /// Print one JSON object with the measured numbers in place of the summary
    #[arg(long)]
    json: bool,
    /// Print no progress
    #[arg(long, short)]
    quiet: bool,
}

const AFTER_HELP: &str = "\
Examples:
  neurona course
  neurona course backpropagation --out backpropagation.html
  neurona course --quick --json

JSON: {\"out\", \"seed\", \"quick\", \"experiments\": [{\"name\", \"title\", \"seconds\", \"tables\": [{\"caption\", \"rows_are\", \
\"columns\": [{\"name\", \"unit\"}], \"rows\": [{\"name\", \"values\"}]}]}]}; a value that there is not is null. With --list: \
{\"experiments\": [{\"name\", \"title\"}]}.";

/// What was measured, as JSON says it.
#[derive(Serialize)]
struct Measured<'a> {
    out: String,
    seed: u64,
    quick: bool,
    experiments: Vec<One<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    name: &'a str,
    title: &'a str,
    seconds: f64,
    tables: Vec<Numbers<'a>>,
}

#[derive(Serialize)]
struct Numbers<'a> {
    caption: &'a str,
    rows_are: &'a str,
    columns: Vec<Column<'a>>,
    rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Column<'a> {
    name: &'a str,
    unit: &'a str,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    values: &'a [f64],
}

#[derive(Serialize)]
struct List {
    experiments: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    title: &'static str,
}

impl Course {
    pub(crate) fn run(self, out: &mut dyn Write) -> Result<()> {
        if self.list {
            return list(out, self.json);
        }
        let chosen = match &self.name {
            Some(name) => vec![experiments::find(name)?],
            None => EXPERIMENTS.to_vec(),
        };
        // Found now, and not when the work is done.
        ensure!(!self.out.is_dir(), "{}: expected a file to write, found a folder", self.out.display());
        Draft::write(&self.out, |_| Ok(())).with_context(|| format!("{}: cannot write there", self.out.display()))?;
        let context = Context::new(self.seed, self.quick);
        let mut parts = Vec::new();
        let mut seconds = Vec::new();
        let of = chosen.len();
        for experiment in chosen {
            let display = Display::new(&experiment, of, self.quiet);
            let start = Instant::now();
            let observer = |step| display.show(step);
            let context = Context::new(self.seed, self.quick).observed(&observer);
            let report = (experiment.run)(&context).with_context(|| experiment.name)?;
            seconds.push(start.elapsed().as_secs_f64());
            display.end(start);
            parts.push((experiment, report));
        }
        write_whole(&self.out, |file| page::write(file, &context, &parts))
            .with_context(|| self.out.display().to_string())?;
        if self.json { self.write_json(out, &parts, &seconds) } else { self.write_summary(out, &parts, &seconds) }
    }

    fn write_json(&self, out: &mut dyn Write, parts: &[(Experiment, Report)], seconds: &[f64]) -> Result<()> {
        let measured = Measured {
            out: self.out.display().to_string(),
            seed: self.seed,
            quick: self.quick,
            experiments: parts.iter().zip(seconds).map(|(part, seconds)| One::new(part, *seconds)).collect(),
        };
        print::json(out, &measured)
    }

    fn write_summary(&self, out: &mut dyn Write, parts: &[(Experiment, Report)], seconds: &[f64]) -> Result<()> {
        let mut table = Table::new(["experiment", "title", " figures", " time"]);
        for ((experiment, report), seconds) in parts.iter().zip(seconds) {
            let figures = report.figures.len().to_string();
            table.row([experiment.name, experiment.title, &figures, &print::duration(*seconds)]);
        }
        table.write(out)?;
        Ok(writeln!(out, "\n{0}wrote {1}{0:#}: open it in a browser", print::STRONG, self.out.display())?)
    }
}

impl<'a> One<'a> {
    fn new((experiment, report): &'a (Experiment, Report), seconds: f64) -> Self {
        let tables = report.tables.iter().map(Numbers::new).collect();
        Self { name: experiment.name, title: experiment.title, seconds, tables }
    }
}

impl<'a> Numbers<'a> {
    fn new(table: &'a neurona_course::Table) -> Self {
        Self {
            caption: &table.caption,
            rows_are: table.rows_are,
            columns: table.columns.iter().map(|column| Column { name: column.name, unit: column.unit }).collect(),
            rows: table.rows.iter().map(|row| Row { name: &row.name, values: &row.values }).collect(),
        }
    }
}

fn list(out: &mut dyn Write, json: bool) -> Result<()> {
    let listed = |experiment: &Experiment| Listed { name: experiment.name, title: experiment.title };
    if json {
        return print::json(out, &List { experiments: EXPERIMENTS.iter().map(listed).collect() });
    }
    let mut table = Table::new(["experiment", "title"]);
    EXPERIMENTS.iter().for_each(|experiment| table.row([experiment.name, experiment.title]));
    Ok(table.write(out)?)
}

/// Shows how far an experiment is: a bar on a terminal, a line elsewhere.
struct Display {
    name: String,
    bar: Option<ProgressBar>,
    quiet: bool,
}

impl Display {
    fn new(experiment: &Experiment, of: usize, quiet: bool) -> Self {
        let name = match of {
            1 => experiment.name.to_owned(),
            _ => format!("{:>2}/{of} {}", experiment.number(), experiment.name),
        };
        let bar = (!quiet && stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("{prefix:24} {wide_bar:.green/dim} {pos}/{len}")
                .expect("the template is right")
                .progress_chars("━━─");
            ProgressBar::new(0).with_style(style).with_prefix(name.clone())
        });
        Self { name, bar, quiet }
    }

    fn show(&self, step: Step) {
        let Some(bar) = &self.bar else { return };
        match step {
            Step::Begin(count) => bar.inc_length(count as u64),
            Step::Done => bar.inc(1),
        }
    }

    fn end(self, start: Instant) {
        match self.bar {
            Some(bar) => bar.abandon(),
            None if self.quiet => {}
            None => {
                let time = print::duration(start.elapsed().as_secs_f64());
                print::note(format_args!("{:24} {time}", self.name));
            }
        }
    }
}
