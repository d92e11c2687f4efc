//! What messages call a value: by its option where it was given as one, by its key where a TOML file says it.

use std::path::{Path, PathBuf};

use clap::{Args, Command};
use neurona_train::config::ConfigError;
use serde::Serialize;
use toml::{Table, Value};

/// The options of a command, and what a TOML file said before they overrode it.
pub(crate) struct Names {
    options: Vec<String>,
    file: Option<(PathBuf, Table)>,
}

impl Names {
    /// The names of the options `A`, and of a file and the description that was read from it.
    pub(crate) fn new<A: Args>(file: Option<(&Path, &impl Serialize)>) -> Self {
        let command = A::augment_args(Command::new(""));
        let options = command.get_arguments().filter_map(|option| option.get_long().map(str::to_owned)).collect();
        // What TOML cannot say is in no file.
        let file = file.map(|(path, said)| (path.to_owned(), Table::try_from(said).unwrap_or_default()));
        Self { options, file }
    }

    /// What is wrong with a description, which is that of the file with the options.
    pub(crate) fn say(&self, description: &impl Serialize, error: ConfigError) -> anyhow::Error {
        let (key, problem) = match error {
            ConfigError::Key { key, problem } => (key, problem),
            ConfigError::Spec(error) => ("network.layers".to_owned(), error.to_string()),
            ConfigError::Name(error) => ("network.name".to_owned(), error.to_string()),
            // They say of which file they are.
            other => return other.into(),
        };
        let description = Table::try_from(description).unwrap_or_default();
        // Keys stand in backquotes, and so does much else.
        let parts = problem.split('`').enumerate().map(|(at, part)| match self.option(&description, part) {
            Some(option) if at % 2 == 1 => option,
            _ => part.to_owned(),
        });
        let problem = parts.collect::<Vec<_>>().join("`");
        match (self.option(&description, &key), &self.file) {
            (Some(option), _) => anyhow::anyhow!("{option}{}: {problem}", layer(&key)),
            (None, Some((path, _))) => anyhow::anyhow!("{}: {key}: {problem}", path.display()),
            (None, None) => anyhow::anyhow!("{key}: {problem}"),
        }
    }

    /// The option that gave the value of a key.
    fn option(&self, description: &Table, key: &str) -> Option<String> {
        let mut names = key.split('.');
        let (table, name) = (names.next()?, names.next()?.split('[').next()?);
        if let Some((_, said)) = &self.file {
            let value = |of: &Table| of.get(table).and_then(Value::as_table).and_then(|table| table.get(name)).cloned();
            if value(said) == value(description) {
                return None;
            }
        }
        // The rate of dropout of a layer has an option, and all else of a layer that of the layers; augmentation has one
        // for its table.
        let names = [names.next_back().unwrap_or(name), name, table].map(|name| name.replace('_', "-"));
        let options = names.iter().flat_map(|name| [name.clone(), format!("no-{name}")]);
        options.into_iter().find(|name| self.options.contains(name)).map(|name| format!("--{name}"))
    }
}

/// Which layer a key is of, for a message.
fn layer(key: &str) -> String {
    let number = key.split(['[', ']']).nth(1).and_then(|number| number.parse::<usize>().ok());
    number.map_or_else(String::new, |number| format!(" (layer {})", number + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Args)]
    struct Options {
        #[arg(long)]
        validation: Option<f64>,
        #[arg(long)]
        rate: Option<f32>,
        #[arg(long)]
        schedule: Option<f32>,
        #[arg(long)]
        layers: Option<u32>,
        #[arg(long)]
        dropout: Option<f32>,
        #[arg(long)]
        no_stratify: bool,
    }

    fn said(file: Option<&str>, description: &str, key: &str, problem: &str) -> String {
        let table = |text: &str| text.parse::<Table>().expect("it is TOML");
        let read = file.map(table);
        let names = Names::new::<Options>(read.as_ref().map(|table| (Path::new("run.toml"), table)));
        let error = ConfigError::Key { key: key.to_owned(), problem: problem.to_owned() };
        names.say(&table(description), error).to_string()
    }

    #[test]
    fn options_alone_have_their_names() {
        for (key, expected) in [
            ("train.rate", "--rate: wrong"),
            ("train.schedule.decay.gamma", "--schedule: wrong"),
            ("network.layers[1].activation", "--layers (layer 2): wrong"),
            ("network.layers[0].dropout", "--dropout (layer 1): wrong"),
            ("data.stratify", "--no-stratify: wrong"),
            ("data.other", "data.other: wrong"),
        ] {
            assert_eq!(said(None, "", key, "wrong"), expected);
        }
        assert_eq!(
            said(None, "", "train.rate", "give `data.validation` a share, and no `adam`"),
            "--rate: give `--validation` a share, and no `adam`"
        );
    }

    #[test]
    fn what_the_file_says_has_its_key() {
        let (file, both) = ("train.rate = 1\ntrain.epochs = 2", "train.rate = 1\ntrain.schedule = 3");
        assert_eq!(said(Some(file), both, "train.rate", "wrong"), "run.toml: train.rate: wrong");
        assert_eq!(
            said(Some(file), both, "train.schedule", "wrong with `train.rate`"),
            "--schedule: wrong with `train.rate`"
        );
    }
}
