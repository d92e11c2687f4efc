//! `neurona search`: tries many values of a run and says which are best.

use std::{
    env,
    io::Write,
    path::{Path, PathBuf, absolute},
    process::ExitCode,
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use neurona_train::search::{self, Examples, Folder, SearchProgress, Task};

use crate::{
    print,
    train::{INTERRUPTED, go_on_unless, stop_on_interrupt},
};

mod progress;
mod report;

use progress::Display;
use report::Report;

/// Search for the values of a run that give the least loss on examples that it is not trained on.
///
/// The run is a TOML file as `train --config` takes it, with a table `search`. Trials run in parallel on all cores, each on
/// one. Each is kept in the folder as soon as it is done: what was stopped or killed goes on when the same command is
/// typed again, or that without the file, and ends in the same bits. In the end the folder has the table of all trials,
/// `table.csv`, and the run of the best, `best.toml`.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Search {
    /// The search, a TOML file [default: the one that the folder has]
    config: Option<PathBuf>,
    /// Folder of the search, which is made when it is not there
    #[arg(long, value_name = "DIR", required_unless_present = "collect")]
    out: Option<PathBuf>,
    /// Threads that compute, 0 for as many as there are cores; the result does not depend on them [default: 0]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// Print one JSON object in place of the table
    #[arg(long)]
    json: bool,
    /// Print no progress
    #[arg(long, short)]
    quiet: bool,
    /// Print a command for each trial that is left, one a line, in place of running it
    #[arg(long, conflicts_with_all = ["trial", "collect", "json"], help_heading = "Trials as commands")]
    emit: bool,
    /// Run this trial alone, on one thread
    #[arg(long, value_name = "NUMBER", conflicts_with = "collect", help_heading = "Trials as commands")]
    trial: Option<usize>,
    /// Rung of the trial, where the method is successive halving [default: 1]
    #[arg(long, value_name = "NUMBER", requires = "trial", help_heading = "Trials as commands")]
    rung: Option<usize>,
    /// Make the table of the trials that are done in this folder, and run none
    #[arg(long, value_name = "DIR", conflicts_with_all = ["config", "out"], help_heading = "Trials as commands")]
    collect: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  neurona search search.toml --out search
  neurona train --config search/best.toml --out best.neurona

A TOML file:
  [data]
  file = \"digits.csv\"     # from the folder of this file
  label = \"label\"
  validation = 0.2        # trials are compared on this part, at their best epoch
  [network]
  name = \"Digits\"
  rescale = 0.0625
  layers = [{ dense = 32, activation = \"relu\" }, { dense = 10 }]
  [train]
  epochs = 30
  [search]
  method = \"random\"       # or grid, or halving (with eta = 3, min_epochs = 1)
  trials = 20             # not for a grid
  seed = 1
  # folds = 5             # compare by cross-validation instead
  [search.space]          # any value of the run, by its path
  \"train.rate\" = { low = 1e-4, high = 1e-1, scale = \"log\" }   # for a grid, with points = 5
  \"train.batch\" = [16, 32, 64]
  \"network.layers[0].dense\" = { low = 8, high = 64 }

Trials as commands, for any scheduler: each line that --emit prints is a command of its own, \
which writes one record.
  neurona search search.toml --out search --emit | xargs -P 8 -L 1 env
  neurona search search.toml --out search --emit | parallel
  neurona search search.toml --out search --emit > commands
  sbatch --array=1-20 --wrap 'eval \"$(sed -n ${SLURM_ARRAY_TASK_ID}p commands)\"'
  neurona search --collect search
With successive halving a rung depends on the one before: --emit prints what is left of one rung, \
and is to be called again when that is done, until it prints nothing.

JSON: {\"out\", \"method\", \"trainings\", \"done\", \"left\", \"best\" (null when no trial could be \
trained), \"trials\"}; a trial is {\"trial\", \"rung\", \"epochs\", \"loss\", \"deviation\", \"accuracy\", \
\"failure\", \"values\": {PATH: VALUE}, \"folds\": [{\"loss\", \"accuracy\"}]}, the best first. What there is \
not is null. With --trial, that trial alone.

Exit status: 130 when Ctrl-C ended the search; what is done is kept.";

impl Search {
    pub(crate) fn run(self, out: &mut dyn Write) -> Result<ExitCode> {
        let (folder, search) = self.open()?;
        if self.collect.is_some() {
            self.report(out, &folder, &search)?;
            return Ok(ExitCode::SUCCESS);
        }
        if self.emit {
            emit(out, &folder, &search)?;
            return Ok(ExitCode::SUCCESS);
        }
        match self.trial {
            Some(trial) => self.run_trial(out, &folder, &search, Task { rung: self.rung.unwrap_or(1), trial }),
            None => self.run_all(out, &folder, &search),
        }
    }

    fn open(&self) -> Result<(Folder, search::Search)> {
        match (&self.config, self.collect.as_ref().or(self.out.as_ref())) {
            (Some(config), Some(out)) => {
                let search = search::Search::read(config).map_err(|error| named(config, error))?;
                if !self.emit && self.trial.is_none() && self.collect.is_none() && !out.exists() {
                    // Before a folder is begun with it.
                    search.check(&Examples::from_files())?;
                }
                Ok((Folder::create(out, &search)?, search))
            }
            (None, Some(out)) => {
                let hint = "expected the folder of a search that was begun; name its TOML file to begin one";
                Folder::open(out).with_context(|| format!("{}: {hint}", out.display()))
            }
            (_, None) => bail!("expected the folder of the search; name it with --out"),
        }
    }

    fn run_all(&self, out: &mut dyn Write, folder: &Folder, search: &search::Search) -> Result<ExitCode> {
        let stop = stop_on_interrupt()?;
        let display = Display::new(search, &folder.records(search)?, self.quiet);
        let examples = Examples::from_files();
        let result = search.run(&examples, Some(folder), self.threads, &|progress| {
            if let SearchProgress::Done(record) = progress {
                display.show(record);
            }
            go_on_unless(&stop)
        });
        display.end();
        let table = result?;
        self.report(out, folder, search)?;
        if table.left == 0 {
            return Ok(ExitCode::SUCCESS);
        }
        let go_on = command(folder.path(), &[])?;
        print::note(format_args!("stopped; the trials that are done are kept. To go on: {go_on}"));
        Ok(ExitCode::from(INTERRUPTED))
    }

    fn run_trial(&self, out: &mut dyn Write, folder: &Folder, search: &search::Search, task: Task) -> Result<ExitCode> {
        search.trial(task)?;
        let examples = Examples::from_files();
        let records = folder.records_of(search, &examples)?;
        let known = records.iter().find(|record| record.task() == task).cloned();
        let record = match known {
            Some(record) => record,
            None => {
                let is_next = search.next(&records).contains(&task);
                if !is_next {
                    bail!(
                        "trial {} is not one of rung {}, or the rung before is not done: see --emit for what is next",
                        task.trial,
                        task.rung
                    );
                }
                let stop = stop_on_interrupt()?;
                // Other trials have the other cores.
                rayon::ThreadPoolBuilder::new().num_threads(1).build_global().context("cannot start a thread")?;
                let measured = search.measure(task, &examples, &|_| go_on_unless(&stop))?;
                let Some(record) = measured else { return Ok(ExitCode::from(INTERRUPTED)) };
                folder.write(&record)?;
                record
            }
        };
        if self.json {
            print::json(out, &report::Trial::of(&record))?;
        } else {
            writeln!(out, "{}", report::line(&record))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Writes the table and the best run, and says what is in them.
    fn report(&self, out: &mut dyn Write, folder: &Folder, search: &search::Search) -> Result<()> {
        let table = search.table(&folder.records(search)?);
        folder.write_results(search, &table)?;
        let report = Report::new(folder, search, &table);
        if self.json {
            print::json(out, &report)?
        } else {
            report::write(out, folder, search, &table)?
        }
        if table.best().is_none() && table.left == 0 {
            out.flush()?;
            bail!("no trial could be trained: see the column `failure` of {}", folder.table().display());
        }
        Ok(())
    }
}

/// An error in a description, with its file where it does not say it.
fn named(path: &Path, error: neurona_train::config::ConfigError) -> anyhow::Error {
    let text = error.to_string();
    if text.starts_with(&path.display().to_string()) {
        error.into()
    } else {
        anyhow::anyhow!("{}: {text}", path.display())
    }
}

/// Prints a command for each trial that can be run now.
fn emit(out: &mut dyn Write, folder: &Folder, search: &search::Search) -> Result<()> {
    let examples = Examples::from_files();
    search.check(&examples)?;
    let tasks = search.next(&folder.records_of(search, &examples)?);
    for Task { rung, trial } in &tasks {
        let (trial, rung) = (trial.to_string(), rung.to_string());
        let mut arguments = vec!["--trial", &trial];
        if search.rungs().len() > 1 {
            arguments.extend(["--rung", &rung]);
        }
        writeln!(out, "{}", command(folder.path(), &arguments)?)?;
    }
    if tasks.is_empty() {
        let folder = quoted(&folder.path().display().to_string())?;
        print::note(format_args!("nothing is left to do; make the table with: neurona search --collect {folder}"));
    }
    Ok(())
}

/// The command that goes on with a search, as a shell takes it anywhere on this computer.
fn command(folder: &Path, arguments: &[&str]) -> Result<String> {
    let program = env::args().next().unwrap_or_else(|| "neurona".to_owned());
    // A name without a folder is found by the shell; a path begins where this command was typed.
    let program = if program.contains(std::path::MAIN_SEPARATOR) { shown(&absolute(program)?) } else { program };
    let folder = shown(&absolute(folder)?);
    let words = [&program, "search", "--out", &folder].into_iter().chain(arguments.iter().copied());
    words.map(quoted).collect::<Result<Vec<String>>>().map(|words| words.join(" "))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn quoted(word: &str) -> Result<String> {
    Ok(shlex::try_quote(word).with_context(|| format!("{word:?} cannot stand in a command"))?.into_owned())
}
